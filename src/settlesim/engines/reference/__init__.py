"""The Mesa reference model: the same rules, interpreted agent by agent."""

from settlesim.engines.reference.agents import (
    Cell,
    Commander,
    Entity,
    Faction,
    Government,
    Insurgency,
    Neighbour,
    Patron,
    Province,
    Rival,
    Seat,
    Track,
    War,
)
from settlesim.engines.reference.recording import release, run, values_of
from settlesim.engines.reference.settlement_model import SettlementModel

__all__ = [
    "Cell",
    "Commander",
    "Entity",
    "Faction",
    "Government",
    "Insurgency",
    "Neighbour",
    "Patron",
    "Province",
    "Rival",
    "Seat",
    "SettlementModel",
    "Track",
    "War",
    "release",
    "run",
    "values_of",
]
