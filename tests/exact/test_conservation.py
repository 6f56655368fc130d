"""Over the corners of every prior: commanders neither made nor lost, ranges kept, shares add up, no NaN."""

from __future__ import annotations

import numpy as np
import pytest

from settlesim.model.standard import STANDARD
from support import addresses, block, shipped

RUNS = 1000
RECORDED = [v.name for v in STANDARD.variables if v.scope != "commander"]


def corners(scenario, runs, seed):
    """Every parameter at the low or the high end of its prior, by the toss of a coin."""
    names = addresses(scenario)
    coins = np.random.default_rng(seed).integers(0, 2, (len(names), runs))
    return {name: row.astype(float) for name, row in zip(names, coins, strict=True)}


def check(values, variable):
    """A variable keeps to its declared range; only what is declared without a bound may be infinite."""
    values = values.astype(float)
    assert not np.isnan(values).any(), variable.name
    # One ulp of a sum of weights may stand above a bound of one.
    assert (values >= variable.low - 1e-9).all() and (values <= variable.high + 1e-9).all(), variable.name
    if np.isfinite(variable.high) and np.isfinite(variable.low):
        assert np.isfinite(values).all(), variable.name


@pytest.mark.parametrize("sequence", ["parallel", "trilateral"])
def test_a_thousand_runs_over_the_corners(sequence):
    scenario = shipped()
    trace = block(scenario, sequence, RUNS, method=corners(scenario, RUNS, 1))
    final = trace.final
    for name in RECORDED:
        check(final[name], STANDARD.table[name])
    n = scenario.actors["insurgency"].commanders
    total = sum(final[f"count_{s}"] for s in ("insurgent", "splinter", "rival", "reintegrated", "killed"))
    assert (total == n).all()
    # Fighters of all statuses in the cells are those of the commanders that hold them.
    size = scenario.actors["insurgency"].group_size
    assert (final["cell_fighters"].sum(axis=0) == size * final["count_insurgent"]).all()
    assert (final["cell_splinter"].sum(axis=0) == size * final["count_splinter"]).all()
    assert (final["cell_rival"].sum(axis=0) == size * final["count_rival"]).all()
    moved_in = final["moved_lured"] + final["moved_provoked"] - final["moved_returned"] - final["moved_fallen"]
    assert (moved_in == final["count_rival"]).all()
    assert (final["government_share"] + final["insurgent_share"] <= 1 + 1e-9).all()
    assert (final["government_control"] + final["insurgent_control"] <= 1 + 1e-9).all()


@pytest.mark.parametrize("sequence", ["confidence_first", "ceasefire_first", "historical"])
def test_every_week_keeps_every_variable_in_its_range(sequence):
    scenario = shipped()
    trace = block(scenario, sequence, 12, method=corners(scenario, 12, 2), record=RECORDED)
    for name in RECORDED:
        check(trace.weekly[name], STANDARD.table[name])
    statuses = [trace.weekly[f"count_{s}"] for s in ("insurgent", "splinter", "rival", "reintegrated", "killed")]
    assert (sum(statuses) == scenario.actors["insurgency"].commanders).all()
    died = trace.weekly["count_killed"]
    assert (np.diff(died, axis=0) >= 0).all()


def test_group_sizes_may_vary_and_are_conserved():
    scenario = shipped().with_parameters(group_size_spread=0.7)
    trace = block(scenario, "parallel", 16, record=("status", "size"))
    size = trace.weekly["size"][-1]
    assert size.std() > 10 and (size == np.rint(size)).all()
    # An ended run repeats its last week, so the last record is the last state of each.
    for status, name in ((0, "fighters"), (1, "splintered"), (2, "rival_defected")):
        there = np.where(trace.weekly["status"][-1] == status, size, 0).sum(axis=0)
        assert (there == trace.final[name]).all()


def test_an_ended_run_stands_still():
    trace = block(shipped(), "historical", 24, record=("deaths", "control", "trust", "troops", "status", "outcome"))
    ended = trace.final["ended"]
    assert ended.any()
    for name, values in trace.weekly.items():
        for run in np.flatnonzero(ended):
            week = int(trace.final["end_week"][run])
            assert (values[week:, ..., run] == values[week, ..., run]).all(), name
