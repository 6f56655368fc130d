"""Units computed by somebody else's executor: a pool, dask, MPI."""

from __future__ import annotations

import hashlib
import sys
import time
import uuid
from collections import OrderedDict, deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from typing import Any

from settlesim.errors import SettlesimError
from settlesim.experiments.dispatch import Reply
from settlesim.experiments.job import Job, Unit
from settlesim.experiments.transport import unpacked
from settlesim.results.dataset import Block

__all__ = ["Lent"]

# Seconds before what was lost is sent again: a scheduler that starts anew takes a while.
PAUSES = (0.0, 1.0, 3.0)


class Lent:
    """An executor that computes units; what its workers need to know of the job is sent where it is missing.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        Whose workers can import settlesim.
    workers : int
        Number of its workers, where it does not tell.
    data : bytes
        The job, as packed.
    """

    def __init__(self, executor: Executor, workers: int, data: bytes) -> None:
        self.executor = executor
        self.ahead = 2 * max(workers, _capacity(executor))
        self.data = data
        self.digest = hashlib.sha256(data).hexdigest()
        # Dask takes equal calls for one, and gives for the second what became of the first.
        self.call, self.calls = uuid.uuid4().hex, 0
        self.futures: dict[Future[Any], tuple[int, Unit]] = {}
        self.losses: dict[int, int] = {}
        self.later: deque[tuple[float, int, Unit]] = deque()

    def __enter__(self) -> Lent:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def room(self) -> int:
        """Return how many units more can be under way."""
        return self.ahead - len(self.futures) - len(self.later)

    def give(self, turn: int, unit: Unit) -> None:
        """Have a unit computed, later if it was lost before."""
        lost = self.losses.get(turn, 0)
        if lost:
            self.later.append((time.monotonic() + PAUSES[min(lost, len(PAUSES) - 1)], turn, unit))
        else:
            self._submit(turn, unit, b"")

    def _submit(self, turn: int, unit: Unit, data: bytes) -> None:
        self.calls += 1
        try:
            future = self.executor.submit(_remote, self.digest, data, unit, f"{self.call}-{self.calls}")
        except Exception as error:
            raise SettlesimError(
                f"the executor takes no more work ({type(error).__name__}: {error}): make it anew"
            ) from error
        self.futures[future] = turn, unit

    def collect(self, seconds: float) -> list[Reply]:
        """Wait for what was submitted."""
        now = time.monotonic()
        for _ in range(len(self.later)):
            due, turn, unit = self.later.popleft()
            if due <= now:
                self._submit(turn, unit, b"")
            else:
                self.later.append((due, turn, unit))
        if not self.futures:
            time.sleep(seconds)
            return []
        done, _ = wait(self.futures, seconds, return_when=FIRST_COMPLETED)
        found = []
        for future in done:
            turn, unit = self.futures.pop(future)
            fault: BaseException | None = CancelledError() if future.cancelled() else future.exception()
            if fault is None:
                block, took = future.result()
                if block is None:
                    self._submit(turn, unit, self.data)
                else:
                    found.append(Reply(turn, block, took))
            elif isinstance(fault, _gone()):
                self.losses[turn] = self.losses.get(turn, 0) + 1
                found.append(Reply(turn, died=type(fault).__name__))
            else:
                found.append(Reply(turn, fault=fault))
        return found

    def withdraw(self) -> list[int]:
        """Take back what nobody has begun."""
        back = [turn for _, turn, _ in self.later]
        self.later.clear()
        # Dask cancels what is being computed as well.
        if not hasattr(self.executor, "_client"):
            for future in [future for future in self.futures if future.cancel()]:
                back.append(self.futures.pop(future)[0])
        return back

    def close(self) -> None:
        """Take back everything."""
        for future in self.futures:
            future.cancel()
        self.futures.clear()


def _gone() -> tuple[type[BaseException], ...]:
    """Return the errors that say that a worker, or the way to it, is no more."""
    if "distributed" not in sys.modules:
        return BrokenExecutor, CancelledError
    from distributed.comm.core import CommClosedError
    from distributed.scheduler import KilledWorker

    return BrokenExecutor, CancelledError, CommClosedError, KilledWorker


def _capacity(executor: Executor) -> int:
    """Return how many units an executor computes at a time, where it tells."""
    client: Any = getattr(executor, "_client", None)
    if client is not None:
        return max(1, sum(map(int, client.nthreads().values())))
    # As pools of the standard library call it, and that of mpi4py.
    told = (getattr(executor, name, None) for name in ("_max_workers", "num_workers"))
    return next((number for number in told if isinstance(number, int)), 1)


# In a worker: the last jobs, by the digest of what was sent.
_jobs: OrderedDict[str, Job] = OrderedDict()
JOBS = 2


def _remote(digest: str, data: bytes, unit: Unit, call: str) -> tuple[Block | None, float]:
    """Compute a unit; return no block where the job is not known here."""
    job = _jobs.get(digest)
    if job is None:
        if not data:
            return None, 0.0
        job = _jobs[digest] = unpacked(data)
        while len(_jobs) > JOBS:
            _jobs.popitem(last=False)
    begun = time.thread_time()
    return job.compute(unit), time.thread_time() - begun
