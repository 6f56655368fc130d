"""The files and imports of the repository, as the tests of its shape see them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["DOORS", "PACKAGE", "ROOMS", "ROOT", "Import", "imports", "modules", "python_files"]

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "settlesim"
ROOMS = {"scenario", "chance", "model", "engines", "results", "experiments", "analysis", "report", "app"}
# What users import; each only passes on what its room defines.
DOORS = ("reference", "steps", "rules")


class Import(NamedTuple):
    """One name imported: the module it comes from, and when that happens."""

    module: str
    name: str
    when: str  # "with the module", "when called" or "for type checking"


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """Modules of a package by dotted name; a package itself is named like its folder."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file that names its module in full."""
    yield from _below(ast.parse(path.read_text(encoding="utf-8")), "with the module")


def _below(node: ast.AST, when: str) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, "", when) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(child.module or "", alias.name, when) for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from _below(child, "for type checking")
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _below(child, "when called")
        else:
            yield from _below(child, when)
