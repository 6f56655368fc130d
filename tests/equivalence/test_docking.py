"""Both engines are one model: no bit differs in any variable of any week."""

from __future__ import annotations

import numpy as np
import pytest

from settlesim.engines import reference
from settlesim.engines.verify import verify
from settlesim.model.items import rule
from settlesim.model.standard import STANDARD
from settlesim.reference import Commander, SettlementModel
from settlesim.scenario.files import builtin
from support import addresses, shipped

CASES = [(name, sequence) for name in builtin() for sequence in shipped(name).sequences]


@pytest.mark.parametrize(("name", "sequence"), CASES)
def test_engines_agree_in_every_bit(name, sequence, record_property):
    found = verify(shipped(name), sequences=[sequence], runs=1, rng=11)
    record_property(f"docking {name} {sequence}", found.compared[sequence])
    assert found.ok, str(found)
    # The control is a small war on purpose.
    assert found.compared[sequence] >= (30_000 if name == "order-control" else 100_000)


@pytest.mark.parametrize("sequence", ["parallel", "confidence_first", "pakistan_first"])
def test_engines_agree_at_the_corners_of_the_priors(sequence):
    scenario = shipped()
    names = addresses(scenario)
    coins = np.random.default_rng(5).integers(0, 2, (len(names), 4)).astype(float)
    corners = dict(zip(names, coins, strict=True))
    found = verify(scenario, sequences=[sequence], runs=range(2, 4), rng=5, method=corners)
    assert found.ok, str(found)


def test_engines_agree_with_groups_of_varying_size_and_a_drawn_shape():
    scenario = shipped("two-party").with_parameters(group_size_spread=0.6)
    assert verify(scenario, runs=2, rng=3).ok
    drawn = shipped("two-party").with_parameters(hardline_concentration={"low": 3, "mode": 4, "high": 6})
    assert verify(drawn, runs=2, rng=3).ok


def test_a_model_can_be_stepped_and_looked_at():
    model = SettlementModel(shipped("two-party").with_parameters(splinter_rate=0.3), "talk", run=17, rng=7)
    for _ in range(30):
        model.step()
    assert model.week == 30 and model.running
    assert len(model.commanders) == 100 and model.agents_by_type[Commander] == model.commanders
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame["week"]) == list(range(1, 31)) and frame["deaths"].is_monotonic_increasing
    names = {type(agent).__name__ for agent in model.agents}
    assert {"Government", "Insurgency", "Faction", "Commander", "Province", "Track", "Seat", "War"} <= names


def test_data_are_collected_of_factions_and_commanders():
    model = SettlementModel(shipped("two-party").with_parameters(splinter_rate=0.3), "talk", run=17, rng=7)
    for _ in range(30):
        model.step()
    commanders = model.datacollector.get_agenttype_vars_dataframe(Commander)
    splinters = (commanders["allegiance"] == "splinter").groupby("Step").sum()
    assert len(commanders) == 30 * 100 and splinters.iloc[0] == 0
    assert splinters.iloc[-1] == model.war.count_splinter > 0
    factions = model.datacollector.get_agenttype_vars_dataframe(reference.Faction)
    assert factions["faction_fighters"].iloc[-1] == model.war.fighters < factions["faction_fighters"].iloc[0]


def test_what_an_agent_can_see_is_an_attribute_and_nothing_else_is():
    model = SettlementModel(shipped("two-party"), run=17, rng=7)
    one = next(iter(model.commanders))
    assert one.government_share == one.links["province"].values["government_share"] and one.week == 0
    assert one.hardline == one.theta
    with pytest.raises(AttributeError, match=r"Commander .* cannot see anything called 'consented'"):
        _ = one.consented
    assert not hasattr(one, "morale")


class Watcher(Commander):
    """Rejects where the insurgency holds much, by a method that reads more than the rule does."""

    def choose(self, theta, choice_luck, insurgent_share):
        return choice_luck < 0.9 * theta + 0.1 * insurgent_share


@rule("commander", "rejects")
def choose(theta, choice_luck, insurgent_share):
    return choice_luck < 0.9 * theta + 0.1 * insurgent_share


def test_a_behaviour_tried_in_mesa_is_the_rule_it_becomes():
    scenario = shipped("two-party").with_parameters(consent_rate=2, concession_acceptance=0.8)
    mine = {"commander": Watcher}
    assert verify(scenario, sequences=["talk"], runs=2, rng=3, protocol=STANDARD.replaced("choose", choose),
                  agents=mine).ok  # fmt: skip
    found = verify(scenario, sequences=["talk"], runs=2, rng=3, agents=mine)
    assert not found.ok and found.mismatches[0].rule == "commanders"
