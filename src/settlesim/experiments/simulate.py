"""One sequence or several simulated many times over common luck, and one run again in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.worlds import Fates, Rng, entropy_of, worlds
from settlesim.errors import UsageError
from settlesim.experiments.execution import Execution, carry_out
from settlesim.experiments.job import engine_of
from settlesim.experiments.request import Request, selected
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["compare", "replay_trace", "simulate"]


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
    request = Request(
        scenario,
        selected(scenario, [chosen]),
        runs=runs,
        rng=rng,
        record=record,
        engine=engine,
        method=method,
        protocol=protocol,
        outcomes=outcomes,
    )
    how = execution or Execution()
    return carry_out(request.job(how.out), request.numbers, how)


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
    request = Request(
        scenario,
        selected(scenario, sequences),
        runs=runs,
        rng=rng,
        record=record,
        engine=engine,
        method=method,
        protocol=protocol,
        outcomes=outcomes,
    )
    how = execution or Execution()
    return carry_out(request.job(how.out), request.numbers, how)


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
    plan = scenario.sequence(scenario.default_sequence if sequence is None else sequence)
    rules = protocol or STANDARD
    kept = tuple(record or (v.name for v in rules.variables if v.scope != "commander"))
    if isinstance(run, bool) or not isinstance(run, (int, np.integer)) or run < 0:
        raise UsageError(f"run must be a whole number from 0 on, got {run!r}")
    alone = range(int(run), int(run) + 1)
    entropy = entropy_of(rng)
    world = worlds(scenario, alone, entropy=entropy, method=method, total=total, levers=plan.levers)
    run_block = engine_of(engine)
    return run_block(scenario, plan, worlds=world, fates=Fates(entropy, alone), protocol=rules, record=kept)
