"""Readiness: each party's motivation times its optimism, which rises with what is settled and falls with breakdowns."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, Select, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["READINESS"]


@rule(
    "track",
    Variable("success_now", units="1", meaning="what was settled at the table this week", low=0.0),
    Variable("failure_now", units="1", meaning="what failed at the table this week", low=0.0),
    source="pruitt2005 settlesim",
)
def course_of_talks(signs, items_agreed, breaks, items_failed):
    """Count what was settled at a table this week, and what failed."""
    return 1.0 * signs + items_agreed, 1.0 * breaks + items_failed


@rule(
    "actor",
    Variable("optimism", units="1", meaning="belief of the party that talks lead somewhere", start=0.0, low=-1.0,
             high=1.0),
    Variable("readiness", units="1", meaning="readiness: motivation times optimism", start=0.0, low=-2.0, high=2.0,
             weekly=True),
    source="pruitt1997 pruitt2005 settlesim",
)
def readiness(optimism, own_success, own_failure, all_success, all_failure, readiness_gain, readiness_loss,
              readiness_carryover, readiness_memory, actor_insurgency, actor_government, cost_insurgency,
              cost_government, war_cost_insurgency, war_cost_government):
    """Readiness r = m o: optimism o rises with each item settled and falls with each breakdown, and passes.

    What happens at the party's own tables counts whole, what happens elsewhere with `readiness_carryover`.
    Motivation m is the cost of war relative to that of week 0; a party that bears none has one.
    """
    success = own_success + readiness_carryover * (all_success - own_success)
    failure = own_failure + readiness_carryover * (all_failure - own_failure)
    belief = optimism * (1.0 - 1.0 / readiness_memory) + readiness_gain * success - readiness_loss * failure
    belief = np.clip(belief, -1.0, 1.0)
    hurt_t = cost_insurgency / np.maximum(war_cost_insurgency, 1e-6)
    hurt_k = cost_government / np.maximum(war_cost_government, 1e-6)
    motive = np.where(actor_insurgency, hurt_t, np.where(actor_government, hurt_k, 1.0))
    return belief, np.clip(motive, 0.0, 2.0) * belief


READINESS = Mechanism(
    "Readiness",
    items=(
        Fold(
            Variable("items_agreed", scope="track", units="1", meaning="items agreed this week", low=0, kind="int"),
            "item_agrees", "sum", "clause", "track_clauses",
        ),
        Fold(
            Variable("items_failed", scope="track", units="1", meaning="items set aside this week", low=0, kind="int"),
            "item_fails", "sum", "clause", "track_clauses",
        ),
        course_of_talks,
        Fold(
            Variable("own_success", scope="actor", units="1", meaning="what was settled at its tables", low=0.0),
            "success_now", "sum", "track", "actor_tracks", 0.0,
        ),
        Fold(
            Variable("own_failure", scope="actor", units="1", meaning="what failed at its tables", low=0.0),
            "failure_now", "sum", "track", "actor_tracks", 0.0,
        ),
        Fold(
            Variable("all_success", scope="run", units="1", meaning="what was settled anywhere", low=0.0),
            "success_now", "sum", "track",
        ),
        Fold(
            Variable("all_failure", scope="run", units="1", meaning="what failed anywhere", low=0.0),
            "failure_now", "sum", "track",
        ),
        readiness,
        Select(
            Variable("readiness_of_insurgency", scope="run", units="1", meaning="readiness of the insurgency",
                     start=0.0, low=-2.0, high=2.0),
            "readiness", "insurgency",
        ),
        Select(
            Variable("readiness_of_government", scope="run", units="1", meaning="readiness of the government",
                     start=0.0, low=-2.0, high=2.0),
            "readiness", "government",
        ),
    ),
    outcomes=(
        Outcome("readiness", final("readiness"), "1", "readiness of the party at the end", dims=("run", "actor")),
    ),
)
