"""The patron's policy: it refuses bilateral talks until it switches."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["PATRON_POLICY"]


@rule(
    "run",
    Variable("switch_left", units="1", meaning="what is left of the patron's policy clock", start="switch_luck"),
    Variable("switched", units="1", meaning="the patron accepts bilateral talks", start=False, kind="bool"),
    Variable("switches", units="1", meaning="the patron's policy switches this week", kind="bool", told=True),
    source="khan2018 settlesim",
)
def patron_policy(switch_left, switched, patron_flexibility, switch_ordered, has_patron):
    """Run the clock of the patron's policy: it refuses bilateral talks until it switches."""
    left = switch_left - np.where(switched, 0.0, patron_flexibility)
    turns = (~switched) & has_patron & ((left <= 0.0) | switch_ordered)
    return left, switched | turns, turns


PATRON_POLICY = Mechanism(
    "The patron's policy",
    items=(patron_policy,),
    luck=(Luck("switch_luck", "run", "exponential", meaning="the patron's policy clock"),),
)
