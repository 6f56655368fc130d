"""Scenario files: round trips, lines of mistakes, extension, damage of every kind, and the JSON Schema."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlesim.errors import ScenarioError, SettlesimError, UsageError
from settlesim.scenario import files
from settlesim.scenario.priors import Fixed
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.toml_lines import find, key_lines
from settlesim.steps import deliver, open_track, week
from strategies.files import written
from strategies.numbers import priors_within

NAMES = files.builtin()
FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
TEXT = (FOLDER / "afghanistan-2018.toml").read_text(encoding="utf-8")
SMALL = (FOLDER / "two-party.toml").read_text(encoding="utf-8")
FULL = files.dumps(files.load("two-party"))

share_priors = priors_within(0.0, 1.0)
prose = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)


def problems(text, file="war.toml"):
    with pytest.raises(ScenarioError) as caught:
        files.loads(text, file)
    return caught.value.problems


def replaced(old, new, text=TEXT):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_scenario_survives_being_written_and_read(name):
    scenario = files.load(name)
    assert scenario.name == name
    again = files.loads(files.dumps(scenario))
    assert again == scenario
    assert again.digest() == scenario.digest()
    assert files.dumps(again) == files.dumps(scenario)


def test_the_shipped_scenarios_are_there():
    assert set(NAMES) >= {"afghanistan-2018", "null-order", "two-party", "colombia-2012"}
    flagship = {"kabul_first", "us_first", "parallel", "trilateral", "ceasefire_first", "confidence_first"}
    assert set(files.load("afghanistan-2018").sequences) >= flagship | {"pakistan_first", "historical"}


@given(share_priors, share_priors, st.integers(10, 1040), prose, prose)
@settings(max_examples=60, deadline=None)
def test_any_sound_scenario_survives_being_written_and_read(one, two, horizon, title, label):
    tree = files.load("two-party").tree()
    tree |= {"horizon": horizon, "title": title}
    tree["concessions"]["prisoners"]["label"] = label
    scenario = Scenario.model_validate(tree).with_parameters(guarantee=one, war_cost={"government": two})
    plan = Sequence(label, [open_track("talks", when=week(8)), deliver("prisoners")], levers={"pocketing": 0})
    scenario = scenario.with_sequences(plan)
    again = files.loads(files.dumps(scenario))
    assert again == scenario
    assert again.digest() == scenario.digest()


def test_a_scenario_is_saved_and_loaded_by_path(tmp_path):
    scenario = files.load("two-party").with_parameters(guarantee=0.2)
    for path in (tmp_path / "mine.toml", str(tmp_path / "other.toml")):
        files.save(scenario, path)
        assert files.load(path) == scenario


def test_what_is_not_there_is_a_usage_error_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'afghanistan-2018'"):
        files.load("afganistan-2018")
    for missing in (tmp_path / "none.toml", tmp_path, "nowhere/none.toml", "a\0b.toml"):
        with pytest.raises(UsageError, match="cannot read the scenario file"):
            files.load(missing)


RATE, TROOPS = "parameters.defection_rate.prior", "parameters.troops_start.value"
MISTAKES = [
    # what is written, what is written instead, the error after file and line
    ("horizon = 260", "horizn = 260", "horizn: unknown key; did you mean 'horizon'?"),
    ("horizon = 260", "horizon = 0", "horizon = 0: must be at least 1 [allowed: 1 or more]"),
    (
        'unit = "logit"',
        'unit = "logits"',
        "parameters.power_bias.unit = 'logits': is not one of the choices; did you mean 'logit'?",
    ),
    (
        "low = 0.0015",
        "low = 0.5",
        f"{RATE}.low = 0.5: must not exceed mode 0.006 [allowed: low <= mode <= high]",
    ),
    (
        "low = 0.0015",
        "low = -1",
        f"{RATE} = -1.0: reaches outside the range with its low end [allowed: 0 to 1",
    ),
    (
        "value = 14\n",
        "value = 1400\n",
        f"{TROOPS} = 1400.0: lies outside the range [allowed: 0 to 200 (thousands",
    ),
    (
        'track = "kabul_talks"',
        'track = "kabul_talk"',
        "sequences.kabul_first.steps[0].track = 'kabul_talk': unknown track; did you mean 'kabul_talks'?",
    ),
    ('name = "Badghis"', 'nmae = "Badghis"', "provinces[1].nmae: unknown key; did you mean 'name'?"),
    ("[parameters.guarantee]", "[paramters.guarantee]", "paramters: unknown key; did you mean 'parameters'?"),
]
SUMS = [
    ("share = 0.48", "share = 0.58", "[[factions]]", "factions: the shares sum to 1.1, not to 1"),
    (
        "districts = 28",
        "districts = 27",
        "districts_total = 407",
        "districts_total = 407: the provinces have 406 districts together, not 407 [allowed: 406]",
    ),
]


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES)
def test_a_mistake_is_found_on_its_line(old, new, says):
    text = replaced(old, new)
    (problem,) = problems(text)
    assert new.strip() in text.splitlines()[problem.line - 1]
    assert str(problem).startswith(f"war.toml:{problem.line}: {says}")


@pytest.mark.parametrize(("old", "new", "shown", "says"), SUMS)
def test_a_wrong_sum_is_found_on_the_line_of_what_it_belongs_to(old, new, shown, says):
    text = replaced(old, new)
    (problem,) = problems(text)
    assert text.splitlines()[problem.line - 1] == shown
    assert str(problem).startswith(f"war.toml:{problem.line}: {says}")


def test_a_circle_of_preconditions_is_found_on_its_line():
    text = replaced('when = { taken = "deliver:recognition", delay = 4 }', 'when = { taken = "deliver:delisting" }')
    (problem,) = problems(text)
    assert problem.key == "sequences.confidence_first.steps[3].when"
    assert "circle: 'deliver:prisoners' waits for 'deliver:delisting' waits for 'deliver:prisoners'" in problem.message
    assert 'taken = "deliver:delisting"' in text.splitlines()[problem.line - 1]


def test_all_mistakes_of_a_file_come_at_once_each_with_its_line():
    text = TEXT
    left_out = ("horizn = 260", "low = -1", "[paramters.guarantee]", 'nmae = "Badghis"')
    chosen = [mistake for mistake in MISTAKES if mistake[1] not in left_out]
    for old, new, *_ in [*chosen, SUMS[0]]:
        text = replaced(old, new, text)
    found = problems(text)
    assert len(found) == len(chosen) + 1
    assert all(problem.line is not None for problem in found)
    message = str(ScenarioError(found))
    assert message.count("\n") == len(found) - 1


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('name = "x"\nhorizon = \n', 2, "is not valid TOML: Invalid value"),
        ("a = 1\na = 2\n", 2, "is not valid TOML: Cannot overwrite a value"),
        ("[a]\nb = 'open", 2, "is not valid TOML"),
        ("", None, "is missing"),
    ],
)
def test_what_is_not_toml_is_said_with_its_line(text, line, says):
    problem = problems(text)[0]
    assert problem.line == line
    assert problem.message.startswith(says)


def test_bytes_that_are_not_text_are_said_with_their_line(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_bytes(b'name = "x"\ntitle = "\xff"\n')
    with pytest.raises(ScenarioError, match=r"^bad\.toml:2: is not UTF-8 text$"):
        files.load(path)


def test_a_byte_order_mark_and_other_line_ends_are_read(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert files.load(path) == files.load("two-party")
    path.write_bytes(SMALL.replace("horizon = 208", "horizon = 0").replace("\n", "\r\n").encode())
    with pytest.raises(ScenarioError) as caught:
        files.load(path)
    assert SMALL.splitlines()[caught.value.problems[0].line - 1] == "horizon = 208"


# ---- lines ----


def test_lines_of_every_form_of_key():
    text = """\
a = "x # no comment"   # comment
b.c = [ # comment
  1, {d = 2, e = [3,
  4]},
]
'q r'."s" = '''
long'''
[t.u]
v = \"\"\"
one \\\" two\"\"\"\"
w = 1979-05-27T07:32:00Z
[[list]]
x = 1
[[list]]
[list.inner]
y = { z = -1.5e3 }
"""
    tomllib.loads(text)
    assert key_lines(text) == {
        "a": 1,
        "b": 2,
        "b.c": 2,
        "b.c[0]": 3,
        "b.c[1]": 3,
        "b.c[1].d": 3,
        "b.c[1].e": 3,
        "b.c[1].e[0]": 3,
        "b.c[1].e[1]": 4,
        "q r": 6,
        "q r.s": 6,
        "t": 8,
        "t.u": 8,
        "t.u.v": 9,
        "t.u.w": 11,
        "list": 12,
        "list[0]": 12,
        "list[0].x": 13,
        "list[1]": 14,
        "list[1].inner": 15,
        "list[1].inner.y": 16,
        "list[1].inner.y.z": 16,
    }


def test_the_innermost_place_with_a_line_is_found():
    lines = {"a": 1, "a.b": 2, "a.c[3]": 5}
    assert [find(k, lines) for k in ("a.b.x.y", "a.c[3].d", "a.c[4].d", "z", "")] == [2, 5, 1, None, None]


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_shipped_file_has_its_line(name):
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    rows, lines = text.splitlines(), key_lines(text)

    def walk(value, path):
        if path:
            assert path in lines, path
            last = path.rsplit(".", 1)[-1].split("[")[0]
            assert path.endswith("]") or last in rows[lines[path] - 1]
        for key, item in value.items() if isinstance(value, dict) else ():
            walk(item, f"{path}.{key}" if path else key)
        for at, item in enumerate(value) if isinstance(value, list) else ():
            walk(item, f"{path}[{at}]")

    walk(tomllib.loads(text), "")


# ---- extension ----

CHILD = 'name = "child"\ntitle = "Child"\ndescription = "A child."\n'


def test_a_file_takes_over_what_it_does_not_say():
    base = files.load("afghanistan-2018")
    child = files.loads(f'extends = "afghanistan-2018"\n{CHILD}horizon = 100\n[parameters]\nguarantee = 0.25\n')
    assert (child.name, child.horizon) == ("child", 100)
    assert child.parameters["guarantee"].value == 0.25
    assert child.parameters["guarantee"].meaning == base.parameters["guarantee"].meaning
    rest = set(Scenario.model_fields) - {"name", "title", "description", "horizon", "parameters"}
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


# ---- damage ----


def survives(text):
    """Load, and fail on anything but a scenario or the library's own error."""
    try:
        files.loads(text)
    except SettlesimError as error:
        assert str(error)


@given(st.integers(0, len(FULL)))
@settings(max_examples=80, deadline=None)
def test_a_truncated_file_is_an_error_of_ours(end):
    survives(FULL[:end])


@given(st.integers(0, len(FULL)), st.integers(0, 30), st.text(max_size=12))
@settings(max_examples=120, deadline=None)
def test_a_mutilated_file_is_an_error_of_ours(at, width, junk):
    survives(FULL[:at] + junk + FULL[at + width :])


anything = st.none() | written


@given(st.data(), anything)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_in_any_place_is_an_error_of_ours(data, value):
    tree = files.load("two-party").tree()
    here = tree
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], (dict, list)) or not here[key] or data.draw(st.booleans()):
            here[key] = value
            break
        here = here[key]
    try:
        Scenario.model_validate(tree)
    except ScenarioError as error:
        assert str(error)
        assert error.problems


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "{b = " * 3000 + "1" + "}" * 3000,
        "horizon = " + "9" * 5000,
        "start = 2018-02-31",
        'extends = "two-party"\nparameters = 3\nname = "x"',
        'extends = "two-party"\nsources = []\nname = "x"',
        "[sequences.x]\nsteps = 3",
        'extends = "two-party"\n[sequences.x]\nsteps = [{do = ["open"], track = {}}]',
        "\x00",
        "provinces = [1, [2], {}]",
    ],
)
def test_absurd_files_are_an_error_of_ours(text):
    with pytest.raises(ScenarioError):
        files.loads(text)


# ---- schema ----


def test_the_schema_is_a_schema_and_accepts_the_shipped_files():
    schema = files.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name in NAMES:
        raw = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        assert list(validator.iter_errors(json.loads(json.dumps(raw, default=str)))) == []
        raw = tomllib.loads(files.dumps(files.load(name)))
        assert list(validator.iter_errors(json.loads(json.dumps(raw, default=str)))) == []


def accepted(old, new):
    raw = json.loads(json.dumps(tomllib.loads(replaced(old, new)), default=str))
    return jsonschema.Draft202012Validator(files.schema()).is_valid(raw)


@pytest.mark.parametrize(("old", "new"), [MISTAKES[i][:2] for i in (0, 1, 2, 7, 8)])
def test_the_schema_refuses_mistakes_of_shape(old, new):
    assert accepted(old, old)
    assert not accepted(old, new)


@pytest.mark.parametrize(("old", "new"), [SUMS[0][:2], SUMS[1][:2], MISTAKES[3][:2], MISTAKES[6][:2]])
def test_the_schema_leaves_sums_and_references_to_the_loader(old, new):
    assert accepted(old, new)


def test_a_whole_file_must_be_complete_but_one_that_extends_need_not():
    validator = jsonschema.Draft202012Validator(files.schema())
    own = {"name": "x", "title": "x", "description": "x"}
    assert not validator.is_valid(own)
    assert validator.is_valid(own | {"extends": "two-party", "parameters": {"guarantee": 0.1}})


# ---- weight ----


def test_reading_a_scenario_imports_nothing_heavy():
    code = (
        "import sys, settlesim.scenario.files as f; f.load('afghanistan-2018');"
        "print([m for m in ('scipy.stats', 'xarray', 'mesa', 'matplotlib', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
