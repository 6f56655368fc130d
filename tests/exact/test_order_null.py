"""With every channel off the table in Kabul does not know when anything else is done; with one on, it does."""

from __future__ import annotations

import numpy as np
import pytest

from support import block, changed, shipped

RUNS = 40
# The other moves of the plan: their place in it, and dates to be tried, some before the table is called, some after.
MOVES = {"patron_talks": 3, "recognition": 4, "press": 5, "ceasefire": 6}
DATES = [
    {},
    {"patron_talks": 60},
    {"recognition": 90},
    {"press": 70},
    {"ceasefire": 40},
    {"patron_talks": 26, "recognition": 2, "press": 30, "ceasefire": 3},
    {"patron_talks": 100, "recognition": 60, "press": 24, "ceasefire": 80},
]


def war(dates, **parameters):
    scenario = shipped("order-null")
    plan = scenario.tree()["sequences"]["dates"]
    steps = [dict(step) for step in plan["steps"]]
    for move, week in dates.items():
        steps[MOVES[move]]["when"] = {"week": week}
    tree = scenario.tree()
    sequences = {**tree["sequences"], "dates": {**plan, "steps": steps}}
    # Fewer commanders and a shorter war make it cheap.
    actors = {**tree["actors"], "insurgency": {**tree["actors"]["insurgency"], "commanders": 200}}
    return changed(scenario, sequences=sequences, actors=actors, horizon=156).with_parameters(**parameters)


def kabul(scenario):
    """Everything that happens at the table in Kabul: weeks, rounds, positions, what is agreed and signed."""
    record = ("phase", "ask", "offer", "round", "consents", "accepts")
    trace = block(scenario, "dates", RUNS, record=record)
    t = list(trace.entities["track"]).index("kabul_talks")
    b = list(trace.entities["bargain"]).index("kabul_talks/power")
    seats = [i for i, seat in enumerate(trace.entities["seat"]) if seat.startswith("kabul_talks/")]
    signed = trace.final["signed_week"][t]
    found = {name: trace.final[name][t] for name in ("opened_week", "agreed_week", "signed_week", "rounds_held")}
    found["share"] = trace.final["share"][b]
    for name, rows in (("phase", t), ("round", t), ("ask", b), ("offer", b), ("consents", seats), ("accepts", seats)):
        course = trace.weekly[name][:, rows].reshape(len(trace.weekly[name]), -1, RUNS)
        # After the signing there is a peace to be carried out, and it matters what is left to be done.
        over = (np.arange(len(course))[:, None] >= signed) & (signed >= 0)
        found[name] = np.where(over[:, None], 0, course)
    return found


def moved(one, other):
    return {name for name in one if not np.array_equal(one[name], other[name], equal_nan=True)}


@pytest.fixture(scope="module")
def reference():
    found = kabul(war({}))
    # There is something to be moved: tables open, rounds are held, some runs sign and some do not.
    assert (found["opened_week"] >= 20).all() and found["rounds_held"].max() > 10
    assert (found["signed_week"] >= 0).sum() > 5
    return found


@pytest.mark.parametrize("dates", DATES[1:], ids=str)
def test_what_happens_in_kabul_does_not_depend_by_one_bit_on_the_dates_of_other_moves(dates, reference):
    assert moved(reference, kabul(war(dates))) == set()


# Each channel alone: what switches it on, and the move through which it acts.
CHANNELS = {
    "linkage: the patron leaves": ({"withdrawal_linkage": 0}, {"patron_talks": 60}),
    "foresight": ({"foresight_insurgency": 1, "foresight_government": 1}, {"patron_talks": 60}),
    "commitment to a shift foreseen": ({"commitment_decay": 4}, {"patron_talks": 60}),
    "air power grounded": ({"grounding": 0.8}, {"patron_talks": 60}),
    "attacks turned to the army": ({"attack_switch": 0.8}, {"patron_talks": 60}),
    "restraint": ({"restraint": 0.6}, {"patron_talks": 60}),
    "a prelude's cut in attacks": ({"reduction_multiplier": 0.2}, {"patron_talks": 60}),
    "exclusion": ({"exclusion_cost": 0.01, "legitimacy_effect": 2}, {"patron_talks": 60}),
    "readiness": ({"readiness_effect": 2}, {"patron_talks": 60}),
    "provocation by talks": ({"talks_provocation": 2}, {"patron_talks": 60}),
    "pocketing": ({"pocketing": 1}, {"recognition": 90}),
    "costly signals": ({"costly_signal": 4}, {"recognition": 90}),
    "legitimacy paid for gifts": ({"legitimacy_cost": 0.5, "legitimacy_effect": 2}, {"recognition": 90}),
    "deeds that are seen": ({"delivered_effect": 2}, {"recognition": 90}),
    "leverage of the neighbour": ({"neighbour_leverage_effect": 3}, {"press": 70}),
    "sanctuary": ({"sanctuary_relief": 0.5}, {"press": 70}),
    "ceasefire": ({"ceasefire_multiplier": 0.2}, {"ceasefire": 40}),
    "trust from a lull": ({"attack_rate_trustworthy": 0.02}, {"ceasefire": 40}),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_channel_alone_carries_the_order(channel):
    on, dates = CHANNELS[channel]
    assert moved(kabul(war({}, **on)), kabul(war(dates, **on)))
