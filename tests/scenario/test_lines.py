"""Mistakes in scenario files: each is told on the line on which it stands."""

import tomllib

import pytest

from scenario_texts import FOLDER, MISTAKES, NAMES, SUMS, TEXT, problems, replaced
from settlesim.errors import ScenarioError
from settlesim.scenario.toml_lines import find, key_lines


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES)
def test_a_mistake_is_found_on_its_line(old, new, says):
    text = replaced(old, new)
    (problem,) = problems(text)
    assert new.strip() in text.splitlines()[problem.line - 1]
    assert str(problem).startswith(f"war.toml:{problem.line}: {says}")


@pytest.mark.parametrize(("old", "new", "shown", "says"), SUMS)
def test_a_wrong_sum_is_found_on_the_line_of_what_it_belongs_to(old, new, shown, says):
    text = replaced(old, new)
    (problem,) = problems(text)
    assert text.splitlines()[problem.line - 1] == shown
    assert str(problem).startswith(f"war.toml:{problem.line}: {says}")


def test_a_circle_of_preconditions_is_found_on_its_line():
    text = replaced('when = { taken = "deliver:recognition", delay = 4 }', 'when = { taken = "deliver:delisting" }')
    (problem,) = problems(text)
    assert problem.key == "sequences.confidence_first.steps[3].when"
    assert "circle: 'deliver:prisoners' waits for 'deliver:delisting' waits for 'deliver:prisoners'" in problem.message
    assert 'taken = "deliver:delisting"' in text.splitlines()[problem.line - 1]


def test_all_mistakes_of_a_file_come_at_once_each_with_its_line():
    text = TEXT
    left_out = ("horizn = 260", "low = -1", "[paramters.guarantee]", 'nmae = "Badghis"')
    chosen = [mistake for mistake in MISTAKES if mistake[1] not in left_out]
    for old, new, *_ in [*chosen, SUMS[0]]:
        text = replaced(old, new, text)
    found = problems(text)
    assert len(found) == len(chosen) + 1
    assert all(problem.line is not None for problem in found)
    message = str(ScenarioError(found))
    assert message.count("\n") == len(found) - 1


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('name = "x"\nhorizon = \n', 2, "is not valid TOML: Invalid value"),
        ("a = 1\na = 2\n", 2, "is not valid TOML: Cannot overwrite a value"),
        ("[a]\nb = 'open", 2, "is not valid TOML"),
        ("", None, "is missing"),
    ],
)
def test_what_is_not_toml_is_said_with_its_line(text, line, says):
    problem = problems(text)[0]
    assert problem.line == line
    assert problem.message.startswith(says)


def test_lines_of_every_form_of_key():
    text = """\
a = "x # no comment"   # comment
b.c = [ # comment
  1, {d = 2, e = [3,
  4]},
]
'q r'."s" = '''
long'''
[t.u]
v = \"\"\"
one \\\" two\"\"\"\"
w = 1979-05-27T07:32:00Z
[[list]]
x = 1
[[list]]
[list.inner]
y = { z = -1.5e3 }
"""
    tomllib.loads(text)
    assert key_lines(text) == {
        "a": 1,
        "b": 2,
        "b.c": 2,
        "b.c[0]": 3,
        "b.c[1]": 3,
        "b.c[1].d": 3,
        "b.c[1].e": 3,
        "b.c[1].e[0]": 3,
        "b.c[1].e[1]": 4,
        "q r": 6,
        "q r.s": 6,
        "t": 8,
        "t.u": 8,
        "t.u.v": 9,
        "t.u.w": 11,
        "list": 12,
        "list[0]": 12,
        "list[0].x": 13,
        "list[1]": 14,
        "list[1].inner": 15,
        "list[1].inner.y": 16,
        "list[1].inner.y.z": 16,
    }


def test_the_innermost_place_with_a_line_is_found():
    lines = {"a": 1, "a.b": 2, "a.c[3]": 5}
    assert [find(k, lines) for k in ("a.b.x.y", "a.c[3].d", "a.c[4].d", "z", "")] == [2, 5, 1, None, None]


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_shipped_file_has_its_line(name):
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    rows, lines = text.splitlines(), key_lines(text)

    def walk(value, path):
        if path:
            assert path in lines, path
            last = path.rsplit(".", 1)[-1].split("[")[0]
            assert path.endswith("]") or last in rows[lines[path] - 1]
        for key, item in value.items() if isinstance(value, dict) else ():
            walk(item, f"{path}.{key}" if path else key)
        for at, item in enumerate(value) if isinstance(value, list) else ():
            walk(item, f"{path}[{at}]")

    walk(tomllib.loads(text), "")
