"""What it is worth to know a parameter before a sequence is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import make_smoothing_spline
from scipy.stats import t as student

from settlesim.analysis.luck_averaged import Differences, parameters_of, spread_of, values_of, weights_of
from settlesim.analysis.statistics import better_end, check_level
from settlesim.errors import UsageError, choose
from settlesim.results.common_luck import check_common_luck

__all__ = ["evppi"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]
# Different values of a parameter below which it is met value by value instead of by a curve.
FEW = 8
# Groups of worlds, by the parameter, whose averages a curve is drawn through: hundreds would take long and say no more.
GROUPS = 40


def evppi(
    dataset: xr.Dataset,
    outcome: str,
    *,
    sequences: Iterable[str] | None = None,
    parameters: Iterable[str] | None = None,
    kind: str | None = None,
    best: Literal["highest", "lowest"] | None = None,
    weights: xr.DataArray | None = None,
    folds: int = 5,
    level: float = 0.95,
    rng: int = 0,
) -> xr.Dataset:
    """Estimate how much better the choice between sequences would be if one parameter were known beforehand.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `nested` or `evaluate`: dimensions (point, sequence, luck), points drawn from the priors.
    outcome : str
        What is to be got more (or less) of.
    sequences : iterable of str, optional
        The alternatives, at least two; by default all of the dataset.
    parameters : iterable of str, optional
        By default all that vary.
    kind : str, optional
        For a coded outcome: the meaning whose share counts.
    best : {"highest", "lowest"}, optional
        Which end is wanted; by default the one that the outcome declares to be better, else the highest.
    weights : xarray.DataArray, optional
        From `reweight`.
    folds : int
        Parts of the worlds, each of which is decided by what the others taught.
    level : float
        Coverage of the intervals.
    rng : int
        Seed of the folds.

    Returns
    -------
    xarray.Dataset
        Along ``parameter``, the most valuable first: ``value`` with ``error``, ``low`` and ``high``, in the outcome's
        units; ``plug_in``, the usual estimate; ``switches``, the share of worlds in which knowing it changes the
        choice.  Attribute ``choice``: the sequence chosen without knowing.

    Raises
    ------
    UsageError
        For unknown names, fewer than two alternatives, or fewer than four worlds in a fold.

    Notes
    -----
    The expected value of partial perfect information is ``E[max_d E(Y_d | theta)] - max_d E(Y_d)`` (Strong, Oakley &
    Brennan 2014).  ``E(Y_d | theta)`` is a smoothing spline in the parameter, its stiffness by generalised
    cross-validation.  Put in as it stands (``plug_in``), the maximum over noisy curves is too large, and never zero.
    Hence ``value``: the curves of the other folds choose in each world, and the choice is paid by what that world's own
    runs had: nothing is both chosen and paid by the same noise.  A choice by imperfect curves is never better than one
    by the true ones, so that it errs, if little, on the low side; it is zero in expectation where a parameter tells
    nothing, and falls below zero as often as above.  Where one luck meets all worlds, curves come from one half of
    luck and pay from the other.  The interval is Student's over worlds; it does not count that the choice itself would
    differ in other worlds, and ends at zero.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> rate = rng.normal(0, 1, 400)
    >>> score = np.stack([np.zeros((400, 5)), rate[:, None] + rng.normal(0, 1, (400, 5))], axis=1)
    >>> drawn = xr.Dataset({"score": (("point", "sequence", "luck"), score)}, {"sequence": ["a", "b"]})
    >>> drawn["rate"] = ("point", rate, {"role": "parameter"})
    >>> table = evppi(drawn, "score")  # E max(0, N(0, 1)) = .399
    >>> bool(abs(table.value[0] - 0.399) < 0.1)
    True
    """
    check_level(level)
    values, share, kept = _complete(dataset, outcome, sequences, kind, weights)
    n, _, lucks = values.shape
    if folds < 2 or n < 4 * folds:
        raise UsageError(f"{folds} folds need at least {4 * max(folds, 2)} worlds with all values, there are {n}")
    end = best or better_end(dataset[outcome]) or "highest"
    sign = 1.0 if choose(end, ("highest", "lowest"), "end") == "highest" else -1.0
    known = parameters_of(dataset)
    names = known if parameters is None else [choose(name, known, "varying parameter") for name in parameters]
    if not names:
        raise UsageError("no parameter varies over the points")
    crossed = dataset.attrs.get("luck_design") != "own"
    if crossed and lucks < 2:
        raise UsageError("where one luck meets all worlds, at least two lucks are needed")
    fold = np.random.default_rng(rng).permutation(n) % folds
    halves = [np.arange(lucks) % 2 == half for half in (0, 1)] if crossed else [np.ones(lucks, bool)]
    rows = []
    for name in names:
        x = np.asarray(dataset[name].values, float)[kept]
        rows.append(_worth(sign * values, x, share, fold, halves, level, crossed))
    table = np.array(rows).T
    order = np.argsort(-table[0], kind="stable")
    units = str(dataset[outcome].attrs.get("units", "1"))
    heads = ("value", "error", "low", "high", "plug_in", "switches")
    chosen = [str(s) for s in (dataset["sequence"].values if sequences is None else list(sequences))]
    now = chosen[int(np.argmax(sign * np.nanmean(values, axis=2).T @ share))]
    attrs = {"variable": outcome, "kind": kind or "", "best": end, "choice": now, "level": level, "worlds": n}
    return xr.Dataset(
        {
            head: ("parameter", row[order], {"units": "share" if head == "switches" else units})
            for head, row in zip(heads, table, strict=True)
        },
        {"parameter": [names[i] for i in order], "units": ("parameter", [_units(dataset, names[i]) for i in order])},
        {**dataset.attrs, **attrs},
    )


def _units(dataset: xr.Dataset, name: str) -> str:
    return str(dataset[name].attrs.get("units", "1"))


def _complete(
    dataset: xr.Dataset,
    outcome: str,
    sequences: Iterable[str] | None,
    kind: str | None,
    weights: xr.DataArray | None,
) -> tuple[Floats, Floats, Numbers]:
    """Values (worlds, alternatives, luck), NaN where any alternative lacks one; weights; places of the worlds."""
    values = values_of(dataset, outcome, kind)
    if sequences is not None:
        known = [str(name) for name in values["sequence"].values]
        values = values.sel(sequence=[choose(name, known, "sequence") for name in sequences])
    if values.sizes["sequence"] < 2:
        raise UsageError("a choice needs at least two sequences")
    across = str(dataset.attrs.get("across", ""))
    check_common_luck(values, across=across, what="they are no choice in one world")
    every = np.asarray(values.transpose("point", "sequence", "luck").values, float)
    every = np.where(np.isfinite(every).all(axis=1, keepdims=True), every, np.nan)
    share = weights_of(dataset, weights)
    kept = np.isfinite(every).any(axis=(1, 2)) & (share > 0)
    share = np.full(int(kept.sum()), 1.0) if weights is None else share[kept]
    return every[kept], share / share.sum(), np.flatnonzero(kept)


def _worth(
    values: Floats,
    x: Floats,
    share: Floats,
    fold: Numbers,
    halves: list[NDArray[np.bool_]],
    level: float,
    crossed: bool,
) -> list[float]:
    """Value, error, ends, plug-in estimate and share of worlds with another choice, of knowing x."""
    n, _, lucks = values.shape
    gain = np.full((n, lucks), np.nan)
    switched = np.zeros((n, lucks), bool)
    for half in halves:
        # What is paid by one half of common luck is chosen by the other.
        taught = ~half if len(halves) > 1 else half
        means = _means(values[:, :, taught])
        for part in range(fold.max() + 1):
            out, rest = fold == part, (fold != part) & np.isfinite(means).all(axis=1)
            fixed = int(np.argmax(share[rest] @ means[rest]))
            chosen = np.argmax(_curves(x[rest], means[rest], share[rest], x[out]), axis=1)
            paid = values[out][:, :, half]
            better = np.take_along_axis(paid, chosen[:, np.newaxis, np.newaxis], axis=1)[:, 0] - paid[:, fixed]
            gain[np.ix_(out, half)] = better
            switched[np.ix_(out, half)] = (chosen != fixed)[:, np.newaxis]
    there = np.isfinite(gain).any(axis=1)
    spread = spread_of(Differences(gain[there], share[there] / share[there].sum(), np.flatnonzero(there), crossed))
    reach = spread.error * float(student.ppf(0.5 + level / 2, spread.freedom)) if spread.error > 0 else 0.0
    means = _means(values)
    curves = _curves(x, means, share, x)
    plug_in = float(share @ curves.max(axis=1) - (share @ curves).max())
    ends = [max(spread.mean - reach, 0.0), max(spread.mean + reach, 0.0)]
    return [spread.mean, spread.error, *ends, plug_in, float(share @ switched.mean(axis=1))]


def _means(values: Floats) -> Floats:
    """Averages over the luck there is; NaN where there is none."""
    known = np.isfinite(values).sum(axis=2)
    means: Floats = np.nansum(values, axis=2) / np.where(known > 0, known, np.nan)
    return means


def _curves(x: Floats, y: Floats, weights: Floats, at: Floats) -> Floats:
    """Expected advantage over the first alternative by parameter, shape (len(at), alternatives)."""
    places, which = np.unique(x, return_inverse=True)
    if len(places) > GROUPS:
        which = which * GROUPS // len(places)
    mass = np.bincount(which, weights)
    places = np.bincount(which, weights * x) / mass
    out = np.zeros((len(at), y.shape[1]))
    for d in range(1, y.shape[1]):
        level = np.bincount(which, weights * (y[:, d] - y[:, 0])) / mass
        if len(places) < FEW:
            out[:, d] = np.interp(at, places, level)
            continue
        # On the unit interval, so that what is tiny or huge in its own unit is as well conditioned as any other.
        low, width = places[0], places[-1] - places[0]
        curve = make_smoothing_spline((places - low) / width, level, w=mass / mass.mean())
        out[:, d] = curve(np.clip((at - low) / width, 0, 1))
    return out
