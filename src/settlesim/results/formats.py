"""NetCDF and Zarr: how a result is laid out in them, each number under a checksum, and read back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.errors import SettlesimError
from settlesim.results.content_digest import is_text

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["check_chunks", "opened", "storable", "to_netcdf", "to_zarr", "zarr_encoding"]


def storable(dataset: xr.Dataset) -> xr.Dataset:
    """Return a result as files keep it: text of a fixed width, missing among codes and truths as floating point.

    Raises
    ------
    SettlesimError
        If a variable holds what is neither text nor numbers.
    """
    kept = dataset.drop_encoding()
    for name, variable in dataset.variables.items():
        if variable.dtype.kind in "biuf":
            continue
        values = _stored(str(name), variable.values)
        if name in dataset.dims:
            kept = kept.assign_coords({name: (variable.dims, values, variable.attrs)})
        else:
            kept[name] = (variable.dims, values, variable.attrs)
    kept.attrs = _numbered(kept.attrs)
    for variable in kept.variables.values():
        variable.attrs = _numbered(variable.attrs)
    return kept


def _numbered(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: int(value) if isinstance(value, (bool, np.bool_)) else value for name, value in attrs.items()}


def _stored(name: str, values: Any) -> Any:
    if not is_text(values.dtype):
        raise SettlesimError(f"cannot save {name!r}: its values are {values.dtype}, and files keep numbers and text")
    if values.dtype.kind == "U" and values.dtype.itemsize:
        return values
    items = values.ravel().tolist()
    there = [item for item in items if item is not None and item == item]
    if all(isinstance(item, str) for item in there):
        texts = ["" if item is None or item != item else item for item in items]
        width = max(1, max(map(len, texts), default=1))
        fixed = np.array(texts, f"<U{width}")
        if fixed.tolist() != texts:
            raise SettlesimError(f"cannot save {name!r}: a text in it ends in a character that files do not keep")
        return fixed.reshape(values.shape)
    if all(isinstance(item, (bool, int, float, np.bool_, np.integer, np.floating)) for item in there):
        numbers = [np.nan if item is None else float(item) for item in items]
        return np.array(numbers, np.float64).reshape(values.shape)
    odd = next(item for item in there if not isinstance(item, str))
    raise SettlesimError(f"cannot save {name!r}: it holds {type(odd).__name__}, and files keep numbers and text")


def zarr_encoding(variables: Mapping[Any, Any], chunks: Mapping[Any, int] | None = None) -> dict[Any, dict[str, Any]]:
    """Return the encoding by which xarray writes variables to Zarr with a checksum on each chunk.

    Parameters
    ----------
    variables : mapping
        Name -> variable, with its dimensions and shape; text of a fixed width.
    chunks : mapping, optional
        Dimension -> length of a chunk along it; whole where none is given.
    """
    from numcodecs import CRC32C

    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in variables.items():
        encoding[name] = {"filters": [CRC32C()]}
        if chunks is not None and variable.ndim:
            sizes = zip(variable.dims, variable.shape, strict=True)
            encoding[name]["chunks"] = tuple(max(1, min(chunks.get(dim, size), size)) for dim, size in sizes)
    return encoding


def to_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write a result as NetCDF-4."""
    numeric = {name for name, v in dataset.variables.items() if v.dtype.kind in "biuf" and v.ndim and v.size}
    how = {"zlib": True, "complevel": 4, "shuffle": True, "fletcher32": True}
    dataset.to_netcdf(path, engine="h5netcdf", encoding={name: dict(how) for name in sorted(numeric, key=str)})


def to_zarr(
    dataset: xr.Dataset, path: Path, encoding: Mapping[str, Any] | None = None, consolidated: bool = True
) -> None:
    """Write a result as Zarr, every chunk of it, so that one that is not there is known to be lost."""
    import zarr

    how = zarr_encoding(dataset.variables) if encoding is None else encoding
    # By the setting, since xarray 2025.1 asks zarr 3 for it in the words of zarr 2.
    with zarr.config.set({"array.write_empty_chunks": True}):
        # Version 2 of the format: strings have no settled place in version 3 yet.
        dataset.to_zarr(path, mode="w", zarr_format=2, consolidated=consolidated, encoding=how)


def opened(path: Path) -> xr.Dataset:
    """Open a result lazily, to be closed by the caller; nothing of it is checked yet."""
    import xarray as xr

    how: dict[str, Any] = {"decode_times": False, "decode_timedelta": False, "cache": False}
    if path.suffix != ".zarr":
        return xr.open_dataset(path, engine="h5netcdf", **how)
    # Said outright, for a store whose gathered metadata is gone opens with a warning.
    return xr.open_dataset(path, engine="zarr", consolidated=(path / ".zmetadata").exists(), chunks=None, **how)


def check_chunks(path: Path) -> None:
    """Raise a `SettlesimError` for the first chunk of a finished Zarr store that is not there.

    Zarr itself reads a lost chunk as zeros.
    """
    for described in sorted(path.glob("*/.zarray")):
        notes = json.loads(described.read_text(encoding="utf-8"))
        counts = [-(-size // chunk) for size, chunk in zip(notes["shape"], notes["chunks"], strict=True)]
        separator = notes.get("dimension_separator", ".")
        there = {file.name for file in described.parent.iterdir()} if separator == "." else set()
        for index in itertools.product(*map(range, counts)):
            key = separator.join(map(str, index)) or "0"
            if key not in there and not (described.parent / key).is_file():
                raise SettlesimError(f"{str(path)!r} is damaged: chunk {key} of {described.parent.name!r} is missing")
