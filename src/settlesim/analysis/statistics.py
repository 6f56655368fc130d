"""What the analyses share: choosing variables, codes as shares, intervals of shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from scipy.stats import t as student

from settlesim.chance.sampling import DESIGNED
from settlesim.errors import UsageError, choose

__all__ = [
    "INDEPENDENT",
    "better_end",
    "check_level",
    "check_result",
    "effective_number",
    "error_basis",
    "error_of_mean",
    "indicators",
    "is_share",
    "kind_of",
    "mean_over_runs",
    "outcome_variable",
    "per_run",
    "present",
    "quantiles_over_runs",
    "replicated",
    "runs_present",
    "wilson",
    "within_kind",
]

Floats = NDArray[np.float64]

# What errors rest on unless something else is said.
INDEPENDENT = "independent runs"
# Kinds of outcomes of which every run that is there has one, by which those that are not can be told.
ALWAYS = ("code", "share", "count")


def check_result(dataset: xr.Dataset) -> None:
    """Raise a `UsageError` unless this is a Dataset, as experiments return them."""
    if not isinstance(dataset, xr.Dataset):
        raise UsageError(f"an analysis takes a result, such as ss.compare returns, not a {type(dataset).__name__}")
    check_labels(dataset, "run")


def outcome_variable(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Return a variable that has a value for each sequence and run.

    Raises
    ------
    UsageError
        If there is none of that name, or it lacks one of the two dimensions.
    """
    check_result(dataset)
    choose(name, map(str, dataset.data_vars), "variable")
    variable = dataset[name]
    if not {"sequence", "run"} <= set(variable.dims):
        raise UsageError(f"{name!r} does not vary by sequence and run, but by {', '.join(map(str, variable.dims))}")
    return variable


def check_labels(dataset: xr.Dataset, *dims: str) -> None:
    """Raise a `UsageError` if a run (or sequence) stands twice along a dimension: it would count as two."""
    for dim in dims:
        if dim not in dataset.coords or dataset[dim].dims != (dim,):
            continue
        found = dataset[dim].values
        # As experiments number them, which costs no sorting.
        if found.dtype.kind in "iu" and (found[1:] > found[:-1]).all():
            continue
        labels, often = np.unique(dataset[dim].values, return_counts=True)
        if (often > 1).any():
            label = labels[np.argmax(often > 1)]
            raise UsageError(
                f"{dim} {label} stands twice in the dataset, and would count as two: keep one of them, "
                f"dataset.drop_duplicates({dim!r})"
            )


def check_finite(variable: xr.DataArray, dim: str) -> None:
    """Raise a `UsageError` for the first run in which a variable is infinite."""
    if variable.dtype.kind != "f" or not variable.size:
        return
    endless = np.isinf(variable.transpose(dim, ...).values).reshape(variable.sizes[dim], -1).any(axis=1)
    if endless.any():
        where = int(np.argmax(endless))
        label = variable[dim].values[where] if dim in variable.coords else where
        raise UsageError(f"{variable.name!r} is infinite in {dim} {label}: make it missing (NaN), or leave it out")


def per_run(dataset: xr.Dataset) -> list[str]:
    """Return the names of the outcomes: not parameters, not weekly values."""
    check_result(dataset)
    return [str(name) for name, v in dataset.data_vars.items() if v.attrs.get("role") == "outcome"]


def present(dataset: xr.Dataset, line: str = "sequence", over: str = "run") -> xr.DataArray:
    """Return which runs are there, dimensions (sequence, run): not masked, nor added by joining results of other runs.

    In place of sequences there may be other lines, such as orders; of runs, worlds, which are there if any luck is.

    A week may be missing because nothing came about; a run that is there has some share, count or code, which says so.
    Where a dataset keeps none of these, all its runs are taken to be there.

    Examples
    --------
    >>> codes, weeks = [[0.0, np.nan]], [[np.nan, np.nan]]
    >>> never = xr.Dataset({"ended": (("sequence", "run"), codes), "week": (("sequence", "run"), weeks)})
    >>> never["ended"].attrs |= {"role": "outcome", "kind": "share"}
    >>> present(never).values.tolist()
    [[True, False]]
    """
    there = None
    for variable in (dataset[name] for name in per_run(dataset)):
        if kind_of(variable) in ALWAYS and {line, over} <= set(variable.dims):
            known = variable.notnull().any([dim for dim in variable.dims if dim not in (line, over)])
            there = known if there is None else there | known
    if there is None:
        sizes = (dataset.sizes[line], dataset.sizes[over])
        return xr.DataArray(np.ones(sizes, bool), dims=(line, over))
    return there.reset_coords(drop=True)


def runs_present(dataset: xr.Dataset, line: str = "sequence", over: str = "run") -> NDArray[np.intp]:
    """Return the places of the runs that are there under some sequence: to mask runs is to leave them out."""
    known = present(dataset, line, over)
    return np.flatnonzero(known.any([dim for dim in known.dims if dim != over]).values)


def indicators(variable: xr.DataArray) -> xr.DataArray:
    """Turn a coded variable into 0 or 1 along ``<name>_kind``, one for each meaning; others become floats.

    What is missing stays missing: a run without a code has none of the meanings, which is not to have another.

    Parameters
    ----------
    variable : xarray.DataArray
        With attributes ``flag_values`` and ``flag_meanings`` if it is coded.
    """
    if "flag_meanings" not in variable.attrs:
        return variable.astype(np.float64)
    kinds = variable.attrs["flag_meanings"].split()
    codes = xr.DataArray(np.atleast_1d(variable.attrs["flag_values"]), dims="kind")
    out = (variable == codes).where(variable.notnull()).astype(np.float64).rename({"kind": f"{variable.name}_kind"})
    return out.assign_coords({f"{variable.name}_kind": kinds}).assign_attrs(
        long_name=variable.attrs.get("long_name", str(variable.name)), units="1", kind="share"
    )


def kind_of(variable: xr.DataArray) -> str:
    """Return what the values of a variable are, as its outcome declares it: never guessed from the values.

    Truths are shares; what says nothing about itself is an amount.

    Examples
    --------
    >>> kind_of(xr.DataArray([0.0, 1.0], dims="run"))
    'amount'
    >>> kind_of(xr.DataArray([0.0, 1.0], dims="run", attrs={"kind": "share"}))
    'share'
    """
    if "flag_meanings" in variable.attrs:
        return "code"
    return str(variable.attrs.get("kind", "share" if variable.dtype.kind == "b" else "amount"))


def is_share(variable: xr.DataArray) -> bool:
    """Whether each run has 0, 1 or nothing, so that the mean is a share of runs."""
    return kind_of(variable) == "share"


def better_end(variable: xr.DataArray) -> Literal["highest", "lowest"] | None:
    """Return which end of a variable its outcome declares to be better, None where it leaves that open."""
    ends: dict[str, Literal["highest", "lowest"]] = {"high": "highest", "low": "lowest"}
    return ends.get(variable.attrs.get("better", ""))


def within_kind(variable: xr.DataArray, low: Any, high: Any) -> tuple[Any, Any]:
    """Keep the interval of a mean within what its variable can be."""
    kind = kind_of(variable)
    if kind in ("bounded", "count"):
        low = low.clip(min=0.0)
    return low, high.clip(max=1.0) if kind == "bounded" else high


def check_level(level: float) -> None:
    """Raise a `UsageError` unless `level` lies between 0 and 1."""
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, got {level!r}")


def wilson(share: ArrayLike, n: ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Return Wilson's interval of a share of `n` independent runs.

    Unlike share ± 1.96 errors it never leaves [0, 1], and does not shrink to nothing at 0 and 1 (Wilson
    1927).

    Examples
    --------
    >>> [round(float(end), 4) for end in wilson(0.5, 10, 0.95)]
    [0.2366, 0.7634]
    """
    p, n = np.asarray(share, float), np.asarray(n, float)
    z = float(ndtri(0.5 + level / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 + z * z / n
        centre = (p + z * z / (2 * n)) / scale
        half = z / scale * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.where(p == 0, 0.0, centre - half), np.where(p == 1, 1.0, centre + half)


def mean_over_runs(variable: xr.DataArray) -> tuple[Any, Any, Any]:
    """Return n, mean and standard deviation over the runs that have a value."""
    n = variable.notnull().sum("run")
    mean = variable.sum("run", skipna=True) / n.where(n > 0)
    spread = np.sqrt(((variable - mean) ** 2).sum("run", skipna=True) / (n - 1).where(n > 1))
    return n, mean, spread


def error_basis(dataset: xr.Dataset) -> str:
    """Return what the Monte Carlo errors of a result rest on, in words.

    Runs of a designed sample hang together: the error of its means follows from how its replicates differ.  With one
    replicate it cannot be told, and what is printed is the error that as many independent draws would have.

    Examples
    --------
    >>> error_basis(xr.Dataset(attrs={"method": "monte_carlo"}))
    'independent runs'
    >>> error_basis(xr.Dataset(attrs={"method": "latin_hypercube"})).startswith("as many independent runs")
    True
    """
    if replicated(dataset):
        number = len(np.unique(dataset["replicate"].values))
        return f"the differences between {number} replicates of a designed sample"
    method = str(dataset.attrs.get("method", "monte_carlo"))
    if method in ("central", "monte_carlo"):
        return INDEPENDENT
    sample = f"one replicate of a {method} sample" if method in DESIGNED else "a design of one's own"
    return f"as many independent runs, which {sample} is not: its own error cannot be told"


def replicated(data: xr.DataArray | xr.Dataset) -> bool:
    """Whether runs are of several replicates of a designed sample."""
    if "replicate" not in data.coords or data["replicate"].dims != ("run",):
        return False
    return len(np.unique(data["replicate"].values)) > 1


def error_of_mean(variable: xr.DataArray, n: Any, mean: Any, sd: Any) -> tuple[Any, Any]:
    """Return the standard error of a mean over runs, and the degrees of freedom it is known with.

    Independent runs have ``sd / sqrt(n)``, with n - 1.  Where the coordinate ``replicate`` tells runs of several
    replicates apart, the error is that of a ratio of their totals (Cochran 1977): with S_r the sum and N_r the number
    of values in replicate r of R, its square is ``R / (R - 1) * sum((S_r - mean * N_r)**2) / n**2``, with R - 1.

    Parameters
    ----------
    variable : DataArray
        Values along ``run``.
    n, mean, sd : DataArray
        From `mean_over_runs`.
    """
    if not replicated(variable):
        return sd / np.sqrt(n.where(n > 0)), np.maximum(n - 1, 1)
    squares: Any = 0.0
    replicates: Any = 0
    for part in np.unique(variable["replicate"].values):
        of = variable.isel(run=np.flatnonzero(variable["replicate"].values == part))
        here = of.notnull().sum("run")
        squares = squares + (of.sum("run", skipna=True) - mean * here) ** 2
        replicates = replicates + (here > 0)
    more = (replicates - 1).where(replicates > 1)
    return np.sqrt(replicates / more * squares) / n.where(n > 0), np.maximum(replicates - 1, 1)


def effective_number(n: Any, alone: Any, error: Any, freedom: Any, level: float) -> Any:
    """Return the number of independent runs that would give an interval of a share as wide as its error asks for.

    Intervals of shares are written for independent runs.  With the error of a designed sample, n becomes n * (alone /
    error)**2, times (z / t)**2 since that error is known with few degrees of freedom only (Korn and Graubard 1998).  A
    share of none or all of the runs, or of as many in each replicate, shows no error: it counts as of independent runs.

    Parameters
    ----------
    n : DataArray
        Number of runs.
    alone, error : DataArray
        Error of as many independent runs, and of these.
    freedom : DataArray
        Degrees of freedom of `error`.
    level : float
        Coverage of the interval.
    """
    known = (error > 0) & (alone > 0)
    ratio = ((alone / error.where(known)) ** 2).where(known, 1.0)
    return n * ratio * (ndtri(0.5 + level / 2) / student.ppf(0.5 + level / 2, freedom)) ** 2


def quantiles_over_runs(variable: xr.DataArray, levels: Iterable[float]) -> list[xr.DataArray]:
    """Return quantiles over the runs that have a value, interpolated linearly; NaN where none has."""
    if variable.sizes["run"] == 0:
        return [xr.full_like(variable.sum("run"), np.nan, dtype=np.float64) for _ in levels]
    axis = variable.dims.index("run")
    ordered = np.sort(variable.values, axis=axis)  # missing values go last
    n = np.count_nonzero(~np.isnan(ordered), axis=axis, keepdims=True)
    rest = variable.isel(run=0, drop=True)
    out = []
    for level in levels:
        place = np.maximum(n - 1, 0) * level
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(n - 1, 0))
        low, high = (np.take_along_axis(ordered, index, axis) for index in (below, above))
        # Two equal infinities have no difference; their quantile is themselves.
        with np.errstate(invalid="ignore"):
            step = np.where(high > low, (high - low) * (place - below), 0.0)
        out.append(rest.copy(data=np.squeeze(low + step, axis)))
    return out
