"""Errors that say where, what, what was allowed, and what was probably meant.

A scenario file is written by people who know a conflict, not by programmers: every mistake in it is collected
and shown at once, each on one line that names the file, the line, the key and the nearest valid name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "FaultError",
    "Interrupted",
    "Problem",
    "ProtocolError",
    "ScenarioError",
    "SettlesimError",
    "Terminated",
    "UsageError",
    "choose",
    "nearest",
    "on_line",
]

# Of a list of problems; who mends these sees the others next.
SHOWN = 50


class SettlesimError(Exception):
    """Base class of every error that settlesim raises on purpose."""


class UsageError(SettlesimError):
    """The library was asked for something that does not exist, such as an unknown sequence."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a scenario.

    Parameters
    ----------
    file
        The file, or the name of the scenario when it was built in Python.
    key
        Dotted path of the key, such as ``parameters.defection_rate.prior.low``.
    message
        What is wrong, in one clause.
    line
        Line in the file, counted from 1; ``None`` where it is not known.
    value
        The offending value, shown unless it is ``None``.
    allowed
        What would have been accepted.
    nearest
        The valid name that looks most like the one given.

    Examples
    --------
    >>> key = "parameters.consent_rat"
    >>> print(Problem("war.toml", key, "unknown parameter", line=41, nearest="consent_rate"))
    war.toml:41: parameters.consent_rat: unknown parameter; did you mean 'consent_rate'?
    """

    file: str
    key: str
    message: str
    line: int | None = None
    value: object = None
    allowed: str | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        """Return the problem on one line."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        shown = "" if self.value is None else f" = {_short(self.value)}"
        text = f"{place}: {self.key}{shown}: {self.message}" if self.key else f"{place}: {self.message}"
        if self.nearest is not None:
            text += f"; did you mean {self.nearest!r}?"
        if self.allowed is not None:
            text += f" [allowed: {self.allowed}]"
        return _line(text)

    def moved(self, file: str, line: int | None) -> Problem:
        """Return the same problem, placed in `file` at `line`."""
        return replace(self, file=file, line=line)


class ScenarioError(SettlesimError):
    """A scenario cannot be used; `problems` holds every mistake found in it.

    Examples
    --------
    >>> error = ScenarioError([Problem("war.toml", "horizon", "must be at least 1", value=0)])
    >>> print(error)
    war.toml: horizon = 0: must be at least 1
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Return one line for each problem, the first 50 of them."""
        return _lines(self.problems)


class ProtocolError(UsageError):
    """A protocol cannot be run; `problems` holds every mistake found in it, each on one line.

    Examples
    --------
    >>> error = ProtocolError(["luck 'rain': unknown scope 'runs'", "fold 'x': unknown operation 'mean'"])
    >>> print(error)
    luck 'rain': unknown scope 'runs'
    fold 'x': unknown operation 'mean'
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(_line(problem) for problem in problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Return one line for each problem, the first 50 of them."""
        return _lines(self.problems)


class FaultError(SettlesimError):
    """A rule or an outcome failed while runs were simulated.

    Parameters
    ----------
    kind
        What failed: ``"rule"``, ``"fold"``, ``"outcome"``.
    name
        Its name.
    reason
        What went wrong, in one clause.
    scope
        The kind of entity a rule is evaluated for.
    week
        The week; 0 is before the first.
    run
        The lowest of the runs in which it fails, where that can be told.
    entity
        The first entity of the scope for which it fails, where that can be told.
    sequence
        The sequence of talks that was simulated.
    world
        The number of the world: that of the run, or of a point of `evaluate`, where `run` is the number of the luck.
    replay
        The call that shows it again, with the names of whoever made it, such as ``scenario`` and ``protocol``.

    Examples
    --------
    >>> print(FaultError("rule", "rain", "returns None", "province", 12, 4711, "Kunduz", "us_first"))
    rule 'rain' (province), sequence 'us_first', week 12, run 4711, 'Kunduz': returns None
    """

    def __init__(
        self,
        kind: str,
        name: str,
        reason: str,
        scope: str = "",
        week: int | None = None,
        run: int | None = None,
        entity: str = "",
        sequence: str = "",
        world: int | None = None,
        replay: str = "",
    ) -> None:
        self.kind, self.name, self.reason, self.scope = kind, name, reason, scope
        self.week, self.run, self.entity, self.sequence = week, run, entity, sequence
        self.world, self.replay = world, replay
        # Where it was met among sequences that are simulated together; of no use in another process.
        self.line: int | None = None
        # As they were given, for an error that is sent from one process to another is made anew from them.
        super().__init__(kind, name, reason, scope, week, run, entity, sequence, world, replay)

    def __str__(self) -> str:
        """Return what failed, where, and why, on one line."""
        place = f"{self.kind} {self.name!r}" + (f" ({self.scope})" if self.scope else "")
        place += f", sequence {self.sequence!r}" if self.sequence else ""
        place += "" if self.week is None else f", week {self.week}"
        place += "" if self.world in (None, self.run) else f", world {self.world}"
        place += "" if self.run is None else f", run {self.run}"
        place += f", {self.entity!r}" if self.entity else ""
        return _line(f"{place}: {self.reason}" + (f"; to see it: {self.replay}" if self.replay else ""))

    def placed(self, *, world: int | None, replay: str) -> FaultError:
        """Return the same fault with its world and the call that shows it."""
        same = (self.kind, self.name, self.reason, self.scope, self.week, self.run, self.entity, self.sequence)
        return FaultError(*same, world, replay)


@contextmanager
def on_line(line: int) -> Iterator[None]:
    """Note of a fault on which line it was met, among sequences that are simulated together."""
    try:
        yield
    except FaultError as fault:
        fault.line = line
        raise


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended an experiment; a script that lets it pass ends with exit code 130.

    Parameters
    ----------
    message
        How much was finished, and whether the same call goes on from there; one line.
    result
        What is complete, as an ``xarray.Dataset``; ``None`` where nothing is.  Of an analysis that carries out several
        experiments it is that of the one under way; of `claims` it is the table of those tested.

    Examples
    --------
    >>> try:
    ...     raise Interrupted("interrupted: 200 of 1000 runs were completed")
    ... except Interrupted as stop:
    ...     print(stop, stop.result)
    interrupted: 200 of 1000 runs were completed None
    """

    def __init__(self, message: str = "interrupted", result: Any = None) -> None:
        super().__init__(_line(message))
        self.result = result


class Terminated(SystemExit):
    """SIGTERM ended an experiment; a script that lets it pass ends with exit code 143.

    Parameters
    ----------
    message
        How much was finished, and whether the same call goes on from there; one line.
    result
        What is complete, as of `Interrupted`.

    Examples
    --------
    >>> stop = Terminated("interrupted: 200 of 1000 runs were completed")
    >>> stop.code, str(stop)
    (143, 'interrupted: 200 of 1000 runs were completed')
    """

    def __init__(self, message: str = "interrupted", result: Any = None) -> None:
        super().__init__(_line(message))
        self.code, self.result = 143, result


def nearest(name: object, names: Iterable[str]) -> str | None:
    """Return the one of `names` that looks most like `name`, or ``None`` when none does.

    Examples
    --------
    >>> nearest("defection_rat", ["return_rate", "defection_rate"])
    'defection_rate'
    """
    found = difflib.get_close_matches(str(name)[:200], [str(n) for n in names], n=1, cutoff=0.6)
    return found[0] if found else None


def choose(name: str, names: Iterable[str], what: str) -> str:
    """Return `name` if it is one of `names`.

    Raises
    ------
    UsageError
        When it is not; the message lists the nearest, or all of them.

    Examples
    --------
    >>> choose("us_frst", ["other", "us_first"], "sequence")
    Traceback (most recent call last):
        ...
    settlesim.errors.UsageError: unknown sequence 'us_frst'; did you mean 'us_first'? Known: other, us_first
    """
    known = list(names)
    if name in known:
        return name
    like = nearest(name, known)
    hint = f"; did you mean {like!r}?" if like else "."
    raise UsageError(_line(f"unknown {what} {name!r:.200}{hint} Known: {', '.join(known)}"))


def _lines(problems: Sequence[object]) -> str:
    lines = [str(problem) for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"{len(lines)} problems and at least {len(problems) - SHOWN:,} more")
    return "\n".join(lines)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _line(text: str) -> str:
    r"""Keep a message on one line that can be shown: keys of a broken file may hold anything, line ends included."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return shown if len(shown) <= 1000 else shown[:997] + "..."
