"""What no war, plan or luck may break: heads are conserved, values keep their range, an ended run stands still."""

from __future__ import annotations

import numpy as np
from hypothesis import event, given
from hypothesis import strategies as st

from settlesim.chance import worlds
from settlesim.reference import SettlementModel
from settlesim.rules import STANDARD
from settlesim.rules.commanders import KILLED, REINTEGRATED, STATUS
from settlesim.verify import recorded
from strategies import examples, wars
from support import block, different

RUNS = 12
HEADS = ("count_insurgent", "count_splinter", "count_rival", "count_reintegrated", "count_killed")
WHOLES = {
    "fighters": "cell_fighters faction_fighters province_fighters",
    "splintered": "cell_splinter",
    "rival_defected": "cell_rival province_rival_fighters",
}


def course(war, runs=range(RUNS)):
    return block(war.scenario, war.plan, runs, entropy=war.entropy, record=recorded(STANDARD))


@examples(50)
@given(wars())
def test_heads_are_conserved_and_values_keep_their_range(war):
    trace = course(war)
    event("a deal" if trace.final["settled"].any() else "no deal")
    event("some run ended early" if trace.final["ended"].any() else "none ended")
    values_are_numbers_within_their_range(trace)
    commanders_are_neither_made_nor_lost(trace)
    shares_sum_to_one(trace)


def values_are_numbers_within_their_range(trace):
    for variable in STANDARD.variables:
        values = trace.weekly.get(variable.name, np.zeros(0)).astype(float)
        if values.size:
            assert not np.isnan(values).any(), variable.name
            assert values.min() >= variable.low - 1e-9 and values.max() <= variable.high + 1e-9, variable.name


def commanders_are_neither_made_nor_lost(trace):
    weekly, status = trace.weekly, trace.weekly["status"]
    assert (sum(weekly[name] for name in HEADS) == trace.scenario.actors["insurgency"].commanders).all()
    for code, name in zip(STATUS, HEADS, strict=True):
        assert np.array_equal((status == code).sum(axis=1), weekly[name])
    for whole, parts in WHOLES.items():
        for part in parts.split():
            assert np.array_equal(weekly[part].sum(axis=1)[1:], weekly[whole][1:]), part
    # Those who are killed or reintegrated never come back.
    gone = np.isin(status, (KILLED, REINTEGRATED))
    assert not (gone[:-1] & (status[1:] != status[:-1])).any()


def shares_sum_to_one(trace):
    weekly, scenario = trace.weekly, trace.scenario
    assert (weekly["government_share"] + weekly["insurgent_share"]).max() <= 1.0 + 1e-12
    weights = np.array([p.districts for p in scenario.provinces]) / scenario.districts_total
    for side in ("government", "insurgent"):
        national = np.tensordot(weekly[f"{side}_share"], weights, (1, 0))
        assert np.allclose(national[1:], weekly[f"{side}_control"][1:])


@examples(25)
@given(wars())
def test_an_ended_run_stands_still_in_both_engines(war):
    trace = course(war)
    ended = np.flatnonzero(trace.final["ended"])
    event("some ended" if len(ended) else "none ended")
    for run in ended[:4]:
        end = int(trace.final["end_week"][run])
        for name, values in trace.weekly.items():
            last = values[end, ..., run]
            assert (values[end:, ..., run] == last).all(), name
            assert name == "status" or np.array_equal(last, trace.final[name][..., run]), name
    if len(ended):
        model = SettlementModel(war.scenario, war.plan, run=int(ended[0]), rng=war.entropy)
        while model.running:
            model.step()
        before = {name: model.war.read(name) for name in ("deaths", "week", "outcome", "insurgent_control")}
        model.step()
        assert before == {name: model.war.read(name) for name in before}
        assert model.week == int(trace.final["end_week"][ended[0]])


@examples(20)
@given(war=wars(), run=st.integers(0, RUNS - 1), cut=st.integers(1, RUNS - 1))
def test_a_run_is_the_same_alone_and_in_any_block(war, run, cut):
    scenario, plan, entropy = war.scenario, war.plan, war.entropy
    whole = block(scenario, plan, range(RUNS), entropy=entropy)
    alone = block(scenario, plan, range(run, run + 1), entropy=entropy)
    assert not different(alone, whole, slice(None), slice(run, run + 1))
    tail = block(scenario, plan, range(cut, RUNS), entropy=entropy)
    assert not different(tail, whole, slice(None), slice(cut, RUNS))


@examples(20)
@given(wars())
def test_luck_does_not_depend_on_the_plan(war):
    """Two plans meet the same worlds, but for their levers, and the same commanders."""
    first, second = (war.scenario.sequence(name) for name in ("first", "second"))
    drawn = [worlds(war.scenario, range(4), entropy=war.entropy, levers=plan.levers) for plan in (first, second)]
    for name in drawn[0].keys() - {**first.levers, **second.levers}.keys():
        assert np.array_equal(drawn[0][name], drawn[1][name]), name
    people = ("size", "factor_lure", "factor_provocation")
    one, two = (block(war.scenario, plan, 4, entropy=war.entropy, record=people) for plan in (first, second))
    assert all(np.array_equal(one.weekly[name], two.weekly[name]) for name in people)
