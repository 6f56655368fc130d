"""Differences between sequences, run by run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import bootstrap
from scipy.stats import t as student

from settlesim.analysis.paired_intervals import paired_interval
from settlesim.analysis.statistics import (
    check_finite,
    check_labels,
    check_level,
    effective_number,
    error_basis,
    error_of_mean,
    indicators,
    is_share,
    mean_over_runs,
    outcome_variable,
    replicated,
    runs_present,
)
from settlesim.errors import UsageError, choose
from settlesim.results.common_luck import check_common_luck

__all__ = ["differences"]

RESAMPLES = 1999
# Numbers that the bootstrap may hold at a time.
BATCH = 4_000_000


def differences(
    dataset: xr.Dataset,
    variable: str,
    *,
    baseline: str | None = None,
    quantiles: Sequence[float] = (),
    level: float = 0.95,
    rng: int = 0,
) -> xr.Dataset:
    """Compare sequences with a baseline over their common worlds and luck.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compare` or `sweep`.
    variable : str
        An outcome.  A coded one is compared meaning by meaning, along ``<name>_kind``.
    baseline : str, optional
        The sequence to compare with; by default the scenario's baseline, or the first.
    quantiles : sequence of float
        Quantiles to compare as well, by bootstrap over the runs.
    level : float
        Coverage of the intervals.
    rng : int
        Seed of the bootstrap.

    Returns
    -------
    xarray.Dataset
        Dimension ``sequence`` without the baseline (and those of the variable but ``run``):

        - ``difference``: mean of the differences, each run against itself; ``error`` its standard error,
          ``low`` and ``high`` its interval, ``n`` the runs in which both have a value.
        - ``variance_ratio``: variance of the paired difference relative to that of independent runs; 0.1
          means that ten times the runs would have been needed without common luck.
        - ``higher``, ``lower``: shares of runs in which the value is above, or below, the baseline's.
        - ``quantile_difference``, ``quantile_low``, ``quantile_high`` along ``quantile``, if asked for:
          differences of the quantiles of the two distributions, over the same runs.

    Raises
    ------
    UsageError
        If a name is unknown, there is only one sequence, fewer than two runs, a run or sequence twice, an infinite
        value, or sequences of other luck, worlds or scenario than the first: their runs are no pairs.  To compare
        scenarios on purpose, see `settlesim.join`.

    Notes
    -----
    Where runs are a designed sample in several replicates, errors and intervals follow from how these differ, as in
    `summary`, but for those of quantiles, which take the runs as independent; the attribute ``errors`` says which.

    The interval of a mean is Student's.  For shares it is put together from the exact intervals of the shares of runs
    that differ the one way and the other (`settlesim.analysis.paired_intervals`), so that it holds where hardly any
    run differs, and where none does.

    A variable that a run may lack, such as a settlement's week, is compared among the runs that have it
    under both sequences: a comparison of survivors, not of sequences.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> table = differences(compare(load("two-party"), runs=40, rng=7), "deaths")
    >>> sorted(map(str, table.data_vars))[:3]
    ['difference', 'error', 'high']
    """
    check_level(level)
    raw = outcome_variable(dataset, variable)
    names = [str(name) for name in dataset["sequence"].values]
    # With no run at all there is a table of nothing, as of every analysis.
    if len(names) < 2 or len(runs_present(dataset)) == 1:
        raise UsageError("differences need at least two sequences and two runs")
    check_finite(raw, "run")
    check_labels(dataset, "sequence")
    check_common_luck(dataset, what=f"sequences cannot be compared by {variable!r}")
    values = indicators(raw)
    base = _baseline(dataset, baseline, names)
    reference = values.sel(sequence=base, drop=True)
    others = values.sel(sequence=[name for name in names if name != base])
    paired = others - reference
    n, mean, sd = mean_over_runs(paired)
    error, freedom = error_of_mean(paired, n, mean, sd)
    low, high = _interval(paired, mean, error, freedom, level, is_share(values))
    both = paired.notnull()
    apart = mean_over_runs(others.where(both))[2] ** 2 + mean_over_runs(reference.where(both))[2] ** 2
    out: dict[str, Any] = {"difference": mean, "error": error, "low": low, "high": high, "n": n}
    out["variance_ratio"] = sd**2 / apart.where(apart > 0)
    out["higher"] = (paired > 0).sum("run") / n.where(n > 0)
    out["lower"] = (paired < 0).sum("run") / n.where(n > 0)
    if quantiles:
        out |= _quantiles(others, reference, quantiles, level, rng)
    notes = {
        "variable": variable,
        "baseline": base,
        "level": level,
        "long_name": values.attrs.get("long_name", ""),
        "errors": error_basis(dataset),
    }
    result = xr.Dataset(out, attrs={**dataset.attrs, **notes})
    for name in ("difference", "error", "low", "high"):
        result[name].attrs["units"] = values.attrs.get("units", "1")
    return result


def _baseline(dataset: xr.Dataset, baseline: str | None, names: list[str]) -> str:
    if baseline is not None:
        return choose(baseline, names, "sequence")
    usual = dataset.attrs.get("baseline_sequence")
    return usual if usual in names else names[0]


def _interval(paired: Any, mean: Any, error: Any, freedom: Any, level: float, shares: bool) -> tuple[Any, Any]:
    if not shares:
        reach = error * student.ppf(0.5 + level / 2, freedom)
        return mean - reach, mean + reach
    n, up, down = paired.notnull().sum("run"), (paired > 0).sum("run"), (paired < 0).sum("run")
    if replicated(paired):
        known = n.where(n > 0)
        alone = np.sqrt((up + down - (up - down) ** 2 / known) / known**2)
        scale = effective_number(n, alone, error, freedom, level) / known
        n, up, down = n * scale, up * scale, down * scale
    low, high = paired_interval(up.values, down.values, n.values, level)
    return mean.copy(data=low), mean.copy(data=high)


def _quantiles(others: Any, reference: Any, quantiles: Sequence[float], level: float, rng: int) -> dict[str, Any]:
    wanted = np.asarray(quantiles, float)
    if not np.all((wanted > 0) & (wanted < 1)):
        raise UsageError(f"quantiles must lie between 0 and 1, got {list(quantiles)}")

    def compared(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        kept = ~(np.isnan(a) | np.isnan(b))
        a, b = a[kept], b[kept]
        if len(a) < 2:
            return np.full((3, len(wanted)), np.nan)
        columns = [_one_quantile(a, b, q, level, rng) for q in wanted]
        return np.array(columns).T

    core = [["run"], ["run"]]
    kinds = ["estimate", "low", "high"]
    both = xr.apply_ufunc(
        compared,
        others,
        reference,
        input_core_dims=core,
        output_core_dims=[["kind", "quantile"]],
        vectorize=True,
    )
    both = both.assign_coords(quantile=wanted, kind=kinds)
    names = ("quantile_difference", "quantile_low", "quantile_high")
    return {name: both.sel(kind=kind, drop=True) for name, kind in zip(names, kinds, strict=True)}


def _one_quantile(a: Any, b: Any, q: float, level: float, rng: int) -> tuple[float, float, float]:
    def gap(x: Any, y: Any, axis: int = -1) -> Any:
        return np.quantile(x, q, axis=axis) - np.quantile(y, q, axis=axis)

    statistic: Callable[..., Any] = gap
    found = bootstrap(
        (a, b),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, BATCH // len(a)),
        confidence_level=level,
        method="percentile",
        rng=rng,
    )
    return float(gap(a, b)), float(found.confidence_interval.low), float(found.confidence_interval.high)
