"""How much a scenario may hold: bounds on files, and on whatever is declared, looked at before any work is done.

Nothing here bounds what is known of a war: the largest shipped scenario takes 150 kB, 6,400 values and 200 parameters.
The bounds are where a file is no longer a scenario, but an accident or an attack, on which a reader would hang.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settlesim.errors import Problem, ScenarioError

__all__ = [
    "CHAIN",
    "DEPTH",
    "ENTRIES_MOST",
    "FEW",
    "FILE_BYTES",
    "KEY_CHARACTERS",
    "KEY_PARTS",
    "LARGEST_NUMBER",
    "NAME_CHARACTERS",
    "PAIRS",
    "PARTS",
    "PATH_CHARACTERS",
    "PROSE_CHARACTERS",
    "SEQUENCES",
    "STEPS",
    "VALUES",
    "bounded",
]

# Of a file: seven times the largest that is shipped.
FILE_BYTES = 1_000_000
# Of the path of a file, as Linux has it.
PATH_CHARACTERS = 4096
# Scenarios that one file extends, through others.
CHAIN = 8
# Tables and lists within each other; a condition within conditions within a move takes the most.
DEPTH = 48
# Parts of one dotted key, and characters of each: what reads TOML takes time and memory by their squares.
KEY_PARTS = 16
KEY_CHARACTERS = 200
# Keys and entries of a whole scenario.
VALUES = 30_000
# Entries of one table or list, where the declaration does not say less.
ENTRIES_MOST = 1000
# Factions, tracks, concessions, plans and the like: each takes room in every week of every run.
FEW = 100
SEQUENCES = 10_000
STEPS = 200
# Of a plan's precedence; no more differ in plans of as many moves as there may be.
PAIRS = 4096
# Of a condition: it and all that is within it.
PARTS = 200
NAME_CHARACTERS = 200
PROSE_CHARACTERS = 4000
# Of any number: beyond it sums and squares leave what a computer can hold.
LARGEST_NUMBER = 1e15


def bounded(data: Any, file: str) -> None:
    """Refuse a tree that is too deep or holds too much, before anything else looks at it.

    Raises
    ------
    ScenarioError
        With one problem.

    Examples
    --------
    >>> endless = []
    >>> endless.append(endless)
    >>> bounded({"provinces": endless}, "war.toml")
    Traceback (most recent call last):
        ...
    settlesim.errors.ScenarioError: war.toml: provinces: is nested too deep [allowed: at most 48 tables and lists]
    """
    count = 0
    # The first key, by which to find the place, stands beside each level that is still to be looked at.
    level = [("", data)]
    for _ in range(DEPTH + 1):
        below: list[tuple[str, Any]] = []
        for top, here in level:
            inner = here.items() if isinstance(here, Mapping) else enumerate(here)
            count += len(here)
            if count > VALUES:
                allowed = f"at most {VALUES:,} keys and entries in a scenario"
                raise ScenarioError([Problem(file, top, "holds too much", None, None, allowed)])
            for key, value in inner:
                if isinstance(value, (Mapping, list, tuple)):
                    below.append((top or str(key)[:KEY_CHARACTERS], value))
        if not below:
            return
        level = below
    raise ScenarioError(
        [Problem(file, level[0][0], "is nested too deep", None, None, f"at most {DEPTH} tables and lists")]
    )
