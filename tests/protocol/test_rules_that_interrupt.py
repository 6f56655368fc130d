"""A KeyboardInterrupt within a rule: the user's where a signal was heard, else a fault of the rule."""

from __future__ import annotations

import signal

import pytest

from protocol.planted import fault, tried
from settlesim.errors import Interrupted
from settlesim.experiments.execution import Execution
from settlesim.experiments.simulate import simulate
from settlesim.model.outcome import Outcome
from settlesim.model.standard import STANDARD
from support import changed, shipped

INTERRUPTS = (
    "rule 'interrupts' (run), sequence 'talk', week 1, run 0: raised KeyboardInterrupt; to see it: "
    "ss.replay(scenario, sequence='talk', run=0, rng=1, protocol=protocol)"
)


@pytest.mark.parametrize("how", [{}, {"engine": "mesa"}, {"execution": Execution(workers=2, block=3)}])
def test_a_rule_that_interrupts_is_no_user_who_does(how):
    assert str(fault(tried("interrupts"), 6, **how)) == INTERRUPTS


def interrupting(trace):
    raise KeyboardInterrupt


def test_an_outcome_that_interrupts_is_named_too():
    error = fault(STANDARD, outcomes=[Outcome("mine", interrupting, "1", "x")])
    assert str(error).startswith("outcome 'mine', sequence 'talk', run 0: raised KeyboardInterrupt; to see it: ")


def test_a_user_who_interrupts_within_a_rule_does():
    with pytest.raises(Interrupted):
        simulate(
            changed(shipped("two-party"), horizon=60), sequence="talk", runs=4, rng=1, protocol=tried("is_interrupted")
        )


def interrupted_by_others(number, frame):
    raise KeyboardInterrupt


def test_where_it_cannot_be_told_it_is_the_user():
    before = signal.signal(signal.SIGINT, interrupted_by_others)
    try:
        with pytest.raises(Interrupted):
            simulate(
                changed(shipped("two-party"), horizon=60), sequence="talk", runs=4, rng=1, protocol=tried("interrupts")
            )
    finally:
        signal.signal(signal.SIGINT, before)
