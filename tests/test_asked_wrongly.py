"""What is asked for wrongly is refused before the first run, in the words of who asked."""

from __future__ import annotations

import warnings

import matplotlib
import numpy as np
import pytest

import settlesim as ss
from analysis.crossed import against_nothing
from settlesim.steps import deliver, open_track
from support import shipped

matplotlib.use("Agg")
MOVES = {"talks": open_track("talks"), "prisoners": deliver("prisoners"), "recognition": deliver("recognition")}


@pytest.fixture(scope="module")
def war():
    return shipped("two-party")


@pytest.fixture(scope="module")
def plan():
    return ss.Plan(MOVES, pace=6)


def refused(match, function, *args, **how):
    with pytest.raises(ss.UsageError, match=match):
        function(*args, **how)


# -- sweeps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levers", "name"),
    [
        ({"surrender_frame": 0.0}, "surrender_frame"),
        ({"war_cost": {"government": 0.1}}, "war_cost.government"),
        ({"war_cost": {"government": 0.1}}, "war_cost"),
        ({"war_cost": 0.1}, "war_cost.government"),
    ],
)
def test_a_sweep_does_not_override_a_lever(war, levers, name):
    held = war.sequence("talk").with_levers(**levers).model_copy(update={"name": "held"})
    says = r"sequence 'held' sets \S+ by a lever, and the grid gives it too: leave it out of the grid"
    refused(says, ss.sweep, war, {name: [0.05, 0.1]}, sequences=["talk", held], runs=2, rng=7)


def test_a_lever_on_one_entry_leaves_the_others(war):
    held = war.sequence("talk").with_levers(war_cost={"government": 0.1})
    assert ss.sweep(war, {"war_cost.insurgency": [0.1, 0.2]}, sequences=held, runs=2, rng=7).sizes["run"] == 2


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"guarantee": [0.1, 0.1]}, "gives guarantee = 0.1 twice"),
        ({"guarantee": [1, True]}, "grid: guarantee = True: must be a number"),
        ({"guarantee": ["0.1"]}, "grid: guarantee = '0.1': must be a number"),
        ({"guarantee": "0.1"}, "a list of values for guarantee, such as"),
        ({"guarantee": 0.1}, r"a list of values for guarantee, such as \[0.1, 0.4\], not 0.1"),
        ({"guarantee": {"a": 1}}, "a list of values for guarantee"),
        (["guarantee"], "a grid is a mapping of name to values"),
        ({"guarantee": []}, "at least one value"),
    ],
)
def test_grids_that_are_none(war, grid, says):
    refused(says, ss.sweep, war, grid, sequences="talk", runs=2, rng=7)


def test_a_grid_of_numpy(war):
    result = ss.sweep(war, {"guarantee": np.linspace(0.1, 0.4, 2)}, sequences="talk", runs=2, rng=7)
    assert result.guarantee.values.tolist() == [0.1, 0.4]


# -- plans and orders --------------------------------------------------------------------------------------------------


def test_what_is_no_plan(war):
    refused("not a plan but a dict: make a Plan of it", ss.orders, war, MOVES, runs=2, rng=7)
    refused("not a plan but a Sequence: make a Plan of it", ss.orders, war, war.sequence("talk"), runs=2, rng=7)


def test_agendas_that_are_none():
    refused(r"are a list of names, such as \['prisoners', ...\]", ss.Plan.of_agenda, "talks", "prisoners")
    refused("'a' stands on the agenda twice", ss.Plan.of_agenda, "talks", ["a", "b", "a"])


def test_whole_numbers_of_numpy(plan):
    assert ss.Plan(MOVES, pace=np.int64(6), patience=np.int32(3)) == ss.Plan(MOVES, pace=6, patience=3)
    assert type(ss.Plan(MOVES, pace=np.int64(6)).pace) is int
    for wrong in (True, np.bool_(True), 2.0, np.float64(2), "2", -1):
        with pytest.raises(ss.ScenarioError):
            ss.Plan(MOVES, pace=wrong)


@pytest.mark.parametrize("order", [None, 3, ["talks", None], [["talks"], "prisoners"]])
def test_what_is_no_order(plan, order):
    refused("an order is a list of moves or its name, such as 'talks > prisoners > recognition'", plan.order, order)


@pytest.mark.parametrize("each", [True, 2.5, 0, -1, 99, "2"])
def test_how_many_orders_a_world_may_meet(war, plan, each):
    refused("a whole number from 1 to 6, not", ss.orders, war, plan, runs=2, each=each, rng=7)


def test_pairs_of_orders_stay_together(war, plan):
    says = "each= must be even, not 3: with design='reversed' both orders"
    refused(says, ss.orders, war, plan, runs=2, each=3, design="reversed", size=6, rng=7)
    assert ss.orders(war, plan, runs=2, each=np.int64(2), rng=7).sizes["slot"] == 2


# -- at the door -------------------------------------------------------------------------------------------------------

CALLS = {
    "simulate": ss.simulate,
    "compare": ss.compare,
    "sweep": lambda war, **how: ss.sweep(war, {"guarantee": [0.1]}, **how),
    "orders": lambda war, **how: ss.orders(war, ss.Plan(MOVES), **how),
    "evaluate": lambda war, **how: ss.evaluate(war, 2, **how),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_kinds_of_what_is_given(war, name):
    refused(r"is a Scenario, not a str; load it: ss.load\('two-party'\)", CALLS[name], "two-party", rng=7)
    refused("is a Scenario, not a dict", CALLS[name], {}, rng=7)
    refused("execution is an Execution, such as", CALLS[name], war, rng=7, execution=4)


@pytest.mark.parametrize(
    "analysis",
    [
        ss.process,
        ss.summary,
        lambda x: ss.rank(x, "deaths"),
        lambda x: ss.differences(x, "deaths"),
        ss.incidence,
        lambda x: ss.base_rates(x, shipped("afghanistan-2018").base_rates),
    ],
)
def test_an_analysis_takes_a_result(analysis):
    refused("an analysis takes a result, such as ss.compare returns, not a str", analysis, "x")


def test_an_order_is_told_by_its_name(war, plan):
    result = ss.orders(war, plan, runs=3, rng=7)
    name = str(result.order.values[2])
    story = ss.replay(result, run=2, order=name)
    assert story == ss.replay(result, run=2, sequence=name) and name in story.title
    refused("say which order is meant, order=", ss.replay, result, run=2)
    refused("only one of the two", ss.replay, result, run=2, order=name, sequence=name)
    refused("order= names one of a result of ss.orders", ss.replay, war, run=2, rng=7, order=name)
    refused("order= names one", ss.replay, ss.simulate(war, runs=3, rng=7), run=2, order=name)


# -- pictures ----------------------------------------------------------------------------------------------------------


def flipped(worlds):
    rng = np.random.default_rng(1)
    parameters = {"tilt": rng.random(worlds), "level": rng.random(worlds)}
    each = (parameters["tilt"] - parameters["level"])[:, None] + rng.normal(0, 0.3, (worlds, 4))
    return ss.flips_of(against_nothing(each, parameters=parameters, kind="share"), "a", "b", "y", resamples=20)


def test_maps_that_cannot_be_drawn():
    refused("6 worlds are too few for a map at width 0.18", ss.plots.flip_map, flipped(6))
    enough = flipped(60)
    for width in (0, -0.1, np.nan, np.inf, True, "wide"):
        refused("width is the smoothing", ss.plots.flip_map, enough, width=width)
    refused("'tilt' is named twice", ss.plots.flip_map, enough, parameters=["tilt", "tilt"])
    refused("two parameters, not 1", ss.plots.flip_map, enough, parameters=["tilt"])


def test_bars_are_of_one_point(war):
    swept = ss.sweep(war, {"guarantee": [0.1, 0.4]}, sequences="talk", runs=4, rng=7)
    refused(r"choose it first, result.sel\(guarantee=...\)", ss.plots.outcomes, swept)
    assert ss.plots.outcomes(swept.sel(guarantee=0.1)).patches


# -- the pie -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["drawn", "common", "central"])
def test_points_beyond_the_pie_are_told_of(war, rest):
    points = {"concession_value.prisoners": [0.0, 0.99, 0.01], "concession_value.recognition": [0.0, 0.99, 0.01]}
    with pytest.warns(UserWarning, match=r"in 1 of 3 points the values of concessions sum to more than the pie"):
        result = ss.evaluate(war, points, "talk", luck=2, rest=rest, rng=7)
    assert float(result["concession_value.prisoners"].isel(point=1).max()) < 0.99
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ss.evaluate(war, {name: [0.0, 0.01] for name in points}, "talk", luck=2, rest=rest, rng=7)
        ss.evaluate(war, {"guarantee": [0.1, 0.2]}, "talk", luck=2, rest=rest, rng=7)
