"""Component orthogonal arrays: few orders in which any two places hold any two moves equally often."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import UsageError

__all__ = ["component_array", "component_array_size"]

Integers = NDArray[np.int64]

# Prime powers that are no primes: prime, degree, and the lower coefficients of an irreducible polynomial.
FIELDS = {4: (2, (1, 1)), 8: (2, (1, 1, 0)), 9: (3, (1, 0))}
PRIMES = (2, 3, 5, 7, 11, 13)
LARGEST = 14


def component_array_size(m: int) -> int | None:
    """Return how many orders the array of `component_array` has, None where none is built here.

    Examples
    --------
    >>> [component_array_size(m) for m in (4, 5, 6, 7, 15)]
    [12, 20, 60, 42, None]
    """
    if m in PRIMES or m in FIELDS:
        return m * (m - 1)
    q = m - 1
    return q * (q * q - 1) // 2 if q % 2 and (q in PRIMES or q in FIELDS) else None


def component_array(m: int) -> Integers:
    """Return a component orthogonal array of m moves.

    Parameters
    ----------
    m : int
        Number of moves: 2 to 14.

    Returns
    -------
    numpy.ndarray
        Shape (orders, m): which move, from 0, stands at each place.  At any two places any two moves stand
        equally often, so that the component-position model is estimated as well, run for run, as from all m!
        orders (Yang, Sun and Xu 2021).

    Raises
    ------
    UsageError
        For another number of moves.

    Notes
    -----
    Where m is a prime power the rows are the maps ``x -> a x + b``, a not 0, of the field of m elements onto
    itself: m (m - 1) orders, the least possible, in blocks of Latin squares.  Where m - 1 is an odd prime
    power q they are the maps ``(a x + b) / (c x + d)`` of the projective line over q elements whose
    determinant is a square: q (q^2 - 1) / 2 orders, which serves m = 6, 10, 12 and 14.

    Examples
    --------
    >>> component_array(3).tolist()
    [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [2, 1, 0]]
    """
    size = component_array_size(m)
    if size is None:
        raise UsageError(
            f"no component orthogonal array of {m} moves is built here, only for 2 to {LARGEST}; take a "
            "'d_optimal' or 'random' design"
        )
    if m in PRIMES or m in FIELDS:
        plus, times = _field(m)
        return np.array([plus[times[a], b] for a in range(1, m) for b in range(m)])
    return _projective(m - 1)


def _field(q: int) -> tuple[Integers, Integers]:
    """Tables of addition and multiplication; elements are polynomials, read as numbers in base p."""
    p, lower = FIELDS.get(q, (q, (0,)))
    degree = len(lower)
    elements = [tuple(reversed(digits)) for digits in product(range(p), repeat=degree)]
    number = {digits: i for i, digits in enumerate(elements)}
    plus, times = np.empty((q, q), np.int64), np.empty((q, q), np.int64)
    for (i, a), (j, b) in product(enumerate(elements), repeat=2):
        plus[i, j] = number[tuple((x + y) % p for x, y in zip(a, b, strict=True))]
        full = [0] * (2 * degree - 1)
        for (k, x), (n, y) in product(enumerate(a), enumerate(b)):
            full[k + n] += x * y
        for top in range(2 * degree - 2, degree - 1, -1):
            for k, c in enumerate(lower):
                full[top - degree + k] -= c * full[top]
        times[i, j] = number[tuple(x % p for x in full[:degree])]
    return plus, times


def _projective(q: int) -> Integers:
    """Every map of the projective line, the point at infinity last, once; -A is the same map as A."""
    plus, times = _field(q)
    minus = np.argmin(plus, axis=1)  # the element that adds up to 0
    inverse = np.array([0, *np.argmax(times[1:] == 1, axis=1)])
    squares = {int(times[x, x]) for x in range(1, q)}
    rows: dict[tuple[int, ...], None] = {}
    for a, b, c, d in product(range(q), repeat=4):
        if int(plus[times[a, d], minus[times[b, c]]]) not in squares:
            continue
        above = [*plus[times[a, np.arange(q)], b], a]
        below = [*plus[times[c, np.arange(q)], d], c]
        image = tuple(int(times[u, inverse[v]]) if v else q for u, v in zip(above, below, strict=True))
        rows.setdefault(image)
    return np.array(list(rows))
