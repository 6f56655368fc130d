"""Answers in JSON: one shape for all commands, held against the schema that the command line prints."""

from __future__ import annotations

import json

import jsonschema
import pytest
import typer

import settlesim as ss
from command_line import CLAIMING, settlesim
from settlesim.app.answer_schema import COMMANDS, ESTIMATED, answer_schema
from settlesim.app.cli import app
from settlesim.experiments.estimate import Estimate
from support import shipped

FEW = ("--runs", 4, "--rng", 7, "--workers", 1)
# A line for each shape of each command that has --json.
LINES = {
    "list": [("list",)],
    "show": [
        ("show", "two-party"),
        ("show", "two-party", "-s", "talk"),
        ("show", "two-party", "--plan", "opening"),
    ],
    "check": [("check", "two-party")],
    "status": [("status", "kept.zarr")],
    "verify": [("verify", "two-party", "-s", "talk")],
    # A single run has no error, and where nothing is settled there is no week of it.
    "run": [("run", "two-party", *FEW), ("run", "two-party", "-s", "no_talks", "--runs", 1, "--rng", 2**70)],
    "compare": [
        ("compare", "two-party", "-s", "talk", "-s", "give_first", *FEW),
        ("compare", "two-party", "-s", "no_talks", "--no-reference", "--runs", 1, "--rng", 7),
    ],
    "replay": [("replay", "two-party")],
    "orders": [("orders", "two-party", "--outcome", "deaths", *FEW)],
    "claims": [("claims", "claiming.toml", *FEW)],
    "base-rates": [("base-rates", "afghanistan-2018", *FEW)],
    "validate": [("validate", "colombia-2012", *FEW)],
}


def commands():
    """Every command by name, as it is offered."""
    return typer.main.get_command(app).commands


def test_every_command_that_has_json_is_held_against_the_schema():
    offered = {name for name, one in commands().items() if any("--json" in option.opts for option in one.params)}
    assert offered == set(LINES) == set(COMMANDS)


def strict(text):
    """JSON as others read it, who know no NaN."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize(
    "words", [line for lines in LINES.values() for line in lines], ids=lambda w: " ".join(map(str, w))
)
def test_an_answer_fits_the_schema(words, tmp_path, monkeypatch):
    (tmp_path / "claiming.toml").write_text(CLAIMING)
    monkeypatch.chdir(tmp_path)
    if words[0] == "status":
        assert settlesim("run", "two-party", *FEW, "--out", "kept.zarr").code == 0
    answer = settlesim(*words, "--json")
    assert answer.code == 0 and answer.err == ""
    found = strict(answer.out)
    jsonschema.validate(found, answer_schema(), cls=jsonschema.Draft202012Validator)
    source = found["provenance"]
    assert source["command"] == words[0] and source["settlesim"] == ss.__version__
    if "--runs" in words:
        assert source["runs_asked"] == source["runs_completed"] == words[words.index("--runs") + 1]
        assert source["entropy"] == str(words[words.index("--rng") + 1]) and source["protocol"] == "standard"
        assert source["interrupted"] is False and source["seconds"] > 0
    if words[0] not in ("list", "status"):
        war = ss.load(words[1])
        assert source["scenario"] == {"name": war.name, "digest": war.digest()}


@pytest.mark.parametrize("command", ESTIMATED)
def test_an_estimate_fits_the_schema(command, monkeypatch):
    found = Estimate(runs=50, sequences=1, units=1, seconds=1.5, memory=2.0e8, disk=1.0e5)
    monkeypatch.setattr("settlesim.experiments.estimate.estimate", lambda call: found)
    answer = settlesim(command, "two-party", "--runs", 50, "--rng", 7, "--workers", 1, "--estimate", "--json")
    found = strict(answer.out)
    jsonschema.validate(found, answer_schema(), cls=jsonschema.Draft202012Validator)
    assert set(found) == {"provenance", "estimate"} and found["provenance"]["runs_completed"] is None
    assert found["estimate"]["runs"] == 50


def test_the_digest_is_of_what_was_run():
    found = strict(settlesim("run", "two-party", "--runs", 1, "--rng", 7, "--set", "guarantee=0.3", "--json").out)
    war = shipped("two-party").with_parameters(guarantee=0.3)
    assert found["provenance"]["scenario"]["digest"] == war.digest() != shipped("two-party").digest()


def test_the_schema_is_printed_and_is_one():
    printed = json.loads(settlesim("schema", "--answers").out)
    assert printed == answer_schema()
    jsonschema.Draft202012Validator.check_schema(printed)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["provenance"].pop("entropy"),
        lambda found: found["provenance"].update(entropy=7),
        lambda found: found["provenance"].update(command="list"),
        lambda found: found.update(more=1),
        lambda found: found["outcomes"][0].pop("runs"),
        lambda found: found["outcomes"][0]["deaths"].update(estimate="NaN"),
        lambda found: found["incidence"][0]["weeks"].append(None),
    ],
)
def test_the_schema_refuses_what_is_no_answer(change):
    found = strict(settlesim("run", "two-party", "--runs", 2, "--rng", 7, "--json").out)
    change(found)
    assert not jsonschema.Draft202012Validator(answer_schema()).is_valid(found)
