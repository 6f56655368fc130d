"""Ceasefires: declared and taken up, or delivered as a concession."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import logistic, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["CEASEFIRE"]


@rule(
    "run",
    Variable("ceasefire_wanted", units="weeks", meaning="length of a declared ceasefire not yet taken up", start=0.0,
             low=0.0),
    Variable("ceasefire_left", units="1", meaning="what is left of the ceasefire clock", start="ceasefire_luck"),
    Variable("ceasefire_until", units="weeks", meaning="week in which the ceasefire ends", start=0.0, low=0.0),
    Variable("ceasefire", units="1", meaning="a ceasefire holds", start=False, kind="bool", weekly=True, told=True),
    Variable("ceasefire_begins", units="1", meaning="a ceasefire begins this week", kind="bool", told=True),
    source="settlesim",
)
def ceasefire_clock(ceasefire_wanted, ceasefire_left, ceasefire_until, ceasefire_declared, ceasefire_conceded,
                    ceasefire_weeks, ceasefire_rate, trust_in_government, delivered_effect, delivered_share,
                    stalemate_effect, hurting_stalemate, week):
    """A declared ceasefire is taken up by the insurgency when its clock rings, and lasts as declared.

    A ceasefire delivered as a concession begins at once and lasts `ceasefire_weeks`.
    """
    wanted = np.where(ceasefire_declared > 0.0, ceasefire_declared, ceasefire_wanted)
    push = trust_in_government + delivered_effect * delivered_share + stalemate_effect * hurting_stalemate
    left = ceasefire_left - np.where(wanted > 0.0, ceasefire_rate * logistic(push), 0.0)
    begins = (wanted > 0.0) & (left <= 0.0)
    until = np.where(begins, week + wanted, ceasefire_until)
    until = np.where(ceasefire_conceded, np.maximum(until, week + ceasefire_weeks), until)
    begins = begins | ceasefire_conceded
    return np.where(begins, 0.0, wanted), left, until, week < until, begins


CEASEFIRE = Mechanism(
    "Ceasefires",
    items=(ceasefire_clock,),
    luck=(Luck("ceasefire_luck", "run", "exponential", meaning="taking up a declared ceasefire"),),
)
