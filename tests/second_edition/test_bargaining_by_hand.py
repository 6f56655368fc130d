"""Power, foresight and acceptance, by hand; slips of the pen are caught."""

from __future__ import annotations

import numpy as np
import pytest

from second_edition.planting import cases_and_slips, check_slip, logistic, near, worked
from settlesim.model.rules import acceptance, power, withdrawal

# -- 2. foresight ----------------------------------------------------------------------------------------------------


def foreseen(**given):
    usual = dict(patron_deal=False, exiting=False, any_package_withdraws=False, any_withdrawal_to_come=False,
                 foreseen_withdrawal=0.6, has_patron=True)  # fmt: skip
    return float(worked(power.foresight, **(usual | given)))


def the_deal_itself_brings_the_shift():
    assert foreseen() == 0.0 and foreseen(any_withdrawal_to_come=True) == 0.6
    for why in ("patron_deal", "exiting", "any_package_withdraws"):
        assert foreseen(**{why: True}) == 1.0
        assert foreseen(**{why: True}, any_withdrawal_to_come=True) == 1.0
    assert foreseen(patron_deal=True, has_patron=False) == 0.0


def speed(**given):
    usual = dict(presence=1.0, patron_deal=False, exiting=False, withdrawal_share=0.5, withdrawal_slowest=100.0,
                 withdrawal_fastest=40.0, exit_weeks=10.0, adjustment_weeks=35.0)  # fmt: skip
    return float(worked(power.shift_speed, **(usual | given)))


def only_a_rapid_shift_counts():
    near(speed(), 35 / 70)
    near(speed(presence=0.5), 1.0)
    near(speed(patron_deal=True, withdrawal_share=0.0), 0.35)
    near(speed(patron_deal=True, withdrawal_share=0.75), 35 / 55)
    near(speed(patron_deal=True, withdrawal_share=0.75, exiting=True), 1.0)
    assert speed(presence=0.0) == 1.0


def powered(**given):
    usual = dict(
        strength=1.0, initial_fighters=60_000.0, recidivism=0.5, prisoners_freed=0.0, army=1.0, garrison_yield=0.0,
        legitimacy=0.5, legitimacy_start=0.5, legitimacy_weight=0.5, power_bias=-0.4, power_steepness=2.0,
        patron_weight=0.05, support=1.0, troops_start=14.0, committed_troops=14.0, withdrawal_foreseen=0.0,
        shift_speed=1.0,
    )  # fmt: skip
    return tuple(map(float, worked(power.power, **(usual | given))))


def power_by_hand():
    p, after, shift = powered()
    near((p, after, shift), (logistic(-0.4), logistic(-0.4), 0.0))
    p, after, shift = powered(withdrawal_foreseen=1.0, shift_speed=0.25)
    near(after, logistic(-0.4 + 2 * np.log(1.7)))
    near(shift, 0.25 * (after - p))
    near(powered(prisoners_freed=5_000.0)[0], logistic(-0.4 + 2 * np.log(1 + 2_500 / 60_000)))
    near(powered(army=0.8, garrison_yield=0.25)[0], logistic(-0.4 - 2 * np.log(0.6)))
    near(powered(legitimacy=0.25)[0], logistic(-0.4 - 2 * np.log(0.75)))
    near(powered(support=0.5)[0], logistic(-0.4 - 2 * np.log(1.35 / 1.7)))


def air_power_is_grounded_after_the_patrons_deal():
    given = dict(
        fighters=30_000.0, initial_fighters=60_000.0, manpower=1.2, troops=7.0, troops_start=14.0, grounding=0.8
    )
    near(worked(power.strength, patron_deal=False, **given), (0.6, 0.5, 0.5))
    near(worked(power.strength, patron_deal=True, **given), (0.6, 0.5, 0.1))


def tired(**given):
    usual = dict(
        exit_left=0.01, exiting=False, patron_fatigue=0.006, fatigue_after_deal=2.0, patron_deal=False, presence=1.0,
        event_fatigue=1.0, dated_troops=0.0, own_troop_path=False, troops_dated=np.inf,
        garrison_yield=0.49, patron_evacuation=0.5,
    )  # fmt: skip
    left, exiting, exits = worked(withdrawal.fatigue, **(usual | given))
    return float(left), bool(exiting), bool(exits)


def a_patron_whose_leaving_is_dated_leaves_then():
    near(tired()[0], 0.004)
    assert tired(patron_deal=True)[1:] == (True, True) and tired(event_fatigue=2.0)[1:] == (True, True)
    assert tired(garrison_yield=0.5)[1:] == (True, True), "it does not stay among garrisons that yield"
    assert tired(garrison_yield=0.5, presence=0.0)[1:] == (False, False)
    assert tired(exiting=True, exit_left=-1.0)[1:] == (True, False)
    assert tired(presence=0.0, exit_left=-1.0)[1:] == (False, False)
    for dated in ({"dated_troops": 1.0}, {"own_troop_path": True}):
        assert tired(**dated, troops_dated=14.0, exit_left=-1.0) == (-1.0, False, False)
        assert tired(**dated, exit_left=-1.0)[1:] == (True, True), "beyond the path the clock runs"


# -- 3. acceptance ---------------------------------------------------------------------------------------------------


def taken(**given):
    usual = dict(
        seat_claims=True, claim_surplus=0.0, seat_gives=False, surplus_give=-5.0, concession_acceptance=0.35,
        valuation_spread=0.05, accept_luck=0.34, round=3.0, deadline_rounds=14.0, readiness_effect=2.0, readiness=0.0,
        resentment_push=0.0,
    )  # fmt: skip
    p, accepts = worked(acceptance.accept, **(usual | given))
    return float(p), bool(accepts)


def one_valuation_and_nothing_below_war():
    near(taken()[0], 0.35)
    assert taken()[1] and not taken(accept_luck=0.36)[1]
    assert taken(round=13.0) == taken(), "an offer is not worth more for being repeated"
    odds = 0.35 / 0.65
    near(taken(claim_surplus=0.1)[0], odds * np.exp(2) / (1 + odds * np.exp(2)))
    assert taken(claim_surplus=-1e-9, accept_luck=0.0) == (0.0, False)
    near(taken(readiness=0.5)[0], odds * np.e / (1 + odds * np.e))
    near(taken(resentment_push=1.0)[0], odds / np.e / (1 + odds / np.e))
    giver = dict(seat_claims=False, seat_gives=True)
    assert taken(**giver, surplus_give=-1e-9)[1] is False and taken(**giver, surplus_give=0.0)[1] is True
    state = dict(seat_claims=False, seat_gives=False)
    near(taken(**state, round=7.0)[0], 0.35 + 0.65 * 0.5)
    assert taken(**state, round=14.0, accept_luck=0.999999)[1]


def surplus(**given):
    usual = dict(offer=0.3, ask=0.5, least=0.25, limit=0.55, bargain_power=True, withdrawal_value=0.3, exiting=False)
    return tuple(map(float, worked(acceptance.surpluses, **(usual | given))))


def what_an_offer_is_worth():
    near(surplus(), (0.05, 0.05, 0.05))
    near(surplus(offer=-0.2, least=-0.4)[0], -0.2)
    near(surplus(offer=-0.2, least=0.1)[0], -0.3)
    near(surplus(offer=0.0, least=-0.4)[0], 0.4)
    near(surplus(bargain_power=False)[2], 0.3 * 0.05)
    assert surplus(bargain_power=False, exiting=True)[2] == 0.0


# A check, and slips in rules that it must catch: module, rule, what is written, what is written instead.
CASES = {
    the_deal_itself_brings_the_shift: [("power", "foresight", "patron_deal | exiting", "exiting")],
    only_a_rapid_shift_counts: [("power", "shift_speed", "whole * presence", "whole")],
    power_by_hand: [
        ("power", "power", "shift_speed * np.maximum", "np.maximum"),
        ("power", "power", "recidivism * prisoners_freed", "prisoners_freed"),
        ("power", "power", "army * (1.0 - garrison_yield)", "army"),
    ],
    a_patron_whose_leaving_is_dated_leaves_then: [
        ("withdrawal", "fatigue", "& ~dated", ""),
        ("withdrawal", "fatigue", "garrison_yield >= patron_evacuation", "garrison_yield > 2.0"),
        ("withdrawal", "fatigue", "patron_fatigue * event_fatigue", "patron_fatigue"),
    ],
    air_power_is_grounded_after_the_patrons_deal: [("power", "strength", "1.0 - grounding * patron_deal", "1.0")],
    one_valuation_and_nothing_below_war: [
        ("acceptance", "accept", "accept_luck < p", "accept_luck < 1 - (1 - p) ** round"),
        ("acceptance", "accept", "- resentment_push", "+ resentment_push"),
    ],
    what_an_offer_is_worth: [("acceptance", "surpluses", "np.maximum(least, 0.0)", "least")],
}  # fmt: skip
SLIPS, NAMES = cases_and_slips(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_by_hand(case):
    case()


@pytest.mark.parametrize(("case", "slip"), SLIPS, ids=NAMES)
def test_a_slip_of_the_pen_is_caught(case, slip, monkeypatch):
    check_slip(case, slip, monkeypatch)
