"""Which orders of a plan to try: all, at random, with their reverses, D-optimal, balanced; and who meets which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations
from math import factorial
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.fates import Fates, Rng, entropy_of
from settlesim.errors import UsageError, choose
from settlesim.experiments.component_arrays import component_array
from settlesim.experiments.exchange import chosen_rows, whitened
from settlesim.experiments.order_matrices import (
    MODELS,
    free_moment_matrix,
    model_matrix,
    moment_matrix,
    order_positions,
    precedence_matrix,
)
from settlesim.scenario.plan import ARROW

__all__ = ["DESIGNS", "Plannable", "every_order", "order_blocks", "order_design", "order_efficiency", "planned"]

Order = tuple[str, ...]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DESIGNS = ("all", "random", "reversed", "d_optimal", "orthogonal_array")

# More orders than these are not enumerated: all those of eight free moves are.
ENUMERATED = 50_000
# Candidates of the exchange algorithm: all orders of seven free moves.
CANDIDATES = 5040
RELABELLED = 20


@runtime_checkable
class Plannable(Protocol):
    """What a design asks of a plan."""

    @property
    def moves(self) -> Iterable[str]:
        """Names of the moves."""
        ...

    def orders(self) -> Iterator[Order]:
        """Every order that the plan admits."""
        ...

    def count(self) -> int:
        """How many there are."""
        ...

    def sample(self, n: int, rng: np.random.Generator, /) -> Sequence[Order]:
        """Orders drawn uniformly, with replacement."""
        ...


class FreeMoves:
    """Moves that may come in any order, with the face of a plan."""

    def __init__(self, moves: Iterable[str]) -> None:
        self.moves = tuple(moves)
        if len(set(self.moves)) < len(self.moves) or len(self.moves) < 2:
            raise UsageError(f"an order needs at least two moves of different names, got {list(self.moves)}")

    def orders(self) -> Iterator[Order]:
        """Every permutation."""
        return permutations(self.moves)

    def count(self) -> int:
        """Their number."""
        return factorial(len(self.moves))

    def sample(self, n: int, rng: np.random.Generator) -> list[Order]:
        """Permutations drawn with replacement."""
        return [tuple(self.moves[j] for j in rng.permutation(len(self.moves))) for _ in range(n)]


def planned(plan: Plannable | Iterable[str]) -> Plannable:
    """Return a plan as it is, and names of moves as a plan without precedences."""
    if isinstance(plan, str) and ARROW in plan:
        return FreeMoves(order_of(plan))
    if isinstance(plan, str):
        raise UsageError(f"an order needs a plan or the names of its moves, not {plan!r}")
    return plan if isinstance(plan, Plannable) else FreeMoves(plan)


def order_of(order: Order | str) -> Order:
    """Return the moves of an order that is given as they are, or as ``"a > b > c"``."""
    return tuple(name.strip() for name in order.split(ARROW.strip())) if isinstance(order, str) else tuple(order)


def every_order(plan: Plannable | Iterable[str]) -> list[Order]:
    """Return all orders of a plan.

    Raises
    ------
    UsageError
        If there are more than 50,000.
    """
    known = planned(plan)
    if known.count() > ENUMERATED:
        raise UsageError(
            f"{known.count():,} orders are too many to enumerate; take a 'random' or 'd_optimal' design, or "
            "narrow the plan by precedences"
        )
    return [tuple(order) for order in known.orders()]


def order_design(
    plan: Plannable | Iterable[str], kind: str = "all", *, size: int | None = None, rng: Rng = None
) -> list[Order]:
    """Choose the orders of an experiment.

    Parameters
    ----------
    plan : Plan or iterable of str
        The plan, or the names of moves that may come in any order, also as ``"us > kabul"``.
    kind : {"all", "random", "reversed", "d_optimal", "orthogonal_array"}
        - ``all``: every order that the plan admits.
        - ``random``: orders drawn uniformly, each once.
        - ``reversed``: pairs that stand one after the other: a random order and its reverse.  Where the plan
          rules the reverse out, the admissible order, not in the design yet, that reverses the most of the pairs
          of moves whose order is free; the first such in the plan's own sequence of orders where several do.
        - ``d_optimal``: the orders from which the effects of all precedences are estimated best (the
          pairwise-ordering model), found by exchange.
        - ``orthogonal_array``: at any two places any two moves stand equally often; only for moves without
          precedences, 2 to 14 of them.  `component_array` says how many orders that takes.
    size : int, optional
        How many orders.  By default, for ``d_optimal``, twice the parameters of positions and precedence together,
        at most all orders: as many as `order_effects` needs to tell what each of the two explains; needed for
        ``random`` and ``reversed``; given by the kind for the others.
    rng : int, SeedSequence, Generator or None
        What the choice depends on.

    Returns
    -------
    list of tuple of str
        Names of the moves, the first to be made first.  No order stands twice, since over common luck it would
        be the same run again.

    Raises
    ------
    UsageError
        For an unknown kind, a size that the kind cannot have, or a kind that the plan rules out.

    Notes
    -----
    The exchange is Fedorov's (1972), from many random starts, among all orders when they are at most 5,040, else
    among 5,040 random ones.  The full design is D-optimal for free moves (Peng, Mukerjee and Lin 2019), so that
    an efficiency of 1 cannot be beaten there; 12 orders of 4 or 5 moves and 24 of 5 or 6 can reach it (Voelkel
    2019).  Under precedences nothing is known in general, and a design may do better than all orders.

    A reverse says about the precedences what its order says, so that per run a ``reversed`` design tells less of
    them than a random one; its use is the comparison within each pair, in which a constant falls out.

    Examples
    --------
    >>> order_design(["a", "b", "c"], "reversed", size=2, rng=1)
    [('b', 'a', 'c'), ('c', 'a', 'b')]
    >>> design = order_design(list("abcd"), "d_optimal", size=12, rng=1)
    >>> round(order_efficiency(design), 6)
    1.0
    """
    choose(kind, DESIGNS, "design of orders")
    known = planned(plan)
    moves = tuple(known.moves)
    generator = np.random.default_rng(entropy_of(rng))
    if size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1):
        raise UsageError(f"size is how many orders, at least 1, got {size!r}")
    if kind == "all":
        orders = every_order(known)
        return _of_size(orders, size, "all")
    if kind == "orthogonal_array":
        return _of_size(_array(known, moves, generator), size, "orthogonal_array")
    if kind == "d_optimal":
        return _d_optimal(known, moves, size, generator)
    if size is None:
        raise UsageError(f"a {kind!r} design needs size, how many orders")
    return _drawn(known, size, generator) if kind == "random" else _reversed(known, moves, size, generator)


def order_efficiency(
    design: Iterable[Order | str], *, plan: Plannable | Iterable[str] | None = None, model: str = "precedence"
) -> float:
    """Return how much a run of a design tells, relative to a run of the full design (D-efficiency).

    Parameters
    ----------
    design : iterable of tuple of str, or of str
        Orders, as names of the moves or as ``"us > kabul"``.
    plan : Plan or iterable of str, optional
        The plan whose full design is compared with; by default the moves of the design, in any order.
    model : {"precedence", "position", "both"}
        As for `model_matrix`.

    Returns
    -------
    float
        The p-th root of the ratio of the determinants of the moment matrices, p being the number of parameters
        that the full design can estimate, the constant among them; 0 where the design cannot estimate them all.

    Raises
    ------
    UsageError
        If an order is none of the plan's moves, or the plan has more orders than can be enumerated.

    Examples
    --------
    >>> order_efficiency([("a", "b", "c"), ("c", "b", "a")])
    0.0
    """
    if isinstance(design, str):
        raise UsageError(f"a design is several orders, [...], not {design!r}")
    orders = [order_of(order) for order in design]
    if not orders:
        raise UsageError("a design needs at least one order")
    choose(model, MODELS, "model")
    known = planned(orders[0] if plan is None else plan)
    moves = tuple(known.moves)
    own = moment_matrix(order_positions(orders, moves), model)
    free = known.count() == factorial(len(moves)) and model == "precedence"
    full = free_moment_matrix(len(moves)) if free else moment_matrix(order_positions(every_order(known), moves), model)
    basis = whitened(full)
    sign, logarithm = np.linalg.slogdet(basis.T @ own @ basis)
    efficiency = float(np.exp(logarithm / basis.shape[1])) if sign > 0 else 0.0
    return efficiency if efficiency > 1e-6 else 0.0


def order_blocks(design: int | Sequence[Order], runs: range, *, slots: int, rng: Rng, group: int = 1) -> Integers:
    """Deal the orders of a design out to runs, so that each run meets a few of them.

    Parameters
    ----------
    design : int or sequence of tuple of str
        The design, or how many orders it has.
    runs : range
        Numbers of the runs.
    slots : int
        How many orders each run meets, all different.
    rng : int, SeedSequence or Generator
        Entropy of the experiment.
    group : int
        How many consecutive orders of the design stay together: 2 keeps the pairs of a ``reversed`` design
        within a run, so that each pair is compared in one world.

    Returns
    -------
    numpy.ndarray
        Indices into the design, shape (slots, runs).  What a run meets depends on its number and the entropy
        alone: run 4711 meets the same orders in any batch.

    Raises
    ------
    UsageError
        If there are fewer orders than slots, or groups that do not come out even.

    Notes
    -----
    With n groups, of which a run meets s, the groups are shuffled and dealt round, s to a run; after n / gcd(n, s)
    runs each has been dealt s / gcd(n, s) times, and they are shuffled anew.

    Examples
    --------
    >>> order_blocks(6, range(3), slots=2, rng=7).shape
    (2, 3)
    >>> bool((order_blocks(6, range(9), slots=4, rng=7)[:, 8:] == order_blocks(6, range(8, 9), slots=4, rng=7)).all())
    True
    """
    n = design if isinstance(design, int) else len(design)
    if group < 1 or n % group or slots % group:
        raise UsageError(f"{n} orders and {slots} slots do not both divide into groups of {group}")
    if not 1 <= slots <= n:
        raise UsageError(f"slots must lie between 1 and the {n} orders of the design, got {slots}")
    groups, dealt = n // group, slots // group
    period = groups // int(np.gcd(groups, dealt))
    entropy = entropy_of(rng)
    out = np.empty((slots, len(runs)), np.int64)
    for column, run in enumerate(runs):
        deck, place = divmod(run, period)
        hand = _shuffled(entropy, groups, deck)[(place * dealt + np.arange(dealt)) % groups]
        out[:, column] = (hand[:, np.newaxis] * group + np.arange(group)).ravel()
    return out


@lru_cache(maxsize=8)
def _shuffled(entropy: int, groups: int, deck: int) -> Integers:
    """Groups in the order in which a deck deals them; kept, since runs are often asked for one by one."""
    names = [str(i) for i in range(groups)]
    numbers = Fates(entropy, range(1)).uniforms("order_blocks", names, range(deck, deck + 1))
    return np.argsort(numbers[:, 0, 0])


def _of_size(orders: list[Order], size: int | None, kind: str) -> list[Order]:
    if size not in (None, len(orders)):
        raise UsageError(f"the {kind!r} design has {len(orders)} orders, not {size}: leave size out")
    return orders


def _drawn(known: Plannable, size: int, generator: np.random.Generator) -> list[Order]:
    """Different orders, uniformly; as a set they are a simple random sample."""
    count = known.count()
    if size > count:
        raise UsageError(f"the plan has only {count} orders, so that {size} different ones cannot be drawn")
    if count <= ENUMERATED:
        orders = every_order(known)
        return [orders[i] for i in generator.choice(count, size, replace=False)]
    found: dict[Order, None] = {}
    while len(found) < size:
        found.update(dict.fromkeys(tuple(order) for order in known.sample(size - len(found), generator)))
    return list(found)


def _reversed(known: Plannable, moves: Order, size: int, generator: np.random.Generator) -> list[Order]:
    if size % 2:
        raise UsageError(f"a 'reversed' design holds pairs: size must be even, got {size}")
    count = known.count()
    if count < 2:
        raise UsageError("the plan has a single order, which has no reverse")
    if size > count:
        raise UsageError(f"the plan has only {count} orders, so that {size} different ones cannot be drawn")
    if count == factorial(len(moves)):
        pairs: dict[Order, Order] = {}
        while 2 * len(pairs) < size:
            for order in _drawn(known, size, generator):
                if 2 * len(pairs) < size and order[::-1] not in pairs:
                    pairs.setdefault(order, order[::-1])
        return [order for pair in pairs.items() for order in pair]
    orders = every_order(known)
    signs = precedence_matrix(order_positions(orders, moves))
    left = np.ones(count, bool)
    design: list[Order] = []
    for first in generator.permutation(count):
        if len(design) == size:
            break
        if left[first]:
            left[first] = False
            # Pairs whose order is fixed agree in all orders, so the least agreement is the most reversal of free pairs.
            partner = int(np.argmin(np.where(left, signs @ signs[first], np.inf)))
            left[partner] = False
            design += [orders[first], orders[partner]]
    return design


def _d_optimal(known: Plannable, moves: Order, size: int | None, generator: np.random.Generator) -> list[Order]:
    count = known.count()
    orders = every_order(known) if count <= CANDIDATES else _drawn(known, CANDIDATES, generator)
    columns = model_matrix(order_positions(orders, moves), "precedence")
    columns = columns @ whitened(columns.T @ columns / len(columns))
    parameters = columns.shape[1]
    if size is None:
        # So that positions, which the exchange does not look at, can be told from precedence as well.
        both = model_matrix(order_positions(orders, moves), "both")
        wanted = min(2 * whitened(both.T @ both / len(both)).shape[1], count)
    else:
        wanted = size
    if not parameters <= wanted <= len(orders):
        raise UsageError(
            f"a 'd_optimal' design of this plan has between {parameters} orders, one for each parameter, and "
            f"{len(orders)}; got size {wanted}"
        )
    return [orders[i] for i in chosen_rows(columns, wanted, generator)]


def _array(known: Plannable, moves: Order, generator: np.random.Generator) -> list[Order]:
    m = len(moves)
    if known.count() != factorial(m):
        raise UsageError(
            "an 'orthogonal_array' puts every move at every place, which the precedences of this plan rule out; "
            "take a 'd_optimal' design"
        )
    array = component_array(m)
    best, found = -np.inf, array
    for _ in range(RELABELLED):
        # Balanced however its places are named; some names serve the precedences better than others.
        relabelled = generator.permutation(m)[array[:, generator.permutation(m)]]
        value = np.linalg.slogdet(moment_matrix(np.argsort(relabelled, axis=1) + 1))[1]
        if value > best:
            best, found = value, relabelled
    return [tuple(moves[j] for j in row) for row in found]
