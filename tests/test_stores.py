"""What is read back is what was saved, in every format that is read back, or an error in one line."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import settlesim as ss
from damage_stores import damaged
from settlesim.results.content_digest import SCHEMA, content_digest, stamp
from settlesim.results.formats import opened, zarr_encoding
from settlesim.results.seal import seal
from settlesim.results.stores import table
from support import changed, shipped


def sealed(dataset, path):
    """A file as settlesim ends it, whatever its content."""
    dataset.to_netcdf(path, engine="h5netcdf")
    seal(path, dataset.attrs)
    return path


NAMES = ["outcome", "settled", "end_week", "deaths", "defections", "defection_rate"]


@pytest.fixture(scope="module")
def result():
    war = changed(shipped("two-party"), horizon=26, targets=[])
    return ss.compare(war, runs=8, rng=7, record=["deaths"])[[*NAMES, "deaths_weekly"]]


def test_500_damaged_results_are_equal_or_refused_in_one_line():
    counts = damaged(seed=9, count=500)
    assert set(counts) == {"equal", "refused"} and counts.total() == 500
    # Damages that change nothing of the content are not taken for others.
    assert counts["equal"] > 20 and counts["refused"] > 250


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_what_is_read_is_identical_and_can_be_saved_in_the_other_format(result, tmp_path, suffix):
    ss.save(result, tmp_path / f"a{suffix}")
    again = ss.open(tmp_path / f"a{suffix}")
    assert again.identical(result)
    other = tmp_path / ("b.nc" if suffix == ".zarr" else "b.zarr")
    ss.save(again, other)
    assert ss.open(other).identical(result)


def masked(result):
    return result.where(result["run"] % 2 == 0)


def joined(result):
    return xr.concat([result.isel(run=[0, 1]), result.isel(run=[1, 5])], "run", data_vars="minimal")


def widened(result):
    notes = {"flag": True, "numbers": np.arange(3, dtype=np.int8), "one": [2.5], "words": ["a", "b"], "none": ""}
    words = np.array(["ä", "", "a longer text"] + [None] * 5, object)
    more = {"small": ("run", np.arange(8, dtype=np.int8)), "text": ("run", words), "many": ("x", np.zeros((0,)))}
    return result.assign(more).assign_attrs(notes).assign(zero=-0.0, none=("run", [np.inf, np.nan] * 4))


@pytest.mark.parametrize("change", [masked, joined, widened])
@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_result_that_was_changed_can_be_saved(result, tmp_path, suffix, change):
    new = change(result)
    ss.save(new, tmp_path / f"a{suffix}")
    again = ss.open(tmp_path / f"a{suffix}")
    for name in new.variables:
        a, b = again[name].values, new[name].values
        if b.dtype.kind == "O" and name == "text":
            b = np.where(pd.isnull(b), "", b)
        assert np.array_equal(a, b.astype(a.dtype), equal_nan=a.dtype.kind == "f"), name
    assert content_digest(again) == content_digest(ss.open(tmp_path / f"a{suffix}"))


def test_the_digest_sees_every_change_and_nothing_else(result, tmp_path):
    whole = content_digest(result)
    assert content_digest(result[[*reversed(NAMES), "deaths_weekly"]]) == whole
    flipped = result.copy(deep=True)
    flipped["deaths"].values.view(np.uint64)[1, 3] ^= 1
    longer = result.assign(deaths=result["deaths"].astype(np.float32))
    noted = result.copy()
    noted["deaths"] = result["deaths"].assign_attrs(units="thousands")
    others = [flipped, longer, noted, result.isel(run=slice(None, None, -1)), result.assign_attrs(entropy="8")]
    others += [result.rename(deaths="dead"), result.drop_vars("deaths"), result.reset_coords("definition")]
    assert len({whole, *map(content_digest, others)}) == 1 + len(others)


def test_the_digest_is_that_of_a_lazy_store_in_any_chunks(result, tmp_path, monkeypatch):
    monkeypatch.setattr("settlesim.results.content_digest.AT_ONCE", 5)
    for n, chunks in enumerate([None, {"run": 3, "sequence": 1}, {"run": 1, "week": 7}]):
        path = tmp_path / f"{n}.zarr"
        result.to_zarr(path, zarr_format=2, encoding=zarr_encoding(result.variables, chunks))
        with opened(path) as lazy:
            assert content_digest(lazy) == content_digest(result)


def test_versions_and_files_of_others_are_refused(result, tmp_path):
    def written(name, **attrs):
        kept = result.assign_attrs(attrs)
        kept.attrs = {key: value for key, value in kept.attrs.items() if value is not None}
        return sealed(kept, tmp_path / name)

    cases = {
        "old.nc": ({}, "without a digest"),
        "new.nc": (stamp(result) | {"schema": SCHEMA + 1, "settlesim_version": "9.1"}, r"settlesim 9.1 in layout 3"),
        "other.nc": (stamp(result) | {"settlesim_version": None}, "was not written by settlesim"),
        "changed.nc": (stamp(result) | {"content_digest": "sha256:0"}, "digest that was saved with it"),
        "half.nc": ({"schema": SCHEMA}, "the digest that was saved"),
    }
    for name, (attrs, said) in cases.items():
        with pytest.raises(ss.SettlesimError, match=said):
            ss.open(written(name, **attrs))


def test_files_that_settlesim_did_not_end_are_not_read(result, tmp_path):
    result.to_netcdf(tmp_path / "old.nc", engine="h5netcdf")
    with pytest.raises(ss.SettlesimError, match=r"was written by settlesim 0\.1\.0"):
        ss.open(tmp_path / "old.nc")
    xr.Dataset({"a": ("run", [1])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ss.SettlesimError, match="was not written by settlesim"):
        ss.open(tmp_path / "other.nc")


def test_other_programs_read_the_files(result, tmp_path):
    ss.save(result, tmp_path / "a.nc")
    assert xr.load_dataset(tmp_path / "a.nc")["deaths"].equals(result["deaths"])


def test_a_changed_variable_is_named(result, tmp_path):
    sealed(result.assign_attrs(stamp(result)).assign(deaths=result["deaths"] + 1), tmp_path / "a.nc")
    with pytest.raises(ss.SettlesimError, match=r"changed after it was saved: 'deaths'$"):
        ss.open(tmp_path / "a.nc")


def test_a_lost_chunk_is_named(result, tmp_path):
    ss.save(result, tmp_path / "a.zarr")
    # Shares of zero are written too: Zarr reads a chunk that is lost as zeros.
    chunk = next(file for file in (tmp_path / "a.zarr" / "settled").iterdir() if not file.name.startswith("."))
    chunk.unlink()
    with pytest.raises(ss.SettlesimError, match=f"chunk {chunk.name} of 'settled' is missing"):
        ss.open(tmp_path / "a.zarr")
    zeros = xr.zeros_like(result)
    ss.save(zeros, tmp_path / "zeros.zarr")
    assert ss.open(tmp_path / "zeros.zarr").equals(zeros)


def test_a_store_that_grows_has_no_digest_yet(result, tmp_path):
    result.assign_attrs(schema=SCHEMA, growing=1).to_zarr(tmp_path / "a.zarr", zarr_format=2, consolidated=False)
    assert ss.open(tmp_path / "a.zarr").sizes["run"] == 8


@pytest.mark.parametrize("name", ["a.nc", "a.zarr", "a.csv", "a.parquet"])
def test_a_result_without_runs_is_refused(result, tmp_path, name):
    with pytest.raises(ss.UsageError, match="without a single run"):
        ss.save(result.isel(run=[]), tmp_path / name)
    if name in ("a.nc", "a.zarr"):
        none = result.isel(run=[])
        none = none.assign_attrs(stamp(none))
        none.to_zarr(tmp_path / name, zarr_format=2) if name == "a.zarr" else sealed(none, tmp_path / name)
        with pytest.raises(ss.SettlesimError, match="without a single run"):
            ss.open(tmp_path / name)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.arange(8).astype("M8[ns]"), "datetime64"),
        (np.arange(8) * 1j, "complex128"),
        (np.array([{}] * 8, object), "dict"),
        (np.array(["a\0"] * 8, object), "a character that files do not keep"),
    ],
)
@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_what_a_file_would_not_give_back_is_refused(result, tmp_path, values, said, suffix):
    with pytest.raises(ss.SettlesimError, match=said):
        ss.save(result.assign(odd=("run", values)), tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_is_read_before_it_takes_its_place(result, tmp_path):
    ss.save(result, tmp_path / "a.zarr")
    with pytest.raises(ss.SettlesimError, match=r"would not give back 'a/b'"):
        ss.save(result.assign({"a/b": ("run", np.arange(8))}), tmp_path / "a.zarr")
    assert ss.open(tmp_path / "a.zarr").identical(result)


ANALYSES = {
    "summary": ss.summary,
    "differences": lambda r: ss.differences(r, "deaths"),
    "rank": lambda r: ss.rank(r, "deaths"),
    "process": ss.process,
    "incidence": ss.incidence,
}


@pytest.mark.parametrize("analysis", ANALYSES)
def test_tables_of_analyses_in_every_format(tmp_path, analysis):
    war = changed(shipped("two-party"), horizon=26, targets=[])
    made = ANALYSES[analysis](ss.compare(war, runs=8, rng=7))
    for suffix in (".nc", ".zarr"):
        ss.save(made, tmp_path / f"a{suffix}")
        assert ss.open(tmp_path / f"a{suffix}").identical(made)
    ss.save(made, tmp_path / "a.csv")
    ss.save(made, tmp_path / "a.parquet")
    rows, same = pd.read_csv(tmp_path / "a.csv"), pd.read_parquet(tmp_path / "a.parquet")
    assert list(rows) == list(same) == list(table(made)) and rows["sequence"].tolist() == same["sequence"].tolist()
    assert len(rows) % made.sizes["sequence"] == 0
    # Every number is in it, once.
    names = [name for name in made.data_vars if made[name].dtype.kind == "f"]
    cells = sum(same[c].notna().sum() for c in same if c.split(".")[0] in names)
    assert cells == sum(int(made[name].notnull().sum()) for name in names)


def test_a_table_has_the_values_of_its_labels(result):
    made = ss.differences(result, "deaths")
    rows = table(made).set_index("sequence")
    assert rows.loc["no_talks", "difference"] == made["difference"].sel(sequence="no_talks").item()
    weekly = table(result, weekly=True)
    assert list(weekly) == ["sequence", "run", "week", "deaths_weekly"]
    assert len(weekly) == result["deaths_weekly"].size
    one = weekly[(weekly["sequence"] == "talk") & (weekly["run"] == 3) & (weekly["week"] == 20)]
    value = result["deaths_weekly"].sel(sequence="talk", run=3, week=20).item()
    assert one["deaths_weekly"].item() == value
    with pytest.raises(ss.UsageError, match="no weekly values"):
        table(result[NAMES], weekly=True)


def test_a_table_of_points_and_luck():
    war = changed(shipped("two-party"), horizon=26, targets=[])
    made = ss.evaluate(war, 3, ["talk", "no_talks"], luck=4, rng=7)
    rows = table(made)
    assert {"point", "sequence", "luck", "deaths"} <= set(rows) and len(rows) == 3 * 2 * 4
    picked = rows[(rows["point"] == 2) & (rows["luck"] == 1) & (rows["sequence"] == "talk")]["deaths"].item()
    assert picked == made["deaths"].sel(point=2, luck=1, sequence="talk").item()


def test_a_table_of_orders_has_a_row_for_each():
    moves = {"talk": ss.steps.open_track("talks"), "give": ss.steps.deliver("prisoners")}
    made = ss.orders(changed(shipped("two-party"), horizon=26, targets=[]), ss.Plan(moves, pace=8), runs=3, rng=7)
    rows = table(made)
    assert {"order", "run", "settled"} <= set(rows) and len(rows) == 2 * 3


TEXTS = ["=1+1", "+1", "-1", "@a", "\ta", "talk, or\n not", 'said "no"', "ä"]


def test_text_that_looks_like_a_formula(tmp_path):
    rows = pd.DataFrame({"=sum(a)": TEXTS, "deaths": np.arange(-4.0, 4.0)})
    ss.save(rows, tmp_path / "plain.csv")
    assert pd.read_csv(tmp_path / "plain.csv").equals(rows)
    ss.save(rows, tmp_path / "escaped.csv", escape=True)
    safe = pd.read_csv(tmp_path / "escaped.csv")
    assert list(safe) == ["'=sum(a)", "deaths"] and safe["deaths"].equals(rows["deaths"])
    assert safe["'=sum(a)"].tolist() == [f"'{text}" for text in TEXTS[:5]] + TEXTS[5:]


def test_options_that_do_not_fit_the_format_are_refused(result, tmp_path):
    for name, option in [("a.nc", "weekly"), ("a.zarr", "weekly"), ("a.parquet", "escape"), ("a.nc", "escape")]:
        with pytest.raises(ss.UsageError, match=f"{option}=True is for"):
            ss.save(result, tmp_path / name, **{option: True})


def test_parquet_names_who_wrote_it(result, tmp_path):
    import pyarrow.parquet as pq

    ss.save(result, tmp_path / "a.parquet", weekly=True)
    notes = pq.read_schema(tmp_path / "a.parquet").metadata
    assert notes[b"entropy"] == b"7" and b"settlesim_version" in notes
    assert "deaths_weekly" in pd.read_parquet(tmp_path / "a.parquet")


def test_saving_warns_of_nothing(result, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("a.nc", "a.zarr", "a.csv", "a.parquet"):
            ss.save(masked(result), tmp_path / name)
    chunks = json.loads((tmp_path / "a.zarr" / "deaths" / ".zarray").read_text())
    assert [one["id"] for one in chunks["filters"]] == ["crc32c"]
