"""The numpy engine: interprets a protocol over arrays of shape (entity, run), a block of runs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance import Fates
from settlesim.cohort import Cohort
from settlesim.distributions import Fixed
from settlesim.draws import table_of_luck
from settlesim.errors import UsageError, nearest
from settlesim.rules import STANDARD
from settlesim.rules.rule import Commanders, Fold, Luck, Protocol, Ranked, Rule, Select, Steps, Variable
from settlesim.rules.steps import delayed, held_since, leaf, step_due
from settlesim.scenario import Scenario
from settlesim.sequence import Sequence
from settlesim.state import Layout, layout, parameters
from settlesim.trace import Recorder, Trace

__all__ = ["run"]

Floats = NDArray[np.float64]
Fetch = Callable[[], Any]

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


@dataclass
class _Names:
    """Where a name is found and what scope it has."""

    scope: dict[str, str]
    fixed: dict[str, Any]
    weekly: dict[str, Any]
    luck: dict[str, Luck]


class _Engine:
    def __init__(
        self, scenario: Scenario, sequence: Sequence, worlds: Mapping[str, Floats], fates: Fates, protocol: Protocol
    ) -> None:
        self.scenario = scenario
        self.layout: Layout = layout(scenario, sequence)
        self.protocol = protocol
        self.fates = fates
        self.runs = len(fates.runs)
        self.constant = _shape_is_constant(scenario, sequence)
        self.values = parameters(scenario, self.layout, worlds)
        self.names = self._collect()
        self.state: dict[str, Any] = {}
        self.draws: dict[str, Floats] = {}
        # Values that do not change, gathered for the scope that reads them; those with a run axis apart.
        self.still: dict[tuple[str, str], Any] = {}
        self.by_run: dict[tuple[str, str], Any] = {}
        self.columns = np.arange(self.runs)
        self.gone = np.zeros(self.runs, bool)
        self.final: dict[str, Any] = {}
        self.week = 0.0
        self.active: NDArray[np.bool_] | None = None
        self._derive()
        for item in protocol.items:
            if isinstance(item, Commanders):
                self._start_commanders(item)
        self._start()
        # What is fixed for each commander stays whole; only its status moves, and that the cohort keeps.
        self.moving = [v.name for v in protocol.variables if v.scope != "commander"]
        self.stages = [self._compile(item) for item in protocol.items]

    # -- names ---------------------------------------------------------------------------------------

    def _collect(self) -> _Names:
        names = _Names({}, {}, {}, {})
        for name, (scope, value) in self.layout.attributes.items():
            names.scope[name] = "run" if scope == "week" else scope
            (names.weekly if scope == "week" else names.fixed)[name] = value
        for name, (scope, value) in self.values.items():
            names.scope[name] = scope
            names.fixed[name] = value
        for luck in self.protocol.luck:
            names.scope[luck.name] = luck.scope
            names.luck[luck.name] = luck
        for variable in self.protocol.variables:
            names.scope[variable.name] = variable.scope
        names.scope["week"] = "run"
        return names

    def _derive(self) -> None:
        """Values of week 0 that follow from parameters and layout together."""
        fixed, scope, built = self.names.fixed, self.names.scope, self.layout

        def add(name: str, where: str, value: Any) -> None:
            fixed[name], scope[name] = value, where

        rival = fixed["rival_strength"] * fixed["has_rival"]
        external = fixed["rival_affinity"] * rival
        commanders = np.bincount(built.maps["commander", "province"], minlength=built.size("province"))
        add("rival_start", "run", rival)
        add("rival_external_start", "province", external)
        # Sequential, like every sum over entities: a run alone must equal itself in a block.
        met = np.zeros(self.runs)
        for row, n in zip(external, commanders, strict=True):
            met = met + row * n
        add("rival_reference", "run", met / commanders.sum())
        add("threat_start", "run", np.minimum(rival / fixed["threat_scale"], 1.0))
        add("deaths_year_start", "run", 52.0 * fixed["deaths_base"])
        add("rival_inflow", "run", fixed["rival_inflow"] * fixed["has_rival"])
        add("troops_start", "run", fixed["troops_start"] * fixed["has_patron"])
        demanded = [
            row
            for row, c in zip(fixed["concession_value"], self.scenario.concessions.values(), strict=True)
            if not c.pie
        ]
        add("withdrawal_value", "run", demanded[0] if demanded else np.zeros(self.runs))
        pie = np.zeros(self.runs)
        for value, counts in zip(fixed["concession_value"], fixed["in_pie"][:, 0], strict=True):
            pie = pie + (np.maximum(value, 0.0) if counts else 0.0)
        add("pie_value", "run", pie)

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
                value = self.state[value] if value in self.state else self._fetch(value, variable.scope)()
            elif value is None:
                value = 0
            self.state[variable.name] = self._full(variable, value)
        self.since = np.full((len(self.layout.nodes), self.runs), -1.0)

    def _start_commanders(self, item: Commanders) -> None:
        for rule in item.setup:
            for name, value in zip(rule.writes, self._call(rule)(), strict=True):
                self.state[name] = self._full(self.protocol.table[name], value)
        self.cohort = Cohort(item, self.layout, self.names.scope, self.state, lambda name: self._draw(name)[0])
        fighters = self.state["cell_fighters"]
        fixed, scope = self.names.fixed, self.names.scope
        fixed["cell_fighters_start"], scope["cell_fighters_start"] = fighters.copy(), "cell"
        fixed["initial_fighters"], scope["initial_fighters"] = fighters.sum(axis=0), "run"
        for where in ("faction", "province"):
            fixed[f"{where}_fighters_start"] = np.stack(
                [fighters[list(m)].sum(axis=0) for m in self.layout.members[f"{where}_cells"]]
            )
            scope[f"{where}_fighters_start"] = where

    # -- reading -------------------------------------------------------------------------------------

    def _index(self, name: str, origin: str, to: str) -> Any:
        """Rows of a variable of scope `to` for the entities of scope `origin`; None where they are the same rows."""
        if to in ("run", origin):
            return None
        key = (origin, to)
        if key not in self.layout.maps:
            raise UsageError(f"a rule of scope {origin!r} reads {name!r}, but no map leads from {origin!r} to {to!r}")
        return self.layout.maps[key]

    def _draw(self, name: str) -> Floats:
        if name not in self.draws:
            self.draws[name] = table_of_luck(
                self.names.luck[name], self.layout, self.fates, self.values, constant=self.constant
            )
        return self.draws[name]

    def _fetch(self, name: str, scope: str) -> Fetch:
        """How a rule of a scope reads a name: resolved once, called every week."""
        if name == "week":
            return lambda: self.week
        if name not in self.names.scope:
            close = nearest(name, self.names.scope)
            raise UsageError(f"a rule reads {name!r}, which nothing provides; the nearest name is {close!r}")
        index = self._index(name, scope, self.names.scope[name])
        if name in self.names.luck:
            return self._fetch_luck(self.names.luck[name], index)
        if name in self.names.weekly:
            table = self.names.weekly[name]
            return lambda: table[int(self.week)]
        if name in self.protocol.table:
            state = self.state
            if index is None:
                return lambda: state[name]
            return lambda: np.take(state[name], index, axis=0, mode="clip")
        still = self.still if name in self.layout.attributes else self.by_run
        key = (name, scope)
        value = self.names.fixed[name]
        still[key] = value if index is None else value[index]
        return lambda: still[key]

    def _fetch_luck(self, luck: Luck, index: Any) -> Fetch:
        self._draw(luck.name)
        draws, name = self.draws, luck.name
        if luck.per in ("run", "week"):

            def drawn() -> Any:
                rows = draws[name][int(self.week) if luck.per == "week" else 0]
                if self.runs < rows.shape[-1]:
                    rows = np.take(rows, self.columns, axis=-1)
                return rows if index is None else rows[index]

            return drawn
        count = self._fetch(luck.per, luck.scope)
        last = len(draws[name]) - 1
        if luck.scope == "run":
            return lambda: draws[name][np.minimum(count(), last), self.columns]
        row = np.arange(self.layout.size(luck.scope))[:, None]

        def occasion() -> Any:
            rows = draws[name][np.minimum(count(), last), row, self.columns]
            return rows if index is None else rows[index]

        return occasion

    def _call(self, rule: Rule) -> Fetch:
        reads = [self._fetch(name, rule.scope) for name in rule.reads]
        function, several = rule.function, len(rule.writes) > 1

        def call() -> tuple[Any, ...]:
            out = function(*[read() for read in reads])
            return out if several else (out,)

        return call

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
            return self._take_steps
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
        call = self._call(rule)
        written = [self._declared(name) for name in rule.writes]
        guard = None if rule.when is None else self._fetch(rule.when, rule.scope)

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
            elif fold.op == "any" and not self.state[fold.of].any():
                self._store(variable, np.zeros((len(groups), self.runs), bool))
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
        guard = self._fetch(ranked.when, "clause")
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
        reads = [(name, self._fetch_columns(name)) for name in decide.reads]

        def reject(runs: Any) -> Any:
            return decide.function(**{name: read(runs) for name, read in reads})

        return lambda: self.cohort.advance(self.active, reject)

    def _fetch_columns(self, name: str) -> Callable[[Any], Any]:
        """How a commanders' choice reads a name, for a few runs only."""
        if name in self.names.luck:
            self._draw(name)
            return lambda runs: self.draws[name][0][:, self.columns[runs]]
        scope = self.names.scope[name]
        if name in self.protocol.table and scope not in ("run", "commander"):
            index = self._index(name, "commander", scope)
            return lambda runs: self.state[name][:, runs][index]
        read = self._fetch(name, "commander")
        return lambda runs: read()[..., runs] if np.shape(read())[-1:] == (self.runs,) else read()

    def _take_steps(self) -> None:
        state, built, week = self.state, self.layout, self.week
        truth: list[Any] = []
        everywhere = np.ones(self.runs, bool)
        for k, node in enumerate(built.nodes):
            if node.kind in ("all", "any"):
                combine = np.logical_and if node.kind == "all" else np.logical_or
                now = combine.reduce([truth[c] for c in node.children])
            elif node.kind == "not":
                now = ~truth[node.children[0]]
            else:
                t = node.target
                track = node.kind in ("opened", "signed", "broken")
                now = leaf(
                    node.kind,
                    week,
                    node.number,
                    state["opened_week"][t] if track else None,
                    state["phase"][t] if track else None,
                    built.attributes["single_undertaking"][1],
                    state["delivered"][t] if node.kind == "delivered" else None,
                    state["quiet_weeks"],
                    state["taken_week"][t] if node.kind == "taken" else None,
                )
            now = everywhere & now
            since = held_since(now, self.since[k], week)
            self.since[k] = since
            truth.append(delayed(now, self.since[k], week, node.delay))
        self._fire(truth, everywhere)

    def _fire(self, truth: list[Any], everywhere: Any) -> None:
        state, built, week = self.state, self.layout, self.week
        taken = state["taken_week"].copy()
        fires = np.zeros(taken.shape, bool)
        for i, root in enumerate(built.roots):
            fires[i] = step_due(
                everywhere if root < 0 else truth[root],
                taken[i],
                taken[i - 1] if i else np.zeros(self.runs),
                built.pace if i else 0.0,
                week,
                np.bool_(built.ordered),
                built.attributes["reciprocal"][1][i, 0],
                state["quiet_weeks"],
                built.attributes["quiet_needed"][1][i, 0],
            )
            taken[i] = np.where(fires[i], week, taken[i])
        state["fires"], state["taken_week"] = fires, taken
        state["condition_since"] = self.since.copy()

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
        if not self.runs:
            return
        self.active = ~self.gone if gone else None
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
        self.columns, self.runs = self.columns[stay], len(stay)
        self.gone = np.zeros(self.runs, bool)
        for key, value in self.by_run.items():
            self.by_run[key] = value[..., stay]
        self.since = self.since[:, stay]
        for name in self.moving:
            self.state[name] = np.ascontiguousarray(self.state[name][..., stay])
        self.cohort.drop(stay)

    def finish(self) -> dict[str, Any]:
        """Final values of all variables, every run in its column."""
        self._keep(np.flatnonzero(~self.gone))
        return self.final


def _shape_is_constant(scenario: Scenario, sequence: Sequence) -> bool:
    """Whether the frailties' shape is declared as a number, in the file or by a lever."""
    prior = scenario.parameters["hardline_concentration"].entries().get("")
    return isinstance(prior, Fixed) or "hardline_concentration" in sequence.levers


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
