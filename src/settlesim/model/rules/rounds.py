"""Rounds of bargaining: asks, offers, acceptance, breakdown, signing (MODEL.md section 6, Rounds, Linkage)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logit

from settlesim.model.protocol import Fold, Luck, Rule, Select, Variable, logistic, rule
from settlesim.model.rules.talks import AGREED, BROKEN, OPEN, SIGNED, SUSPENDED

__all__ = ["ITEMS", "LUCK", "VARIABLES", "acceptance", "concession_curve", "zeuthen"]


def concession_curve(round_number: Any, deadline: Any, exponent: Any) -> Any:
    """a(n) = min(1, n/n_max)^(1/β): β < 1 holds out (Boulware), β > 1 concedes early (Faratin et al. 1998).

    Examples
    --------
    >>> float(concession_curve(0, 14, 0.6)), float(concession_curve(14, 14, 0.6)), float(concession_curve(20, 14, 0.6))
    (0.0, 1.0, 1.0)
    """
    return np.power(np.minimum(1.0, round_number / deadline), 1.0 / exponent)


def acceptance(surplus: Any, at_reservation: Any, temperature: Any) -> Any:
    """Quantal response: the chance to accept an offer worth `surplus` more than the reservation value.

    Examples
    --------
    >>> round(float(acceptance(0.0, 0.35, 0.05)), 12)
    0.35
    """
    return logistic(logit(at_reservation) + surplus / temperature)


@rule("track", "round_due round rounds_held next_round")
def round_calendar(phase: Any, week: Any, next_round: Any, round: Any, rounds_held: Any, round_interval: Any) -> Any:
    """A round is due on an open track every `round_interval` weeks."""
    due = (phase == OPEN) & (week >= next_round)
    return due, round + due, rounds_held + due, np.where(due, week + round_interval, next_round)


@rule("bargain", "reservation limit bargain_zone", when="round_due")
def positions(bargain_power: Any, reservation_binding: Any, limit_power: Any, withdrawal_reservation: Any,
              withdrawal_limit: Any, withdrawal_trust: Any, trust_in_patron: Any, trust_of_patron: Any) -> Any:
    """Reservation values: on power from the commitment problem, on withdrawal from the pair's trust."""
    least = withdrawal_reservation + withdrawal_trust * (1.0 - logistic(trust_in_patron))
    most = withdrawal_limit + withdrawal_trust * logistic(trust_of_patron)
    least = np.where(bargain_power, reservation_binding, least)
    most = np.where(bargain_power, limit_power, most)
    return least, most, most - least


@rule("bargain", "ask offer", when="round_due", source="Faratin et al. 1998")
def asks_and_offers(round: Any, deadline_rounds: Any, concession_exponent: Any, concession_exponent_insurgency: Any,
                    reservation: Any, limit: Any, opening_ask: Any, opening_offer: Any) -> Any:
    """ask = A - a(A - r), offer = O + a(m - O), each along its own side's concession curve."""
    a_claim = concession_curve(round, deadline_rounds, concession_exponent_insurgency)
    a_give = concession_curve(round, deadline_rounds, concession_exponent)
    return opening_ask - a_claim * (opening_ask - reservation), opening_offer + a_give * (limit - opening_offer)


@rule("bargain", "ask offer", when="round_due", source="Zeuthen 1930; Harsanyi 1956")
def zeuthen(ask: Any, offer: Any, reservation: Any, limit: Any, opening_ask: Any, opening_offer: Any,
            round: Any, deadline_rounds: Any) -> Any:
    """Offer Zeuthen's monotonic concession, an option in place of `asks_and_offers`.

    The side that would lose less by a breakdown, relative to what it would lose by giving in, concedes
    a step of 1/n_max of the way to its reservation value; at equal risk both do.
    """
    first = round <= 1
    claim = np.where(first, opening_ask, ask)
    give = np.where(first, opening_offer, offer)
    risk_claim = (claim - give) / np.maximum(claim - reservation, 1e-9)
    risk_give = (claim - give) / np.maximum(limit - give, 1e-9)
    step_claim = np.maximum(opening_ask - reservation, 0.0) / deadline_rounds
    step_give = np.maximum(limit - opening_offer, 0.0) / deadline_rounds
    claim = np.where(risk_claim <= risk_give, np.maximum(claim - step_claim, reservation), claim)
    give = np.where(risk_give <= risk_claim, np.minimum(give + step_give, limit), give)
    return claim, give


@rule("clause", "stale_value", when="round_due")
def staleness(clause_power: Any, offer: Any, clause_before: Any, clause_value: Any, tabled_week: Any, week: Any,
              offer_half_life: Any, delivered: Any) -> Any:
    """Value that a tabled concession has lost while it lay on the table; what is delivered keeps its value."""
    level = np.clip((offer - clause_before) / np.maximum(clause_value, 1e-9), 0.0, 1.0)
    age = np.where(tabled_week >= 0.0, week - tabled_week, 0.0)
    lost = level * clause_value * (1.0 - np.exp2(-age / offer_half_life))
    return np.where(clause_power & ~delivered, lost, 0.0)


@rule("bargain", "surplus_claim surplus_give", when="round_due")
def surpluses(offer: Any, ask: Any, reservation: Any, limit: Any, stale: Any) -> Any:
    """What the offer is worth to the insurgency, and the ask to the other side, above their reservation values."""
    return offer - stale - reservation, limit - ask


@rule("track", "claim_surplus", when="round_due")
def linkage(track_package: Any, claim_sum: Any, claim_least: Any) -> Any:
    """One package is judged by its sum (logrolling); staged issues each by their own."""
    return np.where(track_package, claim_sum, claim_least)


@rule("seat", "accept_probability accepts", when="round_due", source="quantal response, McKelvey and Palfrey 1995")
def accept(seat_claims: Any, claim_surplus: Any, seat_gives: Any, surplus_give: Any, concession_acceptance: Any,
           acceptance_temperature: Any, accept_luck: Any) -> Any:
    """Decide whether a party takes what lies before it; a party with no stake accepts with its bare readiness."""
    surplus = np.where(seat_claims, claim_surplus, np.where(seat_gives, surplus_give, 0.0))
    p = acceptance(surplus, concession_acceptance, acceptance_temperature)
    return p, accept_luck < p


@rule("track", "agrees phase agreed_week suspensions resume_week breaks")
def close_round(round_due: Any, phase: Any, offer_accepted: Any, asks_accepted: Any, agreed_week: Any,
                week: Any, suspensions: Any, resume_week: Any, breakdown_rate: Any, breakdown_attack_effect: Any,
                insurgent_attacks: Any, trust_in_insurgency: Any, break_luck: Any, pause_luck: Any,
                suspension_shortest: Any, suspension_longest: Any, suspension_limit: Any, round: Any,
                deadline_rounds: Any) -> Any:
    """End a round: agreement, breakdown (more likely after an attack while trust is low), or another round.

    A breakdown suspends the talks for 8-16 weeks; too many of them, or twice the deadline, break the track.
    """
    agrees = round_due & (offer_accepted | asks_accepted)
    alarm = (insurgent_attacks > 0.0) & (trust_in_insurgency < 0.0)
    risk = np.minimum(1.0, breakdown_rate * (1.0 + breakdown_attack_effect * alarm))
    breaks = round_due & ~agrees & (break_luck < risk)
    number = suspensions + breaks
    over = round_due & ~agrees & ((number > suspension_limit) | (round >= 2.0 * deadline_rounds))
    pause = suspension_shortest + (suspension_longest - suspension_shortest) * pause_luck
    phase = np.where(agrees, AGREED, np.where(over, BROKEN, np.where(breaks, SUSPENDED, phase)))
    return (agrees, phase, np.where(agrees, week, agreed_week), number,
            np.where(breaks, week + np.floor(pause), resume_week), breaks | over)


@rule("bargain", "share", when="agrees")
def agreed_share(offer_accepted: Any, offer: Any, ask: Any) -> Any:
    """The share agreed: the offer if the insurgency took it, else its ask."""
    return np.clip(np.where(offer_accepted, offer, ask), 0.0, 1.0)


@rule("track", "ready")
def ready(phase: Any, agreed_week: Any, week: Any, prelude: Any, track_planned: Any) -> Any:
    """Say whether the track is agreed and past its prelude, or not part of the plan."""
    return ~track_planned | (phase == SIGNED) | ((phase == AGREED) & (week - agreed_week >= prelude))


@rule("track", "signs phase signed_week preluding")
def sign(phase: Any, agreed_week: Any, week: Any, prelude: Any, single_undertaking: Any, all_ready: Any,
         signed_week: Any) -> Any:
    """Sign once the prelude is over; in a single undertaking only when every planned track is ready."""
    due = (phase == AGREED) & (week - agreed_week >= prelude)
    signs = due & (~single_undertaking | all_ready)
    preluding = (phase == AGREED) & (week - agreed_week < prelude)
    return signs, np.where(signs, SIGNED, phase), np.where(signs, week, signed_week), preluding


@rule("bargain", "power_signs withdrawal_signs withdrawal_share_now")
def what_is_signed(signs: Any, bargain_power: Any, share: Any) -> Any:
    """Which issue is settled by the week's signatures."""
    return signs & bargain_power, signs & ~bargain_power, np.where(signs & ~bargain_power, share, 0.0)


@rule("bargain", "power_share_now")
def signed_power_share(power_signs: Any, share: Any) -> Any:
    """The share of power signed this week."""
    return np.where(power_signs, share, 0.0)


VARIABLES = (
    Variable("round", "track", "rounds", "rounds held since the track was called", 0, 0, kind="int"),
    Variable("rounds_held", "track", "rounds", "rounds held in all", 0, 0, kind="int"),
    Variable("round_due", "track", "1", "a round is held this week", kind="bool"),
    Variable("trust_in_patron", "run", "logit", "insurgency's trust in the patron", low=-20.0, high=20.0),
    Variable("trust_of_patron", "run", "logit", "patron's trust in the insurgency", low=-20.0, high=20.0),
    Variable("reservation", "bargain", "share", "insurgency's reservation value", 0.0),
    Variable("limit", "bargain", "share", "most the other side will give", 0.0),
    Variable("bargain_zone", "bargain", "share", "zone of possible agreement", 0.0),
    Variable("ask", "bargain", "share", "insurgency's ask", 0.0),
    Variable("offer", "bargain", "share", "the other side's offer", 0.0),
    Variable("stale", "bargain", "share", "value the offer lost on the table", 0.0, 0.0),
    Variable("stale_value", "clause", "share", "value the concession lost on the table", 0.0, 0.0),
    Variable("surplus_claim", "bargain", "share", "offer above the insurgency's reservation value", 0.0),
    Variable("surplus_give", "bargain", "share", "ask below the most the other side will give", 0.0),
    Variable("claim_sum", "track", "share", "insurgency's surplus over all issues", 0.0),
    Variable("claim_least", "track", "share", "insurgency's least surplus of an issue", 0.0),
    Variable("claim_surplus", "track", "share", "surplus by which the insurgency judges", 0.0),
    Variable("accept_probability", "seat", "probability", "chance to accept this round", 0.0, 0.0, 1.0),
    Variable("accepts", "seat", "1", "the party accepts this round", False, kind="bool"),
    Variable("offer_accepted", "track", "1", "the insurgency accepts the offer", kind="bool"),
    Variable("asks_accepted", "track", "1", "the other parties accept the asks", kind="bool"),
    Variable("agrees", "track", "1", "agreement is reached this week", False, kind="bool"),
    Variable("agreed_week", "track", "weeks", "week of agreement, -1 before", -1.0, -1.0),
    Variable("suspensions", "track", "1", "times the talks broke down", 0, 0, kind="int"),
    Variable("resume_week", "track", "weeks", "week in which suspended talks resume", 0.0, 0.0),
    Variable("breaks", "track", "1", "the talks break down this week", False, kind="bool"),
    Variable("share", "bargain", "share", "share agreed", 0.0, 0.0, 1.0),
    Variable("ready", "track", "1", "ready for signing", kind="bool"),
    Variable("all_ready", "run", "1", "every planned track is ready", kind="bool"),
    Variable("signs", "track", "1", "signed this week", kind="bool"),
    Variable("signed_week", "track", "weeks", "week of signing, -1 before", -1.0, -1.0),
    Variable("preluding", "track", "1", "reduction in violence before signing", kind="bool"),
    Variable("in_prelude", "run", "1", "reduction in violence before a signing", False, kind="bool"),
    Variable("power_signs", "bargain", "1", "power is settled this week", kind="bool"),
    Variable("withdrawal_signs", "bargain", "1", "withdrawal is settled this week", kind="bool"),
    Variable("withdrawal_share_now", "bargain", "share", "withdrawal share signed this week", low=0.0, high=1.0),
    Variable("power_share_now", "bargain", "share", "power share signed this week", low=0.0, high=1.0),
    Variable("settling", "run", "1", "a deal on power is signed this week", kind="bool"),
    Variable("patron_signs", "run", "1", "a deal on withdrawal is signed this week", kind="bool"),
    Variable("power_share_signing", "run", "share", "power share signed this week", low=0.0, high=1.0),
    Variable("withdrawal_share_signing", "run", "share", "withdrawal share signed this week", low=0.0, high=1.0),
)

LUCK = (
    Luck("accept_luck", "seat", "uniform", "rounds_held", 64, "travels with the matter: the n-th round of this track"),
    Luck("break_luck", "track", "uniform", "rounds_held", 64, "travels with the matter: the n-th round of this track"),
    Luck("pause_luck", "track", "uniform", "suspensions", 8, "travels with the matter: the n-th suspension"),
)

ITEMS: tuple[Rule | Fold | Select, ...] = (
    Select("trust_in_patron", "trust", "insurgency_patron"),
    Select("trust_of_patron", "trust", "patron_insurgency"),
    positions,
    asks_and_offers,
    staleness,
    Fold("stale", "stale_value", "sum", "clause", "bargain_clauses"),
    surpluses,
    Fold("claim_sum", "surplus_claim", "sum", "bargain", "bargains"),
    Fold("claim_least", "surplus_claim", "min", "bargain", "bargains", 0.0),
    linkage,
    accept,
    Fold("offer_accepted", "accepts", "any", "seat", "claimants"),
    Fold("asks_accepted", "accepts", "all", "seat", "givers"),
    close_round,
    agreed_share,
    ready,
    Fold("all_ready", "ready", "all", "track"),
    sign,
    Fold("in_prelude", "preluding", "any", "track"),
    what_is_signed,
    signed_power_share,
    Fold("settling", "power_signs", "any", "bargain"),
    Fold("patron_signs", "withdrawal_signs", "any", "bargain"),
    Fold("power_share_signing", "power_share_now", "max", "bargain", "", 0.0),
    Fold("withdrawal_share_signing", "withdrawal_share_now", "max", "bargain", "", 0.0),
)
