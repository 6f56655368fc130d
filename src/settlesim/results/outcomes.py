"""Outcomes of a block of runs: those that the standard mechanisms declare, or a modeller's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from settlesim.errors import FaultError, nearest
from settlesim.model.outcome import LABELS, Outcome, Values
from settlesim.model.rule_results import FAULTS, reason_of
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace

__all__ = ["DESTINATIONS", "STANDARD_OUTCOMES", "evaluate"]

DESTINATIONS = LABELS["destination"]

STANDARD_OUTCOMES = STANDARD.outcomes


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


def _values(outcome: Outcome, trace: Trace) -> Values:
    try:
        values = np.asarray(outcome.function(trace))
    except FAULTS as error:
        first = next((one.runs.start for one in _one_by_one(trace) if _fails(outcome, one)), None)
        raise _fault(outcome, trace, reason_of(error) + _meant(error, trace), first) from error
    sizes = {**{scope: len(names) for scope, names in trace.entities.items()}, **{d: len(x) for d, x in LABELS.items()}}
    shape = (len(trace.runs), *(sizes[dim] for dim in outcome.dims[1:]))
    if values.dtype.kind not in "biuf":
        what = "text" if values.dtype.kind in "US" else f"values of type {values.dtype}"
        raise _fault(outcome, trace, f"returns {what}: return numbers or truths")
    if values.shape != shape:
        # Not the number of runs itself, which depends on the block.
        wanted = ", ".join(["runs", *map(str, shape[1:])]) + ("," if len(shape) == 1 else "")
        each = " and ".join(outcome.dims)
        raise _fault(outcome, trace, f"returns shape {values.shape}, not ({wanted}): one value for each {each}")
    strange = _strange(outcome.kind, values)
    if strange.any():
        column = int(np.argmax(strange.reshape(len(values), -1).any(axis=1)))
        what = {"share": "0 or 1 in each run", "bounded": "from 0 to 1", "count": "0 or more"}[outcome.kind]
        reason = f"is {values[strange][0]:g}, but of the kind {outcome.kind!r}: {what}"
        raise _fault(outcome, trace, reason, trace.runs.start + column)
    return values


def _strange(kind: str, values: Values) -> Values:
    """Where values are not what their outcome says they are; missing ones are."""
    if kind == "share":
        return np.asarray((values != 0) & (values != 1) & ~np.isnan(values))
    if kind == "bounded":
        # One ulp of a sum of weights may stand above a bound of one.
        return np.asarray((values < -1e-9) | (values > 1 + 1e-9))
    return np.asarray(values < 0) if kind == "count" else np.zeros(values.shape, bool)


def _fault(outcome: Outcome, trace: Trace, reason: str, run: int | None = None) -> FaultError:
    return FaultError("outcome", outcome.name, reason, run=run, sequence=trace.sequence.name)


def _one_by_one(trace: Trace) -> Iterator[Trace]:
    """The same trace, run by run."""
    for column, run in enumerate(trace.runs):
        final, weekly, worlds = (
            {name: values[..., column : column + 1] for name, values in of.items()}
            for of in (trace.final, trace.weekly, trace.worlds)
        )
        yield replace(trace, runs=range(run, run + 1), final=final, weekly=weekly, worlds=worlds)


def _fails(outcome: Outcome, trace: Trace) -> bool:
    try:
        outcome.function(trace)
    except FAULTS:
        return True
    return False


def _meant(error: BaseException, trace: Trace) -> str:
    """The nearest name, where an outcome asked for what is not there."""
    if not isinstance(error, KeyError) or not str(error.args[0]).isidentifier():
        return ""
    like = nearest(error.args[0], [*trace.final, *trace.worlds, *trace.weekly])
    return f"; did you mean {like!r}?" if like and like != error.args[0] else ""
