"""What follows from parameters and layout before the first week: done once, in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Rule, Variable, rule

__all__ = ["ITEMS", "VARIABLES"]


@rule("province", "rival_external_start rival_met", source="MODEL.md section 6, Rival")
def rival_at_start(rival_affinity: Any, rival_strength: Any, province_commanders: Any) -> Any:
    """Spread the rival's initial strength by affinity, and weigh it by the commanders who meet it there."""
    external = rival_affinity * rival_strength
    return external, external * province_commanders


@rule("run", "rival_start rival_reference threat_start deaths_year_start", source="MODEL.md section 6")
def references(rival_strength: Any, rival_met_sum: Any, commanders_total: Any, threat_scale: Any,
               deaths_base: Any) -> Any:
    """References of week 0: hazards are stated for what the average commander met then."""
    return (
        rival_strength,
        rival_met_sum / commanders_total,
        np.minimum(rival_strength / threat_scale, 1.0),
        52.0 * deaths_base,
    )


@rule("concession", "pie_part demanded_part", source="MODEL.md section 5")
def parts_of_the_pie(concession_value: Any, in_pie: Any) -> Any:
    """What a concession adds to the offer, or, where it is demanded and not offered, to the demand."""
    return np.where(in_pie, np.maximum(concession_value, 0.0), 0.0), np.where(in_pie, 0.0, concession_value)


VARIABLES = (
    Variable("rival_external_start", "province", "fighters", "rival's own fighters at the start", low=0.0),
    Variable("rival_met", "province", "fighters", "the same, times the commanders who meet them", low=0.0),
    Variable("rival_met_sum", "run", "fighters", "sum over provinces", low=0.0),
    Variable("rival_start", "run", "fighters", "rival's own fighters at the start", low=0.0),
    Variable("rival_reference", "run", "fighters", "rival fighters that the average commander met", low=0.0),
    Variable("threat_start", "run", "share", "threat of the rival at the start", low=0.0, high=1.0),
    Variable("deaths_year_start", "run", "deaths per year", "a year's deaths at the base rate", low=0.0),
    Variable("pie_part", "concession", "share", "value on offer", low=0.0),
    Variable("demanded_part", "concession", "share", "value demanded of the patron"),
    Variable("pie_value", "run", "share", "value of all that is on offer", low=0.0),
    Variable("withdrawal_value", "run", "share", "value of the withdrawal that is demanded"),
    Variable("initial_fighters", "run", "fighters", "insurgent fighters at the start", low=1, kind="int"),
    Variable("faction_fighters_start", "faction", "fighters", "the faction's fighters at the start", low=0, kind="int"),
    Variable("province_fighters_start", "province", "fighters", "insurgents there at the start", low=0, kind="int"),
)

ITEMS: tuple[Rule | Fold, ...] = (
    rival_at_start,
    Fold("rival_met_sum", "rival_met", "sum", "province"),
    references,
    parts_of_the_pie,
    Fold("pie_value", "pie_part", "sum", "concession"),
    Fold("withdrawal_value", "demanded_part", "sum", "concession"),
    Fold("initial_fighters", "cell_fighters", "sum", "cell"),
    Fold("faction_fighters_start", "cell_fighters", "sum", "cell", "faction_cells"),
    Fold("province_fighters_start", "cell_fighters", "sum", "cell", "province_cells"),
)
