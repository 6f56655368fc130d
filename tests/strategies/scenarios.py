"""Small wars, and how the parameters of their worlds are drawn."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from settlesim.scenario.files import load
from settlesim.scenario.priors import Fixed
from settlesim.scenario.scenario import Scenario
from strategies.numbers import priors_within

__all__ = ["corners", "scenarios", "shipped_tree"]

SOURCE = {"source": "invented", "tag": "P"}
REGIONS = ("hills", "plains", "coast")
BODIES = {"un": "United Nations", "donors": "Donors"}


@lru_cache
def shipped_tree(name: str) -> dict[str, Any]:
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
    "eventful": {"dated_events": 1},
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
def _parameters(draw: st.DrawFn, mild: bool, dated: bool) -> dict[str, Any]:
    base = shipped_tree(draw(st.sampled_from(["afghanistan-2018", "two-party", "null-order"])))["parameters"]
    out = {name: {**table, **SOURCE} for name, table in base.items()}
    for mood in draw(st.lists(st.sampled_from(sorted(MOODS)), max_size=3, unique=True)):
        for name, value in MOODS[mood].items():
            out[name] = _set(out[name], Fixed(value=value))
    names = sorted(name for name in out if dated or name != "dated_troops")
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
            "proposed_by": draw(st.lists(st.sampled_from(parties), max_size=2, unique=True)),
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
def _obligation(draw: st.DrawFn, k: int) -> dict[str, Any]:
    numbers = st.sampled_from([0.0, 0.05, {"low": 0.0, "mode": 0.1, "high": 0.3}])
    return {
        "label": f"Duty {k}",
        "value": draw(numbers),
        "cost": draw(numbers),
        "indivisible": draw(st.booleans()),
    } | SOURCE


@st.composite
def _event(draw: st.DrawFn, k: int, patron: bool) -> dict[str, Any]:
    kind = draw(st.sampled_from(["legitimacy", "splintering", "attacks", *(["fatigue"] if patron else [])]))
    size = draw(st.sampled_from([0.0, 0.2, {"low": 0.0, "mode": 0.1, "high": 0.3}]))
    out = {
        "name": f"event_{k}",
        "label": f"Event {k}",
        "kind": kind,
        "week": draw(st.sampled_from([0, 3.5, 12])),
        "size": size,
    }
    return out | ({"weeks": draw(st.sampled_from([1, 5]))} if kind == "attacks" else {}) | SOURCE


@st.composite
def scenarios(draw: st.DrawFn, *, mild: bool = False) -> Scenario:
    """Small valid wars: any actors, factions, provinces, tables and gifts; parameters anywhere in their ranges.

    `mild` keeps the parameters to the shipped ones and to moods, for tests of what no corner may hide.
    """
    others = draw(st.lists(st.sampled_from(["patron", "neighbour", "rival"]), max_size=3, unique=True))
    mediated = draw(st.booleans())
    roles = draw(st.permutations(["government", "insurgency", *others]))
    everyone = [*roles, "mediator"] if mediated else roles
    actors: dict[str, Any] = {role: {"label": role.title(), **SOURCE} for role in everyone}
    actors["insurgency"] |= {"commanders": draw(st.integers(1, 60)), "group_size": draw(st.sampled_from([50, 1, 7]))}
    provinces = draw(_provinces("rival" in others))
    path = draw(st.sampled_from([(), (), ((0, 14), (9, 2.5)), ((3, 20),)])) if "patron" in others else ()
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
        "troop_path": path,
        "districts_total": sum(p["districts"] for p in provinces),
        "sources": {"invented": "Invented."},
        "bodies": BODIES,
        "control": {"government": government, "contested": contested, "insurgent": insurgent, **SOURCE},
        "actors": actors,
        "factions": draw(_factions(sorted({p["region"] for p in provinces}))),
        "provinces": provinces,
        "tracks": tracks,
        "concessions": draw(_concessions(roles)),
        "obligations": {f"duty_{k}": draw(_obligation(k)) for k in range(draw(st.integers(0, 3)))},
        "events": [draw(_event(k, "patron" in others)) for k in range(draw(st.integers(0, 3)))],
        "parameters": draw(_parameters(mild, bool(path))),
        "sequences": {"plan": {"steps": [{"do": "open", "track": next(iter(tracks))}]}},
    }
    return Scenario.model_validate(tree)


@st.composite
def corners(draw: st.DrawFn, scenario: Scenario, runs: int) -> Any:
    """How parameters are drawn: by chance, or each at the low or high end of its prior, by a coin of a seed."""
    if draw(st.booleans()):
        return "monte_carlo"
    names = [str(quantity.address) for quantity in scenario.quantities()]
    coins = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 2, (len(names), runs)).astype(float)
    return dict(zip(names, coins, strict=True))
