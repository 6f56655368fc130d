"""One run of an experiment simulated again, with its whole course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.sampling import Sampling
from settlesim.chance.worlds import Fates, Rng, entropy_of, worlds
from settlesim.errors import UsageError
from settlesim.experiments.found_again import FoundRun, found_again
from settlesim.experiments.job import engine_of
from settlesim.experiments.request import heed_changes
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["one_run", "replay_trace", "traced"]


def replay_trace(
    source: Scenario | xr.Dataset,
    *,
    scenario: Scenario | None = None,
    sequence: str | Sequence | None = None,
    order: str | None = None,
    run: int | None = None,
    point: int | None = None,
    luck: int | None = None,
    rng: Rng = None,
    record: Iterable[str] | None = None,
    engine: str = "numpy",
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
    total: int | None = None,
    protocol: Protocol | None = None,
) -> Trace:
    """Simulate one run of an experiment again and keep its whole course.

    Parameters
    ----------
    source : xarray.Dataset or Scenario
        A result, which knows entropy, method, sequences and levers: its very run is simulated again.  Or the conflict,
        with what the experiment was asked for.
    scenario : Scenario, optional
        The conflict of a result, where that is none of the shipped ones as they are.
    sequence : str or Sequence, optional
        Of a conflict by default its default sequence; of a result one of its own, by name.
    order : str, optional
        In place of `sequence`, of a result of `orders`: the order's name.
    run : int
        Number of the run.
    point, luck : int
        In place of `run`, of a result of `evaluate`.
    rng : int, SeedSequence or Generator
        The entropy of the experiment, of a conflict.
    record : iterable of str, optional
        Variables to keep; by default every one but the commanders'.
    engine, protocol
        As in the experiment.
    method, total
        As in the experiment, of a conflict; `total` is its number of runs, which Latin hypercubes need.

    Returns
    -------
    Trace
        Of one run; `weekly` holds what was recorded.

    Raises
    ------
    UsageError
        If the result is of another scenario, version or protocol, has no such run, or is given together with what it
        says itself.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> trace = replay_trace(load("two-party"), run=4711, rng=7)
    >>> trace.runs
    range(4711, 4712)
    >>> result = simulate(load("two-party"), runs=4, rng=7, method="latin_hypercube")
    >>> float(replay_trace(result, run=3).final["deaths"][0]) == float(result.deaths.sel(run=3).item())
    True
    """
    found = one_run(
        source,
        scenario=scenario,
        sequence=sequence,
        order=order,
        run=run,
        point=point,
        luck=luck,
        rng=rng,
        method=method,
        total=total,
        protocol=protocol,
    )
    return traced(found, record=record, engine=engine, protocol=protocol)


def traced(
    found: FoundRun, *, record: Iterable[str] | None = None, engine: str = "numpy", protocol: Protocol | None = None
) -> Trace:
    """Simulate a run that was found again."""
    rules = protocol or STANDARD
    kept = tuple(record or (v.name for v in rules.variables if v.scope != "commander"))
    return engine_of(engine)(
        found.scenario,
        found.sequence,
        worlds=found.worlds,
        fates=Fates(found.entropy, found.runs),
        protocol=rules,
        record=kept,
    )


def one_run(
    source: Scenario | xr.Dataset,
    *,
    scenario: Scenario | None = None,
    sequence: str | Sequence | None = None,
    order: str | None = None,
    run: int | None = None,
    point: int | None = None,
    luck: int | None = None,
    rng: Rng = None,
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
    total: int | None = None,
    protocol: Protocol | None = None,
) -> FoundRun:
    """Return what the run is made of that the arguments of `replay_trace` mean.

    Raises
    ------
    UsageError
        As `replay_trace`.
    """
    if order is not None:
        if sequence is not None or isinstance(source, Scenario) or "order" not in getattr(source, "coords", ()):
            raise UsageError("order= names one of a result of ss.orders; else say sequence=, and only one of the two")
        sequence = order
    if not isinstance(source, Scenario):
        if rng is not None or method != "monte_carlo" or total is not None:
            raise UsageError("a result knows its rng, method and total: leave them out")
        if isinstance(sequence, Sequence):
            raise UsageError(f"a result knows how its sequences are defined: give the name, {sequence.name!r}")
        return found_again(
            source, scenario=scenario, sequence=sequence, run=run, point=point, luck=luck, protocol=protocol
        )
    if scenario is not None or point is not None or luck is not None:
        raise UsageError("scenario, point and luck are for runs of a result: give the result first")
    if rng is None:
        raise UsageError("which run it is depends on the experiment's rng: give it, or the result itself")
    plan = source.sequence(source.default_sequence if sequence is None else sequence)
    heed_changes(source, (plan,))
    if isinstance(run, bool) or not isinstance(run, (int, np.integer)) or run < 0:
        raise UsageError(f"run must be a whole number from 0 on, got {run!r}")
    alone = range(int(run), int(run) + 1)
    entropy = entropy_of(rng)
    world = worlds(source, alone, entropy=entropy, method=method, total=total, levers=plan.levers)
    return FoundRun(source, plan, world, entropy, alone, f"sequence {plan.name}, run {run}")
