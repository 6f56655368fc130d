"""Other models: rules and folds added to the standard protocol, rules replaced, items exchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from settlesim.model.items import Fold, Rule, Select, rule
from settlesim.model.protocol import Protocol
from settlesim.model.rules.rounds import zeuthen
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Luck, Variable

__all__ = ["Law", "exchanged", "protocols"]


@rule("province", "rainfall", source="a test")
def rain(rainfall: Any, rain_luck: Any, insurgent_share: Any, week: Any) -> Any:
    """Luck that travels with the date, in every province."""
    return 0.9 * rainfall + rain_luck * insurgent_share + 0.0 * week


@rule("seat", "mood", when="seat_insurgency", source="a test")
def mood(mood: Any, mood_luck: Any, accept_probability: Any, trust_bound: Any) -> Any:
    """Luck that travels with a matter of another scope, under a guard."""
    return np.where(mood_luck < accept_probability, mood + trust_bound, 0.5 * mood)


@rule("run", "weariness alarms", source="a test")
def weary(weariness: Any, alarms: Any, violence: Any, insurgent_attacks: Any, weary_luck: Any) -> Any:
    """A number and a count, with normal luck by week."""
    return np.maximum(0.0, weariness + 0.1 * (violence - weariness) + 0.01 * weary_luck), alarms + (
        insurgent_attacks > 0.0
    )


@rule("cell", "grievance", source="a test")
def grieve(grievance: Any, province_deaths: Any, hardline: Any, fighters: Any) -> Any:
    """Reads the cell's province, its faction and the run."""
    return grievance + province_deaths * hardline / np.maximum(fighters, 1)


@rule("track", "claim_surplus", when="round_due", source="a test")
def linkage(claim_sum: Any, claim_least: Any) -> Any:
    """Judge every table by its sum."""
    return np.maximum(claim_sum, claim_least)


@rule("run", "legitimacy", source="a test")
def legitimacy(legitimacy: Any, excluded: Any, deaths_week: Any, week: Any) -> Any:
    """Another idea of legitimacy, which feeds back into everything."""
    return np.clip(legitimacy - 0.01 * excluded - deaths_week * 1e-6 + 0.001 * np.sin(week), 0.0, 1.0)


ADDED: dict[str, tuple[Rule, tuple[Variable, ...], tuple[Luck, ...]]] = {
    "rain": (
        rain,
        (Variable("rainfall", "province", "mm", "rain", 0.0),),
        (Luck("rain_luck", "province", "exponential", "week"),),
    ),
    "mood": (
        mood,
        (Variable("mood", "seat", "1", "mood", 0.0, 0.0),),
        (Luck("mood_luck", "seat", "uniform", "rounds_held", 5),),
    ),
    "weary": (
        weary,
        (
            Variable("weariness", "run", "1", "weariness", 1.0, 0.0),
            Variable("alarms", "run", "1", "alarms", 0, 0, kind="int"),
        ),
        (Luck("weary_luck", "run", "normal", "week"),),
    ),
    "grieve": (grieve, (Variable("grievance", "cell", "1", "grievance", 0.0, 0.0),), ()),
}
FOLDED: dict[str, tuple[Fold | Select, Variable]] = {
    "sum of floats": (Fold("x", "province_deaths", "sum", "province"), Variable("x", "run", "1", "x", 0.0)),
    "least": (Fold("x", "trust", "min", "dyad"), Variable("x", "run", "1", "x", 0.0)),
    "by group": (
        Fold("x", "accept_probability", "sum", "seat", "seats"),
        Variable("x", "track", "1", "x", 0.0),
    ),
    "some of none": (
        Fold("x", "accept_probability", "max", "seat", "claimants", -1.0),
        Variable("x", "track", "1", "x", 0.0),
    ),
    "count": (
        Fold("x", "cell_gone", "sum", "cell", "province_cells"),
        Variable("x", "province", "1", "x", 0, kind="int"),
    ),
    "count all": (Fold("x", "consented", "sum", "seat", "seats"), Variable("x", "track", "1", "x", 0, kind="int")),
    "any": (Fold("x", "delivered", "any", "concession"), Variable("x", "run", "1", "x", False, kind="bool")),
    "every": (Fold("x", "joined", "all", "faction"), Variable("x", "run", "1", "x", False, kind="bool")),
    "one there": (Select("x", "offer", "track_0/power"), Variable("x", "run", "1", "x", 0.0)),
    "one not there": (Select("x", "offer", "nobody", -2.0), Variable("x", "run", "1", "x", 0.0)),
}
REPLACED: dict[str, Rule] = {"asks_and_offers": zeuthen, "linkage": linkage, "legitimacy": legitimacy}


def touches(item: Any) -> tuple[set[str], set[str]]:
    """What an item reads and writes, as far as its declaration says; None names nothing that can be told."""
    if isinstance(item, Rule):
        return {*item.reads, *item.writes}, set(item.writes)
    if isinstance(item, (Fold, Select)):
        return set(item.reads), set(item.writes)
    return set(), set()


def independent(a: Any, b: Any) -> bool:
    """Whether two neighbours of a protocol may change places without changing anything."""
    if not all(isinstance(item, (Rule, Fold, Select)) for item in (a, b)):
        return False
    (reads_a, writes_a), (reads_b, writes_b) = touches(a), touches(b)
    counters = {luck.per for luck in STANDARD.luck}  # luck is read through these
    if (writes_a | writes_b) & counters:
        return False
    return not (writes_a & (reads_b | writes_b) or writes_b & reads_a)


def unstarted(protocol: Protocol, names: Any) -> set[str]:
    """Those of some variables that have no value before they are written in a week."""
    begun = {name for item in protocol.setup for name in item.writes}
    return {v.name for v in protocol.variables if v.name in names and v.start is None} - begun


def places(protocol: Protocol, new: Any) -> list[str]:
    """Names of the items behind which all that `new` reads has been written."""
    needed, found = unstarted(protocol, new.reads), []
    for item in protocol.items:
        needed -= set(item.writes)
        if not needed:
            found.append(item.name)
    return found


class Law:
    """A protocol, shown by what is changed in the standard one."""

    def __init__(self, protocol: Protocol, changes: list[str]) -> None:
        self.protocol, self.changes = protocol, changes

    def __repr__(self) -> str:
        return f"Law({', '.join(self.changes) or 'as it stands'})"


@st.composite
def protocols(draw: st.DrawFn, *, wild: bool = True) -> Law:
    """The standard protocol with rules added, folds added, and, where `wild`, rules replaced and items permuted.

    Any order of items is a protocol in which what has no start is written before it is read.  Only the ranges are not
    promised then.
    """
    protocol, changes = STANDARD, []
    for key in draw(st.lists(st.sampled_from(sorted(ADDED)), max_size=2, unique=True)):
        new, variables, luck = ADDED[key]
        after = draw(st.sampled_from(places(protocol, new)))
        protocol = protocol.with_rule(new, after=after, variables=variables, luck=luck)
        changes.append(f"{key} after {after}")
    key = draw(st.sampled_from([None, *sorted(FOLDED)]))
    if key is not None:
        item, variable = FOLDED[key]
        after = draw(st.sampled_from(places(protocol, item)))
        protocol = protocol.with_rule(item, after=after, variables=[variable])
        changes.append(f"{key} after {after}")
    if wild and draw(st.booleans()):
        for name in draw(st.lists(st.sampled_from(sorted(REPLACED)), max_size=2, unique=True)):
            protocol = protocol.replaced(name, REPLACED[name])
            changes.append(f"another {name}")
    if wild and draw(st.booleans()):
        items = list(protocol.items)
        for _ in range(draw(st.integers(0, 4))):
            i = draw(st.integers(0, len(items) - 2))
            if unstarted(protocol, items[i].writes) & set(items[i + 1].reads):
                continue
            items[i], items[i + 1] = items[i + 1], items[i]
            changes.append(f"{items[i].name} before {items[i + 1].name}")
        protocol = _ordered(protocol, items)
    return Law(protocol, changes)


def exchanged(protocol: Protocol, choose: Any) -> Protocol:
    """The protocol with independent neighbours exchanged wherever `choose` says so: the same model."""
    items = list(protocol.items)
    for i in range(len(items) - 1):
        if independent(items[i], items[i + 1]) and choose():
            items[i], items[i + 1] = items[i + 1], items[i]
    return _ordered(protocol, items)


def _ordered(protocol: Protocol, items: list[Any]) -> Protocol:
    return replace(protocol, items=tuple(items))
