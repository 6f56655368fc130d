"""Rules worked by hand, small wars, and slips of the pen planted in a rule for the tests of the second edition."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from settlesim.engines.vectorised import engine
from settlesim.model.items import Rule
from settlesim.scenario.scenario import Scenario
from support import changed, shipped

__all__ = ["cases_and_slips", "check_slip", "column", "logistic", "near", "pair", "plant", "small", "worked"]

RULES = "settlesim.model.rules"


def worked(rule: Rule, **given: Any) -> Any:
    """What a rule makes of numbers given by hand: one value, or a tuple in the order of what it writes."""
    return rule.function(**{name: np.asarray(value) for name, value in given.items()})


def small(commanders: int = 100, horizon: int = 104, name: str = "afghanistan-2018", **parameters: Any) -> Scenario:
    """The actors of a shipped war with few commanders and a short time, so that a hundred runs take a moment."""
    scenario = shipped(name)
    actors = scenario.tree()["actors"]
    insurgency = {**actors["insurgency"], "commanders": commanders}
    short = changed(scenario, actors={**actors, "insurgency": insurgency}, horizon=horizon, targets=[])
    return short.with_parameters(**parameters)


def pair(scenario: Scenario, plan: list[dict[str, Any]], **keys: Any) -> Scenario:
    """The scenario with a plan of one's own, called "mine", beside the one that is the reference."""
    mine = {"label": "Mine", "description": "A plan of a test.", "steps": plan, **keys}
    kept = {name: s for name, s in scenario.tree()["sequences"].items() if name == scenario.reference_sequence}
    plans = {"mine": mine, **kept}
    return changed(scenario, sequences=plans, default_sequence="mine", baseline_sequence="mine", claims=[], targets=[])


def column(trace: Any, scope: str, name: str) -> int:
    """Row of an entity of that name."""
    return list(trace.entities[scope]).index(name)


def plant(patch: Any, file: str, rule: str, old: str, new: str) -> None:
    """Write a rule anew with a slip of the pen, for those who call it and for the numpy engine's standard protocol."""
    module = import_module(f"{RULES}.{file}")
    right = getattr(module, rule)
    tree = ast.parse(textwrap.dedent(inspect.getsource(right.function)))
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    text = ast.unparse(tree)
    assert text.count(old) == 1, f"{file}.{rule} says {old!r} {text.count(old)} times:\n{text}"
    names = dict(vars(module))
    exec(text.replace(old, new), names)
    wrong = replace(right, function=names[rule])
    patch.setattr(module, rule, wrong)
    patch.setattr(engine, "STANDARD", engine.STANDARD.replaced(rule, wrong))


def near(found: Any, expected: Any) -> None:
    """Say what was found and what was expected, unless they are the same but for rounding."""
    assert found == pytest.approx(expected, abs=1e-12), (found, expected)


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def cases_and_slips(cases: Any) -> tuple[list[Any], list[str]]:
    """Each slip with the check that must catch it, and names for them."""
    slips = [(case, slip) for case, several in cases.items() for slip in several]
    return slips, [f"{slip[1]}-{i}" for i, (_, slip) in enumerate(slips)]


def check_slip(case: Any, slip: Any, patch: Any) -> None:
    """A check fails once the slip is planted.  It calls its rule through the module, so that it is the planted one."""
    plant(patch, *slip)
    with pytest.raises(AssertionError):
        case()
