"""Whatever an item reads is provided, can be reached from its scope, and has been written by then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protocol.planted import added, complaints
from settlesim.errors import ProtocolError, UsageError
from settlesim.experiments.simulate import simulate
from settlesim.model.items import Commanders, Fold, Ranked, Rule, Select, rule
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Variable
from settlesim.scenario.files import builtin, load, loads
from support import changed, shipped


def misspelt(extra, deathz):
    return extra


def of_a_province(extra, insurgent_share):
    return extra


def of_luck(extra, attack_luck):
    return extra


def of_commanders(extra, theta):
    return extra


def too_early(extra, campaign):
    return extra


def many(extra, *others):
    return extra


def by_keyword(extra, *, deaths):
    return extra


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (misspelt, "rule 'misspelt' (run) reads 'deathz', which nothing provides: no variable, luck or attribute is "
         "called so, and two-party.toml has no such parameter; did you mean 'deaths'?"),
        (of_a_province, "rule 'of_a_province' (run) reads 'insurgent_share', which belongs to a province, and no map "
         "leads there from a run: combine it with a Fold, or pick one with Select"),
        (of_luck, "rule 'of_luck' (run) reads 'attack_luck', which belongs to a dyad, and no map leads there from a "
         "run: write it to a variable by a rule of scope 'dyad', then combine it with a Fold, or pick one with Select"),
        (of_commanders, "rule 'of_commanders' (run) reads 'theta', which belongs to a commander, and no map leads "
         "there from a run: what commanders do is counted by cell"),
        (too_early, "rule 'too_early' (run) reads 'campaign' before rule 'campaign' (run) has written it: place it "
         "behind, or give 'campaign' a start"),
        (many, "rule 'many' (run): its argument *others names nothing that can be read: name each argument"),
        (by_keyword, "rule 'by_keyword' (run): its argument deaths names nothing that can be read: name each argument"),
    ],
)  # fmt: skip
def test_rules(function, said):
    assert complaints(added(function)) == [said]


def test_a_rule_writes_what_is_declared_for_its_scope():
    undeclared = STANDARD.with_rule(rule("run", "aids")(lambda aids: aids), after="spoilers")
    said = "rule '<lambda>' (run) writes 'aids', which no Variable declares; did you mean 'fails'?"
    assert complaints(undeclared) == [said]
    other = added(lambda deaths: deaths, variables=[Variable("extra", "province", start=0.0)])
    assert complaints(other) == [
        "rule '<lambda>' (run) writes 'extra', which belongs to a province, for a run: make them one"
    ]
    twice = added(lambda deaths: (deaths, deaths), writes="extra extra", variables=[Variable("extra", "run", start=0)])
    assert complaints(twice) == [
        "rule '<lambda>' (run) must write at least one variable, and none twice; it writes ('extra', 'extra')"
    ]


def test_a_replaced_rule_writes_what_the_old_one_wrote():
    lazy = STANDARD.replaced("spoilers", rule("run", "spoiler_attacks")(lambda spoiler_attacks: spoiler_attacks))
    (problem,) = complaints(lazy)
    assert problem.startswith("variable 'spoiler_believed' has no start, and nothing writes it, yet rule")


def test_what_no_item_writes_needs_a_start():
    unwritten = replace(STANDARD, variables=(*STANDARD.variables, Variable("idle", "run")))
    said = "variable 'idle' has no start, and nothing writes it: give it a start or a writer"
    assert complaints(unwritten) == [said]
    (problem,) = complaints(STANDARD.without("spoilers"))
    assert problem.startswith("variable 'spoiler_believed' has no start, and nothing writes it, yet rule")


def test_an_item_is_taken_out_with_the_variables_that_only_it_knew():
    idle = added(lambda deaths: deaths, variables=[Variable("extra", "run")])
    assert "extra" in idle.table and "extra" not in idle.without("<lambda>").table
    assert idle.without("<lambda>").check(shipped("two-party"))


@pytest.mark.parametrize("when", ["zone", "weather", "prelude"])
def test_a_guard_is_true_or_false(when):
    scope = "track" if when == "prelude" else "run"
    guarded = added(lambda extra: extra, scope=scope, when=when, after="zone")
    assert complaints(guarded) == [
        f"rule '<lambda>' ({scope}): when={when!r} must name a variable that is true or false, not numbers"
    ]


def test_a_guard_must_be_there():
    (problem,) = complaints(added(lambda extra: extra, when="in_talks"))
    assert problem.startswith("rule '<lambda>' (run) reads 'in_talks', which nothing provides")


def test_a_guard_that_is_an_attribute_holds_in_every_run():
    """It has no axis of runs of its own, and once only the first run of a block was written."""
    moved = added(lambda extra: extra + 1.0, scope="seat", when="seat_insurgency", after="zone")
    result = simulate(shipped("two-party"), runs=6, rng=1, protocol=moved, record=["extra"])
    last = result.extra_weekly.isel(sequence=0, week=-1)
    assert (last.sel(seat="talks/insurgency") > 1.0).all() and (last.sel(seat="talks/government") == 0.0).all()


FOLDS = {
    Fold("x", "deathz", "sum", "province"): "fold 'x' reads 'deathz', which nothing provides",
    Fold("x", "defection_rate", "sum", "run"): "fold 'x' looks at 'defection_rate', which is no variable: copy it to "
    "one by a rule of scope 'run' first",
    Fold("x", "attack_luck", "max", "dyad"): "fold 'x' looks at 'attack_luck', which is no variable: copy it to one by "
    "a rule of scope 'dyad' first",
    Fold("x", "trust", "sum", "province"): "fold 'x' combines 'trust' over 'province', but that belongs to a dyad",
    Fold("x", "trust", "sum", "dyad", "dyadz"): "fold 'x': unknown members 'dyadz'; did you mean 'dyads'?",
    Fold("x", "trust", "sum", "dyad", "dyads"): "fold 'x': members 'dyads' leads from track to dyad, not from dyad",
    Fold("x", "cell_gone", "sum", "cell", "province_cells"): "fold 'x': members 'province_cells' leads from cell to "
    "province, not from cell to run",
    Fold(Variable("x", "province", start=0.0), "cell_gone", "sum", "cell"): "fold 'x': a fold for each province needs "
    "members=..., one of: province_cells",
    Fold("x", "deaths", "sum", "run"): "fold 'x' looks at 'deaths', of which there is one a run: let a rule read it",
    Fold("x", "size", "sum", "commander"): "fold 'x' looks at 'size' of each commander; in a week only 'status' can "
    "be, or counts by cell",
    Fold("x", "round_due", "any", "track"): "fold 'x' reads 'round_due' before rule 'round_calendar' (track)",
    Select("x", "zone", "talks"): "select 'x' looks at 'zone', of which there is one a run: let a rule read it",
    Select("x", "prelude", "talks"): "select 'x' looks at 'prelude', which is no variable: copy it to one by a rule of "
    "scope 'track' first",
    Ranked(Variable("x", "clause", start=0.0), "trust", "zone", "package_wanted"): "ranked 'x': 'trust' belongs to a "
    "dyad, not to a clause",
}  # fmt: skip


@pytest.mark.parametrize(("item", "said"), list(FOLDS.items()), ids=[said[:60] for said in FOLDS.values()])
def test_folds_and_selections(item, said):
    declared = [Variable("x", "run", start=0.0)] if isinstance(item.into, str) else item.declares
    problems = complaints(STANDARD.with_rule(item, after="zone", variables=() if item.declares else declared))
    assert any(problem.startswith(said) for problem in problems), problems


def commanders(**changes):
    at = STANDARD.names.index("commanders")
    item = STANDARD.items[at]
    assert isinstance(item, Commanders)
    return replace(STANDARD, items=(*STANDARD.items[:at], replace(item, **changes), *STANDARD.items[at + 1 :]))


def test_clocks_and_the_choice_of_commanders():
    item = STANDARD.items[STANDARD.names.index("commanders")]
    first, *others = item.clocks
    for clock, said in (
        (replace(first, hazard="lure_hazrd"), "clock 'lured' reads 'lure_hazrd', which nothing provides"),
        (
            replace(first, hazard="trust"),
            "clock 'lured': 'trust' must be a variable of scope cell or run or faction or",
        ),
        (replace(first, luck="weather"), "clock 'lured': 'weather' must be exponential luck of commanders, drawn once"),
        (replace(first, factor="zone"), "clock 'lured': 'zone' must be a variable of scope commander"),
        (
            replace(first, to=9),
            "commanders: clocks and choice speak of statuses that heads does not count: [0, 1, 2, 3, 4]",
        ),
    ):
        problems = complaints(commanders(clocks=(clock, *others)))
        assert any(problem.startswith(said) for problem in problems), problems
    choice = replace(item.choice, trigger="settlin")
    assert "the commanders' choice reads 'settlin', which nothing" in complaints(commanders(choice=choice))[0]
    unruly = STANDARD.replaced("choose", rule("run", "legitimacy")(lambda legitimacy: legitimacy))
    assert any("by it commanders choose" in problem for problem in complaints(unruly))
    weekly = added(lambda theta: theta, scope="commander")
    assert any("no rule of a week is theirs" in problem for problem in complaints(weekly))


def test_a_setup_reads_what_is_there_before_the_first_week():
    early = Rule(lambda deaths: deaths, "run", ("x",))
    protocol = replace(
        STANDARD, setup=(*STANDARD.setup, early), variables=(*STANDARD.variables, Variable("x", "run", start=0.0))
    )
    (problem,) = complaints(protocol)
    assert problem == "rule '<lambda>' (run) reads 'deaths' before the first week, when it has no value yet"


# ---- parameters ----


def without_parameter(name, *, file, **others):
    tree = shipped("two-party").tree()
    parameters = {key: table for key, table in tree["parameters"].items() if key != name}
    war = changed(shipped("two-party"), parameters={**parameters, **others})
    war.__dict__["origin"] = file
    return war


def test_a_parameter_that_the_file_lacks_is_named_with_the_file_and_the_nearest_that_nothing_reads():
    table = shipped("two-party").tree()["parameters"]["defection_rate"]
    war = without_parameter("defection_rate", file="my-war.toml", defection_rat=table)
    assert complaints(STANDARD, war) == [
        "rule 'presence' (province) reads 'defection_rate', which nothing provides: no variable, luck or attribute is "
        "called so, and my-war.toml has no such parameter; did you mean 'defection_rat'?"
    ]
    with pytest.raises(ProtocolError, match=r"my-war\.toml has no such parameter"):
        simulate(war, runs=2, rng=1)


@pytest.mark.parametrize("name", ["violence_shape", "hardline_concentration"])
def test_a_parameter_that_only_luck_needs_is_missed_too(name):
    problems = complaints(STANDARD, without_parameter(name, file="my-war.toml"))
    assert len(problems) == 1 and f"reads {name!r}, which nothing provides" in problems[0]


def test_shipped_scenarios_have_no_parameter_that_nothing_reads():
    for name in builtin():
        assert STANDARD.check(load(name)).notes == ()


def test_a_parameter_that_nothing_reads_is_noted_with_the_nearest_and_is_no_mistake():
    tree = shipped("two-party").tree()
    extra = tree["parameters"]["misattribution"]
    wider = changed(shipped("two-party"), parameters={**tree["parameters"], "defection_rat": extra})
    found = STANDARD.check(wider)
    assert found.notes == (
        "two-party: nothing reads the parameter 'defection_rat'; the nearest name that is read is 'defection_rate'",
    )
    assert found.parameters == len(wider.parameters) and found.rules == 137
    read = added(lambda extra, defection_rat: extra + 0.0 * defection_rat)
    assert read.check(wider).notes == ()
    assert simulate(wider, runs=2, rng=1).sizes["run"] == 2


def test_the_file_is_known_to_errors_and_changes_nothing():
    war = load("two-party")
    assert war.origin == "two-party.toml" and war.with_parameters(defection_rate=0.1).origin == "two-party.toml"
    again = loads('extends = "two-party"\nname = "mine"\ntitle = "Mine"\ndescription = "Mine."\n', "mine.toml")
    assert again.origin == "mine.toml"
    assert changed(war).origin == "two-party" and changed(war) == war and changed(war).digest() == war.digest()


def test_replacing_a_rule_may_declare_what_is_new():
    new = rule("run", "spoiler_attacks spoiler_believed", Variable("spared", units="1", meaning="spared"))(
        lambda spoiler_rate: (spoiler_rate, spoiler_rate, np.maximum(spoiler_rate, 0.0))
    )
    protocol = STANDARD.replaced("spoilers", new)
    assert protocol.check(shipped("two-party")) and protocol.table["spared"].scope == "run"
    with pytest.raises(UsageError, match="did you mean 'spoilers'"):
        STANDARD.replaced("spoiler", new)
