"""Rules sent to another process, or kept in a file, by name: a model is pickled together with its protocol.

``@rule`` leaves a `Rule` under the name of the function that it decorates, so pickle does not find the function there.
"""

from __future__ import annotations

import copyreg
import importlib
import sys
from dataclasses import fields, replace
from typing import Any

from settlesim.model.items import Rule

__all__ = ["find", "register"]


def register() -> None:
    """Let pickle and copy find rules by name."""
    copyreg.pickle(Rule, _reduced)


def find(module: str, name: str, changes: dict[str, Any]) -> Rule:
    """Return the rule that stands under a name in a module, with what a protocol has changed in it."""
    held: Rule = getattr(importlib.import_module(module), name)
    return replace(held, **changes) if changes else held


def _reduced(rule: Rule) -> Any:
    module = getattr(rule.function, "__module__", "")
    name = getattr(rule.function, "__qualname__", "")
    held = getattr(sys.modules.get(module), name, None)
    if not isinstance(held, Rule) or held.function is not rule.function:
        return object.__reduce_ex__(rule, 4)
    names = [field.name for field in fields(Rule) if field.init]
    return find, (module, name, {n: getattr(rule, n) for n in names if getattr(rule, n) != getattr(held, n)})
