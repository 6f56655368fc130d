"""Every parameter moves some outcome: one that moves nothing is a defect, or is removed."""

from __future__ import annotations

import numpy as np
from support import block, shipped

from settlesim import engine
from settlesim.chance import Fates, parameter_names, worlds
from settlesim.outcomes import evaluate

EACH = 6
SEQUENCES = ("parallel", "trilateral", "confidence_first", "pakistan_first", "ceasefire_first")
# The cost of a withdrawal is zero by definition: its price is paid through the balance of power.  The shape of the
# frailties is read off one table for all runs as long as the file declares it as a number; it has a test of its own.
IDLE = {"concession_cost.withdrawal", "hardline_concentration"}


def other_end(scenario, name, value):
    """A value well away from the world's: an end of the prior, or for a number half as much again."""
    stem, _, entry = name.partition(".")
    if stem in ("concession_value", "concession_cost"):
        prior = getattr(scenario.concessions[entry], stem.removeprefix("concession_"))
    else:
        prior = scenario.parameters[stem].entries()[entry]
    low, high = prior.bounds
    if high > low:
        return np.where(value - low > high - value, low, high)
    if stem not in scenario.parameters:
        return value + 0.1
    least, most = scenario.parameters[stem].range
    return np.clip(value * 1.5 + (0.3 if value[0] == 0 else 0.0), least, most)


def test_every_parameter_moves_some_outcome():
    scenario = shipped()
    names = parameter_names(scenario)
    runs = range(EACH * len(names))
    moved: set[str] = set()
    for sequence in SEQUENCES:
        plan = scenario.sequence(sequence)
        base = worlds(scenario, runs, entropy=11, levers=plan.levers)
        # Each parameter is moved in runs of its own; the luck of every run stays as it was.
        shifted = {name: values.copy() for name, values in base.items()}
        for i, name in enumerate(names):
            mine = slice(EACH * i, EACH * (i + 1))
            shifted[name][mine] = other_end(scenario, name, base[name][mine])
        a, b = (
            evaluate(engine.run(scenario, plan, worlds=w, fates=Fates(11, runs))) for w in (base, shifted)
        )
        for outcome in a:
            differs = ~((a[outcome] == b[outcome]) | (np.isnan(a[outcome]) & np.isnan(b[outcome])))
            rows = np.flatnonzero(differs.reshape(len(runs), -1).any(axis=1))
            moved |= {names[r // EACH] for r in rows}
    assert set(names) - moved == IDLE


def test_the_spread_of_hardliners_moves_defections():
    few, many = (
        block(shipped().with_parameters(hardline_concentration=n), "parallel", 8).final["moved_lured"] for n in (3, 12)
    )
    assert (few != many).any()
