"""Conditions and steps of a sequence (MODEL.md section 4, stage 1).

The engines walk the trees of conditions, each in its own way; what a condition means stands here once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Rule, Steps, Variable, rule
from settlesim.model.rules.talks import AGREED, BROKEN, SIGNED

__all__ = ["ITEMS", "VARIABLES", "delayed", "held_since", "leaf", "step_due"]


def leaf(kind: str, week: Any, number: Any, opened_week: Any, phase: Any, single: Any, delivered: Any,
         quiet_weeks: Any, taken_week: Any) -> Any:
    """Truth of an elementary condition; each kind looks at one of the readings.

    Under a single undertaking nothing is signed before everything is agreed, so there `signed` means
    agreed ad referendum: otherwise a later table could never be opened.
    """
    if kind == "week":
        return week >= number
    if kind == "opened":
        return opened_week >= 0.0
    if kind == "signed":
        return (phase == SIGNED) | (single & (phase == AGREED))
    if kind == "broken":
        return phase == BROKEN
    if kind == "delivered":
        return np.logical_and(delivered, True)
    if kind == "quiet":
        return quiet_weeks >= number
    return taken_week >= 0.0


def held_since(truth: Any, since: Any, week: Any) -> Any:
    """Week in which a condition first held, -1 before."""
    return np.where((since < 0.0) & truth, week, since)


def delayed(truth: Any, since: Any, week: Any, delay: Any) -> Any:
    """Truth of a condition with its delay: so many weeks after it first held."""
    return np.where(delay > 0.0, (since >= 0.0) & (week - since >= delay), truth)


def step_due(truth: Any, taken_week: Any, previous_taken: Any, pace: Any, week: Any, ordered: Any,
             reciprocal: Any, quiet_weeks: Any, quiet_needed: Any) -> Any:
    """Whether a step is taken now: its condition holds and its links let it."""
    in_turn = ~ordered | ((previous_taken >= 0.0) & (week - previous_taken >= pace))
    returned = ~reciprocal | (quiet_weeks >= quiet_needed)
    return truth & (taken_week < 0.0) & in_turn & returned


@rule("step", "obliges_now")
def obligation_in_force(taken_week: Any, step_obliges: Any, phase: Any) -> Any:
    """Say whether an obliging step is taken and the deal it rests on is signed."""
    return step_obliges & (taken_week >= 0.0) & (phase == SIGNED)


@rule("step", "press_now press_speed_now ceasefire_now withdraw_to_now withdraw_speed_now")
def step_amounts(fires: Any, press_amount: Any, press_weeks: Any, ceasefire_length: Any, withdraw_amount: Any,
                 withdraw_weeks: Any, troops: Any) -> Any:
    """Amounts that a step taken this week asks for."""
    return (
        np.where(fires, press_amount, 0.0),
        np.where(fires, press_amount / press_weeks, 0.0),
        np.where(fires, ceasefire_length, 0.0),
        np.where(fires, withdraw_amount, np.inf),
        np.where(fires, np.maximum(troops - withdraw_amount, 0.0) / withdraw_weeks, 0.0),
    )


VARIABLES = (
    Variable("fires", "step", "1", "the step is taken this week", kind="bool"),
    Variable("taken_week", "step", "weeks", "week in which the step was taken, -1 before", -1.0, low=-1.0),
    Variable("condition_since", "condition", "weeks", "week in which the condition first held", -1.0, low=-1.0),
    Variable("obliges_now", "step", "1", "a signed deal obliges talks", kind="bool"),
    Variable("press_now", "step", "share", "leverage asked for this week", low=0.0),
    Variable("press_speed_now", "step", "share per week", "speed of the leverage asked for", low=0.0),
    Variable("ceasefire_now", "step", "weeks", "length of the ceasefire declared this week", low=0.0),
    Variable("withdraw_to_now", "step", "thousands of troops", "force to be left, infinite without an order",
             low=0.0),
    Variable("withdraw_speed_now", "step", "thousands of troops per week", "speed of the ordered withdrawal", low=0.0),
    Variable("called", "track", "1", "the track is called this week", kind="bool"),
    Variable("closed_now", "track", "1", "the track is closed this week", kind="bool"),
    Variable("obliged", "track", "1", "a signed deal obliges talks on this track", kind="bool"),
    Variable("tabled_now", "clause", "1", "the concession is tabled on the track this week", kind="bool"),
    Variable("ordered_now", "concession", "1", "delivery is ordered this week", kind="bool"),
    Variable("press_total_now", "run", "share", "leverage asked for this week", low=0.0),
    Variable("press_total_speed", "run", "share per week", "its speed", low=0.0),
    Variable("ceasefire_declared", "run", "weeks", "length of the ceasefire declared this week", low=0.0),
    Variable("withdraw_ordered", "run", "thousands of troops", "force to be left, infinite without an order",
             low=0.0),
    Variable("withdraw_ordered_speed", "run", "thousands of troops per week", "its speed", low=0.0),
    Variable("switch_ordered", "run", "1", "the patron is made to give up its refusal this week", kind="bool"),
)

ITEMS: tuple[Rule | Fold | Steps, ...] = (
    Steps(),
    obligation_in_force,
    step_amounts,
    Fold("called", "fires", "any", "step", "open"),
    Fold("closed_now", "fires", "any", "step", "close"),
    Fold("obliged", "obliges_now", "any", "step", "oblige"),
    Fold("tabled_now", "fires", "any", "step", "table"),
    Fold("ordered_now", "fires", "any", "step", "deliver"),
    Fold("press_total_now", "press_now", "sum", "step", "press"),
    Fold("press_total_speed", "press_speed_now", "sum", "step", "press"),
    Fold("ceasefire_declared", "ceasefire_now", "max", "step", "ceasefire", 0.0),
    Fold("withdraw_ordered", "withdraw_to_now", "min", "step", "withdraw"),
    Fold("withdraw_ordered_speed", "withdraw_speed_now", "sum", "step", "withdraw"),
    Fold("switch_ordered", "fires", "any", "step", "switch"),
)
