"""Where a result may be saved: names that travel, and nothing replaced but an earlier result of settlesim."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settlesim.errors import UsageError
from settlesim.results.regular_files import odd_kind, odd_member, read_regular
from settlesim.results.replacement import reason
from settlesim.results.seal import is_unsealed, sealed_notes

__all__ = [
    "BOOKS",
    "check_figure",
    "check_folder",
    "check_kind",
    "check_name",
    "check_replaceable",
    "check_whole_name",
    "standing",
]

# Longer paths are refused by one system or another, and by none with a message of one line.
LONGEST_PATH, LONGEST_NAME = 4000, 200
FORBIDDEN = '<>:"|?*\\'
RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{i}" for port in ("COM", "LPT") for i in range(1, 10))}
# A table says nothing of who wrote it but by its columns: these, and at least one of the others.
COLUMNS, ANY_COLUMN = {"sequence", "run"}, {"outcome", "settled", "end_week", "deaths"}
# Where a store keeps what belongs to its making: a folder that Zarr does not look into.
BOOKS = ".settlesim"
# What files of these formats begin with, or have near their beginning.
FIGURES = {".png": [b"\x89PNG"], ".pdf": [b"%PDF"], ".svg": [b"<svg"]}
OTHERWISE = "choose another name, or replace it with force=True (--force)"


def check_name(path: str | Path) -> Path:
    """Return `path` if files of that name can be made on every system, so that results travel.

    Raises
    ------
    UsageError
        If a system refuses it: reserved names such as ``NUL``, colons, names or paths that are too long.

    Examples
    --------
    >>> check_name("a:b.nc")
    Traceback (most recent call last):
        ...
    settlesim.errors.UsageError: cannot save to 'a:b.nc': Windows refuses names with ':'
    """
    raw = path
    try:
        path = Path(path)
    except TypeError:
        raise UsageError(f"a path is text, not {type(path).__name__}") from None
    shown = _shown(path)
    name = path.name
    check_whole_name(raw)
    if len(os.fsencode(str(path))) > LONGEST_PATH or len(os.fsencode(name)) > LONGEST_NAME:
        raise UsageError(
            f"cannot save to {shown}: names of more than {LONGEST_NAME} bytes, and paths of more than {LONGEST_PATH}, "
            "are refused"
        )
    odd = [char for char in name if char in FORBIDDEN or not char.isprintable()] + [c for c in str(path) if c == "\0"]
    if odd:
        raise UsageError(f"cannot save to {shown}: Windows refuses names with {odd[0]!r}")
    if name.endswith((".", " ")) or path.name.split(".")[0].rstrip().upper() in RESERVED:
        raise UsageError(f"cannot save to {shown}: Windows refuses such a name")
    return path


def check_whole_name(path: str | Path) -> None:
    """Raise a `UsageError` if text names a folder, as ``a.nc/`` and ``a.nc/.`` do, where a file is to be made.

    Of a `Path` it cannot be told: it drops what stands behind the name.
    """
    raw = path if isinstance(path, str) else ""
    ends = raw.replace(os.sep, "/").replace(os.altsep or "/", "/").rpartition("/")
    # A store is a folder.
    if ends[1] and ends[2] in ("", ".") and not Path(raw).suffix == ".zarr":
        raise UsageError(f"cannot save to {_shown(raw)}: what ends in {raw[len(ends[0]) :]!r} is the name of a folder")


def check_folder(path: Path) -> None:
    """Raise a `UsageError` if there is no folder for a file, or nothing can be written there."""
    folder = path.absolute().parent
    try:
        there = folder.is_dir()
    except OSError as error:
        raise UsageError(f"cannot save to {_shown(path)}: {reason(error)}") from None
    if not there:
        raise UsageError(f"cannot save to {_shown(path)}: there is no folder {str(path.parent)!r}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"cannot save to {_shown(path)}: nothing can be written in {str(path.parent)!r}")


def check_kind(path: Path) -> None:
    """Raise a `UsageError` if what stands at `path` is neither file nor folder: opening it could wait for ever.

    It is not replaced by force either: a device is not of the kind that anybody replaces.
    """
    if odd := odd_kind(path):
        raise UsageError(f"cannot save to {_shown(path)}: it is {odd}, not a file")


def check_replaceable(path: Path, *, partial: bool = False, columns: list[str] | None = None) -> None:
    """Raise a `UsageError` if what stands at `path` is precious: no result, or more whole than what would replace it.

    Parameters
    ----------
    path : Path
        Where a result is to be saved.
    partial : bool
        Whether that result was interrupted.
    columns : list of str, optional
        Of the table that is to be saved.
    """
    if not os.path.lexists(path):
        return
    if path.is_symlink():
        raise UsageError(f"cannot save to {_shown(path)}: it is a symbolic link; {OTHERWISE}")
    if _is_empty(path):
        return
    if path.is_dir() != (path.suffix == ".zarr"):
        kind = "a folder" if path.is_dir() else "a file"
        raise UsageError(f"cannot save to {_shown(path)}: {kind} of that name is in the way; {OTHERWISE}")
    if path.is_dir() and (odd := odd_member(path)):
        raise UsageError(f"cannot save to {_shown(path)}: {odd}; {OTHERWISE}")
    found = standing(path, columns)
    if found is None:
        raise UsageError(f"cannot save to {_shown(path)}: what stands there is no result of settlesim; {OTHERWISE}")
    if partial and not int(found.get("interrupted", 0) or 0):
        raise UsageError(
            f"cannot save to {_shown(path)}: a complete result stands there, and this one was interrupted; {OTHERWISE}"
        )


def check_figure(path: Path) -> None:
    """Raise a `UsageError` if a figure could not be saved, or would replace what is no figure of its format.

    An earlier figure is replaced unasked, as plotting tools do.
    """
    check_name(path)
    check_folder(path)
    check_kind(path)
    if not os.path.lexists(path) or (path.is_file() and _is_empty(path)):
        return
    if not path.is_file():
        raise UsageError(f"cannot draw to {_shown(path)}: what stands there is no file")
    try:
        with path.open("rb") as file:
            begins = file.read(1000).lstrip()
    except OSError as error:
        raise UsageError(f"cannot draw to {_shown(path)}: {reason(error)}") from None
    if not any(mark in begins if mark == b"<svg" else begins.startswith(mark) for mark in FIGURES[path.suffix]):
        raise UsageError(f"cannot draw to {_shown(path)}: what stands there is no {path.suffix[1:]} figure")


def standing(path: Path, columns: list[str] | None = None) -> Mapping[str, Any] | None:
    """Return the attributes of the result that stands at `path`, or None if what stands there is none.

    A table of CSV has no attributes. It is taken for a result if its columns are those of the table to be saved, or
    ``sequence``, ``run`` and one of the outcomes ``outcome``, ``settled``, ``end_week`` and ``deaths``.
    """
    if odd_kind(path) or (path.suffix == ".zarr" and odd_member(path)):
        return None
    readers = {".nc": _of_netcdf, ".zarr": _of_zarr, ".parquet": _of_parquet}
    try:
        if path.suffix == ".csv":
            return _of_csv(path, columns)
        found = readers[path.suffix](path)
    except Exception:  # whatever a reader makes of what is none of its files, or a damaged one
        return None
    return found if found and "settlesim_version" in found else None


def _of_netcdf(path: Path) -> Mapping[str, Any] | None:
    # HDF5 itself is not asked: what stands there may be damaged, so that it reads without end.
    found = sealed_notes(path)
    return {"settlesim_version": "0.1.0"} if found is None and is_unsealed(path) else found


def _of_zarr(path: Path) -> Mapping[str, Any] | None:
    if (path / BOOKS).is_dir() and (not (path / ".zattrs").exists() or list(path.glob("*/*.half"))):
        # An experiment that was killed: it says so, or has nothing else yet.
        if {entry.name for entry in path.iterdir()} == {BOOKS}:
            return {"settlesim_version": "", "interrupted": 1}
        notes = json.loads(read_regular(path / BOOKS / "job.json"))
        return {"settlesim_version": notes["settlesim"], "interrupted": 1}
    for entry in path.iterdir():
        folder = entry.is_dir() and (entry.name == BOOKS or _is_array(entry))
        if entry.is_symlink() or not (folder or (entry.is_file() and entry.name.startswith(".z"))):
            return None
    found = json.loads(read_regular(path / ".zattrs"))
    return found if isinstance(found, dict) else None


def _is_array(folder: Path) -> bool:
    """Whether a folder holds the metadata and chunks of an array, and nothing else."""
    with os.scandir(folder) as found:
        entries = {entry.name: entry.is_file(follow_symlinks=False) for entry in found}
    chunks = (name.replace(".", "").isdigit() for name in entries if not name.startswith(".z"))
    return ".zarray" in entries and all(entries.values()) and all(chunks)


def _of_parquet(path: Path) -> Mapping[str, Any] | None:
    import pyarrow.parquet as pq

    notes = pq.read_schema(path).metadata or {}
    return {key.decode(): value.decode() for key, value in notes.items() if key != b"ARROW:schema"}


def _of_csv(path: Path, columns: list[str] | None) -> Mapping[str, Any] | None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    known = set(header) >= COLUMNS and not ANY_COLUMN.isdisjoint(header)
    return {} if known or header == columns else None


def _is_empty(path: Path) -> bool:
    if path.is_dir():
        return not any(path.iterdir())
    return path.is_file() and path.stat().st_size == 0


def _shown(path: str | Path) -> str:
    text = repr(str(path))
    return text if len(text) <= 200 else f"{text[:90]}...{text[-90:]}"
