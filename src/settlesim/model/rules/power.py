"""Power: the insurgency's strength and the chance that it eventually wins."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import logistic, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["POWER", "balance"]

# Keeps logarithms finite when an army or a movement has melted away.
LEAST = 1e-3


def balance(odds):
    """P(insurgents eventually win) from its logit."""
    return logistic(odds)


@rule(
    "run",
    Variable("strength", units="initial strength", meaning="insurgent strength F", start=1.0, low=0.0, weekly=True,
             told=True),
    Variable("presence", units="share", meaning="patron's force as a share of its initial size", start=1.0, low=0.0),
    source="settlesim",
)
def strength(fighters, initial_fighters, manpower, troops, troops_start):
    """Insurgent strength F in units of its initial size, and the patron's presence U/U0."""
    presence = np.where(troops_start > 0.0, troops / np.maximum(troops_start, LEAST), 0.0)
    return manpower * fighters / initial_fighters, presence


@rule(
    "run",
    Variable("p_win", units="probability", meaning="P(insurgents eventually win)", low=0.0, high=1.0),
    Variable("p_withdrawn", units="probability", meaning="the same once the committed withdrawal is done", low=0.0,
             high=1.0),
    Variable("shift", units="probability", meaning="shift of power under the committed withdrawal", low=0.0, high=1.0),
    source="powell2006 settlesim",
)
def power(strength, initial_fighters, recidivism, prisoners_freed, garrison_yield, legitimacy, legitimacy_start,
          legitimacy_weight, power_bias, power_steepness, patron_weight, troops, troops_start, committed_troops):
    """p = σ(a0 + 2[ln((F + recidivism prisoners)/A) - ln((1+.05U)/(1+.05U0))]), now and once the withdrawal is done."""
    army = (1.0 - garrison_yield) * (1.0 - legitimacy_weight + legitimacy_weight * legitimacy / legitimacy_start)
    force = strength + recidivism * prisoners_freed / initial_fighters
    ratio = np.log(np.maximum(force, LEAST) / np.maximum(army, LEAST))
    scale = 1.0 + patron_weight * troops_start
    p = balance(power_bias + power_steepness * (ratio - np.log((1.0 + patron_weight * troops) / scale)))
    p_w = balance(power_bias + power_steepness * (ratio - np.log((1.0 + patron_weight * committed_troops) / scale)))
    return p, p_w, np.maximum(0.0, p_w - p)


POWER = Mechanism(
    "Power",
    items=(
        strength,
        power,
    ),
    outcomes=(Outcome("insurgent_strength", final("strength"), "initial strength", "insurgent strength at the end"),),
)
