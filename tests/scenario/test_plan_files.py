"""Plans in files: written and read, inherited, and their mistakes told where they stand."""

import json
import tomllib

import jsonschema
import pytest

import settlesim as ss
from scenario_texts import CHILD, FULL, NAMES, SMALL, problems
from settlesim import steps as do
from settlesim.app import cli
from settlesim.scenario import files
from settlesim.scenario.plan import Plan
from settlesim.steps import opened, week

PLANS = """
[plans.mine]
label = "Mine"
pace = 8
completes = "done"
patience = 26
precedence = [["a", "b"]]
together = [["b", "c"]]
given = [{ do = "table", track = "talks", concessions = ["recognition"] }]
levers = { pocketing = 0 }

[plans.mine.moves]
a = { do = "deliver", concession = "prisoners", when = { week = 4 } }
c = { do = "ceasefire", weeks = 8 }

[[plans.mine.moves.b]]
do = "open"
track = "talks"

[[plans.mine.moves.b]]
do = "mission"
amount = 0.1
weeks = 8
done = { opened = "talks" }
"""


def test_a_plan_in_a_file_is_the_plan_made_in_python():
    scenario = files.loads(SMALL + PLANS)
    assert scenario.plans["mine"] == Plan(
        {
            "a": do.deliver("prisoners", when=week(4)),
            "b": [
                do.open_track("talks"),
                ss.Step(do="mission", amount=0.1, weeks=8, done=opened("talks")),
            ],
            "c": do.ceasefire(8),
        },
        name="mine",
        label="Mine",
        pace=8,
        completes="done",
        patience=26,
        precedence=[("a", "b")],
        together=[("b", "c")],
        given=[do.table("talks", ["recognition"])],
        levers={"pocketing": 0},
    )
    # As they stand in the file, which counts for lexicographic order.
    assert list(scenario.plan("mine").orders()) == [("a", "b", "c")]
    again = files.loads(files.dumps(scenario))
    assert again == scenario and again.digest() == scenario.digest()
    assert list(again.plans["mine"].moves) == list(scenario.plans["mine"].moves)
    assert files.loads(FULL).digest() != scenario.digest()
    assert files.load("colombia-2012").tree().get("plans") is None


def test_any_name_of_a_plan_survives_being_written_and_read():
    for name in ("plan", "A long name, with commas"):
        tree = files.load("two-party").tree()
        tree["plans"] = {name: tree["plans"]["opening"]}
        scenario = ss.Scenario.model_validate(tree)
        assert scenario.plans[name].name == name
        assert files.loads(files.dumps(scenario)) == scenario


def test_mistakes_in_a_file_are_told_with_key_line_value_and_nearest():
    text = SMALL + PLANS.replace('["a", "b"]', '["a", "bb"], ["c", "c"]').replace('"prisoners"', '"prisoner"')
    start = SMALL.count("\n")
    told = [str(problem) for problem in problems(text)]
    where = f"war.toml:{start + 7}: plans.mine.precedence"
    assert told[0] == f"{where}[0][1] = 'bb': unknown move; did you mean 'b'? [allowed: a, c, b]"
    assert told[1].startswith(f"{where}[1]: 'c' cannot come before itself")
    text = SMALL + PLANS.replace('"prisoners"', '"prisoner"').replace("pocketing", "pocketin")
    one, two = map(str, problems(text))
    assert one.startswith(
        f"war.toml:{start + 13}: plans.mine.moves.a.concession = 'prisoner': unknown concession; did you"
    )
    assert two.startswith(
        f"war.toml:{start + 10}: plans.mine.levers.pocketin: unknown parameter 'pocketin'; did you mean"
    )
    text = SMALL + PLANS.replace('do = "mission"', 'do = "mision"').replace("pace", "pcae")
    assert [problem.key for problem in problems(text)] == ["plans.mine.moves.b[1].do", "plans.mine.pcae"]
    text = SMALL + PLANS.replace("[plans.mine]", '[plans.mine]\nname = "other"', 1)
    (named,) = problems(text)
    assert (named.key, named.message) == ("plans.mine.name", "stands under another name")


def test_a_broken_plan_does_not_hide_other_mistakes():
    text = (SMALL + PLANS).replace("horizon = 208", "horizon = 0").replace('["a", "b"]', '["a", "bb"]')
    assert {problem.key for problem in problems(text)} >= {"horizon", "plans.mine.precedence[0][1]"}


def test_plans_are_inherited_with_what_their_moves_are_made_of():
    scenario = files.loads(f'{CHILD}extends = "two-party"\n')
    assert list(scenario.plans) == ["opening"]
    own = '[sequences.talk]\nsteps = [{ do = "open", track = "talks" }]\n'
    assert not files.loads(f'{CHILD}extends = "two-party"\n{own}').plans
    # Asked for they are.
    every = sorted(set(ss.Scenario.model_fields) - {"name", "title", "description", "claims"})
    asked = f'{CHILD}extends = "two-party"\ninherit = {json.dumps(every)}\n{own}'
    assert list(files.loads(asked).plans) == ["opening"]
    assert list(files.loads(f'{CHILD}extends = "two-party"\n{PLANS}').plans) == ["mine"]
    assert not files.loads(f'{CHILD}extends = "two-party"\nplans = {{}}\n').plans


def test_the_schema_knows_plans():
    validator = jsonschema.Draft202012Validator(files.schema())

    def accepted(old="", new=""):
        assert old in PLANS
        raw = tomllib.loads(SMALL + PLANS.replace(old, new, 1))
        return validator.is_valid(json.loads(json.dumps(raw, default=str)))

    assert accepted()
    for old, new in (
        ("pace", "pcae"),
        ('"done"', '"finished"'),
        ('["a", "b"]', '["a"]'),
        ('["a", "b"]', '["a", "b", "c"]'),
        ('do = "mission"', 'do = "mision"'),
        ('a = { do = "deliver"', 'A = { do = "deliver"'),
        ("weeks = 8 }", "weeks = -8 }"),
        ('c = { do = "ceasefire", weeks = 8 }', "c = []"),
        ('given = [{ do = "table"', 'given = [{ od = "table"'),
    ):
        assert not accepted(old, new), new


def test_every_shipped_plan_can_be_run_in_every_order():
    found = [scenario.plan(name) for scenario in map(files.load, NAMES) for name in scenario.plans]
    assert len(found) >= 1 and all(plan.count() > 1 for plan in found)


@pytest.mark.parametrize("several", [False, True])
def test_moves_keep_their_order_when_written_and_read(several):
    """What stands in the file first is first in lexicographic order, and TOML keeps tables behind lists of tables."""
    gifts = {name: do.deliver(name) for name in ("prisoners", "ceasefire", "recognition")}
    moves = gifts | {"call": [do.open_track("talks"), do.mission(0.1, 4)] if several else do.open_track("talks")}
    tree = files.load("two-party").tree()
    tree["plans"] = {"mine": Plan(moves).model_dump(exclude_defaults=True, exclude_none=True)}
    again = files.loads(files.dumps(ss.Scenario.model_validate(tree))).plans["mine"]
    assert list(again.moves) == list(moves) and again == Plan(moves, name="mine")


def test_plans_are_listed_shown_and_checked(capsys):
    def told(*words):
        with pytest.raises(SystemExit) as ended:
            cli.app(list(words))
        assert ended.value.code == 0
        return capsys.readouterr().out

    assert "plans: opening" in told("list")
    assert "Plans, to be run in every order" in told("show", "two-party")
    assert "4 sequences, 1 plan, " in told("check", "two-party")
    shown = told("show", "two-party", "--plan", "opening")
    for part in (
        "Gifts and talks",
        'talks        open  track = "talks"',
        "8 weeks, a move completes when taken",
        "orders       6",
    ):
        assert part in shown
    assert json.loads(told("show", "two-party", "--plan", "opening", "--json"))["declaration"]["moves"]["talks"] == {
        "do": "open",
        "track": "talks",
    }
