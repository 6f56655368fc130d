"""Figures of the process: against the course of runs, by hand, and with runs missing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

import settlesim as ss
from settlesim.analysis.process import process
from settlesim.errors import UsageError
from settlesim.report.process_tables import process_rows, process_tables
from support import shipped

RECORD = ["zone", "behind", "ceasefire", "refuses", "reservation_power", "limit_power"]
PLANS = ["trilateral", "ceasefire_first"]


@pytest.fixture(scope="module")
def war():
    return ss.compare(shipped(), PLANS, runs=60, rng=7, record=RECORD)


def course(result, name, plan):
    values = result[f"{name}_weekly"].sel(sequence=plan)
    return values.transpose("run", "week", ...).values


def test_the_first_signing_is_remembered_as_it_stood(war):
    signed = 0
    for plan in PLANS:
        one = war.sel(sequence=plan)
        runs = np.flatnonzero(one.settlement_week.notnull().values)
        weeks = one.settlement_week.values[runs].astype(int)
        signed += len(runs)
        pairs = {"zone": "zone", "behind": "backing", "reservation_power": "reservation", "limit_power": "limit"}
        for recorded, name in pairs.items():
            kept = one[f"{name}_at_signing"].values
            assert (kept[runs] == course(war, recorded, plan)[runs, weeks]).all(), name
            assert np.isnan(np.delete(kept, runs)).all()
    assert signed >= 8


def test_weeks_of_ceasefire_and_walkouts_are_counted(war):
    for plan in PLANS:
        one = war.sel(sequence=plan)
        assert (one.weeks_of_ceasefire.values == course(war, "ceasefire", plan).sum(axis=1)).all()
        refuses = course(war, "refuses", plan)
        week = np.where(refuses.any(axis=1), refuses.argmax(axis=1), np.nan)
        assert np.array_equal(one.walkout_week.values, week, equal_nan=True)
        assert (one.walked_out.values == refuses.any(axis=1)).all()
    assert war.weeks_of_ceasefire.sel(sequence="ceasefire_first").sum() > 0 and war.walked_out.sum() > 0


def test_figures_by_hand():
    """Four runs: a table opens in three; two sign, one of them without a zone."""
    nan = np.nan
    columns = {
        "settled": [1, 1, 0, 0],
        "settlement_week": [30.0, 50.0, nan, nan],
        "zone_at_signing": [0.2, -0.1, nan, nan],
        "backing_at_signing": [1.0, 0.5, nan, nan],
        "weeks_of_ceasefire": [0, 4, 0, 0],
    }
    dataset = xr.Dataset({name: (("sequence", "run"), [values]) for name, values in columns.items()})
    dataset["track_opened_week"] = (("sequence", "run", "track"), [[[10.0], [12.0], [20.0], [nan]]])
    dataset["rounds"] = (("sequence", "run", "track"), [[[2], [4], [9], [0]]])
    dataset["walked_out"] = (("sequence", "run", "faction"), [[[0, 1], [0, 1], [0, 0], [1, 1]]])
    table = process(dataset.assign_coords(sequence=["plan"], track=["talks"], faction=["a", "b"]))

    def told(name, **where):
        return table[name].sel(sequence="plan", **where).values.tolist()

    assert told("opened", track="talks") == [0.75, pytest.approx(np.sqrt(0.75 * 0.25 / 4)), 4]
    assert told("opened_week", track="talks")[::2] == [12.0, 3] and np.isnan(told("opened_week", track="talks")[1])
    assert told("rounds", track="talks") == [5.0, pytest.approx(np.std([2, 4, 9], ddof=1) / np.sqrt(3)), 3]
    assert told("walked_out", faction="b") == [0.75, pytest.approx(np.sqrt(0.75 * 0.25 / 4)), 4]
    assert told("deals")[::2] == [0.5, 4]
    assert told("zone")[::2] == [pytest.approx(0.05), 2]
    assert told("zone_negative") == [0.5, pytest.approx(np.sqrt(0.25 / 2)), 2]
    assert told("backing")[::2] == [0.75, 2]
    assert told("ceasefire_weeks") == [1.0, 1.0, 4]
    assert (table["zone"].attrs["kind"], table["rounds"].attrs["over"]) == ("median", "runs in which it opened")


def test_missing_runs_stay_missing(war):
    kept = xr.DataArray(np.arange(60) % 3 > 0, dims="run")
    masked = process(war.where(kept))
    # Adding zeros for what is missing changes the order of a sum, and with it the last bit.
    xr.testing.assert_allclose(masked, process(war.isel(run=np.flatnonzero(kept.values))), rtol=1e-12)
    none = process(war.where(xr.zeros_like(kept)))
    assert (none["opened"].sel(statistic="n") == 0).all() and none["opened"].sel(statistic="estimate").isnull().all()


def test_a_sweep_keeps_its_axes():
    swept = ss.sweep(shipped("two-party"), {"surrender_frame": [0, 0.1]}, runs=8, rng=7)
    table = process(swept)
    assert set(table["zone"].dims) == {"statistic", "surrender_frame", "sequence"}


def test_what_is_needed_and_not_there_is_named(war):
    with pytest.raises(UsageError, match="unknown variable 'zone_at_signing'"):
        process(war.drop_vars("zone_at_signing"))


def test_rows_are_json_and_tables_are_shown(war):
    rows = json.loads(json.dumps(process_rows(war), allow_nan=False))
    assert [row["sequence"] for row in rows] == PLANS
    assert rows[0]["opened"]["kabul_talks"] == {"n": 60, "estimate": 0.0, "error": 0.0}
    assert rows[0]["opened_week"]["kabul_talks"] == {"n": 0, "estimate": None}
    assert len(rows[0]["walked_out"]) == len(shipped().factions)
    talks, deals = process_tables(war)
    assert [column.header for column in talks.columns][1:] == [name.replace("_", " ") for name in shipped().tracks]
    assert talks.row_count == deals.row_count == 2
