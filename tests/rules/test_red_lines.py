"""End-conditions: which of them a deal on power holds, what they cost and are worth, and where no deal is possible."""

from __future__ import annotations

import numpy as np
import pytest

from settlesim.engines.verify import verify
from settlesim.experiments.simulate import simulate
from settlesim.model.rules.commitment import apart
from settlesim.model.rules.red_lines import end_conditions, red_lines
from settlesim.report.story import replay
from support import block, changed, shipped

SAID = {"source": "invented", "tag": "P"}
EAGER = {"consent_rate": 5, "consent_bias": 5, "concession_acceptance": 0.9, "round_interval": 1, "war_cost": 0.4}


def war(refusal=0.0, compliance=0.6, **obligations):
    """Two parties that come to terms soon, if they can, and some end-conditions: (value, cost, indivisible)."""
    declared = {
        name: {"label": name.title(), "value": value, "cost": cost, "indivisible": whole, **SAID}
        for name, (value, cost, whole) in obligations.items()
    }
    tree = shipped("two-party").tree()
    plans = {name: tree["sequences"][name] for name in ("talk", "no_talks")}
    scenario = changed(shipped("two-party"), obligations=declared, horizon=80, sequences=plans)
    changes = EAGER | {"obligation_compliance": compliance, "red_line_refusal": refusal}
    return scenario.with_parameters(**changes)


@pytest.mark.parametrize(
    ("whole", "insisted", "refused", "value", "cost", "expected"),
    [
        # What can be divided is undertaken if it is worth its cost as far as it is kept.
        (False, False, False, 0.1, 0.06, (True, 0.06, 0.06)),
        (False, False, False, 0.1, 0.061, (False, 0.0, 0.0)),
        # A principle that is left out is given up, so having it is worth twice that.
        (True, False, False, 0.1, 0.12, (True, 0.12, 0.06)),
        (True, False, False, 0.1, 0.121, (False, 0.0, -0.06)),
        (True, True, False, 0.1, 0.5, (True, 0.5, 0.06)),
        (True, False, True, 0.1, 0.0, (False, 0.0, -0.06)),
    ],
)
def test_an_end_condition_is_undertaken_if_it_is_worth_its_cost(whole, insisted, refused, value, cost, expected):
    held, burden, worth = end_conditions.function(
        np.bool_(whole), np.bool_(insisted), np.bool_(refused), np.float64(value), np.float64(cost), np.float64(0.6)
    )
    assert bool(held) == expected[0]
    assert (float(burden), float(worth)) == pytest.approx(expected[1:], abs=1e-15)


def test_only_what_cannot_be_divided_becomes_a_red_line():
    luck = np.array([0.05, 0.5])
    for whole in (True, False):
        insisted, refused, clash = red_lines.function(np.bool_(whole), luck, luck[::-1], 0.1, 0.6)
        assert insisted.tolist() == [whole, False]
        assert refused.tolist() == [whole, whole]
        assert clash.tolist() == [whole, False]


def test_they_move_both_ends_of_the_settlement_space_by_what_they_cost_and_are_worth():
    plain, held = (
        block(scenario, "talk", 8, record=("reservation_power", "limit_power")).weekly
        for scenario in (war(), war(duty=(0.1, 0.05, False), rights=(0.2, 0.01, True)))
    )
    gap = {name: (held[name][1] - plain[name][1]) for name in held}
    assert np.allclose(gap["reservation_power"], 0.06, atol=1e-12)
    assert np.allclose(gap["limit_power"], 0.6 * 0.3, atol=1e-12)
    given_up = block(war(rights=(0.2, 0.9, True)), "talk", 8, record=("reservation_power", "limit_power")).weekly
    assert np.allclose(given_up["limit_power"][1] - plain["limit_power"][1], -0.12, atol=1e-12)
    assert np.array_equal(given_up["reservation_power"][1], plain["reservation_power"][1])


def test_where_red_lines_clash_no_deal_on_power_is_signed():
    certain, never = (simulate(war(chance, rights=(0.1, 0.01, True)), runs=40, rng=7) for chance in (1.0, 0.0))
    assert (certain.red_lines_clash == 1).all() and not (never.red_lines_clash == 1).any()
    assert float(never.settled.mean()) > 0.5
    assert not (certain.settled == 1).any()


def test_apart_leaves_no_share_that_suits_both_wherever_they_stood():
    least, most = apart(np.array([-3.0, 0.2, 4.0]), np.array([5.0, 0.4, -2.0]), True)
    assert (least >= 2).all() and (most <= -1).all()


def test_only_what_was_undertaken_is_checked():
    undertaken, left_out = war(duty=(0.1, 0.0, False), compliance=0.01), war(duty=(0.1, 0.5, False), compliance=0.01)
    failures = [block(scenario, "talk", 40).final["failures"] for scenario in (undertaken, left_out)]
    assert failures[0].max() > 0 and (failures[1] == 0).all()


def test_dearer_end_conditions_make_settlements_rarer_and_worthier_ones_likelier():
    def settled(value, cost):
        scenario = war(compliance=1.0, duty=(value, cost, False)).with_parameters(war_cost=0.1)
        return float(simulate(scenario, runs=60, rng=7).settled.mean())

    base, worthy, dear = settled(0.0, 0.0), settled(0.3, 0.0), settled(0.3, 0.3)
    assert dear < base < worthy


def test_the_story_says_what_was_undertaken_and_why_no_deal_is_possible():
    scenario = war(duty=(0.1, 0.0, False), rights=(0.1, 0.9, True))
    signed = np.flatnonzero(simulate(scenario, runs=40, rng=7).settled == 1)
    story = str(replay(scenario, run=int(signed[0]), rng=7))
    assert "end-condition undertaken: duty (it is worth no less to Government than it costs Front)" in story
    assert "end-condition left out: rights (it would cost Front more than it is worth to Government)" in story
    hopeless = str(replay(war(1.0, rights=(0.1, 0.0, True)), run=0, rng=7))
    assert (
        "no deal on power is possible: rights (Government signs nothing without it, Front nothing with it)" in hopeless
    )


def test_both_engines_hold_the_same_end_conditions():
    scenario = war(0.5, duty=(0.1, 0.02, False), rights=(0.1, 0.1, True), forces=(0.05, 0.3, True))
    found = verify(scenario, sequences=["talk"], runs=3, rng=5)
    assert found.ok, str(found)
