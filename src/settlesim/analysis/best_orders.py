"""The best orders of a plan: raced for over common luck, tried again on fresh luck, and how firmly they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from settlesim.analysis.raced_orders import BestOrders, raced
from settlesim.chance.fates import Rng, entropy_of
from settlesim.errors import choose
from settlesim.experiments.execution import Execution
from settlesim.experiments.order_designs import Order
from settlesim.model.standard import STANDARD
from settlesim.scenario.plan import Plan
from settlesim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["best_orders"]

OBJECTIVES = ("settled", "deaths", "standing")


def best_orders(
    scenario: Scenario,
    plan: str | Plan,
    outcome: str,
    *,
    kind: str | None = None,
    best: Literal["highest", "lowest"] | None = None,
    objectives: Iterable[str] = OBJECTIVES,
    keep: int = 5,
    runs: int | range = 1000,
    fraction: float = 0.1,
    level: float = 0.95,
    rng: Rng = None,
    execution: Execution | None = None,
) -> BestOrders:
    """Find the orders of a plan that do best, with a part of the runs of the full experiment.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    plan : str or Plan
        One of the scenario's plans by name, or one of your own.
    outcome : str
        What is raced for.
    kind : str, optional
        For a coded outcome: the meaning whose share counts.
    best : {"highest", "lowest"}, optional
        Which end is best; by default the one that the outcome declares to be better, else the highest.
    objectives : iterable of str
        What else counts for the Pareto set, each with a declared better end.
    keep : int
        How many of the best are looked for.
    runs : int or range
        Worlds that every order would meet in the full experiment; no order meets more in the race.
    fraction : float
        Share of the full experiment's runs, orders times `runs`, that may be spent in all.
    level : float
        Coverage of the intervals.
    rng : int, SeedSequence, Generator or None
        Entropy of all chance.
    execution : Execution, optional
        As for `simulate`.

    Returns
    -------
    BestOrders
        The orders on fresh luck, the neighbours of the first, the rounds of the race.

    Raises
    ------
    UsageError
        If a name is unknown, an option is out of range, the budget is too small, or some runs have no value.
    Interrupted, Terminated
        After Ctrl-C or SIGTERM: a race that was not run to its end has no winner.

    Notes
    -----
    The race is that of `settlesim.analysis.order_race.race`, from the first of `runs` on.  Its own means flatter those
    it leaves, so they are tried again on runs that it did not use, and the neighbours of the first of these on
    runs that neither used; 15% and 10% of the budget are set apart for this.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> from settlesim.scenario.steps import deliver, open_track
    >>> moves = {"talks": open_track("talks"), "gift": deliver("prisoners"), "peace": deliver("ceasefire")}
    >>> found = best_orders(
    ...     load("two-party"), Plan(moves, pace=8), "settled", keep=1, runs=60, fraction=0.9, rng=7
    ... )
    >>> len(found.best), found.neighbours.sizes["neighbour"]
    (1, 2)
    """
    from settlesim.experiments.orders import orders

    chosen = scenario.plan(plan)
    entropy = entropy_of(rng)
    wanted = dict.fromkeys((outcome, *objectives))
    known = {o.name: o for o in STANDARD.outcomes}
    outcomes = [known[choose(name, known, "outcome")] for name in wanted]

    def sample(some: Sequence[Order], numbers: range) -> xr.Dataset:
        return orders(scenario, chosen, design=some, runs=numbers, rng=entropy, outcomes=outcomes, execution=execution)

    return raced(
        sample,
        chosen,
        outcome,
        kind=kind,
        best=best,
        objectives=wanted,
        keep=keep,
        runs=runs,
        fraction=fraction,
        level=level,
        rng=entropy,
    )
