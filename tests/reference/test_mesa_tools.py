"""The reference model is a Mesa model like any other: copied, pickled, run in batches, collected, and let go."""

from __future__ import annotations

import ast
import copy
import gc
import inspect
import pickle
import weakref
from pathlib import Path
from typing import ClassVar

import mesa
import numpy as np
import pytest

import settlesim
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines import reference
from settlesim.model.items import rule
from settlesim.model.standard import STANDARD
from settlesim.reference import Commander, Faction, SettlementModel, War
from support import shipped


def lived(weeks, run=3, rng=7, **arguments):
    model = SettlementModel(shipped("two-party"), "give_first", run=run, rng=rng, **arguments)
    for _ in range(weeks):
        model.step()
    return model


def course(model):
    """All that a data collector has noted, in a form that can be compared."""
    model.run_model()
    collected = model.datacollector
    kinds = [kind for kind in model.agents_by_type if issubclass(kind, (Commander, Faction))]
    frames = [collected.get_agenttype_vars_dataframe(kind) for kind in kinds]
    return [frame.to_dict() for frame in (collected.get_model_vars_dataframe(), *frames)]


# -- names -------------------------------------------------------------------------------------------------------

SOURCES = [
    *Path(reference.__file__).parent.glob("*.py"),
    *(Path(settlesim.__file__).parent / "app" / "view").glob("*.py"),
]


def owned():
    """Names that Mesa's own classes and their objects have."""

    class Bare(mesa.Model):
        pass

    model = Bare(rng=1)
    agent = mesa.Agent(model)
    return {name for thing in (model, agent, model.agents, mesa.DataCollector()) for name in dir(thing)}


def attributes(tree, stored):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (isinstance(node.ctx, ast.Store) or not stored):
            yield node.attr


def test_no_private_name_of_mesas_is_used():
    private = {name for name in owned() if name.startswith("_") and not name.startswith("__")} | {"_ids", "_scenario"}
    assert len(private) > 8 and len(SOURCES) > 10
    for path in SOURCES:
        assert not private & set(attributes(ast.parse(path.read_text()), stored=False)), path


def test_no_name_that_mesa_owns_is_taken():
    """`scenario`, which Mesa has owned since 3.5, whichever version is installed."""
    mesas = {name for name in owned() if not name.startswith("_")} | {"scenario", "time"}
    tree = ast.parse(inspect.getsource(inspect.getmodule(SettlementModel)))
    every = vars(type("Bare", (mesa.Model,), {}))
    mine = {*attributes(tree, stored=True), *vars(SettlementModel)} - {*every}
    assert {"conflict", "week", "war", "entities"} <= mine
    assert mine & mesas == {"running", "step"}  # what a model is asked to define
    arguments = set(inspect.signature(SettlementModel).parameters)
    assert arguments & ({*inspect.signature(mesa.Model.__init__).parameters} | {"scenario"}) == {"rng"}


# -- copies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
@pytest.mark.parametrize("weeks", [0, 25])
def test_a_copy_lives_on_as_the_model_would_have(copied, weeks):
    model = lived(weeks)
    other = copied(model)
    before = model.war.deaths
    other.step()
    assert model.war.deaths == before and model.week == weeks
    assert other.rng.random() == model.rng.random() and other.random.random() == model.random.random()
    assert course(model) == course(other)


class Watcher(Commander):
    def choose(self, theta, choice_luck, insurgent_share):
        return choice_luck < 0.9 * theta + 0.1 * insurgent_share


@rule("commander", "rejects")
def choose(theta, choice_luck, insurgent_share):
    return choice_luck < 0.9 * theta + 0.1 * insurgent_share


@pytest.mark.parametrize(
    "arguments", [dict(agents={"commander": Watcher}), dict(protocol=STANDARD.replaced("choose", choose))]
)
def test_a_copy_keeps_classes_and_rules_of_ones_own(arguments):
    model = lived(25, **arguments)
    other = pickle.loads(pickle.dumps(model))
    assert [item.name for item in other.protocol.items] == [item.name for item in model.protocol.items]
    assert course(model) == course(other) == course(copy.deepcopy(lived(25, **arguments)))


# -- batches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("processes", "weeks"), [(1, 1000), (1, 9), (2, 9)])
def test_a_batch_ends_with_the_last_week(processes, weeks):
    wanted = {"conflict": [shipped("two-party")], "sequence": ["talk", "quiet_first"], "run": range(2)}
    seed = {"rng": 7}
    # Mesa 3.5 takes the seed itself, and overrides one among the parameters.
    takes = "rng" in inspect.signature(mesa.batch_run).parameters
    rows = mesa.batch_run(
        SettlementModel,
        parameters=wanted if takes else wanted | seed,
        **(seed if takes else {}),
        number_processes=processes,
        max_steps=weeks,
        display_progress=False,
    )
    last = {(row["sequence"], row["run"]): row for row in rows}
    assert len(last) == 4
    for (sequence, run), row in last.items():
        model = SettlementModel(shipped("two-party"), sequence, run=run, rng=7)
        while model.running and model.week < row["week"]:
            model.step()
        # Earlier versions of Mesa take one step more than they were asked for.
        assert row["week"] == model.week and (model.week == 208 or weeks <= model.week <= weeks + 1)
        assert row["deaths"] == model.war.deaths and row["troops"] == model.war.troops


def test_each_week_is_collected_once_as_it_ends():
    model = lived(0)
    assert len(model.datacollector.get_model_vars_dataframe()) == 0
    deaths = []
    while model.running:
        model.step()
        deaths.append(model.war.deaths)
    model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame["week"]) == list(range(1, model.week + 1)) and list(frame["deaths"]) == deaths
    factions = model.datacollector.get_agenttype_vars_dataframe(Faction)
    assert list(factions.index.get_level_values("Step")) == list(range(1, model.week + 1))
    assert factions["faction_fighters"].iloc[-1] == model.war.fighters


def test_reporters_may_be_of_a_scope_a_role_or_all_actors():
    class Mine(SettlementModel):
        reporters: ClassVar = {
            "run": ("outcome",),
            "insurgency": ("name",),
            "actor": ("name",),
            "concession": ("level",),
        }

    model = Mine(shipped("two-party"), rng=7)
    model.step()
    collected = model.datacollector.get_agenttype_vars_dataframe
    assert list(collected(reference.Insurgency)["name"]) == ["insurgency"]
    assert sorted(collected(reference.Actor)["name"]) == ["government", "insurgency"]
    assert len(collected(reference.Concession)) == 3


def test_a_reporter_notes_the_value_where_a_method_has_its_name():
    class Mine(War):
        def legitimacy(self, delivered_share):
            return 0.25

    model = lived(1, agents={"run": Mine})
    assert list(model.datacollector.get_model_vars_dataframe()["legitimacy"]) == [0.25]


def test_agents_are_numbered_from_one_in_the_order_of_the_scenario():
    for _ in range(2):
        model = lived(0)
        assert [agent.unique_id for agent in model.agents] == list(range(1, len(model.agents) + 1))


# -- memory ------------------------------------------------------------------------------------------------------


def made_and_gone(make):
    """Whether what was made is gone once nobody holds it."""
    seen = weakref.ref(make())
    gc.collect()
    return seen() is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: lived(0),
        lambda: lived(10),
        lambda: copy.deepcopy(lived(5)),
        lambda: pickle.loads(pickle.dumps(lived(5))),
        lambda: lived(3, agents={"commander": Watcher}),
    ],
    ids=["new", "stepped", "copied", "pickled", "own class"],
)
def test_a_model_that_nobody_holds_is_gone(make):
    assert made_and_gone(make)


def test_and_one_that_is_held_would_be_noticed():
    held = []
    assert not made_and_gone(lambda: held.append(lived(0)) or held[0])


def test_a_block_of_runs_does_not_pile_up_models():
    scenario, runs, seen = shipped("two-party"), range(3), []

    class Watched(War):
        def __init__(self, *args):
            super().__init__(*args)
            seen.append(weakref.ref(self.model))

    reference.run(
        scenario,
        scenario.sequence("talk"),
        worlds=worlds(scenario, runs, entropy=1),
        fates=Fates(1, runs),
        agents={"run": Watched},
    )
    gc.collect()
    assert len(seen) == 3 and not any(ref() for ref in seen)


# -- luck of one's own -------------------------------------------------------------------------------------------


class Moody(Commander):
    """Makes up its mind by Mesa's generators."""

    drawn = ()

    def choose(self, theta):
        self.drawn = (self.random.random(), self.rng.random())
        return self.drawn[0] < 0.5


def moods(run, rng):
    scenario = shipped("two-party").with_parameters(consent_rate=2, concession_acceptance=0.8)
    model = SettlementModel(scenario, "talk", run=run, rng=rng, agents={"commander": Moody})
    while model.running and not model.war.settling:
        model.step()
    return [commander.drawn for commander in model.commanders if commander.drawn]


def test_luck_of_a_behaviours_own_repeats_by_seed_and_differs_by_run():
    settled = {run: moods(run, 3) for run in range(4)}
    drawn = [first for moods in settled.values() for first, _ in moods]
    assert len(drawn) > 100 and len(set(drawn)) == len(drawn)
    run = next(run for run, moods in settled.items() if moods)
    assert moods(run, 3) == settled[run] != moods(run, 4)


def test_mesas_generators_share_no_number_with_another_run_or_seed():
    firsts = [
        generator.random()
        for run, rng in [(0, 7), (1, 7), (0, 8), (2**40, 7), (0, 2**100)]
        for model in [lived(0, run=run, rng=rng)]
        for generator in (model.rng, model.random)
    ]
    assert len(set(firsts)) == len(firsts)
    assert lived(0, run=0, rng=np.random.SeedSequence(7)).rng.random() == firsts[0]
