"""Compliance: end-conditions are checked every quarter, and what is reversible may be taken back."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["COMPLIANCE"]


@rule(
    "run",
    Variable("checks_due", units="1", meaning="end-conditions are checked this week", kind="bool"),
    Variable("checks", units="1", meaning="checks held", start=0, low=0, kind="int", told=True),
    source="settlesim",
)
def compliance_calendar(at_peace, settlement_week, week, compliance_interval, checks):
    """Check the end-conditions every quarter after a settlement."""
    due = at_peace & (week >= settlement_week + compliance_interval * (checks + 1.0))
    return due, checks + due


@rule(
    "obligation",
    Variable("fails", units="1", meaning="the end-condition is broken at this check", kind="bool", told=True),
    source="settlesim",
)
def compliance(checks_due, conceded, obligation_luck, obligation_compliance):
    """Say whether the insurgency fails an end-condition at this check; only what it undertook is checked."""
    return checks_due & conceded & (obligation_luck >= obligation_compliance)


@rule(
    "run",
    Variable("failures", units="1", meaning="end-conditions broken in all", start=0, low=0, kind="int"),
    source="settlesim",
)
def count_failures(failures, failures_now):
    """Add up failed checks."""
    return failures + failures_now


@rule(
    "concession",
    "delivered",
    Variable("reversed", units="1", meaning="taken back", start=False, kind="bool"),
    Variable("reverses", units="1", meaning="taken back this week", kind="bool", told=True),
    source="settlesim",
)
def reversal(delivered, reversed, reversibility, failures_now, obligations_conceded, reversal_luck, checks_due,
             reversal_threshold):
    """Take back what is reversible, in proportion to the failures.

    It needs a check that fails on more than `reversal_threshold` of the end-conditions.
    """
    failed = failures_now / np.maximum(obligations_conceded, 1.0)
    reverses = delivered & checks_due & (failed > reversal_threshold) & (reversal_luck < reversibility * failed)
    return delivered & ~reverses, reversed | reverses, reverses


COMPLIANCE = Mechanism(
    "Compliance",
    items=(
        compliance_calendar,
        compliance,
        Fold(
            Variable("failures_now", scope="run", units="1", meaning="end-conditions broken at this check", low=0,
                     kind="int"),
            "fails", "sum", "obligation",
        ),
        count_failures,
        reversal,
    ),
    luck=(
        Luck("obligation_luck", "obligation", "uniform", "checks", 32, "travels with the matter: the n-th check"),
        Luck("reversal_luck", "concession", "uniform", "checks", 32, "travels with the matter: the n-th check"),
    ),
)
