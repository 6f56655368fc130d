"""Plans: moves become sequences, and every mistake in a plan is one clear problem."""

import pytest

from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario.plan import Plan
from settlesim.scenario.sequence import Sequence, Step
from settlesim.steps import deliver, mission, open_track, opened, press, quiet, table, taken, week

GIFTS = {name: deliver(name) for name in ("a", "b", "c", "d")}


def problems(moves, **how):
    with pytest.raises(ScenarioError) as caught:
        Plan(moves, **how)
    return [(problem.key, problem.value, problem.message, problem.nearest) for problem in caught.value.problems]


def says(moves, **how):
    ((key, _, message, _),) = problems(moves, **how)
    return key, message


# -- from moves to sequences -----------------------------------------------------------------------------------------


def test_an_order_is_an_ordered_sequence_with_everything_that_the_plan_says():
    plan = Plan(
        {"us": open_track("patron_talks"), "kabul": [open_track("kabul_talks"), table("kabul_talks", ["prisoners"])]},
        given=[table("patron_talks", ["delisting"]), deliver("recognition", when=taken("us"))],
        pace=8,
        completes="done",
        patience=26,
        undertaking="single",
        agenda="staged",
        levers={"withdrawal_linkage": 0, "war_cost": {"government": 0.1}},
        troop_path=[(0, 14), (50, 8.6)],
        description="Why.",
    )
    assert plan.order(["kabul", "us"]) == Sequence(
        "kabul > us",
        [
            Step(do="table", track="patron_talks", concessions=("delisting",), apart=True),
            Step(do="deliver", concession="recognition", when=taken("us"), apart=True),
            Step(do="open", track="kabul_talks", name="kabul"),
            Step(
                do="table",
                track="kabul_talks",
                concessions=("prisoners",),
                name="kabul: table kabul_talks",
                together=True,
            ),
            Step(do="open", track="patron_talks", name="us"),
        ],
        description="Why.",
        undertaking="single",
        agenda="staged",
        ordered=True,
        pace=8,
        completes="done",
        patience=26,
        levers={"withdrawal_linkage": 0, "war_cost": {"government": 0.1}},
        troop_path=[(0, 14), (50, 8.6)],
    )
    assert plan.order("kabul > us") == plan.order(("kabul", "us"))
    # What one order gives away is not seen by the next, and the plan is as it was.
    assert plan.order("us > kabul").steps[:2] == plan.order("kabul > us").steps[:2]
    assert list(plan.moves) == ["us", "kabul"] and plan.moves["us"] == (open_track("patron_talks"),)


def test_steps_of_one_move_and_moves_taken_together_are_linked():
    moves = {
        "a": [press(0.1, 4), press(0.2, 4), press(0.3, 4)],
        "b": deliver("x"),
        "c": [deliver("y"), mission(0.1, 4)],
    }
    plan = Plan(moves, together=[("c", "a")])
    told = [(step.name, step.together) for step in plan.order("b > c > a").steps]
    assert told == [
        ("b", False),
        ("c", False),
        ("c: mission", True),
        ("a", True),
        ("a: press", True),
        ("a: press (2)", True),
    ]
    assert [step.name for step in plan.order("c > a > b").steps][-1] == "b"


def test_a_condition_may_name_moves_and_their_steps():
    moves = {"a": [deliver("x"), mission(0.1, 4)], "b": deliver("y", when=taken("a") & taken("a: mission").after(3))}
    assert Plan(moves, precedence=[("a", "b")]).count() == 1


def test_the_orders_of_an_agenda():
    plan = Plan.of_agenda("t", ["x", "y", "z"], precedence=[("x", "z")], levers={"pocketing": 0}, undertaking="single")
    assert plan.agenda == "staged" and plan.count() == 3
    sequence = plan.order("y > x > z")
    assert [(step.do, step.concessions) for step in sequence.steps if step.track == "t"] == [
        ("open", ()),
        ("table", ("y",)),
        ("table", ("x",)),
        ("table", ("z",)),
    ]
    assert (sequence.agenda, sequence.pace, sequence.undertaking, sequence.levers) == (
        "staged",
        0,
        "single",
        {"pocketing": 0},
    )
    later = Plan.of_agenda("t", ["x", "y"], given=[open_track("t", when=week(20))])
    assert later.order("x > y").steps[0].when == week(20)


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        ("a > b > cc > d", ["unknown move 'cc'", "'c' is missing"]),
        ("a > b > see > d", ["unknown move 'see'", "'c' is missing"]),
        (["a", "b", "a", "b"], ["'a' stands there 2 times", "'b' stands there 2 times", "'c', 'd' are missing"]),
        ("d > a > b > c", ["'c' must come before 'd'"]),
        ("b > a > c > d", ["a > b must stand side by side in this order"]),
        ("a > c > b > d", ["a > b must stand side by side in this order"]),
        ("", ["unknown move ''", "'a', 'b', 'c', 'd' are missing"]),
    ],
)
def test_what_is_no_order_is_refused_with_all_that_is_wrong(names, wrong):
    plan = Plan(GIFTS, name="gifts", precedence=[("c", "d")], together=[("a", "b")])
    with pytest.raises(UsageError, match="is no order of plan 'gifts'") as caught:
        plan.order(names)
    said = str(caught.value).split("'gifts': ")[1].split("; ")
    assert [any(one.startswith(start) for one in said) for start in wrong] == [True] * len(wrong)
    assert len([one for one in said if not one.startswith("did you mean")]) == len(wrong)


def test_a_misspelt_move_gets_the_nearest():
    plan = Plan({"kabul_talks": deliver("x"), "us_talks": deliver("y")})
    with pytest.raises(UsageError, match="unknown move 'kabul_tlks'; did you mean 'kabul_talks'"):
        plan.order("kabul_tlks > us_talks")


# -- what is wrong in itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moves", "how", "key", "message"),
    [
        ({}, {}, "moves", "a plan has 1 to 64 moves, not 0"),
        ({f"m{i}": deliver(f"c{i}") for i in range(65)}, {}, "moves", "a plan has 1 to 64 moves, not 65"),
        ({"A!": deliver("x")}, {}, "moves.A!", "is not a name"),
        ({"a": []}, {}, "moves.a", "a move needs at least one step"),
        ({"a": "open"}, {}, "moves.a", "a move is a step, or a list of steps that are taken together"),
        ({"a": {"do": "opne"}}, {}, "moves.a.do", "is not one of the choices"),
        ({"a": [{"do": "open"}]}, {}, "moves.a[0]", "a step that does 'open' needs track"),
        ({"a": {"do": "switch", "name": "s"}}, {}, "moves.a.name", "a step of a move is called by the move"),
        ({"a": {"do": "switch", "together": True}}, {}, "moves.a.together", "is for the plan to say"),
        ({"a": {"do": "switch", "apart": True}}, {}, "moves.a.apart", "is for the plan to say"),
        (GIFTS, {"pace": -1}, "pace", "must be at least 0"),
        (GIFTS, {"completes": "open"}, "completes", "is not one of the choices"),
        (GIFTS, {"patience": 1.5}, "patience", "must be a whole number"),
        (GIFTS, {"precedence": [("a", "b", "c")]}, "precedence[0]", "a precedence is a pair"),
        (GIFTS, {"precedence": ["ab", ("b", 3)]}, "precedence[0]", "a precedence is a pair"),
        (GIFTS, {"precedence": [("a", "a")]}, "precedence[0]", "'a' cannot come before itself"),
        (GIFTS, {"together": [("a",)]}, "together[0]", "needs at least 2 entries"),
        (GIFTS, {"together": [("a", "b", "a")]}, "together[0][2]", "the move stands among those taken together twice"),
        (GIFTS, {"together": [("a", "b"), ("c", "b")]}, "together[1][1]", "the move stands among those taken together"),
        (
            GIFTS,
            {"precedence": [("a", "b"), ("c", "d")], "together": [("c", "d")]},
            "precedence[1]",
            "'c' and 'd' are taken together, so that neither comes before",
        ),
        (
            GIFTS,
            {"precedence": [("c", "a"), ("a", "b"), ("b", "c")]},
            "precedence[0]",
            "goes in a circle: 'a' before 'b' before 'c' before 'a'",
        ),
        (
            GIFTS,
            {"precedence": [("a", "b"), ("b", "c")], "together": [("b", "d"), ("c", "a")]},
            "together[0]",
            "contradicts precedence, in a circle: 'c + a' before 'b + d' before 'c + a'",
        ),
        ({"a": deliver("x"), "b": deliver("x")}, {}, "moves.b", "does the same as 'a'"),
        (GIFTS, {"given": [{"do": "switch", "name": "b"}]}, "given[0].name", "another step is called so"),
        (GIFTS, {"given": [{"do": "switch", "together": True}]}, "given[0].together", "means nothing for a step apart"),
        (GIFTS, {"given": [{"do": "switch", "done": {"week": 3}}]}, "given[0].done", "means nothing for a step apart"),
    ],
)
def test_a_mistake_is_one_clear_problem_where_it_is_written(moves, how, key, message):
    found = problems(moves, **how)
    assert found[0][0] == key
    assert found[0][2].startswith(message)
    assert len(found) == (2 if how.get("precedence") == ["ab", ("b", 3)] else 1)


def test_all_mistakes_come_at_once():
    moves = GIFTS | {"e": deliver("e", name="f")}
    found = problems(
        moves,
        precedence=[("a", "b"), ("b", "a"), ("c", "c"), ("d", "x"), ("e", "d")],
        together=[("a", "y"), ("d", "d")],
        given=[{"do": "switch", "name": "a"}],
    )
    assert [key for key, *_ in found] == [
        "precedence[2]",
        "precedence[3][1]",
        "together[0][1]",
        "together[1][1]",
        "precedence[1]",
        "moves.e",
        "given[0].name",
    ]


def test_an_unknown_move_gets_value_and_nearest():
    moves = {"kabul_talks": deliver("x"), "us_talks": deliver("y")}
    assert problems(moves, precedence=[("kabul_tlks", "us_talks")], together=[("us_talks", "us_talk")]) == [
        ("precedence[0][0]", "kabul_tlks", "unknown move", "kabul_talks"),
        ("together[0][1]", "us_talk", "unknown move", "us_talks"),
    ]


def test_moves_that_are_the_same_are_told_apart_by_precedence_alone():
    same = {"a": press(0.1, 8), "b": press(0.1, 8)}
    assert Plan(same, precedence=[("a", "b")]).count() == 1
    assert Plan(same, together=[("a", "b")]).count() == 1
    assert Plan({"a": press(0.1, 8), "b": press(0.1, 9)}).count() == 2


# -- conditions that contradict the order ----------------------------------------------------------------------------


def waiting(when, key="when", **how):
    """A waits; b, c and d are given as they are."""
    return says(GIFTS | {"a": {"do": "deliver", "concession": "a", key: when.tree()}}, **how)


def test_a_move_must_not_wait_for_a_later_one():
    for when in (taken("b"), taken("b").after(3) & quiet(2), taken("b") & (taken("d") | week(3))):
        key, message = waiting(when, precedence=[("a", "b")])
        assert key.startswith("moves.a.when")
        assert (
            message
            == "contradicts the order: 'a' waits for what only 'b' can bring about, before which precedence puts it"
        )
    _, message = waiting(taken("b"), precedence=[("a", "c"), ("c", "b")])
    assert "only 'b' can bring about" in message
    # Patience ends the waiting, but what is said is still nonsense.
    assert "contradicts the order" in waiting(taken("b"), precedence=[("a", "b")], patience=4)[1]


def test_a_move_must_not_wait_for_itself_or_for_what_joins_it():
    for how in ({}, {"precedence": [("a", "b")]}, {"patience": 3}):
        assert waiting(taken("a"), **how)[1].startswith("contradicts the order: 'a' waits for itself")
    assert "what is taken together with it" in waiting(taken("c"), together=[("a", "c")])[1]
    # The one that joins may wait for the one before it in the week.
    moves = GIFTS | {"c": deliver("c", when=taken("a"))}
    assert Plan(moves, together=[("a", "c")]).count() == 6


def test_a_move_must_not_wait_for_what_comes_later_in_some_orders():
    _, message = waiting(taken("b"))
    assert message.startswith("'a' would wait for ever in an order in which it comes before 'b'; add [\"b\", \"a\"]")
    assert "before 'b' and 'c'" in waiting(taken("b") | taken("c"))[1]
    assert "in some orders" in waiting(taken("b") & taken("c"))[1]
    plan = GIFTS | {"a": deliver("a", when=taken("b"))}
    assert Plan(plan, precedence=[("b", "a")]).count() == 12
    assert Plan(plan, precedence=[("b", "c"), ("c", "a")]).count() == 4
    assert Plan(plan, patience=8).count() == 24


def test_a_move_may_wait_for_what_does_not_depend_on_the_order():
    for when in (opened("t"), week(3) | taken("b"), ~taken("b"), taken("switch")):
        moves = GIFTS | {"a": deliver("a", when=when)}
        assert Plan(moves, given=[{"do": "switch", "when": {"taken": "d"}}]).count() == 24


def test_what_completes_a_move_must_not_be_later_either():
    assert "what comes after 'a' would wait for ever" in waiting(taken("b"), "done")[1]
    assert "'a' is done only with what only 'b'" in waiting(taken("b"), "done", precedence=[("a", "b")])[1]
    assert Plan(GIFTS | {"a": [deliver("a"), mission(0.1, 9)]}, completes="done").count() == 24
    done = {"do": "deliver", "concession": "a", "done": {"taken": "a", "delay": 3}}
    assert Plan(GIFTS | {"a": done}).count() == 24


def test_an_unknown_step_gets_the_nearest():
    moves = {"kabul": deliver("x", when=taken("uss")), "us": deliver("y")}
    ((key, value, message, nearest),) = problems(moves)
    assert (key, value, message, nearest) == ("moves.kabul", "uss", "unknown step", "us")
    found = problems({"us": deliver("y")}, given=[{"do": "switch", "when": {"taken": "su"}}])
    assert [(one[0], one[2]) for one in found] == [("given[0].when.taken", "unknown step")]
