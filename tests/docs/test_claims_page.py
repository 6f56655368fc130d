"""docs/claims.md holds every claim of the brief, and says by which command it was written."""

from __future__ import annotations

import re
from pathlib import Path

import settlesim as ss
from settlesim.report.claim_tables import TITLES

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
SECTIONS = dict(zip(TITLES, PAGE.split("\n## ")[1:], strict=True))


def test_every_claim_stands_in_its_section_in_the_order_of_the_file():
    for kind, title in TITLES.items():
        claims = [claim for claim in ss.load("afghanistan-2018").claims if claim.kind == kind]
        assert SECTIONS[kind].startswith(title)
        rows = [row for row in SECTIONS[kind].splitlines() if row.startswith("| ")][2:]
        assert len(rows) == len(claims)
        for claim, row in zip(claims, rows, strict=True):
            sign = "-0+"[claim.sign + 1]
            # What a claim says, moves and watches; the figures are those of the run that the page names.
            assert row.startswith(f"| {claim.sentence} ")
            assert f"| `{claim.moved}` | {claim.quantity} {sign} |" in row, claim.name
            assert re.search(r"\*\*(holds|fails|for|against|undecided|depends)\*\* \|$", row)


def test_the_page_says_how_it_was_made():
    runs, rng = re.search(r"python docs/claims.py --runs (\d+) --rng (\d+)", PAGE).groups()
    assert f"settlesim claims afghanistan-2018 --runs {runs} --rng {rng}" in PAGE
    assert f"{int(runs):,} runs of each plan" in PAGE
