"""Runs of the reference model recorded as the numpy engine records its own: the same trace, for a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.fates import Fates
from settlesim.engines.reference.entity import Entity
from settlesim.engines.reference.settlement_model import SettlementModel
from settlesim.errors import on_line
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence as Plan

__all__ = ["run", "values_of"]


class _Unseen(SettlementModel):
    """A run of which no data are collected: its values are recorded by whoever steps it."""

    reporters: ClassVar[Mapping[str, tuple[str, ...]]] = {}


def run(
    scenario: Scenario,
    sequence: Plan,
    *,
    worlds: Mapping[str, NDArray[np.float64]],
    fates: Fates,
    protocol: Protocol | None = None,
    record: Iterable[str] = (),
    agents: Mapping[str, type[Entity]] | None = None,
) -> Trace:
    """Simulate a block of runs one after another; the same trace as the numpy engine's, bit for bit.

    Parameters
    ----------
    scenario, sequence, worlds, fates, protocol, record
        As for `settlesim.engines.vectorised.engine.run`.
    agents : mapping, optional
        Classes of agents to use, as for `SettlementModel`.

    Returns
    -------
    Trace
    """
    rules, names = protocol or STANDARD, tuple(record)
    finals: dict[str, list[Any]] = {}
    weekly: dict[str, list[Any]] = {}
    entities: dict[str, tuple[str, ...]] = {}
    for number in fates.runs:
        model = _Unseen(scenario, sequence, run=number, protocol=rules, agents=agents, worlds=worlds, fates=fates)
        course = {name: [values_of(model, name)] for name in names}
        while model.running:
            model.step()
            for name, rows in course.items():
                rows.append(values_of(model, name))
        for name, rows in course.items():
            rows += [rows[-1]] * (scenario.horizon + 1 - len(rows))
            weekly.setdefault(name, []).append(np.stack(rows))
        for variable in rules.variables:
            if variable.scope != "commander":
                finals.setdefault(variable.name, []).append(values_of(model, variable.name))
        entities = {scope: tuple(a.name for a in made) for scope, made in model.entities.items()}
    return Trace(
        scenario,
        sequence,
        fates.runs,
        entities,
        rules.table,
        {name: np.stack(values, axis=-1) for name, values in finals.items()},
        {name: np.stack(values, axis=-1) for name, values in weekly.items()},
        worlds,
    )


def batch_key(sequence: Plan) -> str:
    """Return what sequences must share to be simulated in one batch: nobody gains by it here, so each stands alone."""
    return sequence.name


def run_batch(
    scenario: Scenario, sequences: Sequence[Plan], *, worlds: Sequence[Mapping[str, Any]], **shared: Any
) -> list[Trace]:
    """Simulate a block of runs under several sequences, one after another, as `run` does under one."""
    traces = []
    for line, (sequence, drawn) in enumerate(zip(sequences, worlds, strict=True)):
        with on_line(line):
            traces.append(run(scenario, sequence, worlds=drawn, **shared))
    return traces


def values_of(model: SettlementModel, name: str) -> Any:
    """Return the values of a variable as they stand: one for the run, else one for each entity of its scope.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> model = SettlementModel(load("two-party"), run=17, rng=7)
    >>> values_of(model, "faction_fighters")
    array([5000])
    """
    scope = model.scope_of(name)
    kind: Any = model.kinds[name]
    if scope == "run":
        return kind(model.war.values[name])
    return np.array([kind(agent.values[name]) for agent in model.entities[scope]], dtype=kind)
