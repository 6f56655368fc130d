"""A store that holds an experiment while it is computed: finished blocks first, whole chunks as soon as they are there.

Whatever a unit holds, it is kept as a file of its own at once.  When all units that a chunk needs are there, the chunk
is written, flushed, and entered with the digests of its files; then the units' files are no longer needed.  So units
may be cut anyhow, no chunk is written in halves, and what was entered and is no longer as it was is found.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.errors import SettlesimError, UsageError
from settlesim.experiments.checkpoint import Parts, fingerprint_in
from settlesim.experiments.coverage import add_missing
from settlesim.experiments.identity import refuse_other, unlike
from settlesim.experiments.job import Job
from settlesim.experiments.store_frames import LINE, Arrange, Layout, framed, lying
from settlesim.experiments.store_lock import StoreLock
from settlesim.experiments.store_marks import Marks, noted, read_note, state_in
from settlesim.results.content_digest import SCHEMA, stamp
from settlesim.results.dataset import Assembly, Block
from settlesim.results.formats import opened, storable
from settlesim.results.growing import BOOKS, Cells, GrowingArrays, cells_of, digest, flush, lazily, put
from settlesim.results.replacement import reason
from settlesim.results.stores import compact

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["GrowingStore", "books_of"]

PROBED = 256
GOES_ON = "the same command goes on from there"
GROWING = {"growing": 1, "interrupted": 1, "schema": SCHEMA}
# Seconds between two times that readers are shown more than whole chunks.
SHOWN = 30.0


def books_of(out: Path) -> Path:
    """Return where a store keeps what belongs to its making."""
    return out / BOOKS


class GrowingStore:
    """An experiment in a Zarr store, from its first unit to its last, and for more runs after that.

    `arrange` gives the labelled result another shape; with `force` another experiment is replaced.
    """

    def __init__(self, out: Path, job: Job, runs: range, arrange: Arrange | None = None, force: bool = False) -> None:
        self.out, self.job, self.runs, self.arrange, self.force = out, job, runs, arrange, force
        self.books = books_of(out)
        self.parts = Parts(self.books / "parts")
        self.lock = StoreLock(self.books, out)
        self.there = np.zeros((job.lines, len(runs)), bool)
        self.layout: Layout | None = None
        self.arrays: GrowingArrays | None = None
        self.chunk, self.groups = 1, [Cells(range(job.lines), ())]
        self.lead: tuple[str, ...] = ()
        self.sizes: list[int] = [1]
        self.marks = Marks(self.books / "marks", out)
        self._blocks: dict[Path, tuple[tuple[int, ...], range]] = {}
        self._shown = time.monotonic()
        self._many, self.whole = 0, False

    # -- begin ---------------------------------------------------------------------------------------

    def __enter__(self) -> GrowingStore:
        """Take the store, and find what of the experiment is there.

        Raises
        ------
        UsageError
            If it holds another experiment, or another process writes to it.
        SettlesimError
            If it cannot be written.
        """
        there = {path.name for path in self.out.iterdir()} if self.out.is_dir() else set()
        if there and BOOKS not in there and not self.force:
            raise UsageError(
                f"{str(self.out)!r} holds a result that does not say how to go on from it: choose another name, or "
                "replace it with force=True"
            )
        with self._writing():
            if self.force and self.out.is_file():
                self.out.unlink()
            self.parts.folder.mkdir(parents=True, exist_ok=True)
        self.lock.take()
        try:
            with self._writing():
                self.whole = self._begin()
        except BaseException as error:
            self.lock.leave()
            if isinstance(error, (KeyError, TypeError, IndexError)):
                raise SettlesimError(f"{self.books} is damaged: replace it with force=True") from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.lock.leave()
        if self.layout is None:
            # Nothing was finished, so that there is nothing to go on from.
            shutil.rmtree(self.out, ignore_errors=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SettlesimError(f"cannot write {str(self.out)!r}: {reason(error)}") from error

    def _begin(self) -> bool:
        mine = json.loads(compact(self.job.fingerprint()))
        theirs, state = fingerprint_in(self.books), state_in(self.out, self.books, self.force)
        if theirs is not None and state and not self.force:
            refuse_other(mine, theirs, f"{str(self.out)!r} holds", "choose another name, or replace it with force=True")
        if not state and self.marks.file.exists() and not self.force:
            raise KeyError("state.json")
        if theirs is None or not state or theirs != mine or unlike(mine, theirs):
            self._empty()
            state = {}
            noted(self.books / "job.json", mine)
        self.parts.sweep()
        start = state.get("runs", [self.runs.start])[0]
        if start != self.runs.start:
            raise UsageError(
                f"{str(self.out)!r} begins with run {start}, and the runs asked for with {self.runs.start}: ask for "
                f"runs from {start} on, or choose another name"
            )
        if "layout" in state:
            self._lay_out(Layout.read(state["layout"]), state)
            for path, block in self.parts.blocks():
                self._enter(path, block)
        else:
            for path in self.parts.paths():
                path.unlink()
        if self.layout is not None:
            self._check(state)
        return bool(self.there.all() and read_note(self.books / "state.json").get("complete"))

    def _empty(self) -> None:
        for path in (*self.out.iterdir(), *self.books.iterdir()):
            if path not in (self.books, self.lock.path):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.parts.folder.mkdir()

    def _lay_out(self, layout: Layout, state: Mapping[str, Any]) -> None:
        """Take up the layout of the store, or make it."""
        self.layout = layout
        frame = self._frame(self.runs[:PROBED])
        lead, run = lying(frame)
        self.lead, self.sizes = lead, [frame.sizes[dim] for dim in lead]
        runs = len(self.runs)
        if "chunk" in state:
            self.chunk, lines = state["chunk"], state["together"]
        else:
            self.chunk, lines = layout.chunks(runs)
        self.arrays = GrowingArrays(self.out, lead, run)
        self.groups = cells_of(self.sizes, lines)
        self.template = frame.drop_vars(LINE)
        if "chunk" not in state:
            self.arrays.create(self.template, runs, self.chunk, lines, GROWING)
            state = {"runs": [self.runs.start, self.runs.stop], "chunk": self.chunk, "together": lines}
            state |= {"sizes": self.sizes, "layout": layout.plain(), "complete": False}
            noted(self.books / "state.json", state)

    def _frame(self, runs: range) -> xr.Dataset:
        assert self.layout is not None
        frame = framed(self.job, self.arrange, self.layout, runs)
        line = frame[LINE]
        return storable(frame.drop_vars(LINE)).assign({LINE: line})

    def _check(self, state: Mapping[str, Any]) -> None:
        """Hold what was written against its digests, and forget what is damaged or no longer asked for."""
        assert self.arrays is not None
        damaged = self.marks.check()
        for (group, column), entry in self.marks.chunks.items():
            self.there[self.groups[group].lines, column * self.chunk : entry["stop"]] = True
        if damaged:
            more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            warnings.warn(
                f"{damaged[0]!r}{more} in {str(self.out)!r} is damaged: what it holds is computed again", stacklevel=2
            )
        if self.there.all() and not damaged and state.get("complete"):
            return
        self.marks.write()
        self._note_state(complete=False)
        self.arrays.resize(len(self.runs))
        self.show()
        self.arrays.sweep({*self.marks.files()})

    # -- blocks --------------------------------------------------------------------------------------

    def _enter(self, path: Path, block: Block) -> None:
        assert self.layout is not None
        if block.labels != self.layout.labels:
            differs = next(dim for dim in block.labels if block.labels[dim] != self.layout.labels.get(dim))
            raise UsageError(
                f"sequences do not share the labels along {differs!r}: record what they share, or one alone"
            )
        self._blocks[path] = (block.lines, block.runs)
        start = max(block.runs.start, self.runs.start) - self.runs.start
        stop = min(block.runs.stop, self.runs.stop) - self.runs.start
        if start < stop:
            self.there[list(block.lines), start:stop] = True

    def store(self, block: Block) -> None:
        """Keep a block, and write the chunks that it completes.

        Raises
        ------
        SettlesimError
            If that cannot be written, as on a full disk; what was kept before is still there.
        """
        with self._writing():
            self._store(block)

    def _store(self, block: Block) -> None:
        if self.layout is None:
            self._lay_out(Layout.of(block), {})
        # Parameters follow from the runs' numbers.
        block = replace(block, parameters={})
        self._enter(self.parts.store(block), block)
        first = (block.runs.start - self.runs.start) // self.chunk
        last = (block.runs.stop - 1 - self.runs.start) // self.chunk
        lines = set(block.lines)
        for column in range(first, last + 1):
            for group, cells in enumerate(self.groups):
                if not lines.isdisjoint(cells.lines):
                    self._complete(group, column)
        if time.monotonic() - self._shown > SHOWN:
            self.show()

    def _complete(self, group: int, column: int) -> None:
        """Write a chunk if all of it is there, and enter it; then remove the files of blocks that it makes needless."""
        cells, start = self.groups[group], column * self.chunk
        stop = min(start + self.chunk, len(self.runs))
        if not self.there[cells.lines, start:stop].all() or self.marks.stop((group, column)) >= stop:
            return
        files = self._write_chunk(group, column, start, stop)
        for name in files:
            flush(self.out / name)
        self.marks.enter((group, column), stop, files, done=True)
        self._drop_parts()
        self._shown = -np.inf

    def _write_chunk(self, group: int, column: int, start: int, stop: int) -> dict[str, str]:
        """Write what is there of a chunk, and of what goes with its runs; return the digests of the files."""
        assert self.layout is not None and self.arrays is not None
        cells = self.groups[group]
        assembly = self._gathered(group, column, start, stop)
        chunks = [self.arrays.encoded(name, assembly.arrays[name], column, cells) for name in self.layout.kinds]
        if group == 0:
            frame = self._frame(self.runs[start:stop]).drop_vars(LINE)
            for name, variable in frame.variables.items():
                if self.arrays.run in variable.dims and name not in self.layout.kinds:
                    dims = self.arrays.dims(str(name))
                    if set(variable.dims) - set(dims):
                        raise SettlesimError(
                            f"{name!r} differs between {', '.join(self.lead)} only from run "
                            f"{self.runs[start]} on, which a store that grows has no room for: save as .nc"
                        )
                    whole = {d: frame.sizes[d] for d in dims}
                    values = np.asarray(variable.set_dims(whole).transpose(*dims).values)  # type: ignore[no-untyped-call]
                    chunks.append(self.arrays.encoded(str(name), values, column))
        files = {name: digest(content) for name, content in chunks}
        if self.marks.stop((group, column)):
            self.marks.enter((group, column), stop, files, done=False)
        for name, content in chunks:
            put(self.out / name, content)
        return files

    def _gathered(self, group: int, column: int, start: int, stop: int) -> Assembly:
        """Return the outcomes of some runs of a group of lines, from the files of blocks, and from the store itself."""
        assert self.layout is not None and self.arrays is not None
        cells, runs = self.groups[group], self.runs[start:stop]
        assembly = Assembly(len(cells.lines), runs)
        written = min(self.marks.stop((group, column)), stop)
        if written > start:
            arrays = {name: self.arrays.read(name, start, written, cells) for name in self.layout.kinds}
            kept = Block(
                self.runs[start:written], tuple(cells.lines), arrays, {}, self.layout.fields, self.layout.labels
            )
            add_missing(assembly, kept, cells.lines)
        for path, (lines, span) in sorted(self._blocks.items()):
            if span.start < runs.stop and span.stop > runs.start and not set(lines).isdisjoint(cells.lines):
                block = self.parts.load(path)
                if block is None:
                    raise SettlesimError(f"{str(path)!r} is damaged: the same command computes its runs again")
                add_missing(assembly, block, cells.lines)
        return assembly

    def _drop_parts(self) -> None:
        written = np.zeros_like(self.there)
        for (group, column), entry in self.marks.chunks.items():
            written[self.groups[group].lines, column * self.chunk : entry["stop"]] = True
        for path, (lines, span) in list(self._blocks.items()):
            start, stop = (max(0, run - self.runs.start) for run in (span.start, span.stop))
            if written[list(lines), start:stop].all() and stop <= len(self.runs):
                path.unlink(missing_ok=True)
                del self._blocks[path]

    # -- what readers see, and the end -----------------------------------------------------------------

    def show(self) -> int:
        """Let readers see what is complete: runs under all lines, else lines that have all runs; return how many."""
        if self.arrays is None:
            return 0
        self._shown = time.monotonic()
        rows, first = np.asarray(self.there.all(axis=0)), self.sizes[0]
        runs, many = len(rows) if rows.all() else int(rows.argmin()), first
        if not runs:
            whole = np.asarray(np.asarray(self.there.all(axis=1)).reshape(first, -1).all(axis=1))
            many, runs = (first, 0) if not whole[0] else (int(whole.argmin()), len(rows))
        for column in range(-(-runs // self.chunk)):
            start, stop = column * self.chunk, min((column + 1) * self.chunk, runs)
            for group, cells in enumerate(self.groups):
                # What is not complete yet is written without being entered.
                if cells.lines.start < many * self.job.lines // first and self.marks.stop((group, column)) < stop:
                    self._write_chunk(group, column, start, stop)
        attrs = GROWING | {"runs_completed": self._completed(runs, many), "runs_asked": self._asked()}
        self._many = many
        self.arrays.publish({self.lead[0]: many, self.arrays.run: runs}, attrs)
        return runs

    def partial(self) -> tuple[xr.Dataset | None, str]:
        """Let the unfinished store be read as far as it is complete; return that, and say how much it is."""
        if not self.there.any():
            return None, "nothing was finished yet"
        with self._writing():
            shown = self.show()
        if not shown:
            said = f"no sequence has all its runs yet; what was finished is kept in {str(self.out)!r}"
            return None, f"{said}: {GOES_ON}"
        result = lazily(self.out)
        done = result.attrs["runs_completed"]
        whole = self.sizes[0]
        several = f" under {self._many} of {whole} {self.lead[0]}s" if self._many < whole else ""
        said = f"{done:,} of {self._asked():,} runs were completed{several}, and are in {str(self.out)!r}"
        return result, f"{said}; {GOES_ON}"

    def finish(self) -> xr.Dataset:
        """Declare the whole result, and return it."""
        with self._writing():
            self._finish()
        return self.result()

    def _finish(self) -> None:
        for column in range(-(-len(self.runs) // self.chunk)):
            for group in range(len(self.groups)):
                self._complete(group, column)
        assert self.arrays
        self.arrays.resize(len(self.runs))
        self.arrays.refresh(self.template)
        self.arrays.publish({}, GROWING)
        with opened(self.out) as lazy:
            kept = {name: value for name, value in lazy.attrs.items() if name not in GROWING}
            lazy.attrs = kept | self._attributes()
            stamps = stamp(lazy)
        self.arrays.publish({}, {"growing": None} | self._attributes() | stamps)
        self._note_state(complete=True)

    def result(self) -> xr.Dataset:
        """Return what is asked for from a store that has all of it, and may have more."""
        assert self.arrays is not None
        dataset = lazily(self.out)
        if dataset.sizes[self.arrays.run] == len(self.runs):
            return dataset
        some = dataset.isel({self.arrays.run: slice(0, len(self.runs))})
        return some.assign_attrs(self._attributes())

    def _attributes(self) -> dict[str, Any]:
        asked = self._asked()
        return {"runs_completed": asked, "interrupted": 0, "runs_asked": asked}

    def _asked(self) -> int:
        """What a result says of the runs asked for, which of an evaluation are those of all points."""
        return self._completed(len(self.runs), self.sizes[0])

    def _completed(self, runs: int, many: int) -> int:
        probed = min(PROBED, len(self.runs))
        counted = int(self.template.attrs["runs_completed"]) // probed
        # Only points count with the runs that they meet.
        return runs * (many if counted > 1 else 1)

    def _note_state(self, complete: bool) -> None:
        state = read_note(self.books / "state.json")
        runs = [self.runs.start, self.runs.stop]
        noted(self.books / "state.json", {**state, "runs": runs, "complete": complete})
