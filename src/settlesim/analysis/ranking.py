"""Which sequence comes first, and how firmly."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from settlesim.analysis.flips import flips_of
from settlesim.analysis.luck_averaged import values_of, weights_of
from settlesim.analysis.statistics import (
    better_end,
    check_labels,
    check_result,
    indicators,
    outcome_variable,
    runs_present,
)
from settlesim.errors import UsageError, choose
from settlesim.results.common_luck import check_common_luck

__all__ = ["rank"]

Floats = NDArray[np.float64]

# Numbers that the bootstrap may hold at a time.
BATCH = 4_000_000
# Expected values nearer to each other, as a share of the largest value, are equal but for rounding.
ROUNDING = 1e-12


def rank(
    dataset: xr.Dataset,
    variable: str,
    *,
    kind: str | None = None,
    weights: xr.DataArray | None = None,
    best: Literal["highest", "lowest"] | None = None,
    resamples: int = 2000,
    rng: int = 0,
) -> xr.Dataset:
    """Rank sequences by the expected value of an outcome, and say how firm the order is and where it turns.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compare`; of a sweep, select one point first.  Or from `nested` or `evaluate`, with worlds and luck apart.
    variable : str
        An outcome.
    kind : str, optional
        For a coded outcome: the meaning whose share counts, such as ``"continued_war"``.
    weights : xarray.DataArray, optional
        Weights of the worlds, from `reweight`: a ranking under other priors.
    best : {"highest", "lowest"}, optional
        Which end comes first; by default the one that the outcome declares to be better, else the highest.
    resamples : int
        Bootstrap samples of the runs, or of the worlds.
    rng : int
        Seed of the bootstrap.

    Returns
    -------
    xarray.Dataset
        Dimension ``sequence``, the best first:

        - ``value``: expected value; ``place`` from 1.  Sequences of equal expected value share a place, as in sport
          (1, 1, 3), and stand by name; what is said of the order of two of them is said of that one.
        - ``first``: share of bootstrap samples in which the sequence comes first: how far more runs might
          still change the order.  Those that come first together share the sample.
        - ``bootstrap_reversals`` (sequence, other): share of bootstrap samples in which the order of the two is
          reversed.
        - of `compare`: ``reversed_runs`` (sequence, other): share of runs in which `sequence` does strictly better
          than `other`, although expected to do worse, or strictly worse although expected to do better; ``ties``:
          share in which they do equally well.  Most of that is luck, which would have turned the same way in another
          world: it is no share of worlds.
        - of worlds and luck apart: ``flips``, ``flips_low``, ``flips_high`` (sequence, other): share of worlds whose
          expected difference has the other sign, luck averaged out, and its 95% interval, as `flips_of` has them.

        The attribute ``order_reversals`` is the share of bootstrap samples whose whole order differs; ``n`` the
        number of runs, or worlds.

    Raises
    ------
    UsageError
        If a name is unknown, there is only one sequence, some runs have no value (a ranking among different runs for
        different sequences would not be one), a run or sequence stands twice, or sequences have met other luck.

    Notes
    -----
    Of worlds and luck apart, the bootstrap is over worlds.  Where one luck meets all worlds (`evaluate`), what it does
    to all of them alike is not resampled, and the order looks firmer than it is; `differences` between neighbours by
    `flips_of` count it.

    Examples
    --------
    >>> from settlesim.experiments.simulate import compare
    >>> from settlesim.scenario.files import load
    >>> order = rank(compare(load("two-party"), runs=40, rng=7), "deaths")
    >>> order.place.values[0].item()
    1
    """
    check_result(dataset)
    apart = "luck" in dataset.dims
    if best is None:
        best = better_end(_ranked(dataset, variable, apart)) or "highest"
    choose(best, ("highest", "lowest"), "end")
    check_labels(dataset, "sequence")
    check_common_luck(dataset, what=f"sequences cannot be ranked by {variable!r}")
    if not apart:
        check_labels(dataset, "run")
    dataset, weights = _there(dataset, weights, "point" if apart else "run")
    values = _worlds(dataset, variable, kind) if apart else _matrix(dataset, variable, kind)
    share = weights_of(dataset, weights, "point" if apart else "run")
    names = np.array([str(name) for name in dataset["sequence"].values])
    means = values @ share if weights is not None else values.mean(axis=1)
    sign = -1.0 if best == "highest" else 1.0
    close = ROUNDING * float(np.abs(values).max(initial=0.0))
    order, place = _placed(sign * means, names, close)
    values, means, names = values[order], means[order], names[order]
    resampled = sign * _bootstrap_means(values, resamples, rng, None if weights is None else share)
    gaps = resampled[:, np.newaxis] - resampled[np.newaxis]
    above = np.arange(len(names))[:, np.newaxis] < np.arange(len(names))[np.newaxis]
    reversals = np.where(above, (gaps > close).mean(axis=2), (gaps < -close).mean(axis=2))
    np.fill_diagonal(reversals, 0.0)
    leads = resampled <= resampled.min(axis=0) + close
    first = (leads / leads.sum(axis=0)).mean(axis=1)
    changed = (np.diff(resampled, axis=0) < -close).any(axis=0).mean()
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
    pairs = (
        _flips(dataset, names, variable, kind, weights, resamples, rng) if apart else _runs(values, share, sign, above)
    )
    return xr.Dataset(
        {
            "value": ("sequence", means, {"units": units}),
            "place": ("sequence", place),
            "first": ("sequence", first, {"units": "share"}),
            "bootstrap_reversals": (("sequence", "other"), reversals, {"units": "share"}),
            **{name: (("sequence", "other"), table, {"units": "share"}) for name, table in pairs.items()},
        },
        {"sequence": names, "other": names},
        {**attrs, "order_reversals": float(changed)},
    )


def _placed(means: Floats, names: Any, close: float) -> tuple[Any, Any]:
    """Return the order, lowest mean first and equal ones by name, and the places of those so ordered."""
    order = np.argsort(means, kind="stable")
    place = np.empty(len(means), np.int64)
    first = 0
    for at in range(len(means)):
        first = first if means[order[at]] - means[order[first]] <= close else at
        place[order[at]] = first + 1
    order = np.lexsort((names, place))
    return order, place[order]


def _there(dataset: xr.Dataset, weights: xr.DataArray | None, dim: str) -> tuple[xr.Dataset, xr.DataArray | None]:
    """Leave out runs, or worlds, that are there under no sequence, and their weights."""
    kept = runs_present(dataset, over=dim)
    if len(kept) == dataset.sizes[dim]:
        return dataset, weights
    if weights is not None:
        weights_of(dataset, weights, dim)
        weights = weights.isel({dim: kept})
    return dataset.isel({dim: kept}), weights


def _ranked(dataset: xr.Dataset, variable: str, apart: bool) -> xr.DataArray:
    if not apart:
        return outcome_variable(dataset, variable)
    choose(variable, map(str, dataset.data_vars), "variable")
    return dataset[variable]


def _runs(values: Floats, share: Floats, sign: float, above: Any) -> dict[str, Floats]:
    """Shares of runs in which two stand the other way round than expected, and in which they tie."""
    better = sign * (values[:, np.newaxis] - values[np.newaxis])
    # `better` is negative where the row's sequence does better; above the diagonal it is expected to.
    reversed_runs = np.where(above, (better > 0) @ share, (better < 0) @ share)
    np.fill_diagonal(reversed_runs, 0.0)
    return {"reversed_runs": reversed_runs, "ties": (better == 0) @ share}


def _flips(
    dataset: xr.Dataset,
    names: Any,
    variable: str,
    kind: str | None,
    weights: xr.DataArray | None,
    resamples: int,
    rng: int,
) -> dict[str, Floats]:
    """Shares of worlds whose expected difference has the other sign, with their intervals."""
    out = {name: np.zeros((len(names), len(names))) for name in ("flips", "flips_low", "flips_high")}
    for i, one in enumerate(names):
        for j, other in enumerate(names[:i]):
            found = flips_of(
                dataset, str(other), str(one), variable, kind=kind, weights=weights, resamples=resamples, rng=rng
            )["flips"]
            for name, statistic in (("flips", "estimate"), ("flips_low", "low"), ("flips_high", "high")):
                out[name][i, j] = out[name][j, i] = float(found.sel(statistic=statistic))
    return out


def _worlds(dataset: xr.Dataset, variable: str, kind: str | None) -> Floats:
    """Averages over luck, shape (sequences, worlds)."""
    values = values_of(dataset, variable, kind)
    if values.sizes["sequence"] < 2:
        raise UsageError("a ranking needs at least two sequences")
    missing = int(values.isnull().any(("sequence", "luck")).sum())
    if missing:
        raise UsageError(
            f"{variable!r} has no value in some run of {missing} of {values.sizes['point']} worlds: rank by "
            "one that all runs have"
        )
    return np.asarray(values.mean("luck").transpose("sequence", "point").values)


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
    if not values.sizes["run"]:
        raise UsageError("a ranking needs at least one run")
    missing = int(values.isnull().any("sequence").sum())
    if missing:
        raise UsageError(
            f"{variable!r} has no value in {missing} of {values.sizes['run']} runs; rank by one that all "
            "runs have, or select the runs that have it"
        )
    return np.asarray(values.transpose("sequence", "run").values)


def _bootstrap_means(values: Floats, resamples: int, rng: int, share: Floats | None) -> Floats:
    """Means of runs drawn with replacement, the same for every sequence; shape (sequences, resamples)."""
    if resamples < 1:
        raise UsageError(f"resamples must be at least 1, got {resamples}")
    generator = np.random.default_rng(rng)
    n = values.shape[1]
    step = max(1, BATCH // (n * len(values)))
    parts = []
    for start in range(0, resamples, step):
        chosen = generator.integers(0, n, (min(step, resamples - start), n))
        if share is None:
            parts.append(values[:, chosen].mean(axis=2))
        else:
            drawn = share[chosen] / share[chosen].sum(axis=1, keepdims=True)
            parts.append((values[:, chosen] * drawn).sum(axis=2))
    return np.concatenate(parts, axis=1)
