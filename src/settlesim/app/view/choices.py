"""What is chosen on the page, and the model that follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from settlesim.app.view.live import Watched
from settlesim.errors import UsageError
from settlesim.scenario.files import builtin, load
from settlesim.scenario.priors import Distribution, Fixed
from settlesim.scenario.scenario import Parameter, Scenario

__all__ = ["Choice", "Entry", "build", "entries", "groups", "prepared", "scenarios"]


@dataclass(frozen=True)
class Choice:
    """What is chosen, numbers as they were typed.

    Attributes
    ----------
    scenario
        Name of a shipped scenario or path of a file.
    sequence
        Name of a sequence; the scenario's default where it is empty.
    run, rng
        Number of the run and seed of all chance.
    held
        ``name`` or ``name.entry`` of parameters → the number at which they are held.
    """

    scenario: str
    sequence: str = ""
    run: str = "0"
    rng: str = "7"
    held: tuple[tuple[str, str], ...] = ()

    def holding(self, name: str, text: str) -> Choice:
        """Return this choice with a parameter held at a number; free again where the text is empty."""
        held = dict(self.held)
        held.pop(name, None)
        if text.strip():
            held[name] = text.strip()
        return Choice(self.scenario, self.sequence, self.run, self.rng, tuple(held.items()))


@dataclass(frozen=True)
class Entry:
    """One number of a scenario, with what is needed to judge it."""

    name: str
    meaning: str
    unit: str
    range: tuple[float, float]
    prior: str
    lever: float | None


def scenarios(opened: str) -> list[str]:
    """Return what can be chosen: the shipped scenarios, and the file that was opened."""
    names = builtin()
    return names if opened in names else [opened, *names]


def prepared(choice: Choice) -> Scenario:
    """Return the chosen scenario with its held parameters.

    Raises
    ------
    SettlesimError
        For anything that cannot be: an unknown name, a number out of range.

    Examples
    --------
    >>> prepared(Choice("two-party", held=(("defection_rate", "0.03"),))).parameters["defection_rate"].value
    0.03
    """
    scenario = load(choice.scenario)
    changes: dict[str, Any] = {}
    for name, text in choice.held:
        stem, _, entry = name.partition(".")
        number = _number(name, text)
        if entry:
            changes.setdefault(stem, {})[entry] = number
        else:
            changes[stem] = number
    return scenario.with_parameters(**changes) if changes else scenario


def build(choice: Choice) -> Watched:
    """Return the model that is chosen, before its first week.

    Raises
    ------
    SettlesimError
        As for `prepared`, and for a run or seed that is not a whole number from 0 on.

    Examples
    --------
    >>> build(Choice("two-party", run="3")).sequence.name
    'talk'
    """
    scenario = prepared(choice)
    run, rng = _whole("run", choice.run), _whole("seed", choice.rng)
    return Watched(scenario, choice.sequence or scenario.default_sequence, run=run, rng=rng)


def groups(scenario: Scenario) -> list[str]:
    """Return the groups of parameters, in the scenario's order."""
    return list(dict.fromkeys(parameter.group for parameter in scenario.parameters.values()))


def entries(scenario: Scenario, group: str, sequence: str) -> Iterator[Entry]:
    """Yield the numbers of a group of parameters, one for each entry of those that have several.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> next(entries(load("two-party"), "commanders", "talk")).unit
    'per year'
    """
    levers = scenario.sequence(sequence).levers
    for name, parameter in scenario.parameters.items():
        if parameter.group == group:
            for entry, prior in parameter.entries().items():
                yield _entry(name, entry, parameter, prior, levers.get(name))


def _entry(name: str, entry: str, parameter: Parameter, prior: Distribution, lever: Any) -> Entry:
    if lever is not None and not isinstance(lever, (int, float)):
        lever = lever.get(entry)
    full = f"{name}.{entry}" if entry else name
    low, high = prior.bounds
    shown = f"{low:g}" if isinstance(prior, Fixed) or low == high else f"{low:g} to {high:g}, drawn anew in each run"
    return Entry(full, parameter.meaning, parameter.unit, parameter.range, shown, lever)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number != number:
        raise UsageError(f"{name} takes a number, got {text!r}")
    return number


def _whole(what: str, text: str) -> int:
    if not text.strip().isdecimal():
        raise UsageError(f"the {what} must be a whole number from 0 on, got {text!r}")
    return int(text)
