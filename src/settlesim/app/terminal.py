"""Output of the commands: tables on a terminal, figures to a file, errors as one message and an exit code."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from settlesim.errors import ScenarioError, SettlesimError, UsageError

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import Console

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "USAGE",
    "console",
    "draw",
    "exit_if_interrupted",
    "plain_errors",
    "print_json",
]

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def console() -> Console:
    """Return a console for tables."""
    from rich.console import Console

    # Tables keep their columns when the output is piped to a file.
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)


def print_json(answer: Any) -> None:
    """Print an answer as JSON that any reader accepts: what is no number is null."""
    print(json.dumps(_finite(answer), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_figure(path: Path | None) -> None:
    """Refuse a figure that could not be saved, before the work that it is to show is done."""
    if path is None:
        return
    if path.suffix not in (".png", ".pdf", ".svg"):
        raise UsageError(f"cannot draw to {str(path)!r}: its name must end in .png, .pdf or .svg")
    from settlesim.results import ownership

    ownership.check_figure(path)


def draw(path: Path | None, axes: Callable[[], Any]) -> None:
    """Save the figure of some axes, which are drawn only if there is a path."""
    if path is None:
        return
    from settlesim.results.stores import replacing

    check_figure(path)
    with replacing(path) as temporary:
        axes().figure.savefig(temporary, dpi=200, format=path.suffix[1:])


def exit_if_interrupted(dataset: xr.Dataset) -> None:
    """Leave with the exit code of an interruption if a result holds fewer runs than were asked for."""
    if dataset.attrs.get("interrupted"):
        print(f"interrupted: {dataset.sizes['run']:,} runs of each sequence are complete", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors into one message on stderr and an exit code."""
    try:
        yield
    except SettlesimError as error:
        print(f"settlesim: {error}", file=sys.stderr)
        raise SystemExit(USAGE if isinstance(error, (ScenarioError, UsageError)) else FAILED) from None
    except BrokenPipeError:
        # The reader of the output went away, as with `| head`: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(FAILED) from None
