"""What the shell offers after a tab."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support import shipped


def offered(line):
    asked = {"_SETTLESIM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "from settlesim.app.cli import app; app(prog_name='settlesim')"],
        capture_output=True, text=True, check=False, env=os.environ | asked,
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.parametrize("option", ["-s ", "--sequence ", "--runs 7 -s ", "--no-progress -s ", "-s talk -s "])
def test_sequences_are_those_of_the_scenario_on_the_line(option):
    assert offered(f"settlesim compare two-party {option}") == list(shipped("two-party").sequences)


def test_names_are_completed_from_their_beginning():
    assert offered("settlesim run two") == ["two-party"]
    assert offered("settlesim run two-party -s gi") == ["give_first"]
    assert offered("settlesim orders two-party --plan ") == list(shipped("two-party").plans)
    assert "validate" in offered("settlesim va")
