"""Attacks, spoilers and trust as inference (MODEL.md section 6, Trust; Kydd and Walter 2002)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Rule, Select, Variable, logistic, rule

__all__ = ["ITEMS", "LUCK", "VARIABLES", "bayes_step", "poisson_quantile"]

# The weekly counts have means of at most about two; the chance of more than twelve is below 1e-6.
MOST_ATTACKS = 12


def poisson_quantile(u: Any, mean: Any) -> Any:
    """Poisson count at probability `u`, by adding up the distribution (exact up to twelve).

    Examples
    --------
    >>> int(poisson_quantile(0.5, 0.3)), int(poisson_quantile(0.99, 0.3))
    (0, 2)
    """
    term = np.exp(-mean)
    below = term
    count = 1.0 * (u > below)
    for n in range(1, MOST_ATTACKS):
        term = term * mean / float(n)
        below = below + term
        count = count + (u > below)
    return count


def bayes_step(count: Any, rate_untrustworthy: Any, rate_trustworthy: Any, misattributed: Any) -> Any:
    """Change of the log odds that the other side is trustworthy, after seeing `count` attacks.

    Both hypotheses see the misattributed attacks of the rival on top: Bayes' rule for two Poisson rates.
    """
    ratio = np.log((rate_untrustworthy + misattributed) / (rate_trustworthy + misattributed))
    return (rate_untrustworthy - rate_trustworthy) - count * ratio


@rule("run", "spoiler_attacks spoiler_believed", source="Kydd and Walter 2002")
def spoilers(spoiler_rate: Any, rival_strength_now: Any, rival_start: Any, spoiler_timing: Any, government_talks: Any,
             patron_talks: Any, zone: Any, splintered: Any, initial_fighters: Any) -> Any:
    """Spoilers time their attacks: s = s0 (E/E0)(1 + β_s 1[talks] σ(Z/.1)).

    E counts defected fighters; splinters that reject the talks add to the spoilers in proportion to theirs.
    Observers reckon with the untimed rate only, which is what makes timed attacks pay.
    """
    size = np.where(rival_start > 0.0, rival_strength_now / np.maximum(rival_start, 1.0), 0.0)
    size = size + 10.0 * splintered / initial_fighters
    believed = spoiler_rate * size
    timed = 1.0 + spoiler_timing * (government_talks | patron_talks) * logistic(zone / 0.1)
    return believed * timed, believed


@rule("dyad", "attack_rate attacks trust", source="Kydd and Walter 2002")
def trust_from_attacks(trust: Any, talking: Any, ceasefire: Any, ceasefire_multiplier: Any, restraint: Any,
                       attack_rate_trustworthy: Any, attack_rate_untrustworthy: Any, spoiler_attacks: Any,
                       spoiler_believed: Any, misattribution: Any, attack_luck: Any, trust_bound: Any) -> Any:
    """Infer trust from the week's attacks laid at the other side's door.

    A party at the table closes part of the gap to the trustworthy rate (`restraint`).  Outside talks and
    ceasefires attacks are acts of war from which nothing is inferred.
    """
    gap = attack_rate_untrustworthy - attack_rate_trustworthy
    rate = (attack_rate_untrustworthy - restraint * gap * talking) * np.where(ceasefire, ceasefire_multiplier, 1.0)
    count = poisson_quantile(attack_luck, rate + misattribution * spoiler_attacks)
    step = bayes_step(count, attack_rate_untrustworthy, attack_rate_trustworthy, misattribution * spoiler_believed)
    moved = np.clip(trust + step, -trust_bound, trust_bound)
    return rate, count, np.where(talking | ceasefire, moved, np.clip(trust, -trust_bound, trust_bound))


@rule("run", "quiet_weeks")
def quiet(quiet_weeks: Any, insurgent_attacks: Any) -> Any:
    """Count the weeks in a row without an attack laid at the insurgency's door."""
    return np.where(insurgent_attacks > 0.0, 0.0, quiet_weeks + 1.0)


@rule("run", "ceasefire_wanted ceasefire_left ceasefire_until ceasefire ceasefire_begins")
def ceasefire_clock(ceasefire_wanted: Any, ceasefire_left: Any, ceasefire_until: Any, ceasefire_declared: Any,
                    ceasefire_conceded: Any, ceasefire_weeks: Any, ceasefire_rate: Any, trust_in_government: Any,
                    delivered_effect: Any, delivered_share: Any, stalemate_effect: Any, hurting_stalemate: Any,
                    week: Any) -> Any:
    """A declared ceasefire is taken up by the insurgency when its clock rings, and lasts as declared.

    A ceasefire delivered as a concession begins at once and lasts `ceasefire_weeks`.
    """
    wanted = np.where(ceasefire_declared > 0.0, ceasefire_declared, ceasefire_wanted)
    push = trust_in_government + delivered_effect * delivered_share + stalemate_effect * hurting_stalemate
    left = ceasefire_left - np.where(wanted > 0.0, ceasefire_rate * logistic(push), 0.0)
    begins = (wanted > 0.0) & (left <= 0.0)
    until = np.where(begins, week + wanted, ceasefire_until)
    until = np.where(ceasefire_conceded, np.maximum(until, week + ceasefire_weeks), until)
    begins = begins | ceasefire_conceded
    return np.where(begins, 0.0, wanted), left, until, week < until, begins


VARIABLES = (
    Variable("spoiler_attacks", "run", "per week", "rate of spoiler attacks", 0.0, 0.0),
    Variable("spoiler_believed", "run", "per week", "rate of spoiler attacks that observers reckon with", low=0.0),
    Variable("talking", "dyad", "1", "the two sit at an open table", kind="bool"),
    Variable("attack_rate", "dyad", "per week", "rate of the subject's attacks", low=0.0),
    Variable("attacks", "dyad", "per week", "attacks of the week laid at the subject's door", low=0.0),
    Variable("trust", "dyad", "logit", "observer's log odds that the subject is trustworthy", "trust_start",
             -20.0, 20.0),
    Variable("insurgent_attacks", "run", "per week", "attacks that the government lays at the insurgency's door",
             low=0.0),
    Variable("quiet_weeks", "run", "weeks", "weeks in a row without such an attack", 0.0, 0.0),
    Variable("ceasefire_wanted", "run", "weeks", "length of a declared ceasefire not yet taken up", 0.0, 0.0),
    Variable("ceasefire_left", "run", "1", "what is left of the ceasefire clock", "ceasefire_luck"),
    Variable("ceasefire_until", "run", "weeks", "week in which the ceasefire ends", 0.0, 0.0),
    Variable("ceasefire", "run", "1", "a ceasefire holds", False, kind="bool"),
    Variable("ceasefire_begins", "run", "1", "a ceasefire begins this week", kind="bool"),
)

LUCK = (
    Luck("attack_luck", "dyad", "uniform", "week", meaning="travels with the date: the attacks of that week"),
    Luck("ceasefire_luck", "run", "exponential", meaning="taking up a declared ceasefire"),
)

ITEMS: tuple[Rule | Fold | Select, ...] = (
    ceasefire_clock,
    Fold("talking", "talking_now", "any", "track", "dyads"),
    spoilers,
    trust_from_attacks,
    Select("insurgent_attacks", "attacks", "government_insurgency"),
    quiet,
)
