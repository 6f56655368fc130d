"""Consent: a called track opens once every listed party has agreed to come."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import AGREED, BROKEN, CALLED, CLOSED, OPEN, PHASES, SIGNED, SUSPENDED
from settlesim.model.items import Fold, logistic, rule
from settlesim.model.outcome import Outcome, week_of
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["CONSENT"]


@rule("track", Variable("moot", units="1", meaning="there is nothing left to settle at the table", kind="bool",
                        told=True), source="settlesim")
def overtaken(track_withdrawal, track_power, exiting, presence):
    """Say whether a table is about nothing but the withdrawal of a patron that is leaving, or has left, without it."""
    return track_withdrawal & ~track_power & (exiting | (presence <= 0.0))


@rule(
    "track",
    Variable("calling", units="1", meaning="the track is called this week", kind="bool", told=True),
    Variable("phase", units="1", meaning="phase of the track", start=0, low=0, high=6, kind="int", flags=PHASES,
             weekly=True, told=True),
    Variable("callings", units="1", meaning="times the track was called", start=0, low=0, kind="int"),
    Variable("round", units="rounds", meaning="rounds held since the track was called", start=0, low=0, kind="int",
             told=True),
    Variable("suspensions_before", units="1", meaning="breakdowns before the track was called", start=0, low=0,
             told=True, kind="int"),
    source="settlesim",
)
def call(phase, called, closed_now, callings, round, suspensions, suspensions_before, broken_week, week, recall_weeks,
         recalls, moot):
    """Call a closed or broken track; each calling asks for consent anew.

    Broken talks are called again of themselves after `recall_weeks`, as often as `recalls` allows.  A table about
    nothing but a withdrawal that is under way without it is not called.
    """
    again = (phase == BROKEN) & (week - broken_week >= recall_weeks) & (callings <= recalls)
    calling = ((called & ((phase == CLOSED) | (phase == BROKEN))) | again) & ~moot
    phase = np.where(calling, CALLED, phase)
    phase = np.where(closed_now & (phase != SIGNED), CLOSED, phase)
    return (
        calling,
        phase,
        callings + calling,
        np.where(calling, 0, round),
        np.where(calling, suspensions, suspensions_before),
    )


@rule(
    "seat",
    Variable("consent_push", units="logit", meaning="what draws the party to the table, whoever it is"),
    source="zartman1989 settlesim",
)
def willingness(consent_bias, openness, seat_has_dyad, trust, stalemate_effect, hurting_stalemate, readiness_effect,
                readiness):
    """What draws any party to a table: its openness, trust, readiness, a hurting stalemate that it trusts to end."""
    belief = np.where(seat_has_dyad, trust, 0.0)
    push = consent_bias + openness + belief + readiness_effect * readiness
    return push + stalemate_effect * hurting_stalemate * logistic(belief)


@rule(
    "seat",
    Variable("stake_push", units="logit", meaning="what the insurgency has to gain at the table"),
    source="settlesim",
)
def insurgency_stake(seat_insurgency, delivered_effect, delivered_share, withdrawal_stake, withdrawal_value,
                     track_withdrawal):
    """What the insurgency has seen delivered, and what only the patron can give where that is an issue."""
    stake = delivered_effect * delivered_share + withdrawal_stake * withdrawal_value * track_withdrawal
    return np.where(seat_insurgency, stake, 0.0)


@rule(
    "seat",
    Variable("pressure_push", units="logit", meaning="neighbour, rival and surrender frame on the insurgency"),
    source="khan2018 settlesim",
)
def insurgency_pressure(seat_insurgency, track_government, neighbour_leverage_effect, leverage, threat_effect, threat,
                        frame_effect, track_frame, neighbour_obstruction, has_neighbour, track_neighbour):
    """Neighbour, rival and surrender frame, which weigh on the insurgency's seat.

    Rival and frame count opposite the government.  A neighbour that nobody has engaged holds back the insurgency's
    consent to any table without it.
    """
    opposite = neighbour_leverage_effect * leverage + threat_effect * threat - frame_effect * track_frame
    aloof = has_neighbour & ~track_neighbour
    held = np.where(aloof, neighbour_obstruction * (1.0 - leverage), 0.0)
    return np.where(seat_insurgency, np.where(track_government, opposite, 0.0) - held, 0.0)


@rule(
    "seat",
    Variable("resentment_push", units="logit", meaning="what keeps the government from the table"),
    source="khan2018 settlesim",
)
def government_resentment(seat_government, exclusion_resentment, slighted, legitimacy_effect, legitimacy,
                          legitimacy_start):
    """Exclusion and lost legitimacy, which keep the government from tables of others and from agreeing at any."""
    return np.where(
        seat_government,
        exclusion_resentment * slighted + legitimacy_effect * (1.0 - legitimacy / legitimacy_start),
        0.0,
    )


@rule(
    "seat",
    Variable("refuses_bilateral", units="1", meaning="a patron that refuses talks without the government",
             kind="bool"),
    Variable("at_once", units="1", meaning="the party consents as soon as the table is called", told=True, kind="bool"),
    source="khan2018 talks2021 settlesim",
)
def authorship(seat_patron, seat_insurgency, track_government, switched, proposed, own_offer_tabled, obliged,
               seat_owes, callings):
    """Whose own offer the table is, or whose signature obliges it to come, consents at once.

    What is tabled is offered to the insurgency, also where it has to do its part, as in a ceasefire.  An offer lies
    there when talks that failed are called anew, a proposal to talk is spent.  A patron that refuses bilateral talks
    does not come until it switches.
    """
    refuses = seat_patron & ~track_government & ~switched
    author = (proposed & (callings <= 1)) | (own_offer_tabled & ~seat_insurgency)
    return refuses, (author | (obliged & seat_owes)) & ~refuses


@rule(
    "seat",
    Variable("consent_hazard", units="per week", meaning="hazard of consent", low=0.0, told=True),
    source="settlesim",
)
def consent_hazard(phase, consented, refuses_bilateral, consent_rate, consent_push, stake_push, pressure_push,
                   resentment_push):
    """Weekly hazard h σ(b0 + ...) with which a called party consents to a track.

    A patron that refuses bilateral talks has no hazard until it switches.
    """
    push = consent_push + stake_push + pressure_push - resentment_push
    return np.where((phase == CALLED) & ~consented & ~refuses_bilateral, consent_rate * logistic(push), 0.0)


@rule(
    "seat",
    Variable("consent_left", units="1", meaning="what is left of the consent clock", start="consent_first"),
    Variable("consented", units="1", meaning="the party has consented to the track", start=False, kind="bool"),
    Variable("consents", units="1", meaning="the party consents this week", kind="bool", told=True),
    source="settlesim",
)
def consent(consent_left, consented, consent_hazard, calling, consent_luck, at_once, phase):
    """Run the consent clock; calling a track anew sets it with the luck of that calling.

    Nobody needs persuading to come to a table of its own.
    """
    left = np.where(calling, consent_luck, consent_left)
    agreed = consented & ~calling
    left = left - consent_hazard
    rings = ((left <= 0.0) & (consent_hazard > 0.0)) | (at_once & (phase == CALLED))
    rings = rings & ~agreed
    return left, agreed | rings, rings


@rule(
    "track",
    Variable("opens", units="1", meaning="the track opens this week", kind="bool", told=True),
    Variable("resumes", units="1", meaning="the track resumes this week", kind="bool", told=True),
    "phase",
    Variable("opened_week", units="weeks", meaning="week in which the track first opened, -1 before", start=-1.0,
             low=-1.0),
    Variable("next_round", units="weeks", meaning="week of the next round", start=0.0, low=0.0),
    source="settlesim",
)
def open_track(phase, all_consent, week, opened_week, next_round, round_interval, resume_week, behind, quorum,
               track_power):
    """Open a track once every listed party consents; resume a suspended one when its time has come.

    Nobody sits down about power with less than a quorum of the fighters.
    """
    opens = (phase == CALLED) & all_consent & (~track_power | (behind >= quorum))
    resumes = (phase == SUSPENDED) & (week >= resume_week)
    return (
        opens,
        resumes,
        np.where(opens | resumes, OPEN, phase),
        np.where(opens & (opened_week < 0.0), week, opened_week),
        np.where(opens, week + round_interval, np.where(resumes, week, next_round)),
    )


@rule(
    "track",
    Variable("talking_now", units="1", meaning="the track is open", kind="bool"),
    Variable("talks_with_government", units="1", meaning="open with government and insurgency", kind="bool"),
    Variable("talks_with_patron", units="1", meaning="open with patron and insurgency alone", kind="bool"),
    Variable("at_table", units="1", meaning="government and insurgency share this table", kind="bool"),
    Variable("outside_table", units="1", meaning="patron and insurgency share it without the government", kind="bool"),
    source="settlesim",
)
def who_talks(phase, track_government, track_patron, track_insurgency):
    """Which parties the insurgency is talking to on this track."""
    live = phase == OPEN
    pending = live | (phase == SUSPENDED) | (phase == AGREED)
    return (
        live,
        live & track_insurgency & track_government,
        live & track_insurgency & track_patron & ~track_government,
        (pending | (phase == SIGNED)) & track_insurgency & track_government,
        pending & track_insurgency & track_patron & ~track_government,
    )


CONSENT = Mechanism(
    "Consent",
    items=(
        overtaken,
        call,
        willingness,
        insurgency_stake,
        insurgency_pressure,
        government_resentment,
        Fold(
            Variable("own_offer_tabled", scope="seat", units="1", meaning="an offer of the party lies on the table",
                     kind="bool", told=True),
            "on_table", "any", "clause", "seat_clauses",
        ),
        authorship,
        consent_hazard,
        consent,
        Fold(
            Variable("all_consent", scope="track", units="1", meaning="every listed party has consented", kind="bool",
                     told=True),
            "consented", "all", "seat", "seats",
        ),
        open_track,
        who_talks,
        Fold(
            Variable("government_talks", scope="run", units="1", meaning="talks with the government are open",
                     start=False, kind="bool"),
            "talks_with_government", "any", "track",
        ),
        Fold(
            Variable("patron_talks", scope="run", units="1", meaning="bilateral talks with the patron are open",
                     start=False, kind="bool"),
            "talks_with_patron", "any", "track",
        ),
        Fold(
            Variable("any_at_table", scope="run", units="1", meaning="government and insurgency share a table",
                     kind="bool"),
            "at_table", "any", "track",
        ),
        Fold(
            Variable("any_outside_table", scope="run", units="1", meaning="a table without the government",
                     kind="bool"),
            "outside_table", "any", "track",
        ),
    ),
    luck=(
        Luck("consent_luck", "seat", "exponential", "callings", 8,
             "travels with the matter: the n-th calling of a track"),
        Luck("consent_first", "seat", "exponential", meaning="set before a first calling"),
    ),
    outcomes=(
        Outcome(
            "track_opened_week", week_of("opened_week"), "weeks",
            "week in which the track first opened", dims=("run", "track"), kind="weeks",
        ),
    ),
)
