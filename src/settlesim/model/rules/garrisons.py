"""Garrisons: a threshold cascade of yielding without a fight."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["GARRISONS"]


@rule(
    "run",
    Variable("garrison_yield", units="share", meaning="share S of garrisons that yield without a fight", start=0.0,
             low=0.0, high=1.0, weekly=True, told=True),
    source="granovetter1978 kuran1989 kuran1991 christia2012",
)
def garrisons(garrison_yield, insurgent_control, presence, legitimacy, garrison_speed, garrison_insurgent,
              garrison_herding, garrison_patron, garrison_legitimacy, garrison_resolve, garrison_spread, at_peace):
    """S += .12[Φ((2.2 I + 1.1 S - U/U0 - 1.2 L - .10)/.28) - S]: a threshold cascade; none yields in peace."""
    pull = garrison_insurgent * insurgent_control + garrison_herding * garrison_yield
    hold = garrison_patron * presence + garrison_legitimacy * legitimacy + garrison_resolve
    target = np.where(at_peace, 0.0, ndtr((pull - hold) / garrison_spread))
    return np.clip(garrison_yield + garrison_speed * (target - garrison_yield), 0.0, 1.0)


GARRISONS = Mechanism(
    "Garrisons",
    items=(garrisons,),
    outcomes=(
        Outcome("garrison_yield", final("garrison_yield"), "share", "garrisons that yield at the end", kind="bounded"),
    ),
)
