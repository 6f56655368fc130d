"""The parts of a plan: moves of one step or several, pairs of moves, and groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WrapSerializer

from settlesim.scenario.base import FrozenDict, Key, Listed, fail
from settlesim.scenario.limits import ENTRIES_MOST
from settlesim.scenario.sequence import Step

__all__ = ["Group", "Moves", "Pair", "called"]


def _several(raw: Any) -> Any:
    """Read a move of one step, which stands by itself, as one of several."""
    if isinstance(raw, (Step, Mapping)):
        return (raw,)
    if not isinstance(raw, (list, tuple)):
        fail("a move is a step, or a list of steps that are taken together")
    if not raw:
        fail("a move needs at least one step")
    return raw


def _pair(raw: Any) -> Any:
    if not isinstance(raw, (list, tuple)) or len(raw) != 2:
        fail("a precedence is a pair: the move that comes before, and the one that comes after", allowed='["a", "b"]')
    return raw


def _singly(moves: Any, handler: Any) -> Any:
    """Write moves of one step as that step; all as lists if one has several, since TOML keeps tables behind lists."""
    written = handler(moves)
    alone = all(len(steps) == 1 for steps in written.values())
    return {name: steps[0] if alone else steps for name, steps in written.items()}


Move = Annotated[Listed[Step], BeforeValidator(_several)]
Moves = Annotated[
    Mapping[Key, Move], Field(max_length=ENTRIES_MOST), AfterValidator(FrozenDict), WrapSerializer(_singly)
]
Pair = Annotated[tuple[Key, Key], BeforeValidator(_pair)]
Group = Annotated[Listed[Key], Field(min_length=2)]


def called(move: str, steps: tuple[Step, ...], joined: bool) -> Iterator[Step]:
    """Yield the steps of a move, named; further ones are taken in the week of the first."""
    used: dict[str, int] = {}
    for at, step in enumerate(steps):
        name = move
        if at:
            name = f"{move}: {step.do} {step.track or step.concession or ''}".rstrip()
            used[name] = used.get(name, 0) + 1
            name += f" ({used[name]})" if used[name] > 1 else ""
        yield step.model_copy(update={"name": name, "together": joined or at > 0})
