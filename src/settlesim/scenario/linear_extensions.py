"""Linear extensions of a partial order: one after the other, their exact number, and uniform samples.

The elements are 0 to n - 1. A partial order is held as a tuple `below` of bit masks: bit i of ``below[j]`` is set where
i comes before j, directly or through others. A set that holds with every element also what comes before it is a
*down-set*; the linear extensions are the ways to walk from the empty set to the whole, down-set by down-set, element
by element, so that their number follows by adding up from the end. Parts that stand side by side, or one after the
other, are taken apart first: only what is woven together needs its down-sets written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from math import factorial, prod
from typing import TYPE_CHECKING, Protocol

from settlesim.errors import UsageError

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["LARGEST", "Below", "circles", "closure", "count", "draw", "extensions"]

Below = tuple[int, ...]
# Down-sets of one part that are written down at most; so many take about 40 MB.
LARGEST = 2**18


def circles(n: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return circles in which `pairs` (first, then) run, no two with a common element; none if they are an order.

    Examples
    --------
    >>> circles(4, [(0, 1), (1, 2), (2, 0), (3, 3)])
    [[0, 1, 2], [3]]
    """
    after: dict[int, list[int]] = {i: [] for i in range(n)}
    for first, then in pairs:
        after[first].append(then)
    left, found = set(range(n)), []
    while left:
        # Whoever leads nowhere stands in no circle.
        ends = [i for i in left if not any(j in left for j in after[i])]
        if ends:
            left -= set(ends)
            continue
        walk = [min(left)]
        while (then := next(j for j in after[walk[-1]] if j in left)) not in walk:
            walk.append(then)
        circle = walk[walk.index(then) :]
        start = circle.index(min(circle))
        found.append(circle[start:] + circle[:start])
        left -= set(circle)
    return found


def closure(n: int, pairs: Iterable[tuple[int, int]]) -> Below:
    """Return what comes before each element, given `pairs` (first, then) without circles.

    Examples
    --------
    >>> [f"{mask:03b}" for mask in closure(3, [(0, 1), (1, 2)])]
    ['000', '001', '011']
    """
    direct: list[list[int]] = [[] for _ in range(n)]
    for first, then in pairs:
        direct[then].append(first)
    below: dict[int, int] = {}
    while len(below) < n:
        for j in range(n):
            if j not in below and all(i in below for i in direct[j]):
                below[j] = 0
                for i in direct[j]:
                    below[j] |= below[i] | 1 << i
    return tuple(below[j] for j in range(n))


def extensions(below: Below) -> Iterator[tuple[int, ...]]:
    """Yield every linear extension once, in lexicographic order; the first comes at once, however many there are.

    Examples
    --------
    >>> list(extensions(closure(3, [(2, 0)])))
    [(1, 2, 0), (2, 0, 1), (2, 1, 0)]
    """
    n = len(below)

    def continued(placed: tuple[int, ...], done: int) -> Iterator[tuple[int, ...]]:
        if len(placed) == n:
            yield placed
        for i in _next(below, done):
            yield from continued((*placed, i), done | 1 << i)

    yield from continued((), 0)


def count(below: Below) -> int:
    """Return the number of linear extensions, exactly.

    Raises
    ------
    UsageError
        When some part of the order that can neither be split into parts side by side nor into one after the other
        has more than `LARGEST` down-sets.

    Examples
    --------
    >>> count(closure(4, [(0, 1), (1, 2), (2, 3)])), count(closure(4, [])), count(closure(4, [(0, 2), (1, 2), (1, 3)]))
    (1, 24, 5)
    """
    return _structure(below).count


def draw(below: Below, rng: Generator) -> tuple[int, ...]:
    """Return one linear extension, each with the same probability.

    Raises
    ------
    UsageError
        As `count`.

    Examples
    --------
    >>> import numpy as np
    >>> draw(closure(3, [(2, 1), (1, 0)]), np.random.default_rng(1))
    (2, 1, 0)
    """
    return tuple(_structure(below).draw(rng))


def _next(below: Below, done: int) -> Iterator[int]:
    """Yield what may come next once the elements of the mask `done` are there."""
    for i, before in enumerate(below):
        if not done >> i & 1 and not before & ~done:
            yield i


class _Part(Protocol):
    """Some of the elements, with the order among them."""

    size: int
    count: int

    def draw(self, rng: Generator) -> list[int]: ...


class _One:
    """A single element."""

    size = count = 1

    def __init__(self, element: int) -> None:
        self.element = element

    def draw(self, rng: Generator) -> list[int]:
        return [self.element]


class _Row:
    """Parts of which each comes wholly before the next."""

    def __init__(self, parts: list[_Part]) -> None:
        self.parts, self.size, self.count = parts, sum(p.size for p in parts), prod(p.count for p in parts)

    def draw(self, rng: Generator) -> list[int]:
        return [element for part in self.parts for element in part.draw(rng)]


class _Side:
    """Parts without any order between them: their extensions are shuffled into each other."""

    def __init__(self, parts: list[_Part]) -> None:
        self.parts, self.size = parts, sum(part.size for part in parts)
        shuffles = factorial(self.size) // prod(factorial(part.size) for part in parts)
        self.count = shuffles * prod(part.count for part in parts)

    def draw(self, rng: Generator) -> list[int]:
        drawn = [iter(part.draw(rng)) for part in self.parts]
        whose = [at for at, part in enumerate(self.parts) for _ in range(part.size)]
        return [next(drawn[at]) for at in rng.permutation(whose)]


class _Web:
    """What can be taken apart no further: the ways from each of its down-sets to the whole, from the end backwards."""

    def __init__(self, elements: tuple[int, ...], below: Below) -> None:
        self.elements, self.size = elements, len(elements)
        place = {element: at for at, element in enumerate(elements)}
        self.below = tuple(sum(1 << place[i] for i in elements if below[j] >> i & 1) for j in elements)
        layers: list[set[int]] = [{0}]
        known = 1
        for _ in elements:
            layer: set[int] = set()
            for done in layers[-1]:
                layer.update(done | 1 << i for i in _next(self.below, done))
                if known + len(layer) > LARGEST:
                    raise UsageError(
                        f"the orders of {self.size} moves that are woven together by precedence are too many to be "
                        f"counted: more than {LARGEST:,} sets of moves may come first; add precedence, or leave moves "
                        f"out (orders() needs no count)"
                    )
            layers.append(layer)
            known += len(layer)
        self.ways = {(1 << self.size) - 1: 1}
        for layer in reversed(layers[:-1]):
            for done in layer:
                self.ways[done] = sum(self.ways[done | 1 << i] for i in _next(self.below, done))
        self.count = self.ways[0]

    def draw(self, rng: Generator) -> list[int]:
        number, done, drawn = _number(self.count, rng), 0, []
        for _ in self.elements:
            for i in _next(self.below, done):
                ways = self.ways[done | 1 << i]
                if number < ways:
                    break
                number -= ways
            done |= 1 << i
            drawn.append(self.elements[i])
        return drawn


@lru_cache(maxsize=4)
def _structure(below: Below) -> _Part:
    return _part(tuple(range(len(below))), below)


def _part(elements: tuple[int, ...], below: Below) -> _Part:
    if len(elements) == 1:
        return _One(elements[0])
    groups = _groups(elements, lambda i, j: bool(below[i] >> j & 1 or below[j] >> i & 1))
    if len(groups) != 1:
        return _Side([_part(group, below) for group in groups])
    groups = _groups(elements, lambda i, j: not (below[i] >> j & 1 or below[j] >> i & 1))
    if len(groups) > 1:
        # Every element of a later group has all of the earlier ones below it.
        among = sum(1 << i for i in elements)
        groups.sort(key=lambda group: (below[group[0]] & among).bit_count())
        return _Row([_part(group, below) for group in groups])
    return _Web(elements, below)


def _groups(elements: tuple[int, ...], linked: Callable[[int, int], bool]) -> list[tuple[int, ...]]:
    """Split the elements into groups, such that no link leads from one to another."""
    left, groups = list(elements), []
    while left:
        group, edge = [left[0]], [left.pop(0)]
        while edge:
            one = edge.pop()
            new = [other for other in left if linked(one, other)]
            left = [other for other in left if other not in new]
            group += new
            edge += new
        groups.append(tuple(sorted(group)))
    return groups


def _number(limit: int, rng: Generator) -> int:
    """Return a whole number from 0 to `limit` - 1, each with the same probability, however large `limit` is."""
    bits = (limit - 1).bit_length()
    while True:
        number = int.from_bytes(rng.bytes(-(-bits // 8)), "big") >> (-bits % 8)
        if number < limit:
            return number
