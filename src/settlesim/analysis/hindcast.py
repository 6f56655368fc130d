"""The model held against what happened, misses first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from settlesim.analysis.observables import DERIVED, weekly
from settlesim.errors import UsageError, choose
from settlesim.results.dataset import weekly_name
from settlesim.scenario.targets import Target

__all__ = ["hindcast", "target_values"]

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
# Targets call some weekly variables by the name of the outcome at the end.
RECORDED = {"rival_strength": "rival_strength_now"}


def target_values(
    dataset: xr.Dataset, target: Target, derived: Mapping[str, Callable[[xr.Dataset], Any]] | None = None
) -> xr.DataArray:
    """Return the simulated counterpart of a target for every sequence and run.

    Parameters
    ----------
    dataset : xarray.Dataset
        Simulated with ``record="weekly"``.
    target : Target
        One of the scenario's targets.
    derived : mapping, optional
        Further quantities: name -> function of the dataset.

    Returns
    -------
    xarray.DataArray
        Infinite where a milestone was not reached, NaN where the run cannot say.

    Raises
    ------
    UsageError
        If the dataset does not hold what the target needs.
    """
    name = target.variable
    computed = {**DERIVED, **(derived or {})}
    if name in computed:
        return _plain(computed[name](dataset))
    if target.kind == "deaths_year":
        first, last = _weeks(dataset, target)
        # Counted from the running total, which stands still once a run has ended.
        total = weekly(dataset, name)
        return _plain(total.isel(week=last) - total.isel(week=first))
    if target.kind == "weekly_value":
        first, last = _weeks(dataset, target)
        return _plain(_course(dataset, name).isel(week=slice(first, last + 1)).mean("week"))
    if target.kind == "milestone":
        return _plain(_milestone(dataset, name).fillna(np.inf))
    raise UsageError(f"nothing is known of {name!r}; pass derived={{{name!r}: function of the dataset}}")


def hindcast(
    dataset: xr.Dataset,
    targets: Iterable[Target],
    *,
    sequence: str | None = None,
    derived: Mapping[str, Callable[[xr.Dataset], Any]] | None = None,
) -> xr.Dataset:
    """Compare what was observed with the distribution of what was simulated.

    Parameters
    ----------
    dataset : xarray.Dataset
        Simulated with ``record="weekly"`` and parameters drawn from their priors.
    targets : iterable of Target
        ``scenario.targets``.
    sequence : str, optional
        The sequence that stands for history; by default ``"historical"``, or the only one.
    derived : mapping, optional
        How to read off quantities that are no variables: name -> function of the dataset.

    Returns
    -------
    xarray.Dataset
        Dimension ``target``: first those the fit may use, then those held out; among each the misses first.

        - ``observed``, and the band ``low``, ``high`` that the target declares as met;
        - ``q05``, ``q25``, ``q50``, ``q75``, ``q95`` of the runs, infinite for a milestone never reached;
        - ``inside_50``, ``inside_90``: whether the observation lies between the quartiles, and between
        ``q05`` and ``q95``;
        - ``met``: whether the median ``q50`` lies in the target's band;
        - ``n``: runs that can say; ``reached``: share of them in which a milestone was reached.

        Attributes ``coverage_50``, ``coverage_90`` and ``share_met`` count over the targets used for the
        fit, with ``_held_out`` behind the name over those kept from it.

    Raises
    ------
    UsageError
        If the dataset does not hold what a target needs, or the sequence is not clear.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> scenario = load("afghanistan-2018")
    >>> history = simulate(scenario, sequence="historical", runs=8, rng=7, record="weekly")
    >>> hindcast(history, scenario.targets).q50.dims
    ('target',)
    """
    every = list(targets)
    if not every:
        raise UsageError("the scenario declares no targets to hold the simulation against")
    one = dataset.sel(sequence=[_sequence(dataset, sequence)])
    rows = [_row(target, target_values(one, target, derived).squeeze("sequence").values) for target in every]
    order = sorted(range(len(rows)), key=lambda i: _severity(every[i], rows[i]))
    columns = {key: ("target", np.array([rows[i][key] for i in order])) for key in rows[0]}
    ordered = [every[i] for i in order]
    coords = {
        "target": [target.name for target in ordered],
        "held_out": ("target", np.array([target.held_out for target in ordered])),
        "unit": ("target", [target.unit for target in ordered]),
        "meaning": ("target", [target.meaning for target in ordered]),
    }
    table = xr.Dataset(columns, coords, {**dataset.attrs, "sequence": str(one["sequence"].values[0])})
    for held_out, ending in ((False, ""), (True, "_held_out")):
        part = table.isel(target=np.flatnonzero(table["held_out"].values == held_out))
        for name, variable in (
            ("coverage_50", "inside_50"),
            ("coverage_90", "inside_90"),
            ("share_met", "met"),
        ):
            table.attrs[name + ending] = float(part[variable].mean()) if part.sizes["target"] else np.nan
    return table


def _sequence(dataset: xr.Dataset, sequence: str | None) -> str:
    names = [str(name) for name in dataset["sequence"].values]
    if sequence is not None:
        return choose(sequence, names, "sequence")
    if len(names) > 1 and "historical" not in names:
        raise UsageError(f"say with sequence= which of {', '.join(names)} stands for history")
    return "historical" if "historical" in names else names[0]


def _plain(values: xr.DataArray) -> xr.DataArray:
    return values.reset_coords(drop=True).astype(np.float64)


def _weeks(dataset: xr.Dataset, target: Target) -> tuple[int, int]:
    """First and last week that a target covers, within what was simulated."""
    if target.at is None:
        raise UsageError(f"the target {target.name!r} does not say which weeks it covers (at)")
    if "week" not in dataset.dims:
        raise UsageError("the hindcast needs values by week: simulate with record='weekly'")
    first, last = (round(week) for week in target.at)
    end = int(dataset["week"][-1])
    if last > end:
        raise UsageError(f"the target {target.name!r} covers week {last}, but the simulation ends with week {end}")
    return first, last


def _course(dataset: xr.Dataset, name: str) -> xr.DataArray:
    if name == "contested_control":
        return 1.0 - weekly(dataset, "government_control") - weekly(dataset, "insurgent_control")
    recorded = RECORDED.get(name, name)
    return weekly(dataset, recorded if weekly_name(recorded) in dataset else name)


def _milestone(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Variable in weeks; ``<track>_opened_week`` and ``<track>_signed_week`` are those of a track."""
    for kind in ("opened", "signed"):
        track, _, rest = name.rpartition(f"_{kind}_week")
        if track and not rest and track in dataset.get("track", xr.DataArray([])).values:
            return dataset[f"track_{kind}_week"].sel(track=track, drop=True)
    if name not in dataset:
        raise UsageError(f"the dataset has no variable {name!r}, which a target needs")
    return dataset[name]


def _row(target: Target, values: Any) -> dict[str, Any]:
    low, high = target.band
    known = values[~np.isnan(values)]
    # Steps instead of interpolation: between a week and never there is nothing.
    at = np.quantile(known, list(QUANTILES.values()), method="inverted_cdf") if len(known) else np.full(5, np.nan)
    row: dict[str, Any] = {"observed": target.observed, "low": low, "high": high}
    row |= dict(zip(QUANTILES, map(float, at), strict=True))
    row["inside_50"] = bool(row["q25"] <= target.observed <= row["q75"])
    row["inside_90"] = bool(row["q05"] <= target.observed <= row["q95"])
    row["met"] = bool(low <= row["q50"] <= high)
    row["n"] = len(known)
    row["reached"] = float(np.isfinite(known).mean()) if len(known) else np.nan
    return row


def _severity(target: Target, row: dict[str, Any]) -> tuple[bool, bool, bool, bool]:
    """Fit before held out, then misses first: outside the 90% band, not met, outside the quartiles."""
    return target.held_out, row["inside_90"], row["met"], row["inside_50"]
