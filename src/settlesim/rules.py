"""The vocabulary of rules and the standard protocol: the public door of `settlesim.model`."""

from settlesim.model.items import Choice, Clock, Commanders, Fold, Ranked, Rule, Select, Steps, rule
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STAGES, STANDARD
from settlesim.model.variables import Luck, Variable

__all__ = [
    "STAGES",
    "STANDARD",
    "Choice",
    "Clock",
    "Commanders",
    "Fold",
    "Luck",
    "Protocol",
    "Ranked",
    "Rule",
    "Select",
    "Steps",
    "Variable",
    "rule",
]
