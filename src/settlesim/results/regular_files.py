"""Files that are only files: no pipe, device or socket is opened, nor what a link in a store leads to.

Opening a pipe waits until somebody else opens it, and a device such as /dev/zero is read without end.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["odd_kind", "odd_member", "read_regular"]

# More than metadata of any result has, and what compression and checksums may add to a chunk.
MOST_METADATA, OVERHEAD = 64 << 20, 1 << 16
KINDS = {
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


def odd_kind(path: Path) -> str | None:
    """Return what stands at `path` if it is neither file nor folder, such as ``a pipe``; links are followed."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    return _odd(mode)


def _odd(mode: int) -> str | None:
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    return next((kind for test, kind in KINDS.items() if test(mode)), "something else than a file")


def odd_member(folder: Path) -> str | None:
    """Return what in a folder, at any depth, must not be read, and why; None if all of it are files of a fair size.

    Only metadata of arrays is read for that, once it is known to be small files.
    """
    return next(_odd_members(folder, "", math.inf), None)


def _odd_members(folder: Path, within: str, most: float) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: (not entry.name.startswith("."), entry.name))
    except OSError:  # removed meanwhile, as in a store that grows, or no folder; whoever reads it tells
        return
    folders = []
    for entry in entries:
        try:
            about = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        name = f"{within}{entry.name}"
        if stat.S_ISLNK(about.st_mode):
            yield f"{name!r} in it is a symbolic link"
        elif odd := _odd(about.st_mode):
            yield f"{name!r} in it is {odd}, not a file"
        elif stat.S_ISDIR(about.st_mode):
            folders.append(entry.name)
        elif about.st_size > (limit := MOST_METADATA if _is_metadata(entry.name) else most):
            yield f"{name!r} in it has {about.st_size:,} bytes, where {limit:,.0f} are the most it can have"
        elif entry.name == ".zarray":
            # It sorts before the chunks, whose names are digits.
            most = _chunk_bytes(folder / entry.name)
    for name in folders:
        yield from _odd_members(folder / name, f"{within}{name}/", most)


def _is_metadata(name: str) -> bool:
    return name.startswith(".z") or name == "zarr.json"


def _chunk_bytes(described: Path) -> float:
    """Return how many bytes a chunk can have at the most; no bound where the metadata does not tell."""
    try:
        notes: Any = json.loads(read_regular(described, MOST_METADATA))
        size: int = np.dtype(notes["dtype"]).itemsize * math.prod(map(int, notes["chunks"]))
    except (OSError, ValueError, TypeError, KeyError):
        return math.inf
    return size + size // 8 + OVERHEAD


def read_regular(path: Path, most: float = math.inf) -> bytes:
    """Return the content of a regular file.

    Raises
    ------
    OSError
        If it is none, has more bytes than `most`, or cannot be read.
    """
    # Without waiting for whoever would write into a pipe.
    how = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, how)
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(f"{str(path)!r} is no file")
        if about.st_size > most:
            raise OSError(f"{str(path)!r} is too large")
        return file.read()
