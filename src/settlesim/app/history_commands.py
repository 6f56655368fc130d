"""The commands that hold a scenario beside what happened: its targets, and how other wars ended."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from settlesim.app import terminal
from settlesim.app.answers import print_answer, provenance
from settlesim.app.options import (
    Json,
    Name,
    Plan,
    Progress,
    Rng,
    Runs,
    Settings,
    Workers,
    execution_of,
    loaded,
    plan_names,
)
from settlesim.errors import UsageError

__all__ = ["base_rates", "validate"]


def validate(
    scenario: Name,
    runs: Runs = 400,
    rng: Rng = 7,
    sequence: Annotated[
        str | None,
        typer.Option(
            "--sequence",
            "-s",
            help="The sequence that stands for history; by default the scenario's.",
            autocompletion=plan_names,
        ),
    ] = None,
    settings: Settings = None,
    workers: Workers = 1,
    as_json: Json = False,
    progress: Progress = None,
) -> None:
    """Hold history's sequence against what happened, troops dated and endogenous: bands, scores, misses first."""
    from settlesim.analysis.hindcast import GROUPS, hindcast, troop_modes
    from settlesim.experiments.simulate import simulate
    from settlesim.report import hindcast_table as report

    war = loaded(scenario, settings)
    if not war.targets:
        raise UsageError(f"{war.name} declares no targets to be held against")
    plans = troop_modes(war, sequence)
    how = execution_of(workers, runs, progress, None)
    answer: dict[str, Any] = {"title": war.title, "runs": runs, "modes": {}}
    for mode, plan in plans.items():
        ask = partial(simulate, war, sequence=plan, runs=runs, rng=rng, record="weekly", execution=how)
        result = terminal.complete_or_part(ask)
        table = hindcast(result, war.targets, sequence=plan.name)
        answer["sequence"] = plan.name
        counts, targets = report.hindcast_counts(table), report.hindcast_rows(table)
        answer["modes"][mode] = {"counts": counts, "targets": targets}
        if not as_json:
            for group in GROUPS:
                if (table["group"] == group).any():
                    terminal.show(report.hindcast_table(table, group, f"{war.title}; {mode} troops"))
            terminal.say(f"{result.sizes['run']:,} runs of {plan.name}. {report.hindcast_foot(table)}\n")
        if result.attrs["interrupted"]:
            break
    if as_json:
        print_answer(provenance(war, result, runs=runs), answer)
    else:
        terminal.say(report.CAUTION)
    terminal.exit_if_interrupted()


def base_rates(
    scenario: Name,
    sequence: Plan = None,
    runs: Runs = 1000,
    rng: Rng = 7,
    settings: Settings = None,
    workers: Workers = None,
    as_json: Json = False,
    progress: Progress = None,
) -> None:
    """Hold how runs without talks end beside how often other wars ended so, as the scenario declares it."""
    from settlesim.analysis import terminations
    from settlesim.experiments.simulate import simulate
    from settlesim.report import tables as report

    war = loaded(scenario, settings)
    if war.base_rates is None:
        raise UsageError(f"{war.name} declares no [base_rates] to hold its terminations beside")
    chosen = war.reference_sequence or war.default_sequence if sequence is None else sequence
    how = execution_of(workers, runs, progress, None)
    result = terminal.complete_or_part(lambda: simulate(war, sequence=chosen, runs=runs, rng=rng, execution=how))
    table = terminations.base_rates(result, war.base_rates)
    if as_json:
        counts = {key: table.attrs[key] for key in ("sequence", "runs", "ended", "observed_n")}
        rows = report.base_rate_rows(table)
        print_answer(provenance(war, result, runs=runs), counts | {"terminations": rows})
    else:
        terminal.show(report.base_rate_table(table))
    terminal.exit_if_interrupted()
