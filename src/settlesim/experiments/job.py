"""One experiment cut into blocks of runs: what a block needs, how it is computed, how it is sent and kept."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from settlesim.chance.worlds import Fates, worlds
from settlesim.errors import SettlesimError, UsageError, choose
from settlesim.model.items import Item, Rule
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.results.dataset import Block, Field, collect
from settlesim.results.outcomes import STANDARD_OUTCOMES
from settlesim.results.stores import compact, replacing
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["ENGINES", "Job", "Parts", "compute", "engine_of", "packed", "unpacked"]

OUTCOMES = {outcome.name: outcome for outcome in STANDARD_OUTCOMES}
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
        names = []
        for name, parameter in self.scenario.parameters.items():
            for entry, prior in parameter.entries().items():
                if name in levers or prior.bounds[0] < prior.bounds[1]:
                    names.append(f"{name}.{entry}" if entry else name)
        for name, concession in self.scenario.concessions.items():
            for what, prior in (("value", concession.value), ("cost", concession.cost)):
                if f"concession_{what}" in levers or prior.bounds[0] < prior.bounds[1]:
                    names.append(f"concession_{what}.{name}")
        return tuple(names)

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

    `advance` is told after each sequence how many runs are done.
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


class _Pickler(pickle.Pickler):
    """Sends what is part of settlesim by name: rules and outcomes hold functions that pickle cannot find."""

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Outcome):
            return ("outcome", value.name) if OUTCOMES.get(value.name) == value else None
        if isinstance(value, Protocol):
            return ("protocol", "") if value == STANDARD else None
        if isinstance(value, Item):
            return ("item", value.name) if ITEMS.get(value.name) == value else None
        return None

    def reducer_override(self, value: Any) -> Any:
        # A function decorated with @rule is found under its name as a Rule: look inside it.
        if isinstance(value, type(_undecorated)):
            holder = getattr(importlib.import_module(value.__module__), value.__qualname__, None)
            if isinstance(holder, Rule) and holder.function is value:
                return _undecorated, (value.__module__, value.__qualname__)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, key: tuple[str, str]) -> Any:
        kind, name = key
        if kind == "protocol":
            return STANDARD
        if kind == "outcome":
            return OUTCOMES[name]
        return ITEMS[name]


def _undecorated(module: str, name: str) -> Callable[..., Any]:
    holder: Rule | None = getattr(importlib.import_module(module), name, None)
    if holder is None:
        where = "of the script, outside `if __name__ == '__main__':`" if module == "__main__" else f"of {module}"
        raise UsageError(f"another process does not find the rule {name!r}: define it at the top level {where}")
    return holder.function


def packed(job: Job) -> bytes:
    """Return the job as bytes that `unpacked` turns back, in this process or another.

    Raises
    ------
    UsageError
        If a rule or outcome of one's own cannot be found by name from another process.
    """
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(job)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        advice = "define rules and functions of outcomes at the top level of a module, or use one worker"
        raise UsageError(f"the experiment cannot be sent to other processes ({error}): {advice}") from error
    return buffer.getvalue()


def unpacked(data: bytes) -> Job:
    """Return the job that `packed` made into bytes."""
    job: Job = _Unpickler(io.BytesIO(data)).load()
    return job


class Parts:
    """Finished blocks of an unfinished experiment, in the directory ``<out>.parts``.

    Parameters
    ----------
    out : Path
        Where the finished result will go.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out.with_name(f"{out.name}.parts")

    def begin(self, job: Job) -> None:
        """Make the directory, or check that it belongs to the same experiment.

        Raises
        ------
        UsageError
            If it holds blocks of another experiment.
        SettlesimError
            If it cannot be written.
        """
        mine = json.loads(compact(job.fingerprint()))
        theirs = self.fingerprint()
        if theirs is None:
            if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
                raise UsageError(f"{str(self.folder)!r} is in the way, and no unfinished experiment: remove it")
            try:
                self.folder.mkdir(exist_ok=True)
            except OSError as error:
                raise SettlesimError(f"cannot write {str(self.folder)!r}: {error.strerror}") from error
            with replacing(self.folder / "job.json") as temporary:
                temporary.write_text(compact(mine), encoding="utf-8")
        elif theirs != mine:
            differs = ", ".join(sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key)))
            raise UsageError(
                f"{str(self.folder)!r} holds blocks of another experiment, which differs in: {differs}; "
                "repeat that one to finish it, or remove the directory"
            )

    def fingerprint(self) -> dict[str, Any] | None:
        """Return the fingerprint of the experiment whose blocks are here, if there are any."""
        try:
            found = json.loads((self.folder / "job.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _path(self, runs: range) -> Path:
        return self.folder / f"{runs.start}-{runs.stop}.npz"

    def store(self, block: Block) -> None:
        """Keep a block."""
        arrays = {f"array/{name}": array for name, array in block.arrays.items()}
        arrays |= {f"parameter/{name}": column for name, column in block.parameters.items()}
        fields = {name: asdict(layout) for name, layout in block.fields.items()}
        notes = {"fields": fields, "labels": block.labels}
        text = np.frombuffer(json.dumps(notes).encode(), np.uint8)
        with replacing(self._path(block.runs)) as temporary, temporary.open("wb") as file:
            np.savez(file, notes=text, **arrays)  # type: ignore[arg-type]

    def load(self, runs: range) -> Block | None:
        """Return a block kept earlier; None if there is none, or it is damaged and must be computed again."""
        try:
            with np.load(self._path(runs), allow_pickle=False) as stored:
                content = {name: stored[name] for name in stored.files}
            notes = json.loads(content.pop("notes").tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        fields = {name: Field(tuple(f["dims"]), f["attrs"]) for name, f in notes["fields"].items()}
        labels = {dim: tuple(values) for dim, values in notes["labels"].items()}

        def named(prefix: str) -> dict[str, Any]:
            return {name.removeprefix(prefix): a for name, a in content.items() if name.startswith(prefix)}

        return Block(runs, named("array/"), named("parameter/"), fields, labels)

    def clear(self) -> None:
        """Remove the directory once the result is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
