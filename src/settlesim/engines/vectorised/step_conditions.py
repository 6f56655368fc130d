"""Conditions and steps of a sequence, evaluated over a block of runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.layout import Layout, Node
from settlesim.model.rules.plan_steps import delayed, held_since, leaf, step_due

__all__ = ["take_steps"]


def take_steps(state: dict[str, Any], layout: Layout, week: float, runs: int) -> None:
    """Evaluate the trees of conditions, take the steps that are due, and note both in the state.

    Parameters
    ----------
    state : dict
        The engine's state; ``fires``, ``taken_week`` and ``condition_since`` are replaced.
    layout : Layout
        Holds the trees.
    week : float
        The current week.
    runs : int
        Number of runs in the arrays.
    """
    truth: list[Any] = []
    since = state["condition_since"].copy()
    for k, node in enumerate(layout.nodes):
        now = np.broadcast_to(_truth(node, truth, state, layout, week), (runs,))
        since[k] = held_since(now, since[k], week)
        truth.append(delayed(now, since[k], week, node.delay))
    taken = state["taken_week"].copy()
    fires = np.zeros(taken.shape, bool)
    reciprocal, needed = layout.attributes["reciprocal"][1], layout.attributes["quiet_needed"][1]
    for i, root in enumerate(layout.roots):
        fires[i] = step_due(
            np.ones(runs, bool) if root < 0 else truth[root],
            taken[i],
            taken[i - 1] if i else np.zeros(runs),
            layout.pace if i else 0.0,
            week,
            np.bool_(layout.ordered),
            reciprocal[i, 0],
            state["quiet_weeks"],
            needed[i, 0],
        )
        taken[i] = np.where(fires[i], week, taken[i])
    state["fires"], state["taken_week"], state["condition_since"] = fires, taken, since


def _truth(node: Node, truth: list[Any], state: dict[str, Any], layout: Layout, week: float) -> Any:
    if node.kind == "all":
        return np.logical_and.reduce([truth[c] for c in node.children])
    if node.kind == "any":
        return np.logical_or.reduce([truth[c] for c in node.children])
    if node.kind == "not":
        return ~truth[node.children[0]]
    track = node.kind in ("opened", "signed", "broken")
    return leaf(
        node.kind,
        week,
        node.number,
        state["opened_week"][node.target] if track else None,
        state["phase"][node.target] if track else None,
        layout.attributes["single_undertaking"][1],
        state["delivered"][node.target] if node.kind == "delivered" else None,
        state["quiet_weeks"],
        state["taken_week"][node.target] if node.kind == "taken" else None,
    )
