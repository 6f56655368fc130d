"""The documents say what the code says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build():
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["odd.md", "luck.md"])
def test_tables_are_fresh(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert build().filled(text) == text, "run python docs/build.py"


def test_links_lead_somewhere():
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_zeuthen_takes_the_place_of_concession_curves():
    import settlesim as ss
    from settlesim.model.rules.rounds import zeuthen

    scenario = ss.load("two-party")
    curves, risks = (
        ss.simulate(scenario, runs=60, rng=7, protocol=p)
        for p in (None, ss.STANDARD.replaced("asks_and_offers", zeuthen))
    )
    assert (curves["settlement_week"].fillna(-1) != risks["settlement_week"].fillna(-1)).any()
