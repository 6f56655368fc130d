"""What all agents of the reference model have in common: values, links, and rules that they apply to themselves.

An agent reads its own values, those of the agents it is linked to (a seat its track and its party, a cell its province
and its faction), and those of the war; what it can read is also an attribute of it.  A class may define a method with
the name of a rule: it is then called in place of the rule's function, and its argument names say what it reads, as a
rule's do.  That is how a new behaviour is tried.  What such a class may bring is checked in
`settlesim.engines.reference.own_classes`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa import Agent

from settlesim.engines.reference.rule_faults import applied
from settlesim.errors import UsageError, nearest
from settlesim.model.items import Rule
from settlesim.model.rule_lint import is_own

if TYPE_CHECKING:
    from settlesim.engines.reference.settlement_model import SettlementModel

__all__ = ["Entity", "Occasion"]


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

    What it can read is an attribute of it.  A variable of its own that rules carry on from week to week can be set
    (``model.war.legitimacy = 0.1``), and rules read what was set; to set anything else of the model is an error.  A
    subclass declares attributes of its own in its body (``mood = 0.5``) or sets them in its ``__init__``.

    Parameters
    ----------
    model : SettlementModel
        The model it lives in, which makes all its agents itself.
    scope : str
        The kind of entity it is in the protocol.
    name : str
        Its name, unique within the scope; part of the address of its luck.
    """

    # What each clock of commanders has accumulated here: before this week, in this week, and by its end.
    accumulated: list[tuple[Any, Any, Any]]

    def __init__(self, model: SettlementModel, scope: str, name: str) -> None:
        if model.peopled:
            raise UsageError(f"{type(self).__name__}: a settlement model makes all its agents itself")
        # Not by Mesa's own __init__: up to Mesa 3.4.1 it numbers agents in a table of the class, keyed by model, from
        # which no model is ever let go (its issue 3179).  The number below is what later versions give as well.
        self.__dict__.update(model=model, unique_id=len(model.agents) + 1, pos=None)
        model.register_agent(self)
        values: dict[str, Any] = {}
        links: dict[str, Entity] = {}
        self.__dict__.update(scope=scope, name=name, values=values, links=links, _instructed={})

    def __getstate__(self) -> dict[str, Any]:
        """Return what pickle and copy take along: not the functions of rules, which are looked up anew."""
        return {**vars(self), "_instructed": {}}

    def __getattr__(self, name: str) -> Any:
        # Asked for what is no attribute: a variable, parameter or luck of the model, read as this agent sees it.
        if name.startswith("_") or "_instructed" not in vars(self):
            raise AttributeError(name)
        try:
            return self.read(name)
        except KeyError:
            said = f"{self.label} cannot see anything called {name!r}"
            raise AttributeError(said + _meant(name, self.visible())) from None

    def __setattr__(self, name: str, value: Any) -> None:
        model = vars(self).get("model")
        if model is None:
            super().__setattr__(name, value)
        elif name in model.scopes:
            self._set_variable(name, value)
        elif not model.peopled or name in vars(self) or _declared(type(self), name):
            super().__setattr__(name, value)
        else:
            raise UsageError(
                f"{self.label} has nothing called {name!r} to set{_meant(name, [*self.visible(), *vars(self)])} An "
                f"attribute of one's own is declared in the body of its class ({name} = ...) or set in its __init__, "
                "and a method stands in the class"
            )

    def _set_variable(self, name: str, value: Any) -> None:
        """Set a variable of this agent, where that changes what rules read."""
        scope, refusal = self.model.scope_of(name), self.model.refusals.get(name)
        if not self.model.peopled:
            refusal = "it gets its value from scenario, luck and rules after the agents are made"
        elif refusal is None and scope != self.scope:
            refusal = "it belongs to the war: set it on model.war" if scope == "run" else f"it belongs to a {scope}"
        if refusal is not None:
            raise UsageError(f"{name!r} cannot be set on {self.label}: {refusal}")
        variable = self.model.protocol.table[name]
        try:
            number = self.model.kinds[name](value)
            fits = bool(number == value and variable.low <= number <= variable.high)
        except (TypeError, ValueError):
            fits = False
        if not fits:
            kind = {"float": "number", "int": "whole number", "bool": "truth value"}[variable.kind]
            allowed = f"from {variable.low:g} to {variable.high:g}"
            raise UsageError(f"{name!r} of {self.label} takes a {kind} {allowed}, not {value!r}")
        self.values[name] = number

    def remove(self) -> None:
        """Refuse: a scenario says how many agents there are, and rules count on it."""
        raise UsageError(
            f"{self.label} cannot be removed: rules count on the numbers of the scenario. A commander leaves the war "
            "by its clocks or its choice; another number of commanders is another scenario"
        )

    @property
    def label(self) -> str:
        """Class and name, for messages."""
        return f"{type(self).__name__} {self.name!r}" if self.name else type(self).__name__

    def sees(self, scope: str) -> bool:
        """Whether this agent can read what belongs to a scope."""
        return scope in (self.scope, "run") or scope in self.links or not self.model.entities[scope]

    def visible(self) -> list[str]:
        """Names of all that this agent can read."""
        return [name for name, scope in self.model.scopes.items() if self.sees(scope)]

    def source(self, name: str) -> Mapping[str, Any]:
        """Where this agent finds a name: with itself, an agent it is linked to, or the war."""
        scope = self.model.scope_of(name)
        if scope not in (self.scope, "run") and not self.model.entities[scope]:
            return {name: self.model.kinds.get(name, np.float64)(0)}  # nobody there to read from
        holder = self if scope == self.scope else self.model.war if scope == "run" else self.links[scope]
        counter = self.model.counters.get(name)
        if counter is not None:
            return Occasion(holder.values[name], holder.source(counter), counter)
        values: dict[str, Any] = holder.values
        return values

    def read(self, name: str) -> Any:
        """Value of a name as this agent sees it."""
        return self.source(name)[name]

    def apply(self, rule: Rule) -> None:
        """Apply a rule to itself where its condition holds; a method of the rule's name takes its place."""
        if rule.name not in self._instructed:
            self._instructed[rule.name] = self._instructions(rule)
        act, condition, found = self._instructed[rule.name]
        if condition is not None and not condition[rule.when]:
            return
        out = act(*[source[name] for source, name in found])
        values, kinds = self.values, self.model.kinds
        for name, value in zip(rule.writes, out if len(rule.writes) > 1 else (out,), strict=True):
            values[name] = kinds[name](value)

    def _instructions(self, rule: Rule) -> tuple[Callable[..., Any], Any, tuple[Any, ...]]:
        """What to do for a rule, where its condition is, and where to find what is read."""
        act, reads = rule.function, rule.arguments
        if rule.name in self.model.behaviours.get(type(self), ()):
            act = getattr(self, rule.name)
            reads = tuple(inspect.signature(act).parameters)
        if is_own(act):
            act = partial(applied, self, rule, act)
        condition = None if rule.when is None else self.source(rule.when)
        return act, condition, tuple((self.source(name), name) for name in reads)


def _meant(name: str, names: list[str]) -> str:
    like = nearest(name, names)
    return "." if like is None else f"; did you mean {like!r}?"


def _declared(kind: type, name: str) -> bool:
    """Whether a class has an attribute, other than a method, or an annotation of that name."""
    missing = object()
    found = getattr(kind, name, missing)
    if found is missing:
        return name.startswith("_") or any(name in inspect.get_annotations(klass) for klass in kind.__mro__)
    return not inspect.isroutine(found)
