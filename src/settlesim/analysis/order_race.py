"""Racing: which of many orders are the best, found without giving every one of them all runs.

The race knows orders by their index and outcomes by what a sampler returns of them, so that it can be tried on
anything whose best is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import t as student

from settlesim.errors import UsageError
from settlesim.experiments.order_matrices import order_terms

__all__ = ["Race", "Round", "Sampler", "Seen", "dominators", "entering", "race", "rounds_to", "screen", "well_begun"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# (indices of orders, numbers of runs) -> values, shape (objectives, orders, runs); more is better in all of them,
# and the first objective is the one that is raced for.
Sampler = Callable[[Integers, range], Floats]

# Runs that every order should have before half of them go; with fewer a screen is thought of.
FIRST = 16
# Share of a race's runs that the screen may take, and how many orders it tries for each parameter of its model.
SCREENING, TRIED = 0.3, 3
# A screen that tries more of the orders than this share saves nothing, with fewer runs than this it sees only luck.
WORTH_IT, SEEN = 0.25, 8
# Share of those who enter the race by lot, whatever the model says of them.
BY_LOT = 0.1


@dataclass(frozen=True)
class Round:
    """One round: how many orders met which runs, how many went on, and how many went though not clearly worse."""

    kind: str
    orders: int
    runs: range
    kept: int
    unclear: int

    @property
    def spent(self) -> int:
        """Runs of single orders."""
        return self.orders * len(self.runs)


@dataclass(frozen=True)
class Race:
    """Who is left at the end.

    Attributes
    ----------
    best
        Indices of the orders left, best first in what was raced for.
    means
        What they reached in the race, shape (objectives, orders left); flattering, since they were chosen by it.
    rounds
        What was spent on what.
    unexplained
        Share of the variance between orders that the screen's model leaves, net of luck; NaN without a screen.
    """

    best: Integers
    means: Floats
    rounds: tuple[Round, ...]
    unexplained: float


def rounds_to(orders: int, left: int) -> int:
    """Return how often `orders` are halved until only `left` of them are left.

    Examples
    --------
    >>> rounds_to(5040, 10), rounds_to(10, 10), rounds_to(11, 10)
    (9, 0, 1)
    """
    count = 0
    while orders > left:
        orders, count = max(left, -(-orders // 2)), count + 1
    return count


def well_begun(budget: int, orders: int, left: int) -> bool:
    """Whether a race of so many orders can give each enough runs before the first of them go."""
    return budget >= FIRST * orders * max(1, rounds_to(orders, left))


def race(
    sample: Sampler,
    positions: Integers,
    *,
    budget: int,
    keep: int,
    left: int,
    runs: int,
    first: int = 0,
    level: float = 0.95,
    generator: np.random.Generator,
) -> Race:
    """Race orders over common luck until few are left.

    Parameters
    ----------
    sample : callable
        Sampler of the outcomes.
    positions : numpy.ndarray
        Places of the moves in each order, shape (orders, m).
    budget : int
        Runs of single orders that may be spent.
    keep : int
        How many of the best are looked for.
    left : int
        How many are to be left, at least `keep`; the others are there for what they do in all objectives.
    runs : int
        Runs that no order exceeds.
    first : int
        Number of the first run.
    level : float
        Confidence at which an order counts as clearly worse.
    generator : numpy.random.Generator
        Draws what the screen tries.

    Returns
    -------
    Race
        What is left.

    Raises
    ------
    UsageError
        If the budget does not give every order that enters two runs a round.

    Notes
    -----
    Successive halving (Karnin, Koren and Somekh 2013): the budget is split evenly over the rounds; in each of
    them every order that is left meets the same new runs, the values of earlier runs are kept, and the better half
    goes on.  Half of its places go by the first objective and half by how few orders are better
    in every objective.  An order that is clearly worse than the keep-th best, by Student's test of the differences in
    each run, corrected for all comparisons of the race (Bonferroni), goes at once, whatever its half.

    Where there are so many orders that each would have fewer than 16 runs before the first go, a screen chooses who
    enters: random orders meet many runs, their means are regressed on the dates and precedences of the moves, and
    the orders of which the model expects most enter, and a tenth by lot, in case the model is wrong.  How many enter
    depends on what the screen saw: where luck outweighs order and the model misses little, few with many runs each;
    where it misses much, all (`entering`).
    """
    entrants = np.arange(len(positions))
    rounds: list[Round] = []
    unexplained = float("nan")
    if not well_begun(budget, len(entrants), left):
        terms = order_terms(positions)
        columns = np.hstack([np.ones((len(positions), 1)), terms.dates, terms.precedence])
        tried = TRIED * columns.shape[1]
        each = min(runs, int(SCREENING * budget) // tried)
        if tried <= WORTH_IT * len(entrants) and each >= SEEN:
            subset = np.sort(generator.permutation(len(entrants))[:tried])
            seen = range(first, first + each)
            seen_of = screen(sample(subset, seen), columns, subset)
            unexplained = seen_of.unexplained
            entrants = _entrants(seen_of, budget - tried * each, left, keep, generator)
            rounds.append(Round("screen", tried, seen, len(entrants), 0))
            first += each
    spent = sum(r.spent for r in rounds)
    alive = entrants
    values: Floats | None = None
    comparisons = len(entrants) * max(1, rounds_to(len(entrants), left))
    while values is None or len(alive) > left:
        halvings = max(1, rounds_to(len(alive), left))
        met = 0 if values is None else values.shape[2]
        each = min((budget - spent) // (halvings * len(alive)), runs - met)
        if values is None and each < 2:
            raise UsageError(
                f"{budget:,} runs do not give {len(alive):,} orders two runs each in {halvings} rounds: raise runs or "
                "fraction"
            )
        new = range(first + met, first + met + max(0, each))
        if len(new):
            drawn = sample(alive, new)
            values = drawn if values is None else np.concatenate([values, drawn], axis=2)
        assert values is not None
        means = values.mean(axis=2)
        target = max(left, -(-len(alive) // 2))
        worse = _clearly_worse(values[0], keep, 1 - (1 - level) / comparisons)
        kept = _kept(means, target, keep, left, worse)
        gone = np.setdiff1d(np.arange(len(alive)), kept)
        rounds.append(Round("race", len(alive), new, len(kept), int((~worse[gone]).sum())))
        spent += rounds[-1].spent
        alive, values = alive[kept], values[:, kept]
    ranking = np.argsort(-values[0].mean(axis=1), kind="stable")
    return Race(alive[ranking], values.mean(axis=2)[:, ranking], tuple(rounds), unexplained)


@dataclass(frozen=True)
class Seen:
    """What a screen saw.

    Attributes
    ----------
    expected
        What the model expects of all orders, shape (objectives, orders).
    between
        Variance of the first objective between orders, net of luck.
    unexplained
        Share of it that the model does not explain, from 0 to 1.
    luck
        Variance, between runs, of what an order has beyond what all orders tried have in that run.
    blur
        Variance of the model's expectations for luck.
    """

    expected: Floats
    between: float
    unexplained: float
    luck: float
    blur: float


def screen(values: Floats, columns: Floats, subset: Integers) -> Seen:
    """Expect of all orders what a regression on those tried says.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (objectives, orders tried, runs).
    columns : numpy.ndarray
        Model matrix of all orders, shape (orders, p).
    subset : numpy.ndarray
        Which of them were tried.

    Returns
    -------
    Seen
        The model's expectations, and what they are worth.
    """
    tried = columns[subset]
    coefficients = np.linalg.lstsq(tried, values.mean(axis=2).T)[0]
    n, runs = values.shape[1:]
    variances, spreads = [], []
    for fitted in (np.full((n, n), 1 / n), tried @ np.linalg.pinv(tried)):
        rest = values[0] - fitted @ values[0]
        freedom = n - round(float(np.trace(fitted)))
        mean = rest.mean(axis=1)
        spreads.append(float(((rest - mean[:, np.newaxis]) ** 2).sum()) / (freedom * (runs - 1)))
        variances.append(float(mean @ mean) / freedom - spreads[-1] / runs)
    between = max(variances[0], 0.0)
    share = float(np.clip(variances[1] / between, 0.0, 1.0)) if between > 0 else 1.0
    return Seen((columns @ coefficients).T, between, share, spreads[0], spreads[0] / runs)


def entering(seen: Seen, budget: int, left: int, keep: int) -> int:
    """Return how many orders are to enter the race after a screen.

    Parameters
    ----------
    seen : Seen
        What the screen saw.
    budget, left, keep : int
        As for `race`, the budget without what the screen took.

    Returns
    -------
    int
        All, or a half, a quarter and so on of them: the number for which an order as good as the keep-th best is most
        likely to enter and to outlast the first round, if values and their estimates are normal.

    Examples
    --------
    Where the model explains all, few enter; where it explains nothing, all:

    >>> expected = np.zeros((1, 5040))
    >>> entering(Seen(expected, 0.01, 0.0, 0.16, 0.001), 50_000, 10, 5) < 1000
    True
    >>> entering(Seen(expected, 0.01, 1.0, 0.16, 0.001), 100_000, 10, 5)
    5040
    """
    total: int = seen.expected.shape[1]
    number = total
    best, chosen = -1.0, total
    height = float(ndtri(1 - keep / total))
    by_model = seen.between * (1 - seen.unexplained)
    model = by_model / max(seen.between + seen.blur, 1e-300)
    while True:
        first = budget / (number * max(1, rounds_to(number, left)))
        entry = 1.0 if number == total else _lasts(height, model, number / total)
        first_round = seen.between / max(seen.between + seen.luck / first, 1e-300)
        chance = entry * _lasts(height, first_round, 0.5)
        if first >= 2 and chance > best:
            best, chosen = chance, number
        if number <= 2 * left:
            return chosen if best >= 0 else number
        number = max(2 * left, -(-number // 2))


def _lasts(height: float, reliability: float, share: float) -> float:
    """Chance that what stands so many standard deviations above the mean is in the share kept by an estimate."""
    noise = max(1 - reliability, 1e-12)
    return float(ndtr((np.sqrt(reliability) * height - ndtri(1 - share)) / np.sqrt(noise)))


def dominators(means: Floats) -> Integers:
    """Count for each order those at least as good in every objective and better in one.

    Parameters
    ----------
    means : numpy.ndarray
        Shape (objectives, orders); more is better.

    Examples
    --------
    >>> dominators(np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 1.0]])).tolist()
    [0, 0, 2]
    """
    out = np.zeros(means.shape[1], np.int64)
    for j in range(means.shape[1]):
        other = means - means[:, j : j + 1]
        out[j] = np.count_nonzero((other >= 0).all(axis=0) & (other > 0).any(axis=0))
    return out


def _entrants(seen: Seen, budget: int, left: int, keep: int, generator: np.random.Generator) -> Integers:
    number, total = entering(seen, budget, left, keep), seen.expected.shape[1]
    lots = 0 if number == total else int(BY_LOT * number)
    chosen = _kept(seen.expected, number - lots, keep, left, np.zeros(total, bool))
    others = np.setdiff1d(np.arange(total), chosen)
    return np.sort(np.concatenate([chosen, generator.permutation(others)[:lots]]))


def _clearly_worse(values: Floats, keep: int, level: float) -> NDArray[np.bool_]:
    """Whether the mean of an order is below that of the keep-th best, run by run, beyond luck."""
    means = values.mean(axis=1)
    ranking = np.argsort(-means, kind="stable")
    reference = ranking[min(keep, len(ranking)) - 1]
    runs = values.shape[1]
    if runs < 2:
        return np.zeros(len(values), bool)
    gaps = values - values[reference]
    error = gaps.std(axis=1, ddof=1) / np.sqrt(runs)
    # Where no run differs there is no spread to judge by, and nothing to judge.
    return np.asarray((error > 0) & (gaps.mean(axis=1) + student.ppf(level, runs - 1) * error < 0))


def _kept(means: Floats, target: int, keep: int, left: int, worse: NDArray[np.bool_]) -> Integers:
    """Indices of those that go on: by the first objective and by how few are better in all, in turn."""
    by_first = np.argsort(-means[0], kind="stable")
    by_all = by_first if len(means) == 1 else np.lexsort((-means[0], dominators(means)))
    # What is looked for, and as many for what they do in all objectives, are safe from an early end.
    safe = dict.fromkeys(int(i) for i in by_first[:keep])
    for i in by_all:
        if len(safe) == left:
            break
        safe.setdefault(int(i))
    for one, other in zip(by_first, by_all, strict=True):
        for i in (int(one), int(other)):
            if len(safe) < target and not worse[i]:
                safe.setdefault(i)
    return np.sort(np.array(list(safe), np.int64))
