"""How an experiment is carried out changes no number; what was computed survives."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc

import numpy as np
import pytest
import xarray as xr

import settlesim as ss
from support import changed, shipped


def same(a, b):
    xr.testing.assert_identical(a.drop_attrs(), b.drop_attrs())
    for name in ("entropy", "scenario_digest"):
        assert a.attrs.get(name) == b.attrs.get(name)


@pytest.fixture(scope="module")
def alone():
    return ss.compare(shipped("two-party"), runs=60, rng=7)


@pytest.mark.parametrize("block", [7, 60, 1000])
def test_any_block_size(alone, block):
    same(ss.compare(shipped("two-party"), runs=60, rng=7, execution=ss.Execution(block=block)), alone)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers(alone, workers):
    how = ss.Execution(workers=workers, block=16)
    same(ss.compare(shipped("two-party"), runs=60, rng=7, execution=how), alone)


def test_one_sequence_as_among_others(alone):
    one = ss.simulate(shipped("two-party"), sequence="give_first", runs=60, rng=7)
    for name in one.data_vars:
        a, b = one[name], alone[name]
        if "sequence" in a.dims:
            a, b = a.isel(sequence=0, drop=True), b.sel(sequence="give_first", drop=True)
        assert np.array_equal(a.values, b.values, equal_nan=a.dtype.kind == "f"), name


def test_a_range_of_runs(alone):
    some = ss.compare(shipped("two-party"), runs=range(20, 30), rng=7)
    assert np.array_equal(some["deaths"].values, alone["deaths"].isel(run=slice(20, 30)).values)


def test_entropy_is_recorded_and_gives_the_same_runs():
    first = ss.simulate(shipped("two-party"), runs=5)
    again = ss.simulate(shipped("two-party"), runs=5, rng=int(first.attrs["entropy"]))
    assert np.array_equal(first["deaths"].values, again["deaths"].values)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_results_come_back_as_they_were(alone, tmp_path, suffix):
    path = tmp_path / f"result{suffix}"
    ss.save(alone, path)
    xr.testing.assert_equal(ss.open(path), alone)
    assert ss.open(path)["outcome"].attrs["flag_meanings"] == alone["outcome"].attrs["flag_meanings"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_have_a_row_for_each_run(alone, tmp_path, suffix):
    import pandas as pd

    path = tmp_path / f"result{suffix}"
    ss.save(alone, path)
    table = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    assert len(table) == 60 * alone.sizes["sequence"] and {"sequence", "run", "deaths"} <= set(table.columns)


def test_a_full_disk_leaves_what_was_there(alone, tmp_path, monkeypatch):
    path = tmp_path / "result.nc"
    ss.save(alone, path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(ss.SettlesimError, match="No space left"):
        ss.save(alone, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["result.nc"]


SCRIPT = """
    import settlesim as ss
    if __name__ == "__main__":
        war = ss.Scenario.model_validate({**ss.load("two-party").tree(), "horizon": 52, "targets": []})
        ss.simulate(war, runs=200, rng=7, execution=ss.Execution(block=10, out="result.nc"))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_experiment_resumes(tmp_path, how):
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    started = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.PIPE)
    parts = tmp_path / "result.nc.parts"
    # Three of twenty blocks are waited for however slow the machine is, but not from a script that died.
    while started.poll() is None and len(list(parts.glob("*.npz"))) < 3:
        time.sleep(0.01)
    started.send_signal(how)
    started.communicate(timeout=60)
    assert len(list(parts.glob("*.npz"))) >= 3
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True)
    resumed = ss.open(tmp_path / "result.nc")
    whole = ss.simulate(changed(shipped("two-party"), horizon=52, targets=[]), runs=200, rng=7)
    assert np.array_equal(resumed["deaths"].values, whole["deaths"].values)
    assert not parts.exists()


STARTING = """
    import multiprocessing, os, signal, time
    from settlesim.experiments.processes import _unheard

    if __name__ == "__main__":
        child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(0,))
        try:
            with _unheard():
                os.kill(os.getpid(), signal.SIGINT)
                child.start()
                print("started")
        except KeyboardInterrupt:
            print("heard")
        child.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be held back there")
def test_an_interruption_waits_while_a_process_starts(tmp_path):
    """One that is half started is known to nobody, and outlives the experiment."""
    (tmp_path / "script.py").write_text(textwrap.dedent(STARTING))
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["started", "heard"], done.stderr


def test_common_luck_pays():
    """Variance of paired differences against independent runs, as the shipped comparison reports it."""
    result = ss.compare(shipped(), runs=150, rng=7)
    factors = 1 / ss.differences(result, "deaths")["variance_ratio"]
    print(dict(zip(factors["sequence"].values.tolist(), factors.values.round(1).tolist(), strict=True)))
    assert float(factors.median()) > 3


def test_memory_does_not_grow_with_runs():
    """Only what a result holds of each run is kept: what its simulation takes is given back after each block."""

    scenario = changed(shipped("two-party"), horizon=26, targets=[])

    def peak(runs):
        tracemalloc.start()
        try:
            result = ss.simulate(scenario, runs=runs, rng=7, execution=ss.Execution(block=50))
            return tracemalloc.get_traced_memory()[1], result.nbytes
        finally:
            tracemalloc.stop()

    peak(50)
    (few, small), (many, large) = peak(100), peak(400)
    assert many - few < 2 * (large - small)
