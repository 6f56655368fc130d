"""Intervals of effects of order hold what they should as often as they say, and wrong estimators are found out.

An experiment is repeated with worlds that differ in level, in the work of dates and of precedence, and order by order;
the truth is known from the function of the order.  How often an interval holds is binomial.  `is_near` allows the true
coverage to be off by SLACK and the count to be off by chance: a right interval is refused with probability below 1e-4
each way.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
import pytest
from scipy.stats import binom

from made_orders import all_places, dates_and_precedence, order_noise, orders_dataset
from settlesim.analysis.order_effects import order_effects
from settlesim.analysis.world_intervals import mean_intervals, pair_mean, pair_ratio, sign_flip_test
from settlesim.experiments.order_designs import order_design
from settlesim.experiments.order_matrices import order_positions

LEVEL, SLACK, ALARM = 0.9, 0.02, 1e-4
PLACES = all_places(4)
PAIRS = np.triu_indices(4, 1)


def is_near(hits, n, level=LEVEL, *, above=True):
    """Whether a count of hits agrees with a coverage within SLACK of `level`; `above`: nor may it be higher."""
    low = binom.ppf(ALARM, n, level - SLACK)
    high = binom.isf(ALARM, n, min(level + SLACK, 1.0)) if above else n
    return bool(low <= hits <= high)


def function(kind, places=PLACES):
    """A function of the order: additive dates, what precedence adds to them, something of higher order."""
    at, first = dates_and_precedence(places)
    rng = np.random.default_rng(11)
    dates, pairs = rng.normal(0, 1, (2, places.shape[1], places.shape[1]))
    additive = (at * dates).sum(axis=(1, 2))
    precedence = 0.7 * (np.triu(first, 1) * pairs).sum(axis=(1, 2))
    neighbours = 2.0 * (places[:, 0] + 1 == places[:, 1])
    return {"dates": additive, "both": additive + precedence, "all": additive + precedence + neighbours}[kind]


@lru_cache
def truth(kind):
    return order_effects(
        orders_dataset(np.repeat(function(kind)[:, np.newaxis], 5, axis=1), PLACES), "deaths", draws=100
    )


DESIGNS = {
    # What worlds meet, how many of them, and what the orders do.
    "full": dict(kind="all", runs=30),
    "few worlds": dict(kind="all", runs=12),
    "fraction": dict(kind="both", runs=30, orders=20),
    "blocked": dict(kind="all", runs=60, slots=8),
}
REPEATS = 200


@lru_cache
def repeated(design):
    """Effects of many experiments, the same for each test that asks."""
    how = DESIGNS[design]
    rng = np.random.default_rng(12)
    value = function(how["kind"])[:, np.newaxis]
    some = np.random.default_rng(1).permutation(24)[: how.get("orders", 24)]
    found = []
    for repeat in range(REPEATS):
        values = value + order_noise(rng, PLACES, how["runs"])
        if "slots" in how:
            chosen = rng.permuted(np.tile(np.arange(24), (how["runs"], 1)), axis=1)[:, : how["slots"]].T
            table = orders_dataset(np.take_along_axis(values, chosen, 0), PLACES[chosen])
        else:
            table = orders_dataset(values[some], PLACES[some])
        found.append(order_effects(table, "deaths", level=LEVEL, draws=299, rng=repeat))
    return found


def entries(dataset, name):
    values = dataset[name].values
    return values[PAIRS] if name.startswith(("swap", "precedence")) else values.ravel()


def held(found, what, name, ends=("low", "high")):
    """For each entry, in how many experiments the interval held the truth; and in how many all did."""
    low, high = (np.array([entries(one, f"{name}_{end}") for one in found]) for end in ends)
    inside = (low <= entries(what, name) + 1e-9) & (entries(what, name) - 1e-9 <= high)
    return inside.sum(axis=0), int(inside.all(axis=1).sum())


@pytest.mark.parametrize("design", DESIGNS)
def test_each_interval_holds_as_often_as_it_says(design):
    found, what = repeated(design), truth(DESIGNS[design]["kind"])
    for name in ("swap", "date", "precedence"):
        hits, _ = held(found, what, name)
        # Twenty orders leave seven over, too few to tell a misfit from none but by wider intervals.
        assert all(is_near(h, REPEATS, above=design != "fraction") for h in hits), (name, hits)


@pytest.mark.parametrize("design", DESIGNS)
def test_intervals_for_all_at_once_hold_all_at_once(design):
    found, what = repeated(design), truth(DESIGNS[design]["kind"])
    for name in ("swap", "date", "precedence"):
        _, every = held(found, what, name, ("low_all", "high_all"))
        # Bonferroni is cautious; the bootstrap is not to be.
        exact = design != "fraction" and found[0].attrs[f"simultaneous_{name}"] != "Bonferroni"
        assert is_near(every, REPEATS, above=exact), (name, every)
        # One at a time they do not hold all at once.
        assert not is_near(held(found, what, name)[1], REPEATS), name


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != "fraction"])
def test_intervals_of_variances_and_shares(design):
    found, what = repeated(design), truth(DESIGNS[design]["kind"])
    assert is_near(held(found, what, "variance")[0][0], REPEATS)
    hits = dict(zip(what["component"].values, held(found, what, "share")[0], strict=True))
    # A share that is exactly 0 or 1 is held more often than said: its estimate varies less than near by.
    edge = DESIGNS[design]["kind"] == "both"
    for name, h in hits.items():
        assert is_near(h, REPEATS, above=not (edge and name in ("both", "higher_order"))), (name, h)


def cyclic_function(places):
    """What three moves do that beat one another round: nothing of it is dates."""
    first = dates_and_precedence(places)[1]
    return (first[:, 0, 1] + first[:, 1, 2] + first[:, 2, 0]).astype(float)


@lru_cache
def designed(m, kind, size, seed):
    moves = [f"move{i}" for i in range(m)]
    return order_positions(order_design(moves, kind, size=size, rng=seed), moves)


def of_fraction(places, value, rng, runs=30, draws=100):
    values = value[:, np.newaxis] + order_noise(rng, places, runs, interplay=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return order_effects(orders_dataset(values, places), "deaths", level=LEVEL, draws=draws)


@pytest.mark.parametrize(
    ("kind", "size"),
    [("d_optimal", 12), ("d_optimal", 14), ("random", 14), ("reversed", 12), ("orthogonal_array", None)],
)
@pytest.mark.parametrize("what", ["dates", "cyclic"])
def test_small_fractions_tell_no_shares(kind, size, what):
    """Cyclic precedence had dates explain 1.00 [.98, 1.01] of it in 12 orders, and -.32 [-.40, -.25] in 14."""
    rng = np.random.default_rng(23)
    for seed in range(3):
        places = designed(4, kind, size, seed)
        value = cyclic_function(places) if what == "cyclic" else function("dates", places)
        found = of_fraction(places, value, rng)
        assert found["share"].isnull().all() and found["variance"].isnull()
        assert "24" in found.attrs["not_told"] and found.attrs["orders_needed"] == 24
        if np.linalg.matrix_rank(np.hstack([np.ones((len(places), 1)), *columns_of(places)])) < 13:
            assert found["date"].isnull().any() and found["lack_of_fit"].isnull()


def columns_of(places):
    at, first = dates_and_precedence(places)
    return at.reshape(len(places), -1), first.reshape(len(places), -1)


@pytest.mark.parametrize(
    ("m", "kind", "size", "repeats"), [(5, "random", 46, 60), (5, "d_optimal", None, 25), (6, "random", 72, 25)]
)
@pytest.mark.parametrize("what", ["dates", "cyclic", "all"])
def test_what_larger_fractions_tell_holds(m, kind, size, repeats, what):
    """Dates that are no line in the place, precedence that is no date, and what is neither; other orders each time."""
    every = all_places(m)
    make = cyclic_function if what == "cyclic" else lambda places: function(what, places)
    exact = order_effects(orders_dataset(np.repeat(make(every)[:, np.newaxis], 5, axis=1), every), "deaths", draws=100)
    rng, rates = np.random.default_rng(24), {}
    for seed in range(repeats):
        places = designed(m, kind, size, seed)
        found = of_fraction(places, make(places), rng)
        for name in ("swap", "date", "precedence", "variance", "share"):
            inside = (found[f"{name}_low"] <= exact[name] + 1e-9) & (exact[name] - 1e-9 <= found[f"{name}_high"])
            assert found[name].notnull().sum() == exact[name].notnull().sum()
            rates.setdefault(name, []).append(float(inside.where(found[name].notnull()).mean()))
    for name, held_by in rates.items():
        # Entries of one experiment hang together, so that the error is taken between experiments.
        error = np.std(held_by) / np.sqrt(repeats)
        assert np.mean(held_by) > LEVEL - 0.05 - 3.7 * max(error, 0.01), (name, np.mean(held_by))


def test_additive_dates_leave_nothing_to_precedence():
    """The share beyond positions is 0: within its interval, and as often below 0 as noise makes it."""
    rng = np.random.default_rng(13)
    shares, lacks = [], []
    for repeat in range(REPEATS):
        values = function("dates")[:, np.newaxis] + order_noise(rng, PLACES, 30)
        found = order_effects(orders_dataset(values, PLACES), "deaths", level=LEVEL, draws=199, rng=repeat)
        one = found.sel(component="precedence_beyond_positions")
        shares.append([float(one[name]) for name in ("share", "share_low", "share_high")])
        lacks.append(float(found["lack_of_fit"]))
    estimate, low, high = np.array(shares).T
    assert is_near(((low <= 0) & (high >= 0)).sum(), REPEATS, above=False)
    assert abs(estimate.mean()) < 4 * estimate.std() / np.sqrt(REPEATS)
    assert 0.3 < (estimate < 0).mean() < 0.8
    # Nor is there any lack of fit, which the test says as often as its level allows.
    assert is_near((np.array(lacks) > 1 - LEVEL).sum(), REPEATS)


@pytest.mark.parametrize(("design", "power"), [("full", 0.95), ("blocked", 0.4)])
def test_a_lack_of_fit_is_found(design, power):
    assert np.mean([float(one["lack_of_fit"]) < 1 - LEVEL for one in repeated(design)]) > power


@pytest.mark.parametrize(("m", "worlds", "slots"), [(4, 60, 8), (5, 20, 20)])
def test_the_lack_of_fit_keeps_its_level_in_blocks(m, worlds, slots):
    """Also where each order is met by three worlds, and the fit takes much of their noise."""
    rng, places = np.random.default_rng(14), all_places(m)
    lacks = []
    for repeat in range(REPEATS):
        values = function("both", places)[:, np.newaxis] + order_noise(rng, places, worlds)
        chosen = rng.permuted(np.tile(np.arange(len(places)), (worlds, 1)), axis=1)[:, :slots].T
        table = orders_dataset(np.take_along_axis(values, chosen, 0), places[chosen])
        lacks.append(float(order_effects(table, "deaths", draws=199, rng=repeat)["lack_of_fit"]))
    assert is_near((np.array(lacks) > 1 - LEVEL).sum(), REPEATS)
    # Without what the fit took of the residuals they were too small: 0.40 on average.
    assert abs(np.mean(lacks) - 0.5) < 4 * np.sqrt(1 / 12 / REPEATS)


def test_errors_from_few_worlds_with_orders_of_their_own():
    """Six worlds for twelve coefficients: the fit takes a quarter of the noise, which the errors give back."""
    rng = np.random.default_rng(22)
    estimates, squares = [], []
    for _ in range(REPEATS):
        values = function("both")[:, np.newaxis] + order_noise(rng, PLACES, 6, interplay=0.0)
        chosen = rng.permuted(np.tile(np.arange(24), (6, 1)), axis=1)[:, :12].T
        found = order_effects(
            orders_dataset(np.take_along_axis(values, chosen, 0), PLACES[chosen]), "deaths", draws=100
        )
        estimates.append(entries(found, "date"))
        squares.append(entries(found, "date_error") ** 2)
    off = np.array(estimates) - entries(truth("both"), "date")
    assert np.mean(squares) == pytest.approx(np.mean(off**2), rel=0.12)


def agrees(hits):
    """What the tests above ask of each entry of an interval."""
    return all(is_near(h, REPEATS) for h in np.atleast_1d(hits))


def test_a_sign_error_is_refused():
    found, what = repeated("full"), truth("all")
    for name in ("swap", "date", "precedence"):
        turned = [
            one.assign({f"{name}_low": -one[f"{name}_high"], f"{name}_high": -one[f"{name}_low"]}) for one in found
        ]
        assert agrees(held(found, what, name)[0]) and not agrees(held(turned, what, name)[0]), name


def test_errors_that_are_not_paired_within_worlds_are_refused():
    rng = np.random.default_rng(15)
    first = PLACES[:, PAIRS[0]] < PLACES[:, PAIRS[1]]
    target = entries(truth("all"), "swap")
    z = 1.645
    strangers, observations = np.zeros(6), np.zeros(6)
    for _ in range(REPEATS):
        values = function("all")[:, np.newaxis] + order_noise(rng, PLACES, 30, interplay=1.0)
        ahead, behind = (np.array([values[one].mean(axis=0) for one in which.T]) for which in (first, ~first))
        off = np.abs((ahead - behind).mean(axis=1) - target)
        # As if the worlds with the one order were others than those with the other.
        strangers += off <= z * np.sqrt((ahead.var(axis=1, ddof=1) + behind.var(axis=1, ddof=1)) / 30)
        # As if every order in every world were an observation of its own, the worlds' levels taken off.
        rest = values - values.mean(axis=0)
        each = [np.sqrt(rest[one].var() / rest[one].size + rest[~one].var() / rest[~one].size) for one in first.T]
        observations += off <= z * np.array(each)
    assert not agrees(strangers) and not agrees(observations)


def test_shares_with_the_noise_left_in_are_refused():
    """The plain ratio of sums of squares of the orders' means: too much is of higher order, in each of two counts."""
    rng, places = np.random.default_rng(16), all_places(5)
    at, first = dates_and_precedence(places)
    columns = np.hstack([np.ones((120, 1)), at.reshape(120, -1), first.reshape(120, -1)])
    leave = np.eye(120) - columns @ np.linalg.pinv(columns)
    value = function("all", places)[:, np.newaxis]
    exact = order_effects(orders_dataset(np.repeat(value, 5, axis=1), places), "deaths", draws=100)
    target = float(exact["share"].sel(component="higher_order"))
    right, wrong, held_by = [], [], np.zeros(2)
    for repeat in range(REPEATS):
        values = value + order_noise(rng, places, 30, own=3.0)
        found = order_effects(orders_dataset(values, places), "deaths", level=LEVEL, draws=100, rng=repeat)
        share, low, high = (float(found[v].sel(component="higher_order")) for v in ("share", "share_low", "share_high"))
        means = values.mean(axis=1)
        plain = float(means @ leave @ means / ((means - means.mean()) ** 2).sum())
        right.append(share - target)
        wrong.append(plain - target)
        held_by += [low <= target <= high, low <= target - (plain - share) <= high]

    def centred(errors):
        return abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(REPEATS)

    assert centred(right) and not centred(wrong)
    assert is_near(held_by[0], REPEATS) and not is_near(held_by[1], REPEATS)


def test_the_factor_for_all_at_once_knows_how_quantities_hang_together():
    """Ten copies of one quantity need no wider interval than one; ten that are independent do."""
    rng = np.random.default_rng(17)
    one = rng.standard_normal((1, 100))
    same = mean_intervals(np.repeat(one, 10, axis=0), 0.95, draws=1999, rng=rng)
    apart = mean_intervals(rng.standard_normal((10, 100)), 0.95, draws=1999, rng=rng)
    wide, wider = (float(((m.high_all - m.estimate) / (m.high - m.estimate)).mean()) for m in (same, apart))
    assert wide == pytest.approx(1.0, abs=0.08)
    assert wider == pytest.approx(2.80 / 1.96, rel=0.05)


def test_means_over_pairs_of_worlds_have_no_noise_in_them():
    """Squared length of a mean, 0 and 4, in four dimensions with errors of 1: unbiased, with intervals as they say."""
    rng = np.random.default_rng(18)
    for size in (0.0, 1.0):
        draws = size + rng.standard_normal((1000, 25, 4))
        found = [pair_mean(one @ one.T, LEVEL) for one in draws]
        estimates = np.array([one.estimate for one in found])
        assert abs(estimates.mean() - 4 * size) < 4 * estimates.std() / np.sqrt(1000)
        hits = sum(one.low <= 4 * size <= one.high for one in found)
        assert is_near(hits, 1000, above=size > 0), hits
        errors = np.array([one.error for one in found])
        assert errors.mean() == pytest.approx(estimates.std(), rel=0.15 if size else 0.35)


def test_a_ratio_to_nothing_has_no_ends():
    rng = np.random.default_rng(19)
    kinds = [pair_ratio(one[:, :2] @ one[:, :2].T, one @ one.T, LEVEL) for one in rng.standard_normal((300, 25, 4))]
    # Any ratio would do, and mostly that is what the interval says.
    assert np.mean([np.isinf(one.low) and np.isinf(one.high) for one in kinds]) > 0.8


def test_signs_flipped_at_random_keep_their_level():
    rng = np.random.default_rng(20)
    chances = [sign_flip_test(one @ one.T, draws=199, rng=rng) for one in rng.standard_normal((1000, 25, 6))]
    assert is_near((np.array(chances) > 0.1).sum(), 1000)


def test_what_few_worlds_carry_is_not_left_to_the_bootstrap():
    values = np.zeros((6, 40))
    values[:, :2] = 1.0
    found = mean_intervals(values, 0.95, draws=199, rng=np.random.default_rng(21))
    assert found.method.startswith("Bonferroni")
    assert ((found.high_all - found.estimate) > 1.3 * (found.high - found.estimate)).all()
