"""`settlesim check FILE`: what was checked, or every mistake on a line of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from settlesim.scenario.files import dumps, load
from support import changed


def check(*arguments):
    return subprocess.run([sys.executable, "-m", "settlesim", "check", *map(str, arguments)], capture_output=True,
                          text=True, encoding="utf-8", timeout=120)  # fmt: skip


def test_a_shipped_scenario():
    done = check("two-party")
    assert (done.returncode, done.stderr) == (0, "")
    found, notes = done.stdout.splitlines()[:3], done.stdout.partition("note: ")[2]
    assert found == [
        "two-party.toml: Two parties, one table",
        "4 sequences, 1 plan, 200 parameters; no mistake found",
        "461 variables, 137 rules, 35 kinds of luck, 57 outcomes",
    ]
    assert notes.startswith("191 of 200 parameters stand as afghanistan-2018 declares them")


@pytest.fixture
def war(tmp_path):
    """A file with a name misspelt that the model needs."""
    text = dumps(load("two-party"))
    path = tmp_path / "my-war.toml"
    path.write_text(text.replace("[parameters.defection_rate", "[parameters.defection_rat"), encoding="utf-8")
    return path


def test_a_parameter_that_is_misspelt(war):
    done = check(war)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "settlesim: rule 'presence' (province) reads 'defection_rate', which nothing provides: no variable, luck or "
        "attribute is called so, and my-war.toml has no such parameter; did you mean 'defection_rat'?"
    ]


def test_a_parameter_too_many(tmp_path):
    parameters = load("two-party").tree()["parameters"]
    wider = changed(load("two-party"), parameters={**parameters, "aid_rate": parameters["defection_rate"]})
    path = tmp_path / "my-war.toml"
    path.write_text(dumps(wider), encoding="utf-8")
    done = check(path)
    assert done.returncode == 0 and "201 parameters" in done.stdout
    assert "\nnote: my-war.toml: nothing reads the parameter 'aid_rate'" in done.stdout


def test_a_file_with_mistakes_of_its_own(tmp_path):
    path = tmp_path / "my-war.toml"
    path.write_text("horizon = 0\n", encoding="utf-8")
    done = check(path)
    assert done.returncode == 2 and "my-war.toml:1: horizon = 0" in done.stderr
