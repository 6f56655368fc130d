"""Zone and walkouts: the zone of possible agreement, and which factions leave the talks or come back."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import CALLED
from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["WALKOUTS"]

# No table has a zone as narrow: so the plan has none on power.
NO_TABLE = -8.0


@rule(
    "run",
    Variable("zone", units="share", meaning="zone of possible agreement on power", start=0.0, weekly=True),
    source="cunningham2006 fearon1995 settlesim",
)
def zone(best_zone, limit_power, reservation_binding, red_line_share):
    """Zone of possible agreement: Z = m_K - r_T + Σ (v d - c) of the best package, within the red line.

    r_T is that of the most demanding veto player.  A plan without a table on power has the zone of power alone.
    """
    bare = np.minimum(limit_power, red_line_share) - np.maximum(reservation_binding, 0.0)
    return np.where(best_zone > NO_TABLE, best_zone, bare)


@rule("faction", Variable("faction_zone", units="share", meaning="zone left by the faction's reservation value",
                          told=True), source="cunningham2006 settlesim")
def faction_zone(zone, reservation_binding, faction_reservation):
    """Zone that a faction's own reservation value would leave."""
    return zone + reservation_binding - faction_reservation


@rule("track", Variable("calls_factions", units="1", meaning="a table on power waits for its parties", kind="bool"),
      source="settlesim")
def invitation(phase, track_power):
    """Say whether a table on power waits for its parties: then a faction that walked out may come back."""
    return track_power & (phase == CALLED)


@rule(
    "faction",
    Variable("refusal_left", units="1", meaning="what is left of the refusal clock", start="refusal_first"),
    Variable("joined", units="1", meaning="the faction goes along with the talks", start=True, kind="bool"),
    Variable("refuses", units="1", meaning="the faction walks out this week", kind="bool", told=True),
    Variable("returns", units="1", meaning="the faction comes back this week", kind="bool", told=True),
    Variable("walkouts", units="1", meaning="times the faction walked out", start=0, low=0, kind="int"),
    source="cunningham2006 settlesim",
)
def refusal(refusal_left, joined, walkouts, refusal_luck, veto, faction_zone, government_talks, refusal_rate, settled,
            invited):
    """A veto player that sees no zone in open talks walks out with hazard `refusal_rate`.

    It comes back when a table on power is called (again) and it sees a zone; its clock is then set with the luck of
    its next walkout.
    """
    exposed = joined & veto & (faction_zone < 0.0) & government_talks & ~settled
    left = refusal_left - np.where(exposed, refusal_rate / 52.0, 0.0)
    refuses = exposed & (left <= 0.0)
    returns = ~joined & invited & (faction_zone >= 0.0) & ~settled
    return (
        np.where(returns, refusal_luck, left),
        (joined & ~refuses) | returns,
        refuses,
        returns,
        walkouts + refuses,
    )


WALKOUTS = Mechanism(
    "Zone and walkouts",
    items=(
        zone,
        faction_zone,
        invitation,
        Fold(
            Variable("invited", scope="run", units="1", meaning="a table on power waits for its parties", kind="bool"),
            "calls_factions", "any", "track",
        ),
        refusal,
    ),
    luck=(
        Luck("refusal_luck", "faction", "exponential", "walkouts", 16,
             "travels with the matter: the n-th walkout of the faction"),
        Luck("refusal_first", "faction", "exponential", meaning="a faction's clock of walking out for the first time"),
    ),
    outcomes=(Outcome("zone", final("zone"), "share", "zone of possible agreement on power at the end"),),
)
