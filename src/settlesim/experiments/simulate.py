"""Experiments: one sequence, several under common luck, a grid of settings, or one run in full."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.worlds import Fates, Rng, entropy_of, worlds
from settlesim.errors import UsageError, choose
from settlesim.experiments.execution import Execution, execute
from settlesim.experiments.job import ENGINES, Job, Parts, engine_of
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_check import refuse_mistakes
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.results.dataset import provenance
from settlesim.results.grid import folded
from settlesim.results.stores import save
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Execution", "compare", "replay_trace", "simulate", "sweep"]


def simulate(
    scenario: Scenario,
    *,
    sequence: str | Sequence | None = None,
    runs: int | range = 1000,
    rng: Rng = None,
    record: str | Iterable[str] | None = None,
    engine: str = "numpy",
    method: str | Mapping[str, Any] = "monte_carlo",
    protocol: Protocol | None = None,
    outcomes: Iterable[Outcome] | None = None,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Simulate one sequence many times.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : str or Sequence, optional
        One of the scenario's sequences by name, or one of your own; by default the scenario's default.
    runs : int or range
        How many runs, or which: ``range(4711, 4712)`` is run 4711 alone, the same as among a million.
    rng : int, SeedSequence, Generator or None
        Entropy of all chance; None takes fresh entropy.  The result records it.
    record : "weekly", iterable of str or None
        Variables to keep for every week, as ``<name>_weekly``; ``"weekly"`` keeps those that the
        protocol flags so.  They cost memory.
    engine : {"numpy", "mesa"}
        The interpreter of the rules; both give the same, bit for bit.
    method : {"monte_carlo", "latin_hypercube", "sobol", "central"} or mapping
        How parameters are drawn, see `settlesim.chance.worlds.worlds`.
    protocol : Protocol, optional
        What happens in a week.
    outcomes : iterable of Outcome, optional
        What to keep of a run; the standard outcomes by default.
    execution : Execution, optional
        Workers, size of blocks, progress, where to save.  It changes no number of the result.

    Returns
    -------
    xarray.Dataset
        Dimensions (sequence, run), with one sequence.  After Ctrl-C it holds the runs completed so far, and
        its attribute ``interrupted`` is 1.

    Raises
    ------
    UsageError
        If a name is unknown or an option is out of range.
    KeyboardInterrupt
        If interrupted before the first block of runs was complete.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> result = simulate(load("two-party"), runs=20, rng=7)
    >>> dict(result.settled.sizes)
    {'sequence': 1, 'run': 20}
    """
    chosen = scenario.default_sequence if sequence is None else sequence
    return compare(
        scenario,
        [chosen],
        runs=runs,
        rng=rng,
        record=record,
        engine=engine,
        method=method,
        protocol=protocol,
        outcomes=outcomes,
        execution=execution,
    )


def compare(
    scenario: Scenario,
    sequences: Iterable[str | Sequence] | None = None,
    *,
    runs: int | range = 1000,
    rng: Rng = None,
    record: str | Iterable[str] | None = None,
    engine: str = "numpy",
    method: str | Mapping[str, Any] = "monte_carlo",
    protocol: Protocol | None = None,
    outcomes: Iterable[Outcome] | None = None,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Simulate several sequences over the same worlds and the same luck.

    Run i of one sequence differs from run i of another only by the sequence, so differences are to be taken
    run by run, as `settlesim.analysis.differences` does.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequences : iterable of str or Sequence, optional
        Names, or sequences of your own; by default all of the scenario.
    runs, rng, record, engine, method, protocol, outcomes, execution
        As for `simulate`.

    Returns
    -------
    xarray.Dataset
        Dimensions (sequence, run).

    Raises
    ------
    UsageError
        As `simulate`, and if two sequences have the same name.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> result = compare(load("two-party"), runs=20, rng=7)
    >>> result.sizes["run"]
    20
    """
    how = execution or Execution()
    chosen = _sequences(scenario, sequences)
    job = _job(scenario, chosen, runs, rng, record, engine, method, protocol, outcomes, how)
    return _finish(job, chosen, {}, _range(runs), how)


def sweep(
    scenario: Scenario,
    grid: Mapping[str, Iterable[float]],
    *,
    sequences: Iterable[str | Sequence] | None = None,
    runs: int | range = 1000,
    rng: Rng = None,
    engine: str = "numpy",
    method: str | Mapping[str, Any] = "monte_carlo",
    outcomes: Iterable[Outcome] | None = None,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Hold parameters at every combination of some values; everything else meets the same worlds and luck.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    grid : mapping
        Name of a parameter, or ``name.entry``, to the values it is to take.
    sequences : iterable of str or Sequence, optional
        By default all of the scenario.
    runs, rng, engine, method, outcomes, execution
        As for `simulate`; `runs` is the number at each point.

    Returns
    -------
    xarray.Dataset
        Dimensions (one for each parameter of the grid, sequence, run).

    Raises
    ------
    UsageError
        As `compare`, and if the grid is empty, or names a parameter that is unknown, or a value out of its
        range.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> result = sweep(load("two-party"), {"surrender_frame": [0, 0.1]}, runs=10, rng=7)
    >>> result.settled.mean("run").dims
    ('surrender_frame', 'sequence')
    """
    how = execution or Execution()
    chosen = _sequences(scenario, sequences)
    axes = {name: [float(value) for value in values] for name, values in grid.items()}
    if not axes or not all(axes.values()):
        raise UsageError("the grid needs at least one parameter, and each of them at least one value")
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    arms = [_with_levers(sequence, point) for point in points for sequence in chosen]
    job = _job(scenario, arms, runs, rng, None, engine, method, None, outcomes, how)
    return _finish(job, chosen, axes, _range(runs), how)


def replay_trace(
    scenario: Scenario,
    *,
    sequence: str | Sequence | None = None,
    run: int,
    rng: Rng,
    record: Iterable[str] | None = None,
    engine: str = "numpy",
    method: str | Mapping[str, Any] = "monte_carlo",
    total: int | None = None,
    protocol: Protocol | None = None,
) -> Trace:
    """Simulate one run of an experiment again and keep its whole course.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : str or Sequence, optional
        By default the scenario's default sequence.
    run : int
        Number of the run.
    rng : int, SeedSequence or Generator
        The entropy of the experiment; a result has it in ``int(result.attrs["entropy"])``.
    record : iterable of str, optional
        Variables to keep; by default every one but the commanders'.
    engine, method, protocol
        As in the experiment.
    total : int, optional
        Number of runs of the experiment; needed for the methods ``latin_hypercube`` and ``sobol``.

    Returns
    -------
    Trace
        Of one run; `weekly` holds what was recorded.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> trace = replay_trace(load("two-party"), run=4711, rng=7)
    >>> trace.runs
    range(4711, 4712)
    """
    chosen = scenario.sequence(scenario.default_sequence if sequence is None else sequence)
    rules = protocol or STANDARD
    kept = tuple(record or (v.name for v in rules.variables if v.scope != "commander"))
    if isinstance(run, bool) or not isinstance(run, (int, np.integer)) or run < 0:
        raise UsageError(f"run must be a whole number from 0 on, got {run!r}")
    alone = range(int(run), int(run) + 1)
    entropy = entropy_of(rng)
    world = worlds(scenario, alone, entropy=entropy, method=method, total=total, levers=chosen.levers)
    simulate_block = engine_of(engine)
    return simulate_block(scenario, chosen, worlds=world, fates=Fates(entropy, alone), protocol=rules, record=kept)


def _range(runs: int | range) -> range:
    if isinstance(runs, range) and runs.step == 1 and runs.start >= 0 and len(runs):
        return runs
    if isinstance(runs, bool) or not isinstance(runs, (int, np.integer)) or runs < 1:
        raise UsageError(f"runs must be a whole number of at least 1, or a range of step 1, got {runs!r}")
    return range(int(runs))


def _sequences(scenario: Scenario, sequences: Iterable[str | Sequence] | None) -> list[Sequence]:
    if isinstance(sequences, (str, Sequence)):
        sequences = [sequences]
    chosen = [scenario.sequence(name) for name in (scenario.sequences if sequences is None else sequences)]
    names = [sequence.name for sequence in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise UsageError(f"two sequences are called {twice[0]!r}" if twice else "no sequence is given")
    return chosen


def _with_levers(sequence: Sequence, point: Mapping[str, float]) -> Sequence:
    levers: dict[str, Any] = dict(sequence.levers)
    for name, value in point.items():
        stem, _, entry = name.partition(".")
        if entry:
            held = levers.get(stem, {})
            levers[stem] = {**(held if isinstance(held, Mapping) else {}), entry: value}
        else:
            levers[stem] = value
    return sequence.with_levers(**levers)


def _job(
    scenario: Scenario,
    sequences: list[Sequence],
    runs: int | range,
    rng: Rng,
    record: str | Iterable[str] | None,
    engine: str,
    method: str | Mapping[str, Any],
    protocol: Protocol | None,
    outcomes: Iterable[Outcome] | None,
    how: Execution,
) -> Job:
    numbers = _range(runs)
    rules = protocol or STANDARD
    if record is None:
        kept: tuple[str, ...] = ()
    elif isinstance(record, str):
        choose(record, ("weekly",), "set of variables to record")
        kept = rules.weekly
    else:
        kept = tuple(choose(name, rules.table, "variable") for name in dict.fromkeys(record))
    job = Job(
        scenario,
        tuple(sequences),
        _entropy(rng, how),
        numbers.stop,
        method,
        kept,
        choose(engine, ENGINES, "engine"),
        rules,
        rules.outcomes if outcomes is None else tuple(outcomes),
    )
    # Faults of the whole experiment are to be found before the first block, not in a worker.
    refuse_mistakes(rules, scenario, sequences[0], job.outcomes)
    if job.engine == "mesa":
        from settlesim.engines.vectorised.rehearsal import rehearse

        rehearse(scenario, sequences[0], rules, job.entropy)
    last = range(numbers.stop - 1, numbers.stop)
    worlds(scenario, last, entropy=job.entropy, method=method, total=job.total)
    for sequence in sequences:
        worlds(scenario, last, entropy=job.entropy, method="central", levers=sequence.levers)
    return job


def _entropy(rng: Rng, how: Execution) -> int:
    """Return the entropy asked for; without one, an unfinished experiment at the same place lends its own."""
    if rng is None and how.out is not None:
        begun = Parts(Path(how.out)).fingerprint()
        if begun is not None:
            return int(begun["entropy"])
    return entropy_of(rng)


def _finish(
    job: Job, sequences: list[Sequence], axes: Mapping[str, list[float]], runs: range, how: Execution
) -> xr.Dataset:
    assembly = execute(job, runs, how)
    attrs = provenance(
        job.scenario,
        entropy=job.entropy,
        engine=job.engine,
        method=job.method_name,
        protocol=job.protocol_name,
    )
    dataset = assembly.dataset(job.scenario, job.sequences, attrs)
    if axes:
        dataset = folded(dataset, sequences, axes)
    completed = int(assembly.done.sum())
    if completed < len(runs):
        warnings.warn(f"interrupted: {completed} of {len(runs)} runs were completed", stacklevel=3)
    if how.out is not None:
        save(dataset, how.out)
        if completed == len(runs):
            Parts(Path(how.out)).clear()
    return dataset
