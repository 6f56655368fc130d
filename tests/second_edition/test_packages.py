"""Packages: what they hold, what that is worth as offers age, and the zone that they leave, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from second_edition.planting import column, pair, small, worked
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised import engine
from settlesim.model.codes import OPEN
from settlesim.model.rules import package, pocketing
from support import block, changed, shipped

# Gives more than it costs, and costs more than it gives; the ceasefire of the file lies on no table.
GOOD, DEAR = (0.10, 0.04), (0.06, 0.08)
TABLE = {"do": "table", "track": "talks", "concessions": ["recognition", "prisoners"]}
CALL = {"do": "open", "track": "talks", "when": {"week": 4}}
RECORD = ("zone", "reservation_binding", "limit_power", "opened_week", "pocketed", "sunk", "phase")


def two_things(plan, horizon=60, **parameters):
    """One table with nothing but recognition and prisoners on offer, where everybody comes at once and stays."""
    stay = dict(consent_rate=10, consent_bias=10, deadline_rounds=200, refusal_rate=0, breakdown_rate=0)
    war = small(8, horizon, "two-party", **stay, **parameters)
    concessions = war.tree()["concessions"]
    for name, (value, cost) in (("recognition", GOOD), ("prisoners", DEAR)):
        concessions[name] = {**concessions[name], "value": value, "cost": cost}
    return pair(changed(war, concessions=concessions), plan)


def by_hand(trace, tabled=0, delivered=None):
    """The zone of every week and run, from both sides' positions and the two concessions, without the rules."""
    w, t = trace.worlds, trace.weekly
    red, half = w["red_line_share"], w["offer_half_life"]
    zones = np.full(t["zone"].shape, np.nan)
    for week in range(1, len(zones)):
        for run in range(zones.shape[1]):
            r, m = t["reservation_binding"][week, run], t["limit_power"][week, run]
            # The zone is told before the table opens in a week, so that it is open since the week before.
            opened = t["opened_week"][week - 1, 0, run]
            age = 0.0 if opened < 0 else max(week - max(tabled, opened), 0.0)
            held, paid, spare = 0.0, 0.0, []
            for name, (value, cost) in (("recognition", GOOD), ("prisoners", DEAR)):
                given = delivered == name and t["pocketed"][week - 1, run] > 0
                worth = value * (1.0 if given else 0.5 ** (age / half[run]))
                if worth > cost or given:
                    held, paid = held + worth, paid + cost
                else:
                    spare.append((cost / worth, worth, cost))
            lack = max(r - held - red[run], 0.0)
            if t["phase"][week - 1, 0, run] in (1, 2, 3, 4):
                for _, worth, cost in sorted(spare):
                    level = min(max(lack / worth, 0.0), 1.0)
                    held, paid, lack = held + level * worth, paid + level * cost, max(lack - level * worth, 0.0)
            zones[week, run] = min(m - paid, red[run]) - max(r - held, 0.0)
    return zones


def check_zone(trace, **how):
    known = by_hand(trace, **how)
    # In the week in which a table is called it is called after the zone was told; the phase before tells which.
    assert np.abs(trace.weekly["zone"][1:] - known[1:]).max() < 1e-12
    return known


def test_the_zone_is_what_both_sides_positions_and_the_package_leave():
    """m - r + Σ(v d - c): recognition is traded, prisoners are not; the offer ages from the day the table opens."""
    trace = block(two_things([TABLE, CALL], offer_half_life=26), "mine", 12, record=RECORD)
    assert (trace.weekly["phase"][-1] == OPEN).mean() > 0.5
    check_zone(trace)


def test_where_the_red_line_binds_further_concessions_make_up_for_power_and_only_as_far_as_is_missing():
    levels = []
    for red in (0.3, 0.4, 0.5):
        trace = block(two_things([TABLE, CALL], red_line_share=red), "mine", 12, record=(*RECORD, "extra_level"))
        check_zone(trace)
        levels.append(trace.weekly["extra_level"])
    levels = np.array(levels)
    assert ((levels > 0) & (levels < 1)).any() and (levels == 1).any() and (levels == 0).any()
    # Recognition is held for its own sake; what makes up for power are prisoners.
    prisoners = column(trace, "clause", "talks/prisoners")
    assert levels[:, :, prisoners].max() > 0 and np.delete(levels, prisoners, axis=2)[:, 1:5].max() == 0


def test_tabling_anew_renews_an_offer():
    again = {**TABLE, "when": {"week": 30}}
    trace = block(two_things([TABLE, CALL, again], offer_half_life=13), "mine", 12, record=RECORD)
    stale, fresh = by_hand(trace), by_hand(trace, tabled=30)
    zone = trace.weekly["zone"]
    assert np.abs(zone[1:30] - stale[1:30]).max() < 1e-12
    assert np.abs(zone[30:] - fresh[30:]).max() < 1e-12
    assert (fresh[30:] > stale[30:]).any()


def test_what_is_delivered_keeps_its_worth():
    hand = {"do": "deliver", "concession": "recognition", "when": {"week": 2}}
    trace = block(two_things([TABLE, CALL, hand], offer_half_life=13, pocketing=1), "mine", 12, record=RECORD)
    kept, fading = by_hand(trace, delivered="recognition"), by_hand(trace)
    assert np.abs(trace.weekly["zone"][4:] - kept[4:]).max() < 1e-12
    assert (kept[20:] > fading[20:]).any()


def test_pocketing_loses_what_trading_would_have_gained():
    """Σ(1-R)(v-c) less of a zone that lies within the bounds, from the week after the delivery."""
    hand = {"do": "deliver", "concession": "recognition", "when": {"week": 2}}
    plan = [TABLE, hand]
    off, on = (
        block(two_things(plan, 20, pocketing=k, red_line_share=1), "mine", 12, record=(*RECORD, "delivered"))
        for k in (0, 1)
    )
    handed = np.argmax(on.weekly["delivered"][:, 0], axis=0)
    assert 2 <= handed.min() < handed.max() < 19
    value, cost = GOOD
    for run, week in enumerate(handed):
        lost = off.weekly["zone"][:, run] - on.weekly["zone"][:, run]
        assert on.weekly["limit_power"][week + 1, run] < 1 and not lost[: week + 1].any()
        assert lost[week + 1] == pytest.approx((1 - 0.5) * (value - cost), abs=1e-12)


def effects(**others):
    """A concession of value .1 and cost .04 that is delivered by the government."""
    given = dict(
        delivers=True, level=1.0, concession_value=0.1, concession_cost=0.04, reversibility=0.25, pocketing=1.0,
        costly_signal=2.0, legitimacy_cost=0.25, by_government=True, by_patron=False, frees_prisoners=False,
        recognises=False, ceases_fire=False, prisoners_held=0.0, in_pie=True,
    )  # fmt: skip
    return worked(pocketing.effects, **(given | others))


def test_what_a_delivery_moves():
    pocket, sunk, signal, of_patron, legitimacy, *_ = effects()
    assert (pocket, sunk) == pytest.approx((0.075, 0.03))
    assert (signal, of_patron, legitimacy) == pytest.approx((0.08, 0.0, 0.01))
    assert effects(delivers=False)[:2] == (0.0, 0.0) and effects(in_pie=False)[:2] == (0.0, 0.0)


def contents(**others):
    """A concession of value .1 and cost .04 that has lain for 26 weeks, a half-life, on an open table."""
    given = dict(
        concession_value=0.1, concession_cost=0.04, in_pie=True, clause_power=True, on_table=True, any_tabled=True,
        tabled_week=4.0, opened_week=10.0, week=36.0, offer_half_life=26.0, delivered=False, pocketing=1.0,
        staged=False, item_agreed=False, item_aside=False,
    )  # fmt: skip
    return worked(package.package_contents, **(given | others))


def test_what_a_package_holds_and_what_it_is_worth():
    worth, _, given, held, price, spare = contents()
    assert (worth, given, held, price, spare) == pytest.approx((0.05, True, 0.05, 0.04, 0.0))
    # Tabled after the table opened, an offer ages from then; before it opens, not at all.
    assert contents(tabled_week=36.0)[0] == 0.1 and contents(opened_week=-1.0)[0] == 0.1
    # Stale, it is worth less than it costs and is left to make up for power; never less than nothing.
    worth, _, given, held, price, spare = contents(week=62.0)
    assert (given, held, price, spare) == pytest.approx((False, 0.0, 0.0, 0.025))
    assert contents(week=5000.0)[5] >= 0.0
    # Where anything is tabled, only that is on offer; where nothing is, all is, and does not age.
    assert not contents(on_table=False)[2]
    assert contents(on_table=False, any_tabled=False)[3] == 0.1
    assert contents(delivered=True, week=62.0)[2:5] == (True, 0.1, 0.04)
    assert contents(clause_power=False)[3:] == (0.0, 0.0, 0.0)


PLANS = ("kabul_first", "us_first", "parallel", "trilateral", "confidence_first", "pakistan_first", "mission_first")


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("of", "sign"), [("concession_value", 1), ("concession_cost", -1)])
def test_more_generous_offers_widen_the_zone_and_dearer_ones_narrow_it(plan, of, sign):
    """In every run of every plan that tables them, before anything is delivered."""
    scenario = small(30, 104)
    sequence, runs = scenario.sequence(plan), range(24)
    drawn = worlds(scenario, runs, entropy=3, levers=sequence.levers)
    more = {k: 1.5 * v if k.startswith(of) else v for k, v in drawn.items()}
    zones = [
        engine.run(scenario, sequence, worlds=w, fates=Fates(3, runs), record=("zone",)).weekly["zone"][6]
        for w in (drawn, more)
    ]
    gain = sign * (zones[1] - zones[0])
    assert (gain >= 0).all() and (gain > 0).mean() > 0.5


def test_the_least_half_life_that_does_not_age_is_the_greatest_there_is():
    (number,) = (q for q in shipped().quantities() if str(q.address) == "offer_half_life")
    assert number.range[1] == package.AGELESS
    assert contents(offer_half_life=package.AGELESS, week=5000.0)[0] == 0.1
