"""Small wars in which random search found a fault, each kept as an example of its own."""

from __future__ import annotations

import numpy as np

from settlesim.engines.verify import verify
from settlesim.experiments.simulate import simulate
from settlesim.model.items import rule
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Luck
from settlesim.scenario.sequence import Sequence
from settlesim.steps import open_track
from support import block, changed, shipped


def small(**fields):
    scenario = shipped("two-party")
    only = {name: scenario.tree()["sequences"][name] for name in ("talk", "no_talks")}
    return changed(scenario, **({"horizon": 40, "sequences": only} | fields))


def test_a_war_without_concessions():
    war = small(concessions={}, obligations={})
    assert verify(war, sequences=["talk"], rng=1).ok
    eager = war.with_parameters(consent_rate=5, consent_bias=5, concession_acceptance=0.9, round_interval=1)
    result = simulate(eager, runs=20, rng=1)
    assert bool(result.settled.any()) and bool(result.nash_share.notnull().any())


def test_a_plan_without_steps_and_a_war_without_anything_to_bargain_over():
    gift = {"label": "Gift", "value": 0.1, "cost": 0.1, "reversibility": 0, "by": ["government"], "source": "invented",
            "tag": "P"}  # fmt: skip
    actors = {**small().tree()["actors"], "neighbour": {"label": "Neighbour", "source": "invented", "tag": "P"}}
    table = {"label": "Aside", "parties": ["government", "neighbour"], "issues": ["sanctuary"], "source": "invented",
             "tag": "P"}  # fmt: skip
    for concessions in ({"gift": gift}, {}):
        war = small(actors=actors, tracks={"talks": table}, concessions=concessions)
        assert verify(war, sequences=[Sequence("nothing"), Sequence("talk", [open_track("talks")])], rng=1).ok


def test_as_many_cells_as_provinces_in_another_order():
    """Two factions in two provinces, each at home in the other's place: two cells, but not the provinces' rows."""
    tree = small().tree()
    here = {**tree["provinces"][0], "districts": 10}
    there = {**here, "name": "Other", "region": "elsewhere", "tile": [1, 1], "tier": 2.0}
    front = {**tree["factions"][0], "share": 0.5, "regions": {"elsewhere": 1.0}}
    other = {**front, "name": "other", "regions": {"country": 1.0}}
    war = small(provinces=[here, there], factions=[front, other]).with_parameters(commander_loss_rate=2)
    found = verify(war, sequences=["talk"], runs=2, rng=1)
    assert found.ok, str(found)


def test_a_faction_of_nothing_but_hardliners_or_moderates():
    for hardline in (0.0, 1.0):
        faction = {**small().tree()["factions"][0], "hardline": hardline}
        war = small(factions=[faction]).with_parameters(splinter_rate=1, commander_loss_rate=1)
        factor = block(war, "talk", 2, record=("factor_splinter",)).weekly["factor_splinter"]
        assert np.isfinite(factor).all() and (factor == factor.flat[0]).all()
        assert verify(war, sequences=["talk"], rng=1).ok


def test_all_runs_end_in_one_week_after_some_that_ended_before():
    """With every run dropped there is no run left to record, weeks before the horizon."""

    @rule("run", "ended end_week", source="a test")
    def end(ended, end_week, week, end_luck):
        """End half of the runs in week 2 and the others in week 3."""
        now = week >= np.where(end_luck < 0.5, 2.0, 3.0)
        return now, np.where(now & ~ended, week, end_week)

    protocol = STANDARD.with_rule(end, after="classify", luck=[Luck("end_luck", "run", "uniform")])
    weekly = block(small(horizon=20), "talk", 8, protocol=protocol, record=("ended", "deaths", "status")).weekly
    assert not weekly["ended"][2].all() and weekly["ended"][3].all()
    assert (weekly["deaths"][3:] == weekly["deaths"][3]).all()
