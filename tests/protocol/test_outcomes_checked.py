"""Outcomes of one's own: named before the first week, and named when they fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import settlesim as ss
from protocol.planted import complaints, fails_in_run_three
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines import reference
from settlesim.engines.vectorised import engine
from settlesim.errors import FaultError, ProtocolError
from settlesim.model.outcome import Outcome
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Variable
from settlesim.results.outcomes import DESTINATIONS, evaluate
from support import block, changed, shipped


def deaths(trace):
    return trace.final["deaths"]


def made(name="mine", function=deaths, dims=("run",), **how):
    return Outcome(name, function, "1", "mine", dims, **how)


class Meanings(dict):
    """Meanings of codes that can stand in the key of a table."""

    def __hash__(self):
        return hash(tuple(self.items()))


FLAGS = Meanings({0: "none", 1: "some"})
PARAMETER = "has the name of a parameter of two-party.toml: call it otherwise"
COORDINATE = "has the name of a dimension or coordinate of results: call it otherwise"
DIMS = 'outcome \'mine\': dims must be ("run",) or ("run", another), not'
BEFORE = {
    (made("defection_rate"),): f"outcome 'defection_rate' {PARAMETER}",
    (made("war_cost.patron"),): f"outcome 'war_cost.patron' {PARAMETER}",
    (made("track"),): f"outcome 'track' {COORDINATE}",
    (made("week"),): f"outcome 'week' {COORDINATE}",
    (made("definition"),): f"outcome 'definition' {COORDINATE}",
    (made("destination"),): f"outcome 'destination' {COORDINATE}",
    (made("deaths_weekly"),): "outcome 'deaths_weekly' ends as names do that results derive (_weekly, _drawn): call it",
    (made(), made()): "outcome 'mine': two outcomes have this name; call one otherwise",
    (made(dims=("run", "quarter")),): "outcome 'mine': unknown dimension 'quarter'; known: actor, bargain, cell",
    (made(dims=("run", "factions")),): "outcome 'mine': unknown dimension 'factions'; did you mean 'faction'?",
    (made(dims=("faction", "run")),): f"{DIMS} ('faction', 'run')",
    (made(function="deaths"),): "outcome 'mine': its function is 'deaths', which cannot be called",
    (made(reads=("relapse_horizn",)),): "outcome 'mine' reads 'relapse_horizn', which is no parameter of "
    "two-party.toml; did you mean 'relapse_horizon'?",
    (made(kind="shares"),): "outcome 'mine': unknown kind 'shares'; did you mean 'share'?; known: share, bounded",
    (made(kind="code"),): "outcome 'mine': its kind is 'code'; an outcome has flags, meanings of its codes, if it is",
    (made(flags=FLAGS),): "outcome 'mine': its kind is 'amount'; an outcome has flags, meanings of its codes, if it",
    (made(better="hi"),): "outcome 'mine': better is 'hi'; did you mean 'high'?; known: high, low, or None",
    ("settled",): "'settled' is no outcome: give an Outcome(name, function, units, meaning)",
}  # fmt: skip


@pytest.mark.parametrize(("outcomes", "said"), BEFORE.items(), ids=[said[:50] for said in BEFORE.values()])
def test_mistakes_are_found_before_anything_is_simulated(outcomes, said):
    (problem,) = complaints(STANDARD, outcomes=outcomes)
    assert problem.startswith(said)
    with pytest.raises(ProtocolError) as caught:
        ss.simulate(shipped("two-party"), runs=2, rng=1, outcomes=outcomes)
    assert caught.value.problems == (problem,)


ALLOWED = "; allowed: up to 100 characters that are seen, a letter, digit or _ first, without / and \\"
NAMES = {
    "": "is empty", "a/b": "holds '/'", "a\\b": "holds '\\\\'", ".": "starts with '.'", "..": "starts with '.'",
    "a\nb": "holds U+000A", "a\x00": "holds U+0000", "a\x1b[31m": "holds U+001B", "a\u202eb": "holds U+202E",
    "a\u200bb": "holds U+200B", " a": "starts or ends with a blank", "a ": "starts or ends with a blank",
    "x" * 101: "has 101 characters", "\u4e00" * 90: "has 270 bytes in UTF-8", "e\u0301": "writes",
    "zarr.json": "is the name",
}  # fmt: skip


@pytest.mark.parametrize(("name", "said"), NAMES.items(), ids=list(NAMES.values()))
def test_names_are_those_that_are_seen_as_what_they_are_and_can_be_kept(name, said):
    with pytest.raises(ProtocolError) as caught:
        ss.simulate(shipped("two-party"), runs=2, rng=1, outcomes=[made(name)])
    (problem,) = caught.value.problems
    assert f": its name {said}" in problem and problem.endswith(ALLOWED) and problem.isprintable()
    (problem,) = complaints(replace(STANDARD, variables=(*STANDARD.variables, Variable(name, "run", start=0.0))))
    assert f": its name {said}" in problem and problem.endswith(ALLOWED) and problem.isprintable()


@pytest.mark.parametrize("name", ["a b", "Anteil_\xe4", "1st", "a.b", "\u0645\u0631\u06af", "x" * 100])
def test_names_in_any_letters_are_kept(name, tmp_path):
    for ending in (".nc", ".zarr"):
        out = tmp_path / f"kept{ending}"
        ss.simulate(shipped("two-party"), runs=2, rng=1, outcomes=[made(name)], execution=ss.Execution(out=out))
        assert name in ss.open(out)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({0: "b", 1: "b"}, "codes 0 and 1 both mean 'b': give each a meaning of its own"),
        (
            {0: "a b", 1: "a_b"},
            "codes 0 and 1 both mean 'a_b' once blanks are written as _: give each a meaning of its own",
        ),
        ({0: "a", 1: ""}, "the meaning of code 1, '', is empty"),
        ({0: "a", 1: " "}, "the meaning of code 1, ' ', starts or ends with a blank"),
        ({0: "a\tb", 1: "c"}, "the meaning of code 0, 'a\\tb', holds U+0009 as its 2nd character, a control character"),
        ({0: "a", 1: 2}, "code 1 means 2, which is no text"),
    ],
)
def test_codes_have_meanings_that_can_be_told_apart(flags, said):
    assert complaints(STANDARD, outcomes=[made(kind="code", flags=flags)]) == [f"outcome 'mine': {said}"]


@pytest.mark.parametrize("label", ["a\nb", "\u202ea", " a", "x" * 101])
def test_labels_are_those_that_are_seen_as_what_they_are(label):
    (problem,) = complaints(STANDARD, outcomes=[made(dims=("run", "mineral"), labels=("ok", label))])
    assert problem.startswith("outcome 'mine': its label ") and "along 'mineral'" in problem and problem.isprintable()


def test_standard_outcomes_are_sound_though_one_shares_the_name_of_a_parameter():
    assert "rival_strength" in shipped().parameters and "rival_strength" in [o.name for o in STANDARD.outcomes]
    assert STANDARD.check(shipped()).outcomes == len(STANDARD.outcomes)
    problems = complaints(STANDARD, outcomes=[made("rival_strength")])
    assert problems == ["outcome 'rival_strength' has the name of a parameter of two-party.toml: call it otherwise"]


def broken(trace):
    raise KeyError("my outcome broke")


def lost(trace):
    return trace.final["deathz"]


def in_place(trace):
    trace.final["legitimacy"][:] = 9.0
    return trace.final["legitimacy"]


FAULTS = {
    broken: ", run 0: raised KeyError: 'my outcome broke'",
    lost: ", run 0: raised KeyError: 'deathz'; did you mean 'deaths'?",
    fails_in_run_three: ", run 3: raised ArithmeticError: run three",
    in_place: ", run 0: raised ValueError: assignment destination is read-only: it must not change what it reads",
    lambda trace: np.zeros(7): ", run 0: returns shape (7,), not (runs,): one value for each run",
    lambda trace: 3.0: ", run 0: returns shape (), not (runs,): one value for each run",
    lambda trace: None: ", run 0: returns None, not an array of one value for each run",
    lambda trace: np.array(["a"] * len(trace.runs)): ", run 0: returns text: return numbers or truths",
    lambda trace: (_ for _ in ()).throw(SystemExit(3)): ", run 0: raised SystemExit: 3",
}  # fmt: skip


@pytest.fixture(scope="module", params=["numpy", "mesa"])
def trace(request):
    """Five runs of a short war, from either engine."""
    war = changed(shipped("two-party"), horizon=12)
    plan, runs = war.sequence("talk"), range(5)
    how = dict(worlds=worlds(war, runs, entropy=1), fates=Fates(1, runs))
    return (engine if request.param == "numpy" else reference).run(war, plan, **how)


@pytest.mark.parametrize(("function", "said"), FAULTS.items(), ids=[said[:40] for said in FAULTS.values()])
def test_a_fault_is_named(function, said, trace):
    with pytest.raises(FaultError) as caught:
        evaluate(trace, [made(function=function)])
    assert str(caught.value) == f"outcome 'mine', sequence 'talk'{said}"


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("share", 0.5, "is 0.5, but of the kind 'share': 0 or 1 in each run"),
        ("bounded", 1.5, "is 1.5, but of the kind 'bounded': from 0 to 1"),
        ("count", -1, "is -1, but of the kind 'count': a whole number, 0 or more"),
    ],
)
def test_values_are_of_the_kind_that_their_outcome_declares(kind, value, said, trace):
    def wrong(trace, at=3):
        return np.where(np.asarray(trace.runs) == at, value, np.nan if kind == "share" else 0.0)

    with pytest.raises(FaultError) as caught:
        evaluate(trace, [made(function=wrong, kind=kind)])
    assert str(caught.value) == f"outcome 'mine', sequence 'talk', run 3: {said}"
    assert np.isnan(evaluate(trace, [made(function=lambda t: wrong(t, 9), kind="share")])["mine"]).any() or value != 0.5


@pytest.mark.parametrize("plan", ["trilateral", "no_talks"])
def test_shipped_outcomes_declare_what_they_are(plan):
    """Their values pass the check above; an amount that is 0 or 1 in every run would be a share that says not so."""
    found = ss.compare(shipped(), [plan, "us_first"], runs=60, rng=7)
    for outcome in STANDARD.outcomes:
        values = found[outcome.name].values
        assert found[outcome.name].attrs["kind"] == outcome.kind
        assert found[outcome.name].attrs.get("better") == outcome.better
        known = values[~np.isnan(values)]
        if outcome.kind == "amount" and known.size > 20:
            assert not np.isin(known, (0, 1)).all(), outcome.name
        assert (outcome.kind == "weeks") == outcome.name.endswith("_week") or outcome.name == "weeks_of_ceasefire"


def test_a_fault_reaches_the_caller_from_another_process():
    with pytest.raises(FaultError, match=r"outcome 'mine', sequence 'talk', run 3: raised ArithmeticError: run three"):
        ss.simulate(shipped("two-party"), runs=6, rng=1, outcomes=[made(function=fails_in_run_three)],
                    execution=ss.Execution(workers=2))  # fmt: skip


def test_values_along_a_second_dimension():
    trace = block(shipped("two-party"), "talk", 3)
    fighters = made(function=lambda trace: trace.final["faction_fighters"].T, dims=("run", "faction"))
    assert evaluate(trace, [fighters])["mine"].shape == (3, 1)
    told = made(function=lambda trace: np.zeros((len(trace.runs), len(DESTINATIONS))), dims=("run", "destination"))
    assert evaluate(trace, [told])["mine"].shape == (3, 5)
    turned = made(function=lambda trace: trace.final["faction_fighters"], dims=("run", "faction"))
    with pytest.raises(
        FaultError, match=r"returns shape \(1, 3\), not \(runs, 1\): one value for each run and faction"
    ):
        evaluate(trace, [turned])


def test_a_parameter_that_only_an_outcome_reads_counts_as_read():
    war = shipped("two-party")
    found = STANDARD.check(war, outcomes=[made()])
    assert any("standing_weeks" in note for note in found.notes)
    found = STANDARD.check(war, outcomes=[made(reads=("standing_weeks",))])
    assert not any("'standing_weeks'" in note.partition(";")[0] for note in found.notes)


def test_what_a_run_leaves_behind_cannot_be_changed(trace):
    weekly = block(trace.scenario, "talk", 2, record=["deaths"]).weekly
    for values in (*trace.final.values(), *weekly.values()):
        assert not values.flags.writeable
