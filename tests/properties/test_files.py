"""Scenario files: what is sound survives being written; what is not gives one clear error, and never a traceback."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from pathlib import Path

import pytest
import tomli_w
from hypothesis import assume, event, given
from hypothesis import strategies as st

from settlesim.app import cli
from settlesim.errors import ScenarioError
from settlesim.scenario import files
from settlesim.scenario.conditions import Condition
from settlesim.scenario.priors import as_prior
from settlesim.scenario.scenario import Scenario
from strategies import examples
from strategies.files import damaged, misdeclared
from strategies.sequences import wars

FOLDER = Path(__file__).resolve().parents[2] / "scenarios"
RAW = {name: (FOLDER / f"{name}.toml").read_bytes() for name in files.builtin()}
# How an error of more mistakes than are shown ends.
MORE = re.compile(r"50 problems and at least [1-9][0-9,]* more")
# Words of pydantic, tomllib or Python that mean nothing to a modeller.
FOREIGN = re.compile(r"Traceback|pydantic|validation error|Input should|NoneType|<class|object at 0x|KeyError|Tag\(")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("files") / "war.toml"


def settlesim(*words):
    """The command line in this process: exit code, output, errors.  Anything but an exit is a traceback."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["settlesim", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        return end.code or 0, out.getvalue(), err.getvalue()
    finally:
        sys.argv = before
    return 0, out.getvalue(), err.getvalue()


def clear(text, name="war.toml"):
    """Every line of an error begins with the file, says something, and says it in words of the domain."""
    lines = text.split("\n")
    if MORE.fullmatch(lines[-1]):
        assert len(lines) == 51
        lines.pop()
    assert lines and all(line.startswith(f"{name}:") and len(line) > len(name) + 2 for line in lines), text
    assert len(set(lines)) == len(lines), f"said twice: {text}"
    assert not FOREIGN.search(text), text
    assert all(len(line) < 2500 and line.isprintable() for line in lines), text


def loaded(path):
    """The scenario in a file, or nothing after an error of ours."""
    try:
        scenario = files.load(path)
    except ScenarioError as error:
        assert error.problems
        clear(str(error))
        return None
    return scenario


@examples(25)
@given(war=wars())
def test_any_war_survives_being_written_and_read(war):
    scenario = war.scenario.with_sequences(war.plan)
    text = files.dumps(scenario)
    again = files.loads(text)
    assert again == scenario and again.digest() == scenario.digest()
    assert files.dumps(again) == text
    for step in war.plan.steps:
        if step.when is not None:
            assert Condition.model_validate(json.loads(json.dumps(step.when.tree()))) == step.when
    for parameter in scenario.parameters.values():
        for prior in parameter.entries().values():
            assert as_prior(json.loads(json.dumps(prior.model_dump()))) == prior
    # As JSON only the date becomes text, which is read as well.
    assert Scenario.model_validate(json.loads(json.dumps(scenario.tree(), default=str))) == scenario


@pytest.mark.parametrize("name", RAW)
@examples(25)
@given(data=st.data())
def test_a_damaged_file_loads_or_gives_one_clear_error(name, path, data):
    path.write_bytes(data.draw(damaged(RAW[name])))
    scenario = loaded(path)
    event("refused" if scenario is None else "loads")
    if scenario is not None:
        assert files.loads(files.dumps(scenario)) == scenario


@pytest.mark.parametrize("name", RAW)
def test_a_file_cut_anywhere_loads_or_gives_one_clear_error(name, path):
    raw = RAW[name]
    for end in range(0, len(raw), max(1, len(raw) // 25)):
        path.write_bytes(raw[:end])
        loaded(path)


@examples(25)
@given(data=st.data())
def test_a_file_with_wrong_values_loads_or_gives_one_clear_error(path, data):
    name = data.draw(st.sampled_from(sorted(RAW)))
    tree = data.draw(misdeclared(files.load(name).tree()))
    try:
        text = tomli_w.dumps(tree)
    except (ValueError, TypeError):  # the writer's own limits, such as lone surrogates
        assume(False)
    path.write_text(text, encoding="utf-8")
    scenario = loaded(path)
    event("refused" if scenario is None else "loads")
    if scenario is not None:
        assert files.loads(files.dumps(scenario)) == scenario


@examples(10)
@given(data=st.data())
def test_the_command_line_answers_a_damaged_file_without_a_traceback(path, data):
    name = data.draw(st.sampled_from(["two-party", "null-order", "colombia-2012"]))
    path.write_bytes(data.draw(damaged(RAW[name])))
    for words in (("show", path), ("run", path, "--runs", 2, "--rng", 1, "--workers", 1)):
        code, out, err = settlesim(*words)
        event(f"{words[0]} ends with {code}")
        assert "Traceback" not in out + err
        if code == 0:
            assert out and not err
        else:
            assert code == 2 and not out
            assert err.endswith("\n") and all(line.startswith("settlesim: ") for line in err.splitlines())
            clear("\n".join(line.removeprefix("settlesim: ") for line in err.splitlines()))


@examples(5)
@given(war=wars(mild=True))
def test_any_war_is_shown_and_run_from_its_file(path, war):
    files.save(war.scenario.with_sequences(war.plan), path)
    for words in (("show", path), ("run", path, "--runs", 2, "--rng", 1, "--sequence", war.plan.name)):
        code, out, err = settlesim(*words)
        assert (code, err) == (0, ""), err
        assert out
