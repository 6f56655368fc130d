"""One way to set a number: whoever sets it, the same bits come out, and a bad value is refused in the same words."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import settlesim as ss
from settlesim.app.options import loaded
from settlesim.errors import SettlesimError
from settlesim.scenario.files import loads
from settlesim.scenario.parameters import CARRIERS, Address
from support import shipped

TWO = shipped("two-party")
NUMBERS = {str(q.address): q for q in TWO.quantities()}
INF = float("inf")
# What no number of a scenario may be, so that it is refused before it is known whose range it is against.
TOO_LARGE = [1e300, -1e300, 10**400, -(10**400)]
BAD = [float("nan"), INF, -INF, 1e12, True, np.bool_(True), "0.1", None, 1j, [0.1]]
RUNS = 3
TALK = {"sequence": "talk", "runs": RUNS, "rng": 7}


def by_name(address, value):
    at = Address.parse(address)
    return {at.name: {at.entry: value} if at.entry else value}


def written(value):
    """A number as TOML has it; what TOML has no word for is left out."""
    if isinstance(value, (bool, np.bool_)):
        return "true"
    if isinstance(value, (str, list)):
        return repr(value)
    return repr(float(value)) if abs(value) < 1e300 or not isinstance(value, int) else str(value)


WAYS = {
    "with_parameters": lambda a, v: ss.simulate(TWO.with_parameters(**by_name(a, v)), **TALK),
    "address": lambda a, v: ss.simulate(TWO.with_parameters(**{a: v}), **TALK),
    "set": lambda a, v: ss.simulate(loaded("two-party", [f"{a}={v!r}"]), **TALK),
    "lever": lambda a, v: ss.simulate(TWO, **TALK | {"sequence": TWO.sequence("talk").with_levers(**{a: v})}),
    "levers": lambda a, v: ss.simulate(TWO, **TALK | {"sequence": held(by_name(a, v))}),
    "sweep": lambda a, v: ss.sweep(TWO, {a: [v]}, sequences=["talk"], runs=RUNS, rng=7).isel({a: 0}),
    "evaluate": lambda a, v: ss.evaluate(TWO, {a: [v]}, "talk", rest="common", luck=RUNS, rng=7).isel(point=0),
    "file": lambda a, v: ss.simulate(extending(a, written(v)), **TALK),
}


def held(levers):
    return ss.Sequence("talk", TWO.sequence("talk").steps, levers=levers)


def extending(address, text):
    head = 'extends = "two-party"\nname = "mine"\ntitle = "t"\ndescription = "d"\n[parameters]\n'
    return loads(f"{head}{address} = {text}\n", "war.toml")


def bits(result):
    """Every outcome of the runs, and the worlds they ran in."""
    one = result.rename(luck="run") if "luck" in result.dims else result
    names = ("outcome", "deaths", "settlement_week", "legitimacy", "nash_share", "power_bias", "misattribution")
    return {name: one[name].values.ravel().tobytes() for name in names if name in one}


def said(way, address, value):
    """What a way says against a value, but for where it stands."""
    with pytest.raises(SettlesimError) as caught:
        WAYS[way](address, value)
    text = str(caught.value).splitlines()[0]
    return text[text.index(" = ") :] if " = " in text else text[text.rindex(": must") :]


@given(st.sampled_from(sorted(NUMBERS)), st.floats(0, 1))
@settings(max_examples=4, deadline=None)
def test_whoever_sets_a_number_the_same_bits_come_out(address, place):
    low, high = NUMBERS[address].range
    ends = NUMBERS[address].prior.bounds
    # Within its prior, so that no conflict becomes absurd; a switch is on or off.
    value = ends[0] + place * (ends[1] - ends[0]) if NUMBERS[address].unit != "switch" else 0.0
    value = min(max(value, low), high)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {way: bits(run(address, value)) for way, run in WAYS.items()}
    wanted = found.pop("with_parameters")
    for way, got in found.items():
        shared = wanted.keys() & got.keys()
        assert {"outcome", "deaths"} <= shared
        assert {n: got[n] for n in shared} == {n: wanted[n] for n in shared}, way


@given(st.sampled_from(sorted(NUMBERS)), st.sampled_from(range(len(BAD))))
@settings(max_examples=8, deadline=None)
def test_a_bad_value_is_refused_in_the_same_words(address, which):
    value = BAD[which]
    if value == 1e12 and NUMBERS[address].range[1] >= 1e12:
        return
    ways = [way for way in WAYS if way != "set" or type(value) in (int, float)]
    ways = [way for way in ways if way != "file" or (value is not None and not isinstance(value, (complex, str, list)))]
    # TOML knows no list of a number for a number, and an option holds nothing but numbers.
    ways = [way for way in ways if way != "evaluate" or not isinstance(value, list)]
    found = {way: said(way, address, value) for way in ways}
    assert len(set(found.values())) == 1, found


@pytest.mark.parametrize("value", TOO_LARGE, ids=["1e300", "-1e300", "10^400", "-10^400"])
@pytest.mark.parametrize("way", WAYS)
def test_what_no_number_may_be_is_refused_whoever_sets_it(way, value):
    with pytest.raises(SettlesimError, match=r"must be|outside the range|too long"):
        WAYS[way]("war_cost.government", value)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("way", ["with_parameters", "set", "levers", "with_levers", "sweep", "evaluate", "worlds"])
@pytest.mark.parametrize("entry", ["war_cost.government", "concession_value.prisoners"])
def test_a_number_that_is_set_twice_is_refused_everywhere(way, order, entry):
    name = Address.parse(entry).name
    twice = dict(list({name: 0.1, entry: 0.2}.items())[::order])
    ways = {
        "with_parameters": lambda: TWO.with_parameters(**twice),
        "set": lambda: loaded("two-party", [f"{k}={v}" for k, v in twice.items()]),
        "levers": lambda: held(twice),
        "with_levers": lambda: TWO.sequence("talk").with_levers(**twice),
        "sweep": lambda: ss.sweep(TWO, {k: [v] for k, v in twice.items()}, runs=1, rng=1),
        "evaluate": lambda: ss.evaluate(TWO, twice, rng=1),
        "worlds": lambda: ss.chance.worlds.worlds(TWO, range(1), entropy=1, levers=twice),
    }
    with pytest.raises(SettlesimError, match=f"'{name}' and '{entry}' set the same number: give one of them"):
        ways[way]()


def test_numbers_of_events_are_set_as_parameters_are():
    war = shipped("colombia-2012")
    name = war.events[0].name
    assert war.with_parameters(event_size={name: 0.01}).events[0].size.central == 0.01
    with pytest.raises(SettlesimError, match=rf"parameters\.event_size\.{name} = 99\.0: lies outside the range"):
        war.with_parameters(event_size={name: 99})
    assert {*CARRIERS} >= {"event_size", "obligation_cost"}


def test_what_a_lever_holds_is_not_set_in_silence():
    changed = TWO.with_parameters(guarantee=0.3)
    both = [TWO.sequence("talk").with_levers(guarantee=0.1), TWO.sequence("give_first")]
    with pytest.raises(ss.UsageError, match=r"guarantee was set .* and sequence 'talk' holds it by a lever"):
        ss.simulate(changed, sequence=both[0], runs=2, rng=7)
    with pytest.raises(ss.UsageError, match="guarantee was set for the scenario, and sequence 'talk' holds it"):
        ss.replay(changed, sequence=both[0], run=0, rng=7)
    with pytest.warns(UserWarning, match="guarantee was set for the scenario, and is without effect under 'talk'"):
        ss.compare(changed, both, runs=2, rng=7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ss.simulate(changed, sequence="give_first", runs=2, rng=7)
        # An entry beside the one that the lever holds has its effect.
        other = TWO.sequence("talk").with_levers(**{"war_cost.government": 0.1})
        ss.simulate(TWO.with_parameters(**{"war_cost.insurgency": 0.1}), sequence=other, runs=2, rng=7)


def test_a_lever_moves_what_it_names_and_nothing_else():
    one = TWO.sequence("talk").with_levers(**{"war_cost.government": 0.1}).with_levers(war_cost={"insurgency": 0.2})
    assert one.levers == {"war_cost": {"government": 0.1, "insurgency": 0.2}}
    whole = TWO.sequence("talk").with_levers(war_cost=0.3)
    with pytest.raises(ss.UsageError, match=r"'war_cost' and 'war_cost\.government' set the same number"):
        whole.with_levers(**{"war_cost.government": 0.1})


@pytest.mark.parametrize("way", ["sweep", "lever"])
def test_values_that_the_pie_scales_down_are_told(way):
    grid = {"concession_value.prisoners": [0.99]}
    with pytest.warns(UserWarning, match=r"scaled down together .* concession_value\.prisoners are simulated lower"):
        if way == "sweep":
            result = ss.sweep(TWO, grid, sequences=["talk"], runs=4, rng=7)
        else:
            held_at = TWO.sequence("talk").with_levers(**{"concession_value.prisoners": 0.99})
            result = ss.simulate(TWO, sequence=held_at, runs=4, rng=7)
    assert result.sizes["run"] == 4


def test_a_switch_is_on_or_off():
    war = shipped("afghanistan-2018")
    for value in (0.3, {"low": 0, "mode": 0.5, "high": 1}):
        with pytest.raises(ss.ScenarioError, match=r"allowed: 0 or 1 \(switch\)"):
            war.with_parameters(dated_troops=value)
    with pytest.raises(
        ss.ScenarioError, match=r"levers\.dated_troops = 0\.3: lies outside the range \[allowed: 0 or 1"
    ):
        war.sequence(war.sequence("us_first").with_levers(dated_troops=0.3))
    for refused in (
        lambda: ss.sweep(war, {"dated_troops": [0, 0.3]}, sequences=["us_first"], runs=1, rng=1),
        lambda: ss.evaluate(war, {"dated_troops": [0, 0.3]}, "us_first", rng=1),
    ):
        with pytest.raises(ss.UsageError, match=r"dated_troops = 0\.3: lies outside the range \[allowed: 0 or 1"):
            refused()


def test_a_result_says_what_was_run():
    import json

    swept = ss.sweep(TWO, {"guarantee": [0.1, 0.2]}, sequences=[held({"pocketing": 0.5})], runs=2, rng=7)
    assert json.loads(str(swept.definition.values.ravel()[0]))["levers"] == {"pocketing": 0.5}
    assert swept.guarantee.values.tolist() == [0.1, 0.2]
    changed = TWO.with_parameters(guarantee=0.3, concession_value={"prisoners": 0.05})
    told = json.loads(ss.simulate(changed, **TALK).attrs["parameters"])
    plain = json.loads(ss.simulate(TWO, **TALK).attrs["parameters"])
    assert {name for name in told if told[name] != plain[name]} == {"guarantee", "concession_value.prisoners"}
