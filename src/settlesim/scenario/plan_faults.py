"""What can be wrong with a plan in itself: names, circles of precedence, conditions that contradict every order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from settlesim.errors import nearest
from settlesim.scenario.conditions import Condition
from settlesim.scenario.limits import STEPS
from settlesim.scenario.linear_extensions import circles
from settlesim.scenario.messages import KeyPath
from settlesim.scenario.spans import contradiction, impossible_moves

if TYPE_CHECKING:
    from settlesim.scenario.plan import Plan
    from settlesim.scenario.sequence import Step

__all__ = ["MOST", "Fault", "contradictions", "faults"]

# More moves have more orders than anybody could tell apart.
MOST = 64
CALLED = "a step of a move is called by the move"


@dataclass(frozen=True)
class Fault:
    """One mistake, at a path of keys below the plan."""

    at: KeyPath
    message: str
    value: str | None = None
    nearest: str | None = None
    allowed: str | None = None


def faults(plan: Plan) -> list[Fault]:
    """Return all that is wrong with a plan, as far as that can be told without a scenario."""
    if not 1 <= len(plan.moves) <= MOST:
        return [Fault(("moves",), f"a plan has 1 to {MOST} moves, not {len(plan.moves)}")]
    steps = len(plan.given) + sum(map(len, plan.moves.values()))
    if steps > STEPS:
        return [Fault(("moves",), f"a plan has at most {STEPS} steps, given ones among them, not {steps}")]
    found = [*_names(plan), *_circles(plan)]
    if not found:
        found += _woven(plan)
    found += _steps(plan, ordered=not found)
    if not found:
        found += _twins(plan)
        found += _taken(plan)
    if not found:
        found += _never(plan)
    return found


def _unknown(plan: Plan, at: KeyPath, name: str) -> Fault:
    return Fault(at, "unknown move", name, nearest(name, plan.moves), ", ".join(plan.moves))


def _names(plan: Plan) -> Iterator[Fault]:
    """Moves that precedence and together name."""
    group = {name: at for at, names in enumerate(plan.together) for name in names}
    for at, pair in enumerate(plan.precedence):
        yield from (
            _unknown(plan, ("precedence", at, i), name) for i, name in enumerate(pair) if name not in plan.moves
        )
        first, then = pair
        if first == then:
            yield Fault(("precedence", at), f"{first!r} cannot come before itself")
        elif first in group and group[first] == group.get(then):
            yield Fault(("precedence", at), f"{first!r} and {then!r} are taken together, so that neither comes before")
    seen: set[str] = set()
    for at, names in enumerate(plan.together):
        for i, name in enumerate(names):
            if name not in plan.moves:
                yield _unknown(plan, ("together", at, i), name)
            elif name in seen:
                yield Fault(("together", at, i), "the move stands among those taken together twice", name)
            seen.add(name)


def _steps(plan: Plan, *, ordered: bool) -> Iterator[Fault]:
    """Names and links of steps that the plan gives them, or that somebody else has."""
    used = {step.name for steps in plan.steps.values() for step in steps} if ordered else set(plan.moves)
    for name, steps in plan.moves.items():
        for i, step in enumerate(steps):
            if step.name is not None and (i > 0 or step.name != name):
                yield Fault(("moves", name, i, "name"), f"{CALLED}: leave it out", step.name)
            for link in ("apart", "together"):
                if getattr(step, link):
                    yield Fault(("moves", name, i, link), f"is for the plan to say, by its moves, {link} or given")
    for i, step in enumerate(plan.given):
        if step.name in used:
            yield Fault(("given", i, "name"), "another step is called so", step.name)
        if step.name is not None:
            used.add(step.name)
        if step.together or step.done is not None:
            link = "together" if step.together else "done"
            yield Fault(("given", i, link), "means nothing for a step apart from the order")


def _circles(plan: Plan) -> Iterator[Fault]:
    """Precedences that cannot all hold."""
    moves = list(plan.moves)
    known = [pair for pair in plan.precedence if set(pair) <= set(moves) and pair[0] != pair[1]]
    for circle in circles(len(moves), [(moves.index(first), moves.index(then)) for first, then in known]):
        told = " before ".join(repr(moves[at]) for at in (*circle, circle[0]))
        closing = plan.precedence.index((moves[circle[-1]], moves[circle[0]]))
        yield Fault(("precedence", closing), f"goes in a circle: {told}")


def _woven(plan: Plan) -> Iterator[Fault]:
    """Precedences that cannot all hold for moves that are taken together."""
    place = {name: at for at, block in enumerate(plan.blocks) for name in block}
    for circle in circles(len(plan.blocks), [(place[first], place[then]) for first, then in plan.precedence]):
        told = " before ".join(repr(" + ".join(plan.blocks[at])) for at in (*circle, circle[0]))
        which = next(at for at, names in enumerate(plan.together) if place[names[0]] in circle)
        yield Fault(("together", which), f"contradicts precedence, in a circle: {told}")


def _twins(plan: Plan) -> Iterator[Fault]:
    """Moves that are one and the same: to swap them changes nothing, and each order would be counted twice."""
    place = {name: at for at, block in enumerate(plan.blocks) for name in block}
    for one, other in combinations(plan.moves, 2):
        i, j = place[one], place[other]
        comparable = i == j or plan.below[i] >> j & 1 or plan.below[j] >> i & 1
        if plan.moves[one] == plan.moves[other] and not comparable:
            say = f"does the same as {one!r}, so that to swap the two changes nothing; say in precedence which is first"
            yield Fault(("moves", other), say)


def _taken(plan: Plan) -> Iterator[Fault]:
    """Conditions on steps of the plan itself: names, and what the order makes of them."""
    known = {str(step.name) for steps in (*plan.steps.values(), plan.apart) for step in steps}
    owners: list[tuple[KeyPath, Step]] = [
        (("moves", name, i), step) for name, steps in plan.steps.items() for i, step in enumerate(steps)
    ]
    owners += [(("given", i), step) for i, step in enumerate(plan.apart)]
    unknown = False
    for at, step in owners:
        for key in ("when", "done"):
            condition = getattr(step, key)
            for one in () if condition is None else condition.walk():
                if one.kind == "taken" and one.ref not in known:
                    unknown = True
                    names = ", ".join(plan.moves)
                    yield Fault((*at, key, "taken"), "unknown step", one.ref, nearest(one.ref, known), names)
    if not unknown:
        apart = {str(step.name) for step in plan.apart}
        yield from contradictions(plan, lambda condition, taken: _may_hold(condition, taken | apart))


def _never(plan: Plan) -> Iterator[Fault]:
    """Conditions that hold in no order, for a week is over or a move was made."""
    for move, i, key, why in impossible_moves(plan):
        yield Fault(("moves", move, i, key), f"{move!r} can never be {'taken' if key == 'when' else 'done'}: {why}")
    for i, step in enumerate(plan.given):
        over = None if step.when is None else contradiction(step.when)
        if over is not None:
            yield Fault(("given", i, "when"), f"can never be taken: {over}")


def _may_hold(condition: Condition, taken: set[str]) -> bool:
    """Whether a condition may hold once these steps are taken, all else granted."""
    if condition.kind == "taken":
        return condition.ref in taken
    if condition.kind in ("all", "any"):
        parts = [_may_hold(child, taken) for child in condition.children]
        return all(parts) if condition.kind == "all" else any(parts)
    return True


def contradictions(plan: Plan, may_hold: Callable[[Condition, set[str]], bool]) -> Iterator[Fault]:
    """Yield conditions that can never hold at the place that a move has in every order, or in some.

    A move is worst off right after what must come before it: what may hold there may hold in every order. So one look
    at each move decides about all orders.

    Parameters
    ----------
    plan
        Sound in itself.
    may_hold
        Whether a condition may hold when no steps of the order but those named were taken.
    """
    blocks = [{str(step.name) for move in block for step in plan.steps[move]} for block in plan.blocks]
    for at, block in enumerate(plan.blocks):
        before = _among(blocks, plan.below[at])
        for move in block:
            for i, step in enumerate(plan.steps[move]):
                # The next has its turn once all that is taken together is done.
                for key, condition, there in (
                    ("when", step.when, set(before)),
                    ("done", step.completion() if plan.completes == "done" else step.done, before | blocks[at]),
                ):
                    if condition is not None and not may_hold(condition, there):
                        say = _wait(plan, at, blocks, key, partial(_helped, may_hold, condition, there))
                        if say is not None:
                            told = key if getattr(step, key) is not None else "do"
                            yield Fault(("moves", move, i, told), say.format(move=repr(move), name=move))
                before.add(str(step.name))


def _among(blocks: list[set[str]], mask: int) -> set[str]:
    return {name for at, names in enumerate(blocks) if mask >> at & 1 for name in names}


def _helped(
    may_hold: Callable[[Condition, set[str]], bool], condition: Condition, there: set[str], more: set[str]
) -> bool:
    return may_hold(condition, there | more)


def _wait(plan: Plan, at: int, blocks: list[set[str]], key: str, helped: Callable[[set[str]], bool]) -> str | None:
    """Say why a condition of block `at` keeps the order waiting, by which further steps would help; None if it ends."""
    others = [other for other in range(len(blocks)) if other != at]
    above = [other for other in others if plan.below[other] >> at & 1]
    beside = [other for other in others if other not in above]
    waits = "waits for" if key == "when" else "is done only with"
    if not helped(set().union(*blocks)):
        return f"{{move}} {waits} what nothing in the plan brings about"
    if not helped(set().union(*(blocks[other] for other in beside))):
        later = [
            plan.blocks[other][0]
            for other in above
            if helped(_among(blocks, (plan.below[other] | 1 << other) & ~(1 << at)))
        ]
        if not later:
            return f"contradicts the order: {{move}} {waits} itself, or what is taken together with it"
        whom = " or ".join(map(repr, later))
        return (
            f"contradicts the order: {{move}} {waits} what only {whom} can bring about, before which precedence puts it"
        )
    if plan.patience is not None:
        return None
    ends = [plan.blocks[other][0] for other in beside if helped(_among(blocks, plan.below[other] | 1 << other))]
    waits = "{move} would wait for ever" if key == "when" else "what comes after {move} would wait for ever"
    if not ends:
        return f"{waits} in some orders; say in precedence what must come before it, or give the plan patience"
    whom = " and ".join(map(repr, ends))
    return (
        f'{waits} in an order in which it comes before {whom}; add ["{ends[0]}", "{{name}}"] to precedence, or patience'
    )
