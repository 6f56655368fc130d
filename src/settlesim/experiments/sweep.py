"""Parameters held at every combination of some values, over common worlds and luck."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from settlesim.chance.sampling import Sampling
from settlesim.chance.worlds import Rng
from settlesim.errors import UsageError
from settlesim.experiments.execution import Execution, asked, carry_out
from settlesim.experiments.request import Request, refuse_levers, selected
from settlesim.model.outcome import Outcome
from settlesim.results.grid import folded
from settlesim.scenario.parameters import resolve
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.settings import addressed, checked, nested

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
        As `compare`, and if the grid is empty, names a parameter that is unknown or that a sequence holds by a
        lever, or has values that are no numbers, come twice or are out of range.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> result = sweep(load("two-party"), {"surrender_frame": [0, 0.1]}, runs=10, rng=7)
    >>> result.settled.mean("run").dims
    ('surrender_frame', 'sequence')
    """
    how = asked(scenario, execution)
    chosen = selected(scenario, sequences)
    if not isinstance(grid, Mapping):
        raise UsageError(f'a grid is a mapping of name to values, such as {{"guarantee": [0.1, 0.4]}}, not {grid!r}')
    axes = {name: _values(name, values) for name, values in grid.items()}
    if not axes or not all(axes.values()):
        raise UsageError("the grid needs at least one parameter, and each of them at least one value")
    numbers = tuple(scenario.quantities())
    for name, values in axes.items():
        for value in values:
            checked({name: value}, numbers, "grid")
    axes = {name: _numbers(name, values) for name, values in axes.items()}
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    addressed(points[0], numbers)
    refuse_levers(chosen, (str(one) for name in axes for one in resolve(name, numbers)), "grid gives")
    request = Request(
        scenario,
        tuple(q.with_levers(**nested(point, numbers, q.levers)) for point in points for q in chosen),
        runs=runs,
        rng=rng,
        engine=engine,
        method=method,
        outcomes=outcomes,
    )
    return carry_out(request.job(how.out), request.numbers, how, lambda flat: folded(flat, chosen, axes))


def _values(name: str, values: Iterable[float]) -> list[float]:
    """Return the values of one axis as they were given."""
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise UsageError(f"the grid gives a list of values for {name}, such as [0.1, 0.4], not {values!r}")
    return list(values)


def _numbers(name: str, values: list[float]) -> list[float]:
    """Return the values of one axis as floats, none of which equals another."""
    found: list[float] = []
    for value in values:
        if float(value) in found:
            raise UsageError(f"the grid gives {name} = {value:g} twice")
        found.append(float(value))
    return found
