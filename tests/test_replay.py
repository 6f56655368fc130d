"""A run of a result simulated again: the very run, whatever method drew its world."""

from __future__ import annotations

import numpy as np
import pytest

import settlesim as ss
from settlesim.chance.sampling import METHODS
from settlesim.chance.worlds import worlds
from settlesim.experiments.replayed import replay_trace
from settlesim.steps import deliver, open_track
from support import changed, shipped

TOLD = ("outcome", "deaths", "legitimacy", "fragmentation")


pytestmark = pytest.mark.filterwarnings("ignore:.*Sobol points are few")


@pytest.fixture(scope="module")
def war():
    """A short war, quick to simulate; it is shipped under no name."""
    return changed(shipped("two-party"), horizon=60)


def same(trace, one):
    """Whether a replayed run has the outcomes, and the world, of a run of a result."""
    outcomes = {o.name: o for o in ss.STANDARD_OUTCOMES}
    for name in TOLD:
        if name in one:
            np.testing.assert_array_equal(outcomes[name].function(trace)[0], one[name].values, err_msg=name)
    for name, variable in one.data_vars.items():
        address = str(name).removesuffix("_drawn")
        if variable.attrs["role"] == "parameter" and address in trace.worlds:
            assert trace.worlds[address][0] == float(variable), name


DESIGN = {"defection_rate": np.linspace(0.01, 0.99, 16)}
SAMPLED = [m for m in METHODS if m != "latin_hypercube_2"]


@pytest.mark.parametrize("method", [*SAMPLED, ss.Sampling("sobol", 2), ss.Sampling("latin_hypercube", 3), DESIGN])
def test_a_run_of_any_method_is_the_one_of_the_result(war, method):
    result = ss.compare(war, ["talk", "give_first"], runs=16, rng=7, method=method)
    trace = replay_trace(result, scenario=war, run=13, sequence="give_first", record=["deaths"])
    same(trace, result.sel(run=13, sequence="give_first"))
    assert len({*result["deaths"].sel(sequence="give_first").values}) == 16
    if method not in ("monte_carlo", "central"):
        # The run of that number under independent draws is another one.
        other = worlds(war, range(13, 14), entropy=7)
        assert other["defection_rate"][0] != float(result["defection_rate"].sel(run=13))


@pytest.mark.parametrize("kind", ["sobol", "latin_hypercube"])
def test_stories_of_a_designed_sample_tell_the_outcomes_of_its_runs(kind):
    """As the trial that found it: of 20 stories of a Sobol experiment most told another ending than the result had."""
    result = ss.simulate(shipped("two-party"), sequence="talk", runs=32, rng=7, method=kind)
    meanings = result.outcome.attrs["flag_meanings"].split()
    for run in range(3, 32, 9):
        ending = ss.replay(result, run=run).ending
        one = result.sel(run=run).isel(sequence=0)
        assert ending.split(": ")[1].split(",")[0].replace(" ", "_") == meanings[one.outcome.item()]


def test_a_part_of_a_sample_and_one_that_was_saved(war, tmp_path):
    how = ss.Sampling("latin_hypercube", total=64)
    result = ss.simulate(war, sequence="talk", runs=range(16, 20), rng=7, method=how)
    ss.save(result, tmp_path / "part.nc")
    read = ss.open(tmp_path / "part.nc")
    same(replay_trace(read, scenario=war, run=18, record=["deaths"]), result.isel(sequence=0).sel(run=18))
    same(
        replay_trace(result.isel(run=[1, 3]), scenario=war, run=19, record=["deaths"]),
        result.isel(sequence=0).sel(run=19),
    )


def test_a_sequence_of_ones_own_with_levers_comes_from_its_definition(war):
    mine = ss.Sequence("mine", steps=[open_track("talks")], levers={"defection_rate": 0.01})
    result = ss.compare(war, ["talk", mine], runs=4, rng=7, method="latin_hypercube")
    trace = replay_trace(result, scenario=war, run=2, sequence="mine", record=["deaths"])
    assert trace.worlds["defection_rate"][0] == 0.01
    same(trace, result.sel(run=2, sequence="mine"))


def test_a_point_of_a_sweep(war):
    result = ss.sweep(war, {"surrender_frame": [0, 0.1]}, sequences="talk", runs=4, rng=7)
    with pytest.raises(ss.UsageError, match=r"choose a point of the sweep first: result.sel\(surrender_frame=...\)"):
        ss.replay(result, scenario=war, run=2)
    one = result.sel(surrender_frame=0.1)
    trace = replay_trace(one, scenario=war, run=2, record=["deaths"])
    assert trace.worlds["surrender_frame"][0] == 0.1
    same(trace, one.isel(sequence=0).sel(run=2))


@pytest.mark.parametrize("rest", ["drawn", "common", "central"])
def test_a_point_of_an_evaluation(war, rest):
    points = {"surrender_frame": [0.0, 0.1], "hardline_concentration": [2.0, 9.0]}
    result = ss.evaluate(war, points, ["talk", "give_first"], luck=range(3, 6), rng=7, rest=rest)
    trace = replay_trace(result, scenario=war, point=1, luck=5, sequence="talk", record=["deaths"])
    same(trace, result.sel(point=1, luck=5, sequence="talk"))
    if rest == "drawn":
        told = ss.replay(result, scenario=war, point=1, luck=4, sequence="talk")
        assert told.title.endswith("sequence talk, point 1, luck 4")


@pytest.mark.parametrize("each", [None, 1])
def test_an_order_of_a_plan(war, each):
    plan = ss.Plan({"talks": open_track("talks"), "gift": deliver("prisoners")}, pace=8)
    result = ss.orders(war, plan, runs=4, each=each, rng=7)
    one = result.sel(run=2)
    one = one.sel(order="gift > talks") if each is None else one.isel(slot=0)
    trace = replay_trace(result, scenario=war, run=2, sequence=one["order"].item(), record=["deaths"])
    assert trace.sequence.name == one["order"].item()
    same(trace, one)


@pytest.fixture(scope="module")
def result():
    return ss.simulate(shipped("two-party"), runs=4, rng=7, sequence="talk")


@pytest.mark.parametrize(
    "change, options, message",
    [
        ({}, {}, "say which run of the result is meant by run="),
        ({}, {"run": 4}, "the result has no run 4: its 4 lie between 0 and 3"),
        ({}, {"run": 1, "point": 1}, "say which run of the result is meant by run="),
        ({}, {"run": 1, "sequence": "tlak"}, "did you mean 'talk'"),
        ({}, {"run": 1, "rng": 7}, "leave them out"),
        ({}, {"run": 1, "method": "sobol"}, "leave them out"),
        ({}, {"run": 1, "scenario": shipped()}, "another scenario than the one given: of 'two-party'"),
        ({"settlesim_version": "0.0.1"}, {"run": 1}, "made by settlesim 0.0.1"),
        ({"scenario": "mine"}, {"run": 1}, "is not shipped: give the scenario, scenario="),
        ({"scenario_digest": "0" * 64}, {"run": 1}, "of a changed 'two-party': give the scenario"),
        ({"protocol": "standard +rain"}, {"run": 1}, r"another protocol, 'standard \+rain'"),
        ({"method": "sobol", "replicates": 8}, {"run": 1}, "is not what the result's attributes say"),
    ],
)
def test_runs_that_cannot_be_found_again(result, change, options, message):
    with pytest.raises(ss.UsageError, match=message):
        ss.replay(result.assign_attrs(change), **options)


def test_a_result_of_a_changed_scenario(war):
    made = ss.simulate(war, sequence="talk", runs=4, rng=7)
    with pytest.raises(ss.UsageError, match="changed 'two-party'"):
        ss.replay(made, run=1)
    same(replay_trace(made, run=1, scenario=war, record=["deaths"]), made.isel(sequence=0).sel(run=1))
    with pytest.raises(ss.UsageError, match="another scenario"):
        ss.replay(made, run=1, scenario=shipped("two-party"))


def test_a_design_whose_points_are_gone_cannot_be_told(war):
    made = ss.simulate(war, sequence="talk", runs=16, rng=7, method=DESIGN, outcomes=[])
    with pytest.raises(ss.UsageError, match="no longer holds defection_rate"):
        ss.replay(made.drop_vars("defection_rate"), scenario=war, run=3)


def test_a_conflict_alone_needs_the_rng(result):
    with pytest.raises(ss.UsageError, match="depends on the experiment's rng"):
        ss.replay(shipped("two-party"), run=3)
    with pytest.raises(ss.UsageError, match="are for runs of a result"):
        ss.replay(shipped("two-party"), point=3, luck=0, rng=7)
    with pytest.raises(ss.UsageError, match="does not say what it was made of"):
        ss.replay(result.drop_attrs(), run=1)
