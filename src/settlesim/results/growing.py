"""A result in Zarr that grows: laid out once for all its runs, written chunk by chunk, readable at any moment.

What a reader sees is one file, the consolidated metadata, which is replaced as a whole: it declares only what is
complete.  Chunks are written before it, and metadata of single arrays, which writers use, may be ahead of it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import SettlesimError
from settlesim.results.content_digest import unstamped
from settlesim.results.formats import opened, to_zarr, zarr_encoding
from settlesim.results.ownership import BOOKS
from settlesim.results.regular_files import read_regular
from settlesim.results.stores import compact
from settlesim.results.stores import open as open_result

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "BOOKS",
    "SMALL",
    "Cells",
    "GrowingArrays",
    "cells_of",
    "digest",
    "entries",
    "file_digest",
    "flush",
    "lazily",
    "lead_chunks",
    "put",
]

# Ending of a file that is being written.
HALF = ".half"
# Results up to this size are held in memory when they are returned.
SMALL = 256 << 20


@dataclass(frozen=True)
class Cells:
    """Lines that lie in one chunk, whatever the run: `lines` of the job, at `place` along the leading dimensions."""

    lines: range
    place: tuple[slice, ...]


@dataclass(frozen=True)
class _Array:
    """How the chunks of an array are made."""

    dims: tuple[str, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any
    codecs: tuple[Any, ...]

    @staticmethod
    def read(path: Path) -> _Array:
        from numcodecs.registry import get_codec

        notes = json.loads((path / ".zarray").read_text(encoding="utf-8"))
        dims = json.loads((path / ".zattrs").read_text(encoding="utf-8"))["_ARRAY_DIMENSIONS"]
        steps = [*(notes["filters"] or []), *([notes["compressor"]] if notes["compressor"] else [])]
        dtype = np.dtype(notes["dtype"])
        fill = {"NaN": np.nan, None: np.zeros((), dtype)[()]}.get(notes["fill_value"], notes["fill_value"])
        return _Array(tuple(dims), tuple(notes["chunks"]), dtype, fill, tuple(map(get_codec, steps)))


class GrowingArrays:
    """The arrays of a growing store.

    Parameters
    ----------
    path : Path
        The store.
    lead : tuple of str
        Dimensions over which the lines of the job are laid out, such as ``sequence``; the last varies fastest.
    run : str
        The dimension that grows, ``run`` or ``luck``.
    """

    def __init__(self, path: Path, lead: tuple[str, ...], run: str) -> None:
        self.path, self.lead, self.run = path, lead, run
        self._layouts: dict[str, _Array] = {}

    # -- laying out ----------------------------------------------------------------------------------

    def create(self, template: xr.Dataset, runs: int, chunk: int, lines: int, attrs: Mapping[str, Any]) -> None:
        """Lay out a store of so many runs from a result that has a few, with the runs and lines of a chunk given.

        Nothing of an earlier layout is left.
        """
        new = self.path / BOOKS / "new"
        shutil.rmtree(new, ignore_errors=True)
        one = template.isel({self.run: slice(0, 1)})
        leads = dict(zip(self.lead, lead_chunks([template.sizes[d] for d in self.lead], lines), strict=True))
        encoding = zarr_encoding(one.variables)
        for name, variable in one.variables.items():
            cut = {self.run: chunk}
            if self.run in variable.dims and {*self.lead} <= {*variable.dims} and name in one.data_vars:
                cut |= leads
            if variable.dims:
                encoding[name]["chunks"] = tuple(max(1, cut.get(str(d), variable.sizes[d])) for d in variable.dims)
        to_zarr(one, new, encoding, consolidated=False)
        for file in new.glob("*/.zarray"):
            dims = json.loads(file.with_name(".zattrs").read_text(encoding="utf-8"))["_ARRAY_DIMENSIONS"]
            if self.run in dims:
                for piece in file.parent.iterdir():
                    if not piece.name.startswith("."):
                        piece.unlink()
                _resize(file, dims.index(self.run), runs)
        for old in self.path.iterdir():
            if old.name != BOOKS:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        # The metadata first: a reader finds nothing, and not arrays that are still empty.
        self._metadata(new, {self.run: 0}, attrs)
        names = sorted(path.name for path in new.iterdir())
        for name in sorted(names, key=lambda name: (name != ".zmetadata", name)):
            os.replace(new / name, self.path / name)
        new.rmdir()

    def refresh(self, template: xr.Dataset) -> None:
        """Write again what does not depend on the runs, which nothing else could restore."""
        for name, variable in template.variables.items():
            if self.run not in variable.dims:
                key, content = self._encoded(str(name), (0,) * max(1, variable.ndim), variable.values)
                put(self.path / key, content)

    def resize(self, runs: int) -> None:
        """Make room for so many runs."""
        for name in self.growing():
            _resize(self.path / name / ".zarray", self.dims(name).index(self.run), runs)
        self._layouts.clear()

    # -- what there is -------------------------------------------------------------------------------

    def sweep(self, kept: set[str]) -> None:
        """Remove chunks that were shown before they were complete, and what a kill left of them; others are kept."""
        for name in self.growing():
            for path in (self.path / name).iterdir():
                if f"{name}/{path.name}" not in kept and (not path.name.startswith(".") or path.suffix == HALF):
                    path.unlink()

    def growing(self) -> list[str]:
        """Names of the arrays that grow with the runs."""
        names = sorted(p.name for p in self.path.iterdir() if (p / ".zarray").is_file())
        return [name for name in names if self.run in self.dims(name)]

    def dims(self, name: str) -> list[str]:
        """Dimensions of an array."""
        found: list[str] = json.loads((self.path / name / ".zattrs").read_text(encoding="utf-8"))["_ARRAY_DIMENSIONS"]
        return found

    # -- chunks --------------------------------------------------------------------------------------

    def encoded(self, name: str, values: NDArray[Any], column: int, cells: Cells | None = None) -> tuple[str, bytes]:
        """Return a chunk: the runs of a column, of an array over lines those of some cells, shape (lines, runs, ...).

        Returns
        -------
        tuple of str and bytes
            The chunk's file within the store, and its content.
        """
        layout = self._layout(name)
        index = [0] * len(layout.dims)
        index[layout.dims.index(self.run)] = column
        if cells is not None:
            sizes = tuple(one.stop - one.start for one in cells.place)
            values = values.reshape(*sizes, *values.shape[1:])
            starts = zip(cells.place, layout.chunks, strict=False)
            index[: len(sizes)] = [one.start // chunk for one, chunk in starts]
        return self._encoded(name, tuple(index), values)

    def read(self, name: str, start: int, stop: int, cells: Cells) -> NDArray[Any]:
        """Read values of an array over lines back, shape (lines, runs, ...)."""
        import zarr

        array = zarr.open_array(self.path / name, mode="r", zarr_format=2)
        values = np.asarray(array[(*cells.place, slice(start, stop))])
        return values.reshape(len(cells.lines), *values.shape[len(self.lead) :])

    def _encoded(self, name: str, index: tuple[int, ...], values: NDArray[Any]) -> tuple[str, bytes]:
        layout = self._layout(name)
        if not np.can_cast(values.dtype, layout.dtype):
            raise SettlesimError(
                f"{name!r} is {values.dtype} in some runs and {layout.dtype} in those before, which a store that grows "
                "has no room for: save as .nc"
            )
        chunk = np.full(layout.chunks, layout.fill, layout.dtype)
        chunk[tuple(map(slice, values.shape))] = values
        content: Any = chunk
        for codec in layout.codecs:
            content = codec.encode(content)
        return f"{name}/{'.'.join(map(str, index))}", bytes(content)

    def _layout(self, name: str) -> _Array:
        if name not in self._layouts:
            self._layouts[name] = _Array.read(self.path / name)
        return self._layouts[name]

    # -- what readers see ----------------------------------------------------------------------------

    def publish(self, sizes: Mapping[str, int], attrs: Mapping[str, Any]) -> None:
        """Declare what is complete: so many runs, or lines along the first dimension; None removes an attribute."""
        self._metadata(self.path, sizes, attrs)

    def _metadata(self, path: Path, sizes: Mapping[str, int], attrs: Mapping[str, Any]) -> None:
        found: dict[str, Any] = {}
        for folder in (path, *sorted(one for one in path.iterdir() if (one / ".zarray").is_file())):
            for file in (folder / name for name in (".zgroup", ".zarray", ".zattrs")):
                if file.is_file():
                    found[file.relative_to(path).as_posix()] = json.loads(file.read_text(encoding="utf-8"))
        attrs = {**found.get(".zattrs", {}), **attrs}
        found[".zattrs"] = {name: value for name, value in attrs.items() if value is not None}
        for key, value in found.items():
            if key.endswith(".zarray"):
                dims = found[key.replace(".zarray", ".zattrs")]["_ARRAY_DIMENSIONS"]
                value["shape"] = [sizes.get(d, n) for d, n in zip(dims, value["shape"], strict=True)]
        _write_json(path / ".zattrs", found[".zattrs"])
        _write_json(path / ".zmetadata", {"metadata": found, "zarr_consolidated_format": 1})


def lead_chunks(sizes: list[int], lines: int) -> list[int]:
    """Return how to cut the leading dimensions so that a chunk has consecutive lines, at most so many.

    Examples
    --------
    >>> lead_chunks([5, 4, 3], 100), lead_chunks([5, 4, 3], 7), lead_chunks([5, 4, 3], 2)
    ([5, 4, 3], [1, 2, 3], [1, 1, 2])
    """
    chunks, room = [], max(1, lines)
    for size in reversed(sizes):
        chunks.append(min(size, room))
        room = room // size if room >= size else 1
    return chunks[::-1]


def cells_of(sizes: list[int], lines: int) -> list[Cells]:
    """Return the groups of lines that share chunks, in order.

    Examples
    --------
    >>> [cells.lines for cells in cells_of([2, 3], 2)]
    [range(0, 2), range(2, 3), range(3, 5), range(5, 6)]
    """
    chunks = lead_chunks(sizes, lines)
    cuts = [
        [slice(start, min(start + chunk, size)) for start in range(0, size, chunk)]
        for size, chunk in zip(sizes, chunks, strict=True)
    ]
    found = []
    for place in itertools.product(*cuts):
        first = int(np.ravel_multi_index([one.start for one in place], sizes))
        last = int(np.ravel_multi_index([one.stop - 1 for one in place], sizes))
        found.append(Cells(range(first, last + 1), place))
    return found


def digest(content: bytes) -> str:
    """Return the digest of a file's content."""
    return hashlib.sha256(content).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the digest of a file, empty if it cannot be read."""
    try:
        return digest(read_regular(path))
    except OSError:
        return ""


def lazily(path: Path) -> xr.Dataset:
    """Open what a store declares: in memory and checked, or read only as it is used, and not kept, if it is large."""
    with opened(path) as dataset:
        small = dataset.nbytes <= SMALL
    return open_result(path) if small else unstamped(opened(path))


def _resize(file: Path, axis: int, size: int) -> None:
    notes = json.loads(file.read_text(encoding="utf-8"))
    if notes["shape"][axis] != size:
        notes["shape"][axis] = size
        _write_json(file, notes)


def _write_json(path: Path, value: Any) -> None:
    put(path, compact(value).encode())


def flush(path: Path) -> None:
    """Wait until a file is on the disk."""
    # Opened for writing: Windows flushes nothing else.
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it finds all of it, or all of what was there before."""
    temporary = path.with_name(f"{path.name}{HALF}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a file to which lines are only appended; one that was cut short ends it."""
    try:
        lines = read_regular(path).decode("utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            return
