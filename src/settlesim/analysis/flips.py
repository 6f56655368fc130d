"""In which worlds the better of two sequences is the worse: the sign of the expected difference, luck averaged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.stats import t as student

from settlesim.analysis.flip_shares import draw_shares, shares_of
from settlesim.analysis.luck_averaged import Differences, Spread, pair_of, parameters_of, spread_of
from settlesim.analysis.statistics import better_end, check_level, kind_of, wilson
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
        For unknown names, fewer than two worlds or lucks, or weights of another dataset.

    Notes
    -----
    The mean has two sources of error, since the same luck meets every world: worlds, and luck.  Its interval is
    Student's with the degrees of freedom of Satterthwaite.  Intervals of shares and variances are percentiles of a
    bootstrap over worlds, to which what luck does in common is added; the worlds are taken as drawn one by one, so
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
    pair = pair_of(dataset, a, b, outcome, kind, weights)
    spread = spread_of(pair)
    units = str(dataset[outcome].attrs.get("units", "1"))
    reach = spread.error * float(student.ppf(0.5 + level / 2, spread.freedom)) if spread.error > 0 else 0.0
    mean = (spread.mean, spread.error, spread.mean - reach, spread.mean + reach)
    table: dict[str, Any] = {"difference": ("statistic", list(mean), {"units": units})}
    table |= _shares(pair, spread, level, resamples, np.random.default_rng(rng))
    table |= _variances(pair, spread, units, level, resamples, np.random.default_rng(rng))
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


def _shares(
    pair: Differences, spread: Spread, level: float, resamples: int, generator: np.random.Generator
) -> dict[str, Any]:
    found, drawn = shares_of(pair, spread), draw_shares(pair, spread, resamples, generator)
    other, naive = ("lower", "naive_lower") if spread.mean >= 0 else ("higher", "naive_higher")
    named = {"flips": other, "naive_flips": naive, "higher": "higher", "lower": "lower", "same": "same"}
    out: dict[str, Any] = {}
    for name, key in named.items():
        estimate, error, low, high = _row(float(getattr(found, key)[0]), getattr(drawn, key), level)
        # Where no world was seen to flip no resample does either, which does not mean that none could.
        least, most = wilson(estimate, spread.effective, level)
        out[name] = ("statistic", [estimate, error, min(low, float(least)), max(high, float(most))], {"units": "share"})
    return out


def _variances(
    pair: Differences, spread: Spread, units: str, level: float, resamples: int, generator: np.random.Generator
) -> dict[str, Any]:
    """Variances, resampling whole worlds; those of luck in common have no interval, since luck is not resampled."""
    n = len(pair.weights)
    columns = np.stack([pair.means, pair.means**2, pair.variances, pair.variances / pair.known, 1 / pair.known])
    weights = generator.multinomial(n, np.full(n, 1 / n), resamples) * pair.weights
    weights = weights / weights.sum(axis=1, keepdims=True)
    mean, square, inside, noise, share = columns @ weights.T
    apart = (square - mean**2) / (1 - (pair.weights**2).sum())
    between = np.maximum(apart - noise + spread.common * share, 0)
    rest = np.maximum(inside - spread.common, 0)
    total = spread.between + float(pair.weights @ spread.noise)
    reliable = between / np.maximum(between + noise, np.finfo(float).tiny)
    square_units = {"units": "1" if units == "1" else f"({units})^2"}
    nothing = [spread.common, np.nan, np.nan, np.nan]
    return {
        "between": ("statistic", _row(spread.between, between, level), square_units),
        "common": ("statistic", nothing, square_units),
        "rest": ("statistic", _row(spread.rest, rest, level), square_units),
        "reliability": ("statistic", _row(spread.between / total if total > 0 else np.nan, reliable, level)),
    }


def _row(estimate: float, drawn: Any, level: float) -> list[float]:
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    return [estimate, float(np.std(drawn)), float(low), float(high)]
