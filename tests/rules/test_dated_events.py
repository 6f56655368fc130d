"""Dated events: when they act, on what, by how much, and not by one bit where they are off."""

from __future__ import annotations

import numpy as np
import pytest

from scenario_texts import SMALL, problems
from settlesim.engines.verify import verify
from settlesim.experiments.simulate import simulate
from settlesim.model.rules.events import event_factors, events
from settlesim.report.story import replay
from settlesim.scenario.files import dumps, loads
from settlesim.scenario.variants import with_numbers
from support import addresses, block, changed, different, shipped

SAID = {"source": "invented", "tag": "P"}
KINDS = ("legitimacy", "splintering", "fatigue", "attacks")


def event(name, kind, week, size, **more):
    return {"name": name, "label": name.title(), "kind": kind, "week": week, "size": size, **more, **SAID}


def war(*happenings, on=1.0):
    plans = {name: shipped("two-party").tree()["sequences"][name] for name in ("talk", "no_talks")}
    scenario = changed(shipped("two-party"), events=list(happenings), horizon=40, sequences=plans)
    return scenario.with_parameters(dated_events=on)


def moved(kind, week, date=9.3, size=0.5, weeks=3.0, on=1.0):
    """What an event moves in a week, after whether it happens."""
    flags = [np.bool_(kind == other) for other in KINDS]
    found = events.function(np.float64(week), np.float64(date), np.float64(weeks), size, on, *flags)
    return bool(found[0]), dict(zip(KINDS, map(float, found[1:]), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_moves_one_thing_from_the_first_week_not_before_its_date(kind):
    for week in (1, 9, 10, 12, 13, 30):
        happens, found = moved(kind, week)
        assert happens == (week == 10)
        lasts = {"legitimacy": week == 10, "splintering": week == 10, "fatigue": week >= 10,
                 "attacks": 10 <= week < 13}[kind]  # fmt: skip
        assert found == {other: 0.5 * lasts * (other == kind) for other in KINDS}


def test_an_event_of_the_start_acts_in_the_first_week_and_half_an_event_by_half():
    assert moved("legitimacy", 1, date=0.0) == (True, dict.fromkeys(KINDS, 0.0) | {"legitimacy": 0.5})
    assert moved("legitimacy", 10, on=0.5)[1]["legitimacy"] == 0.25
    assert moved("legitimacy", 10, on=0.0) == (False, dict.fromkeys(KINDS, 0.0))


def test_factors_multiply_and_are_one_where_nothing_acts():
    assert [float(x) for x in event_factors.function(0.0, 0.0)] == [1.0, 1.0]
    assert [float(x) for x in event_factors.function(np.log(2), np.log(0.5))] == pytest.approx([2.0, 0.5])


def test_legitimacy_falls_by_the_size_in_the_week_of_the_event():
    record = ("legitimacy",)
    with_it = block(war(event("vote", "legitimacy", 4, -0.1)), "talk", 4, record=record).weekly["legitimacy"]
    without = block(war(), "talk", 4, record=record).weekly["legitimacy"]
    assert np.array_equal(with_it[:4], without[:4])
    assert np.allclose(without[4] - with_it[4], 0.1, atol=1e-12)


def test_the_death_of_a_leader_splinters_the_insurgency_in_its_week_by_so_much():
    # A hazard of 0.3 in one week takes 1 - exp(-0.3) of commanders of middling temper; factors are one on average.
    scenario = war(event("death", "splintering", 10, 0.3)).with_parameters(
        splinter_rate=0, hardline_splinter=0, commander_loss_rate=0, reintegration_rate=0
    )
    gone = block(scenario, "talk", 60, record=("moved_splintered",)).weekly["moved_splintered"]
    assert (gone[9] == 0).all() and (gone[10] == gone[39]).all()
    n = 60 * 100
    assert abs(gone[10].sum() / n - (1 - np.exp(-0.3))) < 5 * np.sqrt(0.26 * 0.74 / n)


def test_fatigue_of_the_patron_rises_from_the_election_on():
    election = next(e for e in shipped().events if e.kind == "fatigue")
    wars = [
        with_numbers(shipped(), {"event_size.us_election": size, "dated_events": 1, "patron_fatigue": 0.002})
        for size in (0.0, 2.0)
    ]
    calm, tired = (block(one, "kabul_first", 40, record=("exit_left",)).weekly["exit_left"] for one in wars)
    date = int(np.ceil(election.week))
    assert np.array_equal(calm[:date], tired[:date])
    assert np.allclose((tired[date] - tired[date - 1]), np.exp(2.0) * (calm[date] - calm[date - 1]), rtol=1e-6)
    assert ((tired[date] - tired[date - 1]) < 0).any()


def test_a_run_variable_says_by_what_factor_attacks_are_moved():
    scenario = war(event("season", "attacks", 4, 0.7, weeks=2), event("truce", "attacks", 5, -0.7, weeks=1))
    factor = block(scenario, "talk", 2, record=("event_attacks",)).weekly["event_attacks"][:, 0]
    assert factor[1:7] == pytest.approx([1, 1, 1, np.exp(0.7), 1, 1])


def test_where_events_are_off_not_one_bit_differs():
    on_file = war(event("vote", "legitimacy", 4, -0.1), event("death", "splintering", 5, 0.3), on=0.0)
    found = different(block(on_file, "talk", 8), block(war(on=0.0), "talk", 8))
    # What belongs to each event has another shape where there is none.
    assert [name for name in found if not name.startswith("event_")] == []


def test_sizes_have_addresses_and_are_drawn_and_set_by_them():
    size = {"low": -0.2, "mode": -0.1, "high": 0.0}
    scenario = war(event("vote", "legitimacy", 4, size))
    assert addresses(scenario)[-1] == "event_size.vote"
    drawn = simulate(scenario, runs=20, rng=7)["event_size.vote"]
    assert drawn.attrs["units"] == "share" and float(drawn.min()) < float(drawn.max()) < 0
    (held,) = with_numbers(scenario, {"event_size.vote": -0.15}).events
    assert held.size.central == -0.15
    assert loads(dumps(scenario)) == scenario


def test_the_story_tells_them_with_what_they_move():
    story = str(replay(war(event("vote", "legitimacy", 4, -0.1)), run=0, rng=7))
    assert "week 4 (29 Jan 2020): Vote (a dated event that moves the government's legitimacy)" in story
    assert "Vote" not in str(replay(war(event("vote", "legitimacy", 4, -0.1), on=0.0), run=0, rng=7))


def test_both_engines_agree_on_events_of_every_kind():
    happenings = [event(kind, kind, 3 + i, 0.2, **({"weeks": 5} if kind == "attacks" else {}))
                  for i, kind in enumerate(k for k in KINDS if k != "fatigue")]  # fmt: skip
    found = verify(war(*happenings), sequences=["talk"], runs=2, rng=5)
    assert found.ok, str(found)


def test_the_historical_plan_has_them_and_plans_that_are_compared_do_not():
    scenario = shipped()
    assert scenario.parameters["dated_events"].value == 0
    assert [name for name, plan in scenario.sequences.items() if "dated_events" in plan.levers] == ["historical"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('kind = "votes"\nweek = 4\nsize = 0.1', "events[0].kind = 'votes': is not one of the choices"),
        ('kind = "legitimacy"\nweek = -1\nsize = 0.1', "events[0].week = -1: must be at least 0"),
        (
            'kind = "legitimacy"\nweek = 4\nsize = 2',
            "events[0]: size reaches from 2 to 2 [allowed: -1 to 1 (share)]",
        ),
        ('kind = "attacks"\nweek = 4\nsize = 1', "events[0]: an event that moves attacks needs weeks"),
        (
            'kind = "fatigue"\nweek = 4\nweeks = 3\nsize = 1',
            "events[0]: weeks mean nothing for an event that moves fatigue",
        ),
        ('kind = "fatigue"\nwek = 4\nsize = 1', "events[0].wek: unknown key; did you mean 'week'?"),
    ],
)
def test_mistakes_are_named(lines, message):
    text = f'{SMALL}\n[[events]]\nname = "vote"\nlabel = "Vote"\nsource = "invented"\ntag = "P"\n{lines}\n'
    (problem,) = problems(text)
    assert message in str(problem), str(problem)


def test_two_events_of_one_name_and_an_unknown_source_are_refused():
    one = '[[events]]\nname = "vote"\nlabel = "Vote"\nkind = "legitimacy"\nweek = 4\nsize = 0.1\n'
    one += 'tag = "P"\nsource = "inventd"\n'
    found = [str(problem) for problem in problems(f"{SMALL}\n{one}{one}")]
    assert any("events[1].name = 'vote': the name is used twice" in text for text in found)
    assert any("events[0].source = 'inventd': unknown source; did you mean 'invented'?" in text for text in found)
