"""What is estimated of the effects of order: weights over the orders that a plan admits.

The orders that a dataset holds are read for what comes before what in all of them.  Where the orders that keep to
that can be listed they are the *population*: averages are over them, each counting once.  Where they are too many to
list, the orders of the dataset stand for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LISTED", "Population", "Targets", "columns", "orders_that_keep", "population", "targets"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Orders that are listed at most: those of eight free moves.
LISTED = 40_320


@dataclass(frozen=True)
class Population:
    """The orders over which effects are averaged.

    Attributes
    ----------
    positions : array, shape (orders, moves)
        Place of each move, from 1.
    before : array, shape (moves, moves)
        Whether the first comes before the second in every order.
    whole : bool
        Whether these are all orders that keep to `before`, not a sample of them.
    """

    positions: Integers
    before: NDArray[np.bool_]
    whole: bool

    @property
    def pairs(self) -> tuple[Integers, Integers]:
        """First and second moves of the pairs, in the order of the columns of precedence."""
        first, second = np.triu_indices(self.positions.shape[1], 1)
        return first.astype(np.int64), second.astype(np.int64)


def population(positions: Integers) -> Population:
    """Return the orders that `positions`, shape (orders, moves), are taken from."""
    before = np.asarray((positions[:, :, np.newaxis] < positions[:, np.newaxis, :]).all(axis=0))
    every = orders_that_keep(before, LISTED)
    if every is None:
        return Population(positions, before, whole=False)
    return Population(every, before, whole=True)


def orders_that_keep(before: NDArray[np.bool_], limit: int) -> Integers | None:
    """List the orders in which each move comes after those that are to come before it.

    Parameters
    ----------
    before : array, shape (moves, moves)
        Whether the first must come before the second; transitive.
    limit : int
        How many orders there may be.

    Returns
    -------
    array of shape (orders, moves) or None
        Place of each move, from 1; None where there are more.

    Examples
    --------
    >>> first = np.zeros((3, 3), bool)
    >>> first[0, 2] = True
    >>> orders_that_keep(first, 10).tolist()
    [[1, 2, 3], [1, 3, 2], [2, 1, 3]]
    """
    m = len(before)
    places = np.zeros((1, m), np.int64)
    for place in range(1, m + 1):
        grown = []
        for move in range(m):
            free = (places[:, move] == 0) & (places[:, before[:, move]] > 0).all(axis=1)
            more = places[free]
            more[:, move] = place
            grown.append(more)
        places = np.concatenate(grown)
        # A beginning can always be completed, so there are never fewer whole orders than beginnings.
        if len(places) > limit:
            return None
    return places[np.lexsort(places.T[::-1])]


def columns(positions: Integers) -> tuple[Floats, Floats]:
    """Columns of the component-position model and of the pairwise-ordering model, without the constant."""
    m = positions.shape[-1]
    stands = positions[..., : m - 1, np.newaxis] == np.arange(1, m)
    first, second = np.triu_indices(m, 1)
    pairs = np.where(positions[..., first] < positions[..., second], 1.0, -1.0)
    return stands.reshape(*positions.shape[:-1], (m - 1) ** 2).astype(np.float64), pairs


@dataclass(frozen=True)
class Targets:
    """What is to be estimated, as weights.

    Attributes
    ----------
    swap, date : array
        Weights over the orders of the population, shape (pairs, orders) and (moves * places, orders); no `swap`
        where the population is a sample.
    swap_terms, date_terms, precedence_terms : array
        The same as weights of the coefficients of the model with both kinds of columns, positions first.  Missing
        rows are of what cannot vary.
    terms : array, shape (orders, columns)
        Those columns over the population.
    positions : int
        How many of them are positions.
    """

    swap: Floats | None
    date: Floats
    swap_terms: Floats
    date_terms: Floats
    precedence_terms: Floats
    terms: Floats
    positions: int


def targets(over: Population) -> Targets:
    """Return the weights of swap, date and precedence effects over a population of orders."""
    dates, pairs = columns(over.positions)
    terms = np.hstack([dates, pairs])
    date = _date_weights(over)
    precedence = np.hstack([np.zeros((pairs.shape[1], dates.shape[1])), _beyond(dates, pairs)])
    if over.whole:
        swap = _swap_weights(over, pairs)
        return Targets(swap, date, swap @ terms, date @ terms, precedence, terms, dates.shape[1])
    return Targets(None, date, _swap_terms(over, pairs, terms), date @ terms, precedence, terms, dates.shape[1])


def _exchanged(over: Population, a: int, b: int) -> tuple[Integers, NDArray[np.bool_]]:
    """The orders with two moves exchanged, and which of them still keep to what must come before what."""
    other = over.positions.copy()
    other[:, [a, b]] = other[:, [b, a]]
    former, latter = np.nonzero(over.before)
    return other, np.asarray((other[:, former] < other[:, latter]).all(axis=1))


def _swap_weights(over: Population, pairs: Floats) -> Floats:
    out = np.full((pairs.shape[1], len(pairs)), np.nan)
    for row, (a, b) in enumerate(zip(*over.pairs, strict=True)):
        kept = _exchanged(over, int(a), int(b))[1]
        if kept.any():
            # Each of the two orders that differ by the exchange is the other's partner.
            out[row] = np.where(kept, 2.0 * pairs[:, row] / kept.sum(), 0.0)
    return out


def _swap_terms(over: Population, pairs: Floats, terms: Floats) -> Floats:
    out = np.full((pairs.shape[1], terms.shape[1]), np.nan)
    for row, (a, b) in enumerate(zip(*over.pairs, strict=True)):
        other, kept = _exchanged(over, int(a), int(b))
        if kept.any():
            difference = terms[kept] - np.hstack(columns(other[kept]))
            out[row] = (pairs[kept, row, np.newaxis] * difference).mean(axis=0)
    return out


def _date_weights(over: Population) -> Floats:
    n, m = over.positions.shape
    stands = (over.positions[:, :, np.newaxis] == np.arange(1, m + 1)).reshape(n, m * m).T.astype(np.float64)
    often = stands.sum(axis=1, keepdims=True)
    weights = stands / np.where(often > 0, often, np.nan) - 1.0 / n
    # A move that always stands in one place has no other date to compare it with.
    return np.where(often < n, weights, np.nan)


def _beyond(dates: Floats, pairs: Floats) -> Floats:
    """Twice the least coefficients of precedence that fit alike, once positions have explained what they can."""
    constant = np.hstack([np.ones((len(dates), 1)), dates])
    rest = pairs - constant @ np.linalg.lstsq(constant, pairs, rcond=None)[0]
    values, vectors = np.linalg.eigh(rest.T @ rest)
    kept = vectors[:, values > 1e-9 * len(dates)]
    out: Floats = 2.0 * kept @ kept.T
    empty = np.abs(out).max(axis=1, initial=0.0) < 1e-9
    out[empty] = np.nan
    return out
