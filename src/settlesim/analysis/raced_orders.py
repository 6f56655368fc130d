"""The course of a search for the best orders: the race, a second trial of those left, and the neighbours of the best.

It asks a sampler for orders and runs, so that it can be tried on responses whose best orders are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from settlesim.analysis.differences import differences
from settlesim.analysis.order_race import Race, dominators, race
from settlesim.analysis.statistics import better_end, check_level, indicators
from settlesim.analysis.summary import summary
from settlesim.chance.fates import Rng, entropy_of
from settlesim.errors import UsageError, choose
from settlesim.experiments.order_designs import ENUMERATED, Order, Plannable, every_order, order_design
from settlesim.experiments.order_matrices import order_positions
from settlesim.results.common_luck import check_common_luck
from settlesim.scenario.plan import ARROW

__all__ = ["BestOrders", "OrderSampler", "raced"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# (orders, numbers of the runs) -> what `settlesim.experiments.orders.orders` returns of them.
OrderSampler = Callable[[Sequence[Order], range], xr.Dataset]

# Shares of the budget for the second trial of those left, and for the neighbours of the best.
SECOND, NEIGHBOURS = 0.15, 0.1
# Runs below which neither says anything.
FEWEST = 10
RESAMPLES = 1000
# Where a plan has too many orders to be listed, so many at random are raced.
DRAWN = 5040


@dataclass(frozen=True)
class BestOrders:
    """What a race of orders found; printed, it is a short account of it.

    Attributes
    ----------
    orders
        Dimension ``order``, those left of the race, the best of the second trial first.  For each objective
        ``<name>`` along ``statistic`` (estimate, error, low, high, ...) on fresh luck, and ``<name>_race``, what
        the race had promised.  ``behind`` (``low``, ``high``) is the difference of the first objective from that
        of the first order, run by run, with simultaneous intervals; ``first`` the share of bootstrap samples of the
        runs in which the order comes first; ``pareto`` whether no other is at least as good in every objective and
        better in one; ``pareto_share`` the share of bootstrap samples in which that is so.
    neighbours
        Dimension ``neighbour``, the orders one swap of two moves, one after the other, away from the first order.
        For each objective ``<name>_difference`` from it, with ``_low`` and ``_high``, simultaneous over neighbours;
        on luck that neither the race nor the second trial met.
    rounds
        Dimension ``round``: orders, runs, runs of single orders, those that went on, and those that went although
        not clearly worse.
    """

    orders: xr.Dataset
    neighbours: xr.Dataset
    rounds: xr.Dataset

    @property
    def best(self) -> list[str]:
        """Names of the orders looked for, the best first."""
        return [str(name) for name in self.orders["order"].values[: self.orders.attrs["keep"]]]

    def __str__(self) -> str:
        """Return the account as text."""
        notes = self.orders.attrs
        name = notes["variable"]
        lines = [
            f"Best orders by {name} ({notes['best']} is best): {notes['spent']:,} runs of single orders, "
            f"{notes['spent'] / notes['full']:.1%} of the {notes['full']:,} of the full experiment.",
            f"On fresh luck ({notes['n']} runs), with {notes['level']:.0%} intervals:",
        ]
        for i, order in enumerate(self.orders["order"].values):
            if i == notes["keep"]:
                lines.append("Besides, for what they do in all objectives:")
            row = self.orders.sel(order=order)
            value = {str(s): float(row[name].sel(statistic=s)) for s in ("estimate", "low", "high")}
            text = f"  {value['estimate']:.4g} [{value['low']:.4g}, {value['high']:.4g}]  {order}"
            text += f"  (first in {float(row['first']):.0%} of resamples"
            lines.append(text + (", Pareto)" if bool(row["pareto"]) else ")"))
        lines.append("One swap away from the first:")
        for neighbour in self.neighbours["neighbour"].values:
            row = self.neighbours.sel(neighbour=neighbour)
            gap, low, high = (float(row[f"{name}_{part}"]) for part in ("difference", "low", "high"))
            lines.append(f"  {gap:+.4g} [{low:+.4g}, {high:+.4g}]  {neighbour}")
        return "\n".join(lines)

    __repr__ = __str__


def raced(
    sample: OrderSampler,
    plan: Plannable,
    outcome: str,
    *,
    kind: str | None = None,
    best: Literal["highest", "lowest"] | None = None,
    objectives: Iterable[str] = (),
    keep: int = 5,
    runs: int | range = 1000,
    fraction: float = 0.1,
    level: float = 0.95,
    rng: Rng = None,
) -> BestOrders:
    """Find the best orders of whatever a sampler returns.

    Parameters
    ----------
    sample : callable
        ``(orders, runs) -> Dataset`` with dimensions (order, run).
    plan : Plan
        What has moves and orders.
    outcome, kind, best, objectives, keep, runs, fraction, level, rng
        As for `settlesim.analysis.best_orders.best_orders`.

    Returns
    -------
    BestOrders
        What was found.

    Raises
    ------
    UsageError
        If an option is out of range, the budget is too small, an outcome is unknown or lacks values.
    """
    numbers = _numbers(runs)
    check_level(level)
    if not 0 < fraction <= 1:
        raise UsageError(f"fraction of the full experiment must lie between 0 and 1, got {fraction!r}")
    generator = np.random.default_rng(entropy_of(rng))
    moves, total = tuple(plan.moves), plan.count()
    known = every_order(plan) if total <= ENUMERATED else order_design(plan, "random", size=DRAWN, rng=generator)
    if isinstance(keep, bool) or not isinstance(keep, int) or not 1 <= keep < len(known):
        raise UsageError(f"keep must be a number of orders from 1 to {len(known) - 1}, got {keep!r}")
    measure = _Measure(outcome, kind, best, tuple(dict.fromkeys(o for o in objectives if o != outcome)))
    left = min(len(known), 2 * keep if measure.others else keep)
    full = len(known) * len(numbers)
    budget = int(fraction * full)
    second, third = (
        min(len(numbers), int(share * budget) // several)
        for share, several in ((SECOND, left), (NEIGHBOURS, len(moves)))
    )
    if min(second, third) < FEWEST:
        needed = ceil(FEWEST * max(left / SECOND, len(moves) / NEIGHBOURS))
        raise UsageError(
            f"{fraction:g} of {full:,} runs of single orders are {budget:,}, too few to try the best again on fresh "
            f"luck, which takes {needed:,} or more: raise runs or fraction, or lower keep"
        )

    def values(some: Integers, of: range) -> Floats:
        return measure.signed(measure(sample, [known[i] for i in some], of))

    found = race(
        values,
        order_positions(known, moves),
        budget=budget - second * left - third * len(moves),
        keep=keep,
        left=left,
        runs=len(numbers),
        first=numbers.start,
        level=level,
        generator=generator,
    )
    used = max(r.runs.stop for r in found.rounds)
    finalists = [known[i] for i in found.best]
    fresh = measure(sample, finalists, range(used, used + second))
    orders = _second_trial(fresh, measure, found, keep, level, generator)
    winner = tuple(str(orders["order"].values[0]).split(ARROW))
    others = _neighbours(plan, winner, set(known) if total == len(known) else None)
    after = measure(sample, [winner, *others], range(used + second, used + second + third))
    spent = sum(r.spent for r in found.rounds) + len(finalists) * second + (1 + len(others)) * third
    attrs = {**fresh.attrs, "variable": outcome, "best": measure.best, "keep": keep, "level": level}
    attrs |= {} if kind is None else {"kind": kind}
    attrs |= {"spent": spent, "full": full, "unexplained": found.unexplained, "plan_orders": str(total)}
    return BestOrders(
        orders.assign_attrs(attrs | {"n": second}),
        _fragility(after, measure, winner, others, level).assign_attrs(attrs | {"n": third}),
        _course(found).assign_attrs(attrs),
    )


class _Measure:
    """The objectives, read off what a sampler returns."""

    def __init__(
        self, outcome: str, kind: str | None, best: Literal["highest", "lowest"] | None, others: tuple[str, ...]
    ) -> None:
        if best is not None:
            choose(best, ("highest", "lowest"), "end")
        self.outcome, self.kind, self.asked, self.others = outcome, kind, best, others
        self.best: str = best or "highest"
        self.signs: list[float] = []

    @property
    def names(self) -> tuple[str, ...]:
        return (self.outcome, *self.others)

    def __call__(self, sample: OrderSampler, orders: Sequence[Order], runs: range) -> xr.Dataset:
        """Return the objectives of orders, in the sequence asked for, dimensions (sequence, run)."""
        raw = sample(orders, runs)
        if raw.attrs.get("interrupted"):
            raise KeyboardInterrupt
        check_common_luck(raw, "order", what="orders cannot be raced")
        raw = raw.sel(order=[ARROW.join(order) for order in orders])
        columns = {name: self._column(raw, name) for name in self.names}
        if not self.signs:
            self._settle(columns)
        return xr.Dataset(columns, attrs=raw.attrs).rename(order="sequence")

    def signed(self, measured: xr.Dataset) -> Floats:
        """Values of which more is better, shape (objectives, orders, runs)."""
        return np.stack([sign * measured[name].values for sign, name in zip(self.signs, self.names, strict=True)])

    def _column(self, raw: xr.Dataset, name: str) -> xr.DataArray:
        choose(name, map(str, raw.data_vars), "outcome")
        values = indicators(raw[name])
        axis = f"{name}_kind"
        coded, kind = axis in values.dims, self.kind if name == self.outcome else None
        if coded and kind is None:
            raise UsageError(f"{name!r} is coded: say with kind= which of {', '.join(values[axis].values)} counts")
        if coded and kind is not None:
            values = values.sel({axis: choose(kind, [str(k) for k in values[axis].values], "kind")}, drop=True)
        elif kind is not None:
            raise UsageError(f"{name!r} is not coded, so it has no kind {kind!r}")
        if set(values.dims) != {"order", "run"}:
            raise UsageError(
                f"{name!r} does not vary by order and run alone, but by {', '.join(map(str, values.dims))}"
            )
        missing = int(values.isnull().any("order").sum())
        if missing:
            raise UsageError(
                f"{name!r} has no value in {missing} of {values.sizes['run']} runs; race for what all runs have"
            )
        bare = values.reset_coords(drop=True).transpose("order", "run")
        return bare.drop_vars([c for c in bare.coords if c not in ("order", "run")])

    def _settle(self, columns: dict[str, xr.DataArray]) -> None:
        for name in self.others:
            if better_end(columns[name]) is None:
                raise UsageError(f"{name!r} does not say which end is better, so it is no objective")
        ends = [self.asked or better_end(columns[self.outcome]) or "highest"]
        ends += [better_end(columns[name]) or "highest" for name in self.others]
        self.best = ends[0]
        self.signs = [1.0 if end == "highest" else -1.0 for end in ends]


def _second_trial(
    fresh: xr.Dataset, measure: _Measure, found: Race, keep: int, level: float, generator: np.random.Generator
) -> xr.Dataset:
    values = measure.signed(fresh)
    ranking = np.argsort(-values[0].mean(axis=1), kind="stable")
    fresh, values = fresh.isel(sequence=ranking), values[:, ranking]
    leader = str(fresh["sequence"].values[0])
    out = summary(fresh, measure.names, level=level)
    for sign, name, mean in zip(measure.signs, measure.names, found.means[:, ranking], strict=True):
        out[f"{name}_race"] = ("sequence", sign * mean, {"long_name": f"{name}, as the race had it"})
    if len(ranking) > 1:
        gaps = differences(fresh, measure.outcome, baseline=leader, level=1 - (1 - level) / (len(ranking) - 1))
        for name, part in (("behind", "difference"), ("behind_low", "low"), ("behind_high", "high")):
            out[name] = gaps[part].reindex(sequence=fresh["sequence"].values).fillna(0.0)
    runs = values.shape[2]
    weights = generator.multinomial(runs, np.full(runs, 1 / runs), RESAMPLES) / runs
    means = np.einsum("kor,sr->sko", values, weights)
    out["first"] = ("sequence", np.bincount(means[:, 0].argmax(axis=1), minlength=len(ranking)) / RESAMPLES)
    out["pareto"] = ("sequence", dominators(values.mean(axis=2)) == 0)
    out["pareto_share"] = ("sequence", np.mean([dominators(m) == 0 for m in means], axis=0))
    return out.rename(sequence="order")


def _neighbours(plan: Plannable, order: Order, admitted: set[Order] | None) -> list[Order]:
    """Orders of the plan in which two blocks of moves that follow each other have changed places."""
    place = {name: at for at, name in enumerate(order)}
    declared: Any = getattr(plan, "blocks", [(name,) for name in order])
    blocks = sorted(declared, key=lambda block: place[block[0]])
    found = []
    for i in range(len(blocks) - 1):
        turned = [*blocks[:i], blocks[i + 1], blocks[i], *blocks[i + 2 :]]
        other = tuple(name for block in turned for name in block)
        if other in admitted if admitted is not None else _admits(plan, other):
            found.append(other)
    return found


def _admits(plan: Any, order: Order) -> bool:
    if not hasattr(plan, "order"):
        return True
    try:
        plan.order(order)
    except UsageError:
        return False
    return True


def _fragility(after: xr.Dataset, measure: _Measure, winner: Order, others: list[Order], level: float) -> xr.Dataset:
    out = {}
    for name in measure.names:
        gaps = differences(after, name, baseline=ARROW.join(winner), level=1 - (1 - level) / len(others))
        for part in ("difference", "low", "high"):
            out[f"{name}_{part}"] = gaps[part].rename(sequence="neighbour")
    swaps = []
    for other in others:
        at = [i for i, (mine, its) in enumerate(zip(winner, other, strict=True)) if mine != its]
        swaps.append(f"{other[at[0]]} before {winner[at[0]]}")
    return xr.Dataset(out).assign_coords(swap=("neighbour", swaps, {"long_name": "what is turned round"}))


def _course(found: Race) -> xr.Dataset:
    rounds = found.rounds
    return xr.Dataset(
        {
            "orders": ("round", [r.orders for r in rounds], {"long_name": "orders that met the runs"}),
            "runs": ("round", [len(r.runs) for r in rounds], {"long_name": "new runs"}),
            "first_run": ("round", [r.runs.start for r in rounds]),
            "spent": ("round", [r.spent for r in rounds], {"long_name": "runs of single orders"}),
            "kept": ("round", [r.kept for r in rounds], {"long_name": "orders that went on"}),
            "unclear": ("round", [r.unclear for r in rounds], {"long_name": "gone though not clearly worse"}),
        },
        {"round": np.arange(1, len(rounds) + 1), "stage": ("round", [r.kind for r in rounds])},
    )


def _numbers(runs: int | range) -> range:
    if isinstance(runs, range) and runs.step == 1 and runs.start >= 0 and len(runs) > 1:
        return runs
    if isinstance(runs, bool) or not isinstance(runs, (int, np.integer)) or runs < 2:
        raise UsageError(f"runs must be a whole number of at least 2, or a range of step 1, got {runs!r}")
    return range(int(runs))
