"""The table of observed against simulated."""

import numpy as np
import pytest

from settlesim.analysis.hindcast import hindcast, target_values
from settlesim.errors import UsageError
from settlesim.scenario.targets import Target


def target(name, kind, variable, observed, **more):
    told = {"unit": "ratio", "source": "x", "tag": "P", "meaning": "m"} | more
    if not {"low", "high", "tolerance"} & set(told):
        told["tolerance"] = 0.25
    return Target(name=name, kind=kind, variable=variable, observed=observed, **told)


@pytest.fixture
def course(made):
    """Two sequences of four runs over 30 weeks; the second is history."""
    weeks = np.arange(31.0)
    deaths = np.cumsum(np.full((2, 4, 31), 10.0), axis=2) - 10.0
    deaths[1, 1] *= 2
    deaths[1, 2, 20:] = deaths[1, 2, 20]  # over in week 20
    control = np.broadcast_to(0.1 + 0.001 * weeks, (2, 4, 31)).copy()
    troops = np.broadcast_to(np.clip(14 - weeks, 0, None), (2, 4, 31)).copy()
    dataset = made(
        names=("plan", "historical"),
        horizon=30,
        weekly={
            "deaths": deaths,
            "insurgent_control": control,
            "government_control": np.full((2, 4, 31), 0.5),
            "rival_strength_now": np.full((2, 4, 31), 2000.0),
            "troops": troops,
        },
        outcome=[[2, 2, 2, 2], [2, 2, 0, 0]],
        outcome_week=[[0.0] * 4, [0.0, 0.0, 20.0, 25.0]],
        first_deal_week=[[np.nan] * 4, [12.0, 12.0, np.nan, 29.0]],
        coded=("outcome",),
    )
    meanings = {"flag_meanings": "insurgent_victory settlement continued_war"}
    dataset["outcome"] = dataset.outcome.assign_attrs(meanings)
    opened = [[[np.nan] * 2] * 4, [[5.0, np.nan], [6.0, 1.0], [7.0, np.nan], [np.nan, np.nan]]]
    dataset["track_opened_week"] = (("sequence", "run", "track"), opened)
    return dataset.assign_coords(track=["kabul_talks", "patron_talks"])


def values(course, *args, **more):
    return target_values(course, target("t", *args, **more)).sel(sequence="historical").values.tolist()


def test_deaths_of_a_year_stop_with_the_war(course):
    assert values(course, "deaths_year", "deaths", 100, at=[15, 25]) == [100, 200, 50, 100]
    assert values(course, "deaths_year", "deaths", 100, at=[21, 25])[2] == 0


def test_values_of_a_week_and_means_over_weeks(course):
    assert values(course, "weekly_value", "insurgent_control", 0.1, at=9.7) == pytest.approx([0.11] * 4)
    assert values(course, "weekly_value", "insurgent_control", 0.1, at=[10, 20]) == pytest.approx([0.115] * 4)
    assert values(course, "weekly_value", "contested_control", 0.1, at=10) == pytest.approx([0.39] * 4)
    assert values(course, "weekly_value", "rival_strength", 2000, at=[0, 30]) == [2000] * 4


def test_milestones_may_never_come(course):
    assert values(course, "milestone", "first_deal_week", 12) == [12, 12, np.inf, 29]
    assert values(course, "milestone", "kabul_talks_opened_week", 6) == [5, 6, 7, np.inf]
    assert values(course, "milestone", "outcome_week", 20) == [np.inf, np.inf, 20, 25]


def test_violence_around_the_deal(course):
    deaths = course["deaths_weekly"].values
    weekly = np.full(31, 10.0)
    weekly[12], weekly[13:19] = 3.0, 15.0
    deaths[1, 0] = np.cumsum(weekly) - 10
    found = values(course, "ratio", "violence_in_reduction", 0.25)
    assert found[0] == pytest.approx(0.3) and found[1] == pytest.approx(1) and np.isnan(found[2])
    rebound = values(course, "ratio", "violence_after_deal", 1.7)
    # The fourth run's deal came too late to look six weeks ahead.
    assert rebound[0] == pytest.approx(1.5) and np.isnan(rebound[2]) and np.isnan(rebound[3])


def test_collapse_after_the_withdrawal(course):
    # Below a twentieth of 14 thousand from week 14 on.
    found = values(course, "milestone", "collapse_after_withdrawal_weeks", 6)
    assert found == [np.inf, np.inf, 6, 11]
    course["troops_weekly"][1, 3] = 14.0  # the patron stayed
    assert np.isnan(values(course, "milestone", "collapse_after_withdrawal_weeks", 6)[3])


def test_speed_of_the_collapse(course):
    control = course["insurgent_control_weekly"].values
    control[1, 2, 11:21] = control[1, 2, 10] + 0.03 * np.arange(1, 11)
    control[1, 2, 21:] = control[1, 2, 20]
    drift = (control[1, :, 30] - control[1, :, 0]).mean() / 30
    found = values(course, "ratio", "control_drift_ratio", 30)
    assert found[2] == pytest.approx(0.03 / drift) and found[3] == pytest.approx(0.001 / drift)
    assert np.isnan(found[0])


def test_quantities_of_ones_own(course):
    one = target("t", "ratio", "half", 1.0)
    with pytest.raises(UsageError, match="nothing is known of 'half'"):
        hindcast(course, [one])
    table = hindcast(course, [one], derived={"half": lambda dataset: dataset.outcome_week / 2})
    assert table.q95.item() == 12.5


TARGETS = [
    target("hit", "milestone", "kabul_talks_opened_week", 6.0),
    target("held_hit", "milestone", "kabul_talks_opened_week", 6.0, held_out=True),
    target("miss", "milestone", "kabul_talks_opened_week", 60.0, low=3.0, high=70.0),
    target("unmet", "milestone", "kabul_talks_opened_week", 5.0, low=4.0, high=5.0),
    target("held_miss", "milestone", "kabul_talks_opened_week", 2.0, held_out=True),
]


def test_the_table(course):
    table = hindcast(course, TARGETS)
    assert table.attrs["sequence"] == "historical"
    # Infinity lies in no declared band and above every observation, so 60 is inside the 90% band: never
    # counts.
    assert table.target.values.tolist() == ["unmet", "miss", "hit", "held_miss", "held_hit"]
    assert table.held_out.values.tolist() == [False, False, False, True, True]
    row = table.sel(target="hit")
    quantiles = [row[name].item() for name in ("q05", "q25", "q50", "q75", "q95")]
    assert quantiles == [5, 5, 6, 7, np.inf]
    assert row.inside_50.item() and row.inside_90.item() and row.met.item()
    assert row.n.item() == 4 and row.reached.item() == 0.75
    assert (row.observed.item(), row.low.item(), row.high.item()) == (6, 4.5, 7.5)
    miss = table.sel(target="miss")
    assert not miss.inside_50.item() and miss.inside_90.item() and miss.met.item()
    held = table.sel(target="held_miss")
    assert not held.inside_90.item() and not held.met.item()
    unmet = table.sel(target="unmet")
    assert unmet.inside_50.item() and not unmet.met.item()


def test_coverage_is_counted_apart(course):
    attrs = hindcast(course, TARGETS).attrs
    assert attrs["coverage_90"] == 1 and attrs["coverage_90_held_out"] == 0.5
    assert attrs["coverage_50"] == pytest.approx(2 / 3) and attrs["coverage_50_held_out"] == 0.5
    assert attrs["share_met"] == pytest.approx(2 / 3) and attrs["share_met_held_out"] == 0.5
    assert np.isnan(hindcast(course, TARGETS[:1]).attrs["coverage_90_held_out"])


def test_runs_that_cannot_say_are_counted(course):
    table = hindcast(course, [target("t", "ratio", "violence_in_reduction", 1.0)])
    assert table.n.item() == 3 and table.q50.item() == pytest.approx(1)
    nobody = hindcast(course, [target("t", "ratio", "violence_in_reduction", 1.0)], sequence="plan")
    assert nobody.n.item() == 0 and np.isnan(nobody.q50.item()) and not nobody.met.item()


def test_which_sequence_is_history(course):
    other = course.assign_coords(sequence=["plan", "other"])
    with pytest.raises(UsageError, match="say with sequence= which of plan, other"):
        hindcast(other, TARGETS)
    assert hindcast(other, TARGETS, sequence="other").q50.equals(hindcast(course, TARGETS).q50)
    assert hindcast(other.isel(sequence=[1]), TARGETS).attrs["sequence"] == "other"


def test_what_is_missing_is_said(course):
    with pytest.raises(UsageError, match="declares no targets"):
        hindcast(course, [])
    with pytest.raises(UsageError, match="record='weekly'"):
        values(course.drop_vars("troops_weekly"), "milestone", "collapse_after_withdrawal_weeks", 6)
    with pytest.raises(UsageError, match="record='weekly'"):
        values(course.drop_dims("week"), "weekly_value", "troops", 6, at=3)
    with pytest.raises(UsageError, match="covers week 99, but the simulation ends with week 30"):
        values(course, "weekly_value", "troops", 6, at=99)
    with pytest.raises(UsageError, match="does not say which weeks it covers"):
        values(course, "weekly_value", "troops", 6)
    with pytest.raises(UsageError, match="no variable 'bogota_opened_week'"):
        values(course, "milestone", "bogota_opened_week", 6)
