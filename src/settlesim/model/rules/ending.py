"""Classification of outcomes, the first that holds (MODEL.md section 6, Outcomes)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Rule, Variable, rule

__all__ = ["ITEMS", "OUTCOMES", "VARIABLES"]

OUTCOMES = {
    0: "insurgent_victory",
    1: "government_victory",
    2: "comprehensive_settlement",
    3: "fragile_settlement",
    4: "partial_settlement",
    5: "fragmentation",
    6: "low_activity",
    7: "continued_war",
}


@rule("faction", "faction_in_deal")
def fighters_in_deal(faction_fighters: Any, joined: Any) -> Any:
    """Fighters of factions that go along with the talks."""
    return np.where(joined, faction_fighters, 0)


@rule("run", "deal_strength")
def deal_strength(deal_strength: Any, settling: Any, in_deal: Any, manpower: Any, initial_fighters: Any) -> Any:
    """Share of initial insurgent strength that stands behind a deal once commanders have chosen."""
    return np.where(settling, manpower * in_deal / initial_fighters, deal_strength)


@rule("run", "outcome outcome_week ended end_week")
def classify(outcome: Any, outcome_week: Any, week: Any, insurgent_control: Any, victory_control: Any, strength: Any,
             defeat_strength: Any, settled: Any, settlement_week: Any, relapsed: Any, relapse_week: Any,
             settlement_weeks: Any, deal_strength: Any, settlement_strength: Any, patron_deal: Any, has_patron: Any,
             splintered: Any, rival_strength_now: Any, initial_fighters: Any, fragmentation_share: Any,
             deaths_year: Any, low_activity_deaths: Any, at_peace: Any) -> Any:
    """The first that holds; victory ends the run, everything else is read at its end."""
    insurgents = insurgent_control > victory_control
    government = (strength < defeat_strength) & ~at_peace
    stood = np.where(relapsed, relapse_week - settlement_week, week - settlement_week)
    lasting = settled & (stood >= settlement_weeks)
    whole = lasting & (patron_deal | ~has_patron) & (deal_strength >= settlement_strength)
    broken = (splintered + rival_strength_now) > fragmentation_share * initial_fighters
    quiet = deaths_year < low_activity_deaths
    code = np.where(quiet, 6, 7)
    code = np.where(broken, 5, code)
    code = np.where(patron_deal, 4, code)
    code = np.where(settled, 3, code)
    code = np.where(whole, 2, code)
    code = np.where(government, 1, code)
    code = np.where(insurgents, 0, code)
    ended = insurgents | government
    return code, np.where(code == outcome, outcome_week, week), ended, np.where(ended, week, -1.0)


VARIABLES = (
    Variable("faction_in_deal", "faction", "fighters", "fighters of factions behind the talks", low=0, kind="int"),
    Variable("in_deal", "run", "fighters", "fighters of factions behind the talks", low=0, kind="int"),
    Variable("deal_strength", "run", "share", "share of initial strength behind the deal", 0.0, 0.0),
    Variable("outcome", "run", "1", "outcome as it stands", 7, 0, 7, "int", OUTCOMES),
    Variable("outcome_week", "run", "weeks", "week since which the outcome stands", 0.0, 0.0),
    Variable("ended", "run", "1", "the run has ended", False, kind="bool"),
    Variable("end_week", "run", "weeks", "week in which the run ended, -1 before", -1.0, -1.0),
)

ITEMS: tuple[Rule | Fold, ...] = (
    fighters_in_deal,
    Fold("in_deal", "faction_in_deal", "sum", "faction"),
    deal_strength,
    classify,
)
