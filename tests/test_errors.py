"""Errors name the place, the value, what was allowed and what was probably meant."""

import pickle

import pytest

from settlesim.errors import Problem, ScenarioError, SettlesimError, UsageError, choose, nearest


def test_a_problem_is_one_line_with_everything_in_it():
    problem = Problem("war.toml", "a.prior.low", "must not exceed mode 0.006", 41, 0.5, "0 to 1", "b")
    assert str(problem) == (
        "war.toml:41: a.prior.low = 0.5: must not exceed mode 0.006; did you mean 'b'? [allowed: 0 to 1]"
    )


def test_what_is_not_known_is_not_shown():
    assert str(Problem("war.toml", "", "is not UTF-8 text")) == "war.toml: is not UTF-8 text"
    assert str(Problem("war.toml", "horizon", "is missing", 3)) == "war.toml:3: horizon: is missing"


def test_a_long_value_is_cut_and_a_newline_does_not_break_the_line():
    text = str(Problem("war.toml", "title", "is too long", value="a\n" * 500))
    assert len(text) < 120
    assert "\n" not in text


def test_an_error_shows_every_problem_and_survives_pickling():
    problems = [Problem("a", "b", "c", 1), Problem("a", "d", "e", 2)]
    error = ScenarioError(problems)
    assert str(error).splitlines() == [str(p) for p in problems]
    again = pickle.loads(pickle.dumps(error))
    assert again.problems == error.problems
    assert str(again) == str(error)


def test_moving_a_problem_changes_its_place_only():
    problem = Problem("a", "b", "c", value=1, allowed="2", nearest="d")
    assert problem.moved("x", 9) == Problem("x", "b", "c", 9, 1, "2", "d")


@pytest.mark.parametrize("kind", [ScenarioError, UsageError])
def test_all_errors_have_one_root(kind):
    assert issubclass(kind, SettlesimError)


def test_nearest_finds_the_likely_name_and_nothing_far_off():
    assert nearest("kabul_frst", ["us_first", "kabul_first"]) == "kabul_first"
    assert nearest("zzz", ["us_first", "kabul_first"]) is None
    assert nearest("x" * 100_000, ["us_first"]) is None


def test_choose_returns_the_name_or_names_the_nearest():
    assert choose("a", ["a", "b"], "thing") == "a"
    with pytest.raises(UsageError, match=r"unknown thing 'us_frst'; did you mean 'us_first'\? Known: us_first"):
        choose("us_frst", ["us_first"], "thing")
    with pytest.raises(UsageError, match=r"unknown thing 'q'\. Known: a, b"):
        choose("q", ["a", "b"], "thing")


def test_a_problem_is_one_printable_line_whatever_the_keys_of_the_file():
    said = str(Problem("war.toml", "actors.a\nb\x00\u202e" + "c" * 5000, "unknown key"))
    assert said.startswith("war.toml: actors.a\\nb\\x00\\u202ec") and said.isprintable() and len(said) == 1000
