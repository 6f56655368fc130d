"""The page on writing a scenario says the bounds that hold."""

from pathlib import Path

import pytest

from settlesim.scenario import conditions, limits, plan_faults

PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-scenario.md").read_text(encoding="utf-8")
ROWS = {
    "a file": f"{limits.FILE_BYTES:,} bytes",
    "its path": f"{limits.PATH_CHARACTERS:,} characters",
    "scenarios that extend": f"{limits.CHAIN}",
    "tables and lists": f"{limits.DEPTH}",
    "a dotted key": f"{limits.KEY_PARTS} parts, each of {limits.KEY_CHARACTERS} characters",
    "keys and entries": f"{limits.VALUES:,}",
    "entries of a table": f"{limits.ENTRIES_MOST:,}",
    "sequences": f"{limits.SEQUENCES:,}",
    "factions": f"{limits.FEW}",
    "steps of a sequence": f"{limits.STEPS}",
    "moves of a plan": f"{plan_faults.MOST}; {limits.PAIRS:,}",
    "conditions within": f"{limits.PARTS}; {conditions.DEEPEST}",
    "a title": f"{limits.NAME_CHARACTERS} characters",
    "any other text": f"{limits.PROSE_CHARACTERS:,} characters",
    "a number": f"{limits.LARGEST_NUMBER:.0e}".replace("+", "") + " either way",
}


@pytest.mark.parametrize("row", ROWS)
def test_the_page_says_the_bound_that_holds(row):
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {row}"))
    assert line.split("|")[2].strip() == ROWS[row]
