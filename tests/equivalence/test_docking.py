"""Both engines are one model: no bit differs in any variable of any week."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from settlesim.chance import parameter_names
from settlesim.files import builtin
from settlesim.reference import SettlementModel
from settlesim.verify import verify
from support import shipped

CASES = [(name, sequence) for name in builtin() for sequence in shipped(name).sequences]


@pytest.mark.parametrize(("name", "sequence"), CASES)
def test_engines_agree_in_every_bit(name, sequence):
    found = verify(shipped(name), sequences=[sequence], runs=1, rng=11)
    print(f"{name}: {found}")
    assert found.ok, str(found)
    assert found.compared[sequence] >= 100_000


@pytest.mark.parametrize("sequence", ["parallel", "confidence_first", "pakistan_first"])
def test_engines_agree_at_the_corners_of_the_priors(sequence):
    scenario = shipped()
    names = parameter_names(scenario)
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
    model = SettlementModel(shipped("two-party"), "talk", run=17, rng=7)
    for _ in range(30):
        model.step()
    assert model.week == 30 and model.running
    commanders = model.commanders
    assert len(commanders) == 100 and {c.allegiance for c in commanders} <= {"insurgent", "killed", "reintegrated",
                                                                            "splinter", "rival"}  # fmt: skip
    frame = model.datacollector.get_model_vars_dataframe()
    assert len(frame) == 31 and frame["deaths"].is_monotonic_increasing
    names = {type(agent).__name__ for agent in model.agents}
    assert {"Government", "Insurgency", "Faction", "Commander", "Province", "Track", "Seat", "War"} <= names


def test_models_are_not_kept_alive():
    """Mesa 3.3.1 holds on to models (its issue 3179); a block of runs must not pile up."""
    from settlesim import reference
    from settlesim.chance import Fates, worlds

    scenario = shipped("two-party")
    seen = []

    class Watched(reference.War):
        def __init__(self, *args):
            super().__init__(*args)
            seen.append(weakref.ref(self.model))

    sequence = scenario.sequence("talk")
    runs = range(3)
    reference.run(scenario, sequence, worlds=worlds(scenario, runs, entropy=1), fates=Fates(1, runs),
                  agents={"run": Watched})  # fmt: skip
    gc.collect()
    assert len(seen) == 3 and sum(ref() is not None for ref in seen) == 0
