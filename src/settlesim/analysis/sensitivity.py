"""Which parameters the expected difference between two sequences hangs on."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtri

from settlesim.analysis.luck_averaged import parameters_of
from settlesim.analysis.statistics import check_level
from settlesim.errors import UsageError, choose

if TYPE_CHECKING:
    from settlesim.chance.worlds import Rng
    from settlesim.experiments.execution import Execution
    from settlesim.scenario.plan import Plan
    from settlesim.scenario.scenario import Scenario
    from settlesim.scenario.sequence import Sequence

__all__ = ["sensitivity", "sobol", "sobol_of"]

Floats = NDArray[np.float64]
# Worlds without which SALib's estimators say nothing.
LEAST = 60
# Parameters that are none, by which the height is known that PAWN's index has without any effect.
DUMMIES = 100


def sensitivity(
    found: xr.Dataset,
    *,
    parameters: Iterable[str] | None = None,
    slices: int = 10,
    resamples: int = 100,
    level: float = 0.95,
    rng: int = 0,
) -> xr.Dataset:
    """Rank parameters by what they do to the expected difference, from worlds drawn from the priors.

    Parameters
    ----------
    found : xarray.Dataset
        From `flips` or `flips_of`, unweighted.
    parameters : iterable of str, optional
        By default all that vary.
    slices : int
        Intervals of a parameter, equally filled, that PAWN compares.
    resamples : int
        Bootstrap samples of the worlds; a quarter of them for PAWN, which is slow.
    level : float
        Coverage of the intervals, and the quantile of ``pawn_null``.
    rng : int
        Seed of the resampling.

    Returns
    -------
    xarray.Dataset
        Along ``parameter``, the largest first:

        - ``first``, ``first_low``, ``first_high``: first-order Sobol index: share of the variance of the expected
          difference between worlds that goes with the parameter alone (RBD-FAST).
        - ``pawn``, ``pawn_low``, ``pawn_high``: PAWN index, the median distance (Kolmogorov-Smirnov) between the
          distribution of differences and that within a slice; ``pawn_null``: the height that it does not pass, at
          `level`, for a parameter without any effect.

    Raises
    ------
    UsageError
        If the extra ``sensitivity`` is missing, worlds are weighted or too few, luck leaves nothing to explain, or a
        name is unknown.

    Notes
    -----
    RBD-FAST (Tarantola, Gatelli & Mara 2006; bias as corrected by Tissot & Prieur 2012) and PAWN (Pianosi & Wagener
    2018), as in SALib (Iwanaga, Usher & Herman 2022).  Averages over luck still hold some of it, which no parameter
    explains: first-order indices are divided by ``reliability``, the share of their variance that is not luck's; where
    all worlds meet one luck (`evaluate`), what parameters explain of luck alone is taken off first, by the difference
    between the halves of luck.  PAWN has no such correction and is too low where luck is loud.  Parameters that are
    scaled together, such as the values of a pie, are not independent, as Sobol indices suppose.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> strong, weak = rng.random((2, 500))
    >>> each = (2 * strong + weak)[:, None] + rng.normal(0, 1, (500, 10))
    >>> score = (("point", "sequence", "luck"), np.stack([each, 0 * each], axis=1))
    >>> drawn = xr.Dataset({"score": score}, {"sequence": ["a", "b"]}, {"luck_design": "own"})
    >>> drawn = drawn.assign({n: ("point", v, {"role": "parameter"}) for n, v in (("strong", strong), ("weak", weak))})
    >>> from settlesim.analysis.flips import flips_of
    >>> table = sensitivity(flips_of(drawn, "a", "b", "score"), resamples=20)
    >>> [bool(abs(index - truth) < 0.2) for index, truth in zip(table["first"].values, (0.8, 0.2))]
    [True, True]
    """
    check_level(level)
    names, difference, luck, between = _asked(found, parameters, resamples)
    pawn, rbd = _salib("analyze.pawn"), _salib("analyze.rbd_fast")
    x = np.stack([np.asarray(found[name].values, float) for name in names], axis=1)
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    seeds = np.random.default_rng(rng)

    def first(y: Floats) -> tuple[Floats, Floats]:
        if np.ptp(y) == 0:
            return np.zeros(len(names)), np.zeros(len(names))
        # A seed of zero would be none.
        seed = int(seeds.integers(1, 2**31))
        table = rbd.analyze(problem, x, y, num_resamples=resamples, conf_level=level, seed=seed)
        return float(np.var(y)) * np.asarray(table["S1"]), float(np.var(y)) * np.asarray(table["S1_conf"])

    def distances(columns: Floats, y: Floats) -> Floats:
        many = {"num_vars": columns.shape[1], "names": [str(i) for i in range(columns.shape[1])]}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a slice of equal values is empty
            return np.asarray(pawn.analyze(many | {"bounds": problem["bounds"]}, columns, y, S=slices)["median"])

    part, reach = first(difference)
    if found.attrs.get("luck_design") != "own":
        lucky, further = first(luck)
        part, reach = part - lucky, np.hypot(reach, further)
    height = distances(x, difference)
    n = len(difference)
    drawn = [seeds.integers(0, n, n) for _ in range(max(resamples // 4, 2))]
    spread = np.std([distances(x[which], difference[which]) for which in drawn], axis=0) * ndtri(0.5 + level / 2)
    null = float(np.quantile(distances(seeds.random((n, DUMMIES)), difference), level))
    values = {"first": part, "first_low": part - reach, "first_high": part + reach}
    values = {name: value / between for name, value in values.items()}
    values |= {"pawn": height, "pawn_low": np.maximum(height - spread, 0), "pawn_high": np.minimum(height + spread, 1)}
    return _table(found, names, values, "first", {"pawn_null": null, "level": level})


def sobol(
    scenario: Scenario,
    a: str | Sequence,
    b: str | Sequence,
    outcome: str,
    *,
    parameters: Iterable[str],
    size: int = 64,
    luck: int = 20,
    rng: Rng = None,
    plan: str | Plan | None = None,
    kind: str | None = None,
    level: float = 0.95,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Simulate Saltelli's design over some parameters, and give Sobol indices of the expected difference.

    Parameters
    ----------
    scenario, a, b, outcome, plan, kind
        As for `flips`.
    parameters : iterable of str
        The few parameters to tell apart, for instance those at the head of `sensitivity`: with D of them,
        ``size (D + 2)`` points are simulated.
    size : int
        Points of each of the two base samples, a power of two.
    luck : int
        How many lucks each point meets.  The parameters left out are drawn anew for each of them, alike at all points,
        so that they are averaged out as luck is.
    rng : int, SeedSequence, Generator or None
        Entropy of all chance.
    level : float
        Coverage of the intervals.
    execution : Execution, optional
        Workers, size of blocks, progress.

    Returns
    -------
    xarray.Dataset
        As from `sobol_of`.

    Raises
    ------
    UsageError
        As `flips` and `sobol_of`; also for a size that is no power of two.
    """
    from settlesim.analysis.flips import flips_of, pair_asked
    from settlesim.chance.worlds import entropy_of
    from settlesim.experiments.evaluate import evaluate

    check_level(level)
    one, other = pair_asked(scenario, a, b, outcome, plan)
    quantities = {str(q.address): q for q in scenario.quantities() if q.uncertain}
    names = [choose(name, quantities, "uncertain parameter") for name in parameters]
    if not names or size < 2 or size & (size - 1):
        raise UsageError(f"name at least one parameter, and a size that is a power of two, not {size!r}")
    entropy = entropy_of(rng)
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    seed = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(8,)))
    u = _salib("sample.sobol").sample(problem, size, calc_second_order=False, seed=seed)
    points = {name: quantities[name].prior.ppf(u[:, i]) for i, name in enumerate(names)}
    dataset = evaluate(
        scenario, points, [one, other], rest="common", luck=luck, rng=entropy, execution=execution
    ).assign_attrs(luck_design="common")
    found = flips_of(dataset, one.name, other.name, outcome, kind=kind, level=level)
    return sobol_of(found, names, level=level)


def sobol_of(
    found: xr.Dataset, parameters: Iterable[str], *, resamples: int = 200, level: float = 0.95, rng: int = 0
) -> xr.Dataset:
    """Estimate Sobol indices of the expected difference from points of Saltelli's design.

    Parameters
    ----------
    found : xarray.Dataset
        From `flips_of`, of points as `SALib.sample.sobol.sample` orders them, without second order.
    parameters : iterable of str
        Its parameters, in the order of the sample's columns.
    resamples, level, rng
        Bootstrap samples, coverage of their intervals, seed.

    Returns
    -------
    xarray.Dataset
        Along ``parameter``, the largest first: ``first`` and ``total``, with ``_low`` and ``_high``.

    Raises
    ------
    UsageError
        If the extra ``sensitivity`` is missing, points are missing, or luck leaves nothing to explain.

    Notes
    -----
    Estimators of Saltelli et al. (2010), as in SALib.  All are quadratic in the differences; luck would add to them,
    and not to all alike, since neighbouring points have much of it in common.  With the averages y1, y2 over the two
    halves of luck, ``q(y1, y2) = q((y1 + y2) / 2) - q((y1 - y2) / 2)`` holds for every quadratic q, and its
    expectation is free of luck, whatever luck the points share.
    """
    check_level(level)
    names = list(parameters)
    _, difference, luck, _ = _asked(found, names, resamples)
    if len(difference) % (len(names) + 2):
        raise UsageError(
            f"{len(difference)} points are no Saltelli design of {len(names)} parameters: their number must be a "
            f"multiple of {len(names) + 2}; all of them need values"
        )
    analyze = _salib("analyze.sobol").analyze
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}

    def parts(y: Floats) -> dict[str, Floats]:
        base = np.delete(y.reshape(-1, len(names) + 2), np.s_[1:-1], axis=1)
        variance = float(np.var(base))
        if variance <= 1e-24 * float(np.var(difference)):
            return dict.fromkeys(("S1", "ST", "S1_conf", "ST_conf"), np.zeros(len(names))) | {"V": np.zeros(1)}
        table = analyze(problem, y, calc_second_order=False, num_resamples=resamples, conf_level=level, seed=rng + 1)
        return {key: variance * np.asarray(table[key]) for key in ("S1", "ST", "S1_conf", "ST_conf")} | {
            "V": np.array([variance])
        }

    whole, lucky = parts(difference), parts(luck)
    between = float((whole["V"] - lucky["V"])[0])
    if between <= 0:
        raise UsageError("what differs between these points is luck: take more of it, or points further apart")
    values: dict[str, Floats] = {}
    for name, key in (("first", "S1"), ("total", "ST")):
        middle = (whole[key] - lucky[key]) / between
        reach = np.hypot(whole[f"{key}_conf"], lucky[f"{key}_conf"]) / between
        values |= {name: middle, f"{name}_low": middle - reach, f"{name}_high": middle + reach}
    return _table(found, names, values, "total", {"level": level})


def _asked(
    found: xr.Dataset, parameters: Iterable[str] | None, resamples: int
) -> tuple[list[str], Floats, Floats, float]:
    """Names, differences, luck's part in them, and the variance of the expected difference."""
    if "world_difference" not in found:
        raise UsageError("sensitivities are of what ss.flips or ss.flips_of returns")
    weights = found["world_weight"].values
    if np.ptp(weights) > 1e-9 * weights.max():
        raise UsageError("sensitivities need worlds as they were drawn, without weights: leave out weights=")
    known = parameters_of(found)
    names = known if parameters is None else [choose(name, known, "varying parameter") for name in parameters]
    difference = np.asarray(found["world_difference"].values, float)
    if len(difference) < LEAST or not names or resamples < 2:
        raise UsageError(
            f"sensitivities need {LEAST} worlds, a parameter that varies and two resamples, not {len(difference)}, "
            f"{len(names)} and {resamples}"
        )
    between = float(found["between"].sel(statistic="estimate"))
    if between <= 0:
        raise UsageError(
            "the expected difference does not vary between worlds beyond luck: there is nothing to explain"
        )
    return names, difference, np.asarray(found["world_luck"].values, float), between


def _salib(module: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"SALib.{module}")
    except ImportError as error:
        raise UsageError('sensitivities need SALib: pip install "settlesim[sensitivity]"') from error


def _table(
    found: xr.Dataset, names: list[str], values: dict[str, Floats], key: str, notes: dict[str, Any]
) -> xr.Dataset:
    order = np.argsort(-values[key], kind="stable")
    units = [str(found[names[i]].attrs.get("units", "1")) for i in order]
    data = {name: ("parameter", np.asarray(value)[order]) for name, value in values.items()}
    if "pawn_null" in notes:
        data["pawn_null"] = ("parameter", np.full(len(names), notes.pop("pawn_null")))
    coords = {"parameter": [names[i] for i in order], "units": ("parameter", units)}
    return xr.Dataset(data, coords, {**found.attrs, **notes})
