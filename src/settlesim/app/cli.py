"""The command line: thin, every command a call of the library and a table."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from settlesim.app import terminal
from settlesim.app.answers import print_answer, print_estimate, provenance
from settlesim.app.check_commands import check, verify
from settlesim.app.claims_command import claims
from settlesim.app.commands import Command, Commands, carried_out
from settlesim.app.history_commands import base_rates, validate
from settlesim.app.options import (
    MOST_RUNS,
    Estimated,
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
from settlesim.app.status_command import status
from settlesim.app.streams import plain_warnings, prepare, tell
from settlesim.errors import UsageError, choose

if TYPE_CHECKING:
    import xarray as xr


__all__ = ["app", "main"]

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in terminal.EXITS.items())
EPILOG += f"\n\n\b\n{terminal.DEBUG}=1 in the environment shows where in the code an error came from."

app = typer.Typer(
    cls=Commands,
    help="Simulate how the order of talks and concessions changes how a war is settled.",
    epilog=EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("list", cls=Command)(list_)
app.command(cls=Command)(show)
app.command(cls=Command)(claims)
app.command(cls=Command)(status)
app.command(cls=OrdersCommand)(orders)
app.command(cls=Command)(validate)
app.command("base-rates", cls=Command)(base_rates)
app.command(cls=Command)(check)
app.command(cls=Command)(verify)


def _version(wanted: bool) -> None:
    if wanted:
        from settlesim.results.dataset import version

        print(f"settlesim {version()}")
        raise typer.Exit


@app.callback()
def _settlesim(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Simulate how the order of talks and concessions changes how a war is settled."""


@app.command(cls=Command)
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
    estimate: Estimated = False,
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
    terminal.check_figure(plot)
    how = execution_of(workers, runs, progress, out, force)
    call = partial(simulate, war, sequence=sequence, runs=runs, rng=rng, execution=how)
    if estimate:
        return print_estimate(call, war, runs, as_json)
    result = terminal.complete_or_part(call)
    if as_json:
        answer: dict[str, Any] = {"outcomes": report.outcome_rows(result)}
        answer |= {"incidence_of": incidence, "incidence": report.incidence_rows(result, incidence)}
        answer["meanings"] = meanings(result, EXPLAINED)
        print_answer(provenance(war, result, runs=runs), answer)
    else:
        terminal.show(report.outcome_table(result), report.incidence_table(result, incidence))
        terminal.say(f"{report.CAUTION}\nEntropy {result.attrs['entropy']}: --rng with it gives the same runs.")
    if plot is not None:
        from settlesim.report import plots

        terminal.draw(plot, lambda: plots.incidence(result, incidence))
    terminal.exit_if_interrupted()


@app.command(cls=Command)
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
    estimate: Estimated = False,
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
    names = compared_sequences(war, sequence, reference)
    if baseline is not None and war.sequence(baseline).name not in names:
        raise UsageError(f"--baseline {baseline!r} is not among the sequences compared: {', '.join(names)}")
    terminal.check_figure(plot)
    how = execution_of(workers, runs, progress, out, force)
    call = partial(compared, war, names, runs=runs, rng=rng, execution=how)
    if estimate:
        return print_estimate(call, war, runs, as_json)
    result = terminal.complete_or_part(call)
    several = result.sizes["sequence"] > 1 and result.sizes["run"] > 1
    ranked = several and sum(not is_reference(result, name) for name in lines_of(result)) > 1
    shown = ("settled", "standing", "comprehensive", "deaths")
    words = result["differs_in"].values.tolist()
    if as_json:
        answer: dict[str, Any] = {"outcomes": report.outcome_rows(result)}
        answer["differs_in"] = dict(zip(result["sequence"].values.tolist(), words, strict=True))
        if several:
            answer["differences"] = {name: report.difference_rows(result, name, baseline) for name in shown}
        if ranked:
            answer["ranking"] = report.rank_rows(result, "settled")
        answer["process"] = process_rows(result)
        answer["meanings"] = meanings(result, EXPLAINED)
        print_answer(provenance(war, result, runs=runs), answer)
    else:
        terminal.show(report.outcome_table(result))
        if several and (told := more_than_order(result)):
            terminal.say(told)
        if several:
            terminal.show(*(report.difference_table(result, name, baseline) for name in shown))
        if ranked:
            terminal.show(report.rank_table(result, "settled"))
        terminal.show(*process_tables(result))
        terminal.say(f"{report.CAUTION}\nEntropy {result.attrs['entropy']}: --rng with it gives the same runs.")
    terminal.draw(plot, lambda: _pair(result, several, baseline))
    terminal.exit_if_interrupted()


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


@app.command(cls=Command)
def replay(
    scenario: Name,
    run: Annotated[int, typer.Option(help="Number of the run.", min=0, max=MOST_RUNS)] = 0,
    rng: Annotated[int, typer.Option(help="Seed of the experiment.")] = 0,
    sequence: Plan = None,
    settings: Settings = None,
    engine: Annotated[str, typer.Option(help="numpy or mesa; both give the same story.")] = "numpy",
    as_json: Json = False,
) -> None:
    """Tell one run in words, dated, each event with its cause."""
    from settlesim.report.story import replay as story_of

    war = loaded(scenario, settings)
    story = story_of(war, sequence=sequence, run=run, rng=rng, engine=engine)
    if as_json:
        events = [{"week": e.week, "date": str(e.date), "event": e.text, "cause": e.cause} for e in story.events]
        source = provenance(war, runs=1, entropy=rng, engine=engine, method="monte_carlo") | {"runs_completed": 1}
        print_answer(source, {"run": run, "title": story.title, "events": events, "ending": story.ending})
    else:
        terminal.say(str(story))


@app.command(cls=Command)
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


@app.command(cls=Command)
def schema(
    answers: Annotated[bool, typer.Option("--answers", help="Of what commands print with --json.")] = False,
) -> None:
    """Print the JSON Schema of scenario files, or of answers."""
    from settlesim.app.answer_schema import answer_schema
    from settlesim.scenario.files import schema as described

    print(json.dumps(answer_schema() if answers else described(), indent=2))


def main(words: list[str] | None = None) -> None:
    """Entry point of the command ``settlesim``; `words` are those of the command line."""
    if not prepare():
        tell("standard output is closed: there is nowhere to print the answer")
        raise SystemExit(terminal.FAILED)
    with plain_warnings(), terminal.plain_errors():
        raise SystemExit(carried_out(app, words))


if __name__ == "__main__":
    main()
