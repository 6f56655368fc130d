"""How values are written: scale and decimals by what their outcome declares them to be, and what its name means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from settlesim.analysis.statistics import is_share, kind_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike

__all__ = ["EXPLAINED", "decimals", "is_reference", "lines_of", "meanings", "reach_decimals", "scale_of", "titled"]

# Outcomes whose names are near one another and do not mean the same: tables that they head say what they mean.
EXPLAINED = ("signed", "settled", "standing", "comprehensive")


def scale_of(variable: xr.DataArray) -> tuple[float, str]:
    """Return the factor by which values are written, and the unit of their differences.

    Examples
    --------
    >>> import xarray as xr
    >>> scale_of(xr.DataArray([1, 0], attrs={"kind": "share", "units": "1"}))
    (100.0, 'percentage points')
    """
    return (100.0, "percentage points") if is_share(variable) else (1.0, str(variable.attrs.get("units", "1")))


def decimals(variable: xr.DataArray, values: ArrayLike) -> int:
    """Return with how many decimals values of a variable are written, scaled by `scale_of`.

    Examples
    --------
    >>> import xarray as xr
    >>> decimals(xr.DataArray([1, 0], attrs={"kind": "share"}), [12.345]), decimals(xr.DataArray([0.0]), [12345.6])
    (1, 0)
    """
    fixed = {"share": 1, "bounded": 3, "count": 1, "weeks": 1}.get(kind_of(variable))
    if fixed is not None:
        return fixed
    known = np.abs(np.asarray(values, float))
    known = known[np.isfinite(known)]
    largest = float(known.max()) if known.size else 0.0
    return 0 if largest >= 100 else 1 if largest >= 10 else 3


def reach_decimals(variable: xr.DataArray, values: ArrayLike, reach: ArrayLike) -> int:
    """Return with how many decimals values are written beside intervals, so that none of them reads as ± 0.

    Examples
    --------
    >>> import xarray as xr
    >>> reach_decimals(xr.DataArray([0.0]), [12345.6], [0.02, 300.0])
    2
    """
    known = np.asarray(reach, float)
    known = known[np.isfinite(known) & (known > 0)]
    needed = int(np.ceil(-np.log10(known.min()))) if known.size else 0
    return int(np.clip(needed, decimals(variable, values), 6))


def meanings(dataset: xr.Dataset, names: Iterable[str]) -> dict[str, str]:
    """Return what those of `names` mean that need saying, in the words of their outcomes.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> meanings(simulate(load("two-party"), runs=4, rng=7), ["deaths", "signed"])
    {'signed': 'a deal on power was signed, whatever became of it'}
    """
    return {name: str(dataset[name].attrs["long_name"]) for name in EXPLAINED if name in names and name in dataset}


def is_reference(dataset: xr.Dataset, sequence: str) -> bool:
    """Tell whether a sequence is the one that shows what goes on without talks."""
    return dataset.attrs.get("reference_sequence") == sequence


def lines_of(dataset: xr.Dataset) -> list[str]:
    """Return the sequences in the order of a table: the reference is its last line."""
    names = [str(name) for name in dataset["sequence"].values]
    return sorted(names, key=lambda name: is_reference(dataset, name))


def titled(dataset: xr.Dataset, sequence: str) -> str:
    """Return the heading of a sequence's line."""
    return f"{sequence} (reference)" if is_reference(dataset, sequence) else sequence
