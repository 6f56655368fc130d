"""Who is linked to whom, and who belongs to which group: read off the scenario, by name."""

from __future__ import annotations

from typing import Any

from settlesim.engines.reference.entity import Entity
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["groups", "link"]

Entities = dict[str, list[Entity]]


def link(scenario: Scenario, sequence: Sequence, entities: Entities) -> None:
    """Tie every agent to those whose values it reads."""
    by_name = {scope: {a.name: a for a in made} for scope, made in entities.items()}
    for cell in entities["cell"]:
        faction, province = cell.name.split("/", 1)
        cell.links = {"faction": by_name["faction"][faction], "province": by_name["province"][province]}
    for commander in entities["commander"]:
        home = by_name["cell"][commander.name.rsplit("/", 1)[0]]
        commander.links = {"cell": home, **home.links}
    for seat in entities["seat"]:
        track, role = seat.name.split("/")
        seat.links = {"track": by_name["track"][track], "actor": by_name["actor"][role]}
        trusted = _trusted(scenario, track, role)
        seat.links["dyad"] = by_name["dyad"].get(trusted, entities["dyad"][0])
        issue = {"government": "power", "patron": "withdrawal"}.get(role, "")
        given = by_name["bargain"].get(f"{track}/{issue}")
        if given is not None or entities["bargain"]:
            seat.links["bargain"] = given or entities["bargain"][0]
    for bargain in entities["bargain"]:
        track, issue = bargain.name.split("/")
        giver = "government" if issue == "power" else "patron"
        bargain.links = {"track": by_name["track"][track], "actor": by_name["actor"][giver]}
    for clause in entities["clause"]:
        track, concession = clause.name.split("/")
        clause.links = {"track": by_name["track"][track], "concession": by_name["concession"][concession]}
        if entities["bargain"]:
            clause.links["bargain"] = by_name["bargain"].get(f"{track}/power", entities["bargain"][0])
    for step, declared in zip(entities["step"], sequence.steps, strict=True):
        table = declared.by or declared.track
        step.links = {"track": by_name["track"][table] if table else entities["track"][0]}


def _trusted(scenario: Scenario, track: str, role: str) -> str:
    """The directed pair a seat's trust is about."""
    parties = scenario.tracks[track].parties
    if role != "insurgency":
        return f"{role}_insurgency" if "insurgency" in parties else ""
    return next((f"insurgency_{other}" for other in ("government", "patron") if other in parties), "")


def groups(scenario: Scenario, sequence: Sequence, entities: Entities) -> dict[str, dict[str, list[Entity]]]:
    """Members by group and by the name of the agent they belong to."""

    def of(over: str, to: str, belongs: Any) -> dict[str, list[Entity]]:
        return {target.name: [m for m in entities[over] if belongs(m, target)] for target in entities[to]}

    def linked(over: str, to: str) -> dict[str, list[Entity]]:
        return of(over, to, lambda m, target: m.links[to] is target)

    def claims(seat: Entity) -> bool:
        track, role = seat.name.split("/")
        return role == "insurgency" and any(i != "sanctuary" for i in scenario.tracks[track].issues)

    def gives(clause: Entity, seat: Entity) -> bool:
        track, role = seat.name.split("/")
        table, concession = clause.name.split("/")
        return table == track and role in scenario.concessions[concession].by

    steps = {agent.name: declared for agent, declared in zip(entities["step"], sequence.steps, strict=True)}

    def does(do: str) -> Any:
        return lambda m, target: steps[m.name].do == do and target.name in ("", steps[m.name].track)

    def tables(m: Entity, clause: Entity) -> bool:
        track, concession = clause.name.split("/")
        return steps[m.name].track == track and concession in steps[m.name].concessions

    found = {
        "seats": linked("seat", "track"),
        "bargains": linked("bargain", "track"),
        "track_clauses": linked("clause", "track"),
        "concession_clauses": linked("clause", "concession"),
        "faction_cells": linked("cell", "faction"),
        "province_cells": linked("cell", "province"),
        "claimants": of("seat", "track", lambda m, t: m.links["track"] is t and claims(m)),
        "givers": of("seat", "track", lambda m, t: m.links["track"] is t and not claims(m)),
        "seat_clauses": of("clause", "seat", gives),
        "actor_tracks": of("track", "actor", lambda m, a: a.name in scenario.tracks[m.name].parties),
        "dyads": of("track", "dyad", lambda m, d: set(d.name.split("_")) <= set(scenario.tracks[m.name].parties)),
        "bargain_clauses": of("clause", "bargain", lambda m, b: f"{m.links['track'].name}/power" == b.name),
        "dimensions": of("concession", "dimension", lambda m, d: scenario.concessions[m.name].dimension == d.name),
        "table": of("step", "clause", tables),
        "deliver": of(
            "step", "concession", lambda m, c: steps[m.name].do == "deliver" and steps[m.name].concession == c.name
        ),
    }
    found |= {do: of("step", "track", does(do)) for do in ("open", "close", "oblige")}
    found |= {do: of("step", "run", does(do)) for do in ("press", "ceasefire", "withdraw", "switch", "mission")}
    return found
