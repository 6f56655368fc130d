"""Executors that are lent: of processes that die, of a dask cluster whose workers and scheduler do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import settlesim as ss
from support import changed, shipped

RUNS = 120


@pytest.fixture(scope="module")
def war():
    return changed(shipped("two-party"), horizon=26, targets=[])


@pytest.fixture(scope="module")
def whole(war):
    return ss.simulate(war, runs=RUNS, rng=7)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    made = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    )
    with made, distributed.Client(made) as client:
        yield client


def when_begun(out, act):
    """Do something once a unit is finished, while others are computed."""

    def wait():
        while not list(out.with_name(f"{out.name}.parts").glob("[0-9]*.npz")):
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def lent(war, executor, out):
    how = ss.Execution(executor=executor, block=6, out=out, progress=False)
    return ss.simulate(war, runs=RUNS, rng=7, execution=how)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_dask_worker_that_is_killed_costs_its_units(war, whole, cluster, tmp_path):
    first = next(iter(cluster.run(os.getpid).values()))
    thread = when_begun(tmp_path / "result.nc", lambda: os.kill(first, signal.SIGKILL))
    assert lent(war, cluster.get_executor(), tmp_path / "result.nc").identical(whole)
    thread.join(60)
    assert first not in cluster.run(os.getpid).values()


def test_a_dask_cluster_that_starts_anew_gives_the_same_bits(war, whole, cluster, tmp_path):
    # It need not wait for all workers: how long they take to come back is for the machine to say.
    thread = when_begun(tmp_path / "result.nc", lambda: cluster.restart(wait_for_workers=False))
    assert lent(war, cluster.get_executor(), tmp_path / "result.nc").identical(whole)
    thread.join(60)


class Cluster:
    """A scheduler and two workers in processes of their own, as on a machine of many users."""

    def __init__(self, port):
        self.address = f"tcp://127.0.0.1:{port}"
        said = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        worker = ["worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--death-timeout", "60"]
        self.processes = [
            subprocess.Popen([sys.executable, "-m", f"distributed.cli.dask_{words[0]}", *words[1:]], **said)
            for words in (scheduler, worker, worker)
        ]

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


def test_a_scheduler_that_dies_loses_nothing(war, whole, tmp_path):
    distributed = pytest.importorskip("distributed")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    clusters, out = [Cluster(port)], tmp_path / "result.nc"

    def another():
        clusters[-1].end()
        clusters.append(Cluster(port))

    try:
        client = distributed.Client(clusters[0].address, timeout=60)
        thread = when_begun(out, another)
        try:
            found = lent(war, client.get_executor(), out)
        except ss.SettlesimError:
            # The new one was too late for this call: another goes on from what is kept.
            kept = len(list((tmp_path / "result.nc.parts").glob("[0-9]*.npz")))
            thread.join(60)
            assert kept > 0
            client.close()
            client = distributed.Client(clusters[-1].address, timeout=60)
            found = lent(war, client.get_executor(), out)
        thread.join(60)
        assert len(clusters) == 2 and found.identical(whole)
        client.close()
    finally:
        for one in clusters:
            one.end()


def test_the_job_is_sent_where_it_is_missing_and_no_more(war, whole, tmp_path):
    sent = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        submit = pool.submit

        def counted(function, digest, data, unit, call):
            sent.append(len(data))
            return submit(function, digest, data, unit, call)

        pool.submit = counted
        assert lent(war, pool, tmp_path / "result.nc").identical(whole)
    # As many as were under way before the worker had answered that it does not know the job.
    assert len(sent) > RUNS // 6 and 1 <= sum(map(bool, sent)) <= 2


def test_a_pool_that_cannot_be_mended_keeps_what_is_done(war, whole, tmp_path):
    out = tmp_path / "result.nc"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        thread = when_begun(out, lambda: [process.kill() for process in list(pool._processes.values())])
        with pytest.raises(ss.SettlesimError, match="the executor takes no more work"):
            lent(war, pool, out)
        thread.join(60)
    assert list((tmp_path / "result.nc.parts").glob("[0-9]*.npz"))
    resumed = ss.simulate(war, runs=RUNS, rng=7, execution=ss.Execution(block=6, out=out))
    assert np.array_equal(resumed["deaths"].values, whole["deaths"].values)
