"""Protocols with a mistake planted: rules of a modeller's own, of which all but `counted` fail in some way."""

from __future__ import annotations

import signal
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from settlesim.errors import FaultError, ProtocolError
from settlesim.experiments.simulate import simulate
from settlesim.model.items import rule
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Variable
from settlesim.scenario.files import load
from support import changed, shipped

__all__ = ["added", "complaints", "fault", "short", "tried"]

# Rules whose faults are to be the same in another process, which finds them here by name.
VARIABLES = (Variable("aid", "run", "share", "aid", 0.0, 0.0, 3.0),)


@rule("run", "aid")
def counted(aid, week):
    return np.minimum(aid + 0.001 * week, 3.0)


@rule("run", "aid")
def divides(aid, legitimacy):
    return aid + 1 / 0


@rule("run", "aid")
def grows(aid, legitimacy):
    return aid + legitimacy


@rule("run", "aid")
def logs(aid, legitimacy):
    return np.log(-legitimacy)


@rule("run", "aid")
def endless(aid, legitimacy):
    return np.where(legitimacy > 0.0, np.inf, aid)


@rule("run", "aid")
def masked(aid, legitimacy):
    return np.ma.masked_greater(legitimacy, 0.0)


class Odd(Exception):
    """Cannot be sent from process to process: it takes two arguments and keeps one."""

    def __init__(self, a, b):
        super().__init__(a)


@rule("run", "aid")
def odd(aid, legitimacy):
    raise Odd("odd", "ity")


@rule("run", "aid")
def leaves(aid, legitimacy):
    raise SystemExit(3)


@rule("run", "aid")
def interrupts(aid, legitimacy):
    raise KeyboardInterrupt


@rule("run", "aid")
def is_interrupted(aid, legitimacy):
    # As by a user who does not wait.
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    return aid


@rule("run", "aid")
def nothing(aid, legitimacy):
    aid + legitimacy


@rule("run", "aid")
def two(aid, legitimacy):
    return aid, legitimacy


@rule("run", "aid")
def half(aid, legitimacy):
    return 0.5


@rule("run", "aid")
def text(aid, legitimacy):
    return np.where(legitimacy > 0.0, "much", "little")


@rule("run", "aid")
def objects(aid, legitimacy):
    return np.where(legitimacy > 0.0, None, None)


PLANTED = (divides, endless, masked, grows, logs, odd, leaves, nothing, two, half, text, objects)
FAILING = {f.name: f for f in (*PLANTED, interrupts, is_interrupted)}


def fails_in_run_three(trace):
    """An outcome that fails for one run."""
    if 3 in trace.runs:
        raise ArithmeticError("run three")
    return trace.final["deaths"]


def deaths(trace):
    return trace.final["deaths"]


class Half:
    def __call__(self, trace):
        return trace.final["deaths"] / 2


class Locked:
    def __init__(self):
        # Cannot be sent.
        self.held = (i for i in range(3))

    def __call__(self, trace):
        return trace.final["deaths"]


def added(function: Any, scope: str = "run", writes: str = "extra", **how: Any) -> Protocol:
    """The standard protocol with a rule, which writes variables that start at zero unless others are given."""
    after, when, luck = how.pop("after", "spoilers"), how.pop("when", None), how.pop("luck", ())
    variables = how.pop("variables", [Variable(name, scope, "1", "planted", 0.0) for name in writes.split()])
    assert not how, how
    new = rule(scope, writes, when=when)(function)
    return STANDARD.with_rule(new, after=after, variables=variables, luck=luck)


def complaints(protocol: Protocol, scenario: Any = "two-party", **how: Any) -> list[str]:
    """What the check says of a protocol; there must be something."""
    with pytest.raises(ProtocolError) as caught:
        protocol.check(load(scenario) if isinstance(scenario, str) else scenario, **how)
    assert str(caught.value).split("\n") == list(caught.value.problems)
    return list(caught.value.problems)


def tried(name: str) -> Protocol:
    """The standard protocol with one of the failing rules above."""
    return STANDARD.with_rule(FAILING[name], after="legitimacy", variables=VARIABLES)


@lru_cache
def short():
    """A war of sixty weeks."""
    return changed(shipped("two-party"), horizon=60)


def fault(protocol, runs=4, **how):
    """The fault in which some runs of it end."""
    with pytest.raises(FaultError) as caught:
        simulate(short(), sequence="talk", runs=runs, rng=1, protocol=protocol, **how)
    return caught.value
