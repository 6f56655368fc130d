"""Each channel alone on acts with the sign that theory gives on what it acts on; off it moves nothing by a bit.

The rows stand in benchmarks/channel_ledger.py, which writes them into docs/channels.md. A row holds where its mean is
three standard errors from nothing: with no effect one row in about 740 would, on the right side. The seed is fixed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from support import shipped

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "channel_ledger.py"
SPEC = importlib.util.spec_from_file_location("channel_ledger", PATH)
ledger = importlib.util.module_from_spec(SPEC)
sys.modules["channel_ledger"] = ledger
SPEC.loader.exec_module(ledger)
WAR = ledger.war()
RUNS = 60


@pytest.fixture(scope="module")
def measured():
    return dict(zip(ledger.ROWS, ledger.measured(runs=RUNS, scenario=WAR), strict=True))


@pytest.mark.parametrize("row", ledger.ROWS, ids=lambda row: f"{row.key} ({row.move}) {row.given}")
def test_alone_on_it_acts_as_theory_says_and_off_not_by_a_bit(row, measured):
    found = measured[row]
    assert found.agrees(row.sign), found
    assert found.moved_off == 0.0


def test_every_declared_channel_has_a_row():
    assert {row.channel for row in ledger.ROWS} == set(shipped().channels)


def test_every_parameter_that_a_row_switches_on_is_one_that_its_channel_holds_off():
    for row in ledger.ROWS:
        off = shipped().channels[row.channel].off
        # A ceasefire that is kept is what trust from attacks has to see.
        assert set(row.on) - {"ceasefire_multiplier"} <= set(off), row


def test_a_sign_the_other_way_round_fails_and_so_does_an_effect_where_none_should_be():
    row = next(row for row in ledger.ROWS if row.channel == "pocketing")
    (found,) = ledger.measured([row], runs=20, scenario=WAR)
    assert found.agrees(1) and not found.agrees(-1) and not found.agrees(0)
    # A channel that leaks while it is off is seen.
    leaking = WAR.with_parameters(pocketing=0.01)
    (found,) = ledger.measured([row], runs=20, scenario=leaking)
    assert found.moved_off > 0.0
