"""Every field of every declaration has a bound: no table, list, text or number of a scenario may be of any size."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, Field, StringConstraints

from settlesim.scenario.base import Declaration, Table
from settlesim.scenario.scenario import Scenario

PATTERN = re.compile(r"\{\d+,\d+\}\$$")


def declarations(kind: type[BaseModel] = Declaration) -> set[type[BaseModel]]:
    """A class and all below it."""
    found = {kind}
    for below in kind.__subclasses__():
        if below.__module__.startswith("settlesim"):
            found |= declarations(below)
    return found


def unbounded(kind: Any, metadata: tuple[Any, ...] = (), path: str = "") -> list[str]:
    """Return the places within a type at which something may be of any size."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        return unbounded(inner, (*more, *metadata), path)
    if get_origin(kind) in (Union, type(int | str)):
        return [place for one in get_args(kind) for place in unbounded(one, metadata, path)]
    limits = {name for one in metadata for name in limited(one)}
    if kind is str:
        return [] if "max_length" in limits else [path]
    if kind in (int, float):
        low = {"ge", "gt"} & limits
        return [] if low and {"le", "lt"} & limits else [path]
    if get_origin(kind) is tuple and get_args(kind)[-1] is not ...:
        return [place for one in get_args(kind) for place in unbounded(one, (), f"{path}[]")]
    if get_origin(kind) is tuple:
        inner = unbounded(get_args(kind)[0], (), f"{path}[]")
        return inner + ([] if "max_length" in limits else [path])
    if get_origin(kind) in (dict, Mapping):
        key, value = get_args(kind)
        inner = unbounded(key, (), f"{path}{{key}}") + unbounded(value, (), f"{path}{{}}")
        return inner + ([] if "max_length" in limits else [path])
    if get_origin(kind) is Literal or kind in (bool, type(None)) or kind.__name__ == "date":
        return []
    assert isinstance(kind, type) and issubclass(kind, BaseModel), f"{path}: what is {kind!r}?"
    return []


def limited(one: Any) -> set[str]:
    """Return which limits a piece of metadata sets."""
    parts = [one, *getattr(one, "metadata", ())]
    names = {"max_length", "ge", "gt", "le", "lt"}
    found = {name for part in parts for name in names if getattr(part, name, None) is not None}
    # A pattern that says how many characters there may be bounds them as well.
    if any(PATTERN.search(str(getattr(part, "pattern", None) or "")) for part in parts):
        found.add("max_length")
    return found


@pytest.mark.parametrize("model", sorted(declarations(), key=lambda model: model.__name__), ids=lambda m: m.__name__)
def test_every_field_of_a_declaration_has_a_bound(model):
    for name, field in model.model_fields.items():
        assert unbounded(field.annotation, tuple(field.metadata), name) == []


def test_the_scenario_is_among_them_with_all_that_it_holds():
    found = declarations()
    assert Scenario in found
    assert len(found) > 20


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        (str, ["x"]),
        (Annotated[str, StringConstraints(max_length=9)], []),
        (Annotated[str, Field(pattern=r"^[a-z]{0,63}$")], []),
        (Annotated[str, Field(pattern=r"^[a-z]+$")], ["x"]),
        (tuple[bool, ...], ["x"]),
        (Annotated[tuple[str, ...], Field(max_length=9)], ["x[]"]),
        (dict[str, int], ["x{key}", "x{}", "x"]),
        (Table[bool, float], ["x{}"]),
        (Annotated[float, Field(ge=0)] | None, ["x"]),
        (Annotated[int, Field(ge=0, lt=9)] | None, []),
    ],
)
def test_what_has_none_is_found(kind, places):
    assert unbounded(kind, (), "x") == places
