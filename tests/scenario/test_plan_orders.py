"""Orders of a plan: their exact number against brute force and known values, their enumeration, and uniform samples."""

import itertools
import pickle
from collections import Counter
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from settlesim.errors import UsageError
from settlesim.scenario import linear_extensions
from settlesim.scenario.linear_extensions import circles, closure, count, draw, extensions
from settlesim.scenario.plan import Plan
from settlesim.steps import deliver

# A sound sampler fails a test of uniformity with this probability, for a seed from chance; the seeds here are fixed.
FALSE_ALARM = 1e-4


def moves(n):
    return {f"m{i}": deliver(f"c{i}") for i in range(n)}


def plan_of(n, pairs=(), **how):
    return Plan(moves(n), precedence=[(f"m{i}", f"m{j}") for i, j in pairs], **how)


def brute(n, pairs):
    return [p for p in itertools.permutations(range(n)) if all(p.index(i) < p.index(j) for i, j in pairs)]


def zigzag(n):
    return [(i, i + 1) if i % 2 == 0 else (i + 1, i) for i in range(n - 1)]


def diagram(*rows):
    """Cells of a Young diagram, each before the cell to its right and the one below."""
    cells = [(r, c) for r, row in enumerate(rows) for c in range(row)]
    at = {cell: i for i, cell in enumerate(cells)}
    below = [(at[r, c], at[r + 1, c]) for r, c in cells if (r + 1, c) in at]
    return len(cells), below + [(at[r, c], at[r, c + 1]) for r, c in cells if (r, c + 1) in at]


def subsets(k):
    """The Boolean lattice: every subset before those with one element more."""
    return 2**k, [(s, s | 1 << i) for s in range(2**k) for i in range(k) if not s >> i & 1]


@st.composite
def posets(draw_, most=7):
    n = draw_(st.integers(0, most))
    labels = draw_(st.permutations(range(n)))
    every = list(itertools.combinations(range(n), 2))
    chosen = draw_(st.lists(st.sampled_from(every), unique=True, max_size=12)) if every else []
    return n, [(labels[i], labels[j]) for i, j in chosen]


@given(posets())
@settings(max_examples=150)
def test_all_orders_are_there_once_in_lexicographic_order_and_counted(poset):
    n, pairs = poset
    below = closure(n, pairs)
    known = brute(n, pairs)
    assert list(extensions(below)) == known
    assert count(below) == len(known)


@given(posets(), st.integers(0, 2**32))
@settings(max_examples=100)
def test_what_is_drawn_is_an_order(poset, seed):
    n, pairs = poset
    assert draw(closure(n, pairs), np.random.default_rng(seed)) in brute(n, pairs)


@pytest.mark.parametrize(
    ("n", "pairs", "number"),
    [
        (12, [(i, i + 1) for i in range(11)], 1),
        (20, [], factorial(20)),
        (4, [(0, 2), (1, 2), (1, 3)], 5),
        # k pairs, each wholly before the next: 2^k. k chains of two side by side: (2k)! / 2^k.
        (20, [(i, j) for k in range(0, 18, 2) for i in (k, k + 1) for j in (k + 2, k + 3)], 2**10),
        (20, [(i, i + 1) for i in range(0, 20, 2)], factorial(20) // 2**10),
        # Two chains side by side are shuffled.
        (15, [(i, i + 1) for i in range(14) if i != 5], comb(15, 6)),
        # Euler's zigzag numbers.
        *((n, zigzag(n), e) for n, e in ((4, 5), (5, 16), (6, 61), (7, 272), (8, 1385), (10, 50521))),
        (20, zigzag(20), 370371188237525),
        # By the hook length formula; two rows give Catalan's numbers.
        (*diagram(3, 3, 3), 42),
        (*diagram(4, 4, 4, 4), 24024),
        (*diagram(8, 8), 1430),
        (*diagram(4, 2, 1), 35),
        (*subsets(3), 48),
    ],
)
def test_known_numbers_of_orders(n, pairs, number):
    assert plan_of(n, pairs).count() == number


def test_the_boolean_lattice_of_four_agrees_with_a_recursion_of_its_own():
    """An independent count: over antichains of what may come next, memoised by what is left."""
    n, pairs = subsets(4)
    before = {j: {i for i, k in pairs if k == j} for j in range(n)}
    known = {frozenset(): 1}

    def ways(left):
        if left not in known:
            known[left] = sum(ways(left - {j}) for j in left if not before[j] & left)
        return known[left]

    assert plan_of(n, pairs).count() == ways(frozenset(range(n))) == 1680384


def test_orders_come_lazily_and_the_first_at_once():
    plan = plan_of(20)
    first, second = itertools.islice(plan.orders(), 2)
    assert first == tuple(f"m{i}" for i in range(20))
    assert second == (*first[:18], "m19", "m18")
    # Sixty woven moves: too many to be counted, not to be begun.
    woven = plan_of(60, zigzag(60))
    assert next(woven.orders())[:3] == ("m0", "m2", "m1")


def test_what_is_too_much_to_be_counted_is_refused_with_what_to_do():
    with pytest.raises(UsageError, match=r"60 moves .* too many to be counted: more than 262,144 sets .*precedence"):
        plan_of(60, zigzag(60)).count()
    with pytest.raises(UsageError, match="too many to be counted"):
        plan_of(60, zigzag(60)).sample(1, 1)


def test_the_limit_is_on_down_sets_not_on_moves(monkeypatch):
    # The fence of four has eight down-sets.
    below = closure(4, zigzag(4))
    linear_extensions._structure.cache_clear()
    monkeypatch.setattr(linear_extensions, "LARGEST", 8)
    assert count(below) == 5
    linear_extensions._structure.cache_clear()
    monkeypatch.setattr(linear_extensions, "LARGEST", 7)
    with pytest.raises(UsageError):
        count(below)


@given(st.integers(1, 6), st.data())
def test_circles_are_found_if_there_are_any_and_are_circles(n, data):
    pairs = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=8))
    found = circles(n, pairs)
    assert bool(found) == (brute(n, pairs) == [] or any(i == j for i, j in pairs))
    for circle in found:
        assert set(zip(circle, circle[1:] + circle[:1], strict=True)) <= set(pairs)
    together = [i for circle in found for i in circle]
    assert len(together) == len(set(together))


# -- samples ---------------------------------------------------------------------------------------------------------


def p_value(drawn, every):
    """Of the chi-square test that each of `every` is drawn with the same probability."""
    counts = Counter(drawn)
    assert set(counts) <= set(every)
    return stats.chisquare([counts[one] for one in every]).pvalue


SAMPLED = [
    plan_of(4, [(0, 2), (1, 2), (1, 3)]),  # cannot be taken apart
    plan_of(5, [(0, 1), (2, 3)]),  # side by side
    plan_of(6, [(0, 1), (0, 2), (1, 3), (2, 3), (4, 5)]),  # one after the other, beside another
    plan_of(6, [*zigzag(4), (0, 4), (1, 4), (2, 4), (3, 4)]),
    plan_of(6, [(0, 1), (1, 2)], together=[("m0", "m5")]),
]


@pytest.mark.parametrize("plan", SAMPLED)
def test_samples_are_uniform(plan):
    every = list(plan.orders())
    assert plan.count() == len(every)
    assert p_value(plan.sample(60 * len(every), 5), every) > FALSE_ALARM


def greedy(plan, rng):
    """A wrong sampler: of the moves that may come next any with the same probability."""
    drawn, after = [], dict(plan.moves)
    while after:
        free = [name for name in after if not any(then == name and first in after for first, then in plan.precedence)]
        drawn.append(free[rng.integers(len(free))])
        del after[drawn[-1]]
    return tuple(drawn)


@pytest.mark.parametrize("plan", SAMPLED[:4])
def test_a_biased_sampler_is_rejected(plan):
    rng = np.random.default_rng(5)
    every = list(plan.orders())
    assert p_value([greedy(plan, rng) for _ in range(60 * len(every))], every) < FALSE_ALARM


@pytest.mark.parametrize(("plan", "n"), [(SAMPLED[0], 3), (SAMPLED[3], 2), (plan_of(5), 3)])
def test_samples_of_distinct_orders_are_uniform_too(plan, n):
    """Each order is as often the first, the second, ... of a sample as any other, of few orders and of many."""
    every, rng = list(plan.orders()), np.random.default_rng(9)
    samples = [plan.sample(n, rng, distinct=True) for _ in range(20 * len(every))]
    assert all(len(set(sample)) == n for sample in samples)
    for place in range(n):
        assert p_value([sample[place] for sample in samples], every) > FALSE_ALARM


def test_all_orders_can_be_drawn_and_no_more():
    plan = SAMPLED[1]
    assert sorted(plan.sample(30, 1, distinct=True)) == sorted(plan.orders())
    with pytest.raises(UsageError, match="has 30 orders, fewer than the 31 distinct ones"):
        plan.sample(31, 1, distinct=True)
    assert len(plan.sample(31, 1)) == 31
    assert plan.sample(0, 1) == []


def test_numbers_beyond_any_machine_word_are_drawn_uniformly():
    """Of 20! orders each move is as often first."""
    drawn = plan_of(25).sample(2500, 3)
    assert p_value([order[0] for order in drawn], [f"m{i}" for i in range(25)]) > FALSE_ALARM
    rng = np.random.default_rng(3)
    limit = 3 * 2**80
    thirds = [linear_extensions._number(limit, rng) >> 80 for _ in range(900)]
    assert p_value(thirds, [0, 1, 2]) > FALSE_ALARM
    assert linear_extensions._number(1, rng) == 0


def test_the_same_seed_draws_the_same_orders():
    plan = plan_of(9, zigzag(9))
    assert plan.sample(5, 7) == plan.sample(5, np.random.SeedSequence(7)) == plan.sample(5, np.random.default_rng(7))
    assert plan.sample(5, 7) != plan.sample(5, 8)
    assert plan.sample(np.int64(5), np.int64(7)) == plan.sample(5, 7)
    rng = np.random.default_rng(7)
    assert plan.sample(5, rng) != plan.sample(5, rng)
    assert len(plan.sample(2)) == 2


@pytest.mark.parametrize("wrong", [-1, "seven", 1.5, True])
def test_what_is_no_seed_or_no_number_is_refused(wrong):
    with pytest.raises(UsageError, match="rng must be"):
        plan_of(3).sample(1, wrong)
    with pytest.raises(UsageError, match="n must be"):
        plan_of(3).sample(wrong, 1)


# -- orders and back -------------------------------------------------------------------------------------------------


@given(posets(6), st.integers(0, 1000))
@settings(max_examples=60)
def test_the_reverse_of_an_order_is_an_order(poset, seed):
    n, pairs = poset
    if n == 0:
        return
    plan = plan_of(n, pairs)
    (order,) = plan.sample(1, seed)
    back = plan.reverse(order)
    assert back in set(plan.orders())
    if not pairs:
        assert back == order[::-1]


def test_blocks_are_turned_as_wholes():
    plan = plan_of(4, [(3, 0)], together=[("m2", "m0")])
    assert plan.blocks == (("m2", "m0"), ("m1",), ("m3",))
    assert list(plan.orders()) == [
        ("m1", "m3", "m2", "m0"),
        ("m3", "m2", "m0", "m1"),
        ("m3", "m1", "m2", "m0"),
    ]
    assert plan.count() == 3
    assert plan.reverse("m3 > m2 > m0 > m1") == ("m1", "m3", "m2", "m0")


def test_a_plan_that_was_used_is_pickled_and_equal():
    plan = plan_of(8, zigzag(8))
    plan.sample(1, 1)
    plan.order(next(plan.orders()))
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan == plan_of(8, zigzag(8))
    assert again.sample(3, 4) == plan.sample(3, 4)
    assert hash(again) == hash(plan)
