"""The protocol of MODEL.md section 4: what happens in a week, in order."""

from __future__ import annotations

from settlesim.model.protocol import Item, Protocol
from settlesim.model.rules import (
    commanders,
    control,
    delivery,
    durability,
    ending,
    patron,
    plan_steps,
    power,
    rival,
    rounds,
    start,
    talks,
    trust,
    violence,
)

__all__ = ["STAGES", "STANDARD"]

STAGES: dict[str, tuple[Item, ...]] = {
    "sequence": (*plan_steps.ITEMS, *delivery.TABLING),
    "power": (power.strength, *talks.FRAME, *power.ITEMS),
    "consent": (*talks.CONSENT, *patron.NEIGHBOUR),
    "violence": (*trust.ITEMS, *violence.ITEMS),
    "rounds": (rounds.round_calendar, *delivery.PACKAGE, *rounds.ITEMS),
    "delivery": (*delivery.DELIVERY, *patron.DEALS, *delivery.COMPLIANCE),
    "territory": (*patron.TROOPS, *control.ITEMS),
    "commanders": (*commanders.HAZARDS, *commanders.ITEMS, *commanders.TALLIES),
    "rival": rival.ITEMS,
    "outcome": (*durability.ITEMS, *ending.ITEMS),
}

_MODULES = (
    start,
    plan_steps,
    talks,
    power,
    trust,
    violence,
    rounds,
    delivery,
    patron,
    control,
    commanders,
    rival,
    durability,
    ending,
)

STANDARD = Protocol(
    items=tuple(item for stage in STAGES.values() for item in stage),
    variables=tuple(v for module in _MODULES for v in module.VARIABLES),
    setup=start.ITEMS,
    luck=tuple(item for module in _MODULES for item in getattr(module, "LUCK", ())),
)
