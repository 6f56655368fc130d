"""Finished blocks of an unfinished experiment, kept on disk until all are done."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from settlesim.errors import SettlesimError, UsageError
from settlesim.experiments.job import Job, Unit
from settlesim.results.dataset import Block, Field
from settlesim.results.stores import compact, replacing

__all__ = ["Checkpoint"]


class Checkpoint:
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

    def _path(self, lines: tuple[int, ...], runs: range) -> Path:
        # Which sequences stand together follows from the first of them and their number.
        return self.folder / f"{runs.start}-{runs.stop}.{lines[0]}+{len(lines)}.npz"

    def store(self, block: Block) -> None:
        """Keep a block."""
        arrays = {f"array/{name}": array for name, array in block.arrays.items()}
        arrays |= {f"parameter/{name}": column for name, column in block.parameters.items()}
        fields = {name: asdict(layout) for name, layout in block.fields.items()}
        notes = {"fields": fields, "labels": block.labels, "lines": block.lines}
        text = np.frombuffer(json.dumps(notes).encode(), np.uint8)
        with replacing(self._path(block.lines, block.runs)) as temporary, temporary.open("wb") as file:
            np.savez(file, notes=text, **arrays)  # type: ignore[arg-type]

    def load(self, unit: Unit) -> Block | None:
        """Return a block kept earlier; None if there is none, or it is damaged and must be computed again."""
        try:
            with np.load(self._path(unit.lines, unit.runs), allow_pickle=False) as stored:
                content = {name: stored[name] for name in stored.files}
            notes = json.loads(content.pop("notes").tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        fields = {name: Field(tuple(f["dims"]), f["attrs"]) for name, f in notes["fields"].items()}
        labels = {dim: tuple(values) for dim, values in notes["labels"].items()}

        def named(prefix: str) -> dict[str, Any]:
            return {name.removeprefix(prefix): a for name, a in content.items() if name.startswith(prefix)}

        if tuple(notes["lines"]) != unit.lines:
            return None
        return Block(unit.runs, unit.lines, named("array/"), named("parameter/"), fields, labels)

    def clear(self) -> None:
        """Remove the directory once the result is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
