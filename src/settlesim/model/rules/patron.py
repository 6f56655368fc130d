"""Patron and neighbour: deals, troops, fatigue, sanctuary leverage (MODEL.md section 6, Patron, Leverage)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Rule, Variable, rule

__all__ = ["DEALS", "LUCK", "NEIGHBOUR", "TROOPS", "VARIABLES"]


@rule("run", "settled settlement_week power_share patron_deal patron_deal_week withdrawal_share")
def deals(settled: Any, settlement_week: Any, power_share: Any, patron_deal: Any, patron_deal_week: Any,
          withdrawal_share: Any, settling: Any, power_share_signing: Any, patron_signs: Any,
          withdrawal_share_signing: Any, week: Any) -> Any:
    """Remember the first deal on power and the first on withdrawal, with their shares."""
    first = settling & ~settled
    patron = patron_signs & ~patron_deal
    return (
        settled | settling,
        np.where(first, week, settlement_week),
        np.where(first, power_share_signing, power_share),
        patron_deal | patron_signs,
        np.where(patron, week, patron_deal_week),
        np.where(patron, withdrawal_share_signing, withdrawal_share),
    )


@rule("run", "exit_left exiting exits")
def fatigue(exit_left: Any, exiting: Any, patron_fatigue: Any, fatigue_after_deal: Any, patron_deal: Any,
            presence: Any) -> Any:
    """Run the clock of unilateral exit: hazard `patron_fatigue` a week, doubled after the patron's deal."""
    hazard = patron_fatigue * np.where(patron_deal, fatigue_after_deal, 1.0)
    left = exit_left - np.where((presence > 0.0) & ~exiting, hazard, 0.0)
    exits = (left <= 0.0) & ~exiting & (presence > 0.0)
    return left, exiting | exits, exits


@rule("run", "troops committed_troops ordered_troops ordered_speed")
def withdrawal(troops: Any, troops_start: Any, troops_dated: Any, ordered_troops: Any, ordered_speed: Any,
               withdraw_ordered: Any, withdraw_ordered_speed: Any, exiting: Any, exit_weeks: Any, patron_deal: Any,
               withdrawal_share: Any, withdrawal_slowest: Any, withdrawal_fastest: Any, withdrawal_linkage: Any,
               settled: Any) -> Any:
    """Troops fall at the signed pace to Λ of their start until an intra-state deal, then to nothing.

    The pace is what the patron's track bargains over: a share of 0 gives `withdrawal_slowest` weeks, 1 gives
    `withdrawal_fastest`.  A dated troop path, where the sequence has one, overrides all this.
    """
    order = np.minimum(ordered_troops, withdraw_ordered)
    order_pace = np.where(np.isfinite(withdraw_ordered), withdraw_ordered_speed, ordered_speed)
    weeks = withdrawal_slowest - withdrawal_share * (withdrawal_slowest - withdrawal_fastest)
    floor = np.where(settled, 0.0, withdrawal_linkage * troops_start)
    target = np.where(exiting, 0.0, np.where(patron_deal, floor, np.minimum(order, troops_start)))
    pace = np.where(exiting, troops_start / exit_weeks, np.where(patron_deal, troops_start / weeks, order_pace))
    moved = np.minimum(troops, np.maximum(target, troops - pace))
    now = np.where(np.isfinite(troops_dated), troops_dated, moved)
    return now, np.minimum(now, target), order, order_pace


@rule("run", "legitimacy")
def legitimacy(legitimacy: Any, exclusion_cost: Any, excluded: Any, legitimacy_total: Any) -> Any:
    """L falls by `exclusion_cost` a week of exclusion and by .25 c for each concession delivered."""
    return np.clip(legitimacy - exclusion_cost * excluded - legitimacy_total, 0.0, 1.0)


@rule("track", "sanctuary_works")
def sanctuary(track_neighbour: Any, phase: Any) -> Any:
    """Say whether a state-to-state track with the neighbour is open or signed."""
    return track_neighbour & ((phase == 2) | (phase == 4) | (phase == 5))


@rule("run", "leverage press_target press_speed")
def leverage(leverage: Any, press_target: Any, press_speed: Any, press_total_now: Any, press_total_speed: Any,
             sanctuary_any: Any, neighbour_leverage: Any, neighbour_lag: Any, has_neighbour: Any) -> Any:
    """Sanctuary leverage π rises with a lag towards what pressing and state-to-state talks allow."""
    target = press_target + press_total_now
    speed = np.where(press_total_now > 0.0, press_total_speed, press_speed)
    aim = np.minimum(1.0, target + neighbour_leverage * sanctuary_any) * has_neighbour
    pace = speed + neighbour_leverage / neighbour_lag * sanctuary_any
    return np.maximum(leverage, np.minimum(aim, leverage + pace)), target, speed


VARIABLES = (
    Variable("settled", "run", "1", "a deal on power was signed", False, kind="bool"),
    Variable("settlement_week", "run", "weeks", "week of the first deal on power, -1 before", -1.0, -1.0),
    Variable("power_share", "run", "share", "insurgency's share of power in that deal", 0.0, 0.0, 1.0),
    Variable("patron_deal", "run", "1", "a deal on withdrawal was signed", False, kind="bool"),
    Variable("patron_deal_week", "run", "weeks", "week of the first deal on withdrawal, -1 before", -1.0, -1.0),
    Variable("withdrawal_share", "run", "share", "pace of withdrawal agreed, 1 the fastest", 0.0, 0.0, 1.0),
    Variable("exit_left", "run", "1", "what is left of the patron's fatigue clock", "exit_luck"),
    Variable("exiting", "run", "1", "the patron leaves without a deal", False, kind="bool"),
    Variable("exits", "run", "1", "the patron decides to leave this week", kind="bool"),
    Variable("troops", "run", "thousands of troops", "patron's force U", "troops_start", 0.0),
    Variable("committed_troops", "run", "thousands of troops", "force left by what is committed", "troops_start", 0.0),
    Variable("ordered_troops", "run", "thousands of troops", "force left by an ordered withdrawal", "infinity", 0.0),
    Variable("ordered_speed", "run", "thousands of troops per week", "pace of an ordered withdrawal", 0.0, 0.0),
    Variable("legitimacy", "run", "share", "legitimacy L of the government", "legitimacy_start", 0.0, 1.0),
    Variable("sanctuary_works", "track", "1", "state-to-state talks are open or signed", kind="bool"),
    Variable("sanctuary_any", "run", "1", "state-to-state talks are open or signed", kind="bool"),
    Variable("leverage", "run", "share", "sanctuary leverage π of the neighbour", 0.0, 0.0, 1.0),
    Variable("press_target", "run", "share", "leverage asked for by pressing", 0.0, 0.0),
    Variable("press_speed", "run", "share per week", "pace of leverage by pressing", 0.0, 0.0),
)

LUCK = (Luck("exit_luck", "run", "exponential", meaning="the patron's clock of unilateral exit"),)

DEALS: tuple[Rule | Fold, ...] = (deals,)
TROOPS: tuple[Rule | Fold, ...] = (fatigue, withdrawal, legitimacy)
NEIGHBOUR: tuple[Rule | Fold, ...] = (sanctuary, Fold("sanctuary_any", "sanctuary_works", "any", "track"), leverage)
