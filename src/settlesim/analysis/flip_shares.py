"""Shares of worlds whose expected difference is above, below and at zero, freed from what luck adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from settlesim.analysis.luck_averaged import Differences, Spread

__all__ = ["Shares", "draw_shares", "shares_of"]

Floats = NDArray[np.float64]
# Standard deviation between worlds, as a share of their noise, below which signs of single worlds are not told apart.
LEAST = 0.1
# Numbers that the bootstrap may hold at a time.
BATCH = 2_000_000


@dataclass(frozen=True)
class Shares:
    """Shares of worlds; arrays where there are several resamples.

    Attributes
    ----------
    higher, lower : ndarray
        Shares of worlds whose expected difference is above, or below, zero.
    same : ndarray
        Share of worlds in which no luck makes any difference; the three sum to one.
    naive_higher, naive_lower : ndarray
        Shares of worlds whose average over the luck met is above, or below, zero.
    """

    higher: Floats
    lower: Floats
    same: Floats
    naive_higher: Floats
    naive_lower: Floats


def shares_of(pair: Differences, spread: Spread) -> Shares:
    """Estimate the shares of worlds by the sign of their expected difference.

    Notes
    -----
    With k lucks the average of world w is ``d_w + e_w``, e_w of variance v_w / k.  The share of averages below zero is
    a biased estimate of F(0), the share of expected differences below zero; to first order in 1/k the bias is
    ``f'(0) v / 2k`` (Gordy & Juneja 2010, for nested simulation), and grows beyond that where noise is not small
    beside the spread of worlds.  Here it is taken from the normal distribution with the moments of the worlds,

    ``lower = share(average < 0) - [mean_w Phi(-m / sqrt(s^2 + v_w / k)) - Phi(-m / s)]``,

    m the mean and s^2 the variance between worlds, noise removed.  So the normal distribution enters only by the
    correction, which vanishes as k grows, and not by the share itself.  Averages of exactly zero count half.

    Worlds in which no luck met makes a difference may differ with rarer luck: how many do is estimated as Chao (1987)
    does for unseen species, from the worlds in which one luck, and two, make a difference.  His is a lower bound, so
    that `same` is an upper one.
    """
    return _shares(pair, spread, pair.weights[np.newaxis])


def draw_shares(pair: Differences, spread: Spread, resamples: int, generator: np.random.Generator) -> Shares:
    """Repeat `shares_of` on worlds drawn with replacement."""
    n = len(pair.weights)
    parts = []
    for start in range(0, resamples, max(1, BATCH // n)):
        size = min(max(1, BATCH // n), resamples - start)
        counts = generator.multinomial(n, np.full(n, 1 / n), size)
        weights = counts * pair.weights
        parts.append(_shares(pair, spread, weights / weights.sum(axis=1, keepdims=True)))
    names = Shares.__dataclass_fields__
    return Shares(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _shares(pair: Differences, spread: Spread, weights: Floats) -> Shares:
    """Shares under each row of weights, shape (resamples, worlds)."""
    means = pair.means
    differing = np.nansum(pair.each != 0, axis=1) - np.isnan(pair.each).sum(axis=1)
    n_effective = 1 / (weights**2).sum(axis=1)
    below, above, level = weights @ (means < 0), weights @ (means > 0), weights @ (means == 0)
    same = _same(differing, weights, pair.known, n_effective)
    left = np.where(same > 1 - 1e-9, 0.0, 1 - same)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Worlds that never differ take part in no moment: they add nothing to either sum.
        mean = weights @ means / left
        square = weights @ means**2 / left
        apart = (square - mean**2) * (n_effective * left) / np.maximum(n_effective * left - 1, 1)
        noise = weights @ pair_noise(pair, spread) / left
    s2 = np.maximum(apart - noise, LEAST**2 * noise)
    tiny = np.finfo(float).tiny
    noisy = np.sqrt(s2[:, np.newaxis] + spread.noise[np.newaxis])
    live = weights * (differing > 0)
    live = live / np.maximum(live.sum(axis=1, keepdims=True), tiny)
    sd = np.maximum(np.sqrt(s2), tiny)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        seen = (live * ndtr(np.nan_to_num(-mean[:, np.newaxis] / np.maximum(noisy, tiny)))).sum(axis=1)
        real = ndtr(np.nan_to_num(-mean / sd))
    half = below + np.maximum(level - same, 0) / 2
    share = np.clip(np.where(left > 0, half / np.where(left > 0, left, 1) - (seen - real), 0.5), 0, 1)
    return Shares((1 - share) * left, share * left, same, above, below)


def pair_noise(pair: Differences, spread: Spread) -> Floats:
    """Variance of the worlds' means around their own expectations, without what luck does to all of them alike."""
    noise: Floats = (pair.variances - spread.common) / pair.known
    return noise


def _same(differing: Floats, weights: Floats, known: Floats, n_effective: Floats) -> Floats:
    """Share of worlds that never differ, at most (Chao 1987, bias-corrected form)."""
    never, once, twice = (n_effective * (weights @ (differing == times)) for times in (0, 1, 2))
    k = float(known.mean())
    unseen = (k - 1) / k * once * (once - 1) / (2 * (twice + 1))
    same: Floats = np.clip(never - np.maximum(unseen, 0), 0, None) / n_effective
    return same
