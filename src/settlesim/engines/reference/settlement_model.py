"""The reference model: Mesa agents that live through the weeks of MODEL.md section 4, one by one.

It shares with the numpy engine the rule functions, the fates, and the reading of the scenario (names of
entities and their attributes, from `settlesim.model.layout`).  Links between agents, groups, scheduling, clocks and
tallies are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, ClassVar

import numpy as np
from mesa import DataCollector, Model
from mesa.agent import AgentSet
from numpy.typing import NDArray

from settlesim.chance.worlds import Fates, Rng, entropy_of
from settlesim.chance.worlds import worlds as draw_worlds
from settlesim.engines.reference.agents import CLASSES, KINDS, ROLES, Entity
from settlesim.engines.reference.links import groups, link
from settlesim.model.items import Commanders, Fold, Item, Ranked, Rule, Select, Steps
from settlesim.model.layout import layout, parameters
from settlesim.model.luck import table_of_luck
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_check import ensure_sound
from settlesim.model.rules.commanders import hazard_at
from settlesim.model.rules.plan_steps import delayed, held_since, leaf, step_due
from settlesim.model.standard import STAGES, STANDARD
from settlesim.scenario.conditions import Condition
from settlesim.scenario.priors import Fixed
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["SettlementModel"]


class SettlementModel(Model):  # type: ignore[misc]
    """One run of a war and its talks, agent by agent.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    sequence : str or Sequence, optional
        By default the scenario's default sequence.
    run : int
        Number of the run: with the same `rng` it is the run of that number in the numpy engine.
    rng : int, SeedSequence or Generator
        Entropy of all chance.
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
        What the data collector notes each week, by scope: names of variables, parameters or attributes of the agents.
        A subclass may name others.
    week : int
        Weeks lived through.
    war : War
        What belongs to the run as a whole.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> from settlesim.engines.reference import Commander
    >>> model = SettlementModel(load("two-party"), run=17, rng=7)
    >>> model.step()
    >>> model.week, len(model.commanders), model.factions[0].faction_fighters
    (1, 100, np.int64(5000))
    >>> model.datacollector.get_agenttype_vars_dataframe(Commander)["allegiance"].value_counts().to_dict()
    {'insurgent': 200}
    """

    reporters: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "run": ("week", "deaths", "insurgent_control", "government_control", "troops", "legitimacy", "outcome"),
        "faction": ("name", "faction_fighters", "joined"),
        "commander": ("name", "allegiance", "hardline"),
    }

    def __init__(
        self,
        scenario: Scenario,
        sequence: str | Sequence | None = None,
        *,
        run: int = 0,
        rng: Rng = 0,
        protocol: Protocol | None = None,
        agents: Mapping[str, type[Entity]] | None = None,
        worlds: Mapping[str, NDArray[np.float64]] | None = None,
        fates: Fates | None = None,
    ) -> None:
        # Mesa's own generator is never used: all chance is addressed.
        super().__init__(rng=0)
        self.scenario, self.protocol = scenario, protocol or STANDARD
        self.sequence = scenario.sequence(scenario.default_sequence if sequence is None else sequence)
        if fates is None or worlds is None:
            entropy, alone = entropy_of(rng), range(run, run + 1)
            fates = Fates(entropy, alone)
            worlds = draw_worlds(scenario, alone, entropy=entropy, levers=self.sequence.levers)
        self.run, self.week, self.running = run, 0, True
        self.world = {name: float(values[fates.runs.index(run)]) for name, values in worlds.items()}
        self.kinds = {v.name: KINDS[v.kind] for v in self.protocol.variables}
        self.matters: dict[str, str] = {}
        self._weekly: list[tuple[Entity, str, Any]] = []
        self._people(agents or {})
        self._endow(worlds, fates, fates.runs.index(run))
        self._start()
        self._stages = self._timetable()
        self.datacollector = DataCollector(
            model_reporters={name: _of_the_war(name) for name in self.reporters.get("run", ())},
            agenttype_reporters={
                self._class(scope): {name: name for name in names}
                for scope, names in self.reporters.items()
                if scope != "run"
            },
        )
        self.datacollector.collect(self)

    # -- people and what they have -------------------------------------------------------------------

    def _class(self, scope: str) -> type[Entity]:
        return self._replaced.get(scope, CLASSES.get(scope, Entity))

    def _people(self, replaced: Mapping[str, type[Entity]]) -> None:
        self._replaced = dict(replaced)
        self._layout = layout(self.scenario, self.sequence)
        self.entities: dict[str, list[Entity]] = {}
        for scope, names in self._layout.entities.items():
            made = []
            for name in names:
                kind = replaced.get(name, ROLES.get(name, Entity)) if scope == "actor" else self._class(scope)
                made.append(kind(self, scope, name))
            self.entities[scope] = made
        self.war = self.entities["run"][0]
        link(self.scenario, self.sequence, self.entities)
        self.groups = groups(self.scenario, self.sequence, self.entities)
        # Rules in whose place some class has a method of its own.
        self.behaviours = {name for name in _rules(self.protocol) for kind in replaced.values() if hasattr(kind, name)}

    def scope_of(self, name: str) -> str:
        """Scope of a variable, parameter, attribute or luck."""
        return self._scopes[name]

    def _endow(self, worlds: Mapping[str, NDArray[np.float64]], fates: Fates, column: int) -> None:
        """Give every agent its attributes, parameters and luck."""
        built = self._layout
        values = parameters(self.scenario, built, worlds)
        ensure_sound(self.protocol, self.scenario, built, values)
        self._scopes = {"week": "run"} | {v.name: v.scope for v in self.protocol.variables}
        for name, (scope, array) in built.attributes.items():
            if scope == "week":
                self._scopes[name] = "run"
                self._weekly.append((self.war, name, array))
                continue
            self._scopes[name] = scope
            for i, agent in enumerate(self.entities[scope]):
                agent.values[name] = array if scope == "run" else array[i, 0]
        for name, (scope, array) in values.items():
            self._scopes[name] = scope
            for i, agent in enumerate(self.entities[scope]):
                agent.values[name] = array[column] if scope == "run" else array[i, column]
        prior = self.scenario.parameters["hardline_concentration"].entries().get("")
        constant = isinstance(prior, Fixed) or "hardline_concentration" in self.sequence.levers
        for luck in self.protocol.luck:
            self._scopes[luck.name] = luck.scope
            table = table_of_luck(luck, built, fates, values, constant=constant)[..., column]
            for i, agent in enumerate(self.entities[luck.scope]):
                mine = table if luck.scope == "run" else table[:, i]
                if luck.per == "week":
                    self._weekly.append((agent, luck.name, mine))
                elif luck.per == "run":
                    agent.values[luck.name] = mine[0]
                else:
                    agent.values[luck.name] = mine
                    self.matters[luck.name] = luck.per
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
                    commander.values["status"] = np.int64(0)
                    commander.muster(item.clocks)
                faces = {self.scope_of(clock.hazard) for clock in item.clocks}
                for agent in (a for scope in faces for a in self.entities[scope]):
                    agent.clock_faces = [(0.0, 0.0, 0.0)] * len(item.clocks)
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

    def of(self, scope: str) -> AgentSet:
        """Return the agents of a scope, such as ``"track"`` or ``"province"``, in declared order."""
        return AgentSet(self.entities[scope], random=self.random)

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

    def _timetable(self) -> list[tuple[str, list[Item]]]:
        """The protocol's items by stage; one that a modeller added belongs to the stage it stands in."""
        stage_of = {id(item): stage for stage, items in STAGES.items() for item in items}
        table: list[tuple[str, list[Item]]] = [(next(iter(STAGES)), [])]
        for item in self.protocol.items:
            stage = stage_of.get(id(item), table[-1][0])
            if stage != table[-1][0]:
                table.append((stage, []))
            table[-1][1].append(item)
        return table

    def step(self) -> None:
        """Live through a week, stage by stage; a run that has ended stands still."""
        if not self.running:
            return
        self.week += 1
        self._date()
        with np.errstate(all="ignore"):
            for _, items in self._stages:
                for item in items:
                    self._carry_out(item)
        self.running = not bool(self.war.values["ended"]) and self.week < self.scenario.horizon
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
            self._follow_the_plan()
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

    # -- the plan ------------------------------------------------------------------------------------

    def _follow_the_plan(self) -> None:
        steps, number = self.entities["step"], count()
        now = np.float64(self.week)
        truths = [True if s.when is None else self._holds(s.when, number) for s in self.sequence.steps]
        for i, (agent, truth) in enumerate(zip(steps, truths, strict=True)):
            fires = step_due(
                np.bool_(truth),
                agent.values["taken_week"],
                steps[i - 1].values["taken_week"] if i else np.float64(0.0),
                np.float64(self.sequence.pace if i else 0.0),
                now,
                np.bool_(self.sequence.ordered),
                agent.values["reciprocal"],
                self.war.values["quiet_weeks"],
                agent.values["quiet_needed"],
            )
            agent.values["fires"] = np.bool_(fires)
            if fires:
                agent.values["taken_week"] = now

    def _holds(self, condition: Condition, number: count[int]) -> Any:
        """Truth of a condition; every branch is looked at, since each remembers since when it has held."""
        parts = [self._holds(child, number) for child in condition.children]
        memory = self.entities["condition"][next(number)]
        if condition.kind == "all":
            truth = all(parts)
        elif condition.kind == "any":
            truth = any(parts)
        elif condition.kind == "not":
            truth = not parts[0]
        else:
            truth = bool(self._leaf(condition))
        now = np.float64(self.week)
        since = held_since(np.bool_(truth), memory.values["condition_since"], now)
        memory.values["condition_since"] = np.float64(since)
        return bool(delayed(np.bool_(truth), since, now, np.float64(condition.delay)))

    def _leaf(self, condition: Condition) -> Any:
        def named(scope: str) -> dict[str, Any]:
            found = [a.values for a in self.entities[scope] if a.name == condition.ref]
            return found[0] if found else {}

        track, gift, step = named("track"), named("concession"), named("step")
        return leaf(
            condition.kind,
            np.float64(self.week),
            np.float64(condition.number or 0.0),
            track.get("opened_week"),
            track.get("phase"),
            np.bool_(self.sequence.undertaking == "single"),
            gift.get("delivered"),
            self.war.values["quiet_weeks"],
            step.get("taken_week"),
        )

    # -- commanders ----------------------------------------------------------------------------------

    def _commanders_act(self, item: Commanders) -> None:
        for k, clock in enumerate(item.clocks):
            for agent in self.entities[self.scope_of(clock.hazard)]:
                before = hazard_at(agent.clock_faces[k][0], agent.clock_faces[k][1], 1.0)
                hazard = agent.values[clock.hazard]
                agent.clock_faces[k] = (before, hazard, hazard_at(before, hazard, 1.0))
        for commander in self.entities["commander"]:
            commander.live_a_week()
        if self.war.values[item.choice.trigger]:
            for commander in self.entities["commander"]:
                commander.decide(item.choice.decide, item.choice.exposed, item.choice.to)
        self._count(item)

    def _count(self, item: Commanders) -> None:
        """Count heads and fighters anew."""
        cells: dict[str, dict[str, int]] = {
            a.name: dict.fromkeys([*item.fighters.values(), item.absent[1]], 0) for a in self.entities["cell"]
        }
        heads = dict.fromkeys(item.heads.values(), 0)
        for commander in self.entities["commander"]:
            heads[item.heads[commander.status]] += 1
            if commander.status in item.fighters:
                cell = cells[commander.links["cell"].name]
                cell[item.fighters[commander.status]] += commander.size
                cell[item.absent[1]] += commander.status == item.absent[0]
        for agent in self.entities["cell"]:
            agent.values.update({name: np.int64(n) for name, n in cells[agent.name].items()})
        self.war.values.update({name: np.int64(n) for name, n in heads.items()})


def _of_the_war(name: str) -> Callable[[SettlementModel], Any]:
    return lambda model: model.war.read(name)


def _rules(protocol: Protocol) -> Iterator[str]:
    """Names of all rules of a protocol, those by which commanders are made and choose among them."""
    for item in (*protocol.setup, *protocol.items):
        if isinstance(item, Rule):
            yield item.name
        elif isinstance(item, Commanders):
            yield from item.rules
