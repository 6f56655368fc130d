"""The rival: campaigns against it, attrition and strength by province."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["RIVAL_STRENGTH"]


@rule(
    "run",
    Variable("campaign_left", units="1", meaning="what is left of the campaign clock", start="campaign_first"),
    Variable("campaign_until", units="weeks", meaning="week in which the campaign ends", start=0.0, low=0.0),
    Variable("campaign", units="1", meaning="the insurgency campaigns against the rival", kind="bool"),
    Variable("campaigns", units="1", meaning="campaigns begun", start=0, low=0, kind="int", told=True),
    source="ucdp2023 settlesim",
)
def campaign(campaign_left, campaign_until, campaign_luck, campaign_rate, threat, campaign_weeks, week, campaigns):
    """The insurgency turns on the rival with a hazard that grows with the threat, for a season.

    When a campaign begins the clock is set anew with the luck of the next one.
    """
    idle = week >= campaign_until
    left = campaign_left - np.where(idle, campaign_rate / 52.0 * threat, 0.0)
    begins = idle & (left <= 0.0)
    until = np.where(begins, week + campaign_weeks, campaign_until)
    return np.where(begins, campaign_luck, left), until, week < until, campaigns + begins


@rule(
    "run",
    Variable("rival_losses_government", units="per week", meaning="attrition by government and patron", start=0.0,
             low=0.0),
    Variable("rival_losses_insurgency", units="per week", meaning="attrition by the insurgency", start=0.0, low=0.0),
    source="ucdp2023 settlesim",
)
def attrition(rival_attrition_government, rival_attrition_floor, presence, garrison_yield, rival_attrition_insurgency,
              strength, campaign, campaign_multiplier, rival_attrition_garrison):
    """Attrition of the rival a week: a_G(.35+.65U/U0)(1-.5S) by government and patron, a_T F τ by the insurgency."""
    backed = rival_attrition_floor + (1.0 - rival_attrition_floor) * presence
    by_government = rival_attrition_government * backed * (1.0 - rival_attrition_garrison * garrison_yield)
    return by_government, rival_attrition_insurgency * strength * np.where(campaign, campaign_multiplier, 1.0)


@rule(
    "province",
    Variable("rival_external", units="fighters", meaning="rival's own fighters E", start="rival_external_start",
             low=0.0),
    Variable("rival_killed_government", units="fighters per week", meaning="killed by government and patron", low=0.0),
    Variable("rival_killed_insurgency", units="fighters per week", meaning="killed by the insurgency", start=0.0,
             low=0.0),
    source="ucdp2023 iskp2018 settlesim",
)
def rival(rival_external, rival_inflow, rival_affinity, rival_losses_government, rival_losses_insurgency):
    """E += ι - E[...] in every province, inflow by its affinity."""
    by_government = rival_external * rival_losses_government
    by_insurgency = rival_external * rival_losses_insurgency
    left = rival_external + rival_inflow * rival_affinity - by_government - by_insurgency
    return np.maximum(left, 0.0), by_government, by_insurgency


@rule(
    "run",
    Variable("rival_strength_now", units="fighters", meaning="rival strength with defected fighters",
             start="rival_start", low=0.0, weekly=True),
    Variable("threat", units="share", meaning="threat of the rival", start="threat_start", low=0.0, high=1.0,
             told=True),
    Variable("deaths_rival_government", units="deaths", meaning="rivals killed by the government side", start=0.0,
             low=0.0, weekly=True),
    Variable("deaths_rival_insurgency", units="deaths", meaning="rivals killed by the insurgency", start=0.0, low=0.0,
             weekly=True),
    source="settlesim",
)
def rival_total_strength(rival_total, rival_defected, threat_scale, killed_by_government, killed_by_insurgency,
                         deaths_rival_government, deaths_rival_insurgency):
    """Rival strength with its defected commanders, and the threat it is: min(rival/5000, 1)."""
    strength = rival_total + rival_defected
    return (
        strength,
        np.minimum(strength / threat_scale, 1.0),
        deaths_rival_government + killed_by_government,
        deaths_rival_insurgency + killed_by_insurgency,
    )


RIVAL_STRENGTH = Mechanism(
    "The rival",
    items=(
        campaign,
        attrition,
        rival,
        Fold(
            Variable("rival_total", scope="run", units="fighters", meaning="rival's own fighters", start="rival_start",
                     low=0.0),
            "rival_external", "sum", "province",
        ),
        Fold(
            Variable("killed_by_government", scope="run", units="fighters per week",
                     meaning="rivals killed by the government side", low=0.0),
            "rival_killed_government", "sum", "province",
        ),
        Fold(
            Variable("killed_by_insurgency", scope="run", units="fighters per week",
                     meaning="rivals killed by the insurgency", low=0.0),
            "rival_killed_insurgency", "sum", "province",
        ),
        rival_total_strength,
    ),
    luck=(
        Luck("campaign_luck", "run", "exponential", "campaigns", 16, "travels with the matter: the n-th campaign"),
        Luck("campaign_first", "run", "exponential", meaning="the first campaign"),
    ),
    outcomes=(
        Outcome(
            "deaths_rival_government", final("deaths_rival_government"), "deaths",
            "rivals killed by the government side while the run lasts",
        ),
        Outcome(
            "deaths_rival_insurgency", final("deaths_rival_insurgency"), "deaths",
            "rivals killed by the insurgency while the run lasts",
        ),
        Outcome("rival_strength", final("rival_strength_now"), "fighters", "rival strength at the end", better="low"),
        Outcome("campaigns", final("campaigns"), "1", "insurgent campaigns against the rival", kind="count"),
    ),
)
