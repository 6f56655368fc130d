"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_what_is_written_from_the_code_is_fresh(build):
    marked = [path.name for path in DOCUMENTS if build.hand_written(path.read_text("utf-8")) != path.read_text("utf-8")]
    assert marked == sorted(build.DOCUMENTS)
    for name in build.DOCUMENTS:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert build.filled(text) == text, f"{name}: run python docs/build.py"


def test_links_lead_somewhere(build):
    anchors = {}
    for path in DOCUMENTS:
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        anchors[path] = {build.anchor(re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading)) for heading in headings}
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
            if target.startswith("http"):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            assert there.exists(), f"{path.name}: {target}"
            assert not anchor or anchor in anchors[there], f"{path.name}: {target} leads to no heading"


def test_zeuthen_takes_the_place_of_concession_curves():
    import settlesim as ss
    from settlesim.model.rules.rounds import zeuthen

    scenario = ss.load("two-party")
    curves, risks = (
        ss.simulate(scenario, runs=60, rng=7, protocol=p)
        for p in (None, ss.STANDARD.replaced("asks_and_offers", zeuthen))
    )
    assert (curves["settlement_week"].fillna(-1) != risks["settlement_week"].fillna(-1)).any()
