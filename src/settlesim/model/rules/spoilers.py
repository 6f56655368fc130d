"""Spoilers: attacks timed to wreck talks that are about to succeed."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import logistic, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["SPOILERS"]


@rule(
    "run",
    Variable("spoiler_attacks", units="per week", meaning="rate of spoiler attacks", start=0.0, low=0.0, told=True),
    Variable("spoiler_believed", units="per week", meaning="rate of spoiler attacks that observers expect", low=0.0),
    source="kydd2002",
)
def spoilers(spoiler_rate, rival_strength_now, rival_start, spoiler_timing, government_talks, patron_talks, zone,
             splintered, initial_fighters, splinter_spoiling, spoiler_zone_scale):
    """Spoilers time their attacks: s = s0 (E/E0)(1 + β_s 1[talks] σ(Z/scale)).

    E counts defected fighters; splinters that reject the talks add to the spoilers in proportion to theirs.
    Observers expect the untimed rate only, which is what makes timed attacks pay.
    """
    size = np.where(rival_start > 0.0, rival_strength_now / np.maximum(rival_start, 1.0), 0.0)
    size = size + splinter_spoiling * splintered / initial_fighters
    believed = spoiler_rate * size
    timed = 1.0 + spoiler_timing * (government_talks | patron_talks) * logistic(zone / spoiler_zone_scale)
    return believed * timed, believed


SPOILERS = Mechanism(
    "Spoilers",
    items=(spoilers,),
)
