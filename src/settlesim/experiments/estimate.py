"""What an experiment will take, measured on a few of its own runs before it is started."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settlesim.errors import UsageError
from settlesim.experiments.job import Job, Unit, forget_luck
from settlesim.experiments.memory import bytes_of, refusal, size
from settlesim.experiments.progress import spoken
from settlesim.experiments.store_frames import Layout
from settlesim.experiments.unit_sizes import SECONDS, Pieces
from settlesim.results.growing import SMALL

if TYPE_CHECKING:
    from settlesim.experiments.execution import Execution
    from settlesim.results.dataset import Block

__all__ = ["Estimate", "answer_instead", "estimate"]

# Units that are tried, at most: each tells how large the next can be.
TRIED = 3
# What a process takes before it has begun: Python, numpy, the package.
PROCESS = 150 * 2**20


@dataclass(frozen=True)
class Estimate:
    """What an experiment will take.

    Attributes
    ----------
    runs : int
        Of each sequence.
    sequences : int
        Results for each run.
    units : int
        Pieces in which it is computed, and kept as each is finished.
    seconds : float
        With the workers asked for; of an executor's, with one.
    memory : float
        Bytes of all processes together, at the most.
    disk : float
        Bytes of the result before it is compressed.
    refused : str, optional
        Why the experiment would be refused, where there is no memory for its result.
    """

    runs: int
    sequences: int
    units: int
    seconds: float
    memory: float
    disk: float
    refused: str | None = None

    def __str__(self) -> str:
        """Return the estimate on one line, and on another why the experiment would be refused, if it would."""
        refused = "" if self.refused is None else f"\nIt would be refused: {self.refused}"
        return (
            f"{self.runs:,} runs of {self.sequences:,} sequences in about {self.units:,} units: about "
            f"{spoken(self.seconds)}, {size(self.memory)} of memory, {size(self.disk)} of results before compression"
            f"{refused}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)


class _Answer(BaseException):
    def __init__(self, found: Estimate) -> None:
        self.found = found


# Whether this thread asks what an experiment takes, and does not carry it out.
_asked = threading.local()


def estimate(experiment: Callable[[], Any]) -> Estimate:
    """Say what an experiment will take, by computing a few of its runs; nothing is kept or saved.

    Parameters
    ----------
    experiment : callable
        Calls `simulate`, `compare`, `sweep`, `orders`, `evaluate` or `nested` with all that is to be asked of it.

    Returns
    -------
    Estimate
        Runs, sequences, units, seconds, bytes of memory and on disk.  Of an analysis that carries out several
        experiments it is the first.

    Raises
    ------
    UsageError
        If the call carries out no experiment, or one that cannot be carried out.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> war = load("two-party")
    >>> found = estimate(lambda: simulate(war, runs=1_000_000, rng=7))
    >>> found.runs, found.sequences, found.seconds > 1
    (1000000, 1, True)
    """
    if not callable(experiment):
        raise UsageError(f"estimate takes what calls an experiment: lambda: ss.simulate(...), not {experiment!r}")
    _asked.now = True
    try:
        experiment()
    except _Answer as answer:
        return answer.found
    finally:
        _asked.now = False
    raise UsageError("the call carried out no experiment, so there is nothing to estimate")


def answer_instead(job: Job, runs: range, how: Execution) -> None:
    """Where only an estimate was asked for, give it in place of the result."""
    if not getattr(_asked, "now", False):
        return
    coarse = how.units(job, runs)
    number = job.lines * len(runs)
    pieces, begun = Pieces(job, coarse, fixed=how.block is not None), time.perf_counter()
    for tried, unit in enumerate(pieces, 1):
        start, computing = time.perf_counter(), time.thread_time()
        block = job.compute(unit)
        took = time.perf_counter() - start
        pieces.timed(unit, time.thread_time() - computing)
        if tried == TRIED or time.perf_counter() - begun > 2 * SECONDS:
            break
    forget_luck()
    largest = max(map(len, coarse)) if how.block is not None else min(pieces.columns, max(map(len, coarse)))
    processes = how.workers if how.executor is None else 1
    held = bytes_of(block) * number
    stored = how.out is not None and Path(how.out).suffix == ".zarr"
    kept = _of_store(job, runs, block, held) if stored else held
    memory = PROCESS * (1 + processes * (processes > 1)) + kept + processes * _peak(job, coarse[0], largest)
    seconds = took * number / len(unit) / processes
    refused = None if stored else refusal(job, runs)
    raise _Answer(Estimate(len(runs), job.lines, -(-number // largest), seconds, memory, held, refused))


def _of_store(job: Job, runs: range, block: Block, held: float) -> float:
    """Return how many bytes are taken, at the most, by what is written to a store, and what is then returned of it."""
    chunk, lines = Layout.of(block).chunks(len(runs))
    written = bytes_of(block) * min(chunk, len(runs)) * min(lines, job.lines)
    # What is gathered for the chunks, one of them as it is laid out, and all as they are encoded; which runs are there,
    # and which are written; and the result, which is read only as it is used where it is large.
    return 3 * written + 2 * job.lines * len(runs) + min(held, SMALL)


def _peak(job: Job, unit: Unit, columns: int) -> float:
    """Return about how many bytes are taken while a unit of so many runs and sequences is computed."""

    def peak(runs: range) -> int:
        forget_luck()
        tracemalloc.start()
        try:
            job.compute(Unit(unit.lines[:1], runs))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            forget_luck()

    few, more = unit.runs[:1], unit.runs[:16]
    small = peak(few)
    if len(more) == 1:
        return small
    return small + max(0, peak(more) - small) / (len(more) - 1) * (columns - 1)
