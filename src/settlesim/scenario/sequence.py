"""A sequence: an ordered list of steps, each with the condition under which it is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Several
from itertools import islice, permutations
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from settlesim.errors import UsageError
from settlesim.scenario.base import (
    Count,
    Declaration,
    Key,
    Label,
    Listed,
    Name,
    Note,
    Number,
    StepName,
    Table,
    build,
    fail,
)
from settlesim.scenario.conditions import Condition
from settlesim.scenario.limits import ENTRIES_MOST, STEPS
from settlesim.scenario.settings import as_number, merged, tables

__all__ = ["Do", "Lever", "Levers", "Sequence", "Step", "TroopPath", "Weeks", "named"]

Do = Literal["open", "close", "table", "deliver", "ceasefire", "press", "oblige", "withdraw", "switch", "mission"]
Weeks = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Lever = Annotated[
    Annotated[Number, Tag("number")] | Annotated[Table[Key, Number], Tag("each")],
    Discriminator(lambda lever: "each" if isinstance(lever, Mapping) else "number"),
]


def _levers(raw: Any) -> Any:
    """Read levers by address as tables by name, and numbers of every kind as floats."""
    if not isinstance(raw, Mapping):
        return raw
    try:
        found = tables(raw)
    except UsageError as error:
        fail(str(error))
    return {
        name: {entry: _float(one) for entry, one in value.items()} if isinstance(value, Mapping) else _float(value)
        for name, value in found.items()
    }


def _float(value: Any) -> Any:
    number = as_number(value)
    if isinstance(value, np.bool_):
        return bool(value)
    return value if number is None else number


Levers = Annotated[Table[Key, Lever], BeforeValidator(_levers)]


def _rising(path: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    weeks = [at for at, _ in path]
    if weeks != sorted(set(weeks)):
        fail("the weeks of troop_path must rise")
    return path


# Troops of the patron by date: (week, thousands), linear in between.
TroopPath = Annotated[
    tuple[tuple[Annotated[Number, Field(ge=0)], Annotated[Number, Field(ge=0)]], ...],
    Field(max_length=ENTRIES_MOST),
    AfterValidator(_rising),
]

# What each kind of step needs, and what else it may carry.
NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "open": (("track",), ("concessions",)),
    "close": (("track",), ()),
    "table": (("track", "concessions"), ()),
    "deliver": (("concession",), ("weeks", "reciprocal")),
    "ceasefire": (("weeks",), ()),
    "press": (("amount", "weeks"), ()),
    "oblige": (("track", "by"), ()),
    "withdraw": (("amount", "weeks"), ()),
    "switch": ((), ()),
    "mission": (("amount", "weeks"), ()),
}
DETAILS = ("track", "by", "concession", "concessions", "weeks", "amount", "reciprocal")


class Step(Declaration):
    """One step of a sequence, taken once, in the first week in which its condition holds.

    Parameters
    ----------
    do
        ``open`` a track (`concessions`: its agenda, in order), ``close`` it, ``table`` `concessions` on a
        track, ``deliver`` a `concession`, declare a ``ceasefire`` of `weeks`, ``press`` the neighbour
        (leverage rises by `amount` over `weeks`), ``oblige`` (a deal on `by` obliges talks on `track`),
        ``withdraw`` (the patron's troops fall to `amount` thousand over `weeks`), ``switch`` (the patron
        ends its refusal to talk), or send a ``mission`` (the outside guarantee rises by `amount` over `weeks`).
    name
        Unique within the sequence; given by what the step does where it is left out, as in
        ``open:kabul_talks``.
    when
        The condition; ``None`` means from the first week.
    reciprocal
        Deliver only in return for quiet: the deliverer waits for `weeks` quiet weeks.
    apart
        In an ordered sequence: no part of the order, taken whenever its own condition holds.
    together
        In an ordered sequence: taken in the same week as the step before it, without the pace between them.
    done
        In an ordered sequence: what completes the step, so that the next has its turn; see `Sequence.completes`.
    """

    do: Do
    name: StepName | None = None
    track: Key | None = None
    by: Key | None = None
    concession: Key | None = None
    concessions: Listed[Key] = ()
    weeks: Weeks | None = None
    amount: Annotated[Number, Field(ge=0, le=100_000)] | None = None
    when: Condition | None = None
    reciprocal: bool = Field(default=False, strict=True)
    apart: bool = Field(default=False, strict=True)
    together: bool = Field(default=False, strict=True)
    done: Condition | None = None

    @model_validator(mode="after")
    def _check(self) -> Step:
        needed, optional = NEEDS[self.do]
        # Not `in (None, (), False)`, which a zero is equal to: a withdrawal to 0 is one.
        given = [name for name in DETAILS if not any(getattr(self, name) is empty for empty in (None, (), False))]
        missing = [name for name in needed if name not in given]
        if missing:
            fail(f"a step that does {self.do!r} needs {' and '.join(missing)}")
        strange = [name for name in given if name not in needed + optional]
        if strange:
            fail(
                f"a step that does {self.do!r} takes no {strange[0]}",
                allowed=", ".join(needed + optional) or "nothing",
            )
        if self.reciprocal and self.weeks is None:
            fail("a reciprocal delivery needs weeks, the quiet it waits for")
        if self.do == "deliver" and self.weeks is not None and not self.reciprocal:
            fail("weeks of quiet mean nothing unless the delivery is reciprocal")
        if self.do == "mission" and self.amount is not None and self.amount > 1:
            fail("a guarantee is a share, so a mission cannot raise it by more than 1", allowed="0 to 1")
        if len(set(self.concessions)) < len(self.concessions):
            fail("the same concession is listed twice")
        if self.apart and (self.together or self.done is not None):
            fail("a step apart from the order is together with none, and none waits until it is done")
        return self

    def completion(self) -> Condition | None:
        """Return what says that the step is done: its own condition, or what steps of its kind bring about.

        None where a step is done as soon as it is taken.

        Examples
        --------
        >>> Step(do="open", track="kabul_talks").completion().tree()
        {'opened': 'kabul_talks'}
        """
        if self.done is not None:
            return self.done
        if self.do == "open":
            return Condition(kind="opened", ref=self.track)
        if self.do == "deliver":
            return Condition(kind="delivered", ref=self.concession)
        if self.do in ("press", "withdraw", "mission"):
            return Condition(kind="taken", ref=self.name, delay=self.weeks or 0)
        return None


class Sequence(Declaration):
    """Who talks to whom first, and which concession comes when.

    Parameters
    ----------
    name
        How the sequence is called in results.
    steps
        The steps. Their order matters only where `ordered` is set or conditions refer to each other.
    label, description
        For people.
    undertaking
        ``early_harvest``: what is agreed on one track holds at once. ``single``: nothing is agreed until
        everything is.
    agenda
        ``package``: what lies on a table is settled together. ``staged``: item by item, in the order tabled.
    ordered
        Step k + 1 may be taken only `pace` weeks after step k was, besides its own condition.
    completes
        ``taken``: step k + 1 waits until step k is taken.  ``done``: until it is done, that is a track opened, a
        concession delivered, the full amount of pressure, withdrawal or mission reached, or the step's own `done`
        fulfilled.
    patience
        After so many weeks more than the pace the next step is taken anyway, whatever it waits for (the step before
        to be done, its own condition, quiet).  None waits for ever, so that an order may mean "never".
    levers
        Parameters held at a value under this sequence, for instance ``{"withdrawal_linkage": 0}``.
    troop_path
        Dated troops of the patron under this sequence, as (week, thousands), linear in between, in place of the
        scenario's. They count unless the levers say ``dated_troops = 0``.

    Raises
    ------
    ScenarioError
        When a step is malformed. Names are checked when the sequence meets a scenario.

    Examples
    --------
    >>> from settlesim.scenario.steps import deliver, delivered, open_track
    >>> talks = open_track("kabul_talks", when=delivered("prisoners"))
    >>> plan = Sequence("prisoners first", [deliver("prisoners"), talks])
    >>> [step.name for step in plan.steps]
    ['deliver:prisoners', 'open:kabul_talks']
    """

    name: Name
    steps: Annotated[tuple[Step, ...], Field(max_length=STEPS)]
    label: Label = ""
    description: Note = ""
    undertaking: Literal["early_harvest", "single"] = "early_harvest"
    agenda: Literal["package", "staged"] = "package"
    ordered: bool = Field(default=False, strict=True)
    pace: Count = 0
    completes: Literal["taken", "done"] = "taken"
    patience: Count | None = None
    levers: Levers = Field(default_factory=dict)
    troop_path: TroopPath = ()

    def __init__(
        self,
        name: str,
        steps: Several[Step | Mapping[str, Any]] = (),
        *,
        label: str = "",
        description: str = "",
        undertaking: Literal["early_harvest", "single"] = "early_harvest",
        agenda: Literal["package", "staged"] = "package",
        ordered: bool = False,
        pace: int = 0,
        completes: Literal["taken", "done"] = "taken",
        patience: int | None = None,
        levers: Mapping[str, float | Mapping[str, float]] | None = None,
        troop_path: Several[tuple[float, float]] = (),
    ) -> None:
        data: dict[str, Any] = {"name": name, "steps": steps, "label": label, "description": description}
        data |= {"undertaking": undertaking, "agenda": agenda, "ordered": ordered, "pace": pace}
        data |= {"completes": completes, "patience": patience}
        build(self, data | {"levers": levers or {}, "troop_path": troop_path})

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="before")
    @classmethod
    def _names(cls, data: Any) -> Any:
        """Name the steps that have no name, so that conditions and results can refer to them."""
        if not isinstance(data, dict) or not isinstance(data.get("steps"), (list, tuple)):
            return data
        return data | {"steps": list(named(data["steps"]))}

    @model_validator(mode="after")
    def _check(self) -> Sequence:
        seen: set[str | None] = set()
        for step in self.steps:
            if step.name in seen:
                fail(f"two steps are called {step.name!r}")
            seen.add(step.name)
        if not self.ordered:
            for step in self.steps:
                for name in ("apart", "together", "done"):
                    if getattr(step, name) not in (False, None):
                        fail(f"{name} of step {step.name!r} means nothing unless the sequence is ordered")
            for name in ("completes", "patience"):
                if getattr(self, name) != type(self).model_fields[name].default:
                    fail(f"{name} means nothing unless the sequence is ordered")
        elif (first := next((step for step in self.steps if not step.apart), None)) is not None and first.together:
            fail(f"step {first.name!r} is the first of the order, so there is none to be together with")
        return self

    def awaited(self, step: Step) -> Condition | None:
        """Return what must hold, beside its having been taken, before the step after this one has its turn."""
        if not self.ordered or step.apart:
            return None
        return step.completion() if self.completes == "done" else step.done

    def with_levers(self, /, **levers: float | Mapping[str, float]) -> Sequence:
        """Return this sequence with more numbers held at a value: by name, by name and entry, or by address.

        Raises
        ------
        UsageError
            For a number that is set twice, and for an entry of a name that the sequence holds as a whole.

        Examples
        --------
        >>> Sequence("plan").with_levers(withdrawal_linkage=1.0).levers
        {'withdrawal_linkage': 1.0}
        """
        return self._copy(levers=merged(self.levers, levers))

    def permutations(self, limit: int | None = None) -> Iterator[Sequence]:
        """Yield this sequence with its steps in every order, the given order first.

        Each is named by its steps, as in ``"a > b > c"``. Steps that are taken together move as one, and steps apart
        from the order stay where they are. Where not every order will do, make a `Plan`.

        Parameters
        ----------
        limit
            At most so many.

        Raises
        ------
        UsageError
            When the sequence is not `ordered`: then all of these would be one and the same.

        Examples
        --------
        >>> from settlesim.scenario.steps import deliver
        >>> plan = Sequence("gifts", [deliver("prisoners"), deliver("delisting")], ordered=True, pace=4)
        >>> [p.name for p in plan.permutations()]
        ['deliver:prisoners > deliver:delisting', 'deliver:delisting > deliver:prisoners']
        """
        if limit is not None and limit < 0:
            raise UsageError(f"limit must not be negative, got {limit}")
        if not self.ordered:
            raise UsageError(
                f"the steps of sequence {self.name!r} have no order to be permuted: each is taken when its own "
                f"condition holds; say ordered=True (and a pace in weeks), or make a Plan of the moves"
            )
        return self._permutations(limit)

    def _permutations(self, limit: int | None) -> Iterator[Sequence]:
        turns: list[list[Step]] = []
        for step in self.steps:
            if step.together:
                turns[-1].append(step)
            elif not step.apart:
                turns.append([step])
        for order in islice(permutations(turns), limit):
            moved = iter([step for turn in order for step in turn])
            steps = tuple(step if step.apart else next(moved) for step in self.steps)
            yield self._copy(name=" > ".join(str(turn[0].name) for turn in order) or self.name, steps=steps)

    def _copy(self, **changes: Any) -> Sequence:
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Sequence(**(fields | changes))


def named(steps: Several[Any]) -> Iterator[Any]:
    """Fill in the names that steps were not given; a repeated one gets a number."""
    used = {name for step in steps if isinstance(name := _get(step, "name"), str)}
    counts: dict[str, int] = {}
    for step in steps:
        if _get(step, "name") is not None or _get(step, "do") not in get_args(Do):
            yield step
            continue
        target = _get(step, "track") or _get(step, "concession")
        plain = f"{_get(step, 'do')}:{target}" if isinstance(target, str) else str(_get(step, "do"))
        name, count = plain, counts.get(plain, 1)
        while name in used:
            count += 1
            name = f"{plain} ({count})"
        used.add(name)
        counts[plain] = count
        yield step.model_copy(update={"name": name}) if isinstance(step, Step) else {**step, "name": name}


def _get(step: Any, key: str) -> Any:
    return step.get(key) if isinstance(step, Mapping) else getattr(step, key, None)
