"""What holds in any war under any plan: nobody made or lost, ranges kept, ended runs frozen, runs their own."""

from __future__ import annotations

import numpy as np
from hypothesis import event, given, target
from hypothesis import strategies as st

from settlesim.model.standard import STANDARD
from settlesim.scenario.sequence import Sequence
from settlesim.steps import deliver, open_track, week
from strategies import examples
from strategies.protocols import exchanged, protocols
from strategies.scenarios import corners
from strategies.sequences import wars
from support import block, changed, different, shipped

STATUSES = ("insurgent", "splinter", "rival", "reintegrated", "killed")
PEOPLE = [v.name for v in STANDARD.variables if v.scope == "commander" and v.name != "rejects"]
ALL = [v.name for v in STANDARD.variables if v.scope != "commander"] + PEOPLE
RUNS = 3


def lived(data, protocol=STANDARD, record=(), **how):
    """A block of runs of a drawn war, and how much happened in it."""
    war = data.draw(wars(**how))
    trace = block(
        war.scenario,
        war.plan,
        RUNS,
        entropy=data.draw(st.integers(0, 9)),
        method=data.draw(corners(war.scenario, RUNS)),
        protocol=protocol,
        record=record,
    )
    for name in ("settled", "ended", "relapsed", "patron_deal"):
        if trace.final[name].any():
            event(name)
    # Lead the search to wars in which people move and talks get far.
    target(float((trace.final["count_insurgent"] < len(trace.entities["commander"])).sum()), label="moved")
    target(float(trace.final["phase"].max()), label="talks")
    return war, trace


def check(values, variable):
    values = values.astype(float)
    assert not np.isnan(values).any(), variable.name
    # One ulp of a sum of weights may stand above a bound of one.
    assert (values >= variable.low - 1e-9).all() and (values <= variable.high + 1e-9).all(), variable.name


@examples(30)
@given(data=st.data())
def test_every_variable_keeps_its_declared_range_every_week(data):
    protocol = data.draw(protocols(wild=False)).protocol
    names = [v.name for v in protocol.variables if v.name not in ("rejects",)]
    _, trace = lived(data, protocol, names)
    for name, values in trace.weekly.items():
        check(values, protocol.table[name])


@examples(25)
@given(data=st.data())
def test_commanders_and_fighters_are_neither_made_nor_lost(data):
    counts = [f"count_{s}" for s in STATUSES]
    moves = [name for name in STANDARD.table if name.startswith("moved_")]
    tallies = ["cell_fighters", "cell_splinter", "cell_rival"]
    sums = ["fighters", "splintered", "rival_defected", "faction_fighters", "province_fighters",
            "province_rival_fighters", "cell_gone", "deaths"]  # fmt: skip
    _, trace = lived(data, record=[*counts, *moves, *tallies, *sums, "status", "size"])
    weekly = trace.weekly
    status, size = weekly["status"], weekly["size"]
    assert (size == np.rint(size)).all() and (size >= 1).all() and (size == size[0]).all()
    n = len(trace.entities["commander"])
    assert (sum(weekly[name] for name in counts) == n).all()
    for code, name in enumerate(counts):
        assert (weekly[name] == (status == code).sum(axis=1)).all(), name
    home = np.array([trace.entities["cell"].index(name.rsplit("/", 1)[0]) for name in trace.entities["commander"]])
    for code, (tally, total) in enumerate(zip(tallies, sums[:3], strict=True)):
        there = np.where(status == code, size, 0).astype(np.int64)
        by_cell = np.zeros_like(weekly[tally])
        np.add.at(by_cell, (slice(None), home), there)
        assert weekly[tally].dtype.kind == "i" and (weekly[tally] == by_cell).all(), tally
        # The run's totals are those that the week's rules read, so an ended run shows those of its last week too.
        assert (weekly[total] == there.sum(axis=1)).all(), total
    assert (weekly["faction_fighters"].sum(axis=1) == weekly["fighters"]).all()
    assert (weekly["province_fighters"].sum(axis=1) == weekly["fighters"]).all()
    assert (weekly["province_rival_fighters"].sum(axis=1) == weekly["rival_defected"]).all()
    assert (weekly["cell_gone"].sum(axis=1) == weekly["count_rival"]).all()
    gained = {
        "count_rival": ("lured", "provoked", "-returned", "-fallen"),
        "count_reintegrated": ("reintegrated",),
        "count_killed": ("killed", "fallen"),
    }
    for name, terms in gained.items():
        balance = sum((-1 if t[0] == "-" else 1) * weekly[f"moved_{t.lstrip('-')}"] for t in terms)
        assert (weekly[name] == balance).all(), name
    for name in (*moves, "count_killed", "count_reintegrated", "deaths"):
        assert (np.diff(weekly[name], axis=0) >= 0).all(), f"{name} falls"


@examples(25)
@given(data=st.data())
def test_shares_sum_to_one(data):
    names = ["government_share", "insurgent_share", "government_control", "insurgent_control"]
    war, trace = lived(data, record=names)
    weekly = trace.weekly
    contested = 1.0 - weekly["government_share"] - weekly["insurgent_share"]
    assert (contested >= -1e-12).all()
    assert (weekly["government_control"] + weekly["insurgent_control"] <= 1 + 1e-9).all()
    districts = np.array([p.districts for p in war.scenario.provinces]) / war.scenario.districts_total
    for side in ("government", "insurgent"):
        nation = (districts[:, None] * weekly[f"{side}_share"]).sum(axis=1)
        np.testing.assert_allclose(nation[1:], weekly[f"{side}_control"][1:], atol=1e-12)
    start = {"government": war.scenario.control.government, "insurgent": war.scenario.control.insurgent}
    for side, total in start.items():
        assert (weekly[f"{side}_control"][0] == total).all()


@examples(25)
@given(data=st.data())
def test_an_ended_run_is_frozen(data):
    _, trace = lived(data, record=ALL)
    for run in np.flatnonzero(trace.final["ended"]):
        week = int(trace.final["end_week"][run])
        event("ended early" if week < trace.scenario.horizon else "ended in the last week")
        for name, values in trace.weekly.items():
            rest = values[week:, ..., run]
            assert np.array_equal(rest, np.broadcast_to(rest[:1], rest.shape), equal_nan=rest.dtype.kind == "f"), name
            if name in trace.final:
                assert np.array_equal(rest[0], trace.final[name][..., run], equal_nan=rest.dtype.kind == "f"), name
        assert not trace.weekly["ended"][:week, run].any()


@examples(12)
@given(data=st.data())
def test_a_run_is_the_same_alone_and_in_any_block(data):
    war = data.draw(wars())
    law = data.draw(protocols()).protocol
    entropy, last = data.draw(st.integers(0, 9)), data.draw(st.integers(1, 40))
    method = data.draw(corners(war.scenario, last))
    how = dict(entropy=entropy, method=method, protocol=law)
    whole = block(war.scenario, war.plan, last, **how)
    event("some ended" if whole.final["ended"].any() else "none ended")
    run = data.draw(st.integers(0, last - 1))
    assert different(block(war.scenario, war.plan, range(run, run + 1), **how), whole, 0, run) == []
    first = data.draw(st.integers(0, run))
    part = block(war.scenario, war.plan, range(first, last), **how)
    assert different(part, whole, slice(None), slice(first, last)) == []


@examples(12)
@given(data=st.data())
def test_independent_neighbours_of_the_protocol_may_change_places(data):
    war = data.draw(wars())
    coins = np.random.default_rng(data.draw(st.integers(0, 99)))
    other = exchanged(STANDARD, lambda: coins.random() < 0.5)
    event(f"{sum(a is not b for a, b in zip(other.items, STANDARD.items, strict=True)) // 20 * 20} items moved")
    assert different(*(block(war.scenario, war.plan, RUNS, protocol=p) for p in (STANDARD, other))) == []


# What a permutation changes by definition: when each step was taken and each concession handed over.
PLAN = {"taken_week", "fires", "condition_since", "due_week", "offered_week", "delivered_week", "tabled_week"}


LONG_AND_EAGER = {
    "victory_control": 1,
    "defeat_strength": 0,
    "consent_rate": 5,
    "consent_bias": 3,
    "patron_flexibility": 1,
    "concession_acceptance": 0.9,
    "round_interval": 2,
    "deadline_rounds": 4,
}


@examples(10)
@given(data=st.data())
def test_without_channels_of_order_every_permutation_gives_the_same_outcome(data):
    """Gifts one after another in any war, then talks: with the channels off, only the plan's own dates may differ."""
    drawn = data.draw(wars(mild=True)).scenario
    null, usual = shipped("null-order").parameters, shipped().parameters
    off = {name: table.value for name, table in null.items() if table != usual[name]}
    tree = drawn.tree()
    # A ceasefire is no mere gift: the weeks in which it holds are other weeks when it comes earlier.
    gifts = {name: {**gift, "ceases_fire": False} for name, gift in tree["concessions"].items()}
    flag = {"label": "Flag", "value": 0.1, "cost": 0.2, "reversibility": 0.0, "by": ["government"],
            "source": "invented", "tag": "P", "recognises": True, "dimension": "political"}  # fmt: skip
    gifts |= {"flag": flag, "visit": {**flag, "reversibility": 0.5, "recognises": False, "frees_prisoners": True}}
    gifts = {name: {**gift, "value": 0.1} for name, gift in gifts.items()}
    war = changed(drawn, horizon=90, concessions=gifts).with_parameters(**off, **LONG_AND_EAGER)
    pace = data.draw(st.integers(0, 4))
    # The talks wait until all gifts are in hand: what is not would be a matter of the talks.
    talks = [open_track(track, when=week(40)) for track in war.tracks]
    traces = []
    for order in (list(gifts), data.draw(st.permutations(sorted(gifts, reverse=True)))):
        steps = [deliver(gift, when=week(4 + pace * at)) for at, gift in enumerate(order)]
        traces.append(block(war, Sequence("preparation", [*steps, *talks]), RUNS))
    event(f"{len(gifts)} gifts, {'a deal' if traces[0].final['settled'].any() else 'no deal'}")
    moved = set(different(*traces))
    assert {name for name in moved if STANDARD.table[name].scope != "step"} <= PLAN
