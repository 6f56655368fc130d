"""One plan in many orders, over common worlds and luck."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.sampling import Sampling
from settlesim.chance.worlds import Rng
from settlesim.errors import UsageError, choose
from settlesim.experiments.execution import Execution, asked, carry_out
from settlesim.experiments.order_designs import DESIGNS, Order, order_blocks, order_design
from settlesim.experiments.order_matrices import order_positions
from settlesim.experiments.request import Request, entropy_for
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.results.stores import compact
from settlesim.scenario.plan import ARROW, Plan
from settlesim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["orders"]


def orders(
    scenario: Scenario,
    plan: str | Plan,
    *,
    runs: int | range = 1000,
    design: str | Iterable[str | Iterable[str]] = "all",
    size: int | None = None,
    each: int | None = None,
    rng: Rng = None,
    record: str | Iterable[str] | None = None,
    engine: str = "numpy",
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
    protocol: Protocol | None = None,
    outcomes: Iterable[Outcome] | None = None,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Simulate the moves of one plan in many orders, over the same worlds and the same luck.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    plan : str or Plan
        One of the scenario's plans by name, or one of your own.
    runs : int or range
        How many runs, or which, as for `simulate`.
    design : {"all", "random", "reversed", "d_optimal", "orthogonal_array"} or iterable
        Which orders, see `order_design`; or orders of your own, as names of the moves or as ``"us > kabul"``.
    size : int, optional
        Number of orders, for the designs that leave it open.
    each : int, optional
        Each world meets only so many of the orders, dealt out evenly (see `order_blocks`); by default all.
    rng : int, SeedSequence, Generator or None
        Entropy of all chance, the choice of a design among it; None takes fresh entropy.  The result records it.
    record, engine, method, protocol, outcomes, execution
        As for `simulate`.

    Returns
    -------
    xarray.Dataset
        Dimensions (order, run), with the coordinate ``position`` (order, move), from 1; with `each`, dimensions
        (slot, run), and coordinates ``order`` (slot, run) and ``position`` (slot, run, move).

    Raises
    ------
    UsageError
        As `simulate`, for an order that the plan does not admit, and if the plan has fewer than two moves.

    Notes
    -----
    Orders of a plan differ in nothing else, so that they are simulated in common calls of the engine, laid along the
    axis of runs; every number is that of the order simulated alone.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> from settlesim.scenario.steps import deliver, open_track
    >>> plan = Plan({"talks": open_track("talks"), "gift": deliver("prisoners")}, pace=8)
    >>> result = orders(load("two-party"), plan, runs=20, rng=7)
    >>> result.settled.dims, result.order.values.tolist()
    (('order', 'run'), ['talks > gift', 'gift > talks'])
    >>> result.position.sel(order="gift > talks").values
    array([2, 1])
    """
    how = asked(scenario, execution)
    chosen = scenario.plan(plan)
    entropy = entropy_for(rng, how.out)
    moves = tuple(chosen.moves)
    if len(moves) < 2:
        raise UsageError(f"plan {chosen.name!r} has one move, which has no order")
    if (
        not chosen.pace
        and chosen.completes == "taken"
        and any(step.do != "table" for steps in chosen.moves.values() for step in steps)
    ):
        warnings.warn(
            f"plan {chosen.name!r} has no pace: its moves follow one another within a week, so that orders hardly "
            "differ; give pace= in weeks",
            stacklevel=2,
        )
    names = _design(chosen, design, size, entropy)
    if each is not None and engine != "numpy":
        raise UsageError("each=, orders dealt to worlds, needs the numpy engine")
    # Both orders of a pair are to be met in one world.
    group = 2 if design == "reversed" and each is not None else 1
    slots = 0 if each is None else _each(each, len(names), group)
    request = Request(
        scenario,
        tuple(chosen.order(order) for order in names),
        runs=runs,
        rng=entropy,
        record=record,
        engine=engine,
        method=method,
        protocol=protocol,
        outcomes=outcomes,
        slots=slots,
        group=group,
    )
    job = request.job(how.out)
    label = design if isinstance(design, str) else "given"
    notes = {"plan": chosen.name, "design": label, "orders": len(names), "plan_orders": _count(chosen)}
    notes["plan_definition"] = compact(chosen.model_dump(mode="json", exclude_defaults=True))

    def arranged(flat: xr.Dataset) -> xr.Dataset:
        if not slots:
            return _crossed(flat, moves).assign_attrs(notes)
        return _dealt(flat, moves, names, job.slots, group, job.entropy).assign_attrs(notes | {"each": slots})

    return carry_out(job, request.numbers, how, arranged)


def _design(plan: Plan, design: str | Iterable[Any], size: int | None, entropy: int) -> list[Order]:
    if isinstance(design, str):
        return order_design(plan, choose(design, DESIGNS, "design of orders"), size=size, rng=entropy)
    if size is not None:
        raise UsageError("size= goes with a design that is named, not with orders of your own")
    sequences = [plan.order(order if isinstance(order, str) else tuple(order)) for order in design]
    names = [tuple(sequence.name.split(ARROW)) for sequence in sequences]
    met = Counter(names)
    twice = sorted(ARROW.join(order) for order in met if met[order] > 1)
    if twice or not names:
        raise UsageError(f"the order {twice[0]!r} is given twice" if twice else "no order is given")
    return names


def _each(each: int, orders: int, group: int) -> int:
    """Check how many orders each world is to meet."""
    if isinstance(each, bool) or not isinstance(each, (int, np.integer)) or not 1 <= each <= orders:
        raise UsageError(f"each= is how many orders each world meets, a whole number from 1 to {orders}, not {each!r}")
    if each % group:
        raise UsageError(
            f"each= must be even, not {each}: with design='reversed' both orders of a pair are met in one world"
        )
    return int(each)


def _count(plan: Plan) -> str:
    """Number of all orders, as text: it may be larger than any whole number that files hold."""
    return str(plan.count())


def _crossed(flat: xr.Dataset, moves: tuple[str, ...]) -> xr.Dataset:
    names = [tuple(str(name).split(ARROW)) for name in flat["sequence"].values]
    result = flat.rename(sequence="order")
    result["order"].attrs["long_name"] = "order of the moves"
    place = {"long_name": "place of the move in the order, from 1"}
    return result.assign_coords(
        move=("move", list(moves), {"long_name": "move"}),
        position=(("order", "move"), order_positions(names, moves), place),
    )


def _dealt(
    flat: xr.Dataset, moves: tuple[str, ...], names: list[Order], slots: int, group: int, entropy: int
) -> xr.Dataset:
    place = order_positions(names, moves)
    columns = [
        order_blocks(len(names), range(run, run + 1), slots=slots, rng=entropy, group=group)[:, 0]
        for run in map(int, flat["run"].values)
    ]
    # An interrupted result may lack some slots.
    there = [int(str(name).removeprefix("slot ")) - 1 for name in flat["sequence"].values]
    met = np.array(columns).T[there]
    texts = np.array([ARROW.join(order) for order in names], object)
    result = flat.drop_vars("definition").rename(sequence="slot").assign_coords(slot=there)
    return result.assign_coords(
        move=("move", list(moves), {"long_name": "move"}),
        order=(("slot", "run"), texts[met], {"long_name": "order that the run met"}),
        position=(("slot", "run", "move"), place[met], {"long_name": "place of the move in the order, from 1"}),
    )
