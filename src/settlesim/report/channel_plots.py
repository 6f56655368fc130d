"""The waterfall of a difference between two orders: what remains with all channels off, and what each adds to it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from settlesim.errors import UsageError
from settlesim.report import palette
from settlesim.report.canvas import axes_of, plain_text, said

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

__all__ = ["channels"]

# More channels than these, the least in size, are drawn as one step.
SHOWN = 12


@plain_text
def channels(why: xr.Dataset, *, shown: int = SHOWN, ax: Axes | None = None) -> Axes:
    """Draw the difference between two orders as a waterfall over channels, with intervals.

    Parameters
    ----------
    why : xarray.Dataset
        From `settlesim.channels`, with Shapley shares.
    shown : int
        Channels drawn one by one, the largest; the others are drawn as one step, without an interval.
    ax : matplotlib Axes, optional
        Where to draw; by default a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UsageError
        If there are no shares.

    Examples
    --------
    >>> from settlesim.analysis.channels import channels as taken_apart
    >>> from settlesim.scenario.files import load
    >>> why = taken_apart(load("two-party"), "give_first", "talk", "signed", channels=["deeds"], runs=8, rng=7)
    >>> channels(why).get_xlabel()
    'give first less talk: signed, percentage points'
    """
    if "shapley" not in why:
        raise UsageError("a waterfall needs Shapley shares: run channels(...) without orders=0")
    scale, units = (100.0, "percentage points") if why.attrs["kind"] == "share" else (1.0, why.attrs["units"])
    labels, shares, low, high = _steps(why, shown)
    start, start_low, start_high = _end(why, "all_off")
    end, end_low, end_high = _end(why, "all_on")
    ax = axes_of(ax, (8.5, 1.9 + 0.36 * len(labels)))
    rows = [*range(len(labels) + 2)]
    # Where runs lack a value under some channels, the shares are of the runs that have all of them.
    begin = scale * np.concatenate([[start], start + np.cumsum(shares)])
    _bar(ax, rows[0], 0.0, scale * start, palette.FAINT)
    _whisker(ax, rows[0], scale * start_low, scale * start_high)
    for row, share, before, least, most in zip(rows[1:], shares, begin[:-1], low, high, strict=False):
        _bar(ax, row, before, scale * share, palette.BLUE if share >= 0 else palette.VERMILION)
        _whisker(ax, row, before + scale * least, before + scale * most)
        ax.plot([before, before], [row - 1, row], color=palette.FAINT, linewidth=0.6)
    ax.plot([begin[-1], begin[-1]], [rows[-2], rows[-1]], color=palette.FAINT, linewidth=0.6)
    _bar(ax, rows[-1], 0.0, scale * end, palette.OTHER)
    _whisker(ax, rows[-1], scale * end_low, scale * end_high)
    values = [scale * start, *(scale * shares), scale * end]
    places = 1 if why.attrs["kind"] == "share" else 0 if np.nanmax(np.abs(values)) >= 100 else 3
    names = ["all channels off", *labels, "the whole difference"]
    ax.set_yticks(rows, [f"{name}   {value:+,.{places}f}" for name, value in zip(names, values, strict=True)])
    ax.axvline(0.0, color=palette.FAINT, linewidth=0.9, linestyle="--")
    a, b, outcome = (said(str(why.attrs[key])) for key in ("a", "b", "outcome"))
    ax.set(ylim=(rows[-1] + 0.6, -0.6), xlabel="\n".join(wrap(f"{a} less {b}: {outcome}, {units}", 90)))
    ax.set_title(
        f"What carries the difference: Shapley shares, {100 * why.attrs['level']:.0f}% intervals, "
        f"{why.attrs['runs']:,} runs",
        loc="left",
        fontsize=10,
    )
    ax.grid(axis="x", alpha=0.25)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


def _end(why: xr.Dataset, state: str) -> tuple[float, float, float]:
    """The difference in a state of all channels, and the ends of its interval."""
    difference, low, high = (float(why[name].sel(state=state)) for name in ("difference", "low", "high"))
    return difference, low, high


def _steps(why: xr.Dataset, shown: int) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Labels, shares and ends of their intervals, the largest first, and the rest as one."""
    order = np.argsort(-np.abs(why["shapley"].values), kind="stable")
    labels = [str(label) for label in why["label"].values[order]]
    shares, low, high = (why[f"shapley{end}"].values[order] for end in ("", "_low", "_high"))
    if len(labels) > shown:
        rest = shares[shown:].sum()
        # How their errors go together is not known, so the rest has no interval.
        labels = [*labels[:shown], f"{len(labels) - shown} others"]
        shares = np.append(shares[:shown], rest)
        low, high = np.append(low[:shown], np.nan), np.append(high[:shown], np.nan)
    return labels, shares, low, high


def _bar(ax: Axes, row: int, left: float, width: float, colour: str) -> None:
    ax.barh(row, width, left=left, height=0.62, color=colour)


def _whisker(ax: Axes, row: int, low: float, high: float) -> None:
    ax.plot([low, high], [row, row], color="black", linewidth=1.0, marker="|", markersize=6)
