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
    source="khan2018 settlesim",
)
def exclusion(any_at_table, any_outside_table):
    """Say whether the patron treats with the insurgency while the government sits at no table with it."""
    return any_outside_table & ~any_at_table


EXCLUSION = Mechanism(
    "Exclusion",
    items=(exclusion,),
)
