"""What is written of a growing store, with the digests by which it is known to be as it was written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from settlesim.errors import UsageError
from settlesim.results.growing import entries, file_digest
from settlesim.results.regular_files import odd_member, read_regular
from settlesim.results.replacement import replacing
from settlesim.results.stores import compact

__all__ = ["Marks", "noted", "read_note", "state_in"]

Chunk = tuple[int, int]


class Marks:
    """Entries of a file that only grows: which chunk, by group of lines and column, up to which run, which files.

    Parameters
    ----------
    file : Path
        Where they stand.
    out : Path
        The store.
    """

    def __init__(self, file: Path, out: Path) -> None:
        self.file, self.out = file, out
        self.chunks: dict[Chunk, dict[str, Any]] = {}

    def stop(self, chunk: Chunk) -> int:
        """Up to which run a chunk is written, counted from the first of the store; 0 if it is not."""
        stop: int = self.chunks.get(chunk, {}).get("stop", 0)
        return stop

    def check(self) -> list[str]:
        """Read the entries, and return the files that are no longer as they were written; their chunks are forgotten.

        Of a chunk that was being written again with more runs each file counts with what it has.
        """
        known: dict[Chunk, list[dict[str, Any]]] = {}
        for entry in entries(self.file):
            known.setdefault((entry["group"], entry["column"]), []).append(entry)
        damaged: list[str] = []
        for chunk, several in known.items():
            # The first says what is there; that something else was to be written there says nothing by itself.
            if not several[0]["done"]:
                continue
            found = {name: self._stop(name, several) for name in several[0]["files"]}
            wrong = sorted(name for name, stop in found.items() if not stop)
            damaged += wrong
            if not wrong:
                files = {name: file_digest(self.out / name) for name in found}
                stop = min(found.values())
                self.chunks[chunk] = _entry(chunk, stop, files, done=True)
        return damaged

    def _stop(self, name: str, several: list[dict[str, Any]]) -> int:
        digest = file_digest(self.out / name)
        return max((entry["stop"] for entry in several if entry["files"].get(name) == digest), default=0)

    def enter(self, chunk: Chunk, stop: int, files: Mapping[str, str], done: bool) -> None:
        """Enter a chunk that is on the disk, or, of one entered before, that it is about to be written again."""
        entry = _entry(chunk, stop, files, done)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(compact(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if done:
            self.chunks[chunk] = entry

    def write(self) -> None:
        """Write the file anew, with what is as it was entered."""
        with replacing(self.file) as temporary:
            lines = [compact(entry) + "\n" for entry in self.chunks.values()]
            temporary.write_text("".join(lines), encoding="utf-8")

    def files(self) -> Iterator[str]:
        """Yield the files of all chunks."""
        for entry in self.chunks.values():
            yield from entry["files"]


def _entry(chunk: Chunk, stop: int, files: Mapping[str, str], done: bool) -> dict[str, Any]:
    return {"group": chunk[0], "column": chunk[1], "stop": stop, "files": dict(files), "done": done}


def read_note(path: Path) -> dict[str, Any]:
    """Return what a file of JSON holds; nothing if it cannot be read."""
    try:
        found = json.loads(read_regular(path))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def state_in(out: Path, books: Path, force: bool) -> dict[str, Any]:
    """Return the state that the books of a store tell; nothing, by force, where it holds what must not be read.

    Raises
    ------
    UsageError
        Without force; and with it, where the books are somewhere else, which nothing may be removed from.
    """
    odd = odd_member(out)
    if odd and (books.is_symlink() or not force):
        say = "remove it" if books.is_symlink() else "replace it with force=True"
        raise UsageError(f"cannot go on from {str(out)!r}: {odd}; {say}")
    return {} if odd else read_note(books / "state.json")


def noted(path: Path, value: Any) -> None:
    """Write a file of JSON, as a whole."""
    with replacing(path) as temporary:
        temporary.write_text(compact(value), encoding="utf-8")
