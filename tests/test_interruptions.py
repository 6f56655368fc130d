"""Experiments whose processes are told to end, or killed, at seeded moments: nothing done is lost, nobody is left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import settlesim as ss
from support import changed, shipped

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

RUNS = 160
SCRIPT = """
    import multiprocessing, os, signal, sys, threading
    import settlesim as ss

    def listening():
        for line in sys.stdin:
            workers = [p for p in multiprocessing.active_children() if p.name == "settlesim worker"]
            if workers:
                os.kill(workers[int(line) % len(workers)].pid, signal.SIGKILL)

    if __name__ == "__main__":
        threading.Thread(target=listening, daemon=True).start()
        war = ss.Scenario.model_validate({**ss.load("two-party").tree(), "horizon": 26, "targets": []})
        how = ss.Execution(workers=int(sys.argv[1]), block=8, out="result.nc", progress=False)
        ss.simulate(war, runs=160, rng=7, execution=how)
"""


@pytest.fixture(scope="module")
def war():
    return changed(shipped("two-party"), horizon=26, targets=[])


@pytest.fixture(scope="module")
def whole(war):
    return ss.simulate(war, runs=RUNS, rng=7)


def started(folder, workers):
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
    (folder / "temporary").mkdir()
    command = [sys.executable, "script.py", str(workers)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    there = {**os.environ, "TMPDIR": str(folder / "temporary")}
    return subprocess.Popen(command, cwd=folder, env=there, text=True, start_new_session=True, **pipes)


def done(folder):
    return len(list((folder / "result.nc.parts").glob("[0-9]*.npz")))


def left(group):
    """Processes of a group that still run, where the system tells."""
    found = []
    for process in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, member = process.read_text().rpartition(") ")[2].split()[:3]
        except OSError:
            continue
        if int(member) == group and state != "Z":
            found.append(process.parent.name)
    return found


def nobody_is_left(group):
    until = time.monotonic() + 60
    while left(group) and time.monotonic() < until:
        time.sleep(0.05)
    return not left(group)


WAYS = ["worker", "worker", "terminated", "terminated", "group terminated", "stopped", "group stopped", "stopped twice"]
WAYS += ["parent killed"] * 3
CODES = {"worker": 0, "terminated": 143, "group terminated": 143, "parent killed": -signal.SIGKILL}


@pytest.mark.parametrize("seed, way", list(enumerate(WAYS)))
def test_at_a_moment_of_chance(seed, way, war, whole, tmp_path):
    moment = random.Random(seed)
    child = started(tmp_path, workers=moment.choice([1, 2]) if way not in ("worker", "parent killed") else 2)
    try:
        for _ in range(2 if way == "worker" else 1):
            before = done(tmp_path) + moment.randrange(1, 5)
            while child.poll() is None and done(tmp_path) < before:
                time.sleep(0.005)
            time.sleep(moment.random() / 20)
            told(child, way, moment)
        # Who held a pipe open after its parent's end would be waited for here.
        _, said = child.communicate(timeout=120)
        assert nobody_is_left(child.pid)
    finally:
        if child.poll() is None or left(child.pid):
            os.killpg(child.pid, signal.SIGKILL)
    assert not list((tmp_path / "temporary").iterdir())
    if child.returncode == 0:
        # That it was heard only when all was done is possible where it is not sent to the workers alone.
        assert (tmp_path / "result.nc").exists()
    else:
        assert child.returncode == CODES.get(way, 130), said
        assert not (tmp_path / "result.nc").exists() and done(tmp_path) > 0
        assert way == "parent killed" or "BrokenProcess" not in said
    how = ss.Execution(block=8, out=tmp_path / "result.nc")
    resumed = ss.open(how.out) if way == "worker" else ss.simulate(war, runs=RUNS, rng=7, execution=how)
    for name, values in whole.data_vars.items():
        np.testing.assert_array_equal(resumed[name].values, values.values)
    assert not (tmp_path / "result.nc.parts").exists()


def told(child, way, moment):
    if child.poll() is not None:
        return
    if way == "worker":
        child.stdin.write(f"{moment.randrange(2)}\n")
        child.stdin.flush()
    elif way == "parent killed":
        child.kill()
    else:
        number = signal.SIGTERM if "terminated" in way else signal.SIGINT
        (os.killpg if "group" in way else os.kill)(child.pid, number)
        if "twice" in way:
            time.sleep(0.05)
            if child.poll() is None:
                os.kill(child.pid, number)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["terminated", "stopped"])
def test_a_command_shows_what_is_complete_and_says_how_to_go_on(number, code, tmp_path):
    short = (
        'name = "war"\ntitle = "War"\ndescription = "Half a year."\nextends = "two-party"\nhorizon = 26\ntargets = []\n'
    )
    (tmp_path / "war.toml").write_text(short)
    asked = ["war.toml", "--runs", "90000", "--rng", "7", "--workers", "1", "--out", "result.nc", "--json"]
    command = [sys.executable, "-m", "settlesim", "run", *asked]
    child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while child.poll() is None and done(tmp_path) < 1:
            time.sleep(0.01)
        child.send_signal(number)
        shown, said = child.communicate(timeout=120)
    finally:
        child.kill()
    assert child.returncode == code, said
    assert json.loads(shown)["outcomes"] and not (tmp_path / "result.nc").exists()
    assert said.splitlines()[0].endswith("Ctrl-C again stops at once") and len(said.splitlines()) == 2
    assert "of 90000 runs were completed; what was finished is kept in 'result.nc.parts'" in said.splitlines()[1]
