"""Agreement and breakdown: how a round ends."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import AGREED, BROKEN, CALLED, OPEN, SUSPENDED
from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["BREAKDOWN"]


@rule(
    "track",
    Variable("agrees", units="1", meaning="agreement is reached this week", start=False, kind="bool", told=True),
    Variable("agreed_week", units="weeks", meaning="week of agreement, -1 before", start=-1.0, low=-1.0, told=True),
    source="settlesim",
)
def agreement(round_due, offer_accepted, asks_accepted, agreed_week, week, items_left):
    """Say whether the round ends in agreement: the insurgency takes the offer, or the others take the ask.

    On a staged agenda there is none while items are open.
    """
    agrees = round_due & (offer_accepted | asks_accepted) & ~items_left
    return agrees, np.where(agrees, week, agreed_week)


@rule("seat", Variable("readiness_at_seat", units="1", meaning="readiness of the party at the table",
                        low=-2.0, high=2.0),
      source="pruitt2005")
def seat_readiness(readiness):
    """Readiness of the party that sits here."""
    return readiness + 0.0


@rule(
    "track",
    Variable("breakdown_chance", units="probability", meaning="chance of a breakdown in a round without agreement",
             low=0.0, high=1.0),
    source="settlesim",
)
def breakdown_risk(breakdown_rate, breakdown_attack_effect, insurgent_attacks, trust_in_insurgency, readiness_effect,
                   readiness_of_table):
    """Chance that a round without agreement ends in a breakdown.

    It is higher after an attack while trust is low, and falls with the readiness of the least ready party.
    """
    alarm = (insurgent_attacks > 0.0) & (trust_in_insurgency < 0.0)
    steady = np.exp(-readiness_effect * readiness_of_table)
    return np.minimum(1.0, breakdown_rate * (1.0 + breakdown_attack_effect * alarm) * steady)


@rule(
    "track",
    "phase",
    Variable("suspensions", units="1", meaning="times the talks broke down", start=0, low=0, kind="int", told=True),
    Variable("resume_week", units="weeks", meaning="week in which suspended talks resume", start=0.0, low=0.0,
             told=True),
    Variable("breaks", units="1", meaning="the talks break down this week", start=False, kind="bool", told=True),
    Variable("broken_week", units="weeks", meaning="week in which the track last broke, -1 before", start=-1.0,
             low=-1.0),
    Variable("short_of_quorum", units="1", meaning="the talks break for want of a quorum", kind="bool", told=True),
    source="settlesim",
)
def close_round(round_due, agrees, breakdown_chance, phase, week, suspensions, resume_week, break_luck, pause_luck,
                suspension_shortest, suspension_longest, suspension_limit, round, deadline_rounds, deadline_overrun,
                suspensions_before, broken_week, behind, quorum, track_power, moot, pause_kept):
    """End a round: agreement, breakdown, or another round.

    A breakdown suspends the talks for a while, of which a mediator saves a part; too many of them, or
    `deadline_overrun` times the deadline, break the track.  Talks on power break at once, agreed or not, when less
    than a quorum of the fighters stands behind those at the table, and talks about nothing but a withdrawal when it
    is under way without them.
    """
    breaks = round_due & ~agrees & (break_luck < breakdown_chance)
    number = suspensions + breaks
    late = round >= deadline_overrun * deadline_rounds
    over = round_due & ~agrees & ((number - suspensions_before > suspension_limit) | late)
    pause = pause_kept * (suspension_shortest + (suspension_longest - suspension_shortest) * pause_luck)
    phase = np.where(agrees, AGREED, np.where(over, BROKEN, np.where(breaks, SUSPENDED, phase)))
    bound = (phase == OPEN) | (phase == SUSPENDED) | (phase == AGREED)
    short = track_power & bound & (behind < quorum)
    idle = moot & ((phase == CALLED) | bound)
    phase = np.where(short | idle, BROKEN, phase)
    return (
        phase,
        number,
        np.where(breaks, week + np.floor(pause), resume_week),
        breaks | over | short | idle,
        np.where(over | short | idle, week, broken_week),
        short,
    )


BREAKDOWN = Mechanism(
    "Agreement and breakdown",
    items=(
        agreement,
        seat_readiness,
        Fold(
            Variable("readiness_of_table", scope="track", units="1", meaning="readiness of its least ready party",
                     low=-2.0, high=2.0),
            "readiness_at_seat", "min", "seat", "seats", 0.0,
        ),
        breakdown_risk,
        close_round,
    ),
    luck=(
        Luck("break_luck", "track", "uniform", "rounds_held", 64,
             "travels with the matter: the n-th round of this track"),
        Luck("pause_luck", "track", "uniform", "suspensions", 8, "travels with the matter: the n-th suspension"),
    ),
)
