"""Garrisons and control of territory by province (MODEL.md section 6, Control, Garrisons)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

from settlesim.model.protocol import Fold, Luck, Rule, Variable, logistic, rule

__all__ = ["ITEMS", "LUCK", "VARIABLES"]


@rule("run", "garrison_yield", source="Granovetter 1978; Kuran 1991; Christia 2012")
def garrisons(garrison_yield: Any, insurgent_control: Any, presence: Any, legitimacy: Any, garrison_speed: Any,
              garrison_insurgent: Any, garrison_herding: Any, garrison_patron: Any, garrison_legitimacy: Any,
              garrison_resolve: Any, garrison_spread: Any, at_peace: Any) -> Any:
    """S += .12[Φ((2.2 I + 1.1 S - U/U0 - 1.2 L - .10)/.28) - S]: a threshold cascade; none yields in peace."""
    pull = garrison_insurgent * insurgent_control + garrison_herding * garrison_yield
    hold = garrison_patron * presence + garrison_legitimacy * legitimacy + garrison_resolve
    target = np.where(at_peace, 0.0, ndtr((pull - hold) / garrison_spread))
    return np.clip(garrison_yield + garrison_speed * (target - garrison_yield), 0.0, 1.0)


@rule("run", "control_step")
def drift(control_drift: Any, withdrawal_drift: Any, presence: Any, garrison_drift: Any, garrison_yield: Any,
          strength_drift: Any, strength: Any, at_peace: Any) -> Any:
    """Drift of latent control a week: .0005 + .0035(U0-U)/U0 + .16 S + .02 ln F; none in peace."""
    step = control_drift + withdrawal_drift * (1.0 - presence) + garrison_drift * garrison_yield
    return np.where(at_peace, 0.0, step + strength_drift * np.log(np.maximum(strength, 1e-3)))


@rule("run", "front_government front_insurgent", source="SIGAR by quarter; docs/model-decisions.md")
def fronts(front_government: Any, front_insurgent: Any, front_government_luck: Any, front_insurgent_luck: Any,
           front_noise_government: Any, front_noise_insurgency: Any, front_memory: Any) -> Any:
    """Nationwide fortunes of either side's hold, which widen and narrow the contested belt and pass.

    The shocks of provinces average out over a nation; the published national shares do not stand that still.
    """
    kept = 1.0 - 1.0 / front_memory
    scale = np.sqrt(2.0 / front_memory)
    return (
        front_government * kept + front_noise_government * scale * front_government_luck,
        front_insurgent * kept + front_noise_insurgency * scale * front_insurgent_luck,
    )


@rule("province", "control government_share insurgent_share government_weighted insurgent_weighted")
def control(control: Any, control_step: Any, control_noise: Any, province_weather: Any, at_peace: Any,
            control_cut_government: Any, control_cut_insurgent: Any, district_weight: Any, front_government: Any,
            front_insurgent: Any) -> Any:
    """x moves by drift and noise; government share σ(c_G - x), insurgent share σ(x - c_I).

    The cuts c_G and c_I are solved once so that the national totals of week 0 are the published ones.
    """
    x = control + control_step + np.where(at_peace, 0.0, control_noise) * province_weather
    g = logistic(control_cut_government + front_government - x)
    i = logistic(x + front_insurgent - control_cut_insurgent)
    # Cuts that cross (hardly anything contested at the start) must not give shares above one in all.
    i = np.minimum(i, 1.0 - g)
    return x, g, i, district_weight * g, district_weight * i


@rule("run", "government_memory insurgent_memory")
def memory(government_memory: Any, insurgent_memory: Any, government_control: Any, insurgent_control: Any) -> Any:
    """Exponential memory of 13 weeks of control, from which gains are told."""
    return (
        government_memory + (government_control - government_memory) / 13.0,
        insurgent_memory + (insurgent_control - insurgent_memory) / 13.0,
    )


VARIABLES = (
    Variable("garrison_yield", "run", "share", "share S of garrisons that yield without a fight", 0.0, 0.0, 1.0),
    Variable("control_step", "run", "1", "drift of latent control this week"),
    Variable("front_government", "run", "1", "passing fortunes of the government's hold", 0.0),
    Variable("front_insurgent", "run", "1", "passing fortunes of the insurgency's hold", 0.0),
    Variable("control", "province", "1", "latent control x", "start_control"),
    Variable("government_share", "province", "share", "districts under the government", "start_government", 0.0, 1.0),
    Variable("insurgent_share", "province", "share", "districts under the insurgency", "start_insurgent", 0.0, 1.0),
    Variable("government_weighted", "province", "share", "the same, weighted by districts", low=0.0, high=1.0),
    Variable("insurgent_weighted", "province", "share", "the same, weighted by districts", low=0.0, high=1.0),
    Variable("government_control", "run", "share", "districts under the government", "government_total", 0.0,
             1.0 + 1e-9),
    Variable("insurgent_control", "run", "share", "districts under the insurgency", "insurgent_total", 0.0,
             1.0 + 1e-9),
    Variable("government_memory", "run", "share", "memory of the government's control", "government_total", 0.0),
    Variable("insurgent_memory", "run", "share", "memory of the insurgency's control", "insurgent_total", 0.0),
)

LUCK = (
    Luck("province_weather", "province", "normal", "week", meaning="travels with the date: local fortunes of war"),
    Luck("front_government_luck", "run", "normal", "week", meaning="travels with the date: the government's fortunes"),
    Luck("front_insurgent_luck", "run", "normal", "week", meaning="travels with the date: the insurgency's fortunes"),
)

ITEMS: tuple[Rule | Fold, ...] = (
    garrisons,
    drift,
    memory,
    fronts,
    control,
    Fold("government_control", "government_weighted", "sum", "province"),
    Fold("insurgent_control", "insurgent_weighted", "sum", "province"),
)
