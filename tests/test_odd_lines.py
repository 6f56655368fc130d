"""What is asked oddly ends in one line and an exit code, before anything is simulated."""

from __future__ import annotations

import pytest
import typer

from command_line import settlesim
from odd_lines import ODD_LINES, prepared
from settlesim.app.cli import app
from settlesim.app.terminal import EXITS
from settlesim.scenario import files
from support import shipped


@pytest.fixture
def nothing_runs(monkeypatch):
    """Whatever is simulated fails the test."""

    def reached(*_, **__):
        pytest.fail("something was simulated")

    for name in (
        "settlesim.experiments.execution.execute",
        "settlesim.experiments.job.Job.compute",
        "settlesim.engines.vectorised.engine.run",
        "settlesim.engines.vectorised.engine.simulated",
        "settlesim.app.view.serve",
    ):
        monkeypatch.setattr(name, reached)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    prepared(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def short(words):
    return " ".join(word if len(word) < 30 else f"{word[:10]}…{len(word)}" for word in words) or "(nothing)"


@pytest.mark.parametrize("line", ODD_LINES, ids=lambda line: ascii(short(line.words)))
def test_an_odd_line_is_answered_in_one(line, folder, nothing_runs):
    before = sorted(folder.rglob("*"))
    answer = settlesim(*line.words)
    assert answer.code == line.code and answer.code in EXITS
    if line.code:
        assert answer.out == "" and line.says in answer.err
        assert answer.err.startswith("settlesim: ") or line.words[1].endswith(".toml")
        assert all(len(one) <= 1000 for one in answer.err.splitlines()), "longer than anybody reads"
        assert answer.err.count("\n") == 1 or line.words[0] == "check", "more than one line"
    else:
        assert line.says in answer.out and answer.err == ""
    assert "Traceback" not in answer.err + answer.out
    assert sorted(folder.rglob("*")) == before, "something was left behind"


def test_the_list_is_as_long_as_it_says():
    assert len(ODD_LINES) >= 40 and len({line.words for line in ODD_LINES}) == len(ODD_LINES)


# -- every option of every command -------------------------------------------------------------------------------------

# Values that no command takes, by the name of the option.
WRONG = {
    "--runs": ("0", "x", "1.5"),
    "--rng": ("-1", "x"),
    "--workers": ("0", "1025"),
    "--set": ("guarantee", "guarantee=nan", "guarante=0.1", "guarantee=7"),
    "--out": ("a.xls", "nowhere/a.nc", "folder.nc"),
    "--plot": ("a.gif", "nowhere/a.png", "folder.png"),
    "--sequence": ("nope", ""),
    "--baseline": ("nope", ""),
    "--incidence": ("frist",),
    "--only": ("nope",),
    "--plan": ("nope",),
    "--design": ("nope",),
    "--size": ("0", "7"),
    "--each": ("0", "7"),
    "--outcome": ("nope", "outcome", "defections"),
    "--kind": ("nope",),
    "--run": ("-1", "x"),
    "--engine": ("abacus",),
    "--port": ("-1", "65536", "x"),
}
# A scenario that has what the command is about; two-party else.
OF = {"claims": "afghanistan-2018", "base-rates": "afghanistan-2018", "validate": "colombia-2012"}


def options():
    """Every option that takes a value, of every command."""
    for name, command in typer.main.get_command(app).commands.items():
        for one in command.params:
            if one.param_type_name == "option" and not one.is_flag:
                yield name, max(one.opts, key=len)


def test_wrong_values_are_known_of_every_option():
    assert {option for _, option in options()} == set(WRONG)


ASKED = [(command, option, value) for command, option in options() for value in WRONG.get(option, ())]


@pytest.mark.parametrize(("command", "option", "value"), ASKED, ids=[" ".join(asked) for asked in ASKED])
def test_a_wrong_value_is_refused_before_the_first_run(command, option, value, folder, nothing_runs, monkeypatch):
    war = OF.get(command, "two-party")
    # Read once, not a hundred times.
    monkeypatch.setattr(files, "load", shipped)
    more = ("-s", "talk") if (command, option) == ("show", "--plot") else ()
    answer = settlesim(command, war, *more, option, value)
    assert answer.code == 2 and answer.out == "", answer
    assert answer.err.count("\n") == 1 and len(answer.err) <= 1000
    assert "Traceback" not in answer.err
    told = option.removeprefix("--") in answer.err or (value.split("=")[0] or "''") in answer.err
    assert told, f"names neither option nor value: {answer.err}"


@pytest.mark.parametrize("command", [*typer.main.get_command(app).commands])
def test_every_command_has_help(command):
    for word in ("--help", "-h"):
        answer = settlesim(command, word)
        assert answer.code == 0 and f"settlesim {command}" in answer.out and answer.err == ""
