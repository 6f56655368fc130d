"""What must hold between the items of a protocol: what each reads is there, reachable, and written by then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from settlesim.errors import nearest
from settlesim.model.items import Commanders, Fold, Item, Ranked, Rule, Select, Steps
from settlesim.model.name_checks import NameChecks, article, label_of
from settlesim.model.variables import OPERATIONS, SCOPES

__all__ = ["ItemChecks"]

# Of commanders only the status moves in a week; what else they have is fixed before the first.
MOVING = "status"
# What the engines themselves look at: the end of a run, and the fighters of commanders.
NEEDED = {"ended": ("run", "bool"), "size": ("commander", "float")}


class ItemChecks(NameChecks):
    """Goes through a protocol as a run does, and collects the mistakes; see `NameChecks`."""

    def everything(self) -> None:
        """Check names, then all items in the order in which they come."""
        self.table = self.protocol.table
        self.lucks = {luck.name: luck for luck in self.protocol.luck}
        # The item that writes each variable first in a week, the variables that have a value by now, and the first
        # reader of each.
        self.writers: dict[str, Item] = {}
        self.written: set[str] = set()
        self.readers: dict[str, str] = {}
        self.early = True
        if not self._kinds_of_items():
            return
        self.check_names()
        for item in reversed(self.protocol.items):
            self.writers.update(dict.fromkeys(item.writes, item))
        for item in self.protocol.items:
            if isinstance(item, Commanders):
                self._make_commanders(item)
        for item in self.protocol.setup:
            self._carry_out(item)
        self._start()
        self.early = False
        for item in self.protocol.items:
            self._carry_out(item)
        self._never_written()
        self._missing()

    def say(self, problem: str) -> None:
        """Note a mistake."""
        self.problems.append(problem)

    def _kinds_of_items(self) -> bool:
        """Whether all items are such, with one set of commanders among them."""
        for place, kinds in (("items", Item), ("setup", Rule | Fold | Select)):
            for item in getattr(self.protocol, place):
                if not isinstance(item, kinds):
                    self.say(f"{place} of a protocol cannot hold {item!r:.60}: it takes {_kinds(kinds)}")
                    return False
        for kind, number in ((Commanders, "exactly one"), (Steps, "at most one")):
            found = sum(isinstance(item, kind) for item in self.protocol.items)
            if found > 1 or (not found and kind is Commanders):
                self.say(f"a protocol has {number} item of the kind {kind.__name__}; this one has {found}")
                return False
        for name, wanted in NEEDED.items():
            variable = self.table.get(name)
            if variable is None or (variable.scope, variable.kind) != wanted:
                self.say(f"the protocol needs a variable {name!r} of scope {wanted[0]!r} and kind {wanted[1]!r}")
        return True

    # -- before the first week -----------------------------------------------------------------------

    def _make_commanders(self, item: Commanders) -> None:
        for rule in item.setup:
            self._rule(rule)
            self._write(rule, rule.scope)
        self.written |= {MOVING, *item.fighters.values(), item.absent[1]}

    def _start(self) -> None:
        for variable in self.protocol.variables:
            if variable.name in self.written or variable.start is None:
                continue
            if isinstance(variable.start, str):
                self._read(
                    f"the start of variable {variable.name!r} ({variable.scope})", variable.scope, variable.start
                )
            self.written.add(variable.name)

    # -- items ---------------------------------------------------------------------------------------

    def _carry_out(self, item: Item) -> None:
        scope: str | None = None
        if isinstance(item, Rule):
            scope = item.scope
            if item.scope == "commander":
                self.say(f"{label_of(item)}: commanders act by clocks and by their choice; no rule of a week is theirs")
            self._rule(item)
        elif isinstance(item, Fold):
            self._fold(item)
        elif isinstance(item, Select):
            scope = "run"
            self._combined(item, item.of)
        elif isinstance(item, Ranked):
            scope = "clause"
            for name in (item.of, item.key):
                if self._combined(item, name) and self.table[name].scope != "clause":
                    self.say(
                        f"{label_of(item)}: {name!r} belongs to {article(self.table[name].scope)}, not to a clause"
                    )
            self._guard(label_of(item), "clause", item.when)
        elif isinstance(item, Commanders):
            self._commanders(item)
        else:
            for name in item.reads:
                self._read(label_of(item), self.scopes.get(name, "run"), name)
        self._write(item, scope)

    def _write(self, item: Item, scope: str | None) -> None:
        for name in item.writes:
            if name not in self.table:
                like = nearest(name, self.table)
                hint = f"; did you mean {like!r}?" if like else ""
                self.say(f"{label_of(item)} writes {name!r}, which no Variable declares{hint}")
            elif scope is not None and scope != self.table[name].scope in SCOPES:
                theirs, mine = article(self.table[name].scope), article(scope)
                self.say(f"{label_of(item)} writes {name!r}, which belongs to {theirs}, for {mine}: make them one")
            self.written.add(name)

    def _rule(self, rule: Rule) -> None:
        label = label_of(rule)
        if not callable(rule.function):
            self.say(f"{label}: {rule.function!r} cannot be called")
            return
        for parameter in rule.parameters:
            if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                self.say(f"{label}: its argument {parameter} names nothing that can be read: name each argument")
                return
        if not rule.writes or len(set(rule.writes)) < len(rule.writes):
            self.say(f"{label} must write at least one variable, and none twice; it writes {rule.writes!r}")
        if self.known(rule.scope, SCOPES, "scope", label):
            for name in rule.arguments:
                self._read(label, rule.scope, name)
            if rule.when is not None:
                self._guard(label, rule.scope, rule.when)

    def _guard(self, label: str, scope: str, name: str) -> None:
        self._read(label, scope, name)
        if name not in self.homes:
            return
        variable, (_, attribute) = self.table.get(name), self.built.attributes.get(name, ("", 0.0))
        true_or_false = np.asarray(attribute).dtype.kind == "b" if variable is None else variable.kind == "bool"
        if not true_or_false:
            self.say(f"{label}: when={name!r} must name a variable that is true or false, not numbers")

    def _fold(self, fold: Fold) -> None:
        label = label_of(fold)
        self.known(fold.op, OPERATIONS, "operation", label)
        target = self.table[fold.name].scope if fold.name in self.table else ""
        if not self.known(fold.over, SCOPES, "scope", label) or not self._combined(fold, fold.of):
            return
        if self.table[fold.of].scope != fold.over:
            theirs = article(self.table[fold.of].scope)
            self.say(f"{label} combines {fold.of!r} over {fold.over!r}, but that belongs to {theirs}")
        elif fold.members == "" and target not in ("run", ""):
            fitting = [name for name, pair in self.built.groups.items() if pair == (fold.over, target)]
            self.say(
                f"{label}: a fold for each {target} needs members=..., one of: {', '.join(fitting) or 'none fits'}"
            )
        elif fold.members and self.known(fold.members, self.built.groups, "members", label):
            over, to = self.built.groups[fold.members]
            if (over, to) != (fold.over, target or to):
                self.say(
                    f"{label}: members {fold.members!r} leads from {over} to {to}, not from {fold.over} to {target}"
                )

    def _combined(self, item: Fold | Select | Ranked, name: str) -> bool:
        """Whether a name is a variable whose entities can be looked at one by one."""
        label = label_of(item)
        if name in self.homes and self.homes[name] != "variable":
            scope = self.scopes[name]
            self.say(
                f"{label} looks at {name!r}, which is no variable: copy it to one by a rule of scope {scope!r} first"
            )
            return False
        self._read(label, self.scopes.get(name, "run"), name)
        if self.scopes.get(name) == "run":
            self.say(f"{label} looks at {name!r}, of which there is one a run: let a rule read it")
        if self.scopes.get(name) == "commander" and name != MOVING and not self.early:
            self.say(
                f"{label} looks at {name!r} of each commander; in a week only {MOVING!r} can be, or counts by cell"
            )
        return name in self.table

    def _commanders(self, item: Commanders) -> None:
        def variable(label: str, name: str, scopes: Iterable[str]) -> None:
            if name in self.homes and (self.homes[name] != "variable" or self.scopes[name] not in scopes):
                self.say(f"{label}: {name!r} must be a variable of scope {' or '.join(scopes)}")

        sources = ["cell", "run", *(to for origin, to in self.built.maps if origin == "cell")]
        for clock in item.clocks:
            label = f"clock {clock.name!r}"
            for name in (clock.hazard, clock.luck, clock.factor):
                self._read(label, self.scopes.get(name, "run"), name)
            variable(label, clock.hazard, sources)
            variable(label, clock.factor, ["commander"])
            variable(label, clock.tally, ["run"])
            luck = self.lucks.get(clock.luck)
            if luck is None or (luck.scope, luck.distribution, luck.per) != ("commander", "exponential", "run"):
                self.say(f"{label}: {clock.luck!r} must be exponential luck of commanders, drawn once a run")
        choice = item.choice
        self._read("the commanders' choice", "run", choice.trigger)
        variable("the commanders' choice", choice.trigger, ["run"])
        self._rule(choice.decide)
        if choice.decide.scope != "commander" or len(choice.decide.writes) != 1:
            self.say(
                f"{label_of(choice.decide)}: by it commanders choose, so its scope is 'commander' and it writes one"
            )
        for names, scope in ((item.heads.values(), "run"), ((*item.fighters.values(), item.absent[1]), "cell")):
            for name in names:
                variable("commanders", name, [scope])
        statuses = {item.initial, item.absent[0], choice.to, *choice.exposed, *item.fighters}
        statuses |= {status for clock in item.clocks for status in (*clock.exposed, clock.to)}
        if not statuses <= set(item.heads):
            self.say(f"commanders: clocks and choice speak of statuses that heads does not count: {sorted(item.heads)}")

    # -- reading -------------------------------------------------------------------------------------

    def _read(self, label: str, scope: str, name: str) -> None:
        self.read.add(name)
        self.readers.setdefault(name, label)
        if name not in self.homes:
            self.missing.setdefault(name, []).append(label)
        elif not self.reaches(scope, self.scopes[name]):
            self.say(f"{label} reads {name!r}, {self._unreachable(scope, name)}")
        elif self.homes[name] == "luck":
            self._has_value(f"{label} reads the luck {name!r}, counted by", self.lucks[name].per)
        else:
            self._has_value(f"{label} reads", name)

    def _has_value(self, text: str, name: str) -> None:
        """Note the use of a variable that has no value yet; one that is never written is noted once, elsewhere."""
        if name not in self.table or name in self.written:
            return
        if self.early:
            self.say(f"{text} {name!r} before the first week, when it has no value yet")
        elif name in self.writers:
            writer = label_of(self.writers[name])
            self.say(f"{text} {name!r} before {writer} has written it: place it behind, or give {name!r} a start")

    def _unreachable(self, scope: str, name: str) -> str:
        theirs, home = self.scopes[name], self.homes[name]
        belongs = f"which belongs to {article(theirs)}, and no map leads there from {article(scope)}"
        if theirs == "commander":
            return f"{belongs}: what commanders do is counted by cell"
        first = "" if home == "variable" else f"write it to a variable by a rule of scope {theirs!r}, then "
        return f"{belongs}: {first}combine it with a Fold, or pick one with Select"

    def _never_written(self) -> None:
        for name, variable in self.table.items():
            if name not in self.written and variable.start is None:
                reader = f", yet {self.readers[name]} reads it" if name in self.readers else ""
                self.say(f"variable {name!r} has no start, and nothing writes it{reader}: give it a start or a writer")

    def _missing(self) -> None:
        unread = [name for name, home in self.homes.items() if home == "parameter" and name not in self.read]
        for name, labels in self.missing.items():
            if name in self.writers:
                continue  # written but not declared, which was said
            others = f" (and {len(labels) - 1} more)" if len(labels) > 1 else ""
            like = nearest(name, unread) or nearest(name, self.homes)
            hint = f"; did you mean {like!r}?" if like else ""
            self.say(
                f"{labels[0]}{others} reads {name!r}, which nothing provides: no variable, luck or attribute is "
                f"called so, and {self.file} has no such parameter{hint}"
            )


def _kinds(kinds: Any) -> str:
    return ", ".join(kind.__name__ for kind in kinds.__args__)
