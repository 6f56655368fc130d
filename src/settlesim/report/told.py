"""Estimates as tables say them: what no run or every run has is a bound, never ± 0, and one run is said to be one."""

from __future__ import annotations

import math

from settlesim.analysis.statistics import wilson

__all__ = ["BOUNDS", "NO_RUN", "count_told", "interval_told", "mean_told", "share_told"]

# What heads tables in which bounds may stand.
BOUNDS = "< or >: end of the 95% interval where no run or every run has it"
NO_RUN, ONE_RUN = "no run", "1 run"
MOST_PLACES = 6


def share_told(share: float, error: float | None, n: float, *, level: float = 0.95, unit: str = "") -> str:
    """Return a share of runs in %, with its standard error; where none or all have it, the end of its interval.

    Parameters
    ----------
    share, error : float
        The share and its Monte Carlo standard error; None for a share to be said without.
    n : float
        The number of runs.
    level : float
        Coverage of Wilson's interval, of which the end is told.
    unit : str
        What stands behind the number.

    Examples
    --------
    >>> share_told(0.25, 0.0137, 1000), share_told(0.0, 0.0, 1000), share_told(1.0, 0.0, 1000)
    ('25.0 ± 1.4', '< 0.4', '> 99.6')
    >>> share_told(0.0002, 0.0002, 5000), share_told(1.0, 0.0, 1), share_told(float("nan"), 0.0, 0)
    ('0.02 ± 0.02', '100 (1 run)', 'no run')
    """
    if not n or not math.isfinite(share):
        return NO_RUN
    if n == 1:
        return f"{100 * share:.0f}{unit} ({ONE_RUN})"
    if share in (0.0, 1.0):
        low, high = (float(end) for end in wilson(share, n, level))
        reach = 100 * (high if share == 0.0 else 1 - low)
        places = _places(reach, 1)
        reach = math.ceil(round(reach * 10**places, 6)) / 10**places
        return f"< {reach:.{places}f}{unit}" if share == 0.0 else f"> {100 - reach:.{places}f}{unit}"
    if error is None:
        # As many places as tell it from none and from all.
        return f"{100 * share:.{_places(100 * min(share, 1 - share), 0)}f}{unit}"
    places = _places(100 * error, 1)
    return f"{100 * share:.{places}f} ± {100 * error:.{places}f}{unit}"


def mean_told(value: float, error: float | None, n: float, places: int = 0) -> str:
    """Return a mean with its standard error, in as many places as the error needs to be more than 0.

    Examples
    --------
    >>> mean_told(1234.4, 12.3, 50), mean_told(3.0, 0.004, 50), mean_told(3.0, 0.0, 50), mean_told(3.0, None, 1)
    ('1,234 ± 12', '3.000 ± 0.004', '3 in every run', '3 (1 run)')
    """
    if not n or not math.isfinite(value):
        return NO_RUN
    if n == 1 or error is None or not math.isfinite(error):
        return f"{value:,.{places}f} ({ONE_RUN})"
    if error == 0:
        return f"{value:,.{places}f} in every run"
    places = _places(error, places)
    return f"{value:,.{places}f} ± {error:,.{places}f}"


def interval_told(low: float, high: float, n: float, places: int = 1) -> str:
    """Return the ends of the interval of a difference.

    Examples
    --------
    >>> interval_told(-0.5, 1.25, 50), interval_told(float("nan"), float("nan"), 1)
    ('-0.5 to +1.2', '1 run')
    """
    if n < 2 or not (math.isfinite(low) and math.isfinite(high)):
        return ONE_RUN if n == 1 else NO_RUN
    return f"{low:+,.{places}f} to {high:+,.{places}f}"


def count_told(share: float, n: float) -> str:
    """Return a share of runs in whole %, or where that would hide some or the lack of some, how many of how many.

    Examples
    --------
    >>> count_told(0.0002, 5000), count_told(0.9998, 5000), count_told(0.5, 5000), count_told(0.0, 5000)
    ('1 of 5,000', '4,999 of 5,000', '50%', '0%')
    """
    if not n or not math.isfinite(share):
        return NO_RUN
    if 0 < share < 0.005 or 0.995 < share < 1:
        return f"{round(share * n):,} of {n:,.0f}"
    return f"{100 * share:.0f}%"


def _places(reach: float, least: int) -> int:
    """Decimals in which a number above zero shows its first digit."""
    return min(max(math.ceil(-math.log10(reach)) if reach > 0 else least, least), MOST_PLACES)
