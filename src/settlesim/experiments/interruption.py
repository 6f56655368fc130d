"""Signals that ask an experiment to end: the first lets it finish what is under way, the second ends it at once."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from settlesim.errors import Interrupted, Terminated

__all__ = ["Stop", "stoppable"]

SAID = "settlesim: finishing what is under way; Ctrl-C again stops at once"


class Stop:
    """Whether, and by which signal, an experiment is asked to end."""

    def __init__(self) -> None:
        self.signal = 0

    def __bool__(self) -> bool:
        return self.signal != 0

    def hear(self, number: int, frame: FrameType | None = None) -> None:
        """Note a signal; a second one is not waited for."""
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
        _say(SAID)

    def error(self, message: str, result: Any = None) -> Interrupted | Terminated:
        """Return what the caller of an experiment is to meet."""
        if self.signal == signal.SIGTERM:
            # Of an exit Python says nothing.
            _say(f"settlesim: {message}")
            return Terminated(message, result)
        _have_it_exit_so()
        return Interrupted(message, result)


def _say(line: str) -> None:
    # Whoever read it may be gone, which is no reason not to end well.
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _have_it_exit_so() -> None:
    """Let a script that nobody ends otherwise end with 130: Python does it for KeyboardInterrupt itself alone."""
    before = sys.excepthook
    if getattr(before, "exits", False):
        return

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, Interrupted):
            _say(f"settlesim: {error}")
            raise SystemExit(128 + signal.SIGINT)
        before(kind, error, trace)

    hook.exits = True  # type: ignore[attr-defined]
    sys.excepthook = hook


# What experiments of this thread share that follow one another in one piece of work.
_here = threading.local()


@contextlib.contextmanager
def stoppable() -> Iterator[Stop]:
    """Yield what says whether a signal asked to end, and hear Ctrl-C and SIGTERM meanwhile, unless others do.

    Only the main thread is told of signals.  A handler that somebody set stays: whoever raises KeyboardInterrupt in it
    ends the unit that is under way.
    """
    outer: Stop | None = getattr(_here, "stop", None)
    if outer is not None:
        yield outer
        return
    stop = _here.stop = Stop()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        ours = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
        before = {number: usual for number, usual in ours.items() if signal.getsignal(number) is usual}
    try:
        for number in before:
            signal.signal(number, stop.hear)
        yield stop
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)
        del _here.stop
