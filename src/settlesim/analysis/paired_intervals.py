"""Intervals of mean differences between shares, which hold where hardly any run differs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

__all__ = ["mean_of_bounded", "paired_interval"]

Floats = NDArray[np.float64]


def paired_interval(up: ArrayLike, down: ArrayLike, n: ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Return the interval of the difference between two shares of the same runs.

    Parameters
    ----------
    up, down : array_like
        Numbers of runs that have the one and not the other, and the other way round.
    n : array_like
        Numbers of runs; need not be whole, nor those above.
    level : float
        Coverage.

    Returns
    -------
    low, high : ndarray
        Missing where there is no run.

    Notes
    -----
    Each of the two shares of runs that differ has its exact interval (Clopper and Pearson 1934); those of the
    difference are put together from the four ends, and from the correlation of the two, as by Zou and Donner (2008).
    Where runs differ one way only the farther end is the exact one, also where none differs at all.

    Examples
    --------
    >>> low, high = paired_interval(0, 0, 1000, 0.95)
    >>> round(float(high), 5), bool(low == -high)
    (0.00368, True)
    """
    up, down = np.asarray(up, float), np.asarray(down, float)
    return _ends(up, up, down, down, np.asarray(n, float), 1.0, level)


def mean_of_bounded(values: Floats, level: Any, *, most: float = 1.0) -> tuple[Floats, Floats]:
    """Return the interval of the mean of values most of which may be zero, such as contrasts of shares.

    Parameters
    ----------
    values : ndarray, shape (..., runs)
        None of them missing.
    level : float
        Coverage.
    most : float
        What a run that was not seen is taken to have: the largest value that was seen where there is one, else this.

    Returns
    -------
    low, high : ndarray, shape (...)

    Notes
    -----
    As `paired_interval`, with the sums of values and of their squares in place of the counts, as by Fay and Feuer
    (1997) for weighted sums of rare events.  Of values -1, 0 and 1 it is the same; where few are zero it is that of
    the mean and its standard error.

    Examples
    --------
    >>> differing = np.zeros(1000)
    >>> differing[:3] = 1.0
    >>> one, other = mean_of_bounded(differing, 0.95), paired_interval(3, 0, 1000, 0.95)
    >>> bool(np.allclose(one, other))
    True
    """
    above, below = np.maximum(values, 0.0), np.maximum(-values, 0.0)
    seen = np.abs(values).max(axis=-1, initial=0.0)
    up, up2, down, down2 = (part.sum(axis=-1) for part in (above, above**2, below, below**2))
    return _ends(up, up2, down, down2, np.asarray(float(values.shape[-1])), np.where(seen > 0, seen, most), level)


def _ends(up: Floats, up2: Floats, down: Floats, down2: Floats, n: Floats, most: Any, level: Any) -> tuple[Any, Any]:
    """Ends from the sums of what is gained and of what is lost, and of their squares."""
    tail = (1 - np.asarray(level)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        gain, loss = up / n, down / n
        gain_low, gain_high = _part(up, up2, n, most, tail)
        loss_low, loss_high = _part(down, down2, n, most, tail)
        spread = np.sqrt(np.maximum(up2 - up**2 / n, 0) * np.maximum(down2 - down**2 / n, 0))
        # A run that gains does not lose.
        together = np.where(spread > 0, np.clip(up * down / n / spread, 0, 1), 0.0)
        below = _joined(gain - gain_low, loss_high - loss, together)
        above = _joined(gain_high - gain, loss - loss_low, together)
        difference = gain - loss
        known = n > 0
        return np.where(known, difference - below, np.nan), np.where(known, difference + above, np.nan)


def _part(total: Floats, square: Floats, n: Floats, most: Any, tail: Any) -> tuple[Floats, Floats]:
    """Exact interval of the mean of what is not below zero: as many runs of one size as give these sums."""
    some = total > 0
    size, count = np.where(some, square / total, 1.0), np.where(some, total**2 / square, 1.0)
    low = np.where(some, size * betaincinv(count, np.maximum(n - count, 0) + 1, tail), 0.0)
    # One run more, that was not seen.
    total, square = total + most, square + np.square(most)
    size, count = square / total, total**2 / square
    rest = np.maximum(n - count + 1, 0)
    high = np.where(rest > 0, size * betaincinv(count, np.where(rest > 0, rest, 1.0), 1 - tail), size)
    return low, high


def _joined(a: Floats, b: Floats, together: Floats) -> Floats:
    reach: Floats = np.sqrt(np.maximum(a, 0) ** 2 + np.maximum(b, 0) ** 2 + 2 * together * a * b)
    return reach
