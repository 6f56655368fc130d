"""A scenario as a whole: frozen, with a fingerprint of its content, its sequences and its calendar."""

import copy
import datetime
import pickle

import pytest

from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence
from settlesim.steps import open_track, week
from support import shipped

AFGHANISTAN = shipped("afghanistan-2018")
TWO = shipped("two-party")


def test_a_scenario_cannot_be_changed_but_copied_and_pickled():
    with pytest.raises(ValueError, match="frozen"):
        AFGHANISTAN.horizon = 3
    for change in (
        lambda p: p.__setitem__("x", 1),
        lambda p: p.pop("consent_rate"),
        lambda p: p.update(x=1),
        lambda p: p.clear(),
    ):
        with pytest.raises(TypeError, match="read-only"):
            change(AFGHANISTAN.parameters)
    assert pickle.loads(pickle.dumps(AFGHANISTAN)) == AFGHANISTAN
    assert copy.deepcopy(AFGHANISTAN) == AFGHANISTAN
    assert hash(AFGHANISTAN) == hash(pickle.loads(pickle.dumps(AFGHANISTAN)))


def test_sequences_are_found_by_name_or_the_nearest_is_named():
    assert AFGHANISTAN.sequence("us_first") is AFGHANISTAN.sequences["us_first"]
    with pytest.raises(UsageError, match="did you mean 'us_first'"):
        AFGHANISTAN.sequence("us_frst")


def test_sequences_can_be_added_and_are_checked():
    plan = Sequence("mine", [open_track("kabul_talks", when=week(3))])
    more = AFGHANISTAN.with_sequences(plan)
    assert more.sequence("mine") == plan
    assert "mine" not in AFGHANISTAN.sequences
    with pytest.raises(ScenarioError, match="unknown track"):
        AFGHANISTAN.with_sequences(Sequence("bad", [open_track("kabul_talk")]))


def test_weeks_and_dates_agree_with_the_chronology():
    deal = datetime.date(2020, 2, 29)
    assert AFGHANISTAN.week_of(deal) == pytest.approx(104.4, abs=0.05)
    assert AFGHANISTAN.week_of(datetime.date(2021, 8, 15)) == pytest.approx(180.6, abs=0.05)
    assert AFGHANISTAN.date_of(AFGHANISTAN.week_of(deal)) == deal
    assert AFGHANISTAN.date_of(0) == AFGHANISTAN.start
    for nowhere in (1e12, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="has no date"):
            AFGHANISTAN.date_of(nowhere)


def test_equal_scenarios_and_only_they_have_the_same_digest():
    again = Scenario.model_validate(AFGHANISTAN.tree())
    assert again == AFGHANISTAN
    assert again.digest() == AFGHANISTAN.digest()
    assert len(AFGHANISTAN.digest()) == 64
    others = [
        AFGHANISTAN.with_parameters(defection_rate=0.006),
        AFGHANISTAN.with_parameters(defection_rate=0.0060000001),
        AFGHANISTAN.with_sequences(Sequence("mine")),
        TWO,
    ]
    assert len({s.digest() for s in [AFGHANISTAN, *others]}) == 5


def test_changing_the_tree_does_not_change_the_scenario():
    tree = AFGHANISTAN.tree()
    tree["parameters"].clear()
    tree["provinces"][0]["name"] = "Nowhere"
    assert AFGHANISTAN.tree() != tree
    assert AFGHANISTAN.parameters
