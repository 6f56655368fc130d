"""Packages: which concessions an offer takes, in what order, and what they lost while they lay on the table."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import AGREED
from settlesim.model.items import Fold, Ranked, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["PACKAGE"]


@rule(
    "track",
    Variable("package_wanted", units="1", meaning="packages are needed this week", kind="bool"),
    source="settlesim",
)
def packages_wanted(round_due, phase):
    """Say whether packages are needed this week: at a round, and while an agreement awaits signing."""
    return round_due | (phase == AGREED)


@rule(
    "clause",
    Variable("clause_value", units="share", meaning="value of the concession, not below zero", start=0.0, low=0.0),
    Variable("clause_key", units="1", meaning="order in the package", start=0.0),
    Variable("clause_one", units="1", meaning="one, for counting", start=0.0),
    when="package_wanted", source="settlesim",
)
def order_of_clauses(concession_value, concession_cost, in_pie, tabled_rank, tabled_week, delivered):
    """Order in which a package takes concessions: delivered ones, then as tabled, then by cost per value."""
    value = np.where(in_pie, np.maximum(concession_value, 0.0), 0.0)
    by_cost = 100.0 + np.minimum(concession_cost / np.maximum(value, 1e-6), 1e6)
    key = np.where((tabled_week >= 0.0) & (tabled_rank >= 0.0), tabled_rank, by_cost)
    return value, np.where(delivered, -1.0, key), np.ones_like(value)


@rule(
    "clause",
    Variable("stale_value", units="share", meaning="value the concession lost on the table", start=0.0, low=0.0),
    when="round_due", source="khan2018 settlesim",
)
def staleness(clause_power, offer, clause_before, clause_value, tabled_week, week, offer_half_life, delivered):
    """Value that a tabled concession has lost while it lay on the table; what is delivered keeps its value."""
    level = np.clip((offer - clause_before) / np.maximum(clause_value, 1e-9), 0.0, 1.0)
    age = np.where(tabled_week >= 0.0, week - tabled_week, 0.0)
    lost = level * clause_value * (1.0 - np.exp2(-age / offer_half_life))
    return np.where(clause_power & ~delivered, lost, 0.0)


PACKAGE = Mechanism(
    "Packages",
    items=(
        packages_wanted,
        order_of_clauses,
        Ranked(
            Variable("clause_before", scope="clause", units="share",
                     meaning="value of what comes before it in the package", start=0.0, low=0.0),
            "clause_value", "clause_key", "package_wanted",
        ),
        Ranked(
            Variable("clause_position", scope="clause", units="1",
                     meaning="number of concessions before it in the package", start=0.0, low=0.0),
            "clause_one", "clause_key", "package_wanted",
        ),
        staleness,
        Fold(
            Variable("stale", scope="bargain", units="share", meaning="value the offer lost on the table", start=0.0,
                     low=0.0),
            "stale_value", "sum", "clause", "bargain_clauses",
        ),
    ),
)
