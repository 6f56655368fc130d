"""Both engines are one model for any war, plan and protocol: no bit differs in any variable of any week."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from settlesim.engines.verify import verify
from strategies import examples
from strategies.protocols import protocols
from strategies.scenarios import corners
from strategies.sequences import wars


@examples(25)
@given(data=st.data())
def test_engines_agree_for_any_war_plan_and_protocol(data):
    war = data.draw(wars())
    scenario, plan = war.scenario, war.plan
    first = data.draw(st.integers(0, 5))
    runs = range(first, first + data.draw(st.integers(1, 2)))
    method = data.draw(corners(scenario, runs.stop))
    found = verify(scenario, sequences=[plan], runs=runs, rng=data.draw(st.integers(0, 9)), method=method,
                   protocol=data.draw(protocols()).protocol)  # fmt: skip
    event(f"{len(plan.steps)} steps")
    assert found.ok, str(found)
    assert found.compared[plan.name] > 1000
