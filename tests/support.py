"""What the tests of the model share: scenarios with changes, blocks of runs, corners of the priors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised import engine
from settlesim.model.trace import Trace
from settlesim.scenario.files import load
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence


@lru_cache
def shipped(name: str = "afghanistan-2018") -> Scenario:
    return load(name)


def changed(scenario: Scenario, **fields: Any) -> Scenario:
    """A scenario with other top-level declarations, checked again; claims and plans are about the war as it was."""
    tree = {**scenario.tree(), "claims": [], "plans": {}, **fields}
    for role in ("history_sequence", "reference_sequence"):
        if tree.get(role) not in tree["sequences"]:
            tree.pop(role, None)
    return Scenario.model_validate(tree)


def addresses(scenario: Scenario) -> list[str]:
    """What every number of a scenario is called, in the order of the walk."""
    return [str(quantity.address) for quantity in scenario.quantities()]


def block(
    scenario: Scenario,
    sequence: str | Sequence,
    runs: int | range = 32,
    *,
    entropy: int = 20180228,
    method: Any = "monte_carlo",
    protocol: Any = None,
    record: Any = (),
) -> Trace:
    """One block of runs of the numpy engine."""
    numbers = range(runs) if isinstance(runs, int) else runs
    plan = scenario.sequence(sequence)
    drawn = worlds(scenario, numbers, entropy=entropy, method=method, levers=plan.levers)
    return engine.run(scenario, plan, worlds=drawn, fates=Fates(entropy, numbers), protocol=protocol, record=record)


def different(a: Trace, b: Trace, columns: Any = slice(None), others: Any = slice(None)) -> list[str]:
    """Names of final variables that differ in any bit between runs of two traces."""
    return [
        name
        for name, value in a.final.items()
        if name in b.final and not np.array_equal(value[..., columns], b.final[name][..., others], equal_nan=True)
    ]
