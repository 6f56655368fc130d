"""Recruitment: fighters that a commander can raise."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["RECRUITMENT"]


@rule(
    "run",
    Variable("jihad", units="1", meaning="legitimacy of the fight J", start=1.0, low=0.0),
    Variable("manpower", units="1", meaning="fighters a commander can raise, relative to the start", start=1.0,
             low=0.0),
    source="khan2018 settlesim",
)
def recruitment(jihad, presence, jihad_memory, manpower, recruitment_rate, foreign_presence_recruitment, at_peace,
                has_patron):
    """Recruits follow the legitimacy of the fight, which follows the foreign presence; none in peace."""
    aim = np.where(has_patron, presence, 1.0)
    now = jihad + (aim - jihad) / jihad_memory
    rate = recruitment_rate / 52.0 * np.maximum(0.0, 1.0 + foreign_presence_recruitment * (now - 1.0))
    return now, manpower * (1.0 + np.where(at_peace, 0.0, rate))


RECRUITMENT = Mechanism(
    "Recruitment",
    items=(recruitment,),
)
