"""Functions whose digests are compared, as source: each pair does the same, or does not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["OTHERS", "SAME", "SOURCE", "as_module"]

SOURCE = '''\
"""A modeller's file."""
import enum
import functools
from dataclasses import dataclass
import numpy as np

RATE = 0.01
SHIFTS = np.array([0.1, 0.2, 0.3])
NAMES = {"kabul", "herat", "kunduz", "balkh"}
TABLE = {"north": 1.0, "south": 2.0}


class Side(enum.Enum):
    FIRST = 1
    LAST = 2


def helper(x):
    """What it is for."""
    inner = x * RATE
    return inner + SHIFTS[0]


def deeper(x):
    return [helper(y) for y in x]


@dataclass(frozen=True)
class Scaled:
    by: float = 2.0

    def __call__(self, x):
        return self.by * x + TABLE["north"]


class Slow:
    OFFSET = 3.0

    def value(self, x):
        return x + self.OFFSET


def made(amount):
    def closed(x):
        return x + amount
    return closed


closed = made(5.0)
scaled = Scaled(3.0)
part = functools.partial(helper, 2.0)
method = Slow().value
slow = Slow


def plain(aid, legitimacy=0.5, *, most=1.0):
    """A rule."""
    half = helper(aid) / 2.0
    if "kabul" in {"kabul", "herat"}:
        half = half + len(NAMES)
    return np.minimum(half, most), deeper([legitimacy]), scaled(half), Side.LAST.value, Slow().value(half)
'''

# Text, and what is put in its place, by which everything still does the same.
SAME = (
    ('"""A rule."""', '"""Another text, which is longer."""'),
    ('    """A rule."""\n', ""),
    ('"""What it is for."""', '"""For something else."""'),
    ('"""A modeller\'s file."""', "\n\n\n# moved down\n"),
    ("    inner = x * RATE\n    return inner +", "    other = x * RATE  # renamed\n\n    return other +"),
    ("half", "mine"),
    ('{"kabul", "herat", "kunduz", "balkh"}', '{"balkh", "kunduz", "herat", "kabul"}'),
    ("def helper(x):\n", "def unused(z):\n    return z\n\n\ndef helper(x):\n"),
)
# Text, and what is put in its place, by which `plain` does something else.
OTHERS = (
    ("RATE = 0.01", "RATE = 0.02"),
    ("RATE = 0.01", 'RATE = float("nan")'),
    ("0.1, 0.2, 0.3", "0.1, 0.2, 0.4"),
    ('"balkh"}', '"ghor"}'),
    ('"north": 1.0', '"north": 1.5'),
    ("LAST = 2", "LAST = 3"),
    ("inner + SHIFTS[0]", "inner - SHIFTS[0]"),
    ("inner + SHIFTS[0]", "inner + SHIFTS[1]"),
    ("[helper(y) for y in x]", "[helper(y + 1) for y in x]"),
    ("self.by * x", "self.by / x"),
    ("Scaled(3.0)", "Scaled(4.0)"),
    ("OFFSET = 3.0", "OFFSET = 3.5"),
    ("x + self.OFFSET", "x - self.OFFSET"),
    ("legitimacy=0.5", "legitimacy=0.6"),
    ("most=1.0", "most=1.1"),
    ("plain(aid, legitimacy", "plain(aide, legitimacy"),
    ("/ 2.0", "/ 2.5"),
    ("np.minimum", "np.maximum"),
)


def as_module(text: str, folder: Path, name: str = "digested_source") -> ModuleType:
    """The text as a module of this process."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # Compiled from the text itself: two edits within a second would be one to the cache of bytecode.
        exec(compile(text, str(path), "exec"), module.__dict__)
    finally:
        del sys.modules[name]
    return module
