"""What becomes of a deal, what is counted as dead, and what came first: against what follows by hand."""

from __future__ import annotations

import numpy as np
import pytest

from settlesim.model.codes import (
    DEAL_ON_BOTH,
    DEAL_ON_POWER,
    DEAL_ON_WITHDRAWAL,
    FIRST_INSURGENT_VICTORY,
    GOVERNMENT_VICTORY,
    NO_EVENT,
)
from settlesim.model.rules.classification import first_event, laying_down, victories
from settlesim.results.outcomes import evaluate
from support import block, changed, shipped

# Without covariates the clock of relapse runs by age alone.
PLAIN = dict.fromkeys(
    (
        "relapse_power_sharing",
        "relapse_guarantee",
        "relapse_implementation",
        "relapse_excluded",
        "relapse_spoiler",
    ),
    0,
)


@pytest.fixture(scope="module")
def lost():
    """A war that insurgents often win, with deals in some runs."""
    return block(shipped(), "us_first", 96)


def test_standing_is_followed_beyond_the_horizon_as_a_longer_simulation_would():
    war = shipped("two-party").with_parameters(**PLAIN, relapse_reference=0.9)
    long, short = (block(changed(war, horizon=weeks), "talk", 120) for weeks in (208, 90))
    signed = np.flatnonzero(short.final["settled"])
    assert (long.final["settlement_week"][signed] == short.final["settlement_week"][signed]).all()
    seen, solved = (evaluate(trace)["standing"][signed] for trace in (long, short))
    assert (seen == solved).all()
    assert 0 < seen.sum() < len(seen)
    # And some of those that fall do so after the shorter horizon.
    fell = long.final["relapse_week"][signed]
    assert ((fell > 90) & (seen == 0)).any()


def test_a_deal_that_a_victory_ends_within_two_years_does_not_stand(lost):
    found, f = evaluate(lost), lost.final
    ended = f["settled"] & f["ended"] & (f["end_week"] - f["settlement_week"] <= 104)
    assert (found["signed"] == f["settled"]).all() and (found["standing"] <= found["signed"]).all()
    assert (found["standing"][ended] == 0).all() and (found["settled"][f["ended"]] == 0).all()
    assert (found["comprehensive"] <= found["settled"]).all() and (found["settled"] <= found["signed"]).all()


def test_the_weeks_of_standing_are_a_parameter():
    war = shipped("two-party").with_parameters(**PLAIN, relapse_reference=0.9)
    shares = [
        evaluate(block(war.with_parameters(standing_weeks=weeks), "talk", 60))["standing"].mean()
        for weeks in (1, 104, 520)
    ]
    assert shares[0] > shares[1] > shares[2]


def test_deaths_are_counted_to_the_horizon():
    war = shipped()
    none, full = (block(war.with_parameters(victory_violence=v), "us_first", 48) for v in (0, 1))
    ended, weeks = none.final["ended"], none.final["end_week"]
    assert ended.any() and not ended.all()
    few, many = (evaluate(trace) for trace in (none, full))
    assert (few["deaths"] == none.final["deaths"]).all()
    later = np.where(ended, war.horizon - weeks, 0) * none.worlds["deaths_base"]
    assert many["deaths"] - few["deaths"] == pytest.approx(later)
    lived = np.where(ended, weeks, war.horizon)
    assert few["deaths_lived"] * lived == pytest.approx(none.final["deaths"])
    assert (few["deaths_lived"] == many["deaths_lived"]).all()


def test_laying_down_arms_under_a_deal_is_no_defeat():
    """In a war that relapses late and reintegrates fast, few are left to fight: the government has not won."""
    war = shipped("two-party").with_parameters(
        **PLAIN, relapse_reference=0.95, relapse_shape=3, settled_reintegration_rate=5, relapse_horizon=104
    )
    trace = block(war, "talk", 120)
    f = trace.final
    melted = f["settled"] & f["relapsed"] & (f["strength"] < trace.worlds["defeat_strength"])
    assert melted.sum() > 5
    assert not (f["settled"] & (f["outcome"] == GOVERNMENT_VICTORY)).any()


def test_who_lays_down_arms_in_war_is_beaten_and_who_is_killed_after_a_deal_too():
    """Week by week: 100 commanders, 90 of whom reintegrate under a deal, or before it."""

    def lay_down(at_peace, relapses, week, before, now, laid=0):
        _, laid, strength = laying_down.function(before, laid, now, at_peace, relapses, 10.0, week, 1.0, 100)
        return laid, strength

    assert lay_down(True, False, 11.0, 0, 90) == (90, 0.9)
    # In the week of signing clocks still went by war, in that of a relapse by peace.
    assert lay_down(True, False, 10.0, 0, 90) == (0, 0.0)
    assert lay_down(False, True, 30.0, 0, 90) == (90, 0.9)
    assert lay_down(False, False, 40.0, 0, 90) == (0, 0.0)

    def government_wins(strength, laid_down_strength, at_peace=False):
        return bool(victories.function(0.1, 0.8, strength, laid_down_strength, 0.15, np.bool_(at_peace), 50.0)[1])

    assert government_wins(0.1, 0.0) and not government_wins(0.1, 0.9) and government_wins(0.05, 0.05)
    assert not government_wins(0.1, 0.0, at_peace=True)


def test_what_came_first(lost):
    f = lost.final
    weeks = [np.where(f[name] < 0, np.inf, f[name]) for name in ("settlement_week", "patron_deal_week", "end_week")]
    earliest = np.min(weeks, axis=0)
    lull = ~np.isin(f["first_event"], (DEAL_ON_POWER, DEAL_ON_WITHDRAWAL, DEAL_ON_BOTH, FIRST_INSURGENT_VICTORY))
    assert (np.where(f["first_event_week"] < 0, np.inf, f["first_event_week"])[~lull] == earliest[~lull]).all()
    withdrawal = (weeks[1] < weeks[0]) & (weeks[1] <= weeks[2])
    assert ((f["first_event"] == DEAL_ON_WITHDRAWAL) == withdrawal)[~lull].all()
    # What a final outcome never shows: deals that a victory ended later.
    assert ((f["first_event"] == DEAL_ON_WITHDRAWAL) & f["ended"]).any()


def test_the_first_event_stays_the_first():
    no, yes = np.bool_(False), np.bool_(True)
    event, week = NO_EVENT, -1.0
    seen = []
    for at, (settled, patron, won) in enumerate([(no, no, no), (no, yes, no), (yes, yes, no), (yes, yes, yes)]):
        event, week = first_event.function(event, week, float(at), settled, patron, won, no, no, no)
        seen.append((int(event), float(week)))
    assert seen == [(NO_EVENT, -1.0), (DEAL_ON_WITHDRAWAL, 1.0), (DEAL_ON_WITHDRAWAL, 1.0), (DEAL_ON_WITHDRAWAL, 1.0)]
    assert first_event.function(NO_EVENT, -1.0, 5.0, yes, yes, no, no, no, no) == (DEAL_ON_BOTH, 5.0)
    assert first_event.function(NO_EVENT, -1.0, 5.0, yes, no, yes, no, no, no) == (DEAL_ON_POWER, 5.0)
