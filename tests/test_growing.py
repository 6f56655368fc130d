"""A store grows unit by unit, is found again however it is cut, and says what of it is damaged."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import xarray as xr

import settlesim as ss
from settlesim.experiments import store_frames
from settlesim.experiments.coverage import missing_units
from settlesim.experiments.job import Job, Unit
from support import changed, shipped

KEPT = ("settled", "deaths", "end_week", "defections")


@pytest.fixture(scope="module")
def war():
    return changed(shipped("two-party"), horizon=12, targets=[])


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of eight runs under two lines, so that a few runs fill several."""
    monkeypatch.setattr(store_frames.Layout, "chunks", lambda self, runs: (8, 2))


def outcomes():
    return [outcome for outcome in ss.STANDARD_OUTCOMES if outcome.name in KEPT]


def plan():
    from settlesim.scenario.steps import deliver, open_track

    return ss.Plan({"talks": open_track("talks"), "gift": deliver("prisoners"), "more": deliver("ceasefire")}, pace=3)


def compared(war, how=None, runs=20, **more):
    return ss.compare(
        war, ["talk", "give_first", "no_talks"], runs=runs, rng=7, outcomes=outcomes(), execution=how, **more
    )


EXPERIMENTS = {
    "simulate": lambda war, how: ss.simulate(war, runs=20, rng=7, outcomes=outcomes(), execution=how),
    "compare": compared,
    "sweep": lambda war, how: ss.sweep(
        war,
        {"surrender_frame": [0, 0.1], "guarantee": [0.2, 0.4, 0.6]},
        sequences=["talk", "give_first"],
        runs=10,
        rng=7,
        outcomes=outcomes(),
        execution=how,
    ),
    "orders": lambda war, how: ss.orders(war, plan(), runs=10, rng=7, outcomes=outcomes(), execution=how),
    "dealt": lambda war, how: ss.orders(war, plan(), runs=20, each=3, rng=7, outcomes=outcomes(), execution=how),
    "evaluate": lambda war, how: ss.evaluate(
        war, {"surrender_frame": [0, 0.05, 0.1]}, ["talk", "quiet_first"], luck=10, rng=7, rest="common",
        outcomes=outcomes(), execution=how,
    ),
}  # fmt: skip


def same(found, expected):
    xr.testing.assert_identical(found.drop_attrs(deep=False), expected.drop_attrs(deep=False))
    for name in {*found.attrs, *expected.attrs}:
        assert np.array_equal(found.attrs.get(name), expected.attrs.get(name)), name


def stopping(patch, after):
    """Ctrl-C once so many units are done; returns those that are computed."""
    done = []
    simulated = Job.simulated

    def interrupted(self, unit, *more):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(unit)
        return simulated(self, unit, *more)

    patch.setattr(Job, "simulated", interrupted)
    return done


def cells(units):
    return sum(map(len, units))


def interrupt(monkeypatch, experiment, war, how, after):
    with monkeypatch.context() as patch:
        stopping(patch, after)
        with pytest.raises(ss.Interrupted) as stop:
            experiment(war, how)
    return stop.value.result


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_units_are_found_again_however_they_are_cut(war, monkeypatch, tmp_path, name, suffix):
    experiment, out = EXPERIMENTS[name], tmp_path / f"result{suffix}"
    whole = experiment(war, None)
    interrupt(monkeypatch, experiment, war, ss.Execution(block=7, out=out), 2)
    with monkeypatch.context() as patch:
        first = stopping(patch, 1)
        with pytest.raises(ss.Interrupted):
            experiment(war, ss.Execution(block=5, out=out))
    rest = stopping(monkeypatch, 1000)
    same(experiment(war, ss.Execution(block=9, workers=1, out=out)), whole)
    asked = np.prod([whole.sizes[d] for d in whole["settled"].dims])
    assert cells(first) and cells(rest) < asked - cells(first)
    same(ss.open(out), whole)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_only_missing_cells_are_planned():
    there = np.zeros((3, 10), bool)
    there[:2, 2:5] = True
    units = list(missing_units([Unit((0, 1), range(100, 106)), Unit((2,), range(100, 106))], there, 100))
    found = np.zeros_like(there)
    for unit in units:
        found[list(unit.lines), unit.runs.start - 100 : unit.runs.stop - 100] = True
    assert (found[:, :6] == ~there[:, :6]).all() and cells(units) == 18 - 6


def test_a_growing_store_is_read_as_far_as_it_is_complete(war, monkeypatch, tmp_path):
    out = tmp_path / "result.zarr"
    whole = compared(war)
    result = interrupt(monkeypatch, compared, war, ss.Execution(block=15, out=out), 5)
    read = xr.open_zarr(out, chunks=None, decode_timedelta=False)
    for part in (result, ss.open(out), read.load()):
        assert part.attrs["interrupted"] == 1 and part.attrs["runs_asked"] == 20
        assert 0 < part.attrs["runs_completed"] == part.sizes["run"] < 20
        for name in whole.data_vars:
            xr.testing.assert_equal(part[name], whole[name].isel(run=slice(0, part.sizes["run"])))


def test_every_state_that_a_reader_meets_is_right(war, monkeypatch, tmp_path):
    """After each unit the store is opened as another process would open it."""
    from settlesim.experiments import growing_store

    out = tmp_path / "result.zarr"
    whole, seen = compared(war), []
    monkeypatch.setattr(growing_store, "SHOWN", -1.0)
    store = growing_store.GrowingStore.store

    def watched(self, block):
        store(self, block)
        with xr.open_zarr(out, chunks=None, decode_timedelta=False) as part:
            seen.append((part.sizes["sequence"], part.sizes["run"]))
            for name in KEPT:
                xr.testing.assert_equal(
                    part[name].load(), whole[name].isel(sequence=slice(0, seen[-1][0]), run=slice(0, seen[-1][1]))
                )

    monkeypatch.setattr(growing_store.GrowingStore, "store", watched)
    same(compared(war, ss.Execution(block=5, out=out)), whole)
    assert [runs for _, runs in seen] == sorted(runs for _, runs in seen) and len({*seen}) > 3


def test_more_runs_extend_a_store_and_fewer_are_read_from_it(war, monkeypatch, tmp_path):
    out, once = tmp_path / "result.zarr", tmp_path / "once.zarr"
    compared(war, ss.Execution(block=10, out=out), runs=12)
    units = stopping(monkeypatch, 1000)
    same(compared(war, ss.Execution(block=30, out=out), runs=20), compared(war))
    assert cells(units) == (8 + 20) * 3
    compared(war, ss.Execution(out=once), runs=20)
    digests = [xr.open_zarr(path, chunks=None, decode_timedelta=False).attrs["content_digest"] for path in (out, once)]
    assert digests[0] == digests[1]
    units.clear()
    same(compared(war, ss.Execution(out=out), runs=9), compared(war, runs=9))
    assert cells(units) == 9 * 3 and ss.open(out).sizes["run"] == 20


def test_another_experiment_is_refused_by_name(war, tmp_path):
    how = ss.Execution(out=tmp_path / "result.zarr")
    compared(war, how, runs=8)
    before = ss.open(how.out)
    with pytest.raises(ss.UsageError, match="holds another experiment, which differs in: sequences; choose"):
        ss.simulate(war, runs=8, rng=7, outcomes=outcomes(), execution=how)
    with pytest.raises(ss.UsageError, match="begins with run 0, and the runs asked for with 4"):
        compared(war, how, runs=range(4, 8))
    same(ss.open(how.out), before)
    forced = ss.Execution(out=how.out, force=True)
    one = ss.simulate(war, runs=8, rng=8, outcomes=outcomes(), execution=forced)
    same(one, ss.simulate(war, runs=8, rng=8, outcomes=outcomes()))


def cost(factor):
    return ss.Outcome("cost", lambda trace: trace.final["deaths"] * factor, "x", "cost", kind="amount")


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_changed_function_is_not_mixed_with_its_former_self(war, monkeypatch, tmp_path, suffix):
    out = tmp_path / f"result{suffix}"

    def experiment(war, how, factor=1.0):
        return ss.simulate(war, runs=20, rng=7, outcomes=[cost(factor)], execution=how)

    interrupt(monkeypatch, experiment, war, ss.Execution(block=5, out=out), 2)
    with pytest.raises(ss.UsageError, match="outcome 'cost' has changed"):
        experiment(war, ss.Execution(block=5, out=out), 2.0)
    same(experiment(war, ss.Execution(block=5, out=out)), experiment(war, None))


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_what_cannot_be_told_by_its_code_is_not_resumed(war, monkeypatch, tmp_path, suffix):
    calls = []

    def counting(trace):
        calls.append(1)
        return trace.final["deaths"]

    # What is known of the standard protocol is kept for the process: not from here.
    monkeypatch.setattr("settlesim.model.protocol_digest._known", {})
    monkeypatch.setattr("settlesim.model.protocol_digest.digest_of", lambda function: None)
    out = tmp_path / f"result{suffix}"

    def experiment(war, how):
        return ss.simulate(
            war, runs=20, rng=7, outcomes=[ss.Outcome("cost", counting, "x", "cost", kind="amount")], execution=how
        )

    interrupt(monkeypatch, experiment, war, ss.Execution(block=5, out=out), 2)
    with pytest.raises(ss.UsageError, match="cannot be told from another by its code"):
        experiment(war, ss.Execution(block=5, out=out))


def test_a_version_that_differs_is_named(war, monkeypatch, tmp_path):
    out = tmp_path / "result.zarr"
    interrupt(monkeypatch, compared, war, ss.Execution(block=5, out=out), 3)
    monkeypatch.setattr(np, "__version__", "1.0.0")
    with pytest.raises(ss.UsageError, match=r"the version of numpy \(.*, now 1\.0\.0\)"):
        compared(war, ss.Execution(block=5, out=out))


def flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


def truncated(path):
    path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize("damage", [flipped, truncated, lambda path: path.unlink()])
@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_chunk_is_named_and_computed_again(war, monkeypatch, tmp_path, damage, whole):
    out = tmp_path / "result.zarr"
    expected = compared(war)
    if whole:
        compared(war, ss.Execution(block=5, out=out))
    else:
        interrupt(monkeypatch, compared, war, ss.Execution(block=15, out=out), 5)
    damage(out / "deaths" / "0.0")
    units = stopping(monkeypatch, 1000)
    with pytest.warns(UserWarning, match=r"'deaths/0\.0' in .* is damaged: what it holds is computed again"):
        same(compared(war, ss.Execution(block=15, out=out)), expected)
    # Only eight runs under the two sequences that share the chunk, and what was never done.
    assert cells(units) == 16 if whole else cells(units) < 60
    same(ss.open(out), expected)


@pytest.mark.parametrize("damage", [flipped, truncated])
def test_a_damaged_block_is_named_and_computed_again(war, monkeypatch, tmp_path, damage):
    out = tmp_path / "result.nc"
    interrupt(monkeypatch, compared, war, ss.Execution(block=5, out=out), 6)
    damage(sorted((tmp_path / "result.nc.parts").glob("*.npz"))[1])
    with pytest.warns(UserWarning, match="npz' is damaged: its runs are computed again"):
        same(compared(war, ss.Execution(block=5, out=out)), compared(war))


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_two_at_once_are_refused(war, monkeypatch, tmp_path, suffix):
    how, said = ss.Execution(block=5, out=tmp_path / f"result{suffix}"), []
    simulated = Job.simulated

    def meanwhile(self, unit, *more):
        if not said:
            said.append("")
            with pytest.raises(ss.UsageError) as refused:
                compared(war, how)
            said[0] = str(refused.value)
        return simulated(self, unit, *more)

    monkeypatch.setattr(Job, "simulated", meanwhile)
    same(compared(war, how), compared(war))
    assert f"is being written by another process (number {os.getpid()} on" in said[0] and "\n" not in said[0]


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_what_ends_before_anything_is_finished_leaves_nothing(war, tmp_path, suffix):
    broken = ss.Outcome("broken", lambda trace: 1 / 0, "x", "never", kind="amount")
    with pytest.raises(ss.FaultError):
        ss.simulate(war, runs=20, rng=7, outcomes=[broken], execution=ss.Execution(out=tmp_path / f"result{suffix}"))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_full_disk_keeps_what_was_there(war, monkeypatch, tmp_path, suffix):
    from pathlib import Path

    how, writes = ss.Execution(block=5, out=tmp_path / f"result{suffix}"), []
    write = Path.write_bytes

    def full(self, data):
        writes.append(self)
        if len(writes) > 7:
            raise OSError(28, "No space left on device")
        return write(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(ss.SettlesimError, match=r"cannot write .*: No space left on device"):
            compared(war, how)
    same(compared(war, how), compared(war))


def test_what_a_kill_leaves_is_swept(war, monkeypatch, tmp_path):
    out = tmp_path / "result.zarr"
    interrupt(monkeypatch, compared, war, ss.Execution(block=5, out=out), 3)
    (out / "deaths" / "0.0.half").write_bytes(b"half")
    (out / "deaths" / "7.0").write_bytes(b"never entered")
    same(compared(war, ss.Execution(out=out)), compared(war))
    assert not {"0.0.half", "7.0"} & {path.name for path in (out / "deaths").iterdir()}


KILLED = """
    import settlesim as ss, sys
    from settlesim.experiments import growing_store, store_frames
    if __name__ == "__main__":
        store_frames.Layout.chunks = lambda self, runs: (8, 2)
        growing_store.SHOWN = -1.0
        war = ss.Scenario.model_validate({**ss.load("two-party").tree(), "horizon": 12, "targets": []})
        kept = [o for o in ss.STANDARD_OUTCOMES if o.name in ("settled", "deaths", "end_week", "defections")]
        ss.compare(war, ["talk", "give_first", "no_talks"], runs=60, rng=7, outcomes=kept,
                   execution=ss.Execution(block=int(sys.argv[1]), out=sys.argv[2]))
"""


def entries(folder):
    """All that stands in a folder, as far as it stands still while it is looked at."""
    with contextlib.suppress(FileNotFoundError):
        return {*folder.rglob("*")}
    return set()


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_killed_at_any_moment_it_goes_on(war, tmp_path, suffix):
    (tmp_path / "script.py").write_text(textwrap.dedent(KILLED))
    draw, out = random.Random(7), tmp_path / f"result{suffix}"
    books = tmp_path / "result.nc.parts" if suffix == ".nc" else out / ".settlesim"
    for block in (5, 9, 15, 7):
        started = subprocess.Popen([sys.executable, "script.py", str(block), out.name], cwd=tmp_path)
        # However slow the machine is, it is killed after something was written, at a moment within a unit.
        there, begun = entries(books), time.monotonic()
        while started.poll() is None and entries(books) <= there and time.monotonic() - begun < 60:
            time.sleep(0.005)
        time.sleep(draw.random() * 0.4)
        started.send_signal(signal.SIGKILL)
        started.wait(timeout=60)
    subprocess.run([sys.executable, "script.py", "20", out.name], cwd=tmp_path, check=True)
    same(ss.open(out), compared(war, runs=60))
    assert not books.exists() if suffix == ".nc" else not [*(books / "parts").iterdir()]


def test_results_say_what_was_asked_for(war):
    assert compared(war, runs=8).attrs["runs_asked"] == 8
    assert EXPERIMENTS["evaluate"](war, None).attrs["runs_asked"] == 30
