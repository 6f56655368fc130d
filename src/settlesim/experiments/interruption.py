"""Signals that ask an experiment to end: the first lets it finish what is under way, the second ends it at once."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
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
        with contextlib.suppress(OSError, ValueError):
            print(SAID, file=sys.stderr, flush=True)

    def error(self, message: str, result: Any = None) -> Interrupted | Terminated:
        """Return what the caller of an experiment is to meet."""
        kind = Terminated if self.signal == getattr(signal, "SIGTERM", None) else Interrupted
        return kind(message, result)


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
