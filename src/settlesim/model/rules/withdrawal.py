"""Withdrawal: the patron's fatigue and its troops."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["WITHDRAWAL"]


def by_date(dated_troops, own_troop_path, troops_dated):
    """Say whether the patron's force follows a path of dates this week."""
    return ((dated_troops >= 0.5) | own_troop_path) & np.isfinite(troops_dated)


@rule(
    "run",
    Variable("exit_left", units="1", meaning="what is left of the patron's fatigue clock", start="exit_luck"),
    Variable("exiting", units="1", meaning="the patron leaves without a deal", start=False, kind="bool"),
    Variable("exits", units="1", meaning="the patron decides to leave this week", kind="bool", told=True),
    source="settlesim",
)
def fatigue(exit_left, exiting, patron_fatigue, fatigue_after_deal, patron_deal, presence, event_fatigue, dated_troops,
            own_troop_path, troops_dated, garrison_yield, patron_evacuation):
    """Run the clock of unilateral exit: hazard `patron_fatigue` a week, doubled after the patron's deal.

    Dated events move it as well, such as an election in the patron's country.  Once `patron_evacuation` of the
    garrisons yield it takes home what is left, deal or no deal.  Where troops are dated the patron leaves when the
    path says, and the clock stands still.
    """
    dated = by_date(dated_troops, own_troop_path, troops_dated)
    hazard = patron_fatigue * event_fatigue * np.where(patron_deal, fatigue_after_deal, 1.0)
    may_leave = (presence > 0.0) & ~exiting & ~dated
    left = exit_left - np.where(may_leave, hazard, 0.0)
    exits = ((left <= 0.0) | (garrison_yield >= patron_evacuation)) & may_leave
    return left, exiting | exits, exits


@rule(
    "run",
    Variable("troops", units="thousands of troops", meaning="patron's force U", start="troops_start", low=0.0,
             weekly=True, told=True),
    Variable("committed_troops", units="thousands of troops", meaning="force left by what is committed",
             start="troops_start", low=0.0),
    Variable("ordered_troops", units="thousands of troops", meaning="force left by an ordered withdrawal",
             start="infinity", low=0.0),
    Variable("ordered_speed", units="thousands of troops per week", meaning="pace of an ordered withdrawal", start=0.0,
             low=0.0),
    source="talks2021 settlesim",
)
def withdrawal(troops, troops_start, troops_dated, ordered_troops, ordered_speed, withdraw_ordered,
               withdraw_ordered_speed, exiting, exit_weeks, patron_deal, withdrawal_share, withdrawal_slowest,
               withdrawal_fastest, withdrawal_linkage, settled, dated_troops, own_troop_path):
    """Troops fall at the signed pace to Λ of their start until an intra-state deal, then to nothing.

    The pace is what the patron's track bargains over: a share of 0 gives `withdrawal_slowest` weeks, 1 gives
    `withdrawal_fastest`.  Where troops are dated (`dated_troops`, or a plan with a path of its own) the path overrides
    all this.
    """
    order = np.minimum(ordered_troops, withdraw_ordered)
    order_pace = np.where(np.isfinite(withdraw_ordered), withdraw_ordered_speed, ordered_speed)
    weeks = withdrawal_slowest - withdrawal_share * (withdrawal_slowest - withdrawal_fastest)
    floor = np.where(settled, 0.0, withdrawal_linkage * troops_start)
    target = np.where(exiting, 0.0, np.where(patron_deal, floor, np.minimum(order, troops_start)))
    pace = np.where(exiting, troops_start / exit_weeks, np.where(patron_deal, troops_start / weeks, order_pace))
    moved = np.minimum(troops, np.maximum(target, troops - pace))
    dated = by_date(dated_troops, own_troop_path, troops_dated)
    now = np.where(dated, troops_dated, moved)
    return now, np.minimum(now, target), order, order_pace


WITHDRAWAL = Mechanism(
    "Withdrawal",
    items=(
        fatigue,
        withdrawal,
    ),
    luck=(Luck("exit_luck", "run", "exponential", meaning="the patron's clock of unilateral exit"),),
    outcomes=(Outcome("troops", final("troops"), "thousands of troops", "patron's force at the end"),),
)
