"""Scenarios as TOML files: reading, writing, the built-in ones, and their JSON Schema.

A file may say ``extends = "afghanistan-2018"`` and then gives only what differs: ``[parameters]``, ``[sources]`` and
``[channels]`` are merged entry by entry, every other table replaces the base's. ``inherit = ["parameters"]``
takes over no more than that (and the references). Name, title and description are never inherited, claims only where
``inherit`` names them: they are made of one war. Nor are plans inherited by a file with sequences, tracks, concessions
or actors of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from settlesim.errors import Problem, ScenarioError, UsageError, choose, nearest
from settlesim.scenario.changes import change_number
from settlesim.scenario.conditions import condition_schema
from settlesim.scenario.limits import CHAIN, FILE_BYTES, NAME_CHARACTERS, bounded
from settlesim.scenario.messages import EXPLAINED
from settlesim.scenario.reading import read_text, read_toml
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.toml_lines import find, key_lines

__all__ = ["builtin", "dumps", "load", "loads", "save", "schema"]

# What tells a scenario from the one it extends, and is never inherited.
IDENTITY = ("name", "title", "description")
# What is inherited only where the file asks for it.
ASKED = ("claims",)
# Tables merged entry by entry; any other takes the place of the base's.
MERGED = ("parameters", "sources", "channels")


def builtin() -> list[str]:
    """Return the names of the scenarios that come with settlesim.

    Examples
    --------
    >>> "afghanistan-2018" in builtin()
    True
    """
    return sorted(path.name.removesuffix(".toml") for path in _folder().iterdir() if path.name.endswith(".toml"))


def load(name_or_path: str | Path) -> Scenario:
    """Read a scenario: a built-in one by its name, or a file by its path.

    Raises
    ------
    UsageError
        When there is no such built-in scenario or file.
    ScenarioError
        With every mistake in the file, each with its line.

    Examples
    --------
    >>> load("afghanistan-2018").districts_total
    407
    """
    if not isinstance(name_or_path, (str, Path)):
        raise UsageError(f"a scenario is loaded by its name or its path, not by {_kind(name_or_path)}")
    path = Path(name_or_path)
    text = str(name_or_path)
    looks_like_path = isinstance(name_or_path, Path) or "/" in text or "\\" in text or text.endswith(".toml")
    if not looks_like_path and not (len(text) <= NAME_CHARACTERS and path.is_file()):
        path = Path(str(_folder() / f"{choose(text, builtin(), 'scenario')}.toml"))
    return _read(path, ())


def loads(text: str, file: str = "<text>") -> Scenario:
    """Read a scenario from TOML text; `file` is the name used in errors.

    Raises
    ------
    ScenarioError
        With every mistake in the text, each with its line.
    """
    if not isinstance(text, str):
        raise UsageError(f"a scenario is read from TOML text, not from {_kind(text)}")
    return _parse(text, file, None, ())


def _kind(value: object) -> str:
    return f"an object of the type {type(value).__name__}"


def dumps(scenario: Scenario) -> str:
    """Return the scenario as TOML text, complete in itself: ``loads(dumps(scenario)) == scenario``."""
    import tomli_w

    return tomli_w.dumps(scenario.tree())


def save(scenario: Scenario, path: str | Path) -> None:
    """Write the scenario to `path` as TOML.

    Raises
    ------
    UsageError
        When it is larger than a file may be that is read: many sequences made in Python are for a result to hold.
    """
    text = dumps(scenario)
    if len(text.encode()) > FILE_BYTES:
        size = f"{len(text.encode()):,} bytes, more than the {FILE_BYTES:,} that a file may have"
        raise UsageError(f"cannot save {scenario.name}: it takes {size}")
    Path(path).write_text(text, encoding="utf-8")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of scenario files, for editors that complete and check them."""
    own = Scenario.model_json_schema(mode="validation")
    definitions, properties = own["$defs"], own["properties"]
    definitions["Condition"] = condition_schema()
    definitions["Sequence"]["required"] = ["steps"]
    definitions["Sequence"]["properties"].pop("name")
    definitions["Plan"]["required"] = ["moves"]
    definitions["Plan"]["properties"].pop("name")
    (pattern, several), *_ = definitions["Plan"]["properties"]["moves"].pop("patternProperties").items()
    move = {"anyOf": [{"$ref": "#/$defs/Step"}, several | {"minItems": 1}]}
    definitions["Plan"]["properties"]["moves"] |= {"patternProperties": {pattern: move}, "additionalProperties": False}
    optional = {key: value for key, value in definitions["Parameter"].items() if key != "required"}
    definitions["ParameterChange"] = optional | {"title": "ParameterChange"}
    whole = properties["parameters"]
    change = {"anyOf": [{"$ref": "#/$defs/ParameterChange"}, {"type": "number"}]}
    properties["parameters"] = {"type": "object", "additionalProperties": change}
    properties["extends"] = {"type": "string", "description": "The scenario this one starts from."}
    properties["inherit"] = {"type": "array", "items": {"enum": sorted(Scenario.model_fields)}}
    required = own.pop("required")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **own,
        "if": {"required": ["extends"]},
        "then": {"required": list(IDENTITY)},
        "else": {"required": required, "properties": {"parameters": whole}},
    }


def _folder() -> Any:
    """Return the folder of built-in scenarios: inside the installed package, or beside the sources."""
    packaged = resources.files("settlesim") / "scenarios"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "scenarios"


def _read(path: Path, above: tuple[str, ...]) -> Scenario:
    return _parse(read_text(path), path.name, path.parent, above)


@lru_cache
def _shipped(path: Path) -> Scenario:
    """Read a built-in scenario once: many files may start from it."""
    return _read(path, ())


def _parse(text: str, file: str, folder: Path | None, above: tuple[str, ...]) -> Scenario:
    own = read_toml(text, file)
    bounded(own, file)
    problems: list[Problem] = []
    tree: dict[str, Any] | None = own
    if "extends" in own or "inherit" in own:
        tree = _extended(own, file, folder, above, problems)
    scenario = None
    try:
        if tree is not None:
            scenario = Scenario.model_validate(tree)
    except ScenarioError as error:
        problems += error.problems
    if problems or scenario is None:
        lines = key_lines(text.replace("\r\n", "\n"))
        raise ScenarioError(problem.moved(file, find(problem.key, lines)) for problem in problems)
    # No field: where a scenario was read is not part of what it says.
    scenario.__dict__["origin"] = file
    if "extends" in own:
        given = own.get("parameters", {})
        names = tuple(name for name in scenario.parameters if name not in given)
        scenario.__dict__["inherited"] = (str(own["extends"]).removesuffix(".toml"), names)
    return scenario


def _extended(
    tree: dict[str, Any], file: str, folder: Path | None, above: tuple[str, ...], problems: list[Problem]
) -> dict[str, Any] | None:
    """Return `tree` filled up from the scenario it extends; ``None`` when that cannot be had."""
    own = {key: value for key, value in tree.items() if key not in ("extends", "inherit")}
    base = _base(tree.get("extends"), file, folder, above, problems)
    fields = [key for key in Scenario.model_fields if key not in IDENTITY]
    inherit = tree.get("inherit", [key for key in fields if key not in ASKED])
    if not isinstance(inherit, list):
        problems.append(Problem(file, "inherit", "must be a list", None, None, ", ".join(fields)))
        inherit = fields
    for at, key in enumerate(inherit[:EXPLAINED]):
        if key not in fields:
            like = nearest(key, fields)
            problems.append(Problem(file, f"inherit[{at}]", "cannot be inherited", None, key, ", ".join(fields), like))
    if base is None:
        return None
    merged = {key: value for key, value in base.items() if key == "sources" or (key in inherit and key in fields)}
    inherited = tuple(merged)
    if not ("inherit" in tree and "plans" in inherit) and {"actors", "tracks", "concessions", "sequences"} & set(own):
        # Their moves are made of those.
        merged.pop("plans", None)
    if "sequences" in own:
        # They name one of them.
        for name in ("reference_sequence", "history_sequence"):
            merged.pop(name, None)
    for key, value in own.items():
        if key not in MERGED or not isinstance(value, Mapping) or key not in merged:
            merged[key] = value
        elif key != "parameters":
            merged[key] = merged[key] | value
        else:
            merged[key] = dict(merged[key])
    if isinstance(own.get("parameters"), Mapping) and isinstance(base.get("parameters"), Mapping):
        # Last, since some are numbers of concessions and the like, which may be the file's own.
        for name, change in (own["parameters"] if "parameters" in inherited else {}).items():
            change_number(name, merged, change, file, problems)
    return merged


def _base(
    name: Any, file: str, folder: Path | None, above: tuple[str, ...], problems: list[Problem]
) -> dict[str, Any] | None:
    if not isinstance(name, str) or not name:
        message = "names the scenario to start from" if name is None else "must be the name of a scenario in quotes"
        problems.append(Problem(file, "extends", message, None, None, ", ".join(builtin())))
        return None
    sibling = f"{name.removesuffix('.toml')}.toml"
    if re.search(r"[/\\:\0]", name) or len(name) > NAME_CHARACTERS or ".." in name:
        message = "must be a built-in scenario or a file beside this one, without a path"
        problems.append(Problem(file, "extends", message, None, name, ", ".join(builtin())))
        return None
    if name in above or sibling in (file, *above):
        problems.append(Problem(file, "extends", "leads back to this scenario", None, name))
        return None
    if len(above) >= CHAIN:
        problems.append(Problem(file, "extends", "is one of too many that extend each other", None, name, f"{CHAIN}"))
        return None
    beside = folder / sibling if folder is not None else None
    path = beside if beside is not None and beside.exists() else Path(str(_folder() / sibling))
    if not path.exists():
        known = builtin()
        problems.append(
            Problem(file, "extends", "unknown scenario", None, name, ", ".join(known), nearest(name, known))
        )
        return None
    try:
        return (_read(path, (*above, file)) if path == beside else _shipped(path)).tree()
    except UsageError as error:
        problems.append(Problem(file, "extends", str(error), None, name))
        return None
    except ScenarioError as error:
        problems.append(
            Problem(file, "extends", f"the scenario it starts from has mistakes: {error.problems[0]}", None, name)
        )
        return None
