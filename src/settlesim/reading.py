"""How the numpy engine reads: names resolved once, gathered by index maps, luck by occasion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance import Fates
from settlesim.distributions import Fixed
from settlesim.draws import table_of_luck
from settlesim.errors import UsageError, nearest
from settlesim.rules.rule import Luck, Protocol, Rule
from settlesim.scenario import Scenario
from settlesim.sequence import Sequence
from settlesim.state import layout, parameters

__all__ = ["Fetch", "Reader"]

Floats = NDArray[np.float64]
Fetch = Callable[[], Any]


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
    """

    def __init__(
        self, scenario: Scenario, sequence: Sequence, worlds: Mapping[str, Floats], fates: Fates, protocol: Protocol
    ) -> None:
        self.layout = layout(scenario, sequence)
        self.protocol = protocol
        self.fates = fates
        self.runs = len(fates.runs)
        self.columns = np.arange(self.runs)
        self.week = 0.0
        self.constant = shape_is_constant(scenario, sequence)
        self.values = parameters(scenario, self.layout, worlds)
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

    def _index(self, name: str, origin: str, to: str) -> Any:
        """Rows of a variable of scope `to` for the entities of scope `origin`; None where they are the same rows."""
        if to in ("run", origin):
            return None
        key = (origin, to)
        if key not in self.layout.maps:
            raise UsageError(f"a rule of scope {origin!r} reads {name!r}, but no map leads from {origin!r} to {to!r}")
        return self.layout.maps[key]

    def draw(self, name: str) -> Floats:
        """Luck by name, drawn when it is first asked for."""
        if name not in self.draws:
            self.draws[name] = table_of_luck(
                self.names.luck[name], self.layout, self.fates, self.values, constant=self.constant
            )
        return self.draws[name]

    def fetch(self, name: str, scope: str) -> Fetch:
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
            if not self.layout.size(self.names.scope[name]):
                # Nobody there to read from, as at tables of a war without anything to bargain over.
                return lambda: np.zeros((len(index), self.runs), state[name].dtype)
            return lambda: np.take(state[name], index, axis=0, mode="clip")
        still = self.still if name in self.layout.attributes else self.by_run
        key = (name, scope)
        value = self.names.fixed[name]
        still[key] = value if index is None else value[index]
        return lambda: still[key]

    def _fetch_luck(self, luck: Luck, index: Any) -> Fetch:
        self.draw(luck.name)
        draws, name = self.draws, luck.name
        if luck.per in ("run", "week"):

            def drawn() -> Any:
                rows = draws[name][int(self.week) if luck.per == "week" else 0]
                if self.runs < rows.shape[-1]:
                    rows = np.take(rows, self.columns, axis=-1)
                return rows if index is None else rows[index]

            return drawn
        count = self.fetch(luck.per, luck.scope)
        last = len(draws[name]) - 1
        if luck.scope == "run":
            return lambda: draws[name][np.minimum(count(), last), self.columns]
        row = np.arange(self.layout.size(luck.scope))[:, None]

        def occasion() -> Any:
            rows = draws[name][np.minimum(count(), last), row, self.columns]
            return rows if index is None else rows[index]

        return occasion

    def call(self, rule: Rule) -> Fetch:
        """Return what evaluates a rule and gives its values as a tuple."""
        reads = [self.fetch(name, rule.scope) for name in rule.reads]
        function, several = rule.function, len(rule.writes) > 1

        def call() -> tuple[Any, ...]:
            out = function(*[read() for read in reads])
            return out if several else (out,)

        return call

    def fetch_columns(self, name: str) -> Callable[[Any], Any]:
        """How a commanders' choice reads a name, for a few runs only."""
        if name in self.names.luck:
            self.draw(name)
            return lambda runs: self.draws[name][0][:, self.columns[runs]]
        scope = self.names.scope[name]
        if name in self.protocol.table and scope not in ("run", "commander"):
            index = self._index(name, "commander", scope)
            return lambda runs: self.state[name][:, runs][index]
        read = self.fetch(name, "commander")
        return lambda runs: read()[..., runs] if np.shape(read())[-1:] == (self.runs,) else read()

    def narrow(self, stay: NDArray[np.intp]) -> None:
        """Keep only the given runs."""
        self.columns, self.runs = self.columns[stay], len(stay)
        for key, value in self.by_run.items():
            self.by_run[key] = value[..., stay]


def shape_is_constant(scenario: Scenario, sequence: Sequence) -> bool:
    """Whether the frailties' shape is declared as a number, in the file or by a lever."""
    prior = scenario.parameters["hardline_concentration"].entries().get("")
    return isinstance(prior, Fixed) or "hardline_concentration" in sequence.levers
