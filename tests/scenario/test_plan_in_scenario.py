"""Plans in a scenario: checked in every order, and run, orders of items among them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import settlesim as ss
from second_edition.planting import small
from settlesim import steps as do
from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario import files
from settlesim.scenario.plan import Plan
from settlesim.scenario.reachability import unreachable
from settlesim.scenario.sequence import Sequence
from settlesim.steps import delivered, opened, quiet, signed, week
from support import block

US, KABUL, GIFT = do.open_track("patron_talks"), do.open_track("kabul_talks"), do.deliver("prisoners")


@pytest.fixture(scope="module")
def scenario():
    return files.load("afghanistan-2018")


@pytest.fixture(scope="module")
def two():
    return files.load("two-party")


def problems_of(scenario, moves, **how):
    try:
        scenario.plan(Plan(moves, name="mine", **how))
    except ScenarioError as error:
        return [(p.key.removeprefix("plans.mine."), p.message, p.nearest) for p in error.problems]
    return []


# -- checks against the scenario -------------------------------------------------------------------------------------


def test_a_plan_made_in_python_is_checked_against_the_scenario(scenario):
    plan = Plan({"us": US, "kabul": KABUL, "gift": GIFT}, pace=16)
    assert scenario.plan(plan) is plan
    assert problems_of(
        scenario,
        {"us": do.open_track("patrn_talks"), "kabul": [KABUL, do.table("kabul_talks", ["delisting"])], "gift": GIFT},
        given=[do.table("kabul_talks", ["prisoner"], when=signed("patron_talk"))],
        levers={"withdrawal_linkge": 0, "surrender_frame": 2},
    ) == [
        ("given[0].concessions[0]", "unknown concession", "prisoners"),
        ("given[0].when.signed", "unknown track", "patron_talks"),
        ("moves.us.track", "unknown track", "patron_talks"),
        ("moves.kabul[1].concessions[0]", "none of the parties of kabul_talks can deliver it", None),
        ("levers.withdrawal_linkge", "unknown parameter 'withdrawal_linkge'", "withdrawal_linkage"),
        ("levers.surrender_frame", "lies outside the range", None),
    ]


def test_plans_need_the_parties_that_make_the_moves(two):
    moves = {"a": do.switch(), "b": do.press(0.5, 4)}
    assert problems_of(two, moves, troop_path=[(0, 14)]) == [
        ("moves.a.do", "there is no patron in this conflict", None),
        ("moves.b.do", "there is no neighbour in this conflict", None),
        ("troop_path", "there is no patron in this conflict, whose troops these would be", None),
    ]


def test_an_unknown_plan_gets_the_nearest(two, scenario):
    assert two.plan("opening") is two.plans["opening"]
    with pytest.raises(UsageError, match="unknown plan 'openin'; did you mean 'opening'"):
        two.plan("openin")
    with pytest.raises(UsageError, match=r"declares no plan; write a table \[plans.NAME\]"):
        files.load("colombia-2012").plan("opening")


WAITS = [
    # when, precedence, says
    (
        signed("patron_talks"),
        [],
        "'x' would wait for ever in an order in which it comes before 'us'; add [\"us\", \"x\"]",
    ),
    (signed("patron_talks"), [("x", "us")], "'x' waits for what only 'us' can bring about, before which precedence"),
    (signed("patron_talks"), [("us", "x")], None),
    (signed("patron_talks"), [("us", "gift"), ("gift", "x")], None),
    (delivered("prisoners"), [("x", "kabul"), ("us", "x")], "in an order in which it comes before 'gift'"),
    (delivered("prisoners"), [("kabul", "x")], None),  # at that table prisoners can be had, too
    (signed("patron_talks") | opened("kabul_talks"), [], "in an order in which it comes before 'us' and 'kabul'"),
    (signed("patron_talks") & opened("kabul_talks"), [], "would wait for ever in some orders"),
    (~signed("patron_talks") & quiet(4) & week(8), [], None),
    (signed("three_way_talks"), [], "step 'x' can never be taken: no step brings about signed = 'three_way_talks'"),
    (week(261), [], "step 'x' can never be taken: week 261 lies beyond the horizon"),
    (week(230), [], "in an order in which 3 moves follow 'x', taken in week 230 or later, the last comes after the"),
    (week(236), [("us", "x")], None),
    (week(237), [("us", "x")], "in an order in which 2 moves follow 'x'"),
    (week(230) | quiet(1), [], None),
    (week(230) & quiet(1), [], "in an order in which 3 moves follow 'x', taken in week 230"),
    (quiet(1).after(250), [], "in an order in which 3 moves follow 'x', taken in week 250"),
]


@pytest.mark.parametrize(("when", "precedence", "says"), WAITS)
def test_a_condition_that_contradicts_some_order_is_reported(scenario, when, precedence, says):
    moves = {"us": US, "kabul": KABUL, "gift": GIFT, "x": do.deliver("delisting", when=when)}
    found = problems_of(scenario, moves, precedence=precedence, pace=12)
    if says is None:
        assert found == []
    else:
        ((key, message, _),) = found
        assert key == "moves.x.when" and says in message


def test_patience_lets_a_move_wait_for_a_later_one(scenario):
    moves = {"us": US, "x": do.deliver("delisting", when=signed("patron_talks"))}
    assert problems_of(scenario, moves) and not problems_of(scenario, moves, patience=26)
    assert problems_of(scenario, moves, patience=26, precedence=[("x", "us")])


def test_given_steps_count_as_far_as_they_can_be_taken(scenario):
    moves = {"us": US, "x": do.deliver("delisting", when=opened("kabul_talks"))}
    assert not problems_of(scenario, moves, given=[KABUL])
    late = do.open_track("kabul_talks", when=signed("patron_talks"))
    ((_, message, _),) = problems_of(scenario, moves, given=[late])
    assert "in an order in which it comes before 'us'" in message
    assert not problems_of(scenario, moves, given=[late], precedence=[("us", "x")])


def test_what_completes_a_move_is_checked(scenario):
    moves = {"us": {**US.model_dump(exclude_defaults=True), "done": {"signed": "kabul_talks"}}, "kabul": KABUL}
    ((key, message, _),) = problems_of(scenario, moves)
    assert key == "moves.us.done" and "what comes after 'us' would wait for ever" in message
    moves["us"]["done"] = {"signed": "three_way_talks"}
    ((key, message, _),) = problems_of(scenario, moves)
    assert key == "moves.us.done" and "is done only with what nothing in the plan brings about" in message
    moves["us"]["done"] = {"signed": "nowhere"}
    assert problems_of(scenario, moves) == [("moves.us.done.signed", "unknown track", None)]


def test_moves_too_far_apart_are_reported(scenario):
    moves = {"us": US, "kabul": KABUL, "gift": GIFT}
    assert not problems_of(scenario, moves, pace=130)
    assert problems_of(scenario, moves, pace=131, patience=4) == [
        ("pace", "3 moves so far apart take 262 weeks, beyond the horizon of 260", None)
    ]
    assert not problems_of(scenario, moves, pace=131, together=[("us", "gift")])


def test_a_scenario_may_be_cut_short_but_a_plan_is_not_run_beyond_its_end(two):
    tree = two.tree() | {"horizon": 15}
    short = ss.Scenario.model_validate(tree)
    with pytest.raises(ScenarioError, match=r"plans.opening.pace = 8: 3 moves so far apart take 16 weeks"):
        short.plan("opening")
    assert ss.Scenario.model_validate(tree | {"horizon": 16}).plan("opening").count() == 6


@given(st.data())
@settings(max_examples=40)
def test_a_plan_is_refused_if_and_only_if_one_of_its_orders_is(scenario, data):
    """One look at each move decides as looking at every order does."""
    tracks = ["kabul_talks", "patron_talks", "three_way_talks"]
    number = data.draw(st.integers(2, 4))
    names = "abcd"[:number]
    kinds = st.one_of(
        *(st.builds(make, st.sampled_from(tracks)) for make in (opened, signed)), st.builds(week, st.just(3))
    )
    kinds = kinds | st.builds(do.taken, st.sampled_from(names)) | st.builds(delivered, st.just("prisoners"))
    conditions = (
        st.none() | kinds | st.builds(lambda x, y: x & y, kinds, kinds) | st.builds(lambda x, y: x | y, kinds, kinds)
    )
    steps = [do.open_track(track) for track in tracks] + [do.deliver("prisoners"), do.deliver("delisting")]
    chosen = data.draw(st.permutations(steps))
    moves = {}
    for name, step in zip(names, chosen, strict=False):
        done = data.draw(st.none() | st.none() | kinds)
        moves[name] = step.model_copy(update={"when": data.draw(conditions), "done": done})
    given_steps = [chosen[-1].model_copy(update={"when": data.draw(conditions)})]
    pairs = [(i, j) for i in names for j in names if i < j]
    precedence = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3))
    how = {"precedence": precedence, "given": given_steps, "completes": data.draw(st.sampled_from(["taken", "done"]))}
    known = (scenario.tracks, scenario.concessions, 260)
    # The last move of an order keeps nobody waiting; `contradictions` says that it might.
    try:
        plan = scenario.plan(Plan(moves, **how))
    except ScenarioError:
        plan = Plan(
            {n: step.model_copy(update={"when": None, "done": None}) for n, step in moves.items()},
            **{**how, "given": ()},
        )
        stuck = False
        for order in plan.orders():
            steps = [given_steps[0].model_copy(update={"apart": True})]
            steps += [moves[name].model_copy(update={"name": name}) for name in order]
            end = do.deliver("elections", name="end")
            sequence = Sequence("order", [*steps, end], ordered=True, completes=how["completes"])
            stuck = stuck or bool(list(unreachable(sequence, *known)))
        assert stuck
    else:
        for order in plan.orders():
            assert not list(unreachable(plan.order(order), *known))


# -- what is run -----------------------------------------------------------------------------------------------------

ITEMS = ("recognition", "prisoners", "ceasefire")


def table_of_three(**parameters):
    """Three items and power at one table where nobody leaves and nothing ages; see second_edition/test_mends.py."""
    steady = dict(consent_rate=10, consent_bias=10, deadline_rounds=60, refusal_rate=0, breakdown_rate=0, quorum=0,
                  recalls=0, offer_half_life=10_000, readiness_effect=0, guarantee=0.9, restraint=0)  # fmt: skip
    return small(20, 150, "two-party", **(steady | parameters))


def run(war, plan, order, runs=40):
    return ss.simulate(war, sequence=plan.order(order), runs=runs, rng=7)


def test_the_order_of_items_matters_where_success_makes_ready():
    plan = Plan.of_agenda("talks", ITEMS, undertaking="single", given=[do.open_track("talks", when=week(4))])
    war = table_of_three(readiness_effect=3, readiness_gain=1, readiness_loss=1)
    one, other = (run(war, plan, order) for order in (ITEMS, ITEMS[::-1]))
    assert not np.array_equal(one["settlement_week"], other["settlement_week"], equal_nan=True)


def test_the_order_of_items_changes_not_one_bit_where_readiness_is_fixed():
    plan = Plan.of_agenda("talks", ITEMS, undertaking="single", given=[do.open_track("talks", when=week(4))])
    war = table_of_three()
    first, *others = (run(war, plan, order) for order in plan.orders())
    assert 0 < first["settled"].sum() < first.sizes["run"] and len(others) == 5
    for other in others:
        for name in ("settled", "settlement_week"):
            assert np.array_equal(first[name], other[name], equal_nan=True), (other.attrs, name)


def test_items_tabled_one_by_one_in_a_week_are_the_list_tabled_at_once():
    war = table_of_three(readiness_effect=3, readiness_gain=1, readiness_loss=1)
    plan = Plan.of_agenda("talks", ITEMS, given=[do.open_track("talks", when=week(4))])
    by_hand = Sequence(
        "by hand", [do.table("talks", ITEMS[::-1]), do.open_track("talks", when=week(4))], agenda="staged"
    )
    one, other = run(war, plan, ITEMS[::-1]), ss.simulate(war, sequence=by_hand, runs=40, rng=7)
    assert one["settled"].sum() > 0
    for name in ("settled", "settlement_week", "deaths"):
        assert np.array_equal(one[name], other[name], equal_nan=True), name


def test_moves_are_made_in_their_order_and_at_their_pace(two):
    plan = Plan(
        {"gift": do.deliver("prisoners"), "call": do.open_track("talks"), "quiet": do.ceasefire(8)},
        given=[do.table("talks", ["recognition"])],
        together=[("gift", "quiet")],
        pace=6,
    )
    sequence = plan.order("call > gift > quiet")
    trace = block(two, sequence, 3)
    taken = {step.name: trace.final["taken_week"][at] for at, step in enumerate(sequence.steps)}
    start = taken["table:talks"]
    assert (taken["call"] == start).all()
    assert (taken["gift"] == start + 6).all() and (taken["quiet"] == start + 6).all()
    assert ss.verify(two, sequences=[sequence], runs=1, rng=7).ok
