"""What is missing counts nowhere: joined results, weights, no run at all (all analyses: test_masked_results.py)."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

import settlesim as ss
from settlesim.analysis.statistics import indicators, present
from support import shipped

RUNS = 12


@pytest.fixture(scope="module")
def compared():
    return ss.compare(shipped("two-party"), runs=RUNS, rng=7)


def test_weights_of_masked_runs(compared):
    prior = {"defection_rate": json.loads(compared["defection_rate"].attrs["prior"])}
    masked, without = compared.where(compared.run < 9), compared.isel(run=slice(9))
    weights = ss.reweight(masked, prior, least=1)
    assert weights.values[:9].tolist() == ss.reweight(without, prior, least=1).values.tolist()
    assert (weights.values[9:] == 0).all()
    one = ss.rank(masked, "deaths", weights=weights, resamples=20)
    other = ss.rank(without, "deaths", weights=weights.isel(run=slice(9)), resamples=20)
    xr.testing.assert_allclose(one, other)


def test_joined_results_of_other_runs():
    """Each sequence counts over the runs that it has."""
    scenario = shipped("two-party")
    few, many = ss.compare(scenario, ["talk"], runs=6, rng=7), ss.compare(scenario, ["no_talks"], runs=12, rng=7)
    joined = xr.concat(
        [few, many], "sequence", join="outer", data_vars="different", coords="different", compat="equals"
    )
    table = ss.summary(joined, "outcome")["outcome"]
    assert table.sel(statistic="n", sequence="talk").values.tolist() == [6] * table.sizes["outcome_kind"]
    assert float(table.sel(statistic="estimate", sequence="talk").sum()) == pytest.approx(1)
    xr.testing.assert_allclose(table.sel(sequence=["talk"]), ss.summary(few, "outcome")["outcome"])
    for event in ("first", "final", "settlement_week"):
        course = ss.incidence(joined, event)
        for alone in (few, many):
            xr.testing.assert_allclose(course.sel(sequence=alone.sequence), ss.incidence(alone, event))
    for alone in (few, many):
        part, plain = ss.process(joined).sel(sequence=alone.sequence), ss.process(alone)
        xr.testing.assert_allclose(part.reset_coords(drop=True), plain.reset_coords(drop=True))
    assert int(ss.differences(joined, "outcome", baseline="talk")["n"].max()) == 6
    with pytest.raises(ss.UsageError, match="no value in 6 of 12 runs"):
        ss.rank(joined, "deaths")


def test_no_run_at_all(compared):
    nothing = compared.where(compared.run < 0)
    assert np.isnan(ss.incidence(nothing, "first").incidence).all()
    assert np.isnan(ss.summary(nothing, "outcome").outcome.sel(statistic="estimate")).all()
    with pytest.raises(ss.UsageError, match="at least one run"):
        ss.rank(nothing, "deaths")


def test_a_code_that_is_missing_has_no_meaning(made):
    codes = made(outcome=[[0, 1, 2], [2, 2, 1]], coded=("outcome",))["outcome"]
    table = indicators(codes.where([True, False, True]))
    assert np.isnan(table.isel(run=1)).all() and (table.isel(run=[0, 2]).sum("outcome_kind") == 1).all()


def test_a_run_is_there_whatever_never_came_about(made):
    dataset = made(week=[[1.0, np.nan], [np.nan, np.nan]], settled=[[1.0, 0.0], [0.0, np.nan]], shares=("settled",))
    assert present(dataset).values.tolist() == [[True, True], [True, False]]
    assert present(dataset[["week"]]).all()


ANALYSES = {
    "summary": ss.summary,
    "process": ss.process,
    "incidence": ss.incidence,
    "differences": lambda result: ss.differences(result, "deaths"),
    "rank": lambda result: ss.rank(result, "settled", resamples=20),
}


@pytest.mark.parametrize("name", ANALYSES)
def test_all_runs_masked_are_no_runs(compared, name):
    found = []
    for nothing in (compared.where(compared.run < 0), compared.isel(run=[])):
        try:
            found.append(ANALYSES[name](nothing))
        except ss.UsageError as error:
            found.append(str(error))
    assert type(found[0]) is type(found[1])
    assert found[0].equals(found[1]) if isinstance(found[0], xr.Dataset) else found[0] == found[1]


@pytest.mark.parametrize("name", ANALYSES)
def test_a_run_that_stands_twice_is_refused_by_all(compared, name):
    with pytest.raises(ss.UsageError, match="run 0 stands twice in the dataset"):
        ANALYSES[name](xr.concat([compared, compared], "run"))
