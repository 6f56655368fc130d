"""Mistakes in a scenario: each gives one clear problem, all come at once, and none hides another."""

from collections.abc import Mapping
from types import UnionType
from typing import get_args, get_origin

import pytest

from settlesim.errors import ScenarioError
from settlesim.scenario.base import Declaration
from settlesim.scenario.messages import dotted
from settlesim.scenario.scenario import LISTS, TABLES, Scenario
from support import shipped

AFGHANISTAN = shipped("afghanistan-2018")
TWO = shipped("two-party")
GONE, SAME = object(), object()
GOVERNMENT = TWO.tree()["actors"]["government"]
GUARANTEE = TWO.tree()["parameters"]["guarantee"]


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
    ("parameters.concession_value", GUARANTEE, SAME, "has the name of numbers of the concessions"),
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


def test_every_field_that_holds_declarations_is_salvaged():
    found: dict[type, dict[str, type]] = {Mapping: {}, tuple: {}}
    for name, field in Scenario.model_fields.items():
        for kind in get_args(field.annotation):
            # One declaration alone, there or not, has no others to hide.
            alone = get_origin(field.annotation) is UnionType
            if not alone and isinstance(kind, type) and issubclass(kind, Declaration):
                found[get_origin(field.annotation)][name] = kind
    assert found == {Mapping: TABLES, tuple: LISTS}


def test_a_scenario_must_be_a_table():
    with pytest.raises(ScenarioError, match="a scenario is a table"):
        Scenario.model_validate([])


def test_a_part_is_reported_as_readably_in_python():
    fields = {name: getattr(TWO, name) for name in Scenario.model_fields}
    assert Scenario(**fields) == TWO
    with pytest.raises(ScenarioError, match=r"^two-party: horizon = 0: must be at least 1"):
        Scenario(**(fields | {"horizon": 0}))
