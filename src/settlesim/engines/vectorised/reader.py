"""How the numpy engine reads: names resolved once, gathered by index maps, luck by occasion."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.worlds import Fates
from settlesim.engines.vectorised.watched_rule import WatchedRule
from settlesim.errors import FaultError
from settlesim.model.items import Item, Rule
from settlesim.model.layout import layout, parameters
from settlesim.model.luck import table_of_luck
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_check import ensure_sound
from settlesim.model.rule_lint import is_own
from settlesim.model.variables import FRAILTY_SHAPE, Luck
from settlesim.scenario.priors import Fixed
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["Columns", "Fetch", "Reader"]

Floats = NDArray[np.float64]
Columns = NDArray[np.intp] | None


class Fetch(typing.Protocol):
    """Gives a value for all runs of the block, or only for some columns of its arrays."""

    def __call__(self, columns: Columns = None) -> Any:
        """Return the value, shape (entities, columns) or one that broadcasts to it."""


@dataclass
class _Names:
    """Where a name is found and what scope it has."""

    scope: dict[str, str]
    fixed: dict[str, Any]
    weekly: dict[str, Any]
    luck: dict[str, Luck]


class Reader:
    """Values of a block of runs by name, as rules of any scope read them.

    Parameters
    ----------
    scenario, sequence
        The conflict and the order of talks.
    worlds : mapping
        Parameter values, shape (runs,).
    fates : Fates
        The block's luck.
    protocol : Protocol
        Declares variables and luck.
    orders : ndarray, optional
        The sequence's steps in the order of each run, where runs differ in it, shape (steps, runs).
    """

    def __init__(
        self,
        scenario: Scenario,
        sequence: Sequence,
        worlds: Mapping[str, Floats],
        fates: Fates,
        protocol: Protocol,
        orders: NDArray[np.intp] | None = None,
    ) -> None:
        self.layout = layout(scenario, sequence, orders)
        self.protocol, self.sequence = protocol, sequence
        self.fates = fates
        self.runs = len(fates.runs)
        self.columns = np.arange(self.runs)
        # Runs that have ended: nothing is read from their columns any more.
        self.gone = np.zeros(self.runs, bool)
        self.week = 0.0
        self.values = parameters(scenario, self.layout, worlds)
        ensure_sound(protocol, scenario, self.layout, self.values)
        self.constant = shape_is_constant(scenario, sequence)
        self.names = self._collect()
        self.state: dict[str, Any] = {}
        self.draws: dict[str, Floats] = {}
        # Values that do not change, gathered for the scope that reads them; those with a run axis apart.
        self.still: dict[tuple[str, str], Any] = {}
        self.by_run: dict[tuple[str, str], Any] = {}

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

    def _index(self, origin: str, to: str) -> Any:
        """Rows of a variable of scope `to` for the entities of scope `origin`; None where they are the same rows."""
        return None if to in ("run", origin) else self.layout.maps[origin, to]

    def draw(self, name: str) -> Floats:
        """Luck by name, drawn when it is first asked for."""
        if name not in self.draws:
            self.draws[name] = table_of_luck(
                self.names.luck[name], self.layout, self.fates, self.values, constant=self.constant
            )
        return self.draws[name]

    def fetch(self, name: str, scope: str) -> Fetch:
        """How a rule of a scope reads a name: resolved once, called every week, for all runs or for some columns."""
        if name == "week":
            return lambda columns=None: self.week
        index = self._index(scope, self.names.scope[name])
        if index is not None and not self.layout.size(self.names.scope[name]):
            return self._fetch_nothing(name, len(index))
        if name in self.names.luck:
            return self._fetch_luck(self.names.luck[name], index)
        if name in self.names.weekly:
            table = self.names.weekly[name]
            return lambda columns=None: table[int(self.week)]
        if name in self.protocol.table:
            return self._fetch_state(name, index)
        value = self.names.fixed[name]
        # An attribute is one value an entity, unless it follows from an order in which the runs differ.
        alike = name in self.layout.attributes and not (np.ndim(value) == 2 and value.shape[1] > 1)
        still = self.still if alike else self.by_run
        key = (name, scope)
        still[key] = value if index is None else value[index]
        if still is self.still:
            return lambda columns=None: still[key]
        return lambda columns=None: still[key] if columns is None else still[key].take(columns, axis=-1)

    def _fetch_nothing(self, name: str, number: int) -> Fetch:
        """Read zero from a scope in which this conflict has nobody, such as the bargains of talks without a prize."""
        kind = {"bool": np.bool_, "int": np.int64}.get(getattr(self.protocol.table.get(name), "kind", ""), np.float64)
        if name in self.layout.attributes:
            kind = np.asarray(self.layout.attributes[name][1]).dtype.type
        return lambda columns=None: np.zeros((number, self.runs if columns is None else len(columns)), kind)

    def _fetch_state(self, name: str, index: Any) -> Fetch:
        state = self.state

        def value(columns: Columns = None) -> Any:
            found = state[name] if columns is None else state[name].take(columns, axis=-1)
            return found if index is None else found.take(index, axis=0, mode="clip")

        return value

    def _fetch_luck(self, luck: Luck, index: Any) -> Fetch:
        self.draw(luck.name)
        draws, name = self.draws, luck.name
        if luck.per in ("run", "week"):

            def drawn(columns: Columns = None) -> Any:
                rows = draws[name][int(self.week) if luck.per == "week" else 0]
                if columns is not None:
                    rows = rows.take(self.columns[columns], axis=-1)
                elif self.runs < rows.shape[-1]:
                    rows = rows.take(self.columns, axis=-1)
                return rows if index is None else rows[index]

            return drawn
        count = self.fetch(luck.per, luck.scope)
        last = len(draws[name]) - 1
        rows_of = () if luck.scope == "run" else (np.arange(self.layout.size(luck.scope))[:, None],)

        def occasion(columns: Columns = None) -> Any:
            there = self.columns if columns is None else self.columns[columns]
            rows = draws[name][(np.minimum(count(columns), last), *rows_of, there)]
            return rows if index is None else rows[index]

        return occasion

    def call(self, rule: Rule) -> Fetch:
        """Return what evaluates a rule, for all runs or for some columns, and gives its values as a tuple."""
        reads = [self.fetch(name, rule.scope) for name in rule.arguments]
        if is_own(rule.function):
            return WatchedRule(rule, reads, self)
        function, several = rule.function, len(rule.writes) > 1

        def call(columns: Columns = None) -> tuple[Any, ...]:
            out = function(*[read(columns) for read in reads])
            return out if several else (out,)

        return call

    def fault(self, item: Item, reason: str, run: int | None = None, entity: str = "") -> FaultError:
        """Return the error that says in which item, and when, something went wrong."""
        kind, scope = type(item).__name__.lower(), item.scope
        return FaultError(kind, item.name, reason, scope, int(self.week), run, entity, self.sequence.name)

    def narrow(self, stay: NDArray[np.intp]) -> None:
        """Keep only the given runs."""
        self.columns, self.runs = self.columns[stay], len(stay)
        for key, value in self.by_run.items():
            self.by_run[key] = value[..., stay]


def shape_is_constant(scenario: Scenario, sequence: Sequence) -> bool:
    """Whether the frailties' shape is declared as a number, in the file or by a lever."""
    parameter = scenario.parameters.get(FRAILTY_SHAPE)
    prior = None if parameter is None else parameter.entries().get("")
    return isinstance(prior, Fixed) or FRAILTY_SHAPE in sequence.levers
