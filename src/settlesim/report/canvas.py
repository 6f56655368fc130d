"""What every plot starts from: axes to draw into, and names as they are said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes_of", "said"]


def axes_of(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes given, or those of a figure of their own of this size in inches."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    # A Figure of its own: pyplot would keep it alive and need a display.
    return Figure(figsize=size, layout="constrained").add_subplot()


def said(name: str) -> str:
    """Return a name as it is said.

    Examples
    --------
    >>> said("us_first")
    'us first'
    """
    return name.replace("_", " ")
