"""Tables and plots show the numbers of the dataset."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

import settlesim as ss
from settlesim.report import tables as report
from support import shipped

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def compared():
    return ss.compare(shipped("two-party"), runs=60, rng=7)


@pytest.fixture(scope="module")
def weekly():
    return ss.simulate(shipped(), sequence="historical", runs=6, rng=7, record="weekly")


def test_shares_of_outcomes_add_up(compared):
    for row in report.outcome_rows(compared):
        assert sum(entry["share"] for entry in row["outcomes"].values()) == pytest.approx(1.0)


def test_difference_rows_are_paired(compared):
    rows = {row["sequence"]: row for row in report.difference_rows(compared, "deaths")}
    values = compared["deaths"]
    paired = (values.sel(sequence="give_first") - values.sel(sequence="talk")).mean()
    assert rows["give_first"]["difference"] == pytest.approx(float(paired))


def test_ranking_says_in_how_many_runs_the_next_does_better(compared):
    *rows, last = report.rank_rows(compared, "deaths")
    assert [row["value"] for row in rows] == sorted(row["value"] for row in rows)
    assert last["sequence"] == "no_talks" and last["place"] is None
    assert 0 <= rows[0]["next_better"] <= 1


def test_outcome_bars_have_the_shares(compared):
    ax = ss.plots.outcomes(compared)
    width = dict.fromkeys(("talk", "give_first", "quiet_first", "no_talks"), 0.0)
    for bars in ax.containers:
        for name, bar in zip(width, bars, strict=True):
            width[name] += bar.get_width()
    assert list(width.values()) == pytest.approx([100.0] * 4)
    assert ax.get_yticklabels()[-1].get_text() == "no talks (reference)"


def test_the_plot_of_incidence_says_of_what(compared):
    for which, title in (("first", "First events: talk"), ("final", "Final outcomes: talk")):
        assert ss.plots.incidence(compared, which).get_title(loc="left").startswith(title)
    assert ss.plots.incidence(compared, "settlement_week").get_title(loc="left").startswith("Settlement week: talk")


def test_values_are_written_by_what_their_outcome_declares(compared):
    few = compared.isel(run=slice(0, 2)).assign(legitimacy=compared.legitimacy.isel(run=slice(0, 2)) * 0)
    # All zeros, which a guess would take for shares.
    assert "percentage points" not in str(report.difference_table(few, "legitimacy").title)
    assert "percentage points" in str(report.difference_table(compared, "standing").title)


def test_the_better_end_comes_first(compared):
    for name, sign in (("deaths", 1), ("signed", -1), ("legitimacy", -1), ("deaths_lived", 1)):
        values = [sign * row["value"] for row in report.rank_rows(compared, name)[:-1]]
        assert values == sorted(values), name


def test_plots_draw_into_given_axes_and_label_them(compared, weekly):
    from matplotlib.figure import Figure

    for draw in (
        lambda ax: ss.plots.outcomes(compared, ax=ax),
        lambda ax: ss.plots.incidence(compared, ax=ax),
        lambda ax: ss.plots.differences(compared, "deaths", ax=ax),
        lambda ax: ss.plots.fan(weekly, "rival_strength_now", ax=ax),
        lambda ax: ss.plots.timeline(shipped(), "historical", ax=ax),
    ):
        ax = Figure().add_subplot()
        assert draw(ax) is ax
        assert ax.get_xlabel()


def test_the_fan_shows_the_quantiles(weekly):
    ax = ss.plots.fan(weekly, "deaths")
    median = ax.lines[0].get_ydata()
    assert np.allclose(median, weekly["deaths_weekly"].isel(sequence=0).median("run"))


def test_a_tile_for_every_province():
    scenario = shipped()
    ax = ss.plots.control_map(scenario, np.linspace(0, 1, 34))
    assert len(ax.patches) == 34
    assert len({p.tile for p in scenario.provinces}) == 34
    with pytest.raises(ss.UsageError, match="34 provinces"):
        ss.plots.control_map(scenario, [0.5])


def test_what_was_not_recorded_cannot_be_drawn(weekly):
    with pytest.raises(ss.UsageError, match="not recorded"):
        ss.plots.fan(weekly, "relapse_left")


def test_equal_sequences_share_a_place_in_the_table(compared):
    """What differs in its name only is neither before nor behind."""
    twin = compared.sel(sequence=["talk", "talk"]).assign_coords(sequence=["talk", "twin"])
    rows = report.rank_rows(twin, "deaths")
    assert [row["place"] for row in rows] == [1, 1] and [row["first"] for row in rows] == [0.5, 0.5]
    shown = [str(cell) for cell in report.rank_table(twin, "deaths").columns[0].cells]
    assert shown == ["1", "1"]
