"""From pydantic's errors to one line a modeller can act on."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from settlesim.errors import Problem, nearest

__all__ = ["EXPLAINED", "KeyPath", "dotted", "translate"]

KeyPath = tuple[str | int, ...]

WORDS = {
    "missing": "is missing",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "tuple_type": "must be a list",
    "date_type": "must be a date such as 2018-02-28",
    "date_parsing": "must be a date such as 2018-02-28",
    "date_from_datetime_parsing": "must be a date such as 2018-02-28",
    "date_from_datetime_inexact": "must be a date without a time of day",
    "recursion_loop": "refers to itself",
}
LIMITS = {
    "greater_than": ("gt", "must be more than {}", "more than {}"),
    "greater_than_equal": ("ge", "must be at least {}", "{} or more"),
    "less_than": ("lt", "must be less than {}", "less than {}"),
    "less_than_equal": ("le", "must be at most {}", "{} or less"),
}
# To look for the name that was meant takes its time: what nobody will read is only counted.
EXPLAINED = 200
UNKNOWN = "unknown key"
NAME = "lower-case letters, digits and _, starting with a letter"


def dotted(path: KeyPath) -> str:
    """Return the path as people write it.

    Examples
    --------
    >>> dotted(("provinces", 3, "districts"))
    'provinces[3].districts'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def translate(error: ValidationError, root: Any, data: Any, file: str, prefix: KeyPath = ()) -> list[Problem]:
    """Return one `Problem` for each error that pydantic found in `data`.

    Parameters
    ----------
    error
        What pydantic raised.
    root
        The type against which `data` was validated; used to list the keys allowed at a place.
    data
        The raw tree; used to map pydantic's internal paths back to the keys of the file.
    file, prefix
        Where `data` came from.
    """
    entries = error.errors(include_url=False)
    found = [_one(entry, root, data, file, prefix) for entry in entries[:EXPLAINED]]
    found += [_briefly(entry, data, file, prefix) for entry in entries[EXPLAINED:]]
    # A misspelt key is both unknown and missing under its right name: one mistake, told once.
    meant = {_sibling(problem.key, problem.nearest) for problem in found if problem.message == UNKNOWN}
    return [problem for problem in found if problem.message != WORDS["missing"] or problem.key not in meant]


def _briefly(entry: Any, data: Any, file: str, prefix: KeyPath) -> Problem:
    """Say that there is one more, without a search for what was meant."""
    loc = tuple(part for part in entry["loc"] if part != "[key]")
    return Problem(file, dotted(prefix + _written(loc, data, absent=False)), str(entry["msg"]))


def _sibling(key: str, name: str | None) -> str:
    return key[: key.rfind(".") + 1] + (name or "")


def _one(entry: Any, root: Any, data: Any, file: str, prefix: KeyPath) -> Problem:
    kind, context, loc = entry["type"], entry.get("ctx") or {}, tuple(entry["loc"])
    on_key = bool(loc) and loc[-1] == "[key]"
    path = _written(loc[:-1] if on_key else loc, data, absent=kind == "missing")
    value = entry["input"]
    value = value if isinstance(value, (str, int, float, bool)) else None
    message, allowed, like = str(entry["msg"]), None, None
    if kind == "settlesim":
        message, allowed, like = context["message"], context["allowed"], context["nearest"]
        if context["at"] is not None:
            path, value = (*path, context["at"]), context["value"]
    elif kind == "extra_forbidden":
        names = _fields(root, loc[:-1])
        message, value = UNKNOWN, None
        allowed, like = ", ".join(names) or None, nearest(loc[-1], names)
    elif kind == "union_tag_invalid":  # of the unions in a scenario only that of priors is open to invention
        names = _literals(context["expected_tags"])
        path, value = (*path, "distribution"), context["tag"]
        message, allowed, like = "unknown distribution", ", ".join(names), nearest(value, names)
    elif kind == "literal_error":
        names = _literals(context["expected"])
        message, allowed, like = "is not one of the choices", ", ".join(names), nearest(value, names)
    elif on_key or kind == "string_pattern_mismatch":
        message, allowed = "is not a name", NAME
    elif kind == "too_short":
        few = context["min_length"]
        message, allowed = f"needs at least {few} {'entry' if few == 1 else 'entries'}", f"{few} or more"
    elif kind == "too_long":
        message, allowed = "has too many entries", f"at most {context['max_length']:,}"
    elif kind == "string_too_long":
        message, allowed = WORDS[kind], f"at most {context['max_length']:,} characters"
    elif kind in LIMITS:
        key, words, span = LIMITS[kind]
        bound = context[key]
        shown = f"{bound:g}" if isinstance(bound, float) else str(bound)
        message, allowed = words.format(shown), span.format(shown)
    elif kind == "float_type" and type(value) is int:  # too large for a float
        message, value = WORDS["finite_number"], math.inf if value > 0 else -math.inf
    elif kind in WORDS:
        message = WORDS[kind]
    if kind == "missing":
        value = None
    return Problem(file, dotted(prefix + path), message, None, None if on_key else value, allowed, like)


def _literals(expected: str) -> list[str]:
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]


def _written(loc: KeyPath, data: Any, *, absent: bool) -> KeyPath:
    """Map pydantic's path to the keys as written: drop the tags of unions, undo the reading of conditions."""
    path: list[str | int] = []
    here = data
    for position, part in enumerate(loc):
        if isinstance(here, Mapping):
            if part not in here:
                joint = next((key for key in ("all", "any", "not") if key in here), None)
                if part == "children" and joint:
                    part = joint
                    path.append(part)
                    here = [here[part]] if joint == "not" else here[part]
                    continue
                if part in ("ref", "number") and "kind" not in here:
                    kinds = [key for key in here if key != "delay"]
                    path.extend(kinds[:1])
                elif absent and position == len(loc) - 1:
                    path.append(part)
                continue
            path.append(part)
            here = here[part]
        elif isinstance(here, (list, tuple)) and isinstance(part, int) and part < len(here):
            if not (len(path) and path[-1] == "not"):
                path.append(part)
            here = here[part]
    return tuple(path)


def _fields(root: Any, loc: KeyPath) -> list[str]:
    """Return the keys a table may have at `loc` below the type `root`."""
    here = root
    for part in loc:
        here = _below(here, part)
    here = _bare(here)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    return []


def _below(kind: Any, part: str | int) -> Any:
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return field.annotation if field else None
    arguments = get_args(kind)
    if get_origin(kind) in (Union, types.UnionType):
        for member in arguments:
            if any(isinstance(extra, Tag) and extra.tag == part for extra in get_args(member)[1:]):
                return member
        return None
    if get_origin(kind) is tuple and arguments:
        return arguments[0]
    return arguments[1] if len(arguments) > 1 else None


def _bare(kind: Any) -> Any:
    """Take off Annotated and Optional."""
    while True:
        members = [member for member in get_args(kind) if member is not type(None)]
        if get_origin(kind) is Annotated or (get_origin(kind) in (Union, types.UnionType) and len(members) == 1):
            kind = members[0]
        else:
            return kind
