"""Parameters held at every combination of some values, over common worlds and luck."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from settlesim.chance.sampling import Sampling
from settlesim.chance.worlds import Rng
from settlesim.errors import UsageError
from settlesim.experiments.execution import Execution, carry_out
from settlesim.experiments.request import Request, selected
from settlesim.model.outcome import Outcome
from settlesim.results.grid import folded
from settlesim.scenario.parameters import nested
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["sweep"]


def sweep(
    scenario: Scenario,
    grid: Mapping[str, Iterable[float]],
    *,
    sequences: Iterable[str | Sequence] | None = None,
    runs: int | range = 1000,
    rng: Rng = None,
    engine: str = "numpy",
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
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
    chosen = selected(scenario, sequences)
    axes = {name: [float(value) for value in values] for name, values in grid.items()}
    if not axes or not all(axes.values()):
        raise UsageError("the grid needs at least one parameter, and each of them at least one value")
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    numbers = tuple(scenario.quantities())
    request = Request(
        scenario,
        tuple(q.with_levers(**nested(point, numbers, q.levers)) for point in points for q in chosen),
        runs=runs,
        rng=rng,
        engine=engine,
        method=method,
        outcomes=outcomes,
    )
    how = execution or Execution()
    return carry_out(request.job(how.out), request.numbers, how, lambda flat: folded(flat, chosen, axes))
