"""Numbers that are set: one reading of them, one range check with one wording, one refusal of what is set twice.

Whoever sets a number (`Scenario.with_parameters`, ``--set``, a file that extends another, levers of sequences, plans
and channels, the grid of a sweep, points) names it by its address and has it judged here.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from settlesim.errors import Problem, UsageError
from settlesim.scenario.parameters import Address, Parameter, Quantity, resolve

__all__ = [
    "SWITCH",
    "addressed",
    "allowed",
    "as_number",
    "beyond",
    "checked",
    "fits",
    "merged",
    "nested",
    "refusal",
    "tables",
]

# The unit of what is on or off, and nothing in between.
SWITCH = "switch"


def as_number(value: object) -> float | None:
    """Return a number of Python or numpy as a float, infinite where it is too large for one; None for anything else.

    Examples
    --------
    >>> as_number(2), as_number(10**400), as_number(True), as_number("2")
    (2.0, inf, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


def fits(value: float, reach: tuple[float, float], unit: str) -> bool:
    """Tell whether a number may be what it is to be."""
    return value in (0.0, 1.0) if unit == SWITCH else reach[0] <= value <= reach[1]


def allowed(reach: tuple[float, float], unit: str) -> str:
    """Say what a number may be."""
    return f"0 or 1 ({unit})" if unit == SWITCH else f"{reach[0]:g} to {reach[1]:g} ({unit})"


def refusal(where: str, key: str, value: object, reach: tuple[float, float], unit: str) -> Problem | None:
    """Return what is wrong with a number that is set; None if nothing is.

    Parameters
    ----------
    where, key
        File or the like, and the place in it.
    value
        What was given.
    reach, unit
        What it may be, and in what it is counted.

    Examples
    --------
    >>> print(refusal("grid", "guarantee", 2, (0, 1), "share"))
    grid: guarantee = 2.0: lies outside the range [allowed: 0 to 1 (share)]
    """
    number = as_number(value)
    if isinstance(value, np.bool_):
        value = bool(value)
    if number is None:
        return Problem(where, key, "must be a number", None, value if isinstance(value, (str, bool)) else None)
    if not math.isfinite(number):
        return Problem(where, key, "must be a finite number", None, number)
    if not fits(number, reach, unit):
        return Problem(where, key, "lies outside the range", None, number, allowed(reach, unit))
    return None


def _twice(one: str, other: str) -> UsageError:
    first, second = sorted((one, other))
    return UsageError(f"{first!r} and {second!r} set the same number: give one of them")


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by address as written: a table by entry is as many numbers."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        rows = {str(Address(name, entry)): one for entry, one in value.items()} if isinstance(value, Mapping) else None
        for text, one in ({name: value} if rows is None else rows).items():
            if text in flat:
                raise _twice(text, name)
            flat[text] = one
    return flat


def addressed(settings: Mapping[str, Any], known: Iterable[Quantity]) -> dict[str, Any]:
    """Return what is set by full address, from ``name``, ``"name.entry"`` and ``name -> {entry: number}`` alike.

    Raises
    ------
    UsageError
        For an address that does not exist, and for a number that is set twice, whichever comes first.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> addressed({"war_cost": 0.2}, load("two-party").quantities())
    {'war_cost.insurgency': 0.2, 'war_cost.government': 0.2}
    """
    numbers_known = tuple(known)
    found: dict[str, Any] = {}
    said: dict[str, str] = {}
    for text, value in _flat(settings).items():
        for address in map(str, resolve(text, numbers_known)):
            if address in said:
                raise _twice(said[address], text)
            found[address], said[address] = value, text
    return found


def checked(settings: Mapping[str, Any], known: Iterable[Quantity], where: str) -> dict[str, float]:
    """Return the numbers that are set, by full address, once each is known to be one that it may be.

    Raises
    ------
    UsageError
        As `addressed`, and for what is no number or out of range; `where` says who sets it.
    """
    quantities = {str(quantity.address): quantity for quantity in known}
    found: dict[str, float] = {}
    for address, value in addressed(settings, quantities.values()).items():
        quantity = quantities[address]
        wrong = refusal(where, address, value, quantity.range, quantity.unit)
        if wrong is not None:
            raise UsageError(str(wrong))
        found[address] = float(value)
    return found


def tables(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as tables by name, the form that levers have; ``"name.entry"`` becomes part of a table.

    Raises
    ------
    UsageError
        For a name that is set as a whole and by an entry, or for an entry that is set twice.

    Examples
    --------
    >>> tables({"guarantee": 0.2, "war_cost.government": 0.1, "war_cost.insurgency": 0.3})
    {'guarantee': 0.2, 'war_cost': {'government': 0.1, 'insurgency': 0.3}}
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        address = Address.parse(name) if isinstance(name, str) else Address(name)
        entries = {address.entry: value} if address.entry else value
        held = found.get(address.name)
        if address.name not in found:
            found[address.name] = dict(entries) if isinstance(entries, Mapping) else value
        elif not isinstance(held, Mapping) or not isinstance(entries, Mapping):
            part = held if isinstance(held, Mapping) else entries if isinstance(entries, Mapping) else {}
            raise _twice(address.name, str(Address(address.name, next(iter(part), ""))))
        else:
            both = next((entry for entry in entries if entry in held), None)
            if both is not None:
                text = str(Address(address.name, both))
                raise _twice(text, text if address.entry else address.name)
            found[address.name] = {**held, **entries}
    return found


def merged(held: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables by name with further settings, which take the place of what they name and of nothing else.

    Raises
    ------
    UsageError
        As `tables`, and for an entry of a name that is held as a whole, since the other entries are not known here.

    Examples
    --------
    >>> merged({"war_cost": {"insurgency": 0.3}}, {"war_cost.government": 0.1})
    {'war_cost': {'insurgency': 0.3, 'government': 0.1}}
    """
    found = dict(held)
    for name, value in tables(settings).items():
        before = found.get(name)
        if isinstance(value, Mapping) and name in found:
            if not isinstance(before, Mapping):
                raise _twice(name, str(Address(name, next(iter(value), ""))))
            value = {**before, **value}
        found[name] = value
    return found


def nested(
    settings: Mapping[str, Any], known: Iterable[Quantity], held: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return numbers set by address as tables by name: the form that files, levers and `with_parameters` have.

    Parameters
    ----------
    settings
        Address, or name that has several → number.
    known
        The numbers that there are.
    held
        What was set before, in the form that is returned; `settings` take the place of what they name.

    Raises
    ------
    UsageError
        For an address that does not exist, and for a number that is set twice, by its own address and by the
        name that it shares with others.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> nested({"guarantee": 0.2, "war_cost.government": 0.1}, load("two-party").quantities())
    {'guarantee': 0.2, 'war_cost': {'government': 0.1}}
    """
    quantities = tuple(known)
    addressed(settings, quantities)
    found = dict(held or {})
    for name, value in tables(settings).items():
        if isinstance(value, Mapping) and name in found:
            before = found[name]
            if not isinstance(before, Mapping):
                before = {address.entry: before for address in resolve(name, quantities)}
            value = {**before, **value}
        found[name] = value
    return found


def beyond(parameter: Parameter, bounds: tuple[float, float], key: str, file: str) -> Iterator[Problem]:
    """Find what is wrong with what a parameter may be drawn as, from one bound to the other."""
    if bounds[0] == bounds[1]:
        wrong = refusal(file, key, bounds[0], parameter.range, parameter.unit)
        yield from () if wrong is None else (wrong,)
        return
    if parameter.unit == SWITCH:
        yield Problem(file, key, "is on or off, and cannot be drawn", None, None, allowed(parameter.range, SWITCH))
        return
    for end, value in (("low", bounds[0]), ("high", bounds[1])):
        if not fits(value, parameter.range, parameter.unit):
            message = f"reaches outside the range with its {end} end"
            yield Problem(file, key, message, None, value, allowed(parameter.range, parameter.unit))
