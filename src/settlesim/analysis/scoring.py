"""Scores of a distribution against one observation: CRPS, randomised PIT, coverage with its own error."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from settlesim.errors import UsageError

__all__ = ["Coverage", "censored", "coverage", "crps", "randomised_pit"]

Floats = NDArray[np.float64]
# Share, its exact interval, and of how many: what `coverage` returns.
Coverage = tuple[float, float, float, int]


def censored(values: ArrayLike, horizon: ArrayLike) -> Floats:
    """Return weeks of an event with what never came about by the horizon set to the horizon.

    Scored so, a run says no more than "not before the horizon": the integral of the CRPS ends there.

    Examples
    --------
    >>> censored([12.0, float("inf")], 260).tolist()
    [12.0, 260.0]
    """
    return np.asarray(np.minimum(np.asarray(values, float), np.asarray(horizon, float)))


def crps(values: ArrayLike, observed: float) -> float:
    """Continuous ranked probability score of equally likely values, in their unit: lower is better.

    It is E|X - y| - E|X - X'| / 2, computed by the package ``scores`` for the distribution that the values are, not
    for one that they would be drawn from; of a single value it is the absolute error (Gneiting & Raftery 2007).

    Parameters
    ----------
    values : array_like
        Runs, or the values of a reference.
    observed : float
        What happened.

    Raises
    ------
    UsageError
        If ``scores`` is not installed.

    Examples
    --------
    >>> crps([3.0], 5.0), crps([0.0, 1.0], 0.0)
    (2.0, 0.25)
    """
    members = xr.DataArray(np.asarray(values, float), dims="run")
    if not members.size:
        return float("nan")
    return float(_scores().crps_for_ensemble(members, xr.DataArray(float(observed)), "run", method="ecdf"))


def _scores() -> Any:
    try:
        return importlib.import_module("scores.probability")
    except ImportError as error:
        missing = f"the hindcast needs {error.name}, which is not installed: pip install 'settlesim[hindcast]'"
        raise UsageError(missing) from None


def randomised_pit(values: ArrayLike, observed: float, *, name: str = "", seed: int = 0) -> float:
    """Probability integral transform of what was observed, ties broken by chance (Czado, Gneiting & Held 2009).

    The observation's rank among the runs, drawn evenly from the ranks that it shares with equal ones and from the
    width of a rank: uniform on (0, 1) if the observation is one more run.

    Parameters
    ----------
    values : array_like
        Runs.
    observed : float
        What happened.
    name, seed
        Name the draw, so that it is the same whichever other targets there are.

    Examples
    --------
    >>> 0.5 < randomised_pit([1.0, 2.0, 4.0], 3.0) < 0.75
    True
    """
    members = np.asarray(values, float)
    if not members.size:
        return float("nan")
    u = np.random.default_rng([seed, zlib.crc32(name.encode())]).random()
    below, equal = np.count_nonzero(members < observed), np.count_nonzero(members == observed)
    return float((below + u * (equal + 1)) / (members.size + 1))


def coverage(inside: Sequence[bool] | NDArray[np.bool_], level: float = 0.95) -> Coverage:
    """Share of observations inside their band, with the exact binomial interval (Clopper & Pearson 1934).

    As if targets were independent; those of one quarter or one year are not, which makes it too narrow.

    Returns
    -------
    share, low, high, n
        All but ``n`` NaN where there is none.

    Examples
    --------
    >>> share, low, high, n = coverage([True, True, True, False])
    >>> share, round(low, 3), round(high, 3), n
    (0.75, 0.194, 0.994, 4)
    """
    n, k = len(inside), int(np.count_nonzero(inside))
    if not n:
        return float("nan"), float("nan"), float("nan"), 0
    ends = binomtest(k, n).proportion_ci(confidence_level=level, method="exact")
    return k / n, float(ends.low), float(ends.high), n
