"""One run told in words, dated, each event with its cause."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from settlesim.experiments.replayed import one_run, traced
from settlesim.model.codes import OUTCOMES
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace
from settlesim.report.narrator import Course, Narrator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from settlesim.chance.sampling import Sampling
    from settlesim.chance.worlds import Rng
    from settlesim.model.protocol import Protocol
    from settlesim.scenario.scenario import Scenario
    from settlesim.scenario.sequence import Sequence

__all__ = ["STORY_VARIABLES", "Chronicle", "Event", "Recorded", "Story", "replay", "tell"]

# What has to be recorded for a story.
STORY_VARIABLES = STANDARD.told


@dataclass(frozen=True)
class Event:
    """Something that happened in a week: what, and why."""

    week: int
    date: datetime.date
    text: str
    cause: str

    def __str__(self) -> str:
        day = f"{self.date.day} {self.date:%b %Y}"
        return f"week {self.week} ({day}): {self.text}" + (f" ({self.cause})" if self.cause else "")


@dataclass(frozen=True)
class Story:
    """The events of one run in order, between an opening and a closing line."""

    title: str
    events: tuple[Event, ...]
    ending: str

    def __str__(self) -> str:
        return "\n".join([self.title, *map(str, self.events), self.ending])


class Chronicle:
    """The dated events of a run that may still be under way: week by week, or all so far as a story.

    Parameters
    ----------
    course : Course
        Anything that has the weekly values of a run: a recorded one, or a model that is still running.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> from settlesim.experiments.replayed import replay_trace
    >>> trace = replay_trace(load("two-party"), run=0, rng=7, record=STORY_VARIABLES)
    >>> [event.text for event in Chronicle(Recorded(trace)).events(8)]
    ['the plan takes the step “open:talks”']
    """

    def __init__(self, course: Course) -> None:
        self.course, self._narrator = course, Narrator(course)

    @property
    def title(self) -> str:
        """The opening line."""
        course = self.course
        return f"{course.scenario.title}: sequence {course.sequence.name}, run {course.run}"

    def events(self, week: int) -> tuple[Event, ...]:
        """Return the events of a week that has been simulated."""
        date = self.course.scenario.date_of(week)
        return tuple(Event(week, date, text, why) for text, why in self._narrator.week(week))

    @property
    def ending(self) -> str:
        """The outcome as it stands after the last week simulated."""
        course = self.course
        last = course.last
        code = OUTCOMES[int(course.at("outcome", last))].replace("_", " ")
        since, deaths = int(course.at("outcome_week", last)), int(course.at("deaths", last))
        broken = next((w for w in range(last, 0, -1) if course.at("relapses", w)), None)
        how = f"so since week {since}" if broken is None else f"signed in week {since}, relapsed in week {broken}"
        return f"In the end: {code}, {how}; {deaths:,} deaths in {last} weeks."

    def story(self) -> Story:
        """Return the whole story so far."""
        weeks = range(1, self.course.last + 1)
        return Story(self.title, tuple(event for w in weeks for event in self.events(w)), self.ending)


class Recorded:
    """The course of a run that has been recorded.

    Parameters
    ----------
    trace : Trace
        Of one run, with `STORY_VARIABLES` recorded.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.scenario, self.sequence, self.run = trace.scenario, trace.sequence, trace.runs.start
        self.entities: Mapping[str, tuple[str, ...]] = trace.entities
        self.world: Mapping[str, float] = {name: float(values[0]) for name, values in trace.worlds.items()}
        ended = bool(trace.final["ended"][0])
        self.last = int(trace.final["end_week"][0]) if ended else trace.scenario.horizon

    def at(self, name: str, week: int) -> Any:
        """Return a recorded variable at the end of a week."""
        return self._trace.weekly[name][week][..., 0]


def tell(trace: Trace) -> Story:
    """Tell a run in words.

    Parameters
    ----------
    trace : Trace
        Of one run, with `STORY_VARIABLES` recorded; those of either engine give the same story.

    Returns
    -------
    Story
        ``str(story)`` is the text, ``story.events`` the events.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> print(replay(load("two-party"), run=0, rng=7).events[0].week)
    8
    """
    return Chronicle(Recorded(trace)).story()


def replay(
    source: Scenario | xr.Dataset,
    *,
    scenario: Scenario | None = None,
    sequence: str | Sequence | None = None,
    order: str | None = None,
    run: int | None = None,
    point: int | None = None,
    luck: int | None = None,
    rng: Rng = None,
    engine: str = "numpy",
    method: str | Sampling | Mapping[str, Any] = "monte_carlo",
    total: int | None = None,
    protocol: Protocol | None = None,
) -> Story:
    """Simulate one run of an experiment again and tell it in words.

    Parameters
    ----------
    source : xarray.Dataset or Scenario
        A result, of which the very run is told, whatever method drew its worlds.  Or the conflict, with what the
        experiment was asked for.
    scenario : Scenario, optional
        The conflict of a result, where that is none of the shipped ones as they are.
    sequence : str or Sequence, optional
        Of a conflict by default its default sequence; of a result one of its own, by name.
    order : str, optional
        In place of `sequence`, of a result of `orders`: the order's name.
    run : int
        Number of the run.
    point, luck : int
        In place of `run`, of a result of `evaluate`.
    rng : int, SeedSequence or Generator
        Entropy of the experiment, of a conflict.
    engine : {"numpy", "mesa"}
        The interpreter; both give the same story.
    method, total
        How the experiment drew its worlds, and its number of runs where the method needs it, of a conflict.
    protocol : Protocol, optional
        What happens in a week.

    Returns
    -------
    Story

    Raises
    ------
    UsageError
        If the result is of another scenario, version or protocol, or has no such run.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> story = replay(load("two-party"), run=3, rng=7)
    >>> story.ending.startswith("In the end: ")
    True
    >>> from settlesim.experiments.simulate import simulate
    >>> result = simulate(load("two-party"), sequence="talk", runs=8, rng=7)
    >>> replay(result, run=3) == story
    True
    """
    found = one_run(
        source,
        scenario=scenario,
        sequence=sequence,
        order=order,
        run=run,
        point=point,
        luck=luck,
        rng=rng,
        method=method,
        total=total,
        protocol=protocol,
    )
    story = tell(traced(found, record=STORY_VARIABLES, engine=engine, protocol=protocol))
    return replace(story, title=f"{found.scenario.title}: {found.where}")
