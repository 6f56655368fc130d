"""The model held against what happened, misses first, and scored against what knows no model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from settlesim.analysis.observables import CENSORED, DERIVED, weekly
from settlesim.analysis.scoring import censored, coverage, crps, randomised_pit
from settlesim.analysis.statistics import runs_present
from settlesim.errors import UsageError, choose
from settlesim.results.dataset import weekly_name
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.targets import Target

__all__ = ["hindcast", "target_values", "troop_modes"]

# Targets in the order in which they are told: what tests the model, what was chosen knowing it, what was held out.
GROUPS = ("test", "tuned", "held_out")
REFERENCES = ("persistence", "climatology")
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
    if name in (derived or {}):
        return _plain((derived or {})[name](dataset))
    if name in DERIVED:
        return _plain(DERIVED[name](dataset, target))
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


def troop_modes(scenario: Scenario, sequence: str | Sequence | None = None) -> dict[str, Sequence]:
    """Return the plan that stands for history, by how the patron's troops go.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : str or Sequence, optional
        The plan; by default the scenario's ``history_sequence``, or its only one.

    Returns
    -------
    dict
        ``"dated"``: troops by the observed path, which is then an input and no result; only where there is a path.
        ``"endogenous"``: troops by the run's own deals and exits.

    Raises
    ------
    UsageError
        If the scenario does not say which of its sequences stands for history.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> {mode: plan.levers["dated_troops"] for mode, plan in troop_modes(load("afghanistan-2018")).items()}
    {'dated': 1.0, 'endogenous': 0.0}
    >>> list(troop_modes(load("colombia-2012")))
    ['endogenous']
    """
    chosen = scenario.history_sequence if sequence is None else sequence
    plan = scenario.sequence(_only(list(scenario.sequences)) if chosen is None else chosen)
    endogenous = plan.with_levers(dated_troops=0.0)
    if not (plan.troop_path or scenario.troop_path):
        return {"endogenous": endogenous}
    return {"dated": plan.with_levers(dated_troops=1.0), "endogenous": endogenous}


def hindcast(
    dataset: xr.Dataset,
    targets: Iterable[Target],
    *,
    sequence: str | None = None,
    derived: Mapping[str, Callable[[xr.Dataset], Any]] | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Compare what was observed with the distribution of what was simulated.

    Parameters
    ----------
    dataset : xarray.Dataset
        Simulated with ``record="weekly"`` and parameters drawn from their priors.
    targets : iterable of Target
        ``scenario.targets``.
    sequence : str, optional
        The sequence that stands for history; by default the scenario's ``history_sequence``, or the only one.
    derived : mapping, optional
        How to read off quantities that are no variables: name -> function of the dataset.
    seed : int
        Of the chance by which the PIT breaks ties.

    Returns
    -------
    xarray.Dataset
        Dimension ``target``: first those that test the model, then those that some number was chosen knowing, then
        those held out; among each the misses first.

        - ``group``: ``test``, ``tuned`` or ``held_out``;
        - ``observed``, and the band ``low``, ``high`` that the target declares as met;
        - ``q05``, ``q25``, ``q50``, ``q75``, ``q95`` of the runs, infinite for a milestone never reached;
        - ``inside_50``, ``inside_90``: whether the observation lies between the quartiles, and between
          ``q05`` and ``q95``;
        - ``met``: whether the median ``q50`` lies in the target's band;
        - ``n``: runs that can say; ``reached``: share of them in which a milestone was reached;
        - ``pit``: rank of the observation among the runs, from 0 to 1, ties broken by chance;
        - ``crps``, and ``crps_persistence``, ``crps_climatology`` of the references that the target declares (NaN
          without), in the target's unit, lower is better. A milestone never reached counts as reached at the horizon
          in all of them.

        Attributes ``coverage_50`` and ``coverage_90`` count over the targets that test the model, with ``_low`` and
        ``_high`` the ends of the exact 95% binomial interval, ``_n`` their number; ``share_met``;
        ``beats_persistence`` and ``beats_climatology`` the share with a lower CRPS than that reference, with ``_n``.
        The same names with ``_held_out`` behind count over those held out. Tuned targets count nowhere.

    Raises
    ------
    UsageError
        If the dataset does not hold what a target needs, the sequence is not clear, or ``scores`` is not installed.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> scenario = load("afghanistan-2018")
    >>> history = simulate(scenario, sequence="historical", runs=8, rng=7, record="weekly")
    >>> hindcast(history, scenario.targets).crps.dims
    ('target',)
    """
    every = list(targets)
    if not every:
        raise UsageError("the scenario declares no targets to hold the simulation against")
    one = dataset.sel(sequence=[_sequence(dataset, sequence)])
    one = one.isel(run=runs_present(one))
    rows = [_row(one, target, derived, seed) for target in every]
    order = sorted(range(len(rows)), key=lambda i: _severity(every[i], rows[i]))
    columns = {key: ("target", np.array([rows[i][key] for i in order])) for key in rows[0]}
    ordered = [every[i] for i in order]
    coords = {
        "target": [target.name for target in ordered],
        "group": ("target", [_group(target) for target in ordered]),
        "held_out": ("target", np.array([target.held_out for target in ordered])),
        "unit": ("target", [target.unit for target in ordered]),
        "meaning": ("target", [target.meaning for target in ordered]),
        "tuned": ("target", [target.tuned or "" for target in ordered]),
    }
    named = {"sequence": str(one["sequence"].values[0]), "runs": one.sizes["run"]}
    table = xr.Dataset(columns, coords, {**dataset.attrs, **named})
    for group, ending in (("test", ""), ("held_out", "_held_out")):
        part = table.isel(target=np.flatnonzero(table["group"].values == group))
        for name in ("50", "90"):
            share, low, high, n = coverage(part[f"inside_{name}"].values)
            told = {"": share, "_low": low, "_high": high, "_n": n}
            table.attrs |= {f"coverage_{name}{key}{ending}": value for key, value in told.items()}
        table.attrs[f"share_met{ending}"] = coverage(part["met"].values)[0]
        for name in REFERENCES:
            rival = part[f"crps_{name}"].values
            known = np.isfinite(rival) & np.isfinite(part["crps"].values)
            share, _, _, n = coverage(part["crps"].values[known] < rival[known])
            table.attrs |= {f"beats_{name}{ending}": share, f"beats_{name}_n{ending}": n}
    return table


def _group(target: Target) -> str:
    return "held_out" if target.held_out else "tuned" if target.tuned is not None else "test"


def _only(names: list[str]) -> str:
    if len(names) > 1:
        raise UsageError(
            f"say with sequence= which of {', '.join(names)} stands for history, or with history_sequence in the file"
        )
    return names[0]


def _sequence(dataset: xr.Dataset, sequence: str | None) -> str:
    names = [str(name) for name in dataset["sequence"].values]
    if sequence is not None:
        return choose(sequence, names, "sequence")
    history = dataset.attrs.get("history_sequence")
    return str(history) if history in names else _only(names)


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


def _row(dataset: xr.Dataset, target: Target, derived: Any, seed: int) -> dict[str, Any]:
    values = target_values(dataset, target, derived).squeeze("sequence").values
    low, high = target.band
    said = ~np.isnan(values)
    known = values[said]
    # Steps instead of interpolation: between a week and never there is nothing.
    at = np.quantile(known, list(QUANTILES.values()), method="inverted_cdf") if len(known) else np.full(5, np.nan)
    row: dict[str, Any] = {"observed": target.observed, "low": low, "high": high}
    row |= dict(zip(QUANTILES, map(float, at), strict=True))
    row["inside_50"] = bool(row["q25"] <= target.observed <= row["q75"])
    row["inside_90"] = bool(row["q05"] <= target.observed <= row["q95"])
    row["met"] = bool(low <= row["q50"] <= high)
    row["n"] = len(known)
    row["reached"] = float(np.isfinite(known).mean()) if len(known) else np.nan
    row["pit"] = randomised_pit(known, target.observed, name=target.name, seed=seed)
    if target.kind == "milestone":
        known = censored(known, _seen(dataset, target)[said])
    row["crps"] = crps(known, target.observed)
    last = () if target.persistence is None else (target.persistence,)
    references: dict[str, tuple[float, ...]] = {"persistence": last, "climatology": target.climatology}
    return row | {f"crps_{name}": crps(references[name], target.observed) for name in REFERENCES}


def _seen(dataset: xr.Dataset, target: Target) -> Any:
    """Weeks that each run can see of a milestone."""
    seen = CENSORED[target.variable](dataset) if target.variable in CENSORED else dataset.attrs["horizon"]
    shape = xr.zeros_like(dataset["run"], dtype=np.float64)
    return (shape + (seen.squeeze("sequence") if target.variable in CENSORED else seen)).values


def _severity(target: Target, row: dict[str, Any]) -> tuple[int, bool, bool, bool]:
    """By group, then misses first: outside the 90% band, not met, outside the quartiles."""
    return GROUPS.index(_group(target)), row["inside_90"], row["met"], row["inside_50"]
