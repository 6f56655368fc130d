"""What the page shows of a model, as text: headline, provinces, talks, story, strengths, trust, concessions."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from settlesim.app.view.live import Watched
from settlesim.app.view.svg import Line, lines, table, tiles
from settlesim.engines.reference import values_of
from settlesim.model.codes import AGREED, CALLED, OPEN, OUTCOMES, PHASES, SIGNED, SUSPENDED
from settlesim.model.items import logistic
from settlesim.report.wording import Wording

__all__ = ["concessions", "headline", "provinces", "story", "strengths", "talks", "trust"]


def _date(model: Watched, week: float) -> str:
    date = model.conflict.date_of(week)
    return f"{date.day} {date:%B %Y}"


def headline(model: Watched) -> str:
    """Week, date, the outcome as it stands, and the toll so far."""
    scenario, plan, values = model.conflict, model.sequence, model.war.values
    outcome = OUTCOMES[int(values["outcome"])].replace("_", " ")
    state = "as it stands" if model.running else "in the end"
    facts = [f"{int(values['deaths']):,} deaths"]
    if "patron" in scenario.actors:
        facts.append(f"{values['troops']:.1f} thousand troops of {Wording(scenario).actor('patron')}")
    if values["ceasefire"]:
        facts.append("a ceasefire holds")
    return (
        f'<div class="headline"><h1>{escape(scenario.title)}</h1>'
        f"<div>{escape(plan.label or plan.name)} · run {model.run}, seed {model.seed_of_all} · one run among many, "
        "not a forecast</div>"
        f'<div class="now"><b id="week" data-week="{model.week}">Week {model.week} of {scenario.horizon}</b> · '
        f"{_date(model, model.week)} · {escape(outcome)} ({state}) · {escape(' · '.join(facts))}</div></div>"
    )


def provinces(model: Watched) -> str:
    """Control of districts by province, on tiles."""
    shares = [values_of(model, name) for name in ("government_share", "insurgent_share")]
    national = [100 * float(model.war.values[name]) for name in ("government_control", "insurgent_control")]
    said = (
        f"The nation: government {national[0]:.0f}%, insurgent {national[1]:.0f}% of {model.conflict.districts_total}"
    )
    return _panel("Provinces", f"<p>{said} districts.</p>" + tiles(model.conflict, *shares), "provinces")


def talks(model: Watched) -> str:
    """Every table: its phase, its round, and who has consented."""
    say, rows, kinds = Wording(model.conflict), [], []
    seats = {agent.name: agent.values for agent in model.entities["seat"]}
    for agent in model.entities["track"]:
        track, values, phase = model.conflict.tracks[agent.name], agent.values, int(agent.values["phase"])
        given = {role: bool(seats[f"{agent.name}/{role}"]["consented"]) for role in track.parties}
        mark = {True: "✓", False: "…"} if phase >= CALLED else {True: "·", False: "·"}
        consent = [f"{mark[given[role]]}\u00a0{say.actor(role)}" for role in track.parties]
        rows.append([track.label, PHASES[phase], int(values["round"]), ", ".join(consent), _next(model, phase, values)])
        kinds.append(PHASES[phase])
    head = ["table", "phase", "rounds", "consent (✓ given, … awaited)", "next"]
    return _panel("Talks", table(head, rows, row_class=kinds.__getitem__), "talks")


def _next(model: Watched, phase: int, values: Any) -> str:
    if phase == OPEN:
        return f"round on {_date(model, float(values['next_round']))}"
    if phase == SUSPENDED:
        return f"resume on {_date(model, float(values['resume_week']))}"
    if phase == AGREED:
        return f"signing, agreed on {_date(model, float(values['agreed_week']))}"
    if phase == SIGNED:
        return f"signed on {_date(model, float(values['signed_week']))}"
    return "consent of all" if phase == CALLED else ""


def concessions(model: Watched) -> str:
    """What was promised, delivered and taken back."""
    rows, kinds = [], []
    for agent in model.entities["concession"]:
        values, due = agent.values, agent.values["due_week"]
        if values["reversed"]:
            kind, when = "taken back", ""
        elif values["delivered"]:
            kind, when = "delivered", _date(model, float(values["delivered_week"]))
        elif values["promised"]:
            kind, when = "promised", f"due {_date(model, float(due))}"
        else:
            kind, when = "tabled" if values["offered_week"] >= 0 else "not offered", ""
        level = f"{100 * float(values['level']):.0f}%" if values["promised"] else ""
        givers = ", ".join(map(Wording(model.conflict).actor, model.conflict.concessions[agent.name].by))
        rows.append([model.conflict.concessions[agent.name].label, givers, kind, level, when])
        kinds.append(kind.replace(" ", "-"))
    head = ["concession", "given by", "state", "level", "date"]
    return _panel("Concessions", table(head, rows, row_class=kinds.__getitem__), "concessions")


def story(model: Watched) -> str:
    """The events so far, the latest week on top, each with its cause."""
    weeks: dict[int, list[str]] = {}
    for event in model.events:
        cause = f' <span class="cause">{escape(event.cause)}</span>' if event.cause else ""
        weeks.setdefault(event.week, []).append(f"<li>{escape(event.text[:1].upper() + event.text[1:])}.{cause}</li>")
    told = "".join(
        f"<h3>Week {week} <small>{_date(model, week)}</small></h3><ul>{''.join(events)}</ul>"
        for week, events in reversed(weeks.items())
    )
    if not model.running:
        told = f'<p class="ending">{escape(model.chronicle.ending)}</p>' + told
    return _panel("Story", told or "<p>Nothing has happened yet. Step, or play.</p>", "story")


def strengths(model: Watched) -> str:
    """Fighters of the factions, of those who splintered, and of the rival."""
    course, thousand = model.course, 1000.0
    drawn = [
        Line(faction.label, [rows[number] / thousand for rows in course.rows("faction_fighters")])
        for number, faction in enumerate(model.conflict.factions)
    ]
    drawn.append(Line("Splintered", [value / thousand for value in course.rows("splintered")]))
    if "rival" in model.conflict.actors:
        rival = Wording(model.conflict).actor("rival")
        drawn.append(Line(rival, [value / thousand for value in course.rows("rival_strength_now")]))
    what = "Strength, thousands of fighters"
    return _panel(what, lines(what, drawn, model.conflict.horizon), "strengths")


def trust(model: Watched) -> str:
    """Trust between the parties: the chance each gives the other of being trustworthy."""
    say, drawn = Wording(model.conflict), []
    for number, pair in enumerate(model.course.entities["dyad"]):
        observer, subject = map(say.actor, pair.split("_"))
        drawn.append(Line(f"{observer} in {subject}", [_chance(rows[number]) for rows in model.course.rows("trust")]))
    what = "Trust, probability given to good faith"
    return _panel(what, lines(what, drawn, model.conflict.horizon, low=0.0, high=1.0), "trust")


def _chance(logit: Any) -> float:
    return float(logistic(logit))


def _panel(title: str, body: str, name: str) -> str:
    return f'<section class="panel" id="{name}"><h2>{escape(title)}</h2><div class="body">{body}</div></section>'


def shown() -> Iterable[Any]:
    """Return the panels, in the order in which the page lays them out: two in a row."""
    return (provinces, story, talks, concessions, strengths, trust)
