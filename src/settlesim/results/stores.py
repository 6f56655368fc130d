"""Results in files: NetCDF and Zarr in and out, Parquet and CSV out, each written whole or not at all."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.errors import SettlesimError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["check_suffix", "compact", "open", "replacing", "save", "table"]

# Modules that each format needs, beyond what settlesim always needs.
NEEDS = {".nc": ("h5netcdf", "h5py"), ".zarr": ("zarr",), ".parquet": ("pyarrow",), ".csv": ()}
READABLE = (".nc", ".zarr")


def check_suffix(path: str | Path) -> Path:
    """Return `path` if a result can be saved there, to be asked before hours of simulation.

    Raises
    ------
    UsageError
        If the suffix is none of .nc, .zarr, .parquet and .csv, the format's package is not installed, or the
        directory does not exist.
    """
    path = Path(path)
    if path.suffix not in NEEDS:
        raise UsageError(f"cannot save to {str(path)!r}: its name must end in {', '.join(NEEDS)}")
    _check_installed(path.suffix)
    if not path.parent.is_dir():
        raise UsageError(f"cannot save to {str(path)!r}: there is no directory {str(path.parent)!r}")
    if path.is_dir() != (path.suffix == ".zarr") and path.exists():
        kind = "a directory" if path.is_dir() else "a file"
        raise UsageError(f"cannot save to {str(path)!r}: {kind} of that name is in the way")
    return path


def _check_installed(suffix: str) -> None:
    missing = [name for name in NEEDS[suffix] if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        raise UsageError(f"{suffix} files need {names}, not installed here: pip install 'settlesim[io]'")


def save(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a result to a file, replacing what was there only once the new one is complete.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate`, `compare` or `sweep`.
    path : str or Path
        The suffix chooses the format.  ``.nc`` (NetCDF-4) and ``.zarr`` hold everything and can be opened
        again. ``.parquet`` and ``.csv`` hold the `table` of it: one row for each sequence and run, no
        weekly values.

    Raises
    ------
    UsageError
        If the suffix is unknown, the format's package is missing, or the directory does not exist.
    SettlesimError
        If writing fails, for instance on a full disk; what was there before is still there.
    """
    path = check_suffix(path)
    writers: dict[str, Callable[[xr.Dataset, Path], None]] = {
        ".nc": _to_netcdf,
        ".zarr": _to_zarr,
        ".parquet": _to_parquet,
        ".csv": _to_csv,
    }
    with replacing(path) as temporary:
        writers[path.suffix](dataset, temporary)


def open(path: str | Path) -> xr.Dataset:
    """Read a result back into memory.

    Raises
    ------
    UsageError
        If there is nothing at `path`, or its suffix is neither .nc nor .zarr.
    SettlesimError
        If it cannot be read, or was not written by settlesim.
    """
    import xarray as xr

    path = Path(path)
    if path.suffix not in READABLE:
        raise UsageError(f"cannot open {str(path)!r}: results are read back from {' and '.join(READABLE)}")
    if not path.exists():
        raise UsageError(f"there is no result at {str(path)!r}")
    _check_installed(path.suffix)
    engine: Any = "zarr" if path.suffix == ".zarr" else "h5netcdf"
    try:
        dataset = xr.load_dataset(path, engine=engine, decode_times=False, decode_timedelta=False)
    except Exception as error:
        raise SettlesimError(f"cannot read {str(path)!r}, it may be damaged: {_reason(error)}") from error
    if "settlesim_version" not in dataset.attrs:
        raise SettlesimError(f"{str(path)!r} was not written by settlesim: it has no attribute settlesim_version")
    return dataset


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it takes the place of `path`, on failure it is removed.

    Raises
    ------
    SettlesimError
        If writing fails.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise SettlesimError(f"cannot write {str(path)!r}: {_reason(error)}") from error
    temporary = folder / path.name
    try:
        yield temporary
        _flush(temporary)
        if path.is_dir():  # a directory cannot be renamed onto another: the old one is moved away first
            os.replace(path, folder / "old")
            try:
                os.replace(temporary, path)
            except OSError:
                os.replace(folder / "old", path)
                raise
        else:
            os.replace(temporary, path)
    except (OSError, RuntimeError, ValueError) as error:  # HDF5 reports a full disk as a RuntimeError
        kept = "; what was there before is unchanged" if path.exists() else ""
        raise SettlesimError(f"cannot write {str(path)!r}: {_reason(error)}{kept}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _flush(path: Path) -> None:
    """Wait until a file is on the disk, so that a crash cannot leave an empty one under the final name."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _to_netcdf(dataset: xr.Dataset, path: Path) -> None:
    numeric = {name for name, v in dataset.variables.items() if v.dtype.kind in "biuf" and v.ndim}
    encoding = {name: {"zlib": True, "complevel": 4, "shuffle": True} for name in sorted(numeric, key=str)}
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def _to_zarr(dataset: xr.Dataset, path: Path) -> None:
    # Version 2 of the format: strings have no settled place in version 3 yet.
    dataset.to_zarr(path, mode="w", zarr_format=2, consolidated=True)


def _to_parquet(dataset: xr.Dataset, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.Table.from_pandas(table(dataset), preserve_index=False)
    notes = {str(key): str(value) for key, value in dataset.attrs.items()}
    pq.write_table(rows.replace_schema_metadata({**(rows.schema.metadata or {}), **notes}), path)


def _to_csv(dataset: xr.Dataset, path: Path) -> None:
    table(dataset).to_csv(path, index=False, lineterminator="\n")


def table(dataset: xr.Dataset) -> pd.DataFrame:
    """Return a result as a long table, one row for each sequence and run (and point of a sweep).

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate`, `compare` or `sweep`.

    Returns
    -------
    pandas.DataFrame
        Columns ``sequence``, ``run``, the swept parameters, and the variables of a run.  One with a further
        dimension becomes several columns, such as ``defections.rival``.  Coded variables are given by their
        meanings.  Weekly values are left out.
    """
    import pandas as pd

    other = {d for name in dataset.data_vars for d in dataset[name].dims if _is_label(dataset, d)}
    axes = [str(d) for d in dataset.dims if d not in other and d != "week"]
    sizes = [dataset.sizes[d] for d in axes]
    columns: dict[str, Any] = {}
    for position, axis in enumerate(axes):
        labels = dataset[axis].values
        shape = [-1 if i == position else 1 for i in range(len(axes))]
        columns[axis] = np.broadcast_to(labels.reshape(shape), sizes).ravel()
    for name in map(str, dataset.data_vars):
        variable = dataset[name]
        if "week" in variable.dims:
            continue
        extra = [d for d in variable.dims if d in other]
        for key, part in _parts(variable, extra):
            full = part.broadcast_like(dataset[axes]) if set(part.dims) < set(axes) else part
            values = full.transpose(*axes).values.ravel()
            columns[".".join([name, *key])] = _named(values, variable.attrs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.PerformanceWarning)
        return pd.DataFrame(columns)


def _is_label(dataset: xr.Dataset, dim: Any) -> bool:
    """Whether a dimension names things, such as provinces, and not runs, sequences or swept values."""
    return dim not in ("sequence", "run", "week") and dataset[dim].attrs.get("role") != "swept"


def _parts(variable: xr.DataArray, extra: list[Any]) -> Iterator[tuple[list[str], xr.DataArray]]:
    if not extra:
        yield [], variable.reset_coords(drop=True)
        return
    for label in variable[extra[0]].values:
        for key, part in _parts(variable.sel({extra[0]: label}, drop=True), extra[1:]):
            yield [str(label), *key], part


def _named(values: Any, attrs: Mapping[Any, Any]) -> Any:
    if "flag_meanings" not in attrs:
        return values
    meanings = dict(zip(np.atleast_1d(attrs["flag_values"]).tolist(), attrs["flag_meanings"].split(), strict=True))
    return np.array([meanings.get(value, "") for value in values.tolist()])


def compact(value: Any) -> str:
    """Return `value` as JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)
