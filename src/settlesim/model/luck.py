"""From addressed uniforms to the luck that rules meet: exponentials, normals, gammas, frailties."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv, ndtri

from settlesim.chance.tiled import TiledFates
from settlesim.chance.worlds import Fates
from settlesim.model.layout import Layout
from settlesim.model.variables import FRAILTY_SHAPE, Luck

__all__ = ["occasions", "table_of_luck"]

Floats = NDArray[np.float64]

# A quantile per commander would cost more than the run: frailties are read off a table of this many steps.
KNOTS = 4096

# Draws of a block, kept while its fates live, so that sequences compared over common luck draw once.
_drawn: WeakKeyDictionary[Fates, dict[tuple[Any, ...], Floats]] = WeakKeyDictionary()


def occasions(luck: Luck, horizon: int) -> int:
    """Number of occasions drawn: every week, as many as declared, or one."""
    if luck.per == "week":
        return horizon + 1
    return luck.occasions


def _beta(u: Floats, means: Floats, concentration: Floats, constant: bool) -> Floats:
    """Frailties θ ~ Beta(mean, concentration) by entity; read off a table where the shape is a declared number."""
    if constant and not (concentration == concentration[0]).all():
        # Points of one's own may vary what the file holds still: each of its values has its own table.
        out = np.empty_like(u)
        for value in np.unique(concentration):
            there = np.flatnonzero(concentration == value)
            out[:, there] = _beta(u[:, there], means, concentration[there], constant)
        return out
    out = np.empty_like(u)
    grid = np.linspace(0.0, 1.0, KNOTS + 1)
    # Equal steps: the place in the table is known without searching for it.
    place = u * KNOTS
    below = place.astype(np.intp)
    place -= below
    for mean in np.unique(means):
        rows = np.flatnonzero(means == mean)
        if mean in (0.0, 1.0):
            # All are alike, which the distribution's shapes cannot say.
            out[rows] = mean
        elif constant:
            n = float(concentration.flat[0])
            table = betaincinv(mean * n, (1.0 - mean) * n, grid)
            # A number below one can be so near that it is in the last step.
            step = np.append(np.diff(table), 0.0)
            out[rows] = table[below[rows]] + step[below[rows]] * place[rows]
        else:
            out[rows] = betaincinv(mean * concentration, (1.0 - mean) * concentration, u[rows])
    return out


def table_of_luck(
    luck: Luck, layout: Layout, fates: Fates, values: dict[str, tuple[str, Any]], *, constant: bool
) -> Floats:
    """Draw a declared luck for a block of runs.

    Parameters
    ----------
    luck : Luck
        The declaration.
    layout : Layout
        Supplies the entities' names, which are part of the address.
    fates : Fates
        The block's fates.
    values : dict
        Parameters by name, for gamma and beta shapes.
    constant : bool
        Whether the shape parameter is declared as a number (not drawn), so that a table serves every run.
        It must not be inferred from the block: a run alone would differ from the same run among others.

    Returns
    -------
    ndarray, shape (occasions, entities, runs)
        For the scope ``"run"`` the shape is (occasions, runs).
    """
    shape = np.zeros(0)
    if luck.distribution == "gamma":
        shape = values[str(luck.parameter)][1]
    elif luck.distribution == "beta":
        shape = values[FRAILTY_SHAPE][1]
    if isinstance(fates, TiledFates):
        # What each tile has alike is drawn once, for the base, and kept there; a copy costs less than keeping it.
        one = fates.repeated(shape) if shape.size else shape
        if one is not None:
            return fates.tiled(_table(luck, layout, fates.base, one, constant))
    return _table(luck, layout, fates, shape, constant)


def _table(luck: Luck, layout: Layout, fates: Fates, shape: Floats, constant: bool) -> Floats:
    entities = layout.entities[luck.scope]
    number = occasions(luck, layout.horizon)
    key = (luck.name, entities, number, constant, shape.tobytes())
    memory = _drawn.setdefault(fates, {})
    if key in memory:
        return memory[key]
    u = fates.uniforms(luck.name, entities, number)
    if luck.distribution == "exponential":
        np.negative(np.log1p(np.negative(u, out=u), out=u), out=u)
    elif luck.distribution == "normal":
        ndtri(u, out=u)
    elif luck.distribution == "gamma":
        u = gammaincinv(shape, u) / shape
    elif luck.distribution == "beta":
        faction = layout.maps["commander", "faction"]
        means = layout.attributes[str(luck.parameter)][1][faction, 0]
        u = _beta(u[:, 0], means, shape, constant)[:, None]
    memory[key] = u[0] if luck.scope == "run" else np.moveaxis(u, 1, 0)
    return memory[key]
