"""Files cut, mutilated or absurd: a scenario or an error of ours, never a traceback."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_texts import FULL
from settlesim.errors import ScenarioError, SettlesimError
from settlesim.scenario import files
from settlesim.scenario.scenario import Scenario
from strategies.files import written


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
