"""What the mends of the second edition promise of whole runs, in the shipped war and in a small one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from second_edition.planting import column, pair, small
from settlesim.model.codes import AGREED, OPEN, SIGNED
from support import block, different, shipped

POWER_PLANS = ("parallel", "ceasefire_first", "confidence_first", "pakistan_first", "mission_first", "easy_first")
RUNS = 100


def at_signing(trace, name):
    """Value of a weekly variable in the week of the settlement, of the runs that settled."""
    weeks = trace.final["settlement_week"].astype(int)
    runs = np.flatnonzero(weeks >= 0)
    return trace.weekly[name][weeks[runs], runs]


# -- deals -----------------------------------------------------------------------------------------------------------


def test_no_deal_lies_outside_the_zone_above_the_red_line_or_below_the_quorum():
    """The zone at signing is empty in at most 5% of deals; no share above the red line, no deal without a quorum."""
    zones, shares = [], 0
    for plan in POWER_PLANS:
        trace = block(shipped(), plan, RUNS, record=("zone", "behind"))
        settled = np.flatnonzero(trace.final["settlement_week"] >= 0)
        zones.extend(at_signing(trace, "zone"))
        for track in ("kabul_talks", "three_way_talks"):
            row = column(trace, "bargain", f"{track}/power")
            given = trace.final["share"][row]
            assert (given <= trace.worlds["red_line_share"] + 1e-12).all()
            shares += int((given[settled] > 0).sum())
        assert (at_signing(trace, "behind") >= trace.worlds["quorum"][settled] - 1e-12).all()
    assert len(zones) > 25 and shares > 20
    assert np.mean(np.array(zones) < 0) <= 0.05


@pytest.mark.parametrize("plan", POWER_PLANS)
def test_nobody_talks_about_power_without_a_quorum(plan):
    trace = block(shipped(), plan, RUNS, record=("phase", "behind"))
    for i, name in enumerate(trace.entities["track"]):
        if "power" in shipped().tracks[name].issues:
            bound = np.isin(trace.weekly["phase"][:, i], (OPEN, AGREED))
            short = trace.weekly["behind"] < trace.worlds["quorum"]
            # Who walks out in a week is counted in that week; talks that fall short end in it.
            assert not (bound[1:] & short[1:] & short[:-1]).any()


# -- exclusion -------------------------------------------------------------------------------------------------------


def test_legitimacy_stops_falling_once_the_patron_has_signed():
    """The deal signed without Kabul ends its exclusion: 24 of 42 points of victory hung on that it did not."""
    trace = block(shipped(), "us_first", 60, record=("excluded", "patron_deal", "talking_now"))
    signed = trace.weekly["patron_deal"]
    assert signed.any() and trace.weekly["excluded"][~signed].any()
    # Once signed, it is excluded again only while others talk again without it.
    after = trace.weekly["excluded"][1:] & signed[:-1]
    patron = column(trace, "track", "patron_talks")
    assert not (after & ~trace.weekly["talking_now"][1:, patron]).any()


# -- one war ---------------------------------------------------------------------------------------------------------


def test_a_ceasefire_holds_back_attacks_deaths_and_the_loss_of_districts():
    """In the weeks of a ceasefire they fall together, by the same multiplier."""
    record = ("ceasefire", "alpha", "deaths_backed", "control_step", "at_peace", "patron_deal")
    on, off = (block(shipped().with_parameters(ceasefire_multiplier=m), "ceasefire_first", 60, record=record)
               for m in (0.25, 1.0))  # fmt: skip
    first = np.argmax(on.weekly["ceasefire"], axis=0)
    seen = 0
    for run, week in enumerate(first):
        if week > 0 and not on.weekly["at_peace"][week, run] and off.weekly["alpha"][week, run] == 1.0:
            seen += 1
            ratios = [on.weekly[name][week, run] / off.weekly[name][week, run] for name in record[1:3]]
            assert ratios == pytest.approx([0.25] * 2, abs=1e-12)
    assert seen > 20
    # Of districts both sides may hold more, since the contested belt narrows: it is the drift that slows.
    drift = [
        np.abs([trace.weekly["control_step"][first + k, range(60)] for k in range(1, 9)]).mean() for trace in (on, off)
    ]
    assert 0 < drift[0] < 0.5 * drift[1]


def test_talks_after_a_ceasefire_open_after_quiet_weeks():
    """What counts as quiet is quiet: fewer deaths than half of what the half year before saw."""
    trace = block(shipped(), "ceasefire_first", 120, record=("quiet_weeks", "violence", "violence_memory", "fires"))
    step = column(trace, "step", "open:kabul_talks")
    week, run = np.nonzero(trace.weekly["fires"][:, step])
    assert len(week) > 60
    for back in range(1, 5):
        calm = trace.weekly["violence"][week - back, run] / trace.weekly["violence_memory"][week - back - 1, run]
        assert (calm < trace.worlds["quiet_share"][run] + 1e-12).all()


def test_insurgents_who_have_something_to_gain_hold_back():
    """Restraint follows the promise of talks: none without an open table, and more where more is to be had."""
    trace = block(shipped(), "parallel", 60, record=("held_back", "talks_gain", "talking_now"))
    held, open_now = trace.weekly["held_back"][1:], trace.weekly["talking_now"][1:].any(axis=1)
    assert not held[~open_now].any() and held[open_now].min() > 0
    gain = trace.weekly["talks_gain"][1:][open_now]
    assert np.corrcoef(gain, held[open_now])[0, 1] > 0.2


def test_war_uses_up_men_and_recruits_replace_them():
    """Neither side melts away or grows without bound where nothing but the war happens."""
    trace = block(shipped(), "no_talks", 60, record=("army", "strength"))
    for name, low, high in (("army", 0.4, 1.2), ("strength", 0.3, 2.0)):
        middle = np.median(trace.weekly[name][156])
        assert low < middle < high, name
    less = block(shipped().with_parameters(replacement=0.2), "no_talks", 20, record=("strength",))
    assert (less.weekly["strength"][104] < trace.weekly["strength"][104, :20]).all()


def test_clashes_cost_men_and_ground():
    lost = {}
    for ground in (0.0, 5.0):
        war = small(200, 104, clash_ground=ground, campaign_rate=5)
        trace = block(war, "no_talks", 12, record=("insurgent_control", "moved_fallen"))
        lost[ground] = trace.weekly["insurgent_control"][104]
    assert (lost[5.0] <= lost[0.0]).all() and (lost[5.0] < lost[0.0]).any()


# -- Pakistan in plans that do not mention it --------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["kabul_first", "trilateral"])
def test_an_unengaged_neighbour_delays_tables_without_it(plan):
    def opened(obstruction):
        trace = block(shipped().with_parameters(neighbour_obstruction=obstruction), plan, 80)
        week = trace.final["opened_week"].max(axis=0)
        return np.where(week < 0, trace.scenario.horizon + 1, week)

    free, held = opened(0.0), opened(3.0)
    assert (held >= free).mean() > 0.95 and held.mean() - free.mean() > 10


# -- agenda ----------------------------------------------------------------------------------------------------------

ITEMS = ("recognition", "prisoners", "ceasefire")


def staged(order, **parameters):
    """Three items and power at one table, as a single undertaking, where nobody leaves and nothing ages.

    No attack is under command: while items are open the promise of the table, which restraint reads, is not the same.
    """
    steady = dict(consent_rate=10, consent_bias=10, deadline_rounds=60, refusal_rate=0, breakdown_rate=0, quorum=0,
                  recalls=0, offer_half_life=10_000, readiness_effect=0, guarantee=0.9, restraint=0)  # fmt: skip
    war = small(20, 150, "two-party", **(steady | parameters))
    plan = [{"do": "table", "track": "talks", "concessions": list(order)},
            {"do": "open", "track": "talks", "when": {"week": 4}}]  # fmt: skip
    return pair(war, plan, agenda="staged", undertaking="single")


def test_with_readiness_fixed_the_order_of_items_changes_not_one_bit_of_what_is_agreed():
    first, *others = permutations(ITEMS)
    record = ("items_left",)
    one = block(staged(first), "mine", 60, record=record)
    agreed = one.final["item_agreed"]
    assert 0.2 < agreed[:, ~one.weekly["items_left"][-1].any(axis=0)].mean() < 0.95 and one.final["settled"].any()
    for order in others:
        other = block(staged(order), "mine", 60, record=record)
        # What follows the signing may differ, since the items are carried out in their order.
        for name in ("settled", "settlement_week", "share"):
            assert np.array_equal(one.final[name], other.final[name], equal_nan=True), (order, name)
        # Clauses stand in the order of the scenario, not of the table.
        assert np.array_equal(agreed, other.final["item_agreed"]), order


def test_with_readiness_in_play_the_order_of_items_matters():
    a, b = (block(staged(order, readiness_effect=3, readiness_gain=1, readiness_loss=1), "mine", 60)
            for order in (ITEMS, ITEMS[::-1]))  # fmt: skip
    assert "item_agreed" in different(a, b) or "settlement_week" in different(a, b)


def test_success_at_one_table_carries_over_to_another():
    """The channel that negotiators speak of most: on, what is settled at one table moves consent at the other."""

    def consent(carry):
        war = shipped().with_parameters(readiness_carryover=carry, readiness_gain=1, readiness_effect=3)
        return block(war, "parallel", 60, record=("readiness", "phase"))

    with_it, without = consent(1.0), consent(0.0)
    # The government sits at the table in Kabul alone.
    kabul = column(with_it, "actor", "government")
    patron = column(with_it, "track", "patron_talks")
    signed = (with_it.weekly["phase"][:, patron] == SIGNED) & (without.weekly["phase"][:, patron] == SIGNED)
    first = np.argmax(signed, axis=0)
    runs = np.flatnonzero(signed.any(axis=0))
    later = (
        with_it.weekly["readiness"][first[runs], kabul, runs] - without.weekly["readiness"][first[runs], kabul, runs]
    )
    assert len(runs) > 20 and later.mean() > 0.2


# -- the line of reference -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["afghanistan-2018", "colombia-2012", "two-party", "null-order", "order-null"])
def test_every_shipped_scenario_has_a_war_without_talks(name):
    scenario = shipped(name)
    assert scenario.reference_sequence == "no_talks"
    trace = block(scenario, "no_talks", 12)
    assert (trace.final["opened_week"] < 0).all() and not trace.final["settled"].any()
