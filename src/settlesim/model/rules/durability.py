"""Durability of a settlement (MODEL.md section 6, Durability)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Rule, Variable, rule

__all__ = ["FOLLOWED", "ITEMS", "LUCK", "VARIABLES", "cumulative_baseline", "reference_scale"]

# Relapse is followed to five years after signing; the reference probability refers to that time.
FOLLOWED = 260.0
WEEKS_A_MONTH = 52.0 / 12.0


def cumulative_baseline(age: Any, shape: Any) -> Any:
    """Weibull cumulative hazard of a settlement of that age in weeks, one at five years."""
    return np.power(np.maximum(age, 0.0) / FOLLOWED, shape)


def reference_scale(probability: Any) -> Any:
    """Cumulative hazard that gives a bare deal this probability of relapse within five years."""
    return -np.log1p(-probability)


@rule("dimension", "dimension_held")
def dimension(dimension_level: Any) -> Any:
    """Say whether a dimension of power is shared: some concession of it stands at half its level or more."""
    return dimension_level >= 0.5


@rule("run", "relapse_factor", source="Hartzell and Hoddie 2003; Walter 1997; Cunningham 2006")
def relapse_factor(relapse_power_sharing: Any, dimensions_held: Any, relapse_guarantee: Any, guarantee: Any,
                   relapse_implementation: Any, implemented: Any, relapse_excluded: Any, vetoes_excluded: Any,
                   relapse_spoiler: Any, spoiler_attacks: Any) -> Any:
    """exp(Σβx) over power-sharing dimensions, guarantee, implementation, excluded vetoes and spoiler attacks."""
    return np.exp(
        relapse_power_sharing * dimensions_held
        + relapse_guarantee * guarantee
        + relapse_implementation * implemented
        + relapse_excluded * vetoes_excluded
        + relapse_spoiler * spoiler_attacks * WEEKS_A_MONTH
    )


@rule("run", "relapse_left relapsed relapse_week relapses at_peace")
def relapse(relapse_left: Any, relapsed: Any, relapse_week: Any, settled: Any, settlement_week: Any, week: Any,
            relapse_shape: Any, relapse_reference: Any, relapse_factor: Any) -> Any:
    """Run the relapse clock: Weibull of shape .7, so the first weeks are the most dangerous."""
    age = week - settlement_week
    rise = cumulative_baseline(age, relapse_shape) - cumulative_baseline(age - 1.0, relapse_shape)
    exposed = settled & ~relapsed & (age > 0.0)
    left = relapse_left - np.where(exposed, reference_scale(relapse_reference) * rise * relapse_factor, 0.0)
    relapses = exposed & (left <= 0.0)
    return left, relapsed | relapses, np.where(relapses, week, relapse_week), relapses, settled & ~relapsed & ~relapses


VARIABLES = (
    Variable("dimension_level", "dimension", "share", "greatest level delivered in the dimension", low=0.0),
    Variable("dimension_held", "dimension", "1", "power is shared in the dimension", kind="bool"),
    Variable("dimensions_held", "run", "1", "dimensions in which power is shared", low=0, high=4, kind="int"),
    Variable("relapse_factor", "run", "1", "factor on the baseline hazard of relapse", 1.0, 0.0),
    Variable("relapse_left", "run", "1", "what is left of the relapse clock", "relapse_luck"),
    Variable("relapsed", "run", "1", "the settlement has relapsed into war", False, kind="bool"),
    Variable("relapse_week", "run", "weeks", "week of relapse, -1 before", -1.0, -1.0),
    Variable("relapses", "run", "1", "relapse this week", kind="bool"),
    Variable("at_peace", "run", "1", "a settlement stands", False, kind="bool"),
)

LUCK = (Luck("relapse_luck", "run", "exponential", meaning="the relapse clock of the settlement"),)

ITEMS: tuple[Rule | Fold, ...] = (
    Fold("dimension_level", "delivered_level", "max", "concession", "dimensions", 0.0),
    dimension,
    Fold("dimensions_held", "dimension_held", "sum", "dimension"),
    relapse_factor,
    relapse,
)
