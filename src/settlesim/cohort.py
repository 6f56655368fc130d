"""The commanders of a block of runs in the numpy engine: clocks, next ring times, sparse events.

Every clock of a commander has a *mark*: while its status is exposed to the clock, the accumulated hazard
at which it rings; while it is not, what is left of the clock.  Each cell keeps, by clock and run, a lower
bound of its members' marks, so that a week compares a few numbers a cell and looks into the cells that ring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.rules.commanders import (
    INSURGENT,
    KILLED,
    REINTEGRATED,
    RIVAL,
    SPLINTER,
    fraction_of_week,
    hazard_at,
    left_at,
    mark_at,
)
from settlesim.rules.rule import Commanders
from settlesim.state import Layout

__all__ = ["Cohort"]

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

TALLIED = {INSURGENT: "cell_fighters", SPLINTER: "cell_splinter", RIVAL: "cell_rival"}
COUNTED = {
    INSURGENT: "count_insurgent",
    SPLINTER: "count_splinter",
    RIVAL: "count_rival",
    REINTEGRATED: "count_reintegrated",
    KILLED: "count_killed",
}


class Cohort:
    """State of all commanders of a block, advanced a week at a time.

    Marks and statuses are laid out (run, commander), so that the members of a cell in a run, which are looked
    at together when the cell rings, are neighbours in memory.

    Parameters
    ----------
    item : Commanders
        The clocks and the choice.
    layout : Layout
        Scopes and maps.
    scopes : mapping
        Scope by name of variable.
    state : dict
        The engine's state, in which the tallies live.
    draw : callable
        Luck's name to unit exponentials, shape (commanders, runs).
    """

    def __init__(
        self,
        item: Commanders,
        layout: Layout,
        scopes: Mapping[str, str],
        state: dict[str, Any],
        draw: Callable[[str], Floats],
    ) -> None:
        self.item, self.state, self.clocks = item, state, item.clocks
        self.home = layout.maps["commander", "cell"]
        self.starts = layout.cell_starts
        self.counts = np.diff(np.append(self.starts, len(self.home)))
        self.commanders, self.cells = len(self.home), len(self.starts)
        self.runs = state["size"].shape[1]
        self.size = np.ascontiguousarray(state["size"].T).astype(np.int64)
        self.status = np.zeros((self.runs, self.commanders), np.int8)
        self.exposed = np.array([np.isin(np.arange(5), clock.exposed) for clock in self.clocks])
        self.to = np.array([clock.to for clock in self.clocks])
        # Last row: the choice at a signing, which spends no clock.
        self.spends = np.zeros((len(self.clocks) + 1, len(self.clocks)), bool)
        for k, clock in enumerate(self.clocks):
            self.spends[k] = [other.name in (clock.name, *clock.spends) for other in self.clocks]
        self.rows = [self._rows(layout, scopes[clock.hazard]) for clock in self.clocks]
        self.by_cell = [scopes[clock.hazard] == "cell" for clock in self.clocks]
        sizes = [1 if scopes[clock.hazard] == "run" else layout.size(scopes[clock.hazard]) for clock in self.clocks]
        self.hazard = [np.zeros((n, self.runs)) for n in sizes]
        self.before = [np.zeros((n, self.runs)) for n in sizes]
        self.marks: list[Floats] = []
        self.next: list[Floats] = []
        for clock in self.clocks:
            # At the start nothing has accumulated, so for the exposed what is left is the mark itself.
            mark = draw(clock.luck) / state[clock.factor]
            self.marks.append(np.ascontiguousarray(mark.T))
            exposed = INSURGENT in clock.exposed
            self.next.append(
                np.minimum.reduceat(mark, self.starts, axis=0) if exposed else np.full((self.cells, self.runs), np.inf)
            )
        self.least = [rows.min(axis=0) for rows in self.next]
        for name in ("cell_fighters", "cell_splinter", "cell_rival", "cell_gone"):
            state[name] = np.zeros((self.cells, self.runs), np.int64)
        state["cell_fighters"][:] = np.add.reduceat(self.size.T, self.starts, axis=0)
        self._show()

    @staticmethod
    def _rows(layout: Layout, scope: str) -> Index:
        """Row of a clock's hazard for each cell."""
        if scope == "run":
            return np.zeros(layout.size("cell"), np.intp)
        return np.arange(layout.size("cell")) if scope == "cell" else layout.maps["cell", scope]

    def drop(self, stay: Index) -> None:
        """Keep only the given runs."""
        self.runs = len(stay)
        self.status, self.size = self.status[stay], self.size[stay]
        self.marks = [mark[stay] for mark in self.marks]
        self.least = [rows[stay] for rows in self.least]
        for table in (self.hazard, self.before, self.next):
            table[:] = [np.ascontiguousarray(rows[:, stay]) for rows in table]
        self._show()

    def _show(self) -> None:
        self.state["status"] = self.status.T

    def _at(self, table: list[Floats], k: int, cell: Index, run: Index) -> Floats:
        """A clock's accumulated or weekly hazard for given cells and runs."""
        values: Floats = table[k].ravel().take(self.rows[k][cell] * self.runs + run)
        return values

    def advance(self, active: NDArray[np.bool_] | None, reject: Callable[[Index], NDArray[np.bool_]]) -> None:
        """Advance by a week: accumulate hazards, let clocks ring, then let commanders choose where a deal is signed."""
        rings = []
        for k, clock in enumerate(self.clocks):
            hazard = np.atleast_2d(self.state[clock.hazard])
            if active is not None:
                hazard = np.where(active, hazard, 0.0)
            # Last week's start and its hazard are added, as in the reference model: one order of sums.
            self.before[k] = hazard_at(self.before[k], self.hazard[k], 1.0)
            self.hazard[k] = np.ascontiguousarray(np.broadcast_to(hazard, self.before[k].shape))
            cell, run = self._reached(k, hazard_at(self.before[k], self.hazard[k], 1.0), active)
            if len(cell):
                rings.append((k, cell, run, *self._members(cell, run)))
        found = [self._passed(*ring) for ring in rings]
        if found:
            self._ring(*(np.concatenate(part) for part in zip(*found, strict=True)))
        self._choose(reject, active)
        for k, cell, run, at, _, offsets in rings:
            # The lower bound of cells that rang becomes the least mark of the members still exposed.
            mark = np.where(self.exposed[k][self.status.ravel().take(at)], self.marks[k].ravel().take(at), np.inf)
            self.next[k][cell, run] = np.minimum.reduceat(mark, offsets)
            if len(self.before[k]) == 1:
                runs = np.unique(run)
                self.least[k][runs] = self.next[k][:, runs].min(axis=0)
        self._show()

    def _reached(self, k: int, now: Floats, active: NDArray[np.bool_] | None) -> tuple[Index, Index]:
        """Cells and runs in which a clock's lower bound is reached."""
        if len(now) == 1:
            # A hazard of the whole run: look only into the runs whose least bound is reached.
            late = self.least[k] <= now[0]
            if active is not None:
                late &= active
            runs = np.flatnonzero(late)
            cell, column = np.nonzero(self.next[k][:, runs] <= now[0, runs])
            return cell, runs[column]
        reached = self.next[k] <= (now if self.by_cell[k] else now.take(self.rows[k], axis=0))
        if active is not None:
            reached &= active
        return np.divmod(np.flatnonzero(reached), self.runs)

    def _members(self, cell: Index, run: Index) -> tuple[Index, Index, Index]:
        """Flat (run, commander) positions of the given cells' members, their numbers, and where each cell's begin."""
        counts = self.counts[cell]
        ends = np.cumsum(counts)
        offsets = ends - counts
        return (
            np.arange(ends[-1]) + np.repeat(run * self.commanders + self.starts[cell] - offsets, counts),
            counts,
            offsets,
        )

    def _passed(self, k: int, cell: Index, run: Index, at: Index, counts: Index, offsets: Index) -> tuple[Any, ...]:
        """Commanders of ringing cells whose mark is reached, with the fraction of the week at which it was."""
        before, hazard = self._at(self.before, k, cell, run), self._at(self.hazard, k, cell, run)
        mark = self.marks[k].ravel().take(at)
        hit = np.flatnonzero(mark <= np.repeat(hazard_at(before, hazard, 1.0), counts))
        hit = hit[self.exposed[k][self.status.ravel().take(at[hit])]]
        pair = np.searchsorted(offsets, hit, side="right") - 1
        return at[hit], np.full(len(hit), k), fraction_of_week(mark[hit], before[pair], hazard[pair])

    def _ring(self, at: Index, clock: Index, fraction: Floats) -> None:
        """Where several clocks of a commander passed in one week, the earliest wins; then statuses change."""
        order = np.lexsort((clock, fraction, at))
        at, clock, fraction = at[order], clock[order], fraction[order]
        first = np.ones(len(at), bool)
        first[1:] = at[1:] != at[:-1]
        at, clock, fraction = at[first], clock[first], fraction[first]
        self._move(at, fraction, self.to[clock], clock)
        run = at // self.commanders
        for k, item in enumerate(self.clocks):
            self._count(f"moved_{item.name}", run[clock == k])

    def _choose(self, reject: Callable[[Index], NDArray[np.bool_]], active: NDArray[np.bool_] | None) -> None:
        choice = self.item.choice
        trigger = self.state[choice.trigger]
        runs = np.flatnonzero(trigger if active is None else trigger & active)
        if not len(runs):
            return
        row, who = np.nonzero(reject(runs).T & np.isin(self.status[runs], choice.exposed))
        if len(who):
            at = runs[row] * self.commanders + who
            self._move(at, np.ones(len(at)), np.full(len(at), choice.to), np.full(len(at), len(self.clocks)))
            self._count("moved_rejecting", runs[row])

    def _count(self, name: str, run: Index) -> None:
        if len(run):
            self.state[name] = self.state[name] + np.bincount(run, minlength=self.runs)

    def _move(self, at: Index, fraction: Floats, to: Index, rung: Index) -> None:
        """Change statuses: stop clocks that no longer run, start those that do, keep the tallies."""
        run, who = np.divmod(at, self.commanders)
        home = self.home[who]
        old = self.status.ravel().take(at).astype(np.intp)
        for k in range(len(self.clocks)):
            marks = self.marks[k].ravel()
            marks[at[self.spends[rung, k]]] = np.inf
            change = np.flatnonzero((self.exposed[k][old] != self.exposed[k][to]) & ~self.spends[rung, k])
            if not len(change):
                continue
            a, c, r = at[change], home[change], run[change]
            accumulated = hazard_at(self._at(self.before, k, c, r), self._at(self.hazard, k, c, r), fraction[change])
            starts = self.exposed[k][to[change]]
            mark = np.where(starts, mark_at(marks[a], accumulated), left_at(marks[a], accumulated))
            marks[a] = mark
            np.minimum.at(self.next[k].ravel(), c[starts] * self.runs + r[starts], mark[starts])
            np.minimum.at(self.least[k], r[starts], mark[starts])
        self.status.ravel()[at] = to
        self._tally(at, run, home, old, to)

    def _tally(self, at: Index, run: Index, home: Index, old: Index, to: Index) -> None:
        size, cell = self.size.ravel().take(at), home * self.runs + run
        for status, name in COUNTED.items():
            left, came = old == status, to == status
            if left.any() or came.any():
                change = np.bincount(run[came], minlength=self.runs) - np.bincount(run[left], minlength=self.runs)
                self.state[name] = self.state[name] + change
        for status, name in TALLIED.items():
            left, came = old == status, to == status
            np.subtract.at(self.state[name].ravel(), cell[left], size[left])
            np.add.at(self.state[name].ravel(), cell[came], size[came])
        np.subtract.at(self.state["cell_gone"].ravel(), cell[old == RIVAL], 1)
        np.add.at(self.state["cell_gone"].ravel(), cell[to == RIVAL], 1)
