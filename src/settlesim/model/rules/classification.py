"""Classification of outcomes: the first that holds."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import (
    COMPREHENSIVE_SETTLEMENT,
    CONTINUED_WAR,
    FRAGILE_SETTLEMENT,
    FRAGMENTATION,
    GOVERNMENT_VICTORY,
    INSURGENT_VICTORY,
    LOW_ACTIVITY,
    OUTCOMES,
    PARTIAL_SETTLEMENT,
)
from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, Values, final, week_of
from settlesim.model.protocol import Mechanism
from settlesim.model.trace import Trace
from settlesim.model.variables import Variable

__all__ = ["CLASSIFICATION"]


@rule(
    "faction",
    Variable("faction_in_deal", units="fighters", meaning="fighters of factions behind the talks", low=0, kind="int"),
    source="settlesim",
)
def fighters_in_deal(faction_fighters, joined):
    """Fighters of factions that go along with the talks."""
    return np.where(joined, faction_fighters, 0)


@rule(
    "run",
    Variable("deal_strength", units="share", meaning="share of initial strength behind the deal", start=0.0, low=0.0),
    source="settlesim",
)
def deal_strength(deal_strength, settling, in_deal, manpower, initial_fighters):
    """Share of initial insurgent strength that stands behind a deal once commanders have chosen."""
    return np.where(settling, manpower * in_deal / initial_fighters, deal_strength)


@rule(
    "run",
    Variable("insurgents_win", units="1", meaning="the insurgency has won", kind="bool"),
    Variable("government_wins", units="1", meaning="the government has won", kind="bool"),
    Variable("ended", units="1", meaning="the run has ended", start=False, kind="bool"),
    Variable("end_week", units="weeks", meaning="week in which the run ended, -1 before", start=-1.0, low=-1.0),
    source="settlesim",
)
def victories(insurgent_control, victory_control, strength, defeat_strength, at_peace, week):
    """Victory of either side, which ends the run: control of the districts, or an insurgency melted away in war."""
    insurgents = insurgent_control > victory_control
    government = (strength < defeat_strength) & ~at_peace
    ended = insurgents | government
    return insurgents, government, ended, np.where(ended, week, -1.0)


@rule(
    "run",
    Variable("comprehensive_stands", units="1", meaning="a comprehensive settlement stands or stood long enough",
             kind="bool"),
    source="settlesim",
)
def settlement_stands(settled, relapsed, relapse_week, settlement_week, week, settlement_weeks, patron_deal, has_patron,
                      deal_strength, settlement_strength):
    """Say whether a settlement is comprehensive: it lasted, with the patron and enough of the insurgency behind it."""
    stood = np.where(relapsed, relapse_week - settlement_week, week - settlement_week)
    lasting = settled & (stood >= settlement_weeks)
    return lasting & (patron_deal | ~has_patron) & (deal_strength >= settlement_strength)


@rule(
    "run",
    Variable("fragmented", units="1", meaning="the insurgency has broken up", kind="bool"),
    Variable("low_activity", units="1", meaning="hardly anybody dies in the war any more", kind="bool"),
    source="ucdp2023 settlesim",
)
def dissolution(splintered, rival_strength_now, initial_fighters, fragmentation_share, deaths_year,
                low_activity_deaths):
    """Ways in which a war loses its shape: its insurgency breaks up, or hardly anybody dies in it."""
    broken = (splintered + rival_strength_now) > fragmentation_share * initial_fighters
    return broken, deaths_year < low_activity_deaths


@rule(
    "run",
    Variable("outcome", units="1", meaning="outcome as it stands", start=7, low=0, high=7, kind="int", flags=OUTCOMES,
             told=True),
    Variable("outcome_week", units="weeks", meaning="week since which the outcome stands", start=0.0, low=0.0,
             told=True),
    source="settlesim",
)
def classify(outcome, outcome_week, week, insurgents_win, government_wins, comprehensive_stands, settled, patron_deal,
             fragmented, low_activity):
    """The first that holds; victory ends the run, everything else is read at its end."""
    code = np.where(low_activity, LOW_ACTIVITY, CONTINUED_WAR)
    code = np.where(fragmented, FRAGMENTATION, code)
    code = np.where(patron_deal, PARTIAL_SETTLEMENT, code)
    code = np.where(settled, FRAGILE_SETTLEMENT, code)
    code = np.where(comprehensive_stands, COMPREHENSIVE_SETTLEMENT, code)
    code = np.where(government_wins, GOVERNMENT_VICTORY, code)
    code = np.where(insurgents_win, INSURGENT_VICTORY, code)
    return code, np.where(code == outcome, outcome_week, week)


def _settled(trace: Trace) -> Values:
    return np.asarray(np.isin(trace.final["outcome"], (COMPREHENSIVE_SETTLEMENT, FRAGILE_SETTLEMENT)), np.int8)


def _comprehensive(trace: Trace) -> Values:
    return np.asarray(trace.final["outcome"] == COMPREHENSIVE_SETTLEMENT, np.int8)


CLASSIFICATION = Mechanism(
    "Classification of outcomes",
    items=(
        fighters_in_deal,
        Fold(
            Variable("in_deal", scope="run", units="fighters", meaning="fighters of factions behind the talks", low=0,
                     kind="int"),
            "faction_in_deal", "sum", "faction",
        ),
        deal_strength,
        victories,
        settlement_stands,
        dissolution,
        classify,
    ),
    outcomes=(
        Outcome("outcome", final("outcome"), "1", "outcome of the run", flags=OUTCOMES),
        Outcome("outcome_week", final("outcome_week"), "weeks", "week since which the outcome stands"),
        Outcome("settled", _settled, "1", "comprehensive or fragile settlement"),
        Outcome("comprehensive", _comprehensive, "1", "comprehensive settlement"),
        Outcome("end_week", week_of("end_week"), "weeks", "week in which a victory ended the run"),
    ),
)
