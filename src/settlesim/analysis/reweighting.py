"""Other priors without new runs: weights of the worlds that were drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from settlesim.errors import UsageError, choose
from settlesim.scenario.densities import density
from settlesim.scenario.priors import as_prior

__all__ = ["reweight"]

# Quantiles of the new prior at which it is looked up in the old one.
LOOKED_UP = 10_000
# Share of the new prior that may lie where the old one has nothing.
UNSEEN = 0.001


def reweight(dataset: xr.Dataset, priors: Mapping[str, Any], *, least: float = 50) -> xr.DataArray:
    """Weigh worlds drawn from their priors as if some parameters had other priors.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compare` (weights of runs), or from `nested` or `evaluate` on points drawn from the priors (weights of
        points).  Points that were chosen otherwise have no prior to be weighed against.
    priors : mapping
        Name of a parameter to its other prior, as in a scenario file: a table or a prior.
    least : float
        Effective number of worlds below which the weights are refused.

    Returns
    -------
    xarray.DataArray
        Weights, on average 1, for ``weights=`` of `rank`, `flips_of` and `evppi`.  Attributes: ``effective``, the
        effective number of worlds; ``worlds``, how many there are; ``priors`` as JSON.

    Raises
    ------
    UsageError
        For an unknown parameter, one that was not drawn, a prior that is a fixed number, more than 0.1% of a new
        prior where the old one has nothing, or fewer than `least` effective worlds.

    Notes
    -----
    The weight of a world is the product of ``new density / old density`` over the parameters (importance sampling);
    weighted means are self-normalised.  The effective number is ``(sum w)^2 / sum w^2`` (Kish 1965).  It holds for
    parameters drawn one by one: the values of a pie of concessions, scaled down where they sum to more than one, are
    not quite so.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> result = compare(load("two-party"), ["talk", "give_first"], runs=80, rng=7)
    >>> name = "defection_rate"
    >>> prior = as_prior(json.loads(result[name].attrs["prior"]))
    >>> float(reweight(result, {name: prior}).max())  # the same prior: the same weights
    1.0
    """
    if not priors:
        raise UsageError('say which priors: {"name of a parameter": {"low": .., "mode": .., "high": ..}}')
    drawn = [str(name) for name, v in dataset.data_vars.items() if v.attrs.get("role") == "parameter"]
    log: Any = 0.0
    dim = "point" if "point" in dataset.dims else "run"
    new = {choose(name, drawn, "parameter"): as_prior(value) for name, value in priors.items()}
    known = np.ones(dataset.sizes[dim], bool)
    for name, prior in new.items():
        values = dataset[name]
        if values.dims != (dim,):
            raise UsageError(f"{name!r} differs between sequences, so no weight of a world can change it")
        old = as_prior(json.loads(values.attrs["prior"]))
        column = np.asarray(values.values, float)
        known &= np.isfinite(column)
        here, there = density(old, column), density(prior, column)
        if np.any(known & (here == 0)):
            raise UsageError(f"{name!r} has values that its own prior rules out: were the points drawn from it?")
        asked = np.asarray(prior.ppf((np.arange(LOOKED_UP) + 0.5) / LOOKED_UP))
        outside = float(np.mean(density(old, asked) == 0))
        if outside > UNSEEN:
            low, high = old.bounds
            raise UsageError(
                f"{100 * outside:.1f}% of the new prior of {name!r} lie outside {low:g} to {high:g}, where nothing was "
                "drawn: no weights can tell what happens there; simulate anew"
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            log = log + np.where(known, np.log(there) - np.log(here), -np.inf)
    if not np.any(np.isfinite(log)):
        raise UsageError("no world that was drawn is possible under the new priors: simulate anew")
    weights = np.exp(log - log.max())
    effective = float(weights[known].sum() ** 2 / (weights[known] ** 2).sum())
    if effective < least:
        raise UsageError(
            f"the new priors leave {effective:.0f} effective worlds of {int(known.sum())}, fewer than {least:g}: "
            "ask for priors nearer to those drawn from, or simulate anew"
        )
    notes = {
        "effective": effective,
        "worlds": int(known.sum()),
        "priors": json.dumps({name: prior.model_dump(mode="json") for name, prior in new.items()}, sort_keys=True),
        "long_name": "weight under the new priors",
    }
    coords = {dim: dataset[dim]} if dim in dataset.coords else {}
    return xr.DataArray(weights / weights[known].mean(), coords, (dim,), name="weight", attrs=notes)
