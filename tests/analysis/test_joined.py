"""Joining along runs equals one call; along sequences only what met the same luck, and nothing else is ever paired."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import settlesim as ss
from settlesim.results.common_luck import LUCK_COORDS, luck_coords
from support import changed, shipped

TWO = changed(shipped("two-party"), horizon=16, targets=[])
PAIR = ["talk", "give_first"]


def moves():
    from settlesim.scenario.steps import deliver, open_track

    steps = {"talks": open_track("talks"), "gift": deliver("prisoners"), "peace": deliver("ceasefire")}
    return ss.Plan(steps, pace=8)


def held(value):
    return TWO.sequence("talk").with_levers(guarantee=value)


CALLS = {
    "compare": lambda **how: ss.compare(TWO, rng=7, **how),
    "one sequence, weekly": lambda **how: ss.simulate(TWO, rng=7, record=["trust"], **how),
    "levers": lambda **how: ss.compare(TWO, ["talk", held(0.3).model_copy(update={"name": "held"})], rng=7, **how),
    "designed": lambda **how: ss.compare(TWO, PAIR, rng=7, method=ss.Sampling("latin_hypercube", 2, total=24), **how),
    "sweep": lambda **how: ss.sweep(TWO, {"guarantee": [0.1, 0.4]}, sequences=PAIR, rng=7, **how),
    "orders": lambda **how: ss.orders(TWO, moves(), rng=7, **how),
    "orders dealt": lambda **how: ss.orders(TWO, moves(), each=2, rng=7, **how),
}


@pytest.mark.parametrize("name", CALLS)
def test_joining_along_runs_is_one_call(name):
    call = CALLS[name]
    whole = call(runs=range(24))
    joined = ss.join([call(runs=range(9, 24)), call(runs=range(2, 9)), call(runs=range(2))])
    xr.testing.assert_identical(joined, whole)
    assert list(joined.data_vars) == list(whole.data_vars) and list(joined.coords) == list(whole.coords)
    assert {name: v.dtype for name, v in joined.variables.items()} == {n: v.dtype for n, v in whole.variables.items()}
    assert joined.attrs["runs_completed"] == 24


def test_runs_that_no_result_holds_are_an_interruption():
    joined = ss.join([ss.compare(TWO, PAIR, runs=some, rng=7) for some in (range(4), range(6, 9))])
    assert joined.attrs["interrupted"] == 1 and joined.attrs["runs_completed"] == 7
    assert ss.summary(joined, "settled").settled.sel(statistic="n").values.tolist() == [7, 7]


def few(scenario=TWO, sequences=None, rng=7, runs=6, **how):
    return ss.compare(scenario, sequences or PAIR, rng=rng, runs=runs, **how)


def other_war():
    return TWO.with_parameters(guarantee=0.4)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda: few(rng=8, runs=range(6, 9)), "different experiments: entropy is 7 in the one and 8"),
        (lambda: few(other_war(), runs=range(6, 9)), "scenario_digest"),
        (lambda: few(method="latin_hypercube"), "method is monte_carlo in the one and latin"),
        (lambda: few(sequences=PAIR[:1], runs=range(6, 9)), "differ along 'sequence'"),
        (lambda: few(runs=range(5, 9)), "run 5 stands in two"),
        (lambda: few(runs=range(6, 9), record=["trust"]), "trust_weekly stands in one alone"),
        (lambda: None, "not a NoneType"),
    ],
)
def test_what_is_no_part_of_one_experiment_is_not_joined(other, said):
    with pytest.raises(ss.UsageError, match=said):
        ss.join([few(), other()])


def test_a_join_of_nothing_and_of_scenarios_along_runs():
    with pytest.raises(ss.UsageError, match="no result"):
        ss.join([])
    with pytest.raises(ss.UsageError, match="across= is for sequences"):
        ss.join([few()], across=True)
    with pytest.raises(ss.UsageError, match="unknown dimension to join along 'week'"):
        ss.join([few()], dim="week")


def test_joining_along_sequences_is_one_call():
    joined = ss.join([few(sequences=[name]) for name in PAIR], dim="sequence")
    xr.testing.assert_identical(joined, few())
    grid = {"guarantee": [0.1, 0.4]}
    parts = [ss.sweep(TWO, grid, sequences=[name], runs=4, rng=7) for name in PAIR]
    xr.testing.assert_identical(ss.join(parts, dim="sequence"), ss.sweep(TWO, grid, sequences=PAIR, runs=4, rng=7))
    with pytest.raises(ss.UsageError, match="hold different runs"):
        ss.join([few(sequences=PAIR[:1]), few(sequences=PAIR[1:], runs=5)], dim="sequence")
    with pytest.raises(ss.UsageError, match="sequence talk stands in two"):
        ss.join([few(), few(sequences=PAIR[:1])], dim="sequence")
    with pytest.raises(ss.UsageError, match="entropy is 7 in the one and 8"):
        ss.join([few(sequences=PAIR[:1]), few(sequences=PAIR[1:], rng=8)], dim="sequence")


# ---- what met other luck ----


def stacked(*parts):
    return xr.concat(parts, "sequence", join="outer", data_vars="all", coords="different", compat="equals")


def worlds(sequences, **how):
    return ss.nested(TWO, sequences, worlds=4, luck=how.pop("luck", 3), rng=how.pop("rng", 7), **how)


PAIRING = {
    "differences": lambda data: ss.differences(data, "settled"),
    "rank": lambda data: ss.rank(data, "deaths", resamples=10),
    "plots.differences": lambda data: ss.plots.differences(data, "deaths"),
}
UNLIKE = {
    "entropy": (lambda: few(sequences=PAIR[1:], rng=8), "'talk' has entropy 7, 'give_first' 8"),
    "method": (
        lambda: few(sequences=PAIR[1:], method="latin_hypercube"),
        "'talk' has method monte_carlo, 'give_first' latin_hypercube",
    ),
    "scenario": (lambda: few(other_war(), PAIR[1:]), "scenario digest .*, 'give_first' .*across=True"),
}


@pytest.mark.parametrize("name", PAIRING)
@pytest.mark.parametrize("other", UNLIKE)
def test_unlike_luck_is_never_paired(name, other):
    make, said = UNLIKE[other]
    mixed = stacked(few(sequences=PAIR[:1]), make())
    with pytest.raises(ss.UsageError, match=said):
        PAIRING[name](mixed)
    # What pairs nothing can be told of both.
    assert ss.summary(mixed, "deaths").deaths.sizes["sequence"] == 2


def test_totals_of_designed_samples_are_told_apart():
    one, other = (few(sequences=[PAIR[i]], method=ss.Sampling("latin_hypercube", total=6 + 6 * i)) for i in (0, 1))
    with pytest.raises(ss.UsageError, match="total of the sample 6, 'give_first' 12"):
        ss.differences(stacked(one, other), "deaths")


BY_WORLD = {
    "flips_of": lambda data: ss.flips_of(data, "talk", "give_first", "deaths"),
    "rank": lambda data: ss.rank(data, "deaths", resamples=10),
    "evppi": lambda data: ss.evppi(data, "deaths"),
}


@pytest.mark.parametrize("analysis", BY_WORLD)
def test_unlike_luck_is_never_paired_world_by_world(analysis):
    one = worlds(PAIR[:1])
    for other, said in ((worlds(PAIR[1:], rng=8), "entropy 7"), (worlds(PAIR[1:], luck=2), "method nested, luck 3")):
        with pytest.raises(ss.UsageError, match=said):
            BY_WORLD[analysis](stacked(one, other))


def test_orders_that_met_other_luck():
    first, second = (ss.orders(TWO, moves(), runs=4, rng=rng) for rng in (7, 8))
    mixed = xr.concat(
        [first.isel(order=slice(3)), second.isel(order=slice(3, None))],
        "order", join="outer", data_vars="all", coords="different", compat="equals",
    )  # fmt: skip
    with pytest.raises(ss.UsageError, match=r"orders cannot be compared world by world: .* has entropy 7, .* 8"):
        ss.order_effects(mixed, "deaths")


def test_a_sequence_that_stands_twice():
    twice = stacked(few(), few(sequences=PAIR[:1]))
    for analysis in PAIRING.values():
        with pytest.raises(ss.UsageError, match="sequence talk stands twice"):
            analysis(twice)


def test_scenarios_are_compared_on_purpose():
    """Other parameters under the same luck: refused, unless asked for; then each run is paired with itself."""
    here, there = few(sequences=["talk"]), few(other_war(), ["talk"]).assign_coords(sequence=["guaranteed"])
    with pytest.raises(ss.UsageError, match="scenario_digest"):
        ss.join([here, there], dim="sequence")
    both = ss.join([here, there], dim="sequence", across=True)
    assert both.attrs["across"] == "scenario"
    table = ss.differences(both, "deaths", baseline="talk")
    expected = there.deaths.values[0] - here.deaths.values[0]
    assert table.difference.item() == pytest.approx(expected.mean())
    assert ss.rank(both, "deaths", resamples=10).sizes["sequence"] == 2
    with pytest.raises(ss.UsageError, match="entropy"):
        ss.join([here, few(other_war(), ["talk"], rng=8).assign_coords(sequence=["b"])], dim="sequence", across=True)
    # The attribute is of scenarios alone: it lets no other luck pass.
    forged = stacked(here, few(sequences=PAIR[1:], rng=8)).assign_attrs(across="scenario")
    with pytest.raises(ss.UsageError, match="entropy 7"):
        ss.differences(forged, "deaths")


RESULTS = {
    **CALLS,
    "evaluate": lambda runs: ss.evaluate(TWO, {"guarantee": [0.1, 0.4]}, PAIR, luck=2, rng=7),
    "nested": lambda runs: worlds(PAIR),
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_says_what_luck_its_lines_met(name):
    result = RESULTS[name](runs=range(2))
    dim = next(dim for dim in ("sequence", "order", "slot") if dim in result.dims)
    for coord in LUCK_COORDS:
        assert result[coord].dims == (dim,), coord
    assert set(result["entropy_of"].values) == {"7"}
    assert set(result["scenario_digest_of"].values) == {TWO.digest()}


def test_replicates_are_part_of_the_method():
    attrs = {"entropy": "7", "method": "sobol", "scenario_digest": "d", "total": 8}
    assert luck_coords("sequence", 1, attrs | {"replicates": 4})["method_of"][1] == ["sobol, 4 replicates"]
    assert np.unique(luck_coords("sequence", 2, attrs)["total_of"][1]).tolist() == [8]
