"""`verify` holds every variable of every week against the range that it declares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from settlesim.engines import verify as docking
from settlesim.engines.verify import Violation, first_violation, verify
from settlesim.model.items import rule
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Variable
from support import block, shipped


def narrowed(name, **bounds):
    """The standard protocol with a range that a variable does not keep."""
    variables = tuple(replace(v, **bounds) if v.name == name else v for v in STANDARD.variables)
    return replace(STANDARD, variables=variables)


def violation(protocol, runs=4):
    record = docking.recorded(protocol)
    return first_violation(block(shipped("two-party"), "talk", runs, protocol=protocol, record=record), protocol)


def test_the_first_value_out_of_range_is_named_like_a_mismatch():
    protocol = narrowed("deaths", high=100.0)
    deaths = block(shipped("two-party"), "talk", 4, record=["deaths"]).weekly["deaths"]
    week = int(np.flatnonzero((deaths > 100.0).any(axis=1))[0])
    run = int(np.flatnonzero(deaths[week] > 100.0)[0])
    found = violation(protocol)
    assert found == Violation("talk", week, found.rule, "deaths", "", run, float(deaths[week, run]), 0.0, 100.0)
    place = f"talk, run {run}, week {week}: after {found.rule!r}"
    assert str(found) == f"{place}, deaths is {found.value!r}, outside the range it declares, 0 to 100"


def test_an_entity_is_named_and_the_start_is_looked_at_too():
    found = violation(narrowed("government_share", high=0.01))
    assert (found.variable, found.entity, found.week) == ("government_share", "Country", 0)


def test_in_one_week_the_earlier_rule_comes_first():
    protocol = narrowed("deaths", high=0.0)
    variables = tuple(replace(v, high=0.0) if v.name == "p_win" else v for v in protocol.variables)
    found = violation(replace(protocol, variables=variables))
    assert (found.variable, found.week) == ("p_win", 1), "deaths are counted later in the week"


def spoilers(spoiler_rate):
    return spoiler_rate * np.nan, spoiler_rate


def test_numbers_that_are_none_are_found(monkeypatch):
    monkeypatch.setattr("settlesim.engines.vectorised.reader.is_own", lambda function: False)
    found = violation(STANDARD.replaced("spoilers", rule("run", "spoiler_attacks spoiler_believed")(spoilers)))
    assert (found.variable, found.rule, found.week) == ("spoiler_attacks", "spoilers", 1) and np.isnan(found.value)


def test_what_is_written_each_week_has_no_value_at_the_start():
    doubled = rule("run", Variable("doubled", low=1.0))(lambda week: 2.0 * week)
    assert violation(STANDARD.with_rule(doubled, after="zone")) is None


def test_codes_are_looked_at_too():
    assert violation(narrowed("phase", high=1)).variable == "phase"


def test_rounding_is_no_violation_and_shipped_models_have_none():
    share = STANDARD.table["legitimacy"]
    assert share.bounds[0] < 0.0 and share.bounds[1] > 1.0 and share.bounds[1] - 1.0 < 1e-8
    assert violation(STANDARD) is None


def test_verify_tells_of_both():
    found = verify(shipped("two-party"), sequences=["talk"], rng=7, protocol=narrowed("deaths", high=100.0))
    assert not found.ok and not found.mismatches and len(found.violations) == 1
    assert str(found).splitlines()[-2].startswith("OUT OF RANGE talk, run 0, week")
    assert str(found).splitlines()[-1] == "both engines agree, bit for bit, on values out of range"
    sound = verify(shipped("two-party"), sequences=["talk"], rng=7)
    assert sound.ok and str(sound).endswith("both engines agree, bit for bit")
