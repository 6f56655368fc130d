"""Conditions, plans that a scenario permits, and wars with a plan."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from settlesim.scenario.conditions import (
    Condition,
    all_of,
    any_of,
    broken,
    delivered,
    not_,
    opened,
    quiet,
    signed,
    taken,
    week,
)
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence, Step
from settlesim.scenario.spans import contradiction
from strategies.numbers import within
from strategies.scenarios import scenarios, shipped_tree

__all__ = ["War", "conditions", "sequences", "wars"]


class _Known:
    """What the steps so far can bring about: only to that may a condition refer, so that no step waits in vain."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.tracks: list[str] = []
        self.concessions: list[str] = []
        self.steps: list[str] = []

    def add(self, step: dict[str, Any], name: str) -> None:
        self.steps.append(name)
        gifts = [*step.get("concessions", ()), *([step["concession"]] if "concession" in step else [])]
        if step["do"] == "open":
            self.tracks.append(step["track"])
            gifts += _at_table(self.scenario, step["track"])
        if step["do"] == "ceasefire":
            gifts += [key for key, c in self.scenario.concessions.items() if c.ceases_fire]
        self.concessions = sorted({*self.concessions, *gifts})


def _at_table(scenario: Scenario, track: str) -> list[str]:
    """What some party of a track can deliver."""
    return [key for key, c in scenario.concessions.items() if set(c.by) & set(scenario.tracks[track].parties)]


def _leaf(draw: st.DrawFn, known: _Known, *, free: bool) -> Condition:
    """An elementary condition; `free` ones stand under a ``not`` and may refer to anything there is."""
    tracks = list(known.scenario.tracks) if free else known.tracks
    gifts = list(known.scenario.concessions) if free else known.concessions
    ways: dict[str, st.SearchStrategy[Condition]] = {
        "week": st.builds(week, st.sampled_from([0, 1, 2.5, 5, 10, known.scenario.horizon // 2])),
        "quiet": st.builds(quiet, st.sampled_from([0, 1, 2, 4])),
    }
    for kind, make in (("opened", opened), ("signed", signed), ("broken", broken)):
        if tracks:
            ways[kind] = st.builds(make, st.sampled_from(tracks))
    if gifts:
        ways["delivered"] = st.builds(delivered, st.sampled_from(gifts))
    if known.steps:
        ways["taken"] = st.builds(taken, st.sampled_from(known.steps))
    return draw(ways[draw(st.sampled_from(sorted(ways)))])


def _condition(draw: st.DrawFn, known: _Known, depth: int = 2, *, free: bool = False) -> Condition:
    kind = draw(st.sampled_from(["leaf", "leaf", "leaf", "all", "any", "not"] if depth else ["leaf"]))
    if kind == "leaf":
        found = _leaf(draw, known, free=free)
    elif kind == "not":
        found = not_(_condition(draw, known, depth - 1, free=True))
    else:
        number = draw(st.integers(1, 3))
        parts = [_condition(draw, known, depth - 1, free=free) for _ in range(number)]
        found = all_of(*parts) if kind == "all" else any_of(*parts)
    return found.after(draw(st.sampled_from([0, 0, 0, 1, 3])))


def conditions(names: st.SearchStrategy[str]) -> st.SearchStrategy[Condition]:
    """Conditions of every kind that refer to `names`, whether or not there is such a thing."""
    delays = st.integers(0, 50)
    leaves = st.one_of(
        st.builds(week, st.integers(0, 200)),
        st.builds(quiet, st.floats(0, 50)),
        *(st.builds(make, names) for make in (opened, signed, broken, delivered, taken)),
    )
    return st.recursive(
        st.builds(Condition.after, leaves, delays),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda c: all_of(*c)),
            st.lists(inner, min_size=1, max_size=3).map(lambda c: any_of(*c)),
            st.builds(lambda c, weeks: not_(c).after(weeks), inner, delays),
        ),
        max_leaves=6,
    )


def _step(draw: st.DrawFn, scenario: Scenario) -> dict[str, Any]:
    tracks, gifts = list(scenario.tracks), list(scenario.concessions)
    can_table = [track for track in tracks if _at_table(scenario, track)]
    kinds = ["open", "open", "open", "close", "ceasefire", "oblige", "mission"]
    kinds += ["table"] * bool(can_table) + ["deliver"] * 2 * bool(gifts)
    kinds += ["withdraw", "switch"] * ("patron" in scenario.actors) + ["press"] * ("neighbour" in scenario.actors)
    do = draw(st.sampled_from(kinds))
    out: dict[str, Any] = {"do": do}
    if do in ("open", "close", "oblige"):
        out["track"] = draw(st.sampled_from(tracks))
    if do == "table":
        out["track"] = draw(st.sampled_from(can_table))
    if do == "oblige":
        out["by"] = draw(st.sampled_from(tracks))
    if do == "table" or (do == "open" and draw(st.booleans())):
        offers = _at_table(scenario, out["track"])
        least = 1 if do == "table" else 0
        if offers:
            out["concessions"] = draw(st.lists(st.sampled_from(offers), min_size=least, max_size=4, unique=True))
    if do == "deliver":
        out["concession"] = draw(st.sampled_from(gifts))
        if draw(st.booleans()):
            out |= {"reciprocal": True, "weeks": draw(st.integers(0, 3))}
    if do in ("ceasefire", "press", "withdraw", "mission"):
        out["weeks"] = draw(st.sampled_from([0, 1, 4, 12]))
    if do == "press":
        out["amount"] = draw(st.sampled_from([0.0, 0.3, 0.6, 2.0]))
    if do == "mission":
        out["amount"] = draw(st.sampled_from([0.0, 0.3, 1.0]))
    if do == "withdraw":
        out["amount"] = draw(st.sampled_from([0.0, 2.0, 9.0, 50.0]))
    return out


def _holdable(scenario: Scenario) -> list[str]:
    """Parameters that a plan may hold anywhere in their range: troops follow a path only where the file has one."""
    return sorted(name for name in scenario.parameters if name != "dated_troops" or scenario.troop_path)


@st.composite
def _levers(draw: st.DrawFn, scenario: Scenario) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(_holdable(scenario)), max_size=2, unique=True)):
        parameter = scenario.parameters[name]
        values = within(*parameter.range)
        if parameter.each is not None and draw(st.booleans()):
            out[name] = draw(st.dictionaries(st.sampled_from(sorted(parameter.each)), values, min_size=1, max_size=2))
        else:
            out[name] = draw(values)
    return out


@st.composite
def sequences(draw: st.DrawFn, scenario: Scenario, *, mild: bool = False, name: str = "random plan") -> Sequence:
    """Plans that the scenario permits: steps of every kind, conditions of every kind, links, levers, a troop path."""
    known, steps = _Known(scenario), []
    ordered = draw(st.booleans()) and draw(st.booleans())
    early = draw(st.integers(0, len(scenario.tracks)))
    for at in range(draw(st.integers(0, 7))):
        # Most plans begin by calling people to a table: without that few have anything to wait for.
        step = {"do": "open", "track": list(scenario.tracks)[at]} if at < min(early, 2) else _step(draw, scenario)
        if draw(st.booleans()):
            # What no week can fulfil a scenario does not permit.
            step["when"] = draw(st.composite(_condition)(known).filter(lambda when: contradiction(when) is None))
        target = step.get("track") or step.get("concession")
        plain = f"{step['do']}:{target}" if target else step["do"]
        if plain in known.steps or draw(st.booleans()):
            step["name"] = f"step {at}"
        known.add(step, step.get("name", plain))
        steps.append(Step(**step))
    # The order of the list is not the order of events, except where the plan says so.
    path = []
    if "patron" in scenario.actors and draw(st.integers(0, 3)) == 0:
        weeks = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=4)))
        path = [(float(at), draw(st.sampled_from([0.0, 2.5, 14.0, 30.0]))) for at in weeks]
    return Sequence(
        name,
        steps if ordered else draw(st.permutations(steps)),
        undertaking=draw(st.sampled_from(["early_harvest", "single"])),
        agenda=draw(st.sampled_from(["package", "package", "staged"])),
        ordered=ordered,
        pace=draw(st.sampled_from([0, 0, 1, 3])),
        levers={} if mild else draw(_levers(scenario)),
        troop_path=path,
    )


class War:
    """A war and a plan that fits it; shown without the parameters that are as shipped."""

    def __init__(self, scenario: Scenario, plan: Sequence) -> None:
        self.scenario, self.plan = scenario, plan

    def __repr__(self) -> str:
        tree = self.scenario.tree()
        shipped = {name: _given(table) for name, table in shipped_tree("afghanistan-2018")["parameters"].items()}
        changed = {name: _given(table) for name, table in tree.pop("parameters").items()}
        changed = {name: value for name, value in changed.items() if value != shipped[name]}
        return f"War({tree!r},\n  parameters={changed!r},\n  plan={self.plan.model_dump(exclude_defaults=True)!r})"


def _given(table: dict[str, Any]) -> Any:
    return next(table[key] for key in ("value", "prior", "each") if key in table)


@st.composite
def wars(draw: st.DrawFn, *, mild: bool = False) -> War:
    """A war and a plan that fits it."""
    scenario = draw(scenarios(mild=mild))
    return War(scenario, draw(sequences(scenario, mild=mild)))
