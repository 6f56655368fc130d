"""Directions that the literature gives, over common random numbers.

Each compares two settings in the same runs and worlds. The paired z must exceed 3.1 in the direction stated: a
false alarm of 0.1% a test if there were no effect; an effect of the wrong sign fails it for certain.
"""

from __future__ import annotations

import numpy as np
import pytest

from settlesim.results.outcomes import STANDARD_OUTCOMES, evaluate
from support import block, shipped

RUNS = range(300)
CRITICAL = 3.1
# A small effect needs more runs.  Sizes were set by the paired difference d, in standard deviations, over the first
# 1,000 runs, so that as many others exceed the critical value with a chance of 99%: n = (3.1 + 2.33)^2 / d^2.
RUNS_OF = {
    "holding out for more, fewer settlements": range(300, 1700),  # d = .15
    "more misattribution, fewer settlements": range(1000, 1510),  # d = .24
    "more spoiling, fewer settlements": range(1000, 1600),  # d = .22
    "better timed spoiling, fewer settlements": range(1000, 1600),  # d = .23
    "more vetoes, fewer comprehensive settlements": range(1000, 1410),  # d = .27
    # Of runs that are settled both ways, a sixth of all.
    "better guarantees, less relapse": range(1000, 3000),  # d = .30
    "power-sharing that weighs more, less relapse": range(1000, 3000),  # d = .30
    # Over the first 6,000; in pakistan_first the sign is the other one: see docs/model-decisions.md.
    "more linkage, more settlements": range(6000, 12800),  # d = .066
}
BLOCK = 400


def read(name):
    outcome = [o for o in STANDARD_OUTCOMES if o.name == name]
    return lambda trace: evaluate(trace, outcome)[name].astype(float)


def settled(trace):
    return trace.final["settled"].astype(float)


def patron_deal_week(trace):
    week = trace.final["patron_deal_week"]
    return np.where(week < 0, trace.scenario.horizon + 1.0, week)


def z(low, high, sequence, variable, runs=RUNS):
    scenario = shipped()
    parts = [runs[i : i + BLOCK] for i in range(0, len(runs), BLOCK)]
    a, b = (
        np.concatenate([variable(block(war, sequence, part)) for part in parts])
        for war in (scenario.with_parameters(**s) for s in (low, high))
    )
    d = b - a
    d = d[~np.isnan(d)]
    spread = d.std(ddof=1)
    print(f"{low} -> {high}: {np.nanmean(a):.3f} -> {np.nanmean(b):.3f}")
    return d.mean() / (spread / np.sqrt(len(d))) if spread > 0 else 0.0


def every(value):
    return {"government": value, "insurgency": value, "patron": value}


MORE, FEWER = 1, -1
DIRECTIONS = {
    "more linkage, more settlements": (
        {"withdrawal_linkage": 0},
        {"withdrawal_linkage": 1},
        "confidence_first",
        settled,
        MORE,
    ),
    "larger surrender frame, fewer settlements with Kabul first": (
        {"surrender_frame": 0},
        {"surrender_frame": 0.15},
        "kabul_first",
        settled,
        FEWER,
    ),
    "more neighbour leverage, more settlements": (
        {"neighbour_leverage_effect": 0},
        {"neighbour_leverage_effect": 3},
        "pakistan_first",
        settled,
        MORE,
    ),
    "more misattribution, fewer settlements": (
        {"misattribution": 0.1},
        {"misattribution": 0.7},
        "ceasefire_first",
        settled,
        FEWER,
    ),
    "more spoiling, fewer settlements": (
        {"spoiler_rate": 0.03},
        {"spoiler_rate": 0.2},
        "ceasefire_first",
        settled,
        FEWER,
    ),
    "better timed spoiling, fewer settlements": (
        {"spoiler_timing": 0},
        {"spoiler_timing": 3},
        "ceasefire_first",
        settled,
        FEWER,
    ),
    "more vetoes, fewer comprehensive settlements": (
        {"veto_threshold": 0.3},
        {"veto_threshold": 0.01},
        "pakistan_first",
        read("comprehensive"),
        FEWER,
    ),
    "holding out for more, fewer settlements": ({"holdout": 0}, {"holdout": 0.08}, "trilateral", settled, FEWER),
    "higher return rate, smaller rival": (
        {"return_rate": 0},
        {"return_rate": 2},
        "us_first",
        read("rival_strength"),
        FEWER,
    ),
    "tougher bargaining, later deals": (
        {"concession_exponent": every(1.2)},
        {"concession_exponent": every(0.3)},
        "us_first",
        patron_deal_week,
        MORE,
    ),
    "better guarantees, less relapse": (
        {"guarantee": 0},
        {"guarantee": 0.5},
        "pakistan_first",
        read("relapsed"),
        FEWER,
    ),
    "power-sharing that weighs more, less relapse": (
        {"relapse_power_sharing": -0.1},
        {"relapse_power_sharing": -0.6},
        "pakistan_first",
        read("relapsed"),
        FEWER,
    ),
    "pocketing of irreversible concessions, less leverage later": (
        {"pocketing": 0},
        {"pocketing": 1},
        "confidence_first",
        lambda t: t.final["reservation_power"],
        MORE,
    ),
    "pocketing of irreversible concessions, fewer settlements": (
        {"pocketing": 0},
        {"pocketing": 1},
        "confidence_first",
        settled,
        FEWER,
    ),
}


@pytest.mark.parametrize("name", DIRECTIONS)
def test_direction(name):
    low, high, sequence, variable, sign = DIRECTIONS[name]
    assert sign * z(low, high, sequence, variable, RUNS_OF.get(name, RUNS)) > CRITICAL


def test_defection_works_through_opposite_channels():
    """Ambiguous in sum, so each channel is shown: weaker insurgents and more threat against more spoilers."""
    low, high = (shipped().with_parameters(defection_rate=r) for r in (0.0015, 0.03))
    a, b = (block(s, "kabul_first", 200, record=("strength", "threat", "spoiler_believed")) for s in (low, high))
    week = 104
    for name, sign in (("strength", -1), ("threat", 1), ("spoiler_believed", 1)):
        d = b.weekly[name][week] - a.weekly[name][week]
        assert sign * d.mean() / (d.std(ddof=1) / np.sqrt(len(d))) > CRITICAL, name
