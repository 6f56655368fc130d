"""Output of the commands: tables on a terminal, figures to a file, errors as one message and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from settlesim.app.streams import ReaderGoneError, delivered, printable, readable, tell
from settlesim.errors import Interrupted, ScenarioError, SettlesimError, Terminated, UsageError

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import Console
    from rich.table import Table

__all__ = [
    "DEBUG",
    "EXITS",
    "FAILED",
    "INTERRUPTED",
    "TERMINATED",
    "USAGE",
    "check_figure",
    "check_writable",
    "complete_or_part",
    "console",
    "draw",
    "exit_if_interrupted",
    "plain_errors",
    "said_and_left",
    "say",
    "show",
]

FAILED, USAGE, INTERRUPTED, TERMINATED = 1, 2, 130, 143
EXITS = {
    0: "done, all of it",
    FAILED: "failed: a file could not be read or written, memory ran out, a rule raised, the engines differ",
    USAGE: "asked wrongly, or the scenario holds mistakes: nothing was simulated",
    INTERRUPTED: "interrupted by Ctrl-C: what is printed, if anything, is of the runs completed",
    TERMINATED: "ended by SIGTERM, the same",
}
# Set to 1, an error shows where in the code it came from.
DEBUG = "SETTLESIM_DEBUG"
# Columns where the output is no terminal, and the fewest that anything is set in.
PIPED, FEWEST = 160, 20
# Characters of a line of error, at most.
LONGEST = 980
# What an output answers that takes no more.
UNTAKEN = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG)
FIGURES = (".png", ".pdf", ".svg")


def console() -> Console:
    """Return a console as wide as the terminal, or as COLUMNS says; tables in a file or a pipe keep their columns."""
    from rich.console import Console

    told = os.environ.get("COLUMNS", "")
    width = max(int(told), FEWEST) if told.isascii() and told.isdigit() and len(told) < 6 else PIPED
    if sys.stdout.isatty():
        measured = Console(file=sys.stdout).width
        width = max(measured, FEWEST)
    # Printed by Python in the end: rich would leave without a word when the reader goes away.
    terminal = True if sys.stdout.isatty() else None
    return Console(file=_Held(), force_terminal=terminal, width=width, highlight=False, markup=False, emoji=False)


class _Held(io.StringIO):
    """What is to be printed, of the encoding in which it will be."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return _encoding()


def _encoding() -> str:
    return sys.stdout.encoding or "utf-8"


def show(*tables: Table) -> None:
    """Print tables, each in a form that fits the terminal: every table of every command goes through here."""
    from settlesim.app.narrow import fitted

    here = console()
    for table in tables:
        _print(here, fitted(table, here.width, _written))


def say(text: str, style: str = "", then: str = "", indent: int = 0) -> None:
    """Print text, which is text and no markup, broken between words: its first part in a style."""
    from rich.padding import Padding
    from rich.text import Text

    whole = Text.assemble((_written(text), style), _written(then))
    _print(console(), Padding(whole, (0, 0, 0, indent)) if indent else whole)


def _written(text: str) -> str:
    """Text as the output can show it."""
    return readable(printable(text), _encoding())


def _print(here: Console, what: Any) -> None:
    here.print(what)
    held = here.file
    if isinstance(held, _Held):
        sys.stdout.write("\n".join(line.rstrip() for line in held.getvalue().split("\n")))
        held.seek(0)
        held.truncate()


def check_figure(path: Path | None) -> None:
    """Refuse a figure that could not be saved, before the work that it is to show is done."""
    if path is None:
        return
    if path.suffix not in FIGURES:
        raise UsageError(f"cannot draw to {str(path)!r}: its name must end in .png, .pdf or .svg")
    from settlesim.results import ownership

    ownership.check_figure(path)
    check_writable(path)


def check_writable(path: Path | None) -> None:
    """Refuse a file in a folder in which none can be made."""
    if path is None:
        return
    folder = path.absolute().parent
    try:
        # Tried, since permissions do not tell of a read-only disk. It has no name, and leaves nothing.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(
            f"cannot write {str(path)!r}: no file can be made in {str(folder)!r}: {error.strerror}"
        ) from None


def draw(path: Path | None, axes: Callable[[], Any]) -> None:
    """Save the figure of some axes, which are drawn only if there is a path."""
    if path is None:
        return
    from settlesim.results.stores import replacing

    check_figure(path)
    with replacing(path) as temporary:
        axes().figure.savefig(temporary, dpi=200, format=path.suffix[1:])


# What interrupted the experiment whose part is shown.
_stops: list[Interrupted | Terminated] = []


def complete_or_part(call: Callable[[], xr.Dataset]) -> xr.Dataset:
    """Return what an experiment gives, or what was complete of it when it was interrupted.

    Of a part `exit_if_interrupted` is to end the command, once it is shown.

    Raises
    ------
    Interrupted, Terminated
        If nothing is complete.
    """
    _stops.clear()
    try:
        return call()
    except (Interrupted, Terminated) as stop:
        if stop.result is None:
            raise
        _stops.append(stop)
        return stop.result  # type: ignore[no-any-return]


def exit_if_interrupted() -> None:
    """Leave with the exit code of what interrupted the experiment whose part has been shown, if anything did."""
    if _stops:
        raise _stops.pop()


def said_and_left(stop: KeyboardInterrupt | Terminated) -> typer.Exit:
    """Say what an interruption left; return what ends the command with its exit code."""
    if isinstance(stop, Terminated):
        # It has been said already.
        return typer.Exit(TERMINATED)
    tell(str(stop) or "interrupted before anything was complete")
    return typer.Exit(INTERRUPTED)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors into one message on stderr and an exit code; what the output did not take is told as well."""
    code: Any = 0
    broken: OSError | None = None
    gone: str | None = None
    try:
        yield
    except SystemExit as end:
        code = end.code
    except SettlesimError as error:
        _say_error(error, str(error))
        code = USAGE if isinstance(error, (ScenarioError, UsageError)) else FAILED
    except KeyboardInterrupt:
        tell("interrupted before anything was complete")
        code = INTERRUPTED
    except ReaderGoneError as end:
        code, gone = FAILED, str(end)
    except (OSError, MemoryError, OverflowError, RecursionError, UnicodeError) as error:
        code = FAILED
        if isinstance(error, OSError) and error.filename is None:
            # Standard output has no name: whether it is to blame shows when it is written out.
            broken = error
        else:
            _say_error(error, _reason(error))
    reason = delivered() or gone
    if broken is not None and broken.errno in UNTAKEN:
        reason = reason or broken.strerror
    if reason is not None:
        tell(f"standard output did not take all that was printed: {reason}")
        code = code or FAILED
    elif broken is not None:
        _say_error(broken, _reason(broken))
    if code:
        raise SystemExit(code)


def _say_error(error: BaseException, message: str) -> None:
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    for line in message.splitlines() or [""]:
        tell(_cut(printable(line), LONGEST))


def _reason(error: BaseException) -> str:
    """What went wrong, on one line."""
    if isinstance(error, OSError):
        said = error.strerror or str(error) or type(error).__name__
        name = error.filename
        text = f"{_cut(str(name), 300)!r}: {said}" if name is not None else said
    else:
        kinds = {
            "MemoryError": "memory ran out",
            "RecursionError": "nested too deeply",
            "OverflowError": "a number is too large",
        }
        kind = kinds.get(type(error).__name__, "text that cannot be read or written")
        text = f"{kind}: {error}" if str(error) else kind
    return printable(_cut(" ".join(text.split())))


def _cut(text: str, most: int = 600) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
