"""Scopes, index maps and attributes of a scenario under a sequence: what a run is made of, before any number moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from settlesim.model.agenda import DIMENSIONS, Agenda, Node
from settlesim.scenario.conflict import EVENT_SCALES
from settlesim.scenario.parameters import CARRIERS, Address
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

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
# What an actor brings; nothing where the scenario does not have it.
BELONGS = {"troops_start": "patron", "rival_strength": "rival", "rival_inflow": "rival"}


@dataclass(frozen=True)
class Layout:
    """Entities by scope, maps from scope to scope, members of folds, attributes, and the sequence's trees.

    ``attributes`` maps a name to (scope, array): one value an entity, shape ``(n, 1)``; a number for the
    run; or, under scope ``"week"``, one value a week.  ``groups`` says of each entry of ``members`` which scope it
    combines and for which: ``"faction_cells"`` are the cells of each faction, ("cell", "faction").  ``orders``
    holds the steps in the order of their turns, shape (steps, 1), or (steps, runs) where runs differ in it.
    """

    entities: dict[str, tuple[str, ...]]
    maps: dict[tuple[str, str], Index]
    members: dict[str, tuple[tuple[int, ...], ...]]
    attributes: dict[str, tuple[str, Any]]
    nodes: tuple[Node, ...]
    roots: tuple[int, ...]
    done: tuple[int, ...]
    orders: Index
    horizon: int
    cell_starts: Index
    groups: dict[str, tuple[str, str]]

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


class _Builder(Agenda):
    """Adds people, territory, commanders and tables to what the sequence brings."""

    def people(self) -> None:
        s = self.scenario
        self.entities["actor"] = tuple(s.actors)
        for role in ("insurgency", "government"):
            self.attribute("actor", f"actor_{role}", (r == role for r in s.actors), bool)
        self.entities["dyad"] = tuple(f"{a}_{b}" for a, b in DYADS if a in s.actors and b in s.actors)
        for role in ("patron", "neighbour", "rival", "mediator"):
            self.constant(f"has_{role}", np.bool_(role in s.actors))
        for name in ("government_insurgency", "insurgency_government", "insurgency_patron"):
            self.attribute("dyad", f"dyad_{name}", (d == name for d in self.entities["dyad"]), bool)
        ends = (d.endswith("_insurgency") for d in self.entities["dyad"])
        self.attribute("dyad", "dyad_of_insurgency", ends, bool)
        self.entities["faction"] = tuple(f.name for f in s.factions)
        self.attribute("faction", "hardline", (f.hardline for f in s.factions))
        self.entities["obligation"] = tuple(s.obligations)
        self.attribute("obligation", "indivisible", (o.indivisible for o in s.obligations.values()), bool)
        self.entities["dimension"] = DIMENSIONS
        self.entities["event"] = tuple(e.name for e in s.events)
        self.attribute("event", "event_week", (e.week for e in s.events))
        self.attribute("event", "event_weeks", (float(e.weeks or 0) for e in s.events))
        for kind in EVENT_SCALES:
            self.attribute("event", f"event_on_{kind}", (e.kind == kind for e in s.events), bool)

    def territory(self) -> None:
        s = self.scenario
        self.entities["province"] = tuple(p.name for p in s.provinces)
        weight = np.array([p.districts for p in s.provinces], dtype=float)
        weight /= weight.sum()
        x = np.array([p.tier for p in s.provinces])
        # Summed exactly: a product of matrices would have other last bits on another processor.
        cut_g = _cut(lambda c: math.fsum(weight * expit(c - x)), s.control.government)
        cut_i = -_cut(lambda c: math.fsum(weight * expit(x + c)), s.control.insurgent)
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
        self.attribute(
            "province", "province_commanders", np.bincount(np.array(province)[home], minlength=len(s.provinces))
        )
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
        owing: dict[str, set[str]] = {}
        for step in self.sequence.steps:
            if step.do == "oblige":
                owing.setdefault(str(step.track), set()).update(s.tracks[str(step.by)].parties)
        self.attribute("seat", "seat_owes", (role in owing.get(t, ()) for t, role in seats), bool)
        self.attribute("seat", "proposed", (role in s.tracks[t].proposed_by for t, role in seats), bool)
        self.map("seat", "bargain", (given.get(seat, 0) for seat in seats))
        self.group("seats", "seat", "track")
        self.group("bargains", "bargain", "track")
        seated = self.members["seats"]
        self.gather("claimants", "seat", "track", ([i for i in m if claims[i]] for m in seated))
        self.gather("givers", "seat", "track", ([i for i in m if not claims[i]] for m in seated))
        sits = ([i for i, t in enumerate(tracks) if role in s.tracks[t].parties] for role in roles)
        self.gather("actor_tracks", "track", "actor", sits)
        pairs = [tuple(d.split("_", 1)) for d in self.entities["dyad"]]
        common = ([i for i, t in enumerate(tracks) if set(pair) <= set(s.tracks[t].parties)] for pair in pairs)
        self.gather("dyads", "track", "dyad", common)
        self.constant("staged", np.bool_(self.sequence.agenda == "staged"))
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


def layout(scenario: Scenario, sequence: Sequence, orders: Index | None = None) -> Layout:
    """Build the layout of a scenario under a sequence.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : Sequence
        One of its sequences, or one built in Python.
    orders : ndarray, shape (steps, runs), optional
        Its steps in the order of each run; by default the order in which they are listed.

    Returns
    -------
    Layout

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> scenario = load("afghanistan-2018")
    >>> built = layout(scenario, scenario.sequence("us_first"))
    >>> built.size("commander"), built.size("province")
    (1200, 34)
    """
    listed = np.arange(len(sequence.steps), dtype=np.intp)[:, None]
    b = _Builder(scenario, sequence, listed if orders is None else orders)
    b.people()
    b.territory()
    starts = b.cells()
    b.tables()
    b.agenda()
    nodes, roots, done = b.plan()
    return Layout(
        b.entities,
        b.maps,
        b.members,
        b.attributes,
        nodes,
        roots,
        done,
        b.orders,
        scenario.horizon,
        starts,
        b.groups,
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
        Values by address, shape (runs,).

    Returns
    -------
    dict
        Name to (scope, array), ``(runs,)`` for the run and ``(n, runs)`` otherwise.
    """
    out: dict[str, tuple[str, Any]] = {}
    numbers = {Address.parse(name): values for name, values in worlds.items()}
    for address, values in numbers.items():
        if not address.entry:
            role = BELONGS.get(address.name)
            out[address.name] = ("run", values if role is None or role in scenario.actors else np.zeros_like(values))
    # A conflict in which nothing can be given has no such numbers, yet rules of concessions read them.
    tables: dict[str, dict[str, Floats]] = {name: {} for name in CARRIERS}
    for address, values in numbers.items():
        if address.entry:
            tables.setdefault(address.name, {})[address.entry] = values
    runs = len(next(iter(worlds.values())))
    for name, entries in tables.items():
        if name in CARRIERS:
            scope, _ = CARRIERS[name]
            rows = [entries[entity] for entity in built.entities[scope]]
            out[name] = (scope, np.array(rows).reshape(len(rows), runs))
            continue
        for scope in ("dyad", "actor"):
            if any(entity in entries for entity in built.entities[scope]):
                rows = [entries.get(entity, np.zeros(runs)) for entity in built.entities[scope]]
                out[name] = (scope, np.array(rows).reshape(-1, runs))
                break
        for entry, values in entries.items():
            out[f"{name}_{entry}"] = ("run", values)
    return out
