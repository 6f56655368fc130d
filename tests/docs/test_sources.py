"""Whatever cites a source cites a key of docs/references.bib, and nothing cites what is not shipped."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import settlesim as ss
import settlesim.model.rules
from settlesim.model.items import Rule
from settlesim.scenario.files import builtin

ROOT = Path(__file__).parents[2]
TEXTS = {".py", ".md", ".toml", ".bib", ".cff", ".cfg", ""}
FOLDERS = ("src", "docs", "tests", "examples", "scenarios", "benchmarks", ".ci")


def rules():
    """Every rule in the package, those that no protocol holds as well."""
    modules = [
        importlib.import_module(f"settlesim.model.rules.{module.name}")
        for module in pkgutil.iter_modules(settlesim.model.rules.__path__)
    ]
    return [rule for module in modules for rule in vars(module).values() if isinstance(rule, Rule)]


def texts():
    """Text files of the project, as far as they are here."""
    folders = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    paths = [p for p in (*ROOT.iterdir(), *folders) if p.is_file() and p.suffix in TEXTS and not p.name.startswith(".")]
    return {path: path.read_text(encoding="utf-8") for path in paths if "__pycache__" not in path.parts}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_names_its_sources(rule, build):
    keys = rule.source.split()
    assert keys, f"{rule.name} names no source"
    assert not set(keys) - set(build.bibliography()), f"{rule.name} names what is no key of docs/references.bib"


def test_documents_cite_keys(build):
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        cited = build.cited(path.read_text(encoding="utf-8"))
        assert not set(cited) - set(build.bibliography()), path.name


@pytest.mark.parametrize("name", builtin())
def test_sources_of_a_scenario_stand_in_the_bibliography(name, build):
    known = set(build.bibliography()) | set(build.aliases())
    assert not set(ss.load(name).sources) - known


def test_entries_are_whole_and_alone(build):
    entries = build.bibliography()
    text = (ROOT / "docs" / "references.bib").read_text(encoding="utf-8")
    assert len(entries) == len(re.findall(r"^@", text, re.MULTILINE))
    other = [alias for entry in entries.values() for alias in entry.get("ids", "").split(", ") if alias]
    assert len({*entries, *other}) == len(entries) + len(other)
    for key, entry in entries.items():
        assert {"author", "title", "year"} <= entry.keys(), key
        assert key == "settlesim" or re.fullmatch(rf"[a-z]+{entry['year']}", key), key


def test_every_entry_is_cited(build):
    everywhere = texts()
    named = {key for rule in rules() for key in rule.source.split()}
    named |= {key for path, text in everywhere.items() if path.suffix == ".md" for key in build.cited(text)}
    named |= {build.aliases().get(source, source) for name in builtin() for source in ss.load(name).sources}
    named |= {key for path, text in everywhere.items() if path.parent.name == "examples"
              for found in re.findall(r'source="([^"]*)"', text) for key in found.split()}  # fmt: skip
    assert not set(build.bibliography()) - named


def test_nothing_cites_a_document_that_is_not_shipped():
    here = texts()
    shipped = {path.name for path in here}
    for path, text in here.items():
        for name in re.findall(r"(?<![\w*<.-])[\w-]+\.md\b", text):
            assert name in shipped, f"{path.relative_to(ROOT)} names {name}, which is not here"
