"""Observed quantities to be read off the course of a run: a fall in violence, the speed of a collapse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from settlesim.errors import UsageError
from settlesim.results.dataset import weekly_name
from settlesim.scenario.targets import Target

__all__ = ["CENSORED", "DERIVED", "weekly"]

# Weeks before a deal's reduction of violence with which it is compared; weeks in which a rebound is looked for
# (45 days, as in the reports of 2020), and how far back the weeks lie that these reports compare them with.
BEFORE, REBOUND, YEAR = 8, 6, 52
# A withdrawal is complete once the patron's force is down to this share of its start.
GONE = 0.05
# Weeks at the end of a collapsing run whose gain of control is compared with the drift observed before.
COLLAPSE = 10


def weekly(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Return a variable recorded every week.

    Raises
    ------
    UsageError
        If it was not recorded.
    """
    key = weekly_name(name)
    if key not in dataset:
        raise UsageError(f"the hindcast needs {name!r} by week: simulate with record='weekly', or name it in record")
    return dataset[key]


def _won(dataset: xr.Dataset) -> xr.DataArray:
    """Week of the insurgents' victory; NaN where they do not win."""
    outcome = dataset["outcome"]
    codes = np.atleast_1d(outcome.attrs["flag_values"]).tolist()
    code = codes[outcome.attrs["flag_meanings"].split().index("insurgent_victory")]
    return dataset["outcome_week"].where(outcome == code)


def _victory(dataset: xr.Dataset, target: Target) -> xr.DataArray:
    return _won(dataset).fillna(np.inf)


def _at(course: xr.DataArray, week: xr.DataArray) -> xr.DataArray:
    """Value of each run in a week of its own."""
    return course.isel(week=week).reset_coords(drop=True)


def _mean_around(dataset: xr.Dataset, first: int, last: int) -> xr.DataArray:
    """Mean deaths a week, `first` to `last` weeks after the first deal; NaN where there is no such time."""
    deaths = weekly(dataset, "deaths")
    deal = dataset["first_deal_week"]
    end = int(deaths["week"][-1])
    known = deal.notnull() & (deal + first - 1 >= 0) & (deal + last <= end)
    at = deal.where(known, -first + 1).clip(-first + 1, end - last).astype(np.int64)
    total = _at(deaths, at + last) - _at(deaths, at + first - 1)
    return (total / (last - first + 1)).where(known)


def _before(dataset: xr.Dataset) -> xr.DataArray:
    level = _mean_around(dataset, -BEFORE, -1)
    return level.where(level > 0)


def _reduction(dataset: xr.Dataset, target: Target) -> xr.DataArray:
    # The signing comes at the end of the last week of reduced violence.
    return _mean_around(dataset, 0, 0) / _before(dataset)


def _rebound(dataset: xr.Dataset, target: Target) -> xr.DataArray:
    """Attacks in the weeks after the first deal, relative to the same weeks of the year before."""
    attacks = weekly(dataset, "attack_intensity")
    deal = dataset["first_deal_week"]
    end = int(attacks["week"][-1])
    # A war that is over has no attacks to count.
    lived = np.minimum(_won(dataset).fillna(np.inf), end)
    known = deal.notnull() & (deal + 1 - YEAR >= 0) & (deal + REBOUND <= lived)
    at = deal.where(known, YEAR).clip(YEAR, max(end - REBOUND, YEAR)).astype(np.int64)
    after: Any = sum(_at(attacks, at + k) for k in range(1, REBOUND + 1))
    before: Any = sum(_at(attacks, at + k - YEAR) for k in range(1, REBOUND + 1))
    found: xr.DataArray = (after / before.where(before > 0)).where(known)
    return found


def _year_on_year(dataset: xr.Dataset, target: Target) -> xr.DataArray:
    """Attacks in the weeks that a target covers, relative to the same weeks of the year before."""
    attacks = weekly(dataset, "attack_intensity")
    first, last = (round(week) for week in target.at or (np.inf, np.inf))
    if not YEAR <= first <= last <= int(attacks["week"][-1]):
        raise UsageError(f"the target {target.name!r} covers no weeks (at) a year after the start and before the end")
    now, before = (attacks.isel(week=slice(first - ago, last - ago + 1)).mean("week") for ago in (0, YEAR))
    return (now / before.where(before > 0)).where(~(_won(dataset) < last))


def _left(dataset: xr.Dataset) -> xr.DataArray:
    """Week in which the patron's withdrawal is complete; NaN where it never is."""
    troops = weekly(dataset, "troops")
    gone = troops <= GONE * troops.isel(week=0)
    return gone.argmax("week").astype(np.float64).where(gone.any("week"))


def _collapse_after_withdrawal(dataset: xr.Dataset, target: Target) -> xr.DataArray:
    """Weeks from the end of the withdrawal to the insurgents' victory, infinite if they do not win.

    A government that fell when more than half of the force had gone, but not all, fell 0 weeks after; one that fell
    with most of the patron's force beside it says nothing.
    """
    left, troops = _left(dataset), weekly(dataset, "troops")
    under_way = _won(dataset).notnull() & (troops.isel(week=-1) < 0.5 * troops.isel(week=0))
    after: xr.DataArray = _victory(dataset, target).where(left.notnull()) - left
    return after.where(left.notnull() | ~under_way, 0.0)


def _speed_of_collapse(dataset: xr.Dataset, target: Target) -> xr.DataArray:
    """Gain of control a week in the last weeks before a victory, relative to the drift observed before the start."""
    if target.relative_to is None:
        raise UsageError(f"the target {target.name!r} does not say which observed rate it is relative to (relative_to)")
    control = weekly(dataset, "insurgent_control")
    won = _won(dataset)
    end = int(control["week"][-1])
    known = won >= COLLAPSE
    at = won.where(known, COLLAPSE).clip(COLLAPSE, end).astype(np.int64)
    gain = (_at(control, at) - _at(control, at - COLLAPSE)) / COLLAPSE
    return gain.where(known) / target.relative_to


# Name of a target's variable to how it is read off.  NaN: the run cannot say; infinite: it never happened.
DERIVED: dict[str, Callable[[xr.Dataset, Target], Any]] = {
    "outcome_week": _victory,
    "violence_in_reduction": _reduction,
    "violence_after_deal": _rebound,
    "attacks_on_the_year_before": _year_on_year,
    "collapse_after_withdrawal_weeks": _collapse_after_withdrawal,
    "control_drift_ratio": _speed_of_collapse,
}

# Weeks counted from some other week than the first: how many of them a run can see before its horizon.
CENSORED: dict[str, Callable[[xr.Dataset], Any]] = {
    "collapse_after_withdrawal_weeks": lambda dataset: dataset["week"][-1] - _left(dataset),
}
