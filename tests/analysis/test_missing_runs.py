"""What is missing counts nowhere: masking runs and leaving them out give every analysis the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st

import settlesim as ss
from settlesim.analysis.statistics import indicators, present
from support import shipped

RUNS = 12


def ranked(dataset):
    return ss.rank(dataset, "outcome", kind="continued_war", resamples=20)


def weighed(dataset):
    """A ranking under weights that go with the runs."""
    weights = xr.DataArray(1.0 + dataset["run"].values % 3, dims="run")
    return ss.rank(dataset, "deaths", weights=weights, resamples=20)


ANALYSES = {
    "summary": ss.summary,
    "differences": lambda dataset: ss.differences(dataset, "outcome"),
    "differences of shares": lambda dataset: ss.differences(dataset, "settled"),
    "differences of quantiles": lambda dataset: ss.differences(dataset, "deaths", quantiles=[0.5]),
    "first events": lambda dataset: ss.incidence(dataset, "first"),
    "final outcomes": lambda dataset: ss.incidence(dataset, "final"),
    "incidence of a week": lambda dataset: ss.incidence(dataset, "settlement_week"),
    "rank of a meaning": ranked,
    "rank under weights": weighed,
    "rank of an amount": lambda dataset: ss.rank(dataset, "deaths", resamples=20),
    "process": ss.process,
}


@pytest.fixture(scope="module")
def compared():
    return ss.compare(shipped("two-party"), runs=RUNS, rng=7)


@pytest.mark.parametrize("name", ANALYSES)
@settings(deadline=None, max_examples=3, derandomize=True)
@given(mask=st.lists(st.booleans(), min_size=RUNS, max_size=RUNS).filter(lambda mask: sum(mask) > 2))
@example(mask=[at < RUNS // 2 for at in range(RUNS)])
@example(mask=[True] * RUNS)
def test_masking_runs_is_leaving_them_out(compared, name, mask):
    kept = xr.DataArray(mask, {"run": compared.run})
    masked, without = compared.where(kept), compared.isel(run=np.flatnonzero(mask))
    xr.testing.assert_allclose(ANALYSES[name](masked), ANALYSES[name](without), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["no_talks", None])
def test_base_rates_of_masked_runs(name):
    war = shipped("afghanistan-2018")
    dataset = ss.compare(war, ["no_talks"], runs=20, rng=7)
    masked, without = dataset.where(dataset.run < 9), dataset.isel(run=slice(9))
    table, plain = (ss.base_rates(one, war.base_rates, sequence=name) for one in (masked, without))
    xr.testing.assert_allclose(table, plain)
    assert table.attrs["runs"] == plain.attrs["runs"] == 9


def test_hindcast_of_masked_runs():
    war = shipped("afghanistan-2018")
    dataset = ss.simulate(war, sequence="historical", runs=8, rng=7, record="weekly")
    masked, without = dataset.where(dataset.run < 5), dataset.isel(run=slice(5))
    table, plain = (ss.hindcast(one, war.targets) for one in (masked, without))
    xr.testing.assert_allclose(table, plain)
    assert table.attrs["runs"] == plain.attrs["runs"] == 5


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
