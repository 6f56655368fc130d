"""Designs of orders against published values, exact counts, and the symmetries they promise."""

from __future__ import annotations

from itertools import chain, combinations, permutations, product
from math import comb, factorial

import numpy as np
import pytest
from scipy.stats import chi2

from settlesim.errors import UsageError
from settlesim.experiments.component_arrays import component_array, component_array_size
from settlesim.experiments.exchange import chosen_rows, whitened
from settlesim.experiments.order_designs import every_order, order_blocks, order_design, order_efficiency
from settlesim.experiments.order_matrices import (
    free_moment_matrix,
    model_matrix,
    moment_matrix,
    order_positions,
    order_terms,
    position_matrix,
    position_terms,
    precedence_matrix,
    precedence_terms,
)


class Constrained:
    """A plan with precedences, by sieving."""

    def __init__(self, moves, precedence):
        self.moves = tuple(moves)
        self.precedence = tuple(precedence)

    def orders(self):
        for order in permutations(self.moves):
            if all(order.index(a) < order.index(b) for a, b in self.precedence):
                yield order

    def count(self):
        return sum(1 for _ in self.orders())

    def sample(self, n, rng):
        known = list(self.orders())
        return [known[i] for i in rng.integers(0, len(known), n)]


def places(m):
    return np.array(list(permutations(range(1, m + 1))))


def names(m):
    return [f"move{j}" for j in range(m)]


@pytest.mark.parametrize("m", [3, 4, 5, 6])
def test_the_full_design_has_the_moments_that_are_published(m):
    """Peng, Mukerjee and Lin (2019); the determinant as in doofa 1.0 and in the code of Stokes, Wong and Xu (2023)."""
    full = moment_matrix(places(m))
    np.testing.assert_allclose(full, free_moment_matrix(m), atol=1e-12)
    low, high = comb(m - 1, 2), m - 1
    expected = sorted([1 / 3] * low + [1.0] + [(m + 1) / 3] * high)
    np.testing.assert_allclose(np.linalg.eigvalsh(full), expected, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(full), (m + 1) ** (m - 1) / 3 ** comb(m, 2))


@pytest.mark.parametrize("m", [3, 4, 5])
def test_the_models_have_as_many_parameters_as_they_say(m):
    rank = np.linalg.matrix_rank
    assert rank(model_matrix(places(m), "position")) == 1 + (m - 1) ** 2
    assert rank(model_matrix(places(m), "precedence")) == 1 + comb(m, 2)
    assert rank(model_matrix(places(m), "both")) == 1 + (m - 1) ** 2 + comb(m - 1, 2)
    assert len(position_terms(names(m))) == (m - 1) ** 2 and len(precedence_terms(names(m))) == comb(m, 2)


def test_the_columns_say_what_their_names_say():
    moves = names(4)
    orders = list(permutations(moves))
    where = order_positions(orders, moves)
    for (move, place), column in zip(position_terms(moves), position_matrix(where).T, strict=True):
        assert [order[place - 1] == move for order in orders] == (column == 1).tolist()
    for (first, second), column in zip(precedence_terms(moves), precedence_matrix(where).T, strict=True):
        assert [order.index(first) < order.index(second) for order in orders] == (column == 1).tolist()


@pytest.mark.parametrize("precedence", [(), [("move0", "move1")], [("move0", "move1"), ("move2", "move3")]])
def test_terms_are_independent_apart_and_span_both_models(precedence):
    moves = names(5)
    where = order_positions(list(Constrained(moves, precedence).orders()), moves)
    terms = order_terms(where)
    both = model_matrix(where, "both")
    own = np.hstack([np.ones((len(where), 1)), terms.dates, terms.precedence])
    rank = np.linalg.matrix_rank(both)
    assert own.shape[1] == rank == np.linalg.matrix_rank(own) == np.linalg.matrix_rank(np.hstack([own, both]))
    assert 1 + terms.dates.shape[1] == np.linalg.matrix_rank(model_matrix(where, "position"))
    kept = position_matrix(where)[:, terms.date_columns]
    np.testing.assert_allclose(terms.dates, kept - kept.mean(axis=0), atol=1e-9)
    kept = precedence_matrix(where)[:, terms.precedence_columns]
    explained = own[:, : 1 + terms.dates.shape[1]]
    rest = kept - explained @ np.linalg.lstsq(explained, kept)[0]
    np.testing.assert_allclose(terms.precedence, rest, atol=1e-9)
    np.testing.assert_allclose(terms.dates.T @ terms.precedence, 0, atol=1e-9)
    np.testing.assert_allclose(own[:, 1:].sum(axis=0), 0, atol=1e-9)


def test_what_lines_in_the_places_explain_is_no_precedence():
    """A response that adds up over dates leaves nothing to precedence; one of a pair's order leaves its own part."""
    where = places(5)
    terms = order_terms(where)
    dates = np.random.default_rng(1).normal(size=(5, 5))
    response = dates[np.arange(5), where - 1].sum(axis=1)
    np.testing.assert_allclose(terms.precedence.T @ response, 0, atol=1e-9)
    assert np.abs(terms.precedence.T @ (where[:, 0] < where[:, 1])).max() > 1


@pytest.mark.parametrize(("m", "size"), [(4, 12), (5, 12), (5, 24)])
def test_few_orders_tell_as_much_as_all(m, size):
    """Voelkel (2019): 12 runs of 4 and of 5 components, 24 of 5, with the full design's information."""
    design = order_design(names(m), "d_optimal", size=size, rng=3)
    assert len(set(design)) == size
    where = order_positions(design, names(m))
    np.testing.assert_allclose(moment_matrix(where), free_moment_matrix(m), atol=1e-9)
    assert order_efficiency(design) == pytest.approx(1.0)


def test_no_choice_of_orders_is_better_than_the_exchange():
    """All 346,104 choices of 7 from the 24 orders of four moves, for the 7 parameters of the precedences."""
    columns = model_matrix(places(4)) @ whitened(free_moment_matrix(4))
    found = chosen_rows(columns, 7, np.random.default_rng(1))
    choices = np.fromiter(chain.from_iterable(combinations(range(24), 7)), np.int64).reshape(-1, 7)
    values = np.concatenate([np.abs(np.linalg.det(columns[part])) for part in np.array_split(choices, 20)])
    assert abs(np.linalg.det(columns[found])) == pytest.approx(values.max())


def test_no_row_is_taken_twice():
    """Even where the two ends of a line would be worth more, taken twice, than anything between them."""
    columns = np.array([[1.0, -1.0], [1.0, 1.0], [1.0, 0.1], [1.0, 0.0], [1.0, -0.2]])
    assert chosen_rows(columns, 4, np.random.default_rng(1)).tolist() in ([0, 1, 2, 4], [0, 1, 3, 4], [0, 1, 2, 3])


def test_a_d_optimal_design_beats_random_ones():
    size, plan = 30, names(6)
    best = order_efficiency(order_design(plan, "d_optimal", size=size, rng=1))
    others = [order_efficiency(order_design(plan, "random", size=size, rng=seed)) for seed in range(20)]
    assert best > 0.96 > 0.9 > max(others)


@pytest.mark.parametrize(("m", "size"), [(3, 6), (4, 24), (5, 46), (6, 72)])
def test_by_default_a_d_optimal_design_holds_positions_and_precedence(m, size):
    design = order_design(names(m), "d_optimal", rng=1)
    assert len(design) == size
    assert order_efficiency(design, model="both") > 0.5


def test_orders_may_be_given_in_a_line():
    assert order_efficiency(["a > b > c", "c > b > a", "b>a>c"]) == order_efficiency(
        [("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")]
    )
    assert (
        order_efficiency([">".join(order) for order in every_order(names(3))], plan="move0 > move1 > move2") > 1 - 1e-9
    )
    assert order_design("a > b > c") == order_design(["a", "b", "c"])
    with pytest.raises(UsageError, match="a design is several orders"):
        order_efficiency("a > b > c")


def test_under_precedences_fixed_pairs_are_no_parameters():
    plan = Constrained(names(5), [("move0", "move1"), ("move1", "move2")])
    design = order_design(plan, "d_optimal", rng=1)
    assert set(design) <= set(plan.orders()) and len(set(design)) == len(design) == plan.count() == 20
    design = order_design(plan, "d_optimal", size=16, rng=1)
    assert order_efficiency(every_order(plan), plan=plan) == pytest.approx(1.0)
    assert order_efficiency(design, plan=plan) > 0.9
    with pytest.raises(UsageError, match="between 8 orders"):
        order_design(plan, "d_optimal", size=7, rng=1)


@pytest.mark.parametrize("m", [*range(2, 15)])
def test_any_two_places_hold_any_two_moves_equally_often(m):
    array = component_array(m)
    assert len(array) == component_array_size(m) == len(np.unique(array, axis=0))
    for one, other in combinations(range(m), 2):
        met = np.zeros((m, m), int)
        np.add.at(met, (array[:, one], array[:, other]), 1)
        assert np.array_equal(met, (1 - np.eye(m, dtype=int)) * (len(array) // (m * (m - 1))))


@pytest.mark.parametrize("m", [4, 5, 6])
def test_an_orthogonal_array_estimates_dates_as_all_orders_do(m):
    """Yang, Sun and Xu (2021)."""
    design = order_design(names(m), "orthogonal_array", rng=2)
    assert len(design) == component_array_size(m) < factorial(m)
    assert order_efficiency(design, model="position") == pytest.approx(1.0)
    assert 0.85 < order_efficiency(design) < 1.0


def test_random_orders_are_uniform():
    """Chi-squared over the 5 orders of a plan at a false-alarm rate of 0.001; seeds are fixed."""
    plan = Constrained(names(4), [("move0", "move2"), ("move1", "move2"), ("move1", "move3")])
    known = list(plan.orders())
    assert len(known) == 5
    drawn = [order_design(plan, "random", size=1, rng=seed)[0] for seed in range(400)]
    counts = np.array([drawn.count(order) for order in known])
    assert ((counts - 80) ** 2 / 80).sum() < chi2.isf(0.001, 4)
    assert set(order_design(plan, "random", size=5, rng=1)) == set(known)


def test_many_moves_are_not_enumerated():
    design = order_design(names(12), "random", size=40, rng=1)
    assert len(set(design)) == 40 and all(sorted(order) == sorted(names(12)) for order in design)
    pairs = order_design(names(12), "reversed", size=10, rng=1)
    assert all(pairs[i] == pairs[i + 1][::-1] for i in range(0, 10, 2))
    with pytest.raises(UsageError, match="too many to enumerate"):
        order_design(names(12))


def test_pairs_are_reverses_and_no_pair_stands_twice():
    design = order_design(names(4), "reversed", size=24, rng=1)
    assert len(set(design)) == 24
    assert all(design[i] == design[i + 1][::-1] for i in range(0, 24, 2))


def test_under_precedences_the_pair_reverses_what_it_can():
    plan = Constrained(names(5), [("move0", "move2"), ("move3", "move4")])
    known = list(plan.orders())
    design = order_design(plan, "reversed", size=20, rng=4)

    def turned(one, other):
        return sum((one.index(a) < one.index(b)) != (other.index(a) < other.index(b)) for a, b in combinations(one, 2))

    assert len(set(design)) == 20 and set(design) <= set(known)
    left = list(known)
    for order, partner in zip(design[::2], design[1::2], strict=True):
        left.remove(order)
        assert turned(order, partner) == max(turned(order, other) for other in left)
        left.remove(partner)
    every = order_design(plan, "reversed", size=30, rng=4)
    assert sorted(every) == sorted(known)


@pytest.mark.parametrize(
    ("n", "slots", "group"), [(6, 2, 1), (5, 3, 1), (24, 7, 1), (24, 6, 2), (10, 10, 1), (4, 1, 1)]
)
def test_blocks_are_dealt_evenly_and_by_run_number(n, slots, group):
    runs = range(0, 2 * n)
    dealt = order_blocks(n, runs, slots=slots, rng=7, group=group)
    assert dealt.shape == (slots, len(runs))
    assert all(len(set(hand)) == slots for hand in dealt.T)
    groups, s = n // group, slots // group
    period = groups // np.gcd(groups, s)
    for start in range(0, len(runs) - period + 1, period):
        counts = np.bincount(dealt[:, start : start + period].ravel(), minlength=n)
        assert set(counts) == {s // np.gcd(groups, s)}
        within = dealt[:, start : start + max(1, period // 2)]
        counts = np.bincount(within.ravel(), minlength=n)
        assert counts.max() - counts.min() <= 1
    np.testing.assert_array_equal(order_blocks(n, range(5, 8), slots=slots, rng=7, group=group), dealt[:, 5:8])
    if n > slots:
        assert not np.array_equal(order_blocks(n, runs, slots=slots, rng=8, group=group), dealt)
    if group == 2:
        assert (dealt[0::2] % 2 == 0).all() and (dealt[1::2] == dealt[0::2] + 1).all()


def test_blocks_meet_orders_in_all_company():
    """Over many decks every two orders meet about equally often: chi-squared at a false-alarm rate of 0.001."""
    dealt = order_blocks(6, range(1800), slots=2, rng=3)
    pairs = np.array([sum(set(hand) == {a, b} for hand in dealt.T) for a, b in combinations(range(6), 2)])
    assert ((pairs - 120) ** 2 / 120).sum() < chi2.isf(0.001, 14)


def test_designs_depend_on_rng_alone():
    for kind, size in product(("random", "reversed", "d_optimal"), (12,)):
        assert order_design(names(4), kind, size=size, rng=5) == order_design(names(4), kind, size=size, rng=5)
    assert order_design(names(6), "random", size=8, rng=5) != order_design(names(6), "random", size=8, rng=6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: order_design(names(3), "d_optimum"), "did you mean 'd_optimal'"),
        (lambda: order_design(names(3), "random"), "needs size"),
        (lambda: order_design(names(3), "random", size=7), "only 6 orders"),
        (lambda: order_design(names(3), "reversed", size=3), "even"),
        (lambda: order_design(names(3), "reversed", size=8), "only 6 orders"),
        (lambda: order_design(names(3), "random", size=0), "at least 1"),
        (lambda: order_design(names(3), "all", size=5), "6 orders, not 5"),
        (lambda: order_design(names(4), "orthogonal_array", size=10), "12 orders, not 10"),
        (lambda: order_design(names(15), "orthogonal_array"), "15 moves"),
        (lambda: order_design(Constrained("abc", [("a", "b")]), "orthogonal_array"), "rule out"),
        (lambda: order_design(Constrained("abc", [("a", "b"), ("b", "c")]), "reversed", size=2), "single order"),
        (lambda: order_design(["a"]), "at least two moves"),
        (lambda: order_design("abc"), "names of its moves"),
        (lambda: order_efficiency([]), "at least one order"),
        (lambda: order_efficiency([("a", "b")], model="pairs"), "unknown model"),
        (lambda: order_efficiency([("a", "a")]), "different names"),
        (lambda: order_positions([("a", "c")], ["a", "b"]), "a > c"),
        (lambda: precedence_matrix([[0, 1]]), "every place"),
        (lambda: precedence_matrix([1, 2]), "shape"),
        (lambda: order_blocks(6, range(2), slots=7, rng=1), "between 1 and the 6"),
        (lambda: order_blocks(6, range(2), slots=3, rng=1, group=2), "groups of 2"),
    ],
)
def test_mistakes_are_named(call, words):
    with pytest.raises(UsageError, match=words):
        call()
