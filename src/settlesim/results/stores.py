"""Results in files: NetCDF and Zarr in and out, Parquet and CSV out, each written whole or not at all.

What is read back is what was saved, or an error: numbers stand under checksums of their format, and the whole under a
digest of its content (`settlesim.results.content_digest`).
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settlesim.errors import SettlesimError, UsageError
from settlesim.results.content_digest import SCHEMA, differing, stamp, unstamped, verify_content
from settlesim.results.formats import check_chunks, opened, storable, to_netcdf, to_zarr
from settlesim.results.long_tables import escaped, table
from settlesim.results.ownership import check_folder, check_kind, check_name, check_replaceable
from settlesim.results.regular_files import odd_member
from settlesim.results.replacement import reason, replacing, sweep
from settlesim.results.seal import check_seal, seal

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["check_suffix", "compact", "open", "replacing", "save", "table"]

# Modules that each format needs, beyond what settlesim always needs.
NEEDS = {".nc": ("h5netcdf", "h5py"), ".zarr": ("zarr",), ".parquet": ("pyarrow",), ".csv": ()}
READABLE = (".nc", ".zarr")
# Dimensions of an experiment; a result that has none of one of them holds nothing.
NEVER_EMPTY = ("sequence", "run", "point", "luck")


def check_suffix(path: str | Path, *, force: bool = False) -> Path:
    """Return `path` if a result can be saved there, to be asked before hours of simulation.

    Parameters
    ----------
    path : str or Path
        Where to save.
    force : bool
        Whether what stands there may be replaced though it is no result of settlesim.

    Raises
    ------
    UsageError
        If the suffix is none of .nc, .zarr, .parquet and .csv, the format's package is not installed, the
        directory does not exist or cannot be written, the name is one that some system refuses, or something else
        than a result of settlesim stands there.
    """
    path = check_name(path)
    if path.suffix not in NEEDS:
        raise UsageError(f"cannot save to {str(path)!r}: its name must end in {', '.join(NEEDS)}")
    _check_installed(path.suffix)
    check_folder(path)
    check_kind(path)
    if not force:
        check_replaceable(path)
    return path


def _check_installed(suffix: str) -> None:
    missing = [name for name in NEEDS[suffix] if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        raise UsageError(f"{suffix} files need {names}, not installed here: pip install 'settlesim[io]'")


def save(
    dataset: xr.Dataset | pd.DataFrame,
    path: str | Path,
    *,
    force: bool = False,
    weekly: bool = False,
    escape: bool = False,
) -> None:
    """Write a result, or a table made of one, to a file, replacing an earlier result only once the new one is complete.

    Parameters
    ----------
    dataset : xarray.Dataset or pandas.DataFrame
        From `simulate`, `compare`, `sweep` or `evaluate`, or from an analysis such as `summary`; also if it was
        changed, masked or joined since.
    path : str or Path
        The suffix chooses the format.  ``.nc`` (NetCDF-4) and ``.zarr`` hold everything and can be opened
        again. ``.parquet`` and ``.csv`` hold a table of it: one row for each sequence and run, or for what the
        variables of an analysis share.
    force : bool
        Replace whatever stands at `path`, a complete result by an interrupted one too.  Without it only a result of
        settlesim is replaced, or an empty file or folder.
    weekly : bool
        In ``.parquet`` and ``.csv``, write the weekly values in place of the values of a run: one row for each
        sequence, run and week.
    escape : bool
        In ``.csv``, put an apostrophe before text that a spreadsheet would take for a formula.

    Raises
    ------
    UsageError
        If the suffix is unknown, the format's package is missing, the directory does not exist, or something else
        than a result of settlesim stands at `path`.
    SettlesimError
        If writing fails, for instance on a full disk; what was there before is still there.

    Examples
    --------
    >>> import tempfile
    >>> import settlesim as ss
    >>> result = ss.simulate(ss.load("two-party"), runs=2, rng=7)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ss.save(result, f"{folder}/talks.nc")
    ...     ss.open(f"{folder}/talks.nc").identical(result)
    True
    """
    path = check_suffix(path, force=force)
    if path.suffix in READABLE and weekly:
        raise UsageError("weekly=True is for .parquet and .csv: .nc and .zarr hold the weekly values beside the others")
    if path.suffix != ".csv" and escape:
        raise UsageError("escape=True is for .csv: other files tell text from formulas")
    whole = _labelled(dataset)
    _check_runs(whole, "cannot save a result")
    partial = bool(whole.attrs.get("interrupted", 0))
    if path.suffix in READABLE:
        _check_replaceable(path, force, partial)
        _write_whole(whole, path)
        return
    rows = table(whole, weekly=weekly) if whole is dataset else dataset
    rows = escaped(rows) if escape else rows
    _check_replaceable(path, force, partial, list(map(str, rows.columns)))
    writers: dict[str, Callable[..., None]] = {".parquet": _to_parquet, ".csv": _to_csv}
    with replacing(path) as temporary:
        writers[path.suffix](rows, whole.attrs, temporary)


def _check_replaceable(path: Path, force: bool, partial: bool, columns: list[str] | None = None) -> None:
    if not force:
        check_replaceable(path, partial=partial, columns=columns)


def _labelled(dataset: Any) -> xr.Dataset:
    """Return a Dataset that names the version which made it."""
    import pandas as pd
    import xarray as xr

    from settlesim.results.dataset import version

    if isinstance(dataset, pd.DataFrame):
        dataset = dataset.rename_axis("row").reset_index(drop=True).rename_axis("row").to_xarray()
    elif isinstance(dataset, xr.DataArray):
        dataset = dataset.to_dataset(name=dataset.name or "values")
    if not isinstance(dataset, xr.Dataset):
        raise UsageError(f"save takes a result or a table made of one, not a {type(dataset).__name__}")
    return dataset if "settlesim_version" in dataset.attrs else dataset.assign_attrs(settlesim_version=version())


def _check_runs(dataset: xr.Dataset, what: str, error: type[SettlesimError] = UsageError) -> None:
    empty = [dim for dim in NEVER_EMPTY if dataset.sizes.get(dim, 1) == 0]
    if empty or not dataset.variables:
        raise error(f"{what} without a single {empty[0] if empty else 'variable'}")


def _write_whole(dataset: xr.Dataset, path: Path) -> None:
    kept = storable(unstamped(dataset))
    kept.attrs |= stamp(kept)
    with replacing(path) as temporary:
        (to_zarr if path.suffix == ".zarr" else to_netcdf)(kept, temporary)
        # Before it takes the place of anything: what some format cannot hold would differ once it is opened.
        with opened(temporary) as again:
            lost = differing(again)
        if path.suffix == ".nc":
            seal(temporary, kept.attrs)
        if lost:
            raise SettlesimError(
                f"cannot save to {str(path)!r}: {path.suffix} would not give back {', '.join(lost[:3])}"
            )


def open(path: str | Path) -> xr.Dataset:
    """Read a result back into memory, as it was saved.

    Raises
    ------
    UsageError
        If there is nothing at `path`, or its suffix is neither .nc nor .zarr.
    SettlesimError
        If it cannot be read, was not written by settlesim, or is not what was saved: damaged, or changed since.  A
        file of version 0.1.0, or of a later version with another layout, is refused too.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise UsageError(f"a path is text, not {type(path).__name__}")
    path = Path(path)
    if path.suffix not in READABLE:
        raise UsageError(f"cannot open {str(path)!r}: results are read back from {' and '.join(READABLE)}")
    sweep(path)
    _check_there(path)
    _check_installed(path.suffix)
    try:
        if path.suffix == ".nc":
            check_seal(path)
        with opened(path) as lazy:
            growing = check_attributes(lazy, path)
            if path.suffix == ".zarr" and not growing:
                check_chunks(path)
            dataset = lazy.load()
        if not growing:
            verify_content(dataset, repr(str(path)))
    except SettlesimError:
        raise
    except Exception as error:
        raise SettlesimError(f"cannot read {str(path)!r}, it may be damaged: {reason(error)}") from error
    return unstamped(dataset)


def _check_there(path: Path) -> None:
    try:
        if not path.exists():
            raise UsageError(f"there is no result at {str(path)!r}")
        if path.is_dir() != (path.suffix == ".zarr") or not (path.is_dir() or path.is_file()):
            kind = "a folder" if path.suffix == ".zarr" else "a file"
            raise SettlesimError(f"cannot read {str(path)!r}: it is not {kind}")
        if path.is_dir() and (odd := odd_member(path)):
            raise SettlesimError(f"cannot read {str(path)!r}: {odd}")
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot open {str(path)[:200]!r}: {reason(error)}") from None


def check_attributes(dataset: xr.Dataset, path: Path) -> bool:
    """Check who wrote a file, and in what layout; return whether it is a store that still grows.

    Raises
    ------
    SettlesimError
        If it is no file of settlesim, or one of a version whose files are not read, or holds no runs.
    """
    attrs, name = dataset.attrs, repr(str(path))
    if "settlesim_version" not in attrs:
        raise SettlesimError(f"{name} was not written by settlesim: it has no attribute settlesim_version")
    schema, writer = attrs.get("schema"), attrs["settlesim_version"]
    if schema is None and "content_digest" not in attrs:
        raise SettlesimError(
            f"{name} was written by settlesim {writer} without a digest, so damage to it would not be seen: "
            "simulate it again, or read it unchecked with xarray.load_dataset"
        )
    if schema != SCHEMA:
        raise SettlesimError(
            f"{name} was written by settlesim {writer} in layout {schema}; this version reads layout {SCHEMA}"
        )
    _check_runs(dataset, f"{name} is a result", SettlesimError)
    return bool(attrs.get("growing", 0))


def _to_parquet(rows: pd.DataFrame, attrs: Any, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = pa.Table.from_pandas(rows, preserve_index=False)
    notes = {str(key): str(value) for key, value in attrs.items()}
    named = held.replace_schema_metadata({**(held.schema.metadata or {}), **notes})
    pq.write_table(named, path, write_page_checksum=True)


def _to_csv(rows: pd.DataFrame, _: Any, path: Path) -> None:
    rows.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def compact(value: Any) -> str:
    """Return `value` as JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)
