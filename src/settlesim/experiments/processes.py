"""Units of a job computed in other processes: started so that no signal loses them, a few under way at a time."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from itertools import islice
from multiprocessing import active_children, get_context, resource_tracker
from types import FrameType

from settlesim.errors import FaultError, SettlesimError
from settlesim.experiments.interruption import Stop
from settlesim.experiments.job import Job, Unit
from settlesim.experiments.transport import packed, unpacked
from settlesim.results.dataset import Block

__all__ = ["in_parallel", "in_processes", "process_pool"]

# Seconds within which a signal is met while units are waited for.
LISTENS = 0.2


def in_processes(job: Job, units: list[Unit], workers: int, take: Callable[[Block], None], stop: Stop) -> None:
    """Compute units in processes of their own, which end with the experiment."""
    # Spawned, not forked: forking a process with threads can hang, and Mesa insists on it.
    context = get_context("spawn")
    others = set(active_children())
    # Sent once, not with each unit: what is long could wait in the pipe for a worker that is no more.
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(packed(job),)) as pool:
        try:
            in_parallel(units, pool, 2 * workers, take, stop)
        except BrokenProcessPool as error:
            raise SettlesimError(
                "a worker process died; if none could start, put the call under if __name__ == '__main__', "
                "otherwise memory may have run out: use fewer workers or smaller blocks"
            ) from error
        except KeyboardInterrupt:
            for child in set(active_children()) - others:
                child.terminate()
            raise


# In a worker process of an experiment's own: the job.
_sent = b""


def _begin(data: bytes = b"") -> None:
    """Leave Ctrl-C to the parent, which lets workers finish what they compute, and keep the job."""
    global _sent
    _sent = data
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Hold Ctrl-C back while processes start: a child would die of it before `_begin`, and be lost if half started."""
    heard: list[tuple[int, FrameType | None]] = []
    handler = signal.getsignal(signal.SIGINT)
    # Elsewhere than in the main thread nobody is interrupted, nor can handlers be set.
    held = callable(handler) and threading.current_thread() is threading.main_thread()
    if held:
        # Not by the mask alone, which is this thread's: any other, such as one of numpy's, takes the signal for all.
        signal.signal(signal.SIGINT, lambda number, frame: heard.append((number, frame)))
    try:
        with _masked():
            yield
    finally:
        if held:
            signal.signal(signal.SIGINT, handler)
    if heard and callable(handler):
        handler(*heard[0])


@contextlib.contextmanager
def _masked() -> Iterator[None]:
    """Have processes that are started here begin with Ctrl-C held back."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # Multiprocessing's own helper, if it started with the first process, would end the mask.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def in_parallel(
    units: list[Unit], pool: Executor, ahead: int, take: Callable[[Block], None], stop: Stop, data: bytes = b""
) -> None:
    """Compute units in a pool whose workers have the job, or get it with each unit as `data`."""
    queue = iter(enumerate(units))
    # Only a few units are under way at a time, so that results do not pile up.
    turns: dict[Future[Block], int] = {}

    def submit(number: int) -> None:
        for turn, unit in islice(queue, number):
            with _unheard():
                turns[pool.submit(_remote, data, unit)] = turn

    try:
        submit(ahead)
        while turns:
            # Not for ever, since where signals come in is not told otherwise.
            done, _ = wait(turns, LISTENS, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=turns.__getitem__):
                turn = turns.pop(future)
                fault = future.exception()
                if isinstance(fault, FaultError):
                    # Which worker was the fastest must not decide which fault is shown: the first in turn is.
                    earlier = sorted((f for f in turns if turns[f] < turn), key=turns.__getitem__)
                    raise next((e for e in (f.exception() for f in earlier) if isinstance(e, FaultError)), fault)
                take(future.result())
            if stop:
                # What is under way is worth keeping: take it in, start nothing new.
                for future in [future for future in turns if future.cancel()]:
                    del turns[future]
            else:
                submit(len(done))
    except BaseException:
        for future in turns:
            future.cancel()
        raise


@lru_cache(maxsize=2)
def _job(data: bytes) -> Job:
    """Unpack a job once, not for each of its units."""
    return unpacked(data)


def _remote(data: bytes, unit: Unit) -> Block:
    return _job(data or _sent).compute(unit)


def process_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of spawned processes that leave Ctrl-C to this one, and get the job with each unit."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
