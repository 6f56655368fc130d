"""What a modeller's own agent classes bring, checked before the first week: nothing in them may stay unheard.

Mesa calls any method by its name and lets any attribute be set; here the names are those of the protocol.  So a class
for a kind of agent that is not there, a method that nearly has a rule's name, one that reads what does not exist, or an
own `step`, would silently change nothing.  Each is an error that names the nearest.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from settlesim.engines.reference.agents import CLASSES, ROLES
from settlesim.engines.reference.entity import Entity
from settlesim.errors import UsageError, choose, nearest
from settlesim.model.items import Commanders, Rule
from settlesim.model.protocol import Protocol

if TYPE_CHECKING:
    from settlesim.engines.reference.settlement_model import SettlementModel

__all__ = ["behaviours", "check_agents", "check_keys", "rules_of"]

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
# Classes whose methods are not a modeller's: those of this package, and what they are made of.
PROVIDED = {base for kind in (*CLASSES.values(), *ROLES.values()) for base in kind.__mro__}


def rules_of(protocol: Protocol) -> Iterator[Rule]:
    """All rules of a protocol, those by which commanders are made and choose among them."""
    for item in (*protocol.setup, *protocol.items):
        if isinstance(item, Rule):
            yield item
        elif isinstance(item, Commanders):
            yield from (*item.setup, item.choice.decide)


def check_keys(agents: Mapping[str, type[Entity]], roles: Iterable[str]) -> None:
    """Refuse classes for agents that are not there, and classes that cannot take the place of the usual ones.

    Raises
    ------
    UsageError
        For a key that is no scope or role, or a class that is not derived from the usual one.
    """
    known = {scope: kind for scope, kind in CLASSES.items() if scope != "actor"} | {r: ROLES[r] for r in roles}
    for key, kind in agents.items():
        base = known[choose(key, known, "kind of agent")]
        if not (isinstance(kind, type) and issubclass(kind, base)):
            raise UsageError(
                f"agents={{{key!r}: ...}} takes a class derived from settlesim.reference.{base.__name__}, not {kind!r}"
            )


def behaviours(agents: Mapping[str, type[Entity]], protocol: Protocol, names: Iterable[str]) -> dict[type, set[str]]:
    """Names of the rules in whose place each class has a method.

    Parameters
    ----------
    agents : mapping
        Classes by scope or role.
    protocol : Protocol
        Its rules can be replaced.
    names : iterable of str
        Names of variables, parameters, attributes and luck.

    Raises
    ------
    UsageError
        For a method that would never be called, and for an attribute that would hide a variable.
    """
    scopes = {rule.name: rule.scope for rule in rules_of(protocol)}
    taken = set(names)
    mine: dict[type, set[str]] = {}
    for key, kind in agents.items():
        mine.setdefault(kind, set()).add("actor" if key in ROLES else key)
    found: dict[type, set[str]] = {}
    for kind, used in mine.items():
        found[kind] = set()
        for name, value in _own(kind):
            called = callable(getattr(kind, name)) and not isinstance(value, type)
            if called and name in scopes:
                _check_scope(kind, name, scopes[name], used)
                found[kind].add(name)
            elif name in taken:
                raise UsageError(f"{kind.__name__}.{name} would hide {name!r} of the model: give it another name")
            elif called:
                _check_method(kind, name, scopes)
    return found


def check_agents(model: SettlementModel) -> None:
    """Refuse methods that read what their agents cannot see, and attributes that hide what they can.

    Raises
    ------
    UsageError
        With the nearest name that would do.
    """
    for kind, rules in model.behaviours.items():
        members = [agent for made in model.entities.values() for agent in made if type(agent) is kind]
        for agent in members:
            for name in vars(agent).keys() & model.scopes.keys():
                raise UsageError(f"{agent.label}: the attribute {name!r} would hide {name!r} of the model: rename it")
        for rule in sorted(rules):
            _check_arguments(members[0], rule)


def _own(kind: type) -> Iterator[tuple[str, Any]]:
    """Public names that a class, or one it is derived from, defines itself."""
    for base in kind.__mro__:
        if base not in PROVIDED:
            yield from ((name, value) for name, value in vars(base).items() if not name.startswith("_"))


def _check_scope(kind: type, name: str, scope: str, used: set[str]) -> None:
    if not used <= {scope}:
        where = " and ".join(sorted(used - {scope}))
        raise UsageError(
            f"{kind.__name__}.{name} would never be called: the rule {name!r} is one of the {scope}, not of the {where}"
        )


def _check_method(kind: type, name: str, rules: Iterable[str]) -> None:
    if name in ("step", "advance"):
        raise UsageError(
            f"{kind.__name__}.{name} would never be called: agents live through a week rule by rule. Give the method "
            "the name of the rule whose place it takes, or another name under which the step of a model of your own "
            "calls it"
        )
    # Longer names leave room for more slips; very short ones are near to anything.
    slips = {rule: _slips(name, rule) for rule in rules if len(rule) > 3}
    like = min(slips, key=slips.__getitem__, default="")
    if like and slips[like] <= (1 if len(like) < 10 else 2):
        raise UsageError(
            f"{kind.__name__}.{name} would never be called: did you mean the rule {like!r}? A helper gets a name that "
            "is less like it, or an underscore in front"
        )


def _slips(name: str, rule: str) -> int:
    """Count letters that are missing, added, wrong or exchanged with the next; no slip is another way with capitals."""
    a, b = name.lower(), rule.lower()
    if a.replace("_", "") == b.replace("_", ""):
        return 0
    if abs(len(a) - len(b)) > 2:
        return max(len(a), len(b))
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _check_arguments(agent: Entity, rule: str) -> None:
    method, what = getattr(agent, rule), ".".join((type(agent).__name__, rule))
    for parameter in inspect.signature(method).parameters.values():
        name = parameter.name
        if parameter.kind not in POSITIONAL:
            raise UsageError(f"{what}: its arguments are names of what it reads, one by one, not *{name}")
        if name not in agent.model.scopes:
            like = nearest(name, agent.visible())
            hint = f"; did you mean {like!r}?" if like else ""
            raise UsageError(f"{what} reads {name!r}, which the model does not have{hint}")
        if not agent.sees(agent.model.scope_of(name)):
            raise UsageError(
                f"{what} reads {name!r}, which belongs to a {agent.model.scope_of(name)}: a {agent.scope} cannot see it"
            )
