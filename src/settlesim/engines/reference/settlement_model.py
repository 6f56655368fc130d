"""The reference model: Mesa agents that live through the weeks of the protocol, one by one.

It shares with the numpy engine the rule functions, the fates, and the reading of the scenario (names of
entities and their attributes, from `settlesim.model.layout`).  Links between agents, groups, scheduling, clocks and
tallies are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
from mesa import DataCollector, Model
from mesa.agent import AgentSet
from numpy.typing import NDArray

from settlesim.chance.worlds import Fates, Rng, entropy_of
from settlesim.chance.worlds import worlds as draw_worlds
from settlesim.engines.reference.agents import CLASSES, ROLES
from settlesim.engines.reference.due_steps import take_due_steps
from settlesim.engines.reference.entity import Entity
from settlesim.engines.reference.links import groups, link
from settlesim.engines.reference.own_classes import behaviours, check_agents, check_keys
from settlesim.engines.reference.settable import refusals
from settlesim.errors import UsageError, choose
from settlesim.model.items import Commanders, Fold, Item, Ranked, Rule, Select, Steps
from settlesim.model.layout import layout, parameters
from settlesim.model.luck import table_of_luck
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_check import ensure_sound
from settlesim.model.rules.commanders import hazard_at
from settlesim.model.standard import STANDARD
from settlesim.scenario.priors import Fixed
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["SettlementModel"]

KINDS: dict[str, Any] = {"float": np.float64, "bool": np.bool_, "int": np.int64}


class SettlementModel(Model):  # type: ignore[misc]
    """One run of a war and its talks, agent by agent.

    Parameters
    ----------
    conflict : Scenario
        The scenario of the conflict.  (What Mesa calls the scenario of a model is something else.)
    sequence : str or Sequence, optional
        By default the scenario's default sequence.
    run : int
        Number of the run: with the same `rng` it is the run of that number in the numpy engine.
    rng : int, SeedSequence or Generator
        Entropy of all chance.  Mesa's own generators (``model.rng``, ``model.random``), which no rule uses, are seeded
        from it and from `run`: a behaviour with luck of its own differs by run and repeats by seed.
    protocol : Protocol, optional
        What happens in a week.
    agents : mapping, optional
        Classes to use in place of the usual ones, by scope or role: ``{"commander": MyCommander}``.  A method named
        like a rule takes the rule's place for that agent.
    worlds, fates
        Parameters and luck of a block, in place of `rng`; `run` must be in it.

    Attributes
    ----------
    reporters : mapping
        What the data collector notes at the end of each week, by scope or role: names of variables, parameters or
        attributes of the agents.  A subclass may name others.
    week : int
        Weeks lived through.
    war : War
        What belongs to the run as a whole.
    entropy : int
        The entropy used.

    Raises
    ------
    UsageError
        For names that do not exist, with the nearest that does, and for methods that would never be called.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> from settlesim.engines.reference import Commander
    >>> model = SettlementModel(load("two-party"), run=17, rng=7)
    >>> model.step()
    >>> model.week, len(model.commanders), model.factions.get("faction_fighters")
    (1, 100, [np.int64(5000)])
    >>> model.datacollector.get_agenttype_vars_dataframe(Commander)["allegiance"].value_counts().to_dict()
    {'insurgent': 100}
    """

    reporters: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "run": ("week", "deaths", "insurgent_control", "government_control", "troops", "legitimacy", "outcome"),
        "faction": ("name", "faction_fighters", "joined"),
        "commander": ("name", "allegiance", "hardline"),
    }

    def __init__(
        self,
        conflict: Scenario,
        sequence: str | Sequence | None = None,
        *,
        run: int = 0,
        rng: Rng = 0,
        protocol: Protocol | None = None,
        agents: Mapping[str, type[Entity]] | None = None,
        worlds: Mapping[str, NDArray[np.float64]] | None = None,
        fates: Fates | None = None,
    ) -> None:
        if not isinstance(conflict, Scenario):
            raise UsageError(
                f"a settlement model takes a Scenario, as settlesim.load returns one, not {conflict!r:.60}"
            )
        plan = conflict.sequence(conflict.default_sequence if sequence is None else sequence)
        if fates is None and worlds is None:
            fates = Fates(entropy_of(rng), range(run, run + 1))
            worlds = draw_worlds(conflict, fates.runs, entropy=fates.entropy, levers=plan.levers)
        if fates is None or worlds is None or run not in fates.runs:
            raise UsageError("worlds and fates go together, and the run must be one of theirs")
        super().__init__(rng=_seed(fates.entropy, run))
        self.conflict, self.sequence, self.protocol = conflict, plan, protocol or STANDARD
        self.entropy, self.run, self.week, self.running = fates.entropy, run, 0, True
        column = fates.runs.index(run)
        self.world = {name: float(values[column]) for name, values in worlds.items()}
        self.kinds = {v.name: KINDS[v.kind] for v in self.protocol.variables}
        self._layout = layout(conflict, plan)
        values = parameters(conflict, self._layout, worlds)
        ensure_sound(self.protocol, conflict, self._layout, values)
        self._name_everything(values)
        self._make_agents(agents or {})
        self._endow(values, fates, column)
        self._start()
        self.datacollector = self._collector()

    # -- people and what they have -------------------------------------------------------------------

    def _name_everything(self, values: Mapping[str, tuple[str, Any]]) -> None:
        """Note the scope of every name that can be read, and which of them can be set."""
        attributes = {name: "run" if scope == "week" else scope for name, (scope, _) in self._layout.attributes.items()}
        self.scopes: dict[str, str] = {"week": "run"} | {v.name: v.scope for v in self.protocol.variables} | attributes
        self.scopes |= {name: scope for name, (scope, _) in values.items()}
        self.scopes |= {luck.name: luck.scope for luck in self.protocol.luck}
        self.refusals = refusals(self.protocol, parameters=values, attributes=("week", *attributes))
        self.settable = [v.name for v in self.protocol.variables if v.name not in self.refusals]

    def _make_agents(self, replaced: Mapping[str, type[Entity]]) -> None:
        check_keys(replaced, self._layout.entities["actor"])
        # By class: names of the rules in whose place it has a method of its own.
        self.behaviours = behaviours(replaced, self.protocol, self.scopes)
        self._classes = {**CLASSES, **ROLES, **replaced}
        # Until all are there, agents may be given any attribute.
        self.peopled = False
        self.entities: dict[str, list[Entity]] = {}
        for scope, names in self._layout.entities.items():
            kinds = [self._classes.get(name, Entity) if scope == "actor" else self._classes[scope] for name in names]
            self.entities[scope] = [kind(self, scope, name) for kind, name in zip(kinds, names, strict=True)]
        self.war = self.entities["run"][0]
        link(self.conflict, self.sequence, self.entities)
        self.peopled = True
        self.groups = groups(self.conflict, self.sequence, self.entities)
        check_agents(self)

    def scope_of(self, name: str) -> str:
        """Scope of a variable, parameter, attribute or luck."""
        return self.scopes[name]

    def _endow(self, values: dict[str, tuple[str, Any]], fates: Fates, column: int) -> None:
        """Give every agent its attributes, parameters and luck."""
        # Luck that travels with a matter, and the variable that counts its occasions.
        self.counters: dict[str, str] = {}
        self._weekly: list[tuple[Entity, str, Any]] = []
        for name, (scope, array) in self._layout.attributes.items():
            if scope == "week":
                self._weekly.append((self.war, name, array))
                continue
            for i, agent in enumerate(self.entities[scope]):
                agent.values[name] = array if scope == "run" else array[i, 0]
        for name, (scope, array) in values.items():
            for i, agent in enumerate(self.entities[scope]):
                agent.values[name] = array[column] if scope == "run" else array[i, column]
        prior = self.conflict.parameters["hardline_concentration"].entries().get("")
        constant = isinstance(prior, Fixed) or "hardline_concentration" in self.sequence.levers
        for luck in self.protocol.luck:
            table = table_of_luck(luck, self._layout, fates, values, constant=constant)[..., column]
            for i, agent in enumerate(self.entities[luck.scope]):
                mine = table if luck.scope == "run" else table[:, i]
                if luck.per == "week":
                    self._weekly.append((agent, luck.name, mine))
                elif luck.per == "run":
                    agent.values[luck.name] = mine[0]
                else:
                    agent.values[luck.name] = mine
                    self.counters[luck.name] = luck.per
        self._date()

    def _date(self) -> None:
        """Put the date and what travels with it where it can be read."""
        self.war.values["week"] = np.float64(self.week)
        for agent, name, table in self._weekly:
            agent.values[name] = table[self.week]

    def _start(self) -> None:
        started: set[str] = set()
        for item in self.protocol.items:
            if isinstance(item, Commanders):
                started |= {"status", *item.fighters.values(), item.absent[1]}
                for rule in item.setup:
                    started |= set(rule.writes)
                    for agent in self.entities[rule.scope]:
                        agent.apply(rule)
                for commander in self.entities["commander"]:
                    commander.start_clocks(item.clocks)
                bearers = {self.scope_of(clock.hazard) for clock in item.clocks}
                for agent in (a for scope in bearers for a in self.entities[scope]):
                    agent.accumulated = [(0.0, 0.0, 0.0)] * len(item.clocks)
                self._count(item)
        for item in self.protocol.setup:
            self._carry_out(item)
            started |= set(item.writes)
        for variable in self.protocol.variables:
            if variable.name in started:
                continue
            for agent in self.entities[variable.scope]:
                first = agent.read(variable.start) if isinstance(variable.start, str) else variable.start or 0
                agent.values[variable.name] = self.kinds[variable.name](first)

    def _collector(self) -> DataCollector:
        for key, names in self.reporters.items():
            choose(key, self._classes, "scope or role in reporters")
            members = [a for made in self.entities.values() for a in made if isinstance(a, self._classes[key])]
            for name in names if members else ():
                _noted(name, members[0])
        return DataCollector(
            # Of the forms that a reporter may have, all versions of Mesa take this one, and pickle does.
            model_reporters={name: [_noted, [name, self.war]] for name in self.reporters.get("run", ())},
            agenttype_reporters={
                self._classes[key]: {name: partial(_noted, name) for name in names}
                for key, names in self.reporters.items()
                if key != "run"
            },
        )

    def of(self, scope: str) -> AgentSet:
        """Return the agents of a scope, such as ``"track"`` or ``"province"``, in declared order."""
        return AgentSet(self.entities[choose(scope, self.entities, "scope")], random=self.random)

    @property
    def commanders(self) -> AgentSet:
        """All commanders."""
        return self.of("commander")

    @property
    def factions(self) -> AgentSet:
        """The insurgency's factions."""
        return self.of("faction")

    @property
    def provinces(self) -> AgentSet:
        """All provinces."""
        return self.of("province")

    @property
    def tracks(self) -> AgentSet:
        """All tables of talks."""
        return self.of("track")

    # -- a week --------------------------------------------------------------------------------------

    def step(self) -> None:
        """Live through a week, stage by stage; a run that has ended stands still."""
        if not self.running:
            return
        self.week += 1
        self._date()
        with np.errstate(all="ignore"):
            for item in self.protocol.items:
                self._carry_out(item)
        self.running = not bool(self.war.values["ended"]) and self.week < self.conflict.horizon
        self.datacollector.collect(self)

    def _carry_out(self, item: Item) -> None:
        if isinstance(item, Rule):
            for agent in self.entities[item.scope]:
                agent.apply(item)
        elif isinstance(item, Fold):
            self._gather(item)
        elif isinstance(item, Select):
            named = [a for a in self.entities[self.scope_of(item.of)] if a.name == item.entity]
            self.war.values[item.name] = named[0].values[item.of] if named else np.float64(item.absent)
        elif isinstance(item, Ranked):
            self._rank(item)
        elif isinstance(item, Steps):
            take_due_steps(self)
        else:
            self._commanders_act(item)

    def _gather(self, fold: Fold) -> None:
        kind = self.kinds[fold.name]
        for agent in self.entities[self.scope_of(fold.name)]:
            members = self.groups[fold.members][agent.name] if fold.members else self.entities[fold.over]
            values = [m.values[fold.of] for m in members]
            if not values:
                empty = {"sum": 0, "any": False, "all": True, "max": -np.inf, "min": np.inf}[fold.op]
                total: Any = empty if fold.empty is None else fold.empty
            elif fold.op in ("any", "all"):
                total = any(values) if fold.op == "any" else all(values)
            else:
                total = values[0] if fold.op != "sum" or isinstance(values[0], np.float64) else int(values[0])
                for value in values[1:]:
                    total = (
                        total + value
                        if fold.op == "sum"
                        else {"max": np.maximum, "min": np.minimum}[fold.op](total, value)
                    )
            agent.values[fold.name] = kind(total)

    def _rank(self, ranked: Ranked) -> None:
        for track in self.entities["track"]:
            clauses = self.groups["track_clauses"][track.name]
            for j, mine in enumerate(clauses):
                if not mine.read(ranked.when):
                    continue
                total = np.float64(0.0)
                for i, other in enumerate(clauses):
                    a, b = other.values[ranked.key], mine.values[ranked.key]
                    if a < b or (a == b and i < j):
                        total = total + other.values[ranked.of]
                mine.values[ranked.name] = total

    # -- commanders ----------------------------------------------------------------------------------

    def _commanders_act(self, item: Commanders) -> None:
        for k, clock in enumerate(item.clocks):
            for agent in self.entities[self.scope_of(clock.hazard)]:
                before = hazard_at(agent.accumulated[k][0], agent.accumulated[k][1], 1.0)
                hazard = agent.values[clock.hazard]
                agent.accumulated[k] = (before, hazard, hazard_at(before, hazard, 1.0))
        for commander in self.entities["commander"]:
            commander.live_a_week()
        if self.war.values[item.choice.trigger]:
            for commander in self.entities["commander"]:
                commander.decide(item.choice)
        self._count(item)

    def _count(self, item: Commanders) -> None:
        """Count heads and fighters anew."""
        cells: dict[str, dict[str, int]] = {
            a.name: dict.fromkeys([*item.fighters.values(), item.absent[1]], 0) for a in self.entities["cell"]
        }
        heads = dict.fromkeys(item.heads.values(), 0)
        for commander in self.entities["commander"]:
            status = int(commander.values["status"])
            heads[item.heads[status]] += 1
            if status in item.fighters:
                cell = cells[commander.links["cell"].name]
                cell[item.fighters[status]] += int(commander.values["size"])
                cell[item.absent[1]] += status == item.absent[0]
        for agent in self.entities["cell"]:
            agent.values.update({name: np.int64(n) for name, n in cells[agent.name].items()})
        self.war.values.update({name: np.int64(n) for name, n in heads.items()})


def _seed(entropy: int, run: int) -> int:
    """Seed of Mesa's generators, at an address that no fate and no world has."""
    address = np.random.SeedSequence(entropy, spawn_key=(int.from_bytes(b"mesa"), run))
    return int.from_bytes(address.generate_state(4).tobytes(), "little")


def _noted(name: str, agent: Entity) -> Any:
    """What a data collector notes of an agent: the value, also where a method of its class has the same name."""
    value = getattr(agent, name)
    return agent.read(name) if callable(value) else value
