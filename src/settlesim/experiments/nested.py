"""Worlds that each meet luck of their own, so that luck can be averaged out of every world."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.worlds import Fates, Rng, entropy_of
from settlesim.errors import Interrupted, Terminated, UsageError
from settlesim.experiments.execution import Execution
from settlesim.experiments.simulate import compare
from settlesim.model.outcome import Outcome
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["nested"]


def nested(
    scenario: Scenario,
    sequences: Iterable[str | Sequence] | None = None,
    *,
    worlds: int = 500,
    luck: int = 20,
    rng: Rng = None,
    engine: str = "numpy",
    outcomes: Iterable[Outcome] | None = None,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Simulate sequences in worlds drawn from the priors, each world several times, with luck of its own.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequences : iterable of str or Sequence, optional
        By default all of the scenario.
    worlds : int
        How many worlds; world i has the parameters of run i of `simulate` under the same `rng`.
    luck : int
        How often each world is simulated under each sequence.
    rng, engine, outcomes, execution
        As for `simulate`.

    Returns
    -------
    xarray.Dataset
        Dimensions (point, sequence, luck), as from `evaluate`; parameters are variables on ``point``.  Luck l of world
        i is run ``i luck + l``, the same for every sequence.  The attribute ``luck_design`` is ``"own"``.

    Raises
    ------
    UsageError
        As `compare`; also for fewer than two worlds or lucks.

    Notes
    -----
    `evaluate` crosses one set of luck with all points, which compares points best.  Then the luck that points have in
    common moves them all together, and an average over points keeps an error that more points do not lessen.  Where
    worlds are averaged, or counted, luck of their own is better for the same number of runs.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> result = nested(load("two-party"), ["talk", "no_talks"], worlds=3, luck=4, rng=7)
    >>> result.settled.dims, result.settled.shape
    (('point', 'sequence', 'luck'), (3, 2, 4))
    """
    for name, number in (("worlds", worlds), ("luck", luck)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 2:
            raise UsageError(f"{name} must be a whole number of at least 2, got {number!r}")
    entropy = entropy_of(rng)
    drawn = Fates(entropy, range(worlds))
    uncertain = (str(q.address) for q in scenario.quantities() if q.uncertain)
    design = {name: np.repeat(drawn.uniform("world", name), luck) for name in uncertain}
    try:
        flat = compare(
            scenario,
            sequences,
            runs=worlds * luck,
            rng=entropy,
            engine=engine,
            method=design,
            outcomes=outcomes,
            execution=execution,
        )
    except (Interrupted, Terminated) as stop:
        stop.result = None if stop.result is None else _folded(stop.result, luck)
        raise
    return _folded(flat, luck)


def _folded(flat: xr.Dataset, luck: int) -> xr.Dataset:
    """Turn runs into worlds times luck; worlds that an interruption left without all their luck are dropped."""
    import xarray as xr

    numbers = flat["run"].values
    world, counts = np.unique(numbers // luck, return_counts=True)
    whole = world[counts == luck]
    flat = flat.isel(run=np.isin(numbers // luck, whole))
    variables: dict[Any, Any] = {}
    for name, variable in flat.data_vars.items():
        if "run" not in variable.dims:
            variables[name] = variable.variable
        elif variable.attrs.get("role") == "parameter":
            other = [d for d in variable.dims if d != "run"]
            data = variable.transpose("run", *other).values[::luck]
            variables[name] = (("point", *other), data, variable.attrs)
        else:
            other = [d for d in variable.dims if d not in ("sequence", "run")]
            data = variable.transpose("run", "sequence", *other).values
            data = np.moveaxis(data.reshape(len(whole), luck, *data.shape[1:]), 1, 2)
            variables[name] = (("point", "sequence", "luck", *other), data, variable.attrs)
    coords: dict[Any, Any] = {name: c.variable for name, c in flat.coords.items() if "run" not in c.dims}
    coords["point"] = ("point", whole, {"long_name": "number of the world"})
    coords["luck"] = ("luck", np.arange(luck), {"long_name": "number of the luck within its world"})
    attrs = {**flat.attrs, "method": "nested", "luck_design": "own"}
    return xr.Dataset(variables, coords, attrs)
