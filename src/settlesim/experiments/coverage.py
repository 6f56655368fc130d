"""What of an experiment is there, cell by cell of (line, run), and units for what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from settlesim.experiments.job import Unit
from settlesim.results.dataset import Assembly, Block

__all__ = ["add_missing", "clipped", "missing_units"]


def missing_units(units: Iterable[Unit], there: NDArray[np.bool_], first: int) -> Iterator[Unit]:
    """Yield units, or what is missing of them.

    Parameters
    ----------
    units : iterable of Unit
        All that is asked for, cut however this call cuts it.
    there : array of bool, shape (lines, runs)
        Which cells were computed earlier, however they were cut then.
    first : int
        Number of the first run.

    Examples
    --------
    >>> there = np.array([[True, True, False, False], [False, False, False, False]])
    >>> [(u.lines, u.runs) for u in missing_units([Unit((0, 1), range(10, 14))], there, 10)]
    [((1,), range(10, 12)), ((0, 1), range(12, 14))]
    """
    for unit in units:
        start = unit.runs.start - first
        lacks = ~there[list(unit.lines), start : start + len(unit.runs)]
        if lacks.all():
            yield unit
            continue
        changes = np.flatnonzero((lacks[:, 1:] != lacks[:, :-1]).any(axis=0)) + 1
        for left, right in zip([0, *changes], [*changes, lacks.shape[1]], strict=True):
            lines = tuple(line for line, lack in zip(unit.lines, lacks[:, left], strict=True) if lack)
            if lines:
                yield Unit(lines, unit.runs[int(left) : int(right)])


def clipped(block: Block, lines: range, runs: range) -> Block | None:
    """Return of a block what lies in some lines and runs; None if nothing does."""
    start, stop = max(block.runs.start, runs.start), min(block.runs.stop, runs.stop)
    rows = [row for row, line in enumerate(block.lines) if line in lines]
    if start >= stop or not rows:
        return None
    if len(rows) == len(block.lines) and (start, stop) == (block.runs.start, block.runs.stop):
        return block
    place = slice(start - block.runs.start, stop - block.runs.start)
    return replace(
        block,
        runs=range(start, stop),
        lines=tuple(block.lines[row] for row in rows),
        arrays={name: array[rows, place] for name, array in block.arrays.items()},
        parameters={
            name: column[place] if column.ndim == 1 else column[rows, place]
            for name, column in block.parameters.items()
        },
    )


def add_missing(assembly: Assembly, block: Block, lines: range) -> int:
    """Add of a block what an assembly asks for; return how many cells that were not there before.

    What overlaps is the same, since a run is the same in any block.
    """
    part = clipped(block, lines, assembly.runs)
    if part is None:
        return 0
    part = replace(part, lines=tuple(line - lines.start for line in part.lines))
    before = int(assembly.there.sum())
    assembly.add(part)
    return int(assembly.there.sum()) - before
