"""Veto players: factions whose consent a deal needs, and their reservation values."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

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


@rule(
    "faction",
    Variable("faction_reservation", units="share", meaning="the faction's reservation value"),
    Variable("binding_reservation", units="share", meaning="reservation value as far as the faction binds"),
    source="cunningham2006 settlesim",
)
def faction_reservation(reservation_power, hardline, hardline_spread, holdout, vetoes, veto_joined, hardline_mean):
    """A faction's reservation value: hardliners want more, and every further veto holds out for more."""
    least = reservation_power + hardline_spread * (hardline - hardline_mean) + holdout * np.maximum(vetoes - 1, 0)
    return least, np.where(veto_joined, least, reservation_power)


VETO_PLAYERS = Mechanism(
    "Veto players",
    items=(
        veto_players,
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
    ),
    outcomes=(
        Outcome("veto_players", final("vetoes"), "1", "veto players inside the talks at the end", kind="count"),
        Outcome("vetoes_excluded", final("vetoes_excluded"), "1", "veto players outside the talks at the end",
                kind="count"),
    ),
)
