"""Control of territory by province."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, logistic, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["CONTROL"]


@rule(
    "run",
    Variable("control_step", units="1", meaning="drift of latent control this week", told=True),
    source="settlesim",
)
def drift(control_drift, withdrawal_drift, support, garrison_drift, garrison_yield, strength_drift, strength, army,
          at_peace, alpha):
    """Drift of latent control a week: α (.0005 + .0035(U0-U)/U0 + .16 S + .02 ln F/A); none in peace.

    Attacks that are not made take no districts, so the drift goes with their intensity α.
    """
    step = control_drift + withdrawal_drift * (1.0 - support) + garrison_drift * garrison_yield
    forces = np.log(np.maximum(strength, 1e-3) / np.maximum(army, 1e-3))
    return np.where(at_peace, 0.0, alpha * (step + strength_drift * forces))


@rule(
    "run",
    Variable("government_memory", units="share", meaning="memory of the government's control", start="government_total",
             low=0.0),
    Variable("insurgent_memory", units="share", meaning="memory of the insurgency's control", start="insurgent_total",
             low=0.0),
    source="settlesim",
)
def memory(government_memory, insurgent_memory, government_control, insurgent_control, gain_memory):
    """Exponential memory of control, from which gains are told."""
    return (
        government_memory + (government_control - government_memory) / gain_memory,
        insurgent_memory + (insurgent_control - insurgent_memory) / gain_memory,
    )


@rule(
    "run",
    Variable("front_government", units="1", meaning="passing fortunes of the government's hold", start=0.0),
    Variable("front_insurgent", units="1", meaning="passing fortunes of the insurgency's hold", start=0.0),
    source="sigar2018 settlesim",
)
def fronts(front_government, front_insurgent, front_government_luck, front_insurgent_luck, front_noise_government,
           front_noise_insurgency, front_memory):
    """Nationwide fortunes of either side's hold, which widen and narrow the contested belt and pass.

    The shocks of provinces average out over a nation; the published national shares do not stand that still.
    """
    kept = 1.0 - 1.0 / front_memory
    scale = np.sqrt(2.0 / front_memory)
    return (
        front_government * kept + front_noise_government * scale * front_government_luck,
        front_insurgent * kept + front_noise_insurgency * scale * front_insurgent_luck,
    )


@rule("run", Variable("belt", units="1", meaning="widening of the contested belt b"), source="sigar2018 settlesim")
def contested_belt(belt_width, violence_memory):
    """Width of the contested belt: b = γ ln(M/M0), M the violence of the past half year, M0 that of week 0.

    Where there is more fighting, both sides hold less: a district is contested because it is fought over.
    """
    return belt_width * np.log(np.maximum(violence_memory, 1e-3))


@rule(
    "province",
    Variable("control", units="1", meaning="latent control x", start="start_control"),
    Variable("government_share", units="share", meaning="districts under the government", start="start_government",
             low=0.0, high=1.0),
    Variable("insurgent_share", units="share", meaning="districts under the insurgency", start="start_insurgent",
             low=0.0, high=1.0),
    Variable("government_weighted", units="share", meaning="the same, weighted by districts", low=0.0, high=1.0),
    Variable("insurgent_weighted", units="share", meaning="the same, weighted by districts", low=0.0, high=1.0),
    source="sigar2018 settlesim",
)
def control(control, control_step, control_noise, province_weather, at_peace, alpha, control_cut_government,
            control_cut_insurgent, district_weight, front_government, front_insurgent, belt, clash_ground, clash_ratio,
            rival_killed_insurgency, rival_external, province_fighters):
    """x moves by drift, noise and clashes; government share σ(c_G - b - x), insurgent share σ(x - c_I - b).

    Where the insurgency fights the rival it loses ground, in proportion to its dead among all who bear arms there.
    The cuts c_G and c_I are solved once so that the national totals of week 0 are the published ones.
    """
    x = control + control_step + np.where(at_peace, 0.0, alpha * control_noise) * province_weather
    armed = province_fighters + rival_external
    x = x - clash_ground * clash_ratio * rival_killed_insurgency / np.maximum(armed, 1.0)
    g = logistic(control_cut_government + front_government - belt - x)
    i = logistic(x + front_insurgent - control_cut_insurgent - belt)
    # Cuts that cross (hardly anything contested at the start) must not give shares above one in all.
    i = np.minimum(i, 1.0 - g)
    return x, g, i, district_weight * g, district_weight * i


CONTROL = Mechanism(
    "Control of territory",
    items=(
        drift,
        memory,
        fronts,
        contested_belt,
        control,
        Fold(
            Variable("government_control", scope="run", units="share", meaning="districts under the government",
                     start="government_total", low=0.0, high=1.0 + 1e-9, weekly=True, told=True),
            "government_weighted", "sum", "province",
        ),
        Fold(
            Variable("insurgent_control", scope="run", units="share", meaning="districts under the insurgency",
                     start="insurgent_total", low=0.0, high=1.0 + 1e-9, weekly=True, told=True),
            "insurgent_weighted", "sum", "province",
        ),
    ),
    luck=(
        Luck("province_weather", "province", "normal", "week", meaning="travels with the date: local fortunes of war"),
        Luck("front_government_luck", "run", "normal", "week",
             meaning="travels with the date: the government's fortunes"),
        Luck("front_insurgent_luck", "run", "normal", "week",
             meaning="travels with the date: the insurgency's fortunes"),
    ),
    outcomes=(
        Outcome("insurgent_control", final("insurgent_control"), "share", "districts under the insurgency at the end",
                kind="bounded"),
        Outcome(
            "government_control", final("government_control"), "share",
            "districts under the government at the end", kind="bounded",
        ),
    ),
)
