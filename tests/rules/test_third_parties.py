"""Third parties: missions raise the guarantee with a lag and a cost, a mediator shortens pauses and narrows values."""

from __future__ import annotations

import numpy as np
import pytest

from scenario_texts import SMALL, problems, replaced
from settlesim.engines.verify import verify
from settlesim.errors import ScenarioError
from settlesim.model.rules.breakdown import close_round
from settlesim.model.rules.third_parties import guarantee_now, mediation, mission
from settlesim.scenario.sequence import Sequence, Step
from settlesim.steps import mission as send_mission
from settlesim.steps import open_track, week
from support import block, changed, different, shipped

SAID = {"source": "invented", "tag": "P"}
MEDIATOR = {"label": "Mediator", **SAID}


def war(mediator=False, **parameters):
    tree = shipped("two-party").tree()
    actors = tree["actors"] | ({"mediator": MEDIATOR} if mediator else {})
    plans = {name: tree["sequences"][name] for name in ("talk", "no_talks")}
    return changed(shipped("two-party"), actors=actors, horizon=60, sequences=plans).with_parameters(**parameters)


def plan(*steps):
    return Sequence("plan", [*steps, open_track("talks", when=week(8))])


def test_a_mission_builds_up_evenly_over_its_weeks():
    found = [float(mission.function(np.float64(4), np.float64(w), 0.3, 10.0)) for w in (4, 5, 9, 14, 40)]
    assert found == pytest.approx([0.0, 0.03, 0.15, 0.3, 0.3])
    assert float(mission.function(np.float64(-1), np.float64(40), 0.3, 10.0)) == 0.0


def test_the_guarantee_rises_by_what_missions_give_and_never_beyond_one():
    sent = plan(send_mission(0.3, 10, when=week(4)), send_mission(0.6, 5, when=week(20), name="second"))
    record = ("guarantee_now", "mission_toll", "legitimacy")
    found = block(war(guarantee=0.2, mission_cost=0.1), sent, 3, record=record).weekly
    rise = found["guarantee_now"][:, 0]
    assert rise[[0, 4, 9, 14, 20, 25, 60]] == pytest.approx([0.2, 0.2, 0.35, 0.5, 0.5, 1.0, 1.0])
    assert found["mission_toll"][:, 0].sum() == pytest.approx(0.1 * 0.8)
    without = block(war(guarantee=0.2, mission_cost=0.1), plan(), 3, record=record).weekly
    # Up to the first week of talks nothing else costs legitimacy.
    assert np.allclose((without["legitimacy"] - found["legitimacy"])[8], 0.1 * 0.12)


def test_what_a_mission_cannot_add_costs_nothing():
    now, toll = guarantee_now.function(np.float64(0.9), 0.8, 0.5, 0.2)
    assert (float(now), float(toll)) == pytest.approx((1.0, 0.02))


def test_a_mission_makes_promises_credible_and_a_settlement_last():
    scenario = war(guarantee=0.1, mission_cost=0)
    record = ("credibility_government", "credibility_insurgency", "relapse_factor")
    plain, sent = (block(scenario, p, 6, record=record).weekly for p in (plan(), plan(send_mission(0.5, 4))))
    for name in ("credibility_government", "credibility_insurgency"):
        assert (sent[name][6] > plain[name][6]).all()
    assert (sent["relapse_factor"][6] < plain["relapse_factor"][6]).all()


def test_without_missions_and_mediator_nothing_depends_on_their_numbers():
    one, other = war(), war(mission_cost=0.7, mediator_pause=0.9, mediator_narrowing=0.9)
    assert not different(block(one, "talk", 6), block(other, "talk", 6))


def test_a_mediator_narrows_valuations_and_saves_a_share_of_pauses():
    for has in (False, True):
        spread, kept = mediation.function(np.bool_(has), np.float64(0.1), np.float64(0.25), np.float64(0.4))
        assert (float(spread), float(kept)) == pytest.approx((0.075, 0.6) if has else (0.1, 1.0))


def test_a_suspension_is_as_long_as_the_mediator_leaves_it():
    names = close_round.arguments
    at = dict.fromkeys(names, np.float64(0.0)) | {
        "round_due": np.bool_(True), "agrees": np.bool_(False), "track_power": np.bool_(False), "moot": np.bool_(False),
        "breakdown_chance": 1.0, "phase": np.int64(2), "week": 30.0, "suspension_shortest": 10.0,
        "suspension_longest": 20.0, "pause_luck": 0.5, "suspension_limit": 3.0, "deadline_rounds": 10.0,
        "deadline_overrun": 2.0, "round": 1.0, "broken_week": -1.0,
    }  # fmt: skip
    back = [close_round.function(**at | {"pause_kept": kept})[2] for kept in (1.0, 0.6)]
    assert [float(week) for week in back] == [45.0, 39.0]


def test_talks_with_a_mediator_are_suspended_for_less():
    changes = {"consent_rate": 5, "consent_bias": 5, "breakdown_rate": 1, "round_interval": 1, "mediator_pause": 0.5,
               "suspension_limit": 50, "deadline_overrun": 50}  # fmt: skip
    alone, helped = (block(war(mediator, **changes), "talk", 8).final["suspensions"] for mediator in (False, True))
    assert helped.sum() > alone.sum() > 0


def test_both_engines_agree_on_missions_and_a_mediator():
    sent = plan(send_mission(0.3, 10, when=week(4)), send_mission(0.9, 0, when=week(20), name="second"))
    changes = {"consent_rate": 5, "consent_bias": 5, "breakdown_rate": 0.3, "round_interval": 1}
    found = verify(war(True, **changes), sequences=[sent], runs=2, rng=5)
    assert found.ok, str(found)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"do": "mission", "amount": 0.3}, "needs weeks"),
        ({"do": "mission", "amount": 1.5, "weeks": 4}, "a mission cannot raise it by more than 1"),
        ({"do": "mission", "amount": 0.3, "weeks": 4, "track": "talks"}, "takes no track"),
    ],
)
def test_mistakes_in_a_mission_are_named(step, message):
    with pytest.raises(ScenarioError, match=message):
        Step(**step)


def test_a_mediator_is_no_party_to_a_table():
    text = replaced(
        'parties = ["government", "insurgency"]', 'parties = ["government", "insurgency", "mediator"]', SMALL
    )
    assert any("tracks.talks: a mediator is no party to a table" in str(problem) for problem in problems(text))


def test_the_talks_in_havana_had_guarantors_and_those_in_kabul_none():
    assert "mediator" in shipped("colombia-2012").actors and "mediator" not in shipped().actors
