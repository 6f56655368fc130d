"""Sequences: conditions as data, steps, permutations, and steps that can never be taken."""

import itertools
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlesim import steps as do
from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario.conditions import GROUPS, KINDS, NUMBERS, Condition
from settlesim.scenario.files import load
from settlesim.scenario.sequence import NEEDS, Sequence, Step
from settlesim.steps import all_of, any_of, broken, delivered, not_, opened, quiet, signed, taken, week
from strategies.sequences import conditions

names = st.sampled_from(["kabul_talks", "prisoners", "open:kabul_talks"])


@pytest.fixture(scope="module")
def scenario():
    return load("afghanistan-2018")


@given(conditions(names))
def test_a_condition_survives_being_written_and_read(condition):
    tree = condition.tree()
    assert Condition.model_validate(tree) == condition
    assert len(tree) == 1 + ("delay" in tree)
    assert pickle.loads(pickle.dumps(condition)) == condition


def test_nought_is_an_amount():
    """Troops may be withdrawn to none; 0 == False must not make the amount count as left out."""
    assert do.withdraw(0.0, 10).amount == 0.0
    assert do.press(0.0, 4).amount == 0.0 and do.ceasefire(0).weeks == 0
    assert do.deliver("prisoners", for_quiet=0).weeks == 0
    with pytest.raises(ScenarioError, match="takes no amount"):
        Step(do="switch", amount=0.0)


@pytest.mark.parametrize(
    ("condition", "tree"),
    [
        (week(8), {"week": 8}),
        (quiet(4), {"quiet": 4}),
        (opened("t"), {"opened": "t"}),
        (signed("t").after(26), {"signed": "t", "delay": 26}),
        (broken("t"), {"broken": "t"}),
        (delivered("c"), {"delivered": "c"}),
        (taken("s").after(1).after(2), {"taken": "s", "delay": 3}),
        (all_of(week(1), quiet(2)), {"all": [{"week": 1}, {"quiet": 2}]}),
        (any_of(week(1), opened("t")), {"any": [{"week": 1}, {"opened": "t"}]}),
        (not_(opened("t")), {"not": {"opened": "t"}}),
    ],
)
def test_each_helper_writes_its_form(condition, tree):
    assert condition.tree() == tree


def test_conditions_are_joined_by_operators():
    a, b, c = opened("a"), signed("b"), week(8)
    assert a & b & c == a & (b & c) == all_of(a, b, c)
    assert a | b | c == a | (b | c) == any_of(a, b, c)
    assert ~a == not_(a) and ~~a == not_(not_(a))
    assert a & b | c == any_of(all_of(a, b), c) and a & (b | c) == all_of(a, any_of(b, c))
    # With a delay of its own a group is one thing.
    assert (a & b).after(4) & c == all_of(all_of(a, b).after(4), c)
    for wrong in (True, None, {"week": 8}, "a"):
        with pytest.raises(TypeError, match="unsupported operand"):
            a & wrong


def test_conditions_joined_by_words_are_refused():
    for join in (lambda a, b: a and b, lambda a, b: a or b, lambda a, b: not a):
        with pytest.raises(UsageError, match=r"join conditions by & \| ~"):
            join(opened("a"), signed("b"))


def test_every_kind_of_condition_is_covered_by_the_strategies():
    made = {c.kind for c in (week(1), quiet(1), opened("t"), signed("t"), broken("t"), delivered("c"), taken("s"))}
    assert made | set(GROUPS) == set(KINDS)
    assert set(NUMBERS) <= made


@pytest.mark.parametrize(
    ("raw", "key", "says", "nearest"),
    [
        ({}, "", "a condition needs exactly one kind, found none", None),
        ({"week": 8, "quiet": 4}, "", "a condition needs exactly one kind, found week and quiet", None),
        ({"wek": 8}, "", "unknown condition 'wek'", "week"),
        ({"week": 8, "dealy": 4}, "", "unknown condition 'dealy'", "delay"),
        ({"week": "8"}, "week", "must be a number", None),
        ({"week": -1}, "week", "must be at least 0", None),
        ({"week": 1, "delay": -1}, "delay", "must be at least 0", None),
        ({"week": 1, "delay": 1.5}, "delay", "must be a whole number", None),
        ({"opened": 3}, "opened", "must be text in quotes", None),
        ({"all": []}, "", "all needs at least one condition", None),
        ({"all": {"week": 8}}, "all", "must be a list", None),
        ({"all": [{"week": 8}, {"quiet": "x"}]}, "all[1].quiet", "must be a number", None),
        ({"not": {"week": "x"}}, "not.week", "must be a number", None),
        ({"any": [{"not": {"all": [{"wek": 1}]}}]}, "any[0].not.all[0]", "unknown condition 'wek'", "week"),
    ],
)
def test_a_bad_condition_is_one_clear_problem_where_it_is_written(raw, key, says, nearest):
    with pytest.raises(ScenarioError) as caught:
        Sequence("plan", [{"do": "switch", "when": raw}])
    (problem,) = caught.value.problems
    where = "steps[0].when" + (f".{key}" if key else "")
    assert (problem.key, problem.message, problem.nearest) == (where, says, nearest)


def test_conditions_nested_without_end_are_refused():
    raw = {"week": 1}
    for _ in range(100):
        raw = {"not": raw}
    with pytest.raises(ScenarioError, match="nested too deep"):
        Sequence("plan", [{"do": "switch", "when": raw}])


def test_every_kind_of_step_has_a_helper():
    steps = [
        do.open_track("t", concessions=["c"]),
        do.close_track("t"),
        do.table("t", ["c", "d"]),
        do.deliver("c"),
        do.ceasefire(8),
        do.press(0.6, 20),
        do.oblige("t", by="u"),
        do.withdraw(8.6, weeks=20),
        do.switch(),
        do.mission(0.3, 26),
    ]
    assert [step.do for step in steps] == list(NEEDS)
    assert do.deliver("c", for_quiet=4) == Step(do="deliver", concession="c", weeks=4, reciprocal=True)


def test_steps_are_named_by_what_they_do_and_names_are_unique():
    plan = Sequence("plan", [do.deliver("c"), do.deliver("c"), do.switch(), do.deliver("c", name="deliver:c (2)")])
    assert [step.name for step in plan.steps] == ["deliver:c", "deliver:c (3)", "switch", "deliver:c (2)"]
    with pytest.raises(ScenarioError, match="two steps are called 'x'"):
        Sequence("plan", [do.switch(name="x"), do.deliver("c", name="x")])


@pytest.mark.parametrize(
    ("raw", "key", "says"),
    [
        ({"do": "opne", "track": "t"}, "do", "is not one of the choices"),
        ({"track": "t"}, "do", "is missing"),
        ({"do": "open"}, "", "a step that does 'open' needs track"),
        ({"do": "table", "track": "t"}, "", "a step that does 'table' needs concessions"),
        ({"do": "oblige"}, "", "a step that does 'oblige' needs track and by"),
        ({"do": "switch", "weeks": 3}, "", "a step that does 'switch' takes no weeks"),
        (
            {"do": "deliver", "concession": "c", "weeks": 3},
            "",
            "weeks of quiet mean nothing unless the delivery",
        ),
        ({"do": "deliver", "concession": "c", "reciprocal": True}, "", "a reciprocal delivery needs weeks"),
        ({"do": "table", "track": "t", "concessions": ["c", "c"]}, "", "the same concession is listed twice"),
        ({"do": "press", "amount": -1, "weeks": 2}, "amount", "must be at least 0"),
        ({"do": "press", "amount": 0.5, "weeks": 2.5}, "weeks", "must be a whole number"),
        ({"do": "switch", "wehn": {"week": 1}}, "wehn", "unknown key"),
        ({"do": "deliver", "concession": "C!"}, "concession", "is not a name"),
        ("open", "", "must be a table"),
    ],
)
def test_a_bad_step_is_one_clear_problem(raw, key, says):
    with pytest.raises(ScenarioError) as caught:
        Sequence("plan", [raw])
    (problem,) = caught.value.problems
    assert problem.key == "steps[0]" + (f".{key}" if key else "")
    assert problem.message.startswith(says)


def test_every_mistake_of_a_sequence_is_reported_at_once():
    with pytest.raises(ScenarioError) as caught:
        Sequence("", [{"do": "opne"}, {"do": "open"}, {"do": "switch", "when": {"wek": 1}}], pace=-1)
    assert [p.key for p in caught.value.problems] == [
        "name",
        "steps[0].do",
        "steps[1]",
        "steps[2].when",
        "pace",
    ]


def test_permutations_are_all_the_orders_each_once_and_the_given_one_first():
    plan = Sequence("p", [do.deliver(c) for c in "abc"], ordered=True, pace=4, levers={"x": 1.0}, label="l")
    orders = [tuple(step.concession for step in p.steps) for p in plan.permutations()]
    assert sorted(orders) == sorted(itertools.permutations("abc"))
    assert orders[0] == ("a", "b", "c")
    named = [p.name for p in plan.permutations(limit=2)]
    assert named == ["deliver:a > deliver:b > deliver:c", "deliver:a > deliver:c > deliver:b"]
    assert all((p.ordered, p.pace, p.levers, p.label) == (True, 4, {"x": 1.0}, "l") for p in plan.permutations())
    assert all({s.name for s in p.steps} == {s.name for s in plan.steps} for p in plan.permutations())
    assert list(plan.permutations(limit=0)) == []
    with pytest.raises(UsageError, match="must not be negative"):
        next(plan.permutations(limit=-1))


def test_permutations_of_steps_without_an_order_are_refused_before_the_first():
    with pytest.raises(UsageError, match=r"'p' have no order to be permuted.* say ordered=True .* or make a Plan"):
        Sequence("p", [do.deliver("a"), do.deliver("b", when=week(8))]).permutations()


def test_what_is_apart_stays_and_what_is_together_moves_as_one():
    raw = [
        {"do": "deliver", "concession": "a", "name": "a"},
        {"do": "deliver", "concession": "x", "name": "x", "apart": True},
        {"do": "deliver", "concession": "b", "name": "b"},
        {"do": "deliver", "concession": "c", "name": "c", "together": True},
        {"do": "deliver", "concession": "y", "name": "y", "apart": True},
    ]
    plan = Sequence("p", raw, ordered=True, pace=4)
    assert [(p.name, [step.name for step in p.steps]) for p in plan.permutations()] == [
        ("a > b", ["a", "x", "b", "c", "y"]),
        ("b > a", ["b", "x", "c", "a", "y"]),
    ]
    assert [p.name for p in Sequence("p", raw[1:2], ordered=True).permutations()] == ["p"]


def test_levers_are_added_and_replaced_without_touching_the_original():
    plan = Sequence("p", levers={"a": 1, "c": 3})
    assert plan.with_levers(a=2, b={"patron": 0.5}).levers == {"a": 2, "b": {"patron": 0.5}, "c": 3}
    assert plan.levers == {"a": 1, "c": 3}


def test_the_troop_path_must_rise_in_time():
    assert Sequence("p", troop_path=[(0, 14), (10, 8.6)]).troop_path == ((0, 14), (10, 8.6))
    with pytest.raises(ScenarioError, match="must rise"):
        Sequence("p", troop_path=[(10, 14), (10, 8.6)])


def problems_of(scenario, *steps, **options):
    try:
        scenario.sequence(Sequence("mine", list(steps), **options))
    except ScenarioError as error:
        return [(p.key.removeprefix("sequences.mine."), p.message, p.nearest) for p in error.problems]
    return []


def test_a_sequence_made_in_python_is_checked_against_the_scenario(scenario):
    plan = Sequence("mine", [do.open_track("kabul_talks", when=week(8))])
    assert scenario.sequence(plan) is plan
    assert problems_of(
        scenario,
        do.open_track("kabul_talk"),
        do.deliver("prisoner"),
        do.switch(when=all_of(signed("patrn_talks"), taken("open:kabul"))),
        do.table("kabul_talks", ["delisting"]),
    ) == [
        ("steps[0].track", "unknown track", "kabul_talks"),
        ("steps[1].concession", "unknown concession", "prisoners"),
        ("steps[2].when.signed", "unknown track", "patron_talks"),
        ("steps[2].when.taken", "unknown step", "open:kabul_talk"),
        ("steps[3].concessions[0]", "none of the parties of kabul_talks can deliver it", None),
    ]


def test_levers_must_be_parameters_within_their_range(scenario):
    levers = {
        "withdrawal_linkge": 0,
        "surrender_frame": 2,
        "openness": {"patrn": 1},
        "war_cost": {"government": 0.1},
    }
    assert problems_of(scenario, levers=levers) == [
        ("levers.withdrawal_linkge", "unknown parameter 'withdrawal_linkge'", "withdrawal_linkage"),
        ("levers.surrender_frame", "lies outside the range", None),
        ("levers.openness.patrn", "unknown entry 'patrn' of openness", "patron"),
    ]


@pytest.mark.parametrize(
    ("steps", "at", "says"),
    [
        ([do.switch(when=week(900))], 0, "week 900 lies beyond the horizon of 260 weeks"),
        ([do.switch(when=signed("kabul_talks"))], 0, "no step brings about signed = 'kabul_talks'"),
        ([do.switch(when=delivered("prisoners"))], 0, "no step brings about delivered = 'prisoners'"),
        ([do.switch(when=taken("switch"))], 0, "in a circle: 'switch' waits for 'switch'"),
        (
            [
                do.deliver("delisting"),
                do.deliver("recognition", name="a", when=taken("b")),
                do.deliver("prisoners", name="b", when=delivered("recognition")),
                do.open_track("kabul_talks", when=delivered("prisoners")),
            ],
            1,
            "in a circle: 'a' waits for 'b' waits for 'a'",
        ),
        (
            [
                do.open_track("kabul_talks", name="k", when=signed("patron_talks").after(3)),
                do.open_track("patron_talks", name="p", when=any_of(signed("kabul_talks"), week(999))),
            ],
            0,
            "in a circle: 'k' waits for 'p' waits for 'k'",
        ),
    ],
)
def test_a_step_that_can_never_be_taken_is_reported_once_with_its_cause(scenario, steps, at, says):
    ((key, message, _),) = problems_of(scenario, *steps)
    assert key == f"steps[{at}].when"
    assert message.endswith(says)


def test_in_an_ordered_sequence_a_step_must_not_wait_for_a_later_one(scenario):
    steps = [do.deliver("prisoners", when=delivered("recognition")), do.deliver("recognition")]
    assert problems_of(scenario, *steps) == []
    ((_, message, _),) = problems_of(scenario, *steps, ordered=True)
    assert "in a circle: 'deliver:prisoners' waits for 'deliver:recognition'" in message


def test_what_may_happen_is_not_refused(scenario):
    talks = do.open_track("kabul_talks", when=week(8))
    possible = [
        quiet(4),
        not_(signed("kabul_talks")),
        broken("kabul_talks"),
        delivered("prisoners"),
        week(260),
    ]
    for condition in possible:
        assert problems_of(scenario, talks, do.deliver("delisting", when=condition)) == []
    assert problems_of(scenario, do.ceasefire(4), do.deliver("delisting", when=delivered("ceasefire"))) == []


def test_steps_need_the_party_that_takes_them():
    small = load("two-party")
    assert problems_of(small, do.switch(), do.press(0.5, 4)) == [
        ("steps[0].do", "there is no patron in this conflict", None),
        ("steps[1].do", "there is no neighbour in this conflict", None),
    ]
    assert problems_of(small, troop_path=[(0, 14)]) == [
        ("troop_path", "there is no patron in this conflict, whose troops these would be", None)
    ]


def test_zero_is_a_number_like_any_other():
    step = do.withdraw(0, 30)
    assert step.amount == 0 and step.weeks == 30
    assert do.ceasefire(0).weeks == 0
