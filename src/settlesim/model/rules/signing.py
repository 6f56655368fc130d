"""Signing: what was agreed is signed once its prelude is over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from settlesim.model.codes import AGREED, SIGNED
from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, Values, week_of
from settlesim.model.protocol import Mechanism
from settlesim.model.trace import Trace
from settlesim.model.variables import Variable

__all__ = ["SIGNING"]


@rule(
    "bargain",
    Variable("share", units="share", meaning="share agreed", start=0.0, low=0.0, high=1.0, told=True),
    when="agrees", source="settlesim",
)
def agreed_share(offer_accepted, offer, ask, bargain_power, red_line_share):
    """The share agreed: the offer if the insurgency took it, else its ask; of power never above the red line."""
    most = np.where(bargain_power, red_line_share, 1.0)
    return np.clip(np.where(offer_accepted, offer, ask), 0.0, most)


@rule("track", Variable("ready", units="1", meaning="ready for signing", kind="bool"), source="settlesim")
def ready(phase, agreed_week, week, prelude, track_planned):
    """Say whether the track is agreed and past its prelude, or not part of the plan."""
    return ~track_planned | (phase == SIGNED) | ((phase == AGREED) & (week - agreed_week >= prelude))


@rule(
    "track",
    Variable("signs", units="1", meaning="signed this week", kind="bool", told=True),
    "phase",
    Variable("signed_week", units="weeks", meaning="week of signing, -1 before", start=-1.0, low=-1.0),
    Variable("preluding", units="1", meaning="reduction in violence before signing", kind="bool"),
    source="settlesim",
)
def sign(phase, agreed_week, week, prelude, single_undertaking, all_ready, signed_week):
    """Sign once the prelude is over; in a single undertaking only when every planned track is ready."""
    due = (phase == AGREED) & (week - agreed_week >= prelude)
    signs = due & (~single_undertaking | all_ready)
    preluding = (phase == AGREED) & (week - agreed_week < prelude)
    return signs, np.where(signs, SIGNED, phase), np.where(signs, week, signed_week), preluding


@rule(
    "bargain",
    Variable("power_signs", units="1", meaning="power is settled this week", kind="bool"),
    Variable("withdrawal_signs", units="1", meaning="withdrawal is settled this week", kind="bool"),
    Variable("withdrawal_share_now", units="share", meaning="withdrawal share signed this week", low=0.0, high=1.0),
    source="settlesim",
)
def what_is_signed(signs, bargain_power, share):
    """Which issue is settled by the week's signatures."""
    return signs & bargain_power, signs & ~bargain_power, np.where(signs & ~bargain_power, share, 0.0)


@rule(
    "bargain",
    Variable("power_share_now", units="share", meaning="power share signed this week", low=0.0, high=1.0),
    source="settlesim",
)
def signed_power_share(power_signs, share):
    """The share of power signed this week."""
    return np.where(power_signs, share, 0.0)


def _signed(name: str) -> Callable[[Trace], Values]:
    return lambda trace: np.where(trace.final["settled"], trace.final[name], np.nan)


SIGNING = Mechanism(
    "Signing",
    items=(
        agreed_share,
        ready,
        Fold(
            Variable("all_ready", scope="run", units="1", meaning="every planned track is ready", kind="bool"),
            "ready", "all", "track",
        ),
        sign,
        Fold(
            Variable("in_prelude", scope="run", units="1", meaning="reduction in violence before a signing",
                     start=False, kind="bool"),
            "preluding", "any", "track",
        ),
        what_is_signed,
        signed_power_share,
        Fold(
            Variable("settling", scope="run", units="1", meaning="a deal on power is signed this week", kind="bool"),
            "power_signs", "any", "bargain",
        ),
        Fold(
            Variable("patron_signs", scope="run", units="1", meaning="a deal on withdrawal is signed this week",
                     kind="bool"),
            "withdrawal_signs", "any", "bargain",
        ),
        Fold(
            Variable("power_share_signing", scope="run", units="share", meaning="power share signed this week", low=0.0,
                     high=1.0),
            "power_share_now", "max", "bargain", "", 0.0,
        ),
        Fold(
            Variable("withdrawal_share_signing", scope="run", units="share",
                     meaning="withdrawal share signed this week", low=0.0, high=1.0),
            "withdrawal_share_now", "max", "bargain", "", 0.0,
        ),
    ),
    outcomes=(
        Outcome(
            "track_signed_week", week_of("signed_week"), "weeks",
            "week in which the track's deal was signed", dims=("run", "track"), kind="weeks",
        ),
    ),
)
