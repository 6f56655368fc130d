"""Scores against closed forms, and against ensembles whose calibration is known."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from scipy.stats import beta, kstest, norm

from settlesim.analysis.scoring import censored, coverage, crps, randomised_pit
from settlesim.errors import UsageError


@pytest.mark.parametrize(("point", "observed"), [(3.0, 5.0), (5.0, 3.0), (-1.0, -1.0)])
def test_the_crps_of_a_point_is_its_distance(point, observed):
    assert crps([point], observed) == abs(point - observed)
    assert crps([point] * 5, observed) == pytest.approx(abs(point - observed))


@pytest.mark.parametrize("observed", [-2.0, 0.0, 0.3, 1.0, 4.0])
def test_the_crps_of_two_points(observed):
    """E|X - y| is the mean distance; E|X - X'| / 2 of points a and b is |a - b| / 4."""
    assert crps([0.0, 1.0], observed) == pytest.approx((abs(observed) + abs(1 - observed)) / 2 - 0.25)


@pytest.mark.parametrize("observed", [-1.5, 0.0, 2.0])
def test_the_crps_of_a_normal_sample(observed):
    """Gneiting & Raftery 2007: y (2 F(y) - 1) + 2 f(y) - 1 / sqrt(pi).

    The sample is the quantiles in the middle of 4,000 equal steps, so the error is of order 1/4000, not of chance.
    """
    sample = norm.ppf((np.arange(4000) + 0.5) / 4000)
    exact = observed * (2 * norm.cdf(observed) - 1) + 2 * norm.pdf(observed) - 1 / np.sqrt(np.pi)
    assert crps(sample, observed) == pytest.approx(exact, abs=1e-3)


def test_the_crps_is_in_the_unit_of_its_values_and_of_nothing_there_is_none():
    assert crps([0.0, 10.0], 3.0) == pytest.approx(10 * crps([0.0, 1.0], 0.3))
    assert np.isnan(crps([], 1.0))


def test_what_never_came_is_scored_as_at_the_horizon():
    """Equal to the integral of (F - 1{y <= t})^2 up to the horizon, whatever lies beyond it."""
    horizon, observed = 20.0, 6.0
    weeks = np.array([4.0, 9.0, np.inf, np.inf])
    t = np.linspace(0, horizon, 200_001)
    below = np.mean(weeks[:, None] <= t, axis=0) - (observed <= t)
    integral = float((below**2)[:-1].sum() * (t[1] - t[0]))
    assert crps(censored(weeks, horizon), observed) == pytest.approx(integral, abs=1e-3)
    assert censored(weeks, [5, 5, 5, 30]).tolist() == [4, 5, 5, 30]


# A calibrated ensemble is rejected falsely so often; the seed is fixed, so that the test never is by bad luck.
FALSE_ALARM = 1e-3


def pits(spread, shift=0.0, times=400, decimals=None, size=30):
    """PITs of observations drawn like the ensemble's members, but for its spread and shift."""
    rng = np.random.default_rng(11)
    out = []
    for k in range(times):
        runs, seen = spread * rng.normal(size=size) + shift, rng.normal()
        if decimals is not None:
            runs, seen = np.round(runs, decimals), np.round(seen, decimals)
        out.append(randomised_pit(runs, seen, name=str(k)))
    return np.array(out)


@pytest.mark.parametrize(("decimals", "size"), [(None, 30), (0, 30), (None, 2)])
def test_the_pit_of_a_calibrated_ensemble_is_uniform(decimals, size):
    """With ties too (whole numbers leave about four ranks), and with so few runs that ranks are wide."""
    assert kstest(pits(1.0, decimals=decimals, size=size), "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize(("spread", "shift"), [(0.5, 0.0), (2.0, 0.0), (1.0, 0.5)])
def test_the_pit_of_a_wrong_ensemble_is_not(spread, shift):
    """Too narrow, too wide, beside the point."""
    assert kstest(pits(spread, shift), "uniform").pvalue < FALSE_ALARM


def test_a_pit_lies_within_its_rank_and_repeats_by_name_and_seed():
    runs = [1.0, 2.0, 2.0, 4.0]
    assert 0.6 <= randomised_pit(runs, 3.0) <= 0.8
    assert 0.2 <= randomised_pit(runs, 2.0) <= 0.8
    draws = {randomised_pit(runs, 2.0, name=name, seed=seed) for name in "ab" for seed in (0, 1)}
    assert len(draws) == 4 and randomised_pit(runs, 2.0, name="a") in draws
    assert np.isnan(randomised_pit([], 2.0))


@pytest.mark.parametrize(("inside", "n"), [(0, 3), (7, 9), (9, 9)])
def test_coverage_has_the_exact_interval(inside, n):
    """Clopper & Pearson by quantiles of the beta distribution."""
    low = beta.ppf(0.025, inside, n - inside + 1) if inside else 0.0
    high = beta.ppf(0.975, inside + 1, n - inside) if inside < n else 1.0
    found = coverage([True] * inside + [False] * (n - inside))
    assert found == pytest.approx((inside / n, low, high, n))


def test_coverage_of_nothing():
    assert np.isnan(coverage([])[:3]).all() and coverage([])[3] == 0


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name="scores")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r"needs scores, which is not installed: pip install 'settlesim\[hindcast\]'"):
        crps([1.0], 1.0)
