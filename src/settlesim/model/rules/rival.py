"""The rival by province, and the insurgency's manpower (MODEL.md section 6, Rival; section 2, recruitment)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Rule, Variable, rule

__all__ = ["ITEMS", "LUCK", "VARIABLES"]


@rule("run", "campaign_left campaign_until campaign campaigns")
def campaign(campaign_left: Any, campaign_until: Any, campaign_luck: Any, campaign_rate: Any, threat: Any,
             campaign_weeks: Any, week: Any, campaigns: Any) -> Any:
    """The insurgency turns on the rival with a hazard that grows with the threat, for a season.

    When a campaign begins the clock is wound up again with the luck of the next one.
    """
    idle = week >= campaign_until
    left = campaign_left - np.where(idle, campaign_rate / 52.0 * threat, 0.0)
    begins = idle & (left <= 0.0)
    until = np.where(begins, week + campaign_weeks, campaign_until)
    return np.where(begins, campaign_luck, left), until, week < until, campaigns + begins


@rule("run", "rival_losses_government rival_losses_insurgency")
def attrition(rival_attrition_government: Any, rival_attrition_floor: Any, presence: Any, garrison_yield: Any,
              rival_attrition_insurgency: Any, strength: Any, campaign: Any, campaign_multiplier: Any) -> Any:
    """Attrition of the rival a week: a_G(.35+.65U/U0)(1-.5S) by government and patron, a_T F τ by the insurgency."""
    backed = rival_attrition_floor + (1.0 - rival_attrition_floor) * presence
    by_government = rival_attrition_government * backed * (1.0 - 0.5 * garrison_yield)
    return by_government, rival_attrition_insurgency * strength * np.where(campaign, campaign_multiplier, 1.0)


@rule("province", "rival_external rival_killed_government rival_killed_insurgency")
def rival(rival_external: Any, rival_inflow: Any, rival_affinity: Any, rival_losses_government: Any,
          rival_losses_insurgency: Any) -> Any:
    """E += ι - E[...] in every province, inflow by its affinity."""
    by_government = rival_external * rival_losses_government
    by_insurgency = rival_external * rival_losses_insurgency
    left = rival_external + rival_inflow * rival_affinity - by_government - by_insurgency
    return np.maximum(left, 0.0), by_government, by_insurgency


@rule("run", "rival_strength_now threat deaths_rival_government deaths_rival_insurgency")
def rival_total_strength(rival_total: Any, rival_defected: Any, threat_scale: Any, killed_by_government: Any,
                         killed_by_insurgency: Any, deaths_rival_government: Any, deaths_rival_insurgency: Any) -> Any:
    """Rival strength with its defected commanders, and the threat it is: min(rival/5000, 1)."""
    strength = rival_total + rival_defected
    return (
        strength,
        np.minimum(strength / threat_scale, 1.0),
        deaths_rival_government + killed_by_government,
        deaths_rival_insurgency + killed_by_insurgency,
    )


@rule("run", "jihad manpower")
def recruitment(jihad: Any, presence: Any, jihad_memory: Any, manpower: Any, recruitment_rate: Any,
                foreign_presence_recruitment: Any, at_peace: Any, has_patron: Any) -> Any:
    """Recruits follow the legitimacy of the fight, which follows the foreign presence; none in peace."""
    aim = np.where(has_patron, presence, 1.0)
    now = jihad + (aim - jihad) / jihad_memory
    rate = recruitment_rate / 52.0 * np.maximum(0.0, 1.0 + foreign_presence_recruitment * (now - 1.0))
    return now, manpower * (1.0 + np.where(at_peace, 0.0, rate))


VARIABLES = (
    Variable("campaign_left", "run", "1", "what is left of the campaign clock", "campaign_first"),
    Variable("campaign_until", "run", "weeks", "week in which the campaign ends", 0.0, 0.0),
    Variable("campaign", "run", "1", "the insurgency campaigns against the rival", kind="bool"),
    Variable("campaigns", "run", "1", "campaigns begun", 0, 0, kind="int"),
    Variable("rival_losses_government", "run", "per week", "attrition by government and patron", 0.0, 0.0),
    Variable("rival_losses_insurgency", "run", "per week", "attrition by the insurgency", 0.0, 0.0),
    Variable("rival_external", "province", "fighters", "rival's own fighters E", "rival_external_start", 0.0),
    Variable("rival_killed_government", "province", "fighters per week", "killed by government and patron", low=0.0),
    Variable("rival_killed_insurgency", "province", "fighters per week", "killed by the insurgency", low=0.0),
    Variable("rival_total", "run", "fighters", "rival's own fighters", "rival_start", 0.0),
    Variable("killed_by_government", "run", "fighters per week", "rivals killed by the government side", low=0.0),
    Variable("killed_by_insurgency", "run", "fighters per week", "rivals killed by the insurgency", low=0.0),
    Variable("rival_strength_now", "run", "fighters", "rival strength with defected fighters", "rival_start", 0.0),
    Variable("threat", "run", "share", "threat of the rival", "threat_start", 0.0, 1.0),
    Variable("deaths_rival_government", "run", "deaths", "rivals killed by the government side", 0.0, 0.0),
    Variable("deaths_rival_insurgency", "run", "deaths", "rivals killed by the insurgency", 0.0, 0.0),
    Variable("jihad", "run", "1", "legitimacy of the fight J", 1.0, 0.0),
    Variable("manpower", "run", "1", "fighters a commander can raise, relative to the start", 1.0, 0.0),
)

LUCK = (
    Luck("campaign_luck", "run", "exponential", "campaigns", 16, "travels with the matter: the n-th campaign"),
    Luck("campaign_first", "run", "exponential", meaning="the first campaign"),
)

ITEMS: tuple[Rule | Fold, ...] = (
    campaign,
    attrition,
    rival,
    Fold("rival_total", "rival_external", "sum", "province"),
    Fold("killed_by_government", "rival_killed_government", "sum", "province"),
    Fold("killed_by_insurgency", "rival_killed_insurgency", "sum", "province"),
    rival_total_strength,
    recruitment,
)
