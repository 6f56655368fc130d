"""What rules read and write: scopes, variables, and luck drawn before the first week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

__all__ = [
    "DISTRIBUTIONS",
    "FRAILTY_SHAPE",
    "KINDS",
    "OPERATIONS",
    "SCOPES",
    "Luck",
    "Operation",
    "Variable",
]

Scope = Literal[
    "run",
    "actor",
    "dyad",
    "faction",
    "province",
    "cell",
    "commander",
    "track",
    "seat",
    "bargain",
    "concession",
    "clause",
    "obligation",
    "dimension",
    "event",
    "step",
    "condition",
]
Kind = Literal["float", "bool", "int"]
Distribution = Literal["uniform", "exponential", "normal", "gamma", "beta"]
Operation = Literal["sum", "max", "min", "any", "all"]

SCOPES: tuple[str, ...] = get_args(Scope)
KINDS: tuple[str, ...] = get_args(Kind)
DISTRIBUTIONS: tuple[str, ...] = get_args(Distribution)
OPERATIONS: tuple[str, ...] = get_args(Operation)

# By how much rounding may carry a value beyond the range of its variable.
SLACK = 1e-9
# The parameter that shapes every luck drawn from a beta distribution.
FRAILTY_SHAPE = "hardline_concentration"


@dataclass(frozen=True)
class Variable:
    """A quantity that rules write, with its scope, unit and range.

    Parameters
    ----------
    name : str
        The name by which rules read it.
    scope : str
        The kind of entity that has it: ``"run"``, ``"province"``, ``"seat"`` and so on. Declared by a rule that
        writes it, a variable takes the rule's.
    units : str
        The unit; ``"1"`` for a pure number.
    meaning : str
        One line for tables and plots.
    start : float, bool, int, str or None
        Value before the first week: a number, or the name of a parameter, attribute or luck to copy.
        None for an intermediate, which must be written each week before it is read.
    low, high : float
        The range it is guaranteed to stay in.
    kind : {"float", "bool", "int"}
        Its number type.
    flags : mapping or None
        Meanings of the codes of an integer variable.
    weekly : bool
        Whether ``record="weekly"`` keeps it.
    told : bool
        Whether the story of a run needs it.
    """

    name: str
    scope: str = ""
    units: str = "1"
    meaning: str = ""
    start: float | bool | int | str | None = None
    low: float = float("-inf")
    high: float = float("inf")
    kind: Kind = "float"
    flags: Mapping[int, str] | None = None
    weekly: bool = False
    told: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Its range, and the last bits by which a sum of weights may stand above a bound of one.

        Examples
        --------
        >>> low, high = Variable("share", "run", low=0.0, high=1.0).bounds
        >>> low <= 1.0 + 2e-16 <= high, low <= 1.0001 <= high
        (True, False)
        """
        return self.low - SLACK, self.high + SLACK


@dataclass(frozen=True)
class Luck:
    """Chance drawn before the first week, and what it travels with.

    ``per`` is ``"run"`` (one draw), ``"week"`` (the draw travels with the date), or the name of an
    integer variable that counts occasions (the draw travels with the matter: the third round of this
    track, the second suspension).  ``entities`` may be shared: a draw belongs to its entity's name.
    ``parameter`` shapes the distribution: the shape of a gamma, the attribute of factions that is the mean of a beta.

    Examples
    --------
    >>> Luck("weather", "run", "gamma", "week", parameter="violence_shape").reads
    ('violence_shape',)
    """

    name: str
    scope: str
    distribution: Distribution
    per: str = "run"
    occasions: int = 1
    meaning: str = ""
    parameter: str | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """Parameters and attributes that shape its distribution."""
        shape = () if self.parameter is None else (self.parameter,)
        return (*shape, FRAILTY_SHAPE) if self.distribution == "beta" else shape
