"""In which worlds the better of two sequences is the worse: the sign of the expected difference, luck averaged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.stats import t as student

from settlesim.analysis.flip_shares import draw_shares, pair_noise, shares_of
from settlesim.analysis.luck_averaged import Differences, Spread, pair_of, parameters_of, spread_of
from settlesim.analysis.statistics import better_end, check_finite, check_labels, check_level, kind_of, wilson
from settlesim.errors import UsageError, choose
from settlesim.scenario.plan import ARROW

if TYPE_CHECKING:
    from settlesim.chance.worlds import Rng
    from settlesim.experiments.execution import Execution
    from settlesim.scenario.plan import Plan
    from settlesim.scenario.scenario import Scenario
    from settlesim.scenario.sequence import Sequence

__all__ = ["flips", "flips_of", "pair_asked"]

STATISTICS = ("estimate", "error", "low", "high")
SHARES = ("higher", "lower", "same", "naive_higher", "naive_lower")
# Degrees of freedom given to errors from few lucks.
LUCK_FREEDOM = 10


def flips(
    scenario: Scenario,
    a: str | Sequence,
    b: str | Sequence,
    outcome: str,
    *,
    worlds: int = 500,
    luck: int = 20,
    rng: Rng = None,
    plan: str | Plan | None = None,
    kind: str | None = None,
    level: float = 0.95,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Simulate two sequences in many worlds, several times each, and say in which worlds their difference flips.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    a, b : str or Sequence
        Names of sequences, sequences of your own, or with `plan` names of its orders, such as
        ``"us > kabul > prisoners"``.
    outcome : str
        What is compared.
    worlds, luck : int
        How many worlds, and how often each is simulated under either sequence, with luck of its own
        (`settlesim.experiments.nested.nested`).
    rng : int, SeedSequence, Generator or None
        Entropy of all chance; the result records it.
    plan : str or Plan, optional
        The plan whose orders `a` and `b` are.
    kind, level
        As for `flips_of`.
    execution : Execution, optional
        Workers, size of blocks, progress.

    Returns
    -------
    xarray.Dataset
        As from `flips_of`.

    Raises
    ------
    UsageError
        For unknown names, before the first run.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> found = flips(load("two-party"), "talk", "give_first", "deaths", worlds=8, luck=4, rng=7)
    >>> found.attrs["worlds"], found.flips.dims
    (8, ('statistic',))
    """
    from settlesim.experiments.nested import nested

    check_level(level)
    one, other = pair_asked(scenario, a, b, outcome, plan)
    dataset = nested(scenario, [one, other], worlds=worlds, luck=luck, rng=rng, execution=execution)
    return flips_of(dataset, one.name, other.name, outcome, kind=kind, level=level)


def pair_asked(scenario: Scenario, a: Any, b: Any, outcome: str, plan: str | Plan | None) -> tuple[Sequence, Sequence]:
    """Return two sequences by name, as they are, or as orders of a plan; raise before any run what is wrong with them.

    Raises
    ------
    UsageError
        For an unknown outcome or sequence, or one sequence twice.
    """
    from settlesim.model.standard import STANDARD

    choose(outcome, [known.name for known in STANDARD.outcomes], "outcome")
    one, other = (_executable(scenario, which, plan) for which in (a, b))
    if one.name == other.name:
        raise UsageError(f"{one.name!r} cannot differ from itself: name two sequences")
    return one, other


def _executable(scenario: Scenario, which: str | Sequence, plan: str | Plan | None) -> Sequence:
    if isinstance(which, str) and which not in scenario.sequences:
        if plan is not None:
            return scenario.plan(plan).order(which)
        if ARROW in which:
            raise UsageError(f"{which!r} looks like an order: say with plan= of which plan")
    return scenario.sequence(which)


def flips_of(
    dataset: xr.Dataset,
    a: str,
    b: str,
    outcome: str,
    *,
    kind: str | None = None,
    weights: xr.DataArray | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    rng: int = 0,
) -> xr.Dataset:
    """Say in what share of worlds the expected difference between two sequences has the other sign than its mean.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `evaluate`: dimensions (point, sequence, luck).  A point is a world.
    a, b : str
        Two of its sequences; differences are a - b.
    outcome : str
        What is compared.
    kind : str, optional
        For a coded outcome: the meaning whose share counts.
    weights : xarray.DataArray, optional
        Weights of the worlds, from `reweight`.
    level : float
        Coverage of the intervals.
    resamples : int
        Bootstrap samples of the worlds.
    rng : int
        Seed of the bootstrap.

    Returns
    -------
    xarray.Dataset
        Along ``statistic`` (estimate, error, low, high):

        - ``difference``: mean difference a - b over worlds and luck.
        - ``flips``: share of worlds whose expected difference has the other sign than the mean; ``naive_flips``: the
          same counted on averages over the luck that was met, which is too many where luck is loud.
        - ``higher``, ``lower``, ``same``: shares of worlds whose expected difference is above zero, below zero, or
          which never differ, whatever the luck; they sum to one.
        - ``between``: variance of the expected difference between worlds; ``common``: variance of what one luck does to
          all worlds alike; ``rest``: variance of the rest of luck.
        - ``reliability``: share of the variance of the worlds' averages that is not luck's.

        Along ``point`` (worlds in which there is a difference to see): ``world_difference``, the average over luck,
        ``world_noise``, its variance that is luck's; ``world_luck``, half the difference between the averages over
        even and odd luck, which has that variance and nothing else; and the parameters that vary.  Attributes
        ``sequence_a``, ``sequence_b``, ``worlds``, ``luck``, ``mean_sign_known`` (0 where the interval of the mean
        holds zero: then which sign is "the other" is itself a guess; read ``higher`` and ``lower``).

    Raises
    ------
    UsageError
        For unknown names, fewer than two worlds or lucks, a world or luck twice, an infinite value, or weights of
        another dataset.

    Notes
    -----
    The mean has two sources of error, since the same luck meets every world: worlds, and luck.  Its interval is
    Student's with the degrees of freedom of Satterthwaite.  Intervals of shares and variances are percentiles of a
    bootstrap over worlds; where one luck meets all of them, wider by the error that a jackknife over luck finds.  The
    worlds are taken as drawn one by one, so
    that the intervals of a designed sample (Latin hypercube, Sobol) are too wide rather than too narrow.

    Values that are missing, such as the week of a settlement that did not come, leave out that luck of that world: the
    comparison is among worlds and luck in which both sequences have a value.

    The correction for luck is in `settlesim.analysis.flip_shares.shares_of`.  It assumes that luck's noise in a world's
    average is about normal, and that the shape of the worlds' differences is normal enough for the size of the
    correction; with ``reliability`` below about a quarter that assumption carries the result.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> world = rng.normal(1, 1, 300)
    >>> better = world[:, None] + rng.normal(0, 3, (300, 20))
    >>> score = (("point", "sequence", "luck"), np.stack([better, 0 * better], axis=1))
    >>> found = flips_of(xr.Dataset({"score": score}, {"sequence": ["a", "b"]}), "a", "b", "score")
    >>> [bool(found[name][0] > 0.18) for name in ("naive_flips", "flips")]
    [True, False]
    """
    check_level(level)
    if resamples < 2:
        raise UsageError(f"resamples must be at least 2, got {resamples}")
    check_labels(dataset, "point", "luck")
    if outcome in dataset and "point" in dataset[outcome].dims:
        check_finite(dataset[outcome], "point")
    pair = pair_of(dataset, a, b, outcome, kind, weights)
    spread = spread_of(pair)
    units = str(dataset[outcome].attrs.get("units", "1"))
    reach = spread.error * float(student.ppf(0.5 + level / 2, spread.freedom)) if spread.error > 0 else 0.0
    mean = (spread.mean, spread.error, spread.mean - reach, spread.mean + reach)
    table: dict[str, Any] = {"difference": ("statistic", list(mean), {"units": units})}
    table |= _tabled(pair, spread, units, level, resamples, np.random.default_rng(rng))
    table["world_difference"] = (
        "point",
        pair.means,
        {
            "units": units,
            "long_name": f"{outcome}, {a} less {b}",
            "kind": "share" if kind else kind_of(dataset[outcome]),
        },
    )
    table["world_noise"] = ("point", spread.noise, {"units": f"({units})^2", "long_name": "variance left by luck"})
    halves = [np.nanmean(np.where(odd, pair.each, np.nan), axis=1) for odd in _halves(pair)]
    table["world_luck"] = ("point", (halves[0] - halves[1]) / 2, {"units": units, "long_name": "half of luck's doing"})
    table["world_weight"] = ("point", pair.weights, {"units": "1", "long_name": "weight of the world"})
    out = xr.Dataset(table, {"statistic": list(STATISTICS)})
    for name in parameters_of(dataset):
        out[name] = dataset[name].isel(point=pair.worlds)
    if "point" in dataset.coords:
        out = out.assign_coords(point=dataset["point"].values[pair.worlds])
    attrs = {
        "sequence_a": a,
        "sequence_b": b,
        "variable": outcome,
        "kind": kind or "",
        "better": better_end(dataset[outcome]) or "",
        "level": level,
        "worlds": len(pair.means),
        "luck": pair.lucks,
        "mean_sign_known": int(mean[2] > 0 or mean[3] < 0),
    }
    return out.assign_attrs({**dataset.attrs, **attrs})


def _halves(pair: Differences) -> list[Any]:
    """Every other luck of each world that there is, and the rest; where there is only one, it is both."""
    there = np.isfinite(pair.each)
    odd = (np.cumsum(there, axis=1) % 2 == 1) & there
    return [odd, np.where((pair.known > 1)[:, np.newaxis], there & ~odd, there)]


def _estimates(pair: Differences, spread: Spread) -> dict[str, float]:
    """Shares and variances."""
    shares = shares_of(pair, spread)
    noise = float(pair.weights @ pair_noise(pair, spread))
    total = spread.between + noise
    return {
        **{name: float(getattr(shares, name)[0]) for name in SHARES},
        "between": spread.between,
        "common": spread.common,
        "rest": spread.rest,
        "reliability": spread.between / total if total > 0 else np.nan,
    }


def _resampled(pair: Differences, spread: Spread, resamples: int, generator: np.random.Generator) -> dict[str, Any]:
    """The same on worlds drawn with replacement."""
    n = len(pair.weights)
    drawn = draw_shares(pair, spread, resamples, generator)
    columns = np.stack([pair.means, pair.means**2, pair.variances, pair_noise(pair, spread)])
    weights = generator.multinomial(n, np.full(n, 1 / n), resamples) * pair.weights
    mean, square, inside, noise = columns @ (weights / weights.sum(axis=1, keepdims=True)).T
    between = np.maximum((square - mean**2) / (1 - (pair.weights**2).sum()) - noise, 0)
    return {
        **{name: getattr(drawn, name) for name in SHARES},
        "between": between,
        "common": np.full(resamples, spread.common),
        "rest": np.maximum(inside - spread.common, 0),
        "reliability": between / np.maximum(between + noise, np.finfo(float).tiny),
    }


def _lucky_errors(pair: Differences) -> dict[str, float]:
    """Standard errors from which luck it was that met all worlds, by the jackknife; none where each has its own."""
    if not pair.crossed or pair.lucks < 3:
        return {}
    met = np.flatnonzero(np.isfinite(pair.each).any(axis=0))
    fewer = [pair.without(int(luck)) for luck in met]
    left = [_estimates(one, spread_of(one)) for one in fewer if one.lucks > 1 and one.known.max() > 1]
    k = len(left)
    return {name: float(np.std([one[name] for one in left]) * np.sqrt(k - 1)) for name in left[0]}


def _tabled(
    pair: Differences, spread: Spread, units: str, level: float, resamples: int, generator: np.random.Generator
) -> dict[str, Any]:
    """Shares and variances with errors and intervals."""
    found, drawn = _estimates(pair, spread), _resampled(pair, spread, resamples, generator)
    lucky = _lucky_errors(pair)
    other, naive = ("lower", "naive_lower") if spread.mean >= 0 else ("higher", "naive_higher")
    named = {"flips": other, "naive_flips": naive, **{name: name for name in ("higher", "lower", "same")}}
    named |= {name: name for name in ("between", "common", "rest", "reliability")}
    square = "1" if units == "1" else f"({units})^2"
    out: dict[str, Any] = {}
    for name, key in named.items():
        share = key in SHARES
        estimate, error, low, high = _row(found[key], drawn[key], lucky.get(key, 0.0), level)
        if share:
            # Where no world was seen to flip no resample does either, which does not mean that none could.
            least, most = wilson(estimate, spread.effective, level)
            low, high = max(min(low, float(least)), 0.0), min(max(high, float(most)), 1.0)
        top = 1.0 if share or name == "reliability" else np.inf
        row = [estimate, error, float(np.clip(low, 0, top)), float(np.clip(high, 0, top))]
        out[name] = ("statistic", row, {"units": "share" if top == 1 else square})
    return out


def _row(estimate: float, drawn: Any, lucky: float, level: float) -> list[float]:
    """Estimate, error and ends: quantiles over worlds, further apart by what luck adds."""
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    more = lucky * float(student.ppf(0.5 + level / 2, LUCK_FREEDOM))
    down, up = np.hypot(max(estimate - low, 0.0), more), np.hypot(max(high - estimate, 0.0), more)
    return [estimate, float(np.hypot(np.std(drawn), lucky)), float(estimate - down), float(estimate + up)]
