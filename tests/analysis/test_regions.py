"""Regions that are there are found and confirmed; those of noise are not."""

import importlib

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

from analysis.crossed import against_nothing
from settlesim.analysis.flips import flips_of
from settlesim.analysis.regions import regions
from settlesim.errors import UsageError


def drawn(seed, effect, n=400, idle=10):
    """Worlds in which a is better by .8, but where linkage is low and trust high it is less so by `effect`."""
    rng = np.random.default_rng(seed)
    parameters = {name: rng.random(n) for name in ("linkage", "trust", *(f"idle.{i}" for i in range(idle)))}
    corner = (parameters["linkage"] < 0.4) & (parameters["trust"] > 0.3)
    each = 0.8 - effect * corner[:, None] + rng.normal(0, 0.2, (n, 1)) + rng.normal(0, 2, (n, 10))
    return flips_of(against_nothing(each, parameters=parameters), "a", "b", "y", resamples=2)


def test_a_corner_is_found_and_turns():
    table = regions(drawn(1, 1.6))
    boxes = table.sel(box=table.method == "prim")
    rule = str(boxes.rule.values[0])
    assert boxes.sizes["box"] == 1 and boxes.verdict.values[0] == "turns"
    assert "linkage <= 0.4" in rule or "linkage <= 0.3" in rule
    assert "trust >= 0.2" in rule or "trust >= 0.3" in rule
    assert "a year" in rule and "idle" not in rule
    assert float(boxes.density[0]) > 0.85 and float(boxes.coverage[0]) > 0.7
    # Expected: -.8 within, .8 without.
    assert float(boxes.low[0]) < -0.8 < float(boxes.high[0]) and float(boxes.difference[0]) < 0 < float(
        boxes.outside[0]
    )
    leaves = table.sel(box=table.method == "tree")
    assert "turns" in leaves.verdict.values
    assert table.attrs["worlds_found"] + table.attrs["worlds_held_out"] == 400


def test_a_weaker_difference_is_not_said_to_turn():
    table = regions(drawn(2, 0.7, n=800), parameters=["linkage", "trust"])
    assert "turns" not in table.verdict.values and "weaker" in table.verdict.values


def test_noise_is_no_region():
    """In 20 experiments without any region one or two may be confirmed at 95%; in-sample all would be."""
    confirmed, in_sample = 0, 0
    for seed in range(20):
        found = drawn(seed, 0.0, n=160, idle=6)
        table = regions(found, rng=seed)
        confirmed += bool((table.verdict != "not confirmed").any())
        difference = found.world_difference.values
        for rule in table.rule.values[table.method.values == "prim"]:
            inside = np.all([holds(found, part) for part in str(rule).split(" and ")], axis=0)
            in_sample += difference[inside].mean() < difference[~inside].mean() - 0.1
    assert confirmed <= binom.ppf(0.999, 20, 0.05)
    assert in_sample > confirmed + 5


def holds(found, part):
    name, sign, limit, *_ = part.split()
    return found[name].values >= float(limit) if sign == ">=" else found[name].values <= float(limit)


def test_a_difference_the_other_way_round_gives_the_same_regions():
    found = drawn(1, 1.6)
    turned = found.assign(world_difference=-found.world_difference, difference=-found.difference)
    one, other = regions(found), regions(turned)
    assert one.rule.values.tolist() == other.rule.values.tolist()
    assert one.verdict.values.tolist() == other.verdict.values.tolist()
    assert one.difference.values == pytest.approx(-other.difference.values)


def test_what_cannot_be_asked(monkeypatch):
    found = drawn(1, 1.6)
    with pytest.raises(UsageError, match="did you mean 'linkage'"):
        regions(found, parameters=["linkages"])
    with pytest.raises(UsageError, match="at least 40 worlds"):
        regions(found.isel(point=slice(30)))
    with pytest.raises(UsageError, match="without weights"):
        regions(found.assign(world_weight=found.world_weight * np.arange(400)))
    with pytest.raises(UsageError, match="returns"):
        regions(xr.Dataset())

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r'pip install "settlesim\[discover\]"'):
        regions(found)
