"""What a modeller may set on agents between two weeks: variables that rules carry on from week to week."""

from __future__ import annotations

from collections.abc import Iterable

from settlesim.model.items import Commanders, Rule
from settlesim.model.protocol import Protocol

__all__ = ["refusals"]


def refusals(protocol: Protocol, *, parameters: Iterable[str], attributes: Iterable[str]) -> dict[str, str]:
    """Return why a name cannot be set, for every name of which nothing would follow, or only half of it.

    Parameters
    ----------
    protocol : Protocol
        What happens in a week.
    parameters, attributes : iterable of str
        Names that come from the scenario.

    Returns
    -------
    dict
        Name → reason.  A variable that is not in it is read before it is written anew.
    """
    found = dict.fromkeys(attributes, "it follows from the scenario and the date")
    found |= dict.fromkeys(parameters, "it is a parameter: use scenario.with_parameters(...)")
    found |= {luck.name: "it is luck, drawn before the first week: use another run or rng" for luck in protocol.luck}
    first = _first_uses(protocol)
    for variable in protocol.variables:
        use = first.get(variable.name)
        if use is None:
            found[variable.name] = "no rule reads it"
        elif use:
            found[variable.name] = f"{use!r} works it out anew in each week before a rule reads it"
    for item in protocol.items:
        if isinstance(item, Commanders):
            for rule in item.setup:
                found |= dict.fromkeys(rule.writes, f"{rule.name!r} works it out once, before the first week")
            found["status"] = "a commander changes side by its clocks and its choice"
            counted = (*item.heads.values(), *item.fighters.values(), item.absent[1])
            found |= dict.fromkeys(counted, "it is counted from the commanders")
    return found


def _first_uses(protocol: Protocol) -> dict[str, str]:
    """By variable: the empty string if a week reads it before it writes it, else the name of the item that writes."""
    first: dict[str, str] = {}
    for item in protocol.items:
        for name in item.reads:
            first.setdefault(name, "")
        # Where its condition does not hold a rule leaves a variable as it was, and commanders add to their tallies.
        if not (isinstance(item, Commanders) or (isinstance(item, Rule) and item.when is not None)):
            for name in item.writes:
                first.setdefault(name, item.name)
    return first
