"""An outcome in worlds that each met several orders: one table of values, and where each move stood."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from settlesim.analysis.statistics import check_finite, check_labels, indicators, kind_of, runs_present
from settlesim.errors import UsageError, choose
from settlesim.results.common_luck import check_common_luck
from settlesim.scenario.linear_extensions import closure

__all__ = ["Worlds", "worlds_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Worlds:
    """An outcome in the worlds that have it under every order.

    Attributes
    ----------
    values : array, shape (orders or slots, worlds)
        The outcome.
    positions : array, shape (orders, moves) or (slots, worlds, moves)
        Place of each move, from 1.
    before : array, shape (moves, moves), or None
        Which moves must come before which, by the plan; None where the dataset does not hold its plan.
    moves : tuple of str
        Names of the moves; those that are always made together are one.
    runs : array
        Which runs these worlds are, by their place in the dataset.
    left_out : int
        Worlds in which some order has no value.
    attrs : dict
        ``units``, ``long_name`` and ``kind`` of the outcome.
    """

    values: Floats
    positions: Integers
    before: Truths | None
    moves: tuple[str, ...]
    runs: Integers
    left_out: int
    attrs: dict[str, Any]

    @property
    def crossed(self) -> bool:
        """Whether every world meets the same orders."""
        return self.positions.ndim == 2


def worlds_of(dataset: xr.Dataset, variable: str, kind: str | None = None) -> Worlds:
    """Return an outcome of a dataset of orders in the worlds that have it under every order.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `orders`.
    variable : str
        An outcome.
    kind : str, optional
        For a coded outcome: the meaning whose share counts.

    Raises
    ------
    UsageError
        As `order_effects` says.
    """
    choose(variable, map(str, dataset.data_vars), "variable")
    if "position" not in dataset.coords or "move" not in dataset["position"].dims:
        raise UsageError(
            "this is not a dataset of orders: it has no coordinate 'position' along moves; make one with `orders`"
        )
    raw = dataset[variable]
    axis = "slot" if "slot" in dataset["position"].dims else "order"
    check_labels(dataset, "run")
    check_common_luck(dataset, axis, what="orders cannot be compared world by world")
    values = _counted(raw, variable, kind).where(raw.notnull())
    if set(values.dims) != {axis, "run"}:
        extra = ", ".join(str(dim) for dim in values.dims if dim not in (axis, "run"))
        what = f"also varies by {extra}: select one value of it first" if extra else f"does not vary by {axis} and run"
        raise UsageError(f"{variable!r} {what}")
    check_finite(raw, "run")
    table = np.asarray(values.transpose(axis, "run").values, np.float64)
    known = np.asarray(~np.isnan(table).any(axis=0))
    places = dataset["position"].transpose(axis, ..., "move").values.astype(np.int64)
    moves = tuple(str(name) for name in dataset["move"].values)
    _check_places(places, moves)
    if axis == "order" and len(np.unique(places, axis=0)) < len(places):
        raise UsageError("an order stands twice in the dataset: keep one of them")
    if len(table) < 2:
        raise UsageError("effects of order need at least two orders")
    n, runs = len(known), np.flatnonzero(known)
    if "run" in dataset.coords:
        # Random signs go by the place of a world, so that the same runs in another order must stand alike.
        runs = runs[np.argsort(dataset["run"].values[runs], kind="stable")]
    if len(runs) < 2:
        raise UsageError(
            f"{variable!r} has a value under every order in {len(runs)} of {n} runs, and effects need two; take an "
            "outcome that all runs have"
        )
    if axis == "slot":
        places = places[:, runs]
    attrs = {"units": values.attrs.get("units", "1"), "long_name": values.attrs.get("long_name", variable)}
    attrs["kind"] = "share" if kind is not None else kind_of(raw)
    before = _by_plan(dataset, moves)
    blocks = _together(places)
    heads = [block[0] for block in blocks]
    if len(heads) < len(moves):
        # Moves that are always made side by side have one date, and no order of their own.
        places = np.argsort(np.argsort(places[..., heads], axis=-1), axis=-1) + 1
        moves = tuple(" + ".join(moves[i] for i in block) for block in blocks)
        before = None if before is None else before[np.ix_(heads, heads)]
    # A run that is not there at all was not left out.
    left_out = len(runs_present(dataset, axis)) - len(runs)
    return Worlds(table[:, runs], places, before, moves, runs, left_out, attrs)


def _counted(raw: xr.DataArray, variable: str, kind: str | None) -> xr.DataArray:
    values = indicators(raw)
    axis = f"{variable}_kind"
    if axis in values.dims:
        kinds = [str(name) for name in values[axis].values]
        if kind is None:
            raise UsageError(f"{variable!r} is coded: say with kind= which of {', '.join(kinds)} counts")
        return values.sel({axis: choose(kind, kinds, "kind")}, drop=True)
    if kind is not None:
        raise UsageError(f"{variable!r} is not coded, so it has no kind {kind!r}")
    return values


def _check_places(places: Integers, moves: tuple[str, ...]) -> None:
    if len(moves) < 2:
        raise UsageError("effects of order need at least two moves")
    if (np.sort(places, axis=-1) != np.arange(1, len(moves) + 1)).any():
        raise UsageError(f"'position' must give every order each place from 1 to {len(moves)} once")


def _by_plan(dataset: xr.Dataset, moves: tuple[str, ...]) -> Truths | None:
    """What the plan of a dataset says must come before what, what follows from it included."""
    if "plan_definition" not in dataset.attrs:
        return None
    plan = json.loads(dataset.attrs["plan_definition"])
    groups = {name: [str(n) for n in group] for group in plan.get("together", ()) for name in group}
    pairs = [
        (moves.index(a), moves.index(b))
        for first, then in plan.get("precedence", ())
        for a in groups.get(first, [first])
        for b in groups.get(then, [then])
    ]
    below = closure(len(moves), pairs)
    return np.array([[bool(below[then] >> first & 1) for then in range(len(moves))] for first in range(len(moves))])


def _together(places: Integers) -> list[list[int]]:
    """Moves in blocks: those that always stand side by side in one and the same order, wherever they do."""
    flat = places.reshape(-1, places.shape[-1])
    follows = (flat[:, np.newaxis, :] - flat[:, :, np.newaxis] == 1).all(axis=0) & (np.ptp(flat, axis=0) > 0)
    starts = [move for move in range(len(follows)) if not follows[:, move].any()]
    blocks = []
    for move in starts:
        block = [move]
        while follows[block[-1]].any():
            block.append(int(np.argmax(follows[block[-1]])))
        blocks.append(block)
    return blocks
