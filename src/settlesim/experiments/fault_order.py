"""Of several faults of an experiment the one that is shown, however its units were cut and whoever was the fastest."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import FaultError
from settlesim.experiments.coverage import missing_units
from settlesim.experiments.job import Job, Unit

__all__ = ["first_of_all"]

# Runs times sequences that are simulated at most to find an earlier fault: with thousands of sequences it would take
# as long as the experiment, and one fault is as good as another to those who mend it.
MOST = 20_000


def first_of_all(
    job: Job, fault: FaultError, units: Iterable[Unit], there: NDArray[np.bool_], first: int
) -> FaultError:
    """Return the fault of the lowest run, and of several sequences that fail in it of the first.

    Parameters
    ----------
    job : Job
        The experiment.
    fault : FaultError
        The one that was met.
    units : iterable of Unit
        What was to be computed.
    there : array of bool, shape (lines, runs)
        What of it was computed without a fault.
    first : int
        Number of the first run.
    """
    names = [sequence.name for sequence in job.sequences]
    if fault.run is None or job.slots or names.count(fault.sequence) != 1:
        return fault
    lowest, line = fault.run, names.index(fault.sequence)
    asked = [Unit(unit.lines, range(unit.runs.start, min(unit.runs.stop, lowest + 1))) for unit in units]
    left = list(missing_units((unit for unit in asked if len(unit.runs)), there, first))
    if sum(map(len, left)) > MOST:
        return fault
    alone = [(unit.runs, number) for unit in left for number in unit.lines]
    for runs, number in sorted(alone, key=lambda one: (one[0].start, one[1])):
        # Only what would stand before the fault that is known by now.
        below = range(runs.start, min(runs.stop, lowest + (number < line)))
        if not len(below):
            continue
        try:
            job.compute(Unit((number,), below))
        except FaultError as another:
            if another.run is not None:
                fault, lowest, line = another, another.run, number
    return fault
