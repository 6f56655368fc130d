"""What must hold between the declarations of a scenario: names that exist, sums, and steps that can be taken.

Each check reads `SoundFields`, which hold every declaration that is sound by itself. So a scenario with one
broken track still gets all its other mistakes reported, and a reference to the broken track is not reported as
unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from settlesim.errors import Problem, nearest
from settlesim.scenario.base import SUM_TOLERANCE
from settlesim.scenario.conflict import Role
from settlesim.scenario.messages import EXPLAINED, KeyPath, dotted
from settlesim.scenario.parameters import CARRIERS, ENTRIES, UNITS, Parameter, Quantity, quantities
from settlesim.scenario.reachability import outlived, unreachable
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.settings import SWITCH, beyond, refusal

__all__ = ["SoundFields", "check", "check_levers", "check_names", "check_sequence", "check_settings"]

# Without these there is no war to settle.
NEEDED_ROLES: tuple[Role, ...] = ("government", "insurgency")
# From this value of `dated_troops` on the troops are dated.
DATED = 0.5
# More names than these are not listed in a message.
LISTED = 12


@dataclass(frozen=True)
class SoundFields:
    """The fields of a scenario, as far as what stands in them is sound by itself.

    Parameters
    ----------
    values
        Field name → its value; tables and lists hold only their sound entries.
    names
        Field name → every key written there, sound or not.
    broken
        Fields of which some entry is not sound, so that their sums mean nothing.
    index
        List field → position in the file of each sound entry.
    """

    values: Mapping[str, Any]
    names: Mapping[str, tuple[str, ...]]
    broken: frozenset[str] = frozenset()
    index: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def table(self, name: str) -> Mapping[str, Any]:
        """Return the sound entries of a table."""
        found: Mapping[str, Any] = self.values.get(name) or {}
        return found

    def rows(self, name: str) -> list[tuple[int, Any]]:
        """Return the sound entries of a list, with their positions."""
        entries = self.values.get(name) or ()
        return list(zip(self.index.get(name, range(len(entries))), entries, strict=True))

    def whole(self, name: str) -> bool:
        """Tell whether the field is there and all of it is sound."""
        return name in self.values and name not in self.broken


def check(fields: SoundFields, file: str) -> list[Problem]:
    """Return every problem that lies between the fields."""
    found: list[Problem] = []
    for one in CHECKS:
        found.extend(islice(one(fields, file), EXPLAINED))
    return found


def _unknown(file: str, path: KeyPath, value: object, names: tuple[str, ...], what: str) -> Problem:
    allowed = ", ".join(names) if 0 < len(names) <= LISTED else None
    like = nearest(path[-1] if value is None else value, names)
    return Problem(file, dotted(path), f"unknown {what}", None, value, allowed or None, like)


def _actors(fields: SoundFields, file: str) -> Iterator[Problem]:
    if "actors" not in fields.values:
        return
    for needed in NEEDED_ROLES:
        if needed not in fields.names["actors"]:
            yield Problem(file, "actors", f"there is no {needed}; it is needed")
    for role, actor in fields.table("actors").items():
        for name in ("commanders", "group_size"):
            if role == "insurgency" and getattr(actor, name) < 1:
                yield Problem(
                    file,
                    f"actors.insurgency.{name}",
                    "must be at least 1",
                    None,
                    getattr(actor, name),
                    "1 or more",
                )
            if role != "insurgency" and getattr(actor, name) > 0:
                value = getattr(actor, name)
                yield Problem(file, f"actors.{role}.{name}", "only the insurgency has it", None, value, "0")


def _factions(fields: SoundFields, file: str) -> Iterator[Problem]:
    rows = fields.rows("factions")
    regions = tuple(dict.fromkeys(province.region for _, province in fields.rows("provinces")))
    for at, faction in rows:
        for region in faction.regions:
            if fields.whole("provinces") and region not in regions:
                yield _unknown(file, ("factions", at, "regions", region), None, regions, f"region {region!r}")
        if not sum(faction.regions.values()) > 0:
            yield Problem(
                file,
                f"factions[{at}].regions",
                f"faction {faction.name!r} stands nowhere",
                None,
                None,
                "a weight above 0",
            )
    if fields.whole("factions"):
        total = sum(faction.share for _, faction in rows)
        if not rows:
            yield Problem(file, "factions", "there is no faction; at least one is needed")
        elif abs(total - 1) > SUM_TOLERANCE:
            yield Problem(file, "factions", f"the shares sum to {total:g}, not to 1", None, None, "a sum of 1")


def _provinces(fields: SoundFields, file: str) -> Iterator[Problem]:
    rows = fields.rows("provinces")
    tiles: dict[tuple[int, int], str] = {}
    for at, province in rows:
        if province.tile in tiles:
            other = tiles[province.tile]
            yield Problem(
                file,
                f"provinces[{at}].tile",
                f"{province.name} lies on the tile of {other}",
                None,
                list(province.tile),
            )
        tiles.setdefault(province.tile, province.name)
    if not fields.whole("provinces"):
        return
    if not rows:
        yield Problem(file, "provinces", "there is no province; at least one is needed")
        return
    total = fields.values.get("districts_total")
    count = sum(province.districts for _, province in rows)
    if total is not None and count != total:
        message = f"the provinces have {count} districts together, not {total}"
        yield Problem(file, "districts_total", message, None, total, str(count))
    if not sum(province.insurgents for _, province in rows) > 0:
        yield Problem(file, "provinces", "the insurgents stand in no province")
    if "rival" in fields.names.get("actors", ()) and not sum(province.rival for _, province in rows) > 0:
        yield Problem(file, "provinces", "the rival stands in no province, though it is among the actors")


def _doubles(fields: SoundFields, file: str) -> Iterator[Problem]:
    for table in ("factions", "provinces", "targets", "events"):
        seen: set[str] = set()
        for at, row in fields.rows(table):
            if row.name in seen:
                yield Problem(file, f"{table}[{at}].name", "the name is used twice", None, row.name)
            seen.add(row.name)


def _tracks(fields: SoundFields, file: str) -> Iterator[Problem]:
    actors = tuple(
        dict.fromkeys(fields.names.get("actors", ()) + NEEDED_ROLES)
    )  # that one of these is missing is said once, elsewhere
    for name, track in fields.table("tracks").items():
        for at, party in enumerate(track.parties):
            if "actors" in fields.values and party not in actors:
                yield _unknown(file, ("tracks", name, "parties", at), party, actors, "actor")


def _concessions(fields: SoundFields, file: str) -> Iterator[Problem]:
    known = tuple(dict.fromkeys(fields.names.get("actors", ()) + NEEDED_ROLES + fields.names.get("bodies", ())))
    concessions = fields.table("concessions")
    for name, concession in concessions.items():
        for at, who in enumerate(concession.by):
            if "actors" in fields.values and who not in known:
                yield _unknown(file, ("concessions", name, "by", at), who, known, "actor or body")
    total = sum(concession.value.central for concession in concessions.values() if concession.pie)
    if fields.whole("concessions") and total > 1 + 1e-9:
        message = f"the most likely values of what can be offered sum to {total:g}, more than the whole prize"
        yield Problem(file, "concessions", message, None, None, "a sum of 1 or less")


def _sources(fields: SoundFields, file: str) -> Iterator[Problem]:
    known = fields.names.get("sources", ())
    if "sources" not in fields.values:
        return
    places: list[tuple[KeyPath, Any]] = [((name,), fields.values.get(name)) for name in ("control", "base_rates")]
    for table in ("actors", "tracks", "concessions", "obligations", "parameters"):
        places += [((table, name), entry) for name, entry in fields.table(table).items()]
    for table in ("factions", "provinces", "targets", "events"):
        places += [((table, at), entry) for at, entry in fields.rows(table)]
    for path, entry in places:
        if entry is not None and entry.source not in known:
            like = nearest(entry.source, known)
            yield Problem(
                file,
                dotted((*path, "source")),
                "unknown source",
                None,
                entry.source,
                "a key of [sources]",
                like,
            )


def _parameters(fields: SoundFields, file: str) -> Iterator[Problem]:
    for name, parameter in fields.table("parameters").items():
        if name in CARRIERS:
            yield Problem(file, f"parameters.{name}", f"has the name of numbers of the {CARRIERS[name][0]}s")
        low, high = parameter.range
        least, most = UNITS[parameter.unit]
        if low < least or high > most:
            allowed = f"{least:g} to {most:g} for the unit {parameter.unit!r}"
            yield Problem(
                file,
                f"parameters.{name}.range",
                "goes beyond what its unit can be",
                None,
                [low, high],
                allowed,
            )
        for entry in parameter.each or ():
            if entry not in ENTRIES:
                path: KeyPath = ("parameters", name, "each", entry)
                yield _unknown(file, path, None, ENTRIES, f"role {entry!r}")
        for entry, prior in parameter.entries().items():
            yield from beyond(parameter, prior.bounds, _place(name, parameter, entry), file)


def _place(name: str, parameter: Parameter, entry: str) -> str:
    if parameter.each is not None:
        return f"parameters.{name}.each.{entry}"
    return f"parameters.{name}.{'value' if parameter.prior is None else 'prior'}"


def _sequences(fields: SoundFields, file: str) -> Iterator[Problem]:
    names = fields.names.get("sequences", ())
    for key in ("default_sequence", "baseline_sequence", "reference_sequence", "history_sequence"):
        chosen = fields.values.get(key)
        if chosen is not None and names and chosen not in names:
            yield _unknown(file, (key,), chosen, names, "sequence")
    for name, sequence in fields.table("sequences").items():
        if sequence.name != name:
            key = f"sequences.{name}.name"
            yield Problem(file, key, "stands under another name", None, sequence.name, name)
        yield from check_sequence(sequence, fields, file, ("sequences", name))


def check_sequence(sequence: Sequence, fields: SoundFields, file: str, path: KeyPath = ()) -> Iterator[Problem]:
    """Yield the problems of a sequence: unknown names, levers out of range, steps that cannot be taken."""
    unknown = list(check_names(sequence, fields, file, path))
    yield from unknown
    yield from check_settings(sequence, fields, file, path)
    if not unknown and fields.whole("tracks") and fields.whole("concessions"):
        horizon = fields.values.get("horizon", math.inf)
        for at, message in unreachable(sequence, fields.table("tracks"), fields.table("concessions"), horizon):
            yield Problem(file, dotted((*path, "steps", at, "when")), message)
        for at, message in outlived(sequence):
            yield Problem(file, dotted((*path, "steps", at, "when")), message)


def check_names(sequence: Sequence, fields: SoundFields, file: str, path: KeyPath = ()) -> Iterator[Problem]:
    """Yield the names in steps and conditions that the scenario does not have."""
    tracks, concessions = fields.names.get("tracks", ()), fields.names.get("concessions", ())
    steps = tuple(str(step.name) for step in sequence.steps)
    for at, step in enumerate(sequence.steps):
        here: KeyPath = (*path, "steps", at)
        asked: list[tuple[KeyPath, str, tuple[str, ...], str]] = []
        asked += [((*here, key), ref, tracks, "track") for key in ("track", "by") if (ref := getattr(step, key))]
        if step.concession:
            asked.append(((*here, "concession"), step.concession, concessions, "concession"))
        asked += [((*here, "concessions", i), c, concessions, "concession") for i, c in enumerate(step.concessions)]
        trees = [(key, tree) for key in ("when", "done") if (tree := getattr(step, key)) is not None]
        for key, condition in ((key, one) for key, tree in trees for one in tree.walk()):
            kind = condition.kind
            known, what = (steps, "step") if kind == "taken" else (tracks, "track")
            if kind == "delivered":
                known, what = concessions, "concession"
            if condition.ref is not None:
                asked.append(((*here, key, kind), condition.ref, known, what))
        yield from (_unknown(file, place, ref, known, what) for place, ref, known, what in asked if ref not in known)


def check_settings(sequence: Sequence, fields: SoundFields, file: str, path: KeyPath = ()) -> Iterator[Problem]:
    """Yield what the parties of this conflict cannot do, and levers and troops that it does not have."""
    for at, step in enumerate(sequence.steps):
        here: KeyPath = (*path, "steps", at)
        yield from _deliverable(step, fields, file, here)
        absent = "patron" if step.do in ("withdraw", "switch") else "neighbour" if step.do == "press" else None
        if absent and "actors" in fields.values and absent not in fields.names["actors"]:
            yield Problem(file, dotted((*here, "do")), f"there is no {absent} in this conflict", None, step.do)
    if sequence.troop_path:
        yield from _patrons(fields, file, path)
    lever = sequence.levers.get("dated_troops", 0.0)
    if not isinstance(lever, Mapping) and not sequence.troop_path:
        yield from _dated(lever, fields, file, dotted((*path, "levers", "dated_troops")))
    yield from check_levers(sequence.levers, fields, file, (*path, "levers"))


def _patrons(fields: SoundFields, file: str, path: KeyPath = ()) -> Iterator[Problem]:
    """A troop path, where nobody has such troops."""
    if "actors" in fields.values and "patron" not in fields.names["actors"]:
        message = "there is no patron in this conflict, whose troops these would be"
        yield Problem(file, dotted((*path, "troop_path")), message)


def _dated(value: float, fields: SoundFields, file: str, key: str) -> Iterator[Problem]:
    """Troops that are to follow a path that nobody gave."""
    if value >= DATED and "troop_path" in fields.values and not fields.values["troop_path"]:
        message = (
            "troops cannot follow dates that nobody gave; add troop_path = [[week, thousands], ...] at the top of the "
            "file, or to the sequence, or let them follow the model's own deals"
        )
        yield Problem(file, key, message, None, value, "0 without a troop_path")


def _troops(fields: SoundFields, file: str) -> Iterator[Problem]:
    if fields.values.get("troop_path"):
        yield from _patrons(fields, file)
    parameter = fields.table("parameters").get("dated_troops")
    if parameter is not None and parameter.unit != SWITCH:
        yield Problem(file, "parameters.dated_troops.unit", "is on or off", None, parameter.unit, SWITCH)
    elif parameter is not None and parameter.each is None:
        most = max(prior.bounds[1] for prior in parameter.entries().values())
        yield from _dated(most, fields, file, _place("dated_troops", parameter, ""))


def _deliverable(step: Any, fields: SoundFields, file: str, here: KeyPath) -> Iterator[Problem]:
    track = fields.table("tracks").get(step.track or "")
    for at, name in enumerate(step.concessions):
        concession = fields.table("concessions").get(name)
        if track is not None and concession is not None and not set(concession.by) & set(track.parties):
            key = dotted((*here, "concessions", at))
            message = f"none of the parties of {step.track} can deliver it"
            yield Problem(file, key, message, None, name, f"a concession by {', '.join(track.parties)}")


def check_levers(levers: Mapping[str, Any], fields: SoundFields, file: str, path: KeyPath) -> Iterator[Problem]:
    """Yield the problems of parameters that are to be held at a value: unknown names and entries, ranges."""
    known = (*fields.names.get("parameters", ()), *CARRIERS)
    tables = [fields.table(name) for name in ("parameters", "concessions", "obligations")]
    numbers: dict[str, dict[str, Quantity]] = {}
    for quantity in quantities(tables[0], tables[1], tables[2], (event for _, event in fields.rows("events"))):
        numbers.setdefault(quantity.address.name, {})[quantity.address.entry] = quantity
    for name, lever in levers.items():
        place, of = (*path, name), numbers.get(name, {})
        if name not in known:
            yield _unknown(file, place, None, known, f"parameter {name!r}")
            continue
        if name in CARRIERS and f"{CARRIERS[name][0]}s" in fields.broken:
            continue
        if name in CARRIERS and not of:
            yield Problem(file, dotted(place), f"there is no {CARRIERS[name][0]} in this conflict")
        given = lever if isinstance(lever, Mapping) else dict.fromkeys(of, lever)
        found: dict[Problem, None] = {}
        for entry, value in given.items() if of else ():
            if entry not in of:
                yield _unknown(file, (*place, entry), None, tuple(of), f"entry {entry!r} of {name}")
                continue
            here = dotted((*place, entry) if isinstance(lever, Mapping) else place)
            if (wrong := refusal(file, here, value, of[entry].range, of[entry].unit)) is not None:
                found[wrong] = None
        yield from found


CHECKS: tuple[Callable[[SoundFields, str], Iterator[Problem]], ...] = (
    _actors,
    _factions,
    _provinces,
    _doubles,
    _tracks,
    _concessions,
    _sources,
    _parameters,
    _troops,
    _sequences,
)
