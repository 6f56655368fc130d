"""What is asked for is checked before anything is simulated, and becomes one job."""

from __future__ import annotations

import numpy as np
import pytest

import settlesim as ss
from settlesim.experiments import execution
from settlesim.experiments.checkpoint import Checkpoint
from settlesim.experiments.job import Unit
from settlesim.experiments.request import Request, selected
from settlesim.results.dataset import Assembly
from support import shipped


def request(**options):
    scenario = shipped("two-party")
    return Request(scenario, selected(scenario, ["talk"]), rng=7, **options)


def test_defaults_are_those_of_the_library():
    job = request().job(None)
    assert (job.total, job.entropy, job.record, job.engine) == (1000, 7, (), "numpy")
    assert (job.protocol, job.outcomes) == (ss.STANDARD, ss.STANDARD_OUTCOMES)
    assert [sequence.name for sequence in job.sequences] == ["talk"]


@pytest.mark.parametrize("runs", [0, -3, True, 2.0, range(0), range(3, 9, 2), range(-2, 4)])
def test_runs_that_cannot_be(runs):
    with pytest.raises(ss.UsageError, match="of at least 1, or a range of step 1"):
        request(runs=runs).job(None)


def test_runs_by_number_and_by_range():
    assert request(runs=np.int64(5)).numbers == range(5)
    assert request(runs=range(4711, 4712)).job(None).total == 4712


def test_what_is_recorded():
    weekly = request(record="weekly").job(None).record
    assert {"deaths", "trust", "phase"} <= set(weekly) <= set(ss.STANDARD.table)
    assert request(record=["trust", "deaths", "trust"]).job(None).record == ("trust", "deaths")
    with pytest.raises(ss.UsageError, match="did you mean 'deaths'"):
        request(record=["death"]).job(None)
    with pytest.raises(ss.UsageError, match="unknown set of variables to record 'deaths'"):
        request(record="deaths").job(None)


def test_sequences_by_name_and_of_ones_own():
    scenario = shipped("two-party")
    assert [s.name for s in selected(scenario, None)] == list(scenario.sequences)
    assert selected(scenario, "talk") == (scenario.sequence("talk"),)
    with pytest.raises(ss.UsageError, match="two sequences are called 'talk'"):
        selected(scenario, ["talk", scenario.sequence("talk")])
    with pytest.raises(ss.UsageError, match="no sequence is given"):
        selected(scenario, [])


def test_without_a_seed_an_unfinished_experiment_lends_its_own(tmp_path):
    out = tmp_path / "result.nc"
    scenario = shipped("two-party")
    unseeded = Request(scenario, selected(scenario, ["talk"]), runs=5)
    begun = unseeded.job(out)
    kept = Checkpoint(out)
    kept.begin(begun)
    kept.lock.leave()
    assert unseeded.job(out).entropy == begun.entropy
    assert unseeded.job(None).entropy != begun.entropy
    assert request(runs=5).job(out).entropy == 7


@pytest.mark.parametrize(
    "call",
    [
        lambda war, **options: ss.simulate(war, sequence="talk", **options),
        lambda war, **options: ss.compare(war, ["talk"], **options),
        lambda war, **options: ss.sweep(war, {"surrender_frame": [0.1]}, sequences="talk", **options),
    ],
)
def test_an_interruption_reaches_the_caller_with_what_is_complete(call, monkeypatch):
    def half(job, runs, how):
        assembly = Assembly(len(job.sequences), runs)
        assembly.add(job.compute(Unit((0,), runs[: len(runs) // 2])))
        return assembly

    monkeypatch.setattr(execution, "execute", half)
    with pytest.raises(ss.Interrupted, match="interrupted: 5 of 10 runs were completed") as caught:
        call(shipped("two-party"), runs=10, rng=7)
    assert caught.value.result.sizes["run"] == 5 and caught.value.result.attrs["interrupted"] == 1


def test_a_design_cannot_draw_what_was_set():
    war = shipped("two-party").with_parameters(power_bias=0.1)
    with pytest.raises(ss.UsageError, match="power_bias was set for the scenario, and the design draws it too"):
        ss.simulate(war, runs=4, method={"power_bias": np.linspace(0.1, 0.9, 4)})
