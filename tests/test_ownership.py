"""Nothing is replaced but an earlier result of settlesim, never a whole one by a part, and nothing is left behind."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

import settlesim as ss
from settlesim.app.cli import app
from settlesim.results import replacement
from support import changed, shipped

SUFFIXES = [".nc", ".zarr", ".parquet", ".csv"]


@pytest.fixture(scope="module")
def result():
    war = changed(shipped("two-party"), horizon=26, targets=[])
    return ss.simulate(war, runs=4, rng=7)[["outcome", "settled", "deaths"]]


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def thesis(path):
    """Something precious of that name."""
    if path.suffix == ".zarr":
        path.mkdir()
        (path / "notes.txt").write_text("precious")
    else:
        path.write_text("sequence,run,mine\n1,2,precious\n")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_result_is_replaced_only_by_force(result, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    thesis(path)
    before = contents(tmp_path)
    for attempt in (lambda: ss.save(result, path), lambda: ss.Execution(out=path)):
        with pytest.raises(ss.UsageError, match=r"no result of settlesim; choose another name, or .*force=True"):
            attempt()
    assert contents(tmp_path) == before
    ss.Execution(out=path, force=True)
    ss.save(result, path, force=True)
    # A result is replaced unasked.
    ss.save(result, path)
    ss.Execution(out=path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_part_never_replaces_a_whole_result(result, tmp_path, suffix):
    path, part = tmp_path / f"a{suffix}", result.assign_attrs(interrupted=1)
    ss.save(result, path)
    before = contents(tmp_path)
    with pytest.raises(ss.UsageError, match="a complete result stands there"):
        ss.save(part, path)
    assert contents(tmp_path) == before
    ss.save(part, path, force=True)
    ss.save(result, path)


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".parquet"])
def test_a_part_is_replaced_by_a_larger_one(result, tmp_path, suffix):
    part = result.assign_attrs(interrupted=1)
    ss.save(part.isel(run=[0]), tmp_path / f"a{suffix}")
    ss.save(part, tmp_path / f"a{suffix}")


def test_notes_in_a_store_are_not_thrown_away(result, tmp_path):
    for place in ("notes.txt", "deaths/notes.txt", "folder/notes.txt"):
        path = tmp_path / f"{place.partition('/')[0]}.zarr"
        ss.save(result, path)
        (path / place).parent.mkdir(exist_ok=True)
        (path / place).write_text("precious")
        with pytest.raises(ss.UsageError, match="no result of settlesim"):
            ss.save(result, path)
        assert (path / place).read_text() == "precious"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_empty_is_not_precious(result, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.mkdir() if suffix == ".zarr" else path.touch()
    ss.save(result, path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_links_are_not_followed(result, tmp_path, suffix):
    target = tmp_path / f"target{suffix}"
    ss.save(result, target)
    before = contents(tmp_path)
    (tmp_path / f"link{suffix}").symlink_to(target)
    with pytest.raises(ss.UsageError, match="symbolic link"):
        ss.save(result, tmp_path / f"link{suffix}")
    ss.save(result.isel(run=[1]), tmp_path / f"link{suffix}", force=True)
    assert not (tmp_path / f"link{suffix}").is_symlink()
    assert {name: text for name, text in contents(tmp_path).items() if name.startswith("target")} == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_gives_way_to_a_file_and_a_file_to_a_folder_by_force(result, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".zarr":
        path.write_text("text")
    else:
        path.mkdir()
        (path / "notes.txt").write_text("text")
    with pytest.raises(ss.UsageError, match="in the way"):
        ss.save(result, path)
    ss.save(result, path, force=True)
    assert path.is_dir() == (suffix == ".zarr")


REFUSED = ["NUL.nc", "con.zarr", "lpt1.x.csv", "a:b.nc", "a?.nc", "a.nc ", "a.nc.", "a\nb.nc", "a\0b.nc", ".nc", ""]
REFUSED += ["x" * 5000 + ".nc", "x" * 240 + ".zarr", "y/" * 3000 + "a.nc", "no/folder/a.nc", "a.xlsx", ".", ".."]


@pytest.mark.parametrize("name", REFUSED)
def test_names_that_some_system_refuses(result, tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for attempt in (lambda: ss.save(result, name), lambda: ss.Execution(out=name), lambda: ss.open(name)):
        with pytest.raises(ss.UsageError) as error:
            attempt()
        assert len(str(error.value)) < 600 and str(error.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_text(result):
    for attempt in (lambda: ss.save(result, 3), lambda: ss.open(None), lambda: ss.Execution(out=2.5)):
        with pytest.raises(ss.UsageError, match="a path is text"):
            attempt()


def test_a_folder_that_cannot_be_written(result, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ss.UsageError, match="nothing can be written"):
        ss.Execution(out=tmp_path / "a.nc")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_full_or_broken_disk_loses_nothing(result, tmp_path, monkeypatch, suffix, call, code):
    path = tmp_path / f"a{suffix}"
    ss.save(result, path)
    before = contents(tmp_path)

    def broken(*_, **__):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, broken)
        with pytest.raises(ss.SettlesimError) as error:
            ss.save(result.isel(run=[0]), path)
    assert os.strerror(code) in str(error.value) and "\n" not in str(error.value)
    assert contents(tmp_path) == before


LEFT = """
    import os, signal, sys
    from pathlib import Path
    from settlesim.results import replacement
    with replacement.replacing(Path("a.zarr")) as temporary:
        temporary.mkdir()
        (temporary / "half").write_text("written")
        if sys.argv[1] == "swapping":
            os.replace("a.zarr", temporary.parent / "old")
        print("there", flush=True)
        if sys.argv[1] == "alive":
            sys.stdin.read()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def left(tmp_path):
    """Starts a process that is killed, or waits, while it replaces ``a.zarr``."""
    (tmp_path / "left.py").write_text(textwrap.dedent(LEFT))
    started = []

    def start(how):
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process = subprocess.Popen([sys.executable, "left.py", how], cwd=tmp_path, **pipes)
        started.append(process)
        assert process.stdout.readline() == "there\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def hidden(folder):
    return [p for p in folder.iterdir() if p.name.startswith(".a.zarr.")]


def test_what_a_kill_leaves_is_swept_by_the_next_save(result, tmp_path, left):
    left("killed").wait()
    assert len(hidden(tmp_path)) == 1
    ss.save(result, tmp_path / "a.zarr")
    assert hidden(tmp_path) == [] and ss.open(tmp_path / "a.zarr").sizes["run"] == 4


def test_what_a_living_process_writes_is_left_alone(result, tmp_path, left):
    left("alive")
    (mine,) = hidden(tmp_path)
    ss.save(result, tmp_path / "a.zarr")
    assert hidden(tmp_path) == [mine] and (mine / "new.zarr" / "half").exists()


def test_what_another_machine_writes_is_left_alone(result, tmp_path, left, monkeypatch):
    left("killed").wait()
    monkeypatch.setattr(replacement.platform, "node", lambda: "elsewhere")
    ss.save(result, tmp_path / "a.zarr")
    assert len(hidden(tmp_path)) == 1


def test_a_result_that_was_moved_away_when_the_kill_came_is_put_back(result, tmp_path, left):
    ss.save(result, tmp_path / "a.zarr")
    left("swapping").wait()
    assert not (tmp_path / "a.zarr").exists()
    assert ss.open(tmp_path / "a.zarr").identical(result)
    assert hidden(tmp_path) == []


def test_folders_of_other_names_are_left_alone(result, tmp_path):
    for name in (".a.zarr.mine", ".a.zarr.backup12", ".b.zarr.abcdefgh"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("precious")
    ss.save(result, tmp_path / "a.zarr")
    assert (tmp_path / ".a.zarr.mine" / "notes.txt").exists() and (tmp_path / ".b.zarr.abcdefgh").exists()
    assert (tmp_path / ".a.zarr.backup12" / "notes.txt").exists()


@pytest.mark.parametrize("command", ["run", "compare", "orders"])
def test_the_command_line_asks_before_the_first_run(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    thesis(Path("b.zarr"))
    scenario = "afghanistan-2018" if command == "orders" else "two-party"
    outcome = CliRunner().invoke(app, [command, scenario, "--runs", "1000000", "--out", "b.zarr"])
    assert isinstance(outcome.exception, ss.UsageError) and "--force" in str(outcome.exception)
    assert contents(tmp_path) == {"b.zarr/notes.txt": b"precious"}


def test_the_command_line_replaces_by_force(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    thesis(Path("b.zarr"))
    outcome = CliRunner().invoke(app, ["run", "two-party", "--runs", "2", "--rng", "7", "--out", "b.zarr", "--force"])
    assert outcome.exit_code == 0, outcome.output
    assert ss.open("b.zarr").sizes["run"] == 2


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_a_figure_replaces_figures_only(tmp_path, suffix):
    from matplotlib.figure import Figure

    from settlesim.app import terminal

    path = tmp_path / f"a{suffix}"
    path.write_text("precious")
    with pytest.raises(ss.UsageError, match=f"no {suffix[1:]} figure"):
        terminal.draw(path, lambda: Figure().subplots())
    assert path.read_text() == "precious"
    path.write_text("")
    for _ in range(2):
        terminal.draw(path, lambda: Figure().subplots())
    assert path.stat().st_size > 100
