"""Classification of outcomes: the first that holds."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import (
    COMPREHENSIVE_SETTLEMENT,
    CONTINUED_WAR,
    DEAL_ON_BOTH,
    DEAL_ON_POWER,
    DEAL_ON_WITHDRAWAL,
    FIRST_EVENTS,
    FIRST_FRAGMENTATION,
    FIRST_GOVERNMENT_VICTORY,
    FIRST_INSURGENT_VICTORY,
    FIRST_LOW_ACTIVITY,
    FRAGILE_SETTLEMENT,
    FRAGMENTATION,
    GOVERNMENT_VICTORY,
    INSURGENT_VICTORY,
    LOW_ACTIVITY,
    NO_EVENT,
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
    Variable("reintegrated_by_now", units="commanders", meaning="commanders that had reintegrated a week ago", start=0,
             low=0, kind="int"),
    Variable("laid_down", units="commanders", meaning="commanders that laid down arms while a settlement stood",
             start=0, low=0, kind="int"),
    Variable("laid_down_strength", units="initial strength", meaning="strength that those would have", low=0.0),
    source="settlesim",
)
def laying_down(reintegrated_by_now, laid_down, count_reintegrated, at_peace, relapses, settlement_week, week,
                manpower, commanders_total):
    """Count commanders who laid down arms under a settlement, and the strength that they would have in war.

    Their clock went by the peace of last week: so the week of a relapse counts, and that of a signing does not.
    """
    peace = (at_peace & (week > settlement_week)) | relapses
    laid = laid_down + np.where(peace, np.maximum(count_reintegrated - reintegrated_by_now, 0), 0)
    return count_reintegrated, laid, manpower * laid / commanders_total


@rule(
    "run",
    Variable("insurgents_win", units="1", meaning="the insurgency has won", kind="bool"),
    Variable("government_wins", units="1", meaning="the government has won", kind="bool"),
    Variable("ended", units="1", meaning="the run has ended", start=False, kind="bool"),
    Variable("end_week", units="weeks", meaning="week in which the run ended, -1 before", start=-1.0, low=-1.0),
    source="settlesim",
)
def victories(insurgent_control, victory_control, strength, laid_down_strength, defeat_strength, at_peace, week):
    """Victory of either side, which ends the run: control of the districts, or an insurgency melted away in war.

    Commanders who laid down arms under a settlement are not defeated, also once it has relapsed.
    """
    insurgents = insurgent_control > victory_control
    government = (strength + laid_down_strength < defeat_strength) & ~at_peace
    ended = insurgents | government
    return insurgents, government, ended, np.where(ended, week, -1.0)


@rule(
    "run",
    Variable("comprehensive_stands", units="1", meaning="a comprehensive settlement stands",
             kind="bool"),
    source="settlesim",
)
def settlement_stands(settled, relapsed, settlement_week, week, settlement_weeks, patron_deal, has_patron,
                      deal_strength, settlement_strength):
    """Say whether a settlement is comprehensive: it lasts, with the patron and enough of the insurgency behind it."""
    lasting = settled & ~relapsed & (week - settlement_week >= settlement_weeks)
    return lasting & (patron_deal | ~has_patron) & (deal_strength >= settlement_strength)


@rule(
    "run",
    Variable("broken_off", units="share", meaning="splinters, and fighters that the rival gained, of initial strength",
             low=0.0),
    Variable("fragmented", units="1", meaning="the insurgency has broken up", kind="bool"),
    Variable("low_activity", units="1", meaning="hardly anybody dies in the war any more", kind="bool"),
    source="ucdp2023 settlesim",
)
def dissolution(splintered, rival_strength_now, rival_start, initial_fighters, fragmentation_share, deaths_year,
                low_activity_deaths):
    """Ways in which a war loses its shape: its insurgency breaks up, or hardly anybody dies in it.

    A rival that stood there from the first is no sign of breaking up; what it has gained since is.
    """
    broken = (splintered + np.maximum(rival_strength_now - rival_start, 0.0)) / initial_fighters
    return broken, broken > fragmentation_share, deaths_year < low_activity_deaths


@rule(
    "run",
    Variable("outcome", units="1", meaning="outcome as it stands", start=7, low=0, high=7, kind="int", flags=OUTCOMES,
             told=True, weekly=True),
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


@rule(
    "run",
    Variable("first_event", units="1", meaning="what came about first", start=NO_EVENT, low=0, high=7, kind="int",
             flags=FIRST_EVENTS),
    Variable("first_event_week", units="weeks", meaning="week of it, -1 before", start=-1.0, low=-1.0),
    source="settlesim",
)
def first_event(first_event, first_event_week, week, settled, patron_deal, insurgents_win, government_wins, fragmented,
                low_activity):
    """What came about first, of deals, victories, fragmentation and low activity; nothing later takes its place.

    In one week a signature comes before a victory, which is read off the ground at the week's end.
    """
    now = np.where(low_activity, FIRST_LOW_ACTIVITY, NO_EVENT)
    now = np.where(fragmented, FIRST_FRAGMENTATION, now)
    now = np.where(government_wins, FIRST_GOVERNMENT_VICTORY, now)
    now = np.where(insurgents_win, FIRST_INSURGENT_VICTORY, now)
    now = np.where(patron_deal, DEAL_ON_WITHDRAWAL, now)
    now = np.where(settled, np.where(patron_deal, DEAL_ON_BOTH, DEAL_ON_POWER), now)
    none = first_event == NO_EVENT
    return np.where(none, now, first_event), np.where(none & (now != NO_EVENT), week, first_event_week)


def _settled(trace: Trace) -> Values:
    return np.asarray(np.isin(trace.final["outcome"], (COMPREHENSIVE_SETTLEMENT, FRAGILE_SETTLEMENT)), np.int8)


def _comprehensive(trace: Trace) -> Values:
    return np.asarray(trace.final["outcome"] == COMPREHENSIVE_SETTLEMENT, np.int8)


def _deaths(trace: Trace) -> Values:
    """Deaths to the horizon: those of the war, and after a victory those of the weeks that remain."""
    f, w = trace.final, trace.worlds
    left = np.where(f["ended"], trace.scenario.horizon - f["end_week"], 0.0)
    return np.asarray(f["deaths"] + left * w["victory_violence"] * w["deaths_base"])


def _deaths_lived(trace: Trace) -> Values:
    f = trace.final
    return np.asarray(f["deaths"] / np.where(f["ended"], f["end_week"], trace.scenario.horizon))


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
        laying_down,
        victories,
        settlement_stands,
        dissolution,
        classify,
        first_event,
    ),
    outcomes=(
        Outcome("outcome", final("outcome"), "1", "outcome of the run, as it stands at the end", flags=OUTCOMES,
                kind="code"),
        Outcome("outcome_week", final("outcome_week"), "weeks", "week since which the outcome stands", kind="weeks"),
        Outcome("first_event", final("first_event"), "1", "what came about first", flags=FIRST_EVENTS, kind="code"),
        Outcome("first_event_week", week_of("first_event_week"), "weeks", "week in which it came about", kind="weeks"),
        Outcome("settled", _settled, "1",
                "a comprehensive or fragile settlement: a deal on power was signed, relapsed or not, and no victory "
                "ended the run", kind="share", better="high"),
        Outcome("comprehensive", _comprehensive, "1",
                "a deal on power that has lasted without a relapse (settlement_weeks), with the patron's deal where "
                "there is a patron, and enough of the insurgency behind it (settlement_strength); no victory ended "
                "the run",
                kind="share", better="high"),
        Outcome("fragmentation", final("broken_off"), "share",
                "splinters, and fighters that the rival gained, of initial insurgent strength", better="low"),
        Outcome("end_week", week_of("end_week"), "weeks", "week in which a victory ended the run", kind="weeks"),
        Outcome("deaths", _deaths, "deaths",
                "deaths between government and insurgency to the horizon, after a victory at victory_violence",
                reads=("victory_violence", "deaths_base"), better="low"),
        Outcome("deaths_lived", _deaths_lived, "deaths per week",
                "deaths between government and insurgency for each week of the war that was lived", better="low"),
    ),
)
