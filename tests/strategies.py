"""Hypothesis strategies in the terms of the domain, shared by all tests: wars, plans, protocols.

Everything is valid by construction, so hardly an example is thrown away.  Names are few and short, numbers lie on
coarse grids that include their bounds: what breaks models is combinations and corners, not digits.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from settlesim.model.items import Fold, Rule, Select, rule
from settlesim.model.protocol import Protocol
from settlesim.model.rules.rounds import zeuthen
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Luck, Variable
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
from settlesim.scenario.files import load
from settlesim.scenario.priors import Beta, Distribution, Fixed, LogNormal, Normal, Triangular, Uniform
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence, Step

__all__ = [
    "Law",
    "War",
    "arguments",
    "conditions",
    "corners",
    "damaged",
    "examples",
    "exchanged",
    "misdeclared",
    "priors",
    "priors_within",
    "protocols",
    "scenarios",
    "sequences",
    "wars",
    "within",
    "written",
]

# Normal quantiles at the outer 0.1%, where unbounded priors are cut; a little more, to stay inside.
REACH = 3.1
SOURCE = {"source": "invented", "tag": "P"}
REGIONS = ("hills", "plains", "coast")
BODIES = {"un": "United Nations", "donors": "Donors"}


def examples(number: int) -> settings:
    """Settings for a test that makes `number` examples by default, and thirty times as many in the deep profile."""
    return settings(max_examples=number * (1 if settings.default.derandomize else 30))


# ---- numbers and priors ----


def within(low: float, high: float, parts: int = 8) -> st.SearchStrategy[float]:
    """Numbers of a range on a grid that includes its ends; wide ranges are also walked in powers of ten."""
    grid = [low + (high - low) * k / parts for k in range(parts + 1)]
    if high > 20 and low >= 0:
        grid += [x for k in range(-2, 7) for x in (10.0**k, 3 * 10.0**k) if low <= x <= high]
    grid[0], grid[parts] = low, high
    return st.sampled_from([float(x) for x in grid])


@st.composite
def priors_within(draw: st.DrawFn, low: float, high: float) -> Distribution:
    """A prior of any kind that stays in a range."""
    a, b, c = sorted(draw(st.tuples(*[within(low, high)] * 3)))
    kinds = ["fixed", "fixed", "triangular", "triangular", "uniform", "beta", "normal", "lognormal"]
    kind = draw(st.sampled_from(kinds))
    if kind == "normal" and a < c:
        return Normal(mean=(a + c) / 2, sd=(c - a) / 2 / REACH)
    if kind == "lognormal" and 0 < a < c:
        return LogNormal(median=float(np.sqrt(a * c)), sigma=min(float(np.log(c / a)) / 2 / REACH, 10.0))
    if kind == "uniform":
        return Uniform(low=a, high=c)
    if kind == "beta":
        return Beta(a=draw(st.sampled_from([0.5, 1.0, 3.0])), b=draw(st.sampled_from([0.5, 2.0])), low=a, high=c)
    return Triangular(low=a, mode=b, high=c) if kind == "triangular" else Fixed(value=b)


_number = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
_positive = st.floats(1e-3, 1e3)
_triples = st.tuples(_number, _number, _number).map(sorted)

# Priors without a range to keep.
priors = st.one_of(
    _triples.map(lambda t: Triangular(low=t[0], mode=t[1], high=t[2])),
    _triples.map(lambda t: Uniform(low=t[0], high=t[2])),
    st.tuples(_positive, _positive, _triples).map(lambda t: Beta(a=t[0], b=t[1], low=t[2][0], high=t[2][2])),
    st.tuples(_positive, st.floats(0.01, 3)).map(lambda t: LogNormal(median=t[0], sigma=t[1])),
    st.tuples(_number, _positive).map(lambda t: Normal(mean=t[0], sd=t[1])),
    _number.map(lambda x: Fixed(value=x)),
)


# ---- wars ----


@lru_cache
def _shipped(name: str) -> dict[str, Any]:
    return load(name).tree()


@lru_cache
def _ranges(name: str = "afghanistan-2018") -> dict[str, tuple[float, float]]:
    return {key: parameter.range for key, parameter in load(name).parameters.items()}


# Under the shipped priors little happens in half a year. These moods make talks, signings and ends common.
MOODS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "talkative": {
        "consent_rate": 5,
        "consent_bias": 3,
        "patron_flexibility": 0.5,
        "round_interval": 2,
        "deadline_rounds": 3,
        "surrender_frame": 0.01,
        "delivery_lag": 2,
        "concession_acceptance": 0.9,
        "suspension_shortest": 1,
        "suspension_longest": 3,
        "settlement_weeks": 4,
        "compliance_interval": 3,
        "breakdown_rate": 0.05,
    },
    "restless": {
        "defection_rate": 0.8,
        "splinter_rate": 0.6,
        "reintegration_rate": 0.6,
        "return_rate": 4,
        "commander_loss_rate": 1,
        "campaign_rate": 6,
        "refusal_rate": 6,
        "patron_fatigue": 0.05,
        "group_size_spread": 0.5,
    },
    "short": {"victory_control": 0.3, "defeat_strength": 0.8, "control_noise": 0.3, "commander_loss_rate": 3},
    "fragile": {"relapse_reference": 0.95, "relapse_shape": 0.3, "obligation_compliance": 0.3, "reversal_threshold": 0},
}


def _set(table: dict[str, Any], prior: Any) -> dict[str, Any]:
    """A parameter's table with another number or prior, in every entry where it has several."""
    table = dict(table)
    if "each" in table:
        return table | {"each": dict.fromkeys(table["each"], prior)}
    table.pop("value", None)
    return table | {"prior": prior}


@st.composite
def _parameters(draw: st.DrawFn, mild: bool) -> dict[str, Any]:
    base = _shipped(draw(st.sampled_from(["afghanistan-2018", "two-party", "null-order"])))["parameters"]
    out = {name: {**table, **SOURCE} for name, table in base.items()}
    for mood in draw(st.lists(st.sampled_from(sorted(MOODS)), max_size=3, unique=True)):
        for name, value in MOODS[mood].items():
            out[name] = _set(out[name], Fixed(value=value))
    names = sorted(out)
    for name in draw(st.lists(st.sampled_from(names), max_size=0 if mild else 12, unique=True)):
        low, high = _ranges()[name]
        if "each" in out[name]:
            each = {entry: draw(priors_within(low, high)) for entry in out[name]["each"]}
            out[name] = out[name] | {"each": each}
        else:
            out[name] = _set(out[name], draw(priors_within(low, high)))
    return out


def _split(draw: st.DrawFn, parts: int) -> list[float]:
    """Shares that sum to one; some may be nothing."""
    weights = draw(st.lists(st.integers(0, 4), min_size=parts, max_size=parts))
    weights[draw(st.integers(0, parts - 1))] += 1
    return [w / sum(weights) for w in weights]


@st.composite
def _provinces(draw: st.DrawFn, rival: bool) -> list[dict[str, Any]]:
    number = draw(st.integers(1, 5))
    weights = st.sampled_from([0.0, 0.2, 1.0, 3.0])
    out = [
        {
            "name": f"Province {k}/{k}" if k == 3 else f"Province {k}",
            "region": draw(st.sampled_from(REGIONS)),
            "districts": draw(st.integers(1, 9)),
            "tier": draw(st.sampled_from([0.0, 0.0, -1.0, 2.5, -20.0, 20.0])),
            "insurgents": draw(weights),
            "rival": draw(weights),
            "tile": [k, k],
            **SOURCE,
        }
        for k in range(number)
    ]
    out[draw(st.integers(0, number - 1))]["insurgents"] = 1.0
    if rival:
        out[draw(st.integers(0, number - 1))]["rival"] = 2.0
    return out


@st.composite
def _factions(draw: st.DrawFn, regions: list[str]) -> list[dict[str, Any]]:
    shares = _split(draw, draw(st.integers(1, 4)))
    out = []
    for k, share in enumerate(shares):
        home = draw(st.dictionaries(st.sampled_from(regions), st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=3))
        home[draw(st.sampled_from(regions))] = 1.0
        hardline = draw(st.sampled_from([0.5, 0.3, 0.7, 0.02, 0.98, 0.0, 1.0]))
        out.append(
            {"name": f"faction_{k}", "label": f"Faction {k}", "share": share, "hardline": hardline, "regions": home}
            | SOURCE
        )
    return out


NEEDED = {"power": {"government", "insurgency"}, "withdrawal": {"patron", "insurgency"}, "sanctuary": {"neighbour"}}


@st.composite
def _tracks(draw: st.DrawFn, roles: list[str]) -> dict[str, Any]:
    out = {}
    for k in range(draw(st.integers(1, 4))):
        parties = draw(st.lists(st.sampled_from(roles), min_size=2, max_size=4, unique=True))
        issues = [issue for issue, needed in NEEDED.items() if needed <= set(parties)]
        if k == 0 or not issues:  # what there always is to talk about
            parties, issues = draw(st.permutations(["government", "insurgency"])), ["power"]
        if k == 1 and "patron" in roles:
            parties = draw(st.permutations(["patron", "insurgency", *draw(st.sampled_from([[], ["government"]]))]))
            issues = ["withdrawal", *(["power"] if "government" in parties else [])]
        out[f"track_{k}"] = {
            "label": f"Track {k}",
            "parties": parties,
            "issues": draw(st.lists(st.sampled_from(issues), min_size=1, max_size=3, unique=True)),
            "linkage": draw(st.sampled_from(["package", "staged"])),
            "prelude": draw(st.sampled_from([0, 0, 1, 4])),
            **SOURCE,
        }
    return dict(draw(st.permutations(sorted(out.items()))))


@st.composite
def _concessions(draw: st.DrawFn, roles: list[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    number = draw(st.sampled_from([3, 1, 5, 2, 0]))
    for k in range(number):
        low, mode, high = sorted(draw(st.tuples(*[st.integers(-2, 4)] * 3)))
        value = {"low": low / 4 / number, "mode": mode / 4 / number, "high": high / 4 / number}
        out[f"gift_{k}"] = {
            "label": f"Gift {k}",
            "value": draw(st.sampled_from([value, mode / 4 / number])),
            "cost": draw(st.sampled_from([0.0, 0.05, {"low": 0.0, "mode": 0.1, "high": 0.3}, 1.0])),
            "reversibility": draw(st.sampled_from([0.0, 0.5, 1.0])),
            "by": draw(st.lists(st.sampled_from([*roles, *BODIES]), min_size=1, max_size=2, unique=True)),
            "pie": draw(st.sampled_from([True, True, True, False])),
            **{flag: draw(st.booleans()) for flag in ("mutual", "frees_prisoners", "recognises", "ceases_fire")},
            **SOURCE,
        }
        dimension = draw(st.sampled_from([None, "political", "military", "territorial", "economic"]))
        if dimension is not None:
            out[f"gift_{k}"]["dimension"] = dimension
    return out


@st.composite
def scenarios(draw: st.DrawFn, *, mild: bool = False) -> Scenario:
    """Small valid wars: any actors, factions, provinces, tables and gifts; parameters anywhere in their ranges.

    `mild` keeps the parameters to the shipped ones and to moods, for tests of what no corner may hide.
    """
    others = draw(st.lists(st.sampled_from(["patron", "neighbour", "rival"]), max_size=3, unique=True))
    roles = draw(st.permutations(["government", "insurgency", *others]))
    actors: dict[str, Any] = {role: {"label": role.title(), **SOURCE} for role in roles}
    actors["insurgency"] |= {"commanders": draw(st.integers(1, 60)), "group_size": draw(st.sampled_from([50, 1, 7]))}
    provinces = draw(_provinces("rival" in others))
    tracks = draw(_tracks(roles))
    government, contested, insurgent = draw(
        st.sampled_from(
            [(0.5, 0.25, 0.25), (0.75, 0.25, 0.0), (0.25, 0.0, 0.75), (0.125, 0.75, 0.125), (1, 0, 0), (0, 0, 1)]
        )
    )
    tree = {
        "name": "random-war",
        "title": "A random war",
        "description": "Drawn by a strategy.",
        "start": "2020-01-01",
        "horizon": draw(st.integers(20, 80)),
        "default_sequence": "plan",
        "baseline_sequence": "plan",
        "districts_total": sum(p["districts"] for p in provinces),
        "sources": {"invented": "Invented."},
        "bodies": BODIES,
        "control": {"government": government, "contested": contested, "insurgent": insurgent, **SOURCE},
        "actors": actors,
        "factions": draw(_factions(sorted({p["region"] for p in provinces}))),
        "provinces": provinces,
        "tracks": tracks,
        "concessions": draw(_concessions(roles)),
        "obligations": {f"duty_{k}": {"label": f"Duty {k}", **SOURCE} for k in range(draw(st.integers(0, 3)))},
        "parameters": draw(_parameters(mild)),
        "sequences": {"plan": {"steps": [{"do": "open", "track": next(iter(tracks))}]}},
    }
    return Scenario.model_validate(tree)


# ---- plans ----


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
    kinds = ["open", "open", "open", "close", "ceasefire", "oblige"]
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
    if do in ("ceasefire", "press", "withdraw"):
        out["weeks"] = draw(st.sampled_from([0, 1, 4, 12]))
    if do == "press":
        out["amount"] = draw(st.sampled_from([0.0, 0.3, 0.6, 2.0]))
    if do == "withdraw":
        out["amount"] = draw(st.sampled_from([0.0, 2.0, 9.0, 50.0]))
    return out


@st.composite
def _levers(draw: st.DrawFn, scenario: Scenario) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(sorted(scenario.parameters)), max_size=2, unique=True)):
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
            step["when"] = _condition(draw, known)
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
        shipped = {name: _given(table) for name, table in _shipped("afghanistan-2018")["parameters"].items()}
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


# ---- worlds ----


@st.composite
def corners(draw: st.DrawFn, scenario: Scenario, runs: int) -> Any:
    """How parameters are drawn: by chance, or each at the low or high end of its prior, by a coin of a seed."""
    from settlesim.chance.worlds import parameter_names

    if draw(st.booleans()):
        return "monte_carlo"
    names = parameter_names(scenario)
    coins = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 2, (len(names), runs)).astype(float)
    return dict(zip(names, coins, strict=True))


# ---- protocols ----


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


# ---- damaged files ----

# What people, editors and disks put into files.
JUNK: tuple[bytes, ...] = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "é".encode("latin-1"),
    "é ж \u202e \U0001f54a".encode(),
    b'"',
    b"'''",
    b'"""',
    b"[",
    b"]",
    b"[[",
    b"{",
    b"}",
    b"=",
    b".",
    b",",
    b"#",
    b"\r",
    b"\n",
    b"\\",
    b"-",
    b"nan",
    b"-inf",
    b"1e999",
    b"9" * 30,
    b"9" * 5000,
    b"true",
    b"[" * 2000,
    b"{a = " * 2000,
    b"a.b.c = 1\n",
    b"[tracks]\n",
    b"[[factions]]\n",
    b'extends = "two-party"\n',
)
VALUES: tuple[bytes, ...] = (
    b"nan",
    b"inf",
    b"-1",
    b"0",
    b"0.0",
    b"1e308",
    b"-0.0",
    b"9" * 25,
    b"0x7fffffffffffffffff",
    b"1e-320",
    b'""',
    b'" "',
    b'"x"',
    b"[]",
    b"[[]]",
    b"[1, 'a', {}]",
    b"{}",
    b"{ low = 3, mode = 2, high = 1 }",
    b"{ low = 0, mode = 0, high = nan }",
    b'{ distribution = "lognormal", median = 1e12, sigma = 10 }',
    b'{ distribution = "cauchy" }',
    b"true",
    b"2018-02-28",
    b"2018-02-28T00:00:00Z",
    b"0001-01-01",
    b"9999-12-31",
    b"12:30:00",
    b"{ not = { not = { week = 3 } } }",
    b"{ all = [] }",
    b"{ signed = 3 }",
    b'"' + b"long " * 2000 + b'"',
)


def _tables(text: bytes) -> list[bytes]:
    """A file cut before every header."""
    return re.split(rb"(?m)^(?=\[)", text)


@st.composite
def damaged(draw: st.DrawFn, raw: bytes) -> bytes:
    """A file with one to three accidents: bytes, lines, keys, values, tables or its encoding."""
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        how = draw(
            st.sampled_from(
                [
                    "value",
                    "value",
                    "value",
                    "key",
                    "key",
                    "bytes",
                    "bytes",
                    "repeat",
                    "cut",
                    "line",
                    "table",
                    "encoding",
                ]
            )
        )
        at = draw(st.integers(0, len(raw)))
        if how == "bytes":
            raw = raw[:at] + draw(st.sampled_from(JUNK)) + raw[at + draw(st.integers(0, 40)) :]
        elif how == "repeat":
            end = at + draw(st.integers(1, 200))
            raw = raw[:end] + raw[at:]
        elif how == "cut":
            raw = raw[:at]
        elif how == "encoding":
            coding = draw(st.sampled_from(["latin-1", "utf-16", "utf-8-sig", "cp037"]))
            raw = raw.decode("utf-8", "replace").encode(coding, "replace")
        elif how == "line":
            lines = raw.splitlines(keepends=True)
            if len(lines) > 1:
                i, j = draw(st.tuples(*[st.integers(0, len(lines) - 1)] * 2))
                lines[i], lines[j] = draw(
                    st.sampled_from([(lines[j], lines[i]), (b"", lines[j]), (lines[j], lines[j])])
                )
                raw = b"".join(lines)
        elif how == "table":
            tables = _tables(raw)
            if len(tables) > 2:
                i, j = draw(st.tuples(*[st.integers(1, len(tables) - 1)] * 2))
                tables[i], tables[j] = draw(
                    st.sampled_from([(tables[j], tables[i]), (b"", tables[j]), (tables[j], tables[j])])
                )
                raw = b"".join(tables)
        else:
            keys = list(re.finditer(rb"(?m)([A-Za-z0-9_-]+)( *= *)([^\n{\[,}]+|[{\[][^\n]*)", raw))
            if keys:
                found = keys[draw(st.integers(0, len(keys) - 1))]
                if how == "key":
                    other = keys[draw(st.integers(0, len(keys) - 1))][1]
                    new = draw(st.sampled_from([other, found[1] + b"s", found[1][1:], b'"' + found[1] + b' "']))
                    raw = raw[: found.start(1)] + new + raw[found.end(1) :]
                else:
                    raw = raw[: found.start(3)] + draw(st.sampled_from(VALUES)) + raw[found.end(3) :]
    return raw


written = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.sampled_from([0, -1, 2**63, 10**30]),
        st.floats(),
        st.text(max_size=8),
        st.dates(),
        st.datetimes(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def misdeclared(draw: st.DrawFn, tree: dict[str, Any]) -> dict[str, Any]:
    """A scenario's tree with another value at one or two places: any depth, any type that a file can hold."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 2))):
        here: Any = tree
        while True:
            keys = sorted(here) if isinstance(here, dict) else list(range(len(here)))
            key = draw(st.sampled_from(keys))
            if not isinstance(here[key], (dict, list)) or not here[key] or draw(st.integers(0, 3)) == 0:
                break
            here = here[key]
        if isinstance(here, dict) and draw(st.integers(0, 3)) == 0:
            here[draw(st.sampled_from([*keys, "unheard_of"]))] = here.pop(key)
        else:
            here[key] = draw(written)
    return tree


# ---- arguments of rules ----

# Attributes of the layout that are numbers, with the range that the declarations leave them.
ATTRIBUTES: dict[str, tuple[float, float]] = {
    "cell_commanders": (1, 1e5),
    "ceasefire_length": (0, 1e4),
    "commanders_total": (1, 1e5),
    "concession_cost": (0, 1),
    "concession_value": (-1, 1),
    "control_cut_government": (-60, 60),
    "control_cut_insurgent": (-60, 60),
    "district_weight": (0, 1),
    "group_size_mean": (1, 1e5),
    "hardline": (0, 1),
    "obligations_number": (0, 50),
    "prelude": (0, 520),
    "press_amount": (0, 1e5),
    "press_weeks": (1, 1e4),
    "province_commanders": (0, 1e5),
    "reversibility": (0, 1),
    "rival_affinity": (0, 1),
    "tabled_rank": (-1, 50),
    "troops_dated": (0, 1e5),
    "week": (1, 1040),
    "withdraw_amount": (0, 1e5),
    "withdraw_weeks": (1, 1e4),
}
LUCKS: dict[str, tuple[float, float]] = {
    "uniform": (2.0**-54, 1 - 2.0**-53),
    "exponential": (2.0**-54, 37.5),
    "normal": (-8.3, 8.3),
    "gamma": (0, 60),
    "beta": (0, 1),
}
# Variables without a bound: further than they get in wars with parameters in their ranges.
FAR = 1e6
# Where what a variable is made of keeps it closer than its declared range can say.
REACHED: dict[str, tuple[float, float]] = {
    "tempo": (-20, 20),  # a process with a standard deviation of at most 2
    "credibility_government": (1e-31, 1),  # σ(-20), times e^-50
    "credibility_insurgency": (1e-31, 1),
}
# Variables that hold each other: the first is never above what is left of the others.
COUPLED: dict[str, Callable[[dict[str, np.ndarray]], np.ndarray]] = {
    "insurgent_share": lambda a: np.minimum(a["insurgent_share"], 1.0 - a["government_share"]),
    "shift": lambda a: np.minimum(a["shift"], 1.0 - a["p_win"]),
    "tabled_week": lambda a: np.minimum(a["tabled_week"], a["week"]),
    "cell_gone": lambda a: np.minimum(a["cell_gone"], a["cell_commanders"]).astype(np.int64),
}


def span(name: str) -> tuple[float, float]:
    """The declared domain of whatever a rule can read by this name."""
    if name in REACHED:
        return REACHED[name]
    if name in STANDARD.table:
        variable = STANDARD.table[name]
        low, high = variable.low, variable.high
        return (low if np.isfinite(low) else -FAR), (high if np.isfinite(high) else FAR)
    for luck in STANDARD.luck:
        if luck.name == name:
            return LUCKS[luck.distribution]
    if name in ATTRIBUTES:
        return ATTRIBUTES[name]
    parameters = load("afghanistan-2018").parameters
    for key, parameter in parameters.items():
        if name == key or name in (f"{key}_{entry}" for entry in parameter.each or ()):
            return parameter.range
    raise KeyError(name)


def arguments(reads: tuple[str, ...], seed: int, number: int) -> dict[str, np.ndarray]:
    """Arguments over their declared domains, independent of each other: ends, round numbers, anything between."""
    rng = np.random.default_rng(seed)
    out: dict[str, np.ndarray] = {}
    for name in reads:
        kind = STANDARD.table[name].kind if name in STANDARD.table else "float"
        try:
            low, high = span(name)
        except KeyError:  # the layout's other attributes say yes or no
            kind, low, high = "bool", 0, 1
        if kind == "bool":
            out[name] = rng.random(number) < 0.5
            continue
        scale = 10.0 ** rng.uniform(-6, np.log10(max(abs(low), abs(high), 1)), number) * rng.choice([-1.0, 1.0], number)
        way = rng.integers(0, 6, number)
        values = np.select(
            [way == 0, way == 1, way == 2, way == 3],
            [
                np.full(number, low),
                np.full(number, high),
                np.clip(np.rint(scale), low, high),
                np.clip(scale, low, high),
            ],
            rng.uniform(low, high, number),
        )
        out[name] = np.rint(values).astype(np.int64) if kind == "int" else values
    for name, hold in COUPLED.items():
        with suppress(KeyError):  # a rule that reads one of them alone
            out[name] = hold(out)
    return out
