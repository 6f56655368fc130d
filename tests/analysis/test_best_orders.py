"""Racing on responses whose best orders are known: as good as the full experiment for a tenth of its runs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom

import settlesim as ss
from settlesim.analysis.order_race import _kept, dominators, race, screen
from settlesim.analysis.raced_orders import raced
from settlesim.errors import UsageError
from settlesim.experiments.order_designs import FreeMoves
from settlesim.experiments.order_matrices import model_matrix, order_positions, order_terms
from settlesim.scenario.plan import Plan
from settlesim.scenario.steps import deliver, open_track


class Response:
    """Dates, precedences and a part of its own for every order; worlds differ in all of them."""

    def __init__(self, m=5, seed=0, own=0.4, plan=None):
        self.plan = plan or FreeMoves([f"m{j}" for j in range(m)])
        self.orders = list(self.plan.orders())
        self.names = [" > ".join(order) for order in self.orders]
        self.positions = order_positions(self.orders, tuple(self.plan.moves))
        terms = order_terms(self.positions)
        self.columns = np.hstack([terms.dates, terms.precedence])
        self.columns /= self.columns.std(axis=0)
        draws = np.random.default_rng(seed)
        self.effects = draws.normal(size=self.columns.shape[1])
        model = self.columns @ self.effects
        self.effects *= np.sqrt(1 - own) / model.std()
        self.truth = self.columns @ self.effects + np.sqrt(own) * draws.normal(size=len(self.orders))
        self.seed, self.calls = seed, []

    def world(self, run):
        draws = np.random.default_rng((self.seed, run))
        bent = draws.normal(size=len(self.effects)) / np.sqrt(len(self.effects))
        y = self.truth + self.columns @ bent + 2 * draws.normal() + draws.normal(size=len(self.truth))
        return y, draws.normal() - 0.5 * y + draws.normal(size=len(y))

    def __call__(self, orders, runs):
        self.calls.append((len(orders), runs))
        index = [self.names.index(" > ".join(order)) for order in orders]
        values = np.array([[kind[index] for kind in self.world(run)] for run in runs])
        notes = ({"kind": "amount", "better": "high", "units": "1"}, {"kind": "amount", "better": "low", "units": "1"})
        return xr.Dataset(
            {
                name: (("order", "run"), values[:, k].T, {**notes[k], "long_name": name, "role": "outcome"})
                for k, name in enumerate(("peace", "deaths"))
            },
            {"order": [self.names[i] for i in index], "run": np.array(runs)},
        )

    @property
    def spent(self):
        return sum(orders * len(runs) for orders, runs in self.calls)

    def true(self, names):
        return self.truth[[self.names.index(name) for name in names]]


RUNS = 200
SETTLED = next(outcome for outcome in ss.STANDARD_OUTCOMES if outcome.name == "settled")


@pytest.fixture(scope="module")
def hunts():
    found = []
    for seed in range(20):
        response = Response(seed=seed)
        found.append((response, raced(response, response.plan, "peace", runs=RUNS, rng=seed)))
    return found


def test_the_race_is_as_good_as_the_full_experiment_for_a_tenth_of_its_runs(hunts):
    """Mean true value of the five found against that of the five of the full experiment, within its own error.

    A difference of two orders has a standard error of about .14 with 200 runs, so that of five against five, over
    20 responses, is within .03; five at random miss the best by more than 1.5.
    """
    lost, chance = [], []
    for response, found in hunts:
        assert response.spent == found.orders.attrs["spent"] <= 0.1 * RUNS * len(response.orders)
        full = np.mean([response.world(run)[0] for run in range(RUNS)], axis=0)
        five = response.truth[np.argsort(-full)[:5]].mean()
        lost.append(five - response.true(found.best).mean())
        chance.append(five - response.truth.mean())
    assert np.mean(lost) < 0.08
    assert np.mean(chance) > 1.5


def test_second_trial_and_neighbours_meet_fresh_luck(hunts):
    for response, found in hunts:
        *racing, second, third = response.calls
        stops = [0]
        for _, runs in [*racing, second, third]:
            assert runs.start == stops[-1]
            stops.append(runs.stop)
        assert found.orders.attrs["n"] == len(second[1]) and found.neighbours.attrs["n"] == len(third[1])


class Noise(Response):
    """Every order is worth nothing."""

    def world(self, run):
        draws = np.random.default_rng((self.seed, run))
        return draws.normal(size=(2, len(self.orders)))


def test_the_race_flatters_and_the_second_trial_does_not():
    """Where all orders are worth 0 the race finds its winners above it, fresh luck does not: z-tests at .001."""
    promised, kept = [], []
    for seed in range(20):
        response = Noise(seed=seed)
        found = raced(response, response.plan, "peace", runs=RUNS, rng=seed)
        promised.append(float(found.orders.peace_race.mean()))
        kept.append(float(found.orders.peace.sel(statistic="estimate").mean()))
        assert bool((found.orders.behind_high.values[1:] > found.orders.behind.values[1:]).all())

    def z(values):
        return np.mean(values) / (np.std(values, ddof=1) / np.sqrt(len(values)))

    assert abs(z(kept)) < 3.3 < 10 < z(promised)


def test_intervals_of_neighbours_cover(hunts):
    """All differences of a winner's neighbours together at 95%: fewer than 16 of 20 in one of 400 tries."""
    covered = 0
    for response, found in hunts:
        gaps = found.neighbours
        leader = found.best[0]
        true = response.true(gaps["neighbour"].values) - response.true([leader])
        covered += bool(((gaps.peace_low <= true) & (true <= gaps.peace_high)).all())
    assert binom.cdf(15, 20, 0.95) < 0.003
    assert covered >= 16


def values_of(response):
    """What the race itself asks for: (objectives, orders, runs)."""
    spent = []

    def sample(some, runs):
        spent.append((len(some), runs))
        return np.array([[kind[some] for kind in response.world(run)] for run in runs]).transpose(1, 2, 0)

    return sample, spent


@pytest.mark.parametrize(
    ("m", "budget", "screened"),
    [(4, 900, False), (5, 1300, False), (5, 12_000, False), (6, 12_000, True), (6, 90_000, False)],
)
def test_a_race_spends_no_more_than_it_may_and_ends_with_whom_it_should(m, budget, screened):
    response = Response(m=m, seed=m)
    sample, spent = values_of(response)
    found = race(
        sample, response.positions, budget=budget, keep=3, left=6, runs=150, generator=np.random.default_rng(1)
    )
    assert sum(orders * len(runs) for orders, runs in spent) == sum(r.spent for r in found.rounds) <= budget
    assert len(found.best) == 6 == len(set(found.best.tolist()))
    assert (np.diff(found.means[0]) <= 0).all()
    met = [r for r in found.rounds if r.kind == "race"]
    assert sum(len(r.runs) for r in met) <= 150
    assert all(later.orders == r.kept <= max(6, -(-r.orders // 2)) for r, later in pairwise(met))
    # A screen where it can see something and all orders together could not begin well.
    assert (found.rounds[0].kind == "screen") == screened
    assert np.isnan(found.unexplained) != screened


def test_budgets_of_rounds_are_those_of_successive_halving():
    """Where none is clearly worse: Karnin, Koren and Somekh (2013), 64 orders to 1 in six rounds of a sixth each."""
    sample, spent = values_of(Response(m=5, seed=1))

    def alike(some, runs):
        return sample(some, runs)[:1] * 0

    places = Response(m=5).positions[:64]
    race(alike, places, budget=6 * 64 * 16, keep=1, left=1, runs=10_000, generator=np.random.default_rng(1))
    assert [(orders, len(runs)) for orders, runs in spent] == [(64 // 2**k, 16 * 2**k) for k in range(6)]
    assert [runs.start for _, runs in spent] == [0, 16, 48, 112, 240, 496]


def test_who_is_clearly_worse_goes_at_once():
    draws = np.random.default_rng(1)
    worth = np.where(np.arange(64) < 8, 9.0, 0.0)

    def sample(some, runs):
        return (worth[some][:, np.newaxis] + draws.normal(size=(len(some), len(runs))))[np.newaxis]

    places = Response(m=5).positions[:64]
    found = race(sample, places, budget=6400, keep=4, left=4, runs=1000, generator=np.random.default_rng(1))
    assert found.rounds[0].kept == 8 and found.rounds[0].unclear == 0
    assert set(found.best.tolist()) <= set(range(8))


@pytest.mark.parametrize("own", [0.0, 0.5])
def test_the_screen_knows_what_its_model_misses(own):
    """Share of the variance between orders that is no sum of dates and precedences, within .15."""
    response = Response(m=6, seed=3, own=own)
    subset = np.sort(np.random.default_rng(1).permutation(720)[:150])
    values = np.array([response.world(run)[0][subset] for run in range(100)]).T[np.newaxis]
    columns = model_matrix(response.positions, "both")
    seen = screen(values, columns, subset)
    assert seen.unexplained == pytest.approx(own, abs=0.15)
    assert seen.between == pytest.approx(response.truth.var(), rel=0.3)
    assert seen.luck == pytest.approx(2.0, rel=0.2)
    assert np.corrcoef(seen.expected[0], response.truth)[0, 1] > (0.95 if own == 0 else 0.5)


def test_luck_is_no_difference_between_orders():
    """Of 40 screens of orders that are worth the same the mean variance between them is 0: a z-test at .001."""
    places = Noise(m=5).positions
    columns, subset = model_matrix(places, "precedence"), np.arange(0, 120, 2)
    draws = np.random.default_rng(1)
    # An estimate below 0 is cut off, so that half of its spread is seen.
    seen = [screen(draws.normal(size=(1, 60, 10)), columns, subset) for _ in range(40)]
    spread = 0.1 * np.sqrt(2 / 59)
    expected = spread / np.sqrt(2 * np.pi)
    assert abs(np.mean([s.between for s in seen]) - expected) < 3.3 * 0.584 * spread / np.sqrt(40)
    assert np.mean([s.luck for s in seen]) == pytest.approx(1.0, abs=3.3 * np.sqrt(2 / (59 * 9 * 40)))


def test_places_of_the_next_round_go_in_turn_to_the_first_objective_and_to_all():
    means = np.array([[9.0, 8, 7, 6, 5, 4, 3, 2], [0.0, 0, 0, 0, 0, 7, 8, 9]])
    nobody = np.zeros(8, bool)
    assert dominators(means).tolist() == [0, 1, 2, 3, 4, 0, 0, 0]
    assert _kept(means, 6, 1, 2, nobody).tolist() == [0, 1, 2, 3, 5, 6]
    assert _kept(means[:1], 4, 1, 2, nobody).tolist() == [0, 1, 2, 3]
    # Who is clearly worse goes, but for those looked for.
    assert _kept(means, 4, 1, 2, ~nobody).tolist() == [0, 5]


def test_dominators_by_hand():
    means = np.random.default_rng(1).integers(0, 4, (3, 40)).astype(float)
    by_hand = [
        sum((means[:, i] >= means[:, j]).all() and (means[:, i] > means[:, j]).any() for i in range(40))
        for j in range(40)
    ]
    assert dominators(means).tolist() == by_hand


def test_what_is_good_in_all_objectives_stays():
    """The order that is best in the other objective and middling in the first is left, and is in the Pareto set."""

    class Tradeoff(Noise):
        def world(self, run):
            first, other = super().world(run) * 0.1
            first += np.arange(len(first)) / len(first)
            other[60] -= 5.0
            return first, other

    response = Tradeoff(seed=1)
    found = raced(response, response.plan, "peace", objectives=("deaths",), keep=3, runs=400, rng=1)
    table = found.orders
    assert table.sizes["order"] == 6 and len(found.best) == 3
    row = table.sel(order=response.names[60])
    assert bool(row.pareto) and float(row.pareto_share) == 1.0 and float(row["first"]) == 0.0
    assert response.names[-1] in found.best
    assert float(table["first"].sum()) == pytest.approx(1.0)
    alone = raced(Tradeoff(seed=1), response.plan, "peace", keep=3, runs=400, rng=1)
    assert response.names[60] not in alone.orders["order"].values


def test_the_lowest_can_be_best():
    response = Response(seed=2)
    found = raced(response, response.plan, "deaths", runs=RUNS, rng=1)
    other = raced(response, response.plan, "peace", best="lowest", runs=RUNS, rng=1)
    assert found.orders.attrs["best"] == other.orders.attrs["best"] == "lowest"
    assert response.true(found.best).mean() > 1 > -1 > response.true(other.best).mean()
    assert (found.orders.behind.values >= 0).all() and (other.orders.behind.values >= 0).all()


def test_neighbours_are_orders_of_the_plan_one_swap_away():
    moves = {name: deliver(name) for name in ("a", "b", "c", "d", "e")}
    plan = Plan(moves, precedence=[("a", "b")], together=[("d", "e")])
    response = Response(plan=plan, seed=4)
    found = raced(response, plan, "peace", keep=1, runs=400, fraction=0.9, rng=1)
    admitted = set(response.names)
    winner = found.best[0].split(" > ")
    for neighbour, swap in zip(found.neighbours["neighbour"].values, found.neighbours["swap"].values, strict=True):
        assert neighbour in admitted - set(found.best)
        units = [text.replace("d > e", "d+e").split(" > ") for text in (found.best[0], neighbour)]
        changed = [i for i in range(4) if units[0][i] != units[1][i]]
        assert len(changed) == 2 and changed[1] == changed[0] + 1
        at = next(i for i, (mine, its) in enumerate(zip(winner, neighbour.split(" > "), strict=True)) if mine != its)
        assert swap == f"{neighbour.split(' > ')[at]} before {winner[at]}"
    # Of the swaps of four units that follow each other only b before a is ruled out.
    beside = "a > b" in found.best[0]
    assert found.neighbours.sizes["neighbour"] == 3 - beside


def test_the_account_can_be_read(hunts):
    _, found = hunts[0]
    text = str(found)
    assert repr(found) == text and text.count("\n") == 2 + 5 + 4
    assert (
        text.startswith("Best orders by peace (highest is best): ") and "of the 24,000 of the full experiment" in text
    )
    assert found.best[0] in text and "One swap away from the first" in text


def test_the_same_entropy_gives_the_same_account(hunts):
    response, found = hunts[0]
    again = raced(Response(seed=0), response.plan, "peace", runs=RUNS, rng=0)
    for part in ("orders", "neighbours", "rounds"):
        xr.testing.assert_identical(getattr(found, part), getattr(again, part))


def test_a_race_in_a_war():
    """What is found in a small plan is within .1 of the best share settled."""
    moves = {"talks": open_track("talks"), "gift": deliver("prisoners"), "peace": deliver("ceasefire")}
    plan = Plan(moves, pace=8)
    scenario = ss.load("two-party")
    found = ss.best_orders(scenario, plan, "settled", keep=1, runs=60, fraction=0.9, rng=7)
    assert set(found.orders.attrs) >= {"scenario_digest", "entropy", "spent", "full", "unexplained"}
    assert list(found.orders.data_vars)[:3] == ["settled", "deaths", "standing"]
    full = ss.orders(scenario, plan, runs=range(0, 60), rng=7, outcomes=[SETTLED]).settled.mean("run")
    assert float(full.max() - full.sel(order=found.best[0])) < 0.1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(outcome="peas"), "did you mean 'peace'"),
        (dict(kind="x"), "not coded"),
        (dict(best="high"), "unknown end"),
        (dict(objectives=("depth",)), "unknown outcome"),
        (dict(objectives=("plain",)), "which end is better"),
        (dict(objectives=("coded",)), "say with kind="),
        (dict(outcome="gaps"), "no value in 2 of"),
        (dict(outcome="wide"), "by order and run alone"),
        (dict(keep=0), "from 1 to 119"),
        (dict(keep=120), "from 1 to 119"),
        (dict(runs=1), "at least 2"),
        (dict(runs=True), "at least 2"),
        (dict(fraction=0), "between 0 and 1"),
        (dict(fraction=1.2), "between 0 and 1"),
        (dict(level=95), "level"),
        (dict(fraction=0.01), "raise runs or fraction"),
    ],
)
def test_mistakes_are_named(change, words):
    response = Response()

    def sample(orders, runs):
        data = response(orders, runs)
        gaps = data.peace.where(data.run % 2 == 0)
        gaps = gaps.where((data.run > 0) | (data.order != data.order[0]))
        coded = xr.zeros_like(data.peace, dtype=int).assign_attrs(flag_values=[0, 1], flag_meanings="no yes")
        return data.assign(
            gaps=gaps.where(data.run < 2, 0.0),
            plain=data.peace.drop_attrs(),
            coded=coded,
            wide=data.peace.expand_dims("x"),
        )

    options = {"outcome": "peace", "runs": RUNS, "rng": 1} | change
    with pytest.raises(UsageError, match=words):
        raced(sample, response.plan, options.pop("outcome"), **options)


def test_an_interrupted_race_has_no_winner():
    response = Response()
    with pytest.raises(KeyboardInterrupt):
        raced(lambda *a: response(*a).assign_attrs(interrupted=1), response.plan, "peace", runs=RUNS, rng=1)


def test_names_are_checked_before_the_first_run():
    scenario = ss.load("two-party")
    plan = Plan({"talks": open_track("talks"), "gift": deliver("prisoners")})
    with pytest.raises(UsageError, match="did you mean 'settled'"):
        ss.best_orders(scenario, plan, "setled", rng=7)
    with pytest.raises(UsageError, match="unknown outcome 'calm'"):
        ss.best_orders(scenario, plan, "settled", objectives=["calm"], rng=7)


def test_orders_of_a_plan_too_large_to_list_are_drawn():
    plan = FreeMoves([f"m{j}" for j in range(9)])

    def sample(orders, runs):
        early = [[order.index("m0") - order.index("m1")] * len(runs) for order in orders]
        notes = {"kind": "amount", "better": "low", "units": "1"}
        noise = np.random.default_rng((runs.start, len(orders))).normal(size=(len(orders), len(runs)))
        names = [" > ".join(order) for order in orders]
        return xr.Dataset({"late": (("order", "run"), early + noise, notes)}, {"order": names, "run": list(runs)})

    found = raced(sample, plan, "late", keep=3, runs=30, rng=1)
    assert found.orders.attrs["plan_orders"] == "362880" and found.orders.attrs["full"] == 5040 * 30
    assert all(name.split(" > ").index("m0") - name.split(" > ").index("m1") <= -6 for name in found.best)
    assert found.neighbours.sizes["neighbour"] == 8
