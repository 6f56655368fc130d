"""A digest of what functions do: it changes with what they do, and with nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from protocol.digested import OTHERS, SAME, SOURCE, as_module
from settlesim.experiments.request import Request
from settlesim.model.code_digest import digest_of, joint_digest
from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol_check import every_rule
from settlesim.model.rules.spoilers import spoilers
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Variable
from support import shipped


def digest(text, tmp_path, name="plain"):
    found = digest_of(getattr(as_module(text, tmp_path), name))
    assert found is not None and len(found) == 64
    return found


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_does_the_same_has_the_same_digest(old, new, tmp_path):
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new), tmp_path) == digest(SOURCE, tmp_path)


@pytest.mark.parametrize(("old", "new"), OTHERS)
def test_what_does_something_else_has_another_digest(old, new, tmp_path):
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new), tmp_path) != digest(SOURCE, tmp_path)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("closed", "made(5.0)", "made(6.0)"),
        ("closed", "x + amount", "x - amount"),
        ("part", "helper, 2.0", "helper, 3.0"),
        ("part", "RATE = 0.01", "RATE = 0.02"),
        ("method", "OFFSET = 3.0", "OFFSET = 3.5"),
        ("scaled", "by: float = 2.0", "by: float = 2.0\n    and_then: float = 1.0"),
        ("slow", "x + self.OFFSET", "x - self.OFFSET"),
    ],
)
def test_closures_partials_methods_and_objects(name, old, new, tmp_path):
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new), tmp_path, name) != digest(SOURCE, tmp_path, name)
    assert digest(SOURCE, tmp_path, name) == digest(SOURCE, tmp_path, name)


def test_a_helper_in_a_module_of_ones_own_counts_and_a_package_by_its_version(tmp_path, monkeypatch):
    helpers = as_module(SOURCE, tmp_path, "helpers_of_mine")
    text = "import numpy as np\ndef plain(x):\n    return helpers.helper(np.tanh(x))\n"

    def now():
        module = as_module(text, tmp_path)
        module.helpers = helpers
        return digest_of(module.plain)

    first = now()
    assert first is not None and now() == first
    monkeypatch.setattr(helpers, "made", None)
    assert now() == first  # not used
    monkeypatch.setattr(helpers, "RATE", 0.5)
    assert now() not in (None, first)


def test_a_module_imported_within_a_function_counts(tmp_path, monkeypatch):
    before = ()
    for rate in ("0.1", "0.2"):
        monkeypatch.delitem(sys.modules, "late_helpers", raising=False)
        module = as_module(f"RATE = {rate}\ndef helper(x):\n    return RATE * x\n", tmp_path, "late_helpers")
        monkeypatch.setitem(sys.modules, "late_helpers", module)
        texts = (
            "from late_helpers import helper\n    return helper(x)",
            "import late_helpers\n    return late_helpers.RATE",
        )
        found = [digest(f"def plain(x):\n    {text}\n", tmp_path) for text in texts]
        assert not set(found) & set(before)
        before = found


def test_across_processes_it_is_the_same(tmp_path):
    (tmp_path / "digested_source.py").write_text(SOURCE, encoding="utf-8")
    code = (
        "from settlesim.model.code_digest import digest_of; import digested_source as m;"
        "print(*(digest_of(getattr(m, name)) for name in ('plain', 'scaled', 'part', 'method', 'slow')))"
    )
    found = set()
    for seed in ("0", "1", "77"):
        path = os.pathsep.join([str(tmp_path), *sys.path])
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        found.add(
            subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout
        )
    assert len(found) == 1 and "None" not in found.pop()


def test_all_that_settlesim_brings_has_a_digest_of_its_own():
    rules = {rule.name: digest_of(rule.function) for rule in every_rule(STANDARD)}
    assert None not in rules.values() and len(set(rules.values())) >= len(rules) - 1
    outcomes = {outcome.name: digest_of(outcome.function) for outcome in STANDARD.outcomes}
    assert None not in outcomes.values() and len(set(outcomes.values())) == len(outcomes)
    assert digest_of(final("deaths")) == digest_of(final("deaths")) != digest_of(final("settled"))
    assert digest_of(replace(spoilers, when="x")) != digest_of(spoilers)


def counting():
    number = 0

    def count(x):
        nonlocal number
        number += 1
        return x + number

    return count


def stores_a_global(x):
    global kept
    kept = x


LOCK = threading.Lock()


class Mutable:
    level = 1.0


THING = Mutable()
GENERATOR = np.random.default_rng(1)


@pytest.mark.parametrize(
    "function",
    [
        counting(),
        stores_a_global,
        lambda x: LOCK.acquire(),
        lambda x: THING.level * x,
        lambda x: x + GENERATOR.random(),
        GENERATOR.random,
        partial(next, iter([1.0])),
        partial(counting(), 1),
        (i for i in range(3)).__next__,
    ],
)
def test_what_remembers_or_looks_at_the_world_has_none(function):
    assert digest_of(function) is None


AROUND = """
import datetime, functools, importlib, os, random, sys, time
import numpy as np
from datetime import datetime as moment
from os import environ, getenv
from pathlib import Path
from time import perf_counter
RATE, look = 2.0, eval
fixed = functools.partial(open, "rate.txt")
"""
OUTSIDE = (
    'globals()["RATE"]', 'eval("RATE")', 'look("RATE")', 'vars()["x"]', "locals()", 'exec("x = 1")', "input()", "id(x)",
    'float(open("rate.txt").read())', "fixed()", "[float(line) for line in open(x)]", '__import__("helper").RATE',
    'os.environ["RATE"]', 'environ["RATE"]', 'os.getenv("RATE")', 'getenv("RATE")', "sys.argv", "random.random()",
    'np.load("rate.npy")', 'np.loadtxt("rate.txt")', "np.random.rand()", 'np.random.default_rng().random()',
    'importlib.import_module("helper").RATE', "time.time()", "perf_counter()", "datetime.date.today()", "moment.now()",
    'Path("rate.txt").read_text()', "getattr(np, x)", "getattr(sys, 'modules')", '__builtins__["open"]',
    "(lambda: 1).__globals__",
)  # fmt: skip
INSIDE = ('getattr(x, "deaths", 0.0)', 'x["environ"]', "np.maximum(x, RATE)", "max(x, sys.float_info.max)", "len(x)")


@pytest.mark.parametrize("text", OUTSIDE)
def test_what_reads_the_world_outside_has_none(text, tmp_path):
    assert digest_of(as_module(f"{AROUND}def plain(x):\n    return {text}\n", tmp_path).plain) is None


@pytest.mark.parametrize("text", INSIDE)
def test_what_only_looks_so_has_one(text, tmp_path):
    assert digest_of(as_module(f"{AROUND}def plain(x):\n    return {text}\n", tmp_path).plain) is not None


def test_what_is_asked_for_by_name_in_a_module_counts(tmp_path, monkeypatch):
    found = set()
    for rate in (1.0, 2.0):
        helper = as_module(f"RATE = {rate}\nOTHER = 1.0\n", tmp_path, "asked_helpers")
        module = as_module('def plain(x):\n    return getattr(helper, "RATE") + helper.OTHER\n', tmp_path)
        module.helper = helper
        found.add(digest_of(module.plain))
    assert None not in found and len(found) == 2


def test_functions_that_call_each_other_have_one(tmp_path):
    text = "def plain(n):\n    return n and other(n - 1)\ndef other(n):\n    return n and plain(n - {})\n"
    assert digest(text.format(1), tmp_path) != digest(text.format(2), tmp_path)


def test_one_digest_for_several_is_empty_where_one_is_missing():
    assert joint_digest({"a": "1", "b": None}) == ""
    assert joint_digest({"a": "12", "b": "3"}) != joint_digest({"a": "1", "b": "23"})


def job(protocol=STANDARD, outcomes=None):
    scenario = shipped("two-party")
    request = Request(scenario, (scenario.sequence("talk"),), runs=3, rng=1, protocol=protocol, outcomes=outcomes)
    return request.job(None)


def grown(amount):
    def grows(aid):
        return aid + amount

    return STANDARD.with_rule(
        rule("run", "aid")(grows), after="legitimacy", variables=[Variable("aid", "run", start=0.0)]
    )


def test_a_job_knows_its_rules_variables_luck_and_outcomes_by_what_they_do():
    first = job(grown(1.0))
    assert job(grown(1.0)).code == first.code
    assert {name for name, of in job(grown(2.0)).code.items() if of != first.code[name]} == {"rule grows"}
    wider = replace(grown(1.0), variables=(*STANDARD.variables, Variable("aid", "run", start=1.0)))
    assert {name for name, of in job(wider).code.items() if of != first.code[name]} == {"variable aid"}
    half, third = (Outcome("part", lambda trace, by=by: trace.final["deaths"] / by, "1", "part") for by in (2, 3))
    assert job(outcomes=[half]).code["outcome part"] != job(outcomes=[third]).code["outcome part"]
    assert job(outcomes=[replace(half, meaning="half")]).code == job(outcomes=[half]).code
    assert job(outcomes=[replace(half, kind="count")]).code != job(outcomes=[half]).code


def test_a_result_records_what_its_code_did_where_that_can_be_told():
    first = job(grown(1.0)).attributes
    assert first["code_digest"].startswith("sha256:") and first["numpy_version"] == np.__version__
    assert (
        job(grown(2.0)).attributes["code_digest"] != first["code_digest"] == job(grown(1.0)).attributes["code_digest"]
    )
    hidden = Outcome("hidden", lambda trace: trace.final["deaths"] + GENERATOR.random(), "1", "x")
    assert job(outcomes=[hidden]).code["outcome hidden"] is None
    assert "code_digest" not in job(outcomes=[hidden]).attributes
