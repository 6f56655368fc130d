"""Files that extend another: what they take over, what they change, and what leads nowhere."""

import pytest

from scenario_texts import CHILD, FULL, problems
from settlesim.errors import ScenarioError
from settlesim.scenario import files
from settlesim.scenario.priors import Fixed
from settlesim.scenario.scenario import Scenario


def test_a_file_takes_over_what_it_does_not_say():
    base = files.load("afghanistan-2018")
    child = files.loads(f'extends = "afghanistan-2018"\n{CHILD}horizon = 100\n[parameters]\nguarantee = 0.25\n')
    assert (child.name, child.horizon) == ("child", 100)
    assert child.parameters["guarantee"].value == 0.25
    assert child.parameters["guarantee"].meaning == base.parameters["guarantee"].meaning
    rest = set(Scenario.model_fields) - {"name", "title", "description", "horizon", "parameters", "claims"}
    assert all(getattr(child, name) == getattr(base, name) for name in rest)
    others = set(base.parameters) - {"guarantee"}
    assert all(child.parameters[name] == base.parameters[name] for name in others)


def test_names_and_titles_are_never_taken_over():
    found = problems('extends = "two-party"')
    assert [(p.key, p.message) for p in found] == [(k, "is missing") for k in ("name", "title", "description")]


def test_a_parameter_is_changed_whole_or_in_part():
    text = f"""extends = "two-party"
{CHILD}
[parameters.consent_rate]
prior = {{ low = 0.1, mode = 0.1, high = 0.2 }}
source = "invented"
[parameters.war_cost.each]
government = 0.3
[parameters.deaths_base]
note = "only a note"
[parameters.new_one]
meaning = "Something a rule of one's own reads."
unit = "share"
value = 0.5
range = [0, 1]
group = "mine"
source = "invented"
tag = "P"
"""
    base, child = files.load("two-party"), files.loads(text)
    assert child.parameters["consent_rate"].source == "invented"
    assert child.parameters["consent_rate"].prior.bounds == (0.1, 0.2)
    assert child.parameters["war_cost"].each["government"] == Fixed(value=0.3)
    assert child.parameters["war_cost"].each["insurgency"] == base.parameters["war_cost"].each["insurgency"]
    assert child.parameters["deaths_base"].value == base.parameters["deaths_base"].value
    assert child.parameters["new_one"].value == 0.5


def test_inherit_limits_what_is_taken_over():
    found = problems(f'extends = "two-party"\ninherit = ["parameters"]\n{CHILD}')
    missing = {p.key for p in found if p.message == "is missing"}
    assert {"actors", "tracks", "sequences", "start", "horizon"} <= missing
    assert "parameters" not in missing
    assert "sources" not in missing


@pytest.mark.parametrize(
    ("head", "key", "says", "nearest"),
    [
        ('extends = "two-prty"', "extends", "unknown scenario", "two-party"),
        ('extends = "../two-party"', "extends", "without a path", None),
        ('extends = "/etc/passwd"', "extends", "without a path", None),
        ("extends = 3", "extends", "must be the name", None),
        ('inherit = ["parameters"]', "extends", "names the scenario to start from", None),
        ('extends = "two-party"\ninherit = ["paramters"]', "inherit[0]", "cannot be inherited", "parameters"),
        ('extends = "two-party"\ninherit = "parameters"', "inherit", "must be a list", None),
        ('extends = "two-party"\ninherit = [["a"]]', "inherit[0]", "cannot be inherited", None),
    ],
)
def test_a_mistaken_extension_is_said(head, key, says, nearest):
    problem = problems(f"{head}\n{CHILD}")[0]
    assert problem.key == key
    assert says in problem.message
    assert problem.nearest == nearest
    assert problem.line == (
        None if key == "extends" and "extends" not in head else 2 if "[0]" in key or key == "inherit" else 1
    )


def test_a_misspelt_parameter_in_an_extension_names_the_nearest():
    text = f'extends = "two-party"\n{CHILD}[parameters]\nconsent_rat = 0.1\nguarantee = 7\n'
    found = {p.key: p for p in problems(text)}
    assert found["parameters.consent_rat"].nearest == "consent_rate"
    assert found["parameters.consent_rat"].line == 6
    assert found["parameters.guarantee.value"].line == 7


def test_a_file_can_extend_the_one_beside_it_but_not_itself(tmp_path):
    (tmp_path / "base.toml").write_text(FULL.replace("horizon = 208", "horizon = 99"))
    (tmp_path / "child.toml").write_text(f'extends = "base"\n{CHILD}')
    assert files.load(tmp_path / "child.toml").horizon == 99
    (tmp_path / "base.toml").write_text(f'extends = "child"\n{CHILD}')
    with pytest.raises(ScenarioError, match="leads back"):
        files.load(tmp_path / "child.toml")
    (tmp_path / "self.toml").write_text(f'extends = "self"\n{CHILD}')
    with pytest.raises(ScenarioError, match="leads back"):
        files.load(tmp_path / "self.toml")


def test_a_mistake_in_the_base_is_told_with_its_place(tmp_path):
    (tmp_path / "base.toml").write_text(FULL.replace("horizon = 208", "horizon = 0"))
    (tmp_path / "child.toml").write_text(f'extends = "base"\n{CHILD}')
    with pytest.raises(ScenarioError, match=r"child\.toml:1: extends.*base\.toml:\d+: horizon = 0"):
        files.load(tmp_path / "child.toml")
