"""The kinds of agents of the reference model: the war, its parties, provinces, tables and commanders."""

from __future__ import annotations

import numpy as np

from settlesim.engines.reference.entity import Entity
from settlesim.model.codes import STATUS
from settlesim.model.items import Choice, Clock
from settlesim.model.rules.commanders import fraction_of_week, hazard_at, left_at, mark_at

__all__ = ["CLASSES", "ROLES", "Commander"]


class War(Entity):
    """What belongs to the run as a whole."""


class Actor(Entity):
    """A party to the war, or one that has a stake in it."""


class Government(Actor):
    """The government."""


class Insurgency(Actor):
    """The insurgency as a party to talks."""


class Patron(Actor):
    """The government's foreign patron."""


class Neighbour(Actor):
    """The neighbour that gives sanctuary."""


class Rival(Actor):
    """The rival that lures commanders away."""


class Mediator(Actor):
    """A third party that mediates."""


class Dyad(Entity):
    """Two parties of which one observes the other: the trust of the one in the other."""


class Faction(Entity):
    """A faction of the insurgency."""


class Province(Entity):
    """A province."""


class Cell(Entity):
    """A faction's commanders of one province, who share hazards."""


class Track(Entity):
    """A table of talks."""


class Seat(Entity):
    """A party's place at a table."""


class Bargain(Entity):
    """What is bargained over at a table: a share of power, or withdrawal."""


class Concession(Entity):
    """Something that one side can give the other."""


class Clause(Entity):
    """A concession as it is dealt with at one table."""


class Obligation(Entity):
    """What a deal obliges a party to do."""


class Dimension(Entity):
    """A field that a deal settles, such as security."""


class OutsideEvent(Entity):
    """Something that happens on a date and that the model does not bring about."""


class PlanStep(Entity):
    """A step of the plan that is followed."""


class StepCondition(Entity):
    """A condition of a step of the plan: since when it has held."""


class Commander(Entity):
    """A commander: motives to change side, each a clock that runs while its status is exposed to it."""

    clocks: tuple[Clock, ...]
    bearers: list[Entity]  # of the hazard of each clock
    thresholds: list[float]
    running_clocks: list[int]

    def start_clocks(self, clocks: tuple[Clock, ...]) -> None:
        """Start the life of an insurgent: luck and what the commander is made of say how long each clock runs."""
        self.values["status"] = np.int64(0)
        self.clocks = clocks
        self.bearers = [self.links.get(self.model.scope_of(c.hazard), self.model.war) for c in clocks]
        self.thresholds = [float(self.values[c.luck] / self.values[c.factor]) for c in clocks]
        self._note_running(0)

    def _note_running(self, status: int) -> None:
        """Note which clocks run in a status."""
        self.running_clocks = [k for k, clock in enumerate(self.clocks) if status in clock.exposed]

    @property
    def allegiance(self) -> str:
        """Status in words."""
        return STATUS[int(self.values["status"])]

    @property
    def hardline(self) -> float:
        """How hard a line this commander takes, from 0 to 1; of a faction it is the mean."""
        return float(self.values["theta"])

    def live_a_week(self) -> None:
        """Let the clocks run; the one that rang earliest within the week decides."""
        first: tuple[float, int] | None = None
        for k in self.running_clocks:
            before, hazard, after = self.bearers[k].accumulated[k]
            if self.thresholds[k] <= after:
                at = (float(fraction_of_week(np.float64(self.thresholds[k]), before, hazard)), k)
                first = at if first is None else min(first, at)
        if first is not None:
            fraction, k = first
            clock = self.clocks[k]
            self.change(clock.to, fraction, {clock.name, *clock.spends})
            self.model.war.values[clock.tally] += 1

    def decide(self, choice: Choice) -> None:
        """Follow or reject a deal that is signed this week."""
        if self.values["status"] not in choice.exposed:
            return
        self.apply(choice.decide)
        if self.values[choice.decide.writes[0]]:
            self.change(choice.to, 1.0, set())
            self.model.war.values[choice.tally] += 1

    def change(self, to: int, fraction: float, spent: set[str]) -> None:
        """Change side: clocks that no longer run keep what is left of them, those that start go on from it."""
        status = int(self.values["status"])
        for k, clock in enumerate(self.clocks):
            if clock.name in spent:
                self.thresholds[k] = float("inf")
                continue
            was, runs_on = status in clock.exposed, to in clock.exposed
            if was == runs_on:
                continue
            before, hazard, _ = self.bearers[k].accumulated[k]
            now = hazard_at(before, hazard, fraction)
            self.thresholds[k] = float(
                mark_at(self.thresholds[k], now) if runs_on else left_at(self.thresholds[k], now)
            )
        self.values["status"] = np.int64(to)
        self._note_running(to)


CLASSES: dict[str, type[Entity]] = {
    "run": War,
    "actor": Actor,
    "dyad": Dyad,
    "faction": Faction,
    "province": Province,
    "cell": Cell,
    "commander": Commander,
    "track": Track,
    "seat": Seat,
    "bargain": Bargain,
    "concession": Concession,
    "clause": Clause,
    "obligation": Obligation,
    "dimension": Dimension,
    "event": OutsideEvent,
    "step": PlanStep,
    "condition": StepCondition,
}
ROLES: dict[str, type[Entity]] = {
    "government": Government,
    "insurgency": Insurgency,
    "patron": Patron,
    "neighbour": Neighbour,
    "rival": Rival,
    "mediator": Mediator,
}
