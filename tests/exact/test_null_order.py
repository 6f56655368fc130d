"""With the channels of order off, every permutation of the same steps gives the same outcome, to the last bit."""

from __future__ import annotations

import itertools

import pytest

from support import block, changed, different, shipped

# What a permutation changes by definition: when each step was taken and each concession handed over.
PLAN = {"taken_week", "fires", "condition_since", "due_week", "offered_week", "delivered_week", "tabled_week"}
RUNS = 12


def null():
    # Two years hold the preparation, the talks and their end; the last three would only take time.
    scenario = shipped("null-order")
    return changed(scenario, horizon=104)


def permutations(scenario):
    sequence = scenario.sequence("preparation")
    return list(sequence.permutations())


@pytest.mark.parametrize("first", range(5))
def test_every_permutation_gives_the_same_outcome(first):
    scenario = null()
    plans = permutations(scenario)
    assert len(plans) == 120
    reference = block(scenario, "preparation", RUNS)
    assert reference.final["settled"].any()
    for plan in itertools.islice(plans, first, None, 5):
        assert set(different(reference, block(scenario, plan, RUNS))) <= PLAN, plan.name


def test_with_the_channels_on_the_order_matters():
    war = changed(
        shipped(),
        sequences=null().tree()["sequences"],
        default_sequence="preparation",
        baseline_sequence="preparation",
        horizon=104,
        targets=[],
    )
    plans = permutations(war)
    a, b = block(war, plans[0], RUNS), block(war, plans[-1], RUNS)
    assert {"deaths", "zone", "legitimacy"} <= set(different(a, b))
