"""Worlds: parameters drawn from their priors, each at its own address."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from settlesim.chance.sampling import METHODS, Sampling
from settlesim.chance.worlds import Fates, worlds
from settlesim.errors import UsageError
from settlesim.scenario.conflict import Concession
from settlesim.scenario.parameters import Parameter, quantities
from settlesim.scenario.priors import Beta, Fixed, LogNormal, Triangular, Uniform

FALSE_ALARM = 1e-4


SAID = {"source": "invented", "tag": "P"}


def parameter(prior=None, range=(-1e9, 1e9), **each):
    given = {"prior": prior} if prior is not None else {"each": each}
    return Parameter(unit="ratio", meaning="A number.", range=range, group="mine", **given, **SAID)


def concession(value, cost, pie=True):
    return Concession(label="A gift", value=value, cost=cost, reversibility=0.0, by=("government",), pie=pie, **SAID)


def conflict(**more):
    """Just enough of a scenario to draw worlds from."""
    parameters = {
        "war_cost": parameter(government=Uniform(low=0, high=1), insurgency=Triangular(low=0, mode=0.1, high=0.3)),
        "misattribution": parameter(Triangular(low=0.1, mode=0.35, high=0.7), range=(0, 1)),
        "foresight": parameter(Fixed(value=0.7)),
        "rate": parameter(LogNormal(median=0.1, sigma=0.5)),
        "rate_at_night": parameter(LogNormal(median=0.1, sigma=0.5)),
        **more,
    }
    concessions = {
        "prisoners": concession(Triangular(low=0.3, mode=0.5, high=0.9), Beta(a=2, b=5)),
        "office": concession(Triangular(low=0.3, mode=0.5, high=0.9), Beta(a=2, b=5)),
        "withdrawal": concession(Fixed(value=0.9), Fixed(value=0.0), pie=False),
    }
    return SimpleNamespace(quantities=lambda: quantities(parameters, concessions), concessions=concessions)


ALL = (
    "war_cost.government",
    "war_cost.insurgency",
    "misattribution",
    "foresight",
    "rate",
    "rate_at_night",
    "concession_value.prisoners",
    "concession_cost.prisoners",
    "concession_value.office",
    "concession_cost.office",
    "concession_value.withdrawal",
    "concession_cost.withdrawal",
)


def test_names_of_a_world():
    assert tuple(str(number.address) for number in conflict().quantities()) == ALL
    assert tuple(worlds(conflict(), range(3), entropy=7)) == ALL


def suitable(method):
    """A number of runs that the method can spread over the ten uncertain numbers of `conflict`."""
    return 121 if method == "latin_hypercube_2" else 64


@pytest.mark.parametrize("method", [*METHODS, Sampling("sobol", 1), Sampling("latin_hypercube", 3)])
def test_worlds_do_not_depend_on_blocks(method):
    total = suitable(method)
    whole = worlds(conflict(), range(total), entropy=7, method=method, total=total)
    for runs in (range(5, 6), range(0, 7), range(30, 64), range(total - 1, total)):
        part = worlds(conflict(), runs, entropy=7, method=method, total=total)
        for name, values in part.items():
            assert values.shape == (len(runs),)
            assert np.array_equal(values, whole[name][runs.start : runs.stop]), name


def test_monte_carlo_draws_have_the_address_of_their_name():
    world = worlds(conflict(), range(10), entropy=7)
    u = Fates(7, range(10)).uniform("world", "misattribution")
    assert np.array_equal(world["misattribution"], Triangular(low=0.1, mode=0.35, high=0.7).ppf(u))


@pytest.mark.parametrize("method", ["monte_carlo", "latin_hypercube", "central"])
def test_a_new_parameter_changes_no_other(method):
    before = worlds(conflict(), range(16), entropy=7, method=method, total=16)
    more = conflict(added=parameter(Uniform(low=0, high=1)))
    after = worlds(more, range(16), entropy=7, method=method, total=16)
    for name in ALL:
        assert np.array_equal(before[name], after[name]), name


@pytest.mark.parametrize("method", METHODS)
def test_levers_change_only_what_they_name(method):
    def draw(**levers):
        total = 121 if method == "latin_hypercube_2" else 16
        return worlds(conflict(), range(16), entropy=7, method=method, total=total, levers=levers)

    plain, held = draw(), draw(misattribution=0.2, rate=0.3, war_cost={"government": 0.5})
    assert set(held["misattribution"]) == {0.2} and set(held["rate"]) == {0.3}
    assert set(held["war_cost.government"]) == {0.5}
    for name in set(ALL) - {"misattribution", "rate", "war_cost.government"}:
        assert np.array_equal(plain[name], held[name]), name
    everyone = draw(war_cost=0.25)
    assert set(everyone["war_cost.government"]) == set(everyone["war_cost.insurgency"]) == {0.25}
    one = worlds(conflict(), range(3), entropy=7, levers={"war_cost.insurgency": 0.1})
    assert set(one["war_cost.insurgency"]) == {0.1}


@pytest.mark.parametrize(
    "levers, message",
    [
        ({"misatribution": 0.2}, "did you mean 'misattribution'"),
        ({"war_cost": {"goverment": 0.2}}, "did you mean 'war_cost.government'"),
        ({"misattribution": 1.2}, "= 1.2: lies outside the range"),
        ({"misattribution": float("nan")}, "= nan: must be a finite number"),
        ({"misattribution": "0.2"}, "must be a number"),
        ({"misattribution": True}, "must be a number"),
        ({"misattribution": {"government": 0.2}}, "did you mean 'misattribution'"),
        ({"concession_value.prisoners": 1.2}, "= 1.2: lies outside the range"),
        ({"concession_cost": {"office": -0.1}}, "= -0.1: lies outside the range"),
        ({"concession_cost": {"offic": 0.1}}, "did you mean 'concession_cost.office'"),
    ],
)
def test_wrong_levers_are_refused(levers, message):
    with pytest.raises(UsageError, match=message):
        worlds(conflict(), range(3), entropy=7, levers=levers)


def test_central_values_are_the_priors_centres():
    world = worlds(conflict(), range(2), entropy=7, method="central")
    assert world["misattribution"].tolist() == [0.35, 0.35]
    assert world["rate"].tolist() == [0.1, 0.1]


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
@pytest.mark.parametrize("replicates", [1, 8])
def test_strata_are_filled_evenly(kind, replicates):
    """Of 64 points each sixty-fourth of a parameter's range holds one, which random points would not."""
    method, total = Sampling(kind, replicates), 64 * replicates
    world = worlds(conflict(), range(total), entropy=7, method=method, total=total)
    for replicate in range(replicates):
        values = world["war_cost.government"][method.replicate_of(range(total)) == replicate]
        assert sorted(np.floor(values * 64).astype(int)) == list(range(64))
    plain = worlds(conflict(), range(64), entropy=7)
    assert len(set(np.floor(plain["war_cost.government"] * 64).astype(int))) < 64


def test_fixed_numbers_take_no_dimension_of_a_sobol_sample():
    """So a number that is freed moves every point, and one that is fixed under another name moves none."""
    more = conflict(added=parameter(Fixed(value=0.3)))
    freed = conflict(added=parameter(Uniform(low=0, high=1)))
    a, b, c = (worlds(one, range(8), entropy=7, method="sobol", total=8) for one in (conflict(), more, freed))
    for name in ALL:
        assert np.array_equal(a[name], b[name]), name
    assert not np.array_equal(a["rate"], c["rate"])


def test_spread_methods_need_to_know_the_whole():
    with pytest.raises(UsageError, match="needs total"):
        worlds(conflict(), range(8), entropy=7, method="latin_hypercube")
    with pytest.raises(UsageError, match="at least 8"):
        worlds(conflict(), range(8), entropy=7, method="sobol", total=4)
    with pytest.raises(UsageError, match="8 replicates of a power of two of runs: 64 or 128, not 100"):
        worlds(conflict(), range(8), entropy=7, method="sobol", total=100)
    with pytest.raises(UsageError, match="need a power of two of runs: 64 or 128, not 100"):
        worlds(conflict(), range(8), entropy=7, method=Sampling("sobol", 1), total=100)
    with pytest.raises(UsageError, match="did you mean 'sobol'"):
        worlds(conflict(), range(8), entropy=7, method="sobl")


def test_a_design_of_ones_own():
    design = {"misattribution": [0.0, 0.5, 1.0, 0.25]}
    world = worlds(conflict(), range(1, 4), entropy=7, method=design)
    expected = Triangular(low=0.1, mode=0.35, high=0.7).ppf([0.5, 1.0, 0.25])
    assert np.array_equal(world["misattribution"], expected)
    assert np.array_equal(world["rate"], worlds(conflict(), range(1, 4), entropy=7)["rate"])
    for wrong, message in (
        ([0.5], "one for each run"),
        ([0, 0.5, 2, 0], "between 0 and 1"),
        ([[0.5]] * 4, "4x1"),
    ):
        with pytest.raises(UsageError, match=message):
            worlds(conflict(), range(1, 4), entropy=7, method={"misattribution": wrong})
    with pytest.raises(UsageError, match="unknown parameter"):
        worlds(conflict(), range(1, 4), entropy=7, method={"nonsense": [0.5] * 4})
    with pytest.raises(UsageError, match=r"Known: war_cost\.government, war_cost\.insurgency"):
        worlds(conflict(), range(1, 4), entropy=7, method={"war_cost": [0.5] * 4})


def test_values_of_the_pie_never_sum_to_more_than_one():
    world = worlds(conflict(), range(2_000), entropy=7)
    raw = {
        name: conflict()
        .concessions[name]
        .value.ppf(Fates(7, range(2_000)).uniform("world", f"concession_value.{name}"))
        for name in ("prisoners", "office")
    }
    total = raw["prisoners"] + raw["office"]
    scaled = world["concession_value.prisoners"] + world["concession_value.office"]
    assert total.max() > 1.2 and total.min() < 0.9
    assert scaled.max() <= 1 + 1e-12
    assert np.array_equal(world["concession_value.office"][total <= 1], raw["office"][total <= 1])
    ratio = world["concession_value.office"] / world["concession_value.prisoners"]
    assert np.allclose(ratio, raw["office"] / raw["prisoners"])
    assert set(world["concession_value.withdrawal"]) == {0.9}  # demanded, not part of the pie


@pytest.mark.parametrize("method", ["monte_carlo", "latin_hypercube", "sobol"])
def test_draws_follow_their_priors(method):
    """Kolmogorov-Smirnov against the prior; under Monte Carlo fails with probability 1e-4."""
    world = worlds(conflict(), range(4_096), entropy=7, method=method, total=4_096)
    prior = stats.triang((0.35 - 0.1) / 0.6, loc=0.1, scale=0.6)
    assert stats.kstest(world["misattribution"], prior.cdf).pvalue > FALSE_ALARM
    assert stats.kstest(world["misattribution"] * 1.1, prior.cdf).pvalue < FALSE_ALARM
