"""Progress of an experiment in runs: a bar on a terminal or in a notebook, elsewhere a line now and then."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["progress_bar", "spoken"]

# Seconds between lines where there is no terminal: in the log of a job.
EVERY = 30.0


@contextlib.contextmanager
def progress_bar(
    total: int, wanted: bool | None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], Any]]:
    """Show progress in runs, unless it is not wanted; yield what is called with the number of runs done.

    Parameters
    ----------
    total : int
        Runs times sequences.
    wanted : bool, optional
        By default a bar on terminals and in notebooks, and lines of what takes longer than half a minute elsewhere.
    clock : callable
        Seconds.
    """
    if wanted is False:
        yield lambda _: None
        return
    if not (sys.stderr.isatty() or _in_a_notebook()):
        yield _Lines(total, clock).advance
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=wanted is None) as bar:
        task = bar.add_task("runs", total=total)
        yield lambda number: bar.advance(task, number)


def _in_a_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


class _Lines:
    """Says at most every half a minute, on standard error, how far it is."""

    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        self.total, self.clock = total, clock
        self.begun = self.said = clock()
        self.done = 0

    def advance(self, number: int) -> None:
        self.done += number
        now = self.clock()
        if now - self.said < EVERY or self.done >= self.total:
            return
        self.said = now
        left = (now - self.begun) * (self.total - self.done) / max(self.done, 1)
        how = f"{self.done:,} of {self.total:,} runs, {100 * self.done // self.total}%, about {spoken(left)} left"
        with contextlib.suppress(OSError, ValueError):
            print(f"settlesim: {how}", file=sys.stderr, flush=True)


def spoken(seconds: float) -> str:
    """Return a time as people say it.

    Examples
    --------
    >>> spoken(0.4), spoken(75), spoken(200), spoken(9000)
    ('1 s', '75 s', '3 min', '2.5 h')
    """
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
