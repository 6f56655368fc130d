"""Effects of order from worlds that each meet orders of their own.

Effects are coefficients of one regression with a constant for each world.  What a world adds to them is one
observation, and the error comes from how these differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from settlesim.analysis.order_contrasts import Population, Targets, model_columns, population, targets
from settlesim.analysis.order_fits import (
    MODELS,
    NO_MISFIT,
    Fitted,
    Room,
    centred,
    choice,
    cleared,
    explained,
    grouped,
    room_of,
    span,
    told,
    used,
)

__all__ = ["fit_blocked"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Runs whose common orders are counted at a time.
STEP = 500


def fit_blocked(values: Floats, positions: Integers, before: NDArray[np.bool_] | None = None) -> Fitted:
    """Fit a design in which each world meets orders of its own.

    Parameters
    ----------
    values : array, shape (slots, worlds)
        Outcome, none missing.
    positions : array, shape (slots, worlds, moves)
        Place of each move.
    before : array, shape (moves, moves), optional
        What must come before what, as for `population`.
    """
    slots, worlds, m = positions.shape
    distinct, which = np.unique(positions.reshape(-1, m), axis=0, return_inverse=True)
    which = which.reshape(slots, worlds)
    over = population(distinct, before)
    aim = targets(over)
    own = model_columns(distinct)
    values = centred(values)
    parts = grouped(worlds)
    blocks = [_products(own, which[:, part], values[:, part]) for part in parts]
    fits = {model: _regression(blocks, used(model, aim)) for model in MODELS}
    spans = {model: fit.directions for model, fit in fits.items()}

    def by(weights: Floats, model: str) -> Floats:
        chosen = weights[:, used(model, aim)]
        out = np.asarray(chosen @ spans[model] @ fits[model].worlds)
        out[~told(chosen, spans[model])] = np.nan
        return out

    both = fits["both"]
    room = room_of(over, aim, both.directions, len(distinct))
    swap_by = choice(aim.swap_terms, both.directions)
    lack = _lack(both, own, which, values, parts) if room.over and len(distinct) - 1 > both.rank else None
    total, models = _variances(both, over, aim, room, lack, _common(which, parts, len(distinct)), len(distinct))
    return Fitted(
        by(aim.swap_terms, swap_by),
        by(aim.date_terms, "both"),
        by(aim.precedence_terms, "both"),
        swap_by,
        "both",
        total,
        models,
        lack,
        room,
        len(distinct),
        len(over.positions) if over.whole else 0,
        NO_MISFIT,
    )


def _variances(
    fit: _Regression, over: Population, aim: Targets, room: Room, lack: Floats | None, pairs: float, orders: int
) -> tuple[Floats, dict[str, Floats]]:
    """Products of worlds for the variance between orders, and for what models explain of it."""
    unknown = np.full((fit.worlds.shape[1],) * 2, np.nan)
    if not room.enough:
        return unknown, dict.fromkeys(MODELS, unknown)
    models = {
        model: fit.worlds.T @ (fit.directions.T @ table @ fit.directions) @ fit.worlds
        for model, table in explained(over, aim).items()
    }
    every = len(over.positions) if over.whole else np.inf
    if lack is not None and pairs > 0:
        # Residuals of the orders met have lost what their own fit takes; of all orders it would be less.
        higher = lack / pairs * (orders - 1) / (orders - 1 - fit.rank)
        higher = higher * (1 - fit.rank / (every - 1))
    else:
        higher = np.zeros_like(unknown) if orders == every and lack is None else unknown
    return models["both"] + higher, models


def _products(own: Floats, which: Integers, values: Floats) -> tuple[Floats, Floats]:
    """Products of the columns with each other and with the outcome, each about its world's mean, over some worlds."""
    gram, right = np.zeros((own.shape[1],) * 2), np.zeros(own.shape[1])
    for orders, outcome in zip(which.T, values.T, strict=True):
        x = own[orders]
        x = x - x.mean(axis=0)
        gram += x.T @ x
        right += x.T @ outcome
    return gram, right


@dataclass(frozen=True)
class _Regression:
    """Coefficients along the directions that the design spans.

    Attributes
    ----------
    directions : array, shape (columns, directions)
        The directions.
    estimate : array, shape (directions,)
        Coefficients of all worlds.
    inverse : array, shape (directions, directions)
        Of the products of the columns.
    worlds : array, shape (directions, worlds)
        What each world says by itself: values whose mean is the estimate, and whose spread is its error's.
    """

    columns: slice
    directions: Floats
    estimate: Floats
    inverse: Floats
    worlds: Floats

    @property
    def rank(self) -> int:
        """How many directions there are."""
        return len(self.estimate)


def _regression(blocks: list[tuple[Floats, Floats]], chosen: slice) -> _Regression:
    grams = np.stack([gram[chosen, chosen] for gram, _ in blocks])
    rights = np.stack([right[chosen] for _, right in blocks])
    directions, sizes = span(grams.sum(axis=0))
    # Along directions of unit size the products of all worlds are the identity.
    scaled = directions / np.sqrt(sizes)
    inner = scaled.T @ grams @ scaled
    outer = rights @ scaled
    middle = outer.sum(axis=0)
    residual = outer - inner @ middle
    # A world pulls the fit towards itself, so that its residuals are too small (Bell and McCaffrey 2002, CR2).
    values, vectors = np.linalg.eigh(inner)
    free = np.maximum(1.0 - values, 1.0 / len(blocks))
    turned = np.einsum("gij,gi->gj", vectors, residual) / np.sqrt(free)
    mended = np.einsum("gij,gj->gi", vectors, turned)
    mended -= mended.mean(axis=0)
    # sd/sqrt(n) divides by n - 1 what CR2 has already mended.
    n = len(blocks)
    own = middle + np.sqrt(n * (n - 1)) * mended
    back = np.sqrt(sizes)
    return _Regression(chosen, directions, middle / back, np.diag(1 / sizes), (own / back).T)


def _common(which: Integers, parts: list[Integers], orders: int) -> float:
    """How often two worlds meet the same order, on average over pairs of groups, less what centring takes away.

    Of two blocks with k orders, c of them in common, the products of values about their means have the expectation of c
    (1 - 2 / k + c / k²) variances between orders.
    """
    slots, worlds = which.shape
    met = np.zeros((orders, worlds), np.float32)
    np.add.at(met, (which, np.arange(worlds)), 1.0)
    group = np.empty(worlds, np.int64)
    for number, part in enumerate(parts):
        group[part] = number
    found = 0.0
    for start in range(0, worlds, STEP):
        common = (met[:, start : start + STEP].T @ met).astype(np.float64)
        common[group[start : start + STEP, np.newaxis] == group] = 0.0
        found += float((common * (1 - 2 / slots + common / slots**2)).sum())
    return found / (len(parts) * (len(parts) - 1))


def _lack(fit: _Regression, own: Floats, which: Integers, values: Floats, parts: list[Integers]) -> Floats:
    """Products of what each group of worlds adds, order by order, to the sums of residuals."""
    orders = len(own)
    # In units in which the products of all worlds are the identity.
    size = 1.0 / np.sqrt(np.diagonal(fit.inverse))
    x, estimate = own[:, fit.columns] @ fit.directions / size, fit.estimate * size
    added = np.zeros((orders, len(parts)))
    summed = np.zeros(orders)
    spread = np.zeros((orders, len(estimate)))
    pulled = np.zeros((len(estimate), len(parts)))
    for number, part in enumerate(parts):
        met = which[:, part]
        here = x[met] - x[met].mean(axis=0)
        np.add.at(spread, met, here)
        flat = here.reshape(-1, len(estimate))
        residual = values[:, part].ravel() - flat @ estimate
        np.add.at(summed, met.ravel(), residual)
        # As for the coefficients, what the fit took of a world's own residuals is given back.
        pull, turned = np.linalg.eigh(flat.T @ flat)
        pull = np.clip(pull, 1e-12, 1.0 - 1.0 / len(parts))
        given = (1.0 / np.sqrt(1.0 - pull) - 1.0) / pull
        mended = residual + flat @ (turned @ (given * (turned.T @ (flat.T @ residual))))
        np.add.at(added[:, number], met.ravel(), mended)
        pulled[:, number] = flat.T @ mended
    # A world's noise moves the coefficients too, and through them every residual.
    added -= spread @ pulled
    added += ((summed - added.sum(axis=1)) / len(parts))[:, np.newaxis]
    return cleared(added.T @ added, float((values**2).sum()))
