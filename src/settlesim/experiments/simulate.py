"""One sequence or several simulated many times over common luck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from settlesim.chance.sampling import Sampling
from settlesim.chance.worlds import Rng
from settlesim.experiments.execution import Execution, asked, carry_out
from settlesim.experiments.request import Request, selected
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["compare", "simulate"]


def simulate(
    scenario: Scenario,
    *,
    sequence: str | Sequence | None = None,
    runs: int | range = 1000,
    rng: Rng = None,
    record: str | Iterable[str] | None = None,
    engine: str = "numpy",
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
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
    method : {"monte_carlo", "latin_hypercube", "latin_hypercube_2", "sobol", "central"}, Sampling or mapping
        How parameters are drawn, see `settlesim.chance.worlds.worlds`; a `Sampling` says in how many replicates too.
    protocol : Protocol, optional
        What happens in a week.
    outcomes : iterable of Outcome, optional
        What to keep of a run; the standard outcomes by default.
    execution : Execution, optional
        Workers, size of blocks, progress, where to save.  It changes no number of the result.

    Returns
    -------
    xarray.Dataset
        Dimensions (sequence, run), with one sequence.

    Raises
    ------
    UsageError
        If a name is unknown or an option is out of range.
    Interrupted, Terminated
        After Ctrl-C or SIGTERM; its ``result`` holds the runs completed so far.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> result = simulate(load("two-party"), runs=20, rng=7)
    >>> dict(result.settled.sizes)
    {'sequence': 1, 'run': 20}
    """
    how = asked(scenario, execution)
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
    return carry_out(request.job(how.out), request.numbers, how)


def compare(
    scenario: Scenario,
    sequences: Iterable[str | Sequence] | None = None,
    *,
    runs: int | range = 1000,
    rng: Rng = None,
    record: str | Iterable[str] | None = None,
    engine: str = "numpy",
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
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
    how = asked(scenario, execution)
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
    return carry_out(request.job(how.out), request.numbers, how)
