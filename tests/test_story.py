"""A story says what the trace says, with a cause for each event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from settlesim.experiments.replayed import replay_trace
from settlesim.model.codes import OUTCOMES
from settlesim.report.story import STORY_VARIABLES, replay, tell
from settlesim.scenario.sequence import Sequence
from settlesim.steps import deliver, open_track
from support import block, shipped


@pytest.fixture(scope="module")
def trace():
    return replay_trace(shipped(), sequence="us_first", run=4711, rng=7, record=STORY_VARIABLES)


def told(trace, words):
    return [event for event in tell(trace).events if words in event.text]


def test_each_consent_is_told_in_its_week(trace):
    weeks = [int(w) for w in np.flatnonzero(trace.weekly["consents"][:, :, 0].any(axis=1))]
    assert weeks and sorted({e.week for e in told(trace, " consents to ")}) == weeks
    for event in told(trace, " consents to "):
        party = event.text.partition(" consents to ")[0]
        rang = f"{party}'s clock of consent rang, at a hazard of "
        assert event.cause in ("the offer is its own", "a signed deal obliges it") or event.cause.startswith(rang)


def test_history_is_a_table_of_authors_and_one_that_is_owed(history):
    causes = [(e.text.partition(" consents")[0], e.cause) for one in history for e in told(one, " consents to ")]
    at_once = ("the offer is its own", "a signed deal obliges it")
    assert all(cause in at_once for party, cause in causes if party == "Government in Kabul")
    assert {cause for _, cause in causes} == set(at_once)


@pytest.mark.parametrize(
    ("name", "sequence", "run"), [("two-party", "quiet_first", 3), ("afghanistan-2018", "us_first", 4711)]
)
def test_both_engines_tell_the_same(name, sequence, run):
    numpy, mesa = (
        replay(shipped(name), sequence=sequence, run=run, rng=7, engine=engine) for engine in ("numpy", "mesa")
    )
    assert len(numpy.events) > 5
    assert str(numpy) == str(mesa)


def test_deals_and_deliveries_are_told(trace):
    assert len(told(trace, "signed deal")) == int(trace.weekly["signs"].sum())
    assert len(told(trace, "delivered: ")) == int(trace.weekly["delivers"].sum())


def test_every_event_but_a_balance_has_a_cause_and_its_date(trace):
    story = tell(trace)
    scenario = shipped()
    for event in story.events:
        assert event.date == scenario.date_of(event.week)
        assert event.cause or "balance" in event.text
    assert [e.week for e in story.events] == sorted(e.week for e in story.events)


def test_the_ending_is_the_outcome(trace):
    assert OUTCOMES[int(trace.final["outcome"][0])].replace("_", " ") in tell(trace).ending
    assert f"{int(trace.final['deaths'][0]):,} deaths" in tell(trace).ending


def test_no_name_of_one_conflict_in_the_story_of_another():
    text = str(replay(shipped("colombia-2012"), run=1, rng=7))
    assert "Taliban" not in text and "Kabul" not in text and "FARC" in text


# Causes: which clock, whose, which condition. Each is held against what the rules noted in that week.


def traces(name, sequence, runs, **parameters):
    """Runs of one block, each as a trace of its own."""
    whole = block(shipped(name).with_parameters(**parameters), sequence, runs, entropy=7, record=STORY_VARIABLES)

    def only(values, i):
        return {name: value[..., i : i + 1] for name, value in values.items()}

    parts = ("final", "weekly", "worlds")
    return [
        replace(whole, runs=range(i, i + 1), **{part: only(getattr(whole, part), i) for part in parts})
        for i in whole.runs
    ]


@pytest.fixture(scope="module")
def history():
    return traces("afghanistan-2018", "historical", 12)


def test_a_breakdown_names_the_attack_only_if_there_was_one_while_trust_was_low():
    kinds = set()
    for one in traces("two-party", "talk", 120):
        for event in told(one, " break down "):
            attacks, trust = (one.weekly[n][event.week][0] for n in ("insurgent_attacks", "trust_in_insurgency"))
            kinds.add((bool(attacks > 0), bool(trust < 0)))
            if attacks > 0 and trust < 0:
                assert f"{int(attacks)} attack" in event.cause and "blamed on Front" in event.cause
            else:
                assert event.cause.endswith(f"in any round, {one.worlds['breakdown_rate'][0]:.2f}")
    assert len(kinds) == 4


def test_a_final_failure_names_its_limit():
    found = set()
    for one in (*traces("afghanistan-2018", "trilateral", 12), *traces("two-party", "talk", 60, suspension_limit=0)):
        for event in told(one, " fail in round "):
            number = (one.weekly["suspensions"] - one.weekly["suspensions_before"])[event.week].max()
            why = "no agreement in twice the"
            if one.weekly["short_of_quorum"][event.week].any():
                why = f"{100 * one.weekly['behind'][event.week, 0]:.1f}% of the fighters stand behind those at the"
            elif number > one.worlds["suspension_limit"][0]:
                why = "breakdown number"
            found.add(why[-12:])
            assert event.cause.startswith(why)
    assert len(found) == 3


def test_talks_that_failed_are_called_anew_and_those_that_nobody_stands_behind_do_not_open():
    anew, shut = [], []
    for one in traces("afghanistan-2018", "trilateral", 24):
        failed = [e.week for e in told(one, " fail ")]
        for event in told(one, " are called anew"):
            anew.append(event)
            assert event.cause == f"they failed in week {max(week for week in failed if week < event.week)}"
        for event in told(one, " cannot open"):
            shut.append(event)
            assert one.weekly["behind"][event.week, 0] < one.worlds["quorum"][0]
            assert not any(e.week == event.week and e.text.endswith(" open") for e in tell(one).events)
    assert anew and shut


def test_a_delivery_names_who_promised_it_and_the_date(history):
    by = {"the plan ordered it": 0, "promised in the talks": 0}
    for one in history:
        due = one.weekly["due_week"]
        for event in told(one, "delivered: "):
            labels = [c.label.lower() for c in one.scenario.concessions.values()]
            i = labels.index(event.text.removeprefix("delivered: ").lower())
            first = int(np.flatnonzero(one.weekly["promised"][:, i, 0])[0])
            kind = next(k for k in by if event.cause.startswith(k))
            by[kind] += 1
            assert bool(one.weekly["ordered_now"][first, i, 0]) == (kind == "the plan ordered it")
            assert f"in week {first}, due in week {int(due[event.week, i, 0])}" in event.cause
            assert ("late since Government in Kabul was left out" in event.cause) == (
                bool(one.weekly["excluded"][first, 0]) and "government" in list(one.scenario.concessions.values())[i].by
            )
    assert all(by.values())


def test_a_forced_switch_names_the_step_and_a_free_one_the_clock(history):
    forced = [e for one in history for e in told(one, "gives up its refusal")]
    assert len(forced) == len(history)
    assert all(e.week == 20 and e.cause == "the plan's step “switch”" for e in forced)
    free = [e for one in traces("afghanistan-2018", "us_first", 6) for e in told(one, "gives up its refusal")]
    assert free and {e.cause for e in free} == {"United States's clock of policy rang"}


def test_a_ceasefire_was_declared_or_delivered():
    declared = [e for one in traces("two-party", "quiet_first", 6) for e in told(one, "a ceasefire begins")]
    assert any(e.cause == "declared in week 4; Front's clock of joining it rang" for e in declared) and not any(
        e.week < 4 for e in declared
    )
    for one in traces("two-party", "quiet_first", 6):
        holds = one.weekly["ceasefire"][:, 0]
        ended = [int(w) for w in np.flatnonzero(holds[:-1] & ~holds[1:]) + 1]
        assert [e.week for e in told(one, "the ceasefire ends")] == ended
    plan = Sequence("gift", [deliver("ceasefire"), open_track("talks")])
    story = replay(shipped("two-party"), sequence=plan, run=0, rng=7)
    given = next(e for e in story.events if e.text == "delivered: ceasefire")
    begun = next(e for e in story.events if e.text == "a ceasefire begins")
    assert begun.week == given.week + 1 and begun.cause == f"it was delivered in week {given.week}: ceasefire"


def test_a_step_names_its_condition_its_turn_and_the_quiet_it_waited_for():
    plan = Sequence(
        "gifts", [deliver("recognition"), deliver("prisoners", for_quiet=2), open_track("talks")], ordered=True, pace=3
    )
    causes = [
        e.cause for e in replay(shipped("two-party"), sequence=plan, run=1, rng=7).events if "takes the" in e.text
    ]
    turn = "its turn has come, 3 weeks or more after “deliver:"
    assert causes[0] == "it has no condition"
    assert causes[1] == f"{turn}recognition”; Front has kept quiet for 2 weeks or more"
    assert causes[2] == f"{turn}prisoners”"


def test_no_cause_is_vague(history):
    vague = {"compliance", "its date had come", "drift and garrisons", "agreed and due", "threshold cascade",
             "the suspension is over", "the check failed", "every listed party has consented"}  # fmt: skip
    causes = [e.cause for one in history for e in tell(one).events]
    assert len(causes) > 200 and not vague & set(causes)
    causes += [e.cause for one in traces("afghanistan-2018", "trilateral", 6) for e in tell(one).events]
    for clock in ("consent", "policy", "campaigns", "walking out"):
        assert any(f"clock of {clock} rang" in cause for cause in causes)


def test_an_evacuation_and_a_relapse_are_told():
    left = [e for one in traces("afghanistan-2018", "confidence_first", 24) for e in told(one, "decides to leave")]
    assert any(e.cause.startswith("an evacuation, since ") for e in left)
    assert any("clock of fatigue rang" in e.cause for e in left)
    broken = [one for one in traces("colombia-2012", "amid_war", 40) if one.weekly["relapses"].any()]
    assert broken
    for one in broken:
        week = int(np.flatnonzero(one.weekly["relapses"][:, 0])[-1])
        assert tell(one).ending.startswith("In the end: fragile settlement, signed in week ")
        assert f"relapsed in week {week};" in tell(one).ending
