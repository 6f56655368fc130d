"""The value of knowing a parameter, where it is known exactly."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom, norm

from analysis.crossed import crossed
from settlesim.analysis.information import evppi
from settlesim.errors import UsageError


def loss(mean, sd):
    """E max(0, N(mean, sd)) - max(0, mean): the unit normal loss."""
    return sd * norm.pdf(mean / sd) - abs(mean) * norm.cdf(-abs(mean) / sd)


def linear(rng, n=300, k=4, own=True, common=0.0):
    """b is better than a by N(.3, ...): 1 by `strong`, .5 by `weak`, 0 by `idle`, and by luck."""
    drawn = {name: rng.normal(0, 1, n) for name in ("strong", "weak", "idle")}
    gain = 0.3 + drawn["strong"] + 0.5 * drawn["weak"]
    each = gain[:, None] + rng.normal(0, 2, (n, k)) + common * rng.normal(0, 1, k)
    shared = rng.normal(0, 5, (n, k))
    return crossed(parameters=drawn, own=own, y=np.stack([shared, shared + each], axis=1))


TRUTH = {"strong": loss(0.3, 1.0), "weak": loss(0.3, 0.5), "idle": 0.0}


def test_a_linear_gaussian_case_is_covered():
    repeats = 30
    hits, values = dict.fromkeys(TRUTH, 0), {name: [] for name in TRUTH}
    for seed in range(repeats):
        table = evppi(linear(np.random.default_rng(seed)), "y", rng=seed, folds=3)
        for name, truth in TRUTH.items():
            one = table.sel(parameter=name)
            hits[name] += bool(one.low <= truth <= one.high)
            values[name].append(float(one.value))
    # One in 1,000 for each; 90% since choices by fitted curves cost a little.
    assert min(hits.values()) >= binom.ppf(0.001, repeats, 0.9), hits
    for name, truth in TRUTH.items():
        error = np.std(values[name]) / np.sqrt(repeats)
        assert abs(np.mean(values[name]) - truth) < 4 * error + 0.01, name


def test_the_most_valuable_comes_first_and_says_what_it_changes():
    table = evppi(linear(np.random.default_rng(1), n=600), "y")
    assert table.parameter.values.tolist() == ["strong", "weak", "idle"]
    assert table.attrs["choice"] == "b" and table.units.values[0] == "a year"
    # P(.3 + strong < 0)
    assert float(table.switches[0]) == pytest.approx(norm.cdf(-0.3), abs=0.08)
    turned = evppi(linear(np.random.default_rng(1), n=600), "y", best="lowest")
    assert turned.attrs["choice"] == "a" and turned.parameter.values[0] == "strong"


def test_the_plug_in_estimate_is_too_high():
    """A parameter that tells nothing, and two sequences that are equally good: knowing it is worth nothing."""
    rng, repeats = np.random.default_rng(2), 30
    tables = []
    for _ in range(repeats):
        each = rng.normal(0, 1, (100, 2))
        tables.append(
            evppi(crossed(parameters={"idle": rng.random(100)}, y=np.stack([0 * each, each], axis=1)), "y", folds=2)
        )
    for name, biased in (("value", False), ("plug_in", True)):
        values = np.array([float(table[name][0]) for table in tables])
        assert (abs(values.mean()) > 3 * values.std() / np.sqrt(repeats)) == biased, name


def test_luck_in_common_does_not_pay_for_its_own_choices():
    """What the parameter does hangs on luck that is not known beforehand, so that knowing it is worth nothing."""
    rng, repeats = np.random.default_rng(3), 30
    values = {True: [], False: []}
    for _ in range(repeats):
        x = rng.normal(0, 1, 80)
        each = x[:, None] * rng.normal(0, 1, 6) + rng.normal(0, 0.3, (80, 6))
        for own, found in values.items():
            table = evppi(crossed(parameters={"x": x}, own=own, y=np.stack([0 * each, each], axis=1)), "y", folds=2)
            found.append(float(table.value[0]))
    apart = {own: abs(np.mean(found)) / (np.std(found) / np.sqrt(repeats)) for own, found in values.items()}
    # Three standard errors; the luck taken for the worlds' own pays what it chose.
    assert apart[False] < 3 < apart[True]


def test_three_alternatives_and_a_parameter_of_few_values():
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 3, 400)
    best = (kind[:, None] == np.arange(3)) * 1.0
    dataset = crossed("abc", {"kind": kind.astype(float)}, y=best[:, :, None] + rng.normal(0, 1, (400, 3, 5)))
    table = evppi(dataset, "y")
    # Always right instead of right in a third: 1 - 1/3.
    assert float(table.value[0]) == pytest.approx(2 / 3, abs=0.1) and float(table.low[0]) > 0.4
    two = evppi(dataset, "y", sequences=["a", "b"])
    assert float(two.value[0]) == pytest.approx(1 / 3, abs=0.1)


def test_masked_worlds_are_as_if_left_out():
    dataset = linear(np.random.default_rng(4), n=120)
    mask = xr.DataArray(np.arange(120) % 3 > 0, dims="point", coords={"point": dataset.point})
    assert evppi(dataset.where(mask), "y").identical(evppi(dataset.isel(point=mask.values), "y"))


def test_what_cannot_be_asked():
    dataset = linear(np.random.default_rng(5), n=60)
    with pytest.raises(UsageError, match="at least two sequences"):
        evppi(dataset, "y", sequences=["a"])
    with pytest.raises(UsageError, match="did you mean 'weak'"):
        evppi(dataset, "y", parameters=["week"])
    with pytest.raises(UsageError, match="5 folds need at least 20 worlds"):
        evppi(dataset.isel(point=slice(10)), "y")
    with pytest.raises(UsageError, match="no parameter varies"):
        evppi(dataset.drop_vars(["strong", "weak", "idle"]), "y")
