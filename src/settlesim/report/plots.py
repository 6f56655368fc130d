"""Plots for papers: each takes and returns matplotlib Axes, and changes no global setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from settlesim.analysis.differences import differences as paired
from settlesim.analysis.incidence import incidence as course_of
from settlesim.analysis.statistics import quantiles_over_runs
from settlesim.analysis.summary import summary
from settlesim.errors import UsageError, choose
from settlesim.report import palette
from settlesim.report.canvas import axes_of, plain_text, said, told_apart
from settlesim.report.channel_plots import channels
from settlesim.report.flip_plots import flip_map
from settlesim.report.measures import lines_of, runs_told, scale_of, titled
from settlesim.report.order_plots import positions, precedence, ribbons
from settlesim.report.scenario_plots import control_map, timeline
from settlesim.report.told import NO_RUN
from settlesim.results.dataset import weekly_name

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


__all__ = [
    "channels",
    "control_map",
    "differences",
    "fan",
    "flip_map",
    "incidence",
    "outcomes",
    "positions",
    "precedence",
    "ribbons",
    "timeline",
]


@plain_text
def outcomes(dataset: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Shares of outcomes by sequence, as stacked bars with their percentages; the reference stands last.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate` or `compare`.
    ax : matplotlib Axes, optional
        Where to draw; by default a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UsageError
        If the result is of several points, as that of a sweep.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> outcomes(compare(load("two-party"), runs=20, rng=7)).get_xlabel()
    'share of runs (%)'
    """
    names = lines_of(dataset)
    shares = summary(dataset, "outcome")["outcome"].sel(statistic="estimate", sequence=names)
    more = [str(dim) for dim in shares.dims if dim not in ("sequence", "outcome_kind")]
    if more:
        point = ", ".join(f"{dim}=..." for dim in more)
        raise UsageError(f"the bars are of one point: choose it first, result.sel({point})")
    ax = axes_of(ax, (8.5, 1.4 + 0.42 * len(names)))
    left = np.zeros(len(names))
    for kind in (str(k) for k in shares["outcome_kind"].values):
        width = 100 * shares.sel(outcome_kind=kind).values
        if not np.nansum(width):
            continue
        width = np.nan_to_num(width)
        bars = ax.barh(
            range(len(names)),
            width,
            left=left,
            height=0.72,
            color=palette.OUTCOMES.get(kind, palette.OTHER),
            hatch=palette.HATCHES.get(kind),
            edgecolor="white",
            linewidth=0.6,
            label=said(kind),
        )
        for bar, w in zip(bars, width, strict=True):
            if w >= 5:
                x, y = bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2
                box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}
                ax.text(x, y, f"{w:.0f}", ha="center", va="center", fontsize=8, bbox=box)
        left += width
    for row in np.flatnonzero(shares.isnull().all("outcome_kind").values).tolist():
        ax.text(50, row, NO_RUN, ha="center", va="center", fontsize=8)
    ax.set(xlim=(0, 100), xlabel="share of runs (%)", yticks=range(len(names)), ylim=(-0.5, len(names) - 0.5))
    ax.set_yticklabels(told_apart(titled(dataset, name) for name in names))
    ax.invert_yaxis()
    ax.set_title(f"Outcomes, {runs_told(dataset)} a sequence", loc="left", fontsize=10)
    if ax.patches:
        # Below the axis and its label, by their size in letters and not by that of the figure.
        ax.legend(ncols=3, fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.45, 0), borderaxespad=4.5)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


@plain_text
def incidence(
    dataset: xr.Dataset, event: str = "first", *, sequence: str | None = None, ax: Axes | None = None
) -> Axes:
    """Cumulative incidence of events by week, with 95% bands; the title says of which.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate` or `compare`.
    event : {"first", "final"} or str
        First events, final outcomes, or an outcome, as for `settlesim.analysis.incidence.incidence`.
    sequence : str, optional
        Which sequence; by default the first.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
    """
    name = _one(dataset, sequence)
    course = course_of(dataset.sel(sequence=[name]), event).squeeze("sequence")
    axis = f"{course.attrs['event']}_kind"
    if axis not in course.dims:
        course = course.expand_dims({axis: [course.attrs["event"]]})
    ax = axes_of(ax, (7.0, 4.2))
    for kind in (str(k) for k in course[axis].values):
        one = course.sel({axis: kind})
        if not float(one["incidence"].max()) > 0.0:
            continue
        colour = palette.EVENTS.get(kind, palette.OTHER)
        weeks = one["week"].values
        ax.fill_between(weeks, 100 * one["low"], 100 * one["high"], color=colour, alpha=0.25, linewidth=0)
        ax.plot(
            weeks,
            100 * one["incidence"],
            color=colour,
            linewidth=1.8,
            label=said(kind),
            linestyle="--" if kind in palette.HATCHES else "-",
        )
    ax.set(xlabel="weeks since the start", ylabel="cumulative incidence (% of runs)", xlim=(0, int(course["week"][-1])))
    ax.set_ylim(bottom=0)
    what, _, more = course.attrs["title"].partition(": ")
    title = f"{said(what[:1].upper() + what[1:])}: {said(titled(dataset, name))}"
    ax.set_title(title + (f"\n{more[:1].upper()}{more[1:]}" if more else ""), loc="left", fontsize=9)
    if ax.lines:
        ax.legend(fontsize=8, frameon=False)
    else:
        _noted(ax, "none of these events in any run" if int(course["at_risk"].max()) else NO_RUN)
    return ax


@plain_text
def fan(
    dataset: xr.Dataset,
    variable: str,
    *,
    sequence: str | None = None,
    entity: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Median and 50% and 90% bands of a weekly variable.

    Parameters
    ----------
    dataset : xarray.Dataset
        Simulated with ``record="weekly"``, or with `variable` recorded.
    variable : str
        A recorded variable.
    sequence : str, optional
        Which sequence; by default the first.
    entity : str, optional
        For a variable of provinces, tracks and so on: which one.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UsageError
        If the variable was not recorded.
    """
    values = _weekly(dataset, variable).sel(sequence=_one(dataset, sequence))
    scopes = [str(dim) for dim in values.dims if dim not in ("run", "week")]
    if scopes:
        known = [str(e) for e in values[scopes[0]].values]
        if entity is None:
            raise UsageError(f"{variable!r} is of a {scopes[0]}: say with entity= of which, {', '.join(known)}")
        values = values.sel({scopes[0]: choose(entity, known, scopes[0])})
    values = values.astype(np.float64)
    levels = np.stack([level.values for level in quantiles_over_runs(values, [0.05, 0.25, 0.5, 0.75, 0.95])])
    weeks = values["week"].values
    ax = axes_of(ax, (7.0, 4.0))
    ax.fill_between(weeks, levels[0], levels[4], color=palette.LINE, alpha=0.18, linewidth=0, label="90% of runs")
    ax.fill_between(weeks, levels[1], levels[3], color=palette.LINE, alpha=0.35, linewidth=0, label="50% of runs")
    ax.plot(weeks, levels[2], color=palette.MEDIAN, linewidth=1.8, label="median")
    units = values.attrs.get("units", "1")
    label = values.attrs.get("long_name", said(variable))
    ax.set(
        xlabel="weeks since the start",
        ylabel=label if units == "1" else f"{label} ({units})",
        xlim=(weeks[0], weeks[-1]),
    )
    ax.set_title(f"{said(entity or variable)}: {said(_one(dataset, sequence))}", loc="left", fontsize=10)
    if np.isnan(levels).all():
        _noted(ax, NO_RUN)
    else:
        ax.legend(fontsize=8, frameon=False)
    return ax


@plain_text
def differences(dataset: xr.Dataset, variable: str, *, baseline: str | None = None, ax: Axes | None = None) -> Axes:
    """Paired differences from the baseline with 95% intervals.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compare`.
    variable : str
        An outcome that is not coded; shares are drawn in percentage points.
    baseline : str, optional
        The sequence compared with.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UsageError
        As `settlesim.analysis.differences.differences`; also where the differences vary by more than the sequence.
    """
    table = paired(dataset, variable, baseline=baseline)
    more = [str(dim) for dim in table["difference"].dims if dim != "sequence"]
    if more:
        raise UsageError(
            f"the differences of {variable!r} also vary by {', '.join(more)}, and a plot shows one: the table of "
            f"ss.differences(dataset, {variable!r}) has them all"
        )
    scale, units = scale_of(dataset[variable])
    ns = np.unique(table["n"].values)
    pairs = f"{ns[0]:,.0f}" if len(ns) == 1 else f"{ns[0]:,.0f} to {ns[-1]:,.0f}"
    names = [name for name in lines_of(dataset) if name != table.attrs["baseline"]]
    table = table.sel(sequence=names)
    ax = axes_of(ax, (7.0, 1.3 + 0.42 * len(names)))
    middle = scale * table["difference"].values
    spread = np.stack([middle - scale * table["low"].values, scale * table["high"].values - middle])
    ax.errorbar(middle, range(len(names)), xerr=spread, fmt="o", color=palette.LINE, capsize=3, markersize=5)
    ax.axvline(0.0, color=palette.FAINT, linewidth=0.9, linestyle="--")
    ax.set(
        yticks=range(len(names)),
        yticklabels=told_apart(titled(dataset, name) for name in names),
        ylim=(len(names) - 0.5, -0.5),
        xlabel=f"difference from {said(table.attrs['baseline'])} ({units})",
    )
    title = f"{said(variable)}: paired differences, 95% intervals, {pairs} runs in pairs"
    ax.set_title(title, loc="left", fontsize=10)
    ax.grid(axis="x", alpha=0.25)
    for row in np.flatnonzero(np.isnan(middle)).tolist():
        ax.text(
            0.5, row, f"{NO_RUN} in pairs", transform=ax.get_yaxis_transform(), ha="center", va="center", fontsize=8
        )
    return ax


def _noted(ax: Axes, text: str) -> None:
    """Say in the middle of a plot why there is nothing to see."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", fontsize=9)


def _one(dataset: xr.Dataset, sequence: str | None) -> str:
    names = [str(name) for name in dataset["sequence"].values]
    return names[0] if sequence is None else choose(sequence, names, "sequence")


def _weekly(dataset: xr.Dataset, variable: str) -> xr.DataArray:
    key = weekly_name(variable)
    if key not in dataset:
        kept = [str(name).removesuffix("_weekly") for name in dataset.data_vars if str(name).endswith("_weekly")]
        raise UsageError(f"{variable!r} was not recorded by week (recorded: {', '.join(kept) or 'nothing'})")
    return dataset[key]
