"""Items of a protocol made into what the numpy engine carries out each week: rules, folds, selections, ranked sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.engines.vectorised.reader import Columns, Reader
from settlesim.engines.vectorised.watched_rule import WatchedRule
from settlesim.model.items import Fold, Ranked, Rule, Select
from settlesim.model.variables import Variable

__all__ = ["DTYPES", "Compiler"]

# A guarded rule is evaluated only for the runs in which its guard is up if these are less than this share.
FEW = 0.6
# Groups are combined one by one if they have no more members than so many times the largest of them.
FEW_MEMBERS = 4

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


def _trust(values: Any, where: Any = None, columns: Columns = None) -> None:
    """Take what a tested rule gives."""


class Compiler(Reader):
    """Resolves once what an item reads, how it is computed and where it is written; the state is changed week by week.

    It is made of what `Reader` is made of.
    """

    def _store(self, variable: Variable, value: Any) -> None:
        """Write a variable."""
        old = self.state[variable.name]
        value = np.asarray(value, old.dtype)
        self.state[variable.name] = value if value.shape == old.shape else np.broadcast_to(value, old.shape)

    def _store_some(self, variable: Variable, value: Any, where: Any, columns: Any) -> None:
        """Write a variable in some columns, leaving entities outside a rule's guard as they are."""
        old = self.state[variable.name]
        if columns is None:
            return self._store(variable, np.where(where, value, old))
        # A copy, for a fold of one member may have handed on the very array.
        new = old.copy()
        new[..., columns] = np.where(where, value, old[..., columns])
        self.state[variable.name] = new

    def _values(self, rule: Rule) -> tuple[Any, ...]:
        """Values of a rule that is evaluated once."""
        call = self.call(rule)
        values: tuple[Any, ...] = call()
        if isinstance(call, WatchedRule):
            call.inspect(values)
        return values

    def _compile_rule(self, rule: Rule) -> Callable[[], None]:
        call = self.call(rule)
        inspect = call.inspect if isinstance(call, WatchedRule) else _trust
        written = [self.protocol.table[name] for name in rule.writes]
        if rule.when is None:

            def execute() -> None:
                values = call()
                inspect(values)
                for variable, value in zip(written, values, strict=True):
                    self._store(variable, value)

            return execute
        guard = self._guard(rule.when, rule.scope)

        def execute_guarded() -> None:
            where = guard()
            columns: Columns = np.flatnonzero(where.any(axis=0) if where.ndim > 1 else where)
            if columns is None or not len(columns):
                return
            if len(columns) > FEW * self.runs:
                columns = None
            else:
                where = where[..., columns]
            values = call(columns)
            inspect(values, where, columns)
            for variable, value in zip(written, values, strict=True):
                self._store_some(variable, value, where, columns)

        return execute_guarded

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
        nothing_of_nothing = fold.op in ("any", "sum") and not empty
        # A few large groups are cheaper one by one than turn by turn, which gathers rows; the order is the same.
        by_group = sum(map(len, groups)) <= FEW_MEMBERS * max(len(turns), 1)

        def execute() -> None:
            values = self.state[fold.of]
            if nothing_of_nothing and not values.any():
                self._store(variable, kind(0))
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
            if by_group:
                total = np.empty((len(groups), self.runs), kind)
                for out, rows in zip(total, groups, strict=True):
                    if not rows:
                        out[...] = empty
                        continue
                    np.copyto(out, values[rows[0]])
                    for row in rows[1:]:
                        combine(out, values[row], out=out)
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
