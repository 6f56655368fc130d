"""Differences between two sequences in each world, with luck averaged out, and where their spread comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from settlesim.analysis.statistics import indicators
from settlesim.errors import UsageError, choose
from settlesim.results.common_luck import check_common_luck

__all__ = ["Differences", "Spread", "pair_of", "parameters_of", "spread_of", "values_of", "weights_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Differences:
    """What one sequence has more than another, world by world and luck by luck.

    Attributes
    ----------
    each : ndarray, shape (worlds, luck)
        Differences; NaN where either has no value.
    weights : ndarray, shape (worlds,)
        Summing to one.
    worlds : ndarray of int
        Places of the worlds along ``point`` in the dataset: worlds without any difference are left out.
    crossed : bool
        Whether the same luck meets every world, as in `evaluate`, not luck of its own, as in `nested`.
    """

    each: Floats
    weights: Floats
    worlds: NDArray[np.intp]
    crossed: bool = True

    @property
    def lucks(self) -> int:
        """How many lucks there are."""
        return int(np.isfinite(self.each).any(axis=0).sum())

    def without(self, luck: int) -> Differences:
        """Return the differences without one luck, and without worlds that then have none."""
        each = np.delete(self.each, luck, axis=1)
        kept = np.isfinite(each).any(axis=1)
        return Differences(each[kept], self.weights[kept] / self.weights[kept].sum(), self.worlds[kept], self.crossed)

    @property
    def known(self) -> Floats:
        """How much luck of each world has a difference."""
        known: Floats = np.isfinite(self.each).sum(axis=1).astype(float)
        return known

    @property
    def means(self) -> Floats:
        """Difference of each world, averaged over luck."""
        means: Floats = np.nansum(self.each, axis=1) / self.known
        return means

    @property
    def variances(self) -> Floats:
        """Variance over luck within each world; worlds with only one difference get the average."""
        rest = np.nansum((self.each - self.means[:, np.newaxis]) ** 2, axis=1)
        enough = self.known > 1
        out = np.full(len(rest), np.nan)
        out[enough] = rest[enough] / (self.known[enough] - 1)
        filled: Floats = np.where(enough, out, self.weights[enough] @ out[enough] / self.weights[enough].sum())
        return filled


@dataclass(frozen=True)
class Spread:
    """Mean difference, and the variances of what it consists of.

    The difference under luck l in world w is ``mean + world_w + luck_l + rest_wl``.  Where one luck meets every world,
    its effect is common to them and no number of worlds averages it out; where each has its own there is none.

    Attributes
    ----------
    mean, error, freedom : float
        Mean over worlds and luck, its standard error, and the degrees of freedom of that (Satterthwaite).
    between : float
        Variance of the expected difference between worlds; not below zero.
    common : float
        Variance of what one luck does to all worlds alike; not below zero.
    rest : float
        Variance of the rest.
    noise : ndarray, shape (worlds,)
        Variance of each world's mean that is luck's doing.
    effective : float
        Effective number of worlds, ``1 / sum w^2``.
    """

    mean: float
    error: float
    freedom: float
    between: float
    common: float
    rest: float
    noise: Floats
    effective: float


def values_of(dataset: xr.Dataset, variable: str, kind: str | None = None) -> xr.DataArray:
    """Return an outcome of an `evaluate` dataset as floats, dims (point, sequence, luck); NaN where it is missing.

    Raises
    ------
    UsageError
        If there is no such outcome, it is coded and `kind` does not say which meaning counts, or the dataset has
        other dimensions.
    """
    choose(variable, map(str, dataset.data_vars), "variable")
    raw = dataset[variable]
    if not {"point", "sequence", "luck"} <= set(raw.dims):
        raise UsageError(
            f"{variable!r} varies by {', '.join(map(str, raw.dims)) or 'nothing'}, not by point, sequence and luck: "
            "to average luck out, every world has to meet several lucks (ss.evaluate)"
        )
    values = indicators(raw).where(raw.notnull())
    axis = f"{variable}_kind"
    if axis in values.dims:
        kinds = [str(k) for k in values[axis].values]
        if kind is None:
            raise UsageError(f"{variable!r} is coded: say with kind= which of {', '.join(kinds)} counts")
        values = values.sel({axis: choose(kind, kinds, "kind")}, drop=True)
    elif kind is not None:
        raise UsageError(f"{variable!r} is not coded, so it has no kind {kind!r}")
    extra = [str(d) for d in values.dims if d not in ("point", "sequence", "luck")]
    if extra:
        raise UsageError(f"{variable!r} also varies by {', '.join(extra)}: select one value of it first")
    return values.transpose("point", "sequence", "luck")


def weights_of(dataset: xr.Dataset, weights: xr.DataArray | None, dim: str = "point") -> Floats:
    """Return weights along a dimension, summing to one; equal ones for None.

    Raises
    ------
    UsageError
        If the weights are not those of this dataset: from `settlesim.analysis.reweighting.reweight`.
    """
    size = dataset.sizes[dim]
    if weights is None:
        return np.full(size, 1 / size)
    if weights.dims != (dim,) or weights.sizes[dim] != size:
        raise UsageError(f"the weights belong to another dataset: they need one dimension, {dim}, of {size}")
    out = np.asarray(weights.values, float)
    if not np.all(np.isfinite(out) & (out >= 0)) or out.sum() <= 0:
        raise UsageError("weights must be finite, not negative, and not all zero")
    share: Floats = out / out.sum()
    return share


def pair_of(
    dataset: xr.Dataset, a: str, b: str, variable: str, kind: str | None = None, weights: xr.DataArray | None = None
) -> Differences:
    """Return the differences a - b of an outcome.

    Raises
    ------
    UsageError
        As `values_of`; also for unknown sequences, one sequence against itself, or fewer than two worlds or lucks in
        which both have a value.
    """
    values = values_of(dataset, variable, kind)
    names = [str(name) for name in dataset["sequence"].values]
    a, b = choose(a, names, "sequence"), choose(b, names, "sequence")
    if a == b:
        raise UsageError(f"{a!r} cannot differ from itself: name two sequences")
    across = str(dataset.attrs.get("across", ""))
    check_common_luck(values.sel(sequence=[a, b]), across=across, what="they do not differ world by world")
    each = np.asarray((values.sel(sequence=a) - values.sel(sequence=b)).values, float)
    share = weights_of(dataset, weights)
    kept = np.isfinite(each).any(axis=1) & (share > 0)
    each, share = each[kept], share[kept]
    # Equal weights to the last bit: worlds masked and worlds left out are to give the same.
    share = np.full(len(each), 1 / max(len(each), 1)) if weights is None else share / share.sum()
    if len(each) < 2 or int(np.isfinite(each).sum(axis=1).max(initial=0)) < 2:
        raise UsageError(
            f"{variable!r} needs at least two worlds, and two lucks in one of them, where {a!r} and {b!r} have values"
        )
    crossed = dataset.attrs.get("luck_design") != "own"
    return Differences(each, share, np.flatnonzero(kept), crossed)


def parameters_of(dataset: xr.Dataset) -> list[str]:
    """Return the names of the parameters that vary over the points."""
    return [
        str(name)
        for name, v in dataset.data_vars.items()
        if v.attrs.get("role") == "parameter" and v.dims == ("point",) and np.nanmin(v) < np.nanmax(v)
    ]


def spread_of(pair: Differences) -> Spread:
    """Split the spread of differences into worlds, luck common to them, and the rest.

    Notes
    -----
    The moments of the crossed layout with two random factors (Searle, Casella & McCulloch 1992, from memory), taken
    over pairs so that missing values and weights do no harm.  With n worlds and k lucks, balanced, they are those of
    the analysis of variance.
    """
    means, inside, known, w = pair.means, pair.variances, pair.known, pair.weights
    mean = float(w @ means)
    effective = float(1 / (w @ w))
    # Variance between worlds' means: what all luck has in common has dropped out.
    apart = float(w @ (means - mean) ** 2 / (1 - w @ w))
    common = max(_common(pair), 0.0) if pair.crossed else 0.0
    rest = float(w @ inside) - common
    between = apart - float(w @ ((inside - common) / known))
    worlds_part, luck_part = apart * float(w @ w), common / pair.lucks
    variance = worlds_part + luck_part
    split = worlds_part**2 / max(effective - 1, 1) + luck_part**2 / max(pair.lucks - 1, 1)
    freedom = variance**2 / split if split > 0 else effective - 1
    between, rest = max(between, 0.0), max(rest, 0.0)
    return Spread(mean, float(np.sqrt(variance)), freedom, between, common, rest, _noise(pair), effective)


def _common(pair: Differences) -> float:
    """Covariance, over luck, of the differences in two worlds, averaged over pairs of worlds."""
    rest = pair.each - pair.means[:, np.newaxis]
    there = np.isfinite(rest)
    known = pair.known[:, np.newaxis]
    # A world's own mean takes 1/k of what luck does to it.
    rest = np.where(there & (known > 1), rest, 0.0) * np.sqrt(known / np.maximum(known - 1, 1))
    w = pair.weights[:, np.newaxis] * (there & (known > 1))
    products = (w * rest).sum(axis=0) ** 2 - ((w * rest) ** 2).sum(axis=0)
    pairs = w.sum(axis=0) ** 2 - (w**2).sum(axis=0)
    return float(products.sum() / pairs.sum()) if pairs.sum() > 0 else 0.0


def _noise(pair: Differences) -> Floats:
    """Variance of the worlds' means that is luck's doing.

    A variance from few lucks is itself noisy.  The covariance of the variances from the two halves of luck tells how
    much of their spread between worlds is real, and they are shrunk towards their mean by that.
    """
    inside = pair.variances
    middle = float(pair.weights @ inside)
    spread = float(np.var(inside))
    if spread <= 0 or pair.each.shape[1] < 4:
        return np.full(len(inside), middle) / pair.known
    with np.errstate(invalid="ignore", divide="ignore"):
        halves = np.array([_variance(pair.each[:, start::2]) for start in (0, 1)])
    both = np.isfinite(halves).all(axis=0)
    real = float(np.cov(halves[:, both])[0, 1]) if both.sum() > 1 else 0.0
    shrunk: Floats = (middle + float(np.clip(real / spread, 0, 1)) * (inside - middle)) / pair.known
    return shrunk


def _variance(values: Floats) -> Floats:
    n = np.isfinite(values).sum(axis=1, keepdims=True)
    mean = np.nansum(values, axis=1, keepdims=True) / n
    out: Floats = np.nansum((values - mean) ** 2, axis=1) / np.where(n > 1, n - 1, np.nan)[:, 0]
    return out
