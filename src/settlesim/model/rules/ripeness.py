"""Ripeness: the costs of war and the mutually hurting stalemate."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["RIPENESS"]


@rule(
    "run",
    Variable("cost_insurgency", units="share", meaning="insurgency's cost of war", low=0.0),
    Variable("cost_government", units="share", meaning="government's cost of war", low=0.0),
    Variable("gain_insurgency", units="share", meaning="insurgency's 13-week gain of control", low=0.0, high=1.0),
    Variable("gain_government", units="share", meaning="government's 13-week gain of control", low=0.0, high=1.0),
    Variable("hurting_stalemate", units="share", meaning="mutually hurting stalemate", low=0.0),
    source="zartman1989 zartman2000",
)
def ripeness(war_cost_insurgency, war_cost_government, sanctuary_relief, leverage, intensity, control_gain_weight,
             insurgent_control, government_control, insurgent_memory, government_memory):
    """Mutually hurting stalemate: min over sides of c v/v̄ - g_x max(0, control gain).

    The gain is the distance to an exponential memory of `gain_memory` weeks, which for a steady trend equals the
    gain of as many weeks and needs no history.  Sanctuary lowers the insurgency's cost of war in proportion to
    1 - π; the cost of week 0 is that with the whole of it.
    """
    sheltered = (1.0 - sanctuary_relief * (1.0 - leverage)) / (1.0 - sanctuary_relief)
    cost_t = war_cost_insurgency * sheltered * intensity
    cost_k = war_cost_government * intensity
    gain_t = np.maximum(0.0, insurgent_control - insurgent_memory)
    gain_k = np.maximum(0.0, government_control - government_memory)
    hurt = np.minimum(cost_t - control_gain_weight * gain_t, cost_k - control_gain_weight * gain_k)
    return cost_t, cost_k, gain_t, gain_k, np.maximum(0.0, hurt)


RIPENESS = Mechanism(
    "Ripeness",
    items=(ripeness,),
)
