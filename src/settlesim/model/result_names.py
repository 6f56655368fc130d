"""What things in results may be called: their names are seen in tables, and stand in files and folders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settlesim.scenario.characters import name_fault

__all__ = ["ALLOWED", "flag_fault", "label_fault", "result_name_fault"]

LONGEST = 100
# With what results add to it, and in whichever letters, a name must fit into that of a file.
BYTES = 200
ALLOWED = f"up to {LONGEST} characters that are seen, a letter, digit or _ first, without / and \\"


def result_name_fault(name: str) -> str | None:
    r"""Say what keeps a text from being the name of something in a result; None where nothing does.

    Examples
    --------
    >>> result_name_fault("half of deaths"), result_name_fault("a/b"), result_name_fault("..")
    (None, "holds '/'", "starts with '.'")
    """
    fault = label_fault(name)
    if fault is None and not (name[0].isalnum() or name[0] == "_"):
        fault = f"starts with {name[0]!r}"
    if fault is None:
        fault = next((f"holds {one!r}" for one in "/\\" if one in name), None)
    # A store of zarr keeps its own word under it.
    return "is the name of a file of stores" if fault is None and name == "zarr.json" else fault


def label_fault(text: str) -> str | None:
    """Say what keeps a text from being told apart from others in tables and coordinates; None where nothing does.

    Examples
    --------
    >>> label_fault(""), label_fault("x" * 101)
    ('is empty', 'has 101 characters')
    """
    if not text:
        return "is empty"
    if len(text) > LONGEST:
        return f"has {len(text):,} characters"
    fault = name_fault(text)
    if fault is None and len(text.encode()) > BYTES:
        fault = f"has {len(text.encode())} bytes in UTF-8, where {BYTES} are the most"
    return fault


def flag_fault(flags: Mapping[Any, Any]) -> str | None:
    """Say which meanings of codes are none, or cannot be told apart as results hold them, without blanks.

    Examples
    --------
    >>> flag_fault({0: "a b", 1: "a_b"})
    "codes 0 and 1 both mean 'a_b' once blanks are written as _: give each a meaning of its own"
    """
    seen: dict[str, Any] = {}
    for code, meaning in flags.items():
        if not isinstance(meaning, str):
            return f"code {code!r} means {meaning!r}, which is no text"
        fault = label_fault(meaning)
        if fault is not None:
            return f"the meaning of code {code!r}, {meaning!r:.60}, {fault}"
        written = meaning.replace(" ", "_")
        if written in seen:
            how = "" if meaning == flags[seen[written]] else " once blanks are written as _"
            return f"codes {seen[written]!r} and {code!r} both mean {written!r}{how}: give each a meaning of its own"
        seen[written] = code
    return None
