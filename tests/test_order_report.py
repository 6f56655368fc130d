"""Pictures and tables of effects of order show the numbers of the dataset, and say what their intervals are."""

from __future__ import annotations

import io
import json
import re

import matplotlib
import numpy as np
import pytest
from rich.console import Console

import settlesim as ss
from made_orders import MOVES, all_places, order_noise, orders_dataset
from settlesim.errors import UsageError
from settlesim.report.order_tables import date_rows, order_tables, share_rows, swap_rows, swap_table

matplotlib.use("Agg")
PLACES = all_places(4)


@pytest.fixture(scope="module")
def met():
    function = 20.0 * (PLACES[:, 0] < PLACES[:, 1]) + 3 * PLACES[:, 2]
    values = 300 + function[:, np.newaxis] + 4 * order_noise(np.random.default_rng(1), PLACES, 40)
    return orders_dataset(values, PLACES, attrs={"better": "low"})


@pytest.fixture(scope="module")
def effects(met):
    return ss.order_effects(met, "deaths")


def shown(tables):
    console = Console(width=220, record=True, file=io.StringIO())
    for table in tables:
        console.print(table)
    return console.export_text()


def test_cells_of_the_matrix_hold_values_and_intervals(effects):
    # One that stands alone, and not with all the others.
    effects = effects.copy(deep=True)
    effects["swap_low_all"][0, 1], effects["swap_high_all"][1, 0] = -1.0, 1.0
    ax = ss.plots.precedence(effects)
    assert len(ax.patches) == 16 and len(ax.texts) == 2 * 12
    cells = {}
    for text in ax.texts:
        x, y = text.get_position()
        cells.setdefault((round(y), round(x)), []).append(text)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == list(MOVES[:4]) == [label.get_text() for label in ax.get_xticklabels()]
    for (i, j), (value, interval) in cells.items():
        one = effects.isel(first=i, second=j)
        assert float(value.get_text()) == pytest.approx(float(one["swap"]), abs=0.051)
        ends = [float(end) for end in interval.get_text().split(" to ")]
        assert ends == pytest.approx([float(one["swap_low"]), float(one["swap_high"])], abs=0.051)
        # Antisymmetric, and bold where the interval for all pairs leaves out zero.
        assert float(cells[j, i][0].get_text()) == -float(value.get_text())
        firm = float(one["swap_low_all"]) > 0 or float(one["swap_high_all"]) < 0
        assert (value.get_fontweight() == "bold") == firm
    assert {text.get_fontweight() for text in ax.texts[::2]} == {"bold", "normal"}
    assert "95% intervals" in ax.get_title(loc="left") and "24 orders, 40 worlds" in ax.get_title(loc="left")
    beyond = ss.plots.precedence(effects, beyond_dates=True)
    assert float(beyond.texts[0].get_text()) == pytest.approx(float(effects["precedence"][0, 1]), abs=0.051)


def test_the_redder_the_lower(effects):
    patches = np.reshape([patch.get_facecolor() for patch in ss.plots.precedence(effects).patches], (4, 4, 4))
    up = effects["swap"].values > 5
    assert (patches[up][:, 2] > patches[up][:, 0]).all() and (patches[up.T][:, 2] < patches[up.T][:, 0]).all()


def test_profiles_show_the_dates(effects):
    ax = ss.plots.positions(effects)
    for line, move in zip(ax.lines, effects["move"].values, strict=False):
        assert np.allclose(line.get_ydata(), effects["date"].sel(move=move))
    assert {text.get_text() for text in ax.texts} == set(MOVES[:4])
    bands = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert bands.min() == pytest.approx(float(effects["date_low"][0].min()))
    heights = sorted(text.get_position()[1] for text in ax.texts)
    low, high = ax.get_ylim()
    assert min(np.diff(heights)) > 0.06 * (high - low)


def test_ribbons_run_through_the_places_of_moves(met):
    ax = ss.plots.ribbons(met, "deaths", ends=3, between=10)
    thin, bold = ax.collections
    assert (len(thin.get_paths()), len(bold.get_paths())) == (10, 6)
    rows = [label.get_text() for label in ax.get_yticklabels()]
    best = met["deaths"].mean("run").argsort().values  # few deaths are better
    for path, order in zip(bold.get_paths(), [*best[:3], *best[-3:]], strict=True):
        at = {round(x): rows[round(y)] for x, y in path.vertices if abs(x - round(x)) < 1e-9}
        assert " > ".join(at[place] for place in range(1, 5)) == met["order"].values[order]
    assert "best and worst 3 of 24 orders, and 10 between" in ax.get_title(loc="left")
    assert ss.plots.ribbons(met, "deaths", ends=99).collections  # more than there are


def test_ribbons_of_blocks_and_of_meanings(met):
    rng = np.random.default_rng(2)
    places = PLACES[np.stack([rng.permutation(24)[:6] for _ in range(40)], axis=1)]
    value = 5.0 * places[..., 0] + 100 * rng.normal(0, 1, 40)
    ax = ss.plots.ribbons(orders_dataset(value, places, attrs={"better": "low"}), "deaths", ends=6, between=0)
    rows = [label.get_text() for label in ax.get_yticklabels()]
    # Whatever the level of its worlds, the first move stands first in the six best.
    assert {rows[round(path.vertices[0, 1])] for path in ax.collections[1].get_paths()[:6]} == {MOVES[0]}
    flags = {"flag_values": np.arange(2, dtype=np.int8), "flag_meanings": "war peace", "kind": "code", "units": "1"}
    coded = orders_dataset((places[..., 0] > 2).astype(np.int8), places, attrs=flags)
    assert ss.plots.ribbons(coded, "deaths", kind="peace").get_title(loc="left").startswith("Deaths: peace\n")


def test_plots_draw_into_given_axes_and_label_them(met, effects):
    from matplotlib.figure import Figure

    for draw in (
        lambda ax: ss.plots.precedence(effects, ax=ax),
        lambda ax: ss.plots.positions(effects, ax=ax),
        lambda ax: ss.plots.ribbons(met, "deaths", ax=ax),
    ):
        ax = Figure().add_subplot()
        assert draw(ax) is ax
        assert ax.get_xlabel()
    for draw in (ss.plots.precedence, ss.plots.positions, swap_table):
        with pytest.raises(UsageError, match="order_effects"):
            draw(met)


def test_rows_hold_the_numbers_and_are_json(effects):
    rows = swap_rows(effects)
    assert len(rows) == 6 and rows[0]["units"] == "deaths"
    assert [row["swap"]["estimate"] for row in rows] == sorted((row["swap"]["estimate"] for row in rows), reverse=True)
    top = effects.sel(first=rows[0]["first"], second=rows[0]["second"])
    assert rows[0]["swap"]["low_all"] == float(top["swap_low_all"])
    assert rows[0]["beyond_dates"]["high"] == float(top["precedence_high"])
    assert len(date_rows(effects)) == 16
    assert [row["share"] for row in share_rows(effects)] == effects["share"].values.tolist()
    json.dumps([rows, date_rows(effects), share_rows(effects)], allow_nan=False)


def test_headers_name_error_interval_and_correction(effects):
    text = " ".join(shown(order_tables(effects)).split())
    for said in ("error", "95% interval, each alone", "95% interval, all 6 pairs at once (max-t)", "40 worlds, exact"):
        assert said in text
    assert "multiplier bootstrap over worlds" in text


def test_intervals_are_never_written_as_nothing(met):
    """An outcome in small units, and one that order cannot touch."""
    small = ss.order_effects(met.assign(deaths=(met["deaths"] / 3e4).assign_attrs(met["deaths"].attrs)), "deaths")
    none = ss.order_effects(met.assign(deaths=(0 * met["deaths"] + 5).assign_attrs(met["deaths"].attrs)), "deaths")
    for one in (small, none):
        text = shown(order_tables(one))
        assert not re.search(r"± 0\.?0*\b(?![.\d])", text), text
        assert "nan" not in text and "inf" not in text
    assert "0 in every world" in shown(order_tables(none))
    texts = [text.get_text() for text in ss.plots.precedence(small).texts[1::2]]
    assert all(low != high for low, high in (text.split(" to ") for text in texts))


def test_shares_are_written_in_points_and_unknown_ends_as_words():
    rng = np.random.default_rng(3)
    attrs = {"kind": "share", "units": "1", "better": "high"}
    table = orders_dataset(rng.random((24, 40)) < 0.5, PLACES, attrs=attrs)
    effects = ss.order_effects(table, "deaths")
    assert "percentage points" in ss.plots.precedence(effects).get_title(loc="left")
    assert swap_rows(effects)[0]["swap"]["estimate"] == pytest.approx(100 * float(effects["swap"].max()))
    assert np.isinf(effects["share_low"]).all()
    assert "not known" in shown(order_tables(effects))
    assert share_rows(effects)[0]["low"] is None


def test_unknown_shares_have_no_estimate():
    rng = np.random.default_rng(3)
    effects = ss.order_effects(orders_dataset(rng.random((24, 40)) < 0.5, PLACES), "deaths")
    lines = [line for line in shown(order_tables(effects)).splitlines() if "pairwise precedence" in line]
    assert lines and all(line.count("not known") == 3 and "%" not in line for line in lines)


def test_tables_say_what_a_fraction_assumes_and_cannot_tell(met):
    with pytest.warns(UserWarning, match="12 orders more would tell"):
        few = ss.order_effects(met.isel(order=np.random.default_rng(4).permutation(24)[:12]), "deaths")
    text = " ".join(shown(order_tables(few)).split())
    assert "Swap effects from 12 orders assume that only who comes before whom matters" in text
    assert (
        text.count(
            "Dates (at least some), shares and the variance are not told: 12 orders do not tell dates from precedence"
        )
        == 2
    )
    assert "No room for a test of higher order" in text and "nan" not in text
    assert "assume that only" in ss.plots.precedence(few).get_title(loc="left")
    none = few.assign({name: few[name] * np.nan for name in few if name.startswith("date")})
    assert "are not told" in ss.plots.positions(none).get_title(loc="left")


def test_ribbons_without_a_better_end_and_with_worlds_left_out(met):
    plain = met.copy(deep=True)
    del plain["deaths"].attrs["better"]
    plain["deaths"][3, 5] = np.nan
    title = ss.plots.ribbons(plain, "deaths").get_title(loc="left")
    assert "the highest and lowest 5" in title and "in each row the higher above" in title and "better" not in title
    assert "n = 39 worlds, 1 left out" in title
    assert "left out" not in ss.plots.ribbons(met, "deaths").get_title(loc="left")


@pytest.mark.parametrize("m", [2, 3, 4])
def test_titles_end_within_the_figure(m):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    places = all_places(m)
    attrs = {"long_name": "deaths", "better": "low"}
    table = orders_dataset(order_noise(np.random.default_rng(1), places, 30), places, name="deaths_of_all", attrs=attrs)
    effects = ss.order_effects(table, "deaths_of_all")
    for ax in (ss.plots.precedence(effects), ss.plots.positions(effects), ss.plots.ribbons(table, "deaths_of_all")):
        canvas = FigureCanvasAgg(ax.figure)
        canvas.draw()
        box = ax._left_title.get_window_extent(canvas.get_renderer())
        assert box.x1 <= ax.figure.bbox.x1 + 1 and box.y1 <= ax.figure.bbox.y1 + 1


def test_left_out_worlds_are_told(met):
    holed = met.copy(deep=True)
    holed["deaths"][3, 5] = np.nan
    assert "39 worlds (1 left out: no value under some order)" in " ".join(
        shown(order_tables(ss.order_effects(holed, "deaths"))).split()
    )
