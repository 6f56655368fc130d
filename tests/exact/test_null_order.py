"""With the channels of order off, every permutation of the same steps gives the same outcome, to the last bit."""

from __future__ import annotations

import itertools

import pytest

from support import block, changed, different, shipped

# What a permutation changes by definition: when each step was taken and each concession handed over.
PLAN = {"taken_week", "fires", "condition_since", "due_week", "offered_week", "delivered_week", "tabled_week"}
RUNS = 12


def quickly(scenario):
    """A war of the same actors in which, without touching a channel of order, some runs settle within three years.

    Everyone comes soon, an outside guarantee leaves a zone in most runs, and the first of few rounds comes when every
    permutation has delivered what it delivers: what is left to be done once a deal is signed is not the same, and
    should not be.  Fewer commanders and a short time make it cheap.
    """
    tree = scenario.tree()
    insurgency = {**tree["actors"]["insurgency"], "commanders": 150}
    brief = changed(scenario, actors={**tree["actors"], "insurgency": insurgency}, horizon=150)
    return brief.with_parameters(consent_rate=2, round_interval=32, deadline_rounds=2, guarantee=0.8)


def null():
    return quickly(shipped("null-order"))


def permutations(scenario):
    sequence = scenario.sequence("preparation")
    return list(sequence.permutations())


@pytest.mark.parametrize("first", range(5))
def test_every_permutation_gives_the_same_outcome(first):
    scenario = null()
    plans = permutations(scenario)
    assert len(plans) == 120
    reference = block(scenario, "preparation", RUNS)
    # What is compared holds runs that settled and runs that did not.
    assert 3 <= reference.final["settled"].sum() <= RUNS - 3
    for plan in itertools.islice(plans, first, None, 5):
        assert set(different(reference, block(scenario, plan, RUNS))) <= PLAN, plan.name


def test_with_the_channels_on_the_order_matters():
    war = changed(
        quickly(shipped()),
        sequences=null().tree()["sequences"],
        default_sequence="preparation",
        baseline_sequence="preparation",
        targets=[],
        claims=[],
    )
    plans = permutations(war)
    a, b = block(war, plans[0], RUNS), block(war, plans[-1], RUNS)
    assert {"deaths", "zone", "legitimacy"} <= set(different(a, b))
