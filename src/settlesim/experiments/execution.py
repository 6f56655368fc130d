"""How an experiment is carried out: block by block, here or in other processes, with progress and resume.

Nothing here changes a result: a run is the same in any block, on any worker, in any order.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settlesim.errors import FaultError, SettlesimError, UsageError
from settlesim.experiments.checkpoint import Checkpoint
from settlesim.experiments.job import Job, compute
from settlesim.experiments.transport import packed, unpacked
from settlesim.results.dataset import Assembly, Block, provenance
from settlesim.results.stores import check_suffix, save

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["BLOCK", "Execution", "carry_out", "execute", "progress_bar", "shared_pool"]

# Runs simulated at a time, at most.  Larger blocks spread the overhead of array operations over more runs;
# benchmarks/bench_engine.py shows the gain shrinking, while memory and the wait at an interruption go on growing.
BLOCK = 1024


@dataclass(frozen=True)
class Execution:
    """How to carry out an experiment; no field of it changes a result.

    Parameters
    ----------
    workers : int
        Number of processes.  With more than one, a script must start its work under ``if __name__ ==
        "__main__":``.
    block : int, optional
        Runs simulated at a time; by default as many as share the runs evenly among the workers, up to 1024.
    progress : bool, optional
        Whether to show progress; by default only on a terminal.
    out : str or Path, optional
        Where to save the result.  Finished blocks are kept beside it, in ``<out>.parts``, until all are done:
        the same call resumes after an interruption or a crash.
    executor : concurrent.futures.Executor, optional
        Computes the blocks in place of `workers` processes, such as ``Client(...).get_executor()`` of dask.

    Examples
    --------
    >>> Execution(workers=2).blocks(range(1000))
    [range(0, 500), range(500, 1000)]
    """

    workers: int = 1
    block: int | None = None
    progress: bool | None = None
    out: str | Path | None = None
    executor: Executor | None = None

    def __post_init__(self) -> None:
        for name in ("workers", "block"):
            value = getattr(self, name)
            if value is None and name == "block":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} must be a whole number of at least 1, got {value!r}")
        if self.out is not None:
            check_suffix(self.out)

    def blocks(self, runs: range) -> list[range]:
        """Cut runs into blocks."""
        number = max(-(-len(runs) // BLOCK), min(self.workers, len(runs)))
        size = -(-len(runs) // number) if self.block is None else self.block
        return [range(start, min(start + size, runs.stop)) for start in range(runs.start, runs.stop, size)]


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
    KeyboardInterrupt
        If interrupted before the first block was done.
    SettlesimError
        As `execute`, and if the result cannot be saved.
    """
    assembly = execute(job, runs, how)
    attrs = provenance(
        job.scenario,
        entropy=job.entropy,
        engine=job.engine,
        method=job.method_name,
        protocol=job.protocol_name,
    )
    dataset = assembly.dataset(job.scenario, job.sequences, attrs)
    if arrange is not None:
        dataset = arrange(dataset)
    completed = int(assembly.done.sum())
    if completed < len(runs):
        # At the user's call of simulate, compare or sweep.
        warnings.warn(f"interrupted: {completed} of {len(runs)} runs were completed", stacklevel=3)
    if how.out is not None:
        save(dataset, how.out)
        if completed == len(runs):
            Checkpoint(Path(how.out)).clear()
    return dataset


def execute(job: Job, runs: range, how: Execution) -> Assembly:
    """Compute all runs of a job, or as many as there is time for before an interruption by Ctrl-C.

    Raises
    ------
    KeyboardInterrupt
        If interrupted before the first block was done.
    SettlesimError
        If a worker died, or a finished block could not be kept.
    """
    assembly = Assembly(len(job.sequences), runs)
    checkpoint = None if how.out is None else Checkpoint(Path(how.out))
    if checkpoint is not None:
        checkpoint.begin(job)
    with progress_bar(len(runs) * len(job.sequences), how.progress) as advance:
        missing = []
        for block in how.blocks(runs):
            kept = None if checkpoint is None else checkpoint.load(block)
            if kept is None:
                missing.append(block)
            else:
                assembly.add(kept)
                advance(len(block) * len(job.sequences))

        def take(block: Block) -> None:
            if checkpoint is not None:
                checkpoint.store(block)
            assembly.add(block)

        try:
            if how.executor is not None:
                # Workers elsewhere have no queue on which to report parts of a block.
                def take_whole(block: Block) -> None:
                    take(block)
                    advance(len(block.runs) * len(job.sequences))

                _in_parallel(job, missing, how.executor, 2 * how.workers, take_whole)
            elif how.workers > 1 and len(missing) > 1:
                _in_processes(job, missing, min(how.workers, len(missing)), take, advance)
            else:
                for block in missing:
                    take(compute(job, block, advance))
        except KeyboardInterrupt:
            if not assembly.done.any():
                raise
    return assembly


def _in_processes(
    job: Job, blocks: list[range], workers: int, take: Callable[[Block], None], advance: Callable[[int], Any]
) -> None:
    # Spawned, not forked: forking a process with threads can hang, and Mesa insists on it.
    context = get_context("spawn")
    reports = context.SimpleQueue()

    def listen() -> None:
        while not reports.empty():
            advance(reports.get())

    others = set(active_children())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(reports,)) as pool:
        try:
            _in_parallel(job, blocks, pool, 2 * workers, take, listen)
        except BrokenProcessPool as error:
            raise SettlesimError(
                "a worker process died; if none could start, put the call under if __name__ == '__main__', "
                "otherwise memory may have run out: use fewer workers or smaller blocks"
            ) from error
        except KeyboardInterrupt:
            for child in set(active_children()) - others:
                child.terminate()
            raise
    listen()


# In a worker process: the queue on which it reports how many runs are done.
_reports: Any = None


def _begin(reports: Any) -> None:
    """Leave Ctrl-C to the parent, which lets workers finish their block, and keep the queue to it."""
    global _reports
    _reports = reports
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_parallel(
    job: Job,
    blocks: list[range],
    pool: Executor,
    ahead: int,
    take: Callable[[Block], None],
    listen: Callable[[], None] = lambda: None,
) -> None:
    data = packed(job)
    queue = iter(blocks)
    # Only a few blocks are under way at a time, so that results do not pile up.
    pending: set[Future[Block]] = set()
    starts: dict[Future[Block], int] = {}

    def submit(number: int) -> None:
        for _ in range(number):
            block = next(queue, None)
            if block is not None:
                future = pool.submit(_remote, data, block)
                pending.add(future)
                starts[future] = block.start

    try:
        submit(ahead)
        while pending:
            done, _ = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            listen()
            for future in sorted(done, key=starts.__getitem__):
                pending.discard(future)
                fault = future.exception()
                if isinstance(fault, FaultError):
                    # Which worker was the fastest must not decide which fault is shown: lower runs come first.
                    earlier = sorted((f for f in pending if starts[f] < starts[future]), key=starts.__getitem__)
                    raise next((e for e in (f.exception() for f in earlier) if isinstance(e, FaultError)), fault)
                take(future.result())
            submit(len(done))
    except KeyboardInterrupt:
        # What is under way is worth keeping: take it in, start nothing new.
        print("settlesim: finishing the blocks under way; Ctrl-C again stops at once", file=sys.stderr)
        running = [future for future in pending if not future.cancel()]
        for future in running:
            take(future.result())
        raise
    except BaseException:
        for future in pending:
            future.cancel()
        raise


def _remote(data: bytes, runs: range) -> Block:
    return compute(unpacked(data), runs, None if _reports is None else _reports.put)


@contextlib.contextmanager
def shared_pool(how: Execution) -> Iterator[Execution]:
    """Yield how to carry out many experiments in a row, in the same processes and without progress of their own."""
    silent = replace(how, progress=False)
    if how.executor is not None or how.workers == 1:
        yield silent
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(how.workers, mp_context=context, initializer=_begin, initargs=(None,)) as pool:
        yield replace(silent, executor=pool)


@contextlib.contextmanager
def progress_bar(total: int, wanted: bool | None) -> Iterator[Callable[[int], Any]]:
    """Show progress in runs, if it is wanted; yield what is called with the number of runs done."""
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=wanted is None) as bar:
        task = bar.add_task("runs", total=total)
        yield lambda number: bar.advance(task, number)
