"""Where a difference turns: worlds over two parameters, and the line at which it is zero."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.analysis.luck_averaged import parameters_of
from settlesim.errors import UsageError, choose
from settlesim.report.canvas import axes_of, plain_text, said
from settlesim.report.measures import scale_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

__all__ = ["flip_map"]

Floats = NDArray[np.float64]
# Points on each side of the smoothed map.
GRID = 80
# Worlds, at the smoothing used, below which a place of the map is left white.
THIN = 10.0


@plain_text
def flip_map(
    found: xr.Dataset, *, parameters: Sequence[str] | None = None, width: float = 0.18, ax: Axes | None = None
) -> Axes:
    """Worlds over two parameters, coloured by their expected difference, with the line where it changes sign.

    Parameters
    ----------
    found : xarray.Dataset
        From `flips` or `flips_of`.
    parameters : sequence of str, optional
        Two parameters; by default the two with which the difference goes most (rank correlation).
    width : float
        Standard deviation of the smoothing kernel, as a share of each parameter's spread by rank.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UsageError
        If there are no two parameters, a name is unknown, the width is not positive, or worlds are too few.

    Notes
    -----
    The background is a local linear regression of the worlds' averages on the two parameters, by a Gaussian kernel on
    their ranks, so that dense and thin regions are smoothed alike.  It averages over all other parameters, and over
    luck: the line says where the difference turns on average over worlds like these, not in each of them.  What is
    within two standard errors of zero is hatched: there the sign is not known.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from settlesim.analysis.flips import flips_of
    >>> x, y = np.random.default_rng(1).random((2, 200))
    >>> score = (("point", "sequence", "luck"), np.stack([(x - y)[:, None] + [0, 0], np.zeros((200, 2))], axis=1))
    >>> drawn = xr.Dataset({"score": score}, {"sequence": ["a", "b"]})
    >>> drawn = drawn.assign({n: ("point", v, {"role": "parameter"}) for n, v in (("x", x), ("y", y))})
    >>> flip_map(flips_of(drawn, "a", "b", "score")).get_xlabel()
    'y'
    """
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not 0 < width < np.inf:
        raise UsageError(f"width is the smoothing as a share of each parameter's spread, above 0, not {width!r}")
    first, second = _leading(found, parameters)
    x, y = (np.asarray(found[name].values, float) for name in (first, second))
    difference = np.asarray(found["world_difference"].values, float)
    weights = np.asarray(found["world_weight"].values, float)
    xs, ys = (np.linspace(v.min(), v.max(), GRID) for v in (x, y))
    mean, error, worlds = _smoothed(x, y, difference, weights, xs, ys, width)
    scale, units = scale_of(found["world_difference"])
    end = scale * float(np.quantile(np.abs(difference), 0.98)) or 1.0
    hidden = worlds < THIN
    if hidden.all():
        raise UsageError(
            f"{len(difference)} worlds are too few for a map at width {width:g}: no place rests on {THIN:g}; take more "
            "worlds, or more width"
        )
    ax = axes_of(ax, (7.2, 5.2))
    shown = np.ma.masked_where(hidden, scale * mean)
    look: dict[str, Any] = {"cmap": "RdBu", "vmin": -end, "vmax": end}
    ax.pcolormesh(xs, ys, shown, shading="nearest", alpha=0.55, linewidth=0, rasterized=True, **look)
    unsure = np.where(hidden, 0.0, np.abs(mean) < 2 * error)
    if unsure.any():
        ax.contourf(xs, ys, unsure, levels=[0.5, 1.5], hatches=["///"], colors="none")
    if np.ptp(np.sign(mean[~hidden])) > 0:
        ax.contour(xs, ys, np.ma.masked_where(hidden, mean), levels=[0.0], colors="black", linewidths=1.8)
    dots = ax.scatter(x, y, c=scale * difference, s=14, edgecolor="black", linewidth=0.3, **look)
    _labelled(ax, found, (first, second), dots, units, bool(unsure.any()))
    return ax


def _leading(found: xr.Dataset, parameters: Sequence[str] | None) -> tuple[str, str]:
    """Two parameters: those asked for, or those with which the difference goes most."""
    if "world_difference" not in found:
        raise UsageError("a flip map shows what ss.flips or ss.flips_of returns")
    known = parameters_of(found)
    if parameters is not None:
        names = [choose(name, known, "varying parameter") for name in parameters]
        if len(names) == 2 and names[0] == names[1]:
            raise UsageError(f"a flip map has two parameters, and {names[0]!r} is named twice: name another")
        if len(names) != 2:
            raise UsageError(f"a flip map has two parameters, not {len(names)}: {', '.join(names)}")
        return names[0], names[1]
    if len(known) < 2:
        raise UsageError(f"a flip map needs two parameters that vary, there are {len(known)}")
    ranks = _ranks(np.asarray(found["world_difference"].values, float))
    # Where nothing differs all parameters go with it alike.
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {name: _ranks(np.asarray(found[name].values, float)) for name in known}
        strength = {name: abs(np.corrcoef(column, ranks)[0, 1]) for name, column in columns.items()}
    first, second = sorted(known, key=lambda name: -np.nan_to_num(strength[name]))[:2]
    return first, second


def _ranks(values: Floats) -> Floats:
    """Ranks between 0 and 1, ties in the middle."""
    from scipy.stats import rankdata

    ranks: Floats = (rankdata(values) - 0.5) / len(values)
    return ranks


def _smoothed(
    x: Floats, y: Floats, difference: Floats, weights: Floats, xs: Floats, ys: Floats, width: float
) -> tuple[Floats, Floats, Floats]:
    """Local linear fit on a grid, its standard error, and how many worlds it rests on; shape (ys, xs)."""
    u, v = _ranks(x), _ranks(y)
    at_x, at_y = np.interp(xs, np.sort(x), np.sort(u)), np.interp(ys, np.sort(y), np.sort(v))
    mean, error, worlds = (np.empty((len(ys), len(xs))) for _ in range(3))
    for i, there in enumerate(at_y):
        for j, here in enumerate(at_x):
            kernel = weights * np.exp(-((u - here) ** 2 + (v - there) ** 2) / (2 * width**2))
            design = np.stack([np.ones_like(u), u - here, v - there])
            # A little ridge: at a corner a few worlds may lie on one line.
            inverse = np.linalg.inv((kernel * design) @ design.T + 1e-6 * kernel.sum() * np.eye(3))
            row = inverse[0] @ (kernel * design)
            mean[i, j] = row @ difference
            rest = difference - difference @ (kernel / kernel.sum())
            error[i, j] = np.sqrt((row**2) @ rest**2)
            worlds[i, j] = kernel.sum() ** 2 / (kernel**2).sum() * kernel.max() / weights.max()
    return mean, error, worlds


def _labelled(ax: Axes, found: xr.Dataset, names: tuple[str, str], dots: Any, units: str, hatched: bool) -> None:
    labels = []
    for name in names:
        unit = str(found[name].attrs.get("units", "1"))
        label = said(name).replace(".", ": ")
        labels.append(label if unit in ("", "1") else f"{label} ({unit})")
    ax.set(xlabel=labels[0], ylabel=labels[1])
    a, b = found.attrs.get("sequence_a", "a"), found.attrs.get("sequence_b", "b")
    low, high = (100 * float(found["flips"].sel(statistic=end)) for end in ("low", "high"))
    middle = 100 * float(found["flips"].sel(statistic="estimate"))
    outcome = said(str(found.attrs.get("variable", "")))
    title = f"{outcome}: {a} less {b}; the other sign in {middle:.0f}% of worlds ({low:.0f} to {high:.0f}%)"
    second = "dots: worlds, averaged over luck; line: where the smoothed difference is zero"
    # Names of orders are long.
    title = "\n".join(wrap(title, 100, break_long_words=False))
    ax.set_title(f"{title}\n{second}" + ("; hatched: sign not known" if hatched else ""), loc="left", fontsize=8)
    if ax.figure is not None:
        ax.figure.colorbar(dots, ax=ax, label="expected difference" + ("" if units == "1" else f" ({units})"))
