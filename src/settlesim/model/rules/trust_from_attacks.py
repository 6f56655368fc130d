"""Trust from attacks: each side infers from the week's attacks whether the other can be trusted."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, Select, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["TRUST_FROM_ATTACKS", "bayes_step", "poisson_quantile"]

# The weekly counts have means of at most about two; the chance of more than twelve is below 1e-6.
MOST_ATTACKS = 12


def poisson_quantile(u, mean):
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


def bayes_step(count, rate_untrustworthy, rate_trustworthy, misattributed):
    """Change of the log odds that the other side is trustworthy, after seeing `count` attacks.

    Both hypotheses see the misattributed attacks of the rival on top: Bayes' rule for two Poisson rates.
    """
    ratio = np.log((rate_untrustworthy + misattributed) / (rate_trustworthy + misattributed))
    return (rate_untrustworthy - rate_trustworthy) - count * ratio


@rule(
    "dyad",
    Variable("attack_rate", units="per week", meaning="rate of the subject's attacks", low=0.0),
    Variable("attacks", units="per week", meaning="attacks of the week for which the subject is blamed", low=0.0),
    Variable("trust", units="logit", meaning="observer's log odds that the subject is trustworthy", start="trust_start",
             low=-20.0, high=20.0, weekly=True),
    source="kydd2002",
)
def trust_from_attacks(trust, talking, ceasefire, ceasefire_multiplier, restraint, alpha, dyad_of_insurgency,
                       attack_rate_trustworthy, attack_rate_untrustworthy, spoiler_attacks, spoiler_believed,
                       misattribution, attack_luck, trust_bound):
    """Infer trust from the week's attacks for which the other side is blamed.

    The insurgency's follow its attack intensity; a government or patron at the table holds back whatever it commands.
    Outside talks and ceasefires attacks are acts of war from which nothing is inferred.
    """
    others = (1.0 - restraint * talking) * np.where(ceasefire, ceasefire_multiplier, 1.0)
    rate = attack_rate_untrustworthy * np.where(dyad_of_insurgency, alpha, others)
    count = poisson_quantile(attack_luck, rate + misattribution * spoiler_attacks)
    step = bayes_step(count, attack_rate_untrustworthy, attack_rate_trustworthy, misattribution * spoiler_believed)
    moved = np.clip(trust + step, -trust_bound, trust_bound)
    return rate, count, np.where(talking | ceasefire, moved, np.clip(trust, -trust_bound, trust_bound))


TRUST_FROM_ATTACKS = Mechanism(
    "Trust from attacks",
    items=(
        Fold(
            Variable("talking", scope="dyad", units="1", meaning="the two sit at an open table", kind="bool"),
            "talking_now", "any", "track", "dyads",
        ),
        trust_from_attacks,
        Select(
            Variable("insurgent_attacks", scope="run", units="per week",
                     meaning="attacks for which the government blames the insurgency", low=0.0, told=True),
            "attacks", "government_insurgency",
        ),
    ),
    luck=(Luck("attack_luck", "dyad", "uniform", "week", meaning="travels with the date: the attacks of that week"),),
)
