"""Clocks and talks against exact distributions.

Every test states its false-alarm rate and rejects something wrong. Runs are drawn with fixed entropy, so a test
that passes once passes always; the rate says how surprising a failure after a change of luck would be.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from settlesim.chance.worlds import Fates
from settlesim.model.items import rule
from settlesim.model.rules.acceptance import acceptance
from settlesim.model.rules.commanders import fraction_of_week, hazard_at
from settlesim.model.standard import STANDARD
from support import block, changed, shipped

ALPHA = 1e-3


def quiet_war(**parameters):
    """No talks, no feedback on hazards: constant rates for every commander."""
    scenario = shipped("two-party")
    fixed = dict(
        hardline_lure=0,
        hardline_provocation=0,
        hardline_splinter=0,
        hardline_reintegration=0,
        peer_effect=0,
        commander_loss_rate=0,
        defection_rate=0,
        splinter_rate=0,
        reintegration_rate=0,
        return_rate=0,
    )
    plan = {"silence": {"steps": [], "label": "No talks", "description": "Nobody talks."}}
    war = changed(scenario, horizon=52, sequences=plan, default_sequence="silence", baseline_sequence="silence")
    return war.with_parameters(**(fixed | parameters))


def counts(rate):
    war = quiet_war(splinter_rate=rate)
    trace = block(war, "silence", 400)
    assert trace.final["count_insurgent"].max() > 0
    return trace.final["moved_splintered"], war.actors["insurgency"].commanders


def deviance(events, n, rate):
    """Two-sided p-value of the total of events in a year under Binomial(n runs, 1 - e^-rate)."""
    return stats.binomtest(int(events.sum()), n * len(events), 1 - np.exp(-rate)).pvalue


def test_defections_over_a_year_are_binomial_with_the_probability_the_rate_implies():
    """False alarms: 0.1%. Rejects a rate 10% off either way, and a spread that is not binomial."""
    rate = 0.2
    events, n = counts(rate)
    assert deviance(events, n, rate) > ALPHA
    assert deviance(events, n, 1.1 * rate) < ALPHA
    assert deviance(events, n, 0.9 * rate) < ALPHA
    p = 1 - np.exp(-rate)
    dispersion = ((events - n * p) ** 2 / (n * p * (1 - p))).sum()
    low, high = stats.chi2(len(events)).ppf([ALPHA / 2, 1 - ALPHA / 2])
    assert low < dispersion < high


@pytest.mark.parametrize("weights", [(0.3, 0.0, 1.2), (2.0, 0.1, 0.1)])
def test_clocks_with_piecewise_constant_hazards_follow_the_exact_distribution(weights):
    """False alarms: 0.1% (Kolmogorov-Smirnov). Rejects hazards 10% too high."""
    unit = -np.log1p(-Fates(3, range(20_000)).uniform("clock", "tested"))

    def times(hazards):
        out = np.full(len(unit), np.inf)
        before = 0.0
        for week, hazard in enumerate(hazards):
            now = hazard_at(before, hazard, 1.0)
            rings = np.isinf(out) & (unit <= now)
            out[rings] = week + fraction_of_week(unit[rings], before, hazard)
            before = now
        return out

    hazards = [w / 10 for w in weights for _ in range(10)]

    def accumulated(t):
        grid = np.concatenate(([0.0], np.cumsum(hazards)))
        return np.interp(t, np.arange(len(grid)), grid)

    total = sum(hazards)

    def p_value(rings):
        # Probability transform of those that ring: uniform on (0, 1 - e^-H).
        seen = rings[np.isfinite(rings)]
        return stats.kstest(-np.expm1(-accumulated(seen)) / -np.expm1(-total), "uniform").pvalue

    assert p_value(times(hazards)) > ALPHA
    assert p_value(times([1.1 * h for h in hazards])) < ALPHA


def test_two_motives_compete_as_independent_exponentials():
    """Splintering and reintegrating at 3 to 1: the first to ring takes the commander. False alarms: 0.1%."""
    war = quiet_war(splinter_rate=0.3, reintegration_rate=0.1)
    trace = block(war, "silence", 300)
    n = war.actors["insurgency"].commanders * 300
    left = int(trace.final["count_insurgent"].sum())
    assert stats.binomtest(left, n, np.exp(-0.4)).pvalue > ALPHA
    splintered = int(trace.final["moved_splintered"].sum())
    share = 0.75
    assert stats.binomtest(splintered, n, share * (1 - np.exp(-0.4))).pvalue > ALPHA
    assert stats.binomtest(splintered, n, 0.9 * share * (1 - np.exp(-0.4))).pvalue < ALPHA


def tiny_talks():
    """One table, reservation values held still, two rounds at the most: a tree one can write down."""
    scenario = shipped("two-party")
    plan = {
        "talk": {
            "label": "Talk",
            "description": "One table.",
            "steps": [{"do": "open", "track": next(iter(scenario.tracks))}],
        }
    }
    war = changed(scenario, horizon=60, sequences=plan, default_sequence="talk", baseline_sequence="talk")
    return war.with_parameters(
        consent_rate=9,
        consent_bias=20,
        deadline_rounds=2,
        round_interval=5,
        breakdown_rate=0.2,
        breakdown_attack_effect=0,
        suspension_shortest=8,
        suspension_longest=8,
        suspension_limit=1,
        attack_rate_trustworthy=0.2,
        attack_rate_untrustworthy=0.2,
        empty_promise_decay=0,
        refusal_rate=0,
        recalls=0,
        quorum=0,
        readiness_effect=0,
        acceptance_temperature=TEMPERATURE,
        concession_acceptance={"government": 0.3, "insurgency": 0.4},
    )


STEP, TEMPERATURE = 0.03, 0.05


def chances(round_number):
    """Chance that one side or the other has come round by a round: each has one private valuation."""
    refuse = [1 - acceptance(STEP * (round_number - 1), a, TEMPERATURE) for a in (0.4, 0.3)]
    return 1 - np.prod(refuse)


def tree(broken, step_by_step=True):
    """Chances of signing in round 1 to 4, and of never: written down branch by branch."""
    signed, before, refused = [], 0.0, 1.0
    for n in range(1, 5):
        # At the table after n - 1 failed rounds with at most one breakdown: a second one ends the talks.
        there = (1 - broken) ** (n - 1) + (n - 1) * broken * (1 - broken) ** (n - 2)
        accept = chances(n)
        signed.append(there * (accept - before if step_by_step else refused * accept))
        before, refused = accept, refused * (1 - accept)
    return np.array([*signed, 1 - sum(signed)])


def test_tiny_talks_follow_the_tree_of_their_rounds():
    """Where each round is worth a step more to both sides, they sign as soon as one valuation is met.

    Each failed round breaks off with 20%; the second breakdown or the fourth round (twice the deadline) ends the
    talks. False alarms: 0.1% (chi square). Rejects other breakdowns, and valuations that are drawn anew each round.
    """

    @rule("bargain", "surplus_claim surplus_give surplus_counted", when="round_due")
    def better_each_time(round):
        """The n-th round is worth n - 1 steps more than the reservation value."""
        worth = STEP * (round - 1.0)
        return worth, worth, worth

    trace = block(tiny_talks(), "talk", 4000, protocol=STANDARD.replaced("surpluses", better_each_time))
    rounds_held = trace.final["rounds_held"][0]
    settled = trace.final["settled"]
    seen = np.array([(settled & (rounds_held == n)).sum() for n in range(1, 5)] + [(~settled).sum()])
    assert stats.chisquare(seen, tree(0.2) * seen.sum()).pvalue > ALPHA
    for wrong in (tree(0.4), tree(0.2, step_by_step=False)):
        assert stats.chisquare(seen, wrong * seen.sum()).pvalue < ALPHA


def test_the_chance_of_a_fixed_offer_does_not_grow_with_the_number_of_rounds():
    """False alarms: 0.1% (binomial). Signed in the first round or never, as often as either side takes it at once."""

    @rule("bargain", "surplus_claim surplus_give surplus_counted", when="round_due")
    def indifferent(offer):
        """Every offer is worth exactly the reservation value."""
        return 0.0 * offer, 0.0 * offer, 0.0 * offer

    trace = block(tiny_talks(), "talk", 4000, protocol=STANDARD.replaced("surpluses", indifferent))
    settled = trace.final["settled"]
    assert (trace.final["rounds_held"][0][settled] == 1).all() and trace.final["rounds_held"].max() == 4
    assert stats.binomtest(int(settled.sum()), 4000, chances(1)).pvalue > ALPHA
