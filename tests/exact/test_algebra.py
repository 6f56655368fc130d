"""Equations against known answers: Fearon's interval, Bayes' rule, concession curves, Poisson, frailty, control."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit

from settlesim.model.rules import acceptance, commanders, commitment, durability, garrisons, rounds, withdrawal
from settlesim.model.rules import trust_from_attacks as trust
from support import block, shipped

shares = st.floats(0.05, 0.95)


def space(p, c_t, c_k, behind, **others):
    """The settlement space where nothing was delivered or undertaken before, with promises that are all kept."""
    given_ = dict(
        expected_insurgency=p,
        expected_government=p,
        credibility_government=1.0,
        credibility_insurgency=1.0,
        cost_insurgency=c_t,
        cost_government=c_k,
        behind=behind,
        frame=0.0,
        betrayal_insurgency=0.3,
        betrayal_government=0.5,
        pocketed=0.0,
        sunk=0.0,
        obligations_burden=0.0,
        obligations_worth=0.0,
        red_lines_clash=False,
    )
    return commitment.settlement_space.function(**{**given_, **others})


@given(p=shares, c_t=st.floats(0, 0.3), c_k=st.floats(0, 0.3), behind=st.floats(0, 1))
def test_with_full_credibility_the_zone_is_fearons_interval(p, c_t, c_k, behind):
    """[p - c_T, p + c_K]; from a part of the insurgency a deal buys the government that part of its peace alone."""
    assert space(p, c_t, c_k, 1.0) == pytest.approx((p - c_t, p + c_k) * 2, abs=1e-12)
    assert space(p, c_t, c_k, behind) == pytest.approx((p - c_t, p + behind * c_k) * 2, abs=1e-12)


@given(p=shares, k_t=shares, k_k=shares, c=st.floats(0, 0.3), f=st.floats(0, 0.2))
def test_reservation_values_leave_each_side_indifferent(p, k_t, k_k, c, f):
    b_t, b_k = 0.3 * p, 0.5 * (1 - p)
    y = commitment.reservation_of(p, c, f, k_t, b_t)
    assert k_t * y + (1 - k_t) * b_t - f == pytest.approx(p - c, abs=1e-9)
    m = commitment.most_given(p, c, k_k, b_k)
    assert k_k * (1 - m) + (1 - k_k) * b_k == pytest.approx(1 - p - c, abs=1e-9)


def test_power_at_the_start_is_the_bias_alone():
    final = block(shipped(), "kabul_first", 8, record=("p_win",))
    bias = final.worlds["power_bias"]
    assert np.abs(final.weekly["p_win"][1] - expit(bias)).max() < 1e-12


@given(ell=st.floats(-2, 2), k=st.integers(0, 5), q=st.floats(0, 0.3))
def test_trust_is_updated_by_bayes_rule(ell, k, q):
    low, high = 0.10, 0.30
    prior = expit(ell)
    honest, other = stats.poisson.pmf(k, low + q), stats.poisson.pmf(k, high + q)
    posterior = prior * honest / (prior * honest + (1 - prior) * other)
    assert ell + trust.bayes_step(float(k), high, low, q) == pytest.approx(logit(posterior), abs=1e-9)


@given(u=st.floats(1e-9, 1 - 1e-6), mean=st.floats(1e-3, 2.5))
def test_attacks_follow_the_poisson_distribution(u, mean):
    assert trust.poisson_quantile(u, mean) == min(stats.poisson.ppf(u, mean), trust.MOST_ATTACKS)


@given(n_max=st.integers(2, 24), beta=st.floats(0.3, 1.2))
def test_concession_curves_run_from_nothing_to_everything(n_max, beta):
    curve = [float(rounds.concession_curve(n, n_max, beta)) for n in range(n_max + 3)]
    assert curve[0] == 0.0
    assert curve[n_max:] == [1.0] * 3
    assert all(a < b for a, b in pairwise(curve[: n_max + 1]))
    middle = float(rounds.concession_curve(n_max / 2, n_max, beta))
    assert (middle < 0.5) == (beta < 1) or beta == 1 or middle == pytest.approx(0.5)


def test_offers_start_at_the_opening_and_end_at_the_reservation_values():
    given_ = dict(
        deadline_rounds=10.0,
        concession_exponent=0.6,
        concession_exponent_insurgency=0.4,
        reservation=0.4,
        limit=0.5,
        opening_ask=0.95,
        opening_offer=0.05,
    )
    assert rounds.asks_and_offers.function(round=0.0, **given_) == pytest.approx((0.95, 0.05))
    assert rounds.asks_and_offers.function(round=10.0, **given_) == pytest.approx((0.4, 0.5))


@given(p=st.floats(0.05, 0.9), temperature=st.floats(0.03, 0.1))
def test_an_offer_worth_the_reservation_value_is_accepted_with_the_stated_chance(p, temperature):
    assert acceptance.acceptance(0.0, p, temperature) == pytest.approx(p)
    # A surplus of one temperature multiplies the odds by e.
    odds = logit(acceptance.acceptance(temperature, p, temperature))
    assert odds == pytest.approx(logit(p) + 1.0)


def test_frailty_factors_have_mean_one_over_the_reference_population():
    given_ = dict(
        hardline_concentration=4.4,
        hardline_lure=2.5,
        hardline_provocation=6.0,
        hardline_splinter=2.5,
        hardline_reintegration=-2.5,
        hardline_mean=0.5,
    )
    means = commanders.frailty_means.function(**given_)
    theta = stats.beta(2.2, 2.2).ppf((np.arange(200_000) + 0.5) / 200_000)
    names = ("mean_lure", "mean_provocation", "mean_splinter", "mean_reintegration")
    rest = {k: v for k, v in given_.items() if k != "hardline_concentration"}
    factors = commanders.frailties.function(theta=theta, **rest, **dict(zip(names, means, strict=True)))
    for factor in factors:
        assert factor.mean() == pytest.approx(1.0, abs=2e-4)


@pytest.mark.parametrize("name", ["afghanistan-2018", "colombia-2012"])
def test_control_starts_at_the_published_totals(name):
    scenario = shipped(name)
    trace = block(scenario, scenario.default_sequence, 2, record=("government_control", "insurgent_share"))
    assert trace.weekly["government_control"][0] == pytest.approx(scenario.control.government, abs=1e-9)
    weight = np.array([p.districts for p in scenario.provinces]) / scenario.districts_total
    national = np.tensordot(weight, trace.weekly["insurgent_share"][0], 1)
    assert national == pytest.approx(scenario.control.insurgent, abs=1e-9)


def test_garrisons_stand_with_the_patron_and_tip_without():
    given_ = dict(
        garrison_speed=0.12,
        garrison_insurgent=2.2,
        garrison_herding=1.1,
        garrison_patron=1.0,
        garrison_legitimacy=1.2,
        garrison_resolve=0.10,
        garrison_spread=0.28,
        at_peace=False,
        insurgent_control=0.145,
        legitimacy=0.5,
    )
    for presence, stands in ((1.0, True), (0.0, False)):
        s = 0.0
        for _ in range(260):
            s = garrisons.garrisons.function(garrison_yield=s, presence=presence, **given_)
        assert (s < 0.01) == stands and (s > 0.5) == (not stands)


@given(w=st.floats(0, 1))
def test_the_signed_pace_of_withdrawal_sets_its_end(w):
    troops, weeks = 14.0, 0
    while troops > 0.0:
        troops, *_ = (
            float(x)
            for x in withdrawal.withdrawal.function(
                troops=troops,
                troops_start=14.0,
                troops_dated=np.nan,
                dated_troops=0.0,
                own_troop_path=False,
                ordered_troops=np.inf,
                ordered_speed=0.0,
                withdraw_ordered=np.inf,
                withdraw_ordered_speed=0.0,
                exiting=False,
                exit_weeks=26.0,
                patron_deal=True,
                withdrawal_share=w,
                withdrawal_slowest=104.0,
                withdrawal_fastest=39.0,
                withdrawal_linkage=0.0,
                settled=False,
            )
        )
        weeks += 1
    # A last step of a rounding error may take a week of its own.
    assert abs(weeks - (104 - 65 * w)) <= 1.01


@given(reference=st.floats(0.05, 0.6), shape=st.floats(0.4, 1.4))
def test_a_bare_deal_relapses_with_the_stated_probability_within_five_years(reference, shape):
    survival = np.exp(-durability.reference_scale(reference) * durability.cumulative_baseline(260.0, shape, 260.0))
    assert 1 - survival == pytest.approx(reference)


def test_weekly_relapse_hazards_add_up_to_the_weibull():
    left = np.array(100.0)
    state = dict(
        relapsed=False,
        relapse_week=-1.0,
        settled=True,
        settlement_week=10.0,
        relapse_shape=0.7,
        relapse_reference=0.4,
        relapse_factor=1.5,
        relapse_horizon=260.0,
    )
    for week in range(11, 111):
        left, *_ = durability.relapse.function(relapse_left=left, week=float(week), **state)
    exact = durability.reference_scale(0.4) * 1.5 * (100 / 260) ** 0.7
    assert 100.0 - left == pytest.approx(exact)
