"""Results of several calls put together into one, where that is what one call would have given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from settlesim.errors import UsageError, choose
from settlesim.results.common_luck import SCENARIO_OF, check_common_luck
from settlesim.results.dataset import contrasts

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["join"]

# What a result says of how much of it there is, or of its very content, and not of what was asked.
OWN = ("runs_completed", "runs_asked", "interrupted", "content_digest", "differs_in")
# What may differ between results that are joined along sequences, or between scenarios compared on purpose.
OF_SCENARIO = (
    "title",
    "scenario",
    "scenario_digest",
    "parameters",
    "baseline_sequence",
    "reference_sequence",
    "history_sequence",
    "start",
)
Results: TypeAlias = "Sequence[xr.Dataset]"


def join(results: Iterable[xr.Dataset], *, dim: Literal["run", "sequence"] = "run", across: bool = False) -> xr.Dataset:
    """Put results of several calls together, as one call would have given them.

    Parameters
    ----------
    results : iterable of xarray.Dataset
        From `simulate`, `compare`, `sweep` or `orders`, in any order of the runs.
    dim : {"run", "sequence"}
        Along which.  Runs: the same experiment, runs that no other result holds.  Sequences: the same runs, sequences
        that no other result holds.
    across : bool
        Along sequences: whether results of different scenarios, such as one with other parameters, may be joined to be
        compared under the same luck.  The attribute ``across`` of the result then says so.

    Returns
    -------
    xarray.Dataset
        Along runs it is, with its attributes, what one call for all of ``range(first, last + 1)`` returns; where some
        of these runs are missing, what it returns if interrupted.

    Raises
    ------
    UsageError
        If there is nothing to join, the results are of different experiments (saying in what they differ), or a run or
        sequence stands in two of them.

    Notes
    -----
    `xarray.concat` keeps the attributes of the first result, whatever the others say, and fills up runs that one of
    them lacks.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> parts = [compare(load("two-party"), runs=some, rng=7) for some in (range(10, 20), range(10))]
    >>> join(parts).identical(compare(load("two-party"), runs=20, rng=7))
    True
    """
    parts = list(results)
    choose(dim, ("run", "sequence"), "dimension to join along")
    if across and dim == "run":
        raise UsageError("across= is for sequences of different scenarios: join them with dim='sequence'")
    _check_results(parts, dim, OF_SCENARIO if across else ())
    return _runs(parts) if dim == "run" else _sequences(parts, across)


def _check_results(parts: list[Any], dim: str, apart: Iterable[str]) -> None:
    import xarray as xr

    if not parts:
        raise UsageError("there is no result to join")
    for part in parts:
        if not isinstance(part, xr.Dataset) or dim not in part.dims or dim not in part.coords:
            what = "a Dataset" if isinstance(part, xr.Dataset) else f"a {type(part).__name__}"
            raise UsageError(f"join takes results along {dim!r}, as ss.compare returns them, not {what} without it")
    _same_attrs(parts, apart)
    first = parts[0]
    for number, part in enumerate(parts[1:], start=2):
        if dim != "run" and not np.array_equal(first["run"].values, part["run"].values):
            raise UsageError(f"results 1 and {number} hold different runs: join results of the same runs")
        odd = sorted(map(str, {*first.data_vars} ^ {*part.data_vars}))
        if odd and dim == "run":
            raise UsageError(f"results 1 and {number} do not hold the same: {', '.join(odd[:5])} stands in one alone")
        for name in {*first.dims} & {*part.dims} - {dim}:
            if not first[name].equals(part[name]):
                raise UsageError(f"results 1 and {number} differ along {name!r}: join results that share it")
    labels = np.concatenate([part[dim].values for part in parts])
    known, often = np.unique(labels, return_counts=True)
    if (often > 1).any():
        raise UsageError(f"{dim} {known[np.argmax(often > 1)]} stands in two of the results: leave it out of one")


def _same_attrs(parts: Results, apart: Iterable[str] = ()) -> None:
    """Refuse results that say different things of themselves, but for some."""
    left = {*OWN, *apart}
    for number, part in enumerate(parts[1:], start=2):
        # What is named first says most.
        for name in {"entropy": 0, "method": 0, "scenario_digest": 0, **parts[0].attrs, **part.attrs}:
            one, other = parts[0].attrs.get(name), part.attrs.get(name)
            if name not in left and str(one) != str(other):
                raise UsageError(
                    f"results 1 and {number} are of different experiments: {name} is {_told(one)} in the one and "
                    f"{_told(other)} in the other"
                )


def _told(value: Any) -> str:
    text = "missing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:40]}..."


def _runs(parts: Results) -> xr.Dataset:
    import xarray as xr

    first = parts[0]
    for number, part in enumerate(parts[1:], start=2):
        for name, column in first.coords.items():
            if "run" not in column.dims and (name not in part.coords or not column.equals(part[name])):
                raise UsageError(f"results 1 and {number} are of different experiments: {name} differs")
    labels = np.concatenate([part["run"].values for part in parts])
    order = np.argsort(labels, kind="stable")
    variables: dict[Any, Any] = {}
    for name in first.variables:
        columns: list[Any] = [part[name].variable for part in parts]
        if not any("run" in column.dims for column in columns):
            variables[name] = columns[0]
            continue
        # A lever may set a parameter apart in some runs and leave it as it was in others.
        dims = max((column.dims for column in columns), key=len)
        whole = []
        for column, part in zip(columns, parts, strict=True):
            sizes = {dim: part.sizes[dim] for dim in dims}
            whole.append(column if column.dims == dims else column.set_dims(sizes).transpose(*dims))
        joined = np.concatenate([column.values for column in whole], axis=dims.index("run"))
        variables[name] = xr.Variable(dims, np.take(joined, order, axis=dims.index("run")), columns[0].attrs)
    labels = labels[order]
    attrs = dict(first.attrs)
    attrs.pop("content_digest", None)
    asked = int(labels[-1] - labels[0]) + 1
    attrs |= {"runs_completed": len(labels), "interrupted": int(asked != len(labels))}
    if "runs_asked" in attrs:
        attrs["runs_asked"] = asked
    coords = {name: variables[name] for name in first.coords}
    return xr.Dataset({name: variables[name] for name in first.data_vars}, coords, attrs)


def _sequences(parts: Results, across: bool) -> xr.Dataset:
    import xarray as xr

    how: Any = {"data_vars": "different", "coords": "different", "compat": "equals", "join": "exact"}
    out: xr.Dataset = xr.concat(parts, "sequence", combine_attrs="override", **how)
    for name, column in out.data_vars.items():
        # As one call has them.
        lead = [dim for dim in ("sequence", "run") if dim in column.dims]
        out[name] = column.transpose(..., *lead, *[d for d in column.dims if d not in (*lead, *_axes(parts[0]))])
        out[name].attrs = next(part[name].attrs for part in parts if name in part)
    check_common_luck(out, across="scenario" if across else "", what="these results cannot be joined")
    attrs = {key: value for key, value in parts[0].attrs.items() if key != "content_digest"}
    attrs["interrupted"] = max(int(part.attrs.get("interrupted", 0)) for part in parts)
    if across and SCENARIO_OF in out.coords and len(np.unique(out[SCENARIO_OF].values)) > 1:
        attrs["across"] = "scenario"
    out.attrs = attrs
    if "definition" in out.coords and out["definition"].dims == ("sequence",):
        from settlesim.scenario.sequence import Sequence as Plan

        plans = [Plan.model_validate_json(str(text)) for text in out["definition"].values]
        words, told = contrasts(plans)
        out = out.assign_coords(differs_in=("sequence", words, parts[0]["differs_in"].attrs))
        out.attrs["differs_in"] = told
    return out


def _axes(part: xr.Dataset) -> list[str]:
    """Axes of a sweep, which stand before the sequences."""
    return [str(name) for name in part.dims if part[name].attrs.get("role") == "swept"]
