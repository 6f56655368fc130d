"""docs/model.md covers the model: every mechanism, every rule, every name, in maths that GitHub can show."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import settlesim as ss
from settlesim.model.codes import OUTCOMES, PHASES, STATUS
from settlesim.model.items import Commanders, Rule
from settlesim.model.standard import FILES, STANDARD, WEEK
from settlesim.model.variables import SCOPES, Luck
from settlesim.scenario.conditions import KINDS

ROOT = Path(__file__).parents[2]
HEADING = r"^### \[(.+)\]\(\.\./src/settlesim/model/rules/(\w+)\.py\)$"
MECHANISMS = [
    (mechanism.name, file) for stage, files in FILES.items() for mechanism, file in zip(WEEK[stage], files, strict=True)
]
# What the page names that is neither a number, a variable nor another name of the model.
OTHER = {
    "a_b",
    "climatology",
    "hindcast",
    "history_sequence",
    "ordered",
    "pace",
    "persistence",
    "proposed_by",
    "relative_to",
    "reversibility",
    "scores",
    "troop_path",
    "tuned",
    "zeuthen",
}


@pytest.fixture(scope="module")
def page():
    return (ROOT / "docs" / "model.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sections(page):
    """Text of each mechanism's section, by file."""
    parts = re.split(HEADING, page, flags=re.MULTILINE)
    return {
        file: re.split(r"^## ", text, flags=re.MULTILINE)[0]
        for file, text in zip(parts[2::3], parts[3::3], strict=True)
    }


def rules_of(file):
    module = importlib.import_module(f"settlesim.model.rules.{file}")
    return [rule for rule in vars(module).values() if isinstance(rule, Rule)]


def test_mechanisms_are_headings_in_the_order_of_a_week(page):
    assert re.findall(HEADING, page, re.MULTILINE) == MECHANISMS


def test_every_file_of_rules_is_a_mechanism_of_the_week():
    files = {path.stem for path in (ROOT / "src" / "settlesim" / "model" / "rules").glob("*.py")} - {"__init__"}
    assert files == {file for _, file in MECHANISMS}


@pytest.mark.parametrize("file", [file for _, file in MECHANISMS])
def test_a_section_covers_its_rules_and_their_sources(file, sections, build):
    text = build.hand_written(sections[file])
    assert f"<!-- code: {file} -->" in sections[file]
    for rule in rules_of(file):
        assert f"`{rule.name}`" in text, f"the section does not speak of {rule.name}"
        missing = set(rule.source.split()) - set(build.cited(text))
        assert not missing, f"{rule.name} rests on {missing}, which its section does not cite"


def names_of_the_model():
    war = ss.load("afghanistan-2018")
    clocks = [clock for item in STANDARD.items if isinstance(item, Commanders) for clock in item.clocks]
    named = [*STANDARD.variables, *STANDARD.items, *STANDARD.setup, *STANDARD.luck, *STANDARD.outcomes, *clocks]
    roles = [f"{name}_{entry}" for name, p in war.parameters.items() for entry in p.entries() if entry]
    tables = [war.parameters, war.concessions, war.obligations, war.tracks, war.sequences, war.actors]
    codes = [*OUTCOMES.values(), *PHASES.values(), *STATUS.values()]
    rules = [rule.name for _, file in MECHANISMS for rule in rules_of(file)]
    return {*(x.name for x in named), *roles, *codes, *rules, *KINDS, *SCOPES, *(n for t in tables for n in t)}


def test_every_name_in_the_text_is_one_of_the_model(page, build):
    read = {name for item in (*STANDARD.setup, *STANDARD.items) for name in item.reads}
    lucks = {luck.name for luck in STANDARD.luck if isinstance(luck, Luck)}
    text = build.hand_written(page)
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    named = {name for name in re.findall(r"`([^`\n]+)`", text) if re.fullmatch(r"[a-z][a-z0-9_]*", name)}
    assert not named - names_of_the_model() - read - lucks - OTHER


def test_maths_is_such_that_github_shows_it(page, build):
    assert len(re.findall(r"^```math$", page, re.MULTILINE)) * 2 == len(re.findall(r"^```", page, re.MULTILINE))
    text = re.sub(r"^```math$.*?^```$", "", build.hand_written(page), flags=re.DOTALL | re.MULTILINE)
    for line in re.sub(r"`[^`\n]*`", "", text).splitlines():
        # Not broken over lines; and nothing in it that Markdown would read first.
        assert line.count("$") % 2 == 0, line
        for formula in re.findall(r"\$([^$]*)\$", line):
            assert formula == formula.strip(), line
            assert not re.search(r"\\[^a-zA-Z]|[*<>|`]", formula), formula
