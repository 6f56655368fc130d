"""Known answers of the functions on which both engines rely, so that a fault they share is caught."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from settlesim.model.rules import acceptance as accepting
from settlesim.model.rules import commitment, durability, rounds
from settlesim.model.rules import trust_from_attacks as trust


def bayes_step():
    prior, k, low, high, q = 0.3, 2, 0.1, 0.3, 0.05
    honest, other = stats.poisson.pmf(k, low + q), stats.poisson.pmf(k, high + q)
    posterior = prior * honest / (prior * honest + (1 - prior) * other)
    assert np.isclose(expit(logit(prior) + trust.bayes_step(float(k), high, low, q)), posterior)


def reservation_of():
    y = commitment.reservation_of(0.4, 0.1, 0.06, 0.5, 0.12)
    assert np.isclose(0.5 * y + 0.5 * 0.12 - 0.06, 0.4 - 0.1)


def cumulative_baseline():
    assert np.isclose(durability.cumulative_baseline(260.0, 0.7, 260.0), 1.0)


def concession_curve():
    assert rounds.concession_curve(20.0, 14.0, 0.6) == 1.0


def acceptance():
    assert np.isclose(logit(accepting.acceptance(0.05, 0.35, 0.05)), logit(0.35) + 1.0)


def check(function: str) -> None:
    """Run the known answer of a function."""
    globals()[function]()
