"""Commanders: hazards of their six clocks, frailty factors, choice at a signing (MODEL.md section 6, Commanders)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import hyp1f1

from settlesim.model.protocol import Choice, Clock, Commanders, Fold, Luck, Rule, Variable, logistic, rule

__all__ = ["HAZARDS", "INSURGENT", "ITEMS", "KILLED", "LUCK", "REINTEGRATED", "RIVAL", "SPLINTER", "STATUS", "TALLIES",
           "VARIABLES", "fraction_of_week", "hazard_at", "left_at", "mark_at"]

INSURGENT, SPLINTER, RIVAL, REINTEGRATED, KILLED = range(5)
STATUS = {INSURGENT: "insurgent", SPLINTER: "splinter", RIVAL: "rival", REINTEGRATED: "reintegrated", KILLED: "killed"}


def fraction_of_week(mark: Any, before: Any, hazard: Any) -> Any:
    """When within the week accumulated hazard reached the mark: 0 at its start, 1 at its end."""
    return np.clip((mark - before) / np.maximum(hazard, 1e-300), 0.0, 1.0)


def hazard_at(before: Any, hazard: Any, fraction: Any) -> Any:
    """Accumulated hazard at a fraction of the week."""
    return before + hazard * fraction


def left_at(mark: Any, accumulated: Any) -> Any:
    """What is left of a clock that stops."""
    return mark - accumulated


def mark_at(left: Any, accumulated: Any) -> Any:
    """The mark at which a clock that starts (again) will ring."""
    return accumulated + left


@rule("run", "mean_lure mean_provocation mean_splinter mean_reintegration")
def frailty_means(hardline_concentration: Any, hardline_lure: Any, hardline_provocation: Any,
                  hardline_splinter: Any, hardline_reintegration: Any) -> Any:
    """Mean of e^(k(θ-.5)) over a Beta distribution of mean 1/2, by which the factors are normalised.

    The norm is that of the reference population, so a faction with a higher mean hardline really has
    higher hazards.
    """
    a = 0.5 * hardline_concentration
    n = hardline_concentration
    return (
        hyp1f1(a, n, hardline_lure) * np.exp(-0.5 * hardline_lure),
        hyp1f1(a, n, hardline_provocation) * np.exp(-0.5 * hardline_provocation),
        hyp1f1(a, n, hardline_splinter) * np.exp(-0.5 * hardline_splinter),
        hyp1f1(a, n, hardline_reintegration) * np.exp(-0.5 * hardline_reintegration),
    )


@rule("commander", "factor_lure factor_provocation factor_splinter factor_reintegration factor_killed")
def frailties(theta: Any, hardline_lure: Any, hardline_provocation: Any, hardline_splinter: Any,
              hardline_reintegration: Any, mean_lure: Any, mean_provocation: Any, mean_splinter: Any,
              mean_reintegration: Any) -> Any:
    """Constant factors of a commander on the hazards of its cell: e^(k(θ-.5)) over its population mean."""
    distance = theta - 0.5
    return (
        np.exp(hardline_lure * distance) / mean_lure,
        np.exp(hardline_provocation * distance) / mean_provocation,
        np.exp(hardline_splinter * distance) / mean_splinter,
        np.exp(hardline_reintegration * distance) / mean_reintegration,
        np.ones_like(theta),
    )


@rule("commander", "size")
def group_size(group_size_luck: Any, group_size_mean: Any, group_size_spread: Any) -> Any:
    """Fighters under a commander, a whole number: lognormal with the given mean, constant at spread 0."""
    drawn = group_size_mean * np.exp(group_size_spread * group_size_luck - 0.5 * group_size_spread * group_size_spread)
    return np.maximum(np.rint(drawn), 1.0)


@rule("province", "rival_presence lure_there")
def presence(rival_external: Any, province_rival_fighters: Any, rival_reference: Any, defection_rate: Any) -> Any:
    """Rival strength in the province, relative to what the average insurgent commander met in week 0, and its lure."""
    there = rival_external + province_rival_fighters
    relative = np.where(rival_reference > 0.0, there / np.maximum(rival_reference, 1e-9), 0.0)
    return relative, defection_rate / 52.0 * relative


@rule("run", "provocation splinter_hazard reintegration_hazard return_hazard rival_hazard")
def shared_hazards(rival_losses_government: Any, rival_losses_insurgency: Any, talks_provocation: Any,
                   provocation_government: Any, provocation_patron: Any, frame: Any,
                   government_talks: Any, patron_talks: Any, splinter_rate: Any, reintegration_rate: Any,
                   settled_reintegration_rate: Any, at_peace: Any, return_rate: Any) -> Any:
    """A = 6 f 1[talks with government] + .10 1[talks with patron], and the hazards that all commanders share."""
    act = talks_provocation * (provocation_government * frame * government_talks + provocation_patron * patron_talks)
    back = np.where(at_peace, settled_reintegration_rate, reintegration_rate)
    return act, splinter_rate / 52.0 * (1.0 + act), back / 52.0, return_rate / 52.0, (
        rival_losses_government + rival_losses_insurgency
    )


@rule("cell", "lure_hazard provoked_hazard")
def lure(lure_there: Any, peer_effect: Any, cell_gone: Any, cell_commanders: Any, provocation: Any) -> Any:
    """Lure of the rival: rate × presence × e^(2 peer share already gone); provoked: the same base × A."""
    gone = cell_gone / cell_commanders
    base = lure_there * np.exp(peer_effect * gone)
    return base, base * provocation


@rule("commander", "rejects")
def choose(theta: Any, choice_luck: Any, rejection_bias: Any, rejection_hardline: Any, rejection_refused: Any,
           joined: Any) -> Any:
    """Reject a signed deal with a probability that rises with θ, and where the faction has walked out."""
    push = rejection_bias + rejection_hardline * (theta - 0.5) + rejection_refused * ~joined
    return choice_luck < logistic(push)


VARIABLES = (
    Variable("mean_lure", "run", "1", "population mean of the raw factor", low=1.0),
    Variable("mean_provocation", "run", "1", "population mean of the raw factor", low=1.0),
    Variable("mean_splinter", "run", "1", "population mean of the raw factor", low=1.0),
    Variable("mean_reintegration", "run", "1", "population mean of the raw factor", low=1.0),
    Variable("factor_lure", "commander", "1", "factor on being lured", low=0.0),
    Variable("factor_provocation", "commander", "1", "factor on being provoked", low=0.0),
    Variable("factor_splinter", "commander", "1", "factor on splintering", low=0.0),
    Variable("factor_reintegration", "commander", "1", "factor on reintegrating and returning", low=0.0),
    Variable("factor_killed", "commander", "1", "factor on being killed", low=0.0),
    Variable("size", "commander", "fighters", "fighters of the group", low=1.0),
    Variable("rejects", "commander", "1", "rejects the deal", kind="bool"),
    Variable("status", "commander", "1", "status of the commander", 0, 0, 4, "int", STATUS),
    Variable("rival_presence", "province", "1", "rival presence, 1 for the average commander at the start", low=0.0),
    Variable("lure_there", "province", "per week", "hazard of being lured before any peer is gone", low=0.0),
    Variable("provocation", "run", "1", "provocation by talks A, times talks_provocation", low=0.0),
    Variable("splinter_hazard", "run", "per week", "hazard of splintering", low=0.0),
    Variable("reintegration_hazard", "run", "per week", "hazard of reintegrating", low=0.0),
    Variable("return_hazard", "run", "per week", "hazard of returning from the rival", low=0.0),
    Variable("rival_hazard", "run", "per week", "hazard of falling with the rival", low=0.0),
    Variable("lure_hazard", "cell", "per week", "hazard of being lured by the rival", low=0.0),
    Variable("provoked_hazard", "cell", "per week", "hazard of being provoked by talks to join the rival", low=0.0),
    Variable("cell_fighters", "cell", "fighters", "insurgent fighters of the cell", 0, 0,
             kind="int"),
    Variable("cell_splinter", "cell", "fighters", "splinter fighters of the cell", 0, 0, kind="int"),
    Variable("cell_rival", "cell", "fighters", "fighters of the cell gone to the rival", 0, 0, kind="int"),
    Variable("cell_gone", "cell", "1", "commanders of the cell with the rival", 0, 0, kind="int"),
    Variable("count_insurgent", "run", "1", "insurgent commanders", "commanders_total", 0, kind="int"),
    Variable("count_splinter", "run", "1", "splinter commanders", 0, 0, kind="int"),
    Variable("count_rival", "run", "1", "commanders with the rival", 0, 0, kind="int"),
    Variable("count_reintegrated", "run", "1", "reintegrated commanders", 0, 0, kind="int"),
    Variable("count_killed", "run", "1", "killed commanders", 0, 0, kind="int"),
    Variable("moved_lured", "run", "1", "defections to the rival by lure", 0, 0, kind="int"),
    Variable("moved_provoked", "run", "1", "defections to the rival provoked by talks", 0, 0, kind="int"),
    Variable("moved_splintered", "run", "1", "commanders that splintered", 0, 0, kind="int"),
    Variable("moved_reintegrated", "run", "1", "commanders that reintegrated", 0, 0, kind="int"),
    Variable("moved_returned", "run", "1", "commanders that returned from the rival", 0, 0, kind="int"),
    Variable("moved_killed", "run", "1", "commanders killed", 0, 0, kind="int"),
    Variable("moved_fallen", "run", "1", "commanders that fell with the rival", 0, 0, kind="int"),
    Variable("moved_rejecting", "run", "1", "commanders that rejected a deal", 0, 0, kind="int"),
    Variable("fighters", "run", "fighters", "insurgent fighters", "initial_fighters", 0, kind="int"),
    Variable("fighters_at_start", "run", "fighters", "insurgent fighters at the start", "initial_fighters", 0,
             kind="int"),
    Variable("splintered", "run", "fighters", "splinter fighters", 0, 0, kind="int"),
    Variable("rival_defected", "run", "fighters", "fighters gone to the rival", 0, 0, kind="int"),
    Variable("faction_fighters", "faction", "fighters", "insurgent fighters of the faction",
             "faction_fighters_start", 0, kind="int"),
    Variable("province_fighters", "province", "fighters", "insurgent fighters in the province",
             "province_fighters_start", 0, kind="int"),
    Variable("province_rival_fighters", "province", "fighters", "fighters gone to the rival there", 0, 0, kind="int"),
)

LUCK = (
    Luck("theta", "commander", "beta", meaning="hardline θ", parameter="hardline"),
    Luck("lure_luck", "commander", "exponential", meaning="clock of being lured"),
    Luck("provocation_luck", "commander", "exponential", meaning="clock of being provoked by talks"),
    Luck("splinter_luck", "commander", "exponential", meaning="clock of splintering"),
    Luck("reintegration_luck", "commander", "exponential", meaning="clock of reintegrating"),
    Luck("return_luck", "commander", "exponential", meaning="clock of returning from the rival"),
    Luck("killed_luck", "commander", "exponential", meaning="clock of being killed"),
    Luck("fallen_luck", "commander", "exponential", meaning="clock of falling with the rival"),
    Luck("choice_luck", "commander", "uniform", meaning="the choice at a signing"),
    Luck("group_size_luck", "commander", "normal", meaning="size of the group"),
)

CLOCKS = (
    Clock("lured", "lure_hazard", "lure_luck", "factor_lure", (INSURGENT,), RIVAL, ("lured", "provoked")),
    Clock("provoked", "provoked_hazard", "provocation_luck", "factor_provocation", (INSURGENT,), RIVAL,
          ("lured", "provoked")),
    Clock("splintered", "splinter_hazard", "splinter_luck", "factor_splinter", (INSURGENT,), SPLINTER, ("splintered",)),
    Clock("reintegrated", "reintegration_hazard", "reintegration_luck", "factor_reintegration", (INSURGENT, SPLINTER),
          REINTEGRATED, ("reintegrated",)),
    Clock("returned", "return_hazard", "return_luck", "factor_reintegration", (RIVAL,), INSURGENT, ("returned",)),
    Clock("killed", "killed_hazard", "killed_luck", "factor_killed", (INSURGENT, SPLINTER), KILLED, ("killed",)),
    # With the rival a commander shares the rival's attrition, which is some twenty times that of the insurgency.
    Clock("fallen", "rival_hazard", "fallen_luck", "factor_killed", (RIVAL,), KILLED, ("fallen",)),
)

HAZARDS: tuple[Rule, ...] = (presence, shared_hazards, lure)

ITEMS: tuple[Commanders, ...] = (
    Commanders(CLOCKS, Choice("settling", choose, (INSURGENT,), SPLINTER), (frailty_means, frailties, group_size)),
)

TALLIES: tuple[Fold, ...] = (
    Fold("fighters", "cell_fighters", "sum", "cell"),
    Fold("splintered", "cell_splinter", "sum", "cell"),
    Fold("rival_defected", "cell_rival", "sum", "cell"),
    Fold("faction_fighters", "cell_fighters", "sum", "cell", "faction_cells"),
    Fold("province_fighters", "cell_fighters", "sum", "cell", "province_cells"),
    Fold("province_rival_fighters", "cell_rival", "sum", "cell", "province_cells"),
)
