"""The positive control: what orders do in `order-control` follows from arithmetic, run by run, and nothing else does.

By hand, with p = σ(power_bias): promises are believed and war costs nothing, so r_T = p and m_K = p before any gift. A
gift of value v and cost c, of which R can be taken back, moves them by (1 - R) v and (1 - R) c when it is given before
the table opens; the package holds it in either case, so that the least share is r_T - Σ v and the greatest m_K - Σ c.
The first round is the last, so the offer is the greatest share, and is taken.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

import settlesim as ss
from settlesim.chance.worlds import Fates
from settlesim.model.outcome import Outcome, final
from support import shipped

RUNS = 24
RNG = 11
GIFTS = {"recognition": 0.5, "prisoners": 0.0, "offices": 1.0}
LEAST = Outcome("settled_least", final("settled_least"), "share", "reservation value in the deal")
MOST = Outcome("settled_most", final("settled_most"), "share", "most the government would have given")
SIGNED = next(outcome for outcome in ss.STANDARD_OUTCOMES if outcome.name == "signed_share")
AGREED = next(outcome for outcome in ss.STANDARD_OUTCOMES if outcome.name == "item_agreed_week")


def run(sequences, *, war=None, outcomes=(SIGNED, LEAST, MOST), runs=RUNS):
    return ss.compare(war or shipped("order-control"), sequences, runs=runs, rng=RNG, outcomes=list(outcomes))


def numbers(result, gift):
    return result[f"concession_value.{gift}"].values, result[f"concession_cost.{gift}"].values


def by_hand(result, order):
    """Share signed, r_T and m_K: the gifts that come before the table are pocketed, the others traded at it."""
    p = expit(result["power_bias"].values)
    before = order[: order.index("table")]
    share, least, most = p.copy(), p.copy(), p.copy()
    for gift, taken_back in GIFTS.items():
        value, cost = numbers(result, gift)
        kept = (1 - taken_back) if gift in before else 0.0
        least += kept * value
        most += kept * cost
        share += kept * cost - cost
    return share, least, most


def test_pocketing_in_every_order_of_three_gifts_and_a_table():
    plan = shipped("order-control").plan("gifts")
    orders = list(plan.orders())
    assert len(orders) == 24
    result = run([plan.order(order) for order in orders])
    assert result["signed_share"].notnull().all()
    for at, order in enumerate(orders):
        for name, value in zip(("signed_share", "settled_least", "settled_most"), by_hand(result, order), strict=True):
            assert np.abs(result[name].values[at] - value).max() < 1e-12, (name, order)


@pytest.mark.parametrize("slip", ["sign", "size"])
def test_a_slip_in_the_arithmetic_would_be_seen(slip):
    plan = shipped("order-control").plan("gifts")
    order = ("prisoners", "table", "recognition", "offices")
    result = run([plan.order(order)])
    cost = numbers(result, "prisoners")[1]
    wrong = by_hand(result, order)[0] - (2 * cost if slip == "sign" else 0.1 * cost)
    assert np.abs(result["signed_share"].values[0] - wrong).max() > 1e-3


def test_without_pocketing_the_order_of_gifts_and_table_changes_no_bit():
    plan = shipped("order-control").plan("gifts")
    orders = [("prisoners", "recognition", "offices", "table"), ("table", "offices", "recognition", "prisoners")]
    war = shipped("order-control").with_parameters(pocketing=0)
    result = run([plan.order(order) for order in orders], war=war)
    for name in ("signed_share", "settled_least", "settled_most"):
        assert np.array_equal(*result[name].values)


def test_what_channels_say_of_it_is_the_value_by_hand():
    war = shipped("order-control")
    late, early = "table > prisoners > recognition > offices", "prisoners > table > recognition > offices"
    why = ss.channels(war, early, late, "signed_share", plan="gifts", runs=RUNS, rng=RNG)
    result = run(["package"])
    value = float(numbers(result, "prisoners")[1].mean())
    # The whole difference is pocketing's, first, last and on average; all others carry nothing, to the bit.
    for name in ("carried", "alone", "shapley"):
        assert float(why[name].sel(channel="pocketing")) == pytest.approx(value, abs=1e-12)
        assert (why[name].drop_sel(channel="pocketing") == 0.0).all()
    assert float(why["difference"].sel(state="all_off")) == 0.0


# ---- two issues one by one, against together ----

ONE_BY_ONE = ["recognition_then_prisoners", "prisoners_then_recognition"]


def test_items_carried_out_as_they_are_agreed_are_pocketed_and_cost_power_what_a_gift_does():
    result = run(["package", *ONE_BY_ONE])
    together, *apart = result["signed_share"].values
    lost = sum((1 - GIFTS[gift]) * numbers(result, gift)[1] for gift in ("recognition", "prisoners"))
    for one in apart:
        assert np.abs(one - together - lost).max() < 1e-12
    # Nothing is carried out before everything is agreed: then it does not matter whether items are settled one by one.
    single = [shipped("order-control").sequence(name) for name in ("package", *ONE_BY_ONE)]
    single = [plan.model_copy(update={"undertaking": "single"}) for plan in single]
    at_once = run(single)["signed_share"].values
    assert np.abs(at_once - together).max() < 1e-12


def chances(result, item, readiness, effect):
    """Chance by hand that either side agrees to an item in its only round: σ(logit a + ρ r + half/spread)."""
    value, cost = numbers(result, item)
    push = 0.5 * (value - cost) / (result.attrs["spread"] * 0.5 * (value + cost))
    return [expit(logit(a) + effect * readiness + push) for a in (0.6, 0.4)]


def agreed(result, order, effect, gain, loss):
    """Which items are agreed in which run, by hand from the luck: the first as it is, the second as the first went."""
    fates = Fates(RNG, range(result.sizes["run"]))
    found, readiness = {}, 0.0
    for item in order:
        luck = [fates.uniform(f"item_luck_{who}", f"talks/{item}", 1) for who in ("insurgency", "government")]
        takes = [u < chance for u, chance in zip(luck, chances(result, item, readiness, effect), strict=True)]
        found[item] = takes[0] & takes[1]
        # Twice, since a war of such violence motivates as much as it can.
        readiness = 2 * np.where(found[item], gain, -loss)
    return found


@pytest.mark.parametrize("effect", [0.0, 1.5])
def test_an_item_is_agreed_or_not_as_the_one_before_it_went(effect):
    runs = 400
    war = shipped("order-control").with_parameters(
        acceptance_temperature=1.0, readiness_effect=effect, war_cost=1e-6, pocketing=0.0
    )
    result = run(ONE_BY_ONE, war=war, outcomes=[AGREED], runs=runs).assign_attrs(spread=1.0)
    seen = {}
    for name in ONE_BY_ONE:
        order = name.split("_then_")
        found = agreed(result, order, effect, gain=0.25, loss=0.25)
        for item in order:
            simulated = result["item_agreed_week"].sel(sequence=name, clause=f"talks/{item}").notnull().values
            assert np.array_equal(simulated, found[item]), (name, item)
            seen[name, item] = simulated
    # With readiness off the order of the items does not matter for what is agreed; with it on it does.
    moved = [not np.array_equal(seen[ONE_BY_ONE[0], item], seen[ONE_BY_ONE[1], item]) for item in ("prisoners",)]
    assert moved == [effect > 0]
