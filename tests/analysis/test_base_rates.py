"""Terminations beside base rates, by hand."""

import numpy as np
import pytest
from scipy import stats

from settlesim.analysis.terminations import base_rates
from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario.base_rates import BaseRates

PLAIN = {"meaning": "wars", "n": 50, "source": "counted", "tag": "C"}


def rates(**terminations):
    made = {name: {"label": name, "share": share, "outcomes": kinds} for name, (share, kinds) in terminations.items()}
    return BaseRates(**PLAIN, terminations=made)


@pytest.fixture
def ended(made):
    # Codes: 0 victory, 1 settlement, 2 continued war
    return made(outcome=[[0, 0, 1, 2, 2], [1, 1, 2, 2, 2]], coded=("outcome",))


def test_shares_are_of_what_ended(ended):
    table = base_rates(ended, rates(win=(0.3, ["victory"]), deal=(0.6, ["settlement"]), pause=(0.1, [])), sequence="a")
    assert table.simulated.values[:2].tolist() == pytest.approx([2 / 3, 1 / 3]) and np.isnan(table.simulated[2])
    assert (table.attrs["ended"], table.attrs["runs"]) == (3, 5)
    assert table.observed.values.tolist() == [0.3, 0.6, 0.1]
    for ends, k, n in ((("low", "high"), 2, 3), (("observed_low", "observed_high"), 15, 50)):
        theirs = stats.binomtest(k, n).proportion_ci(method="wilson")
        assert [table[end].values[0] for end in ends] == pytest.approx([theirs.low, theirs.high])


def test_where_nothing_ended_there_is_no_share(made):
    going_on = made(outcome=[[2, 2]], names=("a",), coded=("outcome",))
    assert np.isnan(base_rates(going_on, rates(win=(0.3, ["victory"]))).simulated).all()


def test_the_reference_is_taken_where_there_are_several(ended):
    with pytest.raises(UsageError, match="say with sequence="):
        base_rates(ended, rates(win=(0.3, ["victory"])))
    ended.attrs["reference_sequence"] = "b"
    table = base_rates(ended, rates(win=(0.3, ["victory"]), deal=(0.6, ["settlement"])))
    assert table.simulated.values.tolist() == [0, 1]


def test_mistakes_are_named(ended):
    with pytest.raises(UsageError, match="did you mean 'victory'"):
        base_rates(ended, rates(win=(0.3, ["victry"])), sequence="a")
    with pytest.raises(UsageError, match="declares no"):
        base_rates(ended, None)
    with pytest.raises(ScenarioError, match=r"sum to 1\.1, more than 1"):
        rates(win=(0.3, ["victory"]), deal=(0.8, []))
    with pytest.raises(ScenarioError, match="win and deal both count the outcome 'victory'"):
        rates(win=(0.3, ["victory"]), deal=(0.6, ["victory"]))
