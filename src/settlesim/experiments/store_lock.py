"""One process at a time writes to a store: a lock that ends with the process that holds it."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from settlesim.errors import SettlesimError, UsageError
from settlesim.results.regular_files import odd_kind, read_regular

__all__ = ["StoreLock", "holder_of"]

# On Windows, what is locked cannot be read: a byte far behind the note.
FAR = 1 << 20


class StoreLock:
    """The lock of a folder, in its file ``lock``.

    The operating system lets go of it when the process ends, however it ends, so that none is left by a dead one.

    Parameters
    ----------
    folder : Path
        Which exists.
    of : Path
        What is written there, for the message.
    """

    def __init__(self, folder: Path, of: Path) -> None:
        self.path = folder / "lock"
        self.of = of
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock.

        Raises
        ------
        UsageError
            If another process, or another call of this one, has it.
        SettlesimError
            If the file cannot be written.
        """
        if odd := "a symbolic link" if self.path.is_symlink() else odd_kind(self.path):
            raise UsageError(f"cannot write {str(self.of)!r}: {self.path.name!r} in it is {odd}, not a file")
        while True:
            try:
                file = self.path.open("a+", encoding="utf-8")
            except OSError as error:
                raise SettlesimError(f"cannot write {str(self.of)!r}: {error.strerror}") from error
            if not _locked(file):
                note = _note(self.path)
                file.close()
                raise UsageError(f"{str(self.of)!r} is being written by another process{_told(note)}: wait for it")
            if _same(file, self.path):
                break
            # Its last holder removed the file after this process had opened it.
            file.close()
        file.truncate(0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "started": started}))
        file.flush()
        self._file = file

    def leave(self) -> None:
        """Let go of the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None


def holder_of(folder: Path) -> dict[str, Any] | None:
    """Return the process that holds the lock of a folder now: pid, host, started; None if none does."""
    path = folder / "lock"
    try:
        with path.open("r+", encoding="utf-8") as file:
            if _locked(file):
                return None
    except FileNotFoundError:
        return None
    except OSError:
        # Where nothing can be written, nothing is being written from here.
        return None
    return _note(path)


def _note(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_regular(path))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(note: dict[str, Any]) -> str:
    return f" (number {note.get('pid')} on {note.get('host')}, since {note.get('started')})" if note else ""


def _same(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _locked(file: IO[str]) -> bool:
    """Lock an open file, unless another has it."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
