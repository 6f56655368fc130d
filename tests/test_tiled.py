"""Luck repeated along the runs: the same numbers as drawn for each tile apart, drawn once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from settlesim.chance.fates import Fates
from settlesim.chance.tiled import TiledFates
from settlesim.chance.worlds import worlds
from settlesim.engines.vectorised.engine import run
from settlesim.errors import UsageError
from settlesim.model.layout import layout
from settlesim.model.luck import table_of_luck
from settlesim.model.standard import STANDARD
from settlesim.model.variables import FRAILTY_SHAPE
from settlesim.scenario.files import load

RUNS = range(5, 9)


@pytest.fixture(scope="module")
def scenario():
    return load("two-party")


def tiled_worlds(scenario, times, **columns):
    one = worlds(scenario, RUNS, entropy=7)
    return {name: np.tile(values, times) for name, values in one.items()} | columns


def test_every_tile_has_the_luck_of_the_base():
    alone, three = Fates(7, RUNS), TiledFates(7, RUNS, 3)
    u = three.uniforms("attack", ["Helmand", "Kunduz"], 2)
    assert u.shape == (2, 2, 12)
    for tile in range(3):
        np.testing.assert_array_equal(
            u[..., 4 * tile : 4 * tile + 4], alone.uniforms("attack", ["Helmand", "Kunduz"], 2)
        )
    assert [three.run_of(column) for column in range(12)] == [*RUNS] * 3


def test_the_first_columns_and_what_is_pickled_are_the_same_luck():
    whole = TiledFates(7, RUNS, 3)
    u = whole.uniform("attack", "Helmand")
    for one in (whole.first(6), pickle.loads(pickle.dumps(whole.first(6)))):
        assert len(one.runs) == 6
        np.testing.assert_array_equal(one.uniform("attack", "Helmand"), u[:6])


def test_tilings_of_one_base_draw_once(monkeypatch, scenario):
    asked = []
    drawn = Fates.uniforms
    monkeypatch.setattr(Fates, "uniforms", lambda self, *given: asked.append(given) or drawn(self, *given))
    base = Fates(7, RUNS)
    talk = scenario.sequence("talk")
    counts = []
    for times in (1, 2, 3):
        run(scenario, talk, worlds=tiled_worlds(scenario, times), fates=TiledFates(7, RUNS, times, base=base))
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2] > 0


@pytest.mark.parametrize("varied", [{}, {FRAILTY_SHAPE: (2.0, 4.4, 9.0)}, {"violence_shape": (1.0, 2.0, 3.0)}])
def test_a_batch_of_tiles_equals_each_tile_alone(scenario, varied):
    talk = scenario.sequence("talk")
    columns = {name: np.repeat(values, len(RUNS)) for name, values in varied.items()}
    together = run(scenario, talk, worlds=tiled_worlds(scenario, 3, **columns), fates=TiledFates(7, RUNS, 3))
    for tile in range(3):
        there = slice(4 * tile, 4 * tile + 4)
        world = tiled_worlds(scenario, 1, **{name: values[there] for name, values in columns.items()})
        alone = run(scenario, talk, worlds=world, fates=Fates(7, RUNS))
        for name, values in alone.final.items():
            np.testing.assert_array_equal(together.final[name][..., there], values, err_msg=name)


@pytest.mark.parametrize("constant", [True, False])
def test_a_frailty_is_the_same_in_a_batch_of_shapes_and_alone(scenario, constant):
    theta = next(luck for luck in STANDARD.luck if luck.distribution == "beta")
    shapes = np.repeat([2.0, 4.4, 9.0], len(RUNS))
    plan = layout(scenario, scenario.sequence("talk"))

    def drawn(fates, shape):
        return table_of_luck(theta, plan, fates, {FRAILTY_SHAPE: ("run", shape)}, constant=constant)

    together = drawn(TiledFates(7, RUNS, 3), shapes)
    for column in range(12):
        alone = drawn(Fates(7, range(5 + column % 4, 6 + column % 4)), shapes[column : column + 1])
        np.testing.assert_array_equal(together[..., column], alone[..., 0])


def test_tiles_that_differ_are_not_taken_for_repeated_ones():
    fates = TiledFates(7, RUNS, 2)
    assert fates.repeated(np.array([1, 2, 3, 4, 1, 2, 3, 5])) is None
    np.testing.assert_array_equal(fates.repeated(np.array([1, 2, 3, 4] * 2)), [1, 2, 3, 4])


@pytest.mark.parametrize("times", [0, 1.5, True])
def test_times_that_are_none(times):
    with pytest.raises(UsageError, match="at least once"):
        TiledFates(7, RUNS, times)


def test_a_base_of_other_runs():
    with pytest.raises(UsageError, match="not the luck of runs"):
        TiledFates(7, RUNS, 2, base=Fates(7, range(4)))
    with pytest.raises(UsageError, match="make no 9 columns"):
        TiledFates(7, RUNS, 2, columns=9)
