"""Steps of the plan: their conditions, and what a step that is taken asks for.

The engines walk the trees of conditions, each in its own way; what a condition means stands here once.
"""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import AGREED, BROKEN, SIGNED
from settlesim.model.items import Fold, Steps, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["PLAN_STEPS", "delayed", "held_since", "leaf", "step_due"]


def leaf(kind, week, number, opened_week, phase, single, delivered, quiet_weeks, taken_week):
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


def held_since(truth, since, week):
    """Week in which a condition first held, -1 before."""
    return np.where((since < 0.0) & truth, week, since)


def delayed(truth, since, week, delay):
    """Truth of a condition with its delay: so many weeks after it first held."""
    return np.where(delay > 0.0, (since >= 0.0) & (week - since >= delay), truth)


def step_due(truth, taken_week, previous_taken, previous_done, pace, patience, week, ordered, reciprocal, quiet_weeks,
             quiet_needed):
    """Whether a step is taken now: its condition holds and its links let it, or the patience of the order is over."""
    waited = week - previous_taken
    turn = (previous_taken >= 0.0) & (waited >= pace)
    overdue = ordered & turn & (waited >= pace + patience)
    returned = ~reciprocal | (quiet_weeks >= quiet_needed)
    due = truth & returned & (~ordered | (turn & previous_done))
    return (taken_week < 0.0) & (due | overdue)


@rule(
    "step",
    Variable("obliges_now", units="1", meaning="a signed deal obliges talks", kind="bool"),
    source="settlesim",
)
def obligation_in_force(taken_week, step_obliges, phase):
    """Say whether an obliging step is taken and the deal it rests on is signed."""
    return step_obliges & (taken_week >= 0.0) & (phase == SIGNED)


@rule(
    "step",
    Variable("press_now", units="share", meaning="leverage asked for this week", low=0.0),
    Variable("press_speed_now", units="share per week", meaning="speed of the leverage asked for", low=0.0),
    Variable("ceasefire_now", units="weeks", meaning="length of the ceasefire declared this week", low=0.0),
    Variable("withdraw_to_now", units="thousands of troops", meaning="force to be left, infinite without an order",
             low=0.0),
    Variable("withdraw_speed_now", units="thousands of troops per week", meaning="speed of the ordered withdrawal",
             low=0.0),
    source="settlesim",
)
def step_amounts(fires, press_amount, press_weeks, ceasefire_length, withdraw_amount, withdraw_weeks, troops):
    """Amounts that a step taken this week asks for."""
    return (
        np.where(fires, press_amount, 0.0),
        np.where(fires, press_amount / press_weeks, 0.0),
        np.where(fires, ceasefire_length, 0.0),
        np.where(fires, withdraw_amount, np.inf),
        np.where(fires, np.maximum(troops - withdraw_amount, 0.0) / withdraw_weeks, 0.0),
    )


PLAN_STEPS = Mechanism(
    "Steps of the plan",
    items=(
        Steps(),
        obligation_in_force,
        step_amounts,
        Fold(
            Variable("called", scope="track", units="1", meaning="the track is called this week", kind="bool"),
            "fires", "any", "step", "open",
        ),
        Fold(
            Variable("closed_now", scope="track", units="1", meaning="the track is closed this week", kind="bool"),
            "fires", "any", "step", "close",
        ),
        Fold(
            Variable("obliged", scope="track", units="1", meaning="a signed deal obliges talks on this track",
                     kind="bool", told=True),
            "obliges_now", "any", "step", "oblige",
        ),
        Fold(
            Variable("tabled_now", scope="clause", units="1", meaning="the concession is tabled on the track this week",
                     kind="bool"),
            "fires", "any", "step", "table",
        ),
        Fold(
            Variable("ordered_now", scope="concession", units="1", meaning="delivery is ordered this week", kind="bool",
                     told=True),
            "fires", "any", "step", "deliver",
        ),
        Fold(
            Variable("press_total_now", scope="run", units="share", meaning="leverage asked for this week", low=0.0),
            "press_now", "sum", "step", "press",
        ),
        Fold(
            Variable("press_total_speed", scope="run", units="share per week", meaning="its speed", low=0.0),
            "press_speed_now", "sum", "step", "press",
        ),
        Fold(
            Variable("ceasefire_declared", scope="run", units="weeks",
                     meaning="length of the ceasefire declared this week", low=0.0, told=True),
            "ceasefire_now", "max", "step", "ceasefire", 0.0,
        ),
        Fold(
            Variable("withdraw_ordered", scope="run", units="thousands of troops",
                     meaning="force to be left, infinite without an order", low=0.0),
            "withdraw_to_now", "min", "step", "withdraw",
        ),
        Fold(
            Variable("withdraw_ordered_speed", scope="run", units="thousands of troops per week", meaning="its speed",
                     low=0.0),
            "withdraw_speed_now", "sum", "step", "withdraw",
        ),
        Fold(
            Variable("switch_ordered", scope="run", units="1",
                     meaning="the patron is made to give up its refusal this week", kind="bool"),
            "fires", "any", "step", "switch",
        ),
    ),
    variables=(
        Variable("fires", scope="step", units="1", meaning="the step is taken this week", kind="bool", told=True),
        Variable("taken_week", scope="step", units="weeks", meaning="week in which the step was taken, -1 before",
                 start=-1.0, low=-1.0, told=True),
        Variable("condition_since", scope="condition", units="weeks", meaning="week in which the condition first held",
                 start=-1.0, low=-1.0),
    ),
)
