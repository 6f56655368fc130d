"""Units given out to other processes, a few at a time; one whose worker died is given out again, with the same luck."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from settlesim.errors import FaultError, SettlesimError
from settlesim.experiments.interruption import Stop
from settlesim.experiments.job import Job, Unit
from settlesim.results.dataset import Block

__all__ = ["LISTENS", "Hands", "Reply", "dispatch"]

# Seconds within which a signal is met while units are waited for.
LISTENS = 0.2
# Deaths of workers over one unit, from which on it is the unit that kills them.
DEATHS = 3


@dataclass(frozen=True)
class Reply:
    """What became of a unit that was given out.

    Attributes
    ----------
    turn : int
        Its number.
    block : Block, optional
        What was computed.
    seconds : float
        In so much time.
    fault : BaseException, optional
        What its computation raised.
    died : str
        How its worker died, where that is what became of it; empty where it was not the one being computed.
    """

    turn: int
    block: Block | None = None
    seconds: float = 0.0
    fault: BaseException | None = None
    died: str | None = None


class Hands(Protocol):
    """Who computes units: worker processes of one's own, or an executor."""

    def room(self) -> int:
        """Return how many units more can be under way."""

    def give(self, turn: int, unit: Unit) -> None:
        """Have a unit computed."""

    def collect(self, seconds: float) -> list[Reply]:
        """Wait for what was given, at most so long, and return what is there."""

    def withdraw(self) -> list[int]:
        """Take back what nobody has begun."""


def dispatch(
    job: Job,
    units: Iterator[Unit],
    hands: Hands,
    take: Callable[[Block], None],
    stop: Stop,
    timed: Callable[[Unit, float], None] = lambda unit, seconds: None,
) -> None:
    """Have units computed, and hand on each block as it comes in, until none is left or a signal asks to end.

    Raises
    ------
    FaultError
        That of the first unit in turn that fails, whichever worker was the fastest.
    SettlesimError
        If workers die again and again over one unit.
    """
    numbered = enumerate(units)
    again: deque[tuple[int, Unit]] = deque()
    under_way: dict[int, Unit] = {}
    deaths: Counter[int] = Counter()
    faults: dict[int, BaseException] = {}
    while True:
        while not stop and not faults and hands.room() > 0:
            turn, unit = again.popleft() if again else next(numbered, (-1, None))
            if unit is None:
                break
            under_way[turn] = unit
            hands.give(turn, unit)
        if stop:
            # What is under way is worth keeping; what is not begun is not waited for.
            for turn in hands.withdraw():
                under_way.pop(turn, None)
        # Of several units that fail the first in turn is shown, so those before it are waited for.
        if not under_way or (faults and min(under_way) > min(faults)):
            break
        for reply in hands.collect(LISTENS):
            unit = under_way.pop(reply.turn)
            if reply.died is not None:
                deaths[reply.turn] += bool(reply.died)
                if deaths[reply.turn] >= DEATHS:
                    raise SettlesimError(_deadly(job, unit, reply.died))
                again.append((reply.turn, unit))
            elif reply.block is None:
                assert reply.fault is not None
                faults[reply.turn] = reply.fault
            else:
                timed(unit, reply.seconds)
                take(reply.block)
    if faults:
        # A mistake in rules stands above what may follow from it.
        named = [turn for turn in sorted(faults) if isinstance(faults[turn], FaultError)]
        raise faults[(named or sorted(faults))[0]]


def _deadly(job: Job, unit: Unit, how: str) -> str:
    names = [job.shown[i].name for i in unit.lines[:3]]
    more = f" and {len(unit.lines) - len(names)} more" if len(unit.lines) > len(names) else ""
    runs = f"run {unit.runs[0]}" if len(unit.runs) == 1 else f"runs {unit.runs[0]} to {unit.runs[-1]}"
    return (
        f"{DEATHS} worker processes died one after another over {runs} of {', '.join(map(repr, names))}{more} ({how}): "
        "memory may have run out, or a rule ends the process; use fewer workers or smaller blocks"
    )
