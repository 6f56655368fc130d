"""What happened beside what was simulated, as tables for a terminal and as plain rows for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CAUTION", "hindcast_counts", "hindcast_foot", "hindcast_rows", "hindcast_table"]

CAUTION = (
    "Parameters are drawn anew from their priors in each run. Intervals of coverage are exact, as if targets were "
    "independent. A milestone never reached counts as reached at the horizon in the CRPS; the PIT breaks ties by "
    "chance. Bold: a reference that knows no model does better. Misses are reported, not tuned away."
)
TITLES = {
    "test": "used for no choice, though known",
    "tuned": "some number was chosen knowing it: no test, and counted nowhere",
    "held_out": "held out",
}
TEXTS = ("group", "unit", "tuned")
COLUMNS = (
    "observed", "q05", "q25", "q50", "q75", "q95", "inside_50", "inside_90", "met", "n", "reached", "pit",
    "crps", "crps_persistence", "crps_climatology",
)  # fmt: skip
COUNTED = ("coverage_", "share_met", "beats_")


def hindcast_rows(table: xr.Dataset) -> list[dict[str, Any]]:
    """Rows of a hindcast, misses first, what was held out last."""
    rows = []
    for name in table["target"].values:
        one = table.sel(target=name)
        row: dict[str, Any] = {"target": str(name), "held_out": bool(one["held_out"])}
        row |= {key: str(one[key].values) for key in TEXTS}
        rows.append(row | {key: one[key].item() for key in COLUMNS})
    return rows


def hindcast_counts(table: xr.Dataset) -> dict[str, float]:
    """Coverage with its interval and n, and the shares of targets on which the references do worse."""
    return {str(key): value for key, value in table.attrs.items() if str(key).startswith(COUNTED)}


def _value(x: float) -> str:
    if math.isnan(x):
        return "-"
    if math.isinf(x):
        return "never"
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def hindcast_table(table: xr.Dataset, group: str, title: str) -> Table:
    """Observed beside the median and bands of the runs, and scores beside those of the references.

    Parameters
    ----------
    table : xarray.Dataset
        From `hindcast`.
    group : {"test", "tuned", "held_out"}
        Which targets.
    title : str
        What the table is about.
    """
    shown = Table(title=f"{title}: {TITLES[group]}", title_justify="left", caption_justify="left")
    heads = ("target", "unit", "observed", "median", "50% band", "90% band", "inside", "met", "PIT", "CRPS")
    for heading in (*heads, "persistence", "climatology"):
        left = heading in ("target", "unit")
        shown.add_column(heading, justify="left" if left else "right", no_wrap=heading == "target")
    rows = [row for row in hindcast_rows(table) if row["group"] == group]
    for row in rows:
        inside = "50%" if row["inside_50"] else "90%" if row["inside_90"] else "MISS"
        rivals = [row["crps_persistence"], row["crps_climatology"]]
        # Bold where a reference that knows no model does better.
        scores = [Text(_value(rival), style="bold" if rival < row["crps"] else "") for rival in rivals]
        shown.add_row(
            row["target"],
            row["unit"],
            _value(row["observed"]),
            _value(row["q50"]),
            f"{_value(row['q25'])} to {_value(row['q75'])}",
            f"{_value(row['q05'])} to {_value(row['q95'])}",
            Text(inside, style="bold red" if inside == "MISS" else ""),
            "yes" if row["met"] else Text("no", style="bold"),
            _value(row["pit"]),
            _value(row["crps"]),
            *scores,
        )
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row["tuned"]:
            reasons.setdefault(row["tuned"], []).append(row["target"])
    said = [f"{', '.join(names)}: {why}" for why, names in reasons.items()]
    # A run in which nothing of the kind came about says nothing of a ratio.
    few = [f"{row['target']} {row['n']:,}" for row in rows if row["n"] < table.attrs["runs"]]
    if few:
        said.append(f"Runs that can say, where not all: {', '.join(few)}.")
    if said:
        shown.caption = Text("\n".join(said))
    return shown


def hindcast_foot(table: xr.Dataset) -> str:
    """Coverage with its exact interval, and how often the references do worse, in words."""
    lines = []
    for ending, what in (("", "targets that test the model"), ("_held_out", "held-out targets")):
        told = {key: table.attrs[f"{key}{ending}"] for key in ("coverage_50_n", "beats_persistence_n")}
        if not told["coverage_50_n"]:
            continue
        bands = []
        for level in ("50", "90"):
            share, low, high = (100 * table.attrs[f"coverage_{level}{end}{ending}"] for end in ("", "_low", "_high"))
            bands.append(f"{share:.0f}% ({low:.0f} to {high:.0f}) in the {level}% band")
        rivals = [
            f"{name} on {np.rint(table.attrs[f'beats_{name}{ending}'] * n):.0f} of {n}"
            for name in ("persistence", "climatology")
            if (n := table.attrs[f"beats_{name}_n{ending}"])
        ]
        beaten = f"; CRPS below {' and '.join(rivals)}" if rivals else ""
        lines.append(f"Of {told['coverage_50_n']} {what}, with exact 95% intervals: {'; '.join(bands)}{beaten}.")
    return "\n".join(lines)
