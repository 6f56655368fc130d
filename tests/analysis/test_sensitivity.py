"""Sensitivity indices of a difference whose variance is known part by part."""

import numpy as np
import pytest
from scipy.stats import binom

from analysis.crossed import against_nothing
from settlesim.analysis.flips import flips_of
from settlesim.analysis.sensitivity import sensitivity, sobol, sobol_of
from settlesim.errors import UsageError
from support import shipped


def drawn(seed, loud=3.0, n=400, k=10):
    """d = 2 strong + weak on [0, 1]: shares 80% and 20% of its variance, beside luck."""
    rng = np.random.default_rng(seed)
    parameters = dict(zip(("strong", "weak", "idle"), rng.random((3, n)), strict=True))
    each = (2 * parameters["strong"] + parameters["weak"])[:, None] + rng.normal(0, loud, (n, k))
    return flips_of(against_nothing(each, parameters=parameters), "a", "b", "y", resamples=2)


def test_first_order_indices_are_of_the_expected_difference():
    """Luck is two thirds of the variance of averages: uncorrected indices would be a third of the true ones."""
    repeats, names, truth = 12, ("strong", "weak", "idle"), (0.8, 0.2, 0.0)
    tables = [
        sensitivity(drawn(seed), resamples=8, slices=5, rng=seed).sel(parameter=list(names)) for seed in range(repeats)
    ]
    firsts = np.array([table["first"].values for table in tables])
    error = firsts.std(axis=0) / np.sqrt(repeats)
    assert np.all(np.abs(firsts.mean(axis=0) - truth) < 4 * error + 0.02)
    raw = firsts[:, 0] * float(drawn(0).reliability[0])
    assert abs(raw.mean() - 0.8) > 8 * error[0]
    held = np.array([(t.first_low <= truth).values & (t.first_high >= truth).values for t in tables])
    assert held.sum() >= binom.ppf(0.001, held.size, 0.9)


def test_pawn_tells_the_strong_from_what_does_nothing():
    table = sensitivity(drawn(1, loud=1.0), resamples=20)
    assert table.parameter.values.tolist() == ["strong", "weak", "idle"] and table.units.values[0] == "a year"
    one = {name: table.sel(parameter=name) for name in ("strong", "idle")}
    assert one["strong"].pawn_low > one["strong"].pawn_null
    # Never zero, and below the height of what has no effect in 95% of samples; 1.3 is far beyond it.
    assert 0 < one["idle"].pawn < 1.3 * one["idle"].pawn_null


def saltelli(seed, shared, n=256, k=8):
    """The same with x0 x1 added: V = 1/12 (2.5^2 + 1.5^2) + 1/144.  Luck acts on x0 alone, or on each point."""
    from SALib.sample.sobol import sample

    rng = np.random.default_rng(seed)
    names = ["x0", "x1", "idle"]
    x = sample({"num_vars": 3, "names": names, "bounds": [[0, 1]] * 3}, n, calc_second_order=False, seed=rng)
    truth = 2 * x[:, 0] + x[:, 1] + x[:, 0] * x[:, 1]
    luck = (x[:, [0]] - 0.5) * rng.normal(0, 1.5, k) if shared else rng.normal(0, 2, (len(x), k))
    parameters = dict(zip(names, x.T, strict=True))
    return flips_of(
        against_nothing(truth[:, None] + luck, parameters=parameters, own=False), "a", "b", "y", resamples=2
    )


TOTAL = 2.5**2 / 12 + 1.5**2 / 12 + 1 / 144
INDICES = {
    "x0": (2.5**2 / 12 / TOTAL, (2.5**2 / 12 + 1 / 144) / TOTAL),
    "x1": (1.5**2 / 12 / TOTAL, (1.5**2 / 12 + 1 / 144) / TOTAL),
    "idle": (0.0, 0.0),
}


@pytest.mark.parametrize("shared", [False, True])
def test_sobol_indices_are_free_of_luck(shared):
    """Luck of each point alone inflates totals, luck common to points the index of what it acts on."""
    repeats = 24
    found = {name: [] for name in INDICES}
    for seed in range(repeats):
        table = sobol_of(saltelli(seed, shared), ["x0", "x1", "idle"], resamples=2)
        for name, values in found.items():
            values.append([float(table[index].sel(parameter=name)) for index in ("first", "total")])
    for name, values in found.items():
        error = np.std(values, axis=0) / np.sqrt(repeats)
        assert np.all(np.abs(np.mean(values, axis=0) - INDICES[name]) < 4 * error + 0.02), name


def test_without_luck_they_are_those_of_salib():
    from SALib.analyze.sobol import analyze

    found = saltelli(1, True)
    found = found.assign(world_luck=0 * found.world_luck)
    table = sobol_of(found, ["x0", "x1", "idle"], rng=4)
    problem = {"num_vars": 3, "names": ["x0", "x1", "idle"], "bounds": [[0, 1]] * 3}
    expected = analyze(problem, found.world_difference.values, calc_second_order=False, num_resamples=200, seed=5)
    ours = table.sel(parameter=["x0", "x1", "idle"])
    assert ours["first"].values == pytest.approx(expected["S1"])
    assert ours["total_high"].values - ours["total"].values == pytest.approx(expected["ST_conf"])


def test_what_cannot_be_asked(monkeypatch):
    import importlib

    found = drawn(1)
    with pytest.raises(UsageError, match="did you mean 'weak'"):
        sensitivity(found, parameters=["week"])
    with pytest.raises(UsageError, match="need 60 worlds"):
        sensitivity(found.isel(point=slice(50)))
    with pytest.raises(UsageError, match="no Saltelli design of 3 parameters"):
        sobol_of(found.isel(point=slice(99)), ["strong", "weak", "idle"])
    with pytest.raises(UsageError, match="nothing to explain"):
        sensitivity(found.assign(between=0 * found.between))
    with pytest.raises(UsageError, match="a power of two, not 60"):
        sobol(shipped("two-party"), "talk", "give_first", "deaths", parameters=["defection_rate"], size=60)

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r'pip install "settlesim\[sensitivity\]"'):
        sensitivity(found)
