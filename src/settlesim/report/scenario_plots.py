"""Plots of what is declared, not of what was simulated: the steps of a sequence in time, provinces as tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.errors import UsageError
from settlesim.report import palette
from settlesim.report.canvas import axes_of, plain_text
from settlesim.report.wording import briefly

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from settlesim.scenario.scenario import Scenario

__all__ = ["control_map", "timeline"]


@plain_text
def timeline(scenario: Scenario, sequence: str, *, ax: Axes | None = None) -> Axes:
    """Steps of a sequence from top to bottom, each with what it waits for; dated steps at their week.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : str
        One of its sequences.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
    """
    plan = scenario.sequence(sequence)
    ax = axes_of(ax, (8.5, 1.2 + 0.5 * len(plan.steps)))
    at: dict[str, float] = {}
    horizon = float(scenario.horizon)
    for row, step in enumerate(plan.steps):
        tree = {} if step.when is None else step.when.tree()
        week = _earliest(tree, at, plan)
        at[str(step.name)] = week
        colour = palette.STEPS[step.do]
        dated = not tree or "week" in tree
        ax.plot([week, horizon], [row, row], color=colour, linewidth=1, alpha=0.35, linestyle="-" if dated else ":")
        ax.plot(week, row, marker="o" if dated else ">", color=colour, markersize=8)
        wait = "" if not tree else f"  when {briefly(tree)}"
        ax.text(week + 0.012 * horizon, row - 0.12, f"{step.name}{wait}", fontsize=8, va="bottom")
    ax.set(ylim=(len(plan.steps) - 0.4, -0.9), yticks=[], xlim=(-2, horizon), xlabel="earliest week since the start")
    ax.set_title(f"{plan.label or plan.name}   (● dated   ▶ waits for an event)", loc="left", fontsize=10)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    return ax


def _earliest(tree: dict[str, Any], at: dict[str, float], plan: Any) -> float:
    """Least week in which a condition could hold, taking events on tables for as early as their opening step."""
    if not tree:
        return 1.0
    kind, value = next((k, v) for k, v in tree.items() if k != "delay")
    if kind in ("all", "any"):
        parts = [_earliest(part, at, plan) for part in value]
        base = max(parts) if kind == "all" else min(parts)
    elif kind == "week":
        base = float(value)
    elif kind == "taken":
        base = at.get(value, 1.0)
    elif kind in ("opened", "signed", "broken"):
        opening = [str(s.name) for s in plan.steps if s.do == "open" and s.track == value]
        base = min((at[name] for name in opening if name in at), default=1.0)
    elif kind == "quiet":
        base = float(value)
    else:
        base = 1.0
    return base + float(tree.get("delay", 0))


@plain_text
def control_map(scenario: Scenario, share: Any, *, label: str = "insurgent share (%)", ax: Axes | None = None) -> Axes:
    """Provinces as tiles of equal size in their rough places, shaded by a share.

    Parameters
    ----------
    scenario : Scenario
        The conflict, for the provinces' tiles.
    share : array-like, shape (provinces,)
        Values between 0 and 1, in the scenario's order of provinces.
    label : str
        What the shade means.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    ax = axes_of(ax, (8.5, 6.5))
    values = np.asarray(share, dtype=float)
    if values.shape != (len(scenario.provinces),):
        raise UsageError(f"share needs one value for each of the {len(scenario.provinces)} provinces")
    shades = ScalarMappable(Normalize(0, 100), "cividis")
    for province, value in zip(scenario.provinces, values, strict=True):
        row, column = province.tile
        ax.add_patch(Rectangle((column, row), 0.96, 0.96, facecolor=shades.to_rgba(100 * value)))
        ink = "black" if value > 0.55 else "white"
        ax.text(column + 0.48, row + 0.4, province.name, ha="center", va="center", fontsize=6.5, color=ink)
        ax.text(column + 0.48, row + 0.72, f"{100 * value:.0f}", ha="center", va="center", fontsize=6.5, color=ink)
    rows, columns = zip(*(p.tile for p in scenario.provinces), strict=True)
    ax.set(xlim=(min(columns) - 0.1, max(columns) + 1.1), ylim=(max(rows) + 1.1, min(rows) - 0.1), aspect="equal")
    ax.set_axis_off()
    if ax.figure is not None:
        ax.figure.colorbar(shades, ax=ax, label=label, shrink=0.7)
    return ax
