"""Acceptance: each party has one private valuation per calling of a table, and signs nothing below war."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from settlesim.model.items import Fold, logistic, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["ACCEPTANCE", "acceptance", "with_readiness"]


def acceptance(surplus, at_reservation, temperature):
    """Quantal response: the chance to accept an offer worth `surplus` more than the reservation value; 0 below it.

    Examples
    --------
    >>> round(float(acceptance(0.0, 0.35, 0.05)), 12)
    0.35
    """
    return np.where(surplus >= 0.0, logistic(logit(at_reservation) + surplus / temperature), 0.0)


def with_readiness(at_reservation, push):
    """Chance of acceptance at the reservation value, moved by readiness on the scale of log-odds."""
    return logistic(logit(at_reservation) + push)


@rule(
    "bargain",
    Variable("surplus_claim", units="share", meaning="offer above the insurgency's reservation value", start=0.0),
    Variable("surplus_give", units="share", meaning="ask below the most the other side will give", start=0.0),
    Variable("surplus_counted", units="share", meaning="the first, in shares of the prize", start=0.0),
    when="round_due", source="settlesim",
)
def surpluses(offer, ask, least, limit, bargain_power, withdrawal_value, exiting):
    """What the offer is worth to the insurgency, and the ask to the other side, above their reservation values.

    In a package the pace of withdrawal counts with the worth of the withdrawal, as long as it is not under way anyway.
    """
    claim = np.where(offer >= 0.0, offer - least, offer - np.maximum(least, 0.0))
    return claim, limit - ask, np.where(bargain_power, claim, withdrawal_value * claim * ~exiting)


@rule(
    "track",
    Variable("claim_surplus", units="share", meaning="surplus by which the insurgency judges", start=0.0),
    when="round_due", source="settlesim",
)
def linkage(track_package, claim_sum, claim_least):
    """One package is judged by its sum (logrolling); staged issues each by their own."""
    return np.where(track_package, claim_sum, claim_least)


@rule(
    "seat",
    Variable("accept_probability", units="probability", meaning="chance to accept this round", start=0.0, low=0.0,
             high=1.0),
    Variable("accepts", units="1", meaning="the party accepts this round", start=False, kind="bool"),
    when="round_due", source="mckelvey1995 fearon1995",
)
def accept(seat_claims, claim_surplus, seat_gives, surplus_give, concession_acceptance, valuation_spread,
           accept_luck, round, deadline_rounds, readiness_effect, readiness, resentment_push):
    """Decide whether a party takes what lies before it, by one private valuation u per calling of the table.

    It accepts a surplus Δ >= max(0, T [logit(u) - logit(a)]): an offer worth exactly the reservation value with the
    chance a, however often it is repeated, and nothing that is worth less than war; readiness
    and resentment move a.  A party with no stake at the
    table (state-to-state talks) comes round as the rounds go by, at the latest by the deadline.
    """
    surplus = np.where(seat_claims, claim_surplus, np.where(seat_gives, surplus_give, 0.0))
    ready = with_readiness(concession_acceptance, readiness_effect * readiness - resentment_push)
    p = acceptance(surplus, ready, valuation_spread)
    patience = np.minimum(1.0, round / deadline_rounds)
    p = np.where(seat_claims | seat_gives, p, ready + (1.0 - ready) * patience)
    return p, accept_luck < p


ACCEPTANCE = Mechanism(
    "Acceptance",
    items=(
        surpluses,
        Fold(
            Variable("claim_sum", scope="track", units="share", meaning="insurgency's surplus over all issues",
                     start=0.0),
            "surplus_counted", "sum", "bargain", "bargains",
        ),
        Fold(
            Variable("claim_least", scope="track", units="share", meaning="insurgency's least surplus of an issue",
                     start=0.0),
            "surplus_claim", "min", "bargain", "bargains", 0.0,
        ),
        linkage,
        accept,
        Fold(
            Variable("offer_accepted", scope="track", units="1", meaning="the insurgency accepts the offer",
                     kind="bool", told=True),
            "accepts", "any", "seat", "claimants",
        ),
        Fold(
            Variable("asks_accepted", scope="track", units="1", meaning="the other parties accept the asks",
                     kind="bool"),
            "accepts", "all", "seat", "givers",
        ),
    ),
    luck=(
        Luck("accept_luck", "seat", "uniform", "callings", 8,
             "travels with the matter: the n-th calling of this track"),
    ),
)
