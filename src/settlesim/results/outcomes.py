"""Outcomes of a block of runs: those that the standard mechanisms declare, or a modeller's own."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from settlesim.errors import FaultError, nearest
from settlesim.model.outcome import LABELS, Outcome, Values
from settlesim.model.rule_results import FAULTS, heed_interruption, reason_of
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace

__all__ = ["DESTINATIONS", "STANDARD_OUTCOMES", "evaluate"]

DESTINATIONS = LABELS["destination"]

STANDARD_OUTCOMES = STANDARD.outcomes
OURS = {outcome.name: outcome for outcome in STANDARD_OUTCOMES}

MIXES = "has another value alone than among others: it mixes runs, or draws or remembers"
WANTED = {
    "share": "0 or 1 in each run",
    "bounded": "from 0 to 1",
    "count": "a whole number, 0 or more",
    "weeks": "0 or more, and NaN where there is none",
    "amount": "a number, and NaN where there is none",
}


def evaluate(trace: Trace, outcomes: Iterable[Outcome] = STANDARD_OUTCOMES) -> dict[str, Values]:
    """Read outcomes off a trace.

    Parameters
    ----------
    trace : Trace
        From either engine.
    outcomes : iterable of Outcome
        What to read.

    Returns
    -------
    dict
        Name to array with the run first.

    Raises
    ------
    FaultError
        If an outcome's function fails, with the first run for which it does, or returns something else than one
        number for each run (and each entity of its second dimension), or numbers that are not of its kind.
    """
    return {outcome.name: _values(outcome, trace) for outcome in outcomes}


@dataclass(frozen=True)
class _Read:
    """What an outcome's function gave, or what is wrong with that, in which column, and what it raised."""

    values: Values
    mistake: str = ""
    column: int | None = None
    cause: BaseException | None = None


def _values(outcome: Outcome, trace: Trace) -> Values:
    whole = _read(outcome, trace)
    if not whole.mistake and not _is_known(outcome, trace):
        whole = _tried(outcome, trace, whole)
    if not whole.mistake:
        return whole.values
    found, run = whole, None if whole.column is None else trace.runs[whole.column]
    if run is None:
        # Told of the first run alone, which is the same in a block of any size.
        for one in _one_by_one(trace):
            alone = _read(outcome, one)
            if alone.mistake:
                found, run = alone, one.runs.start
                break
    fault = FaultError("outcome", outcome.name, found.mistake, run=run, sequence=trace.sequence.name)
    raise fault from found.cause


# Functions of one's own that were found to treat each run by itself.
_known: weakref.WeakSet[Callable[..., Any]] = weakref.WeakSet()


def _is_known(outcome: Outcome, trace: Trace) -> bool:
    """Whether nobody needs to see that an outcome treats each run by itself, or nothing can show it."""
    if len(trace.runs) < 2 or OURS.get(outcome.name) is outcome:
        return True
    try:
        return outcome.function in _known
    except TypeError:
        # It cannot be remembered.
        return False


def _tried(outcome: Outcome, trace: Trace, whole: _Read) -> _Read:
    """Call an outcome's function for the last run alone, where it must give what it gives among others."""
    last = len(trace.runs) - 1
    alone = _read(outcome, _one(trace, last))
    # Not to the bit: sums over entities may be taken in another order.
    if alone.mistake or not np.allclose(alone.values[0], whole.values[last], rtol=1e-6, atol=1e-9, equal_nan=True):
        text = alone.mistake or MIXES
        return _Read(whole.values, text, last, alone.cause)
    with suppress(TypeError):
        _known.add(outcome.function)
    return whole


def _read(outcome: Outcome, trace: Trace) -> _Read:
    """Call an outcome's function and look at what it returns."""
    nothing = np.zeros(0)
    try:
        given = outcome.function(trace)
        if given is None or isinstance(given, (list, tuple, str)):
            what = "None" if given is None else f"a {type(given).__name__}"
            return _Read(nothing, f"returns {what}, not an array of one value for each {' and '.join(outcome.dims)}")
        # What is masked is missing.
        masked = isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given)
        values = np.asarray(np.ma.filled(given.astype(float), np.nan) if masked else given)
    except FAULTS as error:
        heed_interruption(error)
        return _Read(nothing, reason_of(error) + _meant(error, trace), cause=error)
    labels = {**trace.entities, **LABELS} | ({outcome.dims[1]: outcome.labels} if outcome.labels else {})
    shape = (len(trace.runs), *(len(labels[dim]) for dim in outcome.dims[1:]))
    if values.dtype.kind not in "biuf":
        what = "text" if values.dtype.kind in "US" else f"values of type {values.dtype}"
        return _Read(values, f"returns {what}: return numbers or truths")
    if values.shape != shape:
        # Not the number of runs itself, which depends on the block.
        wanted = ", ".join(["runs", *map(str, shape[1:])]) + ("," if len(shape) == 1 else "")
        each = " and ".join(outcome.dims)
        return _Read(values, f"returns shape {values.shape}, not ({wanted}): one value for each {each}")
    if values.dtype.itemsize > 8 or not values.dtype.isnative:
        # What the processor has beyond double precision is no part of a result.
        values = values.astype(np.float64 if values.dtype.kind == "f" else values.dtype.newbyteorder("="))
    strange = _strange(outcome, values)
    if not strange.any():
        return _Read(values)
    column = int(np.argmax(strange.reshape(len(values), -1).any(axis=1)))
    what = WANTED.get(outcome.kind, f"one of {', '.join(map(str, outcome.flags or ()))}")
    reason = f"is {values[column][strange[column]].flat[0]:g}, but of the kind {outcome.kind!r}: {what}"
    return _Read(values, reason, column)


def _strange(outcome: Outcome, values: Values) -> Values:
    """Where values are not what their outcome says they are; missing ones are, but not among codes."""
    kind = outcome.kind
    if kind == "code":
        return np.asarray(~np.isin(values, list(outcome.flags or ())))
    if values.dtype.kind == "b":
        return np.zeros(values.shape, bool)
    if kind == "share":
        return np.asarray((values != 0) & (values != 1) & ~np.isnan(values))
    if kind == "bounded":
        # One ulp of a sum of weights may stand above a bound of one.
        return np.asarray((values < -1e-9) | (values > 1 + 1e-9))
    if kind == "count":
        return np.asarray((values < 0) | np.isinf(values) | (np.rint(values) != values) & ~np.isnan(values))
    return np.asarray(np.isinf(values) | (values < 0) if kind == "weeks" else np.isinf(values))


def _one_by_one(trace: Trace) -> Iterator[Trace]:
    """The same trace, run by run."""
    return (_one(trace, column) for column in range(len(trace.runs)))


def _one(trace: Trace, column: int) -> Trace:
    run = trace.runs[column]
    final, weekly, worlds = (
        {name: values[..., column : column + 1] for name, values in of.items()}
        for of in (trace.final, trace.weekly, trace.worlds)
    )
    return replace(trace, runs=range(run, run + 1), final=final, weekly=weekly, worlds=worlds)


def _meant(error: BaseException, trace: Trace) -> str:
    """The nearest name, where an outcome asked for what is not there."""
    if not isinstance(error, KeyError) or not error.args or not str(error.args[0]).isidentifier():
        return ""
    like = nearest(error.args[0], [*trace.final, *trace.worlds, *trace.weekly])
    return f"; did you mean {like!r}?" if like and like != error.args[0] else ""
