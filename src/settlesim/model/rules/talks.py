"""Tracks of talks: calling, consent, opening, suspending (MODEL.md section 6, Consent, Surrender frame)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Rule, Select, Variable, logistic, rule

__all__ = ["AGREED", "BROKEN", "CALLED", "CLOSED", "CONSENT", "FRAME", "LUCK", "OPEN", "PHASES", "SIGNED",
           "SUSPENDED", "VARIABLES"]

CLOSED, CALLED, OPEN, SUSPENDED, AGREED, SIGNED, BROKEN = range(7)
PHASES = {CLOSED: "closed", CALLED: "called", OPEN: "open", SUSPENDED: "suspended", AGREED: "agreed",
          SIGNED: "signed", BROKEN: "broken"}


@rule("track", "calling phase callings round")
def call(phase: Any, called: Any, closed_now: Any, callings: Any, round: Any) -> Any:
    """Call a closed or broken track; each calling asks for consent anew."""
    calling = called & ((phase == CLOSED) | (phase == BROKEN))
    phase = np.where(calling, CALLED, phase)
    phase = np.where(closed_now & (phase != SIGNED), CLOSED, phase)
    return calling, phase, callings + calling, np.where(calling, 0, round)


@rule("track", "track_frame track_matters")
def track_frame(surrender_frame: Any, presence: Any, recognised: Any, patron_deal: Any, frame_recognition: Any,
                frame_withdrawal: Any, frame_patron: Any, track_patron: Any, track_power: Any, phase: Any) -> Any:
    """f = φ (U/U0) max(0, 1 - .4 recognised - .5 withdrawal signed - .4 patron at the table)."""
    relief = frame_recognition * recognised + frame_withdrawal * patron_deal + frame_patron * track_patron
    frame = surrender_frame * presence * np.maximum(0.0, 1.0 - relief)
    return frame, np.where(track_power & (phase >= CALLED) & (phase != BROKEN), frame, surrender_frame * presence)


@rule("run", "frame")
def frame_of_settlement(surrender_frame: Any, presence: Any, recognised: Any, patron_deal: Any,
                        frame_recognition: Any, frame_withdrawal: Any, least_frame: Any) -> Any:
    """Cost of seeming to surrender when signing: that of the most favourable table called so far."""
    relief = frame_recognition * recognised + frame_withdrawal * patron_deal
    return np.minimum(least_frame, surrender_frame * presence * np.maximum(0.0, 1.0 - relief))


@rule("seat", "consent_hazard")
def consent_hazard(phase: Any, consented: Any, seat_insurgency: Any, seat_government: Any, seat_patron: Any,
                   track_government: Any, seat_has_dyad: Any, trust: Any, consent_rate: Any, consent_bias: Any,
                   openness: Any, delivered_share: Any, delivered_effect: Any, track_frame: Any, frame_effect: Any,
                   leverage: Any, neighbour_leverage_effect: Any, threat: Any, threat_effect: Any,
                   hurting_stalemate: Any, stalemate_effect: Any, obliged: Any, oblige_effect: Any, excluded: Any,
                   exclusion_resentment: Any, legitimacy: Any, legitimacy_start: Any, legitimacy_effect: Any,
                   switched: Any, track_withdrawal: Any, withdrawal_value: Any, withdrawal_stake: Any) -> Any:
    """Weekly hazard h σ(b0 + ...) with which a called party consents to a track.

    What only the patron can give, the withdrawal, draws the insurgency to tables at which it is an issue.
    Surrender frame, neighbour leverage and rival threat weigh on the insurgency's seat opposite the
    government; exclusion and legitimacy on the government's.  A patron that refuses bilateral talks has no
    hazard until it switches.
    """
    belief = np.where(seat_has_dyad, trust, 0.0)
    opposite_government = seat_insurgency & track_government
    push = consent_bias + openness + belief
    push = push + stalemate_effect * hurting_stalemate * logistic(belief) + oblige_effect * obliged
    stake = delivered_effect * delivered_share + withdrawal_stake * withdrawal_value * track_withdrawal
    push = push + np.where(seat_insurgency, stake, 0.0)
    push = push + np.where(
        opposite_government,
        neighbour_leverage_effect * leverage + threat_effect * threat - frame_effect * track_frame,
        0.0,
    )
    push = push - np.where(
        seat_government,
        exclusion_resentment * excluded + legitimacy_effect * (1.0 - legitimacy / legitimacy_start),
        0.0,
    )
    refuses = seat_patron & ~track_government & ~switched
    return np.where((phase == CALLED) & ~consented & ~refuses, consent_rate * logistic(push), 0.0)


@rule("seat", "consent_left consented consents")
def consent(consent_left: Any, consented: Any, consent_hazard: Any, calling: Any, consent_luck: Any) -> Any:
    """Run the consent clock; calling a track anew winds it up with the luck of that calling."""
    left = np.where(calling, consent_luck, consent_left)
    agreed = consented & ~calling
    left = left - consent_hazard
    rings = (left <= 0.0) & ~agreed & (consent_hazard > 0.0)
    return left, agreed | rings, rings


@rule("track", "opens resumes phase opened_week next_round")
def open_track(phase: Any, all_consent: Any, week: Any, opened_week: Any, next_round: Any, round_interval: Any,
               resume_week: Any) -> Any:
    """Open a track once every listed party consents; resume a suspended one when its time has come."""
    opens = (phase == CALLED) & all_consent
    resumes = (phase == SUSPENDED) & (week >= resume_week)
    return (
        opens,
        resumes,
        np.where(opens | resumes, OPEN, phase),
        np.where(opens & (opened_week < 0.0), week, opened_week),
        np.where(opens, week + round_interval, np.where(resumes, week, next_round)),
    )


@rule("track", "talking_now talks_with_government talks_with_patron at_table outside_table")
def who_talks(phase: Any, track_government: Any, track_patron: Any, track_insurgency: Any) -> Any:
    """Which parties the insurgency is talking to on this track."""
    live = phase == OPEN
    bound = live | (phase == SUSPENDED) | (phase == AGREED) | (phase == SIGNED)
    return (
        live,
        live & track_insurgency & track_government,
        live & track_insurgency & track_patron & ~track_government,
        bound & track_insurgency & track_government,
        bound & track_insurgency & track_patron & ~track_government,
    )


@rule("run", "excluded")
def exclusion(any_at_table: Any, any_outside_table: Any) -> Any:
    """Say whether the patron treats with the insurgency while the government sits at no table with it."""
    return any_outside_table & ~any_at_table


@rule("run", "switch_left switched switches")
def patron_policy(switch_left: Any, switched: Any, patron_flexibility: Any, switch_ordered: Any,
                  has_patron: Any) -> Any:
    """Run the clock of the patron's policy: it refuses bilateral talks until it switches."""
    left = switch_left - np.where(switched, 0.0, patron_flexibility)
    turns = (~switched) & has_patron & ((left <= 0.0) | switch_ordered)
    return left, switched | turns, turns


VARIABLES = (
    Variable("phase", "track", "1", "phase of the track", 0, 0, 6, "int", PHASES),
    Variable("calling", "track", "1", "the track is called this week", kind="bool"),
    Variable("callings", "track", "1", "times the track was called", 0, 0, kind="int"),
    Variable("track_frame", "track", "share", "surrender frame at this table", low=0.0),
    Variable("track_matters", "track", "share", "surrender frame of tables called about power", low=0.0),
    Variable("least_frame", "run", "share", "least surrender frame of tables called about power", low=0.0),
    Variable("frame", "run", "share", "surrender frame that weighs on a settlement", 0.0, 0.0),
    Variable("consent_hazard", "seat", "per week", "hazard of consent", low=0.0),
    Variable("consent_left", "seat", "1", "what is left of the consent clock", "consent_first"),
    Variable("consented", "seat", "1", "the party has consented to the track", False, kind="bool"),
    Variable("consents", "seat", "1", "the party consents this week", kind="bool"),
    Variable("all_consent", "track", "1", "every listed party has consented", kind="bool"),
    Variable("opens", "track", "1", "the track opens this week", kind="bool"),
    Variable("resumes", "track", "1", "the track resumes this week", kind="bool"),
    Variable("opened_week", "track", "weeks", "week in which the track first opened, -1 before", -1.0, -1.0),
    Variable("next_round", "track", "weeks", "week of the next round", 0.0, 0.0),
    Variable("talking_now", "track", "1", "the track is open", kind="bool"),
    Variable("talks_with_government", "track", "1", "open with government and insurgency", kind="bool"),
    Variable("talks_with_patron", "track", "1", "open with patron and insurgency alone", kind="bool"),
    Variable("at_table", "track", "1", "government and insurgency share this table", kind="bool"),
    Variable("outside_table", "track", "1", "patron and insurgency share it without the government", kind="bool"),
    Variable("government_talks", "run", "1", "talks with the government are open", False, kind="bool"),
    Variable("patron_talks", "run", "1", "bilateral talks with the patron are open", False, kind="bool"),
    Variable("any_at_table", "run", "1", "government and insurgency share a table", kind="bool"),
    Variable("any_outside_table", "run", "1", "a table without the government", kind="bool"),
    Variable("excluded", "run", "1", "the government is excluded from the talks", False, kind="bool"),
    Variable("switch_left", "run", "1", "what is left of the patron's policy clock", "switch_luck"),
    Variable("switched", "run", "1", "the patron accepts bilateral talks", False, kind="bool"),
    Variable("switches", "run", "1", "the patron's policy switches this week", kind="bool"),
)

LUCK = (
    Luck("consent_luck", "seat", "exponential", "callings", 8, "travels with the matter: the n-th calling of a track"),
    Luck("consent_first", "seat", "exponential", meaning="wound up before a first calling"),
    Luck("switch_luck", "run", "exponential", meaning="the patron's policy clock"),
)

FRAME: tuple[Rule | Fold | Select, ...] = (
    track_frame,
    Fold("least_frame", "track_matters", "min", "track"),
    frame_of_settlement,
)

CONSENT: tuple[Rule | Fold | Select, ...] = (
    call,
    patron_policy,
    consent_hazard,
    consent,
    Fold("all_consent", "consented", "all", "seat", "seats"),
    open_track,
    who_talks,
    Fold("government_talks", "talks_with_government", "any", "track"),
    Fold("patron_talks", "talks_with_patron", "any", "track"),
    Fold("any_at_table", "at_table", "any", "track"),
    Fold("any_outside_table", "outside_table", "any", "track"),
    exclusion,
)
