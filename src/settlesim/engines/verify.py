"""Docking: both engines on the same fates, every variable, every week, compared bit for bit and with its range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.worlds import Fates, entropy_of, worlds
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD

if TYPE_CHECKING:
    from settlesim.chance.worlds import Rng
    from settlesim.engines.reference import Entity
    from settlesim.model.trace import Trace
    from settlesim.scenario.scenario import Scenario
    from settlesim.scenario.sequence import Sequence

__all__ = ["Mismatch", "Verification", "Violation", "first_difference", "first_violation", "verify"]


@dataclass(frozen=True)
class Mismatch:
    """The first value in which the engines differ: in the earliest week, by the earliest item of the protocol."""

    sequence: str
    week: int
    rule: str
    variable: str
    entity: str
    run: int
    numpy: Any
    mesa: Any

    def __str__(self) -> str:
        where = f"{self.variable} of {self.entity}" if self.entity else self.variable
        values = f"numpy has {self.numpy!r}, mesa has {self.mesa!r}"
        return f"{self.sequence}, run {self.run}, week {self.week}: after {self.rule!r}, {where}: {values}"


@dataclass(frozen=True)
class Violation:
    """The first value outside the range that its variable declares, in the order of a `Mismatch`."""

    sequence: str
    week: int
    rule: str
    variable: str
    entity: str
    run: int
    value: Any
    low: float
    high: float

    def __str__(self) -> str:
        where = f"{self.variable} of {self.entity}" if self.entity else self.variable
        allowed = f"{self.low:g} to {self.high:g}"
        place = f"{self.sequence}, run {self.run}, week {self.week}: after {self.rule!r}"
        return f"{place}, {where} is {self.value!r}, outside the range it declares, {allowed}"


@dataclass(frozen=True)
class Verification:
    """What a comparison of the engines found.

    Attributes
    ----------
    compared : dict
        Values compared by sequence.
    mismatches : tuple of Mismatch
        The first difference of each sequence that has one.
    violations : tuple of Violation
        The first value of each sequence that is outside the range its variable declares, or no number.
    """

    compared: dict[str, int]
    mismatches: tuple[Mismatch, ...]
    violations: tuple[Violation, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the engines agree in every bit, and every value lies in its declared range."""
        return not self.mismatches and not self.violations

    def __str__(self) -> str:
        lines = [f"{name}: {number:,} values compared" for name, number in self.compared.items()]
        lines += [f"MISMATCH {mismatch}" for mismatch in self.mismatches]
        lines += [f"OUT OF RANGE {violation}" for violation in self.violations]
        verdict = "the engines differ" if self.mismatches else "both engines agree, bit for bit"
        return "\n".join([*lines, verdict + (", on values out of range" if self.violations else "")])


def recorded(protocol: Protocol) -> tuple[str, ...]:
    """Return everything that can be compared: all variables but what is fixed for each commander, and its status."""
    return (*(v.name for v in protocol.variables if v.scope != "commander"), "status")


def _writers(protocol: Protocol) -> dict[str, tuple[int, str]]:
    """For every variable: place and name of the item that writes it first in a week."""
    found: dict[str, tuple[int, str]] = {}
    for place, item in enumerate(protocol.items):
        for name in item.writes:
            found.setdefault(name, (place, item.name))
    return found


def first_difference(numpy: Trace, mesa: Trace, protocol: Protocol) -> Mismatch | None:
    """Find the first value that differs between two weekly traces, in the order of weeks and of the protocol.

    Parameters
    ----------
    numpy, mesa : Trace
        The same runs from both engines, with the same variables recorded.
    protocol : Protocol
        Gives the order.

    Returns
    -------
    Mismatch or None
    """
    writers = _writers(protocol)
    first: tuple[int, int, str, tuple[int, ...]] | None = None
    for name, a in numpy.weekly.items():
        b = mesa.weekly[name]
        same = (a == b) | ((a != a) & (b != b)) if a.shape == b.shape else np.zeros(a.shape, bool)
        if same.all() and a.dtype.kind == b.dtype.kind:
            continue
        at = tuple(int(i) for i in np.argwhere(~same)[0]) if not same.all() else (0,) * a.ndim
        here = (at[0], writers.get(name, (-1, ""))[0], name, at)
        first = here if first is None else min(first, here)
    if first is None:
        return None
    week, _, name, at = first
    scope = protocol.table[name].scope
    entity = numpy.entities[scope][at[1]] if len(at) == 3 else ""
    rule = writers.get(name, (-1, "the start"))[1]
    a, b = numpy.weekly[name], mesa.weekly[name]
    values = (a[at].item(), b[at].item()) if a.shape == b.shape else (a.shape, b.shape)
    return Mismatch(numpy.sequence.name, week, rule, name, entity, numpy.runs[at[-1]], *values)


def first_violation(trace: Trace, protocol: Protocol) -> Violation | None:
    """Find the first value outside the range that its variable declares, in the order of weeks and of the protocol.

    Parameters
    ----------
    trace : Trace
        A weekly trace of either engine.
    protocol : Protocol
        Declares the ranges, and gives the order.

    Returns
    -------
    Violation or None
    """
    writers = _writers(protocol)
    begun = {name for item in protocol.setup for name in item.writes}
    found = []
    for name, values in trace.weekly.items():
        variable = protocol.table[name]
        low, high = variable.bounds
        # What is written each week before it is read has no value at the start.
        first = 0 if variable.start is not None or name in begun else 1
        rest = values[first:]
        if not rest.size or (rest.min() >= low and rest.max() <= high):
            continue
        at = tuple(int(i) for i in np.argwhere(~((rest >= low) & (rest <= high)))[0])
        at = (at[0] + first, *at[1:])
        found.append((at[0], writers.get(name, (-1, ""))[0], name, at))
    if not found:
        return None
    week, _, name, at = min(found)
    variable = protocol.table[name]
    entity = trace.entities[variable.scope][at[1]] if len(at) == 3 else ""
    rule = writers.get(name, (-1, "the start"))[1]
    value, run = trace.weekly[name][at].item(), trace.runs[at[-1]]
    return Violation(trace.sequence.name, week, rule, name, entity, run, value, variable.low, variable.high)


def verify(
    scenario: Scenario,
    *,
    sequences: Iterable[str | Sequence] | None = None,
    runs: int | range = 1,
    rng: Rng = 0,
    protocol: Protocol | None = None,
    method: str | Mapping[str, Any] = "monte_carlo",
    agents: Mapping[str, type[Entity]] | None = None,
) -> Verification:
    """Run both engines on the same fates, compare every variable of every week, and hold it against its range.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequences : iterable of str or Sequence, optional
        By default all of the scenario.
    runs : int or range
        Runs of each sequence; the reference model takes seconds for each at flagship size.
    rng : int, SeedSequence or Generator
        Entropy of all chance.
    protocol : Protocol, optional
        A protocol of your own.
    method : str or mapping
        How parameters are drawn.
    agents : mapping, optional
        Agent classes of your own for the reference model, as for `settlesim.reference.SettlementModel`: a behaviour
        tried there as a method is so compared with the rule that it became.

    Returns
    -------
    Verification
        ``ok``, the number of values compared, and the first difference or value out of range with the rule that
        made it.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> verify(load("two-party"), sequences=["talk"], rng=7).ok
    True
    """
    from settlesim.engines import reference
    from settlesim.engines.vectorised import engine

    rules, entropy = protocol or STANDARD, entropy_of(rng)
    numbers = runs if isinstance(runs, range) else range(runs)
    chosen = [scenario.sequence(s) for s in (scenario.sequences if sequences is None else sequences)]
    compared: dict[str, int] = {}
    mismatches, violations = [], []
    for plan in chosen:
        fates = Fates(entropy, numbers)
        world = worlds(scenario, numbers, entropy=entropy, method=method, total=len(numbers), levers=plan.levers)
        record = recorded(rules)
        traces = [
            engine.run(scenario, plan, worlds=world, fates=fates, protocol=rules, record=record),
            reference.run(scenario, plan, worlds=world, fates=fates, protocol=rules, record=record, agents=agents),
        ]
        compared[plan.name] = sum(values.size for values in traces[0].weekly.values())
        difference = first_difference(traces[0], traces[1], rules)
        if difference is not None:
            mismatches.append(difference)
        violation = first_violation(traces[0], rules)
        if violation is not None:
            violations.append(violation)
    return Verification(compared, tuple(mismatches), tuple(violations))
