"""Worlds crossed with luck: every point of a design meets the same luck, so that the two can be told apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.chance.sampling import Sampling, warn_of_size
from settlesim.chance.worlds import Rng, free_numbers, pie_values
from settlesim.engines.vectorised.batch import LAID_OUT
from settlesim.errors import FaultError
from settlesim.experiments.execution import Execution, asked, carry_out
from settlesim.experiments.fault_shown import call_of, some_of
from settlesim.experiments.job import Job, Unit
from settlesim.experiments.points import Points, points_of
from settlesim.experiments.request import ROUNDING, Request, refuse_levers, selected
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.results.crossed import crossed
from settlesim.results.dataset import Assembly, Block
from settlesim.results.stores import compact
from settlesim.scenario.parameters import Address
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Evaluation", "evaluate", "held"]


@dataclass(frozen=True)
class Evaluation(Job):
    """A job whose lines are (point, sequence), points outermost, and whose runs are those of the luck.

    Attributes
    ----------
    plans : tuple of Sequence
        The sequences that each point is simulated under.
    points : Points
        The worlds.
    """

    plans: tuple[Sequence, ...] = ()
    points: Points = field(default_factory=lambda: Points(range(1), Sampling()))

    @cached_property
    def batches(self) -> tuple[tuple[int, ...], ...]:
        """Lines that the engine can simulate in one call."""
        several = len(self.plans)
        once = Job(self.scenario, self.plans, self.entropy, self.total, engine=self.engine).batches
        return tuple(
            tuple(point * several + plan for point in range(len(self.points)) for plan in batch) for batch in once
        )

    def units(self, runs: range, columns: int) -> Iterator[Unit]:
        """Yield units of some points under all sequences of a batch, points outermost, so that points get done."""
        several = len(self.plans)
        once = [[line for line in batch if line < several] for batch in self.batches]
        many = max(1, columns // (len(runs) * max(map(len, once))))
        for start in range(0, len(self.points), many):
            some = range(start, min(start + many, len(self.points)))
            for batch in once:
                yield Unit(tuple(point * several + plan for point in some for plan in batch), runs)

    def compute(self, unit: Unit) -> Block:
        """Simulate a unit: its points over the same luck, each in a world of its own."""
        several = len(self.plans)
        of = [divmod(line, several) for line in unit.lines]
        which = range(of[0][0], of[-1][0] + 1)
        drawn = {
            plan: self.points.worlds(
                self.scenario, which, unit.runs, entropy=self.entropy, levers=self.plans[plan].levers
            )
            for plan in sorted({plan for _, plan in of})
        }
        columns = [{name: rows[point - which.start] for name, rows in drawn[plan].items()} for point, plan in of]
        return self.simulated(unit, [self.sequences[line] for line in unit.lines], columns, ())

    def located(self, fault: FaultError, unit: Unit) -> FaultError:
        """Return a fault with the point at which it was met; its run is the number of the luck."""
        if fault.run is None or fault.line is None:
            call = call_of(fault, self, "evaluate", f"luck={some_of(unit.runs)}").replace(", method='central'", "")
            return fault.placed(world=None, replay=call.replace("(scenario, ", "(scenario, points, "))
        point = unit.lines[fault.line] // len(self.plans)
        number = self.points.numbers[point]
        points = "points" if self.points.values or self.points.sampling.designed else f"range({number}, {number + 1})"
        call = call_of(fault, self, "evaluate", f"luck=range({fault.run}, {fault.run + 1})")
        call = call.replace(", method='central'", "").replace("(scenario, ", f"(scenario, {points}, ")
        return fault.placed(world=number, replay=call)

    def fingerprint(self) -> dict[str, Any]:
        """Return what two jobs must share for the units of one to serve the other."""
        once = Job(**{f.name: getattr(self, f.name) for f in fields(Job)} | {"sequences": self.plans})
        how = self.points.sampling
        return once.fingerprint() | {
            "points": [self.points.name, self.points.rest, self.points.numbers.start, self.points.numbers.stop],
            "sampling": [how.kind, how.number, how.total],
        }

    @property
    def method_name(self) -> str:
        """How the points came about."""
        return self.points.name

    def labelled(self, assembly: Assembly) -> xr.Dataset:
        """Label what has been computed: the points that are done, or the luck that all points have met."""
        how = self.points.sampling
        attrs = self.attributes | {"rest": self.points.rest, "given": compact(list(self.points.values))}
        if how.designed:
            attrs |= {"replicates": how.number, "total": int(how.total or 0)}
        # What the pie scales down may be fixed, and yet differ from world to world.
        kept = {*free_numbers(self.scenario), *pie_values(self.scenario), *self.points.values}
        set_by = {name for plan in self.plans for name in plan.levers}
        quantities = [str(q.address) for q in self.scenario.quantities()]
        names = [name for name in quantities if name in kept or Address.parse(name).name in set_by]
        luck = assembly.runs
        tables = [
            self.points.worlds(
                self.scenario,
                range(len(self.points)),
                # What does not depend on the luck needs no column for each number of it.
                luck if self.points.rest == "common" else luck[:1],
                entropy=self.entropy,
                levers=plan.levers,
            )
            for plan in self.plans
        ]
        worlds = {name: (self._along(name), np.stack([table[name] for table in tables], axis=1)) for name in names}
        dataset = crossed(assembly, self.scenario, self.plans, self.points.numbers, worlds, attrs)
        dataset.attrs["runs_asked"] = len(self.points) * len(luck)
        if how.number > 1:
            of = dataset["point"].values % how.number
            dataset = dataset.assign_coords(replicate=("point", of, {"long_name": "replicate of the designed sample"}))
        return dataset

    def _along(self, name: str) -> tuple[str, ...]:
        """Dimensions that a number varies along: point or luck, both where the pie scales it by what others are."""
        if self.points.rest != "common":
            return ("point",)
        if name in pie_values(self.scenario):
            return ("point", "luck")
        return ("point",) if name in self.points.values else ("luck",)

    def completed(self, dataset: xr.Dataset, runs: range) -> str:
        """Say how much of the job a labelled result holds."""
        points, luck = dataset.sizes["point"], dataset.sizes["luck"]
        kept = "" if luck == len(runs) else f" under {luck} of {len(runs)} numbers of the luck"
        return f"{points} of {len(self.points)} points were completed{kept}"


def held(plan: Sequence, given: Iterable[str]) -> Sequence:
    """Return the sequence that points are simulated under: what is given for them counts as a lever where levers do."""
    names = {name: 0.0 for name in given if name in LAID_OUT}
    return plan.with_levers(**names) if names else plan


def evaluate(
    scenario: Scenario,
    points: Any,
    sequences: Iterable[str | Sequence] | None = None,
    *,
    names: Iterable[str] | None = None,
    rest: str = "drawn",
    luck: int | range = 1,
    rng: Rng = None,
    engine: str = "numpy",
    protocol: Protocol | None = None,
    outcomes: Iterable[Outcome] | None = None,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Simulate every point of a design under every sequence, over the same luck.

    With several numbers of the luck, differences between worlds can be told from luck: the mean over ``luck`` estimates
    what is expected in a world.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    points : int, range, Sampling, table, mapping, sequence of mappings, or array
        The worlds.  A number, a range or ``Sampling("sobol", total=256)`` draws them from the priors: point i is the
        world of run i of `simulate` under the same entropy and method.  Otherwise the values of some numbers, in their
        units:

        - a `pandas.DataFrame`, its columns named by address (``"defection_rate"``, ``"war_cost.government"``; a name
          that has several sets them all), such as the experiments of the EMA workbench, whose columns ``scenario``,
          ``policy`` and ``model`` are left out;
        - a mapping of name to values, a single value standing for all points, such as a parameter of pyABC;
        - a list of such mappings of name to single values, one a point;
        - an array of shape (points, numbers) with `names`, such as a sample of SALib.
    sequences : str, Sequence or iterable of them, optional
        By default all of the scenario.
    names : iterable of str, optional
        Addresses of an array's columns.
    rest : {"drawn", "common", "central"}
        Where the uncertain numbers come from that points leave out.  ``"drawn"``: each point has draws of its own, by
        its number, and is a whole world.  ``"common"``: they are drawn for each number of the luck, alike at all
        points, as in `sweep`; differences between points are then due to what is given alone.  ``"central"``: they are
        held at their central values.
    luck : int or range
        How many numbers of the luck each point meets, or which: number i is the luck of run i of `simulate`.
    rng : int, SeedSequence, Generator or None
        Entropy of all chance.
    engine : {"numpy", "mesa"}
        The interpreter of the rules.
    protocol : Protocol, optional
        What happens in a week.
    outcomes : iterable of Outcome, optional
        What to keep.
    execution : Execution, optional
        As for `simulate`: it changes no number.

    Returns
    -------
    xarray.Dataset
        Dimensions (point, sequence, luck).  Uncertain numbers, and those given, are variables on ``point`` with ``role
        = "parameter"``, those that are common to all points on ``luck``; on ``sequence`` too where levers differ in
        them.  Values of concessions that sum to more than the pie are scaled down, as in every world; where points
        give some of them a warning says in how many.  A designed
        sample has the coordinate ``replicate`` on ``point``.

    Raises
    ------
    UsageError
        If a name is unknown, a value is outside its range, a lever of a sequence sets a number that points give as
        well, or an option is out of range.
    Interrupted, Terminated
        After Ctrl-C or SIGTERM; its ``result`` holds the points that are done.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> result = evaluate(load("two-party"), {"surrender_frame": [0, 0.1]}, "talk", luck=3, rng=7)
    >>> dict(result.settled.sizes)
    {'point': 2, 'sequence': 1, 'luck': 3}
    >>> result.surrender_frame.values.tolist()
    [0.0, 0.1]
    """
    how = asked(scenario, execution)
    plans = selected(scenario, sequences)
    read = points_of(scenario, points, names=names, rest=rest)
    refuse_levers(plans, read.values, "points give")
    for plan in plans:
        for name in LAID_OUT:
            # What a sequence cannot have as a lever, points cannot give it.
            for value in (read.values[name].min(), read.values[name].max()) if name in read.values else ():
                scenario.sequence(plan.with_levers(**{name: float(value)}))
    request = Request(
        scenario,
        plans,
        runs=luck,
        rng=rng,
        engine=engine,
        method="central",
        protocol=protocol,
        outcomes=outcomes,
    )
    job = request.job(how.out)
    # Whether a sample has a size that suits it is found out before the first run.
    read.worlds(scenario, range(1), range(1), entropy=job.entropy, levers={})
    warn_of_size(free_numbers(scenario), entropy=job.entropy, how=read.sampling, total=read.sampling.total, level=3)
    _warn_of_pie(scenario, plans, read, request.numbers, job.entropy)
    lines = tuple(held(plan, read.values) for plan in plans) * len(read)
    shared = {f.name: getattr(job, f.name) for f in fields(Job)}
    return carry_out(Evaluation(**shared | {"sequences": lines}, plans=plans, points=read), request.numbers, how)


def _warn_of_pie(scenario: Scenario, plans: tuple[Sequence, ...], points: Points, luck: range, entropy: int) -> None:
    """Say in how many points the pie scales down what they give."""
    given = [name for name in pie_values(scenario) if name in points.values]
    if not given:
        return
    # What does not depend on the luck needs no column for each number of it.
    numbers = luck if points.rest == "common" else luck[:1]
    scaled = np.zeros(len(points), bool)
    for plan in plans:
        table = points.worlds(scenario, range(len(points)), numbers, entropy=entropy, levers=plan.levers)
        for name in given:
            scaled |= (table[name] < points.values[name][:, np.newaxis] * (1 - ROUNDING)).any(axis=1)
    if scaled.any():
        warnings.warn(
            f"in {scaled.sum():,} of {len(points):,} points the values of concessions sum to more than the pie and are "
            f"scaled down together to sum to 1, so that {', '.join(given)} are simulated lower there than given; the "
            "result holds what was simulated",
            stacklevel=3,
        )
