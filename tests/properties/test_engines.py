"""Both engines are one model for any war, plan and protocol."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from settlesim.verify import verify
from strategies import examples, protocols, wars


@examples(30)
@given(war=wars(protocols()), first=st.integers(0, 2**40))
def test_engines_agree(war, first):
    runs = range(first, first + 3)
    found = verify(war.scenario, sequences=[war.plan], runs=runs, rng=war.entropy, protocol=war.protocol)
    event("with a patron" if "patron" in war.scenario.actors else "without a patron")
    assert found.ok, str(found)
