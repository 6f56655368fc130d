"""Figures of the process: what happened on the way to a deal, or instead of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from settlesim.analysis.statistics import (
    error_of_mean,
    mean_over_runs,
    outcome_variable,
    quantiles_over_runs,
    replicated,
)

__all__ = ["process"]

STATISTICS = ("estimate", "error", "n")


def process(dataset: xr.Dataset) -> xr.Dataset:
    """Describe the process of talks: tables, rounds, walkouts, ceasefires, and what stood behind the deals.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate`, `compare` or `sweep`.

    Returns
    -------
    xarray.Dataset
        Along ``statistic``: ``estimate``, its Monte Carlo standard ``error`` (NaN for a median), and ``n``, the
        runs that it is taken over. The attribute ``over`` of each figure says which these are.

        Errors of a designed sample in several replicates are those of `summary`.

        - ``opened`` (share) and ``opened_week`` (median) by ``track``: did the table open, and when first;
        - ``rounds`` (mean) by ``track``: rounds held at tables that opened;
        - ``walked_out`` (share) by ``faction``: did it ever leave the talks;
        - ``ceasefire_weeks`` (mean): weeks in which a ceasefire held;
        - ``deals`` (share): runs in which a deal on power was signed;
        - ``zone`` (median) and ``zone_negative`` (share): zone of possible agreement in the week of that deal;
        - ``backing`` (mean): share of the insurgents' fighters behind those who signed it.

    Raises
    ------
    UsageError
        If the dataset lacks one of the outcomes needed.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> table = process(compare(load("two-party"), runs=40, rng=7))
    >>> table.opened.dims, float(table.opened.sel(statistic="n", sequence="talk", track="talks"))
    (('statistic', 'sequence', 'track'), 40.0)
    """
    # A run that is missing has no outcome; a table that never opened has no week. Only the first must not count.
    there = outcome_variable(dataset, "settled").notnull()
    opened_week = outcome_variable(dataset, "track_opened_week").where(there)
    opened = opened_week.notnull().where(there)
    signed = outcome_variable(dataset, "settlement_week").notnull().where(there)
    zone = outcome_variable(dataset, "zone_at_signing")
    out = {
        "opened": _mean(opened, "runs in which the table opened", share=True),
        "opened_week": _median(opened_week, "week in which it first opened", "weeks", "runs in which it did"),
        "rounds": _mean(
            outcome_variable(dataset, "rounds").where(opened_week.notnull()),
            "rounds held at the table",
            "rounds",
            "runs in which it opened",
        ),
        "walked_out": _mean(outcome_variable(dataset, "walked_out"), "runs in which the faction left", share=True),
        "ceasefire_weeks": _mean(outcome_variable(dataset, "weeks_of_ceasefire"), "weeks of ceasefire", "weeks"),
        "deals": _mean(signed, "runs with a deal on power", share=True),
        "zone": _median(zone, "zone of possible agreement at signing", "share", "deals"),
        "zone_negative": _mean(
            (zone < 0).where(zone.notnull()), "deals signed without a zone", over="deals", share=True
        ),
        "backing": _mean(
            outcome_variable(dataset, "backing_at_signing"), "share of the fighters behind it", "share", "deals"
        ),
    }
    return xr.Dataset(out, attrs=dataset.attrs)


def _mean(variable: xr.DataArray, meaning: str, units: str = "1", over: str = "runs", share: bool = False) -> Any:
    values = variable.astype(np.float64)
    n, mean, sd = mean_over_runs(values)
    # As in `summary`: one share has one standard error, also of a designed sample.
    error, _ = error_of_mean(values, n, mean, sd)
    if share and not replicated(values):
        error = np.sqrt(mean * (1 - mean) / n.where(n > 0))
    return _labelled(mean, error, n, meaning, units, over, "share" if share else "mean")


def _median(variable: xr.DataArray, meaning: str, units: str, over: str) -> Any:
    variable = variable.astype(np.float64)
    (median,) = quantiles_over_runs(variable, [0.5])
    n = variable.notnull().sum("run")
    return _labelled(median, xr.full_like(median, np.nan), n, meaning, units, over, "median")


def _labelled(estimate: Any, error: Any, n: Any, meaning: str, units: str, over: str, kind: str) -> xr.DataArray:
    parts = [part.reset_coords(drop=True).astype(np.float64) for part in (estimate, error, n)]
    out: xr.DataArray = xr.concat(parts, "statistic", coords="minimal", compat="override")
    out = out.assign_coords(statistic=list(STATISTICS)).transpose("statistic", *estimate.dims)
    out.attrs = {"long_name": meaning, "units": units, "over": over, "kind": kind}
    return out
