"""The standard protocol: the mechanisms in the order of a week, stage by stage."""

from __future__ import annotations

from settlesim.model.protocol import Item, Mechanism, Protocol
from settlesim.model.rules.acceptance import ACCEPTANCE
from settlesim.model.rules.breakdown import BREAKDOWN
from settlesim.model.rules.ceasefire import CEASEFIRE
from settlesim.model.rules.classification import CLASSIFICATION
from settlesim.model.rules.commanders import COMMANDERS
from settlesim.model.rules.commitment import COMMITMENT
from settlesim.model.rules.compliance import COMPLIANCE
from settlesim.model.rules.consent import CONSENT
from settlesim.model.rules.control import CONTROL
from settlesim.model.rules.deals import DEALS
from settlesim.model.rules.delivery import DELIVERY
from settlesim.model.rules.durability import DURABILITY
from settlesim.model.rules.exclusion import EXCLUSION
from settlesim.model.rules.garrisons import GARRISONS
from settlesim.model.rules.implementation import IMPLEMENTATION
from settlesim.model.rules.legitimacy import LEGITIMACY
from settlesim.model.rules.neighbour import NEIGHBOUR
from settlesim.model.rules.package import PACKAGE
from settlesim.model.rules.patron_policy import PATRON_POLICY
from settlesim.model.rules.plan_steps import PLAN_STEPS
from settlesim.model.rules.pocketing import POCKETING
from settlesim.model.rules.power import POWER
from settlesim.model.rules.recruitment import RECRUITMENT
from settlesim.model.rules.ripeness import RIPENESS
from settlesim.model.rules.rival import RIVAL_STRENGTH
from settlesim.model.rules.rounds import ROUNDS
from settlesim.model.rules.signing import SIGNING
from settlesim.model.rules.spoilers import SPOILERS
from settlesim.model.rules.surrender_frame import SURRENDER_FRAME
from settlesim.model.rules.tabling import TABLING
from settlesim.model.rules.trust_from_attacks import TRUST_FROM_ATTACKS
from settlesim.model.rules.trust_from_deeds import TRUST_FROM_DEEDS
from settlesim.model.rules.veto_players import VETO_PLAYERS
from settlesim.model.rules.violence import VIOLENCE
from settlesim.model.rules.week_zero import WEEK_ZERO
from settlesim.model.rules.withdrawal import WITHDRAWAL

__all__ = ["STAGES", "STANDARD", "WEEK"]

# What happens in a week, in order; a new mechanism is one line here.
WEEK: dict[str, tuple[Mechanism, ...]] = {
    "sequence": (
        PLAN_STEPS,
        TABLING,
    ),
    "power": (
        POWER,
        SURRENDER_FRAME,
        RIPENESS,
        COMMITMENT,
        VETO_PLAYERS,
    ),
    "consent": (
        PATRON_POLICY,
        CONSENT,
        EXCLUSION,
        NEIGHBOUR,
    ),
    "violence": (
        CEASEFIRE,
        SPOILERS,
        TRUST_FROM_ATTACKS,
        VIOLENCE,
    ),
    "rounds": (
        ROUNDS,
        PACKAGE,
        ACCEPTANCE,
        BREAKDOWN,
        SIGNING,
    ),
    "delivery": (
        DELIVERY,
        POCKETING,
        DEALS,
        COMPLIANCE,
        IMPLEMENTATION,
        TRUST_FROM_DEEDS,
    ),
    "territory": (
        WITHDRAWAL,
        LEGITIMACY,
        GARRISONS,
        CONTROL,
    ),
    "commanders": (COMMANDERS,),
    "rival": (
        RIVAL_STRENGTH,
        RECRUITMENT,
    ),
    "outcome": (
        DURABILITY,
        CLASSIFICATION,
    ),
}

STAGES: dict[str, tuple[Item, ...]] = {
    stage: tuple(item for mechanism in mechanisms for item in mechanism.items) for stage, mechanisms in WEEK.items()
}

STANDARD = Protocol.of((WEEK_ZERO, *(mechanism for mechanisms in WEEK.values() for mechanism in mechanisms)))
