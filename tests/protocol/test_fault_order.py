"""Of several faults the same is shown, however an experiment is cut into units and by whomever they are computed."""

from __future__ import annotations

import numpy as np
import pytest

from made_outcomes import FAILS, failing
from settlesim.errors import FaultError
from settlesim.experiments import fault_order
from settlesim.experiments.execution import Execution
from settlesim.experiments.simulate import compare
from support import changed, shipped


def met(**how):
    war = changed(shipped("two-party"), horizon=20, targets=[])
    with pytest.raises(FaultError) as caught:
        compare(war, list(FAILS), runs=48, rng=7, outcomes=[failing], execution=Execution(**how))
    return str(caught.value)


def test_the_lowest_run_is_named_and_there_the_first_sequence():
    whole = met()
    assert "sequence 'give_first', run 21" in whole and "sequence='give_first'" in whole
    for block in (7, 16, 48):
        assert met(block=block) == whole
    assert met(workers=2, block=16) == whole


def test_an_earlier_fault_is_not_looked_for_at_any_price(monkeypatch):
    monkeypatch.setattr(fault_order, "MOST", 10)
    assert "sequence 'talk', run 33" in met()


def test_what_was_computed_without_a_fault_is_not_computed_again(monkeypatch):
    from settlesim.experiments.job import Job

    calls = []
    real = Job.compute

    def counted(self, unit):
        calls.append(unit)
        return real(self, unit)

    monkeypatch.setattr(Job, "compute", counted)
    met(block=16)
    cells = np.zeros((len(FAILS), 48), int)
    for unit in calls:
        cells[np.ix_(unit.lines, list(unit.runs))] += 1
    assert (cells[:, :16] == 1).all() and (cells[:, 34:] == 0).all()
