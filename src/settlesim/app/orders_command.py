"""The command that runs one plan in many orders."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from settlesim.app import terminal
from settlesim.app.answers import print_answer, print_estimate, provenance
from settlesim.app.commands import Command
from settlesim.app.options import (
    Estimated,
    Force,
    Json,
    Name,
    Out,
    Progress,
    Rng,
    Runs,
    Settings,
    Workers,
    execution_of,
    loaded,
)
from settlesim.errors import SettlesimError, UsageError, choose

if TYPE_CHECKING:
    from settlesim.model.outcome import Outcome

__all__ = ["OrdersCommand", "orders"]

# Where a figure goes that is asked for without a name.
FIGURE = "orders.png"


class OrdersCommand(Command):
    """Lets ``--plot`` stand without a name, which options of typer's cannot."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fill in the name that was left out."""
        named = [
            [arg, FIGURE] if arg == "--plot" and (after is None or after.startswith("-")) else [arg]
            for arg, after in zip(args, [*args[1:], None], strict=True)
        ]
        return super().parse_args(ctx, [arg for one in named for arg in one])


def _plans(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a plan of the scenario on the line."""
    from settlesim.scenario.files import load

    try:
        names = list(load(ctx.params.get("scenario") or "afghanistan-2018").plans)
    except SettlesimError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _designs(incomplete: str) -> list[str]:
    from settlesim.experiments.order_designs import DESIGNS

    return [name for name in DESIGNS if name.startswith(incomplete)]


def orders(
    scenario: Name,
    plan: Annotated[
        str | None, typer.Option(help="Plan of the scenario; by default its only one.", autocompletion=_plans)
    ] = None,
    runs: Runs = 200,
    design: Annotated[str, typer.Option(help="Which orders are run.", autocompletion=_designs)] = "all",
    size: Annotated[int | None, typer.Option(help="How many orders, for a design that leaves it open.", min=1)] = None,
    each: Annotated[int | None, typer.Option(help="Each world meets only so many of the orders.", min=1)] = None,
    outcome: Annotated[str, typer.Option(help="The outcome by which orders are told apart.")] = "settled",
    kind: Annotated[str | None, typer.Option(help="Of a coded outcome, the meaning whose share counts.")] = None,
    rng: Rng = None,
    settings: Settings = None,
    workers: Workers = None,
    out: Out = None,
    force: Force = False,
    plot: Annotated[
        Path | None, typer.Option(help=f"Save a figure: .png, .pdf or .svg; without a name, {FIGURE}.")
    ] = None,
    as_json: Json = False,
    progress: Progress = None,
    estimate: Estimated = False,
) -> None:
    """Run the moves of one plan in every order: what each precedence is worth, and how much of it is mere date."""
    from settlesim.analysis.order_effects import order_effects
    from settlesim.chance.worlds import entropy_of
    from settlesim.experiments.order_designs import order_design
    from settlesim.experiments.orders import orders as run_in_orders
    from settlesim.model.standard import STANDARD
    from settlesim.report import order_tables as report
    from settlesim.report.order_extremes import extreme_rows, extreme_table
    from settlesim.report.tables import CAUTION

    war = loaded(scenario, settings)
    chosen = war.plan(_only(war) if plan is None else plan)
    known = {one.name: one for one in STANDARD.outcomes}
    kept = known[choose(outcome, known, "outcome")]
    _check_kind(kept, kind)
    terminal.check_figure(plot)
    if runs < 2:
        raise UsageError("effects of order need at least two runs of each order")
    entropy = entropy_of(rng)
    number = each or len(order_design(chosen, design, size=size, rng=entropy))
    how = execution_of(workers, runs * number, progress, out, force)
    # Thousands of orders of all outcomes would fill the memory with what is not asked for.
    more = [known[name] for name in ("outcome", "settled", "standing", "deaths") if name != outcome]
    options: dict[str, Any] = {"design": design, "size": size, "each": each, "outcomes": [kept, *more]}
    call = partial(run_in_orders, war, chosen, runs=runs, rng=entropy, execution=how, **options)
    if estimate:
        return print_estimate(call, war, runs, as_json)
    result = terminal.complete_or_part(call)
    with warnings.catch_warnings():
        # The tables say it, and in JSON what is printed beside it would be in the way.
        warnings.simplefilter("ignore", UserWarning)
        effects = order_effects(result, outcome, kind=kind)
    if as_json:
        answer: dict[str, Any] = {key: result.attrs[key] for key in ("plan", "design", "orders")}
        answer |= {"runs": result.sizes["run"], "outcome": outcome, "extremes": extreme_rows(result, outcome, kind)}
        answer |= {key: effects.attrs[key] for key in ("orders_needed", "swap_assumes", "not_told")}
        answer |= {"swaps": report.swap_rows(effects), "dates": report.date_rows(effects)}
        print_answer(provenance(war, result, runs=runs), answer | {"shares": report.share_rows(effects)})
    else:
        for table in (extreme_table(result, outcome, kind), *report.order_tables(effects)):
            if table is not None:
                terminal.show(table)
        terminal.say(f"{CAUTION}\nEntropy {result.attrs['entropy']}: --rng with it gives the same runs.")
    terminal.draw(plot, lambda: _figure(result, effects, outcome, kind))
    terminal.exit_if_interrupted()


def _check_kind(kept: Outcome, kind: str | None) -> None:
    """Refuse an outcome that has no one number a run."""
    meanings = [meaning.replace(" ", "_") for meaning in (kept.flags or {}).values()]
    if len(kept.dims) > 1:
        also = ", ".join(kept.dims[1:])
        raise UsageError(f"{kept.name!r} also varies by {also}: orders are told apart by one number")
    if meanings and kind is None:
        raise UsageError(f"{kept.name!r} is coded: say with --kind which of {', '.join(meanings)} counts")
    if kind is not None and not meanings:
        raise UsageError(f"{kept.name!r} is not coded, so it has no kind {kind!r}")
    if kind is not None:
        choose(kind, meanings, "kind")


def _only(war: Any) -> str:
    """The one plan of a scenario."""
    if len(war.plans) != 1:
        known = ", ".join(war.plans) or "it declares none"
        raise UsageError(f"say with --plan which plan of {war.name} to run: {known}")
    return str(next(iter(war.plans)))


def _figure(result: Any, effects: Any, outcome: str, kind: str | None) -> Any:
    """Precedence matrix beside the profiles of positions."""
    from matplotlib.figure import Figure

    from settlesim.report import plots

    figure = Figure(figsize=(15, 6.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    plots.positions(effects, ax=right)
    return plots.precedence(effects, ax=left)
