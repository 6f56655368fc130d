"""Durability: a settlement's clock of relapse."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, Values
from settlesim.model.protocol import Mechanism
from settlesim.model.trace import Trace
from settlesim.model.variables import Luck, Variable

__all__ = ["DURABILITY", "cumulative_baseline", "reference_scale"]

WEEKS_A_MONTH = 52.0 / 12.0


def cumulative_baseline(age, shape, horizon):
    """Weibull cumulative hazard of a settlement of that age in weeks, one at the age `horizon`."""
    return np.power(np.maximum(age, 0.0) / horizon, shape)


def reference_scale(probability):
    """Cumulative hazard that gives a bare deal this probability of relapse within the time it is followed."""
    return -np.log1p(-probability)


@rule(
    "dimension",
    Variable("dimension_held", units="1", meaning="power is shared in the dimension", kind="bool"),
    source="hartzell2003",
)
def dimension(dimension_level, power_sharing_level):
    """Say whether a dimension of power is shared: some concession of it stands at `power_sharing_level` or more."""
    return dimension_level >= power_sharing_level


@rule(
    "run",
    Variable("relapse_factor", units="1", meaning="factor on the baseline hazard of relapse", start=1.0, low=0.0),
    source="hartzell2003 walter1997 joshi2017 cunningham2006 kydd2002",
)
def relapse_factor(relapse_power_sharing, dimensions_held, relapse_guarantee, guarantee_now, relapse_implementation,
                   implemented, relapse_excluded, vetoes_excluded, relapse_spoiler, spoiler_attacks):
    """exp(Σβx) over power-sharing dimensions, guarantee, implementation, excluded vetoes and spoiler attacks."""
    return np.exp(
        relapse_power_sharing * dimensions_held
        + relapse_guarantee * guarantee_now
        + relapse_implementation * implemented
        + relapse_excluded * vetoes_excluded
        + relapse_spoiler * spoiler_attacks * WEEKS_A_MONTH
    )


@rule(
    "run",
    Variable("relapse_left", units="1", meaning="what is left of the relapse clock", start="relapse_luck"),
    Variable("relapsed", units="1", meaning="the settlement has relapsed into war", start=False, kind="bool"),
    Variable("relapse_week", units="weeks", meaning="week of relapse, -1 before", start=-1.0, low=-1.0),
    Variable("relapses", units="1", meaning="relapse this week", kind="bool", told=True),
    Variable("at_peace", units="1", meaning="a settlement stands", start=False, kind="bool"),
    source="ucdp2010 settlesim",
)
def relapse(relapse_left, relapsed, relapse_week, settled, settlement_week, week, relapse_shape, relapse_reference,
            relapse_factor, relapse_horizon):
    """Run the relapse clock: Weibull of shape .7, so the first weeks are the most dangerous."""
    age = week - settlement_week
    rise = cumulative_baseline(age, relapse_shape, relapse_horizon)
    rise = rise - cumulative_baseline(age - 1.0, relapse_shape, relapse_horizon)
    exposed = settled & ~relapsed & (age > 0.0)
    left = relapse_left - np.where(exposed, reference_scale(relapse_reference) * rise * relapse_factor, 0.0)
    relapses = exposed & (left <= 0.0)
    return left, relapsed | relapses, np.where(relapses, week, relapse_week), relapses, settled & ~relapsed & ~relapses


def _relapse_age(trace: Trace) -> Values:
    """Age in weeks at which the settlement relapses, however late; NaN without one, and where a victory ended it.

    Beyond the horizon the settlement's covariates stay as they were, so that the week in which the clock passes can
    be solved for: the accumulated Weibull hazard needed is what the clock had left.
    """
    f, w = trace.final, trace.worlds
    followed = w["relapse_horizon"]
    age = float(trace.scenario.horizon) - f["settlement_week"]
    scale = reference_scale(w["relapse_reference"]) * f["relapse_factor"]
    needed = cumulative_baseline(age, w["relapse_shape"], followed) + f["relapse_left"] / np.maximum(scale, 1e-300)
    passes = followed * np.power(np.maximum(needed, 0.0), 1.0 / w["relapse_shape"])
    lives = f["settled"] & ~f["relapsed"] & ~f["ended"]
    return np.where(f["relapsed"], f["relapse_week"] - f["settlement_week"], np.where(lives, passes, np.nan))


def _relapse_week(trace: Trace) -> Values:
    """Week of relapse, followed to five years after signing."""
    age = _relapse_age(trace)
    within = age <= trace.worlds["relapse_horizon"]
    return np.where(trace.final["relapsed"] | within, trace.final["settlement_week"] + age, np.nan)


def _relapsed(trace: Trace) -> Values:
    """1 relapsed within five years, 0 not; NaN without a settlement."""
    within = _relapse_age(trace) <= trace.worlds["relapse_horizon"]
    return np.where(trace.final["settled"], within.astype(float), np.nan)


def _standing(trace: Trace) -> Values:
    """1 where a deal on power outlived `standing_weeks`, wherever the horizon lies."""
    f, long = trace.final, trace.worlds["standing_weeks"]
    fell = (_relapse_age(trace) <= long) | (f["ended"] & (f["end_week"] - f["settlement_week"] <= long))
    return np.asarray(f["settled"] & ~fell, np.int8)


DURABILITY = Mechanism(
    "Durability",
    items=(
        Fold(
            Variable("dimension_level", scope="dimension", units="share",
                     meaning="greatest level delivered in the dimension", low=0.0),
            "delivered_level", "max", "concession", "dimensions", 0.0,
        ),
        dimension,
        Fold(
            Variable("dimensions_held", scope="run", units="1", meaning="dimensions in which power is shared", low=0,
                     high=4, kind="int", told=True),
            "dimension_held", "sum", "dimension",
        ),
        relapse_factor,
        relapse,
    ),
    luck=(Luck("relapse_luck", "run", "exponential", meaning="the relapse clock of the settlement"),),
    outcomes=(
        Outcome("standing", _standing, "1",
                "a deal on power was signed, and neither relapse nor victory ended it within two years "
                "(standing_weeks), followed beyond the horizon", reads=("standing_weeks",), kind="share",
                better="high"),
        Outcome("relapsed", _relapsed, "1", "relapsed within five years of signing (of those signed)", kind="share",
                better="low"),
        Outcome("relapse_week", _relapse_week, "weeks", "week of relapse, followed to five years after signing",
                kind="weeks"),
    ),
)
