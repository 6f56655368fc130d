"""The result of an evaluation: points crossed with sequences and luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.results.common_luck import luck_coords
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
    worlds: Mapping[str, tuple[tuple[str, ...], NDArray[np.float64]]],
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
        Parameter -> the dimensions among ``point`` and ``luck`` that it varies along by how it was drawn, and its
        values, shape (points, sequences, luck), with one for all luck where nothing varies along it.
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
    for name, (along, column) in worlds.items():
        dims, values = _reduced(along, column, points, luck)
        variables[f"{name}_drawn" if name in variables else name] = (dims, values, notes_of[name])
    coords: dict[str, Any] = {
        "point": ("point", np.array(numbers)[points], {"long_name": "number of the point"}),
        "sequence": ("sequence", [plan.name for plan in plans], {"long_name": "sequence of talks"}),
        "definition": ("sequence", [definition(plan) for plan in plans], {"long_name": "sequence as JSON"}),
        "luck": ("luck", np.array(assembly.runs)[luck], {"long_name": "number of the run whose luck it is"}),
    }
    coords |= luck_coords("sequence", len(plans), attrs)
    for dim, labels in assembly.labels.items():
        coords[dim] = (dim, list(labels), {"long_name": dim})
    status = {"runs_completed": int(points.sum() * luck.sum()), "interrupted": int(not there.all())}
    return xr.Dataset(variables, coords, {**attrs, **status})


def _reduced(
    along: tuple[str, ...], column: NDArray[np.float64], points: NDArray[np.bool_], luck: NDArray[np.bool_]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return a parameter on the dimensions that it varies along, sequences among them where their levers differ."""
    column = column[points]
    column = column[:, :, luck] if "luck" in along else column[:, :, :1]
    column = column if "point" in along else column[:1]
    alike = np.array_equal(column, np.broadcast_to(column[:, :1], column.shape))
    kept = {"point": "point" in along, "sequence": not alike, "luck": "luck" in along}
    index = tuple(slice(None) if keep else 0 for keep in kept.values())
    return tuple(dim for dim, keep in kept.items() if keep), column[index]
