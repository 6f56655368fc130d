"""Drawings of the page as text: SVG and HTML, every label escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Sequence as Several
from dataclasses import dataclass
from html import escape
from typing import Any

from matplotlib.ticker import MaxNLocator

from settlesim.report.palette import CONTROL, LINES
from settlesim.scenario.scenario import Scenario

__all__ = ["Line", "lines", "table", "tiles"]

# A second mark besides colour.
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "1 4")
TILE_WIDTH, TILE_HEIGHT = 96, 82


def tiles(scenario: Scenario, government: Several[float], insurgent: Several[float]) -> str:
    """Provinces as tiles in their rough places: a bar of the shares of districts, and the shares in %.

    Parameters
    ----------
    scenario : Scenario
        Gives the provinces and their tiles.
    government, insurgent : sequence of float
        Shares of districts, in the order of the provinces.

    Returns
    -------
    str
        SVG.
    """
    rows, columns = ({p.tile[axis] for p in scenario.provinces} for axis in (0, 1))
    top, left = min(rows), min(columns)
    height, width = (max(rows) - top + 1) * TILE_HEIGHT, (max(columns) - left + 1) * TILE_WIDTH
    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Control of districts by province" '
        f'style="width:100%;max-width:{int(1.35 * width)}px;max-height:calc(100% - 3em)">'
    ]
    for province, g, i in zip(scenario.provinces, government, insurgent, strict=True):
        x, y = (province.tile[1] - left) * TILE_WIDTH + 2, (province.tile[0] - top) * TILE_HEIGHT + 2
        shares = {"government": float(g), "contested": max(0.0, 1.0 - float(g) - float(i)), "insurgent": float(i)}
        leading = max(shares, key=lambda key: shares[key])
        said = ", ".join(f"{key} {100 * share:.0f}%" for key, share in shares.items())
        name, inner = escape(province.name), TILE_WIDTH - 4
        # Names keep within their tile, however long.
        fitted = f' textLength="{inner - 10}" lengthAdjust="spacingAndGlyphs"' if len(province.name) > 10 else ""
        parts.append(
            f'<g class="tile" data-province="{name}" data-leading="{leading}"><title>{name}: {said}</title>'
            f'<rect x="{x}" y="{y}" width="{inner}" height="{TILE_HEIGHT - 4}" rx="4" fill="{CONTROL[leading]}" '
            f'fill-opacity="0.22" stroke="{CONTROL[leading]}" stroke-width="2"/>'
            f'<text x="{x + inner / 2}" y="{y + 21}" font-size="15" font-weight="600" text-anchor="middle" '
            f'fill="currentColor"{fitted}>{name}</text>'
        )
        at = x + 6.0
        for key, share in shares.items():
            long = share * (inner - 12)
            parts.append(f'<rect x="{at:.1f}" y="{y + 31}" width="{long:.1f}" height="18" fill="{CONTROL[key]}"/>')
            at += long
        numbers = " · ".join(f"{100 * share:.0f}" for share in shares.values())
        parts.append(
            f'<text x="{x + inner / 2}" y="{y + 68}" font-size="14" text-anchor="middle" fill="currentColor">'
            f"{numbers}</text></g>"
        )
    legend = "".join(
        f'<span style="display:inline-block;width:1em;height:1em;background:{colour};vertical-align:-0.1em;'
        f'margin-left:1em"></span> {key}'
        for key, colour in CONTROL.items()
    )
    return "".join(parts) + f'</svg><div class="key">% of districts:{legend}</div>'


@dataclass(frozen=True)
class Line:
    """One line of a chart: its label and its values week by week."""

    label: str
    values: Several[float]


def lines(what: str, drawn: Several[Line], horizon: int, *, low: float | None = None, high: float | None = None) -> str:
    """Lines over the weeks of a run, told apart by colour and dashes, with the present values beside the labels.

    Parameters
    ----------
    what : str
        What is drawn, with its unit.
    drawn : sequence of Line
        The lines.
    horizon : int
        Weeks of the whole run, which the axis spans from the start.
    low, high : float, optional
        Ends of the scale; by default those of the values, zero included.

    Returns
    -------
    str
        SVG.
    """
    every = [float(v) for line in drawn for v in line.values]
    bottom = min([0.0, *every]) if low is None else low
    top = max([0.0, *every]) if high is None else high
    top = top if top > bottom else bottom + 1.0
    width, height, left, right, floor = 640.0, 230.0, 52.0, 12.0, 200.0

    def x(week: float) -> float:
        return left + (width - left - right) * week / horizon

    def y(value: float) -> float:
        return floor - (floor - 10.0) * (value - bottom) / (top - bottom)

    parts = [f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(what)}" class="chart">']
    for tick in MaxNLocator(5).tick_values(bottom, top):
        if bottom <= tick <= top:
            parts.append(
                f'<line x1="{left}" x2="{width - right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="currentColor" '
                f'stroke-opacity="0.18"/><text x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:,g}</text>'
            )
    for week in range(0, horizon + 1, 52):
        anchor = "end" if week > 0.95 * horizon else "middle"
        parts.append(f'<text x="{x(week):.1f}" y="{floor + 20}" text-anchor="{anchor}">week {week}</text>')
    for number, line in enumerate(drawn):
        points = " ".join(f"{x(week):.1f},{y(float(value)):.1f}" for week, value in enumerate(line.values))
        ink, dash = LINES[number % len(LINES)], DASHES[number % len(DASHES)]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{ink}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
        )
        if len(line.values) == 1:
            parts.append(f'<circle cx="{x(0):.1f}" cy="{y(float(line.values[0])):.1f}" r="3.5" fill="{ink}"/>')
    return "".join(parts) + "</svg>" + _key(drawn)


def _key(drawn: Iterable[Line]) -> str:
    rows = []
    for number, line in enumerate(drawn):
        ink, dash = LINES[number % len(LINES)], DASHES[number % len(DASHES)]
        last = float(line.values[-1])
        shown = f"{last:,.0f}" if abs(last) >= 100 else f"{last:.2f}"
        rows.append(
            '<span class="entry"><svg width="30" height="10"><line x1="0" x2="30" y1="5" y2="5" '
            f'stroke="{ink}" stroke-width="3" stroke-dasharray="{dash}"/></svg> {escape(line.label)} '
            f"<b>{shown}</b></span>"
        )
    return f'<div class="key">{"".join(rows)}</div>'


def table(head: Several[str], rows: Iterable[Several[Any]], *, row_class: Callable[[int], str] | None = None) -> str:
    """Return a table of texts as HTML.

    Examples
    --------
    >>> table(["party"], [["A & B"]])
    '<table><thead><tr><th>party</th></tr></thead><tbody><tr><td>A &amp; B</td></tr></tbody></table>'
    """
    top = "".join(f"<th>{escape(str(cell))}</th>" for cell in head)
    body = []
    for number, row in enumerate(rows):
        kind = "" if row_class is None else f' class="{escape(row_class(number))}"'
        body.append(f"<tr{kind}>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>")
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody></table>"
