"""Axiomatic solutions of the settlement space, to report beside what was signed.

The frontier is piecewise linear, so each solution is found exactly: in closed form on every piece, and the best piece
kept. All is elementwise over runs, and sums over concessions are taken in their order, so that a run has the same bits
alone and among others, on any processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["cost_of_share", "kalai_smorodinsky", "nash"]

Floats = NDArray[np.float64]


class _Piece(NamedTuple):
    """A linear piece of the frontier: `start` costs `cost`, and from there to `end` more costs `slope` a share."""

    start: Floats
    end: Floats
    slope: Floats
    cost: Floats


def _pieces(value: Floats, cost: Floats) -> Iterator[_Piece]:
    """Yield the pieces of what a share costs the government, from the lowest share on, each of shape (runs,).

    Below a share of 0 and beyond all concessions, power is shared at what it is worth; in between, concessions that
    cost less than they are worth are given, by cost per value. One that is worth nothing is a piece without length.
    """
    worth = np.maximum(value, 0.0)
    cheap = np.minimum(cost, worth)
    slopes = np.where(worth > 0.0, cheap / np.where(worth > 0.0, worth, 1.0), 1.0)
    order = np.argsort(slopes, axis=0, kind="stable")
    worth, cheap, slopes = (np.take_along_axis(rows, order, 0) for rows in (worth, cheap, slopes))
    share = total = np.zeros(value.shape[1])
    one = np.ones(value.shape[1])
    yield _Piece(np.full_like(one, -np.inf), share, one, total)
    for v, c, slope in zip(worth, cheap, slopes, strict=True):
        yield _Piece(share, share + v, slope, total)
        share, total = share + v, total + c
    yield _Piece(share, np.full_like(one, np.inf), one, total)


def cost_of_share(share: Floats, value: Floats, cost: Floats) -> Floats:
    """Least cost at which the government can give the insurgency a share.

    Concessions that cost less than they are worth come first, by cost per value; the residual share of power
    costs what it is worth.  The frontier of the settlement space is concave because of it.

    Parameters
    ----------
    share : ndarray, shape (steps, runs)
        Shares to be given.
    value, cost : ndarray, shape (concessions, runs)
        Value and cost of each concession.

    Returns
    -------
    ndarray, shape (steps, runs)

    Examples
    --------
    A concession worth .2 that costs .1, and then power:

    >>> one = np.array([[0.2]]), np.array([[0.1]])
    >>> cost_of_share(np.array([[0.0], [0.1], [0.2], [0.5]]), *one).ravel().round(6).tolist()
    [0.0, 0.05, 0.1, 0.4]
    """
    total = np.asarray(share, np.float64)
    for piece in _pieces(value, cost):
        # Below 0 a share costs itself: the first piece has no start to count from.
        inside = share >= piece.start if np.isfinite(piece.start).all() else np.zeros(share.shape, bool)
        total = np.where(inside, piece.cost + piece.slope * (share - piece.start), total)
    return total


class _Space(NamedTuple):
    """A settlement space: its pieces within reach, and what each side gains at the ends of the frontier."""

    pieces: list[_Piece]
    gain_t: Floats
    gain_k: Floats


def _space(least: Any, most: Any, value: Floats, cost: Floats) -> _Space:
    """Cut the frontier where a side would gain less than without an agreement.

    Each piece starts at a share of `least` or more, and there costs `cost`; pieces out of reach have no length.
    """
    least, most = (np.asarray(x, np.float64) + np.zeros(value.shape[1]) for x in (least, most))
    found = []
    reach, first = least, np.full_like(least, np.nan)
    for start, end, slope, total in _pieces(value, cost):
        below = start < least
        base, paid = np.where(np.isfinite(start), start, 0.0), np.where(np.isfinite(start), total, 0.0)
        left, right = np.maximum(start, least), np.maximum(end, least)
        spent = np.where(below, paid + slope * (least - base), total)
        first = np.where(np.isnan(first) & (end >= least), spent, first)
        left_over = most - spent
        paid_out = left + left_over / np.where(slope > 0.0, slope, 1.0)
        last = np.where(slope > 0.0, np.minimum(right, paid_out), right)
        # Without length where the government would lose from the start.
        last = np.where(left_over >= 0.0, np.maximum(last, left), left)
        reach = np.where((left_over >= 0.0) & (right > left), np.maximum(reach, last), reach)
        found.append(_Piece(left, last, slope, spent))
    return _Space(found, reach - least, most - first)


def nash(least: Any, most: Any, value: Floats, cost: Floats) -> Floats:
    """Nash solution: the share with the greatest product of gains.

    Where nobody can gain without the other having nothing, it is the efficient end.

    Parameters
    ----------
    least, most : ndarray, shape (runs,)
        The insurgency's reservation value and the most the government will give.
    value, cost : ndarray, shape (concessions, runs)
        Value and cost of each concession.

    Returns
    -------
    ndarray, shape (runs,)
        Share of the insurgency; NaN where there is no zone of possible agreement.

    Examples
    --------
    Without concessions the pie is divided half way between the reservation values:

    >>> import numpy as np
    >>> nash(np.array([0.3]), np.array([0.5]), np.zeros((0, 1)), np.zeros((0, 1))).round(12).tolist()
    [0.4]
    """
    pieces, _, gain_k = _space(least, most, value, cost)
    best, product = np.full(gain_k.shape, np.nan), np.full(gain_k.shape, -1.0)
    for left, right, slope, spent in pieces:
        # (t + d) (k - slope d) is greatest where its derivative is 0, or at an end.
        t, k, length = left - least, most - spent, right - left
        steep = np.where(slope > 0.0, slope, 1.0)
        d = np.where(slope > 0.0, np.clip((k / steep - t) / 2.0, 0.0, length), length)
        gained = (t + d) * np.maximum(k - slope * d, 0.0)
        # A piece out of reach starts where the government loses.
        better = (k >= 0.0) & (gained >= product) & ((length > 0.0) | np.isnan(best))
        best, product = np.where(better, left + d, best), np.where(better, gained, product)
    return np.where(gain_k >= 0.0, best, np.nan)


def kalai_smorodinsky(least: Any, most: Any, value: Floats, cost: Floats) -> Floats:
    """Kalai-Smorodinsky solution: both get the same fraction of the most they could get.

    Parameters and returns as for `nash`.

    Examples
    --------
    >>> import numpy as np
    >>> kalai_smorodinsky(np.array([0.3]), np.array([0.5]), np.zeros((0, 1)), np.zeros((0, 1))).round(12).tolist()
    [0.4]
    """
    pieces, best_t, best_k = _space(least, most, value, cost)
    share = np.full(best_k.shape, np.nan)
    for left, right, slope, spent in pieces:
        # The insurgency's fraction rises with the share and the government's falls: they meet on the last piece at
        # whose start the insurgency has no more than the government.
        t, k, length = left - least, most - spent, right - left
        behind = k * best_t - t * best_k
        pull = best_k + slope * best_t
        d = np.where(pull > 0.0, behind / np.where(pull > 0.0, pull, 1.0), length)
        on = (behind >= 0.0) & (k >= 0.0) & ((length > 0.0) | np.isnan(share))
        share = np.where(on, left + np.clip(d, 0.0, length), share)
    return np.where(best_k >= 0.0, share, np.nan)
