"""For every public analysis, plot and table f and any mask m: f of masked runs is f of the runs that are left.

What is public is found by listing it, so that a new analysis fails here until it says how it is called.
"""

from __future__ import annotations

import inspect
import json
import pkgutil
from importlib import import_module

import numpy as np
import pytest
import xarray as xr
from rich.table import Table

import settlesim as ss
import settlesim.report as report
from settlesim.scenario.steps import deliver, open_track
from support import changed, shipped

TWO = changed(shipped("two-party"), horizon=60, targets=[])
WAR = shipped("afghanistan-2018")
PLAN = ss.Plan({"talks": open_track("talks"), "gift": deliver("prisoners"), "peace": deliver("ceasefire")}, pace=6)


def compared():
    return ss.compare(TWO, runs=16, rng=7, record=["trust"])


def by_order():
    return ss.orders(TWO, PLAN, runs=16, rng=7)


def by_world():
    return ss.nested(TWO, ["talk", "give_first"], worlds=84, luck=3, rng=7)


def history():
    return ss.simulate(WAR, sequence="historical", runs=8, rng=7, record="weekly")


def prior(dataset):
    return {"defection_rate": json.loads(dataset["defection_rate"].attrs["prior"])}


def flipped(data):
    return ss.flips_of(data, "talk", "give_first", "deaths", resamples=20)


def flipped_apart(data):
    """As `flipped`, of worlds that differ in what the two sequences differ by."""
    deaths = data["deaths"]
    more = deaths * (1 + 20 * data["defection_rate"])
    return flipped(data.assign(deaths=deaths.where(data["sequence"] == "talk", more).assign_attrs(deaths.attrs)))


def effects(data):
    return ss.order_effects(data, "deaths", draws=100)


def weighed(data):
    return ss.rank(data, "deaths", weights=ss.reweight(data, prior(data), least=1), resamples=20)


def rates(data):
    return ss.base_rates(data, WAR.base_rates, sequence="historical")


def hindcast(data):
    return ss.hindcast(data, WAR.targets)


def named(module, function, *args):
    """What a function of a module of reports makes of a result."""
    return lambda data: getattr(import_module(f"settlesim.report.{module}"), function)(data, *args)


def of(first, second):
    return lambda data: second(first(data))


# Name of what is public: the result that it takes, and the ways in which it is called.
CALLS = {
    "summary": (compared, [ss.summary]),
    "differences": (
        compared,
        [
            lambda data: ss.differences(data, "outcome"),
            lambda data: ss.differences(data, "settled"),
            lambda data: ss.differences(data, "deaths", quantiles=[0.5]),
        ],
    ),
    "rank": (
        compared,
        [
            lambda data: ss.rank(data, "outcome", kind="continued_war", resamples=20),
            lambda data: ss.rank(data, "deaths", resamples=20),
            weighed,
        ],
    ),
    "incidence": (
        compared,
        [
            ss.incidence,
            lambda data: ss.incidence(data, "final"),
            lambda data: ss.incidence(data, "settlement_week"),
        ],
    ),
    "process": (compared, [ss.process]),
    "reweight": (compared, [lambda data: ss.reweight(data, prior(data), least=1).pipe(lambda w: w.values[w > 0])]),
    "base_rates": (history, [rates]),
    "hindcast": (history, [hindcast]),
    "flips_of": (by_world, [flipped, lambda data: ss.rank(data, "deaths", resamples=20)]),
    "evppi": (by_world, [lambda data: ss.evppi(data, "deaths", parameters=["defection_rate"])]),
    "regions": (by_world, [of(flipped, lambda found: ss.regions(found, parameters=["defection_rate", "guarantee"]))]),
    "sensitivity": (
        by_world,
        [of(flipped_apart, lambda found: ss.sensitivity(found, parameters=["defection_rate"], resamples=8))],
    ),
    "order_effects": (by_order, [effects, lambda data: ss.order_effects(data, "settled", draws=100)]),
    "plots.outcomes": (compared, [ss.plots.outcomes]),
    "plots.incidence": (compared, [ss.plots.incidence, lambda data: ss.plots.incidence(data, "final")]),
    "plots.fan": (compared, [lambda data: ss.plots.fan(data, "trust", entity="government_insurgency")]),
    "plots.differences": (
        compared,
        [lambda data: ss.plots.differences(data, "deaths"), lambda data: ss.plots.differences(data, "settled")],
    ),
    "plots.flip_map": (
        by_world,
        [of(flipped, lambda found: ss.plots.flip_map(found, parameters=["defection_rate", "guarantee"]))],
    ),
    "plots.positions": (by_order, [of(effects, ss.plots.positions)]),
    "plots.precedence": (by_order, [of(effects, ss.plots.precedence)]),
    "plots.ribbons": (by_order, [lambda data: ss.plots.ribbons(data, "deaths")]),
    "measures.runs_told": (compared, [named("measures", "runs_told")]),
    "order_extremes.extreme_rows": (by_order, [named("order_extremes", "extreme_rows", "deaths")]),
    "order_extremes.extreme_table": (by_order, [named("order_extremes", "extreme_table", "settled")]),
    "process_tables.process_rows": (compared, [named("process_tables", "process_rows")]),
    "process_tables.process_tables": (compared, [named("process_tables", "process_tables")]),
    "tables.difference_rows": (compared, [named("tables", "difference_rows", "deaths")]),
    "tables.difference_table": (compared, [named("tables", "difference_table", "settled")]),
    "tables.incidence_rows": (compared, [named("tables", "incidence_rows")]),
    "tables.incidence_table": (compared, [named("tables", "incidence_table", "final")]),
    "tables.outcome_rows": (compared, [named("tables", "outcome_rows")]),
    "tables.outcome_table": (compared, [named("tables", "outcome_table")]),
    "tables.rank_rows": (compared, [named("tables", "rank_rows", "deaths")]),
    "tables.rank_table": (compared, [named("tables", "rank_table", "settled")]),
    "tables.base_rate_rows": (history, [of(rates, named("tables", "base_rate_rows"))]),
    "tables.base_rate_table": (history, [of(rates, named("tables", "base_rate_table"))]),
    "hindcast_table.hindcast_rows": (history, [of(hindcast, named("hindcast_table", "hindcast_rows"))]),
    "hindcast_table.hindcast_counts": (history, [of(hindcast, named("hindcast_table", "hindcast_counts"))]),
    "hindcast_table.hindcast_foot": (history, [of(hindcast, named("hindcast_table", "hindcast_foot"))]),
    "hindcast_table.hindcast_table": (history, [of(hindcast, named("hindcast_table", "hindcast_table", "test", ""))]),
    **{
        f"order_tables.{name}": (by_order, [of(effects, named("order_tables", name))])
        for name in (
            *("date_rows", "date_table", "order_tables", "share_rows", "share_table"),
            *("swap_rows", "swap_table"),
        )
    },
}  # fmt: skip
# Experiments and declarations: what they take is no result that could lack runs, or one that they keep as it is.
NO_ANALYSIS = {
    "STANDARD", "STANDARD_OUTCOMES", "Execution", "FaultError", "Fold", "Luck", "Mechanism", "Outcome", "Plan",
    "ProtocolError", "Rule", "Sampling", "Scenario", "ScenarioError", "Sequence", "SettlesimError", "Step",
    "UsageError", "Variable", "best_orders", "channels", "claims", "compare", "content", "estimate", "evaluate",
    "flips", "join", "load", "nested", "open", "order_design", "order_efficiency", "orders", "plots", "replay",
    "rule", "save", "simulate", "sobol", "steps", "sweep", "verify", "Interrupted", "Terminated",
    # Of a scenario, or of a table that an experiment of its own returns.
    "plots.channels", "plots.control_map", "plots.timeline",
    "claim_tables.claim_rows", "claim_tables.claim_table", "claim_tables.footer", "claim_tables.markdown",
    # Names and attributes alone.
    "measures.is_reference", "measures.lines_of", "measures.meanings", "measures.more_than_order", "measures.titled",
    "story.replay",
}  # fmt: skip


def public():
    """Names of all that is public and of all in the reports that takes a dataset."""
    found = set(ss.__all__) | {f"plots.{name}" for name in ss.plots.__all__}
    plots = {getattr(ss.plots, name) for name in ss.plots.__all__}
    for module in pkgutil.iter_modules(report.__path__):
        home = import_module(f"settlesim.report.{module.name}")
        for name in home.__all__:
            function = getattr(home, name)
            if not inspect.isfunction(function) or function in plots or function.__module__ != home.__name__:
                continue
            if "Dataset" in str(inspect.signature(function).parameters.values()):
                found.add(f"{module.name}.{name}")
    return found


def test_all_that_is_public_is_listed():
    missing = public() - set(CALLS) - NO_ANALYSIS
    assert not missing, f"say in CALLS how these are called, or in NO_ANALYSIS that they take no result: {missing}"
    assert not set(CALLS) - public()


@pytest.fixture(scope="module")
def results():
    """Each result once, when it is first asked for."""
    kept = {}

    def result(make):
        if make not in kept:
            kept[make] = make()
        return kept[make]

    return result


def plain(found):
    """Numbers and words of whatever an analysis, a table or a plot returns."""
    if isinstance(found, Table):
        cells = [[str(cell) for cell in column.cells] for column in found.columns]
        return [str(found.title), str(found.caption), [str(column.header) for column in found.columns], cells]
    if isinstance(found, xr.Dataset):
        # Parameters stand aside as they were.
        return {str(name): found[name].values for name in found.variables} | {
            name: found.attrs[name] for name in ("n", "runs", "worlds", "luck", "left_out") if name in found.attrs
        }
    if hasattr(found, "get_lines"):
        return drawn(found)
    if isinstance(found, dict):
        return {key: plain(value) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [plain(one) for one in found]
    return found


def drawn(ax):
    """Data, not pixels: lines, bars, bands, points, images, and every text."""
    ax.figure.canvas.draw()
    return {
        "lines": [np.asarray(line.get_xydata(), float) for line in ax.get_lines()],
        "bars": [np.array(bar.get_bbox().bounds) for bar in ax.patches if hasattr(bar, "get_bbox")],
        "collections": [
            [np.asarray(path.vertices, float) for path in one.get_paths()] + [np.ma.filled(one.get_offsets(), np.nan)]
            for one in ax.collections
        ],
        "images": [np.ma.filled(np.ma.asarray(image.get_array(), float), np.nan) for image in ax.get_images()],
        "texts": [text.get_text() for text in ax.texts],
        "labels": [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()]
        + [text.get_text() for text in ax.get_yticklabels()],
    }


def same(one, other, where=""):
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for place, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{where}/{place}")
    elif isinstance(one, (float, np.ndarray)) and np.asarray(one).dtype.kind in "fiub":
        assert np.shape(one) == np.shape(other), where
        assert np.allclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True), (where, one, other)
    elif isinstance(one, np.ndarray):
        assert one.tolist() == other.tolist(), where
    else:
        assert one == other, where


def masks(n, least):
    """A few masks: the first part, every other run, any."""
    yield np.arange(n) < least
    yield np.random.default_rng(n).permutation(n) < (n + least) // 2


@pytest.mark.parametrize("name", CALLS)
def test_masking_runs_is_leaving_them_out(results, name):
    make, calls = CALLS[name]
    result = results(make)
    dim = "run" if "run" in result.dims else "point"
    n = result.sizes[dim]
    for mask in masks(n, {16: 9, 8: 5, 84: 66}[n]):
        kept = xr.DataArray(mask, {dim: result[dim]})
        masked, without = result.where(kept), result.isel({dim: np.flatnonzero(mask)})
        for call in calls:
            same(plain(call(masked)), plain(call(without)), name)


BY_SEQUENCE = {
    "summary": lambda data: ss.summary(data, ["outcome", "deaths", "settled"]),
    "incidence": ss.incidence,
    "process": ss.process,
}


@pytest.mark.parametrize("name", BY_SEQUENCE)
def test_masks_of_sequences_and_runs(results, name):
    """Each sequence is told of over the runs that it has, as in joined and interrupted results."""
    result = results(compared)
    mask = np.random.default_rng(3).random((result.sizes["sequence"], result.sizes["run"])) < 0.6
    masked = result.where(xr.DataArray(mask, {"sequence": result.sequence, "run": result.run}))
    whole = BY_SEQUENCE[name](masked)
    for place, label in enumerate(result["sequence"].values):
        alone = result.isel(sequence=[place], run=np.flatnonzero(mask[place]))
        same(plain(whole.sel(sequence=[label])), plain(BY_SEQUENCE[name](alone)), name)


def test_a_plot_of_codes_that_are_missing_finds_no_run_more(results):
    """What this whole file is for: missing codes counted as another meaning; bars that sum to less than all runs."""
    result = results(compared)
    ax = ss.plots.outcomes(result.where(result.run < 9))
    widths = [bar.get_width() for bar in ax.patches]
    assert sum(widths) == pytest.approx(100 * result.sizes["sequence"])
    assert "9 runs" in ax.get_title(loc="left")
    # Counted by hand from codes, as it once was, they would not.
    codes = result.where(result.run < 9)["outcome"]
    assert float((codes == codes).sum()) < codes.size
