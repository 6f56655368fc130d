"""A story says what the trace says, with a cause for each event."""

from __future__ import annotations

import numpy as np
import pytest

from settlesim.experiment import replay_trace
from settlesim.story import STORY_VARIABLES, replay, tell
from support import shipped


@pytest.fixture(scope="module")
def trace():
    return replay_trace(shipped(), sequence="us_first", run=4711, rng=7, record=STORY_VARIABLES)


def told(trace, words):
    return [event for event in tell(trace).events if words in event.text]


def test_each_consent_is_told_in_its_week(trace):
    weeks = [int(w) for w in np.flatnonzero(trace.weekly["consents"][:, :, 0].any(axis=1))]
    assert weeks and sorted({e.week for e in told(trace, " consents to ")}) == weeks
    assert all(e.cause == "its clock of consent rang" for e in told(trace, " consents to "))


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
    assert "insurgent victory" in tell(trace).ending
    assert f"{int(trace.final['deaths'][0]):,} deaths" in tell(trace).ending


def test_no_name_of_one_conflict_in_the_story_of_another():
    text = str(replay(shipped("colombia-2012"), run=1, rng=7))
    assert "Taliban" not in text and "Kabul" not in text and "FARC" in text
