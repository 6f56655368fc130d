"""Scenario files: what is written is read back, by name, by path and on any system."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_texts import NAMES, SMALL
from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario import files
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence
from settlesim.steps import deliver, open_track, week
from strategies.numbers import priors_within

share_priors = priors_within(0.0, 1.0)
# What may stand in a text of one line, and what may be a name.
seen = st.characters(exclude_categories=["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"])
prose = st.text(seen, min_size=1, max_size=60).filter(str.strip)
called = prose.map(str.strip).map(lambda name: unicodedata.normalize("NFC", name)).filter(lambda name: len(name) <= 200)


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


@given(share_priors, share_priors, st.integers(10, 1040), prose, called)
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


def test_reading_a_scenario_imports_nothing_heavy():
    code = (
        "import sys, settlesim.scenario.files as f; f.load('afghanistan-2018');"
        "print([m for m in ('scipy.stats', 'xarray', 'mesa', 'matplotlib', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
