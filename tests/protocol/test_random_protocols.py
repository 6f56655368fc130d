"""Any sound protocol passes the check, and a protocol with one mistake made in it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from settlesim.errors import ProtocolError
from settlesim.model.items import Fold, Rule, Select
from strategies import examples
from strategies.protocols import protocols
from strategies.scenarios import scenarios
from support import shipped


@examples(20)
@given(data=st.data())
def test_sound_protocols_pass(data):
    law = data.draw(protocols())
    war = data.draw(scenarios())
    found = law.protocol.check(war)
    assert found.items == len(law.protocol.items) and found.parameters == len(war.parameters)


def refused(protocol, *names):
    with pytest.raises(ProtocolError) as caught:
        protocol.check(shipped("two-party"))
    for name in names:
        assert any(repr(name) in problem for problem in caught.value.problems), caught.value.problems


@examples(30)
@given(data=st.data())
def test_a_variable_that_is_dropped_is_missed(data):
    protocol = data.draw(protocols()).protocol
    used = {name for item in (*protocol.setup, *protocol.items) for name in (*item.reads, *item.writes)}
    name = data.draw(st.sampled_from(sorted(used & set(protocol.table))))
    event(f"start {'' if protocol.table[name].start is None else 'given'}")
    refused(replace(protocol, variables=tuple(v for v in protocol.variables if v.name != name)), name)


@examples(30)
@given(data=st.data())
def test_a_name_that_is_misspelt_is_missed(data):
    protocol = data.draw(protocols()).protocol
    places = [i for i, item in enumerate(protocol.items) if isinstance(item, (Fold, Select)) or _arguments(item)]
    at = data.draw(st.sampled_from(places))
    item = protocol.items[at]
    event(type(item).__name__)
    if isinstance(item, Rule):
        old = data.draw(st.sampled_from(item.arguments))
        new = replace(item, function=_renamed(item, old, f"{old}z"))
    else:
        old = item.of
        new = replace(item, of=f"{old}z")
    refused(replace(protocol, items=(*protocol.items[:at], new, *protocol.items[at + 1 :])), f"{old}z")


def _arguments(item):
    return isinstance(item, Rule) and item.arguments


def _renamed(rule, old, new):
    """A function with the rule's name and arguments, one of them renamed."""
    names: dict = {}
    arguments = ", ".join(new if name == old else name for name in rule.arguments)
    exec(f"def {rule.name}({arguments}):\n    raise AssertionError('a check evaluates nothing')", names)
    return names[rule.name]


@examples(30)
@given(data=st.data())
def test_an_item_that_stands_before_its_writer_is_found(data):
    protocol = data.draw(protocols()).protocol
    begun = {name for item in protocol.setup for name in item.writes}
    unstarted = {name for name, v in protocol.table.items() if v.start is None} - begun
    pairs = []
    for at, item in enumerate(protocol.items):
        for name in unstarted & set(item.reads) - set(item.writes):
            writers = [k for k, other in enumerate(protocol.items) if name in other.writes]
            if writers and writers[0] < at:
                pairs.append((at, writers[0], name))
    at, writer, name = data.draw(st.sampled_from(pairs))
    items = list(protocol.items)
    items.insert(writer, items.pop(at))
    refused(replace(protocol, items=tuple(items)), name)
