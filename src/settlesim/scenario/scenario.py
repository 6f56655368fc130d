"""A scenario: a conflict as data, frozen, complete (no default hides in code) and checked as a whole."""

from __future__ import annotations

import datetime
import hashlib
import json
import numbers
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from settlesim.errors import Problem, ScenarioError, UsageError, choose, nearest
from settlesim.scenario.base import Declaration, Key, Table, Text
from settlesim.scenario.checks import Parts, check, check_sequence
from settlesim.scenario.messages import translate
from settlesim.scenario.parts import (
    Actor,
    Concession,
    Control,
    Faction,
    Obligation,
    Parameter,
    Province,
    Role,
    Target,
    Track,
)
from settlesim.scenario.priors import Distribution, Fixed
from settlesim.scenario.sequence import Sequence

__all__ = [
    "Actor",
    "Concession",
    "Control",
    "Faction",
    "Obligation",
    "Parameter",
    "Province",
    "Role",
    "Scenario",
    "Target",
    "Track",
    "revise",
]

TABLES = ("actors", "tracks", "concessions", "obligations", "parameters", "sequences")
LISTS = ("factions", "provinces", "targets")
Change = float | Distribution | Mapping[str, Any]


class Scenario(Declaration):
    """A conflict, declared.

    Parameters
    ----------
    name, title, description
        What it is called and what it is about.
    start
        Date of week 0.
    horizon
        Weeks simulated.
    default_sequence, baseline_sequence
        The sequence run when none is named, and the one others are compared with.
    sources, regions, bodies
        Key → full reference, label of a region, label of an outside body that can deliver concessions.
    actors, factions, provinces, districts_total, control
        Who fights, and where.
    tracks, concessions, sequences
        Who can talk about what, what can be given, and the plans.
    obligations
        End-conditions the insurgency undertakes, checked after a settlement.
    parameters
        Every number of the model.
    targets
        Observed facts for the hindcast.

    Raises
    ------
    ScenarioError
        With every problem found, those between parts included.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: Text
    description: Text
    start: datetime.date
    horizon: Annotated[int, Field(strict=True, ge=1, le=1040)]
    default_sequence: Text
    baseline_sequence: Text
    districts_total: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    sources: Table[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")], Text]
    bodies: Table[Key, Text] = Field(default_factory=dict)
    control: Control
    actors: Table[Role, Actor]
    factions: tuple[Faction, ...]
    provinces: tuple[Province, ...]
    tracks: Annotated[Table[Key, Track], Field(min_length=1)]
    concessions: Table[Key, Concession]
    obligations: Table[Key, Obligation] = Field(default_factory=dict)
    parameters: Table[Key, Parameter]
    sequences: Annotated[Table[Text, Sequence], Field(min_length=1)]
    targets: tuple[Target, ...] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_problems_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Scenario]) -> Scenario:
        if isinstance(data, Scenario):
            return data
        if not isinstance(data, Mapping):
            raise ScenarioError([Problem("<scenario>", "", "a scenario is a table")])
        file = str(data.get("name", "<scenario>"))
        data = _with_names(data)
        problems: list[Problem] = []
        scenario: Scenario | None = None
        try:
            scenario = handler(data)
        except ValidationError as error:
            problems = translate(error, cls, data, file)
        problems += check(_sound(data) if scenario is None else scenario._parts(), file)
        if problems or scenario is None:
            raise ScenarioError(problems)
        return scenario

    def sequence(self, name: str | Sequence) -> Sequence:
        """Return the sequence called `name`, or the given one, checked against this scenario.

        Raises
        ------
        UsageError
            When there is none of that name.
        ScenarioError
            When a sequence made in Python refers to what this scenario does not have.
        """
        if isinstance(name, Sequence):
            problems = list(check_sequence(name, self._parts(), self.name, ("sequences", name.name)))
            if problems:
                raise ScenarioError(problems)
            return name
        return self.sequences[choose(name, self.sequences, "sequence")]

    @cached_property
    def origin(self) -> str:
        """The file it was read from, for errors; its name, where it was made in Python."""
        return self.name

    def with_parameters(self, **changes: Change) -> Scenario:
        """Return this scenario with other parameters.

        Parameters
        ----------
        **changes
            Name of a parameter → a number (held), a prior or its table ``{"low":, "mode":, "high":}``
            (drawn), or a table by entry ``{"government": 0.2}`` for a parameter that has several.

        Raises
        ------
        ScenarioError
            For an unknown name or a value that a file would not be allowed to have either.

        Examples
        --------
        >>> from settlesim.scenario.files import load
        >>> scenario = load("afghanistan-2018").with_parameters(defection_rate=0.03)
        >>> scenario.parameters["defection_rate"].value
        0.03
        """
        tree = self.tree()
        problems: list[Problem] = []
        for name, change in changes.items():
            tree["parameters"][name] = revise(name, tree["parameters"], change, self.name, problems)
            if tree["parameters"][name] is None:
                del tree["parameters"][name]
        try:
            scenario = Scenario.model_validate(tree)
        except ScenarioError as error:
            problems += error.problems
        if problems:
            raise ScenarioError(problems)
        scenario.__dict__["origin"] = self.origin
        return scenario

    def with_sequences(self, *sequences: Sequence) -> Scenario:
        """Return this scenario with more sequences, checked; one of a known name takes its place."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        scenario = Scenario(**(fields | {"sequences": dict(self.sequences) | {s.name: s for s in sequences}}))
        scenario.__dict__["origin"] = self.origin
        return scenario

    def week_of(self, date: datetime.date) -> float:
        """Return the weeks from the start to `date`."""
        return (date - self.start).days / 7

    def date_of(self, week: float) -> datetime.date:
        """Return the date that lies `week` weeks after the start, to the day.

        Raises
        ------
        UsageError
            When there is no such date.
        """
        try:
            return self.start + datetime.timedelta(days=round(week * 7))
        except (OverflowError, ValueError):
            raise UsageError(f"week {week!r} has no date") from None

    def tree(self) -> dict[str, Any]:
        """Return the scenario as plain tables and lists, as a file holds it."""
        tree: dict[str, Any] = _plain(self.model_dump(exclude_none=True, exclude_defaults=True))
        for sequence in tree["sequences"].values():
            del sequence["name"]
            sequence.setdefault("steps", [])
        return tree

    def digest(self) -> str:
        """Return a fingerprint of the content: equal scenarios, and only they, have the same."""
        text = json.dumps(self.tree(), sort_keys=True, default=str, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _parts(self) -> Parts:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return Parts(values, {name: tuple(v) for name, v in values.items() if isinstance(v, Mapping)})


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
        problems.append(Problem(file, key, "unknown parameter", None, None, None, nearest(name, parameters)))
        return None
    if isinstance(change, Mapping) and old is None:
        return dict(change)
    entry: dict[str, Any] = dict(old or {})
    given = _given(change, entry)
    if "each" in given and isinstance(given["each"], Mapping):
        if "each" not in entry:
            problems.append(
                Problem(file, key, "is one number, not one for each role", None, None, "a number or a prior")
            )
            return entry
        for role in given["each"]:
            if role not in entry["each"]:
                message, known = f"unknown entry {role!r}", list(entry["each"])
                like = nearest(role, known)
                problems.append(Problem(file, f"{key}.each.{role}", message, None, None, ", ".join(known), like))
        known_roles = {role: value for role, value in given["each"].items() if role in entry["each"]}
        given = {**given, "each": {**entry["each"], **known_roles}}
    if {"value", "prior", "each"} & given.keys():
        entry = {k: v for k, v in entry.items() if k not in ("value", "prior", "each")}
        if "source" not in given:
            entry |= {"tag": "P", "note": "changed; the source stands for the former value"}
    return entry | given


def _given(change: object, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Read a change: a number, a prior, a table by role, or a part of the parameter's own table."""
    if isinstance(change, Mapping) and change.keys() <= set(Parameter.model_fields):
        return dict(change)
    if isinstance(change, Mapping) and not change.keys() & {
        "low",
        "mode",
        "high",
        "distribution",
        "median",
        "mean",
        "a",
    }:
        return {"each": {role: _number(value) for role, value in change.items()}}
    change = _number(change)
    if "each" in entry:
        return {"each": dict.fromkeys(entry["each"], change)}
    if isinstance(change, Fixed):
        return {"value": change.value}
    return {"prior" if isinstance(change, (Mapping, Distribution)) else "value": change}


def _number(value: object) -> object:
    """Turn numpy's numbers into Python's; leave the rest to validation."""
    if isinstance(value, numbers.Real) and not isinstance(value, (bool, int, float)):
        return float(value)
    return value


def _with_names(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give each sequence the name under which it stands."""
    data = dict(data)
    if isinstance(data.get("sequences"), Mapping):
        data["sequences"] = {
            name: {**table, "name": name} if isinstance(table, Mapping) and "name" not in table else table
            for name, table in data["sequences"].items()
        }
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _sound(data: Mapping[str, Any]) -> Parts:
    """Validate every part by itself and keep the sound ones, so that checks between them can be made."""
    values: dict[str, Any] = {}
    names: dict[str, tuple[str, ...]] = {}
    index: dict[str, tuple[int, ...]] = {}
    broken: set[str] = set()
    for name, field in Scenario.model_fields.items():
        if name not in data:
            continue
        raw = data[name]
        if isinstance(raw, Mapping):
            names[name] = tuple(str(key) for key in raw)
        if name in TABLES and isinstance(raw, Mapping):
            kept = {key: part for key, entry in raw.items() if (part := _one(ENTRY[name], entry)) is not None}
            values[name] = kept
            if len(kept) < len(raw):
                broken.add(name)
        elif name in LISTS and isinstance(raw, (list, tuple)):
            found = [(at, part) for at, entry in enumerate(raw) if (part := _one(ENTRY[name], entry)) is not None]
            values[name], index[name] = tuple(part for _, part in found), tuple(at for at, _ in found)
            if len(found) < len(raw):
                broken.add(name)
        elif name not in TABLES + LISTS:
            part = _one(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation, raw)
            if part is not None:
                values[name] = part
    return Parts(values, names, frozenset(broken), index)


ENTRY: dict[str, Any] = {
    "actors": Actor,
    "tracks": Track,
    "concessions": Concession,
    "obligations": Obligation,
    "parameters": Parameter,
    "sequences": Sequence,
    "factions": Faction,
    "provinces": Province,
    "targets": Target,
}


def _one(kind: Any, raw: Any) -> Any:
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError:
        return None
