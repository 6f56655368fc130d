"""Worlds weighed as if drawn from other priors."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad

from analysis.crossed import against_nothing
from settlesim.analysis.flips import flips_of
from settlesim.analysis.reweighting import reweight
from settlesim.errors import UsageError
from settlesim.scenario.densities import density
from settlesim.scenario.priors import as_prior

PRIORS = [
    {"low": 0, "mode": 1, "high": 4},
    {"low": 0, "mode": 0, "high": 4},
    {"low": -1, "mode": 4, "high": 4},
    {"distribution": "uniform", "low": -2, "high": 3},
    {"distribution": "beta", "a": 2, "b": 5, "low": 1, "high": 3},
    {"distribution": "normal", "mean": 1, "sd": 2},
    {"distribution": "lognormal", "median": 2, "sigma": 0.7},
]


@pytest.mark.parametrize("table", PRIORS)
def test_a_density_is_the_slope_of_its_quantiles(table):
    prior = as_prior(table)
    low, high = prior.bounds
    assert quad(lambda x: float(density(prior, x)), low, high, points=[prior.central])[0] == pytest.approx(1, abs=1e-6)
    u = np.array([0.05, 0.3, 0.6, 0.95])
    slope = 2e-6 / (prior.ppf(u + 1e-6) - prior.ppf(u - 1e-6))
    assert density(prior, prior.ppf(u)) == pytest.approx(slope, rel=1e-4)
    assert density(prior, [low - 1, high + 1]).tolist() == [0, 0]


def drawn(n=4_000, k=4):
    """Differences of 2 (rate - .5) in worlds whose rate is uniform on 0 to 1."""
    rng = np.random.default_rng(1)
    rate = rng.random(n)
    return against_nothing(2 * (rate - 0.5)[:, None] + rng.normal(0, 0.3, (n, k)), parameters={"rate": rate})


def test_weights_give_the_expectation_under_the_other_prior():
    dataset = drawn()
    weights = reweight(dataset, {"rate": {"low": 0, "mode": 1, "high": 1}})
    # w = 2 rate: sum^2 / sum of squares = 1 / (4/3) of the worlds.
    assert weights.attrs["effective"] / 4_000 == pytest.approx(3 / 4, abs=0.02)
    assert float(weights.mean()) == pytest.approx(1)
    found = flips_of(dataset, "a", "b", "y", weights=weights, resamples=200)
    # E[2 (rate - .5)] = 1/3 under the triangle, 0 under the uniform; four errors of .01.
    low, high = (float(found.difference.sel(statistic=end)) for end in ("low", "high"))
    assert low < 1 / 3 < high and high - low < 0.06
    # P(rate < .5) = 1/4.
    assert float(found.lower.sel(statistic="estimate")) == pytest.approx(0.25, abs=0.03)
    assert abs(float(flips_of(dataset, "a", "b", "y", resamples=2).difference[0])) < 0.04
    assert json.loads(weights.attrs["priors"])["rate"]["mode"] == 1


def test_what_cannot_be_weighed():
    dataset = drawn(200)
    with pytest.raises(UsageError, match=r"50\.0% of the new prior of 'rate' lie outside 0 to 1"):
        reweight(dataset, {"rate": {"distribution": "uniform", "low": 0, "high": 2}})
    with pytest.raises(UsageError, match="effective worlds of 200, fewer than 50"):
        reweight(dataset, {"rate": {"distribution": "beta", "a": 400, "b": 400}})
    assert reweight(dataset, {"rate": {"distribution": "beta", "a": 400, "b": 400}}, least=2).attrs["effective"] < 50
    with pytest.raises(UsageError, match="fixed number has no density"):
        reweight(dataset, {"rate": 0.5})
    with pytest.raises(UsageError, match="did you mean 'rate'"):
        reweight(dataset, {"rat": 0.5})
    with pytest.raises(UsageError, match="say which priors"):
        reweight(dataset, {})
    apart = dataset.assign(rate=dataset.rate.expand_dims(sequence=2).assign_attrs(dataset.rate.attrs))
    with pytest.raises(UsageError, match="differs between sequences"):
        reweight(apart, {"rate": {"low": 0, "mode": 1, "high": 1}})
    elsewhere = dataset.assign(rate=(dataset.rate + 3).assign_attrs(dataset.rate.attrs))
    with pytest.raises(UsageError, match="its own prior rules out"):
        reweight(elsewhere, {"rate": {"low": 0, "mode": 1, "high": 1}})


def test_masked_worlds_weigh_nothing():
    dataset = drawn(300)
    mask = xr.DataArray(np.arange(300) % 3 > 0, dims="point", coords={"point": dataset.point})
    prior = {"rate": {"low": 0, "mode": 1, "high": 1}}
    masked, fewer = reweight(dataset.where(mask), prior), reweight(dataset.isel(point=mask.values), prior)
    assert masked.values[mask.values].tolist() == fewer.values.tolist() and not masked.values[~mask.values].any()
    assert masked.attrs["effective"] == fewer.attrs["effective"]
