"""Rules that fail for an agent, or give it what they may not: named with the agent, the week and the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from settlesim.errors import FaultError
from settlesim.model.items import Rule
from settlesim.model.rule_results import FAULTS, heed_interruption, limits, reason_of, returned, wrong_kind, wrong_range

if TYPE_CHECKING:
    from settlesim.engines.reference.entity import Entity

__all__ = ["applied"]


def applied(agent: Entity, rule: Rule, act: Callable[..., Any], *inputs: Any) -> Any:
    """Evaluate a rule of one's own, or a method in its place, for one agent, and refuse what it may not give.

    Parameters
    ----------
    agent : Entity
        Whom it is evaluated for.
    rule : Rule
        Says what is written.
    act : callable
        The rule's function, or the method.
    *inputs
        What it reads.

    Returns
    -------
    Any
        What it returned.

    Raises
    ------
    FaultError
        If it fails, returns something else than it writes, or a value outside the range of its variable.
    """
    try:
        out = act(*inputs)
    except FAULTS as error:
        heed_interruption(error)
        raise _fault(agent, rule, reason_of(error)) from error
    values, mistake = returned(out, rule.writes)
    table = agent.model.protocol.table
    if act is not rule.function:
        # A method may choose with `if`, and return plain numbers.
        values = tuple(np.asarray(value)[()] if isinstance(value, (bool, int, float)) else value for value in values)
    for name, value in zip(rule.writes, values, strict=False):
        mistake = mistake or wrong_kind(value, table[name])
        if not mistake and np.ndim(value):
            mistake = f"returns an array of shape {np.shape(value)} for {name!r}, not one value"
    if mistake:
        raise _fault(agent, rule, mistake, whole=True)
    for name, value in zip(rule.writes, values, strict=True):
        low, high = limits(table[name])
        if not low <= value <= high:
            raise _fault(agent, rule, wrong_range(value, table[name]))
    return values if len(values) > 1 else values[0]


def _fault(agent: Entity, rule: Rule, reason: str, *, whole: bool = False) -> FaultError:
    """Return the error that says for whom, and when, a rule failed; as a whole where it fails for all alike."""
    model = agent.model
    entity = "" if whole else agent.name
    return FaultError("rule", rule.name, reason, rule.scope, model.week, model.run, entity, model.sequence.name)
