"""The commanders of a block of runs in the numpy engine: clocks, next ring times, sparse events.

Every clock of a commander has a *mark*: while its status is exposed to the clock, the accumulated hazard
at which it rings; while it is not, what is left of the clock.  Commanders of a cell are taken in bundles of a
few.  Each bundle keeps, by clock and run, a lower bound of its members' marks, and each hazard, which several
bundles share, the least of those: a week compares one number a hazard, then looks at the bundles under the
hazards that were reached, and last at the members of the bundles that ring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.model.items import Commanders
from settlesim.model.layout import Layout
from settlesim.model.rules.commanders import fraction_of_week, hazard_at, left_at, mark_at

__all__ = ["CommanderClocks"]

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

# Members a bundle has at most.  Small bundles mean that fewer members are looked at in vain, large ones fewer bundles.
# At flagship size 16 and 32 took the same time, 8 some 5% and 4 a third more (one timing each, on a shared machine).
BUNDLE = 16


class CommanderClocks:
    """State of all commanders of a block, advanced a week at a time.

    Marks and statuses are laid out (run, commander), so that the members of a bundle in a run, which are looked
    at together when the bundle rings, are neighbours in memory.  All clocks share one table of each kind: an
    event costs a few operations on arrays, whatever the number of clocks.

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
        self.commanders, self.cells = len(self.home), layout.size("cell")
        firsts = (np.arange(self.commanders) - layout.cell_starts[self.home]) % BUNDLE == 0
        self.bundle = np.cumsum(firsts) - 1
        self.starts = np.flatnonzero(firsts)
        self.counts = np.diff(np.append(self.starts, self.commanders))
        self.bundles = len(self.starts)
        self.runs = state["size"].shape[1]
        # Columns of marks and sizes, the two large tables: they stay as they are when ended runs are dropped.
        self.place = np.arange(self.runs)
        self.size = np.ascontiguousarray(state["size"].T).astype(np.int64)
        self.status = np.zeros((self.runs, self.commanders), np.int8)
        self.exposed = np.array([np.isin(np.arange(len(item.heads)), clock.exposed) for clock in self.clocks])
        self.matters: NDArray[np.bool_] = np.logical_or.reduce(self.exposed, axis=0)
        self.to = np.array([clock.to for clock in self.clocks])
        # Last row: the choice at a signing, which spends no clock.
        self.spends = np.zeros((len(self.clocks) + 1, len(self.clocks)), bool)
        for k, clock in enumerate(self.clocks):
            self.spends[k] = [other.name in (clock.name, *clock.spends) for other in self.clocks]
        self._hazards(layout, [scopes[clock.hazard] for clock in self.clocks])
        self._set_clocks(draw)
        for name in (*item.fighters.values(), item.absent[1]):
            state[name] = np.zeros((self.cells, self.runs), np.int64)
        state[item.fighters[item.initial]][:] = np.add.reduceat(self.size.T, layout.cell_starts, axis=0)
        self._show()

    def _hazards(self, layout: Layout, scopes: list[str]) -> None:
        """Number the hazards of all clocks, and say which bundles each of them is the hazard of."""
        sizes = [1 if scope == "run" else layout.size(scope) for scope in scopes]
        ends = np.cumsum(sizes)
        self.hazards_of = [slice(int(end) - size, int(end)) for size, end in zip(sizes, ends, strict=True)]
        # Hazard of each bundle under each clock, shape (clocks, bundles).
        self.faced = np.stack(
            [end - size + self._rows(layout, scope) for size, end, scope in zip(sizes, ends, scopes, strict=True)]
        )
        # Bundles, with their clocks, by the hazard they are under.
        self.sharers = np.argsort(self.faced.ravel(), kind="stable")
        self.shared_by = np.bincount(self.faced.ravel(), minlength=int(ends[-1]))
        self.first_sharer = np.cumsum(self.shared_by) - self.shared_by
        self.before, self.now, self.hazard = (np.zeros((int(ends[-1]), self.runs)) for _ in range(3))

    def _rows(self, layout: Layout, scope: str) -> Index:
        """Row of a hazard of some scope for each bundle."""
        if scope == "run":
            return np.zeros(self.bundles, np.intp)
        cell = self.home[self.starts]
        return cell if scope == "cell" else layout.maps["cell", scope][cell]

    def _set_clocks(self, draw: Callable[[str], Floats]) -> None:
        """Set all marks: at the start nothing has accumulated, so what is left of a clock is its mark too."""
        self.marks = np.empty((self.runs, len(self.clocks), self.commanders))
        self.next = np.full((self.runs, len(self.clocks), self.bundles), np.inf)
        self.least = np.full(self.now.shape, np.inf)
        for k, clock in enumerate(self.clocks):
            luck, factor = draw(clock.luck), self.state[clock.factor]
            # A few commanders at a time: a whole table turned over at once misses the processor's cache everywhere.
            for some in np.array_split(np.arange(self.commanders), self.commanders // 64 + 1):
                part = slice(int(some[0]), int(some[-1]) + 1)
                self.marks[:, k, part] = (luck[part] / factor[part]).T
            if self.item.initial in clock.exposed:
                self.next[:, k] = np.minimum.reduceat(self.marks[:, k], self.starts, axis=1)
                np.minimum.at(self.least, self.faced[k], self.next[:, k].T)

    def drop(self, stay: Index) -> None:
        """Keep only the given runs."""
        self.runs, self.place = len(stay), self.place[stay]
        self.status, self.next = self.status[stay], self.next[stay]
        self.before, self.now, self.hazard, self.least = (
            table.take(stay, axis=1) for table in (self.before, self.now, self.hazard, self.least)
        )
        self._show()

    def retire(self, runs: Index) -> None:
        """Stop the clocks of runs that have ended."""
        self.least[:, runs] = np.inf

    def _show(self) -> None:
        self.state["status"] = self.status.T

    def advance(self, active: NDArray[np.bool_] | None, reject: Callable[[Index], NDArray[np.bool_]]) -> None:
        """Advance by a week: accumulate hazards, let clocks ring, then let commanders choose where a deal is signed."""
        for rows, clock in zip(self.hazards_of, self.clocks, strict=True):
            self.hazard[rows] = self.state[clock.hazard]
        self.before, self.now = self.now, self.before
        # As in the reference model, a week begins where the last one ended: one order of sums.
        np.add(self.before, self.hazard, out=self.now)
        late = np.flatnonzero(self.least <= self.now)
        if not len(late):
            self._choose(reject, active)
            return self._show()
        bundles, number, firsts = self._sharing(late)
        rings = np.flatnonzero(self.next.ravel().take(bundles) <= np.repeat(self.now.ravel().take(late), number))
        rung = bundles[rings]
        members = self._members(rung)
        self._ring(members, late[np.searchsorted(firsts, rings, side="right") - 1])
        self._choose(reject, active)
        # A bundle that rang is bound by the least mark of its members still exposed, and its hazard by its bundles.
        marks = np.where(self._running(members), self.marks.ravel().take(members.mark), np.inf)
        self.next.ravel()[rung] = np.minimum.reduceat(marks, members.firsts)
        self.least.ravel()[late] = np.minimum.reduceat(self.next.ravel().take(bundles), firsts)
        self._show()

    def _sharing(self, late: Index) -> tuple[Index, Index, Index]:
        """Places in `next` of the bundles under given hazards of given runs, their numbers, and where each begins."""
        hazard, run = np.divmod(late, self.runs)
        number = self.shared_by[hazard]
        ends = np.cumsum(number)
        firsts = ends - number
        sharer = np.arange(ends[-1]) + np.repeat(self.first_sharer[hazard] - firsts, number)
        return self.sharers.take(sharer) + np.repeat(run * self.faced.size, number), number, firsts

    def _members(self, rung: Index) -> _Members:
        """Members of bundles that ring, given by their places in `next`."""
        rest, bundle = np.divmod(rung, self.bundles)
        run, clock = np.divmod(rest, len(self.clocks))
        number = self.counts[bundle]
        ends = np.cumsum(number)
        firsts = ends - number
        pair = np.repeat(np.arange(len(rung)), number)
        at = np.arange(len(pair)) + (run * self.commanders + self.starts[bundle] - firsts)[pair]
        return _Members(at, at + self._apart(clock, run)[pair], clock[pair], pair, firsts)

    def _apart(self, clock: Any, run: Index) -> Index:
        """How far a commander's mark lies from its status, both tables laid flat."""
        apart: Index = (self.place[run] * len(self.clocks) + clock - run) * self.commanders
        return apart

    def _running(self, members: _Members) -> NDArray[np.bool_]:
        """Whether the members' clocks run."""
        return self.exposed.ravel().take(members.clock * len(self.item.heads) + self.status.ravel().take(members.at))

    def _ring(self, members: _Members, hazard: Index) -> None:
        """Find the clocks that passed; where several of a commander did so in one week, the earliest wins."""
        mark = self.marks.ravel().take(members.mark)
        hit = np.flatnonzero(mark <= self.now.ravel().take(hazard)[members.pair])
        hit = hit[self._running(members.of(hit))]
        faced = hazard[members.pair[hit]]
        at, clock, mark = members.at[hit], members.clock[hit], mark[hit]
        fraction = fraction_of_week(mark, self.before.ravel().take(faced), self.hazard.ravel().take(faced))
        order = np.lexsort((clock, fraction, at))
        at, clock, fraction = at[order], clock[order], fraction[order]
        first = np.ones(len(at), bool)
        first[1:] = at[1:] != at[:-1]
        at, clock, fraction = at[first], clock[first], fraction[first]
        self._move(at, fraction, self.to[clock], clock)
        moved = self._counted(clock, at // self.commanders, len(self.clocks))
        for item, change in zip(self.clocks, moved, strict=True):
            self.state[item.tally] = self.state[item.tally] + change

    def _counted(self, kind: Index, run: Index, kinds: int) -> NDArray[np.intp]:
        """Count events by kind and run, shape (kinds, runs)."""
        return np.bincount(kind * self.runs + run, minlength=kinds * self.runs).reshape(kinds, self.runs)

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
            change = np.bincount(runs[row], minlength=self.runs)
            self.state[choice.tally] = self.state[choice.tally] + change

    def _move(self, at: Index, fraction: Floats, to: Index, rung: Index) -> None:
        """Change statuses and keep the tallies and clocks up."""
        run, who = np.divmod(at, self.commanders)
        home = self.home[who]
        old = self.status.ravel().take(at).astype(np.intp)
        self.status.ravel()[at] = to
        self._tally(at, run, home, old, to)
        # From a status that is exposed to no clock nobody comes back: the clocks of those who go there may lie.
        stays = np.flatnonzero(self.matters[to])
        if len(stays):
            self._reset_clocks(at[stays], fraction[stays], old[stays], to[stays], rung[stays])

    def _reset_clocks(self, at: Index, fraction: Floats, old: Index, to: Index, rung: Index) -> None:
        """Stop the clocks of commanders that no longer run and start those that do."""
        run, who = np.divmod(at, self.commanders)
        marks, spent = self.marks.ravel(), self.spends[rung].T
        clock, event = np.nonzero(spent)
        marks[at[event] + self._apart(clock, run[event])] = np.inf
        # Clocks (rows) of commanders (columns) that stop or start.
        clock, event = np.nonzero((self.exposed[:, old] != self.exposed[:, to]) & ~spent)
        run_of, bundle = run[event], self.bundle[who[event]]
        faced = self.faced[clock, bundle] * self.runs + run_of
        accumulated = hazard_at(self.before.ravel().take(faced), self.hazard.ravel().take(faced), fraction[event])
        there = at[event] + self._apart(clock, run_of)
        starts = self.exposed[clock, to[event]]
        mark = np.where(starts, mark_at(marks[there], accumulated), left_at(marks[there], accumulated))
        marks[there] = mark
        bound = (run_of * len(self.clocks) + clock) * self.bundles + bundle
        np.minimum.at(self.next.ravel(), bound[starts], mark[starts])
        np.minimum.at(self.least.ravel(), faced[starts], mark[starts])

    def _tally(self, at: Index, run: Index, home: Index, old: Index, to: Index) -> None:
        statuses = len(self.item.heads)
        change = self._counted(to, run, statuses) - self._counted(old, run, statuses)
        for status, name in self.item.heads.items():
            self.state[name] = self.state[name] + change[status]
        size = self.size.ravel().take(at + (self.place[run] - run) * self.commanders)
        cell = home * self.runs + run
        for status, name in self.item.fighters.items():
            left, came = old == status, to == status
            np.subtract.at(self.state[name].ravel(), cell[left], size[left])
            np.add.at(self.state[name].ravel(), cell[came], size[came])
        status, name = self.item.absent
        np.subtract.at(self.state[name].ravel(), cell[old == status], 1)
        np.add.at(self.state[name].ravel(), cell[to == status], 1)


@dataclass(frozen=True)
class _Members:
    """Commanders of ringing bundles: places of status and mark, the clock, which bundle, where each begins."""

    at: Index
    mark: Index
    clock: Index
    pair: Index
    firsts: Index

    def of(self, some: Index) -> _Members:
        return _Members(self.at[some], self.mark[some], self.clock[some], self.pair[some], self.firsts)
