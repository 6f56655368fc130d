"""Outcomes: quantities read off what a block of runs leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from settlesim.model.trace import Trace

__all__ = [
    "DERIVED",
    "ENDS",
    "KINDS",
    "LABELS",
    "RESERVED",
    "Outcome",
    "Values",
    "final",
    "never",
    "week_of",
    "where_true",
]

Values = NDArray[Any]
Kind = Literal["share", "bounded", "count", "weeks", "amount", "code"]
End = Literal["high", "low"]
KINDS: tuple[str, ...] = get_args(Kind)
ENDS: tuple[str, ...] = get_args(End)

# Second dimensions of outcomes that are no scope of the model, with their labels.
LABELS = {"destination": ("rival", "splinter", "reintegrated", "returned", "killed")}
# Dimensions and coordinates of results, and ends of names that they derive: neither an outcome nor a parameter of one's
# own may have them.
RESERVED = (
    "sequence", "definition", "differs_in", "run", "week", "point", "luck", "replicate", "order", "slot", "move",
    "statistic", "quantity", "entropy_of", "scenario_digest_of", "method_of", "total_of",
)  # fmt: skip
DERIVED = ("_weekly", "_drawn")


@dataclass(frozen=True)
class Outcome:
    """A quantity read off a trace, with what it means.

    Parameters
    ----------
    name : str
        Name of the variable in the Dataset.
    function : callable
        Takes a `Trace`, returns one value a run, shape (runs,) or (runs, entities of the second dim).
    units : str
        The unit; ``"1"`` for a pure number or code.
    meaning : str
        One line for tables and plots.
    dims : tuple of str
        ``("run",)`` or ``("run", other)``, where the other is a kind of entity, such as ``"province"``, or a dimension
        of one's own, whose `labels` are given.
    flags : mapping, optional
        Meanings of codes.
    reads : tuple of str
        Parameters that the function takes from ``trace.worlds``: they are checked before the first week, and count
        as read.
    kind : {"amount", "share", "bounded", "count", "weeks", "code"}
        What a value is.  ``share``: 0 or 1 in each run, so that the mean is a share of runs; ``bounded``: a number
        from 0 to 1; ``count``: a number of things; ``weeks``: a week, or a time; ``code``: one of `flags`;
        ``amount``: any other number.  Tables, intervals and plots go by it.  A value that is not of its kind, or is
        infinite, is refused with the run; NaN says that there is none, and a code has no NaN.
    better : {"high", "low"}, optional
        Which end is better, for whoever wants the war to end at a table with few deaths; None where that is
        for the reader to say.
    labels : tuple of str or of int
        What stands along a dimension of one's own, in order: ``Outcome(..., dims=("run", "mine"), labels=("Aynak",
        "Hajigak"))``.

    Examples
    --------
    >>> half = Outcome("half_deaths", lambda trace: trace.final["deaths"] / 2, "deaths", "half of the deaths",
    ...                better="low")
    >>> half.dims, half.kind
    (('run',), 'amount')
    """

    name: str
    function: Callable[[Trace], Values]
    units: str
    meaning: str
    dims: tuple[str, ...] = ("run",)
    flags: Mapping[int, str] | None = None
    reads: tuple[str, ...] = ()
    kind: Kind = "amount"
    better: End | None = None
    labels: tuple[str, ...] | tuple[int, ...] = ()


def never(weeks: Values) -> Values:
    """Weeks, with NaN in place of -1, where it never came to pass.

    Examples
    --------
    >>> never(np.array([12.0, -1.0]))
    array([12., nan])
    """
    return np.where(weeks < 0.0, np.nan, weeks)


# What follows reads like functions; these are classes so that outcomes can be sent to other processes.


@dataclass(frozen=True)
class final:
    """Read the value of a variable at the end, the run first."""

    name: str

    def __call__(self, trace: Trace) -> Values:
        """Return the values, shape (runs,) or (runs, entities)."""
        return np.asarray(trace.final[self.name]).T


@dataclass(frozen=True)
class week_of:
    """Read the week in which something happened, NaN where it never did, the run first."""

    name: str

    def __call__(self, trace: Trace) -> Values:
        """Return the weeks, shape (runs,) or (runs, entities)."""
        return never(trace.final[self.name].T)


@dataclass(frozen=True)
class where_true:
    """Read the value of a variable at the end where another is true there, NaN elsewhere."""

    name: str
    condition: str

    def __call__(self, trace: Trace) -> Values:
        """Return the values, shape (runs,)."""
        return np.where(trace.final[self.condition], trace.final[self.name], np.nan)
