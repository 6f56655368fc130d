"""A run is a function of its number, its sequence and the entropy: nothing else may change a bit of it."""

from __future__ import annotations

import pytest

from settlesim.model.items import rule
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Luck, Variable
from support import block, changed, different, shipped

SEQUENCE = "parallel"


@pytest.fixture(scope="module")
def batch():
    return block(shipped(), SEQUENCE, 40)


@pytest.mark.parametrize("run", [0, 7, 39])
def test_alone_as_among_others(batch, run):
    alone = block(shipped(), SEQUENCE, range(run, run + 1))
    assert different(alone, batch, 0, run) == []


@pytest.mark.parametrize("runs", [range(3, 8), range(13, 40)])
def test_in_any_block(batch, runs):
    part = block(shipped(), SEQUENCE, runs)
    assert different(part, batch, slice(None), slice(runs.start, runs.stop)) == []


def test_another_run_is_another_run(batch):
    assert "deaths" in different(batch, batch, 3, 4)


def test_after_adding_an_unrelated_rule_with_luck_of_its_own(batch):
    @rule("province", "rainfall")
    def rain(rain_luck):
        """Rain, which moves nothing."""
        return rain_luck

    protocol = STANDARD.with_rule(
        rain,
        after="violence",
        variables=[Variable("rainfall", "province", "mm", "weekly rain", 0.0)],
        luck=[Luck("rain_luck", "province", "exponential", "week")],
    )
    rained = block(shipped(), SEQUENCE, 40, protocol=protocol)
    assert rained.final["rainfall"].min() > 0.0
    assert different(batch, rained) == []


def test_after_adding_an_unrelated_actor_table_and_concession():
    """A neighbour acts in every plan by holding back the insurgency's consent; one that does not is unrelated."""
    scenario = shipped("two-party").with_parameters(neighbour_obstruction=0)
    tree = scenario.tree()
    label = {"label": "Bystander", "source": next(iter(scenario.sources)), "tag": "P"}
    actors = {"neighbour": {**label}, **tree["actors"]}
    table = {**label, "parties": ["government", "neighbour"], "issues": ["sanctuary"]}
    tracks = {"aside": table, **tree["tracks"]}
    gift = {**label, "value": 0.0, "cost": 0.0, "reversibility": 0.5, "by": ["neighbour"], "pie": False}
    concessions = {**tree["concessions"], "gift": gift}
    wider = changed(scenario, actors=actors, tracks=tracks, concessions=concessions)
    before = block(scenario, scenario.default_sequence, 24)
    after = block(wider, scenario.default_sequence, 24)
    shared = [name for name in before.final if before.final[name].shape == after.final[name].shape]
    assert len(shared) > 150
    assert [name for name in different(before, after) if name in shared] == []


def test_after_adding_an_unrelated_parameter():
    scenario = shipped("two-party")
    tree = scenario.tree()
    extra = {**tree["parameters"]["misattribution"], "meaning": "Read by no rule."}
    wider = changed(scenario, parameters={"aaa_unread": extra, **tree["parameters"]})
    before, after = (block(s, scenario.default_sequence, 24) for s in (scenario, wider))
    assert different(before, after) == []
