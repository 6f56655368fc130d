"""Finished blocks of an unfinished experiment, kept on disk until all are done."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from settlesim.errors import SettlesimError, UsageError
from settlesim.experiments.coverage import add_missing
from settlesim.experiments.identity import refuse_other
from settlesim.experiments.job import Job
from settlesim.experiments.store_lock import StoreLock
from settlesim.results.dataset import Assembly, Block, Field
from settlesim.results.regular_files import odd_kind, odd_member, read_regular
from settlesim.results.stores import compact, replacing

__all__ = ["Checkpoint", "Parts", "fingerprint_in"]

# What a part is called: its runs, its first line and how many there are, and a digest of the file.
NAME = re.compile(r"(\d+)-(\d+)\.(\d+)\+(\d+)\.([0-9a-f]{16})\.npz")
# What a kill leaves of a file that was being written.
TEMPORARY = re.compile(r"\..+\.(npz|json)\..+")


class Parts:
    """Finished blocks in a folder, each a file whose name says what it holds and what its bytes must be.

    Parameters
    ----------
    folder : Path
        Where they stand.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sweep(self) -> None:
        """Remove what a process that was killed left half written."""
        for path in self.folder.iterdir():
            if TEMPORARY.fullmatch(path.name) and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)

    def store(self, block: Block) -> Path:
        """Keep a block."""
        arrays = {f"array/{name}": array for name, array in block.arrays.items()}
        arrays |= {f"parameter/{name}": column for name, column in block.parameters.items()}
        fields = {name: asdict(layout) for name, layout in block.fields.items()}
        runs = [block.runs.start, block.runs.stop]
        notes = {"fields": fields, "labels": block.labels, "lines": block.lines, "runs": runs}
        text = np.frombuffer(json.dumps(notes).encode(), np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, notes=text, **arrays)  # type: ignore[arg-type]
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()[:16]
        path = self.folder / f"{runs[0]}-{runs[1]}.{block.lines[0]}+{len(block.lines)}.{digest}.npz"
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        return path

    def paths(self) -> list[Path]:
        """Return the files, in the order of their runs and lines."""
        found = [(path, NAME.fullmatch(path.name)) for path in self.folder.glob("*.npz")]
        return [path for _, path in sorted((tuple(map(int, m.groups()[:4])), p) for p, m in found if m)]

    def load(self, path: Path) -> Block | None:
        """Return the block of a file; None if it is damaged or no longer there."""
        match = NAME.fullmatch(path.name)
        try:
            content = read_regular(path)
            if match is None or hashlib.sha256(content).hexdigest()[:16] != match[5]:
                return None
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            notes = json.loads(arrays.pop("notes").tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

        def named(prefix: str) -> dict[str, Any]:
            return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}

        fields = {name: Field(tuple(f["dims"]), f["attrs"]) for name, f in notes["fields"].items()}
        labels = {dim: tuple(values) for dim, values in notes["labels"].items()}
        lines, runs = tuple(notes["lines"]), range(*notes["runs"])
        return Block(runs, lines, named("array/"), named("parameter/"), fields, labels)

    def blocks(self) -> Iterator[tuple[Path, Block]]:
        """Yield all that is whole; what is damaged is named, and removed to be computed again."""
        for path in self.paths():
            block = self.load(path)
            if block is None:
                warnings.warn(f"{str(path)!r} is damaged: its runs are computed again", stacklevel=2)
                path.unlink(missing_ok=True)
            else:
                yield path, block


class Checkpoint:
    """Finished blocks of an unfinished experiment, in the directory ``<out>.parts``.

    Parameters
    ----------
    out : Path
        Where the finished result will go.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out.with_name(f"{out.name}.parts")
        self.parts = Parts(self.folder)
        self.lock = StoreLock(self.folder, self.folder)

    def begin(self, job: Job) -> None:
        """Make the directory, or check that it belongs to the same experiment, and lock it.

        Raises
        ------
        UsageError
            If it holds blocks of another experiment, of one that cannot be told from another, or is in use.
        SettlesimError
            If it cannot be written.
        """
        if odd := odd_kind(self.folder):
            raise UsageError(f"{str(self.folder)!r} is in the way: it is {odd}, not a folder")
        if self.folder.is_dir() and (odd := odd_member(self.folder)):
            raise UsageError(f"cannot go on from {str(self.folder)!r}: {odd}; remove it")
        if self.folder.exists() and not self._is_ours():
            raise UsageError(f"{str(self.folder)!r} is in the way, and no unfinished experiment: remove it")
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise SettlesimError(f"cannot write {str(self.folder)!r}: {error.strerror}") from error
        self.lock.take()
        try:
            mine = json.loads(compact(job.fingerprint()))
            theirs = fingerprint_in(self.folder)
            if theirs is not None and self.parts.paths():
                refuse_other(mine, theirs, f"{str(self.folder)!r} holds blocks of")
            if theirs != mine:
                with replacing(self.folder / "job.json") as temporary:
                    temporary.write_text(compact(mine), encoding="utf-8")
            self.parts.sweep()
        except BaseException:
            self.lock.leave()
            raise

    def _is_ours(self) -> bool:
        """Whether the directory is one of unfinished blocks: it says so, or holds nothing."""
        if not self.folder.is_dir():
            return False
        names = {path.name for path in self.folder.iterdir()}
        return fingerprint_in(self.folder) is not None or all(
            name == "lock" or TEMPORARY.fullmatch(name) for name in names
        )

    def fingerprint(self) -> dict[str, Any] | None:
        """Return the fingerprint of the experiment whose blocks are here, if there are any."""
        return fingerprint_in(self.folder)

    def store(self, block: Block) -> None:
        """Keep a block."""
        self.parts.store(block)

    def load(self, assembly: Assembly) -> int:
        """Add to an assembly all that was kept of it earlier; return how many cells that were."""
        every = range(assembly.sequences)
        return sum(add_missing(assembly, block, every) for _, block in self.parts.blocks())

    def leave(self) -> None:
        """Let others have the directory; where nothing was finished it goes, so that a mistake leaves none behind."""
        if self.parts.paths():
            self.lock.leave()
        else:
            self.clear()

    def clear(self) -> None:
        """Remove the directory once the result is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.leave()


def fingerprint_in(folder: Path) -> dict[str, Any] | None:
    """Return the fingerprint of the experiment that a folder belongs to, if it says one."""
    try:
        found = json.loads(read_regular(folder / "job.json"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
