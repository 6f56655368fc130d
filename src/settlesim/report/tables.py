"""Tables of results for a terminal, and the same as plain rows for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from settlesim.analysis.differences import differences
from settlesim.analysis.ranking import rank
from settlesim.analysis.summary import summary

if TYPE_CHECKING:
    import xarray as xr

    from settlesim.scenario.scenario import Scenario

__all__ = [
    "CAUTION",
    "difference_rows",
    "difference_table",
    "hindcast_rows",
    "hindcast_table",
    "outcome_rows",
    "outcome_table",
    "rank_rows",
    "rank_table",
    "scenario_tables",
]

CAUTION = (
    "A comparison of distributions under stated assumptions, not a forecast: parameters are drawn from priors, "
    "many of them elicited, and every sequence meets the same worlds and the same luck."
)
Rows = list[dict[str, Any]]


def outcome_rows(dataset: xr.Dataset) -> Rows:
    """Share of each outcome by sequence with its Monte Carlo error, and means of what a reader asks for first.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate` or `compare`.

    Returns
    -------
    list of dict
        One row a sequence: ``sequence``, ``runs``, ``outcomes`` (meaning to share and error), and mean and
        error of ``settlement_week``, ``deaths``, ``relapsed`` with the number of runs that have them.
    """
    names = ["outcome", "settlement_week", "deaths", "relapsed"]
    table = summary(dataset, names)
    rows: Rows = []
    for sequence in (str(name) for name in dataset["sequence"].values):
        one = table.sel(sequence=sequence)
        shares = {
            str(kind): {
                "share": float(one["outcome"].sel(statistic="estimate", outcome_kind=kind)),
                "error": float(one["outcome"].sel(statistic="error", outcome_kind=kind)),
            }
            for kind in one["outcome_kind"].values
        }
        row: dict[str, Any] = {"sequence": sequence, "runs": int(dataset.sizes["run"]), "outcomes": shares}
        for name in names[1:]:
            row[name] = {key: float(one[name].sel(statistic=key)) for key in ("estimate", "error", "n")}
        rows.append(row)
    return rows


def _percent(share: float, error: float) -> str:
    return f"{100 * share:.1f} ± {100 * error:.1f}" if share > 0 or error > 0 else "-"


def _number(value: float, error: float, places: int = 0) -> str:
    return "-" if not np.isfinite(value) else f"{value:,.{places}f} ± {error:,.{places}f}"


def outcome_table(dataset: xr.Dataset) -> Table:
    """Distribution of outcomes by sequence, in % of runs ± Monte Carlo standard error."""
    rows = outcome_rows(dataset)
    kinds = [k for k in rows[0]["outcomes"] if any(row["outcomes"][k]["share"] > 0 for row in rows)]
    table = Table(title=f"Outcomes, % of {rows[0]['runs']:,} runs ± Monte Carlo error", title_justify="left")
    table.add_column("sequence", no_wrap=True)
    for kind in kinds:
        table.add_column(kind.replace("_", " "), justify="right")
    table.add_column("deaths", justify="right")
    for row in rows:
        shares = [_percent(**row["outcomes"][kind]) for kind in kinds]
        deaths = _number(row["deaths"]["estimate"], row["deaths"]["error"])
        table.add_row(row["sequence"], *shares, deaths)
    return table


def difference_rows(dataset: xr.Dataset, variable: str, baseline: str | None = None) -> Rows:
    """Paired differences of an outcome against the baseline.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compare`.
    variable : str
        An outcome.
    baseline : str, optional
        The sequence compared with.

    Returns
    -------
    list of dict
        One row a sequence: ``difference``, ``low``, ``high``, ``n``, and ``variance_ratio``, the variance of the
        paired difference relative to independent runs.
    """
    table = differences(dataset, variable, baseline=baseline)
    keys = ("difference", "error", "low", "high", "n", "variance_ratio")
    return [
        {"sequence": str(name), "baseline": table.attrs["baseline"], "variable": variable}
        | {key: float(table[key].sel(sequence=name)) for key in keys}
        for name in table["sequence"].values
    ]


def difference_table(dataset: xr.Dataset, variable: str, baseline: str | None = None) -> Table:
    """Paired differences with 95% intervals; an interval that leaves out zero is set in bold."""
    rows = difference_rows(dataset, variable, baseline)
    share = set(np.unique(dataset[variable].values)) <= {0, 1}
    scale, places, unit = (100.0, 1, "percentage points") if share else (1.0, 0, dataset[variable].attrs["units"])
    table = Table(title=f"{variable}: difference from {rows[0]['baseline']}, {unit}", title_justify="left")
    table.add_column("sequence", no_wrap=True)
    for heading in ("difference", "95% interval", "common luck saves"):
        table.add_column(heading, justify="right")
    for row in rows:
        low, high = scale * row["low"], scale * row["high"]
        ratio = row["variance_ratio"]
        # Runs that independent luck would need for the same error, relative to these.
        saved = f"{1 / ratio:.1f} x" if np.isfinite(ratio) and ratio > 0 else "-"
        clear = "bold" if low > 0 or high < 0 else ""
        cells = (f"{scale * row['difference']:+,.{places}f}", f"{low:+,.{places}f} to {high:+,.{places}f}")
        table.add_row(row["sequence"], *(Text(cell, style=clear) for cell in cells), saved)
    return table


def rank_rows(dataset: xr.Dataset, variable: str) -> Rows:
    """Order of the sequences by expected value, and how often it flips."""
    lowest = variable.startswith("deaths") or variable in ("fragmentation", "rival_strength", "relapsed")
    table = rank(dataset, variable, best="lowest" if lowest else "highest")
    names = [str(name) for name in table["sequence"].values]
    rows = []
    for i, name in enumerate(names):
        row = {"place": i + 1, "sequence": name, "value": float(table["value"][i]), "first": float(table["first"][i])}
        if i + 1 < len(names):
            row["flips_with_next"] = float(table["flips"][i, i + 1])
            row["ties_with_next"] = float(table["ties"][i, i + 1])
        rows.append(row)
    return rows


def rank_table(dataset: xr.Dataset, variable: str) -> Table:
    """Ranking with the share of worlds in which each neighbour pair stands the other way round."""
    title = f"Ranking by {variable}; a world is a run with its own parameters and luck"
    table = Table(title=title, title_justify="left")
    headings = ("", "sequence", "mean", "first in resamples", "worlds in which the next does better")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "sequence" else "right")
    share = set(np.unique(dataset[variable].values)) <= {0, 1}
    for row in rank_rows(dataset, variable):
        mean = f"{100 * row['value']:.1f}%" if share else f"{row['value']:,.0f}"
        flips = f"{100 * row['flips_with_next']:.0f}%" if "flips_with_next" in row else ""
        table.add_row(str(row["place"]), row["sequence"], mean, f"{100 * row['first']:.0f}%", flips)
    return table


def hindcast_rows(table: xr.Dataset) -> Rows:
    """Rows of a hindcast, misses first, what was held out last."""
    keys = ("observed", "q05", "q25", "q50", "q75", "q95", "inside_50", "inside_90", "met", "reached")
    rows = []
    for name in table["target"].values:
        one = table.sel(target=name)
        row: dict[str, Any] = {"target": str(name), "held_out": bool(one["held_out"]), "unit": str(one["unit"].values)}
        rows.append(row | {key: one[key].item() for key in keys})
    return rows


def _value(x: float) -> str:
    if not np.isfinite(x):
        return "never"
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def hindcast_table(table: xr.Dataset, *, held_out: bool) -> Table:
    """Observed beside the median and the 50% and 90% bands of the runs."""
    title = "Held out: not used for any choice" if held_out else "Targets of 2018-2020, misses first"
    shown = Table(title=title, title_justify="left")
    for heading in ("target", "unit", "observed", "median", "50% band", "90% band", "inside", "median in target"):
        shown.add_column(heading, justify="left" if heading in ("target", "unit") else "right")
    for row in hindcast_rows(table):
        if row["held_out"] != held_out:
            continue
        inside = "50%" if row["inside_50"] else "90%" if row["inside_90"] else "MISS"
        shown.add_row(
            row["target"],
            row["unit"],
            _value(row["observed"]),
            _value(row["q50"]),
            f"{_value(row['q25'])} to {_value(row['q75'])}",
            f"{_value(row['q05'])} to {_value(row['q95'])}",
            Text(inside, style="bold red" if inside == "MISS" else ""),
            "yes" if row["met"] else Text("no", style="bold"),
        )
    return shown


def scenario_tables(scenario: Scenario) -> list[Table]:
    """Who fights, what can be given, which sequences there are: tables for `settlesim show`."""
    actors = Table(title="Actors", title_justify="left")
    for heading in ("role", "label", "source"):
        actors.add_column(heading)
    for role, actor in scenario.actors.items():
        actors.add_row(role, actor.label, f"{actor.source} [{actor.tag}]")
    tracks = Table(title="Tracks", title_justify="left")
    for heading in ("track", "parties", "issues"):
        tracks.add_column(heading)
    for name, track in scenario.tracks.items():
        tracks.add_row(name, ", ".join(track.parties), ", ".join(track.issues))
    concessions = Table(title="Concessions (shares of the prize, central values)", title_justify="left")
    for heading in ("concession", "by", "value", "cost", "reversibility"):
        concessions.add_column(heading)
    for name, c in scenario.concessions.items():
        numbers = (f"{c.value.central:.3g}", f"{c.cost.central:.3g}", f"{c.reversibility:g}")
        concessions.add_row(name, ", ".join(c.by), *numbers)
    plans = Table(title="Sequences", title_justify="left")
    for heading in ("sequence", "what happens"):
        plans.add_column(heading)
    for name, plan in scenario.sequences.items():
        plans.add_row(name, plan.description or plan.label)
    return [actors, tracks, concessions, plans]
