"""Many sequences in one call of the engine: those that differ only in order, levers or worlds share the axis of runs.

A call has a fixed cost, some hundred array operations a week, that is the same for ten runs as for a thousand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.tiled import TiledFates
from settlesim.chance.worlds import Fates
from settlesim.engines.vectorised.engine import run, simulated
from settlesim.errors import FaultError, on_line
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.model.variables import FRAILTY_SHAPE
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence as Plan

__all__ = ["batch_key", "run_batch"]

# Levers whose mere presence changes how a run is laid out, whatever their value.
LAID_OUT = ("dated_troops", FRAILTY_SHAPE)
# What has one entity for each step: recorded, it would stand in an order of its own under each sequence.
OF_STEPS = ("step", "condition")


def batch_key(sequence: Plan) -> str:
    """Return what two sequences must share to be simulated in one batch: all but names, levers, and the order of steps.

    Examples
    --------
    >>> from settlesim.scenario.steps import deliver, open_track
    >>> a, b = deliver("prisoners"), open_track("talks")
    >>> batch_key(Plan("a first", [a, b], ordered=True)) == batch_key(Plan("b first", [b, a], ordered=True, label="B"))
    True
    >>> batch_key(Plan("a alone", [a], ordered=True)) == batch_key(Plan("a", [a], ordered=True, pace=4))
    False
    """
    content = sequence.model_dump(mode="json", exclude={"name", "label", "description", "levers"})
    content["steps"] = sorted(json.dumps(step, sort_keys=True) for step in content["steps"])
    content["laid_out"] = [name for name in LAID_OUT if name in sequence.levers]
    return json.dumps(content, sort_keys=True)


def run_batch(
    scenario: Scenario,
    sequences: Sequence[Plan],
    *,
    worlds: Sequence[Mapping[str, NDArray[np.float64]]],
    fates: Fates,
    protocol: Protocol | None = None,
    record: Iterable[str] = (),
    dealt: NDArray[np.intp] | None = None,
) -> list[Trace]:
    """Simulate one block of runs under several sequences of one `batch_key`, in one call.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequences : sequence of Sequence
        Alike but for names, levers, and the order of steps.
    worlds : sequence of mapping
        Parameter values on each line, shape (runs,).
    fates : Fates
        The luck of the block's runs, which all sequences meet.
    protocol, record
        As for `settlesim.engines.vectorised.engine.run`.
    dealt : ndarray, shape (lines, runs), optional
        Which of the sequences each run meets on each line; by default line k is sequence k in all runs.

    Returns
    -------
    list of Trace
        One for each line: every value of the run, its tables, people and territory equals, bit for bit, that of
        the sequence simulated alone. Steps and conditions are listed in the order of the first sequence.

    Raises
    ------
    FaultError
        If a rule fails: the fault of the first sequence in which it does, as it is alone.
    """
    law, names = protocol or STANDARD, tuple(record)

    first, runs, times = sequences[0], len(fates.runs), len(worlds)
    which = np.repeat(np.arange(times)[:, None], runs, axis=1) if dealt is None else dealt

    def alone() -> list[Trace]:
        traces = []
        for number, (plan, drawn) in enumerate(zip(sequences, worlds, strict=True)):
            with on_line(number):
                traces.append(run(scenario, plan, worlds=drawn, fates=fates, protocol=protocol, record=names))
        return traces

    recorded = {law.table[name].scope for name in names if name in law.table}
    if dealt is None and (len(sequences) == 1 or recorded & {*OF_STEPS}):
        return alone()
    columns = {name: np.concatenate([drawn[name] for drawn in worlds]) for name in worlds[0]}
    tiled = TiledFates(fates.entropy, fates.runs, times, base=fates)
    orders = np.stack([_order(plan, first) for plan in sequences], axis=1)[:, which.ravel()]
    try:
        whole = simulated(scenario, first, columns, tiled, law, names, orders)
    except FaultError:
        # In the batch a run's column has not the run's number: only alone a fault has its name.
        for place, (line, drawn) in enumerate(zip(which, worlds, strict=True)):
            for number in np.unique(line):
                there = np.flatnonzero(line == number)
                with on_line(place):
                    _alone(scenario, sequences[number], drawn, fates, there, law)
        raise
    return [
        _part(whole, sequences[int(which[i, 0])], drawn, fates.runs, slice(i * runs, (i + 1) * runs))
        for i, drawn in enumerate(worlds)
    ]


def _alone(
    scenario: Scenario, plan: Plan, drawn: Mapping[str, Any], fates: Fates, there: NDArray[np.intp], law: Protocol
) -> None:
    """Simulate those runs of a block that one sequence has, for the fault that it meets."""
    if len(there) == len(fates.runs):
        run(scenario, plan, worlds=drawn, fates=fates, protocol=law)
        return
    for at in map(int, there):
        number = fates.runs[at]
        world = {name: values[at : at + 1] for name, values in drawn.items()}
        run(scenario, plan, worlds=world, fates=Fates(fates.entropy, range(number, number + 1)), protocol=law)


def _order(plan: Plan, first: Plan) -> NDArray[np.intp]:
    """Steps of the first sequence in the order of another, those apart from the order first."""
    place = {step.name: i for i, step in enumerate(first.steps)}
    listed = sorted(plan.steps, key=lambda step: plan.ordered and not step.apart)
    return np.array([place[step.name] for step in listed], np.intp)


def _part(whole: Trace, plan: Plan, drawn: Mapping[str, Any], runs: range, columns: slice) -> Trace:
    final = {name: values[..., columns] for name, values in whole.final.items()}
    weekly = {name: values[..., columns] for name, values in whole.weekly.items()}
    return Trace(whole.scenario, plan, runs, whole.entities, whole.info, final, weekly, drawn)
