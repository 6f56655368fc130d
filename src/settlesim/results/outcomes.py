"""Outcomes of a block of runs: those that the standard mechanisms declare, or a modeller's own."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from settlesim.model.outcome import LABELS, Outcome, Values
from settlesim.model.standard import STANDARD
from settlesim.model.trace import Trace

__all__ = ["DESTINATIONS", "STANDARD_OUTCOMES", "evaluate"]

DESTINATIONS = LABELS["destination"]

STANDARD_OUTCOMES = STANDARD.outcomes


def evaluate(trace: Trace, outcomes: Iterable[Outcome] = STANDARD_OUTCOMES) -> dict[str, Values]:
    """Read outcomes off a trace.

    Parameters
    ----------
    trace : Trace
        From either engine.
    outcomes : iterable of Outcome
        What to read.

    Returns
    -------
    dict
        Name to array with the run first.
    """
    return {outcome.name: np.asarray(outcome.function(trace)) for outcome in outcomes}
