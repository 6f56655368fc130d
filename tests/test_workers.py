"""Worker processes: what ends them, what they cannot take in, how large their units are, and what is said meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

import settlesim as ss
from made_outcomes import deadly, threads
from settlesim.experiments import memory
from settlesim.experiments.job import Unit
from settlesim.experiments.progress import progress_bar
from settlesim.experiments.request import Request, selected
from settlesim.experiments.unit_sizes import Pieces
from support import changed, shipped


@pytest.fixture(scope="module")
def war():
    return changed(shipped("two-party"), horizon=26, targets=[])


def said_by(script, folder, standard_input=False):
    (folder / "script.py").write_text(textwrap.dedent(script))
    command = [sys.executable, "-" if standard_input else "script.py"]
    given = (folder / "script.py").read_text() if standard_input else ""
    return subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, timeout=240)


def test_a_unit_that_kills_its_workers_is_named_and_the_others_are_kept(war, tmp_path):
    how = ss.Execution(workers=2, block=20, out=tmp_path / "result.nc", progress=False)
    with pytest.raises(ss.SettlesimError, match=r"over runs 20 to 39 of 'talk' \(exit code 9\)"):
        ss.simulate(war, sequence="talk", runs=60, rng=7, outcomes=[deadly], execution=how)
    assert any((tmp_path / "result.nc.parts").glob("0-20*"))


def test_each_worker_computes_in_one_thread(war, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    how = ss.Execution(workers=2, block=5)
    result = ss.simulate(war, runs=10, rng=7, outcomes=[threads], execution=how)
    assert set(result["threads"].values.ravel()) == {1.0}
    assert os.environ["OMP_NUM_THREADS"] == "3" and "MKL_NUM_THREADS" not in os.environ


UNGUARDED = """
    import settlesim as ss
    ss.simulate(ss.load("two-party"), runs=4, rng=7, execution=ss.Execution(workers=2, block=2, out="a.nc"))
"""
BROKEN = """
    import settlesim as ss
    if __name__ == "__main__":
        ss.simulate(ss.load("two-party"), runs=4, rng=7, execution=ss.Execution(workers=2, block=2))
    else:
        raise SystemExit(3)
"""


def test_a_script_without_a_guard_is_told_so_once(tmp_path):
    answer = said_by(UNGUARDED, tmp_path)
    assert answer.returncode == 1 and answer.stderr.count("Traceback") == 1
    assert "UsageError: a worker process ran the whole script anew: put" in answer.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


def test_a_script_from_standard_input_needs_no_file(tmp_path):
    assert said_by(UNGUARDED, tmp_path, standard_input=True).returncode == 0


def test_workers_that_never_begin_are_not_started_for_ever(tmp_path):
    answer = said_by(BROKEN, tmp_path)
    assert answer.returncode == 1
    assert "SettlesimError: worker processes end before they have begun (exit code 3)" in answer.stderr


def test_a_function_that_workers_do_not_find_is_said_on_one_line(tmp_path):
    """As of a notebook, whose cells are no module."""
    script = """
        import sys
        del sys.modules["__main__"].__file__
        import settlesim as ss
        def mine(trace):
            return trace.final["deaths"]
        told = ss.Outcome("mine", mine, "people", "deaths")
        how = ss.Execution(workers=2, block=2)
        ss.simulate(ss.load("two-party"), runs=4, rng=7, outcomes=[told], execution=how)
    """
    last = said_by(script, tmp_path).stderr.splitlines()[-1]
    assert last.startswith("settlesim.errors.UsageError") and "workers=1" in last


# -- the size of units --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def job(war):
    return Request(war, selected(war, list(war.sequences)), runs=4, rng=7).job(None)


@pytest.mark.parametrize("each, engine", [(0.001, "numpy"), (0.1, "numpy"), (1.5, "mesa"), (30.0, "mesa")])
def test_units_take_about_two_seconds_and_miss_nothing(job, each, engine):
    coarse = [Unit((0, 1, 2), range(start, start + 341)) for start in range(0, 3410, 341)]
    pieces = Pieces(job.__class__(**{**vars(job), "engine": engine}), coarse)
    met, sizes = set(), []
    for unit in pieces:
        cells = {(line, run) for line in unit.lines for run in unit.runs}
        assert cells and not cells & met
        met |= cells
        sizes.append(len(unit) * each)
        pieces.timed(unit, sizes[-1])
    assert met == {(line, run) for line in range(3) for run in range(3410)}
    # Once it is known how long they take; by far less only where the largest allowed is so small.
    assert max(sizes[2:]) <= max(3, each, 0.1 * 256 if each == 0.1 else 0)


def test_units_that_were_asked_for_stay_as_they_are(job):
    coarse = [Unit((0, 1), range(1000))]
    assert list(Pieces(job, coarse, fixed=True)) == coarse


# -- what is said -------------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_log_gets_a_line_every_half_minute(capsys):
    clock = Clock()
    with progress_bar(10_000, None, clock) as advance:
        for _ in range(10):
            clock.now += 12
            advance(1000)
    assert capsys.readouterr().err.splitlines() == [
        "settlesim: 3,000 of 10,000 runs, 30%, about 84 s left",
        "settlesim: 6,000 of 10,000 runs, 60%, about 48 s left",
        "settlesim: 9,000 of 10,000 runs, 90%, about 12 s left",
    ]


@pytest.mark.parametrize("wanted, seconds", [(False, 1000), (None, 2)])
def test_a_log_gets_nothing_of_what_is_short_or_not_wanted(wanted, seconds, capsys):
    clock = Clock()
    with progress_bar(100, wanted, clock) as advance:
        for _ in range(10):
            clock.now += seconds
            advance(10)
    assert capsys.readouterr().err == ""


# -- what it takes ------------------------------------------------------------------------------------


def test_an_estimate_knows_the_result_and_keeps_nothing(war, tmp_path):
    how = ss.Execution(out=tmp_path / "result.nc", block=32)
    found = ss.estimate(lambda: ss.compare(war, ["talk", "no_talks"], runs=100, rng=7, execution=how))
    result = ss.compare(war, ["talk", "no_talks"], runs=100, rng=7)
    assert (found.runs, found.sequences) == (100, 2) and found.seconds > 0
    assert sum(v.nbytes for v in result.data_vars.values()) == pytest.approx(found.disk, rel=0.5)
    assert found.memory > found.disk and not list(tmp_path.iterdir())
    with pytest.raises(ss.UsageError, match="no experiment"):
        ss.estimate(lambda: None)
    # Nothing is left of the question.
    assert ss.simulate(war, runs=2, rng=7).sizes["run"] == 2


def test_an_estimate_says_what_a_store_takes_and_what_would_be_refused(war, monkeypatch, tmp_path):
    def asked(name, runs=2_000_000):
        how = ss.Execution(out=None if name is None else tmp_path / name, block=32)
        return ss.estimate(lambda: ss.simulate(war, runs=runs, rng=7, execution=how))

    monkeypatch.setattr(memory, "available", lambda: 10_000)
    for name in (None, "a.nc", "a.csv"):
        found = asked(name)
        assert found.memory > found.disk and "It would be refused: the result takes" in str(found).splitlines()[1]
        assert found.refused in str(found) and found.as_dict()["refused"] == found.refused
    grown, larger = asked("a.zarr"), asked("a.zarr", 20_000_000)
    assert grown.refused is None and str(grown).count("\n") == 0
    assert larger.disk == pytest.approx(10 * grown.disk)
    # Of a larger store only the notes of what is there take more.
    assert larger.memory - grown.memory < 100e6 < larger.disk / 10 and larger.memory < larger.disk / 2
    assert asked("a.nc", 20).refused is None


@pytest.mark.parametrize("there", [False, True])
def test_what_memory_cannot_hold_is_refused_with_the_figures(war, monkeypatch, there):
    whole = ss.simulate(war, runs=20, rng=7, record="weekly")
    held = sum(whole[name].nbytes for name in whole.data_vars if "sequence" in whole[name].dims)
    monkeypatch.setattr(memory, "available", lambda: int(held * 0.5 if there else held * 2))
    if not there:
        assert ss.simulate(war, runs=20, rng=7, record="weekly").identical(whole)
        return
    with pytest.raises(ss.UsageError, match=r"of memory \(20 runs x 1 sequences x .*and .* are free: .*record less"):
        ss.simulate(war, runs=20, rng=7, record="weekly")


def test_the_command_says_what_it_would_take(tmp_path):
    command = [sys.executable, "-m", "settlesim", "run", "two-party", "--runs", "8", "--out", "r.nc", "--estimate"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert answer.returncode == 0 and answer.stdout.startswith("8 runs of 1 sequences in about"), answer.stderr
    assert not list(tmp_path.iterdir())


def test_what_memory_is_there_is_known_where_the_system_tells(tmp_path):
    assert memory.available() is None or memory.available() > 0
    (tmp_path / "memory.max").write_text("3000")
    (tmp_path / "memory.current").write_text("1000")
    assert set(memory._of_cgroup(tmp_path)) <= {2000}
