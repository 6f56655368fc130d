"""Effects of order within worlds that all meet the same orders.

Each effect is, within a world, a weighted sum over the orders: one number a world.  Variances between orders come
from products of distinct worlds, in which the worlds' own noise has no part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from settlesim.analysis.order_contrasts import Population, Targets, model_columns, population, targets

__all__ = [
    "MODELS",
    "SAID",
    "Fitted",
    "Room",
    "centred",
    "choice",
    "cleared",
    "explained",
    "fit_crossed",
    "grouped",
    "room_of",
    "span",
    "told",
    "used",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MODELS = ("positions", "precedence", "both")
SAID = {
    "both": "regression on positions and precedence",
    "positions": "regression on positions",
    "precedence": "regression on precedence",
}
# Worlds whose products are kept; of more, groups are formed.
GROUPS = 1_000
# Relative size of what is left by rounding, of products and of lengths.
ROUNDING = 1e-12
SMALL = 1e-6


@dataclass(frozen=True)
class Room:
    """Whether the orders at hand hold the model of positions and precedence together.

    Attributes
    ----------
    parameters : int
        Of that model over all orders, the constant among them; where these are too many to list, those of free moves.
    needed : int
        Orders from which shares are told: twice as many, or all there are.
    apart : bool
        Whether the design tells positions and precedence apart.
    enough : bool
        Whether it does, and has as many orders as needed.
    over : bool
        Whether it does, and has an order left over for a test of what the model lacks.
    """

    parameters: int
    needed: int
    apart: bool
    enough: bool
    over: bool


@dataclass(frozen=True)
class Misfit:
    """Variances of estimates by which orders were run, given that the model of both lacks something.

    Attributes
    ----------
    effects : dict
        Of swap, date and precedence, shape (effects,); none where all orders were run, or one model does.
    shares : array, shape (4, 4)
        Covariances of the variances that positions, precedence and both explain, and of the variance between orders.
    freedom : int
        Degrees of freedom with which they are known.
    """

    effects: dict[str, Floats]
    shares: Floats
    freedom: int


NO_MISFIT = Misfit({}, np.zeros((4, 4)), 0)


@dataclass(frozen=True)
class Fitted:
    """What the worlds say.

    Attributes
    ----------
    swap, date, precedence : array, shape (effects, worlds)
        Values whose mean over worlds is the effect; missing where it cannot be told.
    swap_by, date_by : str
        ``"exact"``, or the columns of the regression: `MODELS`.
    total : array, shape (worlds, worlds)
        Products whose mean over pairs of distinct worlds is the variance between orders.
    models : dict
        The same of the variance that each model explains.
    lack : array or None
        Products of what worlds add to the lack of fit; None where there is no room for any.
    room : Room
        What the orders at hand suffice for.
    misfit : Misfit
        What is uncertain since only some orders were run.
    orders, possible : int
        Distinct orders met, and how many there are (0 for too many to list).
    """

    swap: Floats
    date: Floats
    precedence: Floats
    swap_by: str
    date_by: str
    total: Floats
    models: dict[str, Floats]
    lack: Floats | None
    room: Room
    orders: int
    possible: int
    misfit: Misfit


def room_of(over: Population, aim: Targets, directions: Floats, orders: int) -> Room:
    """Return what a design suffices for.

    Parameters
    ----------
    over : Population
        The orders over which effects are averaged.
    aim : Targets
        Their columns.
    directions : array
        What the design tells of the coefficients of both kinds of columns.
    orders : int
        Distinct orders in the design.
    """
    terms = aim.terms - aim.terms.mean(axis=0)
    whole = span(terms.T @ terms)[0]
    m = over.positions.shape[1]
    parameters = 1 + (whole.shape[1] if over.whole else (m - 1) ** 2 + (m - 1) * (m - 2) // 2)
    needed = min(2 * parameters, len(over.positions)) if over.whole else 2 * parameters
    apart = bool(told(whole.T, directions).all())
    return Room(parameters, needed, apart, apart and orders >= needed, apart and orders > parameters)


def used(model: str, aim: Targets) -> slice:
    """Return which columns a model uses."""
    split = aim.positions
    return {"positions": slice(0, split), "precedence": slice(split, None), "both": slice(0, None)}[model]


def span(gram: Floats) -> tuple[Floats, Floats]:
    """Return the directions that a matrix of products spans, one a column, and their sizes."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-9 * max(float(values[-1]), 1e-300)
    return vectors[:, kept], values[kept]


def told(weights: Floats, directions: Floats) -> NDArray[np.bool_]:
    """Return which rows of weights lie within the directions that the design tells of."""
    known = np.nan_to_num(weights)
    left = known - known @ directions @ directions.T
    size = np.sqrt((known**2).sum(axis=1))
    return np.asarray(np.sqrt((left**2).sum(axis=1)) <= SMALL * np.maximum(size, SMALL))


def choice(weights: Floats, directions: Floats) -> str:
    """Return the model by which swaps are predicted: both kinds of columns where the design tells them apart."""
    return "both" if told(weights, directions).all() else "precedence"


def grouped(n: int) -> list[Integers]:
    """Return the worlds in groups, of one world each where they are not too many."""
    return [np.asarray(part) for part in np.array_split(np.arange(n), min(n, GROUPS))]


def centred(values: Floats) -> Floats:
    """Return values about their world's mean, exactly nothing where only the mean's rounding is left."""
    out: Floats = values - values.mean(axis=0)
    out[np.abs(out) <= ROUNDING * np.abs(values).max(axis=0)] = 0.0
    return out


def cleared(rest: Floats, whole: float) -> Floats:
    """Return what is left of products, nothing where only rounding is."""
    return np.zeros_like(rest) if np.trace(rest) <= ROUNDING * whole else rest


def explained(over: Population, aim: Targets) -> dict[str, Floats]:
    """Return, for each model, the products of coefficients that make the variance it explains over the population.

    Parameters
    ----------
    over : Population
        The orders.
    aim : Targets
        Their columns.
    """
    terms = aim.terms - aim.terms.mean(axis=0)
    gram = terms.T @ terms
    out = {}
    for model in MODELS:
        mine = used(model, aim)
        basis, sizes = span(gram[mine, mine])
        part = (basis / np.sqrt(sizes)).T @ gram[mine]
        out[model] = part.T @ part / (len(over.positions) - 1)
    return out


def fit_crossed(values: Floats, positions: Integers, before: NDArray[np.bool_] | None = None) -> Fitted:
    """Fit a design in which every world meets every order.

    Parameters
    ----------
    values : array, shape (orders, worlds)
        Outcome, none missing.
    positions : array, shape (orders, moves)
        Place of each move; no order twice.
    before : array, shape (moves, moves), optional
        What must come before what, as for `population`.
    """
    over = population(positions, before)
    aim = targets(over)
    full = over.whole and len(positions) == len(over.positions)
    own = model_columns(positions)
    own -= own.mean(axis=0)
    values = centred(values)
    fits = {model: _regression(own[:, used(model, aim)]) for model in MODELS}

    def by(weights: Floats, model: str) -> Floats:
        chosen = weights[:, used(model, aim)]
        out = (chosen @ fits[model].inverse) @ values
        out[~told(chosen, fits[model].directions)] = np.nan
        return out

    swap_by, date_by = "exact", "exact"
    if full and aim.swap is not None:
        # The population is sorted; each of its orders stands somewhere in the dataset.
        place = np.argsort(np.lexsort(positions.T[::-1]))
        swap, date = aim.swap[:, place] @ values, aim.date[:, place] @ values
    else:
        swap_by, date_by = choice(aim.swap_terms, fits["both"].directions), "both"
        swap, date = by(aim.swap_terms, swap_by), by(aim.date_terms, date_by)
    precedence = by(aim.precedence_terms, "both")
    groups = np.stack([values[:, part].mean(axis=1) for part in grouped(values.shape[1])], axis=1)
    room = room_of(over, aim, fits["both"].directions, len(positions))
    fit = fits["both"]
    products = groups.T @ groups
    inside = fit.basis.T @ groups
    rest = cleared(products - inside.T @ inside, float(np.trace(products)))
    left = len(positions) - 1 - fit.rank
    missed = 1.0 - len(positions) / len(over.positions) if over.whole else 1.0
    lack = rest if room.over and left > 0 else None
    total, models = np.full_like(rest, np.nan), dict.fromkeys(MODELS, np.full_like(rest, np.nan))
    misfit = NO_MISFIT
    if lack is not None and missed > 0:
        square = max(_pair_mean(rest), 0.0) / left
        aims = {"swap": aim.swap_terms, "date": aim.date_terms, "precedence": aim.precedence_terms}
        effects = {name: square * missed * ((weights @ fit.inverse) ** 2).sum(axis=1) for name, weights in aims.items()}
        misfit = Misfit(effects if swap_by == "both" else {}, np.zeros((4, 4)), left)
    if room.enough:
        forms = _forms(fit, over, aim, left, missed)
        kernels = [inside.T @ form @ inside + share * rest for form, share in forms]
        models, total = dict(zip(MODELS, kernels, strict=False)), kernels[-1]
        if misfit.freedom:
            misfit = Misfit(misfit.effects, missed * square * _scatter(forms, inside, square, left), left)
    possible = len(over.positions) if over.whole else 0
    return Fitted(swap, date, precedence, swap_by, date_by, total, models, lack, room, len(positions), possible, misfit)


@dataclass(frozen=True)
class _Regression:
    """Least squares on columns about their means: the directions they span, an orthonormal basis, the inverse."""

    directions: Floats
    basis: Floats
    inverse: Floats
    rank: int


def _regression(x: Floats) -> _Regression:
    directions, sizes = span(x.T @ x)
    basis = x @ directions / np.sqrt(sizes)
    return _Regression(directions, basis, (directions / np.sqrt(sizes)) @ basis.T, len(sizes))


def _forms(fit: _Regression, over: Population, aim: Targets, left: int, missed: float) -> list[tuple[Floats, float]]:
    """What models explain and the variance between orders, as forms in what the fit says and shares of what it leaves.

    Deviations from the model of both are taken as drawn with the orders: where only some orders are run they count by
    their mean square, and what they add to the coefficients by chance is taken off.
    """
    # Coefficients from an orthonormal basis of the columns.
    back = fit.inverse @ fit.basis
    forms = [back.T @ table @ back for table in explained(over, aim).values()]
    out = [(form, -missed * float(np.trace(form)) / max(left, 1)) for form in forms]
    every = len(over.positions) - 1
    beyond = (every - fit.rank) / every if over.whole else 1.0
    return [*out, (forms[-1], out[-1][1] + beyond / max(left, 1))]


def _scatter(forms: list[tuple[Floats, float]], inside: Floats, square: float, left: int) -> Floats:
    """Covariances of such forms by which orders were drawn, for normal deviations of a given square.

    Of quadratic forms f'Af in f = μ + r they are 4 μ'A B μ σ² + 2 tr(A B) σ⁴, with μ'A B μ from pairs of worlds.
    """
    out = np.empty((len(forms), len(forms)))
    for i, (one, share) in enumerate(forms):
        for j, (other, part) in enumerate(forms):
            both = one @ other
            both = (both + both.T) / 2
            known = _pair_mean(inside.T @ both @ inside)
            out[i, j] = 4 * known - 2 * square * float(np.trace(both)) + 2 * square * share * part * left
    values, vectors = np.linalg.eigh(out)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


def _pair_mean(kernel: Floats) -> float:
    n = len(kernel)
    return float(kernel.sum() - np.trace(kernel)) / (n * (n - 1))
