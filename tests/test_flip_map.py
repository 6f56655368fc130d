"""The map of worlds shows where the difference turns."""

import matplotlib
import numpy as np
import pytest

import settlesim as ss
from analysis.crossed import against_nothing
from settlesim.errors import UsageError

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def found():
    """The difference is level + tilt - 1: it turns on the diagonal."""
    rng = np.random.default_rng(1)
    parameters = {"tilt": rng.random(300), "idle": rng.random(300), "level": rng.random(300)}
    each = (parameters["tilt"] + parameters["level"] - 1)[:, None] + rng.normal(0, 0.3, (300, 6))
    return ss.flips_of(against_nothing(each, parameters=parameters, kind="share"), "a", "b", "y", resamples=50)


def test_the_line_is_where_the_difference_is_zero(found):
    ax = ss.plots.flip_map(found, parameters=["tilt", "level"])
    line = next(c for c in ax.collections if getattr(c, "levels", None) is not None and list(c.levels) == [0.0])
    points = np.concatenate([path.vertices for path in line.get_paths()])
    inner = points[(points > 0.15).all(axis=1) & (points < 0.85).all(axis=1)]
    assert len(inner) > 20 and np.abs(inner.sum(axis=1) - 1).max() < 0.12


def test_the_leading_parameters_are_chosen_and_labelled(found):
    ax = ss.plots.flip_map(found)
    assert {ax.get_xlabel(), ax.get_ylabel()} == {"tilt (a year)", "level (a year)"}
    low, high = (100 * float(found.flips.sel(statistic=end)) for end in ("low", "high"))
    assert f"({low:.0f} to {high:.0f}%)" in ax.get_title(loc="left")
    dots = ax.collections[-1]
    assert np.asarray(dots.get_array()) == pytest.approx(100 * found.world_difference.values)
    assert "percentage points" in ax.figure.axes[-1].get_ylabel()


def test_what_no_map_can_be_made_of(found):
    with pytest.raises(UsageError, match="did you mean 'tilt'"):
        ss.plots.flip_map(found, parameters=["tilts", "level"])
    with pytest.raises(UsageError, match="'tilt' is named twice"):
        ss.plots.flip_map(found, parameters=["tilt", "tilt"])
    with pytest.raises(UsageError, match="needs two parameters that vary, there are 1"):
        ss.plots.flip_map(found.drop_vars(["tilt", "idle"]))


def test_from_a_scenario_to_its_map():
    """The whole way on a small war, by names of sequences."""
    found = ss.flips(ss.load("two-party"), "talk", "give_first", "deaths", worlds=40, luck=3, rng=7)
    assert found.attrs["worlds"] == 40 and found.attrs["luck"] == 3 and found.attrs["luck_design"] == "own"
    assert float(found.common[0]) == 0
    assert ss.plots.flip_map(found).get_title(loc="left").startswith("deaths: talk less give_first")
    assert set(ss.regions(found).verdict.values) <= {"turns", "weaker", "not confirmed"}


def test_one_luck_for_all_points_and_its_indices():
    """Points of `evaluate` go the same way, and Sobol indices are of points that it simulates."""
    scenario = ss.load("two-party")
    found = ss.flips_of(
        ss.evaluate(scenario, 30, ["talk", "give_first"], luck=4, rng=7), "talk", "give_first", "deaths"
    )
    assert found.attrs.get("luck_design") != "own" and float(found.common[0]) > 0
    names = ["war_cost.insurgency", "consent_rate"]
    table = ss.sobol(scenario, "talk", "give_first", "deaths", parameters=names, size=16, rng=7, luck=6)
    assert sorted(table.parameter.values) == sorted(names)
    assert np.isfinite(table.total.values).all()
    assert (table.total_low < table.total_high).all()
