"""Points: worlds as a modeller gives them, in whatever form a sampler hands them over, or drawn from the priors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.sampling import Sampling
from settlesim.chance.worlds import worlds
from settlesim.errors import UsageError, choose
from settlesim.scenario.parameters import Quantity, resolve
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.settings import addressed, fits, refusal

__all__ = ["REST", "Points", "points_of"]

Floats = NDArray[np.float64]

# Where numbers come from that points leave out.
REST = ("drawn", "common", "central")
# Columns in which an experiment of the EMA workbench says what else it varied.
EMA = ("scenario", "policy", "model")


@dataclass(frozen=True)
class Points:
    """Some worlds: numbers given for each of them, and where the others come from.

    Attributes
    ----------
    numbers : range
        Numbers of the points, which also fix what is drawn for each.
    sampling : Sampling
        How the numbers that are not given are drawn, point by point; central values for other `rest` than ``"drawn"``.
    values : dict
        Address -> value at each point, shape (P,).
    rest : {"drawn", "common", "central"}
        Whether the numbers that are not given are drawn for each point, drawn for each number of the luck and so
        alike at all points, or central.
    """

    numbers: range
    sampling: Sampling
    values: dict[str, Floats] = field(default_factory=dict)
    rest: str = "drawn"

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def name(self) -> str:
        """The method by which worlds came about: that of the draws, or ``points`` with a fingerprint of the values."""
        if not self.values:
            return self.sampling.kind
        digest = hashlib.sha256(self.rest.encode())
        for name in sorted(self.values):
            digest.update(name.encode() + self.values[name].tobytes())
        return f"points {digest.hexdigest()[:16]}"

    def worlds(
        self, scenario: Scenario, which: range, luck: range, *, entropy: int, levers: Mapping[str, Any]
    ) -> dict[str, Floats]:
        """Return the worlds of some points, by place among the points, under some luck.

        Returns
        -------
        dict
            Address -> values, shape (points, runs of the luck).
        """
        given = {name: values[which.start : which.stop] for name, values in self.values.items()}
        if self.rest != "common":
            numbers = self.numbers[which.start : which.stop]
            drawn = worlds(
                scenario, numbers, entropy=entropy, method=self.sampling, total=None, levers=levers, values=given
            )
            return {name: np.repeat(column[:, None], len(luck), axis=1) for name, column in drawn.items()}
        rows = [
            worlds(
                scenario,
                luck,
                entropy=entropy,
                levers=levers,
                values={name: np.full(len(luck), values[i]) for name, values in given.items()},
            )
            for i in range(len(which))
        ]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def points_of(scenario: Scenario, points: Any, *, names: Iterable[str] | None = None, rest: str = "drawn") -> Points:
    """Read points in any of the forms that `settlesim.evaluate` accepts.

    Raises
    ------
    UsageError
        For an unknown name, a value outside its range or none at all, columns of different lengths, or points in no
        form that is known.
    """
    choose(rest, REST, "way to fill in what points leave out")
    drawn = _drawn(points)
    if drawn is not None:
        if names is not None or rest != "drawn":
            raise UsageError("points that are drawn leave nothing out: names and rest are for points that are given")
        return drawn
    columns = _columns(points, names)
    values = _checked(scenario, columns)
    number = len(next(iter(values.values())))
    sampling = Sampling("monte_carlo" if rest == "drawn" else "central")
    return Points(range(number), sampling, values, rest)


def _drawn(points: Any) -> Points | None:
    """Points of which only the number is given, and how they are spread."""
    if isinstance(points, str):
        raise UsageError(f'say how many points are to be drawn: Sampling("{points}", total=...)')
    if isinstance(points, Sampling):
        if points.total is None:
            raise UsageError(f'say how many points are to be drawn: Sampling("{points.kind}", total=...)')
        return Points(range(points.total), points)
    if isinstance(points, range):
        if points.step != 1 or points.start < 0 or not len(points):
            raise UsageError(f"a range of points starts at 0 or later, has step 1 and is not empty; got {points}")
        return Points(points, Sampling())
    if isinstance(points, (int, np.integer)) and not isinstance(points, bool):
        if points < 1:
            raise UsageError(f"points must be at least one, got {points}")
        return Points(range(int(points)), Sampling())
    return None


def _columns(points: Any, names: Iterable[str] | None) -> dict[str, Any]:
    """Return what was given as name -> values, a single value standing for all points."""
    if hasattr(points, "columns") and hasattr(points, "to_numpy"):
        if names is not None:
            raise UsageError("names are those of the table's columns; rename these instead")
        kept = [str(name) for name in points.columns]
        _once(kept)
        if {*EMA} <= {*kept}:
            kept = [name for name in kept if name not in EMA]
        return {name: points[name].to_numpy() for name in kept}
    if isinstance(points, Mapping):
        if names is not None:
            raise UsageError("names are those of the mapping; rename these instead")
        return dict(points)
    if isinstance(points, (list, tuple)) and points and all(isinstance(one, Mapping) for one in points):
        kept = list(points[0])
        different = next((i for i, one in enumerate(points) if {*one} != {*kept}), None)
        if different is not None:
            odd = ", ".join(map(str, sorted({*points[different]} ^ {*kept})))
            raise UsageError(f"point {different} gives other numbers than point 0: they differ in {odd}")
        return {name: [one[name] for one in points] for name in kept}
    try:
        table = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"points cannot be read from {type(points).__name__}: give a number of points, a Sampling, a table, a "
            "mapping of name -> values, a list of mappings, or an array with names"
        ) from error
    if names is None:
        raise UsageError('an array of points needs the names of its columns: names=["...", ...]')
    kept = [names] if isinstance(names, str) else [str(name) for name in names]
    _once(kept)
    if table.ndim != 2 or table.shape[1] != len(kept):
        shape = " x ".join(map(str, table.shape))
        raise UsageError(f"an array of points has one row a point and {len(kept)} columns, as named; got {shape}")
    return dict(zip(kept, table.T, strict=True))


def _once(names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two columns of points are called {twice!r}")


def _checked(scenario: Scenario, columns: Mapping[str, Any]) -> dict[str, Floats]:
    numbers = {str(quantity.address): quantity for quantity in scenario.quantities()}
    # Which numbers they set, and that none is set twice.
    addressed({str(name): 0.0 for name in columns}, numbers.values())
    addresses = {str(name): [str(one) for one in resolve(str(name), numbers.values())] for name in columns}
    out: dict[str, Floats] = {}
    for name, column in columns.items():
        for address in addresses[str(name)]:
            out[address] = _numbers(address, column, numbers[address])
    lengths = {len(values): name for name, values in reversed(out.items()) if values.ndim}
    if len(lengths) > 1:
        told = ", ".join(f"{name} has {n:,}" for n, name in lengths.items())
        raise UsageError(f"points need as many values of one number as of another: {told}")
    number = next(iter(lengths), 1)
    if not out or not number:
        raise UsageError("there are no points: give at least one number, and one value of it")
    return {name: np.ascontiguousarray(np.broadcast_to(values, number)) for name, values in out.items()}


def _numbers(name: str, column: Any, quantity: Quantity) -> Floats:
    """Return the values of one number, shape (P,) or (), each of which it may be."""
    try:
        values = np.asarray(column)
    except ValueError:  # lists of different lengths
        raise UsageError(f"the values of {name} must be one number a point, not {column!r}") from None
    if values.ndim > 1:
        raise UsageError(f"the values of {name} must be one number a point, not an array of {values.ndim} dimensions")
    # An array of text may have been made from a list with numbers in it: what was given is judged.
    given = np.empty(values.shape, object)
    given[...] = column if values.dtype.kind in "US" else values
    if values.dtype.kind in "iuf":
        whole = values.astype(np.float64)
        right = np.isfinite(whole) & _fit(whole, quantity)
        if right.all():
            return whole
        which = range(int(np.argmin(right)), given.size)
    else:
        which = range(given.size)
    for at in which:
        where = f"point {at}" if values.ndim else "points"
        wrong = refusal(where, name, given.ravel()[at], quantity.range, quantity.unit)
        if wrong is not None:
            raise UsageError(str(wrong))
    return given.astype(np.float64)


def _fit(values: Floats, quantity: Quantity) -> NDArray[np.bool_]:
    flat = [fits(value, quantity.range, quantity.unit) for value in values.ravel().tolist()]
    return np.array(flat, bool).reshape(values.shape)
