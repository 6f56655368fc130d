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
from settlesim.rules.rule import Clock, Commanders
from settlesim.state import Layout

__all__ = ["Cohort"]

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

TALLIED = {INSURGENT: "cell_fighters", SPLINTER: "cell_splinter", RIVAL: "cell_rival"}
COUNTED = {INSURGENT: "count_insurgent", SPLINTER: "count_splinter", RIVAL: "count_rival",
           REINTEGRATED: "count_reintegrated", KILLED: "count_killed"}


class Cohort:
    """State of all commanders of a block, advanced a week at a time.

    Parameters
    ----------
    item : Commanders
        The clocks and the choice.
    layout : Layout
        Scopes and maps.
    runs : int
        Number of runs in the block.
    state : dict
        The engine's state, in which the tallies live.
    draw : callable
        Clock name to unit exponentials, shape (commanders, runs).
    """

    def __init__(
        self,
        item: Commanders,
        layout: Layout,
        scopes: Mapping[str, str],
        state: dict[str, Any],
        draw: Callable[[str], Floats],
    ) -> None:
        self.item = item
        self.state = state
        self.clocks = item.clocks
        self.home = layout.maps["commander", "cell"]
        self.starts = layout.cell_starts
        self.counts = np.diff(np.append(self.starts, len(self.home)))
        self.size: Floats = state["size"]
        shape = self.size.shape
        self.runs = shape[1]
        state["status"] = np.zeros(shape, np.int8)
        self.status = state["status"]
        self.exposed = [np.isin(np.arange(5), clock.exposed) for clock in self.clocks]
        self.rows: list[Index | None] = []
        self.hazard: list[Floats] = []
        self.before: list[Floats] = []
        self.marks: list[Floats] = []
        self.next: list[Floats] = []
        for clock in self.clocks:
            scope = scopes[clock.hazard]
            self.rows.append(None if scope == "run" else self._rows(layout, scope))
            n = 1 if scope == "run" else layout.size(scope)
            self.hazard.append(np.zeros((n, self.runs)))
            self.before.append(np.zeros((n, self.runs)))
            # At the start nothing has accumulated, so for the exposed what is left is the mark itself.
            mark = draw(clock.luck) / state[clock.factor]
            self.marks.append(mark)
            if INSURGENT in clock.exposed:
                self.next.append(np.minimum.reduceat(mark, self.starts, axis=0))
            else:
                self.next.append(np.full((len(self.starts), self.runs), np.inf))
        for name in ("cell_fighters", "cell_splinter", "cell_rival", "cell_gone"):
            state[name] = np.zeros((len(self.starts), self.runs), np.int64)
        state["cell_fighters"][:] = np.add.reduceat(self.size.astype(np.int64), self.starts, axis=0)

    @staticmethod
    def _rows(layout: Layout, scope: str) -> Index | None:
        return np.arange(layout.size("cell")) if scope == "cell" else layout.maps["cell", scope]

    def _at(self, table: list[Floats], k: int, cell: Index, run: Index) -> Floats:
        """A clock's accumulated or weekly hazard for given cells and runs."""
        rows = self.rows[k]
        return table[k][0, run] if rows is None else table[k][rows[cell], run]

    def advance(self, active: NDArray[np.bool_] | None, reject: Callable[[Index], NDArray[np.bool_]]) -> None:
        """Advance by a week: accumulate hazards, let clocks ring, then let commanders choose where a deal is signed."""
        rings = []
        for k, clock in enumerate(self.clocks):
            hazard = self.state[clock.hazard]
            hazard = hazard if hazard.ndim == 2 else hazard[None, :]
            if active is not None:
                hazard = np.where(active, hazard, 0.0)
            # The sum of last week's start and its hazard, not a running total: both engines add in one order.
            self.before[k] = hazard_at(self.before[k], self.hazard[k], 1.0)
            self.hazard[k] = np.broadcast_to(hazard, self.before[k].shape)
            now = hazard_at(self.before[k], self.hazard[k], 1.0)
            rows = self.rows[k]
            reached = self.next[k] <= (now if rows is None else now[rows])
            if active is not None:
                reached &= active
            cell, run = np.nonzero(reached)
            if len(cell):
                rings.append((k, cell, run))
        found = [self._passed(*ring) for ring in rings]
        if found:
            self._ring(*(np.concatenate(part) for part in zip(*found, strict=True)))
        self._choose(reject, active)
        for k, cell, run in rings:
            self._renew(k, cell, run)

    def _members(self, cell: Index, run: Index) -> tuple[Index, Index, Index]:
        """Commanders of the given cells, their runs, and the offsets at which each cell's members start."""
        counts = self.counts[cell]
        offsets = np.concatenate(([0], np.cumsum(counts)))[:-1]
        within = np.arange(int(counts.sum())) - np.repeat(offsets, counts)
        return np.repeat(self.starts[cell], counts) + within, np.repeat(run, counts), offsets

    def _passed(self, k: int, cell: Index, run: Index) -> tuple[Index, Index, Index, Floats]:
        """Commanders of ringing cells whose mark is reached, with the fraction of the week at which it was."""
        who, when, _ = self._members(cell, run)
        mark = self.marks[k][who, when]
        home = self.home[who]
        before = self._at(self.before, k, home, when)
        hazard = self._at(self.hazard, k, home, when)
        hit = (mark <= hazard_at(before, hazard, 1.0)) & self.exposed[k][self.status[who, when]]
        who, when = who[hit], when[hit]
        return who, when, np.full(len(who), k), fraction_of_week(mark[hit], before[hit], hazard[hit])

    def _ring(self, who: Index, run: Index, clock: Index, fraction: Floats) -> None:
        """Where several clocks of a commander passed in one week, the earliest wins; then statuses change."""
        order = np.lexsort((clock, fraction, run, who))
        who, run, clock, fraction = who[order], run[order], clock[order], fraction[order]
        first = np.ones(len(who), bool)
        first[1:] = (who[1:] != who[:-1]) | (run[1:] != run[:-1])
        who, run, clock, fraction = who[first], run[first], clock[first], fraction[first]
        for k, item in enumerate(self.clocks):
            mine = clock == k
            if mine.any():
                self._move(who[mine], run[mine], fraction[mine], item.to, item)

    def _choose(self, reject: Callable[[Index], NDArray[np.bool_]], active: NDArray[np.bool_] | None) -> None:
        choice = self.item.choice
        trigger = self.state[choice.trigger]
        runs = np.flatnonzero(trigger if active is None else trigger & active)
        if not len(runs):
            return
        rejects = reject(runs) & np.isin(self.status[:, runs], choice.exposed)
        who, column = np.nonzero(rejects)
        if len(who):
            self._move(who, runs[column], np.ones(len(who)), choice.to, None)

    def _move(self, who: Index, run: Index, fraction: Floats, to: int, rung: Clock | None) -> None:
        """Change statuses: stop clocks that no longer run, start those that do, keep the tallies."""
        old = self.status[who, run].astype(np.intp)
        home = self.home[who]
        spent = set() if rung is None else {rung.name, *rung.spends}
        for k, clock in enumerate(self.clocks):
            was, runs_on = self.exposed[k][old], bool(self.exposed[k][to])
            if clock.name in spent:
                self.marks[k][who, run] = np.inf
                continue
            changed = was != runs_on
            if not changed.any():
                continue
            w, r, h = who[changed], run[changed], home[changed]
            at = hazard_at(self._at(self.before, k, h, r), self._at(self.hazard, k, h, r), fraction[changed])
            if runs_on:
                mark = mark_at(self.marks[k][w, r], at)
                np.minimum.at(self.next[k], (h, r), mark)
            else:
                mark = left_at(self.marks[k][w, r], at)
            self.marks[k][w, r] = mark
        self.status[who, run] = to
        self._tally(who, run, home, old, to)
        name = "moved_rejecting" if rung is None else f"moved_{rung.name}"
        self.state[name] = self.state[name] + np.bincount(run, minlength=self.runs)

    def _tally(self, who: Index, run: Index, home: Index, old: Index, to: int) -> None:
        size = self.size[who, run].astype(np.int64)
        for status, name in COUNTED.items():
            change = np.bincount(run[old == status], minlength=self.runs)
            if status == to:
                change = change - np.bincount(run, minlength=self.runs)
            self.state[name] = self.state[name] - change
        for status, name in TALLIED.items():
            left = old == status
            np.subtract.at(self.state[name], (home[left], run[left]), size[left])
            if status == to:
                np.add.at(self.state[name], (home, run), size)
        gone = old == RIVAL
        np.subtract.at(self.state["cell_gone"], (home[gone], run[gone]), 1)
        if to == RIVAL:
            np.add.at(self.state["cell_gone"], (home, run), 1)

    def _renew(self, k: int, cell: Index, run: Index) -> None:
        """Set the lower bound of cells that rang to the least mark of the members still exposed."""
        who, when, offsets = self._members(cell, run)
        mark = np.where(self.exposed[k][self.status[who, when]], self.marks[k][who, when], np.inf)
        self.next[k][cell, run] = np.minimum.reduceat(mark, offsets)
