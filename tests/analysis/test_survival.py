"""Cumulative incidence against the empirical share, Kaplan-Meier, and competing exponentials."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import settlesim as ss
from settlesim.analysis.incidence import aalen_johansen, incidence
from settlesim.errors import UsageError
from support import changed, shipped


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(-1, 2)), min_size=1, max_size=40))
def test_complete_data_give_the_empirical_share(runs):
    """All runs are watched to the horizon: the share that has had the event, and a binomial variance."""
    causes = np.array([cause for _, cause in runs])
    weeks = np.array([week if cause >= 0 else 12 for week, cause in runs])
    share, variance, at_risk = aalen_johansen(weeks, causes, 3, 12)
    n = len(runs)
    for week in range(13):
        for kind in range(3):
            p = np.mean((causes == kind) & (weeks <= week))
            assert share[kind, week] == pytest.approx(p, abs=1e-12)
            assert variance[kind, week] == pytest.approx(p * (1 - p) / n, abs=1e-12)
        assert at_risk[week] == np.sum(weeks >= week)


@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=40))
def test_a_single_cause_is_kaplan_and_meier(runs):
    weeks = np.array([week for week, _ in runs])
    seen = np.array([event for _, event in runs])
    share, _, _ = aalen_johansen(weeks, np.where(seen, 0, -1), 1, 12)
    curve = stats.ecdf(stats.CensoredData.right_censored(weeks, ~seen)).sf
    assert 1 - share[0] == pytest.approx(curve.evaluate(np.arange(13)))


def test_variance_of_a_single_cause_is_greenwoods():
    # Remission times of the 6-MP group (Gehan 1965; Freireich et al. 1963), censored where marked by minus.
    times = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]
    weeks, causes = np.abs(times), np.where(np.array(times) > 0, 0, -1)
    share, variance, at_risk = aalen_johansen(weeks, causes, 1, 35)
    assert at_risk[[0, 6, 7, 10, 13, 23]].tolist() == [21, 21, 17, 15, 12, 6]
    assert 1 - share[0, 23] == pytest.approx(0.448, abs=5e-4)
    greenwood, survival = 0.0, 1.0
    for week in np.unique(weeks[causes == 0]):
        d, n = np.sum((weeks == week) & (causes == 0)), np.sum(weeks >= week)
        survival *= 1 - d / n
        greenwood += d / (n * (n - d))
        assert variance[0, week] == pytest.approx(survival**2 * greenwood)


def test_competing_risks_with_censoring_by_hand():
    # Week 1: one of four settles (1/4).  Week 2: one is lost from sight.  Week 3: one of two wins: 3/4 * 1/2.
    share, _, at_risk = aalen_johansen([1, 2, 3, 4], [0, -1, 1, -1], 2, 5)
    assert share[0].tolist() == [0, 0.25, 0.25, 0.25, 0.25, 0.25]
    assert share[1].tolist() == [0, 0, 0, 0.375, 0.375, 0.375]
    assert at_risk.tolist() == [4, 4, 3, 2, 1, 0]


def test_events_beyond_the_horizon_are_not_seen():
    share, _, at_risk = aalen_johansen([1.5, 9.0], [0, 0], 1, 4)
    assert share[0].tolist() == [0, 0, 0.5, 0.5, 0.5] and at_risk[-1] == 1


def test_censored_competing_risks_are_recovered():
    """Constant weekly risks of two events and of being lost: within 4.5 standard errors, which fails with
    probability 6e-5 at most; a rate 10% off is rejected, and so is counting the lost as unharmed."""
    rng = np.random.default_rng(1)
    n, rates = 200_000, np.array([0.02, 0.05])
    event = rng.geometric(-np.expm1(-rates.sum()), n)
    kind = (rng.random(n) < rates[1] / rates.sum()).astype(int)
    lost = rng.geometric(0.04, n)
    weeks = np.minimum(event, lost)
    cause = np.where(event <= lost, kind, -1)
    share, variance, _ = aalen_johansen(weeks, cause, 2, 60)
    at = np.array([5, 10, 20, 40])

    def distance(rates):
        truth = (rates / rates.sum())[:, np.newaxis] * -np.expm1(-rates.sum() * at)
        return np.abs(share[:, at] - truth) / np.sqrt(variance[:, at])

    assert distance(rates).max() < 4.5
    assert distance(rates * [1.1, 1]).max() > 10 and distance(rates * [1, 1.1]).max() > 10
    unharmed, _, _ = aalen_johansen(np.where(cause < 0, 60, weeks), cause, 2, 60)
    assert np.abs(unharmed - share)[:, at].max() > 0.05


def outcomes(made, **more):
    # Codes: 0 victory, 1 settlement, 2 continued war
    return made(
        outcome=[[0, 1, 1, 2], [2, 2, 2, 2]],
        outcome_week=[[3.0, 5.0, 5.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        settlement_week=[[np.nan, 5.0, 2.0, np.nan], [np.nan] * 4],
        coded=("outcome",),
        **more,
    )


def test_outcomes_by_week(made):
    course = incidence(outcomes(made), "final")
    assert course.incidence.dims == ("sequence", "outcome_kind", "week")
    assert course.outcome_kind.values.tolist() == ["victory", "settlement"]
    a = course.sel(sequence="a")
    assert a.incidence.sel(outcome_kind="victory").values.tolist() == [0.0] * 3 + [0.25] * 8
    assert a.incidence.sel(outcome_kind="settlement").values.tolist() == [0.0] * 5 + [0.5] * 6
    assert a.at_risk.values.tolist() == [4] * 4 + [3] * 2 + [1] * 5
    theirs = stats.binomtest(2, 4).proportion_ci(method="wilson")
    last = a.sel(outcome_kind="settlement", week=10)
    assert (last.low.item(), last.high.item()) == pytest.approx((theirs.low, theirs.high))
    assert (course.incidence.sel(sequence="b") == 0).all()
    assert course.high.sel(sequence="b", week=10).values == pytest.approx(
        [stats.binomtest(0, 4).proportion_ci(method="wilson").high] * 2
    )


def test_first_events_are_not_final_outcomes(made):
    """A run that signs and is then lost leaves the first race by its deal and the last by the victory."""
    both = made(
        names=("a",),
        outcome=[[0, 0, 2, 1]],
        outcome_week=[[7.0, 3.0, 0.0, 4.0]],
        first_event=[[1, 0, 2, 1]],
        first_event_week=[[2.0, 3.0, np.nan, 4.0]],
        coded=("outcome", "first_event"),
    )
    first, final = incidence(both, "first"), incidence(both, "final")
    assert incidence(both).identical(first) and first.attrs["title"].startswith("first events")
    assert final.attrs["title"].startswith("final outcomes")
    for week, deals, victories in ((2, 0.25, 0), (3, 0.25, 0.25), (4, 0.5, 0.25), (10, 0.5, 0.25)):
        one = first.incidence.sel(sequence="a", week=week)
        assert [one.sel(first_event_kind=kind).item() for kind in ("settlement", "victory")] == [deals, victories]
    last = final.incidence.sel(sequence="a", week=10)
    assert [last.sel(outcome_kind=kind).item() for kind in ("settlement", "victory")] == [0.25, 0.5]


def test_censored_meanings_can_be_chosen(made):
    course = incidence(outcomes(made), "final", censored=("continued_war", "settlement"))
    assert course.outcome_kind.values.tolist() == ["victory"]
    with pytest.raises(UsageError, match="did you mean 'settlement'"):
        incidence(outcomes(made), "final", censored="setlement")


def test_a_milestone_by_week(made):
    course = incidence(outcomes(made), event="settlement_week")
    assert course.incidence.dims == ("sequence", "week")
    assert course.incidence.sel(sequence="a").values.tolist() == [0, 0, 0.25, 0.25, 0.25] + [0.5] * 6
    assert (course.incidence.sel(sequence="b") == 0).all()


def test_weeks_may_stand_elsewhere(made):
    dataset = outcomes(made).rename(outcome_week="when")
    with pytest.raises(UsageError, match="outcome_week"):
        incidence(dataset, "final")
    named = incidence(dataset, "outcome", week="when").incidence
    assert named.equals(incidence(outcomes(made), "final").incidence)


def test_the_horizon_must_be_known(made):
    dataset = outcomes(made)
    del dataset.attrs["horizon"]
    with pytest.raises(UsageError, match="horizon"):
        incidence(dataset)
    with pytest.raises(UsageError, match="level"):
        incidence(outcomes(made), level=0)


@pytest.mark.parametrize("name", ["deaths", "weeks_of_ceasefire", "settled"])
def test_only_weeks_of_events_have_an_incidence(name):
    """A number of deaths, or of weeks, read as the week of an event would be drawn without a word."""
    result = ss.simulate(changed(shipped("two-party"), horizon=16, targets=[]), runs=3, rng=7)
    with pytest.raises(UsageError, match=f"^'{name}' is of the kind .* weeks of events .known: .*settlement_week"):
        incidence(result, name)
    with pytest.raises(UsageError, match="'deaths' is of the kind 'amount'"):
        incidence(result, "first", week="deaths")


def test_what_says_nothing_of_its_kind_is_an_amount():
    """A result of another tool, or of an older version: refused, and how to declare it."""
    result = ss.simulate(changed(shipped("two-party"), horizon=16, targets=[]), runs=3, rng=7)
    del result["settlement_week"].attrs["kind"]
    with pytest.raises(UsageError, match=r'has no declared kind, .*kind="weeks"'):
        incidence(result, "settlement_week")
