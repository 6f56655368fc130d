"""Random wars, plans and protocols for Hypothesis: valid by construction, small, lively enough that things happen."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from settlesim.rules import STANDARD, Fold, Luck, Protocol, Rule, Variable, rule
from settlesim.rules.rounds import zeuthen
from settlesim.scenario import Scenario
from settlesim.sequence import Sequence
from support import shipped

__all__ = ["War", "conditions", "entropies", "examples", "plans", "protocols", "scenarios", "wars"]

INVENTED = {"source": "invented", "tag": "P"}
# What makes consent, deals and defections frequent enough to happen within a few dozen weeks.
LIVELY = {
    "consent_rate": 3.0,
    "consent_bias": 1.0,
    "round_interval": 2.0,
    "concession_acceptance": 0.8,
    "opening_offer": 0.4,
    "opening_ask": 0.5,
    "patron_flexibility": 0.5,
    "defection_rate": 0.6,
    "splinter_rate": 0.4,
    "reintegration_rate": 0.4,
    "return_rate": 4.0,
    "commander_loss_rate": 0.5,
    "surrender_frame": 0.02,
}

entropies = st.integers(0, 2**64)

# HYPOTHESIS_PROFILE=deep draws anew in every run, and many times more.
DEEPER = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 1


def examples(number):
    """How many examples a test takes."""
    return settings(max_examples=number * DEEPER)


def _shares(numbers):
    """Whole numbers as shares that sum to one."""
    total = sum(numbers)
    return [n / total for n in numbers]


@st.composite
def _people(draw):
    """Actors, factions and provinces."""
    roles = ["government", "insurgency", *(r for r in ("patron", "neighbour", "rival") if draw(st.booleans()))]
    actors = {role: {"label": role.title(), **INVENTED} for role in roles}
    actors["insurgency"] |= {"commanders": draw(st.integers(1, 40)), "group_size": draw(st.integers(1, 200))}
    regions = ["north", "south"][: draw(st.integers(1, 2))]
    weight = st.integers(0, 5).map(float)
    provinces = [
        {
            "name": f"Province {k}",
            "region": regions[k % len(regions)],
            "districts": draw(st.integers(1, 20)),
            "tier": draw(st.floats(-3, 3)),
            "insurgents": draw(weight) if k else 1.0,
            "rival": draw(weight) if k else 1.0,
            "tile": [0, k],
            **INVENTED,
        }
        for k in range(draw(st.integers(len(regions), 4)))
    ]
    shares = _shares(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    factions = [
        {
            "name": f"faction_{k}",
            "label": f"Faction {k}",
            "share": share,
            "hardline": draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])),
            "regions": {region: draw(st.integers(1, 3)) * 1.0 for region in regions},
            **INVENTED,
        }
        for k, share in enumerate(shares)
    ]
    held = _shares(draw(st.tuples(st.integers(5, 20), st.integers(0, 20), st.integers(1, 10))))
    control = dict(zip(("government", "contested", "insurgent"), held, strict=True)) | INVENTED
    districts = sum(p["districts"] for p in provinces)
    return {
        "actors": actors, "factions": factions, "provinces": provinces, "control": control,
        "districts_total": districts,
    }  # fmt: skip


@st.composite
def _tables(draw, roles):
    """Tracks and concessions that these parties can have."""
    kinds = [(("government", "insurgency"), ("power",))]
    if "patron" in roles:
        kinds += [(("patron", "insurgency"), ("withdrawal",)),
                  (("government", "patron", "insurgency"), ("power", "withdrawal"))]  # fmt: skip
    if "neighbour" in roles:
        kinds.append((("government", "neighbour"), ("sanctuary",)))
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3))
    tracks = {
        f"track_{k}": {
            "label": f"Table {k}", "parties": list(parties), "issues": list(issues),
            "linkage": draw(st.sampled_from(["package", "staged"])), "prelude": draw(st.integers(0, 3)), **INVENTED,
        }
        for k, (parties, issues) in enumerate(chosen)
    }  # fmt: skip
    share = st.integers(0, 20).map(lambda n: n / 100)
    flag = st.booleans()
    givers = [role for role in ("government", "patron") if role in roles]
    concessions = {}
    for k in range(draw(st.integers(0, 4))):
        low, mode, high = sorted(draw(st.tuples(share, share, share)))
        concessions[f"gift_{k}"] = {
            "label": f"Gift {k}", "value": {"low": low, "mode": mode, "high": high}, "cost": draw(share),
            "reversibility": draw(st.sampled_from([0.0, 0.5, 1.0])),
            "by": [draw(st.sampled_from([*givers, "donors"]))], "mutual": draw(flag),
            "dimension": draw(st.sampled_from(["political", "military", "territorial", "economic"])),
            "recognises": draw(flag), "frees_prisoners": draw(flag), "ceases_fire": draw(flag), **INVENTED,
        }  # fmt: skip
    return {"tracks": tracks, "concessions": concessions, "bodies": {"donors": "Donors"}}


@st.composite
def conditions(draw, tracks, gifts, steps, horizon, depth=2):
    """A condition that may come to hold: it refers to tables opened, gifts and steps taken before."""
    delay = draw(st.integers(0, 3))
    kinds = ["week", "quiet"]
    kinds += ["opened", "signed", "broken"] if tracks else []
    kinds += ["delivered"] if gifts else []
    kinds += ["taken"] if steps else []
    kinds += ["all", "any", "not"] if depth else []
    kind = draw(st.sampled_from(kinds))
    if kind in ("week", "quiet"):
        value = draw(st.integers(0, horizon // 3))
    elif kind in ("all", "any"):
        deeper = conditions(tracks, gifts, steps, horizon, depth - 1)
        value = draw(st.lists(deeper, min_size=1, max_size=3))
    elif kind == "not":
        value = draw(conditions(tracks, gifts, steps, horizon, depth - 1))
    else:
        value = draw(st.sampled_from({"delivered": gifts, "taken": steps}.get(kind, tracks)))
    return {kind: value, "delay": delay}


@st.composite
def plans(draw, tree, horizon, name="plan"):
    """A sequence with steps of every kind that the conflict has the actors for."""
    tracks, gifts, roles = tree["tracks"], tree["concessions"], tree["actors"]
    kinds = ["open", "close", "table", "deliver", "ceasefire", "oblige"]
    kinds += ["press"] if "neighbour" in roles else []
    kinds += ["withdraw", "switch"] if "patron" in roles else []
    steps, opened, given = [], [], []
    # A table is called in every plan, or else nothing would be talked about.
    for k, do in enumerate(["open", *draw(st.lists(st.sampled_from(kinds), max_size=5))]):
        step = {"do": do, "name": f"step_{k}"}
        track = draw(st.sampled_from(sorted(tracks)))
        deliverable = [g for g, gift in gifts.items() if set(gift["by"]) & set(tracks[track]["parties"])]
        agenda = draw(st.lists(st.sampled_from(deliverable), unique=True)) if deliverable else []
        if do in ("open", "close", "table", "oblige"):
            step["track"] = track
        if do == "table":
            if not agenda:
                continue
            step["concessions"] = agenda
        elif do == "deliver":
            if not gifts:
                continue
            step["concession"] = draw(st.sampled_from(sorted(gifts)))
            if draw(st.booleans()):
                step |= {"reciprocal": True, "weeks": draw(st.integers(1, 4))}
        elif do == "oblige":
            step["by"] = draw(st.sampled_from(sorted(tracks)))
        elif do == "ceasefire":
            step["weeks"] = draw(st.integers(1, 20))
        elif do == "press":
            step |= {"amount": draw(st.sampled_from([0.2, 0.6])), "weeks": draw(st.integers(1, 20))}
        elif do == "withdraw":
            step |= {"amount": draw(st.sampled_from([0.0, 5.0])), "weeks": draw(st.integers(1, 30))}
        if draw(st.booleans()):
            taken = [s["name"] for s in steps]
            step["when"] = draw(conditions(sorted(set(opened)), sorted(set(given)), taken, horizon))
        steps.append(step)
        opened += [track] if do == "open" else []
        given += [step["concession"]] if do == "deliver" else []
    plan = {
        "name": name, "steps": steps, "ordered": draw(st.booleans()), "pace": draw(st.integers(0, 2)),
        "undertaking": draw(st.sampled_from(["early_harvest", "single"])),
    }  # fmt: skip
    if draw(st.booleans()):
        plan["levers"] = {"withdrawal_linkage": draw(st.sampled_from([0.0, 0.5, 1.0]))}
    if "patron" in roles and draw(st.booleans()):
        plan["troop_path"] = [[0.0, 14.0], [horizon / 2, draw(st.sampled_from([0.0, 7.0]))]]
    return plan


@st.composite
def _parameters(draw):
    """The shipped parameters, some held at an end of their prior, and often lively."""
    parameters = {name: dict(entry) for name, entry in shipped().tree()["parameters"].items()}
    for entry in parameters.values():
        entry |= INVENTED
    priors = sorted(name for name, entry in parameters.items() if "prior" in entry)
    for name in draw(st.lists(st.sampled_from(priors), max_size=8, unique=True)):
        prior = shipped().parameters[name].entries()[""]
        del parameters[name]["prior"]
        parameters[name]["value"] = float(draw(st.sampled_from(prior.bounds)))
    if draw(st.integers(0, 3)):
        for name, value in LIVELY.items():
            entry = parameters[name]
            if "each" in entry:
                entry["each"] = dict.fromkeys(entry["each"], value)
            else:
                entry.pop("prior", None)
                entry["value"] = value
    parameters["group_size_spread"]["value"] = draw(st.sampled_from([0.0, 0.5]))
    parameters["victory_control"]["value"] = draw(st.sampled_from([0.8, 0.5]))
    if draw(st.booleans()):
        del parameters["hardline_concentration"]["value"]
        parameters["hardline_concentration"]["prior"] = {"low": 3.0, "mode": 4.0, "high": 6.0}
    return parameters


@st.composite
def scenarios(draw):
    """A war of up to 40 commanders in up to four provinces, with up to three tables and two plans."""
    people = draw(_people())
    tree = people | draw(_tables(people["actors"]))
    horizon = draw(st.integers(12, 60))
    tree["sequences"] = {name: draw(plans(tree, horizon, name)) for name in ("first", "second")}
    obligations = {f"duty_{k}": {"label": f"Duty {k}", **INVENTED} for k in range(draw(st.integers(0, 2)))}
    return Scenario.model_validate(
        tree
        | {
            "name": "drawn", "title": "A drawn war", "description": "Made up by a test.", "start": "2020-01-01",
            "horizon": horizon, "default_sequence": "first", "baseline_sequence": "first",
            "sources": {"invented": "Invented by a test."}, "obligations": obligations,
            "parameters": draw(_parameters()),
        }
    )  # fmt: skip


@rule("run", "grain weariness", source="a test")
def weariness(weariness, deaths_week, intensity, grain_luck):
    return grain_luck, 0.9 * weariness + np.where(deaths_week > 100.0 * intensity, grain_luck, 0.0)


@rule("province", "hurt", source="a test")
def hurt(hurt, deaths_week, insurgent_share, weariness):
    return np.maximum(hurt, insurgent_share * np.log1p(deaths_week) + weariness)


ADDED = (
    Variable("grain", "run", "1", "luck as it came", low=0.0, high=1.0),
    Variable("weariness", "run", "1", "memory of heavy weeks", 0.0, 0.0),
    Variable("hurt", "province", "1", "worst week so far", 0.0, 0.0),
    Variable("hurt_in_all", "run", "1", "sum of it", 0.0, 0.0),
)
GRAIN = Luck("grain_luck", "run", "uniform", "week", meaning="travels with the date")


@st.composite
def protocols(draw):
    """The standard week; with rules and a fold put in anywhere; with Zeuthen's concessions; with items exchanged."""
    protocol = STANDARD
    if draw(st.booleans()):
        protocol = protocol.replaced("asks_and_offers", replace(zeuthen, when="round_due"))
    if draw(st.booleans()):
        at = draw(st.sampled_from(STANDARD.names))
        protocol = protocol.with_rule(weariness, after=at, variables=ADDED, luck=[GRAIN])
        protocol = protocol.with_rule(hurt, after=weariness.name)
        protocol = protocol.with_rule(Fold("hurt_in_all", "hurt", "sum", "province"), after=hurt.name)
    for i in draw(st.lists(st.integers(0, len(protocol.items) - 2), max_size=4)):
        # Neighbours exchanged: another model, but one that both engines must read alike.
        items = list(protocol.items)
        if all(isinstance(item, Rule) for item in items[i : i + 2]):
            items[i], items[i + 1] = items[i + 1], items[i]
            protocol = replace(protocol, items=tuple(items))
    return protocol


class War:
    """A scenario, one of its plans, a protocol, and the entropy of its luck."""

    # Not a dataclass: Hypothesis would print all its fields, which are long.
    def __init__(self, scenario: Scenario, plan: Sequence, entropy: int, protocol: Protocol = STANDARD) -> None:
        self.scenario, self.plan, self.entropy, self.protocol = scenario, plan, entropy, protocol

    def __repr__(self) -> str:
        """Whatever tells one drawn war from another."""
        tree, shipped_parameters = self.scenario.tree(), shipped().tree()["parameters"]
        tree["parameters"] = {
            name: {key: entry[key] for key in ("value", "prior", "each") if key in entry}
            for name, entry in tree["parameters"].items()
            if {**entry, **INVENTED} != {**shipped_parameters[name], **INVENTED}
        }
        names = [
            f"{k}: {a}" for k, (a, b) in enumerate(zip(self.protocol.names, STANDARD.names, strict=False)) if a != b
        ]
        return f"War(plan={self.plan.name!r}, entropy={self.entropy}, protocol changed at {names[:8]}, {tree!r})"


@st.composite
def wars(draw, week=None):
    """A war; with `week`, a strategy of protocols, one that goes by another week than the standard one."""
    scenario = draw(scenarios())
    plan = scenario.sequence(draw(st.sampled_from(["first", "second"])))
    return War(scenario, plan, draw(entropies), STANDARD if week is None else draw(week))
