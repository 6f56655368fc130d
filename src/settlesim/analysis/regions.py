"""Regions of parameters in which a difference turns, found in some worlds and checked in others."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import ks_2samp, ttest_ind
from scipy.stats import t as student

from settlesim.analysis.luck_averaged import parameters_of
from settlesim.analysis.statistics import check_level
from settlesim.errors import UsageError, choose

__all__ = ["regions"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# Parameters that boxes are looked for among, those in which worlds that flip and others differ most.
CANDIDATES = 8
# Worlds that flip below which no box is looked for, and worlds without which nothing can be checked.
FEWEST, LEAST = 8, 40
# How much worse, in the mean of coverage and density, a rule may get by losing one of its limits.
DISPENSABLE = 0.02


@dataclass(frozen=True)
class Box:
    """Limits of some parameters, both ends included; None where there is none."""

    limits: dict[str, tuple[float | None, float | None]]

    def holds(self, columns: dict[str, Floats]) -> Flags:
        """Tell which worlds lie in the box."""
        inside = np.ones(len(next(iter(columns.values()))), bool)
        for name, (low, high) in self.limits.items():
            if low is not None:
                inside &= columns[name] >= low
            if high is not None:
                inside &= columns[name] <= high
        return inside


def regions(
    found: xr.Dataset,
    *,
    parameters: Iterable[str] | None = None,
    most: int = 3,
    held_out: float = 0.5,
    mass: float = 0.1,
    level: float = 0.95,
    rng: int = 0,
) -> xr.Dataset:
    """Say in words of the parameters where a difference turns, and whether that holds in worlds not looked at.

    Parameters
    ----------
    found : xarray.Dataset
        From `flips` or `flips_of`, unweighted.
    parameters : iterable of str, optional
        Those to look among; by default all that vary.
    most : int
        How many parameters a rule may name.
    held_out : float
        Share of the worlds in which rules are checked, and by which all figures are given.
    mass : float
        Least share of worlds in a box or leaf, where it is found.
    level : float
        Coverage of the intervals; the tests are at ``1 - level``, over all boxes together.
    rng : int
        Seed of the split.

    Returns
    -------
    xarray.Dataset
        Along ``box``, with its ``rule`` ("withdrawal_linkage <= 0.4 and ..."):

        - ``method``: ``"prim"``, a box in which worlds flip often; ``"tree"``, a leaf of a shallow regression tree of
          the expected difference, if that is nearer the other sign there than on average.
        - ``density``: share of its worlds that flip; ``coverage``: share of the worlds that flip which it holds;
          ``mass``: share of worlds; ``worlds``: their number.  Flips are counted on averages over luck, of which
          luck makes some.
        - ``difference``, ``low``, ``high``: expected difference within it; ``outside``: that without.
        - ``p``: of the test that it is not nearer the other sign within than without (Welch, one-sided, Holm over
          boxes).
        - ``verdict``: ``"turns"``, where the interval lies on the other side of zero; ``"weaker"``, where the
          difference is nearer to it than outside; else ``"not confirmed"``.

    Raises
    ------
    UsageError
        If the extra ``discover`` is missing, worlds are weighted or too few, or a name is unknown.

    Notes
    -----
    PRIM (Friedman & Fisher 1999) and trees as used in scenario discovery (Bryant & Lempert 2010), by the EMA workbench
    (Kwakkel 2017).  Both find regions in noise if allowed to.  Rules are found in one part of the worlds; limits are
    rounded to three digits; and the rule as it is written is tried on the other part, which had no say in it.  PRIM
    peels among the eight parameters in which worlds that flip differ most from others (Kolmogorov-Smirnov); of its
    peeling steps the one with the best harmonic mean of coverage and density is taken, and limits that add next
    to nothing to it are dropped.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> rate = rng.random(400)
    >>> each = 0.5 - 1.0 * (rate > 0.7)[:, None] + rng.normal(0, 0.3, (400, 5))
    >>> score = (("point", "sequence", "luck"), np.stack([each, 0 * each], axis=1))
    >>> drawn = xr.Dataset({"score": score}, {"sequence": ["a", "b"]}, {"luck_design": "own"})
    >>> drawn["rate"] = ("point", rate, {"role": "parameter", "units": "a year"})
    >>> from settlesim.analysis.flips import flips_of
    >>> table = regions(flips_of(drawn, "a", "b", "score"))
    >>> print(table.rule.values[0], ":", table.verdict.values[0])
    rate >= 0.708 a year : turns
    """
    check_level(level)
    columns, difference, flipped = _worlds(found, parameters, held_out, most, mass)
    n = len(difference)
    seen = np.zeros(n, bool)
    seen[np.random.default_rng(rng).permutation(n)[: round(n * (1 - held_out))]] = True
    part = {name: column[seen] for name, column in columns.items()}
    boxes = [("prim", box) for box in _peeled(part, flipped[seen], most, mass)]
    sign = 1.0 if float(found["difference"].sel(statistic="estimate")) >= 0 else -1.0
    boxes += [("tree", box) for box in _leaves(part, sign * difference[seen], most, mass)]
    rest = {name: column[~seen] for name, column in columns.items()}
    rows = [_checked(box.holds(rest), difference[~seen], flipped[~seen], sign, level) for _, box in boxes]
    table = {name: np.array([row[name] for row in rows], float) for name in rows[0]} if rows else {}
    p = _holm(table.get("p", np.empty(0)))
    units = str(found["world_difference"].attrs.get("units", "1"))
    data: dict[str, Any] = {name: ("box", values) for name, values in table.items()}
    for name in ("difference", "low", "high", "outside"):
        if name in data:
            data[name] = ("box", table[name], {"units": units})
    data["p"] = ("box", p)
    turned = table.get("turned", np.empty(0)) > 0
    data.pop("turned", None)
    verdict = np.where(p > 1 - level, "not confirmed", np.where(turned, "turns", "weaker"))
    data["verdict"] = ("box", verdict.astype(str))
    data["method"] = ("box", np.array([method for method, _ in boxes], str))
    rules = np.array([_rule(box, found) for _, box in boxes], str)
    held = int((~seen).sum())
    notes = {"level": level, "worlds_found": int(seen.sum()), "worlds_held_out": held}
    notes |= {"flips_held_out": float(flipped[~seen].mean())}
    return xr.Dataset(data, {"rule": ("box", rules)}, {**found.attrs, **notes})


def _worlds(
    found: xr.Dataset, parameters: Iterable[str] | None, held_out: float, most: int, mass: float
) -> tuple[dict[str, Floats], Floats, Flags]:
    """Parameters, differences, and which worlds flip."""
    if "world_difference" not in found:
        raise UsageError("regions are found in what ss.flips or ss.flips_of returns")
    weights = found["world_weight"].values
    if np.ptp(weights) > 1e-9 * weights.max():
        raise UsageError("regions need worlds as they were drawn, without weights: leave out weights=")
    if not 0.1 <= held_out <= 0.9 or not 0 < mass < 0.5 or most < 1:
        raise UsageError("held_out lies between 0.1 and 0.9, mass between 0 and 0.5, and most is at least 1")
    known = parameters_of(found)
    names = known if parameters is None else [choose(name, known, "varying parameter") for name in parameters]
    difference = np.asarray(found["world_difference"].values, float)
    if len(difference) < LEAST or not names:
        raise UsageError(
            f"regions need at least {LEAST} worlds and a parameter that varies, not {len(difference)} and {len(names)}"
        )
    mean = float(found["difference"].sel(statistic="estimate"))
    flipped: Flags = difference < 0 if mean >= 0 else difference > 0
    return {name: np.asarray(found[name].values, float) for name in names}, difference, flipped


def _workbench(module: str) -> Any:
    """Import a part of the EMA workbench, which warns of what it does not need here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"ema_workbench.analysis.{module}")
    except ImportError as error:
        raise UsageError('regions need the EMA workbench: pip install "settlesim[discover]"') from error


def _peeled(columns: dict[str, Floats], flipped: Flags, most: int, mass: float) -> list[Box]:
    """The box of PRIM, if worlds that flip are enough to look for one."""
    import pandas as pd

    prim = _workbench("prim")
    if flipped.sum() < FEWEST or (~flipped).sum() < FEWEST:
        return []
    apart = {name: ks_2samp(c[flipped], c[~flipped], method="asymp").statistic for name, c in columns.items()}
    names = sorted(apart, key=lambda name: -apart[name])[:CANDIDATES]
    table = pd.DataFrame({name: columns[name] for name in names})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = prim.Prim(table, flipped.copy(), threshold=0.0, peel_alpha=0.05, mass_min=mass)
        peeled = search.find_box()
    tried = [_limits(table, frame) for frame in peeled.box_lims]
    allowed = [box for box in tried if 0 < len(box.limits) <= most]
    if not allowed:
        return []
    best = max(allowed, key=lambda box: _merit(box, columns, flipped))
    return [_pruned(best, columns, flipped)]


def _limits(table: Any, frame: Any) -> Box:
    """Read the limits of a box, leaving out those at the edge of what was drawn."""
    limits: dict[str, tuple[float | None, float | None]] = {}
    for name in table.columns:
        low, high = float(frame[name].iloc[0]), float(frame[name].iloc[1])
        below = low if low > float(table[name].min()) else None
        above = high if high < float(table[name].max()) else None
        if below is not None or above is not None:
            limits[str(name)] = (_rounded(below), _rounded(above))
    return Box(limits)


def _rounded(limit: float | None) -> float | None:
    return None if limit is None else float(f"{limit:.3g}")


def _merit(box: Box, columns: dict[str, Floats], flipped: Flags) -> float:
    """Harmonic mean of coverage and density."""
    inside = box.holds(columns)
    return float(2 * (inside & flipped).sum() / (inside.sum() + flipped.sum()))


def _pruned(box: Box, columns: dict[str, Floats], flipped: Flags) -> Box:
    """Drop ends, the most dispensable first, that add next to nothing."""
    ends = [(name, end) for name, pair in box.limits.items() for end in (0, 1) if pair[end] is not None]
    while len(ends) > 1:
        tried = [_merit(_without(box, *end), columns, flipped) for end in ends]
        best = int(np.argmax(tried))
        if tried[best] < _merit(box, columns, flipped) - DISPENSABLE:
            break
        box = _without(box, *ends.pop(best))
    return box


def _without(box: Box, name: str, end: int) -> Box:
    pair = (None, box.limits[name][1]) if end == 0 else (box.limits[name][0], None)
    rest = {other: ends for other, ends in box.limits.items() if other != name}
    return Box(rest if pair == (None, None) else box.limits | {name: pair})


def _leaves(columns: dict[str, Floats], difference: Floats, most: int, mass: float) -> list[Box]:
    """Leaves of a regression tree that are below average and name no more parameters than a rule may."""
    import pandas as pd

    cart, kinds = _workbench("cart"), _workbench("scenario_discovery_util")
    # The workbench looks up the feature of a leaf, number -2, among the names: two there must be.
    table = pd.DataFrame({**columns, "": np.zeros(len(difference))})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Leaves as large as this keep the tree shallow.
        tree = cart.CART(table, difference, mass_min=max(mass, 0.2), mode=kinds.RuleInductionType.REGRESSION)
        tree.build_tree()
        boxes = [_limits(table, frame) for frame in tree.boxes]
    middle = difference.mean()
    short = [box for box in boxes if 0 < len(box.limits) <= most]
    # Limits are rounded, so that a leaf of few values may hold none.
    return [box for box in short if (inside := box.holds(columns)).any() and difference[inside].mean() < middle]


def _checked(inside: Flags, difference: Floats, flipped: Flags, sign: float, level: float) -> dict[str, float]:
    """Figures of a box in worlds that had no say in it."""
    n = int(inside.sum())
    out = {
        "density": float(flipped[inside].mean()) if n else np.nan,
        "coverage": float((flipped & inside).sum() / flipped.sum()) if flipped.any() else np.nan,
        "mass": float(inside.mean()),
        "worlds": float(n),
    }
    within, without = difference[inside], difference[~inside]
    mean, low, high, p = float(within.mean()) if n else np.nan, np.nan, np.nan, 1.0
    if n > 1:
        reach = float(student.ppf(0.5 + level / 2, n - 1) * within.std(ddof=1) / np.sqrt(n))
        low, high = mean - reach, mean + reach
    if n > 1 and len(without) > 1 and np.ptp(difference) > 0:
        p = float(ttest_ind(sign * within, sign * without, equal_var=False, alternative="less").pvalue)
    turned = float((high if sign > 0 else -low) < 0)
    outside = float(without.mean()) if len(without) else np.nan
    p = p if np.isfinite(p) else 1.0
    return out | {"difference": mean, "low": low, "high": high, "outside": outside, "p": p, "turned": turned}


def _holm(p: Floats) -> Floats:
    """Adjust p values for their number (Holm 1979)."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))) if len(p) else p
    out = np.empty(len(p))
    out[order] = np.minimum(steps, 1.0)
    return out


def _rule(box: Box, found: xr.Dataset) -> str:
    parts = []
    for name, (low, high) in box.limits.items():
        units = str(found[name].attrs.get("units", "1"))
        unit = "" if units in ("", "1") else f" {units}"
        parts += [f"{name} >= {low:g}{unit}"] if low is not None else []
        parts += [f"{name} <= {high:g}{unit}"] if high is not None else []
    return " and ".join(parts)
