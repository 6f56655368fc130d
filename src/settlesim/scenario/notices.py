"""What is sound in a scenario and may still not be meant: numbers of another war, what lies beyond the horizon."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from settlesim.errors import Problem
from settlesim.scenario.checks import SoundFields
from settlesim.scenario.messages import dotted

if TYPE_CHECKING:
    from settlesim.scenario.scenario import Scenario

__all__ = ["check_alike", "check_events", "notices"]


def check_events(fields: SoundFields, file: str) -> Iterator[Problem]:
    """Yield events that move a party that is not there."""
    for at, event in fields.rows("events"):
        if event.kind == "fatigue" and "actors" in fields.values and "patron" not in fields.names["actors"]:
            message = "there is no patron in this conflict, whose fatigue it could move"
            yield Problem(file, f"events[{at}].kind", message, None, event.kind)


def check_alike(fields: SoundFields, file: str) -> Iterator[Problem]:
    """Yield names that differ in nothing but capitals or the form of letters, and would be taken for each other."""
    named = [
        (dotted((table, name)), table, name) for table in ("sequences", "plans") for name in fields.names.get(table, ())
    ]
    named += [(f"provinces[{at}].name", "provinces", row.name) for at, row in fields.rows("provinces")]
    seen: dict[tuple[str, str], str] = {}
    for key, table, name in named:
        folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        other = seen.setdefault((table, folded), name)
        if other != name:
            yield Problem(file, key, f"differs from {other!r} only in capitals, blanks or the form of letters")


def notices(scenario: Scenario) -> list[str]:
    """Return what may not be meant, a line each.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> notices(load("two-party"))[0]
    '191 of 200 parameters stand as afghanistan-2018 declares them; what this war differs in belongs in [parameters]'
    """
    found = [*_inherited(scenario)]
    for event in scenario.events:
        if event.week > scenario.horizon:
            found.append(f"event {event.name!r} lies in week {event.week:g}, beyond the horizon: it never happens")
    for target in scenario.targets:
        if target.at is not None and target.at[1] > scenario.horizon:
            found.append(f"target {target.name!r} lies in week {target.at[1]:g}, beyond the horizon of every run")
    return found


def _inherited(scenario: Scenario) -> Iterator[str]:
    base, names = scenario.inherited
    if not names:
        return
    yield (
        f"{len(names)} of {len(scenario.parameters)} parameters stand as {base} declares them; "
        "what this war differs in belongs in [parameters]"
    )
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(scenario.parameters[name].group, []).append(name)
    for group, members in groups.items():
        yield f"as in {base}, {group}: {', '.join(members)}"
