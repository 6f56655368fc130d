"""Claims as they are declared: forms that mean the same, mistakes that are named, variants that follow from them."""

from __future__ import annotations

import numpy as np
import pytest

from settlesim.analysis.verdicts import watched
from settlesim.chance.worlds import worlds
from settlesim.errors import ScenarioError
from settlesim.scenario import files
from settlesim.scenario.claims import Claim
from settlesim.scenario.priors import as_prior
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.variants import both_settings, scaled, with_numbers
from support import shipped

TWO = shipped("two-party")
SOUND = {
    "name": "frame",
    "sentence": "Talks that look like surrender fail.",
    "kind": "hypothesis",
    "carrier": "surrender_frame",
    "values": [0, 0.15],
    "plans": ["talk"],
    "quantity": "settled",
    "sign": -1,
    "source": "invented",
    "tag": "P",
}


def having(*claims, **changes):
    """The small war with claims; with changes, one that is changed in places."""
    made = claims or ({key: value for key, value in (SOUND | changes).items() if value is not None},)
    return Scenario.model_validate({**TWO.tree(), "claims": list(made)})


BAD = [
    (dict(sign=2), "claims[0].sign = 2: must be at most 1"),
    (dict(kind="chek"), "claims[0].kind = 'chek': is not one of the choices; did you mean 'check'?"),
    (dict(plan=["talk"]), "claims[0].plan: unknown key; did you mean 'plans'?"),
    (dict(plans=["tlak"]), "claims[0].plans[0] = 'tlak': unknown sequence; did you mean 'talk'?"),
    (dict(plans=["talk", "talk"]), "names a plan twice"),
    (dict(plans=None), "claims[0].plans: needs at least one plan"),
    (dict(carrier="surrender_fram"), "unknown parameter; did you mean 'surrender_frame'?"),
    (dict(carrier="war_cost.goverment"), "unknown parameter; did you mean 'war_cost.government'?"),
    (dict(carrier="consession_value.*"), "claims[0].carrier = 'consession_value.*': fits no number of the scenario"),
    (dict(carrier=None, values=None), "needs a carrier, or the two plans of plans_contrast"),
    (
        dict(values=[0, 1.5]),
        "claims[0].values[1] = 1.5: takes surrender_frame outside its range [allowed: 0 to 1 (share",
    ),
    (dict(values=[0.1, 0.1]), "moves from a setting to the same"),
    (dict(values=None), "needs exactly one of values and scale"),
    (dict(scale=[0.5, 1.5]), "needs exactly one of values and scale"),
    (dict(values=None, scale=[0.5, 0]), "claims[0].scale[1] = 0: must be more than 0"),
    (dict(values=None, scale=[0.5, 8]), "claims[0].scale[1] = 1.2: takes surrender_frame outside its range"),
    (dict(values=[{"surrender_frame": 0}, {"guarantee": 1}]), "sets guarantee, the carrier is surrender_frame"),
    (dict(plans_contrast=["talk", "quiet_first"]), "so it is not given with plans_contrast"),
    (dict(source="invent"), "claims[0].source = 'invent': unknown source; did you mean 'invented'?"),
    (dict(at=[8, 900]), "claims[0].at = 900.0: lies beyond the horizon [allowed: 0 to 208]"),
]


@pytest.mark.parametrize(("changes", "said"), BAD)
def test_a_mistake_is_named(changes, said):
    with pytest.raises(ScenarioError) as caught:
        having(**changes)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1, str(caught.value)


def test_a_mistake_has_its_line_and_does_not_hide_others():
    text = files.dumps(having()).replace('"talk",\n]', '"tlak",\n]').replace("invented", "invnted", 1)
    with pytest.raises(ScenarioError) as caught:
        files.loads(text, "war.toml")
    found = {problem.key: problem.line for problem in caught.value.problems}
    assert found["claims[0].plans[0]"] is not None


def test_two_plans_of_a_contrast_must_be_two_and_known():
    contrast = {key: value for key, value in SOUND.items() if key not in ("carrier", "values", "plans")}
    assert having(contrast | {"plans_contrast": ["talk", "quiet_first"]}).claims[0].moved == "talk -> quiet_first"
    for plans, said in ((["talk", "talk"], "compares a plan with itself"), (["talk", "quite_first"], "did you mean")):
        with pytest.raises(ScenarioError, match=said):
            having(contrast | {"plans_contrast": plans})


def test_two_claims_of_one_name_are_refused():
    with pytest.raises(ScenarioError, match=r"claims\[1\].name = 'frame': the name is used twice"):
        having(SOUND, SOUND)


def test_a_lever_of_the_plan_that_sets_the_carrier_is_refused():
    tree = TWO.tree()
    tree["sequences"]["talk"]["levers"] = {"surrender_frame": 0.1}
    with pytest.raises(ScenarioError, match="sets surrender_frame by a lever of its own"):
        Scenario.model_validate({**tree, "claims": [SOUND]})


def test_forms_that_mean_the_same_are_the_same():
    one = Claim(**SOUND)
    tables = [{"surrender_frame": 0.0}, {"surrender_frame": 0.15}]
    assert one == Claim(**(SOUND | {"carrier": ["surrender_frame"]})) == Claim(**(SOUND | {"values": tables}))
    without = {key: value for key, value in SOUND.items() if key != "carrier"}
    assert one == Claim(**(without | {"values": tables}))
    several = Claim(**(without | {"values": [{"guarantee": 0, "holdout": 0.1}, {"guarantee": 0.5, "holdout": 0}]}))
    assert (one.moved, several.moved) == ("surrender_frame 0 -> 0.15", "guarantee 0 -> 0.5, holdout 0.1 -> 0")


@pytest.mark.parametrize("changes", [{}, dict(values=None, scale=[0.5, 1.5]), dict(at=12, channel="frame")])
def test_a_scenario_with_claims_comes_back_as_it_was(changes):
    war = having(**changes)
    assert files.loads(files.dumps(war)) == war and war.digest() != TWO.digest()


HEIR = """
extends = "afghanistan-2018"
name = "heir"
title = "Heir"
description = "A war like another."
"""


def test_claims_are_inherited_only_where_they_are_asked_for():
    assert shipped().claims and not files.loads(HEIR).claims
    fields = [name for name in Scenario.model_fields if name not in ("name", "title", "description")]
    assert files.loads(f"inherit = {fields}\n{HEIR}".replace("'", '"')).claims == shipped().claims


def test_a_carrier_is_set_wherever_it_stands():
    claim = having(carrier="concession_value.*", values=None, scale=[0.5, 1.5]).claims[0]
    war = having(carrier="war_cost", values=[0.1, 0.2])
    for side, factor in zip(both_settings(TWO, claim), (0.5, 1.5), strict=True):
        drawn, plain = (worlds(each, range(50), entropy=7) for each in (side, TWO))
        for name in plain:
            expected = plain[name] * (factor if name.startswith("concession_value.") else 1.0)
            np.testing.assert_allclose(drawn[name], expected, rtol=1e-12, err_msg=name)
    low, high = both_settings(war, war.claims[0])
    assert low.parameters["war_cost"].entries()["government"].central == 0.1
    assert {prior.central for prior in high.parameters["war_cost"].entries().values()} == {0.2}
    assert not low.claims and low.origin == war.origin


@pytest.mark.parametrize(
    "prior",
    [
        0.3,
        {"low": -0.1, "mode": 0.2, "high": 0.4},
        {"distribution": "uniform", "low": 1, "high": 2},
        {"distribution": "beta", "a": 2, "b": 3, "low": 0, "high": 0.5},
        {"distribution": "lognormal", "median": 3, "sigma": 0.5},
        {"distribution": "normal", "mean": 2, "sd": 0.5},
    ],
)
def test_a_scaled_prior_draws_so_many_times_as_much(prior):
    before, u = as_prior(prior), np.linspace(0, 1, 9)
    np.testing.assert_allclose(scaled(before, 1.5).ppf(u), 1.5 * before.ppf(u), rtol=1e-12)


def test_a_variant_is_checked_like_a_file():
    with pytest.raises(ScenarioError, match="sum to"):
        with_numbers(TWO, {"concession_value.recognition": 0.9, "concession_value.prisoners": 0.3})


@pytest.mark.parametrize("claim", shipped().claims, ids=lambda claim: claim.name)
def test_the_shipped_claims_watch_what_the_model_has(claim):
    found = watched(shipped(), claim)
    assert found.outcome is not None or found.variable
    # A check is of what the carrier acts on, so somebody must have said by which way.
    assert claim.channel and (claim.kind == "hypothesis" or claim.sign != 0)


def test_checks_and_hypotheses_are_kept_apart():
    kinds = {claim.name: claim.kind for claim in shipped().claims}
    assert sum(kind == "check" for kind in kinds.values()) >= 40
    assert sum(kind == "hypothesis" for kind in kinds.values()) >= 40
