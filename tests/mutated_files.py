"""Shipped scenarios with one accident each, made from a seed, and what loading must make of them.

`mutated` makes as many as asked for; `verdict` loads one and says what became of it, or raises where that is no good
end: another exception than one of the package, an error that does not say where, or a change that nobody notices.
"""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from settlesim.errors import ScenarioError, SettlesimError
from settlesim.scenario import files
from settlesim.scenario.scenario import Scenario

__all__ = ["VERDICTS", "Mutated", "mutated", "verdict"]

# The same in meaning, loaded with a difference, refused.
VERDICTS = ("same", "different", "refused")
# How often each is taken: the largest takes as long as ten of the others.
WEIGHTS = {
    "two-party": 6,
    "order-control": 5,
    "colombia-2012": 5,
    "order-null": 2,
    "null-order": 2,
    "afghanistan-2018": 1,
}
SHIPPED = Path(__file__).parent.parent / "scenarios"
VALUE = re.compile(r"""(?<==)[ ]*("[^"\n]*"|-?[0-9][0-9.e+-]*|true|false|\[[^\[\]\n]*\])""")
KEY = re.compile(r"""(?m)(?:^|(?<=[{,]))[ ]*([A-Za-z_][A-Za-z0-9_-]*)(?=[ ]*=)""")
TOKEN = re.compile(r"""\w+|[^\w\s]""")
EXTREMES = (
    "nan", "inf", "-inf", "1e308", "-1e308", "1e999", "-0.0", "0", "-1", "1e-320", "1e15", "1.1e15", "9" * 20,
    "0x7fffffffffffffff", "0o17", "1_000", "1979-05-27", "07:32:00", "1979-05-27T00:32:00.999999-07:00",
    "1979-05-27T07:32:00", "9999-12-31",
)  # fmt: skip
OTHER_TYPES = (
    '"text"',
    '""',
    "7",
    "0.5",
    "true",
    "false",
    "[]",
    "{}",
    "[1]",
    "[[1]]",
    "{a = 1}",
    "[{}]",
    '["x"]',
    "''",
)
INSERTED = tuple(map(chr, (0, 7, 9, 0x1B, 0x7F, 0x85, 0xA0, 0xAD, 0x200B, 0x200D, 0x202E, 0x2028, 0x2066, 0xFEFF,
                           0xFF21, 0x301, 0x430, 0x1F54A, 0xE000, 0xFFFF)))  # fmt: skip
ENCODINGS = ("utf-16", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7", "cp037")


@dataclass(frozen=True)
class Mutated:
    """A damaged file: which scenario it was, what was done to it, and what it holds."""

    number: int
    scenario: str
    how: str
    raw: bytes


def mutated(count: int, seed: int = 9) -> Iterator[Mutated]:
    """Yield damaged files, each from its own number, so that one can be made again alone."""
    for number in range(count):
        yield one(number, seed)


def one(number: int, seed: int = 9) -> Mutated:
    """The damaged file of this number."""
    chance = random.Random(f"{seed}/{number}")
    name = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    text = _text(name)
    how = chance.choice(sorted(HOW))
    raw = HOW[how](chance, text)
    return Mutated(number, name, how, raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass"))


def _flipped(chance: random.Random, text: str) -> bytes:
    raw = bytearray(text.encode())
    for _ in range(chance.choice((1, 1, 2, 5))):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(raw)


def _junk(chance: random.Random, text: str) -> bytes:
    raw = text.encode()
    at = chance.randrange(len(raw))
    return raw[:at] + chance.randbytes(chance.choice((1, 3, 30))) + raw[at + chance.randrange(20) :]


def _swapped(chance: random.Random, text: str) -> str:
    a, b = sorted(chance.sample(list(TOKEN.finditer(text)), 2), key=lambda token: token.start())
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def _lines(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    how = chance.choice(("delete", "double", "move", "swap"))
    if how == "delete":
        del lines[at]
    elif how == "double":
        lines.insert(at, lines[at])
    elif how == "move":
        lines.insert(to, lines.pop(at))
    else:
        lines[at], lines[to] = lines[to], lines[at]
    return "".join(lines)


def _valued(chance: random.Random, text: str, new: str) -> str:
    found = chance.choice(list(VALUE.finditer(text)))
    return text[: found.start(1)] + new + text[found.end(1) :]


def _retyped(chance: random.Random, text: str) -> str:
    return _valued(chance, text, chance.choice(OTHER_TYPES))


def _extreme(chance: random.Random, text: str) -> str:
    return _valued(chance, text, chance.choice(EXTREMES))


def _changed(chance: random.Random, text: str) -> str:
    """A number a little off, or another word: what a slip of the hand makes."""
    found = chance.choice(list(VALUE.finditer(text)))
    old = found[1]
    if old[0] in "-0123456789":
        new = chance.choice((f"{float(old) * 1.1:g}", f"{float(old) + 1:g}", f"-{old}".replace("--", ""), old + "0"))
    elif old[0] == '"' and len(old) > 3:
        at = chance.randrange(1, len(old) - 1)
        new = old[:at] + chance.choice(("", "x", old[at].swapcase(), " ", "[/]", "$")) + old[at + 1 :]
    else:
        new = {"true": "false", "false": "true"}.get(old, '"x"')
    return text[: found.start(1)] + new + text[found.end(1) :]


def _misspelt(chance: random.Random, text: str) -> str:
    found = chance.choice(list(KEY.finditer(text)))
    key = found[1]
    at = chance.randrange(len(key))
    new = chance.choice((key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:], key[:at] + "x" + key[at + 1 :],
                         key.capitalize(), key + "s", f'"{key} "', f"{key}.{key}", f"{key}_"))  # fmt: skip
    return text[: found.start(1)] + (new or "_") + text[found.end(1) :]


def _inserted(chance: random.Random, text: str) -> str:
    """A character that is not seen, within a text or anywhere."""
    quoted = list(re.finditer(r'"[^"\n]+"', text))
    found = chance.choice(quoted)
    at = chance.randrange(found.start() + 1, found.end()) if chance.random() < 0.7 else chance.randrange(len(text))
    new = chance.choice(INSERTED)
    return text[:at] + (f"\\u{ord(new):04X}" if ord(new) < 0x10000 and chance.random() < 0.5 else new) + text[at:]


def _truncated(chance: random.Random, text: str) -> bytes:
    raw = text.encode()
    return raw[: chance.randrange(len(raw))]


def _encoded(chance: random.Random, text: str) -> bytes:
    coding = chance.choice(ENCODINGS)
    accented = text.replace("e", "é", 3) if chance.random() < 0.5 else text
    return accented.encode(coding, "replace")


def _ends(chance: random.Random, text: str) -> str:
    return text.replace("\n", chance.choice(("\r\n", "\r", "\n\n", "\u2028", " \n", "\t\n")))


HOW = {
    "bits": _flipped,
    "junk": _junk,
    "tokens": _swapped,
    "lines": _lines,
    "type": _retyped,
    "extreme": _extreme,
    "value": _changed,
    "value again": _changed,
    "key": _misspelt,
    "key again": _misspelt,
    "unseen": _inserted,
    "cut": _truncated,
    "encoding": _encoded,
    "line ends": _ends,
}


def verdict(case: Mutated, folder: Path) -> str:
    """Load a damaged file and say what became of it.

    Raises
    ------
    AssertionError
        When it ends in none of the three ways that are good.
    """
    path = folder / f"case-{case.number}.toml"
    path.write_bytes(case.raw)
    what = f"case {case.number} ({case.how} of {case.scenario})"
    try:
        found = files.load(path)
    except SettlesimError as error:
        _says_where(error, path, what)
        return "refused"
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    finally:
        path.unlink()
    if found != _loaded(case.scenario):
        return "different"
    unnoticed = list(_unnoticed(_tree(case.scenario), tomllib.loads(case.raw.decode("utf-8-sig")), found))
    assert not unnoticed, f"{what}: changes nothing: {unnoticed[:3]}"
    return "same"


def _says_where(error: SettlesimError, path: Path, what: str) -> None:
    text = str(error)
    lines = text.split("\n")
    assert isinstance(error, ScenarioError), f"{what}: {type(error).__name__}"
    assert len(lines) <= 51, what
    for line in lines:
        assert len(line) <= 1000 and line.isprintable(), f"{what}: {line!r}"
    for problem in error.problems:
        assert problem.file == path.name and problem.message, f"{what}: {problem!r}"
        assert problem.line is not None or problem.key, f"{what}: no place: {problem}"


def _unnoticed(old: Any, new: Any, found: Scenario, path: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yield what the file says otherwise than it did, though the same scenario came of it.

    What is left out may be what holds anyway, and what is said besides may be what held before. Blanks around a text
    for people mean nothing, nor does it whether a whole number is written with a point.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in new.keys() - old.keys():
            said, holds = new[key], _at(found, (*path, key))
            if not (holds == said or _plain(holds) == _plain(said) or (said in ([], {}, "") and not holds)):
                yield f"{'.'.join(map(str, (*path, key)))} = {said!r}"
        for key in old.keys() & new.keys():
            yield from _unnoticed(old[key], new[key], found, (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _unnoticed(a, b, found, (*path, at))
    elif isinstance(old, str) and isinstance(new, str):
        if old.strip() != new.strip() and path != ("extends",):
            yield f"{'.'.join(map(str, path))} = {new!r}"
    elif _plain(old) != _plain(new) and path != ("inherit",):
        yield f"{'.'.join(map(str, path))} = {new!r}"


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number else unicodedata.normalize("NFC", value) if isinstance(value, str) else (value,)


def _at(found: Scenario, path: tuple[Any, ...]) -> Any:
    here: Any = _full(found.digest(), found)
    for key in path:
        try:
            here = here[key]
        except (KeyError, IndexError, TypeError):
            return None
    return here


_dumps: dict[str, Any] = {}


def _full(digest: str, found: Scenario) -> Any:
    return _dumps.setdefault(digest, found.model_dump())


@lru_cache
def _text(name: str) -> str:
    return (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")


@lru_cache
def _tree(name: str) -> Any:
    return tomllib.loads(_text(name))


@lru_cache
def _loaded(name: str) -> Scenario:
    return files.loads(_text(name), f"{name}.toml")
