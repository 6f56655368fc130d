"""When a step may be taken: conditions as data.

In a file a condition is a small table with one kind and an optional delay in weeks:
``{week = 8}``, ``{signed = "kabul_talks", delay = 26}``, ``{all = [{week = 8}, {quiet = 4}]}``, ``{not =
{opened = "t"}}``. In Python the same are ``week(8)``, ``signed("kabul_talks").after(26)``, ``week(8) & quiet(4)``
and ``~opened("t")``; ``|`` joins what is ``any``. Nothing is ever evaluated from a string.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic_core import CoreSchema

from settlesim.errors import UsageError, nearest
from settlesim.scenario.base import Count, Declaration, Number, StepName, fail
from settlesim.scenario.limits import PARTS

__all__ = [
    "REFERENCES",
    "Condition",
    "all_of",
    "any_of",
    "broken",
    "condition_schema",
    "delivered",
    "not_",
    "opened",
    "quiet",
    "signed",
    "taken",
    "week",
]

Kind = Literal["week", "quiet", "opened", "signed", "broken", "delivered", "taken", "all", "any", "not"]
KINDS: tuple[str, ...] = get_args(Kind)
# What a kind takes: a number of weeks, the name of something, or other conditions.
NUMBERS = ("week", "quiet")
GROUPS = ("all", "any", "not")
REFERENCES = tuple(kind for kind in KINDS if kind not in (*NUMBERS, *GROUPS))
DEEPEST = 16


class Condition(Declaration):
    """A condition on the course of a run.

    Parameters
    ----------
    kind
        ``week`` (reached), ``quiet`` (that many weeks in which violence is well below its mean), ``opened``,
        ``signed`` or ``broken`` (a track), ``delivered`` (a concession), ``taken`` (another step of the same
        sequence), ``all``, ``any`` or ``not`` (of the children).
    ref
        The track, concession or step meant.
    number
        The week, or the number of quiet weeks.
    children
        The conditions joined by ``all``, ``any`` or ``not``.
    delay
        Weeks that must pass after the condition first held.

    Examples
    --------
    >>> signed("patron_talks").after(26).tree()
    {'signed': 'patron_talks', 'delay': 26}
    >>> (week(8) & quiet(4) & ~opened("kabul_talks")).tree()
    {'all': [{'week': 8}, {'quiet': 4}, {'not': {'opened': 'kabul_talks'}}]}
    """

    kind: Kind
    ref: StepName | None = None
    number: Annotated[Number, Field(ge=0, le=10_000)] | None = None
    children: Annotated[tuple[Condition, ...], Field(max_length=PARTS)] = ()
    delay: Count = 0

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        _not_too_large(data)
        if "kind" in data:
            return data
        kinds = [key for key in data if key in KINDS]
        strange = [key for key in data if key not in (*KINDS, "delay")]
        if strange:
            like = nearest(strange[0], (*KINDS, "delay"))
            fail(f"unknown condition {strange[0]!r}", allowed=", ".join((*KINDS, "delay")), nearest=like)
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            fail(f"a condition needs exactly one kind, found {found}", allowed=", ".join(KINDS))
        kind = kinds[0]
        field = "ref" if kind in REFERENCES else "number" if kind in NUMBERS else "children"
        value = [data[kind]] if kind == "not" else data[kind]
        return {"kind": kind, field: value, "delay": data.get("delay", 0)}

    @model_validator(mode="after")
    def _check(self) -> Condition:
        if self.kind in REFERENCES and self.ref is None:
            fail(f"{self.kind} needs a name")
        if self.kind in NUMBERS and self.number is None:
            fail(f"{self.kind} needs a number of weeks")
        if self.kind in GROUPS and not self.children:
            fail(f"{self.kind} needs at least one condition")
        if self.kind == "not" and len(self.children) != 1:
            fail("not takes one condition")
        # Those of which it is made are within bounds by themselves, so that the walk is short.
        _not_too_large(self)
        return self

    @model_serializer
    def tree(self) -> dict[str, Any]:
        """Return the table that stands for this condition in a file."""
        value: Any
        if self.kind in REFERENCES:
            value = self.ref
        elif self.kind in NUMBERS:
            number = self.number or 0.0
            value = int(number) if number == int(number) else number
        elif self.kind == "not":
            value = self.children[0].tree()
        else:
            value = [child.tree() for child in self.children]
        return {self.kind: value} | ({"delay": self.delay} if self.delay else {})

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Stand in for `condition_schema`, which refers to itself as pydantic's generator would not let it."""
        return {"title": "Condition", "type": "object"}

    def after(self, weeks: int) -> Condition:
        """Return this condition, to hold `weeks` weeks later than it does now."""
        return Condition(
            kind=self.kind, ref=self.ref, number=self.number, children=self.children, delay=self.delay + weeks
        )

    def __and__(self, other: Condition) -> Condition:
        """Hold when both do: `all_of`, of which a chain makes one."""
        return self._joined("all", other)

    def __or__(self, other: Condition) -> Condition:
        """Hold when at least one does: `any_of`, of which a chain makes one."""
        return self._joined("any", other)

    def __invert__(self) -> Condition:
        """Hold while this does not: `not_`."""
        return not_(self)

    def __bool__(self) -> bool:
        """Refuse: ``a and b`` would be `b` alone, without a word."""
        raise UsageError("a condition is not true or false before a run; join conditions by & | ~, not by and, or, not")

    def _joined(self, kind: Literal["all", "any"], other: Condition) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        # What is joined with a delay is one thing, that holds so many weeks after all of it did.
        parts = [one.children if one.kind == kind and not one.delay else (one,) for one in (self, other)]
        return Condition(kind=kind, children=parts[0] + parts[1])

    def walk(self) -> Iterator[Condition]:
        """Yield this condition and all within it."""
        yield self
        for child in self.children:
            yield from child.walk()


def condition_schema() -> dict[str, Any]:
    """Return the JSON Schema of a condition as a file holds it, to stand at ``#/$defs/Condition``."""
    me = {"$ref": "#/$defs/Condition"}
    number = {"type": "number", "minimum": 0, "maximum": 10_000}
    name = {"type": "string", "minLength": 1}
    many = {"type": "array", "items": me, "minItems": 1}
    kinds = dict.fromkeys(NUMBERS, number) | dict.fromkeys(REFERENCES, name) | {"all": many, "any": many, "not": me}
    return {
        "title": "Condition",
        "description": "When a step may be taken.",
        "type": "object",
        "properties": kinds | {"delay": {"type": "integer", "minimum": 0}},
        "additionalProperties": False,
        "oneOf": [{"required": [kind]} for kind in KINDS],
    }


def _not_too_large(data: Any) -> None:
    """Refuse conditions too deep or of too many parts, as a file holds them or as they are made."""
    level, parts = [data], 0
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for one in level:
            if isinstance(one, Condition):
                parts += 1
                below.extend(one.children)
            elif isinstance(one, dict):
                parts += 1
                for value in one.values():
                    below.extend(value if isinstance(value, (list, tuple)) else [value])
        if parts > PARTS:
            fail(f"a condition of more than {PARTS} parts", allowed=f"at most {PARTS} conditions within each other")
        level = [one for one in below if isinstance(one, (Condition, dict))]
        if not level:
            return
    fail(f"conditions are nested more than {DEEPEST} deep")


def week(number: float) -> Condition:
    """Hold from week `number` on."""
    return Condition(kind="week", number=number)


def quiet(weeks: float) -> Condition:
    """Hold once `weeks` weeks in a row were quiet: violence below a share of its mean of the past half year."""
    return Condition(kind="quiet", number=weeks)


def opened(track: str) -> Condition:
    """Hold once `track` has opened."""
    return Condition(kind="opened", ref=track)


def signed(track: str) -> Condition:
    """Hold once a deal on `track` is signed."""
    return Condition(kind="signed", ref=track)


def broken(track: str) -> Condition:
    """Hold once `track` has broken down for good."""
    return Condition(kind="broken", ref=track)


def delivered(concession: str) -> Condition:
    """Hold once `concession` is delivered."""
    return Condition(kind="delivered", ref=concession)


def taken(step: str) -> Condition:
    """Hold once the step named `step` of the same sequence is taken."""
    return Condition(kind="taken", ref=step)


def all_of(*conditions: Condition) -> Condition:
    """Hold when all `conditions` hold."""
    return Condition(kind="all", children=conditions)


def any_of(*conditions: Condition) -> Condition:
    """Hold when at least one of `conditions` holds."""
    return Condition(kind="any", children=conditions)


def not_(condition: Condition) -> Condition:
    """Hold while `condition` does not."""
    return Condition(kind="not", children=(condition,))
