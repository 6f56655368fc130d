"""The standard protocol: the mechanisms in the order of a week, stage by stage."""

from __future__ import annotations

from importlib import import_module

from settlesim.model.items import Item
from settlesim.model.protocol import Mechanism, Protocol

__all__ = ["STAGES", "STANDARD", "WEEK"]

# By stage, the files of `settlesim.model.rules` in the order of a week. What stands in `power.py` is called `POWER`.
FILES = {
    "before the first week": ("week_zero", "red_lines"),
    "sequence": (
        "plan_steps",
        "tabling",
        "events",
        "third_parties",
    ),
    "power": (
        "power",
        "surrender_frame",
        "ripeness",
        "backing",
        "commitment",
        "veto_players",
        "package",
        "walkouts",
    ),
    "consent": (
        "patron_policy",
        "consent",
        "exclusion",
        "neighbour",
    ),
    "violence": (
        "ceasefire",
        "restraint",
        "spoilers",
        "trust_from_attacks",
        "violence",
    ),
    "rounds": (
        "rounds",
        "agenda_items",
        "acceptance",
        "breakdown",
        "signing",
        "readiness",
    ),
    "delivery": (
        "delivery",
        "pocketing",
        "deals",
        "compliance",
        "implementation",
        "trust_from_deeds",
    ),
    "territory": (
        "withdrawal",
        "legitimacy",
        "garrisons",
        "army",
        "control",
    ),
    "commanders": ("commanders",),
    "rival": (
        "rival_strength",
        "recruitment",
    ),
    "outcome": (
        "process_figures",
        "durability",
        "classification",
    ),
}


def _mechanism(file: str) -> Mechanism:
    found: Mechanism = getattr(import_module(f"settlesim.model.rules.{file}"), file.upper())
    return found


WEEK: dict[str, tuple[Mechanism, ...]] = {stage: tuple(map(_mechanism, files)) for stage, files in FILES.items()}

STAGES: dict[str, tuple[Item, ...]] = {
    stage: items
    for stage, mechanisms in WEEK.items()
    if (items := tuple(item for mechanism in mechanisms for item in mechanism.items))
}

STANDARD = Protocol.of(mechanism for mechanisms in WEEK.values() for mechanism in mechanisms)
