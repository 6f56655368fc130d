"""All chance, drawn before the first week: luck (`Fates`) and the parameters of worlds (`worlds`).

A simulation is a deterministic function of a world, its fates and a sequence.  How luck is addressed
is described in `settlesim.chance.fates`; parameters are drawn here, each at the address ``("world", name)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from settlesim.chance.fates import Fates, Floats, Rng, entropy_of
from settlesim.chance.sampling import METHODS, Sampling, quantiles, sampling_of
from settlesim.errors import UsageError, choose
from settlesim.scenario.parameters import Address, Quantity, resolve
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.settings import checked

__all__ = ["METHODS", "Fates", "Floats", "Rng", "constants", "entropy_of", "free_numbers", "pie_values", "worlds"]


def worlds(
    scenario: Scenario,
    runs: range,
    *,
    entropy: int,
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
    total: int | None = None,
    levers: Mapping[str, Any] | None = None,
    values: Mapping[str, Floats] | None = None,
) -> dict[str, Floats]:
    """Draw the parameters of some runs from their priors.

    Parameters
    ----------
    scenario : Scenario
        The conflict, of which only the numbers are asked for.
    runs : range
        Numbers of the runs, consecutive.
    entropy : int
        From `entropy_of`.
    method : {"monte_carlo", "latin_hypercube", "latin_hypercube_2", "sobol", "central"}, Sampling or mapping
        ``monte_carlo`` addresses every draw by run and name.  ``latin_hypercube`` stratifies each parameter over all
        `total` runs and still depends on no other parameter.  ``latin_hypercube_2`` and ``sobol`` fill the space of
        the uncertain parameters evenly; they need a suitable number of runs, and their points belong to the set of
        uncertain parameters: see the notes.  ``central`` draws nothing.  A mapping is a design of one's own: name ->
        quantiles in [0, 1] by run number; parameters it leaves out are drawn by Monte Carlo.
    total : int, optional
        Number of runs of the whole experiment, for the methods that spread points over it; that of a `Sampling` comes
        first.
    levers : mapping, optional
        Numbers that replace draws: name -> number, name -> {entry: number}, or ``"name.entry"`` -> number.
        A number given for a name that has several sets them all.  Nothing else is drawn differently.
    values : mapping, optional
        Numbers that replace draws run by run: address -> shape (R,).  Levers come before them.

    Returns
    -------
    dict
        Address, as text -> array of shape (R,).  The values of the concessions that make up the pie are scaled
        down, all by the same factor, in runs in which they would sum to more than one.

    Raises
    ------
    UsageError
        For an unknown method or lever, a lever outside its parameter's range, or an unsuitable `total`.

    Notes
    -----
    Monte Carlo draws have the address ``("world", name)``.  Latin hypercubes hold `total` points of every parameter in
    memory; the other methods hold nothing beyond the block.

    Sobol points and hypercubes of strength 2 have one dimension for each uncertain parameter, in the order of
    `Scenario.quantities`; fixed numbers take none.  To free a fixed number, or to fix a free one, therefore moves
    every point: two scenarios meet the same Sobol worlds only if the same numbers are uncertain in both.  A lever
    fixes nothing in this sense: it replaces what was drawn and moves no other number.
    """
    numbers = {str(quantity.address): quantity for quantity in scenario.quantities()}
    constant = constants(numbers, levers or {})
    how = sampling_of(method)
    drawn = quantiles(free_numbers(scenario), runs, entropy=entropy, how=how, total=how.total or total)
    if isinstance(method, Mapping):
        for name, column in method.items():
            choose(name, map(str, resolve(name, numbers.values())), "parameter")
            drawn[name] = _design(name, column, runs)
    out: dict[str, Floats] = {}
    for name, number in numbers.items():
        if name in constant:
            out[name] = np.full(len(runs), constant[name])
        elif values is not None and name in values:
            out[name] = np.array(values[name], np.float64)
        elif name in drawn:
            out[name] = np.asarray(number.prior.ppf(drawn[name]), dtype=np.float64)
        else:
            out[name] = np.full(len(runs), number.prior.central)
    return _normalised(scenario, out)


def free_numbers(scenario: Scenario) -> tuple[str, ...]:
    """Return the addresses of the uncertain numbers, in the order of the walk: the dimensions of a designed sample."""
    return tuple(str(quantity.address) for quantity in scenario.quantities() if quantity.uncertain)


def constants(numbers: Mapping[str, Quantity], levers: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers that levers set, by address.

    Raises
    ------
    UsageError
        For an unknown lever, one outside its parameter's range, or a number that two of them set.
    """
    return checked(levers, numbers.values(), "levers") if levers else {}


def _design(name: str, column: Any, runs: range) -> Floats:
    values = np.asarray(column, dtype=np.float64)
    if values.ndim != 1 or len(values) < runs.stop:
        shape = "x".join(map(str, values.shape))
        raise UsageError(f"the design gives {shape} quantiles of {name}, it must give one for each run")
    values = values[runs.start : runs.stop]
    if not bool(np.all((values >= 0) & (values <= 1))):
        raise UsageError(f"the design's quantiles of {name} must lie between 0 and 1")
    return values


def pie_values(scenario: Scenario) -> list[str]:
    """Return the addresses of the values that are scaled down together where they sum to more than the pie."""
    return [str(Address("concession_value", name)) for name, c in scenario.concessions.items() if c.pie]


def _normalised(scenario: Scenario, out: dict[str, Floats]) -> dict[str, Floats]:
    pie = pie_values(scenario)
    total: Any = 0.0
    for name in pie:
        total = total + out[name]
    scale = np.maximum(total, 1.0)
    for name in pie:
        out[name] = out[name] / scale
    return out
