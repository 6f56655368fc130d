"""Designed samples of worlds: dimensions only for what is uncertain, replicates, sizes, the same points in any part."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import settlesim as ss
from settlesim.chance.sampling import DESIGNED, quantiles
from settlesim.chance.worlds import free_numbers, worlds
from support import shipped

# Of the pairs of the flagship's 150 free numbers at 256 points the worst stood at .33 to .45 in 40 scrambles
# (independent draws: .22 to .29); with a dimension for every number, free or fixed, and one replicate at .84 to .98.
BOUND = 0.5


def worst(columns):
    correlations = np.corrcoef(columns)
    np.fill_diagonal(correlations, 0.0)
    return float(np.abs(correlations).max())


def drawn(how, total, entropy=7, names=None):
    names = names or free_numbers(shipped())
    return np.stack([*quantiles(names, range(total), entropy=entropy, how=how, total=total).values()])


def test_no_two_free_numbers_of_the_flagship_go_together_at_256_points():
    for entropy in range(3):
        assert worst(drawn(ss.Sampling("sobol"), 256, entropy)) < BOUND
    # What it was: one replicate, a dimension for each number whether free or fixed.
    names = tuple(str(q.address) for q in shipped().quantities())
    assert worst(drawn(ss.Sampling("sobol", 1), 256, names=names)) > BOUND


def test_the_worlds_of_a_result_are_those_of_the_sample():
    scenario = shipped("two-party")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ss.simulate(scenario, runs=16, rng=7, method="sobol")
    numbers = {str(q.address): q for q in scenario.quantities()}
    points = quantiles(free_numbers(scenario), range(16), entropy=7, how=ss.Sampling("sobol"), total=16)
    expected = numbers["defection_rate"].prior.ppf(points["defection_rate"])
    np.testing.assert_array_equal(result["defection_rate"], expected)
    assert (result.attrs["method"], result.attrs["total"], result.attrs["replicates"]) == ("sobol", 16, 8)
    assert result["replicate"].values.tolist() == [*range(8)] * 2


@pytest.mark.parametrize(
    "method, total",
    [("sobol", 64), (ss.Sampling("sobol", 1), 64), ("latin_hypercube", 50), (ss.Sampling("latin_hypercube", 5), 50)],
)
def test_a_part_of_the_runs_has_the_points_of_the_whole(method, total):
    scenario = shipped("two-party")
    kind = method if isinstance(method, str) else method.kind
    replicates = None if isinstance(method, str) else method.replicates
    whole = worlds(scenario, range(total), entropy=7, method=method, total=total)
    for part in (range(16, 32), range(5, 8), range(0, 7)):
        how = ss.Sampling(kind, replicates, total)
        alone = worlds(scenario, part, entropy=7, method=how)
        for name, values in alone.items():
            np.testing.assert_array_equal(values, whole[name][part.start : part.stop], err_msg=name)
    if kind == "sobol":  # whose points do not depend on how many follow
        result = ss.simulate(scenario, runs=range(5, 8), rng=7, method=method, outcomes=[])
        np.testing.assert_array_equal(result["defection_rate"], whole["defection_rate"][5:8])
        assert "total" not in result.attrs


def test_a_part_of_a_hypercube_says_of_how_many():
    scenario = shipped("two-party")
    with pytest.raises(ss.UsageError, match=r"depend on how many runs the whole has: .*total="):
        ss.simulate(scenario, runs=range(16, 32), rng=7, method="latin_hypercube")
    with pytest.raises(ss.UsageError, match="at least 32"):
        ss.simulate(scenario, runs=range(16, 32), rng=7, method=ss.Sampling("latin_hypercube", total=20))
    how = ss.Sampling("latin_hypercube", total=64)
    result = ss.simulate(scenario, runs=range(16, 18), rng=7, method=how, outcomes=[])
    whole = worlds(scenario, range(64), entropy=7, method="latin_hypercube", total=64)
    np.testing.assert_array_equal(result["defection_rate"], whole["defection_rate"][16:18])


def test_replicates_are_randomised_apart():
    names = ("a", "b", "c")
    for kind in DESIGNED:
        total = 2 * 49 if kind == "latin_hypercube_2" else 64
        points = drawn(ss.Sampling(kind, 2), total, names=names)
        assert not np.isin(points[:, ::2], points[:, 1::2]).any()


def test_strength_two_fills_every_plane():
    points = drawn(ss.Sampling("latin_hypercube_2"), 49, names=tuple("abcdefgh"))
    for i in range(8):
        assert sorted(np.floor(points[i] * 49)) == [*range(49)]
        for j in range(i):
            assert len({*zip(np.floor(points[i] * 7), np.floor(points[j] * 7), strict=True)}) == 49
    plain = drawn(ss.Sampling("latin_hypercube", 1), 49, names=tuple("abcdefgh"))
    assert len({*zip(np.floor(plain[0] * 7), np.floor(plain[1] * 7), strict=True)}) < 49


@pytest.mark.parametrize(
    "how, total, dimensions, sizes",
    [
        (ss.Sampling("latin_hypercube_2"), 50, 8, "49 or 121, not 50"),
        (ss.Sampling("latin_hypercube_2"), 25, 8, "at least 7 for 8 uncertain numbers: 49, not 25"),
        (ss.Sampling("latin_hypercube_2", 2), 120, 3, "2 times the square of a prime of runs.*: 98 or 242, not 120"),
        (ss.Sampling("latin_hypercube_2"), 36, 3, "25 or 49, not 36"),
        (ss.Sampling("latin_hypercube_2"), 3, 1, "of runs.*: 4, not 3"),
        (ss.Sampling("sobol"), 50, 3, "32 or 64, not 50"),
        (ss.Sampling("sobol"), 4, 3, "8 or 16, not 4"),
    ],
)
def test_sizes_that_no_sample_has(how, total, dimensions, sizes):
    names = tuple(f"n{i}" for i in range(dimensions))
    with pytest.raises(ss.UsageError, match=sizes):
        quantiles(names, range(total), entropy=7, how=how, total=total)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"kind": "sobl"}, "did you mean 'sobol'"),
        ({"kind": "monte_carlo", "replicates": 8}, "its runs are independent"),
        ({"kind": "sobol", "replicates": 0}, "at least 1"),
        ({"kind": "sobol", "total": 2.5}, "whole number"),
    ],
)
def test_samplings_that_are_none(given, message):
    with pytest.raises(ss.UsageError, match=message):
        ss.Sampling(**given)


def test_a_small_sobol_sample_warns_and_says_what_goes_together():
    scenario = shipped("two-party")
    told = r"16 Sobol points are few for \d+ uncertain numbers: .* correlate by .*take at least 8,192"
    with pytest.warns(UserWarning, match=told):
        ss.simulate(scenario, runs=16, rng=7, method="sobol", outcomes=[])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ss.simulate(scenario, runs=16, rng=7, method="latin_hypercube", outcomes=[])
        ss.simulate(scenario, runs=range(8, 12), rng=7, method=ss.Sampling("sobol", total=8192), outcomes=[])
