"""References of week 0: what follows from parameters and layout before the first week, done once."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["WEEK_ZERO"]


@rule(
    "province",
    Variable("rival_external_start", units="fighters", meaning="rival's own fighters at the start", low=0.0),
    Variable("rival_met", units="fighters", meaning="the same, times the commanders who meet them", low=0.0),
    source="settlesim",
)
def rival_at_start(rival_affinity, rival_strength, province_commanders):
    """Spread the rival's initial strength by affinity, and weigh it by the commanders who meet it there."""
    external = rival_affinity * rival_strength
    return external, external * province_commanders


@rule(
    "run",
    Variable("rival_start", units="fighters", meaning="rival's own fighters at the start", low=0.0),
    Variable("rival_reference", units="fighters", meaning="rival fighters that the average commander met", low=0.0),
    Variable("threat_start", units="share", meaning="threat of the rival at the start", low=0.0, high=1.0),
    Variable("deaths_year_start", units="deaths per year", meaning="a year's deaths at the base rate", low=0.0),
    source="settlesim",
)
def references(rival_strength, rival_met_sum, commanders_total, threat_scale, deaths_base):
    """References of week 0: hazards are stated for what the average commander met then."""
    return (
        rival_strength,
        rival_met_sum / commanders_total,
        np.minimum(rival_strength / threat_scale, 1.0),
        52.0 * deaths_base,
    )


@rule(
    "concession",
    Variable("pie_part", units="share", meaning="value on offer", low=0.0),
    Variable("demanded_part", units="share", meaning="value demanded of the patron"),
    source="settlesim",
)
def parts_of_the_pie(concession_value, in_pie):
    """What a concession adds to the offer, or, where it is demanded and not offered, to the demand."""
    return np.where(in_pie, np.maximum(concession_value, 0.0), 0.0), np.where(in_pie, 0.0, concession_value)


WEEK_ZERO = Mechanism(
    "References of week 0",
    setup=(
        rival_at_start,
        Fold(
            Variable("rival_met_sum", scope="run", units="fighters", meaning="sum over provinces", low=0.0),
            "rival_met", "sum", "province",
        ),
        references,
        parts_of_the_pie,
        Fold(
            Variable("pie_value", scope="run", units="share", meaning="value of all that is on offer", low=0.0),
            "pie_part", "sum", "concession",
        ),
        Fold(
            Variable("withdrawal_value", scope="run", units="share",
                     meaning="value of the withdrawal that is demanded"),
            "demanded_part", "sum", "concession",
        ),
        Fold(
            Variable("initial_fighters", scope="run", units="fighters", meaning="insurgent fighters at the start",
                     low=1, kind="int"),
            "cell_fighters", "sum", "cell",
        ),
        Fold(
            Variable("faction_fighters_start", scope="faction", units="fighters",
                     meaning="the faction's fighters at the start", low=0, kind="int"),
            "cell_fighters", "sum", "cell", "faction_cells",
        ),
        Fold(
            Variable("province_fighters_start", scope="province", units="fighters",
                     meaning="insurgents there at the start", low=0, kind="int"),
            "cell_fighters", "sum", "cell", "province_cells",
        ),
    ),
)
