"""Rules and outcomes that other processes do not find: named, with what to do, before any process starts."""

from __future__ import annotations

import functools
import subprocess
import sys
import types

import pytest

from protocol.planted import Half, Locked, deaths, fails_in_run_three, tried
from settlesim.errors import UsageError
from settlesim.experiments import transport
from settlesim.experiments.request import Request
from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Variable
from support import shipped


def job(function=None, protocol=STANDARD):
    outcomes = None if function is None else [Outcome("mine", function, "1", "mine")]
    scenario = shipped("two-party")
    request = Request(scenario, (scenario.sequence("talk"),), runs=3, rng=1, protocol=protocol, outcomes=outcomes)
    return request.job(None)


def closed():
    def inner(trace):
        return trace.final["deaths"]

    return inner


@pytest.mark.parametrize("function", [deaths, Half(), functools.partial(deaths), final("deaths"), fails_in_run_three])
def test_what_stands_in_a_module_is_sent(function):
    (outcome,) = transport.unpacked(transport.packed(job(function))).outcomes
    assert outcome.name == "mine" and callable(outcome.function)


def test_rules_of_a_module_are_sent():
    there = transport.unpacked(transport.packed(job(protocol=tried("odd")))).protocol
    assert there.names == tried("odd").names


ADVICE = "define it at the top level of a module of its own and import it, or use workers=1"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda trace: trace.final["deaths"], "is a lambda: other processes do not find it; "),
        (closed(), "stands inside the function 'closed': other processes do not find it; "),
        (functools.partial(closed()), "stands inside the function 'closed': other processes do not find it; "),
        (Locked(), "cannot be sent to other processes (cannot pickle 'generator' object): "),
    ],
)
def test_an_outcome_that_cannot_be_sent_is_named(function, said):
    with pytest.raises(UsageError) as caught:
        transport.packed(job(function))
    assert str(caught.value) == f"outcome 'mine' {said}{ADVICE}"


def test_a_rule_that_cannot_be_sent_is_named():
    @rule("run", Variable("aid", start=0.0))
    def local(aid):
        return aid

    with pytest.raises(UsageError) as caught:
        transport.packed(job(protocol=STANDARD.with_rule(local, after="legitimacy")))
    inside = "'test_a_rule_that_cannot_be_sent_is_named'"
    assert str(caught.value) == (
        f"rule 'local' stands inside the function {inside}: other processes do not find it; {ADVICE}"
    )


def test_a_module_that_other_processes_do_not_find_is_named(monkeypatch):
    module = types.ModuleType("made_by_hand")
    exec("def deaths(trace):\n    return trace.final['deaths']\n", module.__dict__)
    monkeypatch.setitem(sys.modules, "made_by_hand", module)
    with pytest.raises(UsageError) as caught:
        transport.packed(job(module.deaths))
    assert str(caught.value) == (
        "outcome 'mine' stands in the module 'made_by_hand', which is in none of the folders that modules are imported "
        f"from: other processes do not find it; {ADVICE}"
    )


def test_the_other_process_names_what_it_does_not_find(monkeypatch):
    module = types.ModuleType("made_by_hand")
    exec("def deaths(trace):\n    return trace.final['deaths']\n", module.__dict__)
    monkeypatch.setitem(sys.modules, "made_by_hand", module)
    monkeypatch.setattr(transport, "_hidden", lambda function: "")
    sent = transport.packed(job(module.deaths))
    monkeypatch.delattr(module, "deaths")
    with pytest.raises(UsageError, match=r"does not find a rule or outcome \(.*'deaths'.*\): define it at the top"):
        transport.unpacked(sent)
    monkeypatch.delitem(sys.modules, "made_by_hand")
    with pytest.raises(UsageError, match="another process does not find the module 'made_by_hand': put it where"):
        transport.unpacked(sent)


SESSION = """
import settlesim as ss
def deaths(trace): return trace.final["deaths"]
@ss.rule("run", ss.Variable("aid", start=0.0))
def grows(aid): return aid + 1.0
war, two = ss.load("two-party"), ss.Execution(workers=2, block=1)
for how in ({"outcomes": [ss.Outcome("mine", deaths, "1", "x")]},
            {"protocol": ss.STANDARD.with_rule(grows, after="legitimacy")}):
    try: ss.simulate(war, runs=2, rng=1, execution=two, **how)
    except ss.UsageError as error: print(error)
"""


def test_a_notebook_or_session_is_told_so():
    done = subprocess.run([sys.executable, "-"], input=SESSION, capture_output=True, text=True, timeout=120)
    place = "stands in a notebook or an interactive session: other processes do not find it;"
    assert done.stdout == f"outcome 'mine' {place} {ADVICE}\nrule 'grows' {place} {ADVICE}\n", done.stderr
