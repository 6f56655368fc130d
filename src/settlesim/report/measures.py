"""How values are written: scale and decimals by what their outcome declares them to be, and what its name means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from settlesim.analysis.statistics import is_share, kind_of, present
from settlesim.scenario.contrast import PARTS

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike

__all__ = [
    "EXPLAINED",
    "decimals",
    "is_reference",
    "lines_of",
    "meanings",
    "more_than_order",
    "reach_decimals",
    "runs_told",
    "scale_of",
    "signed",
    "titled",
]

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


def more_than_order(dataset: xr.Dataset) -> str:
    """Return the sentence that says in what sequences differ besides their order; nothing where they do not.

    The reference, which is no plan, does not count.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> more_than_order(compare(load("two-party"), ["talk", "give_first"], runs=2, rng=7))
    'These sequences differ in content and order, so that no difference between them is the effect of an order alone.'
    """
    plans = [name for name in lines_of(dataset) if not is_reference(dataset, name)]
    told = [str(words).split(", ") for words in dataset["differs_in"].sel(sequence=plans).values]
    parts = [part for part in PARTS if any(part in words for words in told)]
    if set(parts) <= {"order"}:
        return ""
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"These sequences differ in {listed}, so that no difference between them is the effect of an order alone."


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


def runs_told(dataset: xr.Dataset) -> str:
    """Return how many runs are there under each sequence, in words; those that are masked or missing are not.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> result = simulate(load("two-party"), runs=6, rng=7)
    >>> runs_told(result), runs_told(result.where(result.run < 1))
    ('6 runs', '1 run')
    """
    each = present(dataset).sum("run").values
    few, many = int(each.min(initial=each.max(initial=0))), int(each.max(initial=0))
    return f"{few:,} to {many:,} runs" if few < many else f"{many:,} run{'' if many == 1 else 's'}"


def signed(value: float, places: int) -> str:
    """Return a number with its sign, and zero without.

    Examples
    --------
    >>> signed(1234.56, 1), signed(-0.04, 1)
    ('+1,234.6', '0.0')
    """
    text = f"{value:+,.{places}f}"
    return text if any(digit in "123456789" for digit in text) else text[1:]
