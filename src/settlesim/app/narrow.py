"""Tables on a terminal of any width: where one does not fit it is turned over, or told row by row; no digit is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["fitted"]

# A column of words is not set narrower than this, or than its longest word.
WORDS = 16
# Rows beyond which a table that is turned over is hard to read.
TURNED = 6


@dataclass
class _Column:
    """Heading and cells of a column, as text."""

    heading: Text
    cells: list[Text]
    number: bool

    @property
    def natural(self) -> int:
        """Width at which nothing is broken."""
        return max(
            (cell_len(line) for text in (self.heading, *self.cells) for line in text.plain.split("\n")), default=1
        )

    @property
    def least(self) -> int:
        """Width at which nothing is broken but between words, and no number at all."""
        longest = max(map(_longest, (self.heading, *self.cells)), default=1)
        if not self.number:
            return max(longest, min(self.natural, WORDS))
        return max(longest, *(cell_len(cell.plain) for cell in self.cells), 1)


def _longest(text: Text) -> int:
    return max(map(cell_len, text.plain.split()), default=0)


def fitted(table: Table, width: int, written: Callable[[str], str]) -> RenderableType:
    """Return a table in a form that fits a width: as it is, turned over, or one row after another.

    Parameters
    ----------
    table : Table
        Its strings are text, never markup.
    width : int
        Columns of the terminal.
    written : callable
        Gives text as the terminal can show it.
    """

    def text(value: Any) -> Text:
        if isinstance(value, Text):
            return Text(written(value.plain), style=value.style)
        return Text(written(str(value)))

    columns = [
        _Column(text(one.header), [text(cell) for cell in one.cells], one.justify == "right") for one in table.columns
    ]
    title = [Text(written(text(table.title).plain), style="italic")] if table.title else []
    foot = [Text(written(text(table.caption).plain), style="dim italic")] if table.caption else []
    return Group(*title, _form(columns, width), *foot, Text())


def _form(columns: list[_Column], width: int) -> RenderableType:
    found = _set(columns, width)
    if found is not None:
        return found
    heads = _named_by(columns)
    names = _names(heads)
    rest = [one for one in columns if not any(one is head for head in heads)]
    if not names:
        return Text("(no rows)")
    if 1 <= len(names) <= TURNED and len(heads) == 1 and all(names):
        found = _set(_turned(heads[0], rest), width)
        if found is not None:
            return found
    return _records(names, rest, width)


def _set(columns: list[_Column], width: int) -> Table | None:
    """A table of columns, none narrower than it may be; None if they do not fit."""
    room = width - 3 * len(columns) - 1
    widths = [one.least for one in columns]
    spare = room - sum(widths)
    if spare < 0:
        return None
    wanting = [i for i, one in enumerate(columns) if one.natural > widths[i]]
    while spare > 0 and wanting:
        each = max(1, spare // len(wanting))
        for i in wanting:
            more = min(each, columns[i].natural - widths[i], spare)
            widths[i] += more
            spare -= more
        wanting = [i for i in wanting if columns[i].natural > widths[i]]
    table = Table()
    for one, size in zip(columns, widths, strict=True):
        table.add_column(one.heading, justify="right" if one.number else "left", width=size)
    for row in zip(*(one.cells for one in columns), strict=True):
        table.add_row(*row)
    return table


def _named_by(columns: list[_Column]) -> list[_Column]:
    """The columns that tell the rows apart: the first few of words together, else any one that does."""
    words = [one for one in columns if not one.number]
    for heads in [*(words[:i] for i in range(1, len(words) + 1)), *([one] for one in words)]:
        full = all(cell.plain for one in heads for cell in one.cells)
        if full and len(set(_names(heads))) == len(_names(heads)):
            return heads
    return columns[:1]


def _names(heads: list[_Column]) -> list[str]:
    return [" / ".join(cell.plain for cell in cells) for cells in zip(*(one.cells for one in heads), strict=True)]


def _turned(head: _Column, rest: list[_Column]) -> list[_Column]:
    labels = _Column(head.heading, [_bare(one.heading) for one in rest], False)
    number = all(one.number for one in rest)
    return [labels, *(_Column(name, [one.cells[i] for one in rest], number) for i, name in enumerate(head.cells))]


def _bare(heading: Text) -> Text:
    return Text(heading.plain)


def _records(names: list[str], columns: list[_Column], width: int) -> Group:
    """One row after another, each figure on a line of its own behind its heading."""
    rest = [one for one in columns if one.heading.plain]
    # What has no heading, such as a place, says more in front of the name.
    unnamed = [one for one in columns if not one.heading.plain]
    labels = max((cell_len(one.heading.plain) for one in rest), default=0)
    words = max((_longest(one.heading) for one in rest), default=0)
    values = max((one.least for one in rest), default=0)
    # Two columns of indent, two between label and value.
    label = min(labels, width - 4 - values)
    parts: list[RenderableType] = []
    for i, name in enumerate(names):
        # A name that is left out is the same as above.
        named = " ".join(text for text in (*(one.cells[i].plain for one in unnamed), name) if text)
        if named:
            parts.append(Text(named, style="bold"))
        told = [(_bare(one.heading), one.cells[i]) for one in rest if one.cells[i].plain]
        if label >= words:
            grid = Table.grid(padding=(0, 2))
            grid.add_column(width=label)
            grid.add_column(width=width - 4 - label)
            for row in told:
                grid.add_row(*row)
            parts.append(Padding(grid, (0, 0, 0, 2)))
        else:
            for heading, cell in told:
                parts += [Padding(heading, (0, 0, 0, 2)), Padding(cell, (0, 0, 0, 4))]
    return Group(*parts)
