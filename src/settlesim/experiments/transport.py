"""A job on its way to other processes and back, as bytes."""

from __future__ import annotations

import importlib
import io
import pickle
from collections.abc import Callable
from typing import Any

from settlesim.errors import UsageError
from settlesim.experiments.job import ITEMS, Job
from settlesim.model.items import Item, Rule
from settlesim.model.outcome import Outcome
from settlesim.model.protocol import Protocol
from settlesim.model.standard import STANDARD
from settlesim.results.outcomes import STANDARD_OUTCOMES

__all__ = ["packed", "unpacked"]

OUTCOMES = {outcome.name: outcome for outcome in STANDARD_OUTCOMES}


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
            holder = getattr(importlib.import_module(value.__module__), value.__qualname__, None)
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
        where = "of the script, outside `if __name__ == '__main__':`" if module == "__main__" else f"of {module}"
        raise UsageError(f"another process does not find the rule {name!r}: define it at the top level {where}")
    return holder.function


def packed(job: Job) -> bytes:
    """Return the job as bytes that `unpacked` turns back, in this process or another.

    Raises
    ------
    UsageError
        If a rule or outcome of one's own cannot be found by name from another process.
    """
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(job)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        advice = "define rules and functions of outcomes at the top level of a module, or use one worker"
        raise UsageError(f"the experiment cannot be sent to other processes ({error}): {advice}") from error
    return buffer.getvalue()


def unpacked(data: bytes) -> Job:
    """Return the job that `packed` made into bytes."""
    job: Job = _Unpickler(io.BytesIO(data)).load()
    return job
