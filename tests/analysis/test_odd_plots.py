"""Plots of what they do not expect: one run, none, nothing that differs, many sequences. They say what is not there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr

import settlesim as ss
from settlesim.report.told import NO_RUN
from settlesim.scenario.steps import deliver, open_track
from support import changed, shipped

TWO = changed(shipped("two-party"), horizon=40, targets=[])
PLAN = ss.Plan({"talks": open_track("talks"), "gift": deliver("prisoners"), "peace": deliver("ceasefire")}, pace=6)


@pytest.fixture(scope="module")
def result():
    return ss.compare(TWO, runs=8, rng=7, record=["trust"])


@pytest.fixture(scope="module")
def by_order():
    return ss.orders(TWO, PLAN, runs=8, rng=7)


@pytest.fixture(scope="module")
def by_world():
    return ss.nested(TWO, ["talk", "give_first"], worlds=30, luck=2, rng=7)


def constant(dataset, name):
    return dataset.assign({name: (dataset[name] * 0).assign_attrs(dataset[name].attrs)})


def renamed(dataset, names):
    part = dataset.isel(sequence=[place % dataset.sizes["sequence"] for place in range(len(names))])
    return part.assign_coords(sequence=names)


ODD = {
    "one sequence": lambda data: data.isel(sequence=[0]),
    "one run": lambda data: data.isel(run=[0]),
    "two runs": lambda data: data.isel(run=[0, 1]),
    "no run": lambda data: data.where(data.run < 0),
    "constant": lambda data: constant(constant(data, "deaths"), "settled"),
    "names": lambda data: renamed(data, ["five_$x$ now", "<b>bold</b>", "[red]y[/red]", "a_b"]),
    "sixty": lambda data: renamed(data, [f"plan {i}" for i in range(60)]),
}
PLOTS = {
    "outcomes": ss.plots.outcomes,
    "first events": ss.plots.incidence,
    "settlement": lambda data: ss.plots.incidence(data, "settlement_week"),
    "deaths": lambda data: ss.plots.differences(data, "deaths"),
    "settled": lambda data: ss.plots.differences(data, "settled"),
    "weeks": lambda data: ss.plots.differences(data, "settlement_week"),
    "fan": lambda data: ss.plots.fan(data, "trust", entity="government_insurgency"),
}
PAIRS = {"deaths", "settled", "weeks"}


def drawn(plot, data):
    """Draw without a warning, and without a figure that pyplot keeps."""
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plot(data)
        ax.figure.canvas.draw()
    assert not plt.get_fignums()
    return ax


@pytest.mark.parametrize("odd", ODD)
def test_odd_results_are_drawn_or_refused_in_a_line(result, odd):
    data = ODD[odd](result)
    for name, plot in PLOTS.items():
        if name in PAIRS and odd in ("one sequence", "one run"):
            with pytest.raises(ss.UsageError, match="at least two sequences and two runs"):
                plot(data)
            continue
        ax = drawn(plot, data)
        if odd == "no run":
            assert any(NO_RUN in text.get_text() for text in ax.texts), name
            assert ax.get_legend() is None


def test_an_event_that_no_run_has_is_said_to_be_none(result):
    ax = drawn(PLOTS["settlement"], result.assign(settlement_week=result.settlement_week.where(False)))
    assert [text.get_text() for text in ax.texts] == ["none of these events in any run"]


def test_the_legend_does_not_lie_on_the_axis(result):
    """Its distance was a share of the figure's height: on the label of a low figure, an inch below a high one."""
    for data in (ODD["one sequence"](result), ODD["sixty"](result)):
        ax = drawn(ss.plots.outcomes, data)
        axis, legend = ax.xaxis.get_tightbbox(), ax.get_legend().get_window_extent()
        assert -4 < axis.y0 - legend.y1 < 40


def test_what_has_several_values_is_no_one_plot(result):
    for name in ("outcome", "defections"):
        with pytest.raises(ss.UsageError, match=f"the differences of '{name}' also vary by .*, and a plot shows one"):
            ss.plots.differences(result, name)
    with pytest.raises(ss.UsageError, match="'trust' is of a dyad: say with entity= of which, government_insurgency"):
        ss.plots.fan(result, "trust")


@pytest.mark.parametrize("odd", ["two runs", "constant", "one run", "no run"])
def test_odd_results_of_orders(by_order, odd):
    data = ODD[odd](by_order) if odd != "constant" else constant(by_order, "deaths")
    plots = [
        lambda data: ss.plots.positions(ss.order_effects(data, "deaths", draws=100)),
        lambda data: ss.plots.precedence(ss.order_effects(data, "deaths", draws=100)),
        lambda data: ss.plots.ribbons(data, "deaths"),
    ]
    for plot in plots:
        if odd in ("one run", "no run"):
            with pytest.raises(ss.UsageError, match="effects need two"):
                plot(data)
        else:
            drawn(plot, data)


def test_worlds_that_do_not_differ(by_world):
    found = ss.flips_of(constant(by_world, "deaths"), "talk", "give_first", "deaths", resamples=20)
    drawn(ss.plots.flip_map, found)


# ---- and tables ----


def cells(table):
    return [str(cell) for column in table.columns for cell in column.cells]


@pytest.mark.parametrize("odd", ["one run", "no run", "constant", "two runs"])
def test_tables_say_bounds_and_one_run(result, odd):
    from settlesim.report.process_tables import process_tables
    from settlesim.report.tables import difference_table, outcome_table, rank_table

    data = ODD[odd](result)
    tables = [outcome_table(data), *process_tables(data)]
    if odd not in ("one run",):
        tables += [difference_table(data, "settled"), difference_table(data, "deaths")]
    if odd != "no run":
        tables.append(rank_table(data, "settled"))
    for table in tables:
        for cell in cells(table):
            assert cell != "-" and "± 0" not in cell.replace("± 0.", "") and cell[-5:] != "± 0.0", cell
            assert "nan" not in cell, cell
        assert "95%" in str(table.title) or "run" in str(table.title)
    first = cells(outcome_table(data))
    if odd == "one run":
        assert any("(1 run)" in cell for cell in first)
    if odd == "no run":
        assert NO_RUN in first
    if odd == "constant":
        assert any(cell.startswith("< ") for cell in first)


def test_one_run_of_many_is_not_said_to_be_none():
    values = np.zeros((2, 5000))
    values[1, 3] = 1.0
    attrs = {"role": "outcome", "kind": "share", "units": "1", "long_name": "settled"}
    made = xr.Dataset({"settled": (("sequence", "run"), values, attrs)}, {"sequence": ["a", "b"]})
    from settlesim.report.tables import difference_table, rank_table

    table = cells(difference_table(made, "settled"))
    assert "+0.02" in table and "-0.06 to +0.11" in table, table
    assert "1 of 5,000" not in cells(rank_table(made, "settled"))
    back = made.assign(
        settled=(("sequence", "run"), np.array([[1.0] * 3 + [0.0] * 4997, [0.0] * 4 + [1.0] + [0.0] * 4995]), attrs)
    )
    assert "1 of 5,000" in cells(rank_table(back, "settled"))
