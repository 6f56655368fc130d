"""Intervals of paired shares of which hardly any run differs: coverage by summing over all that can be seen.

Nothing is drawn, so nothing fails by chance: the probability of every number of runs up and down is added up where the
interval holds the truth.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from settlesim.analysis.coalitions import estimate, exact_shares
from settlesim.analysis.differences import differences
from settlesim.analysis.paired_intervals import mean_of_bounded, paired_interval
from settlesim.analysis.world_intervals import mean_intervals

DISCORDANT = (0.002, 0.005, 0.01, 0.05)
RUNS = (200, 500, 1000, 2000)
SPLITS = (1.0, 0.75, 0.5)
# Of one interval, and of each of ten and of a hundred at once by Bonferroni.
LEVELS = (0.95, 0.995, 0.9995)


def seen(n, most):
    """All numbers of runs up and down, up to some of either."""
    up, down = np.meshgrid(np.arange(most + 1.0), np.arange(most + 1.0), indexing="ij")
    kept = up + down <= n
    return up[kept], down[kept]


def coverage(interval, n, discordant, split, level):
    p, q = discordant * split, discordant * (1 - split)
    up, down = seen(n, max(3, int(stats.binom.ppf(1 - 1e-9, n, discordant))))
    low, high = interval(up, down, n, level)
    chance = stats.multinomial.pmf(np.stack([up, down, n - up - down], axis=1), n, [p, q, 1 - discordant])
    return float(chance[(low <= p - q + 1e-12) & (p - q - 1e-12 <= high)].sum())


def half_added(up, down, n, level):
    """Agresti and Min (2005): half a run added to each of four cells."""
    centre = (up - down) / (n + 2)
    reach = stats.norm.isf(0.5 - level / 2) * np.sqrt(up + down + 1 - (up - down) ** 2 / (n + 2)) / (n + 2)
    return centre - reach, centre + reach


@pytest.mark.parametrize("level", LEVELS)
def test_coverage_is_never_below_its_level(level):
    for discordant in DISCORDANT:
        for n in RUNS:
            for split in SPLITS:
                assert coverage(paired_interval, n, discordant, split, level) >= level, (discordant, n, split)


def test_the_sum_finds_an_interval_that_is_too_narrow():
    assert coverage(half_added, 1000, 0.002, 1.0, 0.95) < 0.87
    assert coverage(half_added, 2000, 0.005, 1.0, 0.995) < 0.991


def test_where_many_runs_differ_it_is_hardly_wider_than_need_be():
    low, high = paired_interval(300, 200, 2000, 0.95)
    reach = stats.norm.isf(0.025) * np.sqrt(500 - 100**2 / 2000) / 2000
    assert high - low == pytest.approx(2 * reach, rel=0.03)
    assert (low + high) / 2 == pytest.approx(0.05, abs=0.001)


def table_of(up, down, n):
    """Values of 1, -1 and 0, a row for each pair of numbers."""
    place = np.arange(n)
    return np.where(place < up[:, np.newaxis], 1.0, np.where(place < (up + down)[:, np.newaxis], -1.0, 0.0))


def by_differences(up, down, n, level):
    rows = table_of(up, down, n)
    both = np.concatenate([(rows < 0).any(axis=0)[np.newaxis] * 0.0, rows])
    # 0 and 1 under either sequence: the baseline has what the other lacks.
    ends = []
    for row in both[1:]:
        pair = xr.DataArray(np.stack([row < 0, row > 0]) * 1.0, dims=("sequence", "run"), attrs={"kind": "share"})
        made = xr.Dataset({"settled": pair}, {"sequence": ["base", "other"]})
        found = differences(made, "settled", level=level).isel(sequence=0)
        ends.append((float(found["low"]), float(found["high"])))
    return np.array(ends).T


def by_coalitions(up, down, n, level):
    found = [estimate(row, level, share=True) for row in table_of(up, down, n)]
    return np.array([(one.low, one.high) for one in found]).T


def by_shapley(up, down, n, level):
    """The only player carries all of a difference."""
    rows = table_of(up, down, n)
    found = [exact_shares(1, {0: np.zeros(n), 1: row}, level, share=True) for row in rows]
    return np.array([(one.low[0], one.high[0]) for one in found]).T


def by_orders(up, down, n, level):
    found = mean_intervals(table_of(up, down, n), level, draws=1, rng=np.random.default_rng(1), largest=1.0)
    return found.low, found.high


@pytest.mark.parametrize("way", [by_differences, by_coalitions, by_shapley, by_orders])
def test_all_that_pairs_shares_has_that_interval(way):
    up, down = (np.array(numbers, float) for numbers in ([0, 1, 2, 0, 3, 7, 40], [0, 0, 0, 4, 2, 7, 5]))
    for n, level in ((200, 0.95), (1000, 0.995)):
        assert np.allclose(way(up, down, n, level), paired_interval(up, down, n, level), atol=1e-12)


def test_all_pairs_of_moves_at_once_hold_where_few_worlds_carry_them():
    """Ten effects, each in 2 worlds of 1,000 on average, whose intervals all hold at once in at least 95%."""
    rng = np.random.default_rng(3)
    times, effects, n, rate = 400, 10, 1000, 0.002
    held = 0
    for _ in range(times):
        values = (rng.random((effects, n)) < rate) * 1.0
        found = mean_intervals(values, 0.95, draws=99, rng=rng, largest=1.0)
        held += bool(np.all((found.low_all <= rate) & (rate <= found.high_all)))
    # Fewer than this of 400 would be seen once in 10,000 times, were 95% held.
    assert held >= stats.binom.ppf(1e-4, times, 0.95)
    # Student's intervals at Bonferroni's level, as they were, leave out the truth wherever no world differs.
    student = [np.all((rng.random((effects, n)) < rate).sum(axis=1) > 0) for _ in range(times)]
    assert sum(student) < stats.binom.ppf(1e-4, times, 0.95)


def test_effects_of_several_sizes():
    """A hundredth of worlds moves by 0.2 to 1: at least 95% of intervals hold; Student's do not."""
    rng = np.random.default_rng(5)
    times, n, rate = 1500, 300, 0.01
    sizes = np.array([0.2, 0.5, 1.0])
    values = np.where(rng.random((times, n)) < rate, sizes[rng.integers(0, 3, (times, n))], 0.0)
    truth = rate * sizes.mean()
    low, high = mean_of_bounded(values, 0.95)
    bound = stats.binom.ppf(1e-4, times, 0.95) / times
    assert np.mean((low <= truth) & (truth <= high)) >= bound
    reach = stats.t.ppf(0.975, n - 1) * values.std(axis=1, ddof=1) / np.sqrt(n)
    assert np.mean(np.abs(values.mean(axis=1) - truth) <= reach) < bound


def test_of_values_that_are_seldom_zero_it_is_that_of_the_mean():
    values = np.random.default_rng(6).normal(0.05, 0.2, (3, 4000))
    low, high = mean_of_bounded(values, 0.95)
    reach = stats.norm.isf(0.025) * values.std(axis=1) / np.sqrt(4000)
    assert np.allclose(high - low, 2 * reach, rtol=0.05)
    assert np.allclose((low + high) / 2, values.mean(axis=1), atol=0.05 * reach.max())
