"""Veto players: factions whose consent a deal needs, their reservation values, and who walks out."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import CALLED
from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["VETO_PLAYERS"]


@rule(
    "faction",
    Variable("veto", units="1", meaning="the faction is a veto player", kind="bool"),
    Variable("veto_joined", units="1", meaning="veto player inside the talks", kind="bool"),
    Variable("veto_excluded", units="1", meaning="veto player outside the talks", kind="bool"),
    source="cunningham2006",
)
def veto_players(faction_fighters, fighters, veto_threshold, joined):
    """Say whether a faction above the threshold of strength is a veto player, inside the talks or out."""
    veto = faction_fighters >= veto_threshold * np.maximum(fighters, 1)
    veto = veto & (faction_fighters > 0)
    return veto, veto & joined, veto & ~joined


@rule("track", Variable("calls_factions", units="1", meaning="a table on power waits for its parties", kind="bool"),
      source="settlesim")
def invitation(phase, track_power):
    """Say whether a table on power waits for its parties: then a faction that walked out may come back."""
    return track_power & (phase == CALLED)


@rule(
    "faction",
    Variable("faction_reservation", units="share", meaning="the faction's reservation value"),
    Variable("faction_zone", units="share", meaning="zone left by the faction's reservation value", told=True),
    Variable("binding_reservation", units="share", meaning="reservation value as far as the faction binds"),
    source="cunningham2006 settlesim",
)
def faction_reservation(reservation_power, limit_power, hardline, hardline_spread, holdout, vetoes, veto_joined,
                        hardline_mean):
    """A faction's reservation value: hardliners want more, and every further veto holds out for more."""
    least = reservation_power + hardline_spread * (hardline - hardline_mean) + holdout * np.maximum(vetoes - 1, 0)
    return least, limit_power - least, np.where(veto_joined, least, reservation_power)


@rule(
    "run",
    Variable("zone", units="share", meaning="zone of possible agreement on power", start=0.0, weekly=True),
    source="cunningham2006 settlesim",
)
def zone(limit_power, reservation_binding):
    """Zone of possible agreement on power: Z = m_K - r_T of the most demanding veto player."""
    return limit_power - reservation_binding


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


VETO_PLAYERS = Mechanism(
    "Veto players",
    items=(
        veto_players,
        invitation,
        Fold(
            Variable("invited", scope="run", units="1", meaning="a table on power waits for its parties", kind="bool"),
            "calls_factions", "any", "track",
        ),
        Fold(
            Variable("vetoes", scope="run", units="1", meaning="veto players inside the talks", low=0, kind="int"),
            "veto_joined", "sum", "faction",
        ),
        Fold(
            Variable("vetoes_excluded", scope="run", units="1", meaning="veto players outside the talks", start=0,
                     low=0, kind="int", told=True),
            "veto_excluded", "sum", "faction",
        ),
        faction_reservation,
        Fold(
            Variable("reservation_binding", scope="run", units="share",
                     meaning="reservation value of the most demanding veto player"),
            "binding_reservation", "max", "faction",
        ),
        zone,
        refusal,
    ),
    luck=(
        Luck("refusal_luck", "faction", "exponential", "walkouts", 16,
             "travels with the matter: the n-th walkout of the faction"),
        Luck("refusal_first", "faction", "exponential", meaning="a faction's clock of walking out for the first time"),
    ),
    outcomes=(
        Outcome("veto_players", final("vetoes"), "1", "veto players inside the talks at the end"),
        Outcome("vetoes_excluded", final("vetoes_excluded"), "1", "veto players outside the talks at the end"),
        Outcome("zone", final("zone"), "share", "zone of possible agreement on power at the end"),
    ),
)
