"""Agenda inside a table: items settled one after another, in the order in which they were tabled."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import CALLED
from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, week_of
from settlesim.model.protocol import Mechanism
from settlesim.model.rules.acceptance import acceptance, with_readiness
from settlesim.model.variables import Luck, Variable

__all__ = ["AGENDA_ITEMS"]

# A rank behind every item that can be tabled.
NO_ITEM = 1e6


@rule("clause", Variable("open_rank", units="1", meaning="place of the item on the agenda while it is open",
                         start=NO_ITEM, low=-1.0), when="staged", source="settlesim")
def open_rank(item_open, tabled_rank):
    """Place of an item that is still open."""
    return np.where(item_open, tabled_rank, NO_ITEM)


@rule(
    "clause",
    Variable("item_round", units="rounds", meaning="rounds held on the item", start=0, low=0, kind="int"),
    Variable("item_now", units="1", meaning="the round of this week is about the item", start=False, kind="bool"),
    when="staged", source="settlesim",
)
def item_turn(round_due, open_rank, next_rank, item_round, item_open, phase):
    """Hold the round on the first item that is open; each item has rounds of its own, anew at every calling."""
    now = round_due & item_open & (open_rank <= next_rank)
    return np.where(phase == CALLED, 0, item_round + now), now


@rule(
    "clause",
    Variable("item_agreed", units="1", meaning="the item is agreed", start=False, kind="bool"),
    Variable("item_agreed_week", units="weeks", meaning="week in which it was, -1 before", start=-1.0, low=-1.0),
    Variable("item_aside", units="1", meaning="the item is set aside", start=False, kind="bool"),
    Variable("item_agrees", units="1", meaning="the item is agreed this week", start=False, kind="bool", told=True),
    Variable("item_fails", units="1", meaning="the item is set aside this week", start=False, kind="bool", told=True),
    when="staged", source="mckelvey1995 pruitt2005 settlesim",
)
def item_result(item_now, item_round, item_agreed, item_agreed_week, item_aside, clause_worth, concession_cost,
                item_rounds, concession_acceptance_insurgency, concession_acceptance_government, valuation_spread,
                readiness_effect, readiness_of_insurgency, readiness_of_government, item_luck_insurgency,
                item_luck_government, week, phase):
    """Settle an item: what it gains, v d - c, is shared, and each side judges its half by its private valuation.

    The halves come forward round by round, and valuations spread in proportion to what is at stake, (v + c)/2.
    After `item_rounds` rounds without agreement the item is set aside, until the table is called again.
    """
    spread = valuation_spread * 0.5 * np.maximum(np.abs(clause_worth) + concession_cost, 1e-6)
    half = 0.5 * (clause_worth - concession_cost) * np.minimum(1.0, item_round / item_rounds)
    ready_t = with_readiness(concession_acceptance_insurgency, readiness_effect * readiness_of_insurgency)
    ready_k = with_readiness(concession_acceptance_government, readiness_effect * readiness_of_government)
    takes = item_luck_insurgency < acceptance(half, ready_t, spread)
    gives = item_luck_government < acceptance(half, ready_k, spread)
    agrees = item_now & takes & gives
    fails = item_now & ~agrees & (item_round >= item_rounds)
    aside = (item_aside & (phase != CALLED)) | fails
    return item_agreed | agrees, np.where(agrees, week, item_agreed_week), aside, agrees, fails


AGENDA_ITEMS = Mechanism(
    "Agenda inside a table",
    items=(
        open_rank,
        Fold(
            Variable("next_rank", scope="track", units="1", meaning="place of the first open item", low=-1.0),
            "open_rank", "min", "clause", "track_clauses", NO_ITEM,
        ),
        item_turn,
        item_result,
    ),
    luck=(
        Luck("item_luck_insurgency", "clause", "uniform", "callings", 8,
             "travels with the matter: the item, at the n-th calling of the track"),
        Luck("item_luck_government", "clause", "uniform", "callings", 8,
             "travels with the matter: the item, at the n-th calling of the track"),
    ),
    outcomes=(
        Outcome("item_agreed_week", week_of("item_agreed_week"), "weeks",
                "week in which an item of a staged agenda was agreed", dims=("run", "clause"), kind="weeks"),
    ),
)
