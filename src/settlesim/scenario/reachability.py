"""Which steps of a sequence can ever be taken: a least fixpoint, taking every doubt in the sequence's favour.

Consent, deals, quiet and breakdown are taken as possible; what is not possible is a step that waits, directly
or in a circle, for something that no step brings about, or for a week beyond the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from settlesim.scenario.conditions import Condition
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.spans import contradiction

__all__ = ["obstacles", "outlived", "unreachable"]


def unreachable(
    sequence: Sequence, tracks: Mapping[str, Any], concessions: Mapping[str, Any], horizon: float
) -> Iterator[tuple[int, str]]:
    """Yield, for each root cause, the position of the first step that can never be taken and the reason."""
    steps = sequence.steps
    can: set[int] = set()
    grew = True
    while grew:
        grew = False
        for at in range(len(steps)):
            before = _before(at, sequence)
            if at in can or (before is not None and before not in can):
                continue
            # Patience ends every waiting.
            waits = [] if _patient(at, sequence) else _awaited(at, sequence)
            if not any(obstacles(one, sequence, can, tracks, concessions, horizon) for one in waits):
                can.add(at)
                grew = True
    told: set[int] = set()
    for at in range(len(steps)):
        if at in can or at in told:
            continue
        chain, why = _chain(at, sequence, can, tracks, concessions, horizon)
        if not told & set(chain):
            yield chain[0], why
        told |= {at, *chain}


def outlived(sequence: Sequence) -> Iterator[tuple[int, str]]:
    """Yield the position of each step whose condition is over before it may hold, and the reason."""
    for at, step in enumerate(sequence.steps):
        why = None if step.when is None or _patient(at, sequence) else contradiction(step.when)
        if why is not None:
            yield at, f"step {step.name!r} can never be taken: {why}"


def _chain(
    at: int,
    sequence: Sequence,
    can: set[int],
    tracks: Mapping[str, Any],
    concessions: Mapping[str, Any],
    horizon: float,
) -> tuple[list[int], str]:
    """Follow what step `at` waits for, to a circle or a dead end."""
    path = [at]
    while True:
        step, before = sequence.steps[path[-1]], _before(path[-1], sequence)
        waits = _awaited(path[-1], sequence)
        blocks = [block for one in waits for block in obstacles(one, sequence, can, tracks, concessions, horizon)]
        providers, reason = [], ""
        if before is not None and before not in can:
            providers = [before]
        elif blocks:
            reason, providers = blocks[0]
        if not providers:
            return [path[-1]], f"step {step.name!r} can never be taken: {reason}"
        if providers[0] in path:
            circle = path[path.index(providers[0]) :]
            first = circle.index(min(circle))
            circle = circle[first:] + circle[:first]
            names = " waits for ".join(repr(sequence.steps[i].name) for i in [*circle, circle[0]])
            return circle, f"steps wait for each other in a circle: {names}"
        path.append(providers[0])


def _before(at: int, sequence: Sequence) -> int | None:
    """Return the step whose turn comes before that of step `at`, if it has one."""
    steps = sequence.steps
    if not sequence.ordered or steps[at].apart:
        return None
    return next((i for i in range(at - 1, -1, -1) if not steps[i].apart), None)


def _awaited(at: int, sequence: Sequence) -> list[Condition]:
    """Return what a step waits for: its own condition, and that the step before it is done."""
    step, before = sequence.steps[at], _before(at, sequence)
    end = None if before is None or step.together else sequence.awaited(sequence.steps[before])
    return [condition for condition in (step.when, end) if condition is not None]


def _patient(at: int, sequence: Sequence) -> bool:
    return sequence.patience is not None and not sequence.steps[at].apart


def obstacles(
    when: Condition,
    sequence: Sequence,
    can: set[int],
    tracks: Mapping[str, Any],
    concessions: Mapping[str, Any],
    horizon: float,
) -> list[tuple[str, list[int]]]:
    """Return what keeps the condition from ever holding: reasons, each with the steps that could end it."""
    kind = when.kind
    if kind in ("week", "quiet"):
        late = (when.number or 0) + when.delay
        return [(f"week {late:g} lies beyond the horizon of {horizon:g} weeks", [])] if late > horizon else []
    if kind == "not":
        return []
    if kind in ("all", "any"):
        inner = [obstacles(child, sequence, can, tracks, concessions, horizon) for child in when.children]
        if kind == "any" and not all(inner):
            return []
        return [block for blocks in inner for block in blocks]
    providers = _providers(when, sequence, tracks, concessions)
    if any(at in can for at in providers):
        return []
    return [(f"no step brings about {kind} = {when.ref!r}", providers)]


def _providers(
    when: Condition, sequence: Sequence, tracks: Mapping[str, Any], concessions: Mapping[str, Any]
) -> list[int]:
    """Return the steps that could bring about what the condition refers to."""
    found = []
    for at, step in enumerate(sequence.steps):
        if when.kind == "taken":
            good = step.name == when.ref
        elif when.kind == "delivered":
            track = tracks.get(step.track or "")
            concession = concessions.get(when.ref or "")
            at_table = bool(track and concession and set(track.parties) & set(concession.by))
            opens = step.do == "open" and (at_table or bool(track and not getattr(concession, "pie", True)))
            good = step.concession == when.ref or when.ref in step.concessions or opens
            good = good or (step.do == "ceasefire" and getattr(concession, "ceases_fire", False))
            good = good or (step.do == "withdraw" and not getattr(concession, "pie", True))
        else:
            good = step.do == "open" and step.track == when.ref
        if good:
            found.append(at)
    return found
