"""Who proposed a table, what each party lays on it, and whether its items are settled one by one."""

import pytest

import settlesim as ss
from scenario_texts import SMALL, problems, replaced
from settlesim.engines.verify import verify
from settlesim.model.layout import layout
from settlesim.scenario.files import dumps, loads
from settlesim.scenario.sequence import Sequence
from support import changed, shipped


def seats(built, name):
    return dict(zip(built.entities["seat"], built.attributes[name][1][:, 0], strict=True))


def test_seats_know_whose_offer_the_table_is():
    scenario = shipped()
    proposed = seats(layout(scenario, scenario.sequence("us_first")), "proposed")
    assert {seat for seat, it_is in proposed.items() if it_is} == {
        "kabul_talks/government",
        "patron_talks/insurgency",
        "neighbour_talks/government",
    }
    havana = seats(layout(shipped("colombia-2012"), Sequence("none")), "proposed")
    assert {seat for seat, it_is in havana.items() if it_is} == {"havana/government", "havana/insurgency"}


def test_a_seat_offers_what_the_plan_tables_there_and_its_role_delivers():
    scenario = shipped()
    offers = seats(layout(scenario, scenario.sequence("us_first")), "seat_offers")
    # The ceasefire is mutual, so both sides of the table in Kabul offer something.
    assert {seat for seat, it_is in offers.items() if it_is} == {
        "kabul_talks/government",
        "kabul_talks/insurgency",
        "patron_talks/patron",
    }
    assert not any(seats(layout(scenario, Sequence("nothing")), "seat_offers").values())


def test_clauses_of_a_seat_are_those_of_its_table_that_its_role_delivers():
    built = layout(shipped(), Sequence("nothing"))
    clauses = built.entities["clause"]
    mine = dict(zip(built.entities["seat"], built.members["seat_clauses"], strict=True))
    assert built.groups["seat_clauses"] == ("clause", "seat")
    assert [clauses[i] for i in mine["kabul_talks/insurgency"]] == ["kabul_talks/ceasefire"]
    assert [clauses[i] for i in mine["three_way_talks/patron"]] == ["three_way_talks/delisting"]
    assert len(mine["kabul_talks/government"]) == 8


def test_the_agenda_of_a_plan_is_read_from_files_and_python_and_written_back():
    for agenda in ("package", "staged"):
        step = '{ do = "open", track = "talks", when = { week = 8 } }'
        text = replaced(f"steps = [{step}]", f'agenda = "{agenda}"\nsteps = [{step}]', SMALL)
        scenario = loads(text)
        plan = scenario.sequence("talk")
        assert plan.agenda == agenda and loads(dumps(scenario)) == scenario
        assert plan == Sequence("talk", plan.steps, label=plan.label, agenda=agenda)
        assert plan.with_levers(guarantee=0.1).agenda == agenda
        assert bool(layout(scenario, plan).attributes["staged"][1]) == (agenda == "staged")
    assert Sequence("plain").agenda == "package"


def test_both_engines_settle_items_one_by_one_alike():
    scenario = shipped("two-party").with_parameters(consent_rate=5, consent_bias=5, round_interval=1)
    gifts = ["prisoners", "recognition"]
    plan = ss.Sequence("staged", [ss.steps.open_track("talks", concessions=gifts)], agenda="staged")
    tree = changed(scenario, horizon=60)
    found = verify(tree, sequences=[plan], runs=2, rng=3)
    assert found.ok, str(found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'issues = ["power"]',
            'issues = ["power"], proposed_by = ["patron"]',
            "tracks.talks.proposed_by = 'patron': patron proposes a table at which it does not sit "
            "[allowed: government, insurgency]",
        ),
        (
            'issues = ["power"]',
            'issues = ["power"], proposed_by = ["government", "government"]',
            "tracks.talks: the same proposer is listed twice",
        ),
        (
            'label = "Give first"',
            'label = "Give first"\nagenda = "stage"',
            "sequences.give_first.agenda = 'stage': is not one of the choices; did you mean 'staged'? "
            "[allowed: package, staged]",
        ),
    ],
)
def test_mistakes_are_named(old, new, message):
    (problem,) = problems(replaced(old, new, SMALL))
    assert message in str(problem), str(problem)
