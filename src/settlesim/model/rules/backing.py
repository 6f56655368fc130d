"""Backing: the share of the insurgency's fighters that stands behind those who talk."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["BACKING"]


@rule(
    "faction",
    Variable("faction_behind", units="fighters", meaning="fighters of a faction that goes along with the talks", low=0,
             kind="int"),
    source="settlesim",
)
def faction_behind(faction_fighters, joined):
    """Fighters of factions that go along with the talks."""
    return np.where(joined, faction_fighters, 0)


@rule(
    "run",
    Variable("behind", units="share", meaning="share of the fighters behind those at the table", low=0.0, high=1.0,
             weekly=True, told=True),
    source="cunningham2006 settlesim",
)
def backing(fighters_behind, fighters):
    """Share of the insurgency's fighters that stands behind those who talk; all of none is all."""
    return np.where(fighters > 0, np.minimum(fighters_behind / np.maximum(fighters, 1), 1.0), 1.0)


BACKING = Mechanism(
    "Backing of the talks",
    items=(
        faction_behind,
        Fold(
            Variable("fighters_behind", scope="run", units="fighters", meaning="fighters of factions behind the talks",
                     low=0, kind="int"),
            "faction_behind", "sum", "faction",
        ),
        backing,
    ),
)
