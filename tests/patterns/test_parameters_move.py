"""Every parameter moves some outcome: one that moves nothing is a defect, or is removed."""

from __future__ import annotations

import numpy as np

from settlesim.analysis.hindcast import troop_modes
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised import engine
from settlesim.results.outcomes import evaluate
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.steps import open_track, week
from support import addresses, shipped

COMMON = ("parallel", "confidence_first")
OTHERS = ("trilateral", "easy_first", "pakistan_first", "ceasefire_first", "mission_first", "historical")
# The cost of a withdrawal is zero by definition: its price is paid through the balance of power.  There is no mediator
# in this war.
IDLE = {"concession_cost.withdrawal", "mediator_narrowing", "mediator_pause"}
# Thresholds that classify the end of a run are set where runs of this war lie.
REACHED = {
    "low_activity_deaths": 15_000.0,
    "fragmentation_share": 0.03,
    "defeat_strength": 0.9,
    "pocketing": 0.0,
    "suspension_limit": 0.0,
    "recalls": 0.0,
}


def other_end(scenario, name, value):
    """A value well away from the world's: an end of the prior, or for a number half as much again."""
    if name in REACHED:
        return np.full_like(value, REACHED[name])
    (number,) = (quantity for quantity in scenario.quantities() if str(quantity.address) == name)
    low, high = number.prior.bounds
    if high > low:
        return np.where(value - low > high - value, low, high)
    least, most = number.range
    if value[0] == most:
        return np.full_like(value, least)
    return np.clip(value * 1.5 + (0.3 if value[0] == 0 else 0.0), least, most)


def still(scenario, names, each, sequences):
    """Those of the parameters that change no outcome in `each` runs of any sequence."""
    runs = range(each * len(names))
    moved: set[str] = set()
    for sequence in sequences:
        plan = scenario.sequence(sequence)
        base = worlds(scenario, runs, entropy=11, levers=plan.levers)
        # Each parameter is moved in runs of its own; the luck of every run stays as it was.
        shifted = {name: values.copy() for name, values in base.items()}
        for i, name in enumerate(names):
            mine = slice(each * i, each * (i + 1))
            shifted[name][mine] = other_end(scenario, name, base[name][mine])
        a, b = (evaluate(engine.run(scenario, plan, worlds=w, fates=Fates(11, runs))) for w in (base, shifted))
        for outcome in a:
            differs = ~((a[outcome] == b[outcome]) | (np.isnan(a[outcome]) & np.isnan(b[outcome])))
            moved |= {names[r // each] for r in np.flatnonzero(differs.reshape(len(runs), -1).any(axis=1))}
    return set(names) - moved


def test_every_parameter_moves_some_outcome():
    scenario = shipped()
    # History with the patron's own withdrawal: where it is dated, what moves the patron moves nothing.
    own = troop_modes(scenario)["endogenous"]
    left = still(scenario, addresses(scenario), 3, COMMON)
    # What takes a rare event to show gets more runs.
    left = still(scenario, sorted(left), max(8, 1200 // max(len(left), 1)), OTHERS)
    left = still(scenario, sorted(left), max(8, 1600 // max(len(left), 1)), (own, "historical", "ceasefire_first"))
    # Everybody comes at once to a table where an offer of its own lies: openness shows best in a plan in which nobody
    # brings anything, which none of those shipped is.
    empty_handed = Sequence(
        "empty-handed", [open_track(track, when=week(8)) for track in ("patron_talks", "kabul_talks")]
    )
    left = still(scenario, sorted(left), 100, (empty_handed,))
    assert sorted(left) == sorted(IDLE)


def test_what_moves_nothing_is_found():
    scenario = shipped()
    names = sorted({*IDLE, "hardline_concentration", "consent_rate"})
    # A number whose prior is a point, and of which luck is made, must not make all others seem to move.
    assert still(scenario, names, 10, ("parallel",)) == IDLE
