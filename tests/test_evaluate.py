"""Worlds crossed with luck: the same bits as each point simulated alone, in any batch, from any form of points."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import settlesim as ss
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines import reference
from settlesim.experiments import execution
from settlesim.experiments.points import points_of
from settlesim.results.outcomes import evaluate as evaluated
from support import changed, shipped

POINTS = {"surrender_frame": [0.0, 0.1, 0.05], "war_cost.government": [0.1, 0.2, 0.3]}
PLANS = ["talk", "give_first"]


@pytest.fixture(scope="module")
def war():
    return changed(shipped("two-party"), horizon=40)


@pytest.fixture(scope="module")
def crossed(war):
    return ss.evaluate(war, POINTS, PLANS, luck=range(2, 5), rng=7)


def outcomes_of(dataset):
    return dataset[[name for name, v in dataset.data_vars.items() if v.attrs["role"] == "outcome"]]


def assert_same(one, other):
    for name, values in one.data_vars.items():
        np.testing.assert_array_equal(values.values, other[name].values, err_msg=str(name))


def test_shape_coordinates_and_attributes(war, crossed):
    assert dict(crossed.settled.sizes) == {"point": 3, "sequence": 2, "luck": 3}
    assert crossed.settled.dims == ("point", "sequence", "luck")
    assert crossed["point"].values.tolist() == [0, 1, 2] and crossed["luck"].values.tolist() == [2, 3, 4]
    assert crossed["sequence"].values.tolist() == PLANS
    for name, values in POINTS.items():
        assert crossed[name].dims == ("point",)
        assert crossed[name].values.tolist() == values
        assert {"long_name", "units", "prior", "source", "tag"} <= crossed[name].attrs.keys()
        assert crossed[name].attrs["role"] == "parameter"
    assert crossed["defection_rate"].dims == ("point",)
    assert crossed.attrs["method"].startswith("points ") and crossed.attrs["rest"] == "drawn"
    assert crossed.attrs["scenario_digest"] == war.digest() and crossed.attrs["entropy"] == "7"
    assert "replicate" not in crossed.coords


def test_drawn_points_are_the_worlds_of_a_simulation(war):
    """Point i and luck i are run i of an experiment with the same entropy."""
    for runs, points in ((5, 5), (range(2, 5), range(2, 5))):
        whole = ss.evaluate(war, points, PLANS, luck=points, rng=7)
        alone = ss.compare(war, PLANS, runs=runs, rng=7)
        for i, number in enumerate(whole["point"].values):
            assert_same(outcomes_of(alone).sel(run=number), outcomes_of(whole).isel(point=i).sel(luck=number))
            assert alone["defection_rate"].sel(run=number) == whole["defection_rate"].isel(point=i)


def test_drawn_by_a_design_and_in_replicates(war):
    how = ss.Sampling("latin_hypercube", replicates=4, total=8)
    result = ss.evaluate(war, how, "talk", luck=2, rng=7, outcomes=[])
    alone = ss.simulate(war, sequence="talk", runs=8, rng=7, method=how, outcomes=[])
    np.testing.assert_array_equal(result["defection_rate"], alone["defection_rate"])
    assert result["replicate"].dims == ("point",) and result["replicate"].values.tolist() == [0, 1, 2, 3] * 2
    assert (result.attrs["method"], result.attrs["total"], result.attrs["replicates"]) == ("latin_hypercube", 8, 4)


@pytest.mark.parametrize("rest", ["common", "central"])
def test_points_equal_a_loop_of_simulations_with_levers(war, rest):
    """Among them the number whose being a lever, and not drawn, changes how luck is read off a table."""
    given = POINTS | {"hardline_concentration": [2.0, 4.4, 9.0]}
    result = ss.evaluate(war, given, PLANS, luck=4, rng=7, rest=rest)
    method = "monte_carlo" if rest == "common" else "central"
    for i in range(3):
        levers = {
            "surrender_frame": given["surrender_frame"][i],
            "war_cost": {"government": given["war_cost.government"][i]},
            "hardline_concentration": given["hardline_concentration"][i],
        }
        plans = [war.sequence(name).with_levers(**levers) for name in PLANS]
        alone = ss.compare(war, plans, runs=4, rng=7, method=method)
        assert_same(outcomes_of(alone), outcomes_of(result).isel(point=i))
    if rest == "common":
        assert result["defection_rate"].dims == ("luck",)
        np.testing.assert_array_equal(result["defection_rate"], alone["defection_rate"])
    else:
        assert len({*result["defection_rate"].values}) == 1


def test_points_equal_a_simulation_whose_design_has_their_quantiles(war):
    quantiles = {"defection_rate": [0.2, 0.7, 0.5], "misattribution": [0.1, 0.5, 0.9]}
    alone = ss.compare(war, PLANS, runs=3, rng=7, method=quantiles)
    given = {name: alone[name].values for name in quantiles}
    result = ss.evaluate(war, given, PLANS, luck=3, rng=7)
    for i in range(3):
        assert_same(outcomes_of(alone).sel(run=i), outcomes_of(result).isel(point=i, luck=i))


def test_a_point_equals_the_reference_model(war, crossed):
    plan = war.sequence("give_first")
    world = {
        name: values[1:2]
        for name, values in worlds(war, range(3), entropy=7, values={k: np.array(v) for k, v in POINTS.items()}).items()
    }
    trace = reference.run(war, plan, worlds=world, fates=Fates(7, range(3, 4)))
    one = crossed.isel(point=1).sel(sequence="give_first", luck=3)
    for name, values in evaluated(trace, ss.STANDARD_OUTCOMES).items():
        np.testing.assert_array_equal(values[0], one[name].values, err_msg=name)


def test_the_reference_engine_gives_the_same_dataset(war):
    small = dict(luck=1, rng=7, outcomes=ss.STANDARD_OUTCOMES[:3])
    points = {"surrender_frame": [0.0, 0.1]}
    fast = ss.evaluate(war, points, "talk", **small)
    slow = ss.evaluate(war, points, "talk", engine="mesa", **small)
    assert slow.drop_attrs(deep=False).identical(fast.drop_attrs(deep=False))


@pytest.mark.parametrize("block", [1, 4])
def test_no_batch_changes_a_bit(war, crossed, block):
    again = ss.evaluate(war, POINTS, PLANS, luck=range(2, 5), rng=7, execution=ss.Execution(block=block))
    xr.testing.assert_identical(crossed, again)


def test_workers_change_nothing(war, crossed):
    again = ss.evaluate(war, POINTS, PLANS, luck=range(2, 5), rng=7, execution=ss.Execution(workers=2, block=6))
    xr.testing.assert_identical(crossed, again)


def test_many_points_share_calls_of_the_engine(war, monkeypatch):
    from settlesim.experiments.job import Job

    units = []
    compute = Job.simulated
    monkeypatch.setattr(
        Job, "simulated", lambda self, unit, *more: units.append(len(unit)) or compute(self, unit, *more)
    )
    ss.evaluate(war, {"surrender_frame": np.linspace(0, 0.1, 300)}, "talk", luck=2, rng=7, outcomes=[])
    # In units of a few seconds at most.
    assert sum(units) == 600 and len(units) <= 3


def test_what_only_levers_change_is_changed_by_points_too(war, monkeypatch):
    """Frailties are read off a table where their shape is no draw, and a plan's own troop path yields to a lever."""
    from settlesim.experiments.job import Job

    seen = []

    def stopped(self, unit, sequences, *more):
        seen.extend(sequences)
        raise KeyboardInterrupt

    monkeypatch.setattr(Job, "simulated", stopped)
    for points in ({"hardline_concentration": [2.0], "dated_troops": [0.0]}, {"guarantee": [0.2]}):
        with pytest.raises(KeyboardInterrupt):
            ss.evaluate(war, points, "talk", rng=7)
    assert {*seen[0].levers} == {"hardline_concentration", "dated_troops"} and seen[1] == war.sequence("talk")


def test_levers_of_a_sequence_stand_and_are_told(war):
    mine = war.sequence("talk").with_levers(defection_rate=0.01).model_copy(update={"name": "mine"})
    result = ss.evaluate(war, 3, ["talk", mine], luck=2, rng=7)
    assert result["defection_rate"].dims == ("point", "sequence")
    assert set(result["defection_rate"].sel(sequence="mine").values) == {0.01}
    assert result["misattribution"].dims == ("point",)
    alone = ss.simulate(war, sequence=mine, runs=2, rng=7)
    assert_same(outcomes_of(alone).isel(sequence=0, run=1), outcomes_of(result).sel(point=1, luck=1, sequence="mine"))
    with pytest.raises(ss.UsageError, match="'mine' sets defection_rate by a lever, and the points give it too"):
        ss.evaluate(war, {"defection_rate": [0.01]}, ["talk", mine], rng=7)


def test_points_of_ones_own_are_scaled_to_the_pie_like_any_world(war):
    values = {q for q in map(str, (q.address for q in war.quantities())) if q.startswith("concession_value.")}
    with pytest.warns(UserWarning, match="in 1 of 1 points"):
        result = ss.evaluate(war, dict.fromkeys(values, 0.9), "talk", rng=7, outcomes=[])
    assert sum(float(result[name][0]) for name in values) == pytest.approx(1)


# -- interruptions ------------------------------------------------------------------------------------


def stopping(monkeypatch, after):
    """Ctrl-C after so many units."""
    from settlesim.experiments.evaluate import Evaluation

    done = []
    compute = Evaluation.compute

    def interrupted(self, unit):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(unit)
        return compute(self, unit)

    monkeypatch.setattr(Evaluation, "compute", interrupted)


@pytest.mark.parametrize("block, after, kept", [(6, 2, 2), (3, 3, 1)])
def test_after_an_interruption_the_points_that_are_done_are_there(war, crossed, monkeypatch, block, after, kept):
    """A unit holds as many points as there is room for, under the plans that go into one batch: here one of two."""
    stopping(monkeypatch, after)
    with pytest.raises(ss.Interrupted, match=r"interrupted: \d of 3 points were completed") as caught:
        ss.evaluate(war, POINTS, PLANS, luck=range(2, 5), rng=7, execution=ss.Execution(block=block))
    part = caught.value.result
    assert part.attrs["interrupted"] == 1 and part.sizes["point"] == kept and part.sizes["luck"] == 3
    xr.testing.assert_identical(
        part.drop_attrs(deep=False), crossed.isel(point=slice(part.sizes["point"])).drop_attrs(deep=False)
    )


def test_of_one_point_the_luck_that_it_has_met_is_kept(war, monkeypatch):
    stopping(monkeypatch, 1)
    with pytest.raises(ss.Interrupted, match="1 of 1 points were completed under 3 of 6 numbers of the luck") as caught:
        ss.evaluate(war, 1, "talk", luck=6, rng=7, execution=ss.Execution(block=3))
    assert caught.value.result["luck"].values.tolist() == [0, 1, 2]


def test_what_leaves_nothing_to_compare_is_an_interruption(war, monkeypatch):
    stopping(monkeypatch, 0)
    with pytest.raises(ss.Interrupted) as caught:
        ss.evaluate(war, 2, "talk", luck=2, rng=7)
    assert caught.value.result is None


def test_resumes_what_was_interrupted(war, crossed, monkeypatch, tmp_path):
    how = ss.Execution(block=6, out=tmp_path / "crossed.nc")
    with monkeypatch.context() as patch:
        stopping(patch, 2)
        with pytest.raises(ss.Interrupted):
            ss.evaluate(war, POINTS, PLANS, luck=range(2, 5), rng=7, execution=how)
    with pytest.raises(ss.UsageError, match="another experiment, which differs in: points"):
        ss.evaluate(war, POINTS | {"guarantee": 0.2}, PLANS, luck=range(2, 5), rng=7, execution=how)
    xr.testing.assert_identical(ss.evaluate(war, POINTS, PLANS, luck=range(2, 5), rng=7, execution=how), crossed)
    with ss.open(tmp_path / "crossed.nc") as read:
        np.testing.assert_array_equal(read["deaths"], crossed["deaths"])


# -- forms of points ----------------------------------------------------------------------------------


NAMES = ["surrender_frame", "war_cost.government"]
TABLE = np.column_stack([POINTS[name] for name in NAMES])


@pytest.mark.parametrize(
    "points, names",
    [
        (POINTS, None),
        ({name: np.array(values) for name, values in POINTS.items()}, None),
        (pd.DataFrame(POINTS), None),
        (pd.DataFrame(POINTS, index=[7, 8, 9]), None),
        (pd.DataFrame(POINTS | {"scenario": [0, 1, 2], "policy": "none", "model": "war"}), None),
        (TABLE, NAMES),
        (TABLE.tolist(), NAMES),
        ([{name: float(POINTS[name][i]) for name in NAMES} for i in range(3)], None),
    ],
)
def test_every_form_of_the_same_points(war, points, names):
    read = points_of(war, points, names=names)
    assert len(read) == 3 and [*read.values] == NAMES
    for name, values in POINTS.items():
        np.testing.assert_array_equal(read.values[name], values)


def test_a_single_value_stands_for_all_points_and_a_name_for_all_its_entries(war):
    read = points_of(war, {"surrender_frame": [0.0, 0.1], "war_cost": 0.2})
    assert read.values["war_cost.government"].tolist() == read.values["war_cost.insurgency"].tolist() == [0.2, 0.2]

    class Parameter(dict):
        """What pyABC hands to a model: a dictionary of name -> number, of a class of its own."""

    one = points_of(war, Parameter(surrender_frame=0.05, guarantee=0.2))
    assert len(one) == 1 and one.values["guarantee"].tolist() == [0.2]


def test_samples_of_salib_go_in_as_they_are(war):
    from SALib.sample import (
        saltelli,  # noqa: F401
        sobol,
    )

    problem = {"num_vars": 2, "names": NAMES, "bounds": [[0.0, 0.1], [0.1, 0.3]]}
    sample = sobol.sample(problem, 4, calc_second_order=False, seed=3)
    result = ss.evaluate(war, sample, "talk", names=problem["names"], rest="central", luck=1, rng=7)
    assert result.sizes["point"] == len(sample) == 16
    np.testing.assert_array_equal(result["surrender_frame"], sample[:, 0])


def test_experiments_of_the_ema_workbench_go_in_as_they_are(war):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import Model, RealParameter, ScalarOutcome, perform_experiments

        model = Model("war", function=lambda surrender_frame, guarantee: {"y": surrender_frame + guarantee})
        model.uncertainties = [RealParameter("surrender_frame", 0, 0.1), RealParameter("guarantee", 0.1, 0.3)]
        model.outcomes = [ScalarOutcome("y")]
        experiments, _ = perform_experiments(model, scenarios=5)
    assert {"scenario", "policy", "model"} <= {*experiments.columns}
    result = ss.evaluate(war, experiments, "talk", rest="central", rng=7)
    np.testing.assert_array_equal(result["guarantee"], experiments["guarantee"])


def test_troops_cannot_follow_dates_that_nobody_gave(war):
    with pytest.raises(ss.ScenarioError, match="troops cannot follow dates that nobody gave"):
        ss.evaluate(war, {"dated_troops": [0.0, 1.0]}, "talk", rng=7)


@pytest.mark.parametrize(
    "points, options, message",
    [
        ({"surender_frame": [0.1]}, {}, "did you mean 'surrender_frame'"),
        ({"war_cost.goverment": [0.1]}, {}, "did you mean 'war_cost.government'"),
        ({"guarantee": [0.1, 2.0]}, {}, "point 1: guarantee = 2.0: lies outside the range"),
        ({"guarantee": [0.1, np.nan]}, {}, "point 1: guarantee = nan: must be a finite number"),
        ({"guarantee": 2.0}, {}, "points: guarantee = 2.0: lies outside the range"),
        ({"guarantee": ["a"]}, {}, "point 0: guarantee = 'a': must be a number"),
        ({"guarantee": [True]}, {}, "point 0: guarantee = True: must be a number"),
        ({"guarantee": [[0.1]]}, {}, "one number a point"),
        ({"guarantee": [0.1, 0.2], "surrender_frame": [0.1] * 3}, {}, "as many values of one number as of another"),
        ({"war_cost": [0.1], "war_cost.government": [0.1]}, {}, "set the same number"),
        ({}, {}, "there are no points"),
        ({"guarantee": []}, {}, "there are no points"),
        ([], {}, "needs the names of its columns"),
        ([{"guarantee": 0.1}, {"surrender_frame": 0.1}], {}, "point 1 gives other numbers than point 0"),
        (TABLE, {}, "needs the names of its columns"),
        (TABLE, {"names": ["guarantee"]}, "one row a point and 1 columns, as named; got 3 x 2"),
        (TABLE, {"names": ["guarantee", "guarantee"]}, "two columns of points are called 'guarantee'"),
        (POINTS, {"names": NAMES}, "names are those of the mapping"),
        (pd.DataFrame(POINTS), {"names": NAMES}, "names are those of the table's columns"),
        (POINTS, {"rest": "drwan"}, "did you mean 'drawn'"),
        (5, {"rest": "central"}, "points that are drawn leave nothing out"),
        (0, {}, "points must be at least one"),
        (range(3, 3), {}, "a range of points"),
        (True, {}, "needs the names"),
        ("sobol", {}, r'say how many points are to be drawn: Sampling\("sobol", total=...\)'),
        (ss.Sampling("sobol"), {}, "say how many points are to be drawn"),
        (ss.Sampling("sobol", total=50), {}, "32 or 64, not 50"),
        (object(), {}, "cannot be read from object"),
        (2, {"luck": 0}, "runs must be a whole number"),
        (2, {"sequences": ["tlak"]}, "did you mean 'talk'"),
        (2, {"engine": "nmpy"}, "did you mean 'numpy'"),
    ],
)
def test_nonsense_is_refused_before_the_first_run(war, monkeypatch, points, options, message):
    monkeypatch.setattr(execution, "execute", lambda *_: pytest.fail("a run was begun"))
    with pytest.raises(ss.UsageError, match=message):
        ss.evaluate(war, points, **{"rng": 7} | options)


def test_a_small_sobol_sample_is_warned_about_at_the_users_call(war):
    with pytest.warns(UserWarning, match="16 Sobol points are few") as caught:
        ss.evaluate(war, ss.Sampling("sobol", total=16), "talk", rng=7, outcomes=[])
    assert [warning.filename for warning in caught] == [__file__]
