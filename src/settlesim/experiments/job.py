"""All that determines the result of an experiment, how a unit of it is computed, and the whole labelled."""

from __future__ import annotations

import hashlib
import importlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.sampling import Sampling, sampling_of
from settlesim.chance.worlds import Fates, worlds
from settlesim.errors import FaultError, choose
from settlesim.experiments.fault_shown import shown_by
from settlesim.experiments.identity import versions
from settlesim.experiments.order_designs import order_blocks
from settlesim.model.code_digest import joint_digest
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_digest import digests_of
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.results.dataset import Assembly, Block, collect, provenance
from settlesim.results.outcomes import STANDARD_OUTCOMES
from settlesim.results.stores import compact
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ENGINES", "ITEMS", "Job", "Unit", "batch_of", "engine_of", "forget_luck"]

# Items of the standard protocol by name.
ITEMS = {item.name: item for item in STANDARD.items}
ENGINES = {"numpy": "settlesim.engines.vectorised", "mesa": "settlesim.engines.reference"}


def engine_of(name: str) -> Callable[..., Trace]:
    """Return the function ``run`` of an engine, importing it only now."""
    module = importlib.import_module(ENGINES[choose(name, ENGINES, "engine")])
    run: Callable[..., Trace] = module.run
    return run


def batch_of(name: str) -> Callable[..., list[Trace]]:
    """Return the function ``run_batch`` of an engine: several sequences of one `batch_key`."""
    module = importlib.import_module(ENGINES[choose(name, ENGINES, "engine")])
    run_batch: Callable[..., list[Trace]] = module.run_batch
    return run_batch


@dataclass(frozen=True)
class Unit:
    """A piece of a job that is computed, kept and found again as one: some runs under some of its sequences.

    Attributes
    ----------
    lines : tuple of int
        Which of the job's lines, all of one `batch_key`.
    runs : range
        Numbers of the runs.
    """

    lines: tuple[int, ...]
    runs: range

    def __len__(self) -> int:
        return len(self.lines) * len(self.runs)


@dataclass(frozen=True)
class Job:
    """All that determines the result of a run, and nothing about where it is computed."""

    scenario: Scenario
    sequences: tuple[Sequence, ...]
    entropy: int
    total: int | None
    method: str | Sampling | Mapping[str, Any] = "monte_carlo"
    record: tuple[str, ...] = ()
    engine: str = "numpy"
    protocol: Protocol = STANDARD
    outcomes: tuple[Outcome, ...] = STANDARD_OUTCOMES
    # How many of the sequences each run meets, where it is dealt a few of its own; how many stay together.
    slots: int = 0
    group: int = 1

    @property
    def lines(self) -> int:
        """Number of results for each run: one for each sequence, or for each that it is dealt."""
        return self.slots or len(self.sequences)

    @cached_property
    def drawn(self) -> tuple[str, ...]:
        """Names of the parameters to keep: the uncertain ones, and those set by a sequence's levers."""
        levers = {name for sequence in self.sequences for name in sequence.levers}
        numbers = self.scenario.quantities()
        return tuple(str(q.address) for q in numbers if q.uncertain or q.address.name in levers)

    @property
    def shown(self) -> tuple[Sequence, ...]:
        """What stands along the lines of the result, each under a name of its own."""
        if not self.slots:
            return self.sequences
        return tuple(Sequence(f"slot {i + 1}") for i in range(self.slots))

    @cached_property
    def batches(self) -> tuple[tuple[int, ...], ...]:
        """Sequences that the engine can simulate in one call, by number; in the order of the first of each batch."""
        key = importlib.import_module(ENGINES[self.engine]).batch_key
        if self.slots:
            return (tuple(range(self.slots)),)
        found: dict[str, list[int]] = {}
        for number, sequence in enumerate(self.sequences):
            found.setdefault(key(sequence), []).append(number)
        return tuple(map(tuple, found.values()))

    def units(self, runs: range, columns: int) -> Iterator[Unit]:
        """Yield the job's units for a block of runs, each of at most so many runs under all its sequences together."""
        several = max(1, columns // len(runs))
        for batch in self.batches:
            for start in range(0, len(batch), several):
                yield Unit(batch[start : start + several], runs)

    @property
    def sampling(self) -> Sampling:
        """How worlds are drawn."""
        return sampling_of(self.method)

    @property
    def sampled(self) -> dict[str, int]:
        """What a result has to say of a designed sample besides the method: `total` where it is known, `replicates`."""
        if not self.sampling.designed:
            return {}
        return {"replicates": self.sampling.number} | ({} if self.total is None else {"total": self.total})

    @property
    def method_name(self) -> str:
        """The method, or ``design`` with a fingerprint of the points."""
        if not isinstance(self.method, Mapping):
            return self.sampling.kind
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

    @cached_property
    def code(self) -> dict[str, str | None]:
        """Digests of what rules, outcomes and all else in the protocol do, by kind and name; None where hidden."""
        return digests_of(self.protocol, self.outcomes)

    def fingerprint(self) -> dict[str, Any]:
        """Return what two jobs must share for the blocks of one to serve the other."""
        sampled = self.sampled
        return {
            "scenario": self.scenario.digest(),
            "sequences": [s.model_dump(mode="json") for s in self.sequences],
            "entropy": str(self.entropy),
            "method": self.method_name,
            "total": sampled.get("total"),
            "replicates": sampled.get("replicates"),
            "record": list(self.record),
            "engine": self.engine,
            "protocol": self.protocol_name,
            "outcomes": [outcome.name for outcome in self.outcomes],
            "dealt": [self.slots, self.group],
            "code": self.code,
            **versions(),
        }

    def compute(self, unit: Unit) -> Block:
        """Simulate a unit: same luck under every sequence, and same worlds but for levers."""
        drawn: dict[str, Any] = {}
        sequences, dealt = [self.sequences[i] for i in unit.lines if not self.slots], {}
        if self.slots:
            several = order_blocks(len(self.sequences), unit.runs, slots=self.slots, rng=self.entropy, group=self.group)
            met, which = np.unique(several[list(unit.lines)], return_inverse=True)
            dealt = {"dealt": which.reshape(len(unit.lines), len(unit.runs))}
            sequences = [self.sequences[i] for i in met]
        columns = []
        # Orders of one plan have the same levers, so those of the first dealt are those of all.
        for sequence in sequences[:1] * len(unit.lines) if self.slots else sequences:
            key = compact(sequence.model_dump(mode="json", include={"levers"}))
            if key not in drawn:
                drawn[key] = worlds(
                    self.scenario,
                    unit.runs,
                    entropy=self.entropy,
                    method=self.method,
                    total=self.total,
                    levers=sequence.levers,
                )
            columns.append(drawn[key])
        return self.simulated(unit, sequences, columns, self.drawn, dealt)

    def simulated(
        self,
        unit: Unit,
        sequences: list[Sequence],
        columns: list[dict[str, Any]],
        parameters: tuple[str, ...],
        dealt: Mapping[str, Any] = MappingProxyType({}),
    ) -> Block:
        """Simulate a unit's sequences in one call, each over worlds of its own, and collect its outcomes."""
        try:
            traces = batch_of(self.engine)(
                self.scenario,
                sequences,
                worlds=columns,
                fates=_fates(self.entropy, unit.runs),
                protocol=self.protocol,
                record=self.record,
                **dealt,
            )
            return collect(traces, self.outcomes, parameters, unit.lines)
        except FaultError as fault:
            raise self.located(fault, unit) from fault.__cause__

    def located(self, fault: FaultError, unit: Unit) -> FaultError:
        """Return a fault met in a unit with its world, and the call that shows it again."""
        return shown_by(fault, self, unit.runs)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the result says of itself."""
        attrs = provenance(
            self.scenario,
            entropy=self.entropy,
            engine=self.engine,
            method=self.method_name,
            protocol=self.protocol_name,
            code=joint_digest(self.code),
        )
        return attrs | self.sampled

    def labelled(self, assembly: Assembly) -> xr.Dataset:
        """Label what has been computed."""
        dataset = assembly.dataset(self.scenario, self.shown, self.attributes)
        dataset.attrs["runs_asked"] = len(assembly.runs)
        if self.sampling.number == 1:
            return dataset
        of = dataset["run"].values % self.sampling.number
        return dataset.assign_coords(replicate=("run", of, {"long_name": "replicate of the designed sample"}))

    def completed(self, dataset: xr.Dataset, runs: range) -> str:
        """Say how much of the job a labelled result holds."""
        lines = dataset.sizes["sequence"]
        kept = "" if lines == self.lines else f" under {lines} of {self.lines} sequences"
        return f"{dataset.sizes['run']} of {len(runs)} runs were completed{kept}"


# Luck of the last blocks of a thread, met by one unit after another: what is drawn of it lives as long as it does.
_luck = threading.local()
KEPT = 2


def _fates(entropy: int, runs: range) -> Fates:
    kept: dict[tuple[int, range], Fates] = _luck.__dict__.setdefault("kept", {})
    if (entropy, runs) not in kept:
        while len(kept) >= KEPT:
            del kept[next(iter(kept))]
        kept[entropy, runs] = Fates(entropy, runs)
    return kept[entropy, runs]


def forget_luck() -> None:
    """Let go of the luck that was kept for further units."""
    _luck.__dict__.clear()
