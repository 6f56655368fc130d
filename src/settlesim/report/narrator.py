"""What happened in a week and why, in words: read off the values of a run, whichever engine simulated it.

Every cause is read off what the rules themselves noted: which clock rang, whose it was, which condition held. Nothing
is computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from settlesim.model.codes import BROKEN, CALLED
from settlesim.report.wording import Wording, listed

if TYPE_CHECKING:
    from settlesim.scenario.scenario import Scenario
    from settlesim.scenario.sequence import Sequence

__all__ = ["Course", "Narrator"]

# What a dated event moves, in words.
_MOVED = {
    "legitimacy": "the government's legitimacy",
    "splintering": "the cohesion of the insurgency",
    "fatigue": "the patron's patience",
    "attacks": "the intensity of attacks",
}


class Course(Protocol):
    """The weeks of one run, as far as they have been simulated.

    Attributes
    ----------
    scenario, sequence
        What was simulated.
    run
        Number of the run.
    entities
        Names of the entities by scope.
    world
        The run's parameters by name.
    last
        The last week simulated.
    """

    @property
    def scenario(self) -> Scenario: ...  # noqa: D102 (described above)
    @property
    def sequence(self) -> Sequence: ...  # noqa: D102
    @property
    def run(self) -> int: ...  # noqa: D102
    @property
    def entities(self) -> Mapping[str, tuple[str, ...]]: ...  # noqa: D102
    @property
    def world(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def last(self) -> int: ...  # noqa: D102

    def at(self, name: str, week: int) -> Any:
        """Return a variable that stories need, at the end of a week: a value for the run, else one for each entity."""
        ...


class Narrator:
    """Puts the events of a run into words, week by week.

    Parameters
    ----------
    course : Course
        The run.
    """

    def __init__(self, course: Course) -> None:
        self.course, self.scenario = course, course.scenario
        self.say = Wording(course.scenario)

    def week(self, w: int) -> Iterator[tuple[str, str]]:
        """Yield what happened in a week, each event with its cause."""
        for part in (self._plan, self._talks, self._deals, self._deeds, self._war):
            yield from part(w)

    # -- reading -------------------------------------------------------------------------------------

    def _rows(self, name: str, scope: str, w: int) -> Iterator[tuple[int, str]]:
        """Entities for which a weekly flag is up."""
        for i in np.flatnonzero(self.course.at(name, w)):
            yield int(i), self.course.entities[scope][i]

    def _of(self, name: str, scope: str, entity: str, w: int) -> Any:
        return self.course.at(name, w)[self.course.entities[scope].index(entity)]

    def _change(self, name: str, w: int) -> int:
        return int(self.course.at(name, w) - self.course.at(name, w - 1))

    def _crosses(self, name: str, level: float, w: int) -> bool:
        return bool(self.course.at(name, w - 1) < level <= self.course.at(name, w))

    def _parties(self, track: str) -> list[str]:
        return [self.say.actor(role) for role in self.scenario.tracks[track].parties]

    # -- the plan and the tables ---------------------------------------------------------------------

    def _plan(self, w: int) -> Iterator[tuple[str, str]]:
        plan = self.course.sequence
        for i, name in self._rows("fires", "step", w):
            step = plan.steps[i]
            whys, overdue = self._turn(plan, i, w)
            if step.when is not None and not overdue:
                whys.insert(0, f"its condition holds: {self.say.condition(step.when.tree())}")
            if step.reciprocal and not overdue:
                whys.append(f"{self.say.actor('insurgency')} has kept quiet for {_weeks(step.weeks or 0)} or more")
            yield f"the plan takes the step “{name}”", "; ".join(whys) or "it has no condition"
        for i, _ in self._rows("event_happens", "event", w):
            event = self.scenario.events[i]
            yield event.label, f"a dated event that moves {_MOVED[event.kind]}"
        if self.course.at("switches", w):
            forced = [name for i, name in self._rows("fires", "step", w) if plan.steps[i].do == "switch"]
            patron = self.say.actor("patron")
            why = f"the plan's step “{forced[0]}”" if forced else f"{patron}'s clock of policy rang"
            yield f"{patron} gives up its refusal of bilateral talks", why

    def _turn(self, plan: Sequence, i: int, w: int) -> tuple[list[str], bool]:
        """What in the order of the plan lets step `i` be taken in week `w`, and whether it is its patience alone."""
        step = plan.steps[i]
        before = next((s for s in plan.steps[:i][::-1] if not s.apart), None)
        if before is None or step.apart or not plan.ordered:
            return [], False
        waited = w - self._of("taken_week", "step", str(before.name), w)
        patience = None if plan.patience is None else plan.patience + (0 if step.together else plan.pace)
        if patience is not None and waited >= patience:
            return [f"{_weeks(patience)} have passed since “{before.name}”, and there patience ends"], True
        if step.together:
            return [f"it goes with “{before.name}”"], False
        done = ", which is done" if plan.awaited(before) is not None else ""
        return [f"its turn has come, {_weeks(plan.pace)} or more after “{before.name}”{done}"], False

    def _talks(self, w: int) -> Iterator[tuple[str, str]]:
        say = self.say
        for _, track in self._rows("calling", "track", w):
            failed = next((v for v in range(w - 1, 0, -1) if self._fails(track, v)), None)
            if failed is not None:
                yield f"{say.table(track)} are called anew", f"they failed in week {failed}"
        for i, seat in self._rows("consents", "seat", w):
            track, role = seat.split("/")
            rate = 100 * self.course.at("consent_hazard", w)[i]
            why = f"{say.actor(role)}'s clock of consent rang, at a hazard of {rate:.1f}% a week"
            if self.course.at("at_once", w)[i]:
                # What is tabled is offered to the insurgency: see the rule `authorship`.
                tabled = self.course.at("own_offer_tabled", w)[i] and role != "insurgency"
                owed = self._of("obliged", "track", track, w) and not tabled
                why = "a signed deal obliges it" if owed else "the offer is its own"
            yield f"{say.actor(role)} consents to {say.table(track)}", why
        for i, track in self._rows("all_consent", "track", w):
            if self.course.at("phase", w)[i] == CALLED and not self.course.at("all_consent", w - 1)[i]:
                yield f"{say.table(track)} cannot open, though all have consented", self._quorum(w)
        for _, track in self._rows("opens", "track", w):
            yield f"{say.table(track)} open", f"consent of every party: {listed(self._parties(track))}"
            yield from self._clashes(track, w)
        for _, track in self._rows("resumes", "track", w):
            since = next(v for v in range(w - 1, -1, -1) if self._of("breaks", "track", track, v))
            yield f"{say.table(track)} resume", f"the suspension since week {since} is over"
        for i, faction in self._rows("refuses", "faction", w):
            gap = self.course.at("faction_zone", w)[i]
            why = f"its clock of walking out rang: a veto player whose zone of possible agreement is {gap:.2f}"
            yield f"{say.faction(faction)} walks out of the talks", why
        for _, faction in self._rows("returns", "faction", w):
            yield f"{say.faction(faction)} comes back", "a table on power is called, and it sees a zone of agreement"
        for i, track in self._rows("breaks", "track", w):
            number = int(self.course.at("round", w)[i])
            # On a staged agenda the items have rounds of their own, which come first.
            when = f"in round {number}" if number else f"after {int(self.course.at('rounds_held', w)[i])} rounds"
            if self.course.at("phase", w)[i] == BROKEN:
                yield f"{say.table(track)} fail {when}", self._failure(i, w)
            else:
                back = int(self.course.at("resume_week", w)[i])
                yield f"{say.table(track)} break down {when}, until week {back}", self._breakdown(w)

    def _breakdown(self, w: int) -> str:
        """What `close_round` takes into account: the chance in any round, higher after an attack while trust is low."""
        attacks = int(self.course.at("insurgent_attacks", w))
        if attacks and self.course.at("trust_in_insurgency", w) < 0:
            blamed = f"{attacks} attack{'s' * (attacks > 1)} blamed on {self.say.actor('insurgency')}"
            return f"no agreement; {blamed} that week, with trust low, made the chance of a breakdown larger"
        return f"no agreement, and the chance of a breakdown in any round, {self.course.world['breakdown_rate']:.2f}"

    def _failure(self, i: int, w: int) -> str:
        if self.course.at("short_of_quorum", w)[i]:
            return self._quorum(w)
        if self.course.at("moot", w)[i]:
            return f"{self.say.actor('patron')} is leaving without a deal, so there is nothing left to settle"
        number, limit = int(self.course.at("suspensions", w)[i]), self.course.world["suspension_limit"]
        number -= int(self.course.at("suspensions_before", w)[i])
        if number > limit:
            return f"breakdown number {number}, where the talks survive no more than {limit:g}"
        return f"no agreement in twice the {self.course.world['deadline_rounds']:.1f} rounds of its deadline"

    def _fails(self, track: str, w: int) -> bool:
        return bool(self._of("breaks", "track", track, w) and self._of("phase", "track", track, w) == BROKEN)

    def _quorum(self, w: int) -> str:
        there, needed = 100 * float(self.course.at("behind", w)), 100 * self.course.world["quorum"]
        return f"{there:.1f}% of the fighters stand behind those at the table, and it takes {needed:.1f}%"

    # -- deals and what follows from them ------------------------------------------------------------

    def _deals(self, w: int) -> Iterator[tuple[str, str]]:
        say, claims = self.say, self.say.actor("insurgency")
        for happens, what in (("item_agrees", "agreed"), ("item_fails", "set aside")):
            for _, clause in self._rows(happens, "clause", w):
                track, name = clause.split("/")
                why = "its item of a staged agenda"
                yield f"{what} in {say.table(track)}: {say.concession(name)}", why
        for i, track in self._rows("agrees", "track", w):
            roles = self.scenario.tracks[track].parties
            others = [say.actor(role) for role in roles if role != "insurgency"]
            if self.course.at("offer_accepted", w)[i]:
                why = f"{claims} accepts the offer of {listed(others)}"
            elif len(others) < len(roles):
                why = f"{listed(others)} accept{'s' * (len(others) == 1)} what {claims} asks"
            else:
                why = f"{listed(others)} accept"
            yield f"agreement in {say.table(track)} in round {int(self.course.at('round', w)[i])}", why
        for i, track in self._rows("signs", "track", w):
            agreed = int(self.course.at("agreed_week", w)[i])
            why = "agreed this week" if agreed == w else f"agreed in week {agreed}"
            if self.scenario.tracks[track].prelude:
                why += f", its prelude of {_weeks(self.scenario.tracks[track].prelude)} is over"
            if self.course.sequence.undertaking == "single":
                why += ", and every planned table is ready (a single undertaking)"
            yield f"{say.table(track)} end in a signed deal: {self._terms(track, w)}", why
            if "power" in self.scenario.tracks[track].issues:
                yield from self._end_conditions(w)
        rejecting = self._change("moved_rejecting", w)
        if rejecting:
            why = "each one's choice at the signing, likelier for hardliners and in factions that walked out"
            yield f"{rejecting} commanders reject the deal and splinter", why

    def _terms(self, track: str, w: int) -> str:
        issues, terms = self.scenario.tracks[track].issues, []
        if "power" in issues:
            share = self._of("share", "bargain", f"{track}/power", w)
            terms.append(f"{100 * share:.0f}% of power to {self.say.actor('insurgency')}")
        if "withdrawal" in issues:
            terms.append(f"pace of withdrawal {self._of('share', 'bargain', f'{track}/withdrawal', w):.2f}")
        return ", ".join(terms) or "cooperation"

    def _clashes(self, track: str, w: int) -> Iterator[tuple[str, str]]:
        if "power" in self.scenario.tracks[track].issues:
            for _, name in self._rows("clashes", "obligation", w):
                without, never = self.say.actor("government"), self.say.actor("insurgency")
                sides = f"{without} signs nothing without it, {never} nothing with it"
                yield f"no deal on power is possible: {self.say.obligation(name)}", sides

    def _end_conditions(self, w: int) -> Iterator[tuple[str, str]]:
        """What a deal on power holds of the end-conditions, and what it leaves out: see the rule `end_conditions`."""
        government, claims = self.say.actor("government"), self.say.actor("insurgency")
        held = self.course.at("conceded", w)
        for i, name in enumerate(self.course.entities["obligation"]):
            if held[i]:
                why = f"it is worth no less to {government} than it costs {claims}"
                if self.course.at("insisted", w)[i]:
                    why = f"{government} signs nothing without it"
                yield f"end-condition undertaken: {self.say.obligation(name)}", why
            else:
                why = f"it would cost {claims} more than it is worth to {government}"
                if self.course.at("refused", w)[i]:
                    why = f"{claims} refuses it under any terms"
                yield f"end-condition left out: {self.say.obligation(name)}", why

    def _deeds(self, w: int) -> Iterator[tuple[str, str]]:
        say = self.say
        for i, name in self._rows("delivers", "concession", w):
            yield f"delivered: {say.concession(name)}", self._promise(i, name, w)
        broken = [self.scenario.obligations[name].label for _, name in self._rows("fails", "obligation", w)]
        check = int(self.course.at("checks", w))
        if broken:
            kept, number = self.course.world["obligation_compliance"], int(np.sum(self.course.at("conceded", w)))
            why = f"{say.actor('insurgency')} keeps each of {number} with probability {kept:.2f} (check {check})"
            yield f"end-conditions broken: {listed(broken)}", why
        for _, name in self._rows("reverses", "concession", w):
            givers = listed(say.actor(role) for role in self.scenario.concessions[name].by)
            limit = f"{100 * self.course.world['reversal_threshold']:.0f}%"
            why = f"more than {limit} of the end-conditions failed check {check}; {givers} can take it back"
            yield f"taken back: {say.concession(name)}", why
        if self.course.at("ceasefire_begins", w):
            yield "a ceasefire begins", self._ceasefire(w)
        if self.course.at("ceasefire", w - 1) and not self.course.at("ceasefire", w):
            yield "the ceasefire ends", "its weeks are over"

    def _promise(self, i: int, name: str, w: int) -> str:
        """Who promised what is delivered, and when."""
        made = next(v for v in range(w, -1, -1) if not v or not self.course.at("promised", v - 1)[i])
        due = int(self.course.at("due_week", w)[i])
        signed = [clause.split("/")[0] for _, clause in self._rows("promises", "clause", made)
                  if clause.endswith(f"/{name}")]  # fmt: skip
        if self.course.at("ordered_now", made)[i]:
            why = f"the plan ordered it in week {made}, due in week {due}"
        else:
            why = f"promised in {listed(map(self.say.table, signed))} in week {made}, due in week {due}"
        late = self.course.at("excluded", made) and "government" in self.scenario.concessions[name].by
        return f"{why}, late since {self.say.actor('government')} was left out of the talks" if late else why

    def _ceasefire(self, w: int) -> str:
        if self.course.at("ceasefire_conceded", w - 1):
            given = [name for _, name in self._rows("delivers", "concession", w - 1)
                     if self.scenario.concessions[name].ceases_fire]  # fmt: skip
            return f"it was delivered in week {w - 1}: {listed(map(self.say.concession, given))}"
        declared = next(v for v in range(w, 0, -1) if self.course.at("ceasefire_declared", v) > 0)
        return f"declared in week {declared}; {self.say.actor('insurgency')}'s clock of joining it rang"

    # -- the war -------------------------------------------------------------------------------------

    def _war(self, w: int) -> Iterator[tuple[str, str]]:
        course, say, claims = self.course, self.say, self.say.actor("insurgency")
        if course.at("exits", w):
            faster = f", {course.world['fatigue_after_deal']:g} times as fast after its deal"
            why = f"{say.actor('patron')}'s clock of fatigue rang{faster if course.at('patron_deal', w) else ''}"
            gone = float(course.at("garrison_yield", w - 1))
            if gone >= course.world["patron_evacuation"]:
                why = f"an evacuation, since {100 * gone:.0f}% of garrisons yield"
            how = "at once, ahead of its deal" if course.at("patron_deal", w) else "without a deal"
            yield f"{say.actor('patron')} decides to leave {how}", why
        if self._change("campaigns", w):
            why = f"{claims}'s clock of campaigns rang, at a threat of {course.at('threat', w - 1):.2f} on a scale to 1"
            yield f"{claims} turns on {say.actor('rival')}", why
        if course.at("relapses", w):
            age = w - int(course.at("settlement_week", w))
            share, held = 100 * course.at("implemented", w), int(course.at("dimensions_held", w))
            why = (
                f"its clock of relapse rang {_weeks(age)} after signing, {share:.0f}% of it implemented, power shared "
                f"in {held} dimensions, {int(course.at('vetoes_excluded', w))} veto players outside, "
                f"{course.at('spoiler_attacks', w):.1f} spoiler attacks a week"
            )
            yield "the settlement relapses into war", why
        for level in (0.25, 0.5, 0.75):
            if self._crosses("garrison_yield", level, w):
                yield f"{100 * level:.0f}% of garrisons yield without a fight", self._cascade(w)
            if self._crosses("insurgent_control", level, w):
                yield f"{claims} holds {100 * level:.0f}% of districts", self._territory(w)
        if w % 52 == 0:
            yield self._year(w), ""

    def _troops(self, w: int) -> str:
        if "patron" not in self.scenario.actors:
            return ""
        return f", {self.course.at('troops', w):.1f} thousand troops of {self.say.actor('patron')}"

    def _cascade(self, w: int) -> str:
        """What a garrison takes into account: see the rule `garrisons`."""
        held, gone = (100 * self.course.at(name, w - 1) for name in ("insurgent_control", "garrison_yield"))
        return (
            f"the cascade of garrisons: {held:.0f}% of districts lost and {gone:.0f}% yielding a week before"
            f"{self._troops(w - 1)}, legitimacy {self.course.at('legitimacy', w):.2f}"
        )

    def _territory(self, w: int) -> str:
        """What the drift of control is made of: see the rule `drift`; the rest is the fronts' fortunes."""
        course = self.course
        return (
            f"drift of {course.at('control_step', w):+.3f} in the week and the fortunes of the fronts: "
            f"{100 * course.at('garrison_yield', w):.0f}% of garrisons yielding{self._troops(w - 1)}, "
            f"strength {course.at('strength', w):.2f} of the start"
        )

    def _year(self, w: int) -> str:
        def grown(name: str) -> int:
            return int(self.course.at(name, w) - self.course.at(name, w - 52))

        parts = [
            f"a year's balance: {grown('deaths'):,} deaths",
            f"districts {100 * self.course.at('government_control', w):.0f}% government"
            f" and {100 * self.course.at('insurgent_control', w):.0f}% insurgent",
        ]
        if "rival" in self.scenario.actors:
            lost = grown("moved_lured") + grown("moved_provoked")
            parts.append(f"{lost} commanders to {self.say.actor('rival')} ({grown('moved_returned')} back)")
        parts.append(
            f"{grown('moved_splintered')} splintered, {grown('moved_reintegrated')} reintegrated,"
            f" {grown('moved_killed')} killed"
        )
        return "; ".join(parts)


def _weeks(number: int) -> str:
    return f"{number} week{'s' * (number != 1)}"
