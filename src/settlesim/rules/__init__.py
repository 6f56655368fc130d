"""The rules of the model, one file per mechanism, and the standard protocol."""

from settlesim.rules.rule import (
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
from settlesim.rules.standard import STAGES, STANDARD

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
