"""Tables of what happened on the way: for a terminal, and as plain rows for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from settlesim.analysis.process import process
from settlesim.report.measures import is_reference, lines_of, titled

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
    talks = Table(title="Tables: opened in % of runs; median week; mean rounds held", title_justify="left")
    talks.add_column("sequence", no_wrap=True)
    for track in tracks:
        talks.add_column(track.replace("_", " "), justify="right")
    deals = Table(title="On the way, ± Monte Carlo error; figures of deals are of deals on power", title_justify="left")
    deals.add_column("sequence", no_wrap=True)
    headings = ("deals", "zone at signing, median", "% without a zone", "% of fighters behind", "weeks of ceasefire")
    for heading in (*headings, f"% of runs in which {', '.join(factions)} walk out"):
        deals.add_column(heading, justify="right")
    for row in rows:
        cells = [_table_of_talks(row, track) for track in tracks]
        talks.add_row(titled(dataset, row["sequence"]), *cells)
        out = [row["walked_out"][name]["estimate"] for name in factions]
        deals.add_row(
            titled(dataset, row["sequence"]),
            f"{round((row['deals']['estimate'] or 0) * row['deals']['n']):,}",
            _number(row["zone"]["estimate"], places=2),
            _number(row["zone_negative"]["estimate"], row["zone_negative"]["error"], 100),
            _number(row["backing"]["estimate"], row["backing"]["error"], 100),
            _number(row["ceasefire_weeks"]["estimate"], row["ceasefire_weeks"]["error"], places=1),
            " / ".join(_number(share, None, 100) for share in out),
        )
    return [talks, deals]


def _table_of_talks(row: dict[str, Any], track: str) -> str:
    opened = row["opened"][track]["estimate"]
    if not opened:
        return "-"
    week, rounds = row["opened_week"][track]["estimate"], row["rounds"][track]["estimate"]
    return f"{100 * opened:.0f}%; {week:.0f}; {rounds:.1f}"


def _number(value: float | None, error: float | None = None, scale: float = 1, places: int = 0) -> str:
    if value is None:
        return "-"
    text = f"{scale * value:,.{places}f}"
    return text if error is None else f"{text} ± {scale * error:,.{places}f}"
