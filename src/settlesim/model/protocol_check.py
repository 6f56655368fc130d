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

__all__ = ["Checked", "check", "ensure_sound", "every_rule", "refuse_mistakes"]


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
    """Refuse a protocol with mistakes that is about to be run; it is checked once for each scenario.

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
    if _known(protocol).get(id(scenario)) is not scenario:
        _settle(protocol, scenario, _inspected(protocol, scenario, built, values).problems)


def refuse_mistakes(protocol: Protocol, scenario: Scenario, sequence: Sequence, outcomes: Iterable[Outcome]) -> None:
    """Refuse an experiment with mistakes in its protocol or outcomes, before its first block.

    Raises
    ------
    ProtocolError
        With every mistake.
    """
    problems = list(outcome_problems(outcomes, scenario))
    if _known(protocol).get(id(scenario)) is not scenario:
        problems = [*_inspected(protocol, scenario, *_made(scenario, sequence)).problems, *problems]
    _settle(protocol, scenario, problems)


def check(
    protocol: Protocol,
    scenario: Scenario,
    sequence: str | Sequence | None = None,
    outcomes: Iterable[Outcome] | None = None,
) -> Checked:
    """Check a protocol against a scenario; see `Protocol.check`."""
    plan = scenario.sequence(scenario.default_sequence if sequence is None else sequence)
    found = _inspected(protocol, scenario, *_made(scenario, plan))
    wanted = protocol.outcomes if outcomes is None else tuple(outcomes)
    _settle(protocol, scenario, [*found.problems, *outcome_problems(wanted, scenario)])
    read = found.read | {name for outcome in wanted for name in outcome.reads}
    return Checked(
        parameters=len(scenario.parameters),
        variables=len(protocol.variables),
        luck=len(protocol.luck),
        rules=len(every_rule(protocol)),
        items=len(protocol.items),
        outcomes=len(wanted),
        notes=tuple(_unread(protocol, scenario, read)),
    )


def _known(protocol: Protocol) -> weakref.WeakValueDictionary[int, Scenario]:
    known = _sound.get(id(protocol))
    if known is None:
        known = _sound[id(protocol)] = weakref.WeakValueDictionary()
        weakref.finalize(protocol, _sound.pop, id(protocol), None).atexit = False
    return known


def _settle(protocol: Protocol, scenario: Scenario, problems: list[str]) -> None:
    if problems:
        raise ProtocolError(problems)
    _known(protocol)[id(scenario)] = scenario


def _made(scenario: Scenario, sequence: Sequence) -> tuple[Layout, dict[str, tuple[str, Any]]]:
    """Layout and parameters, as an engine would make them."""
    built = layout(scenario, sequence)
    return built, parameters(scenario, built, worlds(scenario, range(1), entropy=0, method="central"))


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
