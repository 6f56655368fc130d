"""When things happen: cumulative incidence of competing events by week, first ones or those that stand in the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from settlesim.analysis.statistics import check_level, check_result, kind_of, outcome_variable, present, wilson
from settlesim.errors import UsageError, choose

__all__ = ["INCIDENCES", "aalen_johansen", "incidence", "incidence_title"]

Floats = NDArray[np.float64]

# The two incidences that have a name of their own: their variable, and what they show.
INCIDENCES = {
    "first": ("first_event", "first events: what came about first, and when"),
    "final": ("outcome", "final outcomes: since when the outcome that stands at the end has stood"),
}
# Meanings that are no event: the run was watched to the horizon without one.
NOTHING = ("continued_war", "no_event")


def aalen_johansen(weeks: ArrayLike, causes: ArrayLike, kinds: int, horizon: int) -> tuple[Floats, Floats, Floats]:
    """Estimate the cumulative incidence of competing events, some runs being watched for a shorter time.

    Parameters
    ----------
    weeks : array_like, shape (n,)
        Week of the event, or until which the run was watched.
    causes : array_like of int, shape (n,)
        Which event; -1 where none was seen.
    kinds : int
        Number of kinds of events.
    horizon : int
        Last week.

    Returns
    -------
    incidence : ndarray, shape (kinds, horizon + 1)
        Probability that the event has happened by the end of each week.
    variance : ndarray, shape (kinds, horizon + 1)
        Its variance, by the delta method (Marubini and Valsecchi 1995).
    at_risk : ndarray, shape (horizon + 1,)
        Runs without an event that are still watched.

    Notes
    -----
    With all runs watched to the horizon it is the share of runs p that have had the event, of variance p (1
    - p) / n.

    Examples
    --------
    >>> share, _, _ = aalen_johansen([1, 2, 3, 3], [0, 1, 0, -1], kinds=2, horizon=3)
    >>> share[0].tolist()
    [0.0, 0.25, 0.25, 0.5]
    """
    time = np.ceil(np.asarray(weeks, float)).astype(np.int64)
    cause = np.asarray(causes, dtype=np.int64)
    # Weeks beyond the horizon are not seen: such runs are watched to its end.
    cause = np.where(time > horizon, -1, cause)
    time = np.clip(time, 0, horizon)
    events = np.zeros((kinds, horizon + 1))
    np.add.at(events, (cause[cause >= 0], time[cause >= 0]), 1)
    left = np.bincount(time, minlength=horizon + 1)
    at_risk = (len(time) - np.concatenate(([0], np.cumsum(left)[:-1]))).astype(float)
    total = events.sum(axis=0)
    risk = np.maximum(at_risk, 1)
    free = np.cumprod(1 - total / risk)
    before = np.concatenate(([1.0], free[:-1]))
    share = np.cumsum(before * events / risk, axis=1)
    # Once nobody is left nothing can change, so the last factor may be dropped.
    with np.errstate(divide="ignore", invalid="ignore"):
        g = np.where(at_risk > total, total / (risk * (at_risk - total)), 0.0)
    variance = share**2 * np.cumsum(g) - 2 * share * np.cumsum(share * g, axis=1) + np.cumsum(share**2 * g, axis=1)
    variance += np.cumsum(before**2 * events * (risk - events) / risk**3, axis=1)
    h = before * events / risk**2
    variance -= 2 * (share * np.cumsum(h, axis=1) - np.cumsum(share * h, axis=1))
    return share, np.maximum(variance, 0.0), at_risk


def incidence(
    dataset: xr.Dataset,
    event: str = "first",
    *,
    week: str | None = None,
    censored: str | Iterable[str] | None = None,
    level: float = 0.95,
) -> xr.Dataset:
    """Follow week by week the share of runs in which something has happened.

    First events compete as in a study of war termination: a run leaves the race with the first deal, victory or
    lull, whatever becomes of it.  Final outcomes are known only in retrospect: a run counts from the week since
    which its last outcome has stood, so that a settlement that a victory ended later never shows.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate`, `compare` or `sweep`.
    event : {"first", "final"} or str
        ``"first"``: what came about first in a run, of deals on power or withdrawal, victories, fragmentation and
        low activity.  ``"final"``: the outcome that stands at the end, at the week since which it has stood.
        Otherwise the name of a coded outcome, whose meanings compete; or of one of the kind ``"weeks"``, missing where
        the event never came, such as ``"settlement_week"`` or ``"relapse_week"``: then nothing competes.
    week : str, optional
        For a coded outcome, the variable that says when; by default ``<event>_week``.
    censored : str or iterable of str, optional
        Meanings that are no event: the run was watched to the horizon without one.  By default continued war and
        no event.
    level : float
        Coverage of the intervals.

    Returns
    -------
    xarray.Dataset
        Dimensions (sequence, ``<variable>_kind`` for a coded outcome, week): ``incidence`` with ``low`` and
        ``high`` (Wilson's interval, at the number of runs that would give the same variance), and
        ``at_risk`` (sequence, week).  ``"first"`` has the dimension ``first_event_kind``, ``"final"``
        ``outcome_kind``; the attribute ``title`` says which of the two it is.

    Raises
    ------
    UsageError
        If a name is unknown, what is asked for is no week of an event, as its outcome declares it (``kind="weeks"``),
        or the dataset says nothing about its horizon.

    Notes
    -----
    A run that is missing, masked or joined from a result of other runs, counts nowhere.  That a week is missing is told
    from that by the run's shares, counts and codes; keep one of them.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> result = simulate(load("two-party"), runs=40, rng=7)
    >>> incidence(result, "first").incidence.dims
    ('sequence', 'first_event_kind', 'week')
    >>> incidence(result, "settlement_week").incidence.dims
    ('sequence', 'week')
    """
    check_level(level)
    check_result(dataset)
    if "horizon" not in dataset.attrs:
        raise UsageError("the dataset has no attribute horizon, the last week that was simulated")
    horizon = int(dataset.attrs["horizon"])
    title = incidence_title(event)
    event = INCIDENCES.get(event, (event,))[0]
    variable = outcome_variable(dataset, event)
    coded = "flag_meanings" in variable.attrs
    _check_weeks(dataset, (week or f"{event}_week") if coded else event)
    if coded:
        kinds, cause, when = _coded(dataset, variable, week or f"{event}_week", censored)
    else:
        kinds, cause, when = [event], variable.notnull().astype(np.int64) - 1, variable
    there = variable.notnull() if coded else variable.notnull() | present(dataset)
    when = when.where(cause >= 0, horizon)
    lost = int((when.isnull() & there).sum())
    if lost:
        said = f", {week!r}," if week else ""
        raise UsageError(
            f"{event!r} came about in {lost:,} runs of which its week{said} is missing: leave these runs out"
            + (", or name the event whose week it is: incidence(result, event, week=...)" if week else "")
        )

    def course(weeks: Any, causes: Any, known: Any) -> tuple[Floats, Floats, Floats, Floats]:
        weeks, causes = weeks[known], causes[known]
        if not len(weeks):
            nothing = np.full((len(kinds), horizon + 1), np.nan)
            return nothing, nothing, nothing, np.zeros(horizon + 1)
        share, variance, at_risk = aalen_johansen(weeks, causes, len(kinds), horizon)
        spread = share * (1 - share)
        same = np.divide(spread, variance, out=np.full(share.shape, float(len(weeks))), where=variance > 0)
        return share, *wilson(share, np.minimum(same, len(weeks)), level), at_risk

    axis = f"{event}_kind"
    out = xr.apply_ufunc(
        course,
        when,
        cause,
        there,
        input_core_dims=[["run"], ["run"], ["run"]],
        output_core_dims=[[axis, "week"]] * 3 + [["week"]],
        vectorize=True,
    )
    result = xr.Dataset(dict(zip(("incidence", "low", "high", "at_risk"), out, strict=True)), attrs=dataset.attrs)
    result = result.assign_coords({axis: kinds, "week": np.arange(horizon + 1)})
    for name in ("incidence", "low", "high"):
        result[name].attrs = {"units": "share", "long_name": f"cumulative incidence of {title}"}
    result.attrs |= {"event": event, "level": level, "title": title}
    return result if coded else result.sel({axis: event}, drop=True)


def _check_weeks(dataset: xr.Dataset, name: str) -> None:
    """Raise a `UsageError` unless a variable is declared to be the week of an event."""
    if name not in dataset or kind_of(dataset[name]) == "weeks":
        return
    known = [str(one) for one in dataset.data_vars if kind_of(dataset[one]) == "weeks"]
    said = "has no declared kind" if "kind" not in dataset[name].attrs else f"is of the kind {kind_of(dataset[name])!r}"
    raise UsageError(
        f"{name!r} {said}, and an incidence is of weeks of events (known: {', '.join(known) or 'none'}); of an outcome "
        'of your own that is one, declare it: Outcome(..., kind="weeks")'
    )


def incidence_title(event: str) -> str:
    """Return in words what `incidence` shows.

    Examples
    --------
    >>> incidence_title("final")
    'final outcomes: since when the outcome that stands at the end has stood'
    """
    return INCIDENCES[event][1] if event in INCIDENCES else event


def _coded(
    dataset: xr.Dataset, variable: xr.DataArray, week: str, censored: str | Iterable[str] | None
) -> tuple[list[str], Any, Any]:
    """Kinds of events, the index of each run's (or -1), and the weeks."""
    meanings = variable.attrs["flag_meanings"].split()
    codes = np.atleast_1d(variable.attrs["flag_values"]).tolist()
    if censored is None:
        censored = [name for name in NOTHING if name in meanings]
    out = {choose(name, meanings, "meaning") for name in ([censored] if isinstance(censored, str) else censored)}
    kinds = [meaning for meaning in meanings if meaning not in out]
    cause = xr.full_like(variable, -1, dtype=np.int64)
    for index, kind in enumerate(kinds):
        cause = cause.where(variable != codes[meanings.index(kind)], index)
    return kinds, cause, outcome_variable(dataset, week)
