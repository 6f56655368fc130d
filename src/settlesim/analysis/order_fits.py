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
    "centred",
    "choice",
    "cleared",
    "explained",
    "fit_crossed",
    "grouped",
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
class Fitted:
    """What the worlds say.

    Attributes
    ----------
    swap, date, precedence : array, shape (effects, worlds)
        Values whose mean over worlds is the effect; missing where it cannot be told.
    swap_by, date_by : str
        ``"exact"``, or the columns of the regression.
    total : array, shape (worlds, worlds)
        Products whose mean over pairs of distinct worlds is the variance between orders.
    models : dict
        The same of the variance that each model explains.
    lack : array or None
        Products of what worlds add to the lack of fit; None where there is no room for any.
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
    orders: int
    possible: int


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


def choice(weights: Floats, directions: Floats, other: str) -> str:
    """Return the model by which effects are predicted: both kinds of columns where the design tells them apart."""
    return "both" if told(weights, directions).all() else other


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


def explained(over: Population, aim: Targets, directions: Floats) -> dict[str, Floats] | None:
    """Return, for each model, the products of coefficients that make the variance it explains over the population.

    Parameters
    ----------
    over : Population
        The orders.
    aim : Targets
        Their columns.
    directions : array
        What the design tells of the coefficients of both kinds of columns.

    Returns
    -------
    dict or None
        None if the design does not tell all of it.
    """
    terms = aim.terms - aim.terms.mean(axis=0)
    gram = terms.T @ terms
    whole = span(gram)[0]
    if not told(whole.T, directions).all():
        return None
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
        chosen = choice(aim.swap_terms, fits["both"].directions, "precedence")
        swap, swap_by = by(aim.swap_terms, chosen), SAID[chosen]
        chosen = choice(aim.date_terms, fits["both"].directions, "positions")
        date, date_by = by(aim.date_terms, chosen), SAID[chosen]
    precedence = by(aim.precedence_terms, "both")
    groups = np.stack([values[:, part].mean(axis=1) for part in grouped(values.shape[1])], axis=1)
    total, models, lack = _variances(groups, fits, over, aim, full)
    possible = len(over.positions) if over.whole else 0
    return Fitted(swap, date, precedence, swap_by, date_by, total, models, lack, len(positions), possible)


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


def _variances(
    values: Floats, fits: dict[str, _Regression], over: Population, aim: Targets, full: bool
) -> tuple[Floats, dict[str, Floats], Floats | None]:
    """Products of worlds for the variance between orders and what models explain of it, and for the lack of fit.

    Deviations from a model are taken as drawn with the orders: where only some orders are run they count by their mean
    square, and what they add to the coefficients by chance is taken off.
    """
    n = len(values)
    products = values.T @ values

    def rest(model: str) -> Floats:
        inside = fits[model].basis.T @ values
        return cleared(products - inside.T @ inside, float(np.trace(products)))

    def left(model: str) -> int:
        return n - 1 - fits[model].rank

    def mean_square(model: str) -> Floats:
        if left(model) > 0:
            return rest(model) / left(model)
        return np.zeros_like(products) if full else np.full_like(products, np.nan)

    def beyond(model: str) -> float:
        """Share of the directions between all orders that a model leaves over."""
        every = len(over.positions) - 1
        return (every - fits[model].rank) / every if over.whole else 1.0

    lack = rest("both") if left("both") > 0 else None
    of = explained(over, aim, fits["both"].directions)
    if of is None:
        total = products / (n - 1)
        models = {model: total - mean_square(model) * beyond(model) for model in ("positions", "precedence")}
        return total, models | {"both": np.full_like(products, np.nan)}, lack
    inverse = fits["both"].inverse
    coefficients = inverse @ values
    missed = 1.0 - n / len(over.positions) if over.whole else 1.0
    chance = mean_square("both") * missed if missed else np.zeros_like(products)
    models = {
        model: coefficients.T @ table @ coefficients - chance * float(((table @ inverse) * inverse).sum())
        for model, table in of.items()
    }
    return models["both"] + mean_square("both") * beyond("both"), models, lack
