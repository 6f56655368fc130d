"""A line at the end of a NetCDF file by which its bytes are checked before HDF5 reads any of them.

HDF5 takes no notice of what stands behind its content, and of 500 files damaged at random it reads one or two without
end.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settlesim.errors import SettlesimError

__all__ = ["check_seal", "is_unsealed", "seal", "sealed_notes"]

BEGINS, ENDS = b"\nsettlesim {", b"\n"
DIGEST = hashlib.sha256().digest_size * 2
LONGEST = 4096
HDF5 = b"\x89HDF\r\n\x1a\n"
# Attributes that can be told without reading the file.
NOTES = ("settlesim_version", "schema", "interrupted")
AT_ONCE = 1 << 20


def seal(path: Path, attrs: Mapping[Any, Any]) -> None:
    """Add the line: a few of the attributes, and a digest of all bytes before it."""
    notes = {name: attrs[name] if isinstance(attrs[name], str) else int(attrs[name]) for name in NOTES if name in attrs}
    line = BEGINS[:-1] + json.dumps(notes).encode() + b" "
    digest = _digest_of(path, path.stat().st_size)
    digest.update(line)
    with path.open("ab") as file:
        file.write(line + digest.hexdigest().encode() + ENDS)


def sealed_notes(path: Path) -> dict[str, Any] | None:
    """Return the attributes in the line at the end of a file, or None if it has no such line."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST))
        end = file.read(LONGEST)
    start = end.rfind(BEGINS)
    if start < 0 or not end.endswith(ENDS):
        return None
    try:
        notes = json.loads(end[start + len(BEGINS) - 1 : -DIGEST - len(ENDS)])
    except ValueError:
        return None
    return notes if isinstance(notes, dict) else None


def check_seal(path: Path) -> None:
    """Hold a file against the line at its end.

    Raises
    ------
    SettlesimError
        If it has none, or is not what was written.
    """
    if sealed_notes(path) is None:
        if is_unsealed(path):
            raise SettlesimError(
                f"{str(path)!r} was written by settlesim 0.1.0, without a digest by which damage would be seen, or is "
                "damaged: simulate it again, or read it unchecked with xarray.load_dataset"
            )
        raise SettlesimError(
            f"{str(path)!r} was not written by settlesim, or is damaged: the line is missing that ends its files"
        )
    whole = path.stat().st_size - DIGEST - len(ENDS)
    with path.open("rb") as file:
        file.seek(whole)
        saved = file.read(DIGEST)
    if _digest_of(path, whole).hexdigest().encode() != saved:
        raise SettlesimError(f"{str(path)!r} is damaged, or was changed after it was saved")


def is_unsealed(path: Path) -> bool:
    """Whether this looks like a file of version 0.1.0, which has no line at its end."""
    with path.open("rb") as file:
        if file.read(len(HDF5)) != HDF5:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(b"settlesim_version") >= 0


def _digest_of(path: Path, size: int) -> Any:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (part := file.read(min(size, AT_ONCE))):
            digest.update(part)
            size -= len(part)
    return digest
