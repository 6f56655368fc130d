"""Whether what was computed earlier belongs to an experiment: by what its code does, never by names alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from settlesim.errors import UsageError
from settlesim.model.code_digest import digest_of
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.results.dataset import version

__all__ = ["code_of", "refuse_other", "unlike", "versions"]

# What stands in a fingerprint, in words.
WORDS = {"settlesim": "the version of settlesim", "numpy": "the version of numpy"}


def code_of(protocol: Protocol, outcomes: Iterable[Outcome]) -> dict[str, str | None]:
    """Return a digest of what each rule and outcome does; None where that cannot be told."""
    found = {f"rule {item.name!r}": _digest(item) for item in protocol.items}
    return found | {f"outcome {outcome.name!r}": _digest(outcome) for outcome in outcomes}


def _digest(declared: Any) -> str | None:
    """Return a digest of a declaration and of the functions it holds, whatever was looked up in it before."""
    if is_dataclass(declared):
        parts = {field.name: _digest(getattr(declared, field.name)) for field in fields(declared)}
    elif isinstance(declared, Mapping):
        parts = {repr(key): _digest(value) for key, value in declared.items()}
    elif isinstance(declared, (tuple, list)):
        parts = {str(place): _digest(value) for place, value in enumerate(declared)}
    else:
        return digest_of(declared) if callable(declared) else repr(declared)
    if None in parts.values():
        return None
    return hashlib.sha256(repr((type(declared).__name__, parts)).encode()).hexdigest()[:32]


def versions() -> dict[str, str]:
    """Return the versions that decide bits of a result."""
    return {"settlesim": version(), "numpy": np.__version__}


def unlike(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return in what two fingerprints differ, in words.

    Examples
    --------
    >>> code = {"rule 'donors'": "12", "outcome 'deaths'": None}
    >>> unlike({"entropy": "7", "code": code}, {"entropy": "8", "code": {"rule 'donors'": "34"}})
    ["rule 'donors' has changed", "outcome 'deaths' cannot be told from another by its code", 'entropy']
    """
    code, before = mine.get("code") or {}, theirs.get("code") or {}
    told = []
    for name in dict.fromkeys((*code, *before)):
        if name not in code or (name not in before and code[name] is not None):
            told.append(f"{name} is {'new' if name in code else 'gone'}")
        elif code[name] is None or before.get(name) is None:
            told.append(f"{name} cannot be told from another by its code")
        elif code[name] != before[name]:
            told.append(f"{name} has changed")
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
