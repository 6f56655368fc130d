"""In what sequences differ, hybrids of them, and channels as a file declares them."""

from __future__ import annotations

import pytest

import settlesim as ss
from scenario_texts import CHILD, problems
from settlesim.errors import UsageError
from settlesim.scenario import files
from settlesim.scenario.contrast import PARTS, differs_in, hybrid
from settlesim.scenario.declared_channels import Channel, held_off
from settlesim.scenario.steps import ceasefire, deliver, open_track, taken, week
from support import shipped

GIFTS = [deliver("recognition", when=week(4)), deliver("prisoners", when=week(8)), open_track("talks", when=week(12))]


def plan(name="plan", steps=GIFTS, **fields):
    return ss.Sequence(name, steps, **fields)


def moved(at, when):
    return [step.model_copy(update={"when": when}) if i == at else step for i, step in enumerate(GIFTS)]


@pytest.mark.parametrize(
    ("other", "parts"),
    [
        (plan("another name", label="x", description="y"), ()),
        (plan(steps=GIFTS[:2]), ("content",)),
        (plan(steps=[*GIFTS, ceasefire(13)]), ("content",)),
        (plan(steps=moved(0, week(5))), ("pace",)),
        # Dates that change places are another order, on the same dates.
        (
            plan(
                steps=[
                    GIFTS[0].model_copy(update={"when": week(8)}),
                    GIFTS[1].model_copy(update={"when": week(4)}),
                    GIFTS[2],
                ]
            ),
            ("order",),
        ),
        (plan(steps=moved(0, week(30))), ("order", "pace")),
        (plan(steps=moved(0, taken("deliver:prisoners"))), ("order",)),
        (plan(steps=GIFTS[::-1]), ()),
        (plan(undertaking="single"), ("undertaking",)),
        (plan(agenda="staged"), ("agenda",)),
        (plan(levers={"pocketing": 0.0}), ("levers",)),
        (plan(troop_path=[(0, 1)]), ("troop path",)),
        (plan(steps=GIFTS[:1], levers={"pocketing": 0.0}, agenda="staged"), ("content", "agenda", "levers")),
    ],
)
def test_every_part_is_told_by_its_word(other, parts):
    assert differs_in(plan(), other) == differs_in(other, plan()) == parts


def test_in_an_ordered_sequence_the_list_is_the_order_and_pace_counts():
    steps = [step.model_copy(update={"when": None}) for step in GIFTS]
    first = plan(steps=steps, ordered=True, pace=4)
    assert differs_in(first, plan(steps=steps[::-1], ordered=True, pace=4)) == ("order",)
    assert differs_in(first, plan(steps=steps, ordered=True, pace=8)) == ("pace",)
    assert differs_in(first, plan(steps=steps, ordered=True, pace=4, patience=13)) == ("pace",)
    assert differs_in(first, plan(steps=steps, ordered=True, pace=4, completes="done")) == ("pace",)
    assert differs_in(first, plan(steps=steps, pace=4)) == ("order",)


def test_orders_of_a_plan_differ_in_their_order_alone():
    gifts = shipped("order-control").plan("gifts")
    orders = [gifts.order(order) for order in gifts.orders()]
    assert {differs_in(orders[0], order) for order in orders[1:]} == {("order",)}


@pytest.mark.parametrize(
    "pair", [("kabul_first", "us_first"), ("easy_first", "hard_first"), ("trilateral", "easy_first")]
)
def test_a_hybrid_has_the_parts_of_one_and_the_rest_of_the_other(pair):
    a, b = map(shipped().sequence, pair)
    parts = differs_in(a, b)
    assert differs_in(hybrid(a, b, parts, "b"), b) == () == differs_in(hybrid(a, b, (), "a"), a)
    for part in parts:
        mixed = hybrid(a, b, [part], "mixed")
        assert differs_in(a, mixed) == (part,)
        assert differs_in(mixed, b) == tuple(other for other in parts if other != part)


def test_a_hybrid_of_two_orders_of_a_plan_is_one_or_the_other():
    gifts = shipped("order-control").plan("gifts")
    a, b = (gifts.order(order) for order in list(gifts.orders())[::17])
    assert [step.name for step in hybrid(a, b, ["order"], "x").steps] == [step.name for step in b.steps]
    slow = b.model_copy(update={"pace": 13})
    assert differs_in(hybrid(a, slow, ["pace"], "x"), a) == ("pace",)


def test_dates_of_one_in_the_order_of_the_other():
    b = plan("b", [GIFTS[0].model_copy(update={"when": week(30)}), *GIFTS[1:]])
    weeks = {step.concession or step.track: step.when.number for step in hybrid(plan(), b, ["order"], "x").steps}
    assert weeks == {"prisoners": 4, "talks": 8, "recognition": 12}
    weeks = {step.concession or step.track: step.when.number for step in hybrid(plan(), b, ["pace"], "x").steps}
    assert weeks == {"recognition": 8, "prisoners": 12, "talks": 30}


def test_names_of_steps_do_not_count_and_references_follow_them():
    a = plan(steps=[*GIFTS[:2], open_track("talks", when=taken("deliver:prisoners"))])
    renamed = [
        GIFTS[0],
        GIFTS[1].model_copy(update={"name": "free them"}),
        open_track("talks", when=taken("free them")),
    ]
    b = plan("b", renamed)
    assert differs_in(a, b) == ()
    shipped("two-party").sequence(hybrid(a, b, PARTS, "x"))


def test_unknown_parts_are_refused():
    with pytest.raises(UsageError, match="unknown parts pocket"):
        hybrid(plan(), plan("b"), ["pocket"], "x")


# ---- what a comparison says ----


def test_a_comparison_says_in_what_its_sequences_differ():
    war = shipped("two-party")
    result = ss.compare(war, ["talk", "give_first", "no_talks"], runs=2, rng=1)
    assert result["differs_in"].values.tolist() == ["", "content, order", "content"]
    assert result.attrs["differs_in"] == "content, order"
    held = ss.sweep(war, {"pocketing": [0, 1]}, sequences=["talk", "give_first"], runs=2, rng=1)
    assert held["differs_in"].values.tolist() == ["", "content, order"]
    gifts = shipped("order-control").plan("gifts")
    orders = ss.compare(shipped("order-control"), [gifts.order(o) for o in list(gifts.orders())[:3]], runs=2, rng=1)
    assert orders.attrs["differs_in"] == "order"


# ---- channels of a file ----

CHANNEL = '[channels.more]\nlabel = "More"\noff = {}\n'


def test_channels_are_inherited_and_one_of_the_same_name_takes_its_place():
    base = shipped().channels
    heir = files.loads(f'extends = "afghanistan-2018"\n{CHILD}{CHANNEL.replace("{}", "{ replacement = 1 }")}')
    assert list(heir.channels) == [*base, "more"]
    assert shipped("order-null").channels == base
    again = '[channels.lull]\nlabel = "Lull"\noff = { ceasefire_multiplier = 1 }\n'
    assert files.loads(f'extends = "afghanistan-2018"\n{CHILD}{again}').channels["lull"].off == {
        "ceasefire_multiplier": 1.0
    }
    assert files.loads(files.dumps(heir)) == heir


@pytest.mark.parametrize(
    ("off", "key", "says"),
    [
        ("{ poketing = 0 }", "channels.more.off.poketing", "unknown parameter 'poketing'"),
        ("{ restraint = 2 }", "channels.more.off.restraint", "is set by the channel 'restraint' as well"),
        ("{ replacement = 99 }", "channels.more.off.replacement", "lies outside the range"),
        (
            "{ war_cost = { goverment = 0 } }",
            "channels.more.off.war_cost.goverment",
            "unknown entry 'goverment' of war_cost",
        ),
        ("{}", "channels.more.off", "needs at least 1 entry"),
        ("{ pocketing = 0 }", "channels.more.off.pocketing", "is set by the channel 'pocketing' as well"),
    ],
)
def test_mistakes_in_channels_are_told_with_their_place(off, key, says):
    found = {p.key: p for p in problems(f'extends = "afghanistan-2018"\n{CHILD}{CHANNEL.replace("{}", off)}')}
    assert says in str(found[key]) and found[key].line is not None


def test_channels_of_one_parameter_by_entry_are_held_off_together():
    each = {who: Channel(label=who, off={"war_cost": {who: 0.0}}) for who in ("government", "insurgency")}
    assert held_off(each, ("insurgency", "government")) == {"war_cost": {"insurgency": 0.0, "government": 0.0}}
    assert each["government"].values == "war_cost.government = 0"
