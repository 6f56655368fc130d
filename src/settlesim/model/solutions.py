"""Axiomatic solutions of the settlement space, to report beside what was signed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cost_of_share", "kalai_smorodinsky", "nash"]

Floats = NDArray[np.float64]

# Solutions are found on a grid of shares; the error is below half a step of the settlement space's width.
STEPS = 400


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
    """
    worth = np.maximum(value, 0.0)
    cheap = np.minimum(cost, worth)
    order = np.argsort(np.where(worth > 0.0, cheap / np.maximum(worth, 1e-12), 2.0), axis=0, kind="stable")
    worth, cheap = np.take_along_axis(worth, order, 0), np.take_along_axis(cheap, order, 0)
    total = share.copy()
    before = np.zeros(share.shape[1])
    for v, c in zip(worth, cheap, strict=True):
        used = np.clip(share - before, 0.0, v)
        total -= used * np.where(v > 0.0, 1.0 - c / np.maximum(v, 1e-12), 0.0)
        before = before + v
    return total


def _frontier(least: Floats, most: Floats, value: Floats, cost: Floats) -> tuple[Floats, Floats, Floats]:
    """Shares on a grid, and what each side gains there over no agreement; shares beyond the space gain less than 0."""
    saving = np.maximum(value, 0.0) - np.minimum(cost, np.maximum(value, 0.0))
    top = most + saving.sum(axis=0)
    share = least + np.linspace(0.0, 1.0, STEPS + 1)[:, None] * np.maximum(top - least, 0.0)
    return share, share - least, most - cost_of_share(share, value, cost)


def _pick(share: Floats, score: Floats, gain: Floats) -> Floats:
    best = np.argmax(score, axis=0)
    column = np.arange(share.shape[1])
    # Without a zone of possible agreement there is no solution.
    return np.where(gain[0] >= 0.0, share[best, column], np.nan)


def nash(least: Any, most: Any, value: Floats, cost: Floats) -> Floats:
    """Nash solution: the share with the greatest product of gains.

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
    >>> nash(np.array([0.3]), np.array([0.5]), np.zeros((0, 1)), np.zeros((0, 1))).round(6).tolist()
    [0.4]
    """
    share, gain_t, gain_k = _frontier(least, most, value, cost)
    return _pick(share, np.where(gain_k >= 0.0, gain_t * gain_k, -1.0), gain_k)


def kalai_smorodinsky(least: Any, most: Any, value: Floats, cost: Floats) -> Floats:
    """Kalai-Smorodinsky solution: both get the same fraction of the most they could get.

    Parameters and returns as for `nash`.

    Examples
    --------
    >>> import numpy as np
    >>> kalai_smorodinsky(np.array([0.3]), np.array([0.5]), np.zeros((0, 1)), np.zeros((0, 1))).round(6).tolist()
    [0.4]
    """
    share, gain_t, gain_k = _frontier(least, most, value, cost)
    best_t = np.max(np.where(gain_k >= 0.0, gain_t, 0.0), axis=0)
    even = np.minimum(gain_t / np.maximum(best_t, 1e-12), gain_k / np.maximum(gain_k[0], 1e-12))
    return _pick(share, even, gain_k)
