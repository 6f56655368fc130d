"""The commitment problem: how far each side's promise can be believed, and the settlement space that is left."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Select, logistic, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["COMMITMENT", "apart", "most_given", "reservation_of"]


def reservation_of(expected, cost, frame, credibility, betrayed):
    """Least share y with κ y + (1-κ) b - f >= p_e - c."""
    return (expected - cost + frame - (1.0 - credibility) * betrayed) / credibility


def most_given(expected, cost, credibility, betrayed):
    """Greatest share y with κ (1-y) + (1-κ) b >= 1 - p_e - c."""
    return 1.0 - (1.0 - expected - cost - (1.0 - credibility) * betrayed) / credibility


def apart(least, most, clash):
    """Where the two sides have red lines that exclude each other, no share suits both.

    Examples
    --------
    >>> [float(x) for x in apart(-0.5, 3.0, True)], [float(x) for x in apart(0.25, 0.5, False)]
    ([2.0, -1.0], [0.25, 0.5])
    """
    return np.where(clash, np.maximum(least, 1.0) + 1.0, least), np.where(clash, np.minimum(most, 0.0) - 1.0, most)


@rule(
    "run",
    Variable("expected_insurgency", units="probability", meaning="power the insurgency expects", low=0.0, high=1.0),
    Variable("expected_government", units="probability", meaning="power the government expects", low=0.0, high=1.0),
    Variable("credibility_government", units="probability", meaning="credibility of the government's promise", low=0.0,
             high=1.0),
    Variable("credibility_insurgency", units="probability", meaning="credibility of the insurgency's promise", low=0.0,
             high=1.0),
    source="fearon1995 powell2006 walter1997",
)
def credibility(p_win, shift, foresight_insurgency, foresight_government, guarantee_now, commitment_decay,
                trust_in_government, trust_in_insurgency):
    """Expected power p_e and the credibility κ of each side's promise."""
    kept = guarantee_now + (1.0 - guarantee_now) * logistic(trust_in_government)
    honest = guarantee_now + (1.0 - guarantee_now) * logistic(trust_in_insurgency)
    return (
        p_win + foresight_insurgency * shift,
        p_win + foresight_government * shift,
        kept,
        honest * np.exp(-commitment_decay * shift),
    )


@rule(
    "run",
    Variable("reservation_power", units="share", meaning="insurgency's reservation value", weekly=True),
    Variable("limit_power", units="share", meaning="most the government will give", weekly=True),
    Variable("believed_least", units="share", meaning="the first, if promises were believed"),
    Variable("believed_most", units="share", meaning="the second, if promises were believed"),
    source="fearon1995 powell2006 walter1997",
)
def settlement_space(expected_insurgency, expected_government, credibility_government, credibility_insurgency,
                     cost_insurgency, cost_government, behind, frame, betrayal_insurgency, betrayal_government,
                     pocketed, sunk, obligations_burden, obligations_worth, red_lines_clash):
    """The insurgency's reservation value r_T and the most the government will give m_K.

    A deal buys the government peace only from those behind it, so it saves the cost of war in their proportion.
    What was delivered early is pocketed for good and raises r_T, and its cost is sunk and raises m_K; what the
    insurgency would undertake in return costs it something, and is worth giving for as far as it would be kept.
    """
    least = reservation_of(expected_insurgency, cost_insurgency, frame, credibility_government,
                           betrayal_insurgency * expected_insurgency)
    most = most_given(expected_government, behind * cost_government, credibility_insurgency,
                      betrayal_government * (1.0 - expected_government))
    believed_least = reservation_of(expected_insurgency, cost_insurgency, frame, 1.0, 0.0)
    believed_most = most_given(expected_government, behind * cost_government, 1.0, 0.0)
    burden = pocketed + obligations_burden
    worth = sunk + obligations_worth
    return (
        *apart(least + burden, most + worth, red_lines_clash),
        *apart(believed_least + burden, believed_most + worth, red_lines_clash),
    )


COMMITMENT = Mechanism(
    "The commitment problem",
    items=(
        Select(
            Variable("trust_in_government", scope="run", units="logit", meaning="insurgency's trust in the government",
                     low=-20.0, high=20.0),
            "trust", "insurgency_government",
        ),
        Select(
            Variable("trust_in_insurgency", scope="run", units="logit", meaning="government's trust in the insurgency",
                     low=-20.0, high=20.0, told=True),
            "trust", "government_insurgency",
        ),
        Select(
            Variable("trust_in_patron", scope="run", units="logit", meaning="insurgency's trust in the patron",
                     low=-20.0, high=20.0),
            "trust", "insurgency_patron",
        ),
        Select(
            Variable("trust_of_patron", scope="run", units="logit", meaning="patron's trust in the insurgency",
                     low=-20.0, high=20.0),
            "trust", "patron_insurgency",
        ),
        credibility,
        settlement_space,
    ),
)
