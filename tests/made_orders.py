"""Orders made by hand: datasets of a function of the order, worlds that differ in it, and a rule that fails."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import xarray as xr

from settlesim.analysis.order_effects import order_effects
from settlesim.model.items import rule
from settlesim.model.variables import Variable

MOVES = ("talks", "prisoners", "ceasefire", "recognition", "delisting", "pressure", "withdrawal")


def all_places(m):
    """Places of m free moves in all orders, shape (m!, m)."""
    return np.array(list(permutations(range(1, m + 1))))


def orders_dataset(values, places, *, name="deaths", attrs=None):
    """Values, shape (orders, runs) or (slots, runs), with places (orders, moves) or (slots, runs, moves)."""
    dims = ("order",) if places.ndim == 2 else ("slot", "run")
    moves = list(MOVES[: places.shape[-1]])
    about = {"role": "outcome", "units": "deaths", "long_name": "deaths to the horizon", "kind": "amount"} | (
        attrs or {}
    )
    labels = np.apply_along_axis(lambda p: " > ".join(np.array(moves)[np.argsort(p)]), -1, places)
    return xr.Dataset(
        {name: ((dims[0], "run"), np.asarray(values), about)},
        {
            "order": (dims, labels),
            "move": moves,
            "position": ((*dims, "move"), places),
            "run": np.arange(np.shape(values)[1]),
        },
        {"plan": "opening", "design": "all"},
    )


def dates_and_precedence(places):
    """Indicators (orders, moves, places) of dates, and signs (orders, moves, moves) of who comes first."""
    m = places.shape[-1]
    return places[..., np.newaxis] == np.arange(1, m + 1), np.sign(places[..., np.newaxis, :] - places[..., np.newaxis])


def order_noise(rng, places, runs, *, level=3.0, interplay=0.5, own=1.0):
    """Worlds that differ in their level, in what dates and precedence do in them, and order by order."""
    at, first = dates_and_precedence(places)
    m = places.shape[1]
    dates = np.tensordot(at.astype(float), rng.standard_normal((m, m, runs)), 2)
    pairs = np.tensordot(np.triu(first, 1).astype(float), rng.standard_normal((m, m, runs)), 2)
    alone = rng.standard_normal((len(places), runs))
    return level * rng.standard_normal(runs) + interplay * (dates + pairs) + own * alone


def effects_of(function, places, runs=6, **how):
    """Effects of a function of the order alone; worlds differ in their level, which must not matter."""
    level = np.random.default_rng(3).normal(0, 50, runs)
    return order_effects(orders_dataset(function[:, np.newaxis] + level, places), "deaths", draws=199, **how)


def exchanged(places, a, b):
    other = list(places)
    other[a], other[b] = other[b], other[a]
    return tuple(other)


def kept(places, *before):
    """Orders in which of each pair the first move comes first."""
    return places[np.all([places[:, a] < places[:, b] for a, b in before], axis=0)]


def cyclic(m=5):
    """Pairwise effects of which each move wins as much as it loses."""
    beta = np.zeros((m, m))
    for size, (a, b, c) in zip((1.0, -0.5, 2.0), ((0, 1, 2), (1, 3, 4), (0, 2, 4)), strict=True):
        for first, second in ((a, b), (b, c), (c, a)):
            beta[first, second] += size
            beta[second, first] -= size
    return beta


def pairwise(places, beta):
    return (np.triu(dates_and_precedence(places)[1], 1) * beta).sum(axis=(1, 2))


def model_function(places):
    at, first = dates_and_precedence(places)
    rng = np.random.default_rng(8)
    m = places.shape[1]
    dates, pairs = rng.normal(0, 1, (2, m, m))
    return (at * dates).sum(axis=(1, 2)) + (np.triu(first, 1) * pairs).sum(axis=(1, 2))


def blocks(worlds=40, slots=12, places=None):
    places = all_places(5) if places is None else places
    rng = np.random.default_rng(9)
    return places[np.stack([rng.permutation(len(places))[:slots] for _ in range(worlds)], axis=1)]


@rule("run", Variable("watched", units="1", meaning="a value of a test's own"), source="settlesim")
def failing(week, deaths, delivered_sum):
    """Fail in runs of many deaths once something is delivered; here because another process must find it by name."""
    return np.where((week > 30) & (deaths > 1500) & (delivered_sum > 0), np.nan, 0.0)
