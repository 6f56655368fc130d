"""Rules of one's own in the numpy engine: looked at while they work, since no test of settlesim knows them.

A rule is given what it reads as arrays that cannot be written to, and what it returns is checked every time: number,
shape, kind and range.  When it is first evaluated it is also evaluated again, for some runs alone, for the runs in
another order, and for single entities as the reference model does it.  Where a bit differs, it is not elementwise.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import FaultError
from settlesim.model.items import Rule
from settlesim.model.rule_results import FAULTS, heed_interruption, limits, reason_of, returned, wrong_kind, wrong_range

if TYPE_CHECKING:
    from settlesim.engines.vectorised.reader import Columns, Fetch, Reader

__all__ = ["WatchedRule"]

Index = NDArray[np.intp]
Tried = set[tuple[str, tuple[str, ...], int]]

# What each function was tried as, by scope, writes and occasion, in more than one run.
_tried: weakref.WeakKeyDictionary[Callable[..., Any], Tried] = weakref.WeakKeyDictionary()


class WatchedRule:
    """Evaluates a rule for all runs of a block or for some columns of its arrays, and looks at what it does.

    Parameters
    ----------
    rule : Rule
        The rule.
    reads : sequence of Fetch
        How each of its arguments is read.
    reader : Reader
        The engine that it works in.
    """

    def __init__(self, rule: Rule, reads: Sequence[Fetch], reader: Reader) -> None:
        self.rule, self.reads, self.reader = rule, reads, reader
        self.written = [reader.protocol.table[name] for name in rule.writes]
        self.limits = [limits(variable) for variable in self.written]
        self.tried: Tried = set()
        # An object that is called like a function and cannot be remembered is tried in each block.
        with suppress(TypeError):
            self.tried = _tried.setdefault(rule.function, self.tried)

    def __call__(self, columns: Columns = None) -> tuple[Any, ...]:
        """Return the values it writes; see `Reader.call`."""
        places = np.arange(self.reader.runs) if columns is None else columns
        inputs = [_protected(read(columns)) for read in self.reads]
        try:
            out = self.rule.function(*inputs)
        except FAULTS as error:
            heed_interruption(error)
            raise self._located(inputs, places, error) from error
        values = self._sound(out, places)
        # When it is first evaluated, and again in weeks 1, 2, 4, 8 and so on: at first runs may be so alike that what
        # mixes them does not show.
        week = int(self.reader.week)
        occasion = 0 if week & (week - 1) else week
        if len(places) and (self.rule.scope, self.rule.writes, occasion) not in self.tried:
            self._try(inputs, values, places, occasion)
        return values

    def inspect(self, values: Sequence[Any], where: Any = None, columns: Columns = None) -> None:
        """Refuse values outside the ranges of what is written, where a guard is up and in runs that have not ended."""
        gone = self.reader.gone if columns is None else self.reader.gone[columns]
        bad: list[tuple[int, ...]] = []
        for number, value in enumerate(values):
            low, high = self.limits[number]
            if not value.size or (value.min() >= low and value.max() <= high):
                continue
            outside = ~((value >= low) & (value <= high)) & ~gone
            outside = np.broadcast_to(outside if where is None else outside & where, self._shape(len(gone)))
            bad += [(*map(int, found), number) for found in np.argwhere(outside.T)[:1]]
        if bad:
            # By run, then entity, then variable: the order in which the reference model would come by it.
            column, *entity, number = min(bad)
            value = np.broadcast_to(values[number], self._shape(len(gone)))[(*entity, column)]
            place = column if columns is None else int(columns[column])
            raise self._fault(wrong_range(value, self.written[number]), place, *entity)

    # -- what it returned ----------------------------------------------------------------------------

    def _sound(self, out: Any, places: Index) -> tuple[Any, ...]:
        """Return the values as arrays, if they are as many as are written, of their kinds and of a fitting shape."""
        values, mistake = returned(out, self.rule.writes)
        for variable, value in zip(self.written, values, strict=False):
            mistake = mistake or wrong_kind(value, variable)
            mistake = mistake or self._wrong_shape(np.shape(value), variable.name, len(places))
        if mistake:
            raise self._fault(mistake, int(places[0]) if len(places) else None)
        return tuple(np.asarray(value) for value in values)

    def _wrong_shape(self, shape: tuple[int, ...], name: str, runs: int) -> str:
        whole = self._shape(runs)
        # What depends on the entity alone, on the run alone, or on the week alone may be given once.
        fitting = {whole, (runs,), ()} | ({(whole[0], 1)} if len(whole) > 1 else set())
        if shape in fitting:
            return ""
        # Not the number of runs itself, which depends on the block.
        wanted = "(runs,)" if len(whole) == 1 else f"({whole[0]}, runs)"
        each = "run" if len(whole) == 1 else f"{self.rule.scope} and run"
        return f"returns an array of shape {shape} for {name!r}, not {wanted}: one value for each {each}"

    def _shape(self, runs: int) -> tuple[int, ...]:
        scope = self.rule.scope
        return (runs,) if scope == "run" else (self.reader.layout.size(scope), runs)

    # -- whether it is elementwise -------------------------------------------------------------------

    def _try(self, inputs: Sequence[Any], values: Sequence[Any], places: Index, occasion: int) -> None:
        """Evaluate the rule in other ways; each must give the same."""
        whole = [np.broadcast_to(value, self._shape(len(places))) for value in values]
        if not whole[0].size:
            return
        for mistake in self._mistakes(inputs, whole, places):
            raise self._fault(mistake)
        if len(places) > 1:
            self.tried.add((self.rule.scope, self.rule.writes, occasion))

    def _mistakes(self, inputs: Sequence[Any], whole: Sequence[Any], places: Index) -> Iterator[str]:
        number = len(places)
        everywhere = np.arange(number)
        runs = [self._run(int(place)) for place in places]
        for column, name in self._differences(inputs, whole, everywhere):
            yield (
                f"gives another {name!r} for run {runs[column]} when it is called again with the same: it draws random "
                "numbers or remembers; declare Luck, or a Variable, and read it"
            )
        alone = [np.array([column]) for column in _some(number)]
        mixed = "runs" if self.rule.scope == "run" else "runs or entities"
        for columns in (*alone, everywhere[::-1]):
            for column, name in self._differences(_taken(inputs, columns, number), whole, columns):
                how = "alone" if len(columns) == 1 else "with the runs in another order"
                yield f"mixes {mixed}: run {runs[column]} has another {name!r} {how}; a rule must treat each by itself"
        for column in _some(number):
            for entity in _some(1 if whole[0].ndim == 1 else len(whole[0])):
                at = (column,) if whole[0].ndim == 1 else (entity, column)
                here = f"run {runs[column]}" + (f", {self._entity(entity)!r}" if len(at) > 1 else "")
                try:
                    single, mistake = returned(self.rule.function(*_single(inputs, entity, column)), self.rule.writes)
                except FAULTS as error:
                    heed_interruption(error)
                    single, mistake = (), reason_of(error)
                if mistake:
                    yield f"works for whole arrays but not for one number, {here}: it {mistake}"
                for name, mine, among in zip(self.rule.writes, single, (w[at] for w in whole), strict=True):
                    if mine != among and (mine == mine or among == among):
                        yield (
                            f"gives {float(mine)!r} for {name!r} of {here} alone, and {float(among)!r} among others: "
                            "it mixes entities, or uses ** or math where numpy has a function"
                        )

    def _differences(self, inputs: Sequence[Any], whole: Sequence[Any], columns: Index) -> Iterator[tuple[int, str]]:
        """Evaluate for some columns, and find the first that differs, with the variable."""
        out, mistake = returned(self.rule.function(*inputs), self.rule.writes)
        for name, mine, among in zip(self.rule.writes, out, whole, strict=not mistake):
            there = among[..., columns]
            try:
                same = (np.broadcast_to(mine, there.shape) == there) | ((mine != mine) & (there != there))
            except ValueError:
                same = np.zeros(there.shape, bool)
            for found in np.argwhere(~same.T)[:1]:
                yield int(columns[found[0]]), name
                return

    # -- faults --------------------------------------------------------------------------------------

    def _located(self, inputs: Sequence[Any], places: Index, error: BaseException) -> FaultError:
        """Find the first run, and in it the first entity, for which the rule fails alone."""
        for column, place in enumerate(places):
            alone = [_protected(value) for value in _taken(inputs, np.array([column]), len(places))]
            if _fails(self.rule.function, alone):
                entities = range(0 if self.rule.scope == "run" else self.reader.layout.size(self.rule.scope))
                first = (i for i in entities if _fails(self.rule.function, _single(inputs, i, column)))
                return self._fault(reason_of(error), int(place), *list(first)[:1])
        return self._fault(reason_of(error))

    def _fault(self, reason: str, place: int | None = None, entity: int | None = None) -> FaultError:
        run = None if place is None else self._run(place)
        return self.reader.fault(self.rule, reason, run, "" if entity is None else self._entity(entity))

    def _run(self, place: int) -> int:
        return self.reader.fates.runs[int(self.reader.columns[place])]

    def _entity(self, number: int) -> str:
        return self.reader.layout.entities[self.rule.scope][number]


def _protected(value: Any) -> Any:
    """The same, not to be written to; a plain number as one of numpy's."""
    if not isinstance(value, np.ndarray):
        return np.float64(value) if isinstance(value, float) else value
    view = value.view()
    view.flags.writeable = False
    return view


def _some(number: int) -> list[int]:
    """Return the first, one in the middle and the last."""
    return sorted({0, number // 2, number - 1}) if number else []


def _taken(inputs: Sequence[Any], columns: Index, number: int) -> list[Any]:
    """What is read, for some columns of `number`; what has no axis of runs stays as it is."""
    return [v[..., columns] if np.ndim(v) and v.shape[-1] == number else v for v in inputs]


def _single(inputs: Sequence[Any], entity: int, column: int) -> list[Any]:
    """What is read, for one entity of one run: single numbers, as the reference model has them."""

    def one(value: Any) -> Any:
        if np.ndim(value) == 0:
            return value[()] if isinstance(value, np.ndarray) else value
        place = column if value.shape[-1] > 1 else 0
        return value[place] if value.ndim == 1 else value[entity, place]

    return [one(value) for value in inputs]


def _fails(function: Callable[..., Any], inputs: Sequence[Any]) -> bool:
    try:
        function(*inputs)
    except FAULTS as error:
        heed_interruption(error)
        return True
    return False
