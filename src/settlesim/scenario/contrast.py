"""In what two sequences differ: what is done, in which order, on which dates, by which rules; and hybrids of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from settlesim.errors import UsageError
from settlesim.scenario.conditions import GROUPS, NUMBERS, Condition
from settlesim.scenario.sequence import Sequence, Step

__all__ = ["PARTS", "differs_in", "hybrid"]

# In what sequences can differ, in the order in which it is told: what is done; who waits for whom; weeks and delays;
# whether anything holds before everything is agreed; item by item or together; parameters held; dated troops.
PARTS = ("content", "order", "pace", "undertaking", "agenda", "levers", "troop path")
# Fields of a step that say when it is taken and not what it is.
TIMING = ("name", "when", "apart", "together", "done")
# Fields of a sequence by the part they belong to.
PACED = ("pace", "completes", "patience")
PLAIN = {"undertaking": "undertaking", "agenda": "agenda", "levers": "levers", "troop path": "troop_path"}

Key = tuple[Any, ...]


def differs_in(a: Sequence, b: Sequence) -> tuple[str, ...]:
    """Return the words for everything in which two sequences differ, in the order of `PARTS`.

    Two sequences are two orders of the same moves where nothing but ``"order"`` is returned, or ``"order"`` and
    ``"pace"`` where the weeks for which steps wait differ as well.

    Parameters
    ----------
    a, b
        The sequences. Names, labels and descriptions do not count.

    Notes
    -----
    *content*: what is done, step for step, whatever the order in which items are tabled. *order*: in which order the
    steps stand, where the sequence is ordered; for which events each waits; in which order items are tabled. *pace*:
    weeks, delays, the pace between steps, what completes one, and patience. A step that waits for other events than
    before is counted to the order, with the weeks that belong to them.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> plans = load("afghanistan-2018").sequences
    >>> differs_in(plans["kabul_first"], plans["us_first"]), differs_in(plans["kabul_first"], plans["trilateral"])
    (('order',), ('content',))
    >>> differs_in(plans["easy_first"], plans["hard_first"]), differs_in(plans["trilateral"], plans["easy_first"])
    (('order',), ('order', 'agenda'))
    """
    b = _aligned(a, b)
    first, second = _by_key(a), _by_key(b)
    found = set()
    if first.keys() != second.keys():
        found.add("content")
    common = [key for key in first if key in second]
    ordered = a.ordered or b.ordered
    if a.ordered != b.ordered or (ordered and common != [key for key in second if key in first]):
        found.add("order")
    dated = [] if ordered else _dated(first, second)
    if _by_date(dated, first) != _by_date(dated, second):
        found.add("order")
    if sorted(_week(first[key]) for key in dated) != sorted(_week(second[key]) for key in dated):
        found.add("pace")
    for key in common:
        mine, other = first[key], second[key]
        if _waits_for(mine) != _waits_for(other) or mine.concessions != other.concessions:
            found.add("order")
        elif key not in dated and (_numbers(mine.when), mine.done) != (_numbers(other.when), other.done):
            found.add("pace")
    if ordered and any(getattr(a, name) != getattr(b, name) for name in PACED):
        found.add("pace")
    found |= {part for part, name in PLAIN.items() if getattr(a, name) != getattr(b, name)}
    return tuple(part for part in PARTS if part in found)


def hybrid(a: Sequence, b: Sequence, from_b: Iterable[str], name: str) -> Sequence:
    """Return the sequence that has the parts `from_b` of `b` and all others of `a`.

    Parameters
    ----------
    a, b
        The sequences.
    from_b
        Some of `PARTS`.
    name
        What it is called.

    Notes
    -----
    A step that only one of them has comes with the content, at its place and with its own condition; a step that both
    have waits for what it waits for in the sequence whose order is taken. The two may not fit: a step may then wait for
    one that is not there, which is found when the sequence is checked against a scenario.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> plans = load("afghanistan-2018").sequences
    >>> mixed = hybrid(plans["kabul_first"], plans["us_first"], ["order"], "mixed")
    >>> differs_in(mixed, plans["us_first"]), differs_in(mixed, plans["kabul_first"])
    ((), ('order',))
    """
    chosen = set(from_b)
    if chosen - set(PARTS):
        raise UsageError(f"unknown parts {', '.join(sorted(chosen - set(PARTS)))}; known: {', '.join(PARTS)}")
    b = _aligned(a, b)

    def source(part: str) -> Sequence:
        return b if part in chosen else a

    content, order, pace = (_by_key(source(part)) for part in ("content", "order", "pace"))
    dated = [] if a.ordered or b.ordered else _dated(_by_key(a), _by_key(b))
    # Steps that wait for nothing but a week share out the weeks of one sequence in the order of the other.
    weeks = dict(zip(_by_date(dated, order), sorted(dated, key=lambda key: _week(pace[key])), strict=True))
    steps = []
    for key in _arranged(content, order):
        step = content[key]
        if key in order:
            step = _retimed(step, order[key], pace[weeks[key]] if key in weeks else pace.get(key, order[key]))
        steps.append(step)
    fields = {field: getattr(source(part), field) for part, field in PLAIN.items()}
    fields |= {field: getattr(source("pace"), field) for field in PACED}
    return Sequence(name, steps, ordered=source("order").ordered, **fields)


def _key(step: Step) -> Key:
    """What a step does, whenever it does it; the order of what it tables is none of it."""
    details = {name: getattr(step, name) for name in type(step).model_fields if name not in TIMING}
    return tuple(sorted({**details, "concessions": tuple(sorted(step.concessions))}.items(), key=lambda item: item[0]))


def _by_key(sequence: Sequence) -> dict[Key, Step]:
    """Steps by what they do; the second that does the same is another."""
    count: Counter[Key] = Counter()
    found: dict[Key, Step] = {}
    for step in sequence.steps:
        key = _key(step)
        count[key] += 1
        found[*key, count[key]] = step
    return found


def _aligned(a: Sequence, b: Sequence) -> Sequence:
    """Return `b` with the names that `a` gives to the steps that both have."""
    mine = _by_key(a)
    names: dict[str, str] = {}
    taken = {str(step.name) for step in a.steps}
    for key, step in _by_key(b).items():
        own = str(step.name)
        name = str(mine[key].name) if key in mine else own
        while key not in mine and name in taken:
            name += "'"
        taken.add(name)
        names[own] = name
    steps = tuple(
        step.model_copy(
            update={
                "name": names[str(step.name)],
                "when": _renamed(step.when, names),
                "done": _renamed(step.done, names),
            }
        )
        for step in b.steps
    )
    return b.model_copy(update={"steps": steps})


def _renamed(condition: Condition | None, names: Mapping[str, str]) -> Condition | None:
    if condition is None:
        return None
    children = tuple(child for one in condition.children if (child := _renamed(one, names)) is not None)
    ref = names.get(str(condition.ref), condition.ref) if condition.kind == "taken" else condition.ref
    return condition.model_copy(update={"ref": ref, "children": children})


def _shape(condition: Condition | None) -> Any:
    """What a condition waits for, without weeks; to wait for a week alone is to wait for nothing."""
    if condition is None or condition.kind == "week":
        return None
    if condition.kind in GROUPS:
        return (condition.kind, *(_shape(child) for child in condition.children))
    return (condition.kind, condition.ref)


def _numbers(condition: Condition | None) -> Any:
    if condition is None:
        return None
    number = condition.number if condition.kind in NUMBERS else None
    return (condition.kind, number, condition.delay, *(_numbers(child) for child in condition.children))


def _waits_for(step: Step) -> Any:
    return (_shape(step.when), step.apart, step.together)


def _dated(first: Mapping[Key, Step], second: Mapping[Key, Step]) -> list[Key]:
    """Steps of both sequences that wait for a week or for nothing in either."""
    both = [key for key in first if key in second]
    return [key for key in both if all(_week(of[key]) is not None for of in (first, second))]


def _week(step: Step) -> Any:
    """The week for which a step waits, None where it waits for something else."""
    if step.when is None:
        return 0.0
    return (step.when.number or 0.0) + step.when.delay if step.when.kind == "week" else None


def _by_date(dated: list[Key], steps: Mapping[Key, Step]) -> list[Key]:
    """The dated steps in the order of their weeks; those of one week as they are listed in `dated`."""
    return sorted(dated, key=lambda key: _week(steps[key]))


def _retimed(step: Step, order: Step, pace: Step) -> Step:
    """Return the step with the events it waits for of one and the weeks of another, where the two fit."""
    timing = pace if _waits_for(order) == _waits_for(pace) else order
    changes = {"when": timing.when, "concessions": order.concessions, "done": timing.done}
    return step.model_copy(update=changes | {"apart": order.apart, "together": order.together})


def _arranged(content: Mapping[Key, Step], order: Mapping[Key, Step]) -> list[Key]:
    """Keys of `content` with those that both have in the order of the other; the rest keep their places."""
    shared = iter([key for key in order if key in content])
    return [next(shared) if key in order else key for key in content]
