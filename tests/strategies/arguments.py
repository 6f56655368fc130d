"""Arguments of rules, over the domains that the declarations give them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from settlesim.model.standard import STANDARD
from settlesim.scenario.files import load

__all__ = ["arguments"]

# Attributes of the layout that are numbers, with the range that the declarations leave them.
ATTRIBUTES: dict[str, tuple[float, float]] = {
    "cell_commanders": (1, 1e5),
    "ceasefire_length": (0, 1e4),
    "commanders_total": (1, 1e5),
    "concession_cost": (0, 1),
    "concession_value": (-1, 1),
    "control_cut_government": (-60, 60),
    "control_cut_insurgent": (-60, 60),
    "district_weight": (0, 1),
    "event_size": (-5, 5),
    "event_week": (0, 1e4),
    "event_weeks": (0, 1040),
    "group_size_mean": (1, 1e5),
    "hardline": (0, 1),
    "mission_amount": (0, 1),
    "mission_weeks": (1, 1e4),
    "obligation_cost": (0, 1),
    "obligation_value": (0, 1),
    "prelude": (0, 520),
    "press_amount": (0, 1e5),
    "press_weeks": (1, 1e4),
    "province_commanders": (0, 1e5),
    "reversibility": (0, 1),
    "rival_affinity": (0, 1),
    "tabled_rank": (-1, 50),
    "troops_dated": (0, 1e5),
    "week": (1, 1040),
    "withdraw_amount": (0, 1e5),
    "withdraw_weeks": (1, 1e4),
}
LUCKS: dict[str, tuple[float, float]] = {
    "uniform": (2.0**-54, 1 - 2.0**-53),
    "exponential": (2.0**-54, 37.5),
    "normal": (-8.3, 8.3),
    "gamma": (0, 60),
    "beta": (0, 1),
}
# Variables without a bound: further than they get in wars with parameters in their ranges.
FAR = 1e6
# Where what a variable is made of keeps it closer than its declared range can say.
REACHED: dict[str, tuple[float, float]] = {
    "tempo": (-20, 20),  # a process with a standard deviation of at most 2
    "credibility_government": (1e-31, 1),  # σ(-20), times e^-50
    "credibility_insurgency": (1e-31, 1),
}
# Variables that hold each other: the first is never above what is left of the others.
COUPLED: dict[str, Callable[[dict[str, np.ndarray]], np.ndarray]] = {
    "insurgent_share": lambda a: np.minimum(a["insurgent_share"], 1.0 - a["government_share"]),
    # Nothing keeps commanders together that would have splintered.
    "event_size": lambda a: np.where(a["event_on_splintering"], np.abs(a["event_size"]), a["event_size"]),
    "shift": lambda a: np.minimum(a["shift"], 1.0 - a["p_win"]),
    "tabled_week": lambda a: np.minimum(a["tabled_week"], a["week"]),
    "cell_gone": lambda a: np.minimum(a["cell_gone"], a["cell_commanders"]).astype(np.int64),
}


def span(name: str) -> tuple[float, float]:
    """The declared domain of whatever a rule can read by this name."""
    if name in REACHED:
        return REACHED[name]
    if name in STANDARD.table:
        variable = STANDARD.table[name]
        low, high = variable.low, variable.high
        return (low if np.isfinite(low) else -FAR), (high if np.isfinite(high) else FAR)
    for luck in STANDARD.luck:
        if luck.name == name:
            return LUCKS[luck.distribution]
    if name in ATTRIBUTES:
        return ATTRIBUTES[name]
    parameters = load("afghanistan-2018").parameters
    for key, parameter in parameters.items():
        if name == key or name in (f"{key}_{entry}" for entry in parameter.each or ()):
            return parameter.range
    raise KeyError(name)


def arguments(reads: tuple[str, ...], seed: int, number: int) -> dict[str, np.ndarray]:
    """Arguments over their declared domains, independent of each other: ends, round numbers, anything between."""
    rng = np.random.default_rng(seed)
    out: dict[str, np.ndarray] = {}
    for name in reads:
        kind = STANDARD.table[name].kind if name in STANDARD.table else "float"
        try:
            low, high = span(name)
        except KeyError:  # the layout's other attributes say yes or no
            kind, low, high = "bool", 0, 1
        if kind == "bool":
            out[name] = rng.random(number) < 0.5
            continue
        scale = 10.0 ** rng.uniform(-6, np.log10(max(abs(low), abs(high), 1)), number) * rng.choice([-1.0, 1.0], number)
        way = rng.integers(0, 6, number)
        values = np.select(
            [way == 0, way == 1, way == 2, way == 3],
            [
                np.full(number, low),
                np.full(number, high),
                np.clip(np.rint(scale), low, high),
                np.clip(scale, low, high),
            ],
            rng.uniform(low, high, number),
        )
        out[name] = np.rint(values).astype(np.int64) if kind == "int" else values
    for name, hold in COUPLED.items():
        with suppress(KeyError):  # a rule that reads one of them alone
            out[name] = hold(out)
    return out
