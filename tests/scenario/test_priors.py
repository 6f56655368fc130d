"""Priors: quantile functions against scipy, bounds that hold, and the forms in which they are written."""

import numpy as np
import pytest
from hypothesis import given
from pydantic import TypeAdapter
from scipy import stats

from settlesim.errors import ScenarioError
from settlesim.scenario.priors import (
    DISTRIBUTIONS,
    TAIL,
    Beta,
    Fixed,
    LogNormal,
    Normal,
    Prior,
    Triangular,
    Uniform,
    as_prior,
)
from strategies.numbers import priors

U = np.linspace(0, 1, 201)
PRIOR = TypeAdapter(Prior)


@pytest.mark.parametrize(
    ("prior", "theirs"),
    [
        (Triangular(low=1, mode=2, high=5), stats.triang(0.25, loc=1, scale=4)),
        (Triangular(low=1, mode=1, high=5), stats.triang(0, loc=1, scale=4)),
        (Triangular(low=1, mode=5, high=5), stats.triang(1, loc=1, scale=4)),
        (Uniform(low=-2, high=3), stats.uniform(-2, 5)),
        (Beta(a=2, b=5, low=-1, high=3), stats.beta(2, 5, loc=-1, scale=4)),
    ],
)
def test_quantiles_are_those_of_scipy(prior, theirs):
    np.testing.assert_allclose(prior.ppf(U), theirs.ppf(U), rtol=1e-12, atol=1e-12)


def test_unbounded_priors_are_cut_at_the_outer_thousandth():
    inner = TAIL + (1 - 2 * TAIL) * U
    np.testing.assert_allclose(Normal(mean=3, sd=2).ppf(U), stats.norm(3, 2).ppf(inner), rtol=1e-12)
    np.testing.assert_allclose(LogNormal(median=4, sigma=0.5).ppf(U), stats.lognorm(0.5, scale=4).ppf(inner))
    assert Normal(mean=0, sd=1).bounds == pytest.approx(stats.norm.ppf([TAIL, 1 - TAIL]))


def test_a_triangle_without_width_is_a_point():
    np.testing.assert_array_equal(Triangular(low=2, mode=2, high=2).ppf(U), np.full(U.shape, 2.0))


@given(priors)
def test_quantiles_rise_and_stay_within_the_bounds(prior):
    x = prior.ppf(U)
    low, high = prior.bounds
    assert x.shape == U.shape
    assert x.dtype == np.float64
    assert np.all(np.diff(x) >= 0)
    assert np.all((low <= x) & (x <= high))
    assert low <= prior.central <= high
    assert prior.mode == prior.central


@given(priors)
def test_every_prior_survives_being_written_and_read(prior):
    assert as_prior(PRIOR.dump_python(prior)) == prior
    assert as_prior(prior) is prior


def test_the_written_forms_are_the_short_ones():
    assert PRIOR.dump_python(Triangular(low=0, mode=1, high=2)) == {"low": 0, "mode": 1, "high": 2}
    assert PRIOR.dump_python(Fixed(value=3)) == 3
    assert PRIOR.dump_python(Uniform(low=0, high=2)) == {"distribution": "uniform", "low": 0, "high": 2}


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_each_kind_says_which_it_is(kind):
    assert DISTRIBUTIONS[kind].model_fields["distribution"].default == kind


@pytest.mark.parametrize(
    ("raw", "key", "says"),
    [
        ({"low": 0.5, "mode": 0.1, "high": 1}, "low", "must not exceed mode 0.1"),
        ({"low": 0, "mode": 2, "high": 1}, "mode", "must not exceed high 1"),
        ({"distribution": "uniform", "low": 2, "high": 1}, "low", "must not exceed high 1"),
        ({"low": 0, "high": 1}, "mode", "is missing"),
        ({"low": 0, "mode": 0, "high": 1, "hihg": 2}, "hihg", "unknown key"),
        ({"low": "0", "mode": 1, "high": 1}, "low", "must be a number"),
        ({"low": True, "mode": 1, "high": 1}, "low", "must be a number"),
        ({"low": float("-inf"), "mode": 1, "high": 1}, "low", "must be a finite number"),
        ({"distribution": "trianglar", "low": 0, "high": 1}, "distribution", "unknown distribution"),
        ({"distribution": "normal", "mean": 0, "sd": 0}, "sd", "must be more than 0"),
        ({"distribution": "beta", "a": 1e-9, "b": 1}, "a", "must be at least 0.001"),
        (float("nan"), "", "must be a finite number"),
        ("much", "", "must be a number"),
        (None, "", "must be a number"),
        ([1, 2, 3], "", "must be a number"),
    ],
)
def test_a_bad_prior_is_one_clear_problem(raw, key, says):
    with pytest.raises(ScenarioError) as caught:
        as_prior(raw)
    (problem,) = caught.value.problems
    assert (problem.key, problem.message) == (key, says)


def test_an_unknown_key_or_kind_names_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean 'high'"):
        as_prior({"low": 0, "mode": 0, "high": 1, "hihg": 2})
    with pytest.raises(ScenarioError, match="did you mean 'triangular'"):
        as_prior({"distribution": "trianglar"})


def test_a_prior_is_frozen_and_hashable():
    prior = Triangular(low=0, mode=1, high=2)
    with pytest.raises(ValueError, match="frozen"):
        prior.low = 1
    assert hash(prior) == hash(Triangular(low=0, mode=1, high=2))


def test_built_in_python_a_mistake_is_the_same_error():
    with pytest.raises(ScenarioError, match="must not exceed mode 1"):
        Triangular(low=2, mode=1, high=3)
