"""What fixes the luck and the worlds of each sequence: written into results, and held against one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.errors import UsageError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["LUCK_COORDS", "SCENARIO_OF", "check_common_luck", "luck_coords"]

SCENARIO_OF = "scenario_digest_of"
# Coordinates of the sequences of a result, and what each is called in a message.
LUCK_COORDS = {
    "entropy_of": "entropy",
    "method_of": "method",
    "total_of": "total of the sample",
    SCENARIO_OF: "scenario digest",
}


def luck_coords(dim: str, size: int, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the coordinates that say of every line of a result what fixes its luck and worlds.

    Parameters
    ----------
    dim : str
        What the lines are along, such as ``sequence``.
    size : int
        How many there are.
    attrs : mapping
        What the result says of itself: ``entropy``, ``method``, ``scenario_digest``, and ``total`` and ``replicates``
        of a designed sample.

    Examples
    --------
    >>> luck_coords("sequence", 2, {"entropy": "7", "method": "sobol", "total": 64})["total_of"]
    ('sequence', [64, 64], {'long_name': 'total of the sample'})
    """
    replicates = int(attrs.get("replicates", 1))
    several = f", {replicates} replicates" if replicates > 1 else ""
    values: dict[str, Any] = {
        "entropy_of": str(attrs.get("entropy", "")),
        "method_of": f"{attrs.get('method', '')}{several}",
        # A method that asks for no size has none; files have no place for what is not there.
        "total_of": int(attrs.get("total", 0)),
        SCENARIO_OF: str(attrs.get("scenario_digest", "")),
    }
    return {name: (dim, [values[name]] * size, {"long_name": said}) for name, said in LUCK_COORDS.items()}


def check_common_luck(
    data: xr.Dataset | xr.DataArray, dim: str = "sequence", *, across: str | None = None, what: str = ""
) -> None:
    """Raise a `UsageError` unless all lines met the same luck in the same worlds, of one scenario.

    Parameters
    ----------
    data : Dataset or DataArray
        What is to be compared along `dim`.
    dim : str
        Along which.
    across : str, optional
        ``"scenario"`` where different scenarios are compared on purpose; by default what the data say of themselves.
    what : str
        What cannot be done, to begin the message with.

    Raises
    ------
    UsageError
        Naming the lines that differ and in what.
    """
    across = str(data.attrs.get("across", "")) if across is None else across
    for name, said in LUCK_COORDS.items():
        if name not in data.coords or dim not in data[name].dims or (name == SCENARIO_OF and across == "scenario"):
            continue
        column = data[name].transpose(dim, ...)
        values = np.asarray(column.values, object).reshape(data.sizes[dim], -1)
        differs = np.array([[str(a) != str(b) for a, b in zip(row, values[0], strict=True)] for row in values])
        if not differs.any():
            continue
        line, place = (int(at[0]) for at in np.nonzero(differs))
        labels = (
            [str(label) for label in data[dim].values] if dim in data.coords else list(map(str, range(len(values))))
        )
        one, other = (_short(values[at, place]) for at in (0, line))
        pair = f"{labels[0]!r} has {said} {one}, {labels[line]!r} {other}"
        if name == SCENARIO_OF:
            advice = "to compare scenarios under one luck on purpose, join the results by ss.join(..., across=True)"
        else:
            advice = "their runs do not belong together in pairs: simulate them with the same rng, method and runs"
        raise UsageError(f"{what or 'they cannot be compared'}: {pair}; {advice}")


def _short(value: Any) -> str:
    """A value as it is said in a message: digests and entropies by their first digits."""
    text = str(value)
    return "that is missing" if text in ("nan", "None", "") else text if len(text) <= 40 else f"{text[:24]}..."
