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
from settlesim.results.stores import compact, replacing

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["BOOKS", "Cells", "GrowingArrays", "cells_of", "entries", "file_digest", "lazily", "lead_chunks"]

# Where a store keeps what belongs to its making: a folder that Zarr does not look into.
BOOKS = ".settlesim"
# Results up to this size are held in memory when they are returned.
SMALL = 256 << 20


@dataclass(frozen=True)
class Cells:
    """Lines that lie in one chunk, whatever the run: `lines` of the job, at `place` along the leading dimensions."""

    lines: range
    place: tuple[slice, ...]


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
        self._handles: dict[str, Any] = {}

    # -- laying out ----------------------------------------------------------------------------------

    def create(self, template: xr.Dataset, runs: int, chunk: int, lines: int) -> None:
        """Lay out a store of so many runs from a result that has a few, with the chunk's runs and lines given.

        Nothing of an earlier layout is left.
        """
        new = self.path / BOOKS / "new"
        shutil.rmtree(new, ignore_errors=True)
        one = template.isel({self.run: slice(0, 1)})
        leads = dict(zip(self.lead, lead_chunks([template.sizes[d] for d in self.lead], lines), strict=True))
        encoding: dict[str, Any] = {}
        for name, variable in one.variables.items():
            grows = self.run in variable.dims
            cut = {self.run: chunk} | (leads if grows and name in one.data_vars else {})
            chunks = [cut.get(str(d), variable.sizes[d]) for d in variable.dims]
            encoding[str(name)] = {"chunks": tuple(max(1, n) for n in chunks)} if chunks else {}
        one.to_zarr(new, mode="w", zarr_format=2, consolidated=False, encoding=encoding, write_empty_chunks=True)
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
        self._metadata(new, {self.run: 0}, {})
        names = sorted(path.name for path in new.iterdir())
        for name in sorted(names, key=lambda name: (name != ".zmetadata", name)):
            os.replace(new / name, self.path / name)
        new.rmdir()
        self._handles.clear()

    def refresh(self, template: xr.Dataset) -> None:
        """Write again what does not depend on the runs, which nothing else could restore."""
        still = [name for name, variable in template.variables.items() if self.run not in variable.dims]
        lead = {dim: slice(None) for dim in self.lead if dim in template.dims}
        for name in still:
            variable = template[name].variable
            self._write(str(name), tuple(lead.get(str(d), slice(None)) for d in variable.dims), variable.values)

    def resize(self, runs: int) -> None:
        """Make room for so many runs."""
        for name in self.growing():
            _resize(self.path / name / ".zarray", self.dims(name).index(self.run), runs)
        self._handles.clear()

    # -- what there is -------------------------------------------------------------------------------

    def growing(self) -> list[str]:
        """Names of the arrays that grow with the runs."""
        names = sorted(p.name for p in self.path.iterdir() if (p / ".zarray").is_file())
        return [name for name in names if self.run in self.dims(name)]

    def dims(self, name: str) -> list[str]:
        """Dimensions of an array."""
        found: list[str] = json.loads((self.path / name / ".zattrs").read_text(encoding="utf-8"))["_ARRAY_DIMENSIONS"]
        return found

    def files(self, name: str, cells: Cells, column: int) -> list[Path]:
        """Files in which an array keeps some lines of a column of chunks; all its lines, if it is not cut along them."""
        array, dims = self._array(name), self.dims(name)
        index: list[range] = []
        for dim, size, chunk in zip(dims, array.shape, array.chunks, strict=True):
            if dim == self.run:
                index.append(range(column, column + 1))
            elif dim in self.lead and chunk < size:
                place = cells.place[self.lead.index(dim)]
                index.append(range(place.start // chunk, -(-place.stop // chunk)))
            else:
                index.append(range(-(-size // chunk)))
        return [self.path / name / ".".join(map(str, at)) for at in itertools.product(*index)]

    # -- chunks --------------------------------------------------------------------------------------

    def write(self, name: str, values: NDArray[Any], start: int, cells: Cells | None = None) -> None:
        """Write values of some runs from `start` on; of an array over lines those of some cells, shape (lines, runs…)."""
        dims, place = self.dims(name), [slice(None)] * len(self.dims(name))
        at = dims.index(self.run)
        if cells is not None:
            sizes = tuple(one.stop - one.start for one in cells.place)
            values = values.reshape(*sizes, *values.shape[1:])
            place[: len(cells.place)] = cells.place
        place[at] = slice(start, start + values.shape[at])
        self._write(name, tuple(place), values)

    def read(self, name: str, start: int, stop: int, cells: Cells) -> NDArray[Any]:
        """Read values of an array over lines back, shape (lines, runs, ...)."""
        values = np.asarray(self._array(name)[(*cells.place, slice(start, stop))])
        return values.reshape(len(cells.lines), *values.shape[len(self.lead) :])

    def _write(self, name: str, place: tuple[slice, ...], values: NDArray[Any]) -> None:
        array = self._array(name)
        if values.dtype.kind == "U" and array.dtype.kind != "U":
            values = values.astype(object)
        if array.dtype.kind not in "OTU":
            if not np.can_cast(values.dtype, array.dtype):
                raise SettlesimError(f"{name!r} is {values.dtype} in some runs and {array.dtype} in those before")
            values = values.astype(array.dtype, copy=False)
        array[place] = values

    def _array(self, name: str) -> Any:
        import zarr

        if name not in self._handles:
            with zarr.config.set({"array.write_empty_chunks": True}):
                self._handles[name] = zarr.open_array(self.path / name, mode="r+", zarr_format=2)
        return self._handles[name]

    # -- what readers see ----------------------------------------------------------------------------

    def publish(self, sizes: Mapping[str, int], attrs: Mapping[str, Any]) -> None:
        """Declare what is complete: so many runs, or lines along the first dimension."""
        self._metadata(self.path, sizes, attrs)

    def _metadata(self, path: Path, sizes: Mapping[str, int], attrs: Mapping[str, Any]) -> None:
        found: dict[str, Any] = {}
        for folder in (path, *sorted(one for one in path.iterdir() if (one / ".zarray").is_file())):
            for file in (folder / name for name in (".zgroup", ".zarray", ".zattrs")):
                if file.is_file():
                    found[file.relative_to(path).as_posix()] = json.loads(file.read_text(encoding="utf-8"))
        found[".zattrs"] = {**found.get(".zattrs", {}), **attrs}
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


def file_digest(path: Path) -> str:
    """Return the digest of a file, empty if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def lazily(path: Path) -> xr.Dataset:
    """Open what a store declares; a large one is read only as it is used, and not kept."""
    import xarray as xr

    options: dict[str, Any] = {"chunks": None, "consolidated": True, "decode_times": False, "decode_timedelta": False}
    try:
        dataset = xr.open_zarr(path, zarr_format=2, cache=False, **options)
        return dataset.load() if dataset.nbytes <= SMALL else dataset
    except Exception as error:
        raise SettlesimError(f"cannot read {str(path)!r}, it may be damaged: {error}") from error


def _resize(file: Path, axis: int, size: int) -> None:
    notes = json.loads(file.read_text(encoding="utf-8"))
    notes["shape"][axis] = size
    _write_json(file, notes)


def _write_json(path: Path, value: Any) -> None:
    with replacing(path) as temporary:
        temporary.write_text(compact(value), encoding="utf-8")


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a file to which lines are only appended; one that was cut short ends it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            return
