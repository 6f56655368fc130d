"""Rankings by hand, and how firm they are."""

import numpy as np
import pytest
import xarray as xr

from analysis.crossed import crossed
from settlesim.analysis.ranking import rank
from settlesim.errors import UsageError


def test_ranking_by_hand(made):
    # Means: a 2, b 3, c 1.  a beats b in run 0 only, c beats a in run 2, and b in none; a and c tie in run 3.
    dataset = made(names="abc", score=[[4, 2, 0, 2], [3, 3, 3, 3], [1, 0, 1, 2]])
    order = rank(dataset, "score")
    assert order.sequence.values.tolist() == ["b", "a", "c"]
    assert order.place.values.tolist() == [1, 2, 3]
    assert order.value.values.tolist() == [3, 2, 1]
    reversed_runs, ties = order.reversed_runs.to_pandas(), order.ties.to_pandas()
    assert reversed_runs.loc["b", "a"] == reversed_runs.loc["a", "b"] == 0.25
    assert reversed_runs.loc["a", "c"] == reversed_runs.loc["c", "a"] == 0.25
    assert reversed_runs.loc["b", "c"] == 0 and reversed_runs.loc["a", "a"] == 0
    assert ties.loc["a", "c"] == 0.25 and ties.loc["a", "b"] == 0 and ties.loc["b", "b"] == 1
    assert order.attrs["n"] == 4


def test_lowest_is_highest_upside_down(made):
    values = np.random.default_rng(1).normal(0, 1, (4, 50))
    up = rank(made(names="abcd", score=values), "score")
    down = rank(made(names="abcd", score=-values), "score", best="lowest")
    assert up.sequence.values.tolist() == down.sequence.values.tolist()
    for name in ("first", "reversed_runs", "ties", "bootstrap_reversals"):
        assert up[name].equals(down[name]), name
    assert up.attrs["order_reversals"] == down.attrs["order_reversals"]


def test_bootstrap_tells_firm_from_loose(made):
    rng = np.random.default_rng(2)
    luck = rng.normal(0, 1, 400)
    firm = rank(made(score=[luck + 0.5, luck + rng.normal(0, 0.1, 400)]), "score")
    loose = rank(made(score=[luck, rng.permutation(luck)]), "score")
    assert firm.attrs["order_reversals"] == 0 and firm["first"].values.tolist() == [1, 0]
    # Equal expectations: the bootstrap finds the order as likely one way as the other.
    assert loose.attrs["order_reversals"] == pytest.approx(0.5, abs=0.1)
    assert loose["first"].values.sum() == pytest.approx(1)
    assert loose.bootstrap_reversals.values[0, 1] == loose.attrs["order_reversals"]


def test_bootstrap_reversals_have_the_normal_probability(made):
    """One standard error apart, the order flips in Phi(-1) = 15.9% of samples; within 4 standard errors."""
    n = 2_000
    noise = np.random.default_rng(3).normal(0, 1, n)
    noise = (noise - noise.mean()) / noise.std()
    order = rank(made(score=[noise + 1 / np.sqrt(n), np.zeros(n)]), "score", resamples=4_000)
    expected, error = 0.15866, np.sqrt(0.159 * 0.841 / 4_000)
    assert abs(order.attrs["order_reversals"] - expected) < 4 * error
    # The same at two standard errors is something else.
    apart = rank(made(score=[noise + 2 / np.sqrt(n), np.zeros(n)]), "score", resamples=4_000)
    assert abs(apart.attrs["order_reversals"] - expected) > 4 * error


def test_samples_are_drawn_in_common_and_reproducibly(made):
    """A constant distance between two sequences survives every resampling of the runs."""
    luck = np.random.default_rng(4).normal(0, 10, 60)
    order = rank(made(score=[luck + 0.001, luck]), "score")
    assert order.attrs["order_reversals"] == 0
    noisy = made(score=[luck, luck[::-1].copy() + 0.01])
    assert rank(noisy, "score", rng=5).equals(rank(noisy, "score", rng=5))
    assert not rank(noisy, "score", rng=5).equals(rank(noisy, "score", rng=6))


def test_one_meaning_of_a_coded_outcome(made):
    dataset = made(outcome=[[0, 1, 1, 2], [2, 2, 1, 2]], coded=("outcome",))
    order = rank(dataset, "outcome", kind="continued_war", best="lowest")
    assert order.sequence.values.tolist() == ["a", "b"] and order.value.values.tolist() == [0.25, 0.75]
    assert order.attrs["kind"] == "continued_war"
    with pytest.raises(UsageError, match="say with kind= which of victory, settlement, continued_war counts"):
        rank(dataset, "outcome")
    with pytest.raises(UsageError, match="did you mean 'settlement'"):
        rank(dataset, "outcome", kind="setlement")


def test_what_cannot_be_ranked(made):
    with pytest.raises(UsageError, match="no value in 1 of 2 runs"):
        rank(made(week=[[1.0, np.nan], [1.0, 2.0]]), "week")
    with pytest.raises(UsageError, match="at least two sequences"):
        rank(made(names=("a",), score=[[1.0, 2.0]]), "score")
    with pytest.raises(UsageError, match="is not coded"):
        rank(made(score=[[1.0, 2.0], [3.0, 4.0]]), "score", kind="victory")
    with pytest.raises(UsageError, match="unknown end 'most'"):
        rank(made(score=[[1.0, 2.0], [3.0, 4.0]]), "score", best="most")
    with pytest.raises(UsageError, match="resamples"):
        rank(made(score=[[1.0, 2.0], [3.0, 4.0]]), "score", resamples=0)
    swept = made(score=[[1.0, 2.0], [3.0, 4.0]]).expand_dims(linkage=[0.0, 1.0])
    with pytest.raises(UsageError, match="also varies by linkage: select one value"):
        rank(swept, "score")


def test_flips_are_of_worlds_and_not_of_luck():
    """Expected differences of N(.8, 1): 21% of worlds flip, under luck that turns 42% of runs."""
    rng = np.random.default_rng(8)
    each = 0.8 + rng.normal(0, 1, (800, 1)) + rng.normal(0, 4, (800, 30))
    dataset = crossed(y=np.stack([0 * each, each], axis=1))
    order = rank(dataset, "y", resamples=200)
    assert order.sequence.values.tolist() == ["b", "a"] and order.attrs["n"] == 800
    assert "reversed_runs" not in order and "ties" not in order
    assert order.flips.values[0, 0] == 0 and order.flips.values[0, 1] == order.flips.values[1, 0]
    # Four standard errors of .02.
    assert abs(order.flips.values[0, 1] - 0.212) < 0.08
    assert order.flips_low.values[0, 1] < 0.212 < order.flips_high.values[0, 1]
    assert (each < 0).mean() > 0.4


def test_weights_make_a_ranking_under_other_worlds(made):
    values = [[1.0, 1.0, 5.0], [2.0, 2.0, 2.0]]
    weights = xr.DataArray([1.0, 1.0, 0.5], dims="run")
    assert rank(made(score=values), "score").value.values.tolist() == pytest.approx([7 / 3, 2])
    order = rank(made(score=values), "score", weights=weights)
    assert order.sequence.values.tolist() == ["b", "a"] and order.value.values.tolist() == pytest.approx([2, 1.8])
    assert order.reversed_runs.values[0, 1] == pytest.approx(0.2)


def test_worlds_without_all_values_are_not_ranked():
    values = np.ones((3, 2, 4))
    values[1, 0, 2] = np.nan
    with pytest.raises(UsageError, match="no value in some run of 1 of 3 worlds"):
        rank(crossed(y=values), "y")


def test_equal_sequences_share_a_place(made):
    """As in sport: of two that come first together neither is second."""
    luck = np.random.default_rng(5).normal(0, 1, 40)
    order = rank(made(names="dbca", score=[luck, luck, luck - 0.1, luck]), "score", resamples=200)
    assert order.sequence.values.tolist() == ["a", "b", "d", "c"]
    assert order.place.values.tolist() == [1, 1, 1, 4]
    assert order["first"].values.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert order.attrs["order_reversals"] == 0 and not order.bootstrap_reversals.values.any()
    # Equal but for rounding: .1 + .2 is not .3.
    near = rank(made(score=[[0.1 + 0.2, 0.0], [0.3, 0.0]]), "score", resamples=50)
    assert near.place.values.tolist() == [1, 1] and near["first"].values.tolist() == [0.5, 0.5]


def test_equal_means_of_other_runs_share_a_place_and_not_each_sample(made):
    order = rank(made(score=[[0, 1] * 20, [1, 0] * 20]), "score", resamples=400)
    assert order.place.values.tolist() == [1, 1]
    assert order["first"].values.sum() == pytest.approx(1)
    # Four standard errors of a fair coin.
    assert abs(order["first"].values[0] - 0.5) < 4 * 0.5 / np.sqrt(400)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("best", ["highest", "lowest"])
def test_ranking_does_not_depend_on_the_order_of_sequences(made, best, weighted):
    rng = np.random.default_rng(6)
    values = rng.integers(0, 2, (6, 30)).astype(float)
    values[3], values[5] = values[0], values[1][::-1]
    dataset = made(names="abcdef", score=values)
    weights = xr.DataArray(rng.random(30), dims="run") if weighted else None
    order = rank(dataset, "score", best=best, weights=weights, resamples=100)
    for shuffled in (dataset.isel(sequence=slice(None, None, -1)), dataset.isel(sequence=rng.permutation(6))):
        other = rank(shuffled, "score", best=best, weights=weights, resamples=100)
        assert other.sequence.values.tolist() == order.sequence.values.tolist()
        assert other.place.equals(order.place)
        xr.testing.assert_allclose(other, order)
        assert other.attrs["order_reversals"] == order.attrs["order_reversals"]
