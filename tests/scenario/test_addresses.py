"""Addresses of numbers: written and read in one place, one for each number, and the nearest named for a wrong one."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import settlesim as ss
from settlesim.chance.worlds import worlds
from settlesim.errors import ScenarioError, UsageError
from settlesim.experiments.job import Job
from settlesim.scenario.conflict import CONCESSION_RANGES
from settlesim.scenario.files import builtin
from settlesim.scenario.parameters import CONCESSION_NAMES, ENTRIES, UNITS, Address, Unit, resolve
from settlesim.scenario.priors import Fixed
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.settings import nested
from support import addresses, shipped

SOURCES = Path(ss.__file__).parent
HOME = SOURCES / "scenario" / "parameters.py"
TWO = shipped("two-party")
NUMBERS = {(name, q.address): q for name in builtin() for q in shipped(name).quantities()}
keys = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)


# ---- the address ----


@given(st.sampled_from(sorted(NUMBERS)))
def test_the_address_of_every_shipped_number_is_read_as_it_was_written(place):
    _, address = place
    assert Address.parse(str(address)) == address
    assert resolve(str(address), shipped(place[0]).quantities()) == (address,)


@given(keys, st.just("") | keys)
def test_any_address_is_read_as_it_was_written(name, entry):
    address = Address(name, entry)
    assert Address.parse(str(address)) == address
    assert len({address, Address.parse(str(address))}) == 1
    assert str(address) == (f"{name}.{entry}" if entry else name)


def test_addresses_stand_in_the_order_of_their_names_and_entries():
    texts = ["a", "a.b", "a.c", "a_b", "b"]
    assert [str(address) for address in sorted(map(Address.parse, reversed(texts)))] == texts


# ---- the walk ----


@pytest.mark.parametrize("name", builtin())
def test_every_number_is_visited_once_with_what_was_declared(name):
    scenario = shipped(name)
    found = {q.address: q for q in scenario.quantities()}
    assert len(found) == len(addresses(scenario))
    for key, parameter in scenario.parameters.items():
        for entry in parameter.each or [""]:
            q = found.pop(Address(key, entry))
            given = parameter.prior if parameter.each is None else parameter.each[entry]
            assert q.prior == (Fixed(value=parameter.value) if given is None else given)
            assert (q.unit, q.range, q.declared) == (parameter.unit, parameter.range, parameter)
            assert q.meaning == parameter.meaning + (f" ({entry})" if entry else "")
            assert q.uncertain == (q.prior.bounds[0] < q.prior.bounds[1])
    for key, concession in scenario.concessions.items():
        value, cost = found.pop(Address("concession_value", key)), found.pop(Address("concession_cost", key))
        assert (value.prior, cost.prior) == (concession.value, concession.cost)
        assert value.declared is cost.declared is concession
        assert (value.range, cost.range) == ((-1, 1), (0, 1)) and value.unit == cost.unit == "share"
    for key, obligation in scenario.obligations.items():
        value, cost = found.pop(Address("obligation_value", key)), found.pop(Address("obligation_cost", key))
        assert (value.prior, cost.prior) == (obligation.value, obligation.cost)
        assert value.declared is cost.declared is obligation
        assert value.range == cost.range == (0, 1) and value.unit == cost.unit == "share"
    for event in scenario.events:
        size = found.pop(Address("event_size", event.name))
        assert size.prior == event.size and size.declared is event and (size.unit, size.range) == event.scale
    assert not found


def test_parameters_come_in_the_order_of_the_file_and_then_concessions():
    tree = TWO.tree()
    war_cost = tree["parameters"]["war_cost"] | {"each": {"insurgency": 0.1, "government": 0.2}}
    tree |= {
        "channels": {},
        "plans": {},
        "parameters": {"war_cost": war_cost, "guarantee": tree["parameters"]["guarantee"]},
        "concessions": {"gift": tree["concessions"]["prisoners"]},
        "sequences": {"talk": {"steps": [{"do": "open", "track": "talks"}]}},
        "reference_sequence": "talk",
    }
    assert addresses(ss.Scenario.model_validate(tree)) == [
        "war_cost.insurgency",
        "war_cost.government",
        "guarantee",
        "concession_value.gift",
        "concession_cost.gift",
    ]


@pytest.mark.parametrize("name", builtin())
def test_worlds_and_results_have_the_names_of_the_walk(name):
    scenario = shipped(name)
    names = addresses(scenario)
    assert list(worlds(scenario, range(2), entropy=7)) == names
    uncertain = [str(q.address) for q in scenario.quantities() if q.uncertain]
    plain = scenario.sequence(scenario.default_sequence)
    assert list(Job(scenario, (Sequence("plain", plain.steps),), 7, 2).drawn) == uncertain
    result = ss.simulate(scenario, sequence=Sequence("plain", plain.steps), runs=2, rng=7)
    drawn = [key.removesuffix("_drawn") for key, v in result.data_vars.items() if v.attrs.get("role") == "parameter"]
    assert drawn == uncertain


def test_a_lever_keeps_every_number_that_it_names():
    held = Sequence("held", TWO.sequence("talk").steps, levers={"war_cost": {"government": 0.1}, "deaths_base": 9})
    extra = set(Job(TWO, (held,), 7, 2).drawn) - {str(q.address) for q in TWO.quantities() if q.uncertain}
    assert extra <= {"deaths_base", "war_cost.government", "war_cost.insurgency"} and "deaths_base" in extra


def test_units_entries_and_names_of_concessions_are_derived_from_one_list_each():
    assert tuple(UNITS) == get_args(Unit)
    assert {"government", "insurgency_patron"} < set(ENTRIES) and "patron_patron" not in ENTRIES
    assert len(ENTRIES) == len(set(ENTRIES)) == 6 + 6 * 5
    assert CONCESSION_NAMES == {"concession_value": "value", "concession_cost": "cost"}
    assert set(CONCESSION_NAMES.values()) == set(CONCESSION_RANGES)


# ---- from text to numbers ----


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("defecton_rate", "did you mean 'defection_rate'?"),
        ("war_cost.goverment", "did you mean 'war_cost.government'? Known: war_cost.insurgency, war_cost.government"),
        ("war_cots.government", "did you mean 'war_cost.government'?"),
        ("defection_rate.government", "did you mean 'defection_rate'? Known: defection_rate"),
        ("concession_value.prisoner", "did you mean 'concession_value.prisoners'?"),
        ("concession_values.prisoners", "did you mean 'concession_value.prisoners'?"),
        ("war_cost.", "Known: war_cost.insurgency, war_cost.government"),
        ("war_cost.government.x", "did you mean 'war_cost.government'?"),
        ("zzz", "no name of a number is like it"),
        ("", "no name of a number is like it"),
    ],
)
def test_a_wrong_address_names_the_nearest(text, said):
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        resolve(text, TWO.quantities())
    assert str(caught.value).startswith(f"unknown parameter {text!r}") and len(str(caught.value)) < 200


def test_a_name_means_all_its_numbers():
    assert resolve("war_cost", TWO.quantities()) == (
        Address("war_cost", "insurgency"),
        Address("war_cost", "government"),
    )
    costs = tuple(Address("concession_cost", key) for key in TWO.concessions)
    assert len(costs) > 1 and resolve("concession_cost", TWO.quantities()) == costs
    assert resolve("guarantee", TWO.quantities()) == (Address("guarantee"),)


def test_numbers_set_by_address_become_tables_by_name():
    settings = {"guarantee": 0.2, "war_cost.government": 0.1, "war_cost.insurgency": 0.3}
    known = tuple(TWO.quantities())
    assert nested(settings, known) == {"guarantee": 0.2, "war_cost": {"government": 0.1, "insurgency": 0.3}}
    held = {"pocketing": 0.5, "guarantee": 0.9, "war_cost": {"government": 0.9, "insurgency": 0.8}}
    assert nested({"guarantee": 0.2, "war_cost.government": 0.1}, known, held) == {
        "pocketing": 0.5,
        "guarantee": 0.2,
        "war_cost": {"government": 0.1, "insurgency": 0.8},
    }
    assert held["guarantee"] == 0.9 and held["war_cost"]["government"] == 0.9
    assert nested({"war_cost": 0.2}, known, held)["war_cost"] == 0.2
    assert nested({"war_cost.government": 0.2}, known, {"war_cost": 0.7}) == {
        "war_cost": {"insurgency": 0.7, "government": 0.2}
    }
    with pytest.raises(UsageError, match=r"did you mean 'war_cost\.government'"):
        nested({"guarantee": 0.2, "war_cost.goverment": 0.1}, known)
    for order in (1, -1):
        twice = dict(list({"war_cost": 0.2, "war_cost.government": 0.1}.items())[::order])
        with pytest.raises(UsageError, match=r"'war_cost' and 'war_cost\.government' set the same number"):
            nested(twice, known)


def test_a_sweep_resolves_its_axes_before_it_runs():
    with pytest.raises(UsageError, match=r"did you mean 'war_cost\.government'"):
        ss.sweep(TWO, {"war_cost.goverment": [0.1]}, runs=1, rng=1)
    with pytest.raises(UsageError, match=r"concession_value\.prisoners = 1\.5: lies outside the range"):
        ss.sweep(TWO, {"concession_value.prisoners": [1.5]}, runs=1, rng=1)


def test_numbers_of_concessions_are_set_under_the_names_that_results_give_them():
    changed = TWO.with_parameters(**nested({"concession_value.prisoners": 0.2}, TWO.quantities()))
    assert changed.concessions["prisoners"].value == Fixed(value=0.2)
    assert changed.concessions["prisoners"].tag == "P" and changed.concessions["prisoners"].cost == (
        TWO.concessions["prisoners"].cost
    )
    with pytest.raises(ScenarioError, match=r"parameters\.concession_value\.prisoner: unknown concession"):
        TWO.with_parameters(concession_value={"prisoner": 0.2})


# ---- one place ----

# Texts that hold dots for another reason are called what they are.
OTHER_TEXTS = re.compile(r"module|package|version|file|path|suffix|folder|host", re.IGNORECASE)
SPLITS = ("partition", "rpartition", "split", "rsplit")


def dotted_by_hand(tree):
    """Lines on which a text is split at its first dot, searched for one, or joined of two with one between."""
    for node in ast.walk(tree):
        operand = None
        match node:
            case ast.Call(
                ast.Attribute(text, "partition" | "rpartition" | "split" | "rsplit"), [ast.Constant("."), *_]
            ):
                operand = text
            case ast.Compare(ast.Constant("."), [ast.In() | ast.NotIn()], [text]):
                operand = text
            case ast.JoinedStr([ast.FormattedValue(), ast.Constant("."), ast.FormattedValue()]):
                operand = node
        if operand is not None and not OTHER_TEXTS.search(ast.unparse(operand)):
            yield node.lineno


def test_what_is_dotted_by_hand_is_found():
    found = """
a, _, b = name.partition(".")
c = f"{a}.{b}" if b else a
d = key.split(".", 1)[0]
e = "." in key
"""
    allowed = 'a = module.split(".")\nb = f"{file}.{ending}"\nc = f"parameters.{a}.{b}"\nd = key.partition("=")\n'
    assert sorted(dotted_by_hand(ast.parse(found))) == [2, 3, 4, 5]
    assert list(dotted_by_hand(ast.parse(allowed))) == []


def test_addresses_are_built_and_read_in_one_place():
    """Elsewhere `Address` is asked; a text with dots that is no address says so by its name (`OTHER_TEXTS`)."""
    found = {
        f"{path.relative_to(SOURCES)}:{line}"
        for path in SOURCES.rglob("*.py")
        if path != HOME
        for line in dotted_by_hand(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found, f"use settlesim.scenario.parameters.Address: {sorted(found)}"
    assert list(dotted_by_hand(ast.parse(HOME.read_text(encoding="utf-8"))))
