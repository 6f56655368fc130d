"""A run of a result found again: its scenario, sequence, world and luck, whatever method drew it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.sampling import METHODS, Sampling
from settlesim.chance.worlds import Floats, constants, pie_values, worlds
from settlesim.errors import SettlesimError, UsageError, choose
from settlesim.experiments.evaluate import held
from settlesim.experiments.job import Job
from settlesim.model.protocol import Protocol
from settlesim.results.dataset import version
from settlesim.scenario.files import load
from settlesim.scenario.plan import Plan
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.settings import nested

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["FoundRun", "found_again"]


@dataclass(frozen=True)
class FoundRun:
    """All that one run of a result is made of.

    Attributes
    ----------
    scenario, sequence
        The conflict, and the order of talks with its levers.
    worlds : dict
        Address -> value, shape (1,).
    entropy : int
        Of the experiment.
    runs : range
        The number of the run whose luck it has.
    where : str
        Which run of the result it is, in words.
    """

    scenario: Scenario
    sequence: Sequence
    worlds: dict[str, Floats]
    entropy: int
    runs: range
    where: str


def found_again(
    result: xr.Dataset,
    *,
    scenario: Scenario | None = None,
    sequence: str | None = None,
    run: int | None = None,
    point: int | None = None,
    luck: int | None = None,
    protocol: Protocol | None = None,
) -> FoundRun:
    """Find what one run of a result is made of.

    Parameters
    ----------
    result : xarray.Dataset
        From `simulate`, `compare`, `sweep` (one point of its grid, chosen by ``sel``), `orders` or `evaluate`.
    scenario : Scenario, optional
        The conflict, where the result is not of a shipped one.
    sequence : str, optional
        Name of one of the result's sequences or orders; not needed where it has one.
    run : int, optional
        Number of the run.
    point, luck : int, optional
        Numbers of the point and of the luck, in place of `run`, of a result of `evaluate`.
    protocol : Protocol, optional
        The protocol, where it was not the standard one.

    Raises
    ------
    UsageError
        If the result is of another version, another scenario or another protocol, or has no such run.
    """
    attrs = result.attrs
    if "scenario_digest" not in attrs or "entropy" not in attrs:
        raise UsageError("the dataset does not say what it was made of: give a result as settlesim returned it")
    if attrs["settlesim_version"] != version():
        raise UsageError(
            f"the result was made by settlesim {attrs['settlesim_version']}, and this is {version()}: its runs cannot "
            "be found again"
        )
    conflict = _scenario(attrs, scenario)
    _check_protocol(attrs, conflict, protocol)
    crossed = "luck" in result.coords
    told = {"point": point, "luck": luck} if crossed else {"run": run}
    other = [name for name, value in {"run": run, "point": point, "luck": luck}.items() if value is not None]
    wrong = next((name for name in other if name not in told), None)
    if wrong is not None or None in told.values():
        raise UsageError(f"say which run of the result is meant by {' and '.join(f'{name}=' for name in told)}")
    one = result
    for name, number in told.items():
        one = _at(one, name, number)
    one, plan = _line(one, sequence)
    swept = _swept(one, conflict)
    if swept:
        plan = plan.with_levers(**nested(swept, tuple(conflict.quantities()), plan.levers))
    world = _world(one, conflict, plan, None if crossed else run)
    if crossed:
        plan = held(plan, json.loads(attrs.get("given", "[]")))
    number = int(next(reversed(told.values())))  # type: ignore[arg-type]
    where = f"sequence {plan.name}, " + ", ".join(f"{name} {value}" for name, value in told.items())
    return FoundRun(conflict, plan, world, int(attrs["entropy"]), range(number, number + 1), where)


def _scenario(attrs: dict[str, Any], scenario: Scenario | None) -> Scenario:
    digest, name = attrs["scenario_digest"], attrs["scenario"]
    if scenario is not None:
        if scenario.digest() != digest:
            raise UsageError(
                f"the result is of another scenario than the one given: of {name!r} with digest {digest[:12]}, not "
                f"{scenario.name!r} with {scenario.digest()[:12]}"
            )
        return scenario
    try:
        shipped = load(name)
    except SettlesimError as error:
        raise UsageError(f"the result is of {name!r}, which is not shipped: give the scenario, scenario=...") from error
    if shipped.digest() != digest:
        raise UsageError(f"the result is of a changed {name!r}: give the scenario that it was made of, scenario=...")
    return shipped


def _check_protocol(attrs: dict[str, Any], scenario: Scenario, protocol: Protocol | None) -> None:
    plan = scenario.sequence(scenario.default_sequence)
    given = "standard" if protocol is None else Job(scenario, (plan,), 0, None, protocol=protocol).protocol_name
    if attrs["protocol"] != given:
        raise UsageError(f"the result was made under another protocol, {attrs['protocol']!r}: give it, protocol=...")


def _line(one: xr.Dataset, sequence: str | None) -> tuple[xr.Dataset, Sequence]:
    """A run under one of its sequences or orders, and this as it was defined."""
    what = "order" if "order" in one.coords else "sequence"
    dim = "slot" if "slot" in one.coords else what
    if what not in one.coords or not {"definition", "slot"} & {*one.coords}:
        raise UsageError("the result does not say how its sequences are defined, so that a run could be found again")
    names = [str(name) for name in np.atleast_1d(one[what].values)]
    if sequence is None:
        if len(names) > 1:
            usual = one.attrs.get("baseline_sequence")
            such = usual if usual in names else names[0]
            raise UsageError(f"say which {what} is meant, {what}=..., such as {such!r}")
        sequence = names[0]
    choose(sequence, names, what)
    line = one.isel({dim: names.index(sequence)}) if dim in one.dims else one
    if dim == "slot":
        # A world that meets a few of many orders has no room for the definition of each.
        return line, Plan.model_validate_json(one.attrs["plan_definition"]).order(sequence)
    return line, Sequence.model_validate_json(str(line["definition"].values.item()))


def _at(result: xr.Dataset, dim: str, number: int | None) -> xr.Dataset:
    numbers = np.atleast_1d(result[dim].values).tolist()
    if number not in numbers:
        lie = f"its {len(numbers):,} lie between {min(numbers)} and {max(numbers)}"
        raise UsageError(f"the result has no {dim} {number!r}: {lie}")
    return result.isel({dim: numbers.index(number)}) if dim in result.dims else result


def _swept(one: xr.Dataset, scenario: Scenario) -> dict[str, float]:
    swept: dict[str, float] = {}
    for key, variable in one.coords.items():
        if variable.attrs.get("role") != "swept":
            continue
        if variable.ndim:
            raise UsageError(f"choose a point of the sweep first: result.sel({key}=...)")
        name = str(key)
        numbers = {q.address.name for q in scenario.quantities()} | {str(q.address) for q in scenario.quantities()}
        swept[name if name in numbers else name.removesuffix("_drawn")] = float(variable)
    return swept


def _world(one: xr.Dataset, scenario: Scenario, plan: Sequence, run: int | None) -> dict[str, Floats]:
    """The world of a run as its method draws it again, or as the result holds it where a design was given."""
    attrs, kept = one.attrs, _kept(one, scenario)
    method = str(attrs["method"])
    if run is not None and method in METHODS:
        replicates, total = (None if attrs.get(key) is None else int(attrs[key]) for key in ("replicates", "total"))
        how = Sampling(method, replicates, total)
        alone = range(int(run), int(run) + 1)
        drawn = worlds(scenario, alone, entropy=int(attrs["entropy"]), method=how, total=total, levers=plan.levers)
        different = next((name for name, value in kept.items() if value != drawn[name][0]), None)
        if different is not None:
            raise UsageError(f"{different} of run {run} is not what the result's attributes say it was drawn as")
        return drawn
    numbers = {str(q.address): q for q in scenario.quantities()}
    set_by = constants(numbers, plan.levers)
    lacking = next((n for n, q in numbers.items() if q.uncertain and n not in kept and n not in set_by), None)
    if lacking is not None:
        raise UsageError(f"the result no longer holds {lacking}, and its points were given: no run can be found again")
    world = {name: kept.get(name, set_by.get(name, q.prior.central)) for name, q in numbers.items()}
    # A value that the result does not hold, since it is fixed, may have been scaled down with the others of the pie.
    if sum(world[name] for name in pie_values(scenario)) > 1 + 1e-9:
        raise UsageError("the result does not hold how the values of its concessions were scaled: no run can be found")
    return {name: np.array([value]) for name, value in world.items()}


def _kept(one: xr.Dataset, scenario: Scenario) -> dict[str, float]:
    """Parameters as the result holds them, those that it has a value of."""
    kept: dict[str, float] = {}
    for quantity in scenario.quantities():
        for key in (str(quantity.address), f"{quantity.address}_drawn"):
            variable = one.variables.get(key)
            if variable is not None and variable.attrs.get("role") == "parameter" and np.isfinite(variable.values):
                kept[str(quantity.address)] = float(variable.values)
                break
    return kept
