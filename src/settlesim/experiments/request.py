"""What an experiment is asked for, and the job that follows from it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from settlesim.chance.sampling import Sampling, sampling_of, warn_of_size
from settlesim.chance.worlds import Rng, constants, entropy_of, free_numbers, pie_values, worlds
from settlesim.errors import FaultError, UsageError, choose
from settlesim.experiments.checkpoint import Checkpoint, fingerprint_in
from settlesim.experiments.fault_shown import shown_by
from settlesim.experiments.growing_store import books_of
from settlesim.experiments.job import ENGINES, Job
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_check import refuse_mistakes
from settlesim.model.standard import STANDARD
from settlesim.scenario.parameters import Address, resolve
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["ROUNDING", "Request", "entropy_for", "heed_changes", "refuse_levers", "selected"]

# What a value may differ by from the one given and still not be scaled.
ROUNDING = 1e-9
# So many runs are looked at before the first, to tell whether values are scaled.
SEEN = 1000


@dataclass(frozen=True)
class Request:
    """What `simulate`, `compare` or `sweep` is asked for, as it was given.

    Attributes
    ----------
    sequences
        All that are simulated, each under a name of its own.
    scenario, runs, rng, record, engine, method, protocol, outcomes
        As the arguments of `simulate`.
    slots, group
        As those of a `Job`.
    """

    scenario: Scenario
    sequences: tuple[Sequence, ...]
    runs: int | range = 1000
    rng: Rng = None
    record: str | Iterable[str] | None = None
    engine: str = "numpy"
    method: str | Sampling | Mapping[str, Any] = "monte_carlo"
    protocol: Protocol | None = None
    outcomes: Iterable[Outcome] | None = None
    slots: int = 0
    group: int = 1

    @property
    def numbers(self) -> range:
        """Numbers of the runs.

        Raises
        ------
        UsageError
            If `runs` is neither a number of runs nor a range of them.
        """
        runs = self.runs
        if isinstance(runs, range) and runs.step == 1 and runs.start >= 0 and len(runs):
            return runs
        if isinstance(runs, bool) or not isinstance(runs, (int, np.integer)) or runs < 1:
            raise UsageError(f"runs must be a whole number of at least 1, or a range of step 1, got {runs!r}")
        return range(int(runs))

    def job(self, out: str | Path | None) -> Job:
        """Return the job, once all that is asked for is known to exist and to fit together.

        Parameters
        ----------
        out : str or Path, optional
            Where the result is to be saved; an unfinished experiment there lends its entropy.

        Raises
        ------
        UsageError
            If a name is unknown or an option is out of range.
        """
        total = sampling_of(self.method).whole(self.numbers)
        rules = self.protocol or STANDARD
        job = Job(
            self.scenario,
            self.sequences,
            record=_recorded(self.record, rules),
            entropy=entropy_for(self.rng, out),
            total=total,
            method=self.method,
            engine=choose(self.engine, ENGINES, "engine"),
            protocol=rules,
            outcomes=rules.outcomes if self.outcomes is None else tuple(self.outcomes),
            slots=self.slots,
            group=self.group,
        )
        # Faults of the whole experiment are to be found before the first block, not in a worker.
        heed_changes(self.scenario, self.sequences)
        _refuse_drawn(self.scenario, self.method)
        refuse_mistakes(rules, self.scenario, self.sequences[0], job.outcomes)
        if job.engine == "mesa":
            from settlesim.engines.vectorised.rehearsal import rehearse

            try:
                rehearse(self.scenario, self.sequences[0], rules, job.entropy)
            except FaultError as fault:
                raise shown_by(fault, job) from fault.__cause__
        last = range(self.numbers.stop - 1, self.numbers.stop)
        worlds(self.scenario, last, entropy=job.entropy, method=self.method, total=total)
        # Orders of one plan have the same levers; there may be thousands.
        for levers in {repr(sequence.levers): sequence.levers for sequence in self.sequences}.values():
            worlds(self.scenario, last, entropy=job.entropy, method="central", levers=levers)
        warn_of_pie(self.scenario, self.sequences, self.numbers, job)
        warn_of_size(free_numbers(self.scenario), entropy=job.entropy, how=job.sampling, total=total)
        return job


def selected(scenario: Scenario, sequences: Iterable[str | Sequence] | None) -> tuple[Sequence, ...]:
    """Return sequences given by name or as they are; by default all of the scenario.

    Raises
    ------
    UsageError
        If a name is unknown, two sequences have the same name, or there is none.
    """
    if isinstance(sequences, (str, Sequence)):
        sequences = [sequences]
    chosen = [scenario.sequence(name) for name in (scenario.sequences if sequences is None else sequences)]
    names = [sequence.name for sequence in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise UsageError(f"two sequences are called {twice[0]!r}" if twice else "no sequence is given")
    return tuple(chosen)


def refuse_levers(sequences: Iterable[Sequence], addresses: Iterable[str], who: str) -> None:
    """Refuse to set a number that a sequence holds by a lever.

    Raises
    ------
    UsageError
        Naming the sequence and the number; `who` says who else sets it, such as ``"points give"``.
    """
    known = sorted(addresses)
    for sequence in sequences:
        both = next((name for name in known if _sets(sequence, name)), None)
        if both is not None:
            raise UsageError(
                f"sequence {sequence.name!r} sets {both} by a lever, and the {who} it too: leave it out of the "
                f"{who.split()[0]}, or give a sequence without that lever"
            )


def _refuse_drawn(scenario: Scenario, method: object) -> None:
    """Refuse a design that draws a number which `with_parameters` has fixed: it would be without effect."""
    if not isinstance(method, Mapping):
        return
    numbers = tuple(scenario.quantities())
    fixed = {str(q.address) for q in numbers if str(q.address) in scenario.changed and not q.uncertain}
    both = sorted(fixed & {str(one) for name in method for one in resolve(name, numbers)})
    if both:
        raise UsageError(f"{both[0]} was set for the scenario, and the design draws it too: leave it out there")


def heed_changes(scenario: Scenario, sequences: Iterable[Sequence], level: int = 4) -> None:
    """Refuse a number set by `with_parameters` that a lever holds in all sequences; warn where some hold it.

    Raises
    ------
    UsageError
        If it would be without any effect.

    Warns
    -----
    UserWarning
        If it is without effect under some sequences, which are named.
    """
    every = tuple(sequences)
    for name in sorted(scenario.changed):
        holding = [sequence.name for sequence in every if _sets(sequence, name)]
        if not holding:
            continue
        if len(holding) == len(every):
            who = f"sequence {holding[0]!r} holds" if len(every) == 1 else "every sequence holds"
            raise UsageError(
                f"{name} was set for the scenario, and {who} it by a lever, which comes first: leave it out, or give "
                "a sequence without that lever"
            )
        told = ", ".join(map(repr, holding[:4])) + (f" and {len(holding) - 4} more" if len(holding) > 4 else "")
        warnings.warn(
            f"{name} was set for the scenario, and is without effect under {told}: a lever holds it there, and comes "
            "first",
            stacklevel=level,
        )


def warn_of_pie(scenario: Scenario, sequences: tuple[Sequence, ...], runs: range, job: Job, level: int = 4) -> None:
    """Warn where what is set for concessions is scaled down, since the values sum to more than the whole prize.

    Warns
    -----
    UserWarning
        Saying under how many of the sequences, as far as the first runs show.
    """
    pie = pie_values(scenario)
    numbers = {str(q.address): q for q in scenario.quantities()}
    levers = {repr(q.levers): q.levers for q in sequences if any(_sets(q, name) for name in pie)}
    scaled: dict[str, int] = {}
    first = runs[:SEEN]
    for held in levers.values():
        given = {n: v for n, v in constants(numbers, held).items() if n in pie}
        most = sum(given.get(name, numbers[name].prior.bounds[1]) for name in pie)
        if most <= 1.0:
            continue
        drawn = worlds(scenario, first, entropy=job.entropy, method=job.method, total=job.total, levers=held)
        for name, value in given.items():
            scaled[name] = scaled.get(name, 0) + bool((drawn[name] < value * (1 - ROUNDING)).any())
    told = [name for name, times in scaled.items() if times]
    if told:
        warnings.warn(
            f"the values of concessions sum to more than the pie in some runs and are scaled down together to sum to "
            f"1, so that {', '.join(told)} are simulated lower there than given",
            stacklevel=level,
        )


def _sets(sequence: Sequence, name: str) -> bool:
    address = Address.parse(name)
    levers: Mapping[str, Any] = sequence.levers
    lever = levers.get(address.name, {})
    return name in levers or not isinstance(lever, Mapping) or address.entry in lever


def _recorded(record: str | Iterable[str] | None, rules: Protocol) -> tuple[str, ...]:
    if record is None:
        return ()
    if isinstance(record, str):
        choose(record, ("weekly",), "set of variables to record")
        return rules.weekly
    return tuple(choose(name, rules.table, "variable") for name in dict.fromkeys(record))


def entropy_for(rng: Rng, out: str | Path | None) -> int:
    """Return the entropy asked for; without one, an unfinished experiment at the same place lends its own."""
    if rng is None and out is not None:
        path = Path(out)
        begun = fingerprint_in(books_of(path) if path.suffix == ".zarr" else Checkpoint(path).folder)
        if begun is not None:
            return int(begun["entropy"])
    return entropy_of(rng)
