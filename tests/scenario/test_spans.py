"""Conditions that no week and no order can fulfil are refused; what might hold is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlesim import steps as do
from settlesim.errors import ScenarioError
from settlesim.model.rules.plan_steps import delayed, held_since
from settlesim.scenario.conditions import all_of, any_of, not_
from settlesim.scenario.files import load
from settlesim.scenario.plan import Plan
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.spans import contradiction
from settlesim.steps import delivered, opened, quiet, taken, week

US, GIFT = do.open_track("patron_talks"), do.deliver("prisoners")


def problems_of(make):
    try:
        make()
    except ScenarioError as error:
        return [(p.key, p.message) for p in error.problems]
    return []


IMPOSSIBLE = [
    week(8) & ~week(4),
    week(4) & ~week(4),
    ~week(0),
    week(8) & ~(week(4) | week(12)),
    ~(week(4) & week(2)) & week(4),
    (week(8) & ~week(4)) | (week(9) & ~week(3)),
    (week(8) & ~week(4)).after(3),
    week(2).after(6) & ~week(4),
    week(9) & ~week(3).after(2),
]
POSSIBLE = [
    week(3) & ~week(4),
    (~week(4)).after(8) & week(8),
    week(8) | ~week(4),
    ~week(4) & quiet(3),
    week(8) & ~opened("patron_talks"),
    ~(week(4) & opened("patron_talks")) & week(8),
    ~~week(8),
    (~taken("us")).after(3),
]


@pytest.mark.parametrize("when", IMPOSSIBLE, ids=lambda when: str(when.tree()))
def test_what_no_week_can_fulfil_is_refused(when):
    moves = {"us": US, "gift": GIFT.model_copy(update={"when": when})}
    (plan,) = problems_of(lambda: Plan(moves, pace=2))
    assert plan[0].startswith("moves.gift") and "'gift' can never be taken: contradicts itself" in plan[1]
    assert problems_of(lambda: Plan(moves, pace=2, patience=8)) == []
    (given,) = problems_of(lambda: Plan({"us": US}, given=[moves["gift"]], patience=8))
    assert given[0].startswith("given[0]") and "contradicts itself" in given[1]
    steps = [US, moves["gift"]]
    (alone,) = problems_of(lambda: load("afghanistan-2018").sequence(Sequence("mine", steps)))
    assert alone[0].endswith("steps[1].when") and "'deliver:prisoners' can never be taken: contra" in alone[1]
    assert not problems_of(lambda: load("afghanistan-2018").sequence(Sequence("mine", steps, ordered=True, patience=4)))


@pytest.mark.parametrize("when", POSSIBLE, ids=lambda when: str(when.tree()))
def test_what_may_hold_is_not_refused(when):
    moves = {"us": US, "gift": GIFT.model_copy(update={"when": when})}
    assert problems_of(lambda: Plan(moves, pace=1)) == []


def planned(when, **how):
    moves = {"t": US, "x": do.deliver("delisting", when=when), "gift": GIFT}
    return problems_of(lambda: Plan(moves, **{"precedence": [("t", "x")], "pace": 8} | how))


def test_what_was_made_before_in_every_order():
    ((key, message),) = planned(~taken("t"))
    assert key.startswith("moves.x") and "holds only before 't' is taken, and precedence puts that before it" in message
    assert planned(~taken("t") & quiet(2)) and planned(~(taken("t") | opened("kabul_talks")))
    # Not in every order; in the same week; soon enough for what latches; with patience; where another way is open.
    assert not planned(~taken("gift")) and not planned(~taken("t"), precedence=[])
    assert not planned(~taken("t"), pace=0)
    assert not planned((~taken("t")).after(2)) and not planned(~taken("t").after(20))
    assert not planned(~taken("t"), patience=8)
    assert not planned(~taken("t") | quiet(4)) and not planned(~(taken("t") & opened("kabul_talks")))
    assert not planned(~taken("t"), together=[("t", "x")], precedence=[])


def test_what_was_done_before_in_every_order():
    assert not planned(~opened("patron_talks"))
    ((_, message),) = planned(~opened("patron_talks"), completes="done")
    assert "holds only before 'patron_talks' is opened" in message
    # What is delivered may be taken back.
    assert not planned(~delivered("prisoners"), completes="done", precedence=[("gift", "x")])


def test_a_turn_that_comes_when_the_week_is_over():
    ((_, message),) = planned(~week(8))
    assert "its turn comes in week 8 or later, and it waits for what holds before week 8 only" in message
    assert not planned(~week(9)) and not planned(~week(8), precedence=[]) and not planned(~week(8), pace=7)


def test_a_move_that_can_never_be_done():
    moves = {"us": US.model_copy(update={"done": week(8) & ~week(4)}), "gift": GIFT}
    ((key, message),) = problems_of(lambda: Plan(moves))
    assert key.startswith("moves.us") and "'us' can never be done: contradicts itself" in message


CONDITIONS = st.recursive(
    st.builds(lambda n, d: week(n).after(d), st.sampled_from([0, 1, 2.5, 3, 5, 8]), st.sampled_from([0, 0, 2])),
    lambda inner: st.one_of(
        st.builds(lambda c, d: not_(c).after(d), inner, st.sampled_from([0, 0, 3])),
        st.lists(inner, min_size=1, max_size=3).map(lambda c: all_of(*c)),
        st.lists(inner, min_size=1, max_size=3).map(lambda c: any_of(*c)),
    ),
    max_leaves=6,
)


def ever_holds(condition, first, last=60):
    """Walk the weeks, by the rules that the engines use."""
    since = {}

    def truth(one, at, now):
        if one.kind == "week":
            found = now >= one.number
        elif one.kind == "not":
            found = not truth(one.children[0], (*at, 0), now)
        else:
            parts = [truth(child, (*at, i), now) for i, child in enumerate(one.children)]
            found = all(parts) if one.kind == "all" else any(parts)
        since[at] = held_since(found, since.get(at, -1.0), now)
        return bool(delayed(found, since[at], now, one.delay))

    return [now for now in range(first, last) if truth(condition, (), now)]


@pytest.mark.parametrize("first", [0, 1])
@settings(max_examples=150, deadline=None)
@given(condition=CONDITIONS, turn=st.sampled_from([0, 4]))
def test_there_is_no_false_alarm(first, condition, turn):
    if contradiction(condition, turn=turn) is not None:
        assert not [now for now in ever_holds(condition, first) if now >= turn]


@settings(max_examples=100, deadline=None)
@given(low=st.integers(0, 20), high=st.integers(0, 20))
def test_a_window_of_weeks_is_judged_exactly(low, high):
    condition = week(low) & ~week(high)
    assert (contradiction(condition) is not None) == (not ever_holds(condition, 0))
