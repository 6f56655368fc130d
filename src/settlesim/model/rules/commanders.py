"""Commanders: the hazards of their clocks, what makes them differ, and their choice at a signing."""

from __future__ import annotations

import numpy as np
from scipy.special import hyp1f1

from settlesim.model.codes import INSURGENT, KILLED, REINTEGRATED, RIVAL, SPLINTER, STATUS
from settlesim.model.items import Choice, Clock, Commanders, Fold, logistic, rule
from settlesim.model.outcome import Outcome, Values, final
from settlesim.model.protocol import Mechanism
from settlesim.model.trace import Trace
from settlesim.model.variables import Luck, Variable

__all__ = ["COMMANDERS", "fraction_of_week", "hazard_at", "left_at", "mark_at"]


def fraction_of_week(mark, before, hazard):
    """When within the week accumulated hazard reached the mark: 0 at its start, 1 at its end."""
    return np.clip((mark - before) / np.maximum(hazard, 1e-300), 0.0, 1.0)


def hazard_at(before, hazard, fraction):
    """Accumulated hazard at a fraction of the week."""
    return before + hazard * fraction


def left_at(mark, accumulated):
    """What is left of a clock that stops."""
    return mark - accumulated


def mark_at(left, accumulated):
    """The mark at which a clock that starts (again) will ring."""
    return accumulated + left


@rule(
    "run",
    Variable("mean_lure", units="1", meaning="population mean of the raw factor", low=1.0),
    Variable("mean_provocation", units="1", meaning="population mean of the raw factor", low=1.0),
    Variable("mean_splinter", units="1", meaning="population mean of the raw factor", low=1.0),
    Variable("mean_reintegration", units="1", meaning="population mean of the raw factor", low=1.0),
    source="settlesim",
)
def frailty_means(hardline_concentration, hardline_lure, hardline_provocation, hardline_splinter,
                  hardline_reintegration, hardline_mean):
    """Mean of e^(k(θ-m)) over a Beta distribution of mean m, by which the factors are normalised.

    The norm is that of the reference population, so a faction with a higher mean hardline really has
    higher hazards.
    """
    a = hardline_mean * hardline_concentration
    n = hardline_concentration
    return (
        hyp1f1(a, n, hardline_lure) * np.exp(-hardline_mean * hardline_lure),
        hyp1f1(a, n, hardline_provocation) * np.exp(-hardline_mean * hardline_provocation),
        hyp1f1(a, n, hardline_splinter) * np.exp(-hardline_mean * hardline_splinter),
        hyp1f1(a, n, hardline_reintegration) * np.exp(-hardline_mean * hardline_reintegration),
    )


@rule(
    "commander",
    Variable("factor_lure", units="1", meaning="factor on being lured", low=0.0),
    Variable("factor_provocation", units="1", meaning="factor on being provoked", low=0.0),
    Variable("factor_splinter", units="1", meaning="factor on splintering", low=0.0),
    Variable("factor_reintegration", units="1", meaning="factor on reintegrating and returning", low=0.0),
    Variable("factor_killed", units="1", meaning="factor on being killed", low=0.0),
    source="settlesim",
)
def frailties(theta, hardline_lure, hardline_provocation, hardline_splinter, hardline_reintegration, mean_lure,
              mean_provocation, mean_splinter, mean_reintegration, hardline_mean):
    """Constant factors of a commander on the hazards of its cell: e^(k(θ-m)) over its population mean."""
    distance = theta - hardline_mean
    return (
        np.exp(hardline_lure * distance) / mean_lure,
        np.exp(hardline_provocation * distance) / mean_provocation,
        np.exp(hardline_splinter * distance) / mean_splinter,
        np.exp(hardline_reintegration * distance) / mean_reintegration,
        np.ones_like(theta),
    )


@rule("commander", Variable("size", units="fighters", meaning="fighters of the group", low=1.0), source="settlesim")
def group_size(group_size_luck, group_size_mean, group_size_spread):
    """Fighters under a commander, a whole number: lognormal with the given mean, constant at spread 0."""
    drawn = group_size_mean * np.exp(group_size_spread * group_size_luck - 0.5 * group_size_spread * group_size_spread)
    return np.maximum(np.rint(drawn), 1.0)


@rule("commander", Variable("rejects", units="1", meaning="rejects the deal", kind="bool"), source="settlesim")
def choose(theta, choice_luck, rejection_bias, rejection_hardline, rejection_refused, joined, hardline_mean):
    """Reject a signed deal with a probability that rises with θ, and where the faction has walked out."""
    push = rejection_bias + rejection_hardline * (theta - hardline_mean) + rejection_refused * ~joined
    return choice_luck < logistic(push)


@rule(
    "province",
    Variable("rival_presence", units="1", meaning="rival presence, 1 for the average commander at the start", low=0.0),
    Variable("lure_there", units="per week", meaning="hazard of being lured before any peer is gone", low=0.0),
    source="khan2018 settlesim",
)
def presence(rival_external, province_rival_fighters, rival_reference, defection_rate):
    """Rival strength in the province, relative to what the average insurgent commander met in week 0, and its lure."""
    there = rival_external + province_rival_fighters
    relative = np.where(rival_reference > 0.0, there / np.maximum(rival_reference, 1e-9), 0.0)
    return relative, defection_rate / 52.0 * relative


@rule(
    "run",
    Variable("provocation", units="1", meaning="provocation by talks A, times talks_provocation", low=0.0),
    Variable("splinter_hazard", units="per week", meaning="hazard of splintering", low=0.0),
    Variable("reintegration_hazard", units="per week", meaning="hazard of reintegrating", low=0.0),
    Variable("return_hazard", units="per week", meaning="hazard of returning from the rival", low=0.0),
    Variable("rival_hazard", units="per week", meaning="hazard of falling with the rival", low=0.0),
    source="khan2018 settlesim",
)
def shared_hazards(rival_losses_government, rival_losses_insurgency, talks_provocation, provocation_government,
                   provocation_patron, frame, government_talks, patron_talks, splinter_rate, reintegration_rate,
                   settled_reintegration_rate, at_peace, return_rate, event_splinter):
    """A = 6 f 1[talks with government] + .10 1[talks with patron], and the hazards that all commanders share."""
    act = talks_provocation * (provocation_government * frame * government_talks + provocation_patron * patron_talks)
    back = np.where(at_peace, settled_reintegration_rate, reintegration_rate)
    return act, splinter_rate / 52.0 * (1.0 + act) + event_splinter, back / 52.0, return_rate / 52.0, (
        rival_losses_government + rival_losses_insurgency
    )


@rule(
    "cell",
    Variable("lure_hazard", units="per week", meaning="hazard of being lured by the rival", low=0.0),
    Variable("provoked_hazard", units="per week", meaning="hazard of being provoked by talks to join the rival",
             low=0.0),
    source="khan2018 granovetter1978 settlesim",
)
def lure(lure_there, peer_effect, cell_gone, cell_commanders, provocation):
    """Lure of the rival: rate × presence × e^(2 peer share already gone); provoked: the same base × A."""
    gone = cell_gone / cell_commanders
    base = lure_there * np.exp(peer_effect * gone)
    return base, base * provocation


def _defections(trace: Trace) -> Values:
    f = trace.final
    return np.stack(
        [
            f["moved_lured"] + f["moved_provoked"],
            f["moved_splintered"] + f["moved_rejecting"],
            f["moved_reintegrated"],
            f["moved_returned"],
            f["moved_killed"] + f["moved_fallen"],
        ],
        axis=1,
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

COMMANDERS_OF_THE_INSURGENCY = Commanders(
    clocks=CLOCKS,
    choice=Choice("settling", choose, (INSURGENT,), SPLINTER),
    setup=(frailty_means, frailties, group_size),
    heads={
        INSURGENT: "count_insurgent",
        SPLINTER: "count_splinter",
        RIVAL: "count_rival",
        REINTEGRATED: "count_reintegrated",
        KILLED: "count_killed",
    },
    fighters={INSURGENT: "cell_fighters", SPLINTER: "cell_splinter", RIVAL: "cell_rival"},
    absent=(RIVAL, "cell_gone"),
)


COMMANDERS = Mechanism(
    "Commanders",
    items=(
        presence,
        shared_hazards,
        lure,
        COMMANDERS_OF_THE_INSURGENCY,
        Fold(
            Variable("fighters", scope="run", units="fighters", meaning="insurgent fighters", start="initial_fighters",
                     low=0, kind="int"),
            "cell_fighters", "sum", "cell",
        ),
        Fold(
            Variable("splintered", scope="run", units="fighters", meaning="splinter fighters", start=0, low=0,
                     kind="int", weekly=True),
            "cell_splinter", "sum", "cell",
        ),
        Fold(
            Variable("rival_defected", scope="run", units="fighters", meaning="fighters gone to the rival", start=0,
                     low=0, kind="int"),
            "cell_rival", "sum", "cell",
        ),
        Fold(
            Variable("faction_fighters", scope="faction", units="fighters", meaning="insurgent fighters of the faction",
                     start="faction_fighters_start", low=0, kind="int"),
            "cell_fighters", "sum", "cell", "faction_cells",
        ),
        Fold(
            Variable("province_fighters", scope="province", units="fighters",
                     meaning="insurgent fighters in the province", start="province_fighters_start", low=0, kind="int"),
            "cell_fighters", "sum", "cell", "province_cells",
        ),
        Fold(
            Variable("province_rival_fighters", scope="province", units="fighters",
                     meaning="fighters gone to the rival there", start=0, low=0, kind="int"),
            "cell_rival", "sum", "cell", "province_cells",
        ),
    ),
    variables=(
        Variable("status", scope="commander", units="1", meaning="status of the commander", start=0, low=0, high=4,
                 kind="int", flags=STATUS),
        Variable("cell_fighters", scope="cell", units="fighters", meaning="insurgent fighters of the cell", start=0,
                 low=0, kind="int"),
        Variable("cell_splinter", scope="cell", units="fighters", meaning="splinter fighters of the cell", start=0,
                 low=0, kind="int"),
        Variable("cell_rival", scope="cell", units="fighters", meaning="fighters of the cell gone to the rival",
                 start=0, low=0, kind="int"),
        Variable("cell_gone", scope="cell", units="1", meaning="commanders of the cell with the rival", start=0, low=0,
                 kind="int"),
        Variable("count_insurgent", scope="run", units="1", meaning="insurgent commanders", start="commanders_total",
                 low=0, kind="int"),
        Variable("count_splinter", scope="run", units="1", meaning="splinter commanders", start=0, low=0, kind="int"),
        Variable("count_rival", scope="run", units="1", meaning="commanders with the rival", start=0, low=0,
                 kind="int"),
        Variable("count_reintegrated", scope="run", units="1", meaning="reintegrated commanders", start=0, low=0,
                 kind="int"),
        Variable("count_killed", scope="run", units="1", meaning="killed commanders", start=0, low=0, kind="int"),
        Variable("moved_lured", scope="run", units="1", meaning="defections to the rival by lure", start=0, low=0,
                 kind="int", told=True),
        Variable("moved_provoked", scope="run", units="1", meaning="defections to the rival provoked by talks", start=0,
                 low=0, kind="int", told=True),
        Variable("moved_splintered", scope="run", units="1", meaning="commanders that splintered", start=0, low=0,
                 kind="int", told=True),
        Variable("moved_reintegrated", scope="run", units="1", meaning="commanders that reintegrated", start=0, low=0,
                 kind="int", told=True),
        Variable("moved_returned", scope="run", units="1", meaning="commanders that returned from the rival", start=0,
                 low=0, kind="int", told=True),
        Variable("moved_killed", scope="run", units="1", meaning="commanders killed", start=0, low=0, kind="int",
                 told=True),
        Variable("moved_fallen", scope="run", units="1", meaning="commanders that fell with the rival", start=0, low=0,
                 kind="int"),
        Variable("moved_rejecting", scope="run", units="1", meaning="commanders that rejected a deal", start=0, low=0,
                 kind="int", told=True),
        Variable("fighters_at_start", scope="run", units="fighters", meaning="insurgent fighters at the start",
                 start="initial_fighters", low=0, kind="int"),
    ),
    luck=(
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
    ),
    outcomes=(
        Outcome(
            "defections", _defections, "commanders",
            "commanders that changed status, by destination", dims=("run", "destination"), kind="count",
        ),
        Outcome(
            "defections_provoked", final("moved_provoked"), "commanders",
            "defections to the rival provoked by talks", kind="count", better="low",
        ),
        Outcome("rejections", final("moved_rejecting"), "commanders", "commanders that rejected a deal", kind="count",
                better="low"),
    ),
)
