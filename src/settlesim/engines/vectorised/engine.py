"""The numpy engine: interprets a protocol over arrays of shape (entity, run), a block of runs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.worlds import Fates
from settlesim.engines.vectorised.commander_clocks import CommanderClocks
from settlesim.engines.vectorised.compiler import DTYPES, Compiler
from settlesim.engines.vectorised.step_conditions import take_steps
from settlesim.errors import FaultError
from settlesim.model.items import Commanders, Fold, Item, Ranked, Rule, Select, Steps
from settlesim.model.protocol import Protocol
from settlesim.model.rule_results import FAULTS, heed_interruption, reason_of
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Recorder, Trace
from settlesim.model.variables import Variable
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["run", "simulated"]

Floats = NDArray[np.float64]

# Ended runs are dropped from the arrays when that saves more than this share of the block times weeks.
WORTH_DROPPING = 5.0


class _Engine(Compiler):
    def __init__(
        self,
        scenario: Scenario,
        sequence: Sequence,
        worlds: Mapping[str, Floats],
        fates: Fates,
        protocol: Protocol,
        orders: NDArray[np.intp] | None = None,
    ) -> None:
        super().__init__(scenario, sequence, worlds, fates, protocol, orders)
        self.kept: list[tuple[NDArray[np.intp], list[Any]]] = []
        self.active: NDArray[np.bool_] | None = None
        for item in protocol.items:
            if isinstance(item, Commanders):
                self._start_commanders(item)
        for item in protocol.setup:
            with self._naming(item):
                self._prepare(item)
        self._start()
        # What is fixed for each commander stays whole; only its status moves, and that the clocks keeps.
        self.moving = [v.name for v in protocol.variables if v.scope != "commander"]
        self.stages = [(item, self._compile(item)) for item in protocol.items]
        # What is being carried out, for the name of a fault.
        self.item = protocol.items[0]

    # -- start ---------------------------------------------------------------------------------------

    @contextmanager
    def _naming(self, item: Item) -> Iterator[None]:
        """Name the item in which something goes wrong before the first week."""
        try:
            yield
        except FaultError:
            raise
        except FAULTS as error:
            heed_interruption(error)
            raise self.fault(item, reason_of(error)) from error

    def _full(self, variable: Variable, value: Any) -> Any:
        shape = (self.runs,) if variable.scope == "run" else (self.layout.size(variable.scope), self.runs)
        return np.broadcast_to(np.asarray(value), shape).astype(DTYPES[variable.kind])

    def _start(self) -> None:
        for variable in self.protocol.variables:
            if variable.name in self.state or variable.scope == "commander":
                continue
            value = variable.start
            if isinstance(value, str):
                value = self.state[value] if value in self.state else self.fetch(value, variable.scope)()
            elif value is None:
                value = 0
            self.state[variable.name] = self._full(variable, value)

    def _prepare(self, item: Any) -> None:
        """Carry out an item of the setup: what it writes stands for good."""
        for name in item.writes:
            self.state[name] = self._full(self.protocol.table[name], 0)
        self._compile(item)()

    def _start_commanders(self, item: Commanders) -> None:
        for rule in item.setup:
            with self._naming(rule):
                for name, value in zip(rule.writes, self._values(rule), strict=True):
                    self.state[name] = self._full(self.protocol.table[name], value)
        self.commander_clocks = CommanderClocks(
            item, self.layout, self.names.scope, self.state, lambda name: self.draw(name)[0]
        )

    # -- compiling -----------------------------------------------------------------------------------

    def _compile(self, item: Any) -> Callable[[], None]:
        if isinstance(item, Rule):
            return self._compile_rule(item)
        if isinstance(item, Fold):
            return self._compile_fold(item)
        if isinstance(item, Select):
            return self._compile_select(item)
        if isinstance(item, Ranked):
            return self._compile_ranked(item)
        if isinstance(item, Steps):
            return lambda: take_steps(self.state, self.layout, self.sequence, self.week, self.columns)
        decide = self.call(item.choice.decide)
        return lambda: self.commander_clocks.advance(self.active, lambda runs: decide(runs)[0])

    # -- running -------------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance by a week.

        A run that ends is copied out in that week, and nothing is read from its columns any more, whatever
        the arrays go on to do there; from time to time the columns are dropped.
        """
        gone = int(np.count_nonzero(self.gone))
        if gone and gone / self.runs * (self.layout.horizon - self.week) > WORTH_DROPPING:
            self._drop()
            gone = 0
        self.week += 1.0
        self.active = None if self.runs and not gone else ~self.gone
        if not self.runs:
            return
        stages = self.stages
        try:
            for self.item, stage in stages:
                stage()
        except FaultError:
            raise
        except FAULTS as error:
            heed_interruption(error)
            raise self.fault(self.item, reason_of(error)) from error
        ends = self.state["ended"] & ~self.gone
        if ends.any():
            where = np.flatnonzero(ends)
            self._keep(where)
            self.commander_clocks.retire(where)
            self.gone = self.gone | ends

    # -- ended runs ----------------------------------------------------------------------------------

    def _keep(self, where: NDArray[np.intp]) -> None:
        """Copy the values of some present runs, which have ended."""
        self.kept.append((self.columns[where], [self.state[name].take(where, axis=-1) for name in self.moving]))

    def _drop(self) -> None:
        """Take ended runs out of the arrays; every operation is elementwise, so the others cannot tell."""
        stay = np.flatnonzero(~self.gone)
        self.narrow(stay)
        self.gone = np.zeros(self.runs, bool)
        for name in self.moving:
            self.state[name] = self.state[name].take(stay, axis=-1)
        self.commander_clocks.drop(stay)

    def finish(self) -> dict[str, Any]:
        """Final values of all variables, every run in its column."""
        self._keep(np.flatnonzero(~self.gone))
        order = np.argsort(np.concatenate([columns for columns, _ in self.kept]))
        values = zip(*(values for _, values in self.kept), strict=True)
        return {
            name: np.concatenate(pieces, axis=-1).take(order, axis=-1)
            for name, pieces in zip(self.moving, values, strict=True)
        }


def run(
    scenario: Scenario,
    sequence: Sequence,
    *,
    worlds: Mapping[str, Floats],
    fates: Fates,
    protocol: Protocol | None = None,
    record: Iterable[str] = (),
) -> Trace:
    """Simulate a block of runs of one sequence.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : Sequence
        The order of talks and concessions.
    worlds : mapping
        Parameter values by name, shape (runs,), from `settlesim.chance.worlds.worlds`.
    fates : Fates
        The luck of the block's runs.
    protocol : Protocol, optional
        What happens in a week; the standard protocol by default.
    record : iterable of str
        Variables to record every week.

    Returns
    -------
    Trace
        Final values of all variables, and the recorded ones by week.

    Raises
    ------
    ProtocolError
        If the protocol has mistakes, with all of them.
    FaultError
        If a rule fails, with the lowest run in which it does.
    UsageError
        If `record` names an unknown variable.

    Examples
    --------
    >>> from settlesim.chance.worlds import Fates, worlds
    >>> from settlesim.scenario.files import load
    >>> scenario = load("two-party")
    >>> sequence = scenario.sequence(scenario.default_sequence)
    >>> trace = run(scenario, sequence, worlds=worlds(scenario, range(3), entropy=7), fates=Fates(7, range(3)))
    >>> trace.final["deaths"].shape
    (3,)
    """
    law, names = protocol or STANDARD, tuple(record)
    try:
        return simulated(scenario, sequence, worlds, fates, law, names)
    except FaultError as fault:
        lowest = _lowest(fault, scenario, sequence, worlds, fates, law)
        raise lowest from lowest.__cause__


def simulated(
    scenario: Scenario,
    sequence: Sequence,
    worlds: Mapping[str, Floats],
    fates: Fates,
    protocol: Protocol,
    record: Iterable[str],
    orders: NDArray[np.intp] | None = None,
) -> Trace:
    """Simulate a block as `run` does, but runs may differ in the order of steps; a fault is the first met."""
    engine = _Engine(scenario, sequence, worlds, fates, protocol, orders)
    recorder = Recorder(engine.protocol, engine.layout, record, engine.state)
    with np.errstate(all="ignore"):
        for _ in range(scenario.horizon):
            engine.step()
            recorder.note(engine.state, engine.columns, engine.active)
    # The stages hold the engine and the engine its stages: a block's arrays would wait for the garbage collector.
    engine.stages.clear()
    return recorder.trace(scenario, sequence, fates.runs, worlds, engine.finish())


def _lowest(
    fault: FaultError,
    scenario: Scenario,
    sequence: Sequence,
    worlds: Mapping[str, Floats],
    fates: Fates,
    protocol: Protocol,
) -> FaultError:
    """Return the fault of the lowest run that has one: the same in a block of any size, and in the reference model.

    A block is left in the first week in which any run fails; lower runs may fail too, in later weeks.
    """
    while fault.run is not None and fault.run > fates.runs.start:
        lower = range(fates.runs.start, fault.run)
        columns = {name: values[: len(lower)] for name, values in worlds.items()}
        try:
            simulated(scenario, sequence, columns, Fates(fates.entropy, lower), protocol, ())
        except FaultError as another:
            fault = another
        else:
            break
    return fault
