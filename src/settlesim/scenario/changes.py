"""A number changed, or a parameter in part: in a file that extends another, and by `Scenario.with_parameters`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from settlesim.errors import Problem, nearest
from settlesim.scenario.conflict import CONCESSION_RANGES, EVENT_SCALES, OBLIGATION_RANGES
from settlesim.scenario.messages import EXPLAINED
from settlesim.scenario.parameters import CARRIERS, Address, Parameter, Quantity
from settlesim.scenario.priors import DISTRIBUTIONS, Distribution, Fixed
from settlesim.scenario.settings import as_number, refusal, tables

__all__ = ["Change", "by_name", "change_number", "named_by"]

Change = float | Distribution | Mapping[str, Any]
# By these keys a table is told to be a prior, and not numbers by entry.
PRIOR_KEYS = {key for kind in DISTRIBUTIONS.values() for key in kind.model_fields}


# What a number of these carriers may be, and in what it is counted.
REACHES = {
    "concession": {what: (reach, "share") for what, reach in CONCESSION_RANGES.items()},
    "obligation": {what: (reach, "share") for what, reach in OBLIGATION_RANGES.items()},
}
FORMER = "the source stands for the former value"


def by_name(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes by name, those of full addresses as tables by entry.

    Raises
    ------
    UsageError
        For a number that is set twice.
    """
    # A prior, or a parameter's own table, is one setting: only numbers by entry are several.
    closed = {name: _Closed(value) if _one(value) else value for name, value in changes.items()}
    return {name: _opened(value) for name, value in tables(closed).items()}


class _Closed:
    """A change that is not to be looked into."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _opened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {entry: _opened(one) for entry, one in value.items()}
    return value.value if isinstance(value, _Closed) else value


def _one(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return bool(value.keys() & PRIOR_KEYS) or (bool(value) and value.keys() <= set(Parameter.model_fields))


def named_by(changes: Mapping[str, Any], known: Iterable[Quantity]) -> frozenset[str]:
    """Return the addresses of the numbers that changes by name set."""
    return frozenset(str(q.address) for q in known if q.address.entry in _entries(changes, q.address))


def _entries(changes: Mapping[str, Any], address: Address) -> Iterable[str]:
    change = changes.get(address.name)
    if address.name not in changes:
        return ()
    if isinstance(change, Mapping) and not _one(change):
        return change.keys()
    if isinstance(change, Mapping) and isinstance(change.get("each"), Mapping):
        return tuple(change["each"])
    # A part of a parameter's table that says nothing of its number sets none.
    says = not isinstance(change, Mapping) or change.keys() & (PRIOR_KEYS | {"value", "prior", "each"})
    return (address.entry,) if says else ()


def change_number(name: str, tree: dict[str, Any], change: object, file: str, problems: list[Problem]) -> None:
    """Change what is called `name` in a scenario's tree: a parameter, or what concessions and the like carry.

    Problems found are added to `problems`.
    """
    parameters = tree["parameters"]
    if name in CARRIERS and name not in parameters:
        _change_carried(name, tree, change, file, problems)
        return
    entry = _revise(name, parameters, change, file, problems)
    if entry is not None:
        parameters[name] = entry


def _change_carried(name: str, tree: dict[str, Any], change: object, file: str, problems: list[Problem]) -> None:
    scope, what = CARRIERS[name]
    held = tree.get(f"{scope}s") or {}
    pairs = held.items() if isinstance(held, Mapping) else ((row["name"], row) for row in held)
    rows = {entry: dict(row) for entry, row in pairs}
    given = change if isinstance(change, Mapping) and not _one(change) else dict.fromkeys(rows, change)
    if not rows:
        problems.append(Problem(file, f"parameters.{name}", f"there is no {scope} in this conflict"))
    for entry, value in given.items():
        key = f"parameters.{name}.{entry}" if given is change else f"parameters.{name}"
        if entry not in rows:
            message, like = f"unknown {scope} {entry!r}", _like(entry, rows, problems)
            problems.append(Problem(file, key, message, None, None, ", ".join(rows), like))
            continue
        row = rows[entry]
        scale = dict(EVENT_SCALES).get(row["kind"]) if scope == "event" and "kind" in row else None
        reach, unit = REACHES[scope][what] if scope in REACHES else scale[::-1] if scale else ((-1e9, 1e9), "")
        if not isinstance(value, (Mapping, Distribution)):
            wrong = refusal(file, key, value, reach, unit)
            if wrong is not None:
                problems.append(wrong)
                continue
            value = as_number(value)
        row |= {what: value.value if isinstance(value, Fixed) else value}
        row |= {"tag": "P", "note": f"{what} changed; {FORMER}"}
    tree[f"{scope}s"] = rows if isinstance(held, Mapping) else list(rows.values())


def _revise(
    name: str, parameters: Mapping[str, Any], change: object, file: str, problems: list[Problem]
) -> dict[str, Any] | None:
    """Return the table of parameter `name` after `change`, which gives it whole or in part.

    What is not given stays, except that a new number without a source of its own is tagged P: the old source
    does not support it.
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
    wrong = list(_refused(given, table, file, key))
    if wrong:
        problems += wrong
        return table
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
            table |= {"tag": "P", "note": f"changed; {FORMER}"}
    return table | given


def _like(name: str, known: Iterable[str], problems: list[Problem]) -> str | None:
    """Look for the name that was meant, unless there are more problems than anybody will read."""
    return nearest(name, known) if len(problems) < EXPLAINED else None


def _given(change: object, table: Mapping[str, Any]) -> dict[str, Any]:
    """Read a change: a number, a prior, numbers or priors by entry, or a part of the parameter's own table."""
    if isinstance(change, Mapping) and change.keys() <= set(Parameter.model_fields):
        return dict(change)
    if isinstance(change, Mapping) and not change.keys() & PRIOR_KEYS:
        return {"each": dict(change)}
    if "each" in table:
        return {"each": dict.fromkeys(table["each"], change)}
    if isinstance(change, Fixed):
        return {"value": change.value}
    return {"prior" if isinstance(change, (Mapping, Distribution)) else "value": change}


def _refused(given: dict[str, Any], table: Mapping[str, Any], file: str, key: str) -> Iterator[Problem]:
    """Yield what is wrong with numbers that are given, and turn the others into floats."""
    if "range" in given or "unit" in given or "range" not in table:
        return  # judged with the whole parameter
    each = given.get("each")
    if isinstance(each, Mapping) and not each.keys() <= set(table.get("each", ())):
        return  # told as unknown
    places: list[tuple[dict[str, Any], str, str]] = [(given, "value", f"{key}.value")] if "value" in given else []
    if isinstance(each, dict):
        places += [(each, entry, f"{key}.each.{entry}") for entry in each]
    for where, name, place in places:
        value = where[name]
        if isinstance(value, (Mapping, Distribution)):
            continue
        wrong = refusal(file, place, value, tuple(table["range"]), table["unit"])
        if wrong is not None:
            yield wrong
        else:
            where[name] = as_number(value)
