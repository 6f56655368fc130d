"""The result of an evaluation: points crossed with sequences and luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.results.dataset import Assembly, definition, described

if TYPE_CHECKING:
    import xarray as xr

    from settlesim.scenario.scenario import Scenario

__all__ = ["crossed"]


def crossed(
    assembly: Assembly,
    scenario: Scenario,
    plans: Sequence[Any],
    numbers: range,
    worlds: Mapping[str, NDArray[np.float64]],
    attrs: Mapping[str, Any],
) -> xr.Dataset:
    """Label what has been computed of an evaluation: the points done, or the luck that all points have met.

    Parameters
    ----------
    assembly : Assembly
        Lines (point, sequence), points outermost; runs are those of the luck.
    scenario : Scenario
        Supplies units and sources of the parameters.
    plans : sequence of Sequence
        The sequences.
    numbers : range
        Numbers of the points.
    worlds : mapping
        Parameter -> values, shape (points, sequences, luck or 1).
    attrs : mapping
        What the result says of itself.

    Raises
    ------
    KeyboardInterrupt
        If an interruption left nothing that could be compared.
    """
    import xarray as xr

    sizes = (len(numbers), len(plans), len(assembly.runs))
    there = assembly.there.reshape(sizes)
    points, luck = np.asarray(there.all(axis=(1, 2))), np.asarray(there.all(axis=(0, 1)))
    # Of an interrupted evaluation what is whole: points that have met all luck, or luck that all points have met.
    if points.sum() * sizes[2] >= luck.sum() * sizes[0]:
        luck = np.ones(sizes[2], bool)
    else:
        points = np.ones(sizes[0], bool)
    if not points.any():
        raise KeyboardInterrupt
    variables: dict[str, Any] = {}
    for name, array in assembly.arrays.items():
        notes = dict(assembly.fields[name].attrs)
        if "flag_values" in notes:
            notes["flag_values"] = np.array(notes["flag_values"], array.dtype)
        values = array.reshape(*sizes, *array.shape[2:])
        values = values if points.all() and luck.all() else values[points][:, :, luck]
        variables[name] = (("point", "sequence", "luck", *assembly.fields[name].dims), values, notes)
    notes_of = described(scenario)
    for name, column in worlds.items():
        dims, values = _reduced(column, points, luck)
        variables[f"{name}_drawn" if name in variables else name] = (dims, values, notes_of[name])
    coords: dict[str, Any] = {
        "point": ("point", np.array(numbers)[points], {"long_name": "number of the point"}),
        "sequence": ("sequence", [plan.name for plan in plans], {"long_name": "sequence of talks"}),
        "definition": ("sequence", [definition(plan) for plan in plans], {"long_name": "sequence as JSON"}),
        "luck": ("luck", np.array(assembly.runs)[luck], {"long_name": "number of the run whose luck it is"}),
    }
    for dim, labels in assembly.labels.items():
        coords[dim] = (dim, list(labels), {"long_name": dim})
    status = {"runs_completed": int(points.sum() * luck.sum()), "interrupted": int(not there.all())}
    return xr.Dataset(variables, coords, {**attrs, **status})


def _reduced(column: NDArray[np.float64], points: NDArray[np.bool_], luck: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Return a parameter on the dimensions along which it varies: points, sequences whose levers differ, luck."""
    column = column[points]
    if column.shape[2] > 1:
        column = column[:, :, luck]
    alike = np.array_equal(column, np.broadcast_to(column[:, :1], column.shape))
    dims, values = ["point", "sequence", "luck"], column
    if column.shape[2] == 1 or np.array_equal(column, np.broadcast_to(column[:, :, :1], column.shape)):
        dims, values = dims[:2], values[:, :, 0]
    if alike:
        dims, values = [dim for dim in dims if dim != "sequence"], values[:, 0]
    return tuple(dims), values
