"""What must hold of the names of a protocol: unique, of a known kind, each variable and luck well declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from settlesim.errors import nearest
from settlesim.model.items import Commanders, Item
from settlesim.model.layout import Layout
from settlesim.model.outcome import LABELS, RESERVED
from settlesim.model.protocol import Protocol
from settlesim.model.result_names import ALLOWED, result_name_fault
from settlesim.model.variables import DISTRIBUTIONS, FRAILTY_SHAPE, KINDS, SCOPES, Luck, Variable

__all__ = ["NameChecks", "article", "label_of"]

# The address at which the parameters of worlds are drawn.
WORLDS = "world"


class NameChecks:
    """Collects mistakes of names and declarations, and knows where every name comes from.

    Parameters
    ----------
    protocol : Protocol
        What is checked.
    file : str
        Where the parameters come from, for messages.
    built : Layout
        Scopes, maps, groups and attributes.
    parameters : mapping
        Scope by name of parameter.

    Attributes
    ----------
    problems : list of str
        One line for each mistake.
    read : set of str
        All names that are read.
    homes : dict
        Every name that can be read, to what it is: ``"parameter"``, ``"attribute"``, ``"luck"`` or ``"variable"``.
    scopes : dict
        Every name that can be read, to its scope.
    """

    def __init__(self, protocol: Protocol, file: str, built: Layout, parameters: Mapping[str, str]) -> None:
        self.protocol, self.file, self.built = protocol, file, built
        self.problems: list[str] = []
        self.read: set[str] = set()
        self.homes: dict[str, str] = {"week": "attribute"}
        self.scopes: dict[str, str] = {"week": "run"}
        # Names that nothing provides, and who reads them.
        self.missing: dict[str, list[str]] = {}
        results = {*RESERVED, *SCOPES, *LABELS, "outcome_kind", "statistic"}
        for name in parameters:
            if name in results and name != "week":
                told = "has the name of a dimension or coordinate of results"
                self.problems.append(f"parameter {name!r} of {file} {told}: call it otherwise")
        for name, (scope, _) in built.attributes.items():
            self._enter(name, "run" if scope == "week" else scope, "attribute")
        for name, scope in parameters.items():
            self._enter(name, scope, "parameter")
        for luck in protocol.luck:
            self._enter(luck.name, luck.scope, "luck")
        for variable in protocol.variables:
            self._enter(variable.name, variable.scope, "variable")

    def check_names(self) -> None:
        """Check what can be told from declarations alone."""
        for what, names in (
            ("variables", [v.name for v in self.protocol.variables]),
            ("lucks", [luck.name for luck in self.protocol.luck]),
            ("items", [n for item in (*self.protocol.setup, *self.protocol.items) for n in _names_of(item)]),
        ):
            for name, number in Counter(names).items():
                if number > 1:
                    self.problems.append(f"{number} {what} are called {name!r}: give each a name of its own")
        for variable in self.protocol.variables:
            self._check_variable(variable)
        for luck in self.protocol.luck:
            self._check_luck(luck)

    def known(self, value: Any, names: Collection[str], what: str, label: str) -> bool:
        """Whether a value is one of some names; if not, that is noted with the nearest of them."""
        if value in names:
            return True
        like = nearest(value, names)
        hint = f"did you mean {like!r}?" if like else f"known: {', '.join(names)}"
        self.problems.append(f"{label}: unknown {what} {value!r}; {hint}")
        return False

    def reaches(self, origin: str, to: str) -> bool:
        """Whether an entity of one scope can read what belongs to another; what is unknown is noted elsewhere."""
        unknown = origin not in SCOPES or to not in SCOPES
        return unknown or to in ("run", origin) or (origin, to) in self.built.maps

    def _enter(self, name: str, scope: str, home: str) -> None:
        there = self.homes.get(name)
        if there is not None and there != home:
            origin = f"of {self.file}" if "parameter" in (there, home) else "of the model"
            taken = "luck" if there == "luck" else article(there)
            self.problems.append(f"{home} {name!r} has the name of {taken} {origin}: call it otherwise")
        self.homes[name], self.scopes[name] = home, scope

    def _check_variable(self, variable: Variable) -> None:
        label, start = f"variable {variable.name!r:.60}", variable.start
        # Recorded by the week it is in the result.
        fault = result_name_fault(variable.name)
        if fault is not None:
            self.problems.append(f"{label}: its name {fault}; allowed: {ALLOWED}")
        self.known(variable.scope, SCOPES, "scope", label)
        self.known(variable.kind, KINDS, "kind", label)
        if not variable.low <= variable.high:
            self.problems.append(f"{label}: its low, {variable.low!r}, is not below its high, {variable.high!r}")
        elif start is not None and not isinstance(start, (bool, int, float, str)):
            self.problems.append(f"{label}: start must be a number, a name or None, not {start!r}")
        elif isinstance(start, (int, float)) and not variable.low <= start <= variable.high:
            allowed = f"{variable.low:g} to {variable.high:g}"
            self.problems.append(f"{label} starts at {start!r}, outside the range it declares, {allowed}")

    def _check_luck(self, luck: Luck) -> None:
        label = f"luck {luck.name!r}"
        if luck.name == WORLDS:
            self.problems.append(f"{label} would share its draws with the parameters: call it otherwise")
        if isinstance(luck.occasions, bool) or not isinstance(luck.occasions, int) or luck.occasions < 1:
            self.problems.append(f"{label}: occasions must be a whole number of at least 1, not {luck.occasions!r}")
        if self.known(luck.scope, SCOPES, "scope", label) and luck.per not in ("run", "week"):
            counters = [
                v.name for v in self.protocol.variables if v.kind == "int" and self.reaches(luck.scope, v.scope)
            ]
            self.known(
                luck.per, counters, f"counter of occasions of {article(luck.scope)} (an integer variable)", label
            )
        if self.known(luck.distribution, DISTRIBUTIONS, "distribution", label):
            self._check_shape(luck, label)

    def _check_shape(self, luck: Luck, label: str) -> None:
        if luck.distribution == "beta" and luck.scope != "commander":
            self.problems.append(f"{label}: a beta is drawn for commanders, not for {article(luck.scope)}; use another")
            return
        wanted: dict[str | None, tuple[str, str, str]] = {
            "gamma": {luck.parameter: ("parameter", "run", "a parameter of the scenario with one number, its shape")},
            "beta": {
                luck.parameter: ("attribute", "faction", "the attribute of factions that is its mean"),
                FRAILTY_SHAPE: ("parameter", "run", "a parameter of the scenario with one number"),
            },
        }.get(luck.distribution, {})
        for name, (home, scope, what) in wanted.items():
            if name is None:
                self.problems.append(f"{label}: a {luck.distribution} needs parameter=..., {what}")
            elif name not in self.homes:
                self.missing.setdefault(name, []).append(label)
            elif (self.homes[name], self.scopes[name]) != (home, scope):
                self.problems.append(f"{label}: {name!r} shapes its {luck.distribution} and must be {what}")
        self.read.update(name for name in wanted if name is not None)


def label_of(item: Item) -> str:
    """Return kind and name of an item, for messages.

    Examples
    --------
    >>> from settlesim.model.items import Fold
    >>> label_of(Fold("x", "deaths", "sum", "province"))
    "fold 'x'"
    """
    scope = f" ({item.scope})" if type(item).__name__ == "Rule" else ""
    return f"{type(item).__name__.lower()} {item.name!r}{scope}"


def article(scope: str) -> str:
    """Return a scope with its article, for messages.

    Examples
    --------
    >>> article("actor"), article("seat")
    ('an actor', 'a seat')
    """
    return f"an {scope}" if scope[:1] in tuple("aeiou") else f"a {scope}"


def _names_of(item: Item) -> tuple[str, ...]:
    """Names by which a protocol finds an item and what is in it."""
    return (item.name, *item.rules) if isinstance(item, Commanders) else (item.name,)
