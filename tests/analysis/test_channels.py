"""Why two orders differ: shares that sum exactly, errors that cover, estimators that are wrong and seen to be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import settlesim as ss
from settlesim.analysis.channels import channels as taken_apart
from settlesim.analysis.coalitions import all_coalitions, along, estimate, exact_shares, orderings, sampled_shares
from settlesim.analysis.paired_intervals import paired_interval
from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario.declared_channels import Channel, held_off
from support import changed, shipped

TWO = shipped("two-party")
PAIR = ("give_first", "talk")


def game(players, runs, rng, *, noise=1.0):
    """Values of all coalitions: main effects, one pair that works together, one that stands in, and noise by run.

    And three that work only together: an order with its reverse shares out what pairs do without error.
    """
    main = np.arange(1, players + 1) / players
    values = {}
    for coalition in all_coalitions(players):
        on = np.array([coalition >> i & 1 for i in range(players)])
        mean = (main * on).sum() + 2.0 * on[0] * on[1] - 1.0 * on[-1] * on[0] + 3.0 * on[:3].prod() * (players > 2)
        values[coalition] = mean + 0.2 * rng.normal(size=runs)
    shared = noise * rng.normal(size=(players, runs))
    for coalition in values:
        on = np.array([coalition >> i & 1 for i in range(players)])
        values[coalition] = values[coalition] + on @ shared
    truth = main.copy()
    truth[:2] += 1.0
    truth[[0, -1]] -= 0.5
    truth[:3] += 1.0
    return values, truth


# ---- the arithmetic of shares ----


def test_exact_shares_are_the_mean_over_all_orders_of_joining():
    values, _ = game(4, 7, np.random.default_rng(1))
    by_order = np.zeros(4)
    for order in itertools.permutations(range(4)):
        path = along(order)
        for player, (before, after) in zip(order, itertools.pairwise(path), strict=True):
            by_order[player] += (values[after] - values[before]).mean() / 24
    assert np.allclose(exact_shares(4, values, 0.95, share=False).mean, by_order, atol=1e-12)


@pytest.mark.parametrize("players", [1, 2, 5])
def test_shares_sum_to_the_whole_exact_or_sampled(players):
    rng = np.random.default_rng(players)
    values, _ = game(max(players, 2), 9, rng)
    players = max(players, 2)
    whole = (values[(1 << players) - 1] - values[0]).mean()
    orders = orderings(players, 6, rng)
    for found in (exact_shares(players, values, 0.95, share=False), sampled_shares(orders, values, 0.95, share=False)):
        assert found.mean.sum() == pytest.approx(whole, abs=1e-12)


def test_all_orders_sampled_are_the_exact_shares():
    values, _ = game(3, 5, np.random.default_rng(2))
    orders = [order for half in itertools.permutations(range(3)) for order in (half, half[::-1])]
    sampled, exact = sampled_shares(orders, values, 0.95, share=False), exact_shares(3, values, 0.95, share=False)
    assert np.allclose(sampled.mean, exact.mean) and np.allclose(sampled.run_error, exact.run_error)


def covered(repeats, number, *, noise=1.0, wrong=""):
    """How often the interval of a share holds its true value, in repeated games of five."""
    hits, total = 0, 0
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 5])
        values, truth = game(5, 25, rng, noise=noise)
        found = sampled_shares(orderings(5, number, rng), values, 0.9, share=False)
        half = (found.high - found.low) / 2
        if wrong == "no ordering error":
            half = half * found.run_error / found.error
        if wrong == "no run error":
            half = half * found.ordering_error / found.error
        hits += int((np.abs(found.mean - truth) <= half).sum())
        total += len(truth)
    return hits / total


def test_intervals_of_sampled_shares_cover_and_one_without_either_error_does_not():
    # 1,000 intervals of 90%, five to a game; four standard errors are .038 where the five are independent, and the seed
    # is fixed. The two errors are added, so the intervals are a little wide.
    assert 0.862 < covered(200, 16) < 0.97
    assert covered(200, 16, wrong="no run error") < 0.8
    assert 0.862 < covered(200, 16, noise=0.1) < 0.97
    assert covered(200, 16, noise=0.1, wrong="no ordering error") < 0.8


def test_runs_without_a_value_are_left_out_of_all_coalitions():
    values, _ = game(3, 40, np.random.default_rng(3))
    missing = np.arange(40) % 4 == 0
    gone = {c: np.where(missing & (c == 5), np.nan, v) for c, v in values.items()}
    kept = {c: v[~missing] for c, v in values.items()}
    one, other = (exact_shares(3, v, 0.95, share=False) for v in (gone, kept))
    assert one.n == other.n == 30
    for name in ("mean", "error", "low", "high"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_an_interval_of_shares_of_runs_never_shrinks_to_nothing():
    assert estimate(np.zeros(30), 0.95, share=True).high > 0.0
    flat = {0: np.zeros(30), 1: np.zeros(30)}
    found = exact_shares(1, flat, 0.95, share=True)
    assert found.mean[0] == 0.0 and found.low[0] < 0.0 < found.high[0]
    # As for a paired difference of shares: 12 up and 2 down of 30.
    values = np.r_[np.ones(12), -np.ones(2), np.zeros(16)]
    found = estimate(values, 0.95, share=True)
    assert (found.low, found.high) == pytest.approx(tuple(map(float, paired_interval(12, 2, 30, 0.95))))


# ---- the experiment ----


@pytest.fixture(scope="module")
def why():
    return ss.channels(TWO, *PAIR, "signed", channels=["pocketing", "deeds", "lull"], runs=40, rng=7)


def test_each_figure_is_that_of_sequences_with_the_levers_of_their_channels(why):
    off = held_off(TWO.channels, ("deeds",))
    runs = ss.compare(
        TWO, [TWO.sequence(name).with_levers(**off).model_copy(update={"name": name}) for name in PAIR], runs=40, rng=7
    )
    one, other = runs["signed"].values.astype(float)
    plain = ss.compare(TWO, PAIR, runs=40, rng=7)["signed"].values.astype(float)
    row = why.sel(channel="deeds")
    whole = why.sel(state="all_on")
    assert float(whole["difference"]) == pytest.approx((plain[0] - plain[1]).mean())
    assert float(row["without"]) == pytest.approx((one - other).mean())
    assert float(row["carried"]) == pytest.approx(float(whole["difference"] - row["without"]))
    assert float(row["moved"]) == ((one != plain[0]) | (other != plain[1])).mean()
    total = why["difference"].sel(state="all_on") - why["difference"].sel(state="all_off")
    assert float(why["shapley"].sum()) == pytest.approx(float(total), abs=1e-12)
    assert (why["ordering_error"] == 0.0).all()


def test_a_channel_that_cannot_act_carries_nothing_by_a_bit(why):
    # Neither plan declares a ceasefire or comes to a prelude.
    idle = ss.channels(
        TWO, *PAIR, "deaths", channels={"none": Channel(label="None", off={"rival_inflow": 0})}, runs=12, rng=7
    )
    for name in ("carried", "alone", "shapley", "moved"):
        assert float(idle[name].item()) == 0.0


def test_of_more_channels_orders_are_drawn_and_the_sum_is_still_exact():
    found = ss.channels(TWO, *PAIR, "deaths", channels=["pocketing", "deeds", "readiness"], orders=4, runs=12, rng=7)
    total = found["difference"].sel(state="all_on") - found["difference"].sel(state="all_off")
    assert float(found["shapley"].sum()) == pytest.approx(float(total), abs=1e-8)
    assert found.attrs["orders"] == 4 and found.attrs["units"] == "deaths"
    none = ss.channels(TWO, *PAIR, "deaths", channels=["pocketing"], orders=0, runs=4, rng=7)
    assert "shapley" not in none and "carried" in none
    with pytest.raises(UsageError, match="needs Shapley shares"):
        ss.plots.channels(none)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (dict(outcome="sigend"), "unknown outcome 'sigend'; did you mean 'signed'"),
        (dict(outcome="outcome"), "'outcome' has several values; say which, as 'outcome.ENTRY': insurgent_victory"),
        (dict(outcome="signed.x"), "'signed' has one value"),
        (dict(b="give_first"), "both are called 'give_first'"),
        (dict(b="tlak"), "unknown sequence 'tlak'; did you mean 'talk'"),
        (dict(channels=["poketing"]), "unknown channel 'poketing'; did you mean 'pocketing'"),
        (dict(channels=[]), "no channel is given"),
        (dict(orders=3), "orders must be an even number of at least 4"),
        (dict(orders=2), "orders must be an even number of at least 4"),
        (dict(level=1.0), "level must lie between 0 and 1"),
        (dict(execution=ss.Execution(out="why.nc")), "saved with settlesim.save"),
        (dict(scenario=shipped("colombia-2012"), a="x"), "unknown sequence 'x'"),
        (dict(scenario=changed(shipped("colombia-2012"), channels={}), a=None, b=None), "declares no channels"),
    ],
)
def test_what_is_asked_for_wrongly_is_said_before_the_first_run(arguments, says):
    given = dict(scenario=TWO, a="give_first", b="talk", outcome="signed", runs=2, rng=1) | arguments
    if given["a"] is None:
        given["a"], given["b"] = list(given["scenario"].sequences)[:2]
    with pytest.raises(UsageError, match=says):
        ss.channels(**given)


def test_a_channel_made_in_python_is_checked_as_one_of_a_file():
    with pytest.raises(ScenarioError, match="lies outside the range"):
        taken_apart(TWO, *PAIR, "signed", channels={"x": Channel(label="X", off={"pocketing": 7})}, runs=2, rng=1)


# ---- content ----


def test_a_difference_between_plans_is_split_exactly_and_equal_parts_carry_nothing():
    held = TWO.sequence("talk").with_levers(pocketing=0.0).model_copy(update={"name": "held", "agenda": "staged"})
    split = ss.content(TWO, "give_first", held, "deaths", runs=8, rng=7)
    assert split.part.values[split.differs.values].tolist() == ["content", "order", "agenda", "levers"]
    assert float(split["share"].sum()) == pytest.approx(float(split["difference"]), abs=1e-8)
    assert (split["share"].where(~split["differs"], 0.0) == 0.0).all()
    plain = ss.compare(TWO, ["give_first", "talk"], runs=8, rng=7)["deaths"].mean("run").values
    pair = ss.compare(TWO, ["give_first", held], runs=8, rng=7)["deaths"].mean("run").values
    assert float(split["difference"]) == pytest.approx(pair[0] - pair[1])
    assert plain[0] == pair[0]


def test_levers_alone_are_all_of_a_difference_in_levers():
    held = TWO.sequence("give_first").with_levers(pocketing=0.0).model_copy(update={"name": "held"})
    split = ss.content(TWO, "give_first", held, "signed", runs=12, rng=7)
    for name in ("from_a", "from_b", "share"):
        assert float(split[name].sel(part="levers")) == pytest.approx(float(split["difference"]))
    assert split.attrs["differs_in"] == "levers"
    same = TWO.sequence("talk").model_copy(update={"name": "again"})
    with pytest.raises(UsageError, match="differ in nothing but their names"):
        ss.content(TWO, "talk", same, "signed", runs=2, rng=1)


def test_parts_that_cannot_be_told_apart_are_moved_together():
    war = shipped()
    split = ss.content(war, "kabul_first", "pakistan_first", "signed", runs=2, rng=1)
    row = split.sel(part="content")
    assert split.attrs["differs_in"].startswith("content, order")
    together = str(row["moved_with"].item())
    assert together in ("", "order", "order, pace")
    assert float(split["share"].sum()) == pytest.approx(float(split["difference"]), abs=1e-12)


# ---- the picture ----


def test_the_waterfall_starts_and_ends_where_it_should(why):
    axes = ss.plots.channels(why)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert len(bars) == 5
    assert bars[0][1] == pytest.approx(100 * float(why["difference"].sel(state="all_off")))
    assert bars[-1][1] == pytest.approx(100 * float(why["difference"].sel(state="all_on")))
    assert bars[-2][1] == pytest.approx(bars[-1][1])
    labels = [tick.get_text() for tick in axes.get_yticklabels()]
    assert labels[0].startswith("all channels off") and labels[-1].startswith("the whole difference")
    assert len(ss.plots.channels(why, shown=1).patches) == 4
