"""A scenario: a conflict as data, frozen, complete (no default hides in code) and checked as a whole."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from itertools import chain, islice
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from settlesim.errors import Problem, ScenarioError, UsageError, choose
from settlesim.scenario.base import Declaration, FrozenDict, Key, Listed, Name, Slug, Table, Text, Title
from settlesim.scenario.base_rates import BaseRates
from settlesim.scenario.changes import Change, by_name, change_number, named_by
from settlesim.scenario.checks import SoundFields, check, check_sequence
from settlesim.scenario.claim_checks import check_claims
from settlesim.scenario.claims import Claim
from settlesim.scenario.conflict import Actor, Concession, Control, Event, Faction, Obligation, Province, Role, Track
from settlesim.scenario.declared_channels import Channel, check_channels
from settlesim.scenario.limits import FEW, NAME_CHARACTERS, SEQUENCES, bounded
from settlesim.scenario.messages import EXPLAINED, translate
from settlesim.scenario.notices import check_alike, check_events
from settlesim.scenario.parameters import Parameter, Quantity, quantities
from settlesim.scenario.plan import Plan
from settlesim.scenario.plan_checks import check_plan, check_plans, check_time
from settlesim.scenario.sequence import Sequence, TroopPath
from settlesim.scenario.targets import Target

__all__ = ["Scenario"]

# Fields that hold declarations, by their names or in a list, and what these are: one that is broken does not hide
# the mistakes of the others.
TABLES: dict[str, type[Declaration]] = {
    "actors": Actor,
    "tracks": Track,
    "concessions": Concession,
    "obligations": Obligation,
    "parameters": Parameter,
    "sequences": Sequence,
    "plans": Plan,
    "channels": Channel,
}
# Of these, each is given the name under which it stands.
NAMED = ("sequences", "plans")
LISTS: dict[str, type[Declaration]] = {
    "factions": Faction,
    "provinces": Province,
    "events": Event,
    "targets": Target,
    "claims": Claim,
}


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
    reference_sequence
        The sequence that shows what goes on without talks: the last line of a comparison.
    history_sequence
        The sequence that stands for what happened, held against the targets.
    troop_path
        The patron's troops as they were, (week, thousands), linear in between; a sequence follows them where
        `dated_troops` is 1.
    sources, bodies
        Key → full reference, label of an outside body that can deliver concessions.
    actors, factions, provinces, districts_total, control
        Who fights, and where.
    tracks, concessions, sequences
        Who can talk about what, what can be given, and who does what when.
    plans
        Moves whose orders are to be compared.
    obligations
        End-conditions the insurgency may undertake, checked after a settlement.
    events
        Dated events from outside the model, which a plan may switch on (`dated_events`).
    parameters
        Every number of the model.
    targets
        Observed facts for the hindcast.
    base_rates
        How often wars of this kind ended in which way.
    claims
        Sentences that name a cause, with what carries them.
    channels
        Ways by which one move acts on another, with the numbers that hold each off.

    Raises
    ------
    ScenarioError
        With every problem found, those between the declarations included.
    """

    name: Slug
    title: Title
    description: Text
    # So that every week has a date: the calendar ends with the year 9999.
    start: Annotated[datetime.date, Field(le=datetime.date(9900, 1, 1))]
    horizon: Annotated[int, Field(strict=True, ge=1, le=1040)]
    default_sequence: Name
    baseline_sequence: Name
    reference_sequence: Name | None = None
    history_sequence: Name | None = None
    troop_path: TroopPath = ()
    districts_total: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    sources: Table[Slug, Text]
    bodies: Annotated[Table[Key, Title], Field(max_length=FEW)] = Field(default_factory=dict)
    control: Control
    actors: Table[Role, Actor]
    factions: Annotated[Listed[Faction], Field(max_length=FEW)]
    provinces: Listed[Province]
    tracks: Annotated[Table[Key, Track], Field(min_length=1, max_length=FEW)]
    concessions: Annotated[Table[Key, Concession], Field(max_length=FEW)]
    obligations: Annotated[Table[Key, Obligation], Field(max_length=FEW)] = Field(default_factory=dict)
    events: Listed[Event] = ()
    parameters: Table[Key, Parameter]
    sequences: Annotated[Mapping[Name, Sequence], Field(min_length=1, max_length=SEQUENCES), AfterValidator(FrozenDict)]
    plans: Annotated[Table[Name, Plan], Field(max_length=FEW)] = Field(default_factory=dict)
    targets: Listed[Target] = ()
    base_rates: BaseRates | None = None
    claims: Listed[Claim] = ()
    channels: Annotated[Table[Key, Channel], Field(max_length=FEW)] = Field(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _all_problems_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Scenario]) -> Scenario:
        if isinstance(data, Scenario):
            return data
        if not isinstance(data, Mapping):
            raise ScenarioError([Problem("<scenario>", "", "a scenario is a table")])
        file = str(data.get("name", "<scenario>"))[:NAME_CHARACTERS]
        bounded(data, file)
        data = _with_names(data)
        problems: list[Problem] = []
        scenario: Scenario | None = None
        try:
            scenario = handler(data)
        except ValidationError as error:
            problems = translate(error, cls, data, file)
        fields = _sound_fields(data) if scenario is None else scenario._fields()
        problems += [*check(fields, file), *check_claims(fields, file), *islice(check_plans(fields, file), EXPLAINED)]
        problems += islice(chain(check_events(fields, file), check_alike(fields, file)), EXPLAINED)
        problems += islice(check_channels(fields, file), EXPLAINED)
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
            problems = list(check_sequence(name, self._fields(), self.name, ("sequences", name.name)))
            if problems:
                raise ScenarioError(problems)
            return name
        return self.sequences[choose(name, self.sequences, "sequence")]

    def plan(self, name: str | Plan) -> Plan:
        """Return the plan called `name`, or the given one, checked against this scenario.

        Raises
        ------
        UsageError
            When there is none of that name.
        ScenarioError
            When a plan made in Python refers to what this scenario does not have, or has orders that cannot be run;
            when pace or dates put the last move of some order of any plan beyond the horizon.
        """
        if not isinstance(name, (str, Plan)):
            raise UsageError(f"not a plan but a {type(name).__name__}: make a Plan of it, Plan(moves), or name one")
        if not isinstance(name, Plan) and not self.plans:
            raise UsageError(f"{self.name} declares no plan; write a table [plans.NAME], or give a Plan")
        plan = name if isinstance(name, Plan) else self.plans[choose(name, self.plans, "plan")]
        problems = list(check_plan(plan, self._fields(), self.name)) if plan is name else []
        problems = problems or list(check_time(plan, self.horizon, self.origin))
        if problems:
            raise ScenarioError(problems)
        return plan

    @cached_property
    def origin(self) -> str:
        """The file it was read from, for errors; its name, where it was made in Python."""
        return self.name

    @cached_property
    def changed(self) -> frozenset[str]:
        """Addresses of the numbers that `with_parameters` has set, which no lever may hold unnoticed."""
        return frozenset()

    @cached_property
    def inherited(self) -> tuple[str, tuple[str, ...]]:
        """The scenario that its file extends, and the parameters that stand as they do there."""
        return "", ()

    def with_parameters(self, /, **changes: Change) -> Scenario:
        """Return this scenario with other numbers.

        Parameters
        ----------
        **changes
            Name of a parameter → a number (held), a prior or its table ``{"low":, "mode":, "high":}``
            (drawn), or a table by entry ``{"government": 0.2}`` for a parameter that has several. Numbers of
            concessions, obligations and events have the names that results give them:
            ``concession_value={"prisoners": 0.2}``. Full addresses are read too: ``**{"war_cost.government": 0.2}``.

        Raises
        ------
        UsageError
            For a number that is set twice, by its own address and by the name that it shares with others.
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
        changes = by_name(changes)
        for name, change in changes.items():
            change_number(name, tree, change, self.name, problems)
        try:
            scenario = Scenario.model_validate(tree)
        except ScenarioError as error:
            problems += error.problems
        if problems:
            raise ScenarioError(problems)
        base, names = self.inherited
        scenario.__dict__["origin"] = self.origin
        scenario.__dict__["changed"] = self.changed | named_by(changes, scenario.quantities())
        scenario.__dict__["inherited"] = (base, tuple(name for name in names if name not in changes))
        return scenario

    def with_sequences(self, *sequences: Sequence) -> Scenario:
        """Return this scenario with more sequences, checked; one of a known name takes its place."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        scenario = Scenario(**(fields | {"sequences": dict(self.sequences) | {s.name: s for s in sequences}}))
        scenario.__dict__["origin"] = self.origin
        scenario.__dict__["changed"] = self.changed
        scenario.__dict__["inherited"] = self.inherited
        return scenario

    def quantities(self) -> Iterator[Quantity]:
        """Yield every number of the scenario once, parameters first, then what concessions and the like carry.

        Examples
        --------
        >>> from settlesim.scenario.files import load
        >>> number = next(load("two-party").quantities())
        >>> str(number.address), number.unit
        ('power_bias', 'logit')
        """
        return quantities(self.parameters, self.concessions, self.obligations, self.events)

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
        for plan in tree.get("plans", {}).values():
            # Missing where it is the one that plans have by default.
            plan.pop("name", None)
        return tree

    def digest(self) -> str:
        """Return a fingerprint of the content: equal scenarios, and only they, have the same."""
        text = json.dumps(self.tree(), sort_keys=True, default=str, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _fields(self) -> SoundFields:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return SoundFields(values, {name: tuple(v) for name, v in values.items() if isinstance(v, Mapping)})


def _with_names(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give each sequence and plan the name under which it stands."""
    data = dict(data)
    for field in NAMED:
        if isinstance(data.get(field), Mapping):
            data[field] = {
                name: {**table, "name": name} if isinstance(table, Mapping) and "name" not in table else table
                for name, table in data[field].items()
            }
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _sound_fields(data: Mapping[str, Any]) -> SoundFields:
    """Validate every declaration by itself and keep the sound ones, so that checks between them can be made."""
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
            kept = {key: sound for key, one in raw.items() if (sound := _sound(TABLES[name], one)) is not None}
            values[name] = kept
            if len(kept) < len(raw):
                broken.add(name)
        elif name in LISTS and isinstance(raw, (list, tuple)):
            found = [(at, sound) for at, one in enumerate(raw) if (sound := _sound(LISTS[name], one)) is not None]
            values[name], index[name] = tuple(sound for _, sound in found), tuple(at for at, _ in found)
            if len(found) < len(raw):
                broken.add(name)
        elif name not in {**TABLES, **LISTS}:
            sound = _sound(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation, raw)
            if sound is not None:
                values[name] = sound
    return SoundFields(values, names, frozenset(broken), index)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _sound(kind: Any, raw: Any) -> Any:
    try:
        return _adapter(kind).validate_python(raw)
    except ValidationError:
        return None
