"""The commands ``settlesim list`` and ``settlesim show``: what scenarios there are, and what one declares."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from settlesim.app import terminal
from settlesim.app.answers import print_answer, provenance
from settlesim.app.options import Json, Name, Plan, Plot, order_plan_names
from settlesim.errors import UsageError

if TYPE_CHECKING:
    from settlesim.scenario.scenario import Scenario

__all__ = ["list_", "show"]


def list_(as_json: Json = False) -> None:
    """List the shipped scenarios, their sequences, and plans of which every order can be run."""
    from settlesim.scenario.files import builtin, load

    found = {name: load(name) for name in builtin()}
    if as_json:
        listed = {
            name: {"title": war.title, "digest": war.digest(), "sequences": [*war.sequences], "plans": [*war.plans]}
            for name, war in found.items()
        }
        print_answer(provenance(), {"scenarios": listed})
        return
    for name, scenario in found.items():
        terminal.say(name, "bold", f"  {scenario.title}")
        terminal.say(", ".join(scenario.sequences), indent=4)
        if scenario.plans:
            terminal.say(f"plans: {', '.join(scenario.plans)}", indent=4)


def show(
    scenario: Name,
    sequence: Plan = None,
    plan: Annotated[
        str | None, typer.Option(help="Plan, whose moves and orders are shown.", autocompletion=order_plan_names)
    ] = None,
    as_json: Json = False,
    plot: Plot = None,
) -> None:
    """Show a scenario, the steps of one of its sequences (--plot draws its timeline), or the moves of a plan."""
    from settlesim.report import tables as report
    from settlesim.scenario.files import load

    war = load(scenario)
    if sequence is not None and plan is not None:
        raise UsageError("show takes --sequence or --plan, not both")
    if plot is not None and sequence is None:
        raise UsageError("--plot draws the timeline of a sequence: say with --sequence which")
    terminal.check_figure(plot)
    if plan is not None:
        _show_plan(war, plan, as_json)
        return
    if sequence is not None:
        _show_sequence(war, sequence, as_json)
        if plot is not None:
            from settlesim.report import plots

            terminal.draw(plot, lambda: plots.timeline(war, sequence))
        return
    if as_json:
        print_answer(provenance(war), {"declaration": war.tree()})
        return
    terminal.say(war.title, "bold", f" (from {war.start}, {war.horizon} weeks)\n{war.description}\n")
    terminal.show(*report.scenario_tables(war))
    base, names = war.inherited
    whose = f" ({len(names)} of them as {base} declares them: settlesim check lists them)" if names else ""
    parameters = f"{len(war.parameters)} parameters{whose}"
    terminal.say(f"{parameters}, {len(war.provinces)} provinces, {len(war.factions)} factions.")


def _show_sequence(war: Scenario, name: str, as_json: bool) -> None:
    plan = war.sequence(name)
    if as_json:
        print_answer(provenance(war), {"sequence": name, "declaration": war.tree()["sequences"][name]})
        return
    terminal.say(plan.label or plan.name, "bold", f": {plan.description}")
    if not plan.steps:
        terminal.say("no steps", indent=2)
    for i, step in enumerate(plan.steps, 1):
        wait = "" if step.when is None else f"  when {json.dumps(step.when.tree())}"
        terminal.say(f"{i}. {step.name}{wait}", indent=2)


def _show_plan(war: Scenario, name: str, as_json: bool) -> None:
    plan = war.plan(name)
    if as_json:
        print_answer(provenance(war), {"plan": name, "declaration": war.tree()["plans"][name]})
        return
    terminal.say(plan.label or plan.name, "bold", f": {plan.description}")

    def line(start: str, text: str) -> None:
        terminal.say(f"{start:<{width}}  {text}", indent=2)

    from settlesim.report.tables import order_count

    width = max(len(name) for name in (*plan.moves, "precedence"))
    written = war.tree()["plans"][name]
    for move in plan.moves:
        steps = written["moves"][move]
        line(move, "; ".join(map(_step_in_words, steps if isinstance(steps, list) else [steps])))
    for step in written.get("given", ()):
        line("given", _step_in_words(step))
    if plan.precedence:
        line("precedence", ", ".join(" before ".join(pair) for pair in plan.precedence))
    for group in plan.together:
        line("together", ", ".join(group))
    line("pace", f"{plan.pace} weeks, a move completes when {plan.completes}")
    if plan.patience is not None:
        line("patience", f"{plan.patience} weeks")
    line("orders", order_count(plan))


def _step_in_words(step: dict[str, object]) -> str:
    """What a step says in the file, without the quotes."""
    details = ", ".join(f"{key} = {json.dumps(value)}" for key, value in step.items() if key != "do")
    return f"{step['do']}" + (f"  {details}" if details else "")
