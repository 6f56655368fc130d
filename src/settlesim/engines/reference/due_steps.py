"""The plan as the reference model follows it: which conditions hold, and which steps are due this week."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.model.rules.plan_steps import delayed, held_since, leaf, step_due
from settlesim.scenario.conditions import Condition

if TYPE_CHECKING:
    from settlesim.engines.reference.settlement_model import SettlementModel

__all__ = ["take_due_steps"]


def take_due_steps(model: SettlementModel) -> None:
    """Take the steps of the plan that are due."""
    agents, number = model.entities["step"], count()
    now, plan = np.float64(model.week), model.sequence
    truths = [True if s.when is None else _holds(model, s.when, number) for s in plan.steps]
    awaited = [plan.awaited(step) for step in plan.steps]
    done = [True if condition is None else _holds(model, condition, number) for condition in awaited]
    patience = np.float64(np.inf if plan.patience is None else plan.patience)
    # When the step before was taken, and whether the move that it ends is done; the first waits for nothing.
    previous, complete, pace = np.float64(0.0), True, np.float64(0.0)
    for step, agent, truth, finished in zip(plan.steps, agents, truths, done, strict=True):
        in_order = plan.ordered and not step.apart
        fires = step_due(
            np.bool_(truth),
            agent.values["taken_week"],
            previous,
            np.bool_(complete or step.together),
            np.float64(0.0) if step.together else pace,
            patience,
            now,
            np.bool_(in_order),
            agent.values["reciprocal"],
            model.war.values["quiet_weeks"],
            agent.values["quiet_needed"],
        )
        agent.values["fires"] = np.bool_(fires)
        if fires:
            agent.values["taken_week"] = now
        if in_order:
            previous, pace = agent.values["taken_week"], np.float64(plan.pace)
            complete = finished and (complete or not step.together)


def _holds(model: SettlementModel, condition: Condition, number: count[int]) -> Any:
    """Truth of a condition; every branch is looked at, since each remembers since when it has held."""
    parts = [_holds(model, child, number) for child in condition.children]
    memory = model.entities["condition"][next(number)]
    if condition.kind == "all":
        truth = all(parts)
    elif condition.kind == "any":
        truth = any(parts)
    elif condition.kind == "not":
        truth = not parts[0]
    else:
        truth = bool(_leaf(model, condition))
    now = np.float64(model.week)
    since = held_since(np.bool_(truth), memory.values["condition_since"], now)
    memory.values["condition_since"] = np.float64(since)
    return bool(delayed(np.bool_(truth), since, now, np.float64(condition.delay)))


def _leaf(model: SettlementModel, condition: Condition) -> Any:
    def named(scope: str) -> dict[str, Any]:
        found = [a.values for a in model.entities[scope] if a.name == condition.ref]
        return found[0] if found else {}

    track, gift, step = named("track"), named("concession"), named("step")
    return leaf(
        condition.kind,
        np.float64(model.week),
        np.float64(condition.number or 0.0),
        track.get("opened_week"),
        track.get("phase"),
        np.bool_(model.sequence.undertaking == "single"),
        gift.get("delivered"),
        model.war.values["quiet_weeks"],
        step.get("taken_week"),
    )
