"""Tables of what happened on the way: for a terminal, and as plain rows for JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from settlesim.analysis.process import process
from settlesim.report.measures import is_reference, lines_of, runs_told, titled
from settlesim.report.told import BOUNDS, NO_RUN, mean_told, share_told

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["process_rows", "process_tables"]


def process_rows(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Figures of the process by sequence.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate` or `compare`.

    Returns
    -------
    list of dict
        One row a sequence, the reference last; each figure ``{"estimate", "error", "n"}`` (no error for a median), or a
        table of these by track or faction. What a number cannot be told of is None.
    """
    table = process(dataset)
    rows = []
    for sequence in lines_of(dataset):
        one = table.sel(sequence=sequence)
        row: dict[str, Any] = {"sequence": sequence, "reference": is_reference(dataset, sequence)}
        for name, figure in one.data_vars.items():
            inner = [dim for dim in figure.dims if dim != "statistic"]
            if inner:
                labels = figure[inner[0]].values
                row[str(name)] = {str(at): _statistics(figure.sel({inner[0]: at})) for at in labels}
            else:
                row[str(name)] = _statistics(figure)
        rows.append(row)
    return rows


def _statistics(figure: xr.DataArray) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {"n": int(figure.sel(statistic="n"))}
    for key in ("estimate", "error"):
        if key == "error" and figure.attrs["kind"] == "median":
            continue
        value = float(figure.sel(statistic=key))
        found[key] = value if np.isfinite(value) else None
    return found


def process_tables(dataset: xr.Dataset) -> list[Table]:
    """Two tables: the tables of talks, by sequence; and walkouts, ceasefires and what stood behind the deals."""
    rows = process_rows(dataset)
    tracks, factions = list(rows[0]["opened"]), list(rows[0]["walked_out"])
    told = runs_told(dataset)
    talks = Table(
        title=f"Tables, {told}: opened in % of them; median week; mean rounds held; {BOUNDS}", title_justify="left"
    )
    talks.add_column("sequence", no_wrap=True)
    for track in tracks:
        talks.add_column(track.replace("_", " "), justify="right")
    deals = Table(
        title=f"On the way, {told}, ± Monte Carlo standard error; figures of deals are of deals on power; {BOUNDS}",
        title_justify="left",
    )
    deals.add_column("sequence", no_wrap=True)
    headings = ("deals", "zone at signing, median", "% without a zone", "% of fighters behind", "weeks of ceasefire")
    for heading in (*headings, f"% of runs in which {', '.join(factions)} walk out"):
        deals.add_column(heading, justify="right")
    for row in rows:
        cells = [_table_of_talks(row, track) for track in tracks]
        talks.add_row(titled(dataset, row["sequence"]), *cells)
        out = [row["walked_out"][name] for name in factions]
        deals.add_row(
            titled(dataset, row["sequence"]),
            f"{round((row['deals']['estimate'] or 0) * row['deals']['n']):,}",
            NO_RUN if row["zone"]["estimate"] is None else f"{row['zone']['estimate']:.2f}",
            _told(row["zone_negative"], share_told),
            _told(row["backing"], mean_told, 100),
            _told(row["ceasefire_weeks"], mean_told, places=1),
            " / ".join(share_told(_known(one["estimate"]), None, one["n"]) for one in out),
        )
    return [talks, deals]


def _table_of_talks(row: dict[str, Any], track: str) -> str:
    opened, n = _known(row["opened"][track]["estimate"]), row["opened"][track]["n"]
    told = share_told(opened, None, n, unit="%")
    if not opened or not n:
        return told
    week, rounds = row["opened_week"][track]["estimate"], row["rounds"][track]["estimate"]
    return f"{told}; {week:.0f}; {rounds:.1f}"


def _known(value: float | None) -> float:
    return float("nan") if value is None else value


def _told(figure: dict[str, Any], tell: Callable[..., str], scale: float = 1, **how: Any) -> str:
    error = figure["error"]
    return tell(scale * _known(figure["estimate"]), None if error is None else scale * error, figure["n"], **how)
