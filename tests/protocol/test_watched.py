"""Rules of one's own whose source does not tell: they are evaluated alone, again, in another order and one by one."""

from __future__ import annotations

import numpy as np
import pytest

from protocol.planted import added
from settlesim.engines.vectorised import watched_rule
from settlesim.errors import FaultError
from settlesim.experiments.simulate import simulate
from settlesim.model.items import rule
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Luck, Variable
from support import block, shipped

SOURCE = np.random.default_rng(1)
SEEN = [0.0]


# Helpers, into which the look at the source does not follow.
def total(values):
    return np.sum(values)


def above_the_mean(values):
    return np.where(values > np.mean(values), 1.0, 0.0)


def chance(values):
    return SOURCE.random(np.shape(values))


def calls(values):
    SEEN[0] += 1.0
    return values + SEEN[0]


def in_order(values):
    return np.cumsum(values) if np.ndim(values) else values


def power(values):
    # In place of `**`, whose last bit differs between arrays and single numbers on some machines and not on others.
    return np.power(values, 1.5) if np.ndim(values) else np.nextafter(np.power(values, 1.5), 0.0)


def choice(values):
    return 1.0 if values > 0.5 else 0.0


def masked(values):
    out = values.copy()
    out[values > 0.5] = 0.0
    return out


def halved(values):
    values *= 0.5
    return values


def sums(extra, legitimacy):
    return extra + 0.0 * legitimacy + total(legitimacy)


def compares(extra, legitimacy):
    return above_the_mean(legitimacy)


def draws(extra, legitimacy):
    return chance(legitimacy)


def remembers(extra, legitimacy):
    return calls(legitimacy)


def orders(extra, legitimacy):
    return in_order(legitimacy)


def powers(extra, legitimacy):
    return power(legitimacy)


def chooses(extra, legitimacy):
    return extra + choice(legitimacy)


def masks(extra, legitimacy):
    return masked(legitimacy)


def halves(extra, legitimacy):
    return halved(legitimacy)


FOUND = {
    sums: "mixes runs: run 0 has another 'extra' alone; a rule must treat each by itself",
    compares: "mixes runs: run 0 has another 'extra' alone; a rule must treat each by itself",
    orders: "has another 'extra' alone; a rule must treat each by itself",
    draws: "gives another 'extra' for run 0 when it is called again with the same: it draws random numbers or "
    "remembers; declare Luck, or a Variable, and read it",
    remembers: "gives another 'extra' for run 0 when it is called again with the same: it draws random numbers or",
    powers: "among others: it mixes entities, or uses ** or math where numpy has a function",
    chooses: "is ambiguous. Use a.any() or a.all(): choose with np.where, and join truths by &, | and ~",
    masks: "works for whole arrays but not for one number, run 0: it raised",
    halves: "raised ValueError: output array is read-only: it must not change what it reads",
}  # fmt: skip


@pytest.mark.parametrize("engine", ["numpy", "mesa"])
@pytest.mark.parametrize("function", FOUND, ids=lambda f: f.__name__)
def test_what_is_not_elementwise_is_found_in_the_first_week(function, engine):
    """In the reference model too, which would never see it: there a rule has one run and one entity before it."""
    with pytest.raises(FaultError) as caught:
        simulate(shipped("two-party"), runs=6, rng=1, engine=engine, protocol=added(function))
    error = caught.value
    assert (error.kind, error.name, error.scope, error.week) == ("rule", function.__name__, "run", 1)
    assert FOUND[function] in error.reason, error.reason


def mixes_provinces(pooled, insurgent_share):
    return over_provinces(insurgent_share, insurgent_share)


def over_provinces(values, weights):
    """The same for every run alone, yet no province is treated by itself."""
    if np.ndim(values) < 2:
        return values
    total = np.zeros(values.shape[-1])
    for row in values * weights:
        total = total + row
    return np.broadcast_to(total, values.shape)


def test_a_rule_that_mixes_entities_is_found_by_one_entity_alone():
    protocol = added(mixes_provinces, scope="province", writes="pooled", after="control")
    with pytest.raises(FaultError, match="of run 0, 'Badakhshan' alone, and") as caught:
        simulate(shipped(), runs=3, rng=1, protocol=protocol)
    assert "it mixes entities" in caught.value.reason


def under_a_guard(extra, legitimacy):
    return extra + 0.0 * legitimacy + total(legitimacy)


def test_a_rule_under_a_guard_is_found_when_it_is_first_evaluated():
    started = Variable("started", "run", start=False, kind="bool")
    late = added(lambda started, week: week > 5.0, writes="started", variables=[started])
    mixed = rule("run", "extra", when="started")(under_a_guard)
    protocol = late.with_rule(mixed, after="<lambda>", variables=[Variable("extra", "run", start=0.0)])
    with pytest.raises(FaultError, match="mixes runs: run 0") as caught:
        simulate(shipped("two-party"), runs=6, rng=1, protocol=protocol)
    assert caught.value.week == 6


def steady(extra, legitimacy, steady_luck, week):
    return np.where(steady_luck > 0.5, extra + legitimacy / week, np.exp(-extra))


def luck():
    return [Luck("steady_luck", "run", "uniform", "week")]


def test_a_sound_rule_is_tried_on_a_few_occasions_and_then_only_looked_at(monkeypatch):
    tries = []
    original = watched_rule.WatchedRule._try

    def counting(self, *arguments):
        tries.append(self.rule.name)
        original(self, *arguments)

    monkeypatch.setattr(watched_rule.WatchedRule, "_try", counting)
    protocol = added(steady, luck=luck())
    counts = []
    for runs in (1, 4, 4):
        block(shipped("two-party"), "talk", runs, protocol=protocol)
        counts.append(len(tries))
    # Weeks 1, 2, 4 and so on to 128, and one of the others; a run alone tells nothing of others, so in the first block
    # every week tries, in the second each occasion once, in the third none.
    assert counts[1] - counts[0] == 9 and counts[2] == counts[1]


def test_a_rule_is_the_same_watched_or_not(monkeypatch):
    protocol = added(steady, luck=luck())
    watched = block(shipped("two-party"), "talk", 12, protocol=protocol)
    monkeypatch.setattr("settlesim.engines.vectorised.reader.is_own", lambda function: False)
    assert np.array_equal(
        watched.final["extra"], block(shipped("two-party"), "talk", 12, protocol=protocol).final["extra"]
    )


def test_rules_of_settlesim_are_not_watched(monkeypatch):
    monkeypatch.setattr(watched_rule.WatchedRule, "__init__", None)
    assert block(shipped("two-party"), "talk", 2, protocol=STANDARD).final["deaths"].size == 2


def test_what_a_rule_reads_it_cannot_change(monkeypatch):
    """Not even in a week in which it was tried already."""
    SEEN[0] = 0.0

    def late(extra, legitimacy, week):
        return np.where(week > 3.0, late_change(legitimacy, week), extra)

    def late_change(values, week):
        if np.ndim(values) and week > 3.0:
            values *= 0.5
        return values

    with pytest.raises(FaultError, match="must not change what it reads") as caught:
        block(shipped("two-party"), "talk", 4, protocol=added(late))
    assert caught.value.week == 4


class Callable:
    """Called like a function, and cannot be remembered, for it has no hash."""

    __hash__ = None
    __name__ = "callable"

    def __call__(self, extra, legitimacy):
        return extra + legitimacy


def test_what_is_called_like_a_function_is_watched_too():
    assert block(shipped("two-party"), "talk", 2, protocol=added(Callable())).final["extra"].min() > 0.0


def test_what_mixes_runs_once_they_differ_is_found():
    """In the first week all runs are alike, so a sum in a helper, which the lint does not see, shows only later."""

    def mixing(aid, legitimacy):
        return np.minimum(aid + legitimacy + 1e-3 * total(aid), 1e9)

    protocol = added(mixing, writes="aid")
    with pytest.raises(FaultError, match=r"rule 'mixing' \(run\).*week (2|4|8).*: mixes runs"):
        simulate(shipped("two-party"), runs=4, rng=1, protocol=protocol)
