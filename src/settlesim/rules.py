"""The vocabulary of rules and the standard protocol: the public door of `settlesim.model`."""

from settlesim.model.protocol import (
    Choice,
    Clock,
    Commanders,
    Fold,
    Luck,
    Protocol,
    Ranked,
    Rule,
    Select,
    Steps,
    Variable,
    rule,
)
from settlesim.model.standard import STAGES, STANDARD

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
