"""Agents of the reference model: each holds its own values and applies rules to itself.

An agent reads its own values, those of the agents it is linked to (a seat its track and its party, a cell its province
and its faction), and those of the war; what it can read is also an attribute of it, so that a data collector's reporter
``"faction_fighters"`` works.  A class may define a method with the name of a rule: it is then called in place of the
rule's function, and its argument names say what it reads, as a rule's do.  That is how a new behaviour is tried.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa import Agent

from settlesim.engines.reference.rule_faults import applied
from settlesim.model.codes import STATUS
from settlesim.model.items import Clock, Rule
from settlesim.model.rule_lint import is_own
from settlesim.model.rules.commanders import fraction_of_week, hazard_at, left_at, mark_at

if TYPE_CHECKING:
    from settlesim.engines.reference.settlement_model import SettlementModel

__all__ = ["CLASSES", "KINDS", "ROLES", "Commander", "Entity", "Occasion"]

KINDS: dict[str, Callable[[Any], Any]] = {"float": np.float64, "bool": np.bool_, "int": np.int64}


class Occasion(Mapping[str, Any]):
    """Luck that travels with a matter: looked up by a counter at the moment it is read."""

    def __init__(self, table: Any, source: Mapping[str, Any], counter: str) -> None:
        self.table, self.source, self.counter = table, source, counter

    def __getitem__(self, name: str) -> Any:
        return self.table[min(int(self.source[self.counter]), len(self.table) - 1)]

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class Entity(Agent):  # type: ignore[misc]
    """Anything that has values: a party, a province, a table, a concession.

    Parameters
    ----------
    model : SettlementModel
        The model it lives in.
    scope : str
        The kind of entity it is in the protocol.
    name : str
        Its name, unique within the scope; part of the address of its luck.
    """

    def __init__(self, model: SettlementModel, scope: str, name: str) -> None:
        super().__init__(model)
        self.scope, self.name = scope, name
        self.values: dict[str, Any] = {}
        self.links: dict[str, Entity] = {}
        self._reads: dict[str, tuple[Callable[..., Any], Any, tuple[Any, ...]]] = {}

    def __getattr__(self, name: str) -> Any:
        # Asked for what is no attribute: a variable, parameter or luck of the model, read as this agent sees it.
        if name.startswith("_") or "_reads" not in vars(self):
            raise AttributeError(name)
        try:
            return self.read(name)
        except KeyError:
            raise AttributeError(f"{type(self).__name__} {self.name!r} cannot see anything called {name!r}") from None

    def source(self, name: str) -> Mapping[str, Any]:
        """Where this agent finds a name: with itself, an agent it is linked to, or the war."""
        scope = self.model.scope_of(name)
        if scope not in (self.scope, "run") and not self.model.entities[scope]:
            return {name: self.model.kinds.get(name, np.float64)(0)}  # nobody there to read from
        holder = self if scope == self.scope else self.model.war if scope == "run" else self.links[scope]
        luck = self.model.matters.get(name)
        if luck is not None:
            return Occasion(holder.values[name], holder.source(luck), luck)
        return holder.values

    def read(self, name: str) -> Any:
        """Value of a name as this agent sees it."""
        return self.source(name)[name]

    def apply(self, rule: Rule) -> None:
        """Apply a rule to itself, unless its guard is down; a method of the rule's name takes its place."""
        if rule.name not in self._reads:
            self._reads[rule.name] = self._instructions(rule)
        act, guard, found = self._reads[rule.name]
        if guard is not None and not guard[rule.when]:
            return
        out = act(*[source[name] for source, name in found])
        values, kinds = self.values, self.model.kinds
        for name, value in zip(rule.writes, out if len(rule.writes) > 1 else (out,), strict=True):
            values[name] = kinds[name](value)

    def _instructions(self, rule: Rule) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """What to do for a rule, where its guard is, and where to find what is read."""
        act, reads = rule.function, rule.arguments
        if rule.name in self.model.behaviours and hasattr(type(self), rule.name):
            act = getattr(self, rule.name)
            reads = tuple(inspect.signature(act).parameters)
        if is_own(act):
            act = partial(applied, self, rule, act)
        guard = None if rule.when is None else self.source(rule.when)
        return act, guard, tuple((self.source(name), name) for name in reads)


class War(Entity):
    """What belongs to the run as a whole."""


class Government(Entity):
    """The government."""


class Insurgency(Entity):
    """The insurgency as a party to talks."""


class Patron(Entity):
    """The government's foreign patron."""


class Neighbour(Entity):
    """The neighbour that gives sanctuary."""


class Rival(Entity):
    """The rival that lures commanders away."""


class Faction(Entity):
    """A faction of the insurgency."""


class Province(Entity):
    """A province."""


class Cell(Entity):
    """A faction's commanders of one province, who share hazards."""


class Track(Entity):
    """A table of talks."""


class Seat(Entity):
    """A party's place at a table."""


class Commander(Entity):
    """A commander: six motives, each a clock that runs while its status is exposed to it."""

    def muster(self, clocks: tuple[Clock, ...]) -> None:
        """Wind the clocks up."""
        self.status = 0
        self.size = int(self.values["size"])
        self.hardline = float(self.values["theta"])
        self.clocks = clocks
        self.faces = [self.links.get(self.model.scope_of(c.hazard), self.model.war) for c in clocks]
        self.marks = [float(self.values[c.luck] / self.values[c.factor]) for c in clocks]
        self.heed()

    def heed(self) -> None:
        """Note which clocks run in the present status."""
        self.running = [k for k, clock in enumerate(self.clocks) if self.status in clock.exposed]

    @property
    def allegiance(self) -> str:
        """Status in words."""
        return STATUS[self.status]

    def live_a_week(self) -> None:
        """Let the clocks run; the one that rang earliest within the week decides."""
        first: tuple[float, int] | None = None
        for k in self.running:
            face = self.faces[k].clock_faces[k]
            if self.marks[k] <= face[2]:
                at = (float(fraction_of_week(np.float64(self.marks[k]), face[0], face[1])), k)
                first = at if first is None else min(first, at)
        if first is not None:
            fraction, k = first
            clock = self.clocks[k]
            self.change(clock.to, fraction, {clock.name, *clock.spends})
            self.model.war.values[clock.tally] += 1

    def decide(self, rule: Rule, exposed: tuple[int, ...], to: int) -> None:
        """Follow or reject a deal that is signed this week."""
        if self.status not in exposed:
            return
        self.apply(rule)
        if self.values[rule.writes[0]]:
            self.change(to, 1.0, set())
            self.model.war.values["moved_rejecting"] += 1

    def change(self, to: int, fraction: float, spent: set[str]) -> None:
        """Change side: clocks that no longer run keep what is left of them, those that start go on from it."""
        for k, clock in enumerate(self.clocks):
            if clock.name in spent:
                self.marks[k] = float("inf")
                continue
            was, runs_on = self.status in clock.exposed, to in clock.exposed
            if was == runs_on:
                continue
            before, hazard, _ = self.faces[k].clock_faces[k]
            now = hazard_at(before, hazard, fraction)
            self.marks[k] = float(mark_at(self.marks[k], now) if runs_on else left_at(self.marks[k], now))
        self.status = to
        self.values["status"] = np.int64(to)
        self.heed()


CLASSES: dict[str, type[Entity]] = {
    "run": War,
    "faction": Faction,
    "province": Province,
    "cell": Cell,
    "commander": Commander,
    "track": Track,
    "seat": Seat,
}
ROLES: dict[str, type[Entity]] = {
    "government": Government,
    "insurgency": Insurgency,
    "patron": Patron,
    "neighbour": Neighbour,
    "rival": Rival,
}
