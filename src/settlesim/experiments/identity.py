"""Whether what was computed earlier belongs to an experiment: by what its code does, never by names alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from settlesim.errors import UsageError
from settlesim.results.dataset import version

__all__ = ["refuse_other", "unlike", "versions"]

# What stands in a fingerprint, in words.
WORDS = {"settlesim": "the version of settlesim", "numpy": "the version of numpy"}


def versions() -> dict[str, str]:
    """Return the versions that decide bits of a result."""
    return {"settlesim": version(), "numpy": np.__version__}


def unlike(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return in what two fingerprints differ, in words.

    Examples
    --------
    >>> code = {"rule donors": "12", "outcome deaths": None}
    >>> unlike({"entropy": "7", "code": code}, {"entropy": "8", "code": {"rule donors": "34"}})
    ["rule 'donors' has changed", "outcome 'deaths' cannot be told from another by its code", 'entropy']
    """
    code, before = mine.get("code") or {}, theirs.get("code") or {}
    told = []
    for key in dict.fromkeys((*code, *before)):
        kind, _, name = key.partition(" ")
        said = f"{kind} {name!r}" if kind != "order" else f"the {key}"
        if key not in code or (key not in before and code[key] is not None):
            told.append(f"{said} is {'new' if key in code else 'gone'}")
        elif code[key] is None or before.get(key) is None:
            told.append(f"{said} cannot be told from another by its code")
        elif code[key] != before[key]:
            told.append(f"{said} has changed")
    if len(told) > 3:
        told = [*told[:3], f"{len(told) - 3} rules and outcomes more"]
    plain = [k for k in sorted({*mine, *theirs}) if k != "code" and mine.get(k) != theirs.get(k)]
    return told + [f"{WORDS[k]} ({theirs.get(k)}, now {mine.get(k)})" if k in WORDS else k for k in plain]


def refuse_other(
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
    holds: str,
    advice: str = "repeat that one to finish it, or remove the directory",
) -> None:
    """Refuse to go on from what belongs to another experiment, or may do so.

    Raises
    ------
    UsageError
        Saying in what they differ.
    """
    differs = unlike(mine, theirs)
    if differs:
        raise UsageError(f"{holds} another experiment, which differs in: {', '.join(differs)}; {advice}")
