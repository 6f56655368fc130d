"""Legitimacy of the government."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["LEGITIMACY"]


@rule(
    "run",
    Variable("legitimacy", units="share", meaning="legitimacy L of the government", start="legitimacy_start", low=0.0,
             high=1.0, weekly=True, told=True),
    source="khan2018 settlesim",
)
def legitimacy(legitimacy, exclusion_cost, excluded, legitimacy_total, mission_toll, event_legitimacy):
    """L falls by `exclusion_cost` a week of exclusion, by .25 c for each concession delivered, and with missions.

    Dated events move it either way.
    """
    lost = exclusion_cost * excluded + legitimacy_total + mission_toll
    return np.clip(legitimacy - lost + event_legitimacy, 0.0, 1.0)


LEGITIMACY = Mechanism(
    "Legitimacy",
    items=(legitimacy,),
    outcomes=(
        Outcome("legitimacy", final("legitimacy"), "share", "government's legitimacy at the end", kind="bounded",
                better="high"),
    ),
)
