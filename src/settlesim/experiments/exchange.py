"""Fedorov's exchange: the rows of a model matrix whose information has the largest determinant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["chosen_rows", "whitened"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Where candidates are few a start costs little, and a design as good as all of them is rare.
STARTS, MANY_STARTS, FEW = 10, 100, 1000
# An exchange has to raise the determinant by more than this share; less is rounding.
GAIN = 1e-8
SINGULAR = 1e-9


def whitened(moment: Floats) -> Floats:
    """Return a basis of what a design can estimate, in which its moment matrix is the identity.

    Parameters
    ----------
    moment : numpy.ndarray
        Moment matrix X'X / n, shape (columns, columns); it may be singular.

    Returns
    -------
    numpy.ndarray
        Shape (columns, p) with p the rank.

    Examples
    --------
    >>> whitened(np.array([[4.0, 0.0], [0.0, 0.0]])).tolist()
    [[0.5], [0.0]]
    """
    values, vectors = np.linalg.eigh(moment)
    kept = values > SINGULAR * values[-1]
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def chosen_rows(columns: Floats, size: int, generator: np.random.Generator, *, starts: int | None = None) -> Integers:
    """Choose rows, none twice, so that the determinant of their information is as large as exchanges make it.

    Parameters
    ----------
    columns : numpy.ndarray
        Model matrix of the candidates, shape (candidates, p), of full rank and whitened, so that no design
        of which all candidates are the best has a determinant of X'X / n above 1.
    size : int
        How many rows, from p to the number of candidates.
    generator : numpy.random.Generator
        Chooses the starts.
    starts : int, optional
        How many random designs to start from: 10, or 100 among at most 1,000 candidates.  The first that ends at
        a determinant of 1 ends the search.

    Returns
    -------
    numpy.ndarray
        Indices of the rows, ascending.

    Notes
    -----
    Putting row j in the place of row i multiplies the determinant by
    ``1 + d_j - (d_i d_j - d_ij^2) - d_i`` with ``d_ij = x_i' (X'X)^-1 x_j`` (Fedorov 1972).  For each row in
    turn the best exchange is made, until a round brings none.
    """
    best, found = -np.inf, np.arange(size)
    few = len(columns) <= FEW
    for _ in range(starts or (MANY_STARTS if few else STARTS)):
        design, value = _exchanged(columns, _start(columns, size, generator))
        if value > best:
            best, found = value, design
        if abs(best) < GAIN * columns.shape[1]:
            break
    return np.sort(found)


def _start(columns: Floats, size: int, generator: np.random.Generator) -> Integers:
    """Random rows, of which the first p are linearly independent."""
    shuffle = generator.permutation(len(columns))
    left = columns[shuffle].copy()
    kept: list[int] = []
    for i in range(len(left)):
        if len(kept) == columns.shape[1]:
            break
        length = float(np.sqrt(left[i] @ left[i]))
        if length > SINGULAR**0.5:
            kept.append(i)
            unit = left[i] / length
            left[i:] -= np.outer(left[i:] @ unit, unit)
    rest = [i for i in range(len(left)) if i not in set(kept)]
    return np.asarray(shuffle[(kept + rest)[:size]])


def _exchanged(columns: Floats, design: Integers) -> tuple[Integers, float]:
    design = design.copy()
    inside = np.zeros(len(columns), bool)
    inside[design] = True
    inverse = np.linalg.inv(columns[design].T @ columns[design])
    exchanged = True
    while exchanged:
        exchanged = False
        for place in range(len(design)):
            row = design[place]
            spread = columns @ inverse
            variance = np.einsum("ij,ij->i", spread, columns)
            covariance = spread @ columns[row]
            gain = variance - (variance[row] * variance - covariance**2) - variance[row]
            gain[inside] = -np.inf
            other = int(np.argmax(gain))
            if gain[other] > GAIN:
                inside[row], inside[other] = False, True
                design[place] = other
                inverse = np.linalg.inv(columns[design].T @ columns[design])
                exchanged = True
    moment = columns[design].T @ columns[design] / len(design)
    return design, float(np.linalg.slogdet(moment)[1])
