"""What several commands have in common: their arguments and options, and how these are read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from settlesim.app.terminal import check_writable
from settlesim.errors import SettlesimError, UsageError

if TYPE_CHECKING:
    from settlesim.experiments.execution import Execution
    from settlesim.scenario.scenario import Scenario

__all__ = [
    "MOST_RUNS",
    "Estimated",
    "Force",
    "Json",
    "Name",
    "Out",
    "Plan",
    "Plans",
    "Plot",
    "Progress",
    "Rng",
    "Runs",
    "Settings",
    "Workers",
    "compared_sequences",
    "execution_of",
    "loaded",
    "order_plan_names",
    "plan_names",
    "scenario_names",
]

# Beyond these a number is a slip of the hand.
MOST_RUNS, MOST_WORKERS = 10**9, 1024
# A decimal number; what is not finite is refused by whom it is given to.
NUMBER = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|nan)", re.IGNORECASE)
# Runs of a sequence from which another process is worth the second it takes to start.
WORTH_A_PROCESS = 250


def scenario_names(incomplete: str) -> list[str]:
    """Return shipped scenarios that begin so, for completion."""
    from settlesim.scenario.files import builtin

    return [name for name in builtin() if name.startswith(incomplete)]


def plan_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return sequences of the scenario named before that begin so, for completion."""
    from settlesim.scenario.files import load

    try:
        names = list(load(ctx.params.get("scenario") or "afghanistan-2018").sequences)
    except SettlesimError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def order_plan_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return plans, of which every order can be run, of the scenario named before that begin so, for completion."""
    from settlesim.scenario.files import load

    try:
        names = list(load(ctx.params.get("scenario") or "afghanistan-2018").plans)
    except SettlesimError:
        return []
    return [name for name in names if name.startswith(incomplete)]


Name = Annotated[str, typer.Argument(help="A shipped scenario, or the path of a file.", autocompletion=scenario_names)]
Plan = Annotated[str | None, typer.Option("--sequence", "-s", help="Sequence of talks.", autocompletion=plan_names)]
Plans = Annotated[
    list[str] | None, typer.Option("--sequence", "-s", help="Sequence; repeat for several.", autocompletion=plan_names)
]
Runs = Annotated[int, typer.Option(help="Number of runs of each sequence.", min=1, max=MOST_RUNS)]
Rng = Annotated[int | None, typer.Option(help="Seed of all chance; the same seed gives the same runs.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="name=value, or name.entry=value for one party; repeatable.")
]
Workers = Annotated[
    int | None, typer.Option(help="Processes; by default as many as there are processors.", min=1, max=MOST_WORKERS)
]
Out = Annotated[Path | None, typer.Option(help="Save the result: .nc, .zarr, .parquet or .csv.")]
Force = Annotated[bool, typer.Option("--force", help="Let --out replace what is no result of settlesim.")]
Plot = Annotated[Path | None, typer.Option(help="Save a figure: .png, .pdf or .svg.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON in place of tables.")]
Progress = Annotated[
    bool | None,
    typer.Option("--progress/--no-progress", help="By default a bar on a terminal, else a line every 30 s."),
]
Estimated = Annotated[
    bool, typer.Option("--estimate", help="Say what it would take in time, memory and on disk, and end.")
]


def loaded(name: str, settings: list[str] | None) -> Scenario:
    """Return a scenario with the numbers set by `--set`."""
    from settlesim.scenario.files import load
    from settlesim.scenario.settings import nested

    scenario = load(name)
    changes: dict[str, float] = {}
    for setting in settings or []:
        key, found, value = setting.partition("=")
        key = key.strip()
        # Not as Python reads numbers, which takes 1_0 for 10.
        if not found or not NUMBER.fullmatch(value.strip(" ")):
            raise UsageError(f"--set takes name=value with a number such as 10, 0.5 or 1e-3, got {setting!r}")
        if key in changes:
            raise UsageError(f"--set {key!r} is given twice: give one of them")
        changes[key] = float(value)
    return scenario.with_parameters(**nested(changes, scenario.quantities())) if changes else scenario


def execution_of(
    workers: int | None, runs: int, progress: bool | None, out: Path | None, force: bool = False
) -> Execution:
    """Return how an experiment is carried out: by default with as many processes as are worth it."""
    from settlesim.experiments.execution import Execution

    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers is None:
        workers = max(1, min(available, -(-runs // WORTH_A_PROCESS)))
    how = Execution(workers=workers, progress=progress, out=out, force=force)
    check_writable(out)
    return how


def compared_sequences(scenario: Scenario, asked: Iterable[str] | None, reference: bool) -> list[str]:
    """Return what a comparison simulates: the sequences asked for, or all, and the reference as the last.

    Parameters
    ----------
    scenario : Scenario
        Says which sequence is the reference.
    asked : iterable of str, optional
        By default all but the reference.
    reference : bool
        Whether to add it.
    """
    names, last = list(asked or scenario.sequences), scenario.reference_sequence
    if last is None or (last in (asked or ()) and not reference):
        return names
    plans = [name for name in names if name != last]
    return [*plans, last] if reference or not plans else plans
