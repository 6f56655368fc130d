"""All chance, drawn before the first week: luck (`Fates`) and the parameters of worlds (`worlds`).

A simulation is a deterministic function of a world, its fates and a sequence.  How luck is addressed
is described in `settlesim.chance.fates`; parameters are drawn here, each at the address ``("world", name)``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from settlesim.chance.fates import Fates, Floats, Rng, entropy_of
from settlesim.errors import UsageError, choose
from settlesim.scenario.parameters import Address, Quantity, resolve
from settlesim.scenario.scenario import Scenario

__all__ = ["METHODS", "Fates", "Floats", "Rng", "entropy_of", "worlds"]

METHODS: tuple[str, ...] = ("monte_carlo", "latin_hypercube", "sobol", "central")


def worlds(
    scenario: Scenario,
    runs: range,
    *,
    entropy: int,
    method: str | Mapping[str, Any] = "monte_carlo",
    total: int | None = None,
    levers: Mapping[str, Any] | None = None,
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
    method : {"monte_carlo", "latin_hypercube", "sobol", "central"} or mapping
        ``monte_carlo`` addresses every draw by run and name.  ``latin_hypercube`` stratifies each parameter
        over all `total` runs and still depends on no other parameter.  ``sobol`` fills the space of all
        parameters evenly; it needs a power of two of runs and depends on the order of the parameters.
        ``central`` draws nothing.  A mapping is a design of one's own: name -> quantiles in [0, 1] by run
        number; parameters it leaves out are drawn by Monte Carlo.
    total : int, optional
        Number of runs of the whole experiment, for the methods that spread points over it.
    levers : mapping, optional
        Numbers that replace draws: name -> number, name -> {entry: number}, or ``"name.entry"`` -> number.
        A number given for a name that has several sets them all.  Nothing else is drawn differently.

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
    Monte Carlo draws have the address ``("world", name)``.  A Latin hypercube holds `total` points of every
    parameter in memory; the other methods hold nothing beyond the block.
    """
    numbers = {str(quantity.address): quantity for quantity in scenario.quantities()}
    constant = _constants(numbers, levers or {})
    # Sobol points hang together: for the others to stay as they are, fixed numbers keep their dimension.
    free = tuple(name for name, number in numbers.items() if method == "sobol" or number.uncertain)
    drawn: dict[str, Floats] = {}
    if isinstance(method, str):
        choose(method, METHODS, "method")
        if method != "central":
            drawn = _quantiles(free, runs, entropy, method, total)
    else:
        drawn = _quantiles(free, runs, entropy, "monte_carlo", None)
        for name, column in method.items():
            choose(name, map(str, resolve(name, numbers.values())), "parameter")
            drawn[name] = _design(name, column, runs)
    out: dict[str, Floats] = {}
    for name, number in numbers.items():
        if name in constant:
            out[name] = np.full(len(runs), constant[name])
        elif name in drawn:
            out[name] = np.asarray(number.prior.ppf(drawn[name]), dtype=np.float64)
        else:
            out[name] = np.full(len(runs), number.prior.central)
    return _normalised(scenario, out)


def _constants(numbers: Mapping[str, Quantity], levers: Mapping[str, Any]) -> dict[str, float]:
    given: dict[str, float] = {}
    for name, value in levers.items():
        entries = value if isinstance(value, Mapping) else {"": value}
        for entry, number in entries.items():
            for address in resolve(str(Address(name, entry)), numbers.values()):
                given[str(address)] = number
    for name, value in given.items():
        low, high = numbers[name].range
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise UsageError(f"{name} must be set to a number, not to {value!r}")
        if not low <= value <= high or not np.isfinite(value):
            raise UsageError(f"{name} = {value:g} is outside its range, {low:g} to {high:g}")
    return {name: float(value) for name, value in given.items()}


def _quantiles(names: tuple[str, ...], runs: range, entropy: int, method: str, total: int | None) -> dict[str, Floats]:
    if method == "monte_carlo":
        fates = Fates(entropy, runs)
        return {name: fates.uniform("world", name) for name in names}
    if total is None or total < runs.stop:
        raise UsageError(f"method {method!r} needs total, the experiment's number of runs, at least {runs.stop}")
    if method == "latin_hypercube":
        columns = _hypercube(entropy, names, total)
        return {name: column[runs.start : runs.stop] for name, column in columns.items()}
    return dict(zip(names, _sobol(entropy, len(names), runs, total), strict=True)) if names else {}


@lru_cache(maxsize=1)
def _hypercube(entropy: int, names: tuple[str, ...], total: int) -> dict[str, Floats]:
    from scipy.stats.qmc import LatinHypercube

    # A Latin hypercube pairs its columns at random, so each may be drawn on its own, from its own address.
    return {name: LatinHypercube(1, rng=_generator(entropy, name)).random(total)[:, 0] for name in names}


def _sobol(entropy: int, columns: int, runs: range, total: int) -> Iterable[Floats]:
    from scipy.stats.qmc import Sobol

    if total & (total - 1):
        lower = 1 << total.bit_length() - 1
        raise UsageError(f"Sobol points need a power of two of runs: {lower} or {2 * lower}, not {total}")
    engine = Sobol(columns, scramble=True, rng=_generator(entropy, "sobol points"))
    if runs.start:
        engine.fast_forward(runs.start)
        return np.ascontiguousarray(engine.random(len(runs)).T)
    # scipy warns when the first points are not a power of two in number; only the whole experiment has to be.
    size = 1 << (len(runs) - 1).bit_length()
    return np.ascontiguousarray(engine.random(size)[: len(runs)].T)


def _generator(entropy: int, name: str) -> np.random.Generator:
    key = int.from_bytes(hashlib.blake2b(f"world/{name}".encode(), digest_size=16).digest(), "little")
    words = tuple(key >> shift & 0xFFFFFFFF for shift in range(0, 128, 32))
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy, spawn_key=words)))


def _design(name: str, column: Any, runs: range) -> Floats:
    values = np.asarray(column, dtype=np.float64)
    if values.ndim != 1 or len(values) < runs.stop:
        shape = "x".join(map(str, values.shape))
        raise UsageError(f"the design gives {shape} quantiles of {name}, it must give one for each run")
    values = values[runs.start : runs.stop]
    if not bool(np.all((values >= 0) & (values <= 1))):
        raise UsageError(f"the design's quantiles of {name} must lie between 0 and 1")
    return values


def _normalised(scenario: Scenario, out: dict[str, Floats]) -> dict[str, Floats]:
    pie = [str(Address("concession_value", name)) for name, c in scenario.concessions.items() if c.pie]
    total: Any = 0.0
    for name in pie:
        total = total + out[name]
    scale = np.maximum(total, 1.0)
    for name in pie:
        out[name] = out[name] / scale
    return out
