"""Observed quantities to be read off the course of a run: a fall in violence, the speed of a collapse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from settlesim.errors import UsageError
from settlesim.results.dataset import weekly_name

__all__ = ["DERIVED", "weekly"]

# Weeks before a deal's reduction of violence with which it is compared, and weeks in which a rebound is
# looked for (45 days, as in the reports of 2020).
BEFORE, REBOUND = 8, 6
# A withdrawal is complete once the patron's force is down to this share of its start.
GONE = 0.05
# Weeks at the end of a collapsing run, and at the start of every run, whose gains of control are compared.
COLLAPSE, DRIFT = 10, 52


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


def _victory(dataset: xr.Dataset) -> xr.DataArray:
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


def _reduction(dataset: xr.Dataset) -> xr.DataArray:
    # The signing comes at the end of the last week of reduced violence.
    return _mean_around(dataset, 0, 0) / _before(dataset)


def _rebound(dataset: xr.Dataset) -> xr.DataArray:
    return _mean_around(dataset, 1, REBOUND) / _before(dataset)


def _collapse_after_withdrawal(dataset: xr.Dataset) -> xr.DataArray:
    """Weeks from the end of the withdrawal to the insurgents' victory, infinite if they do not win."""
    troops = weekly(dataset, "troops")
    gone = troops <= GONE * troops.isel(week=0)
    left = gone.argmax("week").astype(np.float64).where(gone.any("week"))
    return _victory(dataset).where(left.notnull()) - left


def _speed_of_collapse(dataset: xr.Dataset) -> xr.DataArray:
    """Gain of control in the last weeks before a victory, relative to the mean of all runs at the start."""
    control = weekly(dataset, "insurgent_control")
    won = _won(dataset)
    end = int(control["week"][-1])
    span = min(DRIFT, end)
    drift = (control.isel(week=span) - control.isel(week=0)).mean("run") / span
    known = won >= COLLAPSE
    at = won.where(known, COLLAPSE).clip(COLLAPSE, end).astype(np.int64)
    gain = (_at(control, at) - _at(control, at - COLLAPSE)) / COLLAPSE
    return gain.where(known) / drift.where(drift > 0)


# Name of a target's variable to how it is read off.  NaN: the run cannot say; infinite: it never happened.
DERIVED: dict[str, Callable[[xr.Dataset], Any]] = {
    "outcome_week": _victory,
    "violence_in_reduction": _reduction,
    "violence_after_deal": _rebound,
    "collapse_after_withdrawal_weeks": _collapse_after_withdrawal,
    "control_drift_ratio": _speed_of_collapse,
}
