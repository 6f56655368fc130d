"""When a condition may hold at all, as far as weeks say and what has surely happened before.

Every doubt is in the condition's favour: what is called impossible is so in every run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from settlesim.scenario.conditions import Condition

if TYPE_CHECKING:
    from settlesim.scenario.plan import Plan
    from settlesim.scenario.sequence import Step

__all__ = ["Happened", "contradiction", "impossible_moves"]

# What has surely happened when a step has its turn: kind of condition and the name it refers to.
Happened = frozenset[tuple[str, str]]
Span = tuple[float, float]
NOTHING: Happened = frozenset()
NEVER = (math.inf, 0.0)


def contradiction(when: Condition, *, turn: float = 0.0, happened: Happened = NOTHING) -> str | None:
    """Say why a condition can never hold, None if it may.

    Parameters
    ----------
    when : Condition
        Of a step.
    turn : float
        First week in which the step may have its turn.
    happened : frozenset of tuple
        What has surely happened by then and cannot be undone.

    Examples
    --------
    >>> from settlesim.scenario.conditions import taken, week
    >>> contradiction(week(8) & ~week(4))
    'contradicts itself: not before week 8, and no longer from week 4 on'
    >>> contradiction(~week(4), turn=8)
    'its turn comes in week 8 or later, and it waits for what holds before week 4 only'
    >>> contradiction(week(3) & ~week(4)), contradiction((~week(4)).after(8))
    (None, None)
    """
    low, high = _span(when, NOTHING)
    if low >= high:
        told = f": not before week {low:g}, and no longer from week {high:g} on" if math.isfinite(low) else ""
        return f"contradicts itself{told or ': it can never hold'}"
    if max(low, turn) >= high:
        return f"its turn comes in week {turn:g} or later, and it waits for what holds before week {high:g} only"
    low, high = _span(when, happened)
    if max(low, turn) < high:
        return None
    met = {(one.kind, str(one.ref)) for one in when.walk()} & happened
    names = " or ".join(sorted(f"{ref!r} is {kind}" for kind, ref in met))
    return f"contradicts the order: it holds only before {names}, and precedence puts that before it"


def impossible_moves(plan: Plan) -> Iterator[tuple[str, int, str, str]]:
    """Yield move, number of its step, key and reason for each condition that holds in no order of a plan.

    With patience nothing waits for ever.
    """
    for at, block in enumerate(plan.blocks) if plan.patience is None else ():
        below = [steps for other in range(len(plan.blocks)) if plan.below[at] >> other & 1
                 for move in plan.blocks[other] for steps in plan.steps[move]]  # fmt: skip
        happened = frozenset(_surely(plan, below))
        turn = float(plan.pace * plan.below[at].bit_count())
        for move in block:
            for i, step in enumerate(plan.steps[move]):
                if step.when is not None and (why := contradiction(step.when, turn=turn, happened=happened)):
                    yield move, i, "when", why
                if step.done is not None and (why := contradiction(step.done)):
                    yield move, i, "done", why


def _surely(plan: Plan, below: list[Step]) -> Iterator[tuple[str, str]]:
    """What has happened once these steps had their turn in earlier weeks."""
    for step in below:
        # Without pace the next may have its turn in the same week, before which nothing was taken.
        if plan.pace:
            yield "taken", str(step.name)
        end = step.completion() if plan.completes == "done" else None
        # What is delivered may be taken back, a table that has opened once has opened.
        if end is not None and end.kind == "opened" and not end.delay:
            yield "opened", str(end.ref)


def _span(when: Condition, happened: Happened) -> Span:
    """First week in which a condition may hold, and the week from which it no longer can."""
    if when.delay:
        # It holds for good so long after it first held, which may have been before the turn.
        low, high = _span(when.model_copy(update={"delay": 0}), NOTHING)
        return (low + when.delay, math.inf) if low < high else NEVER
    if when.kind == "week":
        return float(math.ceil(when.number or 0.0)), math.inf
    if when.kind == "not":
        return 0.0, _certain(when.children[0], happened)
    inner = [_span(child, happened) for child in when.children]
    if when.kind == "all":
        return max(low for low, _ in inner), min(high for _, high in inner)
    if when.kind == "any":
        some = [(low, high) for low, high in inner if low < high] or [NEVER]
        return min(low for low, _ in some), max(high for _, high in some)
    return 0.0, math.inf


def _certain(when: Condition, happened: Happened) -> float:
    """Week from which a condition is certain to hold, infinite where nothing is certain."""
    if when.delay:
        # Nobody looks before week 1.
        return max(_certain(when.model_copy(update={"delay": 0}), NOTHING), 1.0) + when.delay
    if when.kind == "week":
        return float(when.number or 0.0)
    if when.kind == "not":
        low, high = _span(when.children[0], happened)
        return high if low < high else 0.0
    if when.kind in ("all", "any"):
        weeks = [_certain(child, happened) for child in when.children]
        return max(weeks) if when.kind == "all" else min(weeks)
    return 0.0 if (when.kind, str(when.ref)) in happened else math.inf
