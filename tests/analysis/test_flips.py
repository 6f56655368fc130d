"""Worlds in which a difference turns: estimates on worlds whose expected difference is known."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtr
from scipy.stats import binom, gamma

from analysis.crossed import against_nothing, crossed
from settlesim.analysis.flips import flips, flips_of
from settlesim.analysis.luck_averaged import pair_of, spread_of
from settlesim.errors import UsageError
from support import shipped

REPEATS = 80
# Of 80 intervals of 95% coverage 70 or more hold the truth in all but one of 1,000 such tests.
FEWEST = int(binom.ppf(0.001, REPEATS, 0.95))


def value(found, name):
    return float(found[name].sel(statistic="estimate"))


def holds(found, name, truth):
    return bool(found[name].sel(statistic="low") <= truth <= found[name].sel(statistic="high"))


def test_variances_by_hand():
    """Two worlds, two lucks: the worlds' means are 1 and 5, every variance within is 2."""
    each = np.array([[0.0, 2.0], [4.0, 6.0]])
    own = spread_of(pair_of(against_nothing(each), "a", "b", "y"))
    # Variance of the means 8; luck's part in a mean is 2 / 2.
    assert (own.mean, own.between, own.common, own.rest) == (3, 8 - 1, 0, 2)
    assert own.error == pytest.approx(np.sqrt(8 / 2))
    common = spread_of(pair_of(against_nothing(each, own=False), "a", "b", "y"))
    # Both worlds gain 2 by the second luck: all of luck is common, and moves no world against another.
    assert (common.between, common.common, common.rest) == pytest.approx((8, 2, 0))
    assert common.error == pytest.approx(np.sqrt(8 / 2 + 2 / 2))


def test_balanced_moments_are_those_of_the_analysis_of_variance():
    each = np.random.default_rng(1).normal(0, 1, (7, 5)) + np.arange(5)
    found = spread_of(pair_of(against_nothing(each, own=False), "a", "b", "y"))
    n, k = each.shape
    rows, columns = each.mean(axis=1), each.mean(axis=0)
    ms_worlds, ms_luck = k * rows.var(ddof=1), n * columns.var(ddof=1)
    rest = ((each - rows[:, None] - columns + each.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    assert found.rest == pytest.approx(rest)
    assert found.common == pytest.approx((ms_luck - rest) / n)
    assert found.between == pytest.approx(max((ms_worlds - rest) / k, 0))


def repeated(made, truth, repeats=REPEATS, **how):
    """Of repeated experiments: how often each interval holds its truth, and the mean estimates."""
    hits, estimates = dict.fromkeys(truth, 0), {name: [] for name in truth}
    for seed in range(repeats):
        found = flips_of(made(np.random.default_rng(seed)), "a", "b", "y", resamples=200, **how)
        for name, known in truth.items():
            hits[name] += holds(found, name, known)
            estimates[name].append(value(found, name))
    return hits, {name: np.mean(values) for name, values in estimates.items()}


def test_the_share_is_covered_where_luck_is_loud_and_the_naive_one_is_not():
    """Worlds N(.8, 1), luck of standard deviation 4 met ten times: 21.2% of worlds flip, 31% seem to."""

    def made(rng):
        return against_nothing(0.8 + rng.normal(0, 1, (200, 1)) + rng.normal(0, 4, (200, 10)))

    share = ndtr(-0.8)
    hits, means = repeated(made, {"flips": share, "naive_flips": share, "difference": 0.8, "between": 1.0})
    assert hits["flips"] >= FEWEST and hits["difference"] >= FEWEST and hits["between"] >= FEWEST
    assert hits["naive_flips"] < FEWEST / 2
    # Four standard errors of the mean of 80 estimates, of .05 each.
    assert abs(means["flips"] - share) < 4 * 0.05 / np.sqrt(REPEATS)
    assert means["naive_flips"] - share > 8 * 0.05 / np.sqrt(REPEATS)


def test_the_share_is_covered_where_worlds_are_skewed():
    """A gamma of shape 2, which the normal distribution would put at 21.2%, has 21.6% and another density."""
    edge = 2 - 0.8 * np.sqrt(2)

    def made(rng):
        return against_nothing((rng.gamma(2, 1, (200, 1)) - edge) / np.sqrt(2) + rng.normal(0, 2, (200, 10)))

    share = gamma.cdf(edge, 2)
    hits, _ = repeated(made, {"flips": share, "naive_flips": share})
    assert hits["flips"] >= FEWEST > hits["naive_flips"]


def test_luck_in_common_widens_the_interval_of_the_mean():
    """One luck for all worlds: intervals with worlds as the only clusters are three times too narrow."""
    repeats, hits, narrow = 100, 0, 0
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        each = 0.8 + rng.normal(0, 1, (100, 1)) + rng.normal(0, 1, 12) + rng.normal(0, 1, (100, 12))
        found = {own: flips_of(against_nothing(each, own=own), "a", "b", "y", resamples=2) for own in (True, False)}
        hits += holds(found[False], "difference", 0.8)
        narrow += holds(found[True], "difference", 0.8)
    # 1 in 1,000 for 95%; what is rejected takes the luck for the worlds' own.
    assert hits >= binom.ppf(0.001, repeats, 0.95)
    assert narrow < binom.ppf(0.001, repeats, 0.8)


def test_few_lucks_in_common_leave_variances_uncertain():
    """Luck decides how much a world matters: intervals from worlds alone hold the variance of 1 in a fifth of cases."""
    repeats, hits, narrow = 40, 0, 0
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        each = 1 + rng.normal(0, 1, (200, 1)) * (1 + rng.normal(0, 1, 16)) + rng.normal(0, 0.5, (200, 16))
        hits += holds(flips_of(against_nothing(each, own=False), "a", "b", "y", resamples=100), "between", 1.0)
        narrow += holds(flips_of(against_nothing(each), "a", "b", "y", resamples=100), "between", 1.0)
    # One in 1,000 for 90%: an interval symmetric about a skewed estimate is not quite of 95%.
    assert hits >= binom.ppf(0.001, repeats, 0.9) and narrow < binom.ppf(0.001, repeats, 0.75)


def test_shares_of_outcomes_that_happen_or_not():
    """Truths differ by -1, 0 or 1: averages tie, and the noise of a world hangs on the world."""

    def made(rng):
        churn = 0.1 + 0.3 * rng.random((600, 1))
        gain = np.clip(rng.normal(0.05, 0.06, (600, 1)), -0.09, 0.19)
        u = rng.random((600, 20))
        return against_nothing((u < (churn + gain) / 2) * 1.0 - (u > 1 - (churn - gain) / 2))

    share = ndtr(-0.05 / 0.06)
    hits, means = repeated(made, {"flips": share, "naive_flips": share}, repeats=40)
    assert hits["flips"] >= binom.ppf(0.001, 40, 0.95)
    # A fifth of the variance of averages is real: the estimate is .01 low, and its mean known to .007.
    assert abs(means["flips"] - share) < 0.03 < means["naive_flips"] - share


def test_worlds_that_never_differ_are_told_apart():
    """Three in ten worlds know no difference; the others differ with half of their luck."""
    rng = np.random.default_rng(3)
    alive = rng.random((400, 1)) < 0.7
    found = flips_of(against_nothing(alive * (rng.random((400, 20)) < 0.5) * 1.0), "a", "b", "y")
    assert value(found, "same") == pytest.approx(1 - alive.mean())
    assert value(found, "lower") == 0 and value(found, "flips") == 0
    assert value(found, "higher") + value(found, "same") == pytest.approx(1)
    # Differences that come with one luck in twenty are missed by a third of worlds, which differ all the same.
    rare = flips_of(against_nothing((rng.random((400, 20)) < 0.05) * 1.0), "a", "b", "y")
    assert value(rare, "same") < 0.1 < (1 - 0.05) ** 20


def test_nothing_flips_without_differences():
    found = flips_of(against_nothing(np.zeros((30, 4))), "a", "b", "y")
    assert value(found, "same") == pytest.approx(1) and value(found, "flips") == 0 and value(found, "between") == 0
    certain = flips_of(against_nothing(np.ones((30, 4))), "a", "b", "y")
    assert value(certain, "higher") == 1 and value(certain, "flips") == 0
    # None of thirty is no proof of none.
    assert 0.05 < float(certain.flips.sel(statistic="high")) < 0.2


def test_the_other_way_round_is_upside_down():
    rng = np.random.default_rng(4)
    dataset = crossed(y=rng.normal(0, 1, (60, 2, 8)) + rng.normal(0.3, 1, (60, 1, 1)) * [[[1], [0]]])
    one, other = flips_of(dataset, "a", "b", "y"), flips_of(dataset, "b", "a", "y")
    assert value(one, "difference") == -value(other, "difference")
    for name, mirrored in (("flips", "flips"), ("higher", "lower"), ("same", "same"), ("between", "between")):
        assert value(one, name) == pytest.approx(value(other, mirrored)), name
    assert other.attrs["sequence_a"] == "b"


def test_masked_worlds_are_as_if_left_out():
    rng = np.random.default_rng(5)
    dataset = crossed(parameters={"rate": rng.random(40)}, y=rng.normal(0.5, 1, (40, 2, 6)))
    mask = xr.DataArray(rng.random(40) < 0.7, dims="point", coords={"point": dataset.point})
    masked, fewer = (flips_of(d, "a", "b", "y") for d in (dataset.where(mask), dataset.isel(point=mask.values)))
    assert masked.identical(fewer)


def test_missing_luck_is_left_out_of_its_world():
    each = np.random.default_rng(6).normal(0.5, 1, (50, 8))
    each[:, 6:] = np.nan
    each[0, 1:] = np.nan
    pair = pair_of(against_nothing(each), "a", "b", "y")
    assert pair.known.tolist() == [1, *[6] * 49] and pair.lucks == 6
    assert pair.variances[0] == pytest.approx(pair.variances[1:].mean())
    assert np.isfinite(flips_of(against_nothing(each), "a", "b", "y").flips).all()


def test_weights_count_as_worlds_met_more_often():
    each = np.random.default_rng(7).normal(0.3, 1, (40, 6))
    twice = flips_of(against_nothing(np.concatenate([each, each[:20]])), "a", "b", "y")
    weights = xr.DataArray(np.repeat([2.0, 1.0], 20), dims="point")
    weighted = flips_of(against_nothing(each), "a", "b", "y", weights=weights)
    assert value(weighted, "difference") == pytest.approx(value(twice, "difference"))
    assert value(weighted, "naive_flips") == pytest.approx(value(twice, "naive_flips"))
    with pytest.raises(UsageError, match="another dataset"):
        flips_of(against_nothing(each), "a", "b", "y", weights=weights[:5])


def test_what_cannot_be_asked():
    dataset = against_nothing(np.ones((4, 3)))
    with pytest.raises(UsageError, match="unknown sequence 'c'"):
        flips_of(dataset, "c", "b", "y")
    with pytest.raises(UsageError, match="cannot differ from itself"):
        flips_of(dataset, "a", "a", "y")
    with pytest.raises(UsageError, match="at least two worlds"):
        flips_of(dataset.isel(point=[0]), "a", "b", "y")
    with pytest.raises(UsageError, match="not by point, sequence and luck"):
        flips_of(dataset.isel(luck=0), "a", "b", "y")
    with pytest.raises(UsageError, match="looks like an order"):
        flips(shipped("two-party"), "a > b", "b > a", "deaths")
    with pytest.raises(UsageError, match="unknown outcome 'death'; did you mean 'deaths'"):
        flips(shipped("two-party"), "talk", "give_first", "death")
    with pytest.raises(UsageError, match="luck must be a whole number of at least 2"):
        flips(shipped("two-party"), "talk", "give_first", "deaths", luck=1)


def test_worlds_are_those_of_the_runs_and_their_luck_is_their_own():
    from settlesim.experiments.nested import nested
    from settlesim.experiments.simulate import compare, simulate

    scenario = shipped("two-party")
    dataset = nested(scenario, ["talk", "give_first"], worlds=3, luck=2, rng=7)
    runs = simulate(scenario, sequence="talk", runs=3, rng=7)
    names = [name for name in dataset.data_vars if dataset[name].attrs["role"] == "parameter"]
    assert len(names) > 100
    for name in names:
        assert dataset[name].values.tolist() == runs[name].values.tolist(), name
    again = compare(scenario, ["talk", "give_first"], runs=range(2, 4), rng=7, method={
        name: np.repeat(quantiles, 2) for name, quantiles in uniforms(scenario, 3).items()
    })  # fmt: skip
    assert (dataset.deaths.isel(point=1).values == again.deaths.values).all()


def uniforms(scenario, worlds):
    from settlesim.chance.worlds import Fates

    names = [str(q.address) for q in scenario.quantities() if q.uncertain]
    return {name: Fates(7, range(worlds)).uniform("world", name) for name in names}


@pytest.mark.parametrize("dim", ["point", "luck"])
def test_a_world_or_luck_that_stands_twice_and_an_infinite_value_are_refused(dim):
    score = np.random.default_rng(1).normal(0, 1, (8, 2, 4))
    labels = {"point": np.arange(8), "sequence": ["a", "b"], "luck": np.arange(4)}
    table = xr.Dataset({"score": (("point", "sequence", "luck"), score)}, labels)
    with pytest.raises(UsageError, match=f"{dim} 0 stands twice"):
        flips_of(xr.concat([table, table], dim), "a", "b", "score")
    table["score"][3, 1, 2] = np.inf
    with pytest.raises(UsageError, match="'score' is infinite in point 3"):
        flips_of(table, "a", "b", "score")
