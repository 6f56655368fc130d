"""Files are short, names are unique, and the top level holds the rooms and nothing else."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest

from structure.tree import DOORS, PACKAGE, ROOMS, ROOT, modules, python_files

LONGEST = 400


def test_no_file_is_long():
    files = python_files("src", "tests", "examples", "benchmarks", "docs")
    lines = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in files}
    assert len(lines) > 100
    assert {name: number for name, number in lines.items() if number > LONGEST} == {}


def test_no_two_modules_have_one_name():
    places = defaultdict(list)
    for name in modules():
        package, _, last = name.rpartition(".")
        is_main_module = last == package.rpartition(".")[2]
        if not is_main_module and name not in {f"settlesim.{door}" for door in DOORS}:
            places[last].append(name)
    assert len(places) > 50
    assert [several for several in places.values() if len(several) > 1] == []


def test_the_top_level_is_the_rooms_the_errors_and_the_doors():
    single = {"errors", "__init__", "__main__", *DOORS}
    found = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert found == ROOMS | {f"{name}.py" for name in single} | {"py.typed"}
    for room in ROOMS:
        assert (PACKAGE / room / "__init__.py").is_file()


@pytest.mark.parametrize("door", DOORS)
def test_a_door_only_passes_on(door):
    text = (PACKAGE / f"{door}.py").read_text(encoding="utf-8")
    documentation, *rest = ast.parse(text).body
    assert isinstance(documentation, ast.Expr)
    assert {type(statement) for statement in rest} == {ast.ImportFrom, ast.Assign}
    *passed, names = rest
    assert {alias.name for statement in passed for alias in statement.names} == set(ast.literal_eval(names.value))


def test_a_parameter_is_named_in_few_files_on_its_way_to_the_result():
    """From its declaration to its rule; nothing between them may know it by name."""
    parameter = "defection_rate"
    files = [*python_files("src"), ROOT / "scenarios" / "afghanistan-2018.toml"]
    named = [path for path in files if re.search(rf"\b{parameter}\b", path.read_text(encoding="utf-8"))]
    assert {"rules", "scenarios"} <= {path.parent.name for path in named}
    assert len(named) <= 7, named
