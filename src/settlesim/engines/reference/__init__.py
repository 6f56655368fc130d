"""The Mesa reference model: the same rules, interpreted agent by agent."""

from settlesim.engines.reference.agents import (
    Actor,
    Bargain,
    Cell,
    Clause,
    Commander,
    Concession,
    Dimension,
    Dyad,
    Faction,
    Government,
    Insurgency,
    Mediator,
    Neighbour,
    Obligation,
    OutsideEvent,
    Patron,
    PlanStep,
    Province,
    Rival,
    Seat,
    StepCondition,
    Track,
    War,
)
from settlesim.engines.reference.entity import Entity
from settlesim.engines.reference.recording import batch_key, run, run_batch, values_of
from settlesim.engines.reference.rules_by_name import register
from settlesim.engines.reference.settlement_model import SettlementModel

__all__ = [
    "Actor",
    "Bargain",
    "Cell",
    "Clause",
    "Commander",
    "Concession",
    "Dimension",
    "Dyad",
    "Entity",
    "Faction",
    "Government",
    "Insurgency",
    "Mediator",
    "Neighbour",
    "Obligation",
    "OutsideEvent",
    "Patron",
    "PlanStep",
    "Province",
    "Rival",
    "Seat",
    "SettlementModel",
    "StepCondition",
    "Track",
    "War",
    "batch_key",
    "run",
    "run_batch",
    "values_of",
]

register()
