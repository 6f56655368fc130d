"""Whether claims fit the conflict beside which they stand: names that exist, numbers that may be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from settlesim.errors import Problem, nearest
from settlesim.scenario.checks import SoundFields
from settlesim.scenario.claims import Claim
from settlesim.scenario.messages import EXPLAINED
from settlesim.scenario.parameters import CARRIERS, CONCESSION_NAMES, Address, Quantity, quantities

__all__ = ["check_claims", "matching"]


def matching(pattern: str, addresses: Mapping[str, Quantity]) -> list[str]:
    """Return the addresses that a carrier means: one, all of a name that has several, or all that fit a pattern.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> known = {str(q.address): q for q in load("two-party").quantities()}
    >>> matching("war_cost", known), matching("concession_cost.c*", known)
    (['war_cost.insurgency', 'war_cost.government'], ['concession_cost.ceasefire'])
    """
    if "*" in pattern:
        return [address for address in addresses if fnmatchcase(address, pattern)]
    if pattern in addresses:
        return [pattern]
    return [address for address, quantity in addresses.items() if quantity.address.name == pattern]


def check_claims(fields: SoundFields, file: str) -> list[Problem]:
    """Return every problem of the claims of a scenario."""
    found: list[Problem] = []
    seen: set[str] = set()
    parameters, concessions, obligations = map(fields.table, ("parameters", "concessions", "obligations"))
    events = [event for _, event in fields.rows("events")]
    known = {str(q.address): q for q in quantities(parameters, concessions, obligations, events)}
    for at, claim in fields.rows("claims"):
        key = f"claims[{at}]"
        if claim.name in seen:
            found.append(Problem(file, f"{key}.name", "the name is used twice", None, claim.name))
        seen.add(claim.name)
        sources = fields.names.get("sources", ())
        if "sources" in fields.values and claim.source not in sources:
            like = nearest(claim.source, sources)
            message = "unknown source"
            found.append(Problem(file, f"{key}.source", message, None, claim.source, "a key of [sources]", like))
        horizon = fields.values.get("horizon")
        if claim.at is not None and horizon is not None and claim.at[1] > horizon:
            message = "lies beyond the horizon"
            found.append(Problem(file, f"{key}.at", message, None, claim.at[1], f"0 to {horizon}"))
        found += islice(_plans(claim, fields, file, key), EXPLAINED)
        found += islice(_carriers(claim, known, fields, file, key), EXPLAINED)
        if len(found) >= EXPLAINED:
            break
    return found


def _plans(claim: Claim, fields: SoundFields, file: str, key: str) -> Iterator[Problem]:
    names = fields.names.get("sequences", ())
    where = "plans" if claim.plans_contrast is None else "plans_contrast"
    for at, plan in enumerate(claim.plans_contrast or claim.plans):
        if names and plan not in names:
            yield Problem(
                file, f"{key}.{where}[{at}]", "unknown sequence", None, plan, ", ".join(names), nearest(plan, names)
            )


def _carriers(
    claim: Claim, known: Mapping[str, Quantity], fields: SoundFields, file: str, key: str
) -> Iterator[Problem]:
    # What is declared but not sound is reported where it is declared.
    declared = set(fields.names.get("parameters", ()))
    declared |= {name for name, (scope, _) in CARRIERS.items() if f"{scope}s" in fields.broken}
    if "concessions" not in fields.values:
        declared |= set(CONCESSION_NAMES)
    for carrier in claim.carrier:
        meant = matching(carrier, known)
        if not meant:
            if "*" in carrier or Address.parse(carrier).name in declared - {q.address.name for q in known.values()}:
                if "*" in carrier and fields.whole("parameters") and fields.whole("concessions"):
                    yield Problem(file, f"{key}.carrier", "fits no number of the scenario", None, carrier)
                continue
            names = dict.fromkeys(text for q in known.values() for text in (q.address.name, str(q.address)))
            yield Problem(file, f"{key}.carrier", "unknown parameter", None, carrier, None, nearest(carrier, names))
        for address in meant:
            yield from _levers(claim, known[address], fields, file, key)
            yield from _reach(claim, carrier, known[address], file, key)


def _levers(claim: Claim, quantity: Quantity, fields: SoundFields, file: str, key: str) -> Iterator[Problem]:
    for plan in claim.plans:
        sequence = fields.table("sequences").get(plan)
        lever = None if sequence is None else sequence.levers.get(quantity.address.name)
        if lever is not None and (not isinstance(lever, Mapping) or quantity.address.entry in lever):
            message = f"sets {quantity.address} by a lever of its own, so that the claim moves nothing"
            yield Problem(file, f"{key}.plans", message, None, plan)


def _reach(claim: Claim, carrier: str, quantity: Quantity, file: str, key: str) -> Iterator[Problem]:
    low, high = quantity.range
    allowed = f"{low:g} to {high:g} ({quantity.unit})"
    settings: tuple[tuple[int, Any], ...]
    if claim.scale is not None:
        settings = tuple((at, factor * end) for at, factor in enumerate(claim.scale) for end in quantity.prior.bounds)
    else:
        settings = tuple((at, setting[carrier]) for at, setting in enumerate(claim.values or ()))
    for at, value in settings:
        if not low <= value <= high:
            which = "values" if claim.scale is None else "scale"
            message = f"takes {quantity.address} outside its range"
            yield Problem(file, f"{key}.{which}[{at}]", message, None, value, allowed)
