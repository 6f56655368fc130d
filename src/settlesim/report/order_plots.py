"""Plots of what the order of moves does: who comes first, at which place, and whole orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.analysis.order_worlds import worlds_of
from settlesim.analysis.statistics import better_end
from settlesim.errors import UsageError
from settlesim.report import palette
from settlesim.report.canvas import axes_of, plain_text, said
from settlesim.report.measures import reach_decimals, scale_of, signed

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["positions", "precedence", "ribbons"]

# Letters of a move's name on one line of a label.
WIDTH = 13


def _wrapped(name: object) -> str:
    from textwrap import wrap

    return "\n".join(wrap(said(str(name)), WIDTH, break_long_words=False))


def _effects(effects: xr.Dataset, name: str) -> tuple[float, str]:
    """Factor and unit of effects, which are what `order_effects` gives."""
    if name not in effects or "lack_of_fit" not in effects:
        raise UsageError("this plot shows effects: give it what order_effects(dataset, outcome) returns")
    return scale_of(effects[name])


def _heading(variable: str, kind: object) -> str:
    """The name of an outcome, as of the other plots: what it means may take three lines."""
    name = said(variable)
    return f"{name[:1].upper()}{name[1:]}" + (f": {said(str(kind))}" if kind else "")


def _title(ax: Axes, text: str) -> None:
    """Write a title that breaks where the figure ends, which is known when it is drawn."""
    ax.set_title(text, loc="left", fontsize=9.5, wrap=True)


def _worlds(effects: xr.Dataset) -> str:
    orders, worlds = int(effects.attrs["orders"]), int(effects.attrs["n"])
    return f"{orders:,} orders, {worlds:,} worlds"


def _caution(text: str) -> str:
    """A line of what an analysis takes for granted or cannot tell, if anything."""
    return f"\n{text[:1].upper()}{text[1:]}" if text else ""


@plain_text
def precedence(effects: xr.Dataset, *, beyond_dates: bool = False, ax: Axes | None = None) -> Axes:
    """Precedence matrix: what it does that one move comes before another, with intervals written into the cells.

    Parameters
    ----------
    effects : xarray.Dataset
        From `order_effects`.
    beyond_dates : bool
        Show what precedence adds to the dates of the moves, in place of swap effects.
    ax : matplotlib Axes, optional
        Where to draw; by default a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UsageError
        If this is not a dataset of effects.

    Notes
    -----
    Each cell tells of its row's move before its column's against the other way round, so that the matrix is
    antisymmetric.  Bold values have an interval for all pairs at once that leaves out zero; grey values in pale cells
    have not even one of their own that does.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.patches import Rectangle

    name = "precedence" if beyond_dates else "swap"
    scale, units = _effects(effects, name)
    part = {end: scale * effects[name + end].values for end in ("", "_low", "_high", "_low_all", "_high_all")}
    moves = [str(move) for move in effects["first"].values]
    m = len(moves)
    ax = axes_of(ax, (2.0 + 1.02 * m, 1.6 + 0.72 * m))
    largest = float(np.nanmax(np.abs(part[""]), initial=0.0)) or 1.0
    colours = LinearSegmentedColormap.from_list("order", [palette.VERMILION, "#ffffff", palette.BLUE])
    shades = ScalarMappable(Normalize(-largest, largest), colours)
    places = reach_decimals(effects[name], part[""], (part["_high"] - part["_low"]) / 2)
    size = 8.5 if m <= 7 else 7.5
    for i, j in np.ndindex(m, m):
        value = part[""][i, j]
        known = np.isfinite(value)
        low, high = part["_low"][i, j], part["_high"][i, j]
        clear = low > 0 or high < 0
        face = shades.to_rgba(value, alpha=0.75 if clear else 0.3) if known else "#eeeeee"
        ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=face, edgecolor="white", linewidth=1.5))
        if not known:
            continue
        firm = part["_low_all"][i, j] > 0 or part["_high_all"][i, j] < 0
        ink = "black" if clear else palette.FAINT
        ax.text(j, i - 0.1, signed(float(value), places), ha="center", va="center", color=ink, fontsize=size + 1,
                fontweight="bold" if firm else "normal")  # fmt: skip
        span = f"{signed(float(low), places)} to {signed(float(high), places)}" if high > low else "in every world"
        ax.text(j, i + 0.22, span, ha="center", va="center", color=ink, fontsize=size - 2)
    ax.set(xlim=(-0.5, m - 0.5), ylim=(m - 0.5, -0.5), xticks=range(m), yticks=range(m))
    ax.set_xticklabels([_wrapped(move) for move in moves], fontsize=size)
    ax.set_yticklabels([_wrapped(move) for move in moves], fontsize=size)
    ax.set(xlabel="… before this move", ylabel="this move …")
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    level = f"{100 * float(effects.attrs['level']):g}%"
    adds = "What order adds to dates" if beyond_dates else "Row before column, less column before row"
    _title(
        ax,
        f"{_heading(effects.attrs['variable'], effects.attrs.get('kind'))}\n{adds} ({units}); {level} intervals,\n"
        f"bold: not zero with all pairs taken at once; {_worlds(effects)}"
        + _caution(effects.attrs["not_told" if beyond_dates and not np.isfinite(part[""]).any() else "swap_assumes"]),
    )
    return ax


@plain_text
def positions(effects: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Position profiles: what it does that a move stands at a place, with bands.

    Parameters
    ----------
    effects : xarray.Dataset
        From `order_effects`.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UsageError
        If this is not a dataset of effects.
    """
    scale, units = _effects(effects, "date")
    ax = axes_of(ax, (7.2, 4.4))
    places = effects["place"].values
    moves = [str(move) for move in effects["move"].values]
    ends = []
    for number, move in enumerate(moves):
        one = effects.sel(move=move)
        middle, low, high = (scale * one[name].values for name in ("date", "date_low", "date_high"))
        colour = palette.LINES[number % len(palette.LINES)]
        style = ("-", "--", ":")[number // len(palette.LINES) % 3]
        ax.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(places, middle, color=colour, linestyle=style, marker="o", markersize=3.5, linewidth=1.6)
        there = np.flatnonzero(np.isfinite(middle))
        if len(there):
            ends.append((float(middle[there[-1]]), int(places[there[-1]]), move, colour))
    ax.axhline(0.0, color=palette.FAINT, linewidth=0.9, linestyle="--", zorder=0)
    ax.set(xticks=places, xlabel="place of the move in the order", ylabel=f"difference from the mean ({units})")
    ax.set_xlim(places[0] - 0.2, places[-1] + 0.2)
    _name_ends(ax, ends, float(places[-1]) + 0.25)
    ax.grid(axis="y", alpha=0.25)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    level = f"{100 * float(effects.attrs['level']):g}%"
    _title(
        ax,
        f"{_heading(effects.attrs['variable'], effects.attrs.get('kind'))}\n"
        f"by the place of each move, against all orders; {level} bands; {_worlds(effects)}"
        + _caution("" if ends else effects.attrs["not_told"]),
    )
    return ax


def _name_ends(ax: Axes, ends: list[tuple[float, int, str, str]], x: float) -> None:
    """Write names at the right ends of lines, moved apart where they would lie on one another."""
    low, high = ax.get_ylim()
    gap = 0.062 * (high - low)
    ends = sorted(ends)
    heights = [height for height, *_ in ends]
    for _ in range(200):
        moved = False
        for i in range(len(heights) - 1):
            lack = gap - (heights[i + 1] - heights[i])
            if lack > 1e-9 * gap:
                heights[i] -= lack / 2
                heights[i + 1] += lack / 2
                moved = True
        if not moved:
            break
    for (value, place, move, colour), height in zip(ends, heights, strict=True):
        ax.annotate(
            said(move), (place, value), (x, height), color=colour, fontsize=8.5, va="center",
            annotation_clip=False, arrowprops={"arrowstyle": "-", "color": colour, "alpha": 0.4, "linewidth": 0.7},
        )  # fmt: skip


@plain_text
def ribbons(
    dataset: xr.Dataset,
    variable: str,
    *,
    kind: str | None = None,
    ends: int = 5,
    between: int = 150,
    ax: Axes | None = None,
) -> Axes:
    """Orders as ribbons through the places of their moves, coloured by the mean of an outcome.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `orders`.
    variable : str
        An outcome.
    kind : str, optional
        For a coded outcome: the meaning whose share counts.
    ends : int
        How many of the best and of the worst orders are drawn boldly; of an outcome that declares no better end, of
        the highest and of the lowest.
    between : int
        How many of the others are drawn thinly, evenly by rank.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    A ribbon that leads through the row of a move at place p makes this move p-th.  Within a row the better orders, or
    the higher, run above.  The means of the best and of the worst flatter them: they were chosen for these very runs.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import ListedColormap, Normalize

    value, places, moves, worlds, left_out = _means(dataset, variable, kind)
    scale, units = (100.0, "% of runs") if kind is not None else scale_of(dataset[variable])
    units = "% of runs" if units == "percentage points" else units
    value = scale * value
    declared = better_end(dataset[variable])
    best = declared or "highest"
    order = np.argsort(-value if best == "highest" else value, kind="stable")
    n, m = len(order), len(moves)
    ends = max(1, min(ends, n // 2))
    middle = order[ends : n - ends]
    if len(middle) > between:
        middle = middle[np.unique(np.linspace(0, len(middle) - 1, between).round().astype(int))]
    shown = np.concatenate([order[:ends], middle, order[n - ends :]])
    # Rows in the order of the best, so that good orders fall steadily.
    row = np.argsort(np.argsort(places[order[:ends]].mean(axis=0), kind="stable"))
    ax = axes_of(ax, (7.8, 1.8 + 0.6 * m))
    # Without its palest tenth, which does not show on white.
    tones = colormaps["viridis"](np.linspace(0.0, 0.92, 256)[:: 1 if best == "highest" else -1])
    shades = ScalarMappable(Normalize(value.min(), value.max()), ListedColormap(tones))
    lift = _lifts(ends, len(middle))
    lines = [_ribbon(row[np.argsort(places[one])] + up) for one, up in zip(shown, lift, strict=True)]
    bold = np.r_[np.ones(ends, bool), np.zeros(len(middle), bool), np.ones(ends, bool)]
    for which, width, alpha, depth in ((~bold, 0.7, 0.35, 1), (bold, 2.6, 0.95, 2)):
        some = np.flatnonzero(which)
        ax.add_collection(
            LineCollection(
                [lines[i] for i in some], colors=shades.to_rgba(value[shown[some]], alpha=alpha),
                linewidths=width, zorder=depth, capstyle="round",
            )
        )  # fmt: skip
    names = np.array(moves)[np.argsort(row)]
    ax.set(
        xlim=(0.6, m + 0.4), ylim=(m - 0.4, -0.6), xticks=range(1, m + 1), yticks=range(m), xlabel="place in the order"
    )
    ax.set_yticklabels([_wrapped(name) for name in names], fontsize=8.5)
    ax.tick_params(axis="y", length=0)
    for i in range(m):
        ax.axhspan(i - 0.4, i + 0.4, color="#f2f2f2", zorder=0, linewidth=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    more = f", and {len(middle):,} between" if len(middle) else ""
    which, above = ("best and worst", "better") if declared else ("highest and lowest", "higher")
    left = f"; n = {worlds:,} worlds, {left_out:,} left out" if left_out else ""
    _title(
        ax,
        f"{_heading(variable, kind)}\nthe {which} {ends} of {n:,} orders{more}; in each row the {above} above{left}",
    )
    if ax.figure is not None:
        bar = ax.figure.colorbar(shades, ax=ax, label=f"mean ({units})", shrink=0.85, pad=0.02)
        bar.outline.set_visible(False)
    return ax


def _lifts(ends: int, between: int) -> NDArray[np.float64]:
    """How far below the middle of its row each order runs: bold ones in lanes of their own, the others in a band."""
    lane = min(0.075, 0.3 / ends)
    best = -0.42 + lane * np.arange(ends)
    thin = np.linspace(best[-1] + lane, -best[-1] - lane, between) if between else np.empty(0)
    return np.concatenate([best, thin, -best[::-1]])


def _ribbon(rows: NDArray[Any]) -> NDArray[np.float64]:
    """A line that runs level at each place and swings over between two."""
    x = np.linspace(1, len(rows), 1 + 24 * (len(rows) - 1))
    left = np.minimum(x.astype(int), len(rows) - 1)
    share = np.clip((x - left - 0.15) / 0.7, 0.0, 1.0)
    smooth = share * share * (3 - 2 * share)
    return np.stack([x, rows[left - 1] * (1 - smooth) + rows[left] * smooth], axis=1)


def _means(
    dataset: xr.Dataset, variable: str, kind: str | None
) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[str, ...], int, int]:
    """Mean and places of each order, the moves, and worlds with a value under every order and without."""
    worlds = worlds_of(dataset, variable, kind)
    if worlds.crossed:
        return worlds.values.mean(axis=1), worlds.positions, worlds.moves, len(worlds.runs), worlds.left_out
    flat = worlds.positions.reshape(-1, len(worlds.moves))
    distinct, which = np.unique(flat, axis=0, return_inverse=True)
    # A world that is bad under all of its orders must not speak against them.
    level = worlds.values - worlds.values.mean(axis=0) + worlds.values.mean()
    sums = np.bincount(which.ravel(), weights=level.ravel(), minlength=len(distinct))
    means = sums / np.bincount(which.ravel(), minlength=len(distinct))
    return means, distinct, worlds.moves, len(worlds.runs), worlds.left_out
