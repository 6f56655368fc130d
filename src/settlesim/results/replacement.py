"""Files and folders written whole or not at all, and what a kill leaves of them swept away."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from settlesim.errors import SettlesimError

__all__ = ["reason", "replacing", "sweep"]

# In a temporary folder: the file that its process holds locked, what is being written, and what it takes the place of.
OWNER, NEW, OLD = "owner", "new", "old"
# Characters that `tempfile` adds to a name.
RANDOM = 8
# Until then a folder without an owner may be one that is being made.
MADE_BY_NOW = 3600.0


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it takes the place of `path`, on failure it is removed.

    What a process that was killed has left beside `path` is removed before.

    Raises
    ------
    SettlesimError
        If writing fails.
    """
    sweep(path)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent))
    except (OSError, ValueError) as error:
        raise SettlesimError(f"cannot write {str(path)!r}: {reason(error)}") from error
    temporary = folder / f"{NEW}{path.suffix}"
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            stack.callback(os.close, _owned(folder))
            yield temporary
            _flush(temporary)
            _swap(temporary, path, folder)
        except (OSError, RuntimeError, ValueError, TypeError) as error:  # HDF5 reports a full disk as a RuntimeError
            kept = "; what was there before is unchanged" if os.path.lexists(path) else ""
            raise SettlesimError(f"cannot write {str(path)!r}: {reason(error)}{kept}") from error


def _swap(temporary: Path, path: Path, folder: Path) -> None:
    # A folder cannot be renamed onto another, nor onto a file: what is there is moved away first.
    if os.path.lexists(path) and (path.is_dir() or temporary.is_dir()):
        os.replace(path, folder / OLD)
        try:
            os.replace(temporary, path)
        except OSError:
            os.replace(folder / OLD, path)
            raise
    else:
        os.replace(temporary, path)
    _flush_folder(path.parent)


def sweep(path: Path) -> None:
    """Remove temporary folders beside `path` whose process is dead; a result that it had moved away is put back."""
    # A name that holds characters of patterns is no pattern.
    prefix = _prefix(path)
    try:
        beside = [one for one in path.parent.iterdir() if one.name.startswith(prefix)]
    except (OSError, ValueError):
        return
    for folder in beside:
        with contextlib.suppress(OSError):
            ours = len(folder.name) == len(prefix) + RANDOM and folder.is_dir() and not folder.is_symlink()
            if not ours or not _left_behind(folder):
                continue
            if os.path.lexists(folder / OLD) and not os.path.lexists(path):
                os.replace(folder / OLD, path)
            shutil.rmtree(folder, ignore_errors=True)


def _prefix(path: Path) -> str:
    # Room for what is added: a name may have 255 bytes.
    return f".{path.name.encode()[:200].decode(errors='ignore')}."


def _owned(folder: Path) -> int:
    """Make the file by which others see that a process is at work here, for as long as it lives."""
    descriptor = os.open(folder / OWNER, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOINHERIT", 0), 0o600)
    _lock(descriptor)
    os.write(descriptor, f"{platform.node()} {os.getpid()}".encode())
    return descriptor


def _left_behind(folder: Path) -> bool:
    owner = folder / OWNER
    try:
        # A pipe of that name is not waited for.
        descriptor = os.open(owner, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        # Killed between two steps: the folder is empty, or its owner went while it was being removed.
        return time.time() - folder.stat().st_mtime > MADE_BY_NOW
    try:
        host = os.read(descriptor, 1000).decode(errors="replace").rpartition(" ")[0]
        # Locks of another machine may not be seen from here.
        if host != platform.node() or not _lock(descriptor):
            return False
    finally:
        os.close(descriptor)
    # Windows: a file that is open cannot be removed.
    os.unlink(owner)
    return True


def _lock(descriptor: int) -> bool:
    """Lock a file until its descriptor is closed, by whatever end; False where another process holds it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # held, or locks are unknown to this disk
        return False
    return True


def _flush(path: Path) -> None:
    """Wait until a file is on the disk, so that a crash cannot leave an empty one under the final name."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    for file in files:
        # Windows flushes only what is open for writing.
        descriptor = os.open(file, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there
        return
    with contextlib.suppress(OSError):  # nor on some network disks; the result itself is written
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def reason(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
