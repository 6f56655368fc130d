"""What every plot starts from: axes to draw into, and names as they are said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes_of", "plain_text", "said", "told_apart"]

P = ParamSpec("P")
# Of a label; a longer one would leave no room for what it stands beside.
LONGEST = 60


def axes_of(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes given, or those of a figure of their own of this size in inches."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    # A Figure of its own: pyplot would keep it alive and need a display.
    return Figure(figsize=size, layout="constrained").add_subplot()


def plain_text(plot: Callable[P, Axes]) -> Callable[P, Axes]:
    """Have a plot take every text for what it is: between two $ matplotlib would read a formula."""

    @wraps(plot)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Axes:
        import matplotlib as mpl
        from matplotlib.text import Text

        with mpl.rc_context({"text.parse_math": False}):
            ax = plot(*args, **kwargs)
        # Titles and the like of axes that were there before.
        for text in ax.findobj(Text):
            text.set_parse_math(False)
        return ax

    return drawn


def said(name: str) -> str:
    """Return a name as it is said.

    Examples
    --------
    >>> said("us_first")
    'us first'
    """
    return name.replace("_", " ")


def told_apart(names: Iterable[str]) -> list[str]:
    """Return names as they are said, short enough for a label, as long as that leaves them different.

    Examples
    --------
    >>> told_apart(["us_first", "kabul_first"]), told_apart(["us_first", "us first"])
    (['us first', 'kabul first'], ['us_first', 'us first'])
    """
    whole = list(names)
    spoken = [said(name) for name in whole]
    labels = [_short(name) for name in (spoken if len(set(spoken)) == len(set(whole)) else whole)]
    if len(set(labels)) == len(set(whole)):
        return labels
    return [f"{at}: {label}" for at, label in enumerate(labels, 1)]


def _short(name: str) -> str:
    half = LONGEST // 2 - 1
    return name if len(name) <= LONGEST else f"{name[:half]} … {name[-half:]}"
