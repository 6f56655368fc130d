"""All that determines the result of an experiment, and how one block of its runs is computed."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from settlesim.chance.worlds import Fates, worlds
from settlesim.errors import choose
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.results.dataset import Block, collect
from settlesim.results.outcomes import STANDARD_OUTCOMES
from settlesim.results.stores import compact
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["ENGINES", "ITEMS", "Job", "compute", "engine_of"]

# Items of the standard protocol by name.
ITEMS = {item.name: item for item in STANDARD.items}
ENGINES = {"numpy": "settlesim.engines.vectorised.engine", "mesa": "settlesim.engines.reference"}


def engine_of(name: str) -> Callable[..., Trace]:
    """Return the function ``run`` of an engine, importing it only now."""
    module = importlib.import_module(ENGINES[choose(name, ENGINES, "engine")])
    run: Callable[..., Trace] = module.run
    return run


@dataclass(frozen=True)
class Job:
    """All that determines the result of a run, and nothing about how or where it is computed."""

    scenario: Scenario
    sequences: tuple[Sequence, ...]
    entropy: int
    total: int
    method: str | Mapping[str, Any] = "monte_carlo"
    record: tuple[str, ...] = ()
    engine: str = "numpy"
    protocol: Protocol = STANDARD
    outcomes: tuple[Outcome, ...] = STANDARD_OUTCOMES

    @cached_property
    def drawn(self) -> tuple[str, ...]:
        """Names of the parameters to keep: the uncertain ones, and those set by a sequence's levers."""
        levers = {name for sequence in self.sequences for name in sequence.levers}
        numbers = self.scenario.quantities()
        return tuple(str(q.address) for q in numbers if q.uncertain or q.address.name in levers)

    @property
    def method_name(self) -> str:
        """The method, or ``design`` with a fingerprint of the points."""
        if isinstance(self.method, str):
            return self.method
        digest = hashlib.sha256()
        for name in sorted(self.method):
            digest.update(name.encode() + np.asarray(self.method[name], float).tobytes())
        return f"design {digest.hexdigest()[:16]}"

    @property
    def protocol_name(self) -> str:
        """``standard``, or the items by which a protocol differs from it."""
        if self.protocol == STANDARD:
            return "standard"
        changed = [f"+{item.name}" for item in self.protocol.items if ITEMS.get(item.name) != item]
        missing = [f"-{name}" for name in ITEMS if name not in self.protocol.names]
        return "standard " + " ".join(changed + missing or ["reordered"])

    def fingerprint(self) -> dict[str, Any]:
        """Return what two jobs must share for the blocks of one to serve the other."""
        spread = self.total if self.method in ("latin_hypercube", "sobol") else None
        return {
            "scenario": self.scenario.digest(),
            "sequences": [s.model_dump(mode="json") for s in self.sequences],
            "entropy": str(self.entropy),
            "method": self.method_name,
            "total": spread,
            "record": list(self.record),
            "engine": self.engine,
            "protocol": self.protocol_name,
            "outcomes": [outcome.name for outcome in self.outcomes],
        }


def compute(job: Job, runs: range, advance: Callable[[int], Any] | None = None) -> Block:
    """Simulate a block of runs under every sequence: same luck, and same worlds but for levers.

    `advance` is called after each sequence with the number of runs that are done.
    """
    run = engine_of(job.engine)
    fates = Fates(job.entropy, runs)
    drawn: dict[str, Any] = {}
    traces = []
    for sequence in job.sequences:
        key = compact(sequence.model_dump(mode="json", include={"levers"}))
        if key not in drawn:
            drawn[key] = worlds(
                job.scenario,
                runs,
                entropy=job.entropy,
                method=job.method,
                total=job.total,
                levers=sequence.levers,
            )
        traces.append(
            run(
                job.scenario,
                sequence,
                worlds=drawn[key],
                fates=fates,
                protocol=job.protocol,
                record=job.record,
            )
        )
        if advance is not None:
            advance(len(runs))
    return collect(traces, job.outcomes, job.drawn)
