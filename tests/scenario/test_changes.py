"""Parameters changed in Python: every form, checked as a file would be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlesim.errors import ScenarioError
from settlesim.scenario.priors import Beta, Fixed, Triangular
from support import shipped

AFGHANISTAN = shipped("afghanistan-2018")


def test_parameters_can_be_set_in_every_form():
    changed = AFGHANISTAN.with_parameters(
        defection_rate=0.03,
        consent_rate={"low": 0.1, "mode": 0.2, "high": 0.3},
        surrender_frame=Beta(a=2, b=5),
        concession_acceptance={"government": 0.2},
        war_cost={"insurgency": {"low": 0, "mode": 0.1, "high": 0.2}},
        openness=np.int64(1),
        season_phase=np.float32(4),
        guarantee={"distribution": "uniform", "low": 0, "high": 0.5},
    )
    got = changed.parameters
    assert got["defection_rate"].entries() == {"": Fixed(value=0.03)}
    assert got["consent_rate"].prior == Triangular(low=0.1, mode=0.2, high=0.3)
    assert got["surrender_frame"].prior == Beta(a=2, b=5)
    old = AFGHANISTAN.parameters["concession_acceptance"].entries()
    assert got["concession_acceptance"].entries() == old | {"government": Fixed(value=0.2)}
    assert got["war_cost"].each["insurgency"].bounds == (0, 0.2)
    assert got["war_cost"].each["government"] == AFGHANISTAN.parameters["war_cost"].each["government"]
    assert set(got["openness"].entries().values()) == {Fixed(value=1)}
    assert got["season_phase"].value == 4
    assert got["guarantee"].prior.bounds == (0, 0.5)
    assert AFGHANISTAN.parameters["defection_rate"].prior is not None
    unchanged = set(got) - {"defection_rate", "consent_rate", "surrender_frame", "concession_acceptance"}
    unchanged -= {"war_cost", "openness", "season_phase", "guarantee"}
    assert all(got[name] == AFGHANISTAN.parameters[name] for name in unchanged)


def test_a_changed_parameter_no_longer_claims_its_source():
    assert AFGHANISTAN.parameters["prisoners_held"].tag == "C"
    changed = AFGHANISTAN.with_parameters(prisoners_held=400).parameters["prisoners_held"]
    assert changed.tag == "P"
    assert "changed" in changed.note


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        (
            {"defection_rat": 0.1},
            "parameters.defection_rat",
            "unknown parameter; did you mean 'defection_rate'",
        ),
        (
            {"defection_rate": 2},
            "parameters.defection_rate.value",
            "lies outside the range [allowed: 0 to 1 (per year)]",
        ),
        ({"defection_rate": "high"}, "parameters.defection_rate.value", "must be a number"),
        ({"defection_rate": True}, "parameters.defection_rate.value", "must be a number"),
        ({"defection_rate": float("nan")}, "parameters.defection_rate.value", "must be a finite number"),
        (
            {"defection_rate": {"low": 1, "mode": 0, "high": 1}},
            "parameters.defection_rate.prior.low",
            "must not exceed mode 0",
        ),
        ({"defection_rate": {"low": 0, "high": 1}}, "parameters.defection_rate.prior.mode", "is missing"),
        (
            {"defection_rate": {"patron": 0.1}},
            "parameters.defection_rate",
            "is one number, not one for each role",
        ),
        ({"war_cost": {"goverment": 0.1}}, "parameters.war_cost.each.goverment", "unknown entry 'goverment'"),
        ({"war_cost": {"patron": 0.1}}, "parameters.war_cost.each.patron", "unknown entry 'patron'"),
        ({"war_cost": {"government": 3}}, "parameters.war_cost.each.government", "lies outside the range"),
        ({"war_cost": 3}, "parameters.war_cost.each.insurgency", "lies outside the range"),
    ],
)
def test_a_parameter_is_refused_as_a_file_would_be(changes, key, says):
    with pytest.raises(ScenarioError) as caught:
        AFGHANISTAN.with_parameters(**changes)
    problem = caught.value.problems[0]
    assert problem.key == key
    assert says in str(problem)
    assert problem.file == "afghanistan-2018"


def test_every_bad_change_is_reported_at_once():
    with pytest.raises(ScenarioError) as caught:
        AFGHANISTAN.with_parameters(nothing=1, defection_rate=7, war_cost={"x": 1})
    assert len(caught.value.problems) == 3


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_a_change_is_what_is_read_back(rate, share):
    changed = AFGHANISTAN.with_parameters(defection_rate=rate, war_cost={"government": share})
    assert changed.parameters["defection_rate"].value == rate
    assert changed.parameters["war_cost"].each["government"].central == share
