"""The result of a sweep: one axis for every swept parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from settlesim.results.dataset import contrasts, definition
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["folded"]


def folded(flat: xr.Dataset, sequences: tuple[Sequence, ...], axes: Mapping[str, list[float]]) -> xr.Dataset:
    """Turn the long axis of (point, sequence) into one axis for each swept parameter, and the sequences'.

    Parameters
    ----------
    flat : xarray.Dataset
        Dimensions (sequence, run), points outermost.
    sequences : tuple of Sequence
        Those of each point.
    axes : mapping
        Values of each swept parameter, outermost first.
    """
    import xarray as xr

    first = flat.isel(sequence=slice(len(sequences)))
    coords: dict[Any, Any] = {name: first[name].variable for name in first.coords}
    coords["definition"] = ("sequence", [definition(s) for s in sequences], first["definition"].attrs)
    words, told = contrasts(sequences)
    coords["differs_in"] = ("sequence", words, first["differs_in"].attrs)
    names = {name: f"{name}_drawn" if _is_outcome(flat, name) else name for name in axes}
    for name, values in axes.items():
        described = next((v.attrs for key, v in flat.items() if _belongs(str(key), name)), {})
        notes = {"long_name": described.get("long_name", name), "units": described.get("units", "1"), "role": "swept"}
        coords[names[name]] = (names[name], values, notes)
    sizes = [len(values) for values in axes.values()]
    variables: dict[Any, Any] = {}
    for key, variable in flat.data_vars.items():
        name = str(key)
        if variable.attrs["role"] == "parameter" and any(_belongs(name, axis) for axis in axes):
            continue
        if "sequence" in variable.dims:
            shape = (*sizes, len(sequences), *variable.shape[1:])
            data = variable.values.reshape(shape)
            variables[name] = ((*names.values(), *variable.dims), data, variable.attrs)
        else:
            variables[name] = variable.variable
    return xr.Dataset(variables, coords, {**flat.attrs, "differs_in": told})


def _is_outcome(dataset: xr.Dataset, name: str) -> bool:
    return name in dataset and dataset[name].attrs["role"] != "parameter"


def _belongs(variable: str, axis: str) -> bool:
    """Whether a variable is the parameter `axis`, or an entry of it."""
    return variable in (axis, f"{axis}_drawn") or variable.startswith(f"{axis}.")
