"""Imports go one way: rows as the contract says, and no module that needs itself to be imported."""

from __future__ import annotations

import configparser
import textwrap
from graphlib import CycleError, TopologicalSorter

from structure.tree import DOORS, PACKAGE, ROOMS, ROOT, imports, modules


def arrows(package=PACKAGE, kinds=("with the module",)):
    """Modules of the package that each module imports."""
    known = modules(package)
    graph = {}
    for name, path in known.items():
        wanted = [i for i in imports(path) if i.when in kinds]
        whole = {f"{i.module}.{i.name}" if f"{i.module}.{i.name}" in known else i.module for i in wanted}
        graph[name] = {module for module in whole if module in known}
    return graph


def cycle(graph):
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def test_there_is_no_import_cycle():
    """Imports for type checking do not count: they may refer back within a room, and the contract keeps them to it."""
    graph = arrows()
    assert sum(map(len, graph.values())) > 200
    assert cycle(graph) is None


def test_a_cycle_is_found_and_named(tmp_path):
    package = tmp_path / "made"
    (package / "room").mkdir(parents=True)
    for name, text in {
        "__init__": "",
        "a": "from made.room import b\n",
        "room/__init__": "",
        "room/b": "if True:\n    import made.room.c\n",
        "room/c": """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                import made.a
            def f():
                import made.a
        """,
    }.items():
        (package / f"{name}.py").write_text(textwrap.dedent(text))
    assert cycle(arrows(package)) is None
    with_types = cycle(arrows(package, ("with the module", "for type checking")))
    assert set(with_types) == {"made.a", "made.room.b", "made.room.c"}
    (package / "room" / "c.py").write_text("from made.a import f\n")
    assert set(cycle(arrows(package))) == {"made.a", "made.room.b", "made.room.c"}


def test_the_contract_has_eight_rows_and_every_room_stands_in_one():
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    rows = contract["importlinter:contract:layers"]["layers"].split("\n")
    rows = [[room.strip() for room in row.split("|")] for row in rows if row.strip()]
    assert len(rows) == 8
    assert sorted(room for row in rows for room in row) == sorted(f"settlesim.{room}" for room in ROOMS)


def test_no_room_goes_through_a_public_door():
    """Doors stand outside the rows, so a room that used one could reach rooms below it."""
    doors = {"settlesim", *(f"settlesim.{door}" for door in DOORS)}
    used = set()
    for name, path in modules().items():
        if name.count(".") > 1:
            for i in imports(path):
                whole = f"{i.module}.{i.name}".rstrip(".")
                if whole in doors or i.module in doors - {"settlesim"}:
                    used.add((name, whole))
    assert used == set()
