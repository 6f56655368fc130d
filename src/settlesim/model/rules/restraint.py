"""Restraint: how many of its attacks the insurgency holds back while it talks, and how intense its attacks are."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, logistic, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["RESTRAINT"]

# What a table at which the insurgency does not sit promises it: less than any table can.
NOTHING = -9.0
NEVER_TALKS = -8.0


@rule("bargain", Variable("gain_part", units="share", meaning="what the issue promises, in shares of the prize"),
      source="fearon1995 kydd2002 settlesim")
def gain_part(bargain_power, believed_least, believed_most, bargain_worth, bargain_price, red_line_share,
              credibility_government, withdrawal_value, withdrawal_limit, withdrawal_trust, withdrawal_reservation,
              trust_in_patron):
    """What an issue promises the insurgency: what a deal that is kept would gain, times the belief that it is kept.

    On power that is the zone there would be if promises were believed; on withdrawal the range of paces that full
    trust would leave, times what a withdrawal is worth.
    """
    most = np.minimum(believed_most - bargain_price, red_line_share)
    power = credibility_government * (most - np.maximum(believed_least - bargain_worth, 0.0))
    pace = logistic(trust_in_patron) * (withdrawal_limit + withdrawal_trust - withdrawal_reservation)
    return np.where(bargain_power, power, withdrawal_value * pace)


@rule("track", Variable("gain_at_table", units="share", meaning="what the open table promises the insurgency"),
      source="settlesim")
def gain_at_table(talking_now, track_insurgency, gain_sum):
    """What an open table promises the insurgency."""
    return np.where(talking_now & track_insurgency, gain_sum, NOTHING)


@rule(
    "run",
    Variable("held_back", units="share", meaning="share of the commanded attacks that is held back", start=0.0,
             low=0.0, high=1.0, weekly=True),
    source="khan2018 kydd2002 settlesim",
)
def restraint_choice(talks_gain, any_obliged, fighting_gain, control_gain_weight, gain_insurgency, restraint_scale,
                     restraint_obligation):
    """Restraint is a choice: attacks are held back as far as talks promise more than fighting buys.

    Talks promise what the best open table does, and a signed obligation to talk binds besides; fighting buys
    leverage, and more of it while it gains ground.  σ((talks - fighting)/scale), and none without an open table.
    """
    promise = talks_gain + restraint_obligation * any_obliged
    held = logistic((promise - fighting_gain - control_gain_weight * gain_insurgency) / restraint_scale)
    return np.where(talks_gain > NEVER_TALKS, held, 0.0)


@rule(
    "run",
    Variable("alpha", units="1", meaning="intensity of the insurgency's attacks, 1 in an open war", start=1.0, low=0.0,
             weekly=True),
    source="talks2021 settlesim",
)
def attack_intensity_chosen(restraint, held_back, ceasefire, ceasefire_multiplier, in_prelude, reduction_multiplier,
                            at_peace, peace_violence, patron_deal, settled, attack_switch, event_attacks):
    """Attack intensity α: what is held back, and what ceasefire, prelude or peace leave of it.

    A share `restraint` of the attacks is under command.  After the patron's deal the attacks that went against it
    turn to the army as well; dated events may raise or lower them for a while.
    """
    calm = np.where(ceasefire, ceasefire_multiplier, 1.0)
    calm = np.where(in_prelude, np.minimum(calm, reduction_multiplier), calm)
    turned = 1.0 + attack_switch * (patron_deal & ~settled)
    return np.where(at_peace, peace_violence, (1.0 - restraint * held_back) * calm * turned * event_attacks)


RESTRAINT = Mechanism(
    "Restraint",
    items=(
        gain_part,
        Fold(
            Variable("gain_sum", scope="track", units="share", meaning="what the issues of the table promise"),
            "gain_part", "sum", "bargain", "bargains", 0.0,
        ),
        gain_at_table,
        Fold(
            Variable("talks_gain", scope="run", units="share", meaning="what the best open table promises", told=True),
            "gain_at_table", "max", "track", "", NOTHING,
        ),
        Fold(
            Variable("any_obliged", scope="run", units="1", meaning="a signed deal obliges talks", kind="bool"),
            "obliged", "any", "track",
        ),
        restraint_choice,
        attack_intensity_chosen,
    ),
    outcomes=(
        Outcome("held_back", final("held_back"), "share", "commanded attacks held back at the end", kind="bounded"),
    ),
)
