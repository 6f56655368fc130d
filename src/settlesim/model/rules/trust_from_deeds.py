"""Trust from deeds: costly signals build it, broken promises erode it."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.protocol import Mechanism

__all__ = ["TRUST_FROM_DEEDS"]


@rule("dyad", "trust", source="kydd2005 khan2018 settlesim")
def trust_from_deeds(trust, signal_government, signal_patron, outstanding_sum, pie_value, empty_promise_decay,
                     failures_now, misbehaviour_penalty, trust_bound, dyad_insurgency_government,
                     dyad_insurgency_patron, dyad_government_insurgency):
    """Costly signals build trust; offers left undelivered and broken obligations erode it."""
    empty = empty_promise_decay * outstanding_sum / np.maximum(pie_value, 1e-9)
    step = np.where(dyad_insurgency_government, signal_government - empty, 0.0)
    step = step + np.where(dyad_insurgency_patron, signal_patron, 0.0)
    step = step - np.where(dyad_government_insurgency, misbehaviour_penalty * failures_now, 0.0)
    return np.clip(trust + step, -trust_bound, trust_bound)


TRUST_FROM_DEEDS = Mechanism(
    "Trust from deeds",
    items=(trust_from_deeds,),
)
