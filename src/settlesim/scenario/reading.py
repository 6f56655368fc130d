"""Files as text, and text as TOML: what is no file of a scenario is refused before it is read."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from settlesim.errors import Problem, ScenarioError, UsageError
from settlesim.scenario.limits import DEPTH, FILE_BYTES, KEY_CHARACTERS, KEY_PARTS, PATH_CHARACTERS, VALUES

__all__ = ["read_text", "read_toml"]

KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# What TOML is made of, as far as depth and keys go. A quote that opens nothing ends the look: no reader comes further.
TOKEN = re.compile(
    r"""
    (?P<skip> \#[^\n]* )
  | (?P<long> \"{3}(?:[^\\]|\\.)*?\"{3,5} | '{3}.*?'{3,5} )
  | (?P<text> (?!\"{3})\"(?:[^\"\\\n]|\\.)*\" | (?!'{3})'[^'\n]*' )
  | (?P<stop> [\"'] )
  | (?P<open> [\[{] )
  | (?P<shut> [\]}] )
  | (?P<bare> [^\s\#\"'\[\]{}=.,]+ )
  | (?P<dot> \. )
  | (?P<end> [=,\n] )
    """,
    re.VERBOSE | re.DOTALL,
)
TOO_DEEP = f"at most {DEPTH} brackets within each other"
LONG_KEY = f"at most {KEY_CHARACTERS} characters"
MANY_VALUES = f"at most {VALUES:,} keys and entries in a scenario"
MANY_PARTS = f"at most {KEY_PARTS} parts"


def read_text(path: Path) -> str:
    """Return the text of a file of a scenario.

    Raises
    ------
    UsageError
        When it cannot be read, or is no regular file: a device or a pipe would be read without an end.
    ScenarioError
        When it is too large, or no UTF-8 text.
    """
    shown = str(path)
    if len(shown) > PATH_CHARACTERS:
        most = f"at most {PATH_CHARACTERS:,}"
        raise UsageError(
            f"cannot read the scenario file {shown[:60]!r}...: a path of {len(shown):,} characters, {most}"
        )
    try:
        raw = _bytes(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read the scenario file {_brief(shown)}: {reason}") from None
    if len(raw) > FILE_BYTES:
        message = "is too large for a scenario"
        raise ScenarioError([Problem(path.name, "", message, None, None, f"at most {FILE_BYTES:,} bytes")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ScenarioError([Problem(path.name, "", "is not UTF-8 text", line)]) from None


def _bytes(path: Path) -> bytes:
    # Looked at before it is opened, since opening a pipe waits and opening a device may do something; and after, since
    # another file may have taken its place.
    _regular(path, os.stat(path).st_mode)
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
        _regular(path, os.fstat(file.fileno()).st_mode)
        return file.read(FILE_BYTES + 1)


def _regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in KINDS if is_kind(mode)), "something else")
        raise UsageError(f"cannot read the scenario file {_brief(str(path))}: it is {kind}, not a file")


def _brief(path: str) -> str:
    return repr(path) if len(path) <= 500 else f"{path[:200]!r}..."


def read_toml(text: str, file: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises
    ------
    ScenarioError
        When it is no TOML; when keys or brackets are of a size that no scenario has and few readers survive.
    """
    if len(text) > FILE_BYTES:
        message = "is too large for a scenario"
        raise ScenarioError([Problem(file, "", message, None, None, f"at most {FILE_BYTES:,} characters")])
    _small_enough(text, file)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r"\s*\(at line (\d+), column \d+\)", message)
        line = int(place[1]) if place else text.count("\n") + 1
        plain = message.replace(place[0], "") if place else message.replace(" (at end of document)", ", at the end")
        raise ScenarioError([Problem(file, "", f"is not valid TOML: {plain}", line)]) from None
    except (RecursionError, ValueError, OverflowError) as error:  # numbers and dates beyond Python's limits
        raise ScenarioError([Problem(file, "", f"cannot be read as TOML: {type(error).__name__}")]) from None


def _small_enough(text: str, file: str) -> None:
    """Refuse brackets too deep and keys too long, in one pass that takes no more than the text is long."""
    depth = parts = signs = 0
    # Text that may yet turn out to be a key.
    waiting = -1
    header, fresh = False, True
    for token in TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "stop":
            return
        if kind == "open":
            header = header or (fresh and depth == 0)
            depth += 1
            parts, waiting = 0, -1
            if depth > DEPTH:
                _refuse(text, file, token.start(), "brackets are nested too deep", TOO_DEEP)
        elif kind == "shut":
            if header and waiting >= 0:
                _refuse(text, file, waiting, "a key is too long", LONG_KEY)
            depth = max(depth - 1, 0)
            parts, waiting = 0, -1
        elif kind == "dot":
            parts += 1
            if waiting >= 0 or parts >= KEY_PARTS:
                message, allowed = ("a key is too long", LONG_KEY) if waiting >= 0 else ("a key has too many parts", "")
                _refuse(text, file, token.start(), message, allowed or MANY_PARTS)
        elif kind == "bare" and token.end() - token.start() > KEY_CHARACTERS:
            _refuse(text, file, token.start(), "a key or a number is too long", LONG_KEY)
        elif kind == "text":
            waiting = token.start() if token.end() - token.start() > KEY_CHARACTERS + 2 else -1
        elif kind == "end":
            signs += token[0] != "\n"
            if signs > 2 * VALUES:
                _refuse(text, file, token.start(), "holds too much", MANY_VALUES)
            if waiting >= 0 and token[0] == "=":
                _refuse(text, file, waiting, "a key is too long", LONG_KEY)
            parts, waiting = 0, -1
            header = header and token[0] != "\n"
        fresh = kind == "end" and token[0] == "\n"


def _refuse(text: str, file: str, at: int, message: str, allowed: str) -> None:
    raise ScenarioError([Problem(file, "", message, text.count("\n", 0, at) + 1, None, allowed)])
