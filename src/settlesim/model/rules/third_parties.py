"""Third parties: missions that raise the outside guarantee, and a mediator."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["THIRD_PARTIES"]

# A mediator who tells all leaves a step at the reservation value, which a logistic needs a width to draw.
LEAST_SPREAD = 1e-6


@rule(
    "run",
    Variable("valuation_spread", units="share", meaning="temperature at which the parties value offers",
             low=LEAST_SPREAD),
    Variable("pause_kept", units="share", meaning="share of a suspension that a mediator does not save", low=0.0,
             high=1.0),
    source="settlesim",
)
def mediation(has_mediator, acceptance_temperature, mediator_narrowing, mediator_pause):
    """What a mediator does at every table: it narrows private valuations and shortens suspensions."""
    return (
        np.maximum(acceptance_temperature * (1.0 - mediator_narrowing * has_mediator), LEAST_SPREAD),
        1.0 - mediator_pause * has_mediator,
    )


@rule(
    "step",
    Variable("mission_part", units="share", meaning="guarantee that the mission of this step gives so far", low=0.0),
    source="walter1997 settlesim",
)
def mission(taken_week, week, mission_amount, mission_weeks):
    """A mission builds up evenly over its weeks, from the week after the step is taken."""
    built = np.clip((week - taken_week) / mission_weeks, 0.0, 1.0)
    return np.where(taken_week >= 0.0, mission_amount * built, 0.0)


@rule(
    "run",
    Variable("guarantee_now", units="share", meaning="weight of the outside guarantee, missions included",
             start="guarantee", low=0.0, high=1.0, weekly=True),
    Variable("mission_toll", units="share", meaning="legitimacy that missions cost the government this week", low=0.0),
    source="walter1997 settlesim",
)
def guarantee_now(guarantee_now, guarantee, mission_sum, mission_cost):
    """The outside guarantee with what missions add to it, at most 1; foreign oversight costs legitimacy as it grows."""
    now = np.minimum(1.0, guarantee + mission_sum)
    return now, mission_cost * np.maximum(now - guarantee_now, 0.0)


THIRD_PARTIES = Mechanism(
    "Third parties",
    setup=(mediation,),
    items=(
        mission,
        Fold(
            Variable("mission_sum", scope="run", units="share", meaning="guarantee that missions give so far", low=0.0),
            "mission_part", "sum", "step", "mission",
        ),
        guarantee_now,
    ),
    outcomes=(Outcome("guarantee_reached", final("guarantee_now"), "share",
                      "weight of the outside guarantee at the end", kind="bounded"),),
)
