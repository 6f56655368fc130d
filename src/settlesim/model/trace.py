"""What a block of runs leaves behind: final values, and the recorded ones by week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import UsageError, nearest
from settlesim.model.layout import Layout
from settlesim.model.protocol import Protocol
from settlesim.model.variables import Variable
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["Recorder", "Trace"]


class _Fixed(dict[str, Any]):
    """Values by name, to be read and not to be changed."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a trace is to be read, not to be changed")

    __setitem__ = __delitem__ = __ior__ = update = pop = popitem = clear = setdefault = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        # As it is filled by pickle, it would refuse.
        return type(self), (dict(self),)


@dataclass(frozen=True)
class Trace:
    """Final and weekly values of a block of runs.

    Attributes
    ----------
    entities : dict
        Names of the entities by scope.
    info : dict
        Declarations of the variables.
    final : dict
        Variable to its value at the end: shape (runs,) for the run, (entities, runs) otherwise.
    weekly : dict
        Recorded variable to shape (weeks + 1, ...): index 0 is the start; ended runs repeat their last value.
    worlds : mapping
        Parameters by name, shape (runs,).

    Notes
    -----
    Nothing in `final`, `weekly` and `worlds` can be written to: outcomes are read off them one after another, and the
    worlds are recorded.
    """

    scenario: Scenario
    sequence: Sequence
    runs: range
    entities: dict[str, tuple[str, ...]]
    info: dict[str, Variable]
    final: dict[str, NDArray[Any]]
    weekly: dict[str, NDArray[Any]]
    worlds: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        for values in (*self.final.values(), *self.weekly.values()):
            values.flags.writeable = False
        # Views, for others may hold the worlds and go on to change them.
        worlds = {name: np.asarray(values).view() for name, values in self.worlds.items()}
        for values in worlds.values():
            values.flags.writeable = False
        for name, of in (("final", self.final), ("weekly", self.weekly), ("worlds", worlds)):
            object.__setattr__(self, name, _Fixed(of))

    @property
    def initial_fighters(self) -> NDArray[Any]:
        """Insurgent fighters at the start, shape (runs,)."""
        return self.final["fighters_at_start"]

    @property
    def scope_of(self) -> dict[str, str]:
        """Scope by variable."""
        return {name: variable.scope for name, variable in self.info.items()}


class Recorder:
    """Copies the recorded variables each week.

    Parameters
    ----------
    protocol : Protocol
        Declares what can be recorded.
    layout : Layout
        Supplies horizon and entities.
    record : iterable of str
        Names of variables.
    state : mapping
        The state at the start.
    """

    def __init__(self, protocol: Protocol, layout: Layout, record: Iterable[str], state: Mapping[str, Any]) -> None:
        self.protocol, self.layout = protocol, layout
        self.weekly: dict[str, NDArray[Any]] = {}
        self.week = 0
        for name in record:
            if name not in protocol.table:
                close = nearest(name, protocol.table)
                raise UsageError(f"cannot record {name!r}: the model has no such variable; the nearest is {close!r}")
            start = np.asarray(state[name])
            self.weekly[name] = np.empty((layout.horizon + 1, *start.shape), start.dtype)
            self.weekly[name][0] = start

    def note(self, state: Mapping[str, Any], columns: NDArray[np.intp], active: NDArray[np.bool_] | None) -> None:
        """Record the week just passed.

        Parameters
        ----------
        state : mapping
            Values of the runs still in the engine's arrays.
        columns : ndarray
            Their places among the block's runs.
        active : ndarray of bool or None
            Which of them had not ended before this week; None for all.  The others repeat their last value.
        """
        self.week += 1
        live = slice(None) if active is None else np.flatnonzero(active)
        for name, rows in self.weekly.items():
            value = state[name]
            if (active is None and value.shape == rows[0].shape) or (
                value.shape == rows[0].shape and self.protocol.table[name].scope == "commander" and name != "status"
            ):
                rows[self.week] = value
            else:
                rows[self.week] = rows[self.week - 1]
                rows[self.week][..., columns[live]] = value[..., live]

    def trace(
        self,
        scenario: Scenario,
        sequence: Sequence,
        runs: range,
        worlds: Mapping[str, NDArray[np.float64]],
        state: Mapping[str, Any],
    ) -> Trace:
        """Close the record."""
        final = {v.name: np.array(state[v.name]) for v in self.protocol.variables if v.scope != "commander"}
        return Trace(scenario, sequence, runs, self.layout.entities, self.protocol.table, final, self.weekly, worlds)
