"""Exclusion: the patron treats with the insurgency while the government sits at no table with it."""

from __future__ import annotations

from settlesim.model.items import rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["EXCLUSION"]


@rule(
    "run",
    Variable("excluded", units="1", meaning="the government is excluded from the talks", start=False, kind="bool",
             told=True),
    Variable("dealt_over", units="1", meaning="others signed without the government, which has had no seat since",
             start=False, kind="bool"),
    Variable("slighted", units="share", meaning="memory of having been passed over", start=0.0, low=0.0, high=1.0),
    source="khan2018 settlesim",
)
def exclusion(any_at_table, any_outside_table, patron_deal, excluded, dealt_over, slighted, readiness_memory):
    """Say whether the patron treats with the insurgency while the government sits at no table with it.

    It lasts while others negotiate, and ends with their signature or the government's own seat.  What they signed
    without it the government still has to carry out, and it does so late until it has had a seat.
    """
    over = (dealt_over | (excluded & patron_deal)) & ~any_at_table
    out = any_outside_table & ~any_at_table
    return out, over, slighted + (1.0 * (out | over) - slighted) / readiness_memory


EXCLUSION = Mechanism(
    "Exclusion",
    items=(exclusion,),
)
