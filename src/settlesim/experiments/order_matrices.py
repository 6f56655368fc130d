"""Model matrices of order-of-addition experiments: where each move stands, and which of two comes first.

Rows are orders, given by the positions of their moves: an integer array of shape (orders, moves), in which
row i holds the place, from 1 to m, of each move in order i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from settlesim.errors import UsageError, choose

__all__ = [
    "MODELS",
    "OrderTerms",
    "free_moment_matrix",
    "model_matrix",
    "moment_matrix",
    "order_positions",
    "order_terms",
    "position_matrix",
    "position_terms",
    "precedence_matrix",
    "precedence_terms",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MODELS = ("precedence", "position", "both")

# Below this share of a column's length, what is left of it after projection is rounding.
SMALL = 1e-9


def order_positions(orders: Sequence[Sequence[str]], moves: Sequence[str]) -> Integers:
    """Return where each move stands in each order.

    Parameters
    ----------
    orders : sequence of sequence of str
        Each holds every move once.
    moves : sequence of str
        The moves, in the order of the columns.

    Returns
    -------
    numpy.ndarray
        Places from 1 to m, shape (orders, moves).

    Raises
    ------
    UsageError
        If an order lacks a move, has one twice, or has an unknown one.

    Examples
    --------
    >>> order_positions([("b", "a", "c")], ["a", "b", "c"]).tolist()
    [[2, 1, 3]]
    """
    names = tuple(moves)
    for order in orders:
        if sorted(order) != sorted(names):
            raise UsageError(f"an order holds each of {', '.join(names)} once, not {' > '.join(map(str, order))}")
    index = {name: j for j, name in enumerate(names)}
    taken = np.array([[index[name] for name in order] for order in orders], dtype=np.int64).reshape(-1, len(names))
    return np.argsort(taken, axis=1) + 1


def position_terms(moves: Sequence[str]) -> list[tuple[str, int]]:
    """Return what each column of `position_matrix` stands for: a move and a place.

    Examples
    --------
    >>> position_terms(["a", "b", "c"])
    [('a', 1), ('a', 2), ('b', 1), ('b', 2)]
    """
    return list(product(moves[:-1], range(1, len(moves))))


def precedence_terms(moves: Sequence[str]) -> list[tuple[str, str]]:
    """Return what each column of `precedence_matrix` stands for: a pair of moves, +1 where the first comes first.

    Examples
    --------
    >>> precedence_terms(["a", "b", "c"])
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    """
    return list(combinations(moves, 2))


def position_matrix(positions: ArrayLike) -> Floats:
    """Return the columns of the component-position model, without the constant.

    Parameters
    ----------
    positions : array_like
        Places, shape (orders, m).

    Returns
    -------
    numpy.ndarray
        Shape (orders, (m - 1)^2): 1 where a move stands at a place, for all moves but the last and all
        places but the last, which follow from the others.  `position_terms` names the columns.

    Raises
    ------
    UsageError
        If a row does not hold each place once.

    Notes
    -----
    Model of Yang, Sun and Xu (2021, Technometrics 63): the expected response is a constant plus, for each
    move, an effect of the place at which it stands.  With all orders it has 1 + (m - 1)^2 free parameters.

    Examples
    --------
    >>> position_matrix([[1, 2, 3], [3, 2, 1]]).tolist()
    [[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
    """
    places = _checked(positions)
    m = places.shape[1]
    stands: NDArray[np.bool_] = places[:, : m - 1, np.newaxis] == np.arange(1, m)
    return stands.astype(np.float64).reshape(len(places), (m - 1) ** 2)


def precedence_matrix(positions: ArrayLike) -> Floats:
    """Return the columns of the pairwise-ordering model, without the constant.

    Parameters
    ----------
    positions : array_like
        Places, shape (orders, m).

    Returns
    -------
    numpy.ndarray
        Shape (orders, m (m - 1) / 2): +1 where the first of two moves comes before the second, else -1, for
        the pairs (1, 2), (1, 3), ..., (m - 1, m).  `precedence_terms` names the columns.

    Raises
    ------
    UsageError
        If a row does not hold each place once.

    Notes
    -----
    Model of Van Nostrand (1995); designs for it: Voelkel (2019), Peng, Mukerjee and Lin (2019).

    Examples
    --------
    >>> precedence_matrix([[1, 2, 3], [2, 3, 1]]).tolist()
    [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0]]
    """
    places = _checked(positions)
    first, second = np.triu_indices(places.shape[1], 1)
    return np.where(places[:, first] < places[:, second], 1.0, -1.0).astype(np.float64)


@dataclass(frozen=True)
class OrderTerms:
    """Position effects, and what precedence adds to them, as columns none of which follows from the others.

    Attributes
    ----------
    dates
        Shape (orders, a): columns of `position_matrix` less their mean, those that follow from earlier ones
        left out.
    precedence
        Shape (orders, b): columns of `precedence_matrix` less what a constant and `dates` explain of them, those
        that follow from earlier ones left out.  Orthogonal to `dates`.
    date_columns, precedence_columns
        Which columns of the two matrices were kept.
    """

    dates: Floats
    precedence: Floats
    date_columns: tuple[int, ...]
    precedence_columns: tuple[int, ...]


def order_terms(positions: ArrayLike) -> OrderTerms:
    """Return position effects and the precedence effects beyond them, redundant columns removed.

    Parameters
    ----------
    positions : array_like
        Places, shape (orders, m); every order counts alike.

    Returns
    -------
    OrderTerms
        Over all orders of m free moves there are (m - 1)^2 columns of dates and (m - 1)(m - 2) / 2 of
        precedence: in m - 1 directions the precedences say no more than a line in the places does.

    Examples
    --------
    >>> from itertools import permutations
    >>> terms = order_terms(list(permutations(range(1, 5))))
    >>> terms.dates.shape, terms.precedence.shape
    ((24, 9), (24, 3))
    """
    places = _checked(positions)
    constant = np.full((len(places), 1), 1 / np.sqrt(len(places)))
    basis, kept_dates, dates = _beyond(constant, position_matrix(places), centre_only=True)
    _, kept_pairs, pairs = _beyond(basis, precedence_matrix(places), centre_only=False)
    return OrderTerms(dates, pairs, kept_dates, kept_pairs)


def model_matrix(positions: ArrayLike, model: str = "precedence") -> Floats:
    """Return a model's columns with the constant first.

    Parameters
    ----------
    positions : array_like
        Places, shape (orders, m).
    model : {"precedence", "position", "both"}
        The pairwise-ordering model, the component-position model, or the columns of both.
    """
    choose(model, MODELS, "model")
    places = _checked(positions)
    parts = [np.ones((len(places), 1))]
    if model in ("position", "both"):
        parts.append(position_matrix(places))
    if model in ("precedence", "both"):
        parts.append(precedence_matrix(places))
    return np.hstack(parts)


def moment_matrix(positions: ArrayLike, model: str = "precedence") -> Floats:
    """Return the information about a model that a run of a design yields on average, X'X / n with the constant.

    Parameters
    ----------
    positions : array_like
        Places, shape (orders, m).  With all orders that a plan admits this is the moment matrix of its full
        design, exact under whatever partial order it has.
    model : {"precedence", "position", "both"}
        As for `model_matrix`.

    Examples
    --------
    >>> from itertools import permutations
    >>> full = moment_matrix(list(permutations(range(1, 5))))
    >>> [round(float(value), 3) for value in sorted(np.linalg.eigvalsh(full))]
    [0.333, 0.333, 0.333, 1.0, 1.667, 1.667, 1.667]
    """
    columns = model_matrix(positions, model)
    return columns.T @ columns / len(columns)


def free_moment_matrix(m: int) -> Floats:
    """Return the moment matrix of all m! orders of free moves under the pairwise-ordering model, by its formula.

    Parameters
    ----------
    m : int
        Number of moves.

    Returns
    -------
    numpy.ndarray
        Shape (1 + m (m - 1) / 2,) twice, the constant first.

    Notes
    -----
    Two pairs with a move in common correlate by 1/3 if it is the first of both or the second of both, else by
    -1/3; pairs without one by 0.  Hence the eigenvalues (m + 1) / 3, m - 1 times, and 1/3, (m - 1)(m - 2) / 2
    times, beside the constant's 1, and the determinant (m + 1)^(m - 1) / 3^(m (m - 1) / 2) by which the
    R package doofa (1.0) and Stokes, Wong and Xu (2023) divide.

    Examples
    --------
    >>> from itertools import permutations
    >>> bool(np.allclose(free_moment_matrix(4), moment_matrix(list(permutations(range(1, 5))))))
    True
    """
    first, second = np.triu_indices(m, 1)
    ends = np.zeros((len(first), m))
    ends[np.arange(len(first)), first] = 1.0
    ends[np.arange(len(first)), second] = -1.0
    out = np.eye(len(first) + 1)
    out[1:, 1:] = ends @ ends.T / 3
    np.fill_diagonal(out, 1.0)
    return out


def _checked(positions: ArrayLike) -> Integers:
    places = np.asarray(positions)
    if places.ndim != 2 or places.shape[0] < 1 or places.shape[1] < 2:
        raise UsageError(f"positions have the shape (orders, moves) with at least two moves, not {places.shape}")
    if not np.array_equal(np.sort(places, axis=1), np.broadcast_to(np.arange(1, places.shape[1] + 1), places.shape)):
        raise UsageError("each row of positions holds every place from 1 to the number of moves once")
    return places.astype(np.int64)


def _beyond(basis: Floats, columns: Floats, *, centre_only: bool) -> tuple[Floats, tuple[int, ...], Floats]:
    """Gram-Schmidt: the basis extended by the columns, which of them extend it, and what they bring."""
    vectors = list(basis.T)
    kept: list[int] = []
    brought: list[Any] = []
    for j, column in enumerate(columns.T):
        known = np.array(vectors)
        rest = column - known.T @ (known @ column)
        rest -= known.T @ (known @ rest)  # once more, for the first projection leaves rounding behind
        length = float(np.sqrt(rest @ rest))
        if length > SMALL * float(np.sqrt(column @ column)) and length > 0:
            kept.append(j)
            vectors.append(rest / length)
            brought.append(column)
    if not kept:
        return basis, (), np.empty((len(columns), 0))
    own = np.array(brought).T
    against = basis[:, :1] if centre_only else basis
    for _ in range(2):
        own = own - against @ (against.T @ own)
    return np.array(vectors).T, tuple(kept), own
