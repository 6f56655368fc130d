"""One conformance suite that every rule passes; a rule without an entry in a protocol's tables fails it."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised.engine import _Engine
from settlesim.model import rules
from settlesim.model.items import Commanders, Rule
from settlesim.model.rules.rounds import zeuthen
from settlesim.model.standard import STANDARD
from strategies import examples as made
from strategies.arguments import arguments
from support import shipped


def every_rule():
    found = [item for item in (*STANDARD.setup, *STANDARD.items) if isinstance(item, Rule)]
    for item in STANDARD.items:
        if isinstance(item, Commanders):
            found += [*item.setup, item.choice.decide]
    return [*found, zeuthen]


RULES = every_rule()
IDS = [rule.name for rule in RULES]


@pytest.fixture(scope="module")
def examples():
    """What each rule really reads in some weeks of a real run: arguments with their shapes."""
    scenario = shipped()
    sequence = scenario.sequence("confidence_first")
    runs = range(6)
    world = worlds(scenario, runs, entropy=3, levers=sequence.levers)
    engine = _Engine(scenario, sequence, world, Fates(3, runs), STANDARD)
    found = {}
    with np.errstate(all="ignore"):
        for _ in range(40):
            engine.step()
    for rule in RULES:
        arguments = [np.asarray(engine.fetch(name, rule.scope)()) for name in rule.arguments]
        shape = np.broadcast_shapes(*(a.shape for a in arguments))
        if len(shape) == 2 and shape[0] > 40:
            arguments = [a[:40] if a.ndim == 2 else a for a in arguments]
        found[rule.name] = arguments
    return found


def outputs(rule, arguments):
    with np.errstate(all="ignore"):
        out = rule.function(*arguments)
    return out if len(rule.writes) > 1 else (out,)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
class TestRule:
    def test_declared_and_documented(self, rule):
        assert rule.function.__doc__ and rule.source
        for name in rule.writes:
            variable = STANDARD.table[name]
            assert variable.scope == rule.scope and variable.units and variable.meaning
        assert len(set(rule.arguments)) == len(rule.arguments)

    def test_every_argument_is_used(self, rule):
        tree = ast.parse(textwrap.dedent(inspect.getsource(rule.function)))
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        assert set(rule.arguments) <= used

    def test_writes_no_state_but_its_results(self, rule):
        tree = ast.parse(textwrap.dedent(inspect.getsource(rule.function)))
        for node in ast.walk(tree):
            assert not isinstance(node, (ast.Global, ast.Nonlocal, ast.If, ast.While)), "no `if` on state"
            assert not (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Pow, ast.MatMult))), "no ** or @"
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("sum", "mean", "random"), "no sums over entities, no generators"

    def test_number_of_results_and_mutation(self, rule, examples):
        arguments = [a.copy() for a in examples[rule.name]]
        out = outputs(rule, arguments)
        assert len(out) == len(rule.writes)
        for before, after in zip(examples[rule.name], arguments, strict=True):
            assert np.array_equal(before, after, equal_nan=before.dtype.kind == "f")

    def test_pure(self, rule, examples):
        first, second = outputs(rule, examples[rule.name]), outputs(rule, examples[rule.name])
        for a, b in zip(first, second, strict=True):
            assert np.array_equal(a, b, equal_nan=True)

    def test_elementwise_to_the_last_bit(self, rule, examples):
        arguments = np.broadcast_arrays(*examples[rule.name])
        whole = [np.broadcast_to(o, arguments[0].shape) for o in outputs(rule, arguments)]
        flat = [a.ravel() for a in arguments]
        some = np.linspace(0, flat[0].size - 1, min(flat[0].size, 25)).astype(int)
        for i in some:
            scalars = outputs(rule, [a[i] for a in flat])
            for scalar, array in zip(scalars, whole, strict=True):
                assert np.array_equal(np.asarray(scalar), array.ravel()[i], equal_nan=True)
        # Another shape and layout: transposed, reversed, every second element.
        strided = outputs(rule, [a.ravel()[::-2] for a in arguments])
        for one, array in zip(strided, whole, strict=True):
            expected = array.ravel()[::-2]
            assert np.array_equal(np.broadcast_to(one, expected.shape), expected, equal_nan=True)

    def test_in_range(self, rule, examples):
        for name, value in zip(rule.writes, outputs(rule, examples[rule.name]), strict=True):
            variable = STANDARD.table[name]
            values = np.asarray(value, float)
            assert not np.isnan(values).any(), name
            assert (values >= variable.low - 1e-9).all() and (values <= variable.high + 1e-9).all(), name


def test_every_rule_of_the_package_is_tested():
    """Meta-test: whatever is declared with @rule in rules/ stands in the battery."""
    declared = set()
    for module in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        found = vars(importlib.import_module(module.name)).values()
        declared |= {value.name for value in found if isinstance(value, Rule)}
    assert declared == set(IDS)


def test_every_variable_is_written_or_stands_for_good():
    written = {name for item in (*STANDARD.setup, *STANDARD.items) for name in item.writes}
    written |= {name for rule in RULES for name in rule.writes}
    assert {v.name for v in STANDARD.variables} - written == {"fighters_at_start"}


@pytest.mark.parametrize("rule", RULES, ids=IDS)
@made(4)
@given(seed=st.integers(0, 2**32))
def test_in_range_over_its_declared_domain(rule, seed):
    """Wherever a run may come by: what a rule reads anywhere in its range, what it writes within its own."""
    number = 500
    drawn = arguments(rule.arguments, seed, number)
    for name, value in zip(rule.writes, outputs(rule, [drawn[read] for read in rule.arguments]), strict=True):
        variable = STANDARD.table[name]
        values = np.broadcast_to(np.asarray(value, float), number)
        wrong = ~((values >= variable.low - 1e-9) & (values <= variable.high + 1e-9))  # NaN is in no range
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            pytest.fail(f"{name} = {values[at]} from { ({read: a[at].item() for read, a in drawn.items()}) }")
