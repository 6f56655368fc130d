"""The Mesa reference model: the same rules, interpreted agent by agent."""

from settlesim.reference.agents import (
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
from settlesim.reference.model import SettlementModel
from settlesim.reference.recording import release, run, values_of

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
