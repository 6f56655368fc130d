"""Troops by date or by the model's own deals: two modes of every plan."""

from __future__ import annotations

import numpy as np
import pytest

import settlesim as ss
from settlesim.errors import ScenarioError
from settlesim.scenario.sequence import Sequence
from support import shipped

WEEKS = np.arange(261)
PATH = [(0.0, 14.0), (50.0, 14.0), (60.0, 3.0), (90.0, 0.0)]


def simulated(plan, scenario=None, runs=8):
    return ss.simulate(scenario or shipped(), sequence=plan, runs=runs, rng=7, record=["troops"]).isel(sequence=0)


def troops(plan, scenario=None):
    return simulated(plan, scenario)["troops_weekly"].values


def follows(plan, path, scenario=None):
    """Whether the troops of every run are the path's, up to the week in which the run got its outcome."""
    result = simulated(plan, scenario)
    end = result["outcome_week"].values
    lived = np.where(end > 0, end, WEEKS[-1])[:, None] >= WEEKS
    same = np.isclose(result["troops_weekly"].values, np.interp(WEEKS, *zip(*path, strict=True)))
    return bool(same[lived].all())


@pytest.mark.parametrize("name", ["kabul_first", "us_first", "no_talks", "historical"])
def test_dated_troops_follow_the_path_in_every_plan(name):
    scenario = shipped()
    dated = scenario.sequence(name).with_levers(dated_troops=1)
    assert follows(dated, scenario.troop_path)


def test_endogenous_troops_follow_the_deals_of_the_run():
    scenario = shipped().with_parameters(patron_fatigue=0)
    plan = scenario.sequence("historical").with_levers(dated_troops=0)
    assert not follows(plan, scenario.troop_path)
    result = simulated(plan, scenario, 24)
    signed = result["track_signed_week"].sel(track="patron_talks").values
    assert len(np.unique(signed[np.isfinite(signed)])) > 8
    for course, week in zip(result["troops_weekly"].values, signed, strict=True):
        left = np.flatnonzero(course < 14.0)
        # Nobody leaves without a deal; after it troops fall at once, and never rise.
        assert len(left) == 0 if np.isnan(week) else left[0] - week in (0, 1)
        assert (np.diff(course) <= 0.0).all()


def test_plans_are_endogenous_unless_they_say_so():
    scenario = shipped()
    assert scenario.parameters["dated_troops"].value == 0
    assert [name for name, plan in scenario.sequences.items() if "dated_troops" in plan.levers] == ["historical"]
    plan = scenario.sequence("us_first")
    assert np.array_equal(troops(plan), troops(plan.with_levers(dated_troops=0)))


def test_a_path_of_the_plans_own_counts_unless_its_levers_say_otherwise():
    plain = Sequence("plan")
    own = Sequence("plan", troop_path=PATH)
    assert follows(own, PATH)
    assert follows(own.with_levers(dated_troops=1), PATH)
    assert np.array_equal(troops(own.with_levers(dated_troops=0)), troops(plain))
    # Set for all plans, it leaves a plan's own path in place.
    everywhere = shipped().with_parameters(dated_troops=1)
    assert follows(own, PATH, everywhere) and follows(plain, shipped().troop_path, everywhere)


@pytest.mark.parametrize("name", ["colombia-2012", "two-party"])
def test_without_a_path_dated_troops_are_refused_with_what_to_do(name):
    scenario = shipped(name)
    with pytest.raises(ScenarioError, match=r"parameters\.dated_troops\.value = 1.0: .*add troop_path = .*0 without"):
        scenario.with_parameters(dated_troops=1)
    with pytest.raises(ScenarioError, match=r"levers\.dated_troops = 1.0: .*add troop_path = "):
        scenario.sequence(Sequence("mine").with_levers(dated_troops=1))
    scenario.sequence(Sequence("mine").with_levers(dated_troops=0))


def test_a_path_of_the_file_is_checked_like_that_of_a_plan():
    tree = shipped().tree()
    with pytest.raises(ScenarioError, match="troop_path: the weeks of troop_path must rise"):
        ss.Scenario.model_validate(tree | {"troop_path": [[5, 1], [5, 2]]})
    with pytest.raises(ScenarioError, match=r"troop_path: there is no patron in this conflict"):
        ss.Scenario.model_validate(shipped("two-party").tree() | {"troop_path": [[0, 14]]})
