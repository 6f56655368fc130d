"""Delivery: what is signed or ordered gets a date, and is handed over on it."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, Ranked, rule
from settlesim.model.outcome import Outcome, week_of
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["DELIVERY"]


@rule(
    "clause",
    Variable("clause_key", units="1", meaning="order in the package", start=0.0),
    Variable("clause_one", units="1", meaning="one, for counting", start=0.0),
    when="signs", source="settlesim",
)
def order_of_clauses(concession_value, concession_cost, tabled_rank, on_table, delivered):
    """Order in which a package is carried out: what is delivered, then as tabled, then by cost per value."""
    by_cost = 100.0 + np.minimum(concession_cost / np.maximum(concession_value, 1e-6), 1e6)
    key = np.where(on_table & (tabled_rank >= 0.0), tabled_rank, by_cost)
    return np.where(delivered, -1.0, key), np.ones_like(key)


@rule(
    "clause",
    Variable("promises", units="share", meaning="level signed this week", low=0.0, high=1.0, told=True),
    Variable("position_now", units="1", meaning="its place in the package signed this week", low=0.0),
    source="settlesim",
)
def promise(signs, clause_power, clause_given, extra_level, on_table, clause_position, item_agrees,
            single_undertaking):
    """Level at which the signed package contains a concession: whole, or as far as it makes up for power.

    A track that settles no share of power carries the concessions tabled on it, whole.  An item of a staged agenda
    is promised on the day it is agreed, unless nothing is agreed until everything is.
    """
    held = np.where(clause_given, 1.0, extra_level)
    level = np.where(clause_power, held, np.where(on_table, 1.0, 0.0))
    level = np.where(signs, level, np.where(item_agrees & ~single_undertaking, 1.0, 0.0))
    return level, np.where(signs & (level > 0.0), clause_position, 0.0)


@rule(
    "concession",
    Variable("promised", units="1", meaning="signed or ordered", start=False, kind="bool", told=True),
    Variable("level", units="share", meaning="level promised", start=0.0, low=0.0, high=1.0),
    Variable("due_week", units="weeks", meaning="date fixed for delivery, -1 before", start=-1.0, low=-1.0, told=True),
    Variable("offered_week", units="weeks", meaning="week first offered, -1 before", start=-1.0, low=-1.0),
    source="talks2021 settlesim",
)
def schedule(promised, level, due_week, offered_week, promise_now, position, ordered_now, tabled_first, delivered,
             reversed, week, delivery_lag, exclusion_delay, excluded, dealt_over, by_government):
    """Fix a date for every concession signed or ordered; an excluded government delivers late."""
    signed = (promise_now > 0.0) & ~delivered & ~reversed
    ordered = ordered_now & ~promised & ~delivered & ~reversed
    fresh = (signed & ~promised) | ordered
    lag = delivery_lag * (1.0 + exclusion_delay * ((excluded | dealt_over) & by_government))
    due = week + np.ceil(lag * np.where(ordered, 1.0, 1.0 + position))
    return (
        promised | fresh,
        np.where(ordered, 1.0, np.where(signed, np.maximum(level, promise_now), level)),
        np.where(fresh, due, due_week),
        np.where((offered_week < 0.0) & (fresh | tabled_first), week, offered_week),
    )


@rule(
    "concession",
    Variable("delivers", units="1", meaning="delivered this week", kind="bool", told=True),
    Variable("delivered", units="1", meaning="delivered and not reversed", start=False, kind="bool"),
    Variable("delivered_week", units="weeks", meaning="week of delivery, -1 before", start=-1.0, low=-1.0),
    source="settlesim",
)
def deliver(promised, delivered, reversed, due_week, delivered_week, week):
    """Hand over what is due."""
    delivers = promised & ~delivered & ~reversed & (week >= due_week)
    return delivers, delivered | delivers, np.where(delivers, week, delivered_week)


DELIVERY = Mechanism(
    "Delivery",
    items=(
        order_of_clauses,
        Ranked(
            Variable("clause_position", scope="clause", units="1",
                     meaning="number of concessions before it in the package", start=0.0, low=0.0),
            "clause_one", "clause_key", "signs",
        ),
        promise,
        Fold(
            Variable("promise_now", scope="concession", units="share", meaning="level signed this week", low=0.0,
                     high=1.0),
            "promises", "max", "clause", "concession_clauses", 0.0,
        ),
        Fold(
            Variable("position", scope="concession", units="1", meaning="its place in the package signed this week",
                     low=0.0),
            "position_now", "max", "clause", "concession_clauses", 0.0,
        ),
        schedule,
        deliver,
    ),
    outcomes=(
        Outcome(
            "concession_delivered_week", week_of("delivered_week"), "weeks",
            "week of delivery", dims=("run", "concession"), kind="weeks",
        ),
    ),
)
