"""The army: its size, its losses, and how many of them recruits make up for."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["ARMY"]


@rule(
    "run",
    Variable("army", units="initial size", meaning="the government's army, relative to its initial size", start=1.0,
             low=0.0, weekly=True),
    Variable("army_dead_year", units="deaths per year", meaning="memory of a year's deaths with the patron's support",
             start="deaths_year_start", low=0.0),
    source="sigar2018 ucdp2023 settlesim",
)
def army(army, deaths_backed, army_dead_year, army_death_share, army_size, army_attrition, army_replacement, legitimacy,
         legitimacy_start, at_peace):
    """The army loses its dead and those who leave; recruits make up for them as far as people believe.

    Losses a week are deaths × share / size and `army_attrition`/52 of those there are; recruits are
    `army_replacement` times the deaths of the past year and the attrition of a whole army, in proportion to
    legitimacy L/L0.  Peace holds the size.
    """
    fallen = army_death_share / (1000.0 * army_size)
    lost = army * army_attrition / 52.0 + fallen * deaths_backed
    gained = army_replacement * (army_attrition / 52.0 + fallen * army_dead_year / 52.0) * legitimacy / legitimacy_start
    year = army_dead_year + deaths_backed - army_dead_year / 52.0
    return np.where(at_peace, army, np.maximum(army + gained - lost, 0.0)), year


ARMY = Mechanism(
    "The army",
    items=(army,),
    outcomes=(Outcome("army", final("army"), "initial size", "the government's army at the end"),),
)
