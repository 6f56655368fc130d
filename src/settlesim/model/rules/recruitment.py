"""Recruitment: the insurgency's losses, and the recruits that replace them."""

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
             low=0.0, weekly=True),
    Variable("insurgent_dead_year", units="deaths per year", meaning="memory of a year's deaths, less those that air"
             " power no longer causes", start="deaths_year_start", low=0.0),
    source="khan2018 ucdp2023 settlesim",
)
def manpower(jihad, presence, jihad_memory, manpower, replacement, foreign_presence_recruitment, at_peace, has_patron,
             deaths_week, deaths_backed, deaths_base, insurgent_dead_year, insurgent_death_share, air_deaths, support,
             initial_fighters, killed_by_insurgency, clash_ratio, commander_loss_rate):
    """Fighters fall in the war's deaths and in clashes with the rival, and recruits replace them.

    A week costs the insurgency its share of the deaths, in proportion to the fighters it has; `air_deaths` of them
    are the work of the patron's support and end with it.  Recruits make up for `replacement` of the losses of the
    past year at full strength, more or fewer with the legitimacy of the fight, which follows the foreign presence.
    Nobody is raised in peace.  The men of a commander who is killed follow others.
    """
    aim = np.where(has_patron, presence, 1.0)
    now = jihad + (aim - jihad) / jihad_memory
    drawn = np.maximum(0.0, 1.0 + foreign_presence_recruitment * (now - 1.0))
    gained = np.where(at_peace, 0.0, replacement * insurgent_dead_year / 52.0 * drawn)
    bombed = 1.0 - air_deaths * np.where(has_patron, 1.0 - support, 0.0)
    fallen = deaths_backed * bombed
    clashes = clash_ratio * killed_by_insurgency
    change = (insurgent_death_share * (gained - manpower * fallen) - clashes) / initial_fighters
    inherited = manpower * commander_loss_rate / 52.0 * deaths_week / deaths_base
    year = insurgent_dead_year + fallen - insurgent_dead_year / 52.0
    return now, np.maximum(manpower + change + inherited, 0.0), year


RECRUITMENT = Mechanism(
    "Recruitment",
    items=(manpower,),
)
