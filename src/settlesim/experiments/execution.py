"""How an experiment is carried out: block by block, here or in other processes, with progress and resume.

Nothing here changes a result: a run is the same in any block, on any worker, in any order.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from settlesim.errors import FaultError, UsageError
from settlesim.experiments.checkpoint import Checkpoint
from settlesim.experiments.coverage import missing_units
from settlesim.experiments.dispatch import dispatch
from settlesim.experiments.estimate import answer_instead
from settlesim.experiments.executors import Lent
from settlesim.experiments.fault_order import first_of_all
from settlesim.experiments.growing_store import GrowingStore
from settlesim.experiments.interruption import Stop, stoppable
from settlesim.experiments.job import Job, Unit, forget_luck
from settlesim.experiments.memory import refuse_too_large
from settlesim.experiments.processes import Workers, leave_if_started_by_mistake
from settlesim.experiments.progress import progress_bar
from settlesim.experiments.transport import packed
from settlesim.experiments.unit_sizes import Pieces
from settlesim.results.dataset import Assembly, Block
from settlesim.results.stores import check_suffix, save
from settlesim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["BLOCK", "Execution", "asked", "carry_out", "compute_units", "execute", "shared_pool"]

# Runs simulated at a time, at most.  Larger blocks spread the overhead of array operations over more runs;
# benchmarks/bench_engine.py shows the gain shrinking, while memory and the wait at an interruption go on growing.
BLOCK = 1024
# Units for each worker, at least, so that none waits long for another; but no block of fewer runs for that.
EACH = 3
FEWEST = 128


@dataclass(frozen=True)
class Execution:
    """How to carry out an experiment; no field of it changes a result.

    Parameters
    ----------
    workers : int
        Number of processes, of one thread each.  With more than one, a script must start its work under
        ``if __name__ == "__main__":``.
    block : int, optional
        Runs simulated at a time, over all sequences that are simulated in one call; by default as many as take about
        two seconds, up to 1024, and as share the work evenly among the workers.
    progress : bool, optional
        Whether to show progress; by default as a bar on a terminal, as a line every half a minute elsewhere.
    out : str or Path, optional
        Where to save the result.  Finished blocks are kept beside it, in ``<out>.parts``, until all are done:
        the same call resumes after an interruption or a crash, also with other blocks or workers.  What is
        interrupted is not saved there.  A store, ``.zarr``, grows in place instead, can be read meanwhile, and goes on
        with more runs of the same experiment.
    executor : concurrent.futures.Executor, optional
        Computes the units in place of `workers` processes, such as ``Client(...).get_executor()`` of dask; `workers`
        then says how many it has, where it does not tell.
    force : bool
        Whether `out` may replace what is no result of settlesim, or a store of another experiment.

    Examples
    --------
    >>> Execution(workers=2).blocks(range(200))
    [range(0, 100), range(100, 200)]
    """

    workers: int = 1
    block: int | None = None
    progress: bool | None = None
    out: str | Path | None = None
    executor: Executor | Workers | None = None
    force: bool = False

    def __post_init__(self) -> None:
        for name in ("workers", "block"):
            value = getattr(self, name)
            if value is None and name == "block":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} must be a whole number of at least 1, got {value!r}")
        if self.out is not None:
            check_suffix(self.out, force=self.force)

    def blocks(self, runs: range, batches: int = 1) -> list[range]:
        """Cut runs into blocks, so that with so many batches of sequences to each no worker waits long for another."""
        whole = -(-len(runs) // BLOCK)
        wanted = -(-EACH * self.workers // batches) if self.workers > 1 else 1
        number = max(whole, min(wanted, len(runs) // FEWEST), min(-(-self.workers // batches), len(runs)))
        size = -(-len(runs) // number) if self.block is None else self.block
        return [range(start, min(start + size, runs.stop)) for start in range(runs.start, runs.stop, size)]

    def units(self, job: Job, runs: range) -> list[Unit]:
        """Cut a job into units, in the order in which they are computed."""
        columns = BLOCK if self.block is None else self.block
        # A plan's orders fill whole calls whatever the number of runs.
        calls = sum(-(-len(batch) * min(len(runs), columns) // columns) for batch in job.batches)
        return [unit for block in self.blocks(runs, calls) for unit in job.units(block, columns)]


def asked(scenario: Scenario, execution: Execution | None) -> Execution:
    """Return how to carry out an experiment, once what it is asked of is known to be of the right kind.

    Raises
    ------
    UsageError
        If the scenario is none, such as its name, or the execution is none.
    """
    if not isinstance(scenario, Scenario):
        say = f"load it: ss.load({scenario!r})" if isinstance(scenario, str) else "ss.load gives one"
        raise UsageError(f"the first argument is a Scenario, not a {type(scenario).__name__}; {say}")
    if execution is not None and not isinstance(execution, Execution):
        raise UsageError(f"execution is an Execution, such as ss.Execution(workers=2), not {execution!r}")
    return execution or Execution()


def carry_out(
    job: Job, runs: range, how: Execution, arrange: Callable[[xr.Dataset], xr.Dataset] | None = None
) -> xr.Dataset:
    """Compute all runs of a job, label the result, and save it where that is asked for.

    Parameters
    ----------
    job : Job
        What to compute.
    runs : range
        Numbers of the runs.
    how : Execution
        Workers, progress, where to save.
    arrange : callable, optional
        Gives the labelled result another shape, before it is saved.

    Raises
    ------
    Interrupted, Terminated
        After Ctrl-C or SIGTERM, with what is complete; a part is never saved as the result.
    SettlesimError
        As `execute`, if there is no memory for the result, and if it cannot be saved.
    """

    def labelled() -> xr.Dataset:
        dataset = job.labelled(assembly)
        return dataset if arrange is None else arrange(dataset)

    leave_if_started_by_mistake()
    answer_instead(job, runs, how)
    if how.out is not None and Path(how.out).suffix == ".zarr":
        return _grown(job, runs, how, arrange)
    refuse_too_large(job, runs)
    with stoppable() as stop:
        assembly = execute(job, runs, how)
        if not assembly.there.all():
            raise _stopped(job, assembly, how, stop, labelled) from None
        dataset = labelled()
        if how.out is not None:
            save(dataset, how.out, force=how.force)
            Checkpoint(Path(how.out)).clear()
        if stop:
            kept = "" if how.out is None else f" and saved in {str(how.out)!r}"
            raise stop.error(f"interrupted when all {len(runs):,} runs were completed{kept}", dataset)
    return dataset


def _stopped(
    job: Job, assembly: Assembly, how: Execution, stop: Stop, labelled: Callable[[], xr.Dataset]
) -> BaseException:
    """Return what is raised in place of a result of which a part is missing."""
    result, said = None, "no sequence has all its runs yet"
    if assembly.there.all(axis=1).any() or assembly.done.any():
        # Of crossed points and luck nothing may be there that can be compared.
        with contextlib.suppress(KeyboardInterrupt):
            result = labelled()
            said = job.completed(job.labelled(assembly), assembly.runs)
    if how.out is not None and assembly.there.any():
        folder = str(Checkpoint(Path(how.out)).folder)
        said += f"; what was finished is kept in {folder!r}: the same command goes on from there"
    return stop.error(f"interrupted: {said}", result)


def _grown(job: Job, runs: range, how: Execution, arrange: Callable[[xr.Dataset], xr.Dataset] | None) -> xr.Dataset:
    """Compute all runs of a job into the store that holds its result, and return that opened."""
    store = GrowingStore(Path(str(how.out)), job, runs, arrange, how.force)
    with stoppable() as stop, progress_bar(len(runs) * job.lines, how.progress) as advance, store:
        if store.whole:
            return store.result()
        advance(int(store.there.sum()))

        def take(block: Block) -> None:
            store.store(block)
            advance(len(block.lines) * len(block.runs))

        missing = list(missing_units(how.units(job, runs), store.there, runs.start))
        try:
            compute_units(job, missing, how, take, stop)
        except KeyboardInterrupt:
            stop.signal = stop.signal or signal.SIGINT
        finally:
            forget_luck()
        if not store.there.all():
            result, said = store.partial()
            raise stop.error(f"interrupted: {said}", result) from None
        result = store.finish()
        if stop:
            raise stop.error(f"interrupted when all {len(runs):,} runs were completed and saved", result)
        return result


def execute(job: Job, runs: range, how: Execution) -> Assembly:
    """Compute all runs of a job, or as many as are done within the unit in which Ctrl-C or SIGTERM is heard.

    Raises
    ------
    SettlesimError
        If worker processes die again and again, or a finished block could not be kept.
    """
    assembly = Assembly(job.lines, runs)
    checkpoint = None if how.out is None else Checkpoint(Path(how.out))
    if checkpoint is not None:
        checkpoint.begin(job)
    with stoppable() as stop, progress_bar(len(runs) * job.lines, how.progress) as advance:
        if checkpoint is not None:
            advance(checkpoint.load(assembly))
        missing = list(missing_units(how.units(job, runs), assembly.there, runs.start))

        def take(block: Block) -> None:
            if checkpoint is not None:
                checkpoint.store(block)
            assembly.add(block)
            advance(len(block.lines) * len(block.runs))

        try:
            compute_units(job, missing, how, take, stop)
        except KeyboardInterrupt:
            # A second signal, or one that somebody else's handler heard.
            stop.signal = stop.signal or signal.SIGINT
        finally:
            if checkpoint is not None:
                checkpoint.leave()
            forget_luck()
    return assembly


def compute_units(job: Job, units: list[Unit], how: Execution, take: Callable[[Block], None], stop: Stop) -> None:
    """Compute units where the execution says, handing on each as it is finished, until a signal asks to end.

    Raises
    ------
    FaultError
        Of a rule or outcome, in the lowest run in which one fails.
    """
    if not units:
        return
    first, last = min(unit.runs.start for unit in units), max(unit.runs.stop for unit in units)
    there = np.zeros((job.lines, last - first), bool)

    def taken(block: Block) -> None:
        take(block)
        there[list(block.lines), block.runs.start - first : block.runs.stop - first] = True

    try:
        _computed(job, units, how, taken, stop)
    except FaultError as fault:
        earliest = first_of_all(job, fault, units, there, first)
        raise earliest from earliest.__cause__


def _computed(job: Job, units: list[Unit], how: Execution, take: Callable[[Block], None], stop: Stop) -> None:
    pieces = Pieces(job, units, fixed=how.block is not None)
    if isinstance(how.executor, Workers):
        how.executor.begin(packed(job))
        dispatch(job, pieces, how.executor, take, stop, pieces.timed)
    elif how.executor is not None:
        with Lent(how.executor, how.workers, packed(job)) as lent:
            dispatch(job, pieces, lent, take, stop, pieces.timed)
    elif how.workers > 1 and len(units) > 1:
        with Workers(min(how.workers, len(units))) as workers:
            workers.begin(packed(job))
            dispatch(job, pieces, workers, take, stop, pieces.timed)
    else:
        for unit in pieces:
            if stop:
                break
            begun = time.thread_time()
            block = job.compute(unit)
            pieces.timed(unit, time.thread_time() - begun)
            take(block)


@contextlib.contextmanager
def shared_pool(how: Execution) -> Iterator[Execution]:
    """Yield how to carry out many experiments in a row, in the same processes and without progress of their own."""
    silent = replace(how, progress=False)
    if how.executor is not None or how.workers == 1:
        yield silent
        return
    with stoppable(), Workers(how.workers) as pool:
        yield replace(silent, executor=pool)
