"""A plan without a step, and the reference that comparisons end with."""

import pytest

from scenario_texts import CHILD, problems
from settlesim.app.options import compared_sequences
from settlesim.engines.verify import verify
from settlesim.scenario import files
from support import changed, shipped


@pytest.mark.parametrize("name", files.builtin())
def test_every_shipped_scenario_has_a_plan_without_a_table(name):
    scenario = shipped(name)
    assert scenario.reference_sequence == "no_talks" == list(scenario.sequences)[-1]
    assert scenario.sequence("no_talks").steps == ()
    assert files.loads(files.dumps(scenario)) == scenario
    alone = {"sequences": {"no_talks": {"steps": []}}, "default_sequence": "no_talks", "baseline_sequence": "no_talks"}
    short = changed(scenario, horizon=6, targets=[], claims=[], history_sequence=None, plans={}, **alone)
    assert verify(short, runs=1, rng=7).ok


def test_a_file_with_sequences_of_its_own_names_its_own_reference():
    plan = "[sequences.talk]\nsteps = []\n"
    own = f'extends = "two-party"\n{CHILD}{plan}'
    assert files.loads(own).reference_sequence is None
    assert files.loads(f'extends = "two-party"\n{CHILD}').reference_sequence == "no_talks"
    (problem,) = problems(f'extends = "two-party"\nreference_sequence = "tlak"\n{CHILD}{plan}')
    assert (problem.key, problem.message, problem.nearest) == ("reference_sequence", "unknown sequence", "talk")


def test_the_reference_comes_last_unless_it_is_not_wanted():
    war = shipped("two-party")
    plans = ["talk", "give_first", "quiet_first"]
    assert compared_sequences(war, None, True) == [*plans, "no_talks"]
    assert compared_sequences(war, None, False) == plans
    assert compared_sequences(war, ["talk"], True) == ["talk", "no_talks"]
    assert compared_sequences(war, ["no_talks", "talk"], True) == ["talk", "no_talks"]
    assert compared_sequences(war, ["no_talks", "talk"], False) == ["no_talks", "talk"]
    assert compared_sequences(changed(war, reference_sequence=None), ["talk"], True) == ["talk"]
