"""A first week in the numpy engine, for rules of one's own that are to be run elsewhere."""

from __future__ import annotations

import numpy as np

from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised.engine import _Engine
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_check import every_rule
from settlesim.model.rule_lint import is_own
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["rehearse"]

RUNS = 3


def rehearse(scenario: Scenario, sequence: Sequence, protocol: Protocol, entropy: int) -> None:
    """Live through a first week of a few runs, where a protocol has rules of one's own.

    The reference model evaluates them for one agent at a time, and cannot tell a rule that mixes runs.

    Parameters
    ----------
    scenario, sequence
        The conflict and the order of talks.
    protocol : Protocol
        What happens in a week.
    entropy : int
        Of all chance.

    Raises
    ------
    FaultError
        If a rule fails, or is not elementwise.
    """
    if not any(is_own(rule.function) for rule in every_rule(protocol)):
        return
    runs = range(RUNS)
    drawn = worlds(scenario, runs, entropy=entropy, levers=sequence.levers)
    with np.errstate(all="ignore"):
        _Engine(scenario, sequence, drawn, Fates(entropy, runs), protocol).step()
