"""What pyproject.toml asks for is used by some line."""

from __future__ import annotations

import importlib.util
import re
import tomllib

import pytest

from structure.tree import ROOT, imports, python_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Used by no import, and why it is needed all the same.
NOT_IMPORTED = {
    "scores": "imported by name, where it is installed",
    "h5netcdf": "writes NetCDF for xarray",
    "h5py": "writes HDF5 for h5netcdf",
    "ipyvue": "held back for solara",
    "ipyvuetify": "held back for solara",
    "solara-assets": "files that solara serves",
    "pytest-xdist": "pytest -n",
    "ruff": "run from the command line",
    "mypy": "run from the command line",
    "import-linter": "run from the command line",
}


EXTRAS = PROJECT["optional-dependencies"]


def named(requirements):
    """Names of distributions, without extras and versions."""
    return [re.match(r"[\w.-]+", requirement)[0].lower() for requirement in requirements]


def imported():
    """Top-level packages that some file imports, in lower case."""
    files = python_files("src", "tests", "examples", "benchmarks", "docs")
    return {i.module.partition(".")[0].lower() for path in files for i in imports(path)}


def unused(requirements):
    found = imported()
    return [name for name in named(requirements) if name.replace("-", "_") not in found and name not in NOT_IMPORTED]


def test_every_dependency_is_used():
    assert unused(PROJECT["dependencies"]) == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_requirement_of_an_extra_is_used(extra):
    assert unused(EXTRAS[extra]) == []


def test_what_nothing_imports_is_found():
    assert unused(["settlesim[io]", "numpy>=2", "torch>=2", "scikit-image"]) == ["torch", "scikit-image"]


def test_the_lowest_versions_that_ci_tries_are_those_of_every_requirement():
    spec = importlib.util.spec_from_file_location("lowest", ROOT / ".ci" / "lowest.py")
    lowest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lowest)
    wanted = [*PROJECT["dependencies"], *EXTRAS["io"]]
    found = lowest.lowest(wanted)
    assert named(found) == named(wanted) and len(found) > 12
    for constraint, requirement in zip(found, wanted, strict=True):
        assert f">={constraint.partition('==')[2]}" in requirement.partition(",")[0]


def test_an_extra_is_more_than_another_name_for_one():
    for extra, requirements in EXTRAS.items():
        assert set(named(requirements)) != {"settlesim"}, extra


def test_the_exceptions_are_needed():
    every = named([*PROJECT["dependencies"], *(name for requirements in EXTRAS.values() for name in requirements)])
    assert set(NOT_IMPORTED) <= set(every)
    assert not {name.replace("-", "_") for name in NOT_IMPORTED} & imported()
