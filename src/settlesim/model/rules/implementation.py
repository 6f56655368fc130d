"""Implementation: how much of what was offered and promised is delivered."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, where_true
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["IMPLEMENTATION"]


@rule(
    "concession",
    Variable("outstanding_value", units="share", meaning="value offered and not delivered", low=0.0),
    Variable("delivered_value", units="share", meaning="value delivered", low=0.0),
    Variable("promised_level", units="share", meaning="level promised", low=0.0),
    Variable("delivered_level", units="share", meaning="level delivered", low=0.0),
    source="settlesim",
)
def balance_of_offers(promised, delivered, reversed, level, concession_value, in_pie):
    """What was promised and is not (or no longer) in hand, and what was delivered.

    Only promises count, signed or announced, from the day they are made: an offer that lies on a table
    nobody came to loses value there (`offer_half_life`), but breaks no word.
    """
    value = np.where(in_pie, np.maximum(concession_value, 0.0), 0.0)
    return (
        np.where(promised & (~delivered | reversed), level * value, 0.0),
        np.where(delivered, level * value, 0.0),
        np.where(promised, level, 0.0),
        np.where(delivered, level, 0.0),
    )


@rule(
    "run",
    Variable("delivered_share", units="share", meaning="share of the offer's value delivered", start=0.0, low=0.0),
    Variable("implemented", units="share", meaning="how far the settlement is implemented", start=0.0, low=0.0,
             high=1.0, told=True),
    source="joshi2017 settlesim",
)
def shares_delivered(delivered_sum, pie_value, promised_sum, delivered_levels, checks, failures, obligations_conceded):
    """Share of the offer's value delivered, and how far a settlement is implemented by both sides."""
    kept = 1.0 - failures / np.maximum(checks * obligations_conceded, 1.0)
    carried = np.where(promised_sum > 0.0, delivered_levels / np.maximum(promised_sum, 1e-9), 0.0)
    return delivered_sum / np.maximum(pie_value, 1e-9), np.clip(carried * kept, 0.0, 1.0)


IMPLEMENTATION = Mechanism(
    "Implementation",
    items=(
        balance_of_offers,
        Fold(
            Variable("outstanding_sum", scope="run", units="share", meaning="value offered and not delivered", low=0.0),
            "outstanding_value", "sum", "concession",
        ),
        Fold(
            Variable("delivered_sum", scope="run", units="share", meaning="value delivered", low=0.0),
            "delivered_value", "sum", "concession",
        ),
        Fold(
            Variable("promised_sum", scope="run", units="1", meaning="levels promised", low=0.0),
            "promised_level", "sum", "concession",
        ),
        Fold(
            Variable("delivered_levels", scope="run", units="1", meaning="levels delivered", low=0.0),
            "delivered_level", "sum", "concession",
        ),
        shares_delivered,
    ),
    outcomes=(Outcome(
                  "implemented", where_true("implemented", "settled"), "share",
                  "how far the settlement is implemented", kind="bounded", better="high",
              ),),
)
