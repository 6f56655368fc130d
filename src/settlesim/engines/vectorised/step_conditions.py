"""Conditions and steps of a sequence, evaluated over a block of runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.model.layout import Layout, Node
from settlesim.model.rules.plan_steps import delayed, held_since, leaf, step_due
from settlesim.scenario.sequence import Sequence

__all__ = ["take_steps"]


def take_steps(
    state: dict[str, Any], layout: Layout, sequence: Sequence, week: float, columns: NDArray[np.intp]
) -> None:
    """Evaluate the trees of conditions, take the steps that are due, and note both in the state.

    Parameters
    ----------
    state : dict
        The engine's state; ``fires``, ``taken_week`` and ``condition_since`` are replaced.
    layout : Layout
        Holds the trees, and the order of the steps in each run.
    sequence : Sequence
        Whose steps they are.
    week : float
        The current week.
    columns : ndarray
        Places, among the block's runs, of those in the arrays.
    """
    runs = len(columns)
    truth: list[Any] = []
    since = state["condition_since"].copy()
    for k, node in enumerate(layout.nodes):
        now = np.broadcast_to(_truth(node, truth, state, layout, week), (runs,))
        since[k] = held_since(now, since[k], week)
        truth.append(delayed(now, since[k], week, node.delay))
    everywhere = np.ones(runs, bool)
    holds = np.array([everywhere if root < 0 else truth[root] for root in layout.roots])
    done = np.array([everywhere if root < 0 else truth[root] for root in layout.done])
    taken, fires = state["taken_week"].copy(), np.zeros(state["taken_week"].shape, bool)
    reciprocal, needed = layout.attributes["reciprocal"][1][:, 0], layout.attributes["quiet_needed"][1][:, 0]
    apart = np.array([not sequence.ordered or step.apart for step in sequence.steps])
    together = np.array([step.together for step in sequence.steps])
    patience = np.inf if sequence.patience is None else float(sequence.patience)
    # Runs may differ in the order: then `turn` holds the step whose turn it is in each, and rows are gathered.
    alike = layout.orders.shape[1] == 1
    at = slice(None) if alike else np.arange(runs)
    previous, complete, first = np.zeros(runs), everywhere, True
    for row in layout.orders:
        turn = row[0] if alike else row[columns]
        # A batch lists what stands apart first, so that it does so in every run.
        aside = bool(apart[turn] if alike else apart[turn[0]])
        joined = together[turn]
        fires[turn, at] = step_due(
            holds[turn, at],
            taken[turn, at],
            previous,
            complete | joined,
            np.where(joined | first, 0.0, float(sequence.pace)),
            patience,
            week,
            np.bool_(not aside),
            reciprocal[turn],
            state["quiet_weeks"],
            needed[turn],
        )
        taken[turn, at] = np.where(fires[turn, at], week, taken[turn, at])
        if not aside:
            previous, complete, first = taken[turn, at], done[turn, at] & (~joined | complete), False
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
