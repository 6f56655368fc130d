"""A model that is watched while it runs: its weeks are kept and put into words as they pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from settlesim.engines.reference import SettlementModel, values_of
from settlesim.report.story import STORY_VARIABLES, Chronicle, Event
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["SHOWN", "LiveCourse", "Watched"]

# What the charts show beside the story.
SHOWN = ("trust", "faction_fighters", "splintered", "rival_strength_now")


class LiveCourse:
    """The weeks of a model so far: the same to a narrator as a recorded run.

    Parameters
    ----------
    model : SettlementModel
        The model, before its first week.
    names : iterable of str
        Variables to keep.
    """

    def __init__(self, model: SettlementModel, names: Iterable[str]) -> None:
        self.scenario: Scenario = model.conflict
        self.sequence: Sequence = model.sequence
        self.run: int = model.run
        self.world: Mapping[str, float] = model.world
        self.entities = {scope: tuple(agent.name for agent in made) for scope, made in model.entities.items()}
        self._weeks: dict[str, list[Any]] = {name: [] for name in names}
        self.note(model)

    @property
    def last(self) -> int:
        """The last week simulated."""
        return len(next(iter(self._weeks.values()))) - 1

    def note(self, model: SettlementModel) -> None:
        """Keep the week that has just passed."""
        for name, rows in self._weeks.items():
            rows.append(values_of(model, name))

    def at(self, name: str, week: int) -> Any:
        """Return a variable at the end of a week."""
        return self._weeks[name][week]

    def rows(self, name: str) -> list[Any]:
        """Return a variable in every week so far."""
        return list(self._weeks[name])


class Watched(SettlementModel):
    """A settlement model that keeps its course and puts it into words.

    Parameters
    ----------
    conflict, sequence, run, rng
        As for `SettlementModel`.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> model = Watched(load("two-party"), "talk", run=3, rng=7)
    >>> for _ in range(8):
    ...     model.step()
    >>> [event.text for event in model.events]
    ['the plan takes the step “open:talks”']
    """

    def __init__(self, conflict: Scenario, sequence: str | None = None, run: int = 0, rng: int = 0) -> None:
        super().__init__(conflict, sequence, run=run, rng=rng)
        self.seed_of_all, self.events = rng, list[Event]()
        self.course = LiveCourse(self, dict.fromkeys((*STORY_VARIABLES, *SHOWN)))
        self.chronicle = Chronicle(self.course)

    def step(self) -> None:
        """Simulate a week and put it into words; a run that has ended stands still."""
        before = self.week
        super().step()
        if self.week > before:
            self.course.note(self)
            self.events.extend(self.chronicle.events(self.week))
