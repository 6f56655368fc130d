"""Names of a protocol: unique, of known kinds, and none that hides another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protocol.planted import added, complaints
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines import reference
from settlesim.engines.vectorised import engine
from settlesim.errors import ProtocolError, UsageError
from settlesim.experiments.simulate import simulate
from settlesim.model.items import Fold, Rule, rule
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Mechanism
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Luck, Variable
from support import changed, shipped


def extra(extra, deaths):
    return extra + 0.0 * deaths


def spoilers(deaths):
    return deaths


def with_luck(**fields):
    return added(extra, luck=[Luck(**{"name": "x_luck", "scope": "run", "distribution": "uniform", **fields})])


def with_variable(**fields):
    return added(extra, variables=[Variable(**{"name": "extra", "scope": "run", "start": 0.0, **fields})])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scope": "runs"}, "luck 'x_luck': unknown scope 'runs'; did you mean 'run'?"),
        ({"distribution": "unifrm"}, "luck 'x_luck': unknown distribution 'unifrm'; did you mean 'uniform'?"),
        ({"distribution": "gamma"}, "luck 'x_luck': a gamma needs parameter=..., a parameter of the scenario with one "
         "number, its shape"),
        ({"distribution": "gamma", "parameter": "trust"},
         "luck 'x_luck': 'trust' shapes its gamma and must be a parameter of the scenario with one number, its shape"),
        ({"distribution": "beta"}, "luck 'x_luck': a beta is drawn for commanders, not for a run; use another"),
        ({"distribution": "beta", "scope": "actor", "parameter": "hardline"},
         "luck 'x_luck': a beta is drawn for commanders, not for an actor; use another"),
        ({"distribution": "beta", "scope": "commander", "parameter": "hardlin"},
         "luck 'x_luck' reads 'hardlin', which nothing provides: no variable, luck or attribute is called so, and "
         "two-party.toml has no such parameter; did you mean 'hardline'?"),
        ({"per": "roundz"}, "unknown counter of occasions of a run (an integer variable) 'roundz'"),
        ({"per": "deaths"}, "unknown counter of occasions of a run (an integer variable) 'deaths'; known: "),
        ({"scope": "seat", "per": "cell_gone"}, "counter of occasions of a seat (an integer variable) 'cell_gone'"),
        ({"occasions": 0}, "luck 'x_luck': occasions must be a whole number of at least 1, not 0"),
        ({"name": "world"}, "luck 'world' would share its draws with the parameters: call it otherwise"),
        ({"name": "week"}, "luck 'week' has the name of an attribute of the model: call it otherwise"),
        ({"name": "troops_dated"}, "luck 'troops_dated' has the name of an attribute of the model: call it otherwise"),
        ({"name": "defection_rate"},
         "luck 'defection_rate' has the name of a parameter of two-party.toml: call it otherwise"),
        ({"name": "deaths"}, "variable 'deaths' has the name of luck of the model: call it otherwise"),
    ],
)  # fmt: skip
def test_luck(fields, said):
    (problem,) = complaints(with_luck(**fields))
    assert said in problem


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scope": "provinc"}, "variable 'extra': unknown scope 'provinc'; did you mean 'province'?"),
        ({"kind": "flaot"}, "variable 'extra': unknown kind 'flaot'; did you mean 'float'?"),
        ({"low": 2.0, "high": 1.0}, "variable 'extra': its low, 2.0, is not below its high, 1.0"),
        ({"low": 1.0}, "variable 'extra' starts at 0.0, outside the range it declares, 1 to inf"),
        ({"start": [0.0]}, "variable 'extra': start must be a number, a name or None, not [0.0]"),
        ({"start": "deathz"}, "the start of variable 'extra' (run) reads 'deathz', which nothing provides"),
        ({"start": "campaign"}, "the start of variable 'extra' (run) reads 'campaign' before the first week"),
        ({"start": "trust"}, "the start of variable 'extra' (run) reads 'trust', which belongs to a dyad"),
    ],
)  # fmt: skip
def test_variables(fields, said):
    (problem,) = complaints(with_variable(**fields))
    assert said in problem


def test_a_variable_has_a_name_of_its_own():
    def writes(legitimacy):
        return legitimacy

    for name, what in (("defection_rate", "a parameter of two-party.toml"), ("prelude", "an attribute of the model")):
        problems = complaints(added(writes, writes=name))
        assert f"variable {name!r} has the name of {what}: call it otherwise" in problems


def test_a_parameter_may_not_hide_what_the_model_makes():
    tree = shipped("two-party").tree()
    extra = {**tree["parameters"]["misattribution"], "meaning": "Hides an attribute."}
    hiding = changed(shipped("two-party"), parameters={**tree["parameters"], "prelude": extra})
    assert "parameter 'prelude' has the name of an attribute of two-party: call it otherwise" in complaints(
        STANDARD, hiding
    )


def test_what_is_declared_twice_is_refused():
    twice = replace(
        STANDARD,
        variables=(*STANDARD.variables, STANDARD.table["deaths"]),
        luck=(*STANDARD.luck, Luck("weather", "run", "uniform", "week")),
        items=(*STANDARD.items, STANDARD.items[-1]),
    )
    problems = complaints(twice)
    for what, name in (("variables", "deaths"), ("lucks", "weather"), ("items", STANDARD.items[-1].name)):
        assert f"2 {what} are called {name!r}: give each a name of its own" in problems


def test_names_that_are_taken_are_refused_when_something_is_added():
    weather = Luck("weather", "run", "uniform", "week")
    deaths = Outcome("deaths", lambda trace: trace.final["deaths"], "deaths", "deaths")
    for new, said in (
        (
            Mechanism("mine", luck=(weather,)),
            "luck 'weather': the protocol has one already; call the new one otherwise",
        ),
        (Mechanism("mine", variables=(Variable("deaths", "run"),)), "variable 'deaths': the protocol has one already"),
        (Mechanism("mine", outcomes=(deaths,)), "outcome 'deaths': the protocol has one already"),
        (Mechanism("mine", (rule("run", "deaths")(spoilers),)), "item 'spoilers': the protocol has one already"),
    ):
        with pytest.raises(UsageError, match=said.replace("(", r"\(")):
            STANDARD.with_mechanism(new, after="spoilers")


def test_unknown_items_and_scopes_are_refused_at_once_with_the_nearest():
    for refused, said in (
        (lambda: STANDARD.with_rule(rule("run", "x")(extra), after="spoiler"), "did you mean 'spoilers'"),
        (lambda: STANDARD.replaced("chose", rule("run", "x")(extra)), "did you mean 'choose'"),
        (lambda: STANDARD.without("spoilerz"), "did you mean 'spoilers'"),
        (lambda: rule("provinc", "x"), "unknown scope 'provinc'; did you mean 'province'"),
    ):
        with pytest.raises(UsageError, match=said):
            refused()


def test_scopes_and_operations_that_were_not_refused_at_once_are_found_by_the_check():
    typo = STANDARD.with_rule(Rule(extra, "runs", ("extra",)), after="spoilers", variables=[Variable("extra", "run")])
    assert "rule 'extra' (runs): unknown scope 'runs'; did you mean 'run'?" in complaints(typo)
    for fold, said in (
        (Fold("x", "province_deaths", "summ", "province"), "fold 'x': unknown operation 'summ'; did you mean 'sum'?"),
        (
            Fold("x", "province_deaths", "sum", "provinces"),
            "fold 'x': unknown scope 'provinces'; did you mean 'province'?",
        ),
    ):
        assert complaints(STANDARD.with_rule(fold, after="local_violence", variables=[Variable("x", "run")])) == [said]


def test_all_mistakes_are_told_at_once_and_before_anything_is_simulated():
    def lost(extra, deathz, theta):
        return extra

    protocol = added(lost, luck=[Luck("x_luck", "runs", "unifrm")])
    with pytest.raises(ProtocolError) as caught:
        simulate(shipped("two-party"), runs=2, rng=1, protocol=protocol)
    assert [line.partition(":")[0] for line in caught.value.problems] == [
        "luck 'x_luck'",
        "luck 'x_luck'",
        "rule 'lost' (run) reads 'theta', which belongs to a commander, and no map leads there from a run",
        "rule 'lost' (run) reads 'deathz', which nothing provides",
    ]


def test_a_protocol_that_holds_no_items_says_what_it_takes():
    for items, said in (
        ((*STANDARD.items, np.sin), "items of a protocol cannot hold <ufunc 'sin'>: it takes Rule, Fold"),
        (STANDARD.items[:5], "a protocol has exactly one item of the kind Commanders; this one has 0"),
    ):
        (problem,) = complaints(replace(STANDARD, items=items))
        assert problem.startswith(said)


def undecorated(legitimacy):
    return legitimacy


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ((undecorated,), r"mechanism 'Mine': undecorated in items is no item; is its @rule"),
        (("spoilers",), r"mechanism 'Mine': 'spoilers' in items is no item"),
        (undecorated, r"mechanism 'Mine': items must be a tuple, not function"),
    ],
)
def test_a_mechanism_holds_items_only(items, said):
    with pytest.raises(UsageError, match=said):
        Mechanism("Mine", items=items)


@pytest.mark.parametrize("interpreter", [engine, reference])
def test_each_engine_checks_for_itself(interpreter):
    """Whoever calls an engine, and not `simulate`, is told the same."""
    war = changed(shipped("two-party"), horizon=20)
    how = dict(worlds=worlds(war, range(2), entropy=1), fates=Fates(1, range(2)))
    protocol = added(extra, luck=[Luck("x_luck", "run", "uniform", "week", 0)])
    with pytest.raises(ProtocolError, match="luck 'x_luck': occasions must be a whole number of at least 1, not 0"):
        interpreter.run(war, war.sequence("talk"), protocol=protocol, **how)
