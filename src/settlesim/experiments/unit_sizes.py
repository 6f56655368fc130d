"""How large a unit is: about two seconds of work, by what the units before it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from settlesim.experiments.job import Job, Unit

__all__ = ["Pieces"]

# Seconds that a unit is to take: what an interruption waits for, and what a crash costs.
SECONDS = 2.0
# Runs times sequences of the first units.  The vectorised engine takes almost as long for fewer, so that they are not
# made smaller either, unless these take several times as long as they should; Mesa takes its time for each.
FIRST = {"numpy": 256}
LONG = 4
# By so much the next is larger, at most.
GROWS = 8


class Pieces(Iterator[Unit]):
    """Cuts units into pieces that are computed in about two seconds; no result depends on how.

    Parameters
    ----------
    job : Job
        Whose units they are.
    units : iterable of Unit
        The largest that there may be.
    fixed : bool
        Leave them as they are: they were asked for, or they are kept in places of just this size.
    """

    def __init__(self, job: Job, units: Iterable[Unit], fixed: bool = False) -> None:
        self.units = iter(units)
        self.fixed = fixed
        self.first = self.columns = FIRST.get(job.engine, 1)
        self._rest: list[Unit] = []

    def __iter__(self) -> Pieces:
        return self

    def __next__(self) -> Unit:
        unit = self._rest.pop() if self._rest else next(self.units)
        if self.fixed or len(unit) <= self.columns:
            return unit
        lines, runs = unit.lines, unit.runs
        # Sequences first, since those that meet the same runs share what is drawn for these.
        several = min(len(lines), max(1, self.columns // len(runs)))
        if several < len(lines):
            self._rest.append(Unit(lines[several:], runs))
        if several * len(runs) > self.columns:
            # In equal parts, so that none is left over that is hardly worth its call.
            parts = -(-several * len(runs) // self.columns)
            first = -(-len(runs) // parts)
            self._rest.append(Unit(lines[:several], runs[first:]))
            runs = runs[:first]
        return Unit(lines[:several], runs)

    def timed(self, unit: Unit, seconds: float) -> None:
        """Learn from how long a unit took, in seconds of the processor: others may be at work on it too."""
        # A small rest takes longer for each of its runs, so it says little of what a whole unit takes.
        if not self.fixed and (2 * len(unit) >= self.columns or seconds > SECONDS):
            wanted = int(len(unit) * SECONDS / max(seconds, 1e-9))
            if seconds * self.first <= LONG * SECONDS * len(unit):
                wanted = max(wanted, self.first)
            self.columns = max(1, min(wanted, GROWS * self.columns))
