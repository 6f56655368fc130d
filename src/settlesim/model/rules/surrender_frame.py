"""The surrender frame: what it costs the insurgency to seem to surrender."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import BROKEN, CALLED
from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["SURRENDER_FRAME"]


@rule(
    "track",
    Variable("track_frame", units="share", meaning="surrender frame at this table", low=0.0),
    Variable("track_matters", units="share", meaning="surrender frame of tables called about power", low=0.0),
    source="khan2018 settlesim",
)
def track_frame(surrender_frame, presence, recognised, patron_deal, frame_recognition, frame_withdrawal, frame_patron,
                track_patron, track_power, phase):
    """f = φ (U/U0) max(0, 1 - .4 recognised - .5 withdrawal signed - .4 patron at the table)."""
    relief = frame_recognition * recognised + frame_withdrawal * patron_deal + frame_patron * track_patron
    frame = surrender_frame * presence * np.maximum(0.0, 1.0 - relief)
    return frame, np.where(track_power & (phase >= CALLED) & (phase != BROKEN), frame, surrender_frame * presence)


@rule(
    "run",
    Variable("frame", units="share", meaning="surrender frame that weighs on a settlement", start=0.0, low=0.0),
    source="khan2018 settlesim",
)
def frame_of_settlement(surrender_frame, presence, recognised, patron_deal, frame_recognition, frame_withdrawal,
                        least_frame):
    """Cost of seeming to surrender when signing: that of the most favourable table called so far."""
    relief = frame_recognition * recognised + frame_withdrawal * patron_deal
    return np.minimum(least_frame, surrender_frame * presence * np.maximum(0.0, 1.0 - relief))


SURRENDER_FRAME = Mechanism(
    "Surrender frame",
    items=(
        track_frame,
        Fold(
            Variable("least_frame", scope="run", units="share",
                     meaning="least surrender frame of tables called about power", low=0.0),
            "track_matters", "min", "track",
        ),
        frame_of_settlement,
    ),
)
