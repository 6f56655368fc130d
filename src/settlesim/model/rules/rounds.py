"""Rounds: when they are held, the parties' positions, and their asks and offers."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import OPEN
from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["ROUNDS", "concession_curve", "zeuthen"]


def concession_curve(round_number, deadline, exponent):
    """a(n) = min(1, n/n_max)^(1/β): β < 1 holds out (Boulware), β > 1 concedes early (Faratin et al. 1998).

    Examples
    --------
    >>> float(concession_curve(0, 14, 0.6)), float(concession_curve(14, 14, 0.6)), float(concession_curve(20, 14, 0.6))
    (0.0, 1.0, 1.0)
    """
    return np.power(np.minimum(1.0, round_number / deadline), 1.0 / exponent)


@rule(
    "track",
    Variable("round_due", units="1", meaning="a round is held this week", kind="bool"),
    "round",
    Variable("rounds_held", units="rounds", meaning="rounds held in all", start=0, low=0, kind="int", told=True),
    "next_round",
    source="settlesim",
)
def round_calendar(phase, week, next_round, round, rounds_held, round_interval, items_left):
    """A round is due on an open track every `round_interval` weeks; on a staged agenda power comes after the items."""
    due = (phase == OPEN) & (week >= next_round)
    return due, round + (due & ~items_left), rounds_held + due, np.where(due, week + round_interval, next_round)


@rule(
    "bargain",
    Variable("reservation", units="share", meaning="insurgency's least share at the round", start=0.0, low=0.0),
    Variable("limit", units="share", meaning="most the other side will give at the round", start=0.0),
    when="round_due", source="settlesim",
)
def round_positions(least, most):
    """Positions at a round; nobody asks for less than nothing."""
    return np.maximum(least, 0.0), most + 0.0


@rule(
    "bargain",
    Variable("ask", units="share", meaning="insurgency's ask", start=0.0),
    Variable("offer", units="share", meaning="the other side's offer", start=0.0),
    when="round_due", source="faratin1998",
)
def asks_and_offers(round, deadline_rounds, concession_exponent, concession_exponent_insurgency, reservation, limit,
                    opening_ask, opening_offer):
    """ask = A - a(A - r), offer = O + a(m - O), each along its own side's concession curve.

    Nobody opens with less than it would settle for: A is at least r, and O at most m.
    """
    a_claim = concession_curve(round, deadline_rounds, concession_exponent_insurgency)
    a_give = concession_curve(round, deadline_rounds, concession_exponent)
    first_ask, first_offer = np.maximum(opening_ask, reservation), np.minimum(opening_offer, limit)
    return first_ask - a_claim * (first_ask - reservation), first_offer + a_give * (limit - first_offer)


@rule("bargain", "ask offer", when="round_due", source="zeuthen1930 harsanyi1956")
def zeuthen(ask, offer, reservation, limit, opening_ask, opening_offer, round, deadline_rounds):
    """Zeuthen's monotonic concession, an option in place of `asks_and_offers`.

    The side that would lose less by giving in, relative to what it would lose by a breakdown, concedes a step of
    1/n_max of the way to its reservation value; at equal risk both do.
    """
    first = round <= 1
    first_ask, first_offer = np.maximum(opening_ask, reservation), np.minimum(opening_offer, limit)
    claim = np.where(first, first_ask, ask)
    give = np.where(first, first_offer, offer)
    risk_claim = (claim - give) / np.maximum(claim - reservation, 1e-9)
    risk_give = (claim - give) / np.maximum(limit - give, 1e-9)
    step_claim = (first_ask - reservation) / deadline_rounds
    step_give = (limit - first_offer) / deadline_rounds
    claim = np.where(risk_claim <= risk_give, np.maximum(claim - step_claim, reservation), claim)
    give = np.where(risk_give <= risk_claim, np.minimum(give + step_give, limit), give)
    return claim, give


ROUNDS = Mechanism(
    "Rounds",
    items=(
        round_calendar,
        round_positions,
        asks_and_offers,
    ),
    outcomes=(
        Outcome("rounds", final("rounds_held"), "rounds", "rounds held on the track", dims=("run", "track"),
                kind="count"),
    ),
)
