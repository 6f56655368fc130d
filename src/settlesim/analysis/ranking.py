"""Which sequence comes first, and how firmly."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from settlesim.analysis.statistics import better_end, indicators, outcome_variable
from settlesim.errors import UsageError, choose

__all__ = ["rank"]

Floats = NDArray[np.float64]

# Numbers that the bootstrap may hold at a time.
BATCH = 4_000_000


def rank(
    dataset: xr.Dataset,
    variable: str,
    *,
    kind: str | None = None,
    best: Literal["highest", "lowest"] | None = None,
    resamples: int = 2000,
    rng: int = 0,
) -> xr.Dataset:
    """Rank sequences by the expected value of an outcome, and say how often the order flips.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compare`; of a sweep, select one point first.
    variable : str
        An outcome.
    kind : str, optional
        For a coded outcome: the meaning whose share counts, such as ``"continued_war"``.
    best : {"highest", "lowest"}, optional
        Which end comes first; by default the one that the outcome declares to be better, else the highest.
    resamples : int
        Bootstrap samples of the runs.
    rng : int
        Seed of the bootstrap.

    Returns
    -------
    xarray.Dataset
        Dimension ``sequence``, the best first:

        - ``value``: expected value; ``place`` from 1.
        - ``first``: share of bootstrap samples in which the sequence comes first: how far more runs might
          still change the order.
        - ``flips`` (sequence, other): share of worlds in which `sequence` does strictly better than `other`,
          although expected to do worse, or strictly worse although expected to do better; ``ties``: share
          in which they do equally well.
        - ``bootstrap_flips`` (sequence, other): share of bootstrap samples in which the order of the two is
          reversed.

        A world is a run: its parameters and its luck.  The attribute ``order_flips`` is the share of
        bootstrap samples whose whole order differs; ``n`` the number of runs.

    Raises
    ------
    UsageError
        If a name is unknown, there is only one sequence, or some runs have no value: a ranking among
        different runs for different sequences would not be one.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> order = rank(compare(load("two-party"), runs=40, rng=7), "deaths")
    >>> order.place.values[0].item()
    1
    """
    if best is None:
        best = better_end(outcome_variable(dataset, variable)) or "highest"
    choose(best, ("highest", "lowest"), "end")
    values = _matrix(dataset, variable, kind)
    names = np.array([str(name) for name in dataset["sequence"].values])
    means = values.mean(axis=1)
    sign = -1.0 if best == "highest" else 1.0
    order = np.argsort(sign * means, kind="stable")
    values, means, names = values[order], means[order], names[order]
    better = sign * (values[:, np.newaxis] - values[np.newaxis])
    above = np.arange(len(names))[:, np.newaxis] < np.arange(len(names))[np.newaxis]
    # `better` is negative where the row's sequence does better; above the diagonal it is expected to.
    flips = np.where(above, (better > 0).mean(axis=2), (better < 0).mean(axis=2))
    ties = (better == 0).mean(axis=2)
    np.fill_diagonal(flips, 0.0)
    resampled = sign * _bootstrap_means(values, resamples, rng)
    gaps = resampled[:, np.newaxis] - resampled[np.newaxis]
    bootstrap_flips = np.where(above, (gaps > 0).mean(axis=2), (gaps < 0).mean(axis=2))
    np.fill_diagonal(bootstrap_flips, 0.0)
    leaders = np.argmin(resampled, axis=0)
    first = np.bincount(leaders, minlength=len(names)) / resamples
    changed = (np.diff(resampled, axis=0) < 0).any(axis=0).mean()
    attrs = {
        **dataset.attrs,
        "variable": variable,
        "best": best,
        "n": values.shape[1],
        "resamples": resamples,
    }
    if kind is not None:
        attrs["kind"] = kind
    units = dataset[variable].attrs.get("units", "1")
    return xr.Dataset(
        {
            "value": ("sequence", means, {"units": units}),
            "place": ("sequence", np.arange(1, len(names) + 1)),
            "first": ("sequence", first, {"units": "share"}),
            "flips": (("sequence", "other"), flips, {"units": "share"}),
            "ties": (("sequence", "other"), ties, {"units": "share"}),
            "bootstrap_flips": (("sequence", "other"), bootstrap_flips, {"units": "share"}),
        },
        {"sequence": names, "other": names},
        {**attrs, "order_flips": float(changed)},
    )


def _matrix(dataset: xr.Dataset, variable: str, kind: str | None) -> Floats:
    """Values, shape (sequences, runs)."""
    values = indicators(outcome_variable(dataset, variable))
    axis = f"{variable}_kind"
    if axis in values.dims:
        if kind is None:
            raise UsageError(f"{variable!r} is coded: say with kind= which of {', '.join(values[axis].values)} counts")
        values = values.sel({axis: choose(kind, [str(k) for k in values[axis].values], "kind")})
    elif kind is not None:
        raise UsageError(f"{variable!r} is not coded, so it has no kind {kind!r}")
    if set(values.dims) != {"sequence", "run"}:
        extra = ", ".join(str(d) for d in values.dims if d not in ("sequence", "run"))
        raise UsageError(f"{variable!r} also varies by {extra}: select one value of it first")
    if values.sizes["sequence"] < 2:
        raise UsageError("a ranking needs at least two sequences")
    missing = int(values.isnull().any("sequence").sum())
    if missing:
        raise UsageError(
            f"{variable!r} has no value in {missing} of {values.sizes['run']} runs; rank by one that all "
            "runs have, or select the runs that have it"
        )
    return np.asarray(values.transpose("sequence", "run").values)


def _bootstrap_means(values: Floats, resamples: int, rng: int) -> Floats:
    """Means of runs drawn with replacement, the same for every sequence; shape (sequences, resamples)."""
    if resamples < 1:
        raise UsageError(f"resamples must be at least 1, got {resamples}")
    generator = np.random.default_rng(rng)
    n = values.shape[1]
    step = max(1, BATCH // (n * len(values)))
    parts = []
    for start in range(0, resamples, step):
        chosen = generator.integers(0, n, (min(step, resamples - start), n))
        parts.append(values[:, chosen].mean(axis=2))
    return np.concatenate(parts, axis=1)
