"""What is estimated of the effects of order: weights over the orders that a plan admits.

Where the orders that keep to what must come first can be listed they are the *population*: averages are over them, each
counting once.  Where they are too many to list, the orders of the dataset stand for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from settlesim.experiments.order_matrices import position_matrix, precedence_matrix
from settlesim.scenario.linear_extensions import extensions

__all__ = ["LISTED", "Population", "Targets", "model_columns", "population", "targets"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]

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
        Whether the first must come before the second.
    whole : bool
        Whether these are all orders that keep to `before`, not a sample of them.
    """

    positions: Integers
    before: Truths
    whole: bool

    @property
    def pairs(self) -> tuple[Integers, Integers]:
        """First and second moves of the pairs, in the order of the columns of precedence."""
        first, second = np.triu_indices(self.positions.shape[1], 1)
        return first.astype(np.int64), second.astype(np.int64)


def population(positions: Integers, before: Truths | None = None) -> Population:
    """Return the orders from which some are taken.

    Parameters
    ----------
    positions : array, shape (orders, moves)
        Place of each move in the orders at hand.
    before : array, shape (moves, moves), optional
        Whether the first must come before the second; transitive.  By default what does in all orders at hand.

    Examples
    --------
    >>> at_hand = np.array([[1, 2, 3], [1, 3, 2], [2, 1, 3]])
    >>> population(at_hand).positions.tolist(), len(population(at_hand, np.zeros((3, 3), bool)).positions)
    ([[1, 2, 3], [1, 3, 2], [2, 1, 3]], 6)
    """
    if before is None:
        before = np.asarray((positions[:, :, np.newaxis] < positions[:, np.newaxis, :]).all(axis=0))
    below = tuple(sum(1 << int(i) for i in np.flatnonzero(column)) for column in before.T)
    orders = list(islice(extensions(below), LISTED + 1))
    if len(orders) > LISTED:
        return Population(positions, before, whole=False)
    places = np.argsort(np.array(orders, np.int64), axis=1) + 1
    return Population(places[np.lexsort(places.T[::-1])], before, whole=True)


def model_columns(positions: Integers) -> Floats:
    """Return the columns of both models side by side, positions first, without the constant."""
    return np.hstack([position_matrix(positions), precedence_matrix(positions)])


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
    dates, pairs = position_matrix(over.positions), precedence_matrix(over.positions)
    terms = np.hstack([dates, pairs])
    date = _date_weights(over)
    precedence = np.hstack([np.zeros((pairs.shape[1], dates.shape[1])), _beyond(dates, pairs)])
    if over.whole:
        swap = _swap_weights(over, pairs)
        return Targets(swap, date, swap @ terms, date @ terms, precedence, terms, dates.shape[1])
    return Targets(None, date, _swap_terms(over, pairs, terms), date @ terms, precedence, terms, dates.shape[1])


def _exchanged(over: Population, a: int, b: int) -> tuple[Integers, Truths]:
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
            difference = terms[kept] - model_columns(other[kept])
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
