"""Densities of priors, to weigh draws from one prior as if they came from another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from settlesim.errors import UsageError
from settlesim.scenario.priors import TAIL, Beta, Distribution, Fixed, LogNormal, Normal, Triangular, Uniform

__all__ = ["density"]

Floats = NDArray[np.float64]


def density(prior: Distribution, x: ArrayLike) -> Floats:
    """Return the probability density of a prior, zero outside its bounds.

    Parameters
    ----------
    prior : Distribution
        Not a fixed number, which has no density.
    x : array-like
        In the unit of the parameter.

    Raises
    ------
    UsageError
        If the prior is fixed, or so narrow that it is one value.

    Examples
    --------
    >>> density(Uniform(low=0, high=4), [1.0, 5.0]).tolist()
    [0.25, 0.0]
    """
    x = np.asarray(x, float)
    low, high = prior.bounds
    if isinstance(prior, Fixed) or not high > low:
        raise UsageError("a fixed number has no density: hold a parameter by evaluating points that have it")
    out: Floats = np.zeros(x.shape)
    inside = (x >= low) & (x <= high)
    out[inside] = _inside(prior, x[inside])
    return out


def _inside(prior: Distribution, x: Floats) -> Floats:
    low, high = prior.bounds
    if isinstance(prior, Uniform):
        return np.full(x.shape, 1 / (high - low))
    if isinstance(prior, Triangular):
        peak, rise, fall = 2 / (high - low), prior.mode - low, high - prior.mode
        up = (x - low) / (rise if rise > 0 else 1.0)
        down = (high - x) / (fall if fall > 0 else 1.0)
        slope: Floats = peak * np.where((x < prior.mode) | (fall == 0), up if rise > 0 else 1.0, down)
        return slope
    if isinstance(prior, Beta):
        from scipy.special import betaln

        share = np.clip((x - low) / (high - low), 1e-300, 1 - 1e-16)
        log = (prior.a - 1) * np.log(share) + (prior.b - 1) * np.log1p(-share) - betaln(prior.a, prior.b)
        curve: Floats = np.exp(log) / (high - low)
        return curve
    if isinstance(prior, LogNormal):
        return _cut_density((np.log(x) - np.log(prior.median)) / prior.sigma) / (prior.sigma * x)
    if isinstance(prior, Normal):
        return _cut_density((x - prior.mean) / prior.sd) / prior.sd
    raise UsageError(f"the density of a {prior.distribution} prior is not known")


def _cut_density(z: Floats) -> Floats:
    """Standard normal without its outer 0.1% on either side."""
    curve: Floats = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / (1 - 2 * TAIL)
    return curve
