"""Effects of order against brute force, and on functions of the order whose effects are known."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import t as student

import settlesim as ss
from made_orders import (
    MOVES,
    all_places,
    blocks,
    cyclic,
    dates_and_precedence,
    effects_of,
    exchanged,
    kept,
    order_noise,
    orders_dataset,
    pairwise,
)
from settlesim.analysis.order_effects import order_effects
from settlesim.errors import UsageError
from support import shipped

A, B, C = MOVES[:3]


@pytest.mark.parametrize("before", [(), ((0, 1),), ((0, 2), (1, 2), (2, 4))])
def test_swaps_and_dates_by_brute_force(before):
    """Each order against the one that differs by the exchange of two moves, where the plan admits both."""
    places = kept(all_places(5), *before) if before else all_places(5)
    rng = np.random.default_rng(1)
    places = rng.permutation(places)
    function = rng.normal(0, 1, len(places))
    effects = effects_of(function, places)
    value = {tuple(p): y for p, y in zip(places.tolist(), function, strict=True)}
    for a, b in permutations(range(5), 2):
        gaps = [y - value[exchanged(p, a, b)] for p, y in value.items() if p[a] < p[b] and exchanged(p, a, b) in value]
        found = float(effects["swap"][a, b])
        assert found == pytest.approx(np.mean(gaps)) if gaps else np.isnan(found), (a, b)
    for move in range(5):
        for place in range(1, 6):
            there = places[:, move] == place
            found = float(effects["date"][move, place - 1])
            known = 0 < there.sum() < len(places)
            assert found == pytest.approx(function[there].mean() - function.mean()) if known else np.isnan(found)
    assert effects.attrs["swap_by"] == effects.attrs["date_by"] == "exact"
    assert effects.attrs["orders"] == effects.attrs["possible"] == len(places)


def test_additive_dates():
    places = all_places(5)
    at, _ = dates_and_precedence(places)
    coefficients = np.random.default_rng(2).normal(0, 1, (5, 5))
    coefficients -= coefficients.mean(axis=0)
    coefficients -= coefficients.mean(axis=1, keepdims=True)
    effects = effects_of((at * coefficients).sum(axis=(1, 2)), places)
    # Coefficients of the component-position model are (m - 1) / m of the deviations from the mean.
    assert np.allclose(effects["date"] * 4 / 5, coefficients)
    assert np.allclose(effects["precedence"].fillna(0), 0, atol=1e-9)
    share = effects["share"].to_series()
    assert share["positions"] == pytest.approx(1) and share["both"] == pytest.approx(1)
    assert share["precedence_beyond_positions"] == pytest.approx(0, abs=1e-9)
    assert share["higher_order"] == 0 and effects["lack_of_fit"] == 1


def test_pure_precedence_is_found_with_its_size():
    """Σ β z: swaps by the moments of the full design, 2 β + 2/3 Σ (β_ac - β_bc), and nothing left to dates."""
    places, beta = all_places(5), cyclic()
    effects = effects_of(pairwise(places, beta), places)
    off = ~np.eye(5, dtype=bool)
    assert np.allclose(effects["precedence"].values[off], 2 * beta[off])
    assert np.allclose(effects["date"], 0, atol=1e-9)
    won = beta.sum(axis=1)
    swaps = 2 * beta + 2 / 3 * (won[:, np.newaxis] - won - 2 * beta)
    assert np.allclose(effects["swap"].values[off], swaps[off])
    share = effects["share"].to_series()
    assert share["precedence"] == pytest.approx(1) and share["positions"] == pytest.approx(0, abs=1e-9)
    assert share["precedence_beyond_positions"] == pytest.approx(1)


def test_precedence_that_follows_from_a_ranking_is_all_dates():
    """β_ab = g_a - g_b: how much comes after each move, which its place says."""
    places = all_places(5)
    strength = np.array([1.0, 0.2, -0.4, 2.0, 0.0])
    effects = effects_of(pairwise(places, strength[:, np.newaxis] - strength), places)
    assert np.allclose(effects["precedence"].fillna(0), 0, atol=1e-9)
    share = effects["share"].to_series()
    assert share["positions"] == pytest.approx(1) and share["precedence"] == pytest.approx(1)


def test_a_pure_swap():
    """Only which of two comes first matters: their swap has its size, and drags a third of it along."""
    places = all_places(6)
    effects = effects_of(5.0 * (places[:, 0] < places[:, 1]), places)
    swap = effects["swap"]
    assert float(swap.sel(first=A, second=B)) == pytest.approx(5)
    assert float(swap.sel(first=B, second=A)) == pytest.approx(-5)
    assert float(swap.sel(first=A, second=C)) == pytest.approx(5 / 3)
    assert float(swap.sel(first=B, second=C)) == pytest.approx(-5 / 3)
    assert float(swap.sel(first=C, second=MOVES[3])) == pytest.approx(0)


def test_what_two_neighbours_do_is_of_higher_order():
    places = all_places(5)
    effects = effects_of((places[:, 0] + 1 == places[:, 1]) * 1.0, places)
    share = effects["share"].to_series()
    assert share["higher_order"] > 0.2
    assert share["both"] + share["higher_order"] == pytest.approx(1)
    assert effects["lack_of_fit"] < 0.05


def test_errors_are_paired_within_worlds():
    """A world is one observation: Student's interval of the differences within worlds."""
    places = all_places(4)
    rng = np.random.default_rng(4)
    values = order_noise(rng, places, 30)
    effects = order_effects(orders_dataset(values, places), "deaths", level=0.9)
    first = places[:, 0] < places[:, 2]
    paired = values[first].mean(axis=0) - values[~first].mean(axis=0)
    error = paired.std(ddof=1) / np.sqrt(30)
    one = effects.sel(first=A, second=C)
    assert float(one["swap"]) == pytest.approx(paired.mean())
    assert float(one["swap_error"]) == pytest.approx(error)
    reach = student.ppf(0.95, 29) * error
    assert float(one["swap_low"]) == pytest.approx(paired.mean() - reach)
    assert float(one["swap_high"]) == pytest.approx(paired.mean() + reach)
    other = effects.sel(first=C, second=A)
    assert float(other["swap_low"]) == -float(one["swap_high"]) and float(other["swap_high"]) == -float(one["swap_low"])
    assert float(other["swap_low_all"]) == -float(one["swap_high_all"]) < -float(one["swap_high"])


def test_variances_are_means_over_pairs_of_worlds():
    """By the double loop: products of two worlds, projected on nothing, on positions, on precedence, on both."""
    places = all_places(4)
    values = order_noise(np.random.default_rng(5), places, 12)
    effects = order_effects(orders_dataset(values, places), "deaths")
    at, first = dates_and_precedence(places)
    columns = {"positions": at.reshape(24, -1), "precedence": first.reshape(24, -1)}
    columns["both"] = np.hstack([columns["positions"], columns["precedence"]])

    def variance(project):
        centred = values - values.mean(axis=0)
        pairs = [(r, s) for r in range(12) for s in range(12) if r != s]
        return np.mean([centred[:, r] @ project @ centred[:, s] for r, s in pairs]) / 23

    total = variance(np.eye(24))
    assert float(effects["variance"]) == pytest.approx(total)
    for name, x in columns.items():
        x = x - x.mean(axis=0)
        found = float(effects["share"].sel(component=name))
        assert found == pytest.approx(variance(x @ np.linalg.pinv(x)) / total), name


def test_two_and_three_moves():
    two = effects_of(np.array([3.0, 1.0]), all_places(2))
    assert float(two["swap"][0, 1]) == 2 and two["precedence"].isnull().all()
    assert float(two["share"].sel(component="positions")) == 1 and two["lack_of_fit"].isnull()
    three = effects_of(np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0]), all_places(3))
    assert float(three["share"].sel(component="higher_order")) == 0 and three["lack_of_fit"].isnull()


def coded(places, runs=30):
    rng = np.random.default_rng(6)
    table = orders_dataset(rng.integers(0, 3, (*places.shape[:-1][:1], runs)).astype(np.int8), places, name="outcome")
    flags = {"flag_values": np.arange(3, dtype=np.int8), "flag_meanings": "victory settlement continued_war"}
    table["outcome"].attrs |= {**flags, "units": "1", "kind": "code"}
    return table


def test_one_meaning_of_a_coded_outcome():
    table = coded(all_places(3))
    effects = order_effects(table, "outcome", kind="settlement")
    share = table["outcome"].values == 1
    first = all_places(3)[:, 0] < all_places(3)[:, 1]
    assert float(effects["swap"][0, 1]) == pytest.approx(share[first].mean() - share[~first].mean())
    assert effects["swap"].attrs["kind"] == "share"
    with pytest.raises(UsageError, match="say with kind= which of victory, settlement, continued_war counts"):
        order_effects(table, "outcome")
    with pytest.raises(UsageError, match="did you mean 'settlement'"):
        order_effects(table, "outcome", kind="setlement")


@pytest.mark.parametrize("layout", ["crossed", "blocked", "coded", "truths"])
def test_missing_runs_stay_missing(layout):
    places = blocks(30) if layout == "blocked" else all_places(4)
    values = np.random.default_rng(2).normal(0, 1, (len(places), 30))
    how = {}
    if layout == "coded":
        table, how = coded(places), {"kind": "settlement"}
    else:
        table = orders_dataset(values > 0 if layout == "truths" else values, places)
    name = next(iter(table.data_vars))
    mask = xr.DataArray(np.arange(30) % 3 > 0, dims="run")
    masked = order_effects(table.where(mask), name, **how)
    chosen = order_effects(table.isel(run=np.flatnonzero(mask.values)), name, **how)
    # A code tells runs that are not there from runs that lack an amount.
    assert masked.attrs.pop("left_out") == (0 if layout == "coded" else 10) and chosen.attrs.pop("left_out") == 0
    if layout == "truths":  # as objects they no longer say that they are truths
        masked, chosen = (one.drop_attrs() for one in (masked, chosen))
        masked, chosen = (
            one.drop_vars([v for v in one if v.endswith(("_low", "_high", "_all"))]) for one in (masked, chosen)
        )
    xr.testing.assert_identical(masked, chosen)


def test_a_run_that_lacks_one_order_is_left_out_and_counted():
    places = all_places(4)
    values = order_noise(np.random.default_rng(1), places, 20)
    holed = values.copy()
    holed[5, 3] = holed[7, 11] = np.nan
    effects = order_effects(orders_dataset(holed, places), "deaths")
    assert (effects.attrs["n"], effects.attrs["left_out"]) == (18, 2)
    whole = order_effects(orders_dataset(np.delete(values, [3, 11], axis=1), places), "deaths")
    xr.testing.assert_equal(effects, whole)


def test_orders_and_runs_may_stand_in_any_order():
    places = all_places(4)
    table = orders_dataset(order_noise(np.random.default_rng(1), places, 25), places)
    rng = np.random.default_rng(2)
    shuffled = table.isel(order=rng.permutation(24))
    for name in ("swap", "swap_low", "date", "precedence", "share", "share_high", "variance"):
        one, other = (order_effects(t, "deaths")[name] for t in (table, shuffled))
        assert np.allclose(one, other, equal_nan=True), name
    assert np.allclose(
        order_effects(table, "deaths")["swap"],
        order_effects(table.transpose("run", "order", "move"), "deaths")["swap"],
        equal_nan=True,
    )


@pytest.mark.parametrize("layout", ["crossed", "blocked"])
def test_the_order_of_runs_changes_nothing(layout):
    """Not even the draws of signs: they go with the runs."""
    places = blocks(30, places=all_places(4)) if layout == "blocked" else all_places(4)
    table = orders_dataset(np.random.default_rng(1).normal(0, 1, (len(places), 30)), places)
    turned = table.isel(run=np.random.default_rng(2).permutation(30))
    one, other = (order_effects(t, "deaths") for t in (table, turned))
    xr.testing.assert_identical(one, other)


def test_a_run_that_stands_twice_and_an_infinite_value_are_refused():
    places = all_places(3)
    table = orders_dataset(np.random.default_rng(1).normal(0, 1, (6, 8)), places)
    with pytest.raises(UsageError, match="run 0 stands twice"):
        order_effects(xr.concat([table, table], "run"), "deaths")
    table["deaths"][2, 5] = np.inf
    with pytest.raises(UsageError, match="'deaths' is infinite in run 5"):
        order_effects(table, "deaths")


def test_a_null_of_order_is_nothing_and_says_how_sure_it_is():
    places = all_places(4)
    level = np.random.default_rng(1).normal(9e5, 1e5, 40)
    nothing = order_effects(orders_dataset(np.broadcast_to(level, (24, 40)), places), "deaths")
    assert (nothing["swap"].fillna(0) == 0).all() and (nothing["swap_error"].fillna(0) == 0).all()
    assert nothing["variance"] == 0 and nothing["share"].isnull().all() and nothing["lack_of_fit"] == 1
    truths = np.broadcast_to(level > 9e5, (24, 40))
    share = order_effects(orders_dataset(truths, places, attrs={"kind": "share", "units": "1"}), "deaths")
    # Of a world in which the order matters none was seen in 40, which 8.8% of worlds could hide.
    assert float(share["swap_high"][0, 1]) == pytest.approx(1 - 0.025 ** (1 / 40))
    assert float(share["swap_low"][0, 1]) == -float(share["swap_high"][0, 1])
    assert float(share["swap_high_all"][0, 1]) == pytest.approx(1 - (0.025 / 6) ** (1 / 40))


def test_the_seed_decides_the_draws_and_nothing_else():
    places = all_places(4)
    table = orders_dataset(order_noise(np.random.default_rng(1), places, 25), places)
    one, same, other = (order_effects(table, "deaths", rng=seed) for seed in (1, 1, 2))
    xr.testing.assert_identical(one, same)
    assert not one["swap_low_all"].equals(other["swap_low_all"])
    xr.testing.assert_identical(one["swap_low"], other["swap_low"])
    few = order_effects(table.isel(run=slice(0, 8)), "deaths")
    assert (one.attrs["simultaneous_swap"], few.attrs["simultaneous_swap"]) == (
        "max-t, multiplier bootstrap over worlds",
        "Bonferroni",
    )


def test_what_has_no_effects_of_order():
    places = all_places(3)
    table = orders_dataset(np.zeros((6, 4)), places)
    with pytest.raises(UsageError, match="did you mean 'deaths'"):
        order_effects(table, "death")
    with pytest.raises(UsageError, match="not a dataset of orders"):
        order_effects(ss.compare(shipped("two-party"), runs=4, rng=7), "deaths")
    with pytest.raises(UsageError, match="is not coded"):
        order_effects(table, "deaths", kind="settlement")
    with pytest.raises(UsageError, match="level must lie"):
        order_effects(table, "deaths", level=95)
    with pytest.raises(UsageError, match="draws must be at least"):
        order_effects(table, "deaths", draws=3)
    with pytest.raises(UsageError, match="in 1 of 4 runs"):
        order_effects(table.where(table["run"] == 2), "deaths")
    with pytest.raises(UsageError, match="stands twice"):
        order_effects(table.isel(order=[0, 1, 1]), "deaths")
    with pytest.raises(UsageError, match="at least two orders"):
        order_effects(table.isel(order=[0]), "deaths")
    with pytest.raises(UsageError, match="also varies by track"):
        order_effects(table.assign(deaths=table["deaths"].expand_dims(track=2)), "deaths")
    with pytest.raises(UsageError, match="each place from 1 to 3 once"):
        order_effects(table.assign_coords(position=table["position"] - 1), "deaths")
