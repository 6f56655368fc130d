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

__all__ = [
    "SUM_TOLERANCE",
    "Count",
    "Declaration",
    "EvidenceTag",
    "FrozenDict",
    "Key",
    "Number",
    "Share",
    "Sourced",
    "Table",
    "Text",
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


Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True, max_length=4000)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Count = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=0, le=10_000_000)]
Table = Annotated[Mapping[K, V], AfterValidator(FrozenDict)]
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
    note: str = ""


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
