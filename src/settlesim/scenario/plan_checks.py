"""Whether plans fit the conflict beside which they stand, in every one of their orders."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from settlesim.errors import Problem
from settlesim.scenario.checks import SoundFields, check_names, check_settings
from settlesim.scenario.conditions import Condition
from settlesim.scenario.messages import KeyPath, dotted
from settlesim.scenario.plan import Plan
from settlesim.scenario.plan_faults import contradictions
from settlesim.scenario.reachability import obstacles, unreachable
from settlesim.scenario.sequence import Sequence, Step

__all__ = ["check_plan", "check_plans", "check_time"]


def check_plans(fields: SoundFields, file: str) -> Iterator[Problem]:
    """Yield every problem of the plans of a scenario."""
    for name, plan in fields.table("plans").items():
        if plan.name != name:
            yield Problem(file, f"plans.{name}.name", "stands under another name", None, plan.name, name)
        yield from check_plan(plan, fields, file)


def check_plan(plan: Plan, fields: SoundFields, file: str) -> Iterator[Problem]:
    """Yield the problems of a plan: those of a sequence, and orders in which something could never be done.

    What is looked at is one order, with each move where it is worst off; so no order needs to be looked at alone.
    """
    root: KeyPath = ("plans", plan.name)
    # Any order: which names and levers there are does not depend on it.
    order = plan.order(next(plan.orders()))
    places = _places(plan, order)
    unknown = [_moved(problem, root, places) for problem in check_names(order, fields, file, root)]
    yield from unknown
    yield from (_moved(problem, root, places) for problem in check_settings(order, fields, file, root))
    if unknown or not fields.whole("tracks") or not fields.whole("concessions"):
        return
    horizon = fields.values.get("horizon", math.inf)
    tracks, concessions = fields.table("tracks"), fields.table("concessions")
    loose = Sequence(plan.name, [_loose(step) for step in order.steps])
    never = list(unreachable(loose, tracks, concessions, horizon))
    for at, message in never:
        yield Problem(file, dotted((*root, *places[at], "when")), message)
    if never:
        return

    def may_hold(condition: Condition, taken: set[str]) -> bool:
        """Whether a condition may hold once these moves are made, and the given steps that then can be."""
        can = {at for at, step in enumerate(loose.steps) if str(step.name) in taken}
        grew = True
        while grew:
            more = {
                at
                for at, step in enumerate(plan.apart)
                if step.when is None or not obstacles(step.when, loose, can, tracks, concessions, horizon)
            }
            grew = not more <= can
            can |= more
        return not obstacles(condition, loose, can, tracks, concessions, horizon)

    for fault in contradictions(plan, may_hold):
        yield Problem(file, dotted((*root, *_brief(plan, fault.at))), fault.message)


def _places(plan: Plan, order: Sequence) -> list[KeyPath]:
    """Where in the plan each step of an order stands."""
    moves = {str(step.name): ("moves", name, i) for name, steps in plan.steps.items() for i, step in enumerate(steps)}
    given: list[KeyPath] = [("given", at) for at in range(len(plan.apart))]
    return [*given, *(_brief(plan, moves[str(step.name)]) for step in order.steps[len(given) :])]


def _brief(plan: Plan, at: KeyPath) -> KeyPath:
    """A move of one step is that step, without a number."""
    alone = at[0] == "moves" and len(plan.moves[str(at[1])]) == 1
    return (*at[:2], *at[3:]) if alone else at


def _moved(problem: Problem, root: KeyPath, places: list[KeyPath]) -> Problem:
    """The problem of an order, told where it stands in the plan."""
    start = dotted((*root, "steps"))
    found = re.match(r"\[(\d+)\]", problem.key[len(start) :]) if problem.key.startswith(start) else None
    if found is None:
        return problem
    return replace(problem, key=dotted((*root, *places[int(found[1])])) + problem.key[len(start) + found.end() :])


def _loose(step: Step) -> Step:
    """The step without its links to an order."""
    return step.model_copy(update={"apart": False, "together": False, "done": None})


def check_time(plan: Plan, horizon: float, file: str) -> Iterator[Problem]:
    """Yield what puts the last move of some order beyond the horizon, as far as pace and dates say.

    That is asked when a plan is to be run: a scenario may be cut short for what else it holds.
    """
    root: KeyPath = ("plans", plan.name)
    last = len(plan.blocks) - 1
    if plan.pace * last > horizon:
        message = f"{last + 1} moves so far apart take {plan.pace * last} weeks, beyond the horizon of {horizon:g}"
        yield Problem(file, dotted((*root, "pace")), message, None, plan.pace, f"0 to {int(horizon // last)}")
    elif plan.patience is None:
        for at, block in enumerate(plan.blocks):
            after = last - plan.below[at].bit_count()
            for name in block:
                for i, step in enumerate(plan.moves[name]):
                    weeks = 0.0 if step.when is None else _soonest(step.when)
                    if weeks + plan.pace * after > horizon:
                        path = dotted((*root, *_brief(plan, ("moves", name, i)), "when"))
                        message = (
                            f"in an order in which {after} moves follow {name!r}, taken in week {weeks:g} or later, "
                            f"the last comes after the horizon of {horizon:g} weeks; less pace helps, or patience"
                        )
                        yield Problem(file, path, message)


def _soonest(condition: Condition) -> float:
    """Return the first week in which a condition may hold, as far as weeks say."""
    if condition.kind == "week":
        return (condition.number or 0.0) + condition.delay
    if condition.kind in ("all", "any"):
        weeks = [_soonest(child) for child in condition.children]
        return (max(weeks) if condition.kind == "all" else min(weeks)) + condition.delay
    return float(condition.delay)
