"""The same luck several times over: a block's runs repeated, so that many points or orders meet it in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.fates import Fates, Floats
from settlesim.errors import UsageError

__all__ = ["TiledFates"]


class TiledFates(Fates):
    """The luck of some consecutive runs, repeated `times` times along the axis of runs.

    Column ``tile * len(base.runs) + i`` has the luck of run ``base.runs[i]``, whatever the tile: as in ``numpy.tile``.
    Everything is drawn once, for the base, and copied.

    Parameters
    ----------
    entropy : int
        From `entropy_of`.
    runs : range
        Numbers of the runs that are repeated, consecutive.
    times : int
        How often they are repeated.
    base : Fates, optional
        The luck of the very runs: several tilings given the same one share what has been drawn for it.
    columns : int, optional
        How many columns to keep, from the first on; by default all, ``times * len(runs)``.

    Attributes
    ----------
    base : Fates
        The luck that is repeated.
    runs : range
        Numbers of the columns, from ``base.runs.start`` on: as many as there are columns.  The number of the run that a
        column has its luck from is ``run_of(column)``.

    Raises
    ------
    UsageError
        If `times` or `columns` is out of range, or `base` is the luck of other runs.

    Examples
    --------
    >>> fates = TiledFates(7, range(5, 8), 2)
    >>> u = fates.uniform("attack", "Helmand", 12)
    >>> alone = Fates(7, range(5, 8)).uniform("attack", "Helmand", 12)
    >>> u.shape, bool((u[:3] == alone).all()), bool((u[3:] == alone).all())
    ((6,), True, True)
    >>> [fates.run_of(column) for column in range(6)]
    [5, 6, 7, 5, 6, 7]
    """

    def __init__(
        self, entropy: int, runs: range, times: int, *, base: Fates | None = None, columns: int | None = None
    ) -> None:
        whole = (times, 1 if columns is None else columns)
        if any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in whole):
            raise UsageError(f"luck is repeated a whole number of times, at least once; got {times!r}")
        self.base = Fates(entropy, runs) if base is None else base
        if (self.base.entropy, self.base.runs) != (entropy, runs) or isinstance(self.base, TiledFates):
            raise UsageError(f"{self.base!r} is not the luck of runs {runs} under entropy {entropy}")
        kept = times * len(runs) if columns is None else columns
        if kept > times * len(runs):
            raise UsageError(f"{times} times {len(runs)} runs make no {kept} columns")
        self.times = times
        super().__init__(entropy, range(runs.start, runs.start + kept))

    def __reduce__(self) -> Any:
        # What unpickles makes a base of its own: it is drawn anew in another process.
        return _made, (self.entropy, self.base.runs, self.times, len(self.runs))

    def __repr__(self) -> str:
        return f"TiledFates({self.entropy}, {self.base.runs}, {self.times})"

    def uniform(self, address: str, entity: str, occasion: int = 0) -> Floats:
        """Return one number in the open interval (0, 1) for each column, shape (times * R,)."""
        return self.tiled(self.base.uniform(address, entity, occasion))

    def uniforms(self, address: str, entities: Sequence[str], occasions: int | range | None = None) -> Floats:
        """Return numbers in (0, 1), shape (n, times * R), or (n, occasions, times * R) when `occasions` is given."""
        return self.tiled(self.base.uniforms(address, entities, occasions))

    def run_of(self, column: int) -> int:
        """Return the number of the run whose luck a column has."""
        return self.base.runs[column % len(self.base.runs)]

    def first(self, columns: int) -> TiledFates:
        """Return the luck of the first columns alone, drawn no second time."""
        return TiledFates(self.entropy, self.base.runs, self.times, base=self.base, columns=columns)

    def tiled(self, values: NDArray[Any]) -> NDArray[Any]:
        """Repeat values of the base's runs along their last axis, which becomes that of the columns."""
        return np.tile(values, self.times)[..., : len(self.runs)]

    def repeated(self, values: NDArray[Any]) -> NDArray[Any] | None:
        """Return what `tiled` would make these values of, where every tile has the same; None where tiles differ.

        Parameters
        ----------
        values : ndarray, shape (..., columns)
            One value for each column, such as a parameter.
        """
        one = values[..., : len(self.base.runs)]
        if one.shape[-1] < len(self.base.runs):
            return None
        return one if np.array_equal(self.tiled(one), values) else None


def _made(entropy: int, runs: range, times: int, columns: int) -> TiledFates:
    return TiledFates(entropy, runs, times, columns=columns)
