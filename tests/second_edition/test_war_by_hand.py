"""Attacks, deaths, districts, men and army, by hand; slips of the pen are caught."""

from __future__ import annotations

import numpy as np
import pytest

from second_edition.planting import cases_and_slips, check_slip, logistic, near, worked
from settlesim.model.rules import army, control, recruitment, restraint, trust_from_attacks, violence

# -- 6. one war ------------------------------------------------------------------------------------------------------


def held(**given):
    usual = dict(talks_gain=0.2, any_obliged=False, fighting_gain=0.1, control_gain_weight=2.0, gain_insurgency=0.01,
                 restraint_scale=0.04, restraint_obligation=0.1)  # fmt: skip
    return float(worked(restraint.restraint_choice, **(usual | given)))


def restraint_is_a_choice():
    near(held(), logistic((0.2 - 0.1 - 0.02) / 0.04))
    near(held(any_obliged=True), logistic(0.18 / 0.04))
    assert held(talks_gain=0.3) > held() > held(gain_insurgency=0.05) and held(fighting_gain=0.2) < held()
    assert held(talks_gain=restraint.NOTHING) == 0.0, "without an open table nothing is held back"


def alpha(**given):
    usual = dict(
        restraint=0.5, held_back=0.0, ceasefire=False, ceasefire_multiplier=0.2, in_prelude=False,
        reduction_multiplier=0.3, at_peace=False, peace_violence=0.05, patron_deal=False, settled=False,
        attack_switch=0.4, event_attacks=1.0,
    )  # fmt: skip
    return float(worked(restraint.attack_intensity_chosen, **(usual | given)))


def one_attack_intensity():
    assert alpha() == 1.0
    near(alpha(held_back=0.6), 0.7)
    near(alpha(ceasefire=True), 0.2)
    near(alpha(ceasefire=True, in_prelude=True), 0.2)
    near(alpha(in_prelude=True), 0.3)
    near(alpha(patron_deal=True), 1.4)
    near(alpha(patron_deal=True, settled=True), 1.0)
    near(alpha(at_peace=True, held_back=1.0, patron_deal=True), 0.05)
    near(alpha(held_back=0.6, event_attacks=1.5), 1.05)


def deadly(**given):
    usual = dict(
        week=6.0, deaths_base=400.0, season_amplitude=0.3, season_phase=6.0, violence_floor=0.75, power_violence=0.5,
        p_win=0.5, weather=1.0, garrison_violence=1.2, garrison_yield=0.0, alpha=1.0, intensity=1.0,
        intensity_memory=26.0, tempo=0.0, has_patron=True, support=1.0, insurgent_death_share=0.6, air_deaths=0.5,
    )  # fmt: skip
    return tuple(map(float, worked(violence.violence, **(usual | given))))


def deaths_follow_attacks():
    near(deadly()[2:4], (400.0, 400.0))
    near(deadly(alpha=0.2)[2], 80.0)
    near(deadly(alpha=0.2)[4], 1 - 0.8 / 26)
    near(deadly(support=0.5)[2:4], (400 * (1 - 0.6 * 0.5 * 0.5), 400.0))
    near(deadly(support=0.5, has_patron=False)[2], 400.0)
    near(deadly(garrison_yield=0.5)[2], 640.0)
    near(deadly(week=19.0)[2], 520.0)


def districts_follow_attacks():
    given = dict(control_drift=0.0005, withdrawal_drift=0.0035, support=0.5, garrison_drift=0.16, garrison_yield=0.1,
                 strength_drift=0.02, strength=1.1, army=0.8, at_peace=False, alpha=1.0)  # fmt: skip
    step = 0.0005 + 0.00175 + 0.016 + 0.02 * np.log(1.1 / 0.8)
    near(worked(control.drift, **given), step)
    near(worked(control.drift, **(given | {"alpha": 0.2})), 0.2 * step)
    assert worked(control.drift, **(given | {"at_peace": True})) == 0.0


def trust_sees_the_same_attacks():
    given = dict(
        trust=0.0, talking=True, ceasefire=False, ceasefire_multiplier=0.2, restraint=0.5, alpha=0.4,
        dyad_of_insurgency=True, attack_rate_trustworthy=0.05, attack_rate_untrustworthy=0.5, spoiler_attacks=0.0,
        spoiler_believed=0.0, misattribution=0.3, attack_luck=0.5, trust_bound=4.0,
    )  # fmt: skip
    near(worked(trust_from_attacks.trust_from_attacks, **given)[0], 0.2)
    near(worked(trust_from_attacks.trust_from_attacks, **(given | {"dyad_of_insurgency": False}))[0], 0.25)
    at_war = worked(trust_from_attacks.trust_from_attacks, **(given | {"talking": False}))
    assert at_war[2] == 0.0, "from acts of war nothing is inferred"
    assert worked(trust_from_attacks.trust_from_attacks, **given)[2] > 0.0, "a week without an attack is a sign"


def quiet_is_told_from_violence():
    def weeks(**given):
        usual = dict(quiet_weeks=2.0, violence=0.4, violence_memory=1.0, quiet_share=0.5, half_year=26.0)
        return tuple(map(float, worked(violence.quiet, **(usual | given))))

    near(weeks(), (3.0, 1 - 0.6 / 26))
    assert weeks(violence=0.5)[0] == 0.0 and weeks(violence_memory=0.7)[0] == 0.0


# -- 7 and 8. manpower, army, belt -----------------------------------------------------------------------------------


def manned(**given):
    usual = dict(
        jihad=1.0, presence=1.0, jihad_memory=52.0, manpower=1.0, replacement=1.0, foreign_presence_recruitment=0.5,
        at_peace=False, has_patron=True, deaths_week=400.0, deaths_backed=400.0, deaths_base=400.0,
        insurgent_dead_year=20_800.0, insurgent_death_share=0.6, air_deaths=0.5, support=1.0, initial_fighters=60_000.0,
        killed_by_insurgency=0.0, clash_ratio=2.0, commander_loss_rate=0.0,
    )  # fmt: skip
    return tuple(map(float, worked(recruitment.manpower, **(usual | given))))


def recruits_replace_the_dead():
    near(manned()[1:], (1.0, 20_800.0))
    lost = 0.6 * 400 / 60_000
    near(manned(replacement=0.5)[1], 1 - 0.5 * lost)
    near(manned(at_peace=True)[1], 1 - lost)
    near(manned(manpower=0.5)[1], 0.5 + 0.5 * lost)
    near(manned(support=0.0)[1:], (1 + 0.5 * lost, 20_600.0))
    near(manned(support=0.0, has_patron=False)[1], 1.0)
    near(manned(killed_by_insurgency=30.0)[1], 1 - 60 / 60_000)
    near(manned(commander_loss_rate=0.52)[1], 1 + 0.01)
    jihad, men, _ = manned(presence=0.0)
    near((jihad, men), (1 - 1 / 52, 1 - lost * 0.5 / 52))


def armed(**given):
    usual = dict(
        army=1.0, deaths_backed=400.0, army_dead_year=20_800.0, army_death_share=0.3, army_size=300.0,
        army_attrition=0.26, army_replacement=1.0, legitimacy=0.5, legitimacy_start=0.5, at_peace=False,
    )  # fmt: skip
    return tuple(map(float, worked(army.army, **(usual | given))))


def an_army_melts_where_nobody_believes():
    near(armed(), (1.0, 20_800.0))
    dead, gone = 0.3 * 400 / 300_000, 0.26 / 52
    near(armed(legitimacy=0.4)[0], 1 - 0.2 * (dead + gone))
    near(armed(army_replacement=0.0)[0], 1 - dead - gone)
    near(armed(deaths_backed=800.0), (1 - dead, 21_200.0))
    assert armed(army_replacement=0.0, at_peace=True)[0] == 1.0


def the_belt_widens_with_violence():
    near(worked(control.contested_belt, belt_width=0.4, violence_memory=1.5), 0.4 * np.log(1.5))
    given = dict(
        control=0.0, control_step=0.0, control_noise=0.0, province_weather=0.0, at_peace=False, alpha=1.0,
        control_cut_government=0.2, control_cut_insurgent=1.8, district_weight=0.5, front_government=0.0,
        front_insurgent=0.0, belt=0.0, clash_ground=0.5, clash_ratio=2.0, rival_killed_insurgency=0.0,
        rival_external=100.0, province_fighters=900.0,
    )  # fmt: skip
    x, g, i, *weighted = map(float, worked(control.control, **given))
    near((x, g, i, *weighted), (0.0, logistic(0.2), logistic(-1.8), 0.5 * logistic(0.2), 0.5 * logistic(-1.8)))
    _, less_g, less_i, *_ = map(float, worked(control.control, **(given | {"belt": 0.1})))
    near((less_g, less_i), (logistic(0.1), logistic(-1.9)))
    near(worked(control.control, **(given | {"rival_killed_insurgency": 20.0}))[0], -0.5 * 2 * 20 / 1000)


# A check, and slips in rules that it must catch: module, rule, what is written, what is written instead.
CASES = {
    restraint_is_a_choice: [
        ("restraint", "restraint_choice", "- control_gain_weight * gain_insurgency", ""),
        ("restraint", "restraint_choice", "talks_gain > NEVER_TALKS", "talks_gain > -99"),
    ],
    one_attack_intensity: [
        ("restraint", "attack_intensity_chosen", "patron_deal & ~settled", "patron_deal"),
        ("restraint", "attack_intensity_chosen", "restraint * held_back", "restraint"),
    ],
    deaths_follow_attacks: [
        ("violence", "violence", " * alpha", ""),
        ("violence", "violence", "backed * (1.0 - spared)", "backed"),
    ],
    districts_follow_attacks: [("control", "drift", "alpha * (step", "(step")],
    trust_sees_the_same_attacks: [("trust_from_attacks", "trust_from_attacks", "alpha, others", "others, others")],
    quiet_is_told_from_violence: [("violence", "quiet", "quiet_share * violence_memory", "quiet_share")],
    recruits_replace_the_dead: [
        ("recruitment", "manpower", "deaths_backed * bombed", "deaths_backed"),
        ("recruitment", "manpower", " - clashes", ""),
        ("recruitment", "manpower", "np.where(at_peace, 0.0, ", "np.where(at_peace, 1.0, "),
    ],
    an_army_melts_where_nobody_believes: [
        ("army", "army", " * legitimacy / legitimacy_start", ""),
        ("army", "army", "army * army_attrition / 52.0 + fallen * deaths_backed", "fallen * deaths_backed"),
    ],
    the_belt_widens_with_violence: [
        ("control", "control", "- control_cut_insurgent - belt", "- control_cut_insurgent"),
        ("control", "control", "x - clash_ground", "x + clash_ground"),
    ],
}  # fmt: skip
SLIPS, NAMES = cases_and_slips(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_by_hand(case):
    case()


@pytest.mark.parametrize(("case", "slip"), SLIPS, ids=NAMES)
def test_a_slip_of_the_pen_is_caught(case, slip, monkeypatch):
    check_slip(case, slip, monkeypatch)
