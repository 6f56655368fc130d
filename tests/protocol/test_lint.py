"""What the source of a rule of one's own tells: that it is not elementwise, or not a function of what it reads."""

from __future__ import annotations

import math
import random
import time
from math import exp

import numpy as np
import pytest

from protocol.planted import added, complaints
from settlesim.model import rule_lint
from settlesim.model.items import Rule
from settlesim.model.protocol_check import every_rule
from settlesim.model.rule_lint import lint
from settlesim.model.standard import STANDARD
from support import shipped

SOURCE = np.random.default_rng(1)
TABLE = np.arange(3.0)
KNOTS = np.arange(3.0)
KNOTS.setflags(write=False)
SEEN: list[float] = []
WEIGHTS = (0.25, 0.75)


def powers(extra, deaths):
    return extra + deaths**1.5


def power_by_name(extra, deaths):
    return extra + pow(deaths, 1.5)


def power_in_place(extra, deaths):
    rise = deaths + 1.0
    rise **= 2.0
    return rise


def branch(extra, deaths):
    if deaths > 1.0:
        return extra
    return extra


def branch_on_what_follows(extra, deaths):
    rise = deaths + 1.0
    high = rise > 2.0
    return extra if high else extra + 1.0


def loop(extra, deaths):
    while deaths > 1.0:
        deaths = deaths - 1.0
    return extra


def one_by_one(extra, deaths):
    return np.array([d + 1.0 for d in deaths])


def both(extra, deaths):
    return np.where((extra > 0.0) and (deaths > 0.0), 1.0, 0.0)


def neither(extra, deaths):
    return np.where(not deaths, 1.0, 0.0)


def between(extra, deaths):
    return np.where(0.0 < deaths < 9.0, 1.0, 0.0)


def greatest(extra, deaths):
    return max(extra, deaths)


def mathematical(extra, deaths):
    return extra + math.sqrt(deaths)


def mathematical_by_name(extra, deaths):
    return extra + exp(deaths)


def product(extra, deaths):
    return extra @ deaths


def summed(extra, deaths):
    return extra + deaths.sum()


def averaged(extra, deaths):
    return extra + np.mean(deaths)


def reduced(extra, deaths):
    return extra + np.maximum.reduce(deaths)


def counted(extra, deaths):
    return extra + len(deaths)


def drawn(extra, deaths):
    return extra + np.random.default_rng().random(np.shape(deaths))


def drawn_from_a_source(extra, deaths):
    return extra + SOURCE.random()


def drawn_by_python(extra, deaths):
    return extra + random.random()


def timed(extra, deaths):
    return extra + time.time()


def remembered(extra, deaths):
    return extra + SEEN[0]


def looked_up(extra, deaths):
    return extra + TABLE[0]


def kept(extra, deaths):
    global WEIGHTS
    WEIGHTS = (0.5, 0.5)
    return extra


def changed_in_place(extra, deaths):
    extra += deaths
    return extra


def written_into(extra, deaths):
    out = extra.copy()
    out[deaths > 1.0] = 0.0
    return out


MISTAKES = {
    powers: "`deaths ** 1.5` differs in the last bit between one run and many: use np.power, np.square or np.sqrt",
    power_by_name: "`pow(deaths, 1.5)` takes one number or mixes many: use np.power",
    power_in_place: "`rise **= 2.0` differs in the last bit between one run and many: use np.power",
    branch: "`if deaths > 1.0:` asks about state: choose with np.where",
    branch_on_what_follows: "`extra if high else extra + 1.0` asks about state: choose with np.where",
    loop: "`while deaths > 1.0:` asks about state: choose with np.where",
    one_by_one: "`[d + 1.0 for d in deaths]` goes through state one by one: write it for whole arrays",
    both: "`extra > 0.0 and deaths > 0.0` joins truths of state: use &, | and ~, with brackets",
    neither: "`not deaths` joins truths of state: use &, | and ~, with brackets",
    between: "`0.0 < deaths < 9.0` compares several at once: join single comparisons by &",
    greatest: "`max(extra, deaths)` takes one number or mixes many: use np.maximum",
    mathematical: "`math.sqrt(deaths)` takes single numbers only: use numpy, as np.sqrt",
    mathematical_by_name: "`exp(deaths)` takes single numbers only: use numpy, as np.exp",
    product: "`extra @ deaths` sums over runs or entities: combine entities with a Fold",
    summed: "`deaths.sum()` mixes runs or entities: combine entities with a Fold, and never runs",
    averaged: "`np.mean(deaths)` mixes runs or entities: combine entities with a Fold, and never runs",
    reduced: "`np.maximum.reduce(deaths)` mixes runs or entities: combine entities with a Fold, and never runs",
    counted: "`len(deaths)` takes one number or mixes many: use a Fold",
    drawn: "`np.random.default_rng()` draws or looks at the clock: declare Luck and read it",
    drawn_from_a_source: "`SOURCE` draws: declare Luck and read it",
    drawn_by_python: "`random.random()` draws or looks at the clock: declare Luck and read it",
    timed: "`time.time()` draws or looks at the clock: declare Luck and read it",
    remembered: "`SEEN` can change between calls: use a tuple, or a parameter of the scenario",
    looked_up: "`TABLE` is an array that can change between calls: use a parameter, or setflags(write=False)",
    kept: "`global WEIGHTS` remembers from call to call: keep it in a Variable",
    changed_in_place: "`extra += deaths` changes what it reads: give the new value a name of its own",
    written_into: "`out[deaths > 1.0] = 0.0` writes into an array: choose with np.where",
}


@pytest.mark.parametrize("function", MISTAKES, ids=lambda f: f.__name__)
def test_a_mistake_is_named_with_its_line_and_what_to_write(function):
    problems = complaints(added(function))
    first = function.__code__.co_firstlineno
    place = f"rule {function.__name__!r} (run), test_lint.py:"
    assert problems and all(problem.startswith(place) for problem in problems)
    assert all(first <= int(problem[len(place) :].partition(":")[0]) <= first + 4 for problem in problems)
    assert any(MISTAKES[function] in problem for problem in problems), problems


def elementwise(extra, deaths, settled):
    """All that is allowed, and some that looks like what is not."""
    low, high = WEIGHTS
    rise = np.zeros(np.shape(deaths))
    for weight in (low, high):
        rise = rise + weight * np.power(deaths, 1.0 / 3.0)
    rise = np.where(settled & ~(deaths > 1.0), rise, abs(rise)) + sum([extra, rise])
    rise += np.interp(np.clip(deaths, 0.0, 2.0), KNOTS, KNOTS)
    if rise.ndim > 1:
        rise = rise + 0.0 * 2**3
    return np.minimum(rise, math.inf)


def test_what_is_elementwise_is_left_alone():
    assert lint(Rule(elementwise, "run", ("extra",))) == []
    assert added(elementwise).check(shipped("two-party"))


def test_rules_of_settlesim_would_pass_and_are_not_looked_at(monkeypatch):
    looked = []
    monkeypatch.setattr(rule_lint, "_mistakes", lambda function: looked.append(function) or ())
    assert all(lint(rule) == [] for rule in every_rule(STANDARD)) and not looked
    monkeypatch.undo()
    monkeypatch.setattr(rule_lint, "TESTED", "nowhere")
    assert [problem for rule in every_rule(STANDARD) for problem in lint(rule)] == []


def test_a_rule_without_source_is_left_to_its_first_evaluation():
    names = {"np": np}
    exec("def unseen(extra, deaths):\n    return extra + deaths**1.5", names)
    assert lint(Rule(names["unseen"], "run", ("extra",))) == []


def test_the_source_is_read_once(monkeypatch):
    def fresh(extra, deaths):
        return extra

    calls = []
    original = rule_lint._mistakes
    monkeypatch.setattr(rule_lint, "_mistakes", lambda function: calls.append(function) or original(function))
    for _ in range(3):
        assert added(fresh).check(shipped("two-party"))
    assert calls == [fresh]
