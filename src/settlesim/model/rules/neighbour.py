"""The neighbour: sanctuary leverage, by pressing and by state-to-state talks."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import AGREED, OPEN, SIGNED
from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["NEIGHBOUR"]


@rule(
    "track",
    Variable("sanctuary_works", units="1", meaning="state-to-state talks are open or signed", kind="bool"),
    source="khan2018 settlesim",
)
def sanctuary(track_neighbour, phase):
    """Say whether a state-to-state track with the neighbour is open or signed."""
    return track_neighbour & ((phase == OPEN) | (phase == AGREED) | (phase == SIGNED))


@rule(
    "run",
    Variable("leverage", units="share", meaning="sanctuary leverage π of the neighbour", start=0.0, low=0.0, high=1.0,
             weekly=True),
    Variable("press_target", units="share", meaning="leverage asked for by pressing", start=0.0, low=0.0),
    Variable("press_speed", units="share per week", meaning="pace of leverage by pressing", start=0.0, low=0.0),
    source="khan2018 settlesim",
)
def leverage(leverage, press_target, press_speed, press_total_now, press_total_speed, sanctuary_any, neighbour_leverage,
             neighbour_lag, has_neighbour):
    """Sanctuary leverage π rises with a lag towards what pressing and state-to-state talks allow."""
    target = press_target + press_total_now
    speed = np.where(press_total_now > 0.0, press_total_speed, press_speed)
    aim = np.minimum(1.0, target + neighbour_leverage * sanctuary_any) * has_neighbour
    pace = speed + neighbour_leverage / neighbour_lag * sanctuary_any
    return np.maximum(leverage, np.minimum(aim, leverage + pace)), target, speed


NEIGHBOUR = Mechanism(
    "The neighbour",
    items=(
        sanctuary,
        Fold(
            Variable("sanctuary_any", scope="run", units="1", meaning="state-to-state talks are open or signed",
                     kind="bool"),
            "sanctuary_works", "any", "track",
        ),
        leverage,
    ),
    outcomes=(Outcome("leverage", final("leverage"), "share", "sanctuary leverage at the end", kind="bounded"),),
)
