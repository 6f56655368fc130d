"""What combines or picks entities in the numpy engine: folds in declared order, selections, sums by rank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.engines.vectorised.reader import Reader
from settlesim.model.items import Fold, Ranked, Select
from settlesim.model.variables import Variable

__all__ = ["DTYPES", "Folds"]

DTYPES = {"float": np.float64, "bool": np.bool_, "int": np.int64}
COMBINE: dict[str, tuple[Any, float]] = {
    "sum": (np.add, 0),
    "max": (np.maximum, -np.inf),
    "min": (np.minimum, np.inf),
    "any": (np.logical_or, False),
    "all": (np.logical_and, True),
}


def _stretch(rows: tuple[int, ...] | list[int]) -> Any:
    """Rows as a slice where they are consecutive, which is read without a copy, else as an index."""
    first, number = int(rows[0]), len(rows)
    return slice(first, first + number) if list(rows) == list(range(first, first + number)) else np.array(rows, np.intp)


class Folds(Reader):
    """A reader that also writes: what folds, selections and ranked sums make of the state; see `Reader`."""

    def _store(self, variable: Variable, value: Any) -> None:
        """Write a variable."""
        old = self.state[variable.name]
        value = np.asarray(value, old.dtype)
        self.state[variable.name] = value if value.shape == old.shape else np.broadcast_to(value, old.shape)

    def _guard(self, name: str, scope: str) -> Callable[[], NDArray[np.bool_]]:
        """How a guard is read, with an axis of runs even where it is the same in all, as an attribute is."""
        guard = self.fetch(name, scope)
        if name in self.protocol.table:
            return guard
        entities = () if scope == "run" else (self.layout.size(scope),)
        return lambda: np.broadcast_to(guard(), (*entities, self.runs))

    def _members(self, item: Fold) -> tuple[tuple[int, ...], ...]:
        return self.layout.members[item.members] if item.members else (tuple(range(self.layout.size(item.over))),)

    def _compile_fold(self, fold: Fold) -> Callable[[], None]:
        variable = self.protocol.table[fold.name]
        combine, start = COMBINE[fold.op]
        empty = start if fold.empty is None else fold.empty
        kind = DTYPES[variable.kind]
        groups = self._members(fold)
        # Members are combined in declared order, in all groups at once: first the first of each, then the second.
        turns = []
        for place in range(max(map(len, groups), default=0)):
            takers = [g for g, members in enumerate(groups) if len(members) > place]
            rows = [groups[g][place] for g in takers]
            turns.append((_stretch(takers), _stretch(rows)))
        alone = variable.scope == "run"

        def execute() -> None:
            values = self.state[fold.of]
            if fold.op == "any" and not values.any():
                self._store(variable, np.False_)
                return
            if alone and variable.kind != "float" and groups[0]:
                # Whole numbers may be added in any order.
                self._store(variable, combine.reduce(values[_stretch(groups[0])], axis=0))
                return
            if alone:
                total = values[groups[0][0]] if groups[0] else np.full(self.runs, empty, kind)
                for row in groups[0][1:]:
                    total = combine(total, values[row])
                self._store(variable, total)
                return
            total = np.full((len(groups), self.runs), empty, kind)
            for turn, (takers, rows) in enumerate(turns):
                total[takers] = combine(total[takers], values[rows]) if turn else values[rows]
            self._store(variable, total)

        return execute

    def _compile_select(self, select: Select) -> Callable[[], None]:
        variable = self.protocol.table[select.name]
        entities = self.layout.entities[self.names.scope[select.of]]
        if select.entity not in entities:
            return lambda: self._store(variable, np.full(self.runs, select.absent))
        row = entities.index(select.entity)
        return lambda: self._store(variable, self.state[select.of][row])

    def _compile_ranked(self, ranked: Ranked) -> Callable[[], None]:
        variable = self.protocol.table[ranked.name]
        guard = self._guard(ranked.when, "clause")
        groups = []
        for members in self.layout.members["track_clauses"]:
            if members:
                rows = np.array(members, np.intp)
                # Whether the clause on the first axis was declared before the one on the second.
                groups.append((rows, (rows[:, None] < rows)[:, :, None]))

        def execute() -> None:
            where = guard()
            if not where.any():
                return
            columns = np.flatnonzero(where.any(axis=0))
            key, of = self.state[ranked.key][:, columns], self.state[ranked.of][:, columns]
            out = np.zeros_like(of)
            for rows, declared_before in groups:
                mine, theirs = key[rows], key[rows][:, None]
                comes_before = (theirs < mine) | ((theirs == mine) & declared_before)
                counted = np.where(comes_before, of[rows][:, None], 0.0)
                total = counted[0]
                for one in counted[1:]:
                    total = total + one
                out[rows] = total
            now = self.state[variable.name].copy()
            now[:, columns] = np.where(where[:, columns], out, now[:, columns])
            self._store(variable, now)

        return execute
