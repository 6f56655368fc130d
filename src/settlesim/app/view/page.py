"""The page: Mesa's SolaraViz with the choices beside it. Solara finds `Page` by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter

from settlesim.app.view import panels
from settlesim.app.view.choices import Choice, Entry, build, entries, groups, offered, scenarios
from settlesim.app.view.live import Watched
from settlesim.app.view.server import SCENARIO, SEQUENCE
from settlesim.app.view.styles import STYLE
from settlesim.errors import SettlesimError
from settlesim.scenario.files import builtin

__all__ = ["Page"]


def _component(panel: Callable[[Watched], str]) -> Callable[[Watched], Any]:
    """Wrap a panel as one of SolaraViz's components, drawn anew after every step."""

    def Panel(model: Watched) -> Any:
        return solara.HTML(tag="div", unsafe_innerHTML=panel(model), classes=["holder"])

    return Panel


COMPONENTS = [(_component(panel), 0) for panel in panels.shown()]


@solara.component  # type: ignore[untyped-decorator]
def Page() -> None:
    """Choices, headline and the model's own view."""
    opened = os.environ.get(SCENARIO, builtin()[0])
    first = solara.use_memo(lambda: Choice(opened, os.environ.get(SEQUENCE, "")), [])
    choice = solara.use_reactive(first)
    model: Any = solara.use_reactive(solara.use_memo(lambda: build(first), []))
    trouble = solara.use_reactive("")
    number = solara.use_reactive(0)

    def change(wanted: Choice) -> None:
        """Start the run that is chosen; where there is none, say why and leave the page as it is."""
        try:
            offered(wanted, opened)
            choice.set(wanted)
            made = build(wanted)
        except SettlesimError as error:
            trouble.set(str(error))
            return
        trouble.set("")
        model.set(made)
        number.set(number.value + 1)

    solara.Title("settlesim")
    solara.Style(STYLE)
    Choices(choice.value, model.value, change, opened)
    Headline(model.value, trouble.value)
    watched = model.value
    fixed = {
        "conflict": watched.conflict,
        "sequence": watched.sequence.name,
        "run": watched.run,
        "rng": watched.seed_of_all,
    }
    Parameters(choice.value, watched, change)
    # Play, pause, the end of a run and what Reset goes back to are Mesa's state, which must belong to the model chosen.
    # A key does not reach the part of it in the sidebar: it is taken off the page once, and put there anew.
    on_page, set_on_page = solara.use_state(0)
    solara.use_effect(lambda: set_on_page(number.value), [number.value])
    if on_page == number.value:
        SolaraViz(model, components=COMPONENTS, model_params=fixed, name="settlesim", play_interval=50)


@solara.component  # type: ignore[untyped-decorator]
def Headline(model: Watched, trouble: str) -> None:
    """The week, its date and the state of the war; above them what is wrong with a choice, if anything is."""
    update_counter.get()
    if trouble:
        solara.Error(trouble, classes=["trouble"])
    solara.HTML(tag="div", unsafe_innerHTML=panels.headline(model))


@solara.component  # type: ignore[untyped-decorator]
def Choices(choice: Choice, model: Watched, change: Callable[[Choice], None], opened: str) -> None:
    """What to simulate; every change starts the run anew at week 0."""
    scenario, plan = model.conflict, model.sequence
    with (
        solara.Sidebar(),
        solara.Card("What is simulated", subtitle="A change starts the run anew.", classes=["choices"]),
    ):
        solara.Select(
            "Scenario",
            values=scenarios(opened),
            value=choice.scenario,
            on_value=lambda name: change(Choice(name, rng=choice.rng)),
        )
        solara.Select(
            "Sequence",
            values=list(scenario.sequences),
            value=plan.name,
            on_value=lambda name: change(replace(choice, sequence=name)),
        )
        if plan.description:
            solara.Text(plan.description, classes=["explained"])
        solara.InputText("Run", value=choice.run, on_value=lambda text: change(replace(choice, run=text)))
        solara.InputText(
            "Seed of all chance", value=choice.rng, on_value=lambda text: change(replace(choice, rng=text))
        )


@solara.component  # type: ignore[untyped-decorator]
def Parameters(choice: Choice, model: Watched, change: Callable[[Choice], None]) -> None:
    """Every parameter of the scenario, a group at a time, and those that are held."""
    scenario, plan = model.conflict, model.sequence
    with (
        solara.Sidebar(),
        solara.Card("Parameters", subtitle="Empty: drawn or set as in the scenario.", classes=["parameters"]),
    ):
        known = groups(scenario)
        group, set_group = solara.use_state(known[0])
        solara.Select("Group", values=known, value=group if group in known else known[0], on_value=set_group)
        for name, text in choice.held:
            solara.Button(
                f"{name} = {text} ✕",
                on_click=lambda name=name: change(choice.holding(name, "")),
                small=True,
                classes=["held"],
            )
        for entry in entries(scenario, group if group in known else known[0], plan.name):
            held, drawn = dict(choice.held).get(entry.name, ""), model.world.get(entry.name)
            Parameter(entry, held, drawn, choice, change).key(entry.name)


@solara.component  # type: ignore[untyped-decorator]
def Parameter(entry: Entry, text: str, drawn: float | None, choice: Choice, change: Callable[[Choice], None]) -> None:
    """One parameter: what it means, what it may be, what this run has, and a field to hold it at a number."""
    solara.InputText(
        f"{entry.name} ({entry.unit})", value=text, on_value=lambda typed: change(choice.holding(entry.name, typed))
    )
    low, high = entry.range
    lines = [entry.meaning, f"Allowed: {_short(low)} to {_short(high)}. Scenario: {entry.prior}."]
    if entry.lever is not None:
        lines.append(f"This sequence holds it at {entry.lever:g}.")
    if drawn is not None:
        lines.append(f"In this run: {drawn:.4g}.")
    solara.Text(" ".join(lines), classes=["explained"])


def _short(number: float) -> str:
    return f"{number:,.0f}" if number == round(number, 0) and abs(number) < 1e15 else f"{number:g}"
