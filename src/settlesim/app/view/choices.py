"""What is chosen on the page, and the model that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from settlesim.app.view.live import Watched
from settlesim.errors import UsageError, choose
from settlesim.scenario.files import builtin, load
from settlesim.scenario.parameters import Parameter, nested
from settlesim.scenario.scenario import Scenario

__all__ = ["Choice", "Entry", "build", "entries", "groups", "offered", "prepared", "scenarios"]


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


def offered(choice: Choice, opened: str) -> Choice:
    """Return the choice if its scenario is one of those that can be chosen.

    A browser can send any text in place of a choice: a path among them would tell it what files there are.

    Raises
    ------
    UsageError
        If it is none of them.

    Examples
    --------
    >>> offered(Choice("two-party"), "my-war.toml").scenario
    'two-party'
    """
    choose(choice.scenario, scenarios(opened), "scenario")
    return choice


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
    held = {name: _number(name, text) for name, text in choice.held}
    return scenario.with_parameters(**nested(held, scenario.quantities())) if held else scenario


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
    for q in scenario.quantities():
        if isinstance(q.declared, Parameter) and q.declared.group == group:
            lever = levers.get(q.address.name)
            lever = lever.get(q.address.entry) if isinstance(lever, Mapping) else lever
            low, high = q.prior.bounds
            shown = f"{low:g} to {high:g}, drawn anew in each run" if q.uncertain else f"{low:g}"
            yield Entry(str(q.address), q.declared.meaning, q.unit, q.range, shown, lever)


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
