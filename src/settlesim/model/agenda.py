"""Clauses, steps and conditions: what a sequence brings to the layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.scenario.conditions import Condition
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["DIMENSIONS", "Agenda", "Node"]

Index = NDArray[np.intp]

DIMENSIONS = ("political", "military", "territorial", "economic")


@dataclass(frozen=True)
class Node:
    """One condition of a step's tree, in the order in which the trees are evaluated."""

    kind: str
    number: float
    delay: float
    target: int
    children: tuple[int, ...]


class Agenda:
    """Collects entities, maps, members and attributes; concessions, clauses and the sequence's steps among them."""

    def __init__(self, scenario: Scenario, sequence: Sequence, orders: Index) -> None:
        self.scenario = scenario
        self.sequence = sequence
        self.orders = orders
        self.entities: dict[str, tuple[str, ...]] = {"run": ("",)}
        self.maps: dict[tuple[str, str], Index] = {}
        self.members: dict[str, tuple[tuple[int, ...], ...]] = {}
        self.groups: dict[str, tuple[str, str]] = {}
        self.attributes: dict[str, tuple[str, Any]] = {}

    def attribute(self, scope: str, name: str, values: Any, dtype: Any = float) -> None:
        """Note one value an entity, shape (n, 1)."""
        self.attributes[name] = (scope, np.array(list(values), dtype=dtype).reshape(-1, 1))

    def constant(self, name: str, value: Any) -> None:
        """Note one value of the run."""
        self.attributes[name] = ("run", value)

    def map(self, origin: str, to: str, index: Any) -> None:
        """Note to which entity of another scope each belongs."""
        self.maps[origin, to] = np.array(list(index), dtype=np.intp)

    def gather(self, name: str, over: str, to: str, members: Iterable[Iterable[int]]) -> None:
        """Note which entities of one scope belong to each of another."""
        self.groups[name] = (over, to)
        self.members[name] = tuple(map(tuple, members))

    def group(self, name: str, origin: str, to: str) -> None:
        """Members by inverting a map."""
        index = self.maps[origin, to]
        self.gather(name, origin, to, ((int(i) for i in np.flatnonzero(index == j)) for j in range(self._size(to))))

    def _size(self, scope: str) -> int:
        return len(self.entities[scope])

    def agenda(self) -> None:
        """Concessions, and the clauses in which a track's own parties can deliver them."""
        s = self.scenario
        tracks, concessions = list(s.tracks), list(s.concessions)
        self.entities["concession"] = tuple(concessions)
        items = s.concessions.values()
        self.attribute("concession", "reversibility", (c.reversibility for c in items))
        for role in ("government", "patron"):
            self.attribute("concession", f"by_{role}", (role in c.by for c in items), bool)
        for name, of in (
            ("frees_prisoners", "frees_prisoners"),
            ("recognises", "recognises"),
            ("ceases_fire", "ceases_fire"),
            ("in_pie", "pie"),
        ):
            self.attribute("concession", name, (getattr(c, of) for c in items), bool)
        in_dimension = ((i for i, c in enumerate(items) if c.dimension == d) for d in DIMENSIONS)
        self.gather("dimensions", "concession", "dimension", in_dimension)
        clauses = [(t, c) for t in tracks for c in concessions if self._deliverable(t, c)]
        self.entities["clause"] = tuple(f"{t}/{c}" for t, c in clauses)
        self.map("clause", "track", (tracks.index(t) for t, _ in clauses))
        self.map("clause", "concession", (concessions.index(c) for _, c in clauses))
        power = {
            t: b for b, (t, issue) in enumerate(x.split("/") for x in self.entities["bargain"]) if issue == "power"
        }
        self.map("clause", "bargain", (power.get(t, 0) for t, _ in clauses))
        self.attribute("clause", "clause_power", (t in power for t, _ in clauses), bool)
        self.group("concession_clauses", "clause", "concession")
        self.group("track_clauses", "clause", "track")
        on_power = ((i for i, (t, _) in enumerate(clauses) if power.get(t) == b) for b in range(self._size("bargain")))
        self.gather("bargain_clauses", "clause", "bargain", on_power)
        ranks = self._ranks(clauses)
        self.attributes["tabled_rank"] = ("clause", ranks)
        seats = [seat.split("/") for seat in self.entities["seat"]]
        own = [[i for i, (t, c) in enumerate(clauses) if t == at and role in s.concessions[c].by] for at, role in seats]
        self.gather("seat_clauses", "clause", "seat", own)
        self.attribute("seat", "seat_offers", (any(ranks[i, 0] >= 0.0 for i in mine) for mine in own), bool)
        steps = self.sequence.steps
        tabling = ((i for i, s in enumerate(steps) if s.track == t and c in s.concessions) for t, c in clauses)
        self.gather("table", "step", "clause", tabling)
        handing = ((i for i, s in enumerate(steps) if s.do == "deliver" and s.concession == c) for c in concessions)
        self.gather("deliver", "step", "concession", handing)

    def _deliverable(self, track: str, concession: str) -> bool:
        """Whether every role among the deliverers sits at the table (bodies outside follow) and it is on offer."""
        item = self.scenario.concessions[concession]
        roles = [by for by in item.by if by in self.scenario.actors]
        return item.pie and bool(roles) and set(roles) <= set(self.scenario.tracks[track].parties)

    def _ranks(self, clauses: list[tuple[str, str]]) -> NDArray[np.float64]:
        """Place of a concession in the order in which its track is offered them, -1 if it is not; (clauses, orders)."""
        several, which = np.unique(self.orders, axis=1, return_inverse=True)
        columns = []
        for order in several.T:
            steps = [self.sequence.steps[i] for i in order]
            tabled = {
                t: [c for step in steps if step.track == t for c in step.concessions] for t in self.scenario.tracks
            }
            columns.append([float(tabled[t].index(c)) if c in tabled[t] else -1.0 for t, c in clauses])
        return np.array(columns).reshape(len(columns), len(clauses)).T[:, which.ravel()]

    def plan(self) -> tuple[tuple[Node, ...], tuple[int, ...], tuple[int, ...]]:
        """Steps with what they ask for, and their trees of conditions: when they are taken, and when they are done."""
        sequence, tracks = self.sequence, list(self.scenario.tracks)
        steps = sequence.steps
        names = [step.name for step in steps]
        self.entities["step"] = tuple(str(name) for name in names)
        for do in ("open", "close", "oblige"):
            there = ([i for i, step in enumerate(steps) if step.do == do and step.track == t] for t in tracks)
            self.gather(do, "step", "track", there)
        for do in ("press", "ceasefire", "withdraw", "switch", "mission"):
            self.gather(do, "step", "run", [[i for i, step in enumerate(steps) if step.do == do]])

        def amounts(name: str, do: str, of: str, otherwise: float = 0.0, least: float = 0.0) -> None:
            values = (max(float(getattr(x, of) or 0.0), least) if x.do == do else otherwise for x in steps)
            self.attribute("step", name, values)

        amounts("press_amount", "press", "amount")
        amounts("press_weeks", "press", "weeks", 1.0, 1.0)
        amounts("ceasefire_length", "ceasefire", "weeks")
        amounts("withdraw_amount", "withdraw", "amount")
        amounts("withdraw_weeks", "withdraw", "weeks", 1.0, 1.0)
        amounts("mission_amount", "mission", "amount")
        amounts("mission_weeks", "mission", "weeks", 1.0, 1.0)
        amounts("quiet_needed", "deliver", "weeks")
        self.attribute("step", "step_obliges", (x.do == "oblige" for x in steps), bool)
        self.attribute("step", "reciprocal", (x.reciprocal for x in steps), bool)
        named = [str(x.by or x.track or tracks[0]) for x in steps]
        self.map("step", "track", (tracks.index(name) for name in named))
        nodes: list[Node] = []

        def add(condition: Condition) -> int:
            children = tuple(add(child) for child in condition.children)
            target = -1
            if condition.kind in ("opened", "signed", "broken"):
                target = tracks.index(str(condition.ref))
            elif condition.kind == "delivered":
                target = list(self.scenario.concessions).index(str(condition.ref))
            elif condition.kind == "taken":
                target = names.index(condition.ref)
            nodes.append(Node(condition.kind, float(condition.number or 0.0), float(condition.delay), target, children))
            return len(nodes) - 1

        roots = tuple(-1 if step.when is None else add(step.when) for step in steps)
        awaited = [sequence.awaited(step) for step in steps]
        done = tuple(-1 if condition is None else add(condition) for condition in awaited)
        self.entities["condition"] = tuple(f"condition {i + 1}" for i in range(len(nodes)))
        path = sequence.troop_path or self.scenario.troop_path
        own = bool(sequence.troop_path) and "dated_troops" not in sequence.levers
        self.constant("own_troop_path", np.bool_(own))
        weeks = np.arange(self.scenario.horizon + 1, dtype=float)
        dated = np.full(len(weeks), np.nan)
        if path:
            dated = np.interp(weeks, [float(w) for w, _ in path], [float(u) for _, u in path])
        self.attributes["troops_dated"] = ("week", dated)
        self.constant("infinity", np.float64(np.inf))
        return tuple(nodes), roots, done
