"""What the order of moves does: swaps, dates, precedence, and what each explains of the differences between orders."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import t as student

from settlesim.analysis.order_blocks import fit_blocked
from settlesim.analysis.order_fits import SAID, Fitted, fit_crossed
from settlesim.analysis.order_worlds import worlds_of
from settlesim.analysis.statistics import check_level
from settlesim.analysis.world_intervals import Means, mean_intervals, pair_mean, pair_ratio, sign_flip_test
from settlesim.errors import UsageError

__all__ = ["COMPONENTS", "order_effects"]

Floats = NDArray[np.float64]

COMPONENTS = (
    "positions",
    "precedence",
    "both",
    "positions_beyond_precedence",
    "precedence_beyond_positions",
    "higher_order",
)


def order_effects(
    dataset: xr.Dataset,
    variable: str,
    *,
    kind: str | None = None,
    level: float = 0.95,
    draws: int = 1999,
    rng: int = 0,
) -> xr.Dataset:
    """Estimate what the order of moves does to an outcome, each world compared with itself.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `orders`: outcomes along (order, run) with the coordinate ``position`` (order, move); or along
        (slot, run), where each world meets orders of its own, with ``position`` (slot, run, move).
    variable : str
        An outcome.
    kind : str, optional
        For a coded outcome: the meaning whose share counts, such as ``"continued_war"``.
    level : float
        Coverage of the intervals; the lack of fit is tested at ``1 - level``.
    draws : int
        Draws of signs for simultaneous intervals and the test.
    rng : int
        Seed of these draws.

    Returns
    -------
    xarray.Dataset
        Each estimate ``x`` with ``x_error`` (Monte Carlo standard error), ``x_low`` and ``x_high`` (its interval),
        and ``x_low_all`` and ``x_high_all`` (intervals that hold for all entries of ``x`` at once), in the units of
        the outcome:

        - ``swap`` (first, second): expected value with `first` before `second` less that with `second` before
          `first`, averaged over pairs of orders that differ by the exchange of these two moves and nothing else.
        - ``date`` (move, place): expected value with the move at the place, less the mean over all orders.
        - ``precedence`` (first, second): what it adds to these dates that `first` comes before `second`, on the
          scale of a swap.

        Of the variance between orders, noise removed, each with an error and an interval of its own:

        - ``variance``: of the expected values of the orders.
        - ``share`` (component): of it, explained by dates (``positions``), by pairwise ``precedence``, by
          ``both``, by each beyond the other, and by neither (``higher_order``).  Not kept within 0 and 1: what
          lies beyond is noise, and shows how much there is.

        And ``lack_of_fit``: the probability of so much higher order by chance.  Attributes: ``n`` worlds used,
        ``left_out`` worlds in which some order has no value, ``orders`` of ``possible`` (0: too many to list),
        ``layout`` (crossed or blocked), ``swap_by`` and ``date_by`` (``"exact"``, or which regression),
        ``simultaneous_swap`` and so on (by which method).  What the design cannot tell is missing, and ``not_told``
        says why; ``orders_needed`` would tell all of it, twice the ``parameters`` of positions and precedence together
        or all orders; ``swap_assumes`` says what swaps rest on where precedence alone predicts them.

    Raises
    ------
    UsageError
        If a name is unknown, the dataset is not one of orders, an order or a run stands twice, a value is infinite, or
        fewer than two worlds have a value under every order.

    Warns
    -----
    UserWarning
        If swaps rest on precedence alone, since the orders do not tell it from positions.

    Notes
    -----
    *Errors* are those of worlds and luck: each effect is one number a world, and worlds are independent.  With all
    orders in every world nothing else is uncertain.  Fewer orders need a model of the rest: effects are then
    predicted by least squares within worlds, by positions and precedence together, and averaged over all orders that
    keep to what comes first in every order at hand.  What the model lacks is taken as drawn with the orders: errors
    hold what its mean square, noise removed, does to them, with Student's factor for few orders left over.  Where the
    orders do not tell positions from precedence, dates are missing and swaps are predicted by precedence alone, with
    errors that do not know what it lacks.  Variances and shares take twice as many orders as parameters.  Free moves
    in random blocks need no model, for their swaps and dates are contrasts of its own columns.

    *Dates* are those of the component-position model (Yang, Sun and Xu 2021): over all orders of m free moves its
    coefficients, with zero sums over moves and over places, are (m - 1) / m times ``date``.

    *Precedence* is the pairwise-ordering model (Van Nostrand 1995; Voelkel 2019; Peng, Mukerjee and Lin 2019) beyond
    positions.  How many moves come after one is known from its place, so m - 1 directions of precedence are positions.
    What remains has (m - 1)(m - 2) / 2 dimensions, the cyclic part of the pairwise effects (Jiang et al. 2011);
    given are the least coefficients that say it, whose sum over `second` is zero for free moves.

    *Variances* are means of products of distinct worlds, in which a world's own noise has no part.  Where not all
    orders are run, what models leave over counts by its mean square, as in an adjusted R², for chance fits some of
    anything.  The ends of a share are Fieller's, infinite where the variance cannot be told from zero; they are
    cautious where a share is exactly 0 or 1.  In blocks, higher order is read off orders that two worlds share.

    The test of lack of fit gives the worlds random signs.  The intervals of points of a designed sample of
    parameters, such as Sobol's, are cautious.

    Examples
    --------
    >>> import itertools
    >>> places = np.array(list(itertools.permutations((1, 2, 3))))
    >>> luck = np.random.default_rng(1).normal(0, 1, 50)
    >>> made = xr.Dataset(
    ...     {"deaths": (("order", "run"), 10.0 * places[:, :1] + luck)},
    ...     {"position": (("order", "move"), places), "move": ["a", "b", "c"]},
    ... )
    >>> effects = order_effects(made, "deaths")
    >>> round(float(effects.swap.sel(first="b", second="a")), 6)
    13.333333
    >>> round(float(effects.share.sel(component="positions")), 6)
    1.0
    """
    check_level(level)
    if draws < 100:
        raise UsageError(f"draws must be at least 100, got {draws}")
    given = worlds_of(dataset, variable, kind)
    fit = fit_crossed if given.crossed else fit_blocked
    fitted = fit(given.values, given.positions, given.before)
    generator = np.random.default_rng(rng)
    largest = 1.0 if given.attrs["kind"] in ("share", "bounded") else None
    scale = float(np.abs(given.values).max())
    # A misfit known from few orders left over is given what Student's distribution adds.
    tail, worlds = 0.5 + level / 2, given.values.shape[1] - 1
    free = fitted.misfit.freedom
    more = max(float(student.ppf(tail, free) / student.ppf(tail, worlds)), 1.0) ** 2 if free else 0.0
    families = {}
    for name in ("swap", "date", "precedence"):
        values = getattr(fitted, name)
        # Sums over thousands of orders leave a last bit behind, which is no effect.
        values = np.where(np.abs(values) <= 1e-12 * scale, 0.0, values)
        also = more * fitted.misfit.effects[name] if name in fitted.misfit.effects else None
        most = None if largest is None else largest * (2.0 if name == "precedence" else 1.0)
        families[name] = mean_intervals(values, level, draws=draws, rng=generator, largest=most, also=also)
    variables = _pairs("swap", families["swap"], len(given.moves), given.attrs)
    variables |= _pairs("precedence", families["precedence"], len(given.moves), given.attrs)
    variables |= _dates(families["date"], len(given.moves), given.attrs)
    variables |= _shares(fitted, level, more, given.attrs)
    chance = np.nan if fitted.lack is None else sign_flip_test(fitted.lack, draws=draws, rng=generator)
    variables["lack_of_fit"] = (
        (),
        chance,
        {"units": "1", "long_name": "probability of so much higher order by chance"},
    )
    assumed = _assumed(fitted)
    if assumed:
        warnings.warn(assumed, stacklevel=2)
    attrs = {
        **dataset.attrs,
        "variable": variable,
        "long_name": given.attrs["long_name"],
        "level": level,
        "n": given.values.shape[1],
        "left_out": given.left_out,
        "orders": fitted.orders,
        "possible": fitted.possible,
        "layout": "crossed" if given.crossed else "blocked",
        "swap_by": SAID.get(fitted.swap_by, fitted.swap_by),
        "date_by": SAID.get(fitted.date_by, fitted.date_by),
        "parameters": fitted.room.parameters,
        "orders_needed": fitted.room.needed,
        "swap_assumes": assumed,
        "not_told": _not_told(fitted),
        **{f"simultaneous_{name}": means.method for name, means in families.items()},
        "draws": draws,
    }
    if kind is not None:
        attrs["kind"] = kind
    moves = list(given.moves)
    places = np.arange(1, len(moves) + 1)
    labels = {"first": moves, "second": moves, "move": moves, "place": places, "component": list(COMPONENTS)}
    return xr.Dataset(variables, labels, attrs)


def _assumed(fitted: Fitted) -> str:
    """What swaps take for granted that rest on one model alone, in a sentence; nothing where they do not."""
    if fitted.swap_by != "precedence":
        return ""
    return (
        f"swap effects from {fitted.orders:,} orders assume that only who comes before whom matters, not at which "
        f"place a move stands: their intervals do not hold where dates matter beyond that, {_more(fitted)}"
    )


def _more(fitted: Fitted) -> str:
    """How many orders would tell positions and precedence apart."""
    room = fitted.room
    lacking = room.needed - fitted.orders
    which = "all there are" if room.needed == fitted.possible else "twice the parameters of dates and precedence"
    if lacking > 0:
        return f"which {lacking:,} orders more would tell ({room.needed:,}, {which})"
    return f"which other orders would tell (design='d_optimal', {room.needed:,} of them)"


def _not_told(fitted: Fitted) -> str:
    """Why effects are missing, in a sentence; nothing where the design suffices."""
    room = fitted.room
    if room.enough:
        return ""
    what = "shares and the variance" if room.apart else "dates (at least some), shares and the variance"
    why = (
        f"the {room.parameters:,} parameters of dates and precedence together leave too few of {fitted.orders:,} orders"
        if room.apart
        else f"{fitted.orders:,} orders do not tell dates from precedence ({room.parameters:,} parameters)"
    )
    return f"{what} are not told: {why}, {_more(fitted)}"


def _pairs(name: str, means: Means, m: int, attrs: dict[str, Any]) -> dict[str, Any]:
    first, second = np.triu_indices(m, 1)
    ends = {"low": "high", "high": "low", "low_all": "high_all", "high_all": "low_all"}
    out = {}
    for part in ("estimate", "error", *ends):
        table = np.full((m, m), np.nan)
        table[first, second] = getattr(means, part)
        # The other way round it is the negative, whose lower end is the upper end of this.
        mirrored = getattr(means, ends.get(part, part))
        table[second, first] = mirrored if part == "error" else -mirrored
        out[name if part == "estimate" else f"{name}_{part}"] = (("first", "second"), table, attrs)
    return out


def _dates(means: Means, m: int, attrs: dict[str, Any]) -> dict[str, Any]:
    parts = {"date": "estimate"} | {f"date_{part}": part for part in ("error", "low", "high", "low_all", "high_all")}
    return {name: (("move", "place"), getattr(means, part).reshape(m, m), attrs) for name, part in parts.items()}


def _shares(fitted: Fitted, level: float, more: float, attrs: dict[str, Any]) -> dict[str, Any]:
    # Each component from what positions, precedence and both explain, and the variance between orders.
    made = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, -1, 1, 0], [-1, 0, 1, 0], [0, 0, -1, 1]], float)
    parts_of = np.stack([*(fitted.models[name] for name in COMPONENTS[:3]), fitted.total])
    apart = more * fitted.misfit.shares
    last = np.array([0.0, 0.0, 0.0, 1.0])
    whole = pair_mean(fitted.total, level, also=float(apart[3, 3]))
    parts = ("estimate", "error", "low", "high")
    units = "1" if attrs["units"] == "1" else f"({attrs['units']})²"
    about = {"units": units, "long_name": "variance between the orders' expected values"}
    out: dict[str, Any] = {
        "variance" if part == "estimate" else f"variance_{part}": ((), getattr(whole, part), about) for part in parts
    }
    of = []
    for row in made:
        both = np.stack([row, last])
        of.append(pair_ratio(np.tensordot(row, parts_of, 1), fitted.total, level, also=both @ apart @ both.T))
    for part in parts:
        column = np.array([getattr(share, part) for share in of])
        out["share" if part == "estimate" else f"share_{part}"] = ("component", column, {"units": "1"})
    return out
