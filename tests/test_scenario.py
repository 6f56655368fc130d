"""Scenarios: the parts, the checks between them, changes of parameters, dates and fingerprints."""

import copy
import datetime
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario.files import load
from settlesim.scenario.messages import dotted
from settlesim.scenario.parts import UNITS, Unit
from settlesim.scenario.priors import Beta, Fixed, Triangular
from settlesim.scenario.scenario import ENTRY, LISTS, TABLES, Scenario
from settlesim.scenario.sequence import Sequence
from settlesim.steps import open_track, week

AFGHANISTAN = load("afghanistan-2018")
TWO = load("two-party")
GONE, SAME = object(), object()
GOVERNMENT = TWO.tree()["actors"]["government"]


def edited(scenario, *path_and_value):
    """Return the problems of `scenario` with one place changed, or removed."""
    *path, last, value = path_and_value
    tree = scenario.tree()
    here = tree
    for part in path:
        here = here[part]
    if value is GONE:
        del here[last]
    else:
        here[last] = value
    try:
        Scenario.model_validate(tree)
    except ScenarioError as error:
        return error.problems
    return ()


BAD = [
    # path, value, key of the problem, what it says
    ("horizn", 5, SAME, "unknown key; did you mean 'horizon'?"),
    ("title", GONE, SAME, "is missing"),
    ("start", "someday", SAME, "must be a date such as 2018-02-28"),
    ("horizon", 0, SAME, "must be at least 1 [allowed: 1 or more]"),
    ("horizon", 12.5, SAME, "must be a whole number"),
    ("name", "A Name", SAME, "is not a name"),
    ("default_sequence", "tlak", SAME, "unknown sequence; did you mean 'talk'?"),
    ("baseline_sequence", "tlak", SAME, "unknown sequence; did you mean 'talk'?"),
    ("districts_total", 21, SAME, "the provinces have 20 districts together, not 21 [allowed: 20]"),
    (
        "control.government",
        0.7,
        "control",
        "government, contested and insurgent sum to 1.1, not to 1 [allowed: a sum of 1]",
    ),
    ("control.government", 1.7, SAME, "must be at most 1 [allowed: 1 or less]"),
    ("factions.0.share", 0.5, "factions", "the shares sum to 0.5, not to 1 [allowed: a sum of 1]"),
    ("factions", [], SAME, "there is no faction; at least one is needed"),
    (
        "factions.0.regions",
        {"contry": 1},
        "factions[0].regions.contry",
        "unknown region 'contry'; did you mean 'country'? [allowed: country]",
    ),
    (
        "factions.0.regions",
        {"country": 0},
        SAME,
        "faction 'front' stands nowhere [allowed: a weight above 0]",
    ),
    ("provinces.0.districts", 0, SAME, "must be at least 1 [allowed: 1 or more]"),
    ("provinces.0.insurgents", 0, "provinces", "the insurgents stand in no province"),
    ("provinces.0.tile", [0, -1], "provinces[0].tile[1]", "must be at least 0 [allowed: 0 or more]"),
    ("actors.insurgency", GONE, "actors", "there is no insurgency; it is needed"),
    ("actors.insurgency.commanders", 0, SAME, "must be at least 1 [allowed: 1 or more]"),
    ("actors.government.commanders", 5, SAME, "only the insurgency has it [allowed: 0]"),
    ("actors.goverment", GOVERNMENT, SAME, "is not one of the choices; did you mean 'government'?"),
    (
        "tracks.talks.parties",
        ["government", "patron"],
        "tracks.talks",
        "power cannot be negotiated without the insurgency among the parties",
    ),
    (
        "tracks.talks.issues",
        ["power", "sanctuary"],
        "tracks.talks",
        "sanctuary cannot be negotiated without the neighbour among the parties",
    ),
    (
        "tracks.talks.parties",
        ["government", "insurgency", "patron"],
        "tracks.talks.parties[2]",
        "unknown actor [allowed: government, insurgency]",
    ),
    (
        "tracks.talks.issues",
        ["power", "powr"],
        "tracks.talks.issues[1]",
        "is not one of the choices; did you mean 'power'?",
    ),
    ("tracks.talks.issues", [], SAME, "needs at least 1 entry"),
    (
        "concessions.prisoners.by",
        ["goverment"],
        "concessions.prisoners.by[0]",
        "unknown actor or body; did you mean 'government'?",
    ),
    ("concessions.prisoners.by", [], SAME, "needs at least 1 entry"),
    ("concessions.prisoners.value", 1.4, "concessions.prisoners", "value reaches from 1.4 to 1.4"),
    ("concessions.prisoners.cost", -0.1, "concessions.prisoners", "cost reaches from -0.1 to -0.1 [allowed: 0 to 1"),
    ("concessions.prisoners.value", 0.95, "concessions", "[allowed: a sum of 1 or less]"),
    ("concessions.prisoners.mutual", 1, SAME, "must be true or false"),
    (
        "concessions.prisoners.dimension",
        "militry",
        SAME,
        "is not one of the choices; did you mean 'military'?",
    ),
    (
        "concessions.prisoners.source",
        "inventd",
        SAME,
        "unknown source; did you mean 'invented'? [allowed: a key of [sources]]",
    ),
    ("concessions.prisoners.tag", "X", SAME, "is not one of the choices [allowed: C, D, M, P]"),
    ("parameters.consent_rate.unit", "per weak", SAME, "is not one of the choices; did you mean 'per week'?"),
    (
        "parameters.consent_rate.prior.low",
        0.2,
        SAME,
        "must not exceed mode 0.15 [allowed: low <= mode <= high]",
    ),
    (
        "parameters.consent_rate.prior.high",
        20,
        "parameters.consent_rate.prior",
        "reaches outside the range with its high end [allowed: 0 to 10 (per week)]",
    ),
    ("parameters.consent_rate.range", [0, -1], "parameters.consent_rate", "range starts above its end"),
    ("parameters.consent_rate.range", [-1, 10], SAME, "goes beyond what its unit can be"),
    (
        "parameters.consent_rate.value",
        0.1,
        "parameters.consent_rate",
        "needs exactly one of value, prior and each, found value and prior",
    ),
    (
        "parameters.consent_rate.prior",
        GONE,
        "parameters.consent_rate",
        "needs exactly one of value, prior and each, found none of them",
    ),
    ("parameters.consent_bias.value", 50, SAME, "lies outside the range [allowed: -20 to 20 (logit)]"),
    ("parameters.consent_bias.value", float("nan"), SAME, "must be a finite number"),
    ("parameters.war_cost.each.goverment", 0.1, SAME, "unknown role 'goverment'; did you mean 'government'?"),
    ("parameters.war_cost.each.government", 2, SAME, "lies outside the range [allowed: 0 to 1 (share)]"),
    ("sequences.talk.name", "other", SAME, "stands under another name [allowed: talk]"),
    ("sequences.talk.steps.0.track", "talk", SAME, "unknown track; did you mean 'talks'? [allowed: talks]"),
    ("sequences.talk.steps.0.wehn", {}, SAME, "unknown key; did you mean 'when'?"),
    ("sequences", {}, SAME, "needs at least 1 entry"),
    ("parameters", [], SAME, "must be a table"),
    ("provinces", {}, SAME, "must be a list"),
]


@pytest.mark.parametrize(("path", "value", "key", "says"), BAD, ids=[f"{b[0]}-{at}" for at, b in enumerate(BAD)])
def test_a_mistake_gives_one_clear_problem(path, value, key, says):
    parts = [int(part) if part.isdigit() else part for part in path.split(".")]
    (problem,) = edited(TWO, *parts, value)
    assert problem.key == (dotted(tuple(parts)) if key is SAME else key)
    assert says in str(problem)
    assert "\n" not in str(problem)
    assert problem.file == ("A Name" if path == "name" else "two-party")


def test_all_mistakes_are_reported_together_shape_and_sums_and_references():
    tree = AFGHANISTAN.tree()
    tree["horizon"] = "long"
    tree["districts_total"] = 398
    tree["factions"][1]["share"] = 0.5
    tree["tracks"]["patron_talks"]["parties"] = ["insurgency", "neighbour"]
    tree["sequences"]["us_first"]["steps"][3]["track"] = "kabul_talk"
    tree["parameters"]["defection_rate"]["prior"]["low"] = 0.5
    with pytest.raises(ScenarioError) as caught:
        Scenario.model_validate(tree)
    assert {p.key for p in caught.value.problems} == {
        "horizon",
        "districts_total",
        "factions",
        "tracks.patron_talks",
        "sequences.us_first.steps[3].track",
        "parameters.defection_rate.prior.low",
    }


def test_a_reference_to_a_broken_part_is_not_called_unknown():
    problems = edited(AFGHANISTAN, "tracks", "kabul_talks", "prelude", -1)
    assert [p.key for p in problems] == ["tracks.kabul_talks.prelude"]


def test_sums_are_not_judged_when_a_part_of_them_is_broken():
    problems = edited(AFGHANISTAN, "provinces", 3, "districts", "sixteen")
    assert [p.key for p in problems] == ["provinces[3].districts"]


def test_two_of_one_name_or_on_one_tile_are_refused():
    tree = AFGHANISTAN.tree()
    tree["provinces"][4]["name"] = tree["provinces"][5]["name"]
    tree["provinces"][7]["tile"] = tree["provinces"][8]["tile"]
    tree["targets"][0]["name"] = tree["targets"][1]["name"]
    with pytest.raises(ScenarioError) as caught:
        Scenario.model_validate(tree)
    assert [p.key for p in caught.value.problems] == [
        "provinces[8].tile",
        "provinces[5].name",
        "targets[1].name",
    ]


def test_every_field_that_holds_parts_is_salvaged():
    assert set(ENTRY) == set(TABLES + LISTS)
    assert set(ENTRY) <= set(Scenario.model_fields)


def test_units_are_listed_once():
    from typing import get_args

    assert get_args(Unit) == tuple(UNITS)


def test_a_scenario_cannot_be_changed_but_copied_and_pickled():
    with pytest.raises(ValueError, match="frozen"):
        AFGHANISTAN.horizon = 3
    for change in (
        lambda p: p.__setitem__("x", 1),
        lambda p: p.pop("consent_rate"),
        lambda p: p.update(x=1),
        lambda p: p.clear(),
    ):
        with pytest.raises(TypeError, match="read-only"):
            change(AFGHANISTAN.parameters)
    assert pickle.loads(pickle.dumps(AFGHANISTAN)) == AFGHANISTAN
    assert copy.deepcopy(AFGHANISTAN) == AFGHANISTAN
    assert hash(AFGHANISTAN) == hash(pickle.loads(pickle.dumps(AFGHANISTAN)))


def test_parameters_can_be_set_in_every_form():
    changed = AFGHANISTAN.with_parameters(
        defection_rate=0.03,
        consent_rate={"low": 0.1, "mode": 0.2, "high": 0.3},
        surrender_frame=Beta(a=2, b=5),
        concession_acceptance={"government": 0.2},
        war_cost={"insurgency": {"low": 0, "mode": 0.1, "high": 0.2}},
        openness=np.int64(1),
        season_phase=np.float32(4),
        guarantee={"distribution": "uniform", "low": 0, "high": 0.5},
    )
    got = changed.parameters
    assert got["defection_rate"].entries() == {"": Fixed(value=0.03)}
    assert got["consent_rate"].prior == Triangular(low=0.1, mode=0.2, high=0.3)
    assert got["surrender_frame"].prior == Beta(a=2, b=5)
    old = AFGHANISTAN.parameters["concession_acceptance"].entries()
    assert got["concession_acceptance"].entries() == old | {"government": Fixed(value=0.2)}
    assert got["war_cost"].each["insurgency"].bounds == (0, 0.2)
    assert got["war_cost"].each["government"] == AFGHANISTAN.parameters["war_cost"].each["government"]
    assert set(got["openness"].entries().values()) == {Fixed(value=1)}
    assert got["season_phase"].value == 4
    assert got["guarantee"].prior.bounds == (0, 0.5)
    assert AFGHANISTAN.parameters["defection_rate"].prior is not None
    unchanged = set(got) - {"defection_rate", "consent_rate", "surrender_frame", "concession_acceptance"}
    unchanged -= {"war_cost", "openness", "season_phase", "guarantee"}
    assert all(got[name] == AFGHANISTAN.parameters[name] for name in unchanged)


def test_a_changed_parameter_no_longer_claims_its_source():
    assert AFGHANISTAN.parameters["prisoners_held"].tag == "C"
    changed = AFGHANISTAN.with_parameters(prisoners_held=400).parameters["prisoners_held"]
    assert changed.tag == "P"
    assert "changed" in changed.note


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        (
            {"defection_rat": 0.1},
            "parameters.defection_rat",
            "unknown parameter; did you mean 'defection_rate'",
        ),
        (
            {"defection_rate": 2},
            "parameters.defection_rate.value",
            "lies outside the range [allowed: 0 to 1 (per year)]",
        ),
        ({"defection_rate": "high"}, "parameters.defection_rate.value", "must be a number"),
        ({"defection_rate": True}, "parameters.defection_rate.value", "must be a number"),
        ({"defection_rate": float("nan")}, "parameters.defection_rate.value", "must be a finite number"),
        (
            {"defection_rate": {"low": 1, "mode": 0, "high": 1}},
            "parameters.defection_rate.prior.low",
            "must not exceed mode 0",
        ),
        ({"defection_rate": {"low": 0, "high": 1}}, "parameters.defection_rate.prior.mode", "is missing"),
        (
            {"defection_rate": {"patron": 0.1}},
            "parameters.defection_rate",
            "is one number, not one for each role",
        ),
        ({"war_cost": {"goverment": 0.1}}, "parameters.war_cost.each.goverment", "unknown entry 'goverment'"),
        ({"war_cost": {"patron": 0.1}}, "parameters.war_cost.each.patron", "unknown entry 'patron'"),
        ({"war_cost": {"government": 3}}, "parameters.war_cost.each.government", "lies outside the range"),
        ({"war_cost": 3}, "parameters.war_cost.each.insurgency", "lies outside the range"),
    ],
)
def test_a_parameter_is_refused_as_a_file_would_be(changes, key, says):
    with pytest.raises(ScenarioError) as caught:
        AFGHANISTAN.with_parameters(**changes)
    problem = caught.value.problems[0]
    assert problem.key == key
    assert says in str(problem)
    assert problem.file == "afghanistan-2018"


def test_every_bad_change_is_reported_at_once():
    with pytest.raises(ScenarioError) as caught:
        AFGHANISTAN.with_parameters(nothing=1, defection_rate=7, war_cost={"x": 1})
    assert len(caught.value.problems) == 3


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_a_change_is_what_is_read_back(rate, share):
    changed = AFGHANISTAN.with_parameters(defection_rate=rate, war_cost={"government": share})
    assert changed.parameters["defection_rate"].value == rate
    assert changed.parameters["war_cost"].each["government"].central == share


def test_sequences_are_found_by_name_or_the_nearest_is_named():
    assert AFGHANISTAN.sequence("us_first") is AFGHANISTAN.sequences["us_first"]
    with pytest.raises(UsageError, match="did you mean 'us_first'"):
        AFGHANISTAN.sequence("us_frst")


def test_sequences_can_be_added_and_are_checked():
    plan = Sequence("mine", [open_track("kabul_talks", when=week(3))])
    more = AFGHANISTAN.with_sequences(plan)
    assert more.sequence("mine") == plan
    assert "mine" not in AFGHANISTAN.sequences
    with pytest.raises(ScenarioError, match="unknown track"):
        AFGHANISTAN.with_sequences(Sequence("bad", [open_track("kabul_talk")]))


def test_weeks_and_dates_agree_with_the_chronology():
    deal = datetime.date(2020, 2, 29)
    assert AFGHANISTAN.week_of(deal) == pytest.approx(104.4, abs=0.05)
    assert AFGHANISTAN.week_of(datetime.date(2021, 8, 15)) == pytest.approx(180.6, abs=0.05)
    assert AFGHANISTAN.date_of(AFGHANISTAN.week_of(deal)) == deal
    assert AFGHANISTAN.date_of(0) == AFGHANISTAN.start
    for nowhere in (1e12, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="has no date"):
            AFGHANISTAN.date_of(nowhere)


def test_equal_scenarios_and_only_they_have_the_same_digest():
    again = Scenario.model_validate(AFGHANISTAN.tree())
    assert again == AFGHANISTAN
    assert again.digest() == AFGHANISTAN.digest()
    assert len(AFGHANISTAN.digest()) == 64
    others = [
        AFGHANISTAN.with_parameters(defection_rate=0.006),
        AFGHANISTAN.with_parameters(defection_rate=0.0060000001),
        AFGHANISTAN.with_sequences(Sequence("mine")),
        TWO,
    ]
    assert len({s.digest() for s in [AFGHANISTAN, *others]}) == 5


def test_changing_the_tree_does_not_change_the_scenario():
    tree = AFGHANISTAN.tree()
    tree["parameters"].clear()
    tree["provinces"][0]["name"] = "Nowhere"
    assert AFGHANISTAN.tree() != tree
    assert AFGHANISTAN.parameters


def test_a_scenario_must_be_a_table():
    with pytest.raises(ScenarioError, match="a scenario is a table"):
        Scenario.model_validate([])


def test_a_part_is_reported_as_readably_in_python():
    fields = {name: getattr(TWO, name) for name in Scenario.model_fields}
    assert Scenario(**fields) == TWO
    with pytest.raises(ScenarioError, match=r"^two-party: horizon = 0: must be at least 1"):
        Scenario(**(fields | {"horizon": 0}))
