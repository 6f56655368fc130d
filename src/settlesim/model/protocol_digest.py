"""What the parts of a protocol and its outcomes do, each by a digest; of one experiment these are equal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from settlesim.model.code_digest import digest_of
from settlesim.model.items import Commanders, Item, Rule
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD

__all__ = ["digests_of"]

# What only says where something is from, what it is called or how it is shown.
SAID = {"source", "declares", "meaning", "units", "weekly", "told", "better", "into"}


def digests_of(protocol: Protocol, outcomes: Iterable[Outcome]) -> dict[str, str | None]:
    """Return the digest of each rule and other item, variable, luck and outcome, and of the order of the items.

    Parameters
    ----------
    protocol : Protocol
        What happens in a week.
    outcomes : iterable of Outcome
        What is kept of a run.

    Returns
    -------
    dict
        By kind and name, such as ``"rule spoilers"`` or ``"outcome settled"``; None where what it does cannot be told.

    Examples
    --------
    >>> from settlesim.model.standard import STANDARD
    >>> digests = digests_of(STANDARD, STANDARD.outcomes)
    >>> len(digests["rule spoilers"]), None in digests.values()
    (64, False)
    """
    found: dict[str, str | None] = {}
    for item in (*protocol.setup, *protocol.items):
        for rule in (*item.setup, item.choice.decide) if isinstance(item, Commanders) else ():
            found[_label(rule)] = _digest(rule)
        found[_label(item)] = _digest(item)
    for variable in protocol.variables:
        found[f"variable {variable.name}"] = _digest(variable)
    for luck in protocol.luck:
        found[f"luck {luck.name}"] = _digest(luck)
    for outcome in outcomes:
        found[f"outcome {outcome.name}"] = _digest(outcome)
    found["order of items"] = digest_of(tuple(map(_label, (*protocol.setup, *protocol.items))))
    return found


def _label(item: Item) -> str:
    return f"{type(item).__name__.lower()} {item.name}"


# Of the parts of the standard protocol, which nobody changes while they are used.
_known: dict[int, str | None] = {}


def _digest(part: Any) -> str | None:
    if not _known:
        ours = (*STANDARD.setup, *STANDARD.items, *STANDARD.variables, *STANDARD.luck, *STANDARD.outcomes)
        _known.update((id(part), _made(part)) for part in ours)
    return _known[id(part)] if id(part) in _known else _made(part)


def _made(part: Any) -> str | None:
    kept = {f.name: getattr(part, f.name) for f in fields(part) if f.name not in SAID}
    if isinstance(part, Commanders):
        # Its rules have digests of their own.
        kept["setup"], kept["choice"] = part.rules, (part.choice.trigger, part.choice.exposed, part.choice.to)
    name = part.name if isinstance(part, Rule) else ""
    return digest_of((name, tuple(kept.items())))
