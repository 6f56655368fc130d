"""Intervals of what is averaged over worlds: means, several means at once, and variances freed of their noise.

A world is one observation: whatever was computed within it, from any number of orders, is one number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from settlesim.analysis.paired_intervals import mean_of_bounded

__all__ = ["FEW_WORLDS", "Means", "Pairs", "mean_intervals", "pair_mean", "pair_ratio", "sign_flip_test"]

Floats = NDArray[np.float64]

# Below this many worlds the flipped signs have too few patterns, and Bonferroni takes their place.
FEW_WORLDS = 20
# Fewer than this many that carry a quantity's spread leave Student's t and the bootstrap little to go by.
FEW_CARRIERS = 8
ROUNDING = 1e-12


@dataclass(frozen=True)
class Means:
    """Means over worlds, each with its error and two intervals; all of shape (quantities,).

    Attributes
    ----------
    estimate, error
        Mean and its standard error.
    low, high
        Interval of each alone.
    low_all, high_all
        Intervals that hold all at once.
    method
        How the latter were found.
    """

    estimate: Floats
    error: Floats
    low: Floats
    high: Floats
    low_all: Floats
    high_all: Floats
    method: str


def mean_intervals(
    values: Floats,
    level: float,
    *,
    draws: int,
    rng: np.random.Generator,
    largest: float | None = None,
    also: Floats | None = None,
) -> Means:
    """Return means over worlds with intervals, one at a time and all at once.

    Parameters
    ----------
    values : array, shape (quantities, worlds)
        A quantity that is not known is missing in every world, and stays so.
    level : float
        Coverage.
    draws : int
        Draws of signs.
    rng : numpy.random.Generator
        For the signs.
    largest : float, optional
        What a value cannot exceed either way, for those that are differences of shares.
    also : array, shape (quantities,), optional
        Variances of the means that do not come from worlds.

    Returns
    -------
    Means

    Notes
    -----
    The interval of one mean is Student's.  For all at once its factor is the quantile, over worlds whose deviations
    from the mean are given random signs, of the largest studentized mean: the max-t of a multiplier bootstrap
    (Chernozhukov, Chetverikov and Kato 2013), which knows how the quantities hang together.  It is Bonferroni's with
    fewer than `FEW_WORLDS` worlds, and where fewer than `FEW_CARRIERS` worlds carry the spread of some quantity,
    counted as 3 (Σ d²)² / Σ d⁴ of the deviations d, which is n for normal ones: such as of a rare event, for which
    Student's interval is rough as well.

    With a `largest` the interval is that of `mean_of_bounded`, at the level of the factor above, which holds where few
    worlds carry an effect; where no world differs from another it reaches as far as a share of worlds that `level` does
    not exclude at 0 of n.  Without one it is then a point.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found = mean_intervals(rng.normal(2.0, 1.0, (3, 100)), 0.95, draws=999, rng=rng)
    >>> bool(np.all((found.low_all < found.low) & (found.low < 2.2))), found.method
    (True, 'max-t, multiplier bootstrap over worlds')
    """
    n = values.shape[1]
    middle = values.mean(axis=1)
    spread = values.std(axis=1, ddof=1)
    error = spread / np.sqrt(n)
    one = float(student.ppf(0.5 + level / 2, n - 1))
    vary = np.isfinite(spread) & (spread > ROUNDING * np.abs(middle))
    count = max(int(np.isfinite(spread).sum()), 1)
    apart = (values[vary] - middle[vary, np.newaxis]) / spread[vary, np.newaxis]
    carriers = 3 * (apart**2).sum(axis=1) ** 2 / (apart**4).sum(axis=1)
    if n < FEW_WORLDS or carriers.min(initial=np.inf) < FEW_CARRIERS:
        method = "Bonferroni" if n < FEW_WORLDS else "Bonferroni, for few worlds carry some effect"
        together = float(student.ppf(1 - (1 - level) / (2 * count), n - 1))
    else:
        method = "max-t, multiplier bootstrap over worlds"
        together = max(one, _largest_quantile(apart, level, draws, rng)) if vary.any() else one
    if also is not None:
        error = np.sqrt(error**2 + also)
    if largest is None:
        reach, reach_all = one * error, together * error
        return Means(middle, error, middle - reach, middle + reach, middle - reach_all, middle + reach_all, method)
    also = np.zeros(len(middle)) if also is None else also
    ends = [_bounded(values, vary, level, largest, also * one**2)]
    # A factor of Student's is as much as a level; where no world differs there is but Bonferroni's.
    for kept, of in ((vary, 2 * student.cdf(together, n - 1) - 1), (~vary, 1 - (1 - level) / count)):
        ends.append(_bounded(values, vary, float(of), largest, np.where(kept, also * together**2, 0.0)))
    low_all, high_all = (np.where(vary, a, b) for a, b in zip(ends[1], ends[2], strict=True))
    return Means(middle, error, *ends[0], low_all, high_all, method)


def _bounded(
    values: Floats, vary: NDArray[np.bool_], level: float, largest: float, more: Floats
) -> tuple[Floats, Floats]:
    """Ends of intervals of contrasts of shares, and squares of what reaches beyond them."""
    middle = values.mean(axis=1)
    # What is the same in every world but for rounding is so; what is not known stays missing.
    apart = np.where(vary[:, np.newaxis], values, 0.0)
    low, high = mean_of_bounded(apart, level, most=largest)
    alike = np.where(vary, 0.0, middle)
    low, high = low + alike, high + alike
    return middle - np.hypot(middle - low, np.sqrt(more)), middle + np.hypot(high - middle, np.sqrt(more))


def _largest_quantile(apart: Floats, level: float, draws: int, rng: np.random.Generator) -> float:
    n = apart.shape[1]
    signs = _signs(draws, n, rng)
    means = signs @ apart.T / n
    squares = (apart**2).mean(axis=1)
    found = np.abs(means) * np.sqrt((n - 1) / np.maximum(squares - means**2, 1e-300))
    return float(np.quantile(found.max(axis=1), level))


def _signs(draws: int, n: int, rng: np.random.Generator) -> Floats:
    return np.asarray(2.0 * rng.integers(0, 2, (draws, n), dtype=np.int8) - 1.0)


@dataclass(frozen=True)
class Pairs:
    """A mean over pairs of distinct worlds, with its error and interval."""

    estimate: float
    error: float
    low: float
    high: float


def pair_mean(kernel: Floats, level: float, *, also: float = 0.0) -> Pairs:
    """Return the mean of a kernel over pairs of distinct worlds, a U-statistic, with its interval.

    Parameters
    ----------
    kernel : array, shape (worlds, worlds)
        Symmetric; what stands on the diagonal does not count.
    level : float
        Coverage.
    also : float
        Variance of the mean that does not come from worlds.

    Returns
    -------
    Pairs
        Missing where the kernel is; without an interval below five worlds.

    Notes
    -----
    The product of two distinct worlds' values has the expectation of the squared mean without the noise that a
    world's own square brings with it.  Hoeffding's (1948) variance has two parts, 4 ζ1 / n + 2 ζ2 / n².
    Where the mean is zero ζ1 is too, and a jackknife would give twice the variance; so both parts are estimated:
    ζ2 by the variance over pairs, ζ1 by what the worlds' own means vary beyond that.  Of a squared mean ζ1 grows in
    proportion to it; the interval holds the values q that the estimate does not contradict, given the error at q (as
    Wilson's does of shares).

    Examples
    --------
    >>> values = np.random.default_rng(1).normal(3.0, 1.0, 400)
    >>> found = pair_mean(np.outer(values, values), 0.95)
    >>> bool(found.low < 9.0 < found.high)
    True
    """
    means, alone, spread = _moments(np.stack([kernel]))
    middle, n = float(means[0]), len(kernel)
    if alone is None or spread is None:
        return Pairs(middle, np.nan, np.nan, np.nan)
    spread = spread + also
    error = float(np.sqrt(spread[0, 0]))
    square = float(student.ppf(0.5 + level / 2, n - 1)) ** 2
    slope = square * float(alone[0, 0]) / middle if middle > 0 else 0.0
    still = square * float(spread[0, 0]) - slope * max(middle, 0.0)
    # The ends solve (U - q)² = t² Var(U | q), with a variance that grows with q as it does in the data.
    centre = middle + slope / 2
    reach = float(np.sqrt(max(centre**2 - middle**2 + still, 0.0)))
    return Pairs(middle, error, centre - reach, centre + reach)


def pair_ratio(kernel: Floats, whole: Floats, level: float, *, also: Floats | None = None) -> Pairs:
    """Return the ratio of two means over pairs of distinct worlds, with Fieller's interval.

    Parameters
    ----------
    kernel, whole : array, shape (worlds, worlds)
        Numerator and denominator, as for `pair_mean`.
    level : float
        Coverage.
    also : array, shape (2, 2), optional
        Covariances of the two means that do not come from worlds.

    Returns
    -------
    Pairs
        Without an estimate where the denominator is not above zero.  The interval (Fieller 1954) has no ends, and the
        ratio no error, where the denominator cannot be told from zero: then any ratio is possible.

    Examples
    --------
    >>> values = np.random.default_rng(1).normal([[3.0], [1.0]], 1.0, (2, 400))
    >>> part, rest = (np.outer(column, column) for column in values)
    >>> found = pair_ratio(part, part + rest, 0.95)
    >>> bool(found.low < 0.9 < found.high)
    True
    """
    means, _, spread = _moments(np.stack([kernel, whole]))
    part, all_of_it = float(means[0]), float(means[1])
    if spread is None or not all_of_it > 0:
        # Where nothing at all varies there is nothing to share; where only noise does, the share is not known.
        end = np.inf if spread is not None and spread.any() else np.nan
        return Pairs(part / all_of_it if all_of_it > 0 else np.nan, np.nan, -end, end)
    if also is not None:
        spread = spread + also
    ratio = part / all_of_it
    # Where one part is all there is, rounding may leave less than nothing of it.
    error = float(np.sqrt(max(spread[0, 0] - 2 * ratio * spread[0, 1] + ratio**2 * spread[1, 1], 0.0))) / all_of_it
    # Ratios that fit: (part - r whole)² <= t² Var(part - r whole), a quadratic in r.
    square = float(student.ppf(0.5 + level / 2, len(kernel) - 1)) ** 2
    a = all_of_it**2 - square * float(spread[1, 1])
    b = part * all_of_it - square * float(spread[0, 1])
    c = part**2 - square * float(spread[0, 0])
    if a <= 0:
        return Pairs(ratio, np.nan, -np.inf, np.inf)
    root = np.sqrt(max(b * b - a * c, 0.0))
    return Pairs(ratio, error, float(b - root) / a, float(b + root) / a)


def _moments(kernels: Floats) -> tuple[Floats, Floats | None, Floats | None]:
    """Means of kernels over pairs of distinct worlds; their covariances: the part of single worlds, and all."""
    n = kernels.shape[1]
    diagonal = np.diagonal(kernels, axis1=1, axis2=2)
    own = (kernels.sum(axis=2) - diagonal) / (n - 1)
    means = own.mean(axis=1)
    if n < 5 or not np.isfinite(means).all():
        return means, None, None
    apart = kernels - means[:, np.newaxis, np.newaxis]
    flat = apart.reshape(len(kernels), -1)
    aside = diagonal - means[:, np.newaxis]
    pairs = (flat @ flat.T - aside @ aside.T) / (n * (n - 1))
    alone = ((n - 1) ** 2 * np.atleast_2d(np.cov(own)) / (n - 2) - pairs) / (n - 4)
    values, vectors = np.linalg.eigh(alone)
    alone = 4 * (n - 2) / (n * (n - 1)) * (vectors * np.maximum(values, 0.0)) @ vectors.T
    return means, alone, alone + 2 * pairs / (n * (n - 1))


def sign_flip_test(kernel: Floats, *, draws: int, rng: np.random.Generator) -> float:
    """Return the probability of so large a mean over pairs of worlds, were each world's part as likely its negative.

    Parameters
    ----------
    kernel : array, shape (worlds, worlds)
        Inner products of the worlds' parts.
    draws : int
        Draws of signs.
    rng : numpy.random.Generator
        For the signs.

    Returns
    -------
    float
        Exact where noise is symmetric, else right for many worlds; 1 where there is nothing at all.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> shifted = rng.normal(0.5, 1.0, (50, 4))
    >>> sign_flip_test(shifted @ shifted.T, draws=999, rng=rng)
    0.001
    """
    between = kernel - np.diag(np.diagonal(kernel))
    if not between.any():
        return 1.0
    signs = _signs(draws, len(kernel), rng)
    flipped = ((signs @ between) * signs).sum(axis=1)
    return float((1 + np.count_nonzero(flipped >= between.sum() * (1 - 1e-9))) / (draws + 1))
