"""The numpy engine: interprets a protocol over arrays of shape (entity, run), a block of runs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance import Fates
from settlesim.cohort import Cohort
from settlesim.errors import UsageError
from settlesim.reading import Reader
from settlesim.rules import STANDARD
from settlesim.rules.rule import Commanders, Fold, Protocol, Ranked, Rule, Select, Steps, Variable
from settlesim.scenario import Scenario
from settlesim.sequence import Sequence
from settlesim.sequencing import take_steps
from settlesim.trace import Recorder, Trace

__all__ = ["run"]

Floats = NDArray[np.float64]

# Ended runs are dropped from the arrays when that saves more than this share of the block times weeks.
WORTH_DROPPING = 10.0

DTYPES = {"float": np.float64, "bool": np.bool_, "int": np.int64}
COMBINE: dict[str, tuple[Any, float]] = {
    "sum": (np.add, 0),
    "max": (np.maximum, -np.inf),
    "min": (np.minimum, np.inf),
    "any": (np.logical_or, False),
    "all": (np.logical_and, True),
}


class _Engine(Reader):
    def __init__(
        self, scenario: Scenario, sequence: Sequence, worlds: Mapping[str, Floats], fates: Fates, protocol: Protocol
    ) -> None:
        super().__init__(scenario, sequence, worlds, fates, protocol)
        self.gone = np.zeros(self.runs, bool)
        self.final: dict[str, Any] = {}
        self.active: NDArray[np.bool_] | None = None
        for item in protocol.items:
            if isinstance(item, Commanders):
                self._start_commanders(item)
        for item in protocol.setup:
            self._prepare(item)
        self._start()
        # What is fixed for each commander stays whole; only its status moves, and that the cohort keeps.
        self.moving = [v.name for v in protocol.variables if v.scope != "commander"]
        self.stages = [self._compile(item) for item in protocol.items]

    # -- start ---------------------------------------------------------------------------------------

    def _full(self, variable: Variable, value: Any) -> Any:
        shape = (self.runs,) if variable.scope == "run" else (self.layout.size(variable.scope), self.runs)
        return np.broadcast_to(np.asarray(value), shape).astype(DTYPES[variable.kind])

    def _start(self) -> None:
        for variable in self.protocol.variables:
            if variable.name in self.state or variable.scope == "commander":
                continue
            value = variable.start
            if isinstance(value, str):
                value = self.state[value] if value in self.state else self.fetch(value, variable.scope)()
            elif value is None:
                value = 0
            self.state[variable.name] = self._full(variable, value)

    def _prepare(self, item: Any) -> None:
        """Carry out an item of the setup: what it writes stands for good."""
        for name in item.writes if isinstance(item, Rule) else (item.writes,):
            self.state[name] = self._full(self._declared(name), 0)
        self._compile(item)()

    def _start_commanders(self, item: Commanders) -> None:
        for rule in item.setup:
            for name, value in zip(rule.writes, self.call(rule)(), strict=True):
                self.state[name] = self._full(self.protocol.table[name], value)
        self.cohort = Cohort(item, self.layout, self.names.scope, self.state, lambda name: self.draw(name)[0])

    # -- compiling -----------------------------------------------------------------------------------

    def _compile(self, item: Any) -> Callable[[], None]:
        if isinstance(item, Rule):
            return self._compile_rule(item)
        if isinstance(item, Fold):
            return self._compile_fold(item)
        if isinstance(item, Select):
            return self._compile_select(item)
        if isinstance(item, Ranked):
            return self._compile_ranked(item)
        if isinstance(item, Steps):
            return lambda: take_steps(self.state, self.layout, self.week, self.runs)
        if isinstance(item, Commanders):
            return self._compile_commanders(item)
        raise UsageError(f"a protocol cannot hold {item!r}")

    def _declared(self, name: str) -> Variable:
        if name not in self.protocol.table:
            raise UsageError(f"a rule writes {name!r}, which the protocol does not declare")
        return self.protocol.table[name]

    def _store(self, variable: Variable, value: Any, where: Any = None) -> None:
        """Write a variable, leaving entities outside a rule's guard as they are."""
        old = self.state[variable.name]
        if where is not None:
            value = np.where(where, value, old)
        value = np.asarray(value, DTYPES[variable.kind])
        self.state[variable.name] = value if value.shape == old.shape else np.broadcast_to(value, old.shape)

    def _compile_rule(self, rule: Rule) -> Callable[[], None]:
        call = self.call(rule)
        written = [self._declared(name) for name in rule.writes]
        guard = None if rule.when is None else self.fetch(rule.when, rule.scope)

        def execute() -> None:
            where = None
            if guard is not None:
                where = guard()
                if not where.any():
                    return
            for variable, value in zip(written, call(), strict=True):
                self._store(variable, value, where)

        return execute

    def _members(self, item: Fold) -> tuple[tuple[int, ...], ...]:
        return self.layout.members[item.members] if item.members else (tuple(range(self.layout.size(item.over))),)

    def _compile_fold(self, fold: Fold) -> Callable[[], None]:
        variable = self._declared(fold.writes)
        members = self._members(fold)
        combine, start = COMBINE[fold.op]
        empty = start if fold.empty is None else fold.empty
        kind = DTYPES[variable.kind]
        groups = [np.array(m, np.intp) for m in members]

        def group(rows: Any) -> Any:
            if not len(rows):
                return np.full(self.runs, empty, kind)
            values = self.state[fold.of]
            if variable.kind != "float":
                return combine.reduce(values[rows] if len(rows) < len(values) else values, axis=0)
            total = values[rows[0]]
            for i in rows[1:]:
                total = combine(total, values[i])
            return total

        # Whole numbers may be added in any order, so groups that cover all entities are summed in one sweep.
        sweep = variable.kind == "int" and fold.op == "sum" and len(groups) > 1 and all(len(rows) for rows in groups)
        order = np.concatenate(groups) if sweep else np.zeros(0, np.intp)
        starts = np.cumsum([0] + [len(rows) for rows in groups])[:-1]

        def execute() -> None:
            if sweep:
                self._store(variable, np.add.reduceat(self.state[fold.of][order], starts, axis=0))
            elif variable.scope == "run":
                self._store(variable, group(groups[0]))
            elif not groups or (fold.op == "any" and not self.state[fold.of].any()):
                self._store(variable, np.zeros((len(groups), self.runs), kind))
            else:
                self._store(variable, np.stack([group(rows) for rows in groups]))

        return execute

    def _compile_select(self, select: Select) -> Callable[[], None]:
        variable = self._declared(select.writes)
        entities = self.layout.entities[self.names.scope[select.of]]
        if select.entity not in entities:
            return lambda: self._store(variable, np.full(self.runs, select.absent))
        row = entities.index(select.entity)
        return lambda: self._store(variable, self.state[select.of][row])

    def _compile_ranked(self, ranked: Ranked) -> Callable[[], None]:
        variable = self._declared(ranked.writes)
        guard = self.fetch(ranked.when, "clause")
        groups = []
        for members in self.layout.members["track_clauses"]:
            if members:
                rows = np.array(members, np.intp)
                groups.append((rows, [(rows > i)[:, None] for i in rows]))

        def execute() -> None:
            where = guard()
            if not where.any():
                return
            columns = np.flatnonzero(where.any(axis=0))
            key, of = self.state[ranked.key][:, columns], self.state[ranked.of][:, columns]
            out = np.zeros_like(of)
            for rows, earlier in groups:
                mine = key[rows]
                total = out[rows]
                for i, declared_before in zip(rows, earlier, strict=True):
                    total += np.where((key[i] < mine) | ((key[i] == mine) & declared_before), of[i], 0.0)
                out[rows] = total
            now = self.state[variable.name].copy()
            now[:, columns] = np.where(where[:, columns], out, now[:, columns])
            self._store(variable, now)

        return execute

    def _compile_commanders(self, item: Commanders) -> Callable[[], None]:
        decide = item.choice.decide
        reads = [(name, self.fetch_columns(name)) for name in decide.reads]

        def reject(runs: Any) -> Any:
            return decide.function(**{name: read(runs) for name, read in reads})

        return lambda: self.cohort.advance(self.active, reject)

    # -- running -------------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance by a week.

        A run that ends is copied out in that week, and nothing is read from its columns any more, whatever
        the arrays go on to do there; from time to time the columns are dropped.
        """
        gone = int(np.count_nonzero(self.gone))
        if gone and gone / self.runs * (self.layout.horizon - self.week) > WORTH_DROPPING:
            self._drop()
            gone = 0
        self.week += 1.0
        self.active = None if self.runs and not gone else ~self.gone
        if not self.runs:
            return
        for stage in self.stages:
            stage()
        ends = self.state["ended"] & ~self.gone
        if ends.any():
            self._keep(np.flatnonzero(ends))
            self.gone = self.gone | ends

    # -- ended runs ----------------------------------------------------------------------------------

    def _keep(self, where: NDArray[np.intp]) -> None:
        """Copy the values of some present runs into their columns of the final result."""
        for name in self.moving:
            value = self.state[name]
            if name not in self.final:
                self.final[name] = np.empty((*value.shape[:-1], len(self.fates.runs)), value.dtype)
            self.final[name][..., self.columns[where]] = value[..., where]

    def _drop(self) -> None:
        """Take ended runs out of the arrays; every operation is elementwise, so the others cannot tell."""
        stay = np.flatnonzero(~self.gone)
        self.narrow(stay)
        self.gone = np.zeros(self.runs, bool)
        for name in self.moving:
            self.state[name] = np.ascontiguousarray(self.state[name][..., stay])
        self.cohort.drop(stay)

    def finish(self) -> dict[str, Any]:
        """Final values of all variables, every run in its column."""
        self._keep(np.flatnonzero(~self.gone))
        return self.final


def run(
    scenario: Scenario,
    sequence: Sequence,
    *,
    worlds: Mapping[str, Floats],
    fates: Fates,
    protocol: Protocol | None = None,
    record: Iterable[str] = (),
) -> Trace:
    """Simulate a block of runs of one sequence.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : Sequence
        The order of talks and concessions.
    worlds : mapping
        Parameter values by name, shape (runs,), from `settlesim.chance.worlds`.
    fates : Fates
        The luck of the block's runs.
    protocol : Protocol, optional
        What happens in a week; the standard protocol by default.
    record : iterable of str
        Variables to record every week.

    Returns
    -------
    Trace
        Final values of all variables, and the recorded ones by week.

    Raises
    ------
    UsageError
        If a rule reads or writes what nothing declares, or `record` names an unknown variable.

    Examples
    --------
    >>> from settlesim.chance import Fates, worlds
    >>> from settlesim.files import load
    >>> scenario = load("two-party")
    >>> sequence = scenario.sequence(scenario.default_sequence)
    >>> trace = run(scenario, sequence, worlds=worlds(scenario, range(3), entropy=7), fates=Fates(7, range(3)))
    >>> trace.final["deaths"].shape
    (3,)
    """
    engine = _Engine(scenario, sequence, worlds, fates, protocol or STANDARD)
    recorder = Recorder(engine.protocol, engine.layout, record, engine.state)
    with np.errstate(all="ignore"):
        for _ in range(scenario.horizon):
            engine.step()
            recorder.note(engine.state, engine.columns, engine.active)
    return recorder.trace(scenario, sequence, fates.runs, worlds, engine.finish())
