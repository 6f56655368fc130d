"""The line on which each key of a TOML text stands.

`tomllib` reads values but forgets where they stood. This scanner follows only the structure of a text that
`tomllib` has already accepted: keys, strings, brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from settlesim.scenario.messages import KeyPath, dotted

__all__ = ["find", "key_lines"]

BLANK = " \t"
BLANK_LINES = " \t\r\n"
# A long string may end in quotes of its own.
STRING = re.compile(
    r"""\"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*\"{3,5}|'{3}.*?'{3,5}|\"(?:[^\"\\]|\\.)*\"|'[^']*'""", re.DOTALL
)


def key_lines(text: str) -> dict[str, int]:
    r"""Return the line, from 1, of every dotted key in `text`.

    Examples
    --------
    >>> key_lines("a = 1\n[b]\nc = [{d = 1},\n  {d = 2}]")["b.c[1].d"]
    4
    """
    scanner = _Scanner(text)
    with suppress(IndexError, RecursionError):  # not the TOML it was taken for: what was found so far must do
        scanner.scan()
    return {dotted(path): line for path, line in scanner.lines.items()}


def find(key: str, lines: Mapping[str, int]) -> int | None:
    """Return the line of `key`, or of the innermost table or list around it that has one.

    Examples
    --------
    >>> find("b.missing", {"b": 2})
    2
    """
    while key:
        if key in lines:
            return lines[key]
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text + "\n"
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.arrays: dict[KeyPath, int] = {}

    def scan(self) -> None:
        table: KeyPath = ()
        while True:
            self.skip(BLANK_LINES)
            if self.at >= len(self.text):
                return
            if self.text.startswith("[[", self.at):
                self.move(2)
                keys = self.keys()
                path = (*self.resolve(keys[:-1]), keys[-1])
                self.arrays[path] = self.arrays.get(path, 0) + 1
                self.lines.setdefault(path, self.line)
                table = (*path, self.arrays[path] - 1)
                self.lines[table] = self.line
                self.move(2)
            elif self.text[self.at] == "[":
                self.move(1)
                table = self.resolve(self.keys())
                self.note(table)
                self.move(1)
            else:
                self.pair(table)

    def resolve(self, keys: tuple[str, ...]) -> KeyPath:
        """Turn a header into a path; within an array of tables it means the last one."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.arrays:
                path = (*path, self.arrays[path] - 1)
        return path

    def note(self, path: KeyPath) -> None:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], self.line)

    def pair(self, table: KeyPath) -> None:
        path = table + self.keys()
        self.note(path)
        self.move(1)
        self.value(path)

    def value(self, path: KeyPath) -> None:
        self.skip(BLANK)
        first = self.text[self.at]
        if first in "\"'":
            self.string()
        elif first == "[":
            self.move(1)
            count = 0
            while self.skip(BLANK_LINES) != "]":
                self.lines[(*path, count)] = self.line
                self.value((*path, count))
                count += 1
                if self.skip(BLANK_LINES) == ",":
                    self.move(1)
            self.move(1)
        elif first == "{":
            self.move(1)
            while self.skip(BLANK_LINES) != "}":
                self.pair(path)
                if self.skip(BLANK_LINES) == ",":
                    self.move(1)
            self.move(1)
        else:
            while self.text[self.at] not in ",]}#\n":
                self.move(1)

    def keys(self) -> tuple[str, ...]:
        keys: list[str] = []
        while True:
            self.skip(BLANK)
            start = self.at
            if self.text[self.at] in "\"'":
                self.string()
                keys.append(self.text[start + 1 : self.at - 1])
            else:
                while self.text[self.at] not in " \t.=]":
                    self.move(1)
                keys.append(self.text[start : self.at])
            if self.skip(BLANK) != ".":
                return tuple(keys)
            self.move(1)

    def string(self) -> None:
        found = STRING.match(self.text, self.at)
        if found is None:
            raise IndexError
        self.move(found.end() - self.at)

    def skip(self, blanks: str) -> str:
        """Pass blanks and comments; return the character that follows."""
        while self.at < len(self.text) and (self.text[self.at] in blanks or self.text[self.at] == "#"):
            if self.text[self.at] == "#":
                while self.text[self.at] != "\n":
                    self.at += 1
                if "\n" not in blanks:
                    break
            else:
                self.move(1)
        return self.text[self.at] if self.at < len(self.text) else ""

    def move(self, count: int) -> None:
        if self.at + count > len(self.text):
            raise IndexError
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count
