"""Estimates with their Monte Carlo errors."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr
from scipy.stats import t as student

from settlesim.analysis.statistics import (
    check_level,
    effective_number,
    error_basis,
    error_of_mean,
    indicators,
    is_share,
    mean_over_runs,
    outcome_variable,
    per_run,
    quantiles_over_runs,
    replicated,
    wilson,
    within_kind,
)

__all__ = ["STATISTICS", "summary"]

STATISTICS = ("estimate", "error", "low", "high", "n", "sd", "q05", "median", "q95")
QUANTILES = {"q05": 0.05, "median": 0.5, "q95": 0.95}


def summary(dataset: xr.Dataset, variables: str | Iterable[str] | None = None, *, level: float = 0.95) -> xr.Dataset:
    """Estimate means and shares over the runs, each with its Monte Carlo error.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate`, `compare` or `sweep`.
    variables : str or iterable of str, optional
        By default all outcomes.
    level : float
        Coverage of the intervals.

    Returns
    -------
    xarray.Dataset
        Each variable with the dimension ``statistic`` in place of ``run``.  ``estimate`` is the mean, or
        the share of runs of an outcome of the kind ``"share"``; ``error`` its Monte Carlo standard error; ``low`` and
        ``high`` Wilson's interval for a share and Student's for a mean, within what its kind can be; ``n`` the
        runs that have a value;
        ``sd``, ``q05``, ``median`` and ``q95`` describe the runs.  A coded variable becomes the shares of
        its meanings, along ``<name>_kind``.

    Raises
    ------
    UsageError
        If a variable is unknown or does not vary by sequence and run.

    Notes
    -----
    Values that a run does not have, such as the week of a deal never made, are left out: compare ``n``
    before comparing means.

    Errors take the runs as independent, but where the coordinate ``replicate`` says that they are a designed sample in
    several replicates: then they follow from how these differ.  The attribute ``errors`` says which.  With a single
    replicate the error is that of as many independent runs: for a Latin hypercube hardly ever too small (Owen 1997),
    for Sobol points it may be.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> table = summary(compare(load("two-party"), runs=40, rng=7), ["settled", "deaths"])
    >>> table.settled.dims
    ('statistic', 'sequence')
    """
    check_level(level)
    names = per_run(dataset) if variables is None else [variables] if isinstance(variables, str) else variables
    out = {name: _described(outcome_variable(dataset, name), level) for name in names}
    return xr.Dataset(out, attrs={**dataset.attrs, "level": level, "errors": error_basis(dataset)})


def _described(variable: xr.DataArray, level: float) -> xr.DataArray:
    values = indicators(variable)
    n, mean, sd = mean_over_runs(values)
    error, freedom = error_of_mean(values, n, mean, sd)
    if is_share(values):
        # Of 0 and 1 the variance is known once the mean is; dividing by n - 1 would only blur it.
        alone = np.sqrt(mean * (1 - mean) / n.where(n > 0))
        counted = effective_number(n, alone, error, freedom, level) if replicated(values) else n
        error = error if replicated(values) else alone
        low, high = (mean.copy(data=end) for end in wilson(mean.values, counted.values, level))
    else:
        reach = error * student.ppf(0.5 + level / 2, freedom)
        low, high = within_kind(values, mean - reach, mean + reach)
    parts = [mean, error, low, high, n.astype(float), sd]
    parts += quantiles_over_runs(values, QUANTILES.values())
    out: xr.DataArray = xr.concat(
        [part.transpose(*mean.dims) for part in parts], "statistic", coords="minimal", compat="override"
    )
    out = out.assign_coords(statistic=list(STATISTICS))
    return out.assign_attrs(values.attrs)
