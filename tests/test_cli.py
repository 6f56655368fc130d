"""The command line as a stranger meets it."""

from __future__ import annotations

import contextlib
import json

import pytest

import command_line
import settlesim as ss


def settlesim(*words, cwd="."):
    with contextlib.chdir(cwd):
        return command_line.settlesim(*words)


def test_list_names_every_scenario_and_sequence():
    found = json.loads(settlesim("list", "--json").out)
    assert found["scenarios"]["afghanistan-2018"]["sequences"] == list(ss.load("afghanistan-2018").sequences)
    assert {"two-party", "null-order", "colombia-2012"} <= set(found["scenarios"])
    assert "kabul_first" in settlesim("list").out


def test_compare_prints_outcomes_differences_ranking_and_the_caution():
    answer = settlesim("compare", "two-party", "--runs", 40, "--rng", 7)
    assert answer.code == 0 and answer.err == ""
    for part in ("Outcomes, % of 40 runs", "settled: difference from talk", "deaths", "Ranking", "not a forecast",
                 "Entropy 7"):  # fmt: skip
        assert part in answer.out


def test_json_and_library_agree():
    answer = json.loads(settlesim("compare", "two-party", "--runs", 40, "--rng", 7, "--json").out)
    result = ss.compare(ss.load("two-party"), runs=40, rng=7)
    expected = float(ss.summary(result, "deaths").deaths.sel(statistic="estimate", sequence="talk"))
    assert answer["outcomes"][0]["deaths"]["estimate"] == expected
    assert [row["sequence"] for row in answer["differences"]["settled"]] == ["give_first", "quiet_first", "no_talks"]


def strict(text):
    """JSON as others read it, who know no NaN."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_the_reference_is_the_last_line_and_marked():
    answer = settlesim("compare", "two-party", "-s", "talk", "-s", "give_first", "--runs", 30, "--rng", 7, "--json")
    found = strict(answer.out)
    for rows in (found["outcomes"], found["differences"]["deaths"]):
        assert [row["reference"] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert [row["place"] for row in found["ranking"]] == [1, 2, None]
    assert found["outcomes"][-1]["settlement_week"] == {"estimate": None, "error": None, "n": 0.0}
    text = settlesim("compare", "two-party", "-s", "talk", "-s", "give_first", "--runs", 30, "--rng", 7).out
    assert text.count("no_talks (reference)") == text.count("no_talks") >= 6
    assert "no_talks" not in settlesim("compare", "two-party", "--runs", 8, "--rng", 7, "--no-reference").out


def test_tables_say_what_they_are_headed_by():
    result = ss.simulate(ss.load("two-party"), runs=2, rng=7)
    text = " ".join(settlesim("compare", "two-party", "--runs", 30, "--rng", 7).out.split())
    for name in ("signed", "settled", "standing", "comprehensive"):
        assert f"{name}: {result[name].attrs['long_name']}" in text
    found = strict(settlesim("run", "two-party", "--runs", 8, "--rng", 7, "--json").out)
    assert found["meanings"]["signed"] == result.signed.attrs["long_name"]


def test_first_events_and_final_outcomes_are_told_apart():
    shown = {
        which: settlesim("run", "two-party", "--runs", 60, "--rng", 7, "--incidence", which).out
        for which in ("first", "final")
    }
    assert "First events" in shown["first"] and "│ deal on power" in shown["first"]
    assert "Final outcomes" in shown["final"] and "│ deal on power" not in shown["final"]


def test_base_rates_stand_beside_what_ended():
    found = strict(settlesim("base-rates", "afghanistan-2018", "--runs", 20, "--json").out)
    assert found["sequence"] == "no_talks" and found["runs"] == 20
    assert found["terminations"][1]["termination"] == "ceasefire" and found["terminations"][1]["simulated"] is None


def test_run_saves_and_draws(tmp_path):
    answer = settlesim("run", "two-party", "--runs", 20, "--rng", 7, "--out", "a.nc", "--plot", "a.png", cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert ss.open(tmp_path / "a.nc").sizes["run"] == 20
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_settings_reach_the_model():
    first, second = (
        json.loads(settlesim("run", "two-party", "--runs", 20, "--rng", 7, "--json", "--set", setting).out)
        for setting in ("deaths_base=100", "deaths_base=200")
    )
    a, b = (answer["outcomes"][0]["deaths"]["estimate"] for answer in (first, second))
    # Twice the deaths, but for what losses do to the war.
    assert b == pytest.approx(2 * a, rel=0.05)


def test_a_setting_for_one_party():
    answer = settlesim("run", "two-party", "--runs", 5, "--rng", 7, "--set", "concession_acceptance.government=0.5")
    assert answer.code == 0, answer.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["compare", "afganistan-2018"], 2, "did you mean 'afghanistan-2018'"),
        (["run", "two-party", "-s", "tlak"], 2, "did you mean 'talk'"),
        (["run", "two-party", "--set", "defecton_rate=1"], 2, "did you mean 'defection_rate'"),
        (["run", "two-party", "--set", "war_cost.goverment=1"], 2, "did you mean 'war_cost.government'"),
        (["run", "two-party", "--set", "war_cost.government=0", "--set", "war_cost=0"], 2, "set the same number"),
        (["run", "two-party", "--set", "defection_rate=3"], 2, "allowed: 0 to 1"),
        (["run", "two-party", "--set", "defection_rate"], 2, "name=value"),
        (["run", "two-party", "--set", "defection_rate=nan"], 2, "must be a finite number"),
        (["run", "two-party", "--runs", "0"], 2, "--runs"),
        (["run", "two-party", "--out", "result.xls"], 2, "must end in"),
        (["validate", "two-party"], 2, "declares no targets"),
        (["base-rates", "two-party"], 2, "declares no [base_rates]"),
        (["run", "two-party", "--incidence", "frist"], 2, "did you mean 'first'"),
        (["replay", "two-party", "--engine", "abacus"], 2, "abacus"),
    ],
)
def test_errors_go_to_stderr_without_a_traceback(words, code, said):
    answer = settlesim(*words)
    assert answer.code == code
    assert said in answer.err
    assert "Traceback" not in answer.err and answer.out == ""


def test_a_broken_file_names_each_problem(tmp_path):
    text = 'extends = "two-party"\nname = "mine"\n[parameters]\ndefection_rate = { value = 7 }\n'
    text += "splinter_rat = { value = 1 }\n"
    (tmp_path / "mine.toml").write_text(text)
    answer = settlesim("run", "mine.toml", cwd=tmp_path)
    assert answer.code == 2 and "Traceback" not in answer.err
    assert "mine.toml:4" in answer.err and "mine.toml:5" in answer.err and "splinter_rate" in answer.err


def test_replay_is_dated_and_gives_causes():
    story = settlesim("replay", "two-party", "--run", 3, "--rng", 7).out
    assert "week 8 (26 Feb 2020)" in story and "clock of consent rang" in story
    events = json.loads(settlesim("replay", "two-party", "--run", 3, "--rng", 7, "--json").out)
    assert all({"week", "date", "event", "cause"} == set(event) for event in events["events"])


def test_validate_tells_both_troop_modes_and_sets_held_out_targets_apart():
    answer = json.loads(settlesim("validate", "afghanistan-2018", "--runs", 12, "--json").out)
    assert answer["title"].startswith("Afghanistan") and answer["sequence"] == "historical"
    assert list(answer["modes"]) == ["dated", "endogenous"]
    for mode in answer["modes"].values():
        rows = mode["targets"]
        assert {row["target"] for row in rows if row["held_out"]} >= {"deaths_2021", "kabul_falls"}
        assert {"rebound", "deaths_2018"} <= {row["target"] for row in rows if row["group"] == "tuned"}
        order = [row["inside_90"] for row in rows if row["group"] == "test"]
        assert order == sorted(order) and mode["counts"]["coverage_90_n"] == len(order)
        assert all(row["crps"] is None or row["crps"] >= 0 for row in rows)


def test_validate_takes_title_and_history_from_the_file():
    shown = settlesim("validate", "colombia-2012", "--runs", 8).out
    assert "Colombia, from the framework agreement" in shown and "runs of amid_war" in shown
    assert "dated" not in shown and "2018" not in shown


def test_schema_is_json():
    assert json.loads(settlesim("schema").out)["type"] == "object"
