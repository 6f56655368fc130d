"""Results and tables of analyses as long tables, for Parquet and CSV."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["escaped", "table"]

# Dimensions that are neither names of things nor swept: those of an experiment.
REPEATED = ("run", "point", "luck")
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(dataset: xr.Dataset, *, weekly: bool = False) -> pd.DataFrame:
    """Return a result as a long table, one row for each sequence and run (and point of a sweep).

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate`, `compare`, `sweep` or `evaluate`, or from an analysis.
    weekly : bool
        Return the weekly values, one row for each sequence, run and week, in place of the values of a run.

    Returns
    -------
    pandas.DataFrame
        Columns ``sequence``, ``run``, the swept parameters, and the variables of a run.  One with a further
        dimension becomes several columns, such as ``defections.rival``.  Coded variables are given by their
        meanings.  What an analysis returns has a row for each label that all its variables share, such as each
        sequence and statistic.

    Raises
    ------
    UsageError
        If weekly values are asked of a result that was recorded without them.
    """
    import pandas as pd

    axes = _axes(dataset, weekly)
    sizes = [dataset.sizes[d] for d in axes]
    columns: dict[str, Any] = {}
    for position, axis in enumerate(axes):
        labels = dataset[axis].values
        shape = [-1 if i == position else 1 for i in range(len(axes))]
        columns[axis] = np.broadcast_to(labels.reshape(shape), sizes).ravel()
    for name in map(str, dataset.data_vars):
        variable = dataset[name]
        if weekly != ("week" in variable.dims) and _is_of_runs(dataset):
            continue
        extra = [d for d in variable.dims if d not in axes]
        for key, part in _parts(variable, extra):
            values = _spread(part.variable, axes, sizes)
            columns[".".join([name, *key])] = _named(values, variable.attrs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.PerformanceWarning)
        return pd.DataFrame(columns)


def _spread(part: xr.Variable, axes: list[str], sizes: list[int]) -> Any:
    """Return the values of a variable for each combination of labels, though it may vary along few of them."""
    ordered = part.transpose(*(axis for axis in axes if axis in part.dims)).values
    shape = [size if axis in part.dims else 1 for axis, size in zip(axes, sizes, strict=True)]
    return np.broadcast_to(ordered.reshape(shape), sizes).ravel()


def _is_of_runs(dataset: xr.Dataset) -> bool:
    """Whether a dataset holds values of runs, and not what an analysis made of them."""
    return any(dim in dataset.dims for dim in REPEATED)


def _axes(dataset: xr.Dataset, weekly: bool) -> list[str]:
    if weekly and not (_is_of_runs(dataset) and any("week" in v.dims for v in dataset.data_vars.values())):
        raise UsageError('no weekly values were recorded: simulate with record="weekly"')
    if not _is_of_runs(dataset):
        shared = [set(v.dims) for v in dataset.data_vars.values()]
        return [str(d) for d in dataset.dims if shared and all(d in dims for dims in shared)]
    week = ("week",) if weekly else ()
    outcomes = [set(v.dims) for v in dataset.data_vars.values() if v.attrs.get("role") == "outcome"]
    # Whatever else all outcomes vary along, such as orders, is no name of a thing.
    common = set.intersection(*outcomes) if len(outcomes) > 1 else set()
    kept = {"sequence", *REPEATED, *week, *common}
    return [str(d) for d in dataset.dims if d in kept or dataset[d].attrs.get("role") == "swept"]


def _parts(variable: xr.DataArray, extra: list[Any]) -> Iterator[tuple[list[str], xr.DataArray]]:
    if not extra:
        yield [], variable
        return
    for place, label in enumerate(variable[extra[0]].values):
        for key, part in _parts(variable.isel({extra[0]: place}), extra[1:]):
            yield [str(label), *key], part


def _named(values: Any, attrs: Mapping[Any, Any]) -> Any:
    if "flag_meanings" not in attrs:
        return values
    meanings = dict(zip(np.atleast_1d(attrs["flag_values"]).tolist(), attrs["flag_meanings"].split(), strict=True))
    return np.array([meanings.get(value, "") for value in values.tolist()])


def escaped(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text begins as a formula does: an apostrophe before it tells a spreadsheet so.

    Examples
    --------
    >>> import pandas as pd
    >>> escaped(pd.DataFrame({"sequence": ["=1+1", "talk"], "deaths": [-3, 5]})).values.tolist()
    [["'=1+1", -3], ['talk', 5]]
    """
    safe = rows.copy()
    for column in safe.columns:
        if safe[column].dtype.kind not in "biufcmM":
            safe[column] = [_safe(value) for value in safe[column]]
    return safe.rename(columns=_safe)


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
