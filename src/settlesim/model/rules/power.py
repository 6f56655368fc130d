"""Power: the insurgency's strength and the chance that it eventually wins."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import AGREED, BROKEN, CALLED, SIGNED
from settlesim.model.items import Fold, logistic, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["POWER", "balance"]

# Keeps logarithms finite when an army or a movement has melted away.
LEAST = 1e-3


def balance(odds):
    """P(insurgents eventually win) from its logit."""
    return logistic(odds)


@rule(
    "run",
    Variable("strength", units="initial strength", meaning="insurgent strength F", start=1.0, low=0.0, weekly=True,
             told=True),
    Variable("presence", units="share", meaning="patron's force as a share of its initial size", start=1.0, low=0.0),
    Variable("support", units="share", meaning="what of it still fights beside the army", low=0.0),
    source="talks2021 settlesim",
)
def strength(fighters, initial_fighters, manpower, troops, troops_start, patron_deal, grounding):
    """Insurgent strength F in units of its initial size, the patron's presence U/U0 and its support of the army.

    Once the patron has a deal of its own, its air power is mostly grounded.
    """
    presence = np.where(troops_start > 0.0, troops / np.maximum(troops_start, LEAST), 0.0)
    return manpower * fighters / initial_fighters, presence, presence * (1.0 - grounding * patron_deal)


@rule(
    "track",
    Variable("package_withdraws", units="1", meaning="power and withdrawal are being settled together", kind="bool"),
    Variable("withdrawal_to_come", units="1", meaning="the plan has a table on withdrawal, neither signed nor broken",
             kind="bool"),
    source="settlesim",
)
def withdrawal_ahead(track_withdrawal, track_power, track_planned, phase):
    """Which tables of the plan would take the patron's force away."""
    live = (phase >= CALLED) & (phase <= AGREED)
    return track_withdrawal & track_power & live, track_withdrawal & track_planned & (phase != SIGNED) & (
        phase != BROKEN)


@rule(
    "run",
    Variable("withdrawal_foreseen", units="probability", meaning="foreseen chance that a deal on power ends with the"
             " patron gone", low=0.0, high=1.0, told=True),
    source="fearon1995 powell2006 settlesim",
)
def foresight(patron_deal, exiting, any_package_withdraws, any_withdrawal_to_come, foreseen_withdrawal, has_patron):
    """Chance that the patron is gone after a deal on power.

    It is certain where the patron has signed (settling power lifts what its linkage withholds), is leaving, or signs
    in the same package; likely (`foreseen_withdrawal`) where the plan still has a table on withdrawal.
    """
    certain = patron_deal | exiting | any_package_withdraws
    likely = np.where(any_withdrawal_to_come, foreseen_withdrawal, 0.0)
    return np.where(has_patron, np.where(certain, 1.0, likely), 0.0)


@rule(
    "run",
    Variable("shift_speed", units="share", meaning="share of the shift that comes too fast to be answered", low=0.0,
             high=1.0),
    source="powell2006 settlesim",
)
def shift_speed(presence, patron_deal, exiting, withdrawal_share, withdrawal_slowest, withdrawal_fastest, exit_weeks,
                adjustment_weeks):
    """It is the rapid shift that no promise survives: a share min(1, adjustment/withdrawal) of it counts.

    The withdrawal takes what is left of the signed pace, or of an exit, and before either the middle of the paces
    that are bargained over.
    """
    middle = 0.5 * (withdrawal_slowest + withdrawal_fastest)
    signed = withdrawal_slowest - withdrawal_share * (withdrawal_slowest - withdrawal_fastest)
    whole = np.where(exiting, exit_weeks, np.where(patron_deal, signed, middle))
    return np.minimum(1.0, adjustment_weeks / np.maximum(whole * presence, 1.0))


@rule(
    "run",
    Variable("p_win", units="probability", meaning="P(insurgents eventually win)", low=0.0, high=1.0),
    Variable("p_withdrawn", units="probability", meaning="the same once a deal has brought about what it brings about",
             low=0.0, high=1.0),
    Variable("shift", units="probability", meaning="shift of power that a deal on power must survive", low=0.0,
             high=1.0, weekly=True),
    source="powell2006 settlesim",
)
def power(strength, initial_fighters, recidivism, prisoners_freed, army, garrison_yield, legitimacy, legitimacy_start,
          legitimacy_weight, power_bias, power_steepness, patron_weight, support, troops_start, committed_troops,
          withdrawal_foreseen, shift_speed):
    """p = σ(a0 + 2[ln((F + recidivism prisoners)/A) - ln((1+.05U)/(1+.05U0))]), now and after a deal on power.

    The shift that the deal must survive is the one that it and the plan bring about themselves, as far as it is fast:
    nothing is left of the patron's force with the probability that is foreseen, else what is committed already.
    """
    will = 1.0 - legitimacy_weight + legitimacy_weight * legitimacy / legitimacy_start
    defence = army * (1.0 - garrison_yield) * will
    force = strength + recidivism * prisoners_freed / initial_fighters
    ratio = np.log(np.maximum(force, LEAST) / np.maximum(defence, LEAST))
    scale = 1.0 + patron_weight * troops_start
    backed = 1.0 + patron_weight * troops_start * support
    p = balance(power_bias + power_steepness * (ratio - np.log(backed / scale)))
    staying = np.minimum(1.0 + patron_weight * committed_troops, backed)
    p_c = balance(power_bias + power_steepness * (ratio - np.log(staying / scale)))
    p_0 = balance(power_bias + power_steepness * (ratio + np.log(scale)))
    p_w = p_c + withdrawal_foreseen * (p_0 - p_c)
    return p, p_w, shift_speed * np.maximum(0.0, p_w - p)


POWER = Mechanism(
    "Power",
    items=(
        strength,
        withdrawal_ahead,
        Fold(
            Variable("any_package_withdraws", scope="run", units="1",
                     meaning="power and withdrawal are being settled together", kind="bool"),
            "package_withdraws", "any", "track",
        ),
        Fold(
            Variable("any_withdrawal_to_come", scope="run", units="1", meaning="a table on withdrawal is to come",
                     kind="bool"),
            "withdrawal_to_come", "any", "track",
        ),
        foresight,
        shift_speed,
        power,
    ),
    outcomes=(Outcome("insurgent_strength", final("strength"), "initial strength", "insurgent strength at the end"),),
)
