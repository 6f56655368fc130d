"""The command line: thin, every command a call of the library and a table."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from settlesim.app import terminal
from settlesim.app.claims_command import claims
from settlesim.app.options import (
    Force,
    Json,
    Name,
    Out,
    Plan,
    Plans,
    Plot,
    Progress,
    Rng,
    Runs,
    Settings,
    Workers,
    compared_sequences,
    execution_of,
    loaded,
    plan_names,
    scenario_names,
)
from settlesim.app.orders_command import OrdersCommand, orders
from settlesim.app.show_commands import list_, show
from settlesim.errors import UsageError, choose

if TYPE_CHECKING:
    import xarray as xr


__all__ = ["main"]


class _Commands(TyperGroup):
    """The commands, of which an interrupted one says so; typer by itself would leave in silence."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            print(f"settlesim: interrupted: {str(stop) or 'no sequence has all its runs yet'}", file=sys.stderr)
            raise typer.Exit(terminal.INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    help="Simulate how the order of talks and concessions changes how a war is settled.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("list")(list_)
app.command()(show)
app.command()(claims)
app.command(cls=OrdersCommand)(orders)


@app.command()
def run(
    scenario: Name,
    sequence: Plan = None,
    runs: Runs = 1000,
    rng: Rng = None,
    settings: Settings = None,
    workers: Workers = None,
    out: Out = None,
    force: Force = False,
    plot: Plot = None,
    as_json: Json = False,
    progress: Progress = None,
    incidence: Annotated[
        str, typer.Option(help="What is shown by week: first (events) or final (outcomes that stand at the end).")
    ] = "first",
) -> None:
    """Simulate one sequence; a table and --plot show by week what came about first (or --incidence final)."""
    from settlesim.experiments.simulate import simulate
    from settlesim.report import tables as report
    from settlesim.report.measures import EXPLAINED, meanings

    choose(incidence, ("first", "final"), "incidence")
    war = loaded(scenario, settings)
    how = execution_of(workers, runs, progress, out, force)
    result = simulate(war, sequence=sequence, runs=runs, rng=rng, execution=how)
    if as_json:
        answer = {"entropy": result.attrs["entropy"], "outcomes": report.outcome_rows(result)}
        answer |= {"incidence_of": incidence, "incidence": report.incidence_rows(result, incidence)}
        terminal.print_json(answer | {"meanings": meanings(result, EXPLAINED)})
    else:
        terminal.console().print(report.outcome_table(result))
        terminal.console().print(report.incidence_table(result, incidence))
        terminal.console().print(f"{report.CAUTION}\nEntropy {result.attrs['entropy']}.")
    if plot is not None:
        from settlesim.report import plots

        terminal.draw(plot, lambda: plots.incidence(result, incidence))
    terminal.exit_if_interrupted(result)


@app.command()
def compare(
    scenario: Name,
    sequence: Plans = None,
    runs: Runs = 1000,
    rng: Rng = None,
    baseline: Annotated[str | None, typer.Option(help="Sequence to compare with.", autocompletion=plan_names)] = None,
    settings: Settings = None,
    workers: Workers = None,
    out: Out = None,
    force: Force = False,
    plot: Plot = None,
    as_json: Json = False,
    progress: Progress = None,
    reference: Annotated[
        bool, typer.Option(help="Add the scenario's reference sequence, what goes on without talks, as the last line.")
    ] = True,
) -> None:
    """Compare sequences over common worlds and luck; --plot draws shares of outcomes and paired differences."""
    from settlesim.experiments.simulate import compare as compared
    from settlesim.report import tables as report
    from settlesim.report.measures import EXPLAINED, is_reference, lines_of, meanings, more_than_order
    from settlesim.report.process_tables import process_rows, process_tables

    war = loaded(scenario, settings)
    if baseline is not None:
        war.sequence(baseline)
    how = execution_of(workers, runs, progress, out, force)
    result = compared(war, compared_sequences(war, sequence, reference), runs=runs, rng=rng, execution=how)
    several = result.sizes["sequence"] > 1 and result.sizes["run"] > 1
    ranked = several and sum(not is_reference(result, name) for name in lines_of(result)) > 1
    shown = ("settled", "standing", "comprehensive", "deaths")
    words = result["differs_in"].values.tolist()
    if as_json:
        answer: dict[str, Any] = {"entropy": result.attrs["entropy"], "outcomes": report.outcome_rows(result)}
        answer["differs_in"] = dict(zip(result["sequence"].values.tolist(), words, strict=True))
        if several:
            answer["differences"] = {name: report.difference_rows(result, name, baseline) for name in shown}
        if ranked:
            answer["ranking"] = report.rank_rows(result, "settled")
        answer["process"] = process_rows(result)
        terminal.print_json(answer | {"meanings": meanings(result, EXPLAINED)})
    else:
        console = terminal.console()
        console.print(report.outcome_table(result))
        if several and (told := more_than_order(result)):
            console.print(told)
        if several:
            for name in shown:
                console.print(report.difference_table(result, name, baseline))
        if ranked:
            console.print(report.rank_table(result, "settled"))
        for table in process_tables(result):
            console.print(table)
        console.print(f"{report.CAUTION}\nEntropy {result.attrs['entropy']}: --rng with it gives the same runs.")
    terminal.draw(plot, lambda: _pair(result, several, baseline))
    terminal.exit_if_interrupted(result)


def _pair(result: xr.Dataset, several: bool, baseline: str | None) -> Any:
    """Shares of outcomes above paired differences, in one figure."""
    from matplotlib.figure import Figure

    from settlesim.report import plots

    if not several:
        return plots.outcomes(result)
    n = result.sizes["sequence"]
    figure = Figure(figsize=(8.5, 4.0 + 0.75 * n), layout="constrained")
    top, bottom = figure.subplots(2, 1, height_ratios=(1.35, 1))
    plots.outcomes(result, ax=top)
    return plots.differences(result, "settled", baseline=baseline, ax=bottom)


@app.command()
def replay(
    scenario: Name,
    run: Annotated[int, typer.Option(help="Number of the run.", min=0)] = 0,
    rng: Annotated[int, typer.Option(help="Seed of the experiment.")] = 0,
    sequence: Plan = None,
    settings: Settings = None,
    engine: Annotated[str, typer.Option(help="numpy or mesa; both give the same story.")] = "numpy",
    as_json: Json = False,
) -> None:
    """Tell one run in words, dated, each event with its cause."""
    from settlesim.report.story import replay as story_of

    story = story_of(loaded(scenario, settings), sequence=sequence, run=run, rng=rng, engine=engine)
    if as_json:
        events = [{"week": e.week, "date": str(e.date), "event": e.text, "cause": e.cause} for e in story.events]
        print(json.dumps({"title": story.title, "events": events, "ending": story.ending}, indent=2))
    else:
        print(story)


@app.command()
def validate(
    scenario: Name,
    runs: Runs = 400,
    rng: Rng = 7,
    sequence: Annotated[
        str | None, typer.Option(help="The sequence that stands for history; by default the scenario's.")
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
    how = execution_of(workers, runs, progress, None)
    answer: dict[str, Any] = {"title": war.title, "runs": runs, "modes": {}}
    console = terminal.console()
    for mode, plan in troop_modes(war, sequence).items():
        result = simulate(war, sequence=plan, runs=runs, rng=rng, record="weekly", execution=how)
        table = hindcast(result, war.targets, sequence=plan.name)
        if as_json:
            told = {"counts": report.hindcast_counts(table), "targets": report.hindcast_rows(table)}
            answer |= {"sequence": plan.name, "modes": answer["modes"] | {mode: told}}
        else:
            for group in GROUPS:
                if (table["group"] == group).any():
                    console.print(report.hindcast_table(table, group, f"{war.title}; {mode} troops"))
            console.print(f"{result.sizes['run']:,} runs of {plan.name}. {report.hindcast_foot(table)}\n")
        terminal.exit_if_interrupted(result)
    if as_json:
        terminal.print_json(answer)
    else:
        console.print(report.CAUTION)


@app.command("base-rates")
def base_rates_(
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
    from settlesim.analysis.terminations import base_rates
    from settlesim.experiments.simulate import simulate
    from settlesim.report import tables as report

    war = loaded(scenario, settings)
    if war.base_rates is None:
        raise UsageError(f"{war.name} declares no [base_rates] to hold its terminations beside")
    chosen = sequence or war.reference_sequence or war.default_sequence
    how = execution_of(workers, runs, progress, None)
    result = simulate(war, sequence=chosen, runs=runs, rng=rng, execution=how)
    table = base_rates(result, war.base_rates)
    if as_json:
        counts = {key: table.attrs[key] for key in ("sequence", "runs", "ended", "observed_n")}
        terminal.print_json(counts | {"terminations": report.base_rate_rows(table)})
    else:
        terminal.console().print(report.base_rate_table(table))
    terminal.exit_if_interrupted(result)


@app.command()
def check(scenario: Name) -> None:
    """Check a scenario and the model against each other, before anything is simulated."""
    from settlesim.analysis.verdicts import watched
    from settlesim.model.standard import STANDARD
    from settlesim.scenario.files import load

    war = load(scenario)
    found = STANDARD.check(war)
    for name in war.sequences:
        STANDARD.check(war, name)
    for plan in map(war.plan, war.plans):
        STANDARD.check(war, plan.order(next(plan.orders())))
    for claim in war.claims:
        watched(war, claim)
    print(f"{war.origin}: {war.title}")
    plans = f"{len(war.plans)} plan{'s' * (len(war.plans) > 1)}, " if war.plans else ""
    print(f"{len(war.sequences)} sequences, {plans}{found.parameters} parameters; no mistake found")
    print(f"{found.variables} variables, {found.rules} rules, {found.luck} kinds of luck, {found.outcomes} outcomes")
    for note in found.notes:
        print(f"note: {note}")


@app.command()
def verify(
    scenario: Name,
    sequence: Plans = None,
    runs: Annotated[int, typer.Option(help="Runs of each sequence.", min=1)] = 1,
    rng: Annotated[int, typer.Option(help="Seed of all chance.")] = 7,
    settings: Settings = None,
) -> None:
    """Run the numpy engine and the Mesa reference model on the same fates; compare every variable, every week."""
    from settlesim.engines.verify import verify as verified

    war = loaded(scenario, settings)
    found = []
    for name in sequence or war.sequences:
        one = verified(war, sequences=[name], runs=runs, rng=rng)
        found.append(one.ok)
        print(str(one).rsplit("\n", 1)[0], flush=True)
    print("both engines agree, bit for bit" if all(found) else "the engines differ, or values are out of range")
    if not all(found):
        raise typer.Exit(terminal.FAILED)


@app.command()
def view(
    scenario: Annotated[
        str, typer.Argument(help="A shipped scenario, or the path of a file.", autocompletion=scenario_names)
    ] = "afghanistan-2018",
    sequence: Plan = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 for any that is free.", min=0, max=65535)] = 8765,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
) -> None:
    """Open a page that shows one run week by week, on this machine alone (extra: settlesim[view])."""
    from settlesim.app.view import serve
    from settlesim.scenario.files import load

    war = load(scenario)
    if sequence is not None:
        war.sequence(sequence)
    serve(scenario, sequence=sequence, port=port, browser=browser)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files."""
    from settlesim.scenario.files import schema as described

    print(json.dumps(described(), indent=2))


def main() -> None:
    """Entry point of the command ``settlesim``."""
    with terminal.plain_errors():
        app()


if __name__ == "__main__":
    main()
