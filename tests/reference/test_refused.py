"""What the reference model does not know, it refuses: nothing that a modeller writes may silently change nothing."""

from __future__ import annotations

import re
from functools import partialmethod

import numpy as np
import pytest

from settlesim.engines.reference.own_classes import rules_of
from settlesim.errors import FaultError, UsageError
from settlesim.model.standard import STANDARD
from settlesim.reference import Commander, Entity, Faction, Insurgency, Patron, SettlementModel, Track, War
from support import shipped

RULES = {rule.name: rule.scope for rule in rules_of(STANDARD)}
WAR_RULES = sorted(name for name, scope in RULES.items() if scope == "run")


def war(**agents):
    return SettlementModel(shipped("two-party"), "talk", run=3, rng=7, agents=agents)


def first(agents):
    return next(iter(agents))


def made(base, **members):
    return type("Mine", (base,), members)


def choosing(method):
    return made(Commander, choose=method)


def refused(said, **agents):
    with pytest.raises(UsageError, match=re.escape(said)):
        war(**agents)


# -- whose class it is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agents", "said"),
    [
        ({"comander": Commander}, "unknown kind of agent 'comander'; did you mean 'commander'?"),
        ({"patron": Patron}, "unknown kind of agent 'patron'"),  # two parties have none
        ({"actor": Insurgency}, "unknown kind of agent 'actor'"),
        ({"commander": Faction}, "takes a class derived from settlesim.reference.Commander, not"),
        ({"commander": Entity}, "takes a class derived from settlesim.reference.Commander, not"),
        ({"commander": "Commander"}, "takes a class derived from settlesim.reference.Commander, not 'Commander'"),
    ],
)
def test_classes_for_agents_that_are_not_there(agents, said):
    refused(said, **agents)


# -- methods -----------------------------------------------------------------------------------------------------


def typos(name):
    """Slips of the pen: a letter missing, doubled or wrong, two exchanged, a plural, another case."""
    for i, letter in enumerate(name):
        yield name[:i] + name[i + 1 :]
        yield name[:i] + letter + name[i:]
        yield name[:i] + "q" + name[i + 1 :]
        if letter != name[i + 1 : i + 2] and i + 1 < len(name):
            yield name[:i] + name[i + 1] + letter + name[i + 2 :]
    yield name + "s"
    yield name.capitalize()
    yield "".join(part.capitalize() for part in name.split("_"))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_method_whose_name_is_nearly_a_rule_is_refused_with_the_nearest(rule):
    from settlesim.engines.reference.own_classes import behaviours

    slips = [slip for slip in typos(rule) if slip not in RULES and slip not in STANDARD.table and slip[0] != "_"]
    assert len(slips) > 12
    for slip in slips:
        with pytest.raises(UsageError, match=r"would never be called: did you mean the rule '(\w+)'\?") as error:
            behaviours({"run": made(War, **{slip: lambda self: 0.0})}, STANDARD, STANDARD.table)
        assert slip in str(error.value) and (rule in str(error.value) or len(rule) < 6)


HELPERS = (
    *(
        "mood",
        "update",
        "act",
        "move",
        "vote",
        "neighbours",
        "friends",
        "allies",
        "score",
        "utility",
        "payoff",
        "describe",
    ),
    *("report", "record", "setup", "prepare", "remember", "forget", "front_line", "quiet_time", "choice", "pick_side"),
    *(
        "want_to_talk",
        "is_ready_to_talk",
        "has_signed",
        "threatened",
        "attack",
        "defend",
        "recruit",
        "defect",
        "weight",
    ),
)


def test_helpers_are_not_taken_for_rules():
    """Derived from a rule's name by a word, or ordinary words: not one of them is refused."""
    words = [f"{before}_{rule}" for rule in RULES for before in ("my", "old", "describe", "expected")]
    words += [f"{rule}_{after}" for rule in RULES for after in ("now", "today", "before_war", "score")]
    known = {*RULES, *STANDARD.table}
    helpers = {word: lambda self: None for word in (*HELPERS, *words) if word not in known}
    assert len(helpers) > 600
    model = war(run=made(War, **helpers))
    assert model.war.mood() is None
    with pytest.raises(UsageError):  # and one that is refused would be noticed
        war(run=made(War, **helpers, trust_from_deed=lambda self: None))


def test_properties_attributes_and_private_methods_may_have_any_name_but_that_of_a_variable():
    class Mine(Commander):
        memory = 3  # named like a rule, but no method
        kind = dict  # a class is no method either

        @property
        def drfit(self):
            return 1

        def _chose(self):
            return 2

    assert first(war(commander=Mine).commanders).drfit == 1


@pytest.mark.parametrize(
    ("agents", "said"),
    [
        (dict(faction=made(Faction, choose=lambda self, joined: joined)), "'choose' is one of the commander, not of"),
        (dict(commander=made(Commander, fighters=lambda self: 3)), "Mine.fighters would hide 'fighters'"),  # a fold
        (dict(commander=made(Commander, theta=0.5)), "Mine.theta would hide 'theta' of the model"),
        (dict(run=made(War, consent_rate=0.5)), "Mine.consent_rate would hide 'consent_rate' of the model"),
        (dict(commander=made(Commander, step=lambda self: None)), "Mine.step would never be called: agents live"),
        (dict(track=made(Track, advance=lambda self: None)), "Mine.advance would never be called"),
        (dict(commander=made(made(Commander, chose=lambda self: True))), "did you mean the rule 'choose'"),
        (dict(commander=choosing(lambda self, thta: True)), "which the model does not have; did you mean 'theta'?"),
        (dict(commander=choosing(lambda self, consented: True)), "which belongs to a seat: a commander cannot see it"),
        (dict(commander=choosing(lambda self, *names: True)), "names of what it reads, one by one, not *names"),
        (dict(commander=choosing(lambda self, *, theta: True)), "one by one, not *theta"),
        (dict(commander=choosing(partialmethod(lambda self, theta: True, theta=1))), "one by one, not *theta"),
    ],
)
def test_methods_that_would_never_be_called_or_read_what_is_not_there(agents, said):
    refused(said, **agents)


def test_a_static_method_takes_the_place_of_its_rule():
    class Static(Commander):
        @staticmethod
        def choose(theta):
            return theta > 2.0

    assert war(commander=Static).behaviours == {Static: {"choose"}}


@pytest.mark.parametrize("out", [None, "rejected", (True, False), np.array([True, False])])
def test_a_method_must_return_what_its_rule_writes(out):
    class Mine(Commander):
        def choose(self, theta):
            return out

    scenario = shipped("two-party").with_parameters(consent_rate=2, concession_acceptance=0.8)
    model = SettlementModel(scenario, "talk", run=0, rng=3, agents={"commander": Mine})
    with pytest.raises(FaultError, match=r"rule 'choose' \(commander\), sequence 'talk', week \d+, run 0.*: returns "):
        model.run_model()


# -- attributes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("legitimcy", "War has nothing called 'legitimcy' to set; did you mean 'legitimacy'?"),
        ("strength", "'strength' works it out anew in each week before a rule reads it"),
        ("accept_probability", "'accept_probability' cannot be set on War: no rule reads it"),
        ("consented", "it belongs to a seat"),
        ("consent_rate", "it is a parameter: use scenario.with_parameters"),
        ("count_killed", "it is counted from the commanders"),
        ("week", "it follows from the scenario and the date"),
    ],
)
def test_what_cannot_be_set_on_the_war(name, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        setattr(war().war, name, 0.1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("theta", "it is luck, drawn before the first week: use another run or rng"),
        ("factor_killed", "'frailties' works it out once, before the first week"),
        ("status", "a commander changes side by its clocks and its choice"),
        ("legitimacy", "it belongs to the war: set it on model.war"),
        ("decide", "Commander 'front/Country/0' has nothing called 'decide' to set"),
    ],
)
def test_what_cannot_be_set_on_commanders(name, said):
    model = war()
    with pytest.raises(UsageError, match=re.escape(said)):
        model.commanders.set(name, 0.9)
    with pytest.raises(UsageError, match=re.escape(said)):
        setattr(first(model.commanders), name, 0.9)


@pytest.mark.parametrize("value", [7.0, -0.1, float("nan"), "much", None, np.array([0.1, 0.2])])
def test_a_value_out_of_range_is_refused(value):
    with pytest.raises(UsageError, match=r"'legitimacy' of War takes a number from 0 to 1, not "):
        war().war.legitimacy = value


def test_a_whole_number_must_be_whole():
    with pytest.raises(UsageError, match=r"'phase' of Track .* takes a whole number from 0 to 6, not 2\.5"):
        first(war().tracks).phase = 2.5


def test_every_variable_that_can_be_set_is_read_by_a_rule_as_it_was_set(monkeypatch):
    """Each in turn is set to its highest or lowest value, and the week after finds a rule reading just that."""
    scenario = shipped()
    names = SettlementModel(scenario, "us_first", rng=7).settable
    assert {"legitimacy", "trust", "control", "phase", "deaths", "troops"} <= set(names) and len(names) > 100
    model = SettlementModel(scenario, "us_first", rng=7)
    unread = []
    for name in names:
        variable, agent = STANDARD.table[name], model.entities[STANDARD.table[name].scope][0]
        value = next(v for v in (variable.high, variable.low, 0.5) if np.isfinite(v))
        value = float(not agent.values[name]) if variable.kind == "bool" else value
        setattr(agent, name, value)
        assert getattr(agent, name) == agent.values[name] == value
        readers = [item for item in STANDARD.items if name in read_by(item)]
        writers = [item for item in STANDARD.items if name in written_by(item)]
        if not readers or (writers and STANDARD.items.index(writers[0]) < STANDARD.items.index(readers[0])):
            unread.append(name)
    assert not unread


def read_by(item):
    named = [getattr(item, field, None) for field in ("of", "key", "when")]
    if hasattr(item, "choice"):
        named += [item.choice.trigger, *item.choice.decide.reads, *(clock.hazard for clock in item.clocks)]
    if item.name == "steps":
        named += ["phase", "opened_week", "delivered", "quiet_weeks", "taken_week", "condition_since"]
    return {*getattr(item, "reads", ()), *named}


def written_by(item):
    if getattr(item, "when", None) is not None or not hasattr(item, "writes"):
        return ()
    return (item.writes,) if isinstance(item.writes, str) else item.writes


def test_what_was_set_changes_the_run():
    scenario = shipped("two-party")
    usual, changed = (SettlementModel(scenario, "talk", run=3, rng=7) for _ in range(2))
    changed.war.legitimacy = 0.05
    changed.provinces.set("control", -2.0)
    for model in (usual, changed):
        model.run_model()
    assert changed.war.deaths != usual.war.deaths


def test_attributes_of_ones_own_are_declared_or_set_in_init():
    class Mine(Commander):
        mood = 0.5
        note: str

        def __init__(self, model, scope, name):
            super().__init__(model, scope, name)
            self.seen = []

        def choose(self, theta):
            self.mood, self.note, self._last = 0.1, "seen", theta
            self.seen.append(self.model.week)
            return False

    scenario = shipped("two-party").with_parameters(consent_rate=2, concession_acceptance=0.8)
    model = SettlementModel(scenario, "talk", run=0, rng=3, agents={"commander": Mine})
    model.run_model()
    asked = model.commanders.select(lambda commander: commander.seen)
    assert len(asked) and set(asked.get("mood")) == {0.1} and first(asked).note == "seen"
    with pytest.raises(UsageError, match="nothing called 'moood' to set; did you mean 'mood'"):
        model.commanders.set("moood", 0.2)


@pytest.mark.parametrize("early", [True, False])
def test_an_attribute_set_in_init_cannot_hide_a_variable(early):
    class Mine(Commander):
        def __init__(self, model, scope, name):
            if early:
                self.theta = 0.5
            super().__init__(model, scope, name)
            if not early:
                self.theta = 0.5

    with pytest.raises(UsageError, match=r"would hide 'theta'|'theta' cannot be set on Mine"):
        war(commander=Mine)


def test_agents_are_neither_removed_nor_added():
    model = war()
    with pytest.raises(UsageError, match="Commander 'front/Country/0' cannot be removed: rules count on the numbers"):
        first(model.commanders).remove()
    assert len(model.commanders) == len(model.of("commander")) == 100
    with pytest.raises(UsageError, match="a settlement model makes all its agents itself"):
        Commander(model, "commander", "another")


# -- the model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reporters", "said"),
    [
        ({"factoin": ("joined",)}, "unknown scope or role in reporters 'factoin'; did you mean 'faction'?"),
        ({"faction": ("joind",)}, "Faction 'front' cannot see anything called 'joind'; did you mean 'joined'?"),
        ({"insurgency": ("trst",)}, "Insurgency 'insurgency' cannot see anything called 'trst'"),
    ],
)
def test_reporters_of_what_is_not_there(reporters, said):
    kind = type("Mine", (SettlementModel,), {"reporters": reporters})
    with pytest.raises((UsageError, AttributeError), match=re.escape(said)):
        kind(shipped("two-party"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (dict(conflict="two-party"), "takes a Scenario, as settlesim.load returns one, not 'two-party'"),
        (dict(sequence="tlak"), "did you mean 'talk'"),
        (dict(worlds={}), "worlds and fates go together"),
    ],
)
def test_arguments_that_cannot_be(arguments, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        SettlementModel(**{"conflict": shipped("two-party"), **arguments})


def test_an_unknown_scope():
    with pytest.raises(UsageError, match="unknown scope 'provnce'; did you mean 'province'"):
        war().of("provnce")
