"""Bad files, made by hand and by chance: each is refused in words that say where, or loads with what it says."""

import os
import subprocess
import sys
import tomllib
from contextlib import suppress
from functools import reduce
from operator import and_

import pytest

import mutated_files
from hand_made_files import hand_made
from mutated_files import VERDICTS, mutated, one, verdict
from settlesim import steps as do
from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario import files
from settlesim.scenario.plan import Plan
from settlesim.scenario.sequence import Sequence
from support import shipped

BAD = list(hand_made())
# Of three thousand; `docs/reliability.py` takes them all.
TRIED = 300


@pytest.mark.parametrize(("name", "text", "says"), BAD, ids=[name for name, _, _ in BAD])
def test_a_bad_file_is_refused_in_words_that_say_what_is_wrong(name, text, says):
    with pytest.raises(ScenarioError) as caught:
        files.loads(text, "bad.toml")
    told = str(caught.value)
    assert says and says in told
    assert all(line.startswith("bad.toml") or "problems and at least" in line for line in told.split("\n"))
    assert len(told.split("\n")) <= 51
    assert len(told) < 60_000


def test_there_are_a_hundred_of_them_each_of_its_own():
    assert len(BAD) >= 100
    assert len({name for name, _, _ in BAD}) == len({text for _, text, _ in BAD}) == len(BAD)


def test_a_file_damaged_by_chance_is_refused_or_loads_with_what_it_says(tmp_path):
    found = [verdict(case, tmp_path) for case in mutated(TRIED)]
    # All three happen, so that each is looked at.
    assert all(found.count(kind) > TRIED / 50 for kind in VERDICTS)


def test_a_change_that_nobody_notices_is_found(tmp_path, monkeypatch):
    original = files.load("two-party")
    monkeypatch.setattr(mutated_files.files, "load", lambda path: original)
    unnoticed = 0
    for case in (case for case in mutated(200) if case.how == "value" and case.scenario == "two-party"):
        with suppress(tomllib.TOMLDecodeError):
            try:
                verdict(case, tmp_path)
            except AssertionError as error:
                assert "changes nothing" in str(error)
                unnoticed += 1
    assert unnoticed > 1


def test_a_traceback_is_found(tmp_path, monkeypatch):
    def fails(path):
        raise TypeError("argument of type 'int' is not iterable")

    monkeypatch.setattr(mutated_files.files, "load", fails)
    with pytest.raises(AssertionError, match=r"case 7 .*: TypeError"):
        verdict(one(7), tmp_path)


LOOK = """
import sys
from settlesim.errors import SettlesimError
from settlesim.scenario import files
for path in sys.argv[1:]:
    try:
        files.load(path)
    except SettlesimError as error:
        print(f"{type(error).__name__}: {error}")
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
def test_what_is_no_file_is_refused_before_it_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    (tmp_path / "large.toml").write_text("#" * 2_000_000)
    (tmp_path / "latin.toml").write_bytes('title = "é"\n'.encode("latin-1"))
    paths = [tmp_path / f"{name}.toml" for name in ("pipe", "folder", "zero", "loop", "large", "latin")]
    shown = [*map(str, paths), "/dev/zero", "x" * 5000, "x/" * 2500, "y" * 300 + ".toml", "a\0b.toml"]
    # Another process, since reading a pipe or a device would not end; what is waited for is only a bound.
    command = [sys.executable, "-c", LOOK, *(path for path in shown if "\0" not in path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    told = done.stdout.splitlines()
    wanted = ["is a pipe, not a file", "is a folder, not a file", "is a device, not a file", "symbolic links",
              "is too large", "is not UTF-8 text", "is a device, not a file",
              "unknown scenario", "a path of 4,999 characters",
              "cannot read the scenario file"]  # fmt: skip
    assert len(told) == len(wanted)
    assert all(says in line and len(line) <= 1100 for says, line in zip(wanted, told, strict=True)), told
    with pytest.raises(UsageError, match="null byte"):
        files.load("a\0b.toml")


def test_a_file_that_grows_into_a_pipe_after_the_first_look_is_refused_too(tmp_path, monkeypatch):
    path = tmp_path / "war.toml"
    path.write_text("")
    sound = os.stat(path)
    os.unlink(path)
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda *args, **kwargs: sound)
    with pytest.raises(UsageError, match="is a pipe, not a file"):
        files.load(path)


def test_scenarios_extend_each_other_so_far_and_not_in_a_circle(tmp_path):
    text = 'extends = "{}"\nname = "w"\ntitle = "W"\ndescription = "W"\n'
    for at in range(12):
        (tmp_path / f"w{at}.toml").write_text(text.format(f"w{at + 1}" if at < 11 else "two-party"))
    assert files.load(tmp_path / "w4.toml").horizon == 208
    with pytest.raises(ScenarioError, match="one of too many that extend each other"):
        files.load(tmp_path / "w0.toml")
    (tmp_path / "w11.toml").write_text(text.format("w5"))
    with pytest.raises(ScenarioError, match="leads back to this scenario"):
        files.load(tmp_path / "w5.toml")
    os.unlink(tmp_path / "w11.toml")
    os.mkfifo(tmp_path / "w11.toml")
    with pytest.raises((ScenarioError, UsageError), match="is a pipe, not a file"):
        files.load(tmp_path / "w10.toml")


@pytest.mark.parametrize("value", [7, None, b"two-party", ["two-party"]])
def test_what_is_neither_name_nor_path_is_refused(value):
    with pytest.raises(UsageError, match=f"not by an object of the type {type(value).__name__}"):
        files.load(value)
    with pytest.raises(UsageError, match=f"not from an object of the type {type(value).__name__}"):
        files.loads(value)


MADE = {
    "5,000 steps": lambda: Sequence("x", [do.switch() for _ in range(5000)]),
    "a name of a megabyte": lambda: Sequence("x" * 1_000_000),
    "100,000 levers": lambda: Sequence("x", levers={f"k{at}": 1.0 for at in range(100_000)}),
    "5,000 moves": lambda: Plan({f"m{at}": do.switch() for at in range(5000)}),
    "5,000 given steps": lambda: Plan({"a": do.switch()}, given=[do.switch()] * 5000),
    "a chain of 5,000 conditions": lambda: reduce(and_, map(do.week, range(5000))),
    "5,000 times not": lambda: reduce(lambda condition, _: ~condition, range(5000), do.week(1)),
    "a delay before its time": lambda: do.week(1).after(-5),
    "20,000 unknown parameters": lambda: shipped("two-party").with_parameters(**{f"k{i}": 1.0 for i in range(20_000)}),
    "a number of 400 digits": lambda: shipped("two-party").with_parameters(guarantee=10**400),
    "a number beyond all": lambda: shipped("two-party").with_parameters(guarantee=1e300),
    "what holds itself": lambda: shipped("two-party").with_parameters(guarantee=endless()),
}


def endless():
    table = {}
    table["a"] = table
    return table


@pytest.mark.parametrize("made", MADE)
def test_what_is_made_in_python_has_the_same_bounds(made):
    with pytest.raises(ScenarioError) as caught:
        MADE[made]()
    assert len(str(caught.value).split("\n")) <= 51


def test_no_file_is_saved_that_could_not_be_read_again(tmp_path):
    long = "x" * 3900
    talks = [Sequence(f"plan {at}", [do.open_track("talks")], description=long) for at in range(300)]
    with pytest.raises(UsageError, match="more than the 1,000,000 that a file may have"):
        files.save(shipped("two-party").with_sequences(*talks), tmp_path / "large.toml")
    assert not list(tmp_path.iterdir())
