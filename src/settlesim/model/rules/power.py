"""Power, the commitment problem, ripeness and vetoes (MODEL.md section 6)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Rule, Select, Variable, logistic, rule

__all__ = ["ITEMS", "LUCK", "VARIABLES", "balance", "most_given", "reservation_of"]

# Keeps logarithms finite when an army or a movement has melted away.
LEAST = 1e-3


def balance(odds: Any) -> Any:
    """P(insurgents eventually win) from its logit."""
    return logistic(odds)


def reservation_of(expected: Any, cost: Any, frame: Any, credibility: Any, betrayed: Any) -> Any:
    """Least share y with κ y + (1-κ) b - f >= p_e - c."""
    return (expected - cost + frame - (1.0 - credibility) * betrayed) / credibility


def most_given(expected: Any, cost: Any, credibility: Any, betrayed: Any) -> Any:
    """Greatest share y with κ (1-y) + (1-κ) b >= 1 - p_e - c."""
    return 1.0 - (1.0 - expected - cost - (1.0 - credibility) * betrayed) / credibility


@rule("run", "strength presence")
def strength(fighters: Any, initial_fighters: Any, manpower: Any, troops: Any, troops_start: Any) -> Any:
    """Insurgent strength F in units of its initial size, and the patron's presence U/U0."""
    presence = np.where(troops_start > 0.0, troops / np.maximum(troops_start, LEAST), 0.0)
    return manpower * fighters / initial_fighters, presence


@rule("run", "p_win p_withdrawn shift")
def power(strength: Any, initial_fighters: Any, recidivism: Any, prisoners_freed: Any, garrison_yield: Any,
          legitimacy: Any, legitimacy_start: Any, legitimacy_weight: Any, power_bias: Any, power_steepness: Any,
          patron_weight: Any, troops: Any, troops_start: Any, committed_troops: Any) -> Any:
    """p = σ(a0 + 2[ln((F + recidivism prisoners)/A) - ln((1+.05U)/(1+.05U0))]), now and once the withdrawal is done."""
    army = (1.0 - garrison_yield) * (1.0 - legitimacy_weight + legitimacy_weight * legitimacy / legitimacy_start)
    force = strength + recidivism * prisoners_freed / initial_fighters
    ratio = np.log(np.maximum(force, LEAST) / np.maximum(army, LEAST))
    scale = 1.0 + patron_weight * troops_start
    p = balance(power_bias + power_steepness * (ratio - np.log((1.0 + patron_weight * troops) / scale)))
    p_w = balance(power_bias + power_steepness * (ratio - np.log((1.0 + patron_weight * committed_troops) / scale)))
    return p, p_w, np.maximum(0.0, p_w - p)


@rule("run", "cost_insurgency cost_government gain_insurgency gain_government hurting_stalemate", source="Zartman 1989")
def ripeness(war_cost_insurgency: Any, war_cost_government: Any, intensity: Any, control_gain_weight: Any,
             insurgent_control: Any, government_control: Any, insurgent_memory: Any, government_memory: Any) -> Any:
    """Mutually hurting stalemate: min over sides of c v/v̄ - g_x max(0, 13-week control gain).

    The gain is the distance to an exponential memory of 13 weeks, which for a steady trend equals the
    gain of the last 13 weeks and needs no history.
    """
    cost_t = war_cost_insurgency * intensity
    cost_k = war_cost_government * intensity
    gain_t = np.maximum(0.0, insurgent_control - insurgent_memory)
    gain_k = np.maximum(0.0, government_control - government_memory)
    hurt = np.minimum(cost_t - control_gain_weight * gain_t, cost_k - control_gain_weight * gain_k)
    return cost_t, cost_k, gain_t, gain_k, np.maximum(0.0, hurt)


@rule("run", "expected_insurgency expected_government credibility_government credibility_insurgency",
      source="Fearon 1995; Powell 2006; Walter 1997")
def credibility(p_win: Any, shift: Any, foresight_insurgency: Any, foresight_government: Any, guarantee: Any,
                commitment_decay: Any, trust_in_government: Any, trust_in_insurgency: Any) -> Any:
    """Expected power p_e and the credibility κ of each side's promise."""
    kept = guarantee + (1.0 - guarantee) * logistic(trust_in_government)
    honest = guarantee + (1.0 - guarantee) * logistic(trust_in_insurgency)
    return (
        p_win + foresight_insurgency * shift,
        p_win + foresight_government * shift,
        kept,
        honest * np.exp(-commitment_decay * shift),
    )


@rule("run", "reservation_power limit_power", source="Fearon 1995; Powell 2006; Walter 1997")
def settlement_space(expected_insurgency: Any, expected_government: Any, credibility_government: Any,
                     credibility_insurgency: Any, cost_insurgency: Any, cost_government: Any, frame: Any,
                     betrayal_insurgency: Any, betrayal_government: Any, red_line_share: Any, pocketed: Any,
                     obligation_value: Any, obligation_compliance: Any) -> Any:
    """The insurgency's reservation value r_T and the most the government will give m_K.

    What was delivered early is pocketed and raises r_T; what the insurgency would deliver in return
    (its obligations, as far as it can be expected to comply) is worth giving for.
    """
    least = reservation_of(expected_insurgency, cost_insurgency, frame, credibility_government,
                           betrayal_insurgency * expected_insurgency)
    most = most_given(expected_government, cost_government, credibility_insurgency,
                      betrayal_government * (1.0 - expected_government))
    return least + pocketed, np.minimum(red_line_share, most + obligation_value * obligation_compliance)


@rule("faction", "veto veto_joined veto_excluded", source="Cunningham 2006")
def veto_players(faction_fighters: Any, fighters: Any, veto_threshold: Any, joined: Any) -> Any:
    """Say whether a faction above the threshold of strength is a veto player, inside the talks or out."""
    veto = faction_fighters >= veto_threshold * np.maximum(fighters, 1)
    veto = veto & (faction_fighters > 0)
    return veto, veto & joined, veto & ~joined


@rule("faction", "faction_reservation faction_zone binding_reservation", source="Cunningham 2006")
def faction_reservation(reservation_power: Any, limit_power: Any, hardline: Any, hardline_spread: Any, holdout: Any,
                        vetoes: Any, veto_joined: Any) -> Any:
    """A faction's reservation value: hardliners want more, and every further veto holds out for more."""
    least = reservation_power + hardline_spread * (hardline - 0.5) + holdout * np.maximum(vetoes - 1, 0)
    return least, limit_power - least, np.where(veto_joined, least, reservation_power)


@rule("run", "zone")
def zone(limit_power: Any, reservation_binding: Any) -> Any:
    """Zone of possible agreement on power: Z = m_K - r_T of the most demanding veto player."""
    return limit_power - reservation_binding


@rule("faction", "refusal_left joined refuses", source="MODEL.md section 3 (joined/refused); prior")
def refusal(refusal_left: Any, joined: Any, veto: Any, faction_zone: Any, government_talks: Any, refusal_rate: Any,
            settled: Any) -> Any:
    """A veto player that sees no zone in open talks walks out with hazard `refusal_rate`."""
    exposed = joined & veto & (faction_zone < 0.0) & government_talks & ~settled
    left = refusal_left - np.where(exposed, refusal_rate / 52.0, 0.0)
    refuses = exposed & (left <= 0.0)
    return left, joined & ~refuses, refuses


VARIABLES = (
    Variable("strength", "run", "initial strength", "insurgent strength F", 1.0, 0.0),
    Variable("presence", "run", "share", "patron's force as a share of its initial size", 1.0, 0.0),
    Variable("p_win", "run", "probability", "P(insurgents eventually win)", low=0.0, high=1.0),
    Variable("p_withdrawn", "run", "probability", "the same once the committed withdrawal is done", low=0.0, high=1.0),
    Variable("shift", "run", "probability", "shift of power under the committed withdrawal", low=0.0, high=1.0),
    Variable("cost_insurgency", "run", "share", "insurgency's cost of war", low=0.0),
    Variable("cost_government", "run", "share", "government's cost of war", low=0.0),
    Variable("gain_insurgency", "run", "share", "insurgency's 13-week gain of control", low=0.0, high=1.0),
    Variable("gain_government", "run", "share", "government's 13-week gain of control", low=0.0, high=1.0),
    Variable("hurting_stalemate", "run", "share", "mutually hurting stalemate", low=0.0),
    Variable("expected_insurgency", "run", "probability", "power the insurgency reckons with", low=0.0, high=1.0),
    Variable("expected_government", "run", "probability", "power the government reckons with", low=0.0, high=1.0),
    Variable("credibility_government", "run", "probability", "credibility of the government's promise", low=0.0,
             high=1.0),
    Variable("credibility_insurgency", "run", "probability", "credibility of the insurgency's promise", low=0.0,
             high=1.0),
    Variable("reservation_power", "run", "share", "insurgency's reservation value"),
    Variable("limit_power", "run", "share", "most the government will give"),
    Variable("vetoes", "run", "1", "veto players inside the talks", low=0, kind="int"),
    Variable("vetoes_excluded", "run", "1", "veto players outside the talks", 0, low=0, kind="int"),
    Variable("reservation_binding", "run", "share", "reservation value of the most demanding veto player"),
    Variable("zone", "run", "share", "zone of possible agreement on power", 0.0),
    Variable("veto", "faction", "1", "the faction is a veto player", kind="bool"),
    Variable("veto_joined", "faction", "1", "veto player inside the talks", kind="bool"),
    Variable("veto_excluded", "faction", "1", "veto player outside the talks", kind="bool"),
    Variable("faction_reservation", "faction", "share", "the faction's reservation value"),
    Variable("faction_zone", "faction", "share", "zone left by the faction's reservation value"),
    Variable("binding_reservation", "faction", "share", "reservation value as far as the faction binds"),
    Variable("refusal_left", "faction", "1", "what is left of the refusal clock", "refusal_luck"),
    Variable("joined", "faction", "1", "the faction goes along with the talks", True, kind="bool"),
    Variable("refuses", "faction", "1", "the faction walks out this week", kind="bool"),
    Variable("trust_in_government", "run", "logit", "insurgency's trust in the government", low=-20.0, high=20.0),
    Variable("trust_in_insurgency", "run", "logit", "government's trust in the insurgency", low=-20.0, high=20.0),
)

LUCK = (Luck("refusal_luck", "faction", "exponential", meaning="a faction's clock of walking out"),)

ITEMS: tuple[Rule | Fold | Select, ...] = (
    Select("trust_in_government", "trust", "insurgency_government"),
    Select("trust_in_insurgency", "trust", "government_insurgency"),
    power,
    ripeness,
    credibility,
    settlement_space,
    veto_players,
    Fold("vetoes", "veto_joined", "sum", "faction"),
    Fold("vetoes_excluded", "veto_excluded", "sum", "faction"),
    faction_reservation,
    Fold("reservation_binding", "binding_reservation", "max", "faction"),
    zone,
    refusal,
)
