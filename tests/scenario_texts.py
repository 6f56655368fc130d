"""Texts of scenario files, sound and mistaken, and the problems found in them, shared by the tests of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from settlesim.errors import Problem, ScenarioError
from settlesim.scenario import files

NAMES = files.builtin()
FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
TEXT = (FOLDER / "afghanistan-2018.toml").read_text(encoding="utf-8")
SMALL = (FOLDER / "two-party.toml").read_text(encoding="utf-8")
FULL = files.dumps(files.load("two-party"))
CHILD = 'name = "child"\ntitle = "Child"\ndescription = "A child."\n'


def problems(text: str, file: str = "war.toml") -> tuple[Problem, ...]:
    """The problems for which a text is refused."""
    with pytest.raises(ScenarioError) as caught:
        files.loads(text, file)
    return caught.value.problems


def replaced(old: str, new: str, text: str = TEXT) -> str:
    """The text with the first of `old`, which must be there, written anew."""
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


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
