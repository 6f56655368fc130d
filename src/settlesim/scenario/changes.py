"""A parameter changed, whole or in part: in a file that extends another, and by `Scenario.with_parameters`."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

from settlesim.errors import Problem, nearest
from settlesim.scenario.messages import EXPLAINED
from settlesim.scenario.parameters import Parameter
from settlesim.scenario.priors import DISTRIBUTIONS, Distribution, Fixed

__all__ = ["Change", "revise"]

Change = float | Distribution | Mapping[str, Any]
# By these keys a table is told to be a prior, and not numbers by entry.
PRIOR_KEYS = {key for kind in DISTRIBUTIONS.values() for key in kind.model_fields}


def revise(
    name: str, parameters: Mapping[str, Any], change: object, file: str, problems: list[Problem]
) -> dict[str, Any] | None:
    """Return the table of parameter `name` after `change`, which gives it whole or in part.

    What is not given stays, except that a new number without a source of its own is tagged P: the old source
    does not support it. Problems found are added to `problems`.
    """
    old = parameters.get(name)
    key = f"parameters.{name}"
    whole = isinstance(change, Mapping) and "unit" in change
    if old is None and not whole:
        problems.append(Problem(file, key, "unknown parameter", None, None, None, _like(name, parameters, problems)))
        return None
    if isinstance(change, Mapping) and old is None:
        return dict(change)
    table: dict[str, Any] = dict(old or {})
    given = _given(change, table)
    if "each" in given and isinstance(given["each"], Mapping):
        if "each" not in table:
            problems.append(
                Problem(file, key, "is one number, not one for each role", None, None, "a number or a prior")
            )
            return table
        known = list(table["each"])
        for entry in given["each"]:
            if entry not in known:
                message, like = f"unknown entry {entry!r}", _like(entry, known, problems)
                problems.append(Problem(file, f"{key}.each.{entry}", message, None, None, ", ".join(known), like))
        changed = {entry: value for entry, value in given["each"].items() if entry in known}
        given = {**given, "each": {**table["each"], **changed}}
    if {"value", "prior", "each"} & given.keys():
        table = {k: v for k, v in table.items() if k not in ("value", "prior", "each")}
        if "source" not in given:
            table |= {"tag": "P", "note": "changed; the source stands for the former value"}
    return table | given


def _like(name: str, known: Iterable[str], problems: list[Problem]) -> str | None:
    """Look for the name that was meant, unless there are more problems than anybody will read."""
    return nearest(name, known) if len(problems) < EXPLAINED else None


def _given(change: object, table: Mapping[str, Any]) -> dict[str, Any]:
    """Read a change: a number, a prior, numbers or priors by entry, or a part of the parameter's own table."""
    if isinstance(change, Mapping) and change.keys() <= set(Parameter.model_fields):
        return dict(change)
    if isinstance(change, Mapping) and not change.keys() & PRIOR_KEYS:
        return {"each": {entry: _number(value) for entry, value in change.items()}}
    change = _number(change)
    if "each" in table:
        return {"each": dict.fromkeys(table["each"], change)}
    if isinstance(change, Fixed):
        return {"value": change.value}
    return {"prior" if isinstance(change, (Mapping, Distribution)) else "value": change}


def _number(value: object) -> object:
    """Turn numpy's numbers into Python's; leave the rest to validation."""
    if isinstance(value, numbers.Real) and not isinstance(value, (bool, int, float)):
        return float(value)
    return value
