"""Shares of a difference by what carries it: values of coalitions run by run, Shapley shares, and their errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from settlesim.analysis.paired_intervals import mean_of_bounded

__all__ = ["Estimate", "Shares", "all_coalitions", "along", "estimate", "exact_shares", "orderings", "sampled_shares"]

Floats = NDArray[np.float64]
# A coalition is a set of players, as bits: 0b101 holds the first and the third.
Values = Mapping[int, Floats]


@dataclass(frozen=True)
class Estimate:
    """A mean over runs with its standard error and interval; arrays of one value for each player, or scalars.

    Attributes
    ----------
    mean, error, low, high
        The mean of the runs that have a value, its standard error, and its interval.
    n
        Those runs.
    """

    mean: float
    error: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Shares:
    """Shapley shares of the players, each with what makes it uncertain.

    Attributes
    ----------
    mean : ndarray, shape (players,)
        The shares; their sum is the mean of v(all) - v(none) over the runs in which every coalition has a value.
    run_error, ordering_error, error : ndarray, shape (players,)
        Standard errors: by the number of runs, by the number of orderings (0 where all coalitions are known), and both.
    low, high : ndarray, shape (players,)
        Student intervals, of degrees of freedom by Satterthwaite; of values 0 and 1 those of `mean_of_bounded`.
    n : int
        Runs in which every coalition has a value.
    """

    mean: Floats
    run_error: Floats
    ordering_error: Floats
    error: Floats
    low: Floats
    high: Floats
    n: int


def estimate(values: Floats, level: float, *, share: bool) -> Estimate:
    """Estimate the mean of paired values, one a run; NaN where a run has none.

    Parameters
    ----------
    values : ndarray, shape (runs,)
        Paired differences.
    level : float
        Coverage of the interval.
    share : bool
        Whether they are differences (or differences of differences) of values 0 and 1. The interval is then that of
        `mean_of_bounded`, which holds where hardly any run differs; else Student's.

    Examples
    --------
    >>> found = estimate(np.array([1.0, 0.0, 1.0, np.nan]), 0.95, share=False)
    >>> round(found.mean, 3), round(found.error, 3), found.n
    (0.667, 0.333, 3)
    >>> estimate(np.zeros(50), 0.95, share=True).high > 0.03
    True
    """
    known = values[~np.isnan(values)]
    n = len(known)
    if n < 2:
        return Estimate(float(known.mean()) if n else np.nan, np.nan, np.nan, np.nan, n)
    mean, error = float(known.mean()), float(known.std(ddof=1) / np.sqrt(n))
    if not share:
        reach = error * float(student.ppf(0.5 + level / 2, n - 1))
        return Estimate(mean, error, mean - reach, mean + reach, n)
    low, high = mean_of_bounded(known, level)
    return Estimate(mean, error, float(low), float(high), n)


def all_coalitions(players: int) -> list[int]:
    """Return every coalition of so many players, as bits.

    Examples
    --------
    >>> all_coalitions(2)
    [0, 1, 2, 3]
    """
    return list(range(1 << players))


def along(order: Iterable[int]) -> list[int]:
    """Return the coalitions that grow as players join in this order, from none to all.

    Examples
    --------
    >>> along([2, 0, 1])
    [0, 4, 5, 7]
    """
    found = [0]
    for player in order:
        found.append(found[-1] | 1 << player)
    return found


def orderings(players: int, number: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Draw orders in which players join, each followed by its reverse, which takes variance out of the mean.

    Parameters
    ----------
    players, number
        How many players, and orders; an even number.
    rng
        Whence they are drawn.

    Examples
    --------
    >>> first, second = orderings(4, 2, np.random.default_rng(1))
    >>> first == second[::-1]
    True
    """
    found: list[tuple[int, ...]] = []
    for _ in range(number // 2):
        order = tuple(int(player) for player in rng.permutation(players))
        found += [order, order[::-1]]
    return found


def exact_shares(players: int, values: Values, level: float, *, share: bool) -> Shares:
    """Compute Shapley shares from the values of all coalitions (Shapley 1953).

    Player i gets the mean of v(S with i) - v(S) over the sizes of S, and for each size over the S of it.

    Parameters
    ----------
    players : int
        How many.
    values : mapping
        Coalition as bits → its value in each run, shape (runs,).
    level, share
        As for `estimate`.

    Examples
    --------
    >>> both = {0: np.zeros(2), 1: np.ones(2), 2: np.ones(2), 3: np.array([4.0, 4.0])}
    >>> exact_shares(2, both, 0.95, share=False).mean
    array([2., 2.])
    """
    full = (1 << players) - 1
    known = _complete(values, all_coalitions(players))
    by_run = np.zeros((players, int(known.sum())))
    for player in range(players):
        bit = 1 << player
        for coalition in range(full + 1):
            if not coalition & bit:
                weight = 1.0 / (players * comb(players - 1, coalition.bit_count()))
                by_run[player] += weight * (values[coalition | bit][known] - values[coalition][known])
    return _shares(by_run, np.zeros(players), np.inf, level, share=share)


def sampled_shares(orders: list[tuple[int, ...]], values: Values, level: float, *, share: bool) -> Shares:
    """Estimate Shapley shares from orders in which the players join (Castro, Gómez & Tejada 2009).

    Parameters
    ----------
    orders : list of tuple
        From `orderings`: each followed by its reverse.
    values : mapping
        Coalition as bits → its value in each run, for every coalition that the orders go through.
    level, share
        As for `estimate`.

    Notes
    -----
    Every order shares out v(all) - v(none) to the last bit of rounding, hence so does their mean. The two errors are
    added as variances: of the runs, given the orders, and of the pairs of orders, given the runs.

    Examples
    --------
    >>> both = {0: np.zeros(3), 1: np.ones(3), 2: np.ones(3), 3: np.full(3, 4.0)}
    >>> sampled_shares([(0, 1), (1, 0), (1, 0), (0, 1)], both, 0.95, share=False).mean
    array([2., 2.])
    """
    known = _complete(values, {coalition for order in orders for coalition in along(order)})
    players, pairs = len(orders[0]), len(orders) // 2
    gained = np.zeros((pairs, players, int(known.sum())))
    for at, order in enumerate(orders):
        for player, (before, after) in zip(order, pairwise(along(order)), strict=True):
            gained[at // 2, player] += 0.5 * (values[after][known] - values[before][known])
    spread = gained.mean(axis=2).std(axis=0, ddof=1) / np.sqrt(pairs) if pairs > 1 else np.full(players, np.nan)
    return _shares(gained.mean(axis=0), spread, pairs - 1, level, share=share)


def _complete(values: Values, coalitions: Iterable[int]) -> NDArray[np.bool_]:
    """Runs in which every coalition has a value."""
    known: NDArray[np.bool_] = ~np.isnan(np.sum([values[coalition] for coalition in coalitions], axis=0))
    return known


def _shares(by_run: Floats, ordering_error: Floats, freedom: float, level: float, *, share: bool) -> Shares:
    n = by_run.shape[1]
    if n < 2:
        nothing = np.full(len(by_run), np.nan)
        mean = by_run.mean(axis=1) if n else nothing
        return Shares(mean, nothing, ordering_error, nothing, nothing, nothing, n)
    run_error = by_run.std(axis=1, ddof=1) / np.sqrt(n)
    error = np.sqrt(run_error**2 + ordering_error**2)
    mean = by_run.mean(axis=1)
    if share:
        low, high = mean_of_bounded(by_run, level)
        more = ordering_error * (student.ppf(0.5 + level / 2, freedom) if ordering_error.any() else 0.0)
        low, high = mean - np.hypot(mean - low, more), mean + np.hypot(high - mean, more)
        return Shares(mean, run_error, ordering_error, error, low, high, n)
    runs, both = run_error**2, error**2
    with np.errstate(divide="ignore", invalid="ignore"):
        # Satterthwaite's degrees of freedom of the sum of two variances.
        degrees = both**2 / (runs**2 / (n - 1) + ordering_error**4 / freedom)
    degrees = np.where(both > 0, np.nan_to_num(degrees, nan=1.0), n - 1)
    reach = np.sqrt(both) * student.ppf(0.5 + level / 2, np.maximum(degrees, 1.0))
    return Shares(mean, run_error, ordering_error, error, mean - reach, mean + reach, n)
