"""A fault met in an experiment: its world, and the call that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from settlesim.errors import FaultError
from settlesim.model.standard import STANDARD
from settlesim.results.outcomes import MIXES

if TYPE_CHECKING:
    from settlesim.experiments.job import Job

__all__ = ["call_of", "shown_by", "some_of"]


# Runs that show what is met among runs alone.
SEVERAL = 10


def shown_by(fault: FaultError, job: Job, runs: range) -> FaultError:
    """Return a fault met among runs of a job with its world, which has the run's number, and the call that shows it."""
    if fault.run is None:
        # No single run has it: it is one of several at once, as where a rule mixes them.
        return fault.placed(world=None, replay=call_of(fault, job, "simulate", f"runs={some_of(runs)}"))
    outcome = fault.kind == "outcome"
    # A story is told of the model, not of what is read off it.
    # A run that has another value alone needs another beside it.
    first = max(fault.run - 1, 0) if fault.reason == MIXES else fault.run
    asked = f"runs=range({first}, {fault.run + 1})" if outcome else f"run={fault.run}"
    return fault.placed(world=fault.run, replay=call_of(fault, job, "simulate" if outcome else "replay", asked))


def some_of(runs: range) -> range:
    """Return the first of some runs: as many as show what a single one does not.

    Examples
    --------
    >>> some_of(range(20, 500)), some_of(range(3))
    (range(20, 30), range(0, 3))
    """
    return runs[:SEVERAL]


def call_of(fault: FaultError, job: Job, function: str, asked: str) -> str:
    """Return the call of a function of settlesim by which a fault is met again, in the names of who wrote it.

    Parameters
    ----------
    fault : FaultError
        What was met.
    job : Job
        In what.
    function : str
        Name of the function.
    asked : str
        Which run, as it is asked for.
    """
    named = job.scenario.sequences.get(fault.sequence)
    mine = next((plan for plan in getattr(job, "plans", job.sequences) if plan.name == fault.sequence), None)
    word = "sequences" if function == "evaluate" else "sequence"
    words = ["scenario", f"{word}={fault.sequence!r}" if named == mine is not None else f"{word}=sequence"]
    words += [asked, f"rng={job.entropy}"]
    if job.sampling.designed:
        how = f"{job.sampling.kind!r}, replicates={job.sampling.number}, total={job.total}"
        words.append(f"method=ss.Sampling({how})")
    elif job.method != "monte_carlo":
        words.append(f"method={job.method!r}" if isinstance(job.method, str) else "method=method")
    if job.protocol != STANDARD:
        words.append("protocol=protocol")
    if fault.kind == "outcome":
        words += (["record=record"] if job.record else []) + ["outcomes=outcomes"]
    return f"ss.{function}({', '.join(words)})"
