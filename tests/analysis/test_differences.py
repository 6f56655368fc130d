"""Paired differences against scipy, against coverage, and with the gain from common luck."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from settlesim.analysis.differences import differences
from settlesim.errors import UsageError

FALSE_ALARM = 1e-4


def test_mean_difference_is_scipys_paired_test(made):
    rng = np.random.default_rng(1)
    x = rng.normal(50, 9, 40)
    y = x + rng.normal(2, 3, 40)
    table = differences(made(deaths=[y, x]), "deaths", level=0.9)
    theirs = stats.ttest_rel(y, x).confidence_interval(0.9)
    assert table.sequence.values.tolist() == ["a"] and table.attrs["baseline"] == "b"
    assert table.difference.item() == pytest.approx(np.mean(y - x))
    assert (table.low.item(), table.high.item()) == pytest.approx((theirs.low, theirs.high))
    assert table.error.item() == pytest.approx(stats.sem(y - x))
    assert table.higher.item() == np.mean(y > x) and table.lower.item() == np.mean(y < x)


def test_baseline_is_chosen_declared_or_the_first(made):
    dataset = made(names=("a", "b", "c"), deaths=[[1.0, 2.0], [3.0, 5.0], [0.0, 0.0]])
    assert differences(dataset, "deaths").attrs["baseline"] == "b"
    assert differences(dataset, "deaths", baseline="c").difference.values.tolist() == [1.5, 4.0]
    other = dataset.assign_attrs(baseline_sequence="elsewhere")
    assert differences(other, "deaths").attrs["baseline"] == "a"
    with pytest.raises(UsageError, match="unknown sequence 'd'"):
        differences(dataset, "deaths", baseline="d")


def test_variance_ratio_is_that_of_common_luck(made):
    """Shared variance 1, own variances 0.1 each: 0.2 paired, 2.2 independent; within 5% of 1/11."""
    rng = np.random.default_rng(3)
    shared = rng.normal(0, 1, 40_000)
    x, y, alone = (base + rng.normal(0, np.sqrt(0.1), 40_000) for base in (shared, shared, rng.normal(0, 1, 40_000)))
    ratio = differences(made(deaths=[y, x]), "deaths").variance_ratio.item()
    assert ratio == pytest.approx(1 / 11, rel=0.05)
    assert differences(made(deaths=[alone, x]), "deaths").variance_ratio.item() == pytest.approx(1, rel=0.05)


def test_runs_without_a_partner_are_left_out(made):
    table = differences(made(week=[[5.0, np.nan, 7.0, 9.0], [4.0, 4.0, np.nan, 9.0]]), "week")
    assert table.n.item() == 2 and table.difference.item() == 0.5
    nobody = differences(made(week=[[5.0, np.nan], [np.nan, 4.0]]), "week", quantiles=[0.5])
    assert nobody.n.item() == 0 and np.isnan(nobody.difference.item()) and np.isnan(nobody.quantile_low.item())


def test_shares_that_never_differ_still_have_an_interval(made):
    table = differences(made(settled=[[1, 0, 0, 1], [1, 0, 0, 1]], shares=["settled"]), "settled")
    assert table.difference.item() == 0 and table.error.item() == 0
    # None of four differs: the exact upper end of a share of none, either way.
    reach = 1 - 0.025**0.25
    assert (table.low.item(), table.high.item()) == pytest.approx((-reach, reach))


def test_a_paired_interval_by_hand(made):
    """Where runs differ the one way only, its end is that of Clopper and Pearson (scipy's exact interval)."""
    a = [1] * 13 + [0] * 87
    b = [1] * 10 + [0] * 90
    table = differences(made(settled=[a, b], shares=["settled"]), "settled")
    theirs = stats.binomtest(3, 100).proportion_ci(0.95, method="exact")
    none = stats.binomtest(0, 100).proportion_ci(0.95, method="exact").high
    assert table.difference.item() == pytest.approx(0.03) and table.high.item() == pytest.approx(theirs.high)
    assert table.low.item() == pytest.approx(0.03 - np.hypot(0.03 - theirs.low, none))


def test_codes_are_compared_meaning_by_meaning(made):
    table = differences(made(outcome=[[0, 1, 1, 2], [2, 2, 1, 2]], coded=("outcome",)), "outcome")
    row = table.difference.sel(sequence="a")
    assert dict(zip(row.outcome_kind.values, row.values, strict=True)) == {
        "victory": 0.25,
        "settlement": 0.25,
        "continued_war": -0.5,
    }


def test_intervals_cover_what_they_promise(made):
    """Of 2000 paired intervals 95% cover the truth, within bounds left with probability 1e-4."""
    rng = np.random.default_rng(4)
    replicates, n = 2_000, 300
    names = ["b", *(f"s{i}" for i in range(replicates))]
    base = rng.random(n)
    own = np.where(rng.random((replicates, n)) < 0.5, rng.random((replicates, n)), base)
    # Given the baseline's luck, half of it is shared: the expected differences follow.
    cases = {
        "mean": (np.vstack([base, own]), 0.5 * (0.5 - base.mean())),
        "share": (
            np.vstack([base < 0.3, own < 0.4]) * 1.0,
            0.5 * 0.4 + 0.5 * np.mean(base < 0.4) - np.mean(base < 0.3),
        ),
    }
    floor = stats.binom.ppf(FALSE_ALARM / 2, replicates, 0.94) / replicates
    for values, truth in cases.values():
        table = differences(made(names=names, x=values), "x")
        covered = np.mean((table.low <= truth) & (truth <= table.high))
        assert covered > floor
        off = truth + 3 * float(table.error.mean())
        assert np.mean((table.low <= off) & (off <= table.high)) < floor


def test_a_rate_ten_percent_off_is_found(made):
    """Waiting times under one luck: equal rates leave no difference, a rate 10% higher does."""
    waits = np.random.default_rng(5).exponential(1, 400)
    same = differences(made(week=[waits, waits]), "week")
    faster = differences(made(week=[waits / 1.1, waits]), "week")
    assert same.low.item() <= 0 <= same.high.item()
    assert faster.high.item() < 0


def test_quantile_differences(made):
    """An interval of 99.9% around the truth of two quantiles; misses with probability 2e-3."""
    rng = np.random.default_rng(6)
    x = rng.exponential(1, 8_000)
    y = x * 1.5
    table = differences(made(deaths=[y, x]), "deaths", quantiles=[0.5, 0.9], level=0.999)
    expected = np.quantile(y, [0.5, 0.9]) - np.quantile(x, [0.5, 0.9])
    found = table.sel(sequence="a")
    assert found.quantile_difference.values == pytest.approx(expected)
    truth = 0.5 * stats.expon.ppf([0.5, 0.9])
    for factor, covers in ((1, True), (0.9, False), (1.1, False)):
        inside = (found.quantile_low < factor * truth) & (factor * truth < found.quantile_high)
        assert inside.values.tolist() == [covers, covers]


def test_the_bootstrap_is_seeded(made):
    values = np.random.default_rng(7).exponential(1, (2, 50))
    first, again, other = (differences(made(x=values), "x", quantiles=[0.5], rng=seed) for seed in (0, 0, 1))
    assert again.equals(first) and not other.quantile_low.equals(first.quantile_low)


def test_what_cannot_be_compared(made):
    with pytest.raises(UsageError, match="two sequences"):
        differences(made(names=("a",), deaths=[[1.0, 2.0]]), "deaths")
    with pytest.raises(UsageError, match="two runs"):
        differences(made(deaths=[[1.0], [2.0]]), "deaths")
    with pytest.raises(UsageError, match="quantiles must lie"):
        differences(made(deaths=[[1.0, 2.0], [2.0, 3.0]]), "deaths", quantiles=[50])
    with pytest.raises(UsageError, match="level"):
        differences(made(deaths=[[1.0, 2.0], [2.0, 3.0]]), "deaths", level=1)


def test_a_run_that_stands_twice_and_an_infinite_value_are_refused():
    score = np.random.default_rng(1).normal(0, 1, (2, 6))
    table = xr.Dataset({"score": (("sequence", "run"), score)}, {"sequence": ["a", "b"], "run": np.arange(10, 16)})
    with pytest.raises(UsageError, match="run 10 stands twice"):
        differences(xr.concat([table, table], "run"), "score")
    table["score"][1, 4] = -np.inf
    with pytest.raises(UsageError, match="'score' is infinite in run 14"):
        differences(table, "score")
