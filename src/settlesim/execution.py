"""How an experiment is carried out: block by block, here or in other processes, with progress and resume.

Nothing here changes a result: a run is the same in any block, on any worker, in any order.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from settlesim.errors import SettlesimError, UsageError
from settlesim.jobs import Job, Parts, compute, packed, unpacked
from settlesim.results import Assembly, Block
from settlesim.stores import check_suffix

__all__ = ["BLOCK", "Execution", "execute"]

# Runs simulated at a time.  Larger blocks spread the overhead of array operations over more runs until the
# state of a block no longer fits into the processor's cache.
BLOCK = 512


@dataclass(frozen=True)
class Execution:
    """How to carry out an experiment; no field of it changes a result.

    Parameters
    ----------
    workers : int
        Number of processes.  With more than one, a script must start its work under ``if __name__ ==
        "__main__":``.
    block : int
        Runs simulated at a time.
    progress : bool, optional
        Whether to show progress; by default only on a terminal.
    out : str or Path, optional
        Where to save the result.  Finished blocks are kept beside it, in ``<out>.parts``, until all are done:
        the same call resumes after an interruption or a crash.
    executor : concurrent.futures.Executor, optional
        Computes the blocks in place of `workers` processes, such as ``Client(...).get_executor()`` of dask.

    Examples
    --------
    >>> Execution(workers=2).block
    512
    """

    workers: int = 1
    block: int = BLOCK
    progress: bool | None = None
    out: str | Path | None = None
    executor: Executor | None = None

    def __post_init__(self) -> None:
        for name in ("workers", "block"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} must be a whole number of at least 1, got {value!r}")
        if self.out is not None:
            check_suffix(self.out)


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
    starts = range(runs.start, runs.stop, how.block)
    blocks = [range(start, min(start + how.block, runs.stop)) for start in starts]
    parts = None if how.out is None else Parts(Path(how.out))
    if parts is not None:
        parts.begin(job)
    with _progress(len(runs), how.progress) as advance:
        missing = []
        for block in blocks:
            kept = None if parts is None else parts.load(block)
            if kept is None:
                missing.append(block)
            else:
                assembly.add(kept)
                advance(len(block))

        def take(block: Block) -> None:
            if parts is not None:
                parts.store(block)
            assembly.add(block)
            advance(len(block.runs))

        try:
            if how.executor is not None:
                _in_parallel(job, missing, how.executor, 2 * how.workers, take)
            elif how.workers > 1 and len(missing) > 1:
                _in_processes(job, missing, min(how.workers, len(missing)), take)
            else:
                for block in missing:
                    take(compute(job, block))
        except KeyboardInterrupt:
            if not assembly.done.any():
                raise
    return assembly


def _in_processes(job: Job, blocks: list[range], workers: int, take: Callable[[Block], None]) -> None:
    # Spawned, not forked: forking a process with threads can hang, and Mesa insists on it.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupt) as pool:
        try:
            _in_parallel(job, blocks, pool, 2 * workers, take)
        except BrokenProcessPool as error:
            raise SettlesimError(
                "a worker process died; if none could start, put the call under if __name__ == '__main__', "
                "otherwise memory may have run out: use fewer workers or smaller blocks"
            ) from error


def _ignore_interrupt() -> None:
    """Leave Ctrl-C to the parent, which lets workers finish their block."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_parallel(job: Job, blocks: list[range], pool: Executor, ahead: int, take: Callable[[Block], None]) -> None:
    data = packed(job)
    queue = iter(blocks)
    # Only a few blocks are under way at a time, so that results do not pile up.
    pending: set[Future[Block]] = set()

    def submit(number: int) -> None:
        for _ in range(number):
            block = next(queue, None)
            if block is not None:
                pending.add(pool.submit(_remote, data, block))

    try:
        submit(ahead)
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                pending.discard(future)
                take(future.result())
            submit(len(done))
    except KeyboardInterrupt:
        # What is under way is nearly done: take it in, start nothing new.
        running = [future for future in pending if not future.cancel()]
        for future in running:
            take(future.result())
        raise
    except BaseException:
        for future in pending:
            future.cancel()
        raise


def _remote(data: bytes, runs: range) -> Block:
    return compute(unpacked(data), runs)


@contextlib.contextmanager
def _progress(total: int, wanted: bool | None) -> Iterator[Callable[[int], Any]]:
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=wanted is None) as bar:
        task = bar.add_task("runs", total=total)
        yield lambda number: bar.advance(task, number)
