"""Estimates against scipy, and against the coverage they promise."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from settlesim.analysis.statistics import quantiles_over_runs, wilson
from settlesim.analysis.summary import summary
from settlesim.errors import UsageError

FALSE_ALARM = 1e-4


@given(n=st.integers(1, 500), share=st.floats(0, 1), level=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_wilson_is_scipys(n, share, level):
    k = round(n * share)
    low, high = wilson(k / n, n, level)
    theirs = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    assert low == pytest.approx(theirs.low, abs=1e-12) and high == pytest.approx(theirs.high, abs=1e-12)


def test_means_are_scipys(made):
    rng = np.random.default_rng(1)
    values = rng.normal(50, 9, (2, 30))
    values[1, :4] = np.nan
    table = summary(made(deaths=values), level=0.9).deaths
    assert table.attrs["kind"] == "amount" and table.attrs["units"] == "deaths"
    for i, name in enumerate("ab"):
        known = values[i][~np.isnan(values[i])]
        row = table.sel(sequence=name)
        found = {str(s): row.sel(statistic=s).item() for s in row.statistic.values}
        test = stats.ttest_1samp(known, 0).confidence_interval(0.9)
        assert found["n"] == len(known)
        assert found["estimate"] == pytest.approx(known.mean())
        assert found["sd"] == pytest.approx(known.std(ddof=1))
        assert found["error"] == pytest.approx(stats.sem(known))
        assert (found["low"], found["high"]) == pytest.approx((test.low, test.high))
        for q, name_of_q in ((0.05, "q05"), (0.5, "median"), (0.95, "q95")):
            assert found[name_of_q] == pytest.approx(np.quantile(known, q))


def test_shares(made):
    table = summary(made(settled=[[1, 0, 0, 0], [0, 0, 0, 0]], shares=["settled"])).settled
    assert table.attrs["kind"] == "share"
    assert table.sel(statistic="estimate").values.tolist() == [0.25, 0.0]
    assert table.sel(statistic="error").values.tolist() == pytest.approx([np.sqrt(0.25 * 0.75 / 4), 0])
    theirs = stats.binomtest(0, 4).proportion_ci(method="wilson")
    low, high = (table.sel(statistic=end, sequence="b").item() for end in ("low", "high"))
    assert (low, high) == pytest.approx((theirs.low, theirs.high))
    assert high > 0.4  # nothing seen in four runs is not never


def test_what_a_number_is_is_declared_and_not_guessed(made):
    values = [[1, 0, 0, 0], [0, 0, 0, 0]]
    share, amount = (summary(made(x=values, shares=shares)).x.sel(statistic="low") for shares in (["x"], []))
    # Wilson's interval ends where a share does; Student's, of any number, does not.
    assert (share >= 0).all() and amount.sel(sequence="a") < 0
    known = made(x=values)
    known.x.attrs["kind"] = "bounded"
    assert summary(known).x.sel(statistic="low", sequence="a") == 0


def test_a_share_among_the_runs_that_have_it(made):
    table = summary(made(relapsed=[[1, 0, np.nan, np.nan], [np.nan] * 4], shares=["relapsed"])).relapsed
    assert table.sel(statistic="estimate", sequence="a").item() == 0.5
    assert table.sel(statistic="n").values.tolist() == [2, 0]
    assert np.isnan(table.sel(statistic=["estimate", "low", "high", "median"], sequence="b")).all()


def test_codes_become_shares_of_their_meanings(made):
    table = summary(made(outcome=[[0, 1, 1, 2], [2, 2, 2, 2]], coded=("outcome",))).outcome
    shares = table.sel(statistic="estimate").transpose("sequence", "outcome_kind")
    assert shares.outcome_kind.values.tolist() == ["victory", "settlement", "continued_war"]
    assert shares.values.tolist() == [[0.25, 0.5, 0.25], [0, 0, 1]]
    assert table.attrs["kind"] == "share"


def test_further_dimensions_stay(made):
    dataset = made(deaths=[[1.0, 2.0], [3.0, 4.0]])
    wide = dataset.assign(defections=(dataset.deaths * 1.5).expand_dims(destination=["rival", "killed"], axis=2))
    table = summary(wide, "defections").defections
    assert set(table.dims) == {"statistic", "sequence", "destination"}
    assert table.sel(statistic="estimate", sequence="b", destination="killed").item() == 5.25


def test_parameters_and_weekly_values_are_not_summed_up_unasked(made):
    dataset = made(deaths=[[1.0, 2.0], [3.0, 4.0]], weekly={"legitimacy": np.zeros((2, 2, 3))})
    dataset["rate"] = ("run", [0.1, 0.2], {"role": "parameter"})
    assert list(summary(dataset).data_vars) == ["deaths"]


def test_one_run_has_no_error(made):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = summary(made(deaths=[[1.5], [2.5]])).deaths
    assert table.sel(statistic="estimate").values.tolist() == [1.5, 2.5]
    assert np.isnan(table.sel(statistic=["error", "low", "high", "sd"])).all()


def test_what_cannot_be_summed_up(made):
    dataset = made(deaths=[[1.0], [2.0]])
    dataset["rate"] = ("run", [0.1], {"role": "parameter"})
    with pytest.raises(UsageError, match="did you mean 'deaths'"):
        summary(dataset, "death")
    with pytest.raises(UsageError, match="does not vary by sequence and run, but by run"):
        summary(dataset, "rate")
    with pytest.raises(UsageError, match="level must lie between 0 and 1"):
        summary(dataset, level=95)


def test_intervals_cover_what_they_promise(made):
    """Of 4000 intervals 95% cover the truth, within bounds that sound ones leave with probability 1e-4."""
    rng = np.random.default_rng(2)
    replicates, n = 4_000, 400
    names = [f"s{i}" for i in range(replicates)]
    cases = {
        "mean": (rng.exponential(1, (replicates, n)), 1.0),
        "share": (rng.random((replicates, n)) < 0.3, 0.3),
    }
    for values, truth in cases.values():
        table = summary(made(names=names, x=values * 1.0)).x
        low, high = table.sel(statistic="low").values, table.sel(statistic="high").values
        # A tenth of a point of slack: a skewed mean and a discrete share do not cover 95% exactly.
        floor = stats.binom.ppf(FALSE_ALARM / 2, replicates, 0.94) / replicates
        ceiling = stats.binom.isf(FALSE_ALARM / 2, replicates, 0.96) / replicates
        assert floor < np.mean((low <= truth) & (truth <= high)) < ceiling
        # Intervals for a rate 10% off do not cover.
        assert np.mean((low <= 1.1 * truth) & (1.1 * truth <= high)) < floor


def test_quantiles_with_infinite_values_stay_apart(made):
    values = made(week=[[1.0, np.inf, np.inf], [1.0, 2.0, np.nan]]).week
    (median,) = quantiles_over_runs(values, [0.5])
    assert median.values.tolist() == [np.inf, 1.5]
