"""Every check of the claims table holds in runs that its page has not counted, at a size that can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import settlesim as ss
from settlesim.scenario.scenario import Scenario
from support import shipped

CHECKS = [claim for claim in shipped().claims if claim.kind == "check"]
PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
# Over 1,000 runs the effect under a plan is z standard errors; with n runs it exceeds three with a chance of 99% if
# n = 1,000 ((3 + 2.33) / z)^2.
REACH = 3 + 2.33
# Runs that no page has counted yet, for those that a small number can tell and for the rest.
SIZES = {"few": range(1000, 1060), "more": range(1000, 1400)}


def needed(row):
    effect, error = re.search(r": ([+-][\d.e+-]+)%? ± ([\d.e+-]+)", row).groups()
    return 1000 * (REACH * float(error) / float(effect)) ** 2


def sizes():
    rows = [row for row in PAGE.split("\n## ")[1].splitlines() if row.startswith("| ")][2:]
    assert len(rows) == len(CHECKS)
    need = {claim.name: needed(row) for claim, row in zip(CHECKS, rows, strict=True)}
    few = [name for name, n in need.items() if n <= len(SIZES["few"])]
    return {"few": few, "more": [name for name in need if name not in few]}, need


def test_every_check_has_a_size_that_can_tell():
    chosen, need = sizes()
    assert len(chosen["few"]) + len(chosen["more"]) == len(CHECKS) > 40
    assert max(need.values()) <= len(SIZES["more"])


@pytest.mark.parametrize("size", SIZES)
def test_checks_hold(size):
    """Under the first of its plans: the page has them all."""
    names = sizes()[0][size]
    first = [claim.model_dump() | {"plans": claim.plans[:1]} for claim in CHECKS if claim.name in names]
    war = Scenario.model_validate({**shipped().tree(), "claims": first})
    table = ss.claims(war, runs=SIZES[size], rng=7)
    assert {str(c): str(v) for c, v in zip(table.claim.values, table.verdict.values, strict=True)} == dict.fromkeys(
        names, "holds"
    )
