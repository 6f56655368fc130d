"""Pipes, devices, sockets and links are neither read nor written, where a result or a part of one is expected."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

import settlesim as ss
from command_line import settlesim
from settlesim.results.regular_files import odd_member, read_regular
from support import changed, shipped

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
# Each line a call; another process, since reading a pipe or a device would not end. What is waited for is only a bound.
LOOK = """
import json, sys
import settlesim as ss
from settlesim.experiments.store_status import status_of
from settlesim.results.ownership import check_figure, standing
from pathlib import Path
does = {
    "open": ss.open,
    "status": status_of,
    "out": lambda path: ss.Execution(out=path),
    "force": lambda path: ss.Execution(out=path, force=True),
    "standing": lambda path: print(standing(Path(path))),
    "save": lambda path: ss.save(ss.simulate(ss.load("two-party"), runs=2, rng=7)[["deaths"]], path),
    "plot": lambda path: check_figure(Path(path)),
    "run": lambda path: ss.simulate(
        ss.load("two-party"), runs=3, rng=7, outcomes=[o for o in ss.STANDARD_OUTCOMES if o.name == "deaths"],
        execution=ss.Execution(out=path, progress=False),
    ),
    "run by force": lambda path: ss.simulate(
        ss.load("two-party"), runs=3, rng=7, outcomes=[o for o in ss.STANDARD_OUTCOMES if o.name == "deaths"],
        execution=ss.Execution(out=path, progress=False, force=True),
    ),
}
for what, path in json.loads(sys.argv[1]):
    try:
        does[what](path)
        print("done")
    except ss.SettlesimError as error:
        print(f"{type(error).__name__}: {error}")
"""


def told(*calls):
    command = [sys.executable, "-c", LOOK, json.dumps([[what, str(path)] for what, path in calls])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == sum(1 + (what == "standing") for what, _ in calls)
    return lines


@pytest.fixture(scope="module")
def war():
    return changed(shipped("two-party"), horizon=12, targets=[])


def kept():
    return [outcome for outcome in ss.STANDARD_OUTCOMES if outcome.name == "deaths"]


@pytest.fixture
def store(war, tmp_path):
    path = tmp_path / "a.zarr"
    ss.simulate(war, runs=3, rng=7, outcomes=kept(), execution=ss.Execution(out=path))
    return path


def test_nothing_is_saved_to_what_is_no_file(tmp_path):
    calls = []
    for suffix in (".nc", ".csv", ".parquet", ".zarr"):
        os.mkfifo(tmp_path / f"p{suffix}")
        calls += [(what, tmp_path / f"p{suffix}") for what in ("out", "force", "save")]
    (tmp_path / "zero.nc").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "p.png")
    calls += [("force", tmp_path / "zero.nc"), ("plot", tmp_path / "p.png"), ("standing", tmp_path / "p.nc")]
    os.mkfifo(tmp_path / "b.csv.parts")
    (tmp_path / "c.csv.parts").mkdir()
    os.mkfifo(tmp_path / "c.csv.parts" / "job.json")
    calls += [("run", tmp_path / "b.csv"), ("run", tmp_path / "c.csv")]
    here = sorted(tmp_path.iterdir())
    lines = told(*calls)
    assert all("UsageError" in line and "it is a pipe, not a file" in line for line in lines[:12]), lines
    assert "it is a device, not a file" in lines[12] and "it is a pipe, not a file" in lines[13]
    assert lines[14:16] == ["None", "done"]
    assert "it is a pipe, not a folder" in lines[16] and "'job.json' in it is a pipe, not a file; remove" in lines[17]
    assert sorted(tmp_path.iterdir()) == here


def test_a_socket_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for names of sockets are short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s.nc")
        with pytest.raises(ss.UsageError, match="it is a socket, not a file"):
            ss.Execution(out="s.nc")


MEMBERS = [".zattrs", ".zmetadata", "deaths/.zarray", "deaths/0.0", ".settlesim/job.json", ".settlesim/state.json",
           ".settlesim/marks", ".settlesim/lock", ".settlesim/parts/0-1.0+1.0123456789abcdef.npz"]  # fmt: skip


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_no_member_of_a_store_is_read_that_is_no_file(store, kind):
    for name in MEMBERS:
        member, aside = store / name, store.with_name("aside")
        if member.exists():
            member.rename(aside)
        os.mkfifo(member) if kind == "pipe" else member.symlink_to("/dev/zero")
        says = f"{name!r} in it is a {'pipe, not a file' if kind == 'pipe' else 'symbolic link'}"
        assert odd_member(store) == says
        if name in (".zattrs", "deaths/0.0", ".settlesim/state.json"):
            lines = told(*((what, store) for what in ("open", "status", "out", "run", "standing")))
            assert all(says in line for line in lines[:4]) and lines[4] == "None", lines
        member.unlink()
        if aside.exists():
            aside.rename(member)
    assert odd_member(store) is None


def test_what_is_no_store_of_files_is_replaced_by_force_unread(store):
    for name in (".zattrs", "deaths/.zarray", ".settlesim/state.json", ".settlesim/marks"):
        (store / name).unlink()
        os.mkfifo(store / name)
    assert told(("run by force", store)) == ["done"]
    assert odd_member(store) is None and ss.open(store).sizes["run"] == 3


def test_by_force_nothing_is_removed_from_where_a_link_leads(store, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "notes").write_text("mine")
    for path in sorted((store / ".settlesim").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (store / ".settlesim").rmdir()
    (store / ".settlesim").symlink_to(tmp_path / "precious")
    assert "symbolic link; remove it" in told(("run by force", store))[0]
    assert (tmp_path / "precious" / "notes").read_text() == "mine"


def test_members_of_a_store_are_of_a_fair_size(store):
    for name in (".zmetadata", "deaths/0.0"):
        # It has no blocks on the disk.
        content = (store / name).read_bytes()
        os.truncate(store / name, 1 << 40)
        with pytest.raises(ss.SettlesimError, match=f"'{name}' in it has 1,099,511,627,776 bytes"):
            ss.open(store)
        (store / name).write_bytes(content)
    assert ss.open(store).sizes["run"] == 3
    with pytest.raises(OSError, match="too large"):
        read_regular(store / ".zmetadata", 10)


@pytest.mark.parametrize("ends", ["/", "//", "/.", os.sep])
def test_the_name_of_a_folder_is_not_that_of_a_file(war, tmp_path, ends):
    for option, name in (("--out", "a.nc"), ("--out", "a.csv"), ("--plot", "a.png")):
        answer = settlesim("run", "two-party", "--runs", 3, option, f"{tmp_path}/{name}{ends}")
        assert answer.code == 2 and "is the name of a folder" in answer.err and answer.err.count("\n") == 1
    result = ss.simulate(war, runs=2, rng=7, outcomes=kept())
    for attempt in (lambda path: ss.Execution(out=path), lambda path: ss.save(result, path)):
        with pytest.raises(ss.UsageError, match="is the name of a folder"):
            attempt(f"{tmp_path}/a.nc{ends}")
        # A store is one.
        attempt(f"{tmp_path}/a.zarr{ends}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
