"""A job on its way to other processes and back, as bytes."""

from __future__ import annotations

import ast
import functools
import importlib
import io
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from settlesim.errors import UsageError
from settlesim.experiments.job import ITEMS, Job
from settlesim.model.items import Item, Rule
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_check import every_rule
from settlesim.model.standard import STANDARD
from settlesim.results.outcomes import STANDARD_OUTCOMES

__all__ = ["packed", "unpacked"]

OUTCOMES = {outcome.name: outcome for outcome in STANDARD_OUTCOMES}
RULES = {rule.name: rule for rule in every_rule(STANDARD)}

ADVICE = "define it at the top level of a module of its own and import it, or use workers=1"


class _Pickler(pickle.Pickler):
    """Sends what is part of settlesim by name: rules and outcomes hold functions that pickle cannot find."""

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Outcome):
            return ("outcome", value.name) if OUTCOMES.get(value.name) == value else None
        if isinstance(value, Protocol):
            return ("protocol", "") if value == STANDARD else None
        if isinstance(value, Item):
            return ("item", value.name) if ITEMS.get(value.name) == value else None
        return None

    def reducer_override(self, value: Any) -> Any:
        # A function decorated with @rule is found under its name as a Rule: look inside it.
        if isinstance(value, type(_undecorated)):
            holder = getattr(sys.modules.get(value.__module__), value.__qualname__, None)
            if isinstance(holder, Rule) and holder.function is value:
                return _undecorated, (value.__module__, value.__qualname__)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, key: tuple[str, str]) -> Any:
        kind, name = key
        if kind == "protocol":
            return STANDARD
        if kind == "outcome":
            return OUTCOMES[name]
        return ITEMS[name]


def _undecorated(module: str, name: str) -> Callable[..., Any]:
    holder: Rule | None = getattr(importlib.import_module(module), name, None)
    if holder is None:
        raise AttributeError(f"{module} has no rule {name!r}")
    return holder.function


def packed(job: Job) -> bytes:
    """Return the job as bytes that `unpacked` turns back, in this process or another.

    Raises
    ------
    UsageError
        If a rule or outcome of one's own cannot be found by name from another process, with its name.
    """
    for name, function, _ in _own(job):
        where = _hidden(function)
        if where:
            raise UsageError(f"{name} {where}: other processes do not find it; {ADVICE}")
    try:
        return _pickled(job)
    except Exception as error:
        for name, _, part in _own(job):
            try:
                _pickled(part)
            except Exception as mine:
                raise UsageError(f"{name} cannot be sent to other processes ({mine}): {ADVICE}") from mine
        raise UsageError(f"the experiment cannot be sent to other processes ({error}): use workers=1") from error


def _pickled(value: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def _own(job: Job) -> Iterator[tuple[str, Any, Any]]:
    """Yield the rules and outcomes of a job that are not settlesim's: their names, their functions, themselves."""
    for rule in every_rule(job.protocol):
        if RULES.get(rule.name) is not rule:
            yield f"rule {rule.name!r}", rule.function, rule
    for outcome in job.outcomes:
        if OUTCOMES.get(outcome.name) is not outcome:
            yield f"outcome {outcome.name!r}", outcome.function, outcome


def _hidden(function: Any) -> str:
    """Say where a function stands if that is a place that other processes do not have; empty if they do."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__qualname__"):
        function = type(function)
    module, in_module = str(function.__module__), str(function.__qualname__)
    if "<lambda>" in in_module:
        return "is a lambda"
    if "<locals>" in in_module:
        return f"stands inside the function {in_module.partition('.<locals>')[0]!r}"
    if module == "__main__":
        return _hidden_in_main(in_module.partition(".")[0])
    top = module.partition(".")[0]
    if not any(finder.find_spec(top, None) for finder in sys.meta_path):
        return f"stands in the module {top!r}, which is in none of the folders that modules are imported from"
    return ""


def _hidden_in_main(name: str) -> str:
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is None and not Path(str(getattr(main, "__file__", ""))).is_file():
        return "stands in a notebook or an interactive session"
    try:
        tree = ast.parse(Path(str(main.__file__)).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""
    # Other processes read the script too, but not what is under the main guard.
    guarded = [node for node in tree.body if isinstance(node, ast.If) and "__name__" in ast.dump(node.test)]
    within = any(name in _defined(node) for node in guarded)
    beside = any(name in _defined(node) for node in tree.body if node not in guarded)
    return "stands under `if __name__ == '__main__':`" if within and not beside else ""


def _defined(tree: ast.AST) -> set[str]:
    """Names that are defined or assigned in some code."""
    definitions = (ast.FunctionDef, ast.ClassDef)
    found = {node.name for node in ast.walk(tree) if isinstance(node, definitions)}
    return found | {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def unpacked(data: bytes) -> Job:
    """Return the job that `packed` made into bytes.

    Raises
    ------
    UsageError
        If this process does not find a function by its name, or the module in which it stands.
    """
    try:
        job: Job = _Unpickler(io.BytesIO(data)).load()
    except ModuleNotFoundError as error:
        raise UsageError(
            f"another process does not find the module {error.name!r}: put it where its modules are imported from, or "
            "use workers=1"
        ) from error
    except AttributeError as error:
        raise UsageError(f"another process does not find a rule or outcome ({error}): {ADVICE}") from error
    return job
