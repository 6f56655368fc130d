"""Luck belongs to its address: it does not depend on blocks, order, workers or what else is drawn.

Statistical tests state their rate of false alarms; their entropy is fixed, so they either pass for good or
were wrong when written.  Each is also shown something wrong, which it must reject.
"""

import hashlib
import itertools
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from settlesim.chance.worlds import Fates, entropy_of
from settlesim.errors import UsageError
from settlesim.model.luck import table_of_luck
from settlesim.model.variables import Luck

# Chance that a test of the sound generator fails, before its entropy was fixed.
FALSE_ALARM = 1e-4
NAMES = st.text(min_size=0, max_size=20)


# -- entropy ---------------------------------------------------------------------------------------


@given(st.integers(min_value=0, max_value=2**200))
def test_an_integer_is_its_own_entropy(number):
    assert entropy_of(number) == number == entropy_of(np.random.SeedSequence(number))


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.random.SeedSequence(7).spawn(3)[2],
        lambda: np.random.SeedSequence([1, 2, 3]),
        lambda: np.random.default_rng(7),
        lambda: np.int64(7),
        lambda: np.random.SeedSequence(),
        lambda: None,
    ],
)
def test_entropy_comes_back_as_itself(make):
    entropy = entropy_of(make())
    assert isinstance(entropy, int) and entropy >= 0
    assert entropy_of(entropy) == entropy_of(np.random.SeedSequence(entropy)) == entropy


def test_children_generators_and_fresh_entropy_differ():
    first, second = np.random.SeedSequence(7).spawn(2)
    assert len({entropy_of(first), entropy_of(second), 7}) == 3
    generator = np.random.default_rng(7)
    assert entropy_of(generator) != entropy_of(generator)
    assert entropy_of(np.random.default_rng(7)) == entropy_of(np.random.default_rng(7))
    assert entropy_of(None) != entropy_of(None)


@pytest.mark.parametrize("wrong", [-1, 1.5, "7", True, [7], np.random.RandomState(7)])
def test_entropy_of_nonsense_is_refused(wrong):
    with pytest.raises(UsageError, match="rng must"):
        entropy_of(wrong)


# -- addressing ------------------------------------------------------------------------------------


@given(
    start=st.integers(0, 2**40),
    length=st.integers(1, 40),
    which=st.integers(0, 39),
    address=NAMES,
    entity=NAMES,
    occasion=st.integers(0, 2**63),
)
def test_a_run_alone_is_the_run_in_a_block(start, length, which, address, entity, occasion):
    which %= length
    run = start + which
    block = Fates(7, range(start, start + length)).uniform(address, entity, occasion)
    alone = Fates(7, range(run, run + 1)).uniform(address, entity, occasion)
    assert block[which] == alone[0]


@given(cuts=st.lists(st.integers(1, 99), max_size=6), seed=st.integers(0, 2**32))
def test_blocks_join_to_the_whole(cuts, seed):
    ends = [0, *sorted(set(cuts)), 100]
    parts = [Fates(seed, range(a, b)).uniform("consent", "kabul") for a, b in itertools.pairwise(ends)]
    assert np.array_equal(np.concatenate(parts), Fates(seed, range(100)).uniform("consent", "kabul"))


def test_the_order_of_draws_does_not_matter():
    addresses = [(a, e, o) for a in ("attack", "round") for e in ("Helmand", "Kunduz") for o in (0, 1, 7)]
    forwards, backwards = Fates(7, range(13)), Fates(7, range(13))
    first = {key: forwards.uniform(*key) for key in addresses}
    for key in reversed(addresses):
        assert np.array_equal(backwards.uniform(*key), first[key])
        assert np.array_equal(forwards.uniform(*key), first[key])


def test_many_entities_and_occasions_are_the_single_draws():
    fates = Fates(7, range(5, 18))
    names = ["Helmand", "Kunduz", ""]
    table = fates.uniforms("attack", names, 4)
    assert table.shape == (3, 4, 13)
    for i, name in enumerate(names):
        for k in range(4):
            assert np.array_equal(table[i, k], fates.uniform("attack", name, k))
    assert np.array_equal(fates.uniforms("attack", names), table[:, 0])
    assert np.array_equal(fates.uniforms("attack", names, range(2, 4)), table[:, 2:])
    assert fates.uniforms("attack", names, 1).shape == (3, 1, 13)
    assert fates.uniforms("attack", [], 4).shape == (0, 4, 13)


def test_a_new_entity_changes_no_other_luck():
    few = Fates(7, range(9)).uniforms("attack", ["Helmand", "Kunduz"], 3)
    more = Fates(7, range(9)).uniforms("attack", ["Badghis", "Helmand", "Kunduz"], 5)
    assert np.array_equal(more[1:, :3], few)


def test_each_part_of_the_address_matters():
    run = range(64)
    draws = [
        Fates(7, run).uniform("attack", "Helmand", 3),
        Fates(8, run).uniform("attack", "Helmand", 3),
        Fates(7, run).uniform("round", "Helmand", 3),
        Fates(7, run).uniform("attack", "Kunduz", 3),
        Fates(7, run).uniform("attack", "Helmand", 4),
        Fates(7, range(64, 128)).uniform("attack", "Helmand", 3),
        Fates(7 + 2**64, run).uniform("attack", "Helmand", 3),
    ]
    values = np.concatenate(draws)
    assert len(np.unique(values)) == len(values)


def test_fates_survive_pickling():
    fates = Fates(7, range(3, 40))
    again = pickle.loads(pickle.dumps(fates))
    assert repr(again) == "Fates(7, range(3, 40))"
    assert np.array_equal(again.uniform("a", "b", 5), fates.uniform("a", "b", 5))


def test_known_answer():
    """Fixes the addressing: a change of it changes every published result, and must be made on purpose."""
    drawn = Fates(7, range(4_711, 4_714)).uniform("attack", "Helmand", 12)
    assert drawn.tolist() == [0.39682636049871034, 0.5193761848988754, 0.8353812651659482]


def test_addressing_is_as_documented():
    words = np.frombuffer(hashlib.blake2b(b"attack", digest_size=16).digest(), "<u4")
    key = np.random.SeedSequence(7, spawn_key=tuple(map(int, words))).generate_state(2, np.uint64)
    entity = int.from_bytes(hashlib.blake2b(b"Helmand", digest_size=8).digest(), "little")
    # numpy moves the counter on before it draws, so that run 0 meets counter 1.
    bits = np.random.Philox(key=key, counter=np.array([4_711 // 4, 0, 12, entity], np.uint64))
    lanes = np.random.Generator(bits).random(4)
    assert Fates(7, range(4_711, 4_712)).uniform("attack", "Helmand", 12)[0] == lanes[4_711 % 4]


@pytest.mark.parametrize("runs", [range(0), range(0, 10, 2), range(-1, 5), range(5, 0, -1)])
def test_runs_must_be_consecutive(runs):
    with pytest.raises(UsageError, match="consecutive"):
        Fates(7, runs)


def test_a_name_is_not_a_list_of_names():
    with pytest.raises(UsageError, match="uniform"):
        Fates(7, range(3)).uniforms("attack", "Helmand")


# -- distribution ----------------------------------------------------------------------------------


def uniform_p_value(values):
    return stats.kstest(values, "uniform").pvalue


def test_uniform_over_runs_entities_and_occasions():
    """Three Kolmogorov-Smirnov tests; together they fail a sound generator with probability 1e-4."""
    fates = Fates(7, range(40_000))
    over_runs = fates.uniform("attack", "Helmand")
    small = Fates(7, range(1))
    over_entities = small.uniforms("attack", [f"commander {i}" for i in range(20_000)])[:, 0]
    over_occasions = small.uniforms("attack", ["Helmand"], 20_000)[0, :, 0]
    for values in (over_runs, over_entities, over_occasions):
        assert uniform_p_value(values) > FALSE_ALARM / 3
        # A rate 10% off: the time to an event under a hazard 1.1 in place of 1.
        wrong = -np.expm1(np.log1p(-values) / 1.1)
        assert uniform_p_value(wrong) < FALSE_ALARM / 3


def exponentials(fates):
    """Luck of a clock as the rules meet it."""
    layout = SimpleNamespace(entities={"seat": ("government",)}, horizon=1)
    return table_of_luck(Luck("consent", "seat", "exponential"), layout, fates, {}, constant=True)[0, 0]


def test_exponentials_have_rate_one():
    """Mean of n unit exponentials; fails with probability 1e-4."""
    values = exponentials(Fates(7, range(40_000)))
    bound = stats.norm.isf(FALSE_ALARM / 2) / np.sqrt(len(values))
    assert abs(values.mean() - 1) < bound
    assert abs((values / 1.1).mean() - 1) > bound
    assert stats.kstest(values, "expon").pvalue > FALSE_ALARM
    assert stats.kstest(values / 1.1, "expon").pvalue < FALSE_ALARM


def test_draws_of_different_addresses_are_independent():
    """Largest of the correlations of 60 addresses; by Bonferroni fails with probability 1e-4 at most."""
    fates = Fates(7, range(20_000))
    rows = [
        *(fates.uniform("attack", "Helmand", k) for k in range(20)),
        *(fates.uniform("attack", f"province {k}") for k in range(20)),
        *(fates.uniform(f"clock {k}", "Helmand") for k in range(20)),
    ]

    def largest(rows):
        correlations = np.corrcoef(rows)
        return np.abs(correlations[np.triu_indices(len(rows), 1)]).max()

    pairs = 60 * 59 / 2
    bound = stats.norm.isf(FALSE_ALARM / 2 / pairs) / np.sqrt(20_000)
    assert largest(rows) < bound
    # One pair that shares a tenth of its luck is found.
    shared = np.where(np.arange(20_000) % 10 == 0, rows[0], rows[1])
    assert largest([rows[0], shared, *rows[2:]]) > bound


def test_neighbouring_runs_are_independent():
    """Correlations at lags 1 to 8, across the lanes of a counter; fails with probability 1e-4 at most."""
    values = Fates(7, range(40_000)).uniform("attack", "Helmand")

    def largest(values):
        return max(abs(np.corrcoef(values[:-lag], values[lag:])[0, 1]) for lag in range(1, 9))

    bound = stats.norm.isf(FALSE_ALARM / 2 / 8) / np.sqrt(40_000)
    assert largest(values) < bound
    lanes = values.reshape(-1, 4) + 0.1 * np.repeat(values[::4], 4).reshape(-1, 4)
    assert largest(lanes.ravel()) > bound


def test_never_zero_nor_one(monkeypatch):
    fates = Fates(7, range(8))

    class Ends:
        """A generator at the ends of its range."""

        def random(self, size=None, out=None):
            if out is not None:
                out[:] = np.resize([0.0, 1 - 2.0**-53], len(out))
            return out

    monkeypatch.setattr(fates, "_generator", Ends())
    values = fates.uniform("attack", "Helmand")
    assert 0 < values.min() < 1e-15 and values.max() < 1
    waits = exponentials(fates)
    assert waits.min() > 0 and np.isfinite(waits).all()
