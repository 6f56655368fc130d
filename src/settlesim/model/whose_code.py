"""Whose code it is: settlesim's own, a version of something installed, or somebody's work."""

from __future__ import annotations

import functools
import importlib.metadata
import sys
import sysconfig
from pathlib import Path
from typing import Any

__all__ = ["is_installed", "is_ours", "version_of"]

# Where what is installed stands; what is installed to be worked on stands elsewhere.
_NAMES = ("stdlib", "platstdlib", "purelib", "platlib")
_PLACES = tuple({str(Path(sysconfig.get_path(name)).resolve()) for name in _NAMES})
_THIS_MODULE = __name__
_OURS = _THIS_MODULE.partition(".")[0]


def is_ours(module: Any) -> bool:
    """Whether a module of that name is settlesim's."""
    return str(module).partition(".")[0] == _OURS


@functools.cache
def is_installed(module: str, file: str | None) -> bool:
    """Whether a module is a version of something, not somebody's work: installed, or of Python itself."""
    if is_ours(module):
        return False
    if file is not None and not file.startswith("<"):
        return str(Path(file).resolve()).startswith(_PLACES)
    origin = getattr(getattr(sys.modules.get(module), "__spec__", None), "origin", None)
    return origin == "built-in" or (module.partition(".")[0] in sys.stdlib_module_names and module != "__main__")


@functools.cache
def version_of(package: str) -> str:
    """Return the version of a package that is installed; that of Python's own goes with Python."""
    if package in sys.stdlib_module_names:
        return ""
    version = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(version, str):
        return version
    found = importlib.metadata.packages_distributions().get(package, ())
    return " ".join(sorted(f"{name} {importlib.metadata.version(name)}" for name in found))
