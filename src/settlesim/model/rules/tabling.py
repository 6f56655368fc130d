"""Tabling: a concession is laid on a track's table."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["TABLING"]


@rule(
    "clause",
    Variable("tabled_week", units="weeks", meaning="week in which it was tabled, -1 before", start=-1.0, low=-1.0),
    source="settlesim",
)
def table(tabled_week, tabled_now, week):
    """Note when a concession was last laid on a track's table: tabling it anew renews it."""
    return np.where(tabled_now, week, tabled_week)


TABLING = Mechanism(
    "Tabling",
    items=(
        table,
        Fold(
            Variable("tabled_first", scope="concession", units="1", meaning="tabled this week", kind="bool"),
            "tabled_now", "any", "clause", "concession_clauses",
        ),
    ),
)
