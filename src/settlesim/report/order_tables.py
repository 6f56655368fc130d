"""Tables of what the order of moves does, and the same as plain rows for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from settlesim.errors import UsageError
from settlesim.report.canvas import said
from settlesim.report.measures import reach_decimals, scale_of, signed

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["date_rows", "date_table", "order_tables", "share_rows", "share_table", "swap_rows", "swap_table"]

Rows = list[dict[str, Any]]
PARTS = ("", "_error", "_low", "_high", "_low_all", "_high_all")
# What the components of the variance between orders are called.
CALLED = {
    "positions": "dates (positions of single moves)",
    "precedence": "pairwise precedence",
    "both": "both together",
    "positions_beyond_precedence": "dates beyond precedence",
    "precedence_beyond_positions": "precedence beyond dates",
    "higher_order": "neither: of higher order",
}


def _plain(value: Any) -> float | None:
    """A number that JSON knows."""
    number = float(value)
    return number if np.isfinite(number) else None


def _parts(effects: xr.Dataset, name: str, scale: float, **where: Any) -> dict[str, float | None]:
    one = effects.sel(where)
    keys = ("estimate", "error", "low", "high", "low_all", "high_all")
    known = {key: one[name + part] for key, part in zip(keys, PARTS, strict=True) if name + part in effects}
    return {key: _plain(scale * value) for key, value in known.items()}


def swap_rows(effects: xr.Dataset) -> Rows:
    """Effects of the pairs of moves, the largest swaps first.

    Parameters
    ----------
    effects : xarray.Dataset
        From `order_effects`.

    Returns
    -------
    list of dict
        One row a pair, in the direction in which the swap is positive: ``first``, ``second``, ``swap`` and
        ``beyond_dates``, each with ``estimate``, ``error``, ``low``, ``high``, ``low_all`` and ``high_all``, in
        ``units``.

    Raises
    ------
    UsageError
        If this is not a dataset of effects.
    """
    scale, units = _scale(effects)
    moves = [str(name) for name in effects["first"].values]
    rows: Rows = []
    for i, one in enumerate(moves):
        for other in moves[i + 1 :]:
            turned = float(effects["swap"].sel(first=one, second=other)) < 0
            first, second = (other, one) if turned else (one, other)
            where = {"first": first, "second": second}
            row = {"first": first, "second": second, "units": units, "swap": _parts(effects, "swap", scale, **where)}
            rows.append(row | {"beyond_dates": _parts(effects, "precedence", scale, **where)})
    return sorted(rows, key=lambda row: -(row["swap"]["estimate"] or 0.0))


def swap_table(effects: xr.Dataset) -> Table:
    """Swap effects with errors, and intervals of each alone and of all pairs at once."""
    rows, (_, units) = swap_rows(effects), _scale(effects)
    level = f"{100 * float(effects.attrs['level']):g}%"
    how = _how(effects, "swap_by")
    table = _table(f"{_heading(effects)}: first before second, less second before first, {units}; {how}")
    for heading in ("first", "second"):
        table.add_column(heading, no_wrap=True)
    table.caption = Text(f"All at once: {effects.attrs['simultaneous_swap']}; bold: leaves out zero.")
    if effects.attrs["swap_assumes"]:
        table.caption.append(f"\n{_sentence(effects.attrs['swap_assumes'])}")
    all_of_them = f"{level} interval, all {len(rows)} pairs at once ({_method(effects)})"
    for heading in ("swap", "error", f"{level} interval, each alone", all_of_them, "beyond dates", f"{level} interval"):
        table.add_column(heading, justify="right")
    places = reach_decimals(effects["swap"], *_reach([row["swap"] for row in rows]))
    finer = reach_decimals(effects["precedence"], *_reach([row["beyond_dates"] for row in rows]))
    for row in rows:
        swap, beyond = row["swap"], row["beyond_dates"]
        style = "bold" if _clear(swap) else ""
        cells = (
            *_value(swap, places),
            _interval(swap, "low", "high", places),
            _interval(swap, "low_all", "high_all", places),
            _value(beyond, finer)[0],
            _interval(beyond, "low", "high", finer),
        )
        table.add_row(said(row["first"]), said(row["second"]), *(Text(cell, style=style) for cell in cells))
    return table


def date_rows(effects: xr.Dataset) -> Rows:
    """Date effects: expected value with a move at a place, less the mean over all orders.

    Parameters
    ----------
    effects : xarray.Dataset
        From `order_effects`.

    Returns
    -------
    list of dict
        One row a move and place: ``move``, ``place``, ``units``, and the parts as in `swap_rows`.
    """
    scale, units = _scale(effects)
    return [
        {"move": str(move), "place": int(place), "units": units}
        | _parts(effects, "date", scale, move=move, place=place)
        for move in effects["move"].values
        for place in effects["place"].values
    ]


def date_table(effects: xr.Dataset) -> Table:
    """Date effects by move and place, each with the half-width of its interval."""
    rows, (_, units) = date_rows(effects), _scale(effects)
    level = f"{100 * float(effects.attrs['level']):g}%"
    how = _how(effects, "date_by")
    table = _table(
        f"{_heading(effects)}: by the place of a move, less the mean, {units}, with its {level} interval; {how}"
    )
    count = sum(row["estimate"] is not None for row in rows)
    method = effects.attrs["simultaneous_date"]
    table.caption = Text(f"Intervals are each alone; bold: leaves out zero with all {count} at once ({method}).")
    if str(effects.attrs["not_told"]).startswith("dates"):
        table.caption.append(f"\n{_sentence(effects.attrs['not_told'])}")
    table.add_column("move", no_wrap=True)
    places, shares = reach_decimals(effects["date"], *_reach(rows)), units == "percentage points"
    m = effects.sizes["place"]
    for place in range(1, m + 1):
        table.add_column(f"place {place}", justify="right")
    for start in range(0, len(rows), m):
        cells = []
        for row in rows[start : start + m]:
            if row["estimate"] is None:
                cells.append(Text("not told"))
                continue
            reach = (row["high"] - row["low"]) / 2
            width = f" ± {reach:,.{places}f}" if reach > 0 else " in every world"
            if shares and reach > 0:
                # The interval of a share is not symmetrical where few worlds carry it.
                width = f" ({signed(row['low'], places)} to {signed(row['high'], places)})"
            cells.append(Text(_told(row["estimate"], places) + width, style="bold" if _clear(row) else ""))
        table.add_row(said(rows[start]["move"]), *cells)
    return table


def share_rows(effects: xr.Dataset) -> Rows:
    """Shares of the variance between orders.

    Parameters
    ----------
    effects : xarray.Dataset
        From `order_effects`.

    Returns
    -------
    list of dict
        One row a component: ``component``, ``share``, ``error``, ``low``, ``high``; an end that is not there is None.
    """
    _scale(effects)
    rows: Rows = []
    for name in (str(component) for component in effects["component"].values):
        parts = _parts(effects, "share", 1.0, component=name)
        rows.append({"component": name, "share": parts.pop("estimate")} | parts)
    return rows


def share_table(effects: xr.Dataset) -> Table:
    """What explains the differences between orders, in % of their variance, noise removed."""
    level = f"{100 * float(effects.attrs['level']):g}%"
    scale, units = _scale(effects)
    variance = float(effects["variance"])
    size = scale * np.sqrt(max(variance, 0.0))
    told = f"{size:,.{reach_decimals(effects['swap'], size, size / 10)}f} {units}"
    spread = told if variance > 0 else "none" if variance == 0 else "not above noise" if variance < 0 else "not known"
    table = _table(f"{_heading(effects)}: what explains the differences between {effects.attrs['orders']:,} orders")
    chance = float(effects["lack_of_fit"])
    test = (
        f"Higher order by chance alone: p = {chance:.3f} (signs flipped, level {1 - effects.attrs['level']:.2g})."
        if np.isfinite(chance)
        else "No room for a test of higher order."
    )
    noise = "Monte Carlo noise is taken out, so that estimates may lie below 0 and above 100%."
    table.caption = Text(f"Standard deviation between orders: {spread}. {test}\n{noise}")
    if effects.attrs["not_told"]:
        table.caption.append(f"\n{_sentence(effects.attrs['not_told'])}")
    table.add_column("explained by", no_wrap=True)
    for heading in ("share, %", "error", f"{level} interval, each alone"):
        table.add_column(heading, justify="right")
    rows = share_rows(effects)
    ends = [100 * (row["high"] - row["low"]) / 2 for row in rows if None not in (row["low"], row["high"])]
    places = min(int(np.ceil(max(1.0, -np.log10(min((e for e in ends if e > 0), default=1.0))))), 6)
    for row in rows:
        parts = [row[part] for part in ("share", "error", "low", "high")]
        if None in parts:
            # An estimate that any share is compatible with would be read as if it said something.
            table.add_row(CALLED[row["component"]], "not known", "not known", "not known")
            continue
        share, error, low, high = (f"{100 * part:.{places}f}" for part in parts)
        table.add_row(CALLED[row["component"]], share, error, f"{low} to {high}")
    return table


def order_tables(effects: xr.Dataset) -> list[Table]:
    """Return all three tables: swaps, dates, shares."""
    return [swap_table(effects), date_table(effects), share_table(effects)]


def _scale(effects: xr.Dataset) -> tuple[float, str]:
    if "swap" not in effects or "lack_of_fit" not in effects:
        raise UsageError("this table shows effects: give it what order_effects(dataset, outcome) returns")
    return scale_of(effects["swap"])


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", caption_justify="left")


def _heading(effects: xr.Dataset) -> str:
    name, kind = str(effects.attrs["variable"]), effects.attrs.get("kind")
    return said(name) + (f" ({said(str(kind))})" if kind else "")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _how(effects: xr.Dataset, by: str) -> str:
    left = int(effects.attrs["left_out"])
    without = f" ({left:,} left out: no value under some order)" if left else ""
    orders, worlds = int(effects.attrs["orders"]), int(effects.attrs["n"])
    return f"{orders:,} orders, paired in {worlds:,} worlds{without}, {effects.attrs[by]}"


def _clear(row: dict[str, Any]) -> bool:
    low, high = row["low_all"], row["high_all"]
    return low is not None and high is not None and (low > 0 or high < 0)


def _reach(rows: Rows) -> tuple[list[float], list[float]]:
    """Values and errors, which are less than what intervals reach, as `reach_decimals` takes them."""
    known = [row for row in rows if row["estimate"] is not None]
    return [row["estimate"] for row in known], [row["error"] for row in known]


def _method(effects: xr.Dataset) -> str:
    return str(effects.attrs["simultaneous_swap"]).partition(",")[0]


def _told(value: float, places: int) -> str:
    return signed(value, places) if value else "0"


def _value(row: dict[str, Any], places: int) -> tuple[str, str]:
    if row["estimate"] is None:
        return "not told", "not told"
    error = f"{row['error']:,.{places}f}" if row["error"] else "none"
    return _told(row["estimate"], places), error


def _interval(row: dict[str, Any], low: str, high: str, places: int) -> str:
    if row[low] is None or row[high] is None:
        return "not told"
    if row[low] == row[high]:
        return "in every world"
    return f"{signed(row[low], places)} to {signed(row[high], places)}"
