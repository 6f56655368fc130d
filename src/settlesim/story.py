"""One run told in words, dated, each event with its cause."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.experiment import replay_trace
from settlesim.rules.ending import OUTCOMES
from settlesim.trace import Trace

if TYPE_CHECKING:
    from settlesim.chance import Rng
    from settlesim.rules.rule import Protocol
    from settlesim.scenario import Scenario
    from settlesim.sequence import Sequence

__all__ = ["STORY_VARIABLES", "Event", "Story", "replay", "tell"]

# What has to be recorded for a story.
STORY_VARIABLES = (
    "fires",
    "consents",
    "opens",
    "resumes",
    "breaks",
    "agrees",
    "signs",
    "phase",
    "round",
    "offer_accepted",
    "suspensions",
    "switches",
    "exits",
    "refuses",
    "delivers",
    "reverses",
    "failures_now",
    "ceasefire_begins",
    "relapses",
    "campaigns",
    "deaths",
    "insurgent_control",
    "government_control",
    "garrison_yield",
    "troops",
    "rival_strength_now",
    "moved_lured",
    "moved_provoked",
    "moved_splintered",
    "moved_rejecting",
    "moved_reintegrated",
    "moved_returned",
    "moved_killed",
    "power_share",
    "withdrawal_share",
    "settled",
    "ended",
    "outcome",
)


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


class _Teller:
    def __init__(self, trace: Trace) -> None:
        self.trace, self.scenario = trace, trace.scenario
        self.weekly = {name: values[..., 0] for name, values in trace.weekly.items()}

    def actor(self, role: str) -> str:
        return next((str(actor.label) for key, actor in self.scenario.actors.items() if key == role), role)

    def table(self, name: str) -> str:
        return f"the talks “{self.scenario.tracks[name].label}”"

    def gift(self, name: str) -> str:
        label = self.scenario.concessions[name].label
        return label[:1].lower() + label[1:]

    def rows(self, name: str, scope: str, week: int) -> Iterator[str]:
        """Entities for which a weekly flag is up in a week."""
        for i in np.flatnonzero(self.weekly[name][week]):
            yield self.trace.entities[scope][i]

    def happened(self, name: str, week: int) -> bool:
        return bool(self.weekly[name][week])

    def week(self, w: int) -> Iterator[tuple[str, str]]:
        for part in (self._plan, self._talks, self._deals, self._deeds, self._war):
            yield from part(w)

    def _plan(self, w: int) -> Iterator[tuple[str, str]]:
        steps = {step.name: step for step in self.trace.sequence.steps}
        for name in self.rows("fires", "step", w):
            step = steps[name]
            held = "from the start" if step.when is None else f"its condition holds: {_condition(step.when.tree())}"
            yield f"the plan takes the step “{name}”", held
        if self.happened("switches", w):
            forced = any(steps[name].do == "switch" for name in self.rows("fires", "step", w))
            why = "the plan makes it switch" if forced else "the clock of its policy rang"
            yield f"{self.actor('patron')} gives up its refusal of bilateral talks", why

    def _talks(self, w: int) -> Iterator[tuple[str, str]]:
        for seat in self.rows("consents", "seat", w):
            track, role = seat.split("/")
            yield f"{self.actor(role)} consents to {self.table(track)}", "its clock of consent rang"
        for track in self.rows("opens", "track", w):
            yield f"{self.table(track)} opens", "every listed party has consented"
        for track in self.rows("resumes", "track", w):
            yield f"{self.table(track)} resumes", "the suspension is over"
        for faction in self.rows("refuses", "faction", w):
            label = next(f.label for f in self.scenario.factions if f.name == faction)
            yield (
                f"{label} walks out of the talks",
                "a veto player that saw no zone of possible agreement; its clock rang",
            )
        for i in np.flatnonzero(self.weekly["breaks"][w]):
            track = self.trace.entities["track"][i]
            number = int(self.weekly["round"][w][i])
            if self.weekly["phase"][w][i] == 6:
                over = int(self.weekly["suspensions"][w][i])
                yield (
                    f"{self.table(track)} fails for good in round {number}",
                    f"{over} breakdowns, or past its deadline",
                )
            else:
                yield f"{self.table(track)} breaks down in round {number}", "the chance of a breakdown; suspended"

    def _deals(self, w: int) -> Iterator[tuple[str, str]]:
        for i in np.flatnonzero(self.weekly["agrees"][w]):
            track = self.trace.entities["track"][i]
            taken = bool(self.weekly["offer_accepted"][w][i])
            why = f"{self.actor('insurgency')} accepts the offer" if taken else "the other parties accept what is asked"
            yield f"agreement at {self.table(track)} in round {int(self.weekly['round'][w][i])}", why
        for track in self.rows("signs", "track", w):
            issues = self.scenario.tracks[track].issues
            shares = []
            if "power" in issues:
                shares.append(f"{100 * self.weekly['power_share'][w]:.0f}% of power to {self.actor('insurgency')}")
            if "withdrawal" in issues:
                shares.append(f"pace of withdrawal {self.weekly['withdrawal_share'][w]:.2f}")
            yield f"{self.table(track)} ends in a signed deal: {', '.join(shares) or 'cooperation'}", "agreed and due"
        rejecting = self._change("moved_rejecting", w)
        if rejecting:
            yield f"{rejecting} commanders reject the deal and splinter", "their own choice, likelier for hardliners"

    def _deeds(self, w: int) -> Iterator[tuple[str, str]]:
        for name in self.rows("delivers", "concession", w):
            yield f"delivered: {self.gift(name)}", "its date had come"
        if int(self.weekly["failures_now"][w]):
            n = int(self.weekly["failures_now"][w])
            yield (
                f"{n} of {len(self.scenario.obligations)} end-conditions are broken at the quarterly check",
                "compliance",
            )
        for name in self.rows("reverses", "concession", w):
            yield f"taken back: {self.gift(name)}", "the check failed"
        if self.happened("ceasefire_begins", w):
            yield "a ceasefire begins", "declared and taken up, or delivered as a concession"

    def _war(self, w: int) -> Iterator[tuple[str, str]]:
        if self.happened("exits", w):
            yield f"{self.actor('patron')} decides to leave without a deal", "the clock of its fatigue rang"
        if self._change("campaigns", w):
            yield f"{self.actor('insurgency')} turns on {self.actor('rival')}", "the clock of the campaign rang"
        if self.happened("relapses", w):
            yield "the settlement relapses into war", "the clock of relapse rang"
        for level in (0.25, 0.5, 0.75):
            if self._crosses("garrison_yield", level, w):
                yield f"{100 * level:.0f}% of garrisons yield without a fight", "threshold cascade"
            if self._crosses("insurgent_control", level, w):
                yield f"{self.actor('insurgency')} holds {100 * level:.0f}% of districts", "drift and garrisons"
        if w % 52 == 0:
            yield self._year(w), ""

    def _change(self, name: str, w: int) -> int:
        return int(self.weekly[name][w] - self.weekly[name][w - 1])

    def _crosses(self, name: str, level: float, w: int) -> bool:
        return bool(self.weekly[name][w - 1] < level <= self.weekly[name][w])

    def _year(self, w: int) -> str:
        def grown(name: str) -> int:
            return int(self.weekly[name][w] - self.weekly[name][w - 52])

        parts = [
            f"a year's balance: {grown('deaths'):,} deaths",
            f"districts {100 * self.weekly['government_control'][w]:.0f}% government"
            f" and {100 * self.weekly['insurgent_control'][w]:.0f}% insurgent",
        ]
        if "rival" in self.scenario.actors:
            lost = grown("moved_lured") + grown("moved_provoked")
            parts.append(f"{lost} commanders to {self.actor('rival')} ({grown('moved_returned')} back)")
        parts.append(
            f"{grown('moved_splintered')} splintered, {grown('moved_reintegrated')} reintegrated,"
            f" {grown('moved_killed')} killed"
        )
        return "; ".join(parts)

    def ending(self) -> str:
        final = {name: value[..., 0] for name, value in self.trace.final.items()}
        code = OUTCOMES[int(final["outcome"])].replace("_", " ")
        last = int(final["end_week"]) if bool(final["ended"]) else self.scenario.horizon
        text = f"In the end: {code}, standing since week {int(final['outcome_week'])}; {int(final['deaths']):,} deaths"
        return f"{text} in {last} weeks."


def _condition(tree: dict[str, Any]) -> str:
    """A condition in words."""
    delay = tree.get("delay", 0)
    kind, value = next((k, v) for k, v in tree.items() if k != "delay")
    words: dict[str, Callable[[Any], str]] = {
        "week": lambda n: f"week {n:g} has come",
        "quiet": lambda n: f"{n:g} quiet weeks",
        "opened": lambda t: f"{t} has opened",
        "signed": lambda t: f"{t} is signed",
        "broken": lambda t: f"{t} has failed",
        "delivered": lambda c: f"{c} is delivered",
        "taken": lambda s: f"“{s}” is taken",
        "not": lambda c: f"not ({_condition(c)})",
        "all": lambda cs: " and ".join(_condition(c) for c in cs),
        "any": lambda cs: " or ".join(_condition(c) for c in cs),
    }
    text = words[kind](value)
    return f"{text}, and {delay} weeks more" if delay else text


def tell(trace: Trace) -> Story:
    """Tell a run in words.

    Parameters
    ----------
    trace : Trace
        Of one run, with `STORY_VARIABLES` recorded; either engine's give the same story.

    Returns
    -------
    Story
        ``str(story)`` is the text, ``story.events`` the events.

    Examples
    --------
    >>> from settlesim.files import load
    >>> print(replay(load("two-party"), run=0, rng=7).events[0].week)
    8
    """
    teller = _Teller(trace)
    last = int(trace.final["end_week"][0]) if bool(trace.final["ended"][0]) else trace.scenario.horizon
    date = trace.scenario.date_of
    events = tuple(Event(w, date(w), text, why) for w in range(1, last + 1) for text, why in teller.week(w))
    title = f"{trace.scenario.title}: sequence {trace.sequence.name}, run {trace.runs.start}"
    return Story(title, events, teller.ending())


def replay(
    scenario: Scenario,
    *,
    sequence: str | Sequence | None = None,
    run: int,
    rng: Rng,
    engine: str = "numpy",
    protocol: Protocol | None = None,
) -> Story:
    """Simulate one run of an experiment again and tell it in words.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : str or Sequence, optional
        By default the scenario's default sequence.
    run : int
        Number of the run.
    rng : int, SeedSequence or Generator
        Entropy of the experiment.
    engine : {"numpy", "mesa"}
        The interpreter; both tell the same.
    protocol : Protocol, optional
        What happens in a week.

    Returns
    -------
    Story

    Examples
    --------
    >>> from settlesim.files import load
    >>> story = replay(load("two-party"), run=3, rng=7)
    >>> story.ending.startswith("In the end: ")
    True
    """
    trace = replay_trace(
        scenario, sequence=sequence, run=run, rng=rng, record=STORY_VARIABLES, engine=engine, protocol=protocol
    )
    return tell(trace)
