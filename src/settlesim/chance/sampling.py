"""How the numbers of worlds are spread: independent draws, or samples designed to fill their space evenly.

A designed sample comes in replicates, each randomised anew, so that its error can be told at all: within one such
sample the runs hang together, and the error of independent draws is not its error (Owen 1997).  Run i belongs to
replicate ``i % replicates`` and is point ``i // replicates`` of it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.fates import Fates, Floats
from settlesim.errors import UsageError, choose

__all__ = ["DESIGNED", "METHODS", "Sampling", "quantiles", "sampling_of", "warn_of_size"]

METHODS: tuple[str, ...] = ("monte_carlo", "latin_hypercube", "latin_hypercube_2", "sobol", "central")
# Methods whose points hang together, and in how many replicates they come unless it is said.  A hypercube of strength 2
# needs the square of a prime of points in each: as many again are not asked for unasked.
DESIGNED: dict[str, int] = {"latin_hypercube": 8, "latin_hypercube_2": 1, "sobol": 8}
# Points for each dimension below which a Sobol sample is warned about: few points fill planes of high dimensions along
# lines, and only from here on do no two numbers correlate more than among independent draws.  Worst pairs, Sobol
# against independent: of 20 numbers .14 / .13 at 512 points, .06 / .10 at 1024; of 50 .13 / .11 at 1024, .06 / .08
# at 2048; of 150 .45 / .29 at 256, .21 / .09 at 2048, .10 / .07 at 4096, .05 / .05 at 8192.
POINTS_EACH = 50


@dataclass(frozen=True)
class Sampling:
    """How the uncertain numbers of worlds are drawn from their priors.

    Parameters
    ----------
    kind : {"monte_carlo", "latin_hypercube", "latin_hypercube_2", "sobol", "central"}
        Independent draws; a Latin hypercube; one of strength 2, in which any two numbers fill their plane evenly;
        scrambled Sobol points; or no draws: central values.
    replicates : int, optional
        Independent randomisations that the runs are dealt out to in turn: run i belongs to replicate ``i %
        replicates``.  By default 8 for Sobol points and Latin hypercubes, 1 for hypercubes of strength 2.  With one, no
        error of the sample can be told.
    total : int, optional
        Number of runs of the whole sample, all replicates together, where only some of its runs are simulated, or where
        nothing else says how many points there are.

    Raises
    ------
    UsageError
        For an unknown kind, replicates of what is not designed, or a number below 1.

    Examples
    --------
    >>> Sampling("sobol", replicates=16).replicate_of(range(30, 34)).tolist()
    [14, 15, 0, 1]
    """

    kind: str = "monte_carlo"
    replicates: int | None = None
    total: int | None = None

    def __post_init__(self) -> None:
        choose(self.kind, METHODS, "method")
        for name in ("replicates", "total"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise UsageError(f"{name} must be a whole number of at least 1, got {value!r}")
        if self.replicates not in (None, 1) and self.kind not in DESIGNED:
            known = ", ".join(DESIGNED)
            raise UsageError(f"{self.kind!r} needs no replicates, its runs are independent; they are for {known}")

    @property
    def number(self) -> int:
        """Number of replicates: 1 where runs are independent."""
        return DESIGNED.get(self.kind, 1) if self.replicates is None else int(self.replicates)

    @property
    def designed(self) -> bool:
        """Whether the runs of a replicate hang together."""
        return self.kind in DESIGNED

    def replicate_of(self, runs: range) -> NDArray[np.int64]:
        """Return the replicate that each run belongs to."""
        return np.asarray(runs, np.int64) % self.number

    def whole(self, runs: range) -> int | None:
        """Return the number of runs of the whole sample of which these are simulated; None if it is not to be known.

        Raises
        ------
        UsageError
            If points depend on that number, and it is neither given nor that of `runs`, which do not begin at 0.
        """
        if self.total is not None:
            return int(self.total)
        if not runs.start or not self.designed:
            return runs.stop
        if self.kind in ("latin_hypercube", "latin_hypercube_2"):
            raise UsageError(
                f"runs {runs.start} to {runs.stop - 1} of a {self.kind} depend on how many runs the whole has: "
                f'method=Sampling("{self.kind}", total=...)'
            )
        return None


def sampling_of(method: str | Sampling | Mapping[str, Any]) -> Sampling:
    """Return how worlds are drawn: a name stands for its defaults; what a design leaves out is independent."""
    if isinstance(method, Sampling):
        return method
    return Sampling(method) if isinstance(method, str) else Sampling()


def quantiles(
    names: tuple[str, ...], runs: range, *, entropy: int, how: Sampling, total: int | None
) -> dict[str, Floats]:
    """Return numbers in [0, 1] for some runs: one column a name, shape (R,).

    Parameters
    ----------
    names : tuple of str
        The uncertain numbers.  Sobol points and hypercubes of strength 2 give each a dimension, and all points change
        when one is added or taken away; the other methods draw each by its name alone.
    runs : range
        Numbers of the runs.
    entropy : int
        From `entropy_of`.
    how : Sampling
        The method and its replicates.
    total : int, optional
        Number of runs of the whole sample; Sobol points are the same whatever it is.

    Raises
    ------
    UsageError
        If `total` is missing or does not suit the method; the message names the nearest that does.
    """
    if how.kind == "central":
        return {}
    if how.kind == "monte_carlo":
        fates = Fates(entropy, runs)
        return {name: fates.uniform("world", name) for name in names}
    if total is not None and total < runs.stop:
        raise UsageError(f"method {how.kind!r} needs total, the experiment's number of runs, at least {runs.stop}")
    if total is None and how.kind != "sobol":
        raise UsageError(f"method {how.kind!r} needs total, the experiment's number of runs, at least {runs.stop}")
    if not names:
        return {}
    if how.kind == "latin_hypercube":
        columns = _hypercube(entropy, names, int(total or 0), how.number)
        return {name: column[runs.start : runs.stop] for name, column in columns.items()}
    points = np.empty((len(names), len(runs)))
    if how.kind == "sobol":
        _check_powers(total, how.number)
    else:
        _check_squares(int(total or 0), how.number, len(names))
    for replicate in range(how.number):
        # Of the runs start, ..., stop - 1 those that are replicate + number * k, and the k of the first of them.
        first = -((replicate - runs.start) // how.number)
        place = slice(replicate + how.number * first - runs.start, None, how.number)
        there = points[:, place]
        if not there.shape[1]:
            continue
        if how.kind == "sobol":
            there[...] = _sobol(entropy, len(names), range(first, first + there.shape[1]), replicate)
        else:
            table = _strength_two(entropy, len(names), int(total or 0) // how.number, replicate)
            there[...] = table[:, first : first + there.shape[1]]
    return dict(zip(names, points, strict=True))


def warn_of_size(names: tuple[str, ...], *, entropy: int, how: Sampling, total: int | None, level: int = 4) -> None:
    """Warn of a Sobol sample with too few points for its dimensions, and tell how far two numbers correlate.

    Warns
    -----
    UserWarning
        If the sample is that small.
    """
    needed = POINTS_EACH * len(names)
    if how.kind != "sobol" or total is None or total >= needed or total < 2 or len(names) < 2:
        return
    points = np.stack([*quantiles(names, range(total), entropy=entropy, how=how, total=total).values()])
    correlations = np.asarray(np.corrcoef(points))
    np.fill_diagonal(correlations, 0.0)
    a, b = divmod(int(np.argmax(np.abs(correlations))), len(names))
    useful = how.number
    while useful < needed:
        useful *= 2
    warnings.warn(
        f"{total:,} Sobol points are few for {len(names)} uncertain numbers: {names[a]} and {names[b]} correlate by "
        f"{correlations[a, b]:.2f}; take at least {useful:,}, or method 'latin_hypercube' or 'monte_carlo'",
        UserWarning,
        stacklevel=level,
    )


def generator(entropy: int, name: str) -> np.random.Generator:
    """Return the generator at the address ``("world", name)``, for what scipy draws as a whole."""
    key = int.from_bytes(hashlib.blake2b(f"world/{name}".encode(), digest_size=16).digest(), "little")
    words = tuple(key >> shift & 0xFFFFFFFF for shift in range(0, 128, 32))
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy, spawn_key=words)))


def _of(name: str, replicate: int) -> str:
    return f"{name}/{replicate}" if replicate else name


@lru_cache(maxsize=1)
def _hypercube(entropy: int, names: tuple[str, ...], total: int, number: int) -> dict[str, Floats]:
    from scipy.stats.qmc import LatinHypercube

    columns: dict[str, Floats] = {}
    for name in names:
        column = columns[name] = np.empty(total)
        # A Latin hypercube pairs its columns at random, so each may be drawn on its own, from its own address.
        for replicate in range(min(number, total)):
            there = column[replicate::number]
            there[...] = LatinHypercube(1, rng=generator(entropy, _of(name, replicate))).random(len(there))[:, 0]
    return columns


def _sobol(entropy: int, dimensions: int, points: range, replicate: int) -> Floats:
    from scipy.stats.qmc import Sobol

    rng = generator(entropy, _of("sobol points", replicate))
    # Which numbers meet in a bad projection is dealt anew in every replicate: scrambling leaves it as it is.
    dealt = rng.permutation(dimensions)
    engine = Sobol(dimensions, scramble=True, rng=rng)
    if points.start:
        engine.fast_forward(points.start)
        drawn = engine.random(len(points))
    else:
        # scipy warns when the first points are not a power of two in number; only the whole sample has to be.
        drawn = engine.random(1 << (len(points) - 1).bit_length())[: len(points)]
    return np.asarray(drawn[:, dealt].T)


@lru_cache(maxsize=8)
def _strength_two(entropy: int, dimensions: int, total: int, replicate: int) -> Floats:
    from scipy.stats.qmc import LatinHypercube

    rng = generator(entropy, _of("latin hypercube of strength 2", replicate))
    return np.ascontiguousarray(LatinHypercube(dimensions, strength=2, rng=rng).random(total).T)


def _check_powers(total: int | None, number: int) -> None:
    if total is None:
        return
    points, rest = divmod(total, number)
    if rest or points < 1 or points & (points - 1):
        lower = 1 << max(points.bit_length() - 1, 0)
        each = f"{number} replicates of a power of two" if number > 1 else "a power of two"
        sizes = f"{number * lower} or {2 * number * lower}" if points else f"{number} or {2 * number}"
        raise UsageError(f"Sobol points need {each} of runs: {sizes}, not {total}")


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % k for k in range(2, int(n**0.5) + 1))


def _check_squares(total: int, number: int, dimensions: int) -> None:
    root = round((total / number) ** 0.5)
    if total == number * root * root and _is_prime(root) and root >= dimensions - 1:
        return
    least = next(p for p in range(max(dimensions - 1, 2), 4 * dimensions + 8) if _is_prime(p))
    above = next(p for p in range(max(root, least), 4 * max(root, least)) if _is_prime(p) and number * p * p >= total)
    below = next((p for p in range(above - 1, least - 1, -1) if _is_prime(p)), None)
    sizes = " or ".join(f"{number * p * p:,}" for p in (below, above) if p is not None)
    each = f"{number} times the square" if number > 1 else "the square"
    raise UsageError(
        f"a Latin hypercube of strength 2 needs {each} of a prime of runs, the prime at least {dimensions - 1:,} for "
        f"{dimensions:,} uncertain numbers: {sizes}, not {total:,}"
    )
