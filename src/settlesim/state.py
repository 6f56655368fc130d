"""Scopes, index maps and attributes of a scenario under a sequence: what a run is made of, before any number moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from settlesim.conditions import Condition
from settlesim.scenario import Scenario
from settlesim.sequence import Sequence

__all__ = ["DYADS", "Layout", "Node", "commanders_by_cell", "layout"]

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

# Directed pairs (observer, subject) between which trust is inferred.
DYADS = (
    ("government", "insurgency"),
    ("insurgency", "government"),
    ("patron", "insurgency"),
    ("insurgency", "patron"),
)
DIMENSIONS = ("political", "military", "territorial", "economic")


@dataclass(frozen=True)
class Node:
    """One condition of a step's tree, in the order in which the trees are evaluated."""

    kind: str
    number: float
    delay: float
    target: int
    children: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Entities by scope, maps from scope to scope, members of folds, attributes, and the sequence's trees.

    ``attributes`` maps a name to (scope, array): one value an entity, shape ``(n, 1)``; a number for the
    run; or, under scope ``"week"``, one value a week.
    """

    entities: dict[str, tuple[str, ...]]
    maps: dict[tuple[str, str], Index]
    members: dict[str, tuple[tuple[int, ...], ...]]
    attributes: dict[str, tuple[str, Any]]
    nodes: tuple[Node, ...]
    roots: tuple[int, ...]
    ordered: bool
    pace: float
    horizon: int
    cell_starts: Index = field(default_factory=lambda: np.zeros(0, np.intp))

    def size(self, scope: str) -> int:
        """Number of entities of a scope."""
        return len(self.entities[scope])


def _apportion(weights: Floats, total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to weights, by largest remainder; ties go to the entity declared first."""
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return np.asarray(whole, np.int64)


def commanders_by_cell(scenario: Scenario) -> NDArray[np.int64]:
    """Commanders of each faction in each province, shape (factions, provinces).

    Factions get their share of all commanders; each spreads them over provinces by its weight in the
    region times the insurgents' weight in the province (everywhere alike if that leaves nothing).
    """
    total = scenario.actors["insurgency"].commanders
    shares = _apportion(np.array([f.share for f in scenario.factions]), total)
    rows = []
    for faction, n in zip(scenario.factions, shares, strict=True):
        weights = np.array([faction.regions.get(p.region, 0.0) * p.insurgents for p in scenario.provinces])
        if weights.sum() <= 0.0:
            weights = np.array([max(p.insurgents, 1e-9) for p in scenario.provinces])
        rows.append(_apportion(weights, int(n)))
    return np.stack(rows)


def _cut(share: Callable[[float], float], total: float) -> float:
    """Point at which a monotone national share meets its total."""
    clipped = min(max(total, 1e-9), 1.0 - 1e-9)
    return float(brentq(lambda c: share(c) - clipped, -60.0, 60.0, xtol=1e-13))


class _Builder:
    """Collects entities, maps, members and attributes, scope by scope."""

    def __init__(self, scenario: Scenario, sequence: Sequence) -> None:
        self.scenario = scenario
        self.sequence = sequence
        self.entities: dict[str, tuple[str, ...]] = {"run": ("",)}
        self.maps: dict[tuple[str, str], Index] = {}
        self.members: dict[str, tuple[tuple[int, ...], ...]] = {}
        self.attributes: dict[str, tuple[str, Any]] = {}

    def attribute(self, scope: str, name: str, values: Any, dtype: Any = float) -> None:
        self.attributes[name] = (scope, np.array(list(values), dtype=dtype).reshape(-1, 1))

    def constant(self, name: str, value: Any) -> None:
        self.attributes[name] = ("run", value)

    def map(self, origin: str, to: str, index: Any) -> None:
        self.maps[origin, to] = np.array(list(index), dtype=np.intp)

    def group(self, name: str, origin: str, to: str) -> None:
        """Members by inverting a map."""
        index = self.maps[origin, to]
        n = len(self.entities[to])
        self.members[name] = tuple(tuple(int(i) for i in np.flatnonzero(index == j)) for j in range(n))

    def people(self) -> None:
        s = self.scenario
        self.entities["actor"] = tuple(s.actors)
        self.entities["dyad"] = tuple(f"{a}_{b}" for a, b in DYADS if a in s.actors and b in s.actors)
        for role in ("patron", "neighbour", "rival"):
            self.constant(f"has_{role}", np.bool_(role in s.actors))
        for name in ("government_insurgency", "insurgency_government", "insurgency_patron"):
            self.attribute("dyad", f"dyad_{name}", (d == name for d in self.entities["dyad"]), bool)
        self.entities["faction"] = tuple(f.name for f in s.factions)
        self.attribute("faction", "hardline", (f.hardline for f in s.factions))
        self.entities["obligation"] = tuple(s.obligations)
        self.constant("obligations_number", np.float64(len(s.obligations)))
        self.entities["dimension"] = DIMENSIONS

    def territory(self) -> None:
        s = self.scenario
        self.entities["province"] = tuple(p.name for p in s.provinces)
        weight = np.array([p.districts for p in s.provinces], dtype=float)
        weight /= weight.sum()
        x = np.array([p.tier for p in s.provinces])
        cut_g = _cut(lambda c: float(np.dot(weight, expit(c - x))), s.control.government)
        cut_i = -_cut(lambda c: float(np.dot(weight, expit(x + c))), s.control.insurgent)
        self.attribute("province", "district_weight", weight)
        self.attribute("province", "start_control", x)
        g, i = expit(cut_g - x), expit(x - cut_i)
        self.attribute("province", "start_government", g)
        self.attribute("province", "start_insurgent", np.minimum(i, 1.0 - g))
        self.constant("control_cut_government", np.float64(cut_g))
        self.constant("control_cut_insurgent", np.float64(cut_i))
        self.constant("government_total", np.float64(s.control.government))
        self.constant("insurgent_total", np.float64(s.control.insurgent))
        affinity = np.array([p.rival for p in s.provinces], dtype=float)
        if affinity.sum() > 0.0:
            affinity /= affinity.sum()
        self.attribute("province", "rival_affinity", affinity)

    def cells(self) -> Index:
        s = self.scenario
        counts = commanders_by_cell(s)
        names, faction, province, number = [], [], [], []
        for f, row in enumerate(counts):
            for p, n in enumerate(row):
                if n > 0:
                    names.append(f"{s.factions[f].name}/{s.provinces[p].name}")
                    faction.append(f)
                    province.append(p)
                    number.append(int(n))
        self.entities["cell"] = tuple(names)
        self.map("cell", "faction", faction)
        self.map("cell", "province", province)
        self.group("faction_cells", "cell", "faction")
        self.group("province_cells", "cell", "province")
        self.attribute("cell", "cell_commanders", number)
        home = np.repeat(np.arange(len(names)), number)
        self.entities["commander"] = tuple(f"{names[c]}/{k}" for c, n in enumerate(number) for k in range(n))
        self.map("commander", "cell", home)
        self.map("commander", "faction", np.array(faction)[home])
        self.map("commander", "province", np.array(province)[home])
        self.constant("commanders_total", np.int64(len(home)))
        self.constant("group_size_mean", np.float64(s.actors["insurgency"].group_size))
        return np.concatenate(([0], np.cumsum(number)))[:-1].astype(np.intp)

    def tables(self) -> None:
        s = self.scenario
        roles: list[str] = list(s.actors)
        tracks = list(s.tracks)
        self.entities["track"] = tuple(tracks)
        planned = {step.track for step in self.sequence.steps if step.do == "open"}
        for role in ("government", "insurgency", "patron", "neighbour"):
            self.attribute("track", f"track_{role}", (role in t.parties for t in s.tracks.values()), bool)
        self.attribute("track", "track_power", ("power" in t.issues for t in s.tracks.values()), bool)
        self.attribute("track", "track_withdrawal", ("withdrawal" in t.issues for t in s.tracks.values()), bool)
        self.attribute("track", "track_package", (t.linkage == "package" for t in s.tracks.values()), bool)
        self.attribute("track", "track_planned", (name in planned for name in tracks), bool)
        self.attribute("track", "prelude", (float(t.prelude) for t in s.tracks.values()))
        seats = [(t, role) for t in tracks for role in s.tracks[t].parties]
        bargains = [(t, issue) for t in tracks for issue in s.tracks[t].issues if issue != "sanctuary"]
        self.entities["seat"] = tuple(f"{t}/{role}" for t, role in seats)
        self.entities["bargain"] = tuple(f"{t}/{issue}" for t, issue in bargains)
        self.map("seat", "track", (tracks.index(t) for t, _ in seats))
        self.map("seat", "actor", (roles.index(role) for _, role in seats))
        for role in ("government", "insurgency", "patron"):
            self.attribute("seat", f"seat_{role}", (r == role for _, r in seats), bool)
        dyads = [self._dyad_of(t, role) for t, role in seats]
        self.map("seat", "dyad", (max(d, 0) for d in dyads))
        self.attribute("seat", "seat_has_dyad", (d >= 0 for d in dyads), bool)
        self.map("bargain", "track", (tracks.index(t) for t, _ in bargains))
        givers = ["government" if issue == "power" else "patron" for _, issue in bargains]
        self.map("bargain", "actor", (roles.index(g) for g in givers))
        self.attribute("bargain", "bargain_power", (issue == "power" for _, issue in bargains), bool)
        given = {(t, g): b for b, ((t, _), g) in enumerate(zip(bargains, givers, strict=True))}
        with_stakes = {t for t, _ in bargains}
        claims = [role == "insurgency" and t in with_stakes for t, role in seats]
        self.attribute("seat", "seat_claims", claims, bool)
        self.attribute("seat", "seat_gives", (seat in given for seat in seats), bool)
        self.map("seat", "bargain", (given.get(seat, 0) for seat in seats))
        self.group("seats", "seat", "track")
        self.group("bargains", "bargain", "track")
        self.members["claimants"] = tuple(tuple(i for i in m if claims[i]) for m in self.members["seats"])
        self.members["givers"] = tuple(tuple(i for i in m if not claims[i]) for m in self.members["seats"])
        pairs = [tuple(d.split("_", 1)) for d in self.entities["dyad"]]
        self.members["dyads"] = tuple(
            tuple(i for i, t in enumerate(tracks) if set(pair) <= set(s.tracks[t].parties)) for pair in pairs
        )
        self.constant("single_undertaking", np.bool_(self.sequence.undertaking == "single"))

    def _dyad_of(self, track: str, role: str) -> int:
        """Whom a seat's trust is about: the insurgency, or for the insurgency the government, else the patron."""
        parties = self.scenario.tracks[track].parties
        subjects = ("government", "patron") if role == "insurgency" else ("insurgency",)
        for subject in subjects:
            name = f"{role}_{subject}"
            if subject in parties and name in self.entities["dyad"]:
                return self.entities["dyad"].index(name)
        return -1

    def agenda(self) -> None:
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
        self.members["dimensions"] = tuple(
            tuple(i for i, c in enumerate(items) if c.dimension == d) for d in DIMENSIONS
        )
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
        self.members["bargain_clauses"] = tuple(
            tuple(i for i, (t, _) in enumerate(clauses) if power.get(t) == b)
            for b in range(len(self.entities["bargain"]))
        )
        self.attribute("clause", "tabled_rank", (self._rank(t, c) for t, c in clauses))
        steps = self.sequence.steps
        self.members["table"] = tuple(
            tuple(i for i, step in enumerate(steps) if step.track == t and c in step.concessions) for t, c in clauses
        )
        self.members["deliver"] = tuple(
            tuple(i for i, step in enumerate(steps) if step.do == "deliver" and step.concession == c)
            for c in concessions
        )

    def _deliverable(self, track: str, concession: str) -> bool:
        """Whether every role among the deliverers sits at the table (bodies outside follow) and it is on offer."""
        item = self.scenario.concessions[concession]
        roles = [by for by in item.by if by in self.scenario.actors]
        return item.pie and bool(roles) and set(roles) <= set(self.scenario.tracks[track].parties)

    def _rank(self, track: str, concession: str) -> float:
        """Place of a concession in the order in which the sequence tables them on the track, -1 if it does not."""
        tabled = [c for step in self.sequence.steps if step.track == track for c in step.concessions]
        return float(tabled.index(concession)) if concession in tabled else -1.0

    def plan(self) -> tuple[tuple[Node, ...], tuple[int, ...]]:
        sequence, tracks = self.sequence, list(self.scenario.tracks)
        steps = sequence.steps
        names = [step.name for step in steps]
        self.entities["step"] = tuple(str(name) for name in names)
        for do in ("open", "close", "oblige"):
            self.members[do] = tuple(
                tuple(i for i, step in enumerate(steps) if step.do == do and step.track == t) for t in tracks
            )
        for do in ("press", "ceasefire", "withdraw", "switch"):
            self.members[do] = (tuple(i for i, step in enumerate(steps) if step.do == do),)

        def amounts(name: str, do: str, of: str, otherwise: float = 0.0, least: float = 0.0) -> None:
            values = (max(float(getattr(x, of) or 0.0), least) if x.do == do else otherwise for x in steps)
            self.attribute("step", name, values)

        amounts("press_amount", "press", "amount")
        amounts("press_weeks", "press", "weeks", 1.0, 1.0)
        amounts("ceasefire_length", "ceasefire", "weeks")
        amounts("withdraw_amount", "withdraw", "amount")
        amounts("withdraw_weeks", "withdraw", "weeks", 1.0, 1.0)
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
        self.entities["condition"] = tuple(f"condition {i + 1}" for i in range(len(nodes)))
        path = sequence.troop_path
        weeks = np.arange(self.scenario.horizon + 1, dtype=float)
        dated = np.full(len(weeks), np.nan)
        if path:
            dated = np.interp(weeks, [float(w) for w, _ in path], [float(u) for _, u in path])
        self.attributes["troops_dated"] = ("week", dated)
        self.constant("infinity", np.float64(np.inf))
        return tuple(nodes), roots


def layout(scenario: Scenario, sequence: Sequence) -> Layout:
    """Build the layout of a scenario under a sequence.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : Sequence
        One of its sequences, or one built in Python.

    Returns
    -------
    Layout

    Examples
    --------
    >>> from settlesim.files import load
    >>> scenario = load("afghanistan-2018")
    >>> built = layout(scenario, scenario.sequence("us_first"))
    >>> built.size("commander"), built.size("province")
    (1200, 34)
    """
    b = _Builder(scenario, sequence)
    b.people()
    b.territory()
    starts = b.cells()
    b.tables()
    b.agenda()
    nodes, roots = b.plan()
    return Layout(
        b.entities,
        b.maps,
        b.members,
        b.attributes,
        nodes,
        roots,
        bool(sequence.ordered),
        float(sequence.pace),
        scenario.horizon,
        starts,
    )


def parameters(scenario: Scenario, built: Layout, worlds: Mapping[str, Floats]) -> dict[str, tuple[str, Any]]:
    """Drawn parameters as variables: by run, and those given for each role or pair as rows of that scope too.

    Parameters
    ----------
    scenario : Scenario
        The conflict, for its concessions.
    built : Layout
        The layout.
    worlds : mapping
        Values by parameter name, shape (runs,).

    Returns
    -------
    dict
        Name to (scope, array), ``(runs,)`` for the run and ``(n, runs)`` otherwise.
    """
    out: dict[str, tuple[str, Any]] = {}
    for name, values in worlds.items():
        if "." not in name:
            out[name] = ("run", values)
    tables: dict[str, dict[str, Floats]] = {}
    for name, values in worlds.items():
        if "." in name:
            stem, entry = name.split(".", 1)
            tables.setdefault(stem, {})[entry] = values
    runs = len(next(iter(worlds.values())))
    for stem, entries in tables.items():
        for scope in ("dyad", "actor", "concession"):
            if any(entity in entries for entity in built.entities[scope]):
                rows = [entries.get(entity, np.zeros(runs)) for entity in built.entities[scope]]
                out[stem] = (scope, np.stack(rows))
                break
        if stem not in ("concession_value", "concession_cost"):
            for entry, values in entries.items():
                out[f"{stem}_{entry}"] = ("run", values)
    return out
