"""Errors of designed samples: from how replicates differ, against exact answers and the coverage they promise."""

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from scipy import stats
from scipy.stats.qmc import LatinHypercube

from settlesim.analysis.differences import differences
from settlesim.analysis.statistics import error_basis
from settlesim.analysis.summary import summary
from settlesim.report.tables import outcome_table

REPLICATES, EACH, EXPERIMENTS = 8, 25, 2000
# Coverage of 95% in 2000 experiments lies within these but once in ten thousand.
LOW, HIGH = 0.93, 0.969


def dealt(dataset, number=REPLICATES):
    return dataset.assign_coords(replicate=("run", dataset["run"].values % number))


def covered(table, name, truth):
    low, high = (table[name].sel(statistic=end) for end in ("low", "high"))
    return float(((low <= truth) & (truth <= high)).mean())


def hypercubes(rng, dimensions=3):
    """Quantiles of many experiments, (experiments, runs, dimensions): eight Latin hypercubes dealt out in turn."""
    out = np.empty((EXPERIMENTS, EACH * REPLICATES, dimensions))
    for replicate in range(REPLICATES):
        engine = LatinHypercube(dimensions, rng=rng)
        for experiment in out:
            experiment[replicate::REPLICATES] = engine.random(EACH)
    return out


@pytest.fixture(scope="module")
def points():
    return hypercubes(np.random.default_rng(5))


def test_the_error_is_that_of_the_means_of_replicates(made):
    values = np.random.default_rng(1).normal(50, 9, (2, 40))
    table = summary(dealt(made(deaths=values))).deaths
    for i, name in enumerate("ab"):
        means = values[i].reshape(5, 8).mean(axis=0)
        test = stats.ttest_1samp(means, 0).confidence_interval()
        row = table.sel(sequence=name)
        assert row.sel(statistic="error").item() == pytest.approx(stats.sem(means))
        assert row.sel(statistic="low").item() == pytest.approx(test.low)
        assert row.sel(statistic="high").item() == pytest.approx(test.high)


def test_intervals_of_means_and_shares_cover(made, points):
    """Of an additive quantity; those of independent draws are so much too wide that they always cover."""
    names = range(EXPERIMENTS)
    total = points.sum(axis=2)
    crossed = (points[..., 0] < 0.3) | ((points[..., 0] > 0.9) & (points[..., 1] < 0.5))
    plain = made(names=names, deaths=total, settled=crossed, shares=["settled"])
    table = summary(dealt(plain))
    assert LOW < covered(table, "deaths", 1.5) < HIGH
    assert covered(table, "settled", 0.35) > 0.93
    assert covered(summary(plain), "deaths", 1.5) == 1.0
    width = [
        float((t.deaths.sel(statistic="high") - t.deaths.sel(statistic="low")).mean()) for t in (table, summary(plain))
    ]
    assert width[0] < 0.2 * width[1]


def test_intervals_cover_where_runs_of_a_replicate_go_together(made):
    """As Sobol points may: there those of independent draws are too narrow, and are found out."""
    rng = np.random.default_rng(6)
    values = rng.normal(size=(EXPERIMENTS, EACH * REPLICATES))
    values += np.tile(rng.normal(size=(EXPERIMENTS, REPLICATES)), EACH)
    shares = values > 1
    truth = stats.norm.sf(1 / np.sqrt(2))
    plain = made(names=range(EXPERIMENTS), deaths=values, settled=shares, shares=["settled"])
    table = summary(dealt(plain))
    assert LOW < covered(table, "deaths", 0) < HIGH
    assert 0.93 < covered(table, "settled", truth) < 0.98
    assert covered(summary(plain), "deaths", 0) < 0.6


def test_differences_cover_too(made, points):
    """Each experiment against a baseline known for certain."""
    names = ["b", *map(str, range(EXPERIMENTS))]
    settled = (points[..., 0] < 0.3) | ((points[..., 0] > 0.9) & (points[..., 1] < 0.5))
    never = np.zeros((1, EACH * REPLICATES))
    deaths = np.concatenate([never + 1, points.sum(axis=2)])
    data = dealt(made(names=names, deaths=deaths, settled=np.concatenate([never, settled]), shares=["settled"]))
    for name, truth, least in (("deaths", 0.5, LOW), ("settled", 0.35, 0.93)):
        table = differences(data, name)
        inside = float(((table["low"] <= truth) & (truth <= table["high"])).mean())
        assert least < inside
        assert inside < HIGH or name == "settled"
        assert table.attrs["errors"] == "the differences between 8 replicates of a designed sample"


def test_nothing_seen_is_not_never(made):
    values = np.zeros((2, 40))
    for data in (made(settled=values, shares=["settled"]), dealt(made(settled=values, shares=["settled"]))):
        assert summary(data).settled.sel(statistic="high", sequence="a").item() > 0.08
        table = differences(data, "settled")
        assert table["high"].item() > 0.02 and table["low"].item() < -0.02


def test_missing_runs_are_as_if_they_were_not_there(made):
    rng = np.random.default_rng(2)
    data = dealt(made(deaths=rng.normal(size=(2, 40)), settled=rng.random((2, 40)) < 0.4, shares=["settled"]))
    mask = xr.DataArray(rng.random(40) < 0.5, dims="run")
    mask[data["replicate"] == 3] = False  # one replicate is gone altogether
    left, right = (f(data) for f in (lambda d: d.where(mask), lambda d: d.isel(run=np.flatnonzero(mask))))
    a, b = summary(left), summary(right)
    for name in ("deaths", "settled"):
        np.testing.assert_allclose(a[name].values, b[name].values, rtol=1e-12)
        x, y = differences(left, name), differences(right, name)
        for key in ("difference", "error", "low", "high"):
            np.testing.assert_allclose(x[key].values, y[key].values, rtol=1e-12)


def test_what_errors_rest_on_is_said(made):
    data = made(deaths=np.random.default_rng(3).normal(size=(2, 40)))
    assert error_basis(data) == "independent runs"
    assert error_basis(dealt(data)) == "the differences between 8 replicates of a designed sample"
    assert "one replicate of a sobol sample is not" in error_basis(data.assign_attrs(method="sobol"))
    assert "a design of one's own is not" in error_basis(data.assign_attrs(method="design 0123456789abcdef"))
    assert summary(data.assign_attrs(method="sobol")).attrs["errors"].startswith("as many independent runs")


def test_tables_say_so(made):
    coded = made(outcome=np.zeros((2, 16), int), deaths=np.ones((2, 16)), coded=["outcome"])

    def shown(data):
        console = Console(width=200)
        with console.capture() as capture:
            console.print(outcome_table(data))
        return " ".join(capture.get().split())

    assert "Errors and intervals" not in shown(coded)
    assert "from the differences between 8 replicates of a designed sample." in shown(dealt(coded))
    assert "its own error cannot be told" in shown(coded.assign_attrs(method="sobol"))
