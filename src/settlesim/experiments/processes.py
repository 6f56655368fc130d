"""Worker processes of one's own: each computes units of a job, and none outlives the process that started it."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process, process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from settlesim.errors import SettlesimError, UsageError
from settlesim.experiments.dispatch import Reply
from settlesim.experiments.job import Unit, forget_luck
from settlesim.experiments.transport import unpacked

__all__ = ["Workers", "leave_if_started_by_mistake"]

# Units a worker holds at most: the one it computes, and the next, so that it need not wait for the parent.
HELD = 2
# Processes that end one after another before they have begun, from which on none is started any more.
STILLBORN = 3
# Seconds that an idle worker gets to leave by itself.
LEAVES = 5.0
# Libraries that compute in threads of their own would set them against those of other workers.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
# Tells a process that is being started from one that imports the script for other reasons.
MARK = "SETTLESIM_STARTS_A_WORKER"
# Exit code of a process that would have started the experiment anew.
UNGUARDED = 64


def leave_if_started_by_mistake() -> None:
    """End a process that, while it is started as a worker, has come to carry out the experiment itself."""
    if getattr(process.current_process(), "_inheriting", False) and MARK in os.environ:
        os._exit(UNGUARDED)


# -- in the parent ------------------------------------------------------------------------------------


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    job: int = -1
    units: deque[int] = field(default_factory=deque)


class Workers:
    """Spawned processes that compute units; they can be used for one job after another.

    Parameters
    ----------
    number : int
        How many.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._workers: list[_Worker] = []
        self._data, self._job = b"", 0
        self._stillborn = 0
        # Given out before their worker was ready to take them, or between workers.
        self._units: dict[int, Unit] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        self.close(at_once=kind is not None)

    def begin(self, data: bytes) -> None:
        """Take on a job, as packed bytes, which go to each worker once."""
        if self._units:
            # Left over by a job that failed: what they compute is no longer wanted.
            self.close(at_once=True)
        self._data, self._job = data, self._job + 1

    def room(self) -> int:
        """Return how many units more can be under way."""
        return HELD * self.number - len(self._units)

    def give(self, turn: int, unit: Unit) -> None:
        """Have a unit computed by the worker that has the least to do."""
        self._units[turn] = unit
        if len(self._workers) < self.number and all(w.units for w in self._workers):
            self._workers.append(_started())
        worker = min(self._workers, key=lambda w: len(w.units))
        worker.units.append(turn)
        if worker.ready:
            self._send(worker, turn)

    def _send(self, worker: _Worker, turn: int) -> None:
        # A worker that died meanwhile is met where replies are collected.
        with contextlib.suppress(OSError):
            if worker.job != self._job:
                worker.job = self._job
                worker.pipe.send((self._job, self._data))
            worker.pipe.send((turn, self._units[turn]))

    def collect(self, seconds: float) -> list[Reply]:
        """Wait for blocks and for deaths of workers.

        Raises
        ------
        UsageError
            If workers cannot be started from this script, or cannot take in the job.
        SettlesimError
            If no worker starts.
        """
        found: list[Reply] = []
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(pipes), seconds):
            worker = pipes[pipe]  # type: ignore[index]
            message = _received(worker.pipe)
            if message is None:
                found += self._lost(worker)
                continue
            said, content, took = message
            if said == "ready":
                worker.ready, self._stillborn = True, 0
                for turn in worker.units:
                    self._send(worker, turn)
            elif said == "unreadable":
                raise UsageError(content)
            elif said in worker.units:
                worker.units.remove(said)
                del self._units[said]
                failed = isinstance(content, BaseException)
                told = getattr(content, "told", None)
                if failed and told is not None:
                    content.__cause__ = SettlesimError(told)
                found.append(
                    Reply(said, None if failed else content, took, content if failed else None),
                )
        return found

    def _lost(self, worker: _Worker) -> list[Reply]:
        """Count a worker out; say of what it held that it is to be computed again."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(LEAVES)
        code = worker.process.exitcode
        how = _ending(code)
        _reaped(worker.process)
        held = list(worker.units)
        for turn in held:
            del self._units[turn]
        if not worker.ready:
            if code == UNGUARDED:
                raise UsageError(
                    "a worker process ran the whole script anew: put what starts the experiment under "
                    "if __name__ == '__main__':, or use one worker"
                )
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                raise SettlesimError(
                    f"worker processes end before they have begun ({how}): a script must be one that can be imported, "
                    "with what it does under if __name__ == '__main__':, and there must be memory; or use one worker"
                )
        return [Reply(turn, died=how if worker.ready and turn == held[0] else "") for turn in held]

    def withdraw(self) -> list[int]:
        """Take back what no worker can have begun."""
        back = [turn for worker in self._workers if not worker.ready for turn in worker.units]
        for worker in self._workers:
            if not worker.ready:
                worker.units.clear()
        for turn in back:
            del self._units[turn]
        return back

    def close(self, at_once: bool = False) -> None:
        """Let the workers go: those that have nothing to do leave, others are ended."""
        for worker in self._workers:
            if at_once or worker.units or not worker.ready:
                worker.process.kill()
            worker.pipe.close()
        until = time.monotonic() + LEAVES
        for worker in self._workers:
            worker.process.join(max(0.0, until - time.monotonic()))
            if worker.process.exitcode is None:
                worker.process.kill()
                worker.process.join()
            _reaped(worker.process)
        self._workers.clear()
        self._units.clear()


def _received(pipe: Connection) -> Any:
    """Return what a worker sent; nothing where it is no more."""
    with contextlib.suppress(EOFError, OSError):
        return pipe.recv()
    return None


def _reaped(process: SpawnProcess) -> None:
    with contextlib.suppress(ValueError):
        process.close()


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _started() -> _Worker:
    # Spawned, not forked: forking a process with threads can hang, and Mesa insists on it.
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    child = context.Process(target=_work, args=(theirs,), name="settlesim worker", daemon=True)
    with _unheard(), _environment(), _importable_main():
        child.start()
    theirs.close()
    return _Worker(child, mine)


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Have a process that is started here compute in one thread, and know what it is started for."""
    before = {name: os.environ.get(name) for name in (*THREADS, MARK)}
    os.environ.update(dict.fromkeys(before, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _importable_main() -> Iterator[None]:
    """Hide the name of a script that is no file, such as ``<stdin>``, from a process that would look for it."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if file is None or getattr(main, "__spec__", None) is not None or os.path.exists(file):
        yield
        return
    del main.__file__  # type: ignore[union-attr]
    try:
        yield
    finally:
        main.__file__ = file  # type: ignore[union-attr]


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Hold Ctrl-C back while processes start: a child would die of it before `_work`, and be lost if half started."""
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


# -- in a worker --------------------------------------------------------------------------------------


def _work(pipe: Connection) -> None:
    """Compute units until there is nobody to send them to."""
    # Ctrl-C is left to the parent, which lets workers finish what they compute.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop(MARK, None)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    # The parent went away, or wants no more.
    with contextlib.suppress(EOFError, OSError):
        pipe.send(("ready", None, 0.0))
        job: Any = None
        while True:
            number, content = pipe.recv()
            if isinstance(content, bytes):
                forget_luck()
                try:
                    job = unpacked(content)
                except Exception as error:
                    pipe.send(("unreadable", _unreadable(error), 0.0))
                continue
            begun = time.thread_time()
            try:
                answer: Any = job.compute(content)
            except Exception as error:
                answer = _sendable(error)
            pipe.send((number, answer, time.thread_time() - begun))


def _leave_with_parent() -> None:
    """End this process with the one that started it, however that ended."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _unreadable(error: Exception) -> str:
    if isinstance(error, UsageError):
        return str(error)
    said = f"{type(error).__name__}: {error}"
    return (
        f"a worker process cannot take in the experiment ({said}): define rules and functions of outcomes in a module "
        "that can be imported from there, not in a notebook or under if __name__ == '__main__':, or use one worker"
    )


def _sendable(error: Exception) -> BaseException:
    """Return an error that survives being sent, with where it was raised."""
    try:
        if not isinstance(error, SettlesimError):
            error.add_note(f"in a worker process:\n{traceback.format_exc()}")
        elif error.__cause__ is not None:
            # A cause is not sent along, nor can each be.
            error.told = f"in a worker process:\n{traceback.format_exc()}"  # type: ignore[attr-defined]
        pickle.loads(pickle.dumps(error))
    except Exception:
        return SettlesimError(f"{type(error).__name__} in a worker process: {error}")
    return error
