"""What every declaration shares: frozen models, strict numbers, frozen tables, one readable kind of error.

Numbers are strict (``true`` and ``"3"`` are no numbers) and finite. Tables are read-only dictionaries that
can be pickled, so that a scenario can be sent to another process and can never change under a running
experiment.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from settlesim.errors import ScenarioError
from settlesim.scenario.characters import line_fault, name_fault, prose_fault
from settlesim.scenario.limits import ENTRIES_MOST, LARGEST_NUMBER, NAME_CHARACTERS, PROSE_CHARACTERS, bounded

__all__ = [
    "SUM_TOLERANCE",
    "Count",
    "Declaration",
    "EvidenceTag",
    "FrozenDict",
    "Key",
    "Label",
    "Listed",
    "Name",
    "Note",
    "Number",
    "Share",
    "Slug",
    "Sourced",
    "StepName",
    "Table",
    "Text",
    "Title",
    "build",
    "fail",
]

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dictionary that refuses to change, can be hashed if its values can, and survives pickling.

    Examples
    --------
    >>> table = FrozenDict(a=1)
    >>> table["b"] = 2
    Traceback (most recent call last):
        ...
    TypeError: a scenario is read-only; use with_parameters() or edit its file
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a scenario is read-only; use with_parameters() or edit its file")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> tuple[type[FrozenDict[K, V]], tuple[dict[K, V]]]:
        """Pickle by content, since filling an empty one would be refused."""
        return FrozenDict, (dict(self),)

    def __copy__(self) -> FrozenDict[K, V]:
        """Return itself; it cannot change."""
        return self

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash the content."""
        return hash(frozenset(self.items()))


def _whole(value: Any) -> Any:
    """Read whole numbers of numpy as Python's."""
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value


def _name(name: str) -> str:
    if fault := name_fault(name):
        fail(fault, allowed="characters that are seen as what they are", value=name)
    return name


def _line(text: str) -> str:
    if fault := line_fault(text):
        fail(fault, allowed="one line of characters that are seen as what they are", value=text)
    return text


def _prose(text: str) -> str:
    if fault := prose_fault(text):
        fail(fault, allowed="lines of characters that are seen as what they are", value=text)
    return text


# Blanks around a name are refused, not taken off: a table may hold both.
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$", strip_whitespace=False)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", strip_whitespace=False)]
# Orders are named by all their moves.
Name = Annotated[
    str, StringConstraints(min_length=1, strip_whitespace=False, max_length=PROSE_CHARACTERS), AfterValidator(_name)
]
StepName = Annotated[
    str, StringConstraints(min_length=1, strip_whitespace=False, max_length=NAME_CHARACTERS), AfterValidator(_name)
]
# One line for people, and several; with and without the least of one character.
Label = Annotated[str, StringConstraints(max_length=NAME_CHARACTERS), AfterValidator(_line)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS), AfterValidator(_line)]
Note = Annotated[str, StringConstraints(max_length=PROSE_CHARACTERS), AfterValidator(_prose)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=PROSE_CHARACTERS), AfterValidator(_prose)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Count = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=0, le=10_000_000)]
Table = Annotated[Mapping[K, V], Field(max_length=ENTRIES_MOST), AfterValidator(FrozenDict)]
Listed = Annotated[tuple[V, ...], Field(max_length=ENTRIES_MOST)]
EvidenceTag = Literal["C", "D", "M", "P"]

# Shares written with a few decimals sum to one only so nearly.
SUM_TOLERANCE = 1e-6


class Declaration(BaseModel):
    """A frozen part of a scenario. A mistake raises `ScenarioError`, in Python as from a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, str_strip_whitespace=True)

    def __init__(self, /, **data: Any) -> None:
        build(self, data)

    # pydantic would otherwise call __init__ for every nested part, and the first mistake would hide the
    # others.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


def build(self: BaseModel, data: Mapping[str, Any]) -> None:
    """Validate `data` into `self`, turning pydantic's errors into one `ScenarioError`."""
    from settlesim.scenario.messages import translate

    bounded(data, f"<{type(self).__name__}>")
    try:
        self.__pydantic_validator__.validate_python(dict(data), self_instance=self)
    except ValidationError as error:
        name = type(self).__name__
        raise ScenarioError(translate(error, type(self), dict(data), f"<{name}>")) from None


class Sourced(Declaration):
    """A declaration that says where it comes from.

    `source` is a key of the scenario's ``[sources]``; `tag` is C (published source found), D (derived from
    such), M (from memory of a publication) or P (elicited prior, no direct evidence).
    """

    source: Text
    tag: EvidenceTag
    note: Note = ""


def fail(
    message: str,
    *,
    allowed: str | None = None,
    nearest: str | None = None,
    at: str | None = None,
    value: float | str | None = None,
) -> NoReturn:
    """Raise an error that pydantic gathers with the others; `at` is the key below the one being validated."""
    context: dict[str, Any] = {
        "message": message,
        "allowed": allowed,
        "nearest": nearest,
        "at": at,
        "value": value,
    }
    raise PydanticCustomError("settlesim", "{message}", context)
