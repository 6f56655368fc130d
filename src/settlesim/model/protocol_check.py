"""The check of a protocol against a scenario, before any week: all mistakes at once, each on a line that names it."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from settlesim.chance.worlds import worlds
from settlesim.errors import ProtocolError, nearest
from settlesim.model.item_checks import ItemChecks
from settlesim.model.items import Commanders, Rule
from settlesim.model.layout import Layout, layout, parameters
from settlesim.model.outcome import Outcome
from settlesim.model.outcome_check import outcome_problems
from settlesim.model.protocol import Protocol
from settlesim.model.rule_lint import lint
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["Checked", "check", "ensure_sound"]


@dataclass(frozen=True)
class Checked:
    """What was checked and found without a mistake.

    Attributes
    ----------
    parameters, variables, luck, rules, items, outcomes : int
        How many of each; `rules` counts those by which commanders are made and choose.
    notes : tuple of str
        What is no mistake but worth a look: parameters of the scenario that nothing reads.
    """

    parameters: int
    variables: int
    luck: int
    rules: int
    items: int
    outcomes: int
    notes: tuple[str, ...]


# Protocols known to be sound, by identity, with the scenarios they were checked against: protocols hold dictionaries
# and cannot be hashed, and comparing them would cost more than the check.
_sound: dict[int, weakref.WeakValueDictionary[int, Scenario]] = {}


def ensure_sound(protocol: Protocol, scenario: Scenario, built: Layout, values: Mapping[str, tuple[str, Any]]) -> None:
    """Check a protocol that is about to be run, once for each scenario.

    Parameters
    ----------
    protocol : Protocol
        What is to be run.
    scenario : Scenario
        The conflict.
    built : Layout
        Its layout under any of its sequences.
    values : mapping
        Its parameters as variables, as `settlesim.model.layout.parameters` returns them.

    Raises
    ------
    ProtocolError
        With every mistake.
    """
    known = _sound.get(id(protocol))
    if known is None:
        known = _sound[id(protocol)] = weakref.WeakValueDictionary()
        weakref.finalize(protocol, _sound.pop, id(protocol), None).atexit = False
    if known.get(id(scenario)) is not scenario:
        found = _inspected(protocol, scenario, built, values)
        if found.problems:
            raise ProtocolError(found.problems)
        known[id(scenario)] = scenario


def check(
    protocol: Protocol,
    scenario: Scenario,
    sequence: str | Sequence | None = None,
    outcomes: Iterable[Outcome] | None = None,
) -> Checked:
    """Check a protocol against a scenario; see `Protocol.check`."""
    plan = scenario.sequence(scenario.default_sequence if sequence is None else sequence)
    built = layout(scenario, plan)
    values = parameters(scenario, built, worlds(scenario, range(1), entropy=0, method="central"))
    found = _inspected(protocol, scenario, built, values)
    wanted = protocol.outcomes if outcomes is None else tuple(outcomes)
    problems = [*found.problems, *outcome_problems(wanted, scenario, built, found.homes)]
    if problems:
        raise ProtocolError(problems)
    return Checked(
        parameters=len(scenario.parameters),
        variables=len(protocol.variables),
        luck=len(protocol.luck),
        rules=len(every_rule(protocol)),
        items=len(protocol.items),
        outcomes=len(wanted),
        notes=tuple(_unread(protocol, scenario, found.read | {name for o in wanted for name in o.reads})),
    )


def every_rule(protocol: Protocol) -> list[Rule]:
    """Return all rules of a protocol, those by which commanders are made and choose among them."""
    found = []
    for item in (*protocol.setup, *protocol.items):
        if isinstance(item, Rule):
            found.append(item)
        elif isinstance(item, Commanders):
            found += [*item.setup, item.choice.decide]
    return found


def _inspected(
    protocol: Protocol, scenario: Scenario, built: Layout, values: Mapping[str, tuple[str, Any]]
) -> ItemChecks:
    found = ItemChecks(protocol, scenario.origin, built, {name: scope for name, (scope, _) in values.items()})
    found.everything()
    for rule in every_rule(protocol):
        found.problems += lint(rule)
    return found


def _unread(protocol: Protocol, scenario: Scenario, read: set[str]) -> Iterable[str]:
    """A note for each parameter that nothing reads."""
    for name, parameter in scenario.parameters.items():
        if not read & {name, *(f"{name}_{entry}" for entry in parameter.entries() if entry)}:
            like = nearest(name, sorted(read - {v.name for v in protocol.variables}))
            hint = f"; the nearest name that is read is {like!r}" if like else ""
            yield f"{scenario.origin}: nothing reads the parameter {name!r}{hint}"
