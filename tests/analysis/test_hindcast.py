"""The table of observed against simulated."""

import numpy as np
import pytest

from settlesim.analysis.hindcast import hindcast, target_values, troop_modes
from settlesim.errors import ScenarioError, UsageError
from settlesim.scenario.sequence import Sequence
from settlesim.scenario.targets import Target
from support import shipped


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
    dataset.attrs["history_sequence"] = "historical"
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


def test_violence_in_the_week_of_the_deal(course):
    deaths = course["deaths_weekly"].values
    weekly = np.full(31, 10.0)
    weekly[12] = 3.0
    deaths[1, 0] = np.cumsum(weekly) - 10
    found = values(course, "ratio", "violence_in_reduction", 0.25)
    assert found[0] == pytest.approx(0.3) and found[1] == pytest.approx(1) and np.isnan(found[2])


def test_a_rebound_is_against_the_same_weeks_a_year_before(made):
    """Attacks double from the year to the next, and are fewer only in the weeks just before the deal."""
    weeks = np.arange(131)
    season = 1 + 0.3 * np.sin(2 * np.pi * weeks / 52)
    attacks = np.broadcast_to(season * np.where(weeks > 65, 2.0, 1.0), (1, 5, 131)).copy()
    attacks[0, 0, 72:81] = 0.01
    dataset = made(
        names=("historical",), horizon=130, weekly={"attack_intensity": attacks}, coded=("outcome",),
        outcome=[[2, 2, 2, 2, 0]], outcome_week=[[0.0, 0.0, 0.0, 0.0, 83.0]],
        # Too early to look a year back, too late to look six weeks ahead, over within six weeks.
        first_deal_week=[[80.0, 50.0, 127.0, np.nan, 80.0]],
    )  # fmt: skip
    dataset["outcome"] = dataset.outcome.assign_attrs(flag_meanings="insurgent_victory settlement continued_war")
    found = target_values(dataset, target("t", "ratio", "violence_after_deal", 1.7)).values[0]
    assert found[0] == pytest.approx(2.0) and np.isnan(found[1:]).all()


def test_attacks_are_held_against_the_same_weeks_of_the_year_before(made):
    attacks = np.ones((1, 3, 131))
    attacks[0, :, 31:44], attacks[0, :, 83:96] = 2.0, 3.0
    attacks[0, 1, 31:44] = 0.0
    dataset = made(names=("historical",), horizon=130, weekly={"attack_intensity": attacks}, coded=("outcome",),
                   outcome=[[2, 2, 0]], outcome_week=[[0.0, 0.0, 90.0]])  # fmt: skip
    dataset["outcome"] = dataset.outcome.assign_attrs(flag_meanings="insurgent_victory settlement continued_war")
    found = target_values(dataset, target("t", "ratio", "attacks_on_the_year_before", 1.2, at=[83, 95])).values[0]
    assert found[0] == 1.5 and np.isnan(found[1:]).all()
    with pytest.raises(UsageError, match="covers no weeks"):
        target_values(dataset, target("t", "ratio", "attacks_on_the_year_before", 1.2, at=[40, 50]))


def test_collapse_after_the_withdrawal(course):
    # Below a twentieth of 14 thousand from week 14 on.
    found = values(course, "milestone", "collapse_after_withdrawal_weeks", 6)
    assert found == [np.inf, np.inf, 6, 11]
    course["troops_weekly"][1, 3] = 14.0  # the patron stayed
    assert np.isnan(values(course, "milestone", "collapse_after_withdrawal_weeks", 6)[3])
    course["troops_weekly"][1, 3, 5:] = 6.0  # most of it had left when the government fell
    assert values(course, "milestone", "collapse_after_withdrawal_weeks", 6)[3] == 0
    course["troops_weekly"][1, 0] = 6.0  # but it did not fall
    assert np.isnan(values(course, "milestone", "collapse_after_withdrawal_weeks", 6)[0])


def test_speed_of_the_collapse_is_against_the_drift_that_was_observed(course):
    control = course["insurgent_control_weekly"].values
    control[1, 2, 11:21] = control[1, 2, 10] + 0.03 * np.arange(1, 11)
    control[1, 2, 21:] = control[1, 2, 20]
    found = values(course, "ratio", "control_drift_ratio", 30, relative_to=0.0005)
    assert found[2] == pytest.approx(0.03 / 0.0005) and found[3] == pytest.approx(0.001 / 0.0005)
    assert np.isnan(found[0])
    with pytest.raises(UsageError, match=r"'t' does not say which observed rate .*relative_to"):
        values(course, "ratio", "control_drift_ratio", 30)


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
    assert (attrs["coverage_50_n"], attrs["coverage_50_n_held_out"]) == (3, 2)
    assert attrs["coverage_50_low"] == pytest.approx(0.0943, abs=1e-4)
    assert np.isnan(hindcast(course, TARGETS[:1]).attrs["coverage_90_held_out"])


def test_what_was_tuned_is_shown_apart_and_counts_nowhere(course):
    tuned = target("tuned", "milestone", "kabul_talks_opened_week", 2.0, tuned="set knowing it", persistence=30)
    table, without = hindcast(course, [*TARGETS, tuned]), hindcast(course, TARGETS)
    assert table.target.values.tolist() == ["unmet", "miss", "hit", "tuned", "held_miss", "held_hit"]
    assert table.group.values.tolist() == ["test"] * 3 + ["tuned"] + ["held_out"] * 2
    counted = [key for key in table.attrs if key.startswith(("coverage", "share_met", "beats"))]
    assert len(counted) == 2 * (8 + 1 + 4)
    for key in counted:
        assert table.attrs[key] == pytest.approx(without.attrs[key], nan_ok=True), key
    with pytest.raises(ScenarioError, match="was not held out"):
        target("t", "milestone", "kabul_talks_opened_week", 2.0, tuned="set knowing it", held_out=True)


def test_scores_beside_those_of_the_references(course):
    one = target("t", "milestone", "kabul_talks_opened_week", 6.0, persistence=30, climatology=[6.0, 8.0])
    table = hindcast(course, [one, target("u", "milestone", "outcome_week", 20)])
    row = table.sel(target="t")
    # Weeks 5, 6, 7 and never, which counts as week 30: mean distance 6.5, half the mean distance of pairs 4.75.
    assert row.crps.item() == pytest.approx(6.5 - 76 / 16)
    assert row.crps_persistence.item() == 24 and row.crps_climatology.item() == pytest.approx(1 - 0.5)
    assert 0.2 <= row.pit.item() <= 0.6
    assert table.attrs["beats_persistence"] == 1 and table.attrs["beats_persistence_n"] == 1
    assert table.attrs["beats_climatology"] == 0 and table.attrs["beats_climatology_n"] == 1
    assert np.isnan(table.sel(target="u").crps_persistence.item())
    other = hindcast(course, [one], seed=1)
    assert other.pit.item() != row.pit.item() and hindcast(course, [one]).pit.item() == row.pit.item()


def test_weeks_after_the_withdrawal_are_censored_where_the_run_ends(course):
    # Troops are gone in week 14 of 30, so that a run sees 16 weeks more.
    one = target("t", "milestone", "collapse_after_withdrawal_weeks", 6, persistence=16)
    row = hindcast(course, [one]).sel(target="t")
    spread = np.abs(np.subtract.outer([16, 16, 6, 11], [16, 16, 6, 11])).mean() / 2
    assert row.crps.item() == pytest.approx((10 + 10 + 0 + 5) / 4 - spread)


def test_both_troop_modes_where_there_is_a_path():
    modes = troop_modes(shipped())
    assert {mode: plan.levers["dated_troops"] for mode, plan in modes.items()} == {"dated": 1, "endogenous": 0}
    assert {plan.name for plan in modes.values()} == {"historical"}
    # Nothing else differs.
    assert modes["dated"].with_levers(dated_troops=0) == modes["endogenous"]
    assert [plan.name for plan in troop_modes(shipped("colombia-2012")).values()] == ["amid_war"]
    own = Sequence("own", troop_path=[(0, 14), (9, 0)])
    assert list(troop_modes(shipped(), own)) == ["dated", "endogenous"]
    with pytest.raises(UsageError, match="stands for history, or with history_sequence in the file"):
        troop_modes(shipped("two-party"))


def test_every_shipped_target_has_a_reference_and_says_where_it_is_from():
    for name in ("afghanistan-2018", "colombia-2012"):
        for one in shipped(name).targets:
            assert one.persistence is not None
            assert "ersistence: " in (one.note or "") or "eferences: " in (one.note or "")
            low, high = (0, 1) if one.unit == "share" else (0, np.inf)
            assert all(low <= value <= high for value in (one.persistence, *one.climatology))


def test_runs_that_cannot_say_are_counted(course):
    table = hindcast(course, [target("t", "ratio", "violence_in_reduction", 1.0)])
    assert table.n.item() == 3 and table.q50.item() == pytest.approx(1)
    nobody = hindcast(course, [target("t", "ratio", "violence_in_reduction", 1.0)], sequence="plan")
    assert nobody.n.item() == 0 and np.isnan(nobody.q50.item()) and not nobody.met.item()


def test_which_sequence_is_history(course):
    other = course.assign_coords(sequence=["plan", "other"])
    with pytest.raises(UsageError, match="say with sequence= which of plan, other"):
        hindcast(other, TARGETS)
    told = other.assign_attrs(history_sequence="other")
    assert hindcast(told, TARGETS).attrs["sequence"] == "other"
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
