"""Outcomes of runs: pure functions of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from settlesim.model.rules.durability import FOLLOWED, cumulative_baseline, reference_scale
from settlesim.model.rules.ending import OUTCOMES
from settlesim.model.trace import Trace
from settlesim.results.solutions import kalai_smorodinsky, nash
from settlesim.scenario.parameters import Address

__all__ = ["DESTINATIONS", "STANDARD_OUTCOMES", "Outcome", "evaluate"]

Values = NDArray[Any]

DESTINATIONS = ("rival", "splinter", "reintegrated", "returned", "killed")
SETTLEMENTS = (2, 3)


@dataclass(frozen=True)
class Outcome:
    """A quantity read off a trace, with what it means.

    Parameters
    ----------
    name : str
        Name of the variable in the Dataset.
    function : callable
        Takes a `Trace`, returns one value a run, shape (runs,) or (runs, entities of the second dim).
    units : str
        The unit; ``"1"`` for a pure number or code.
    meaning : str
        One line for tables and plots.
    dims : tuple of str
        ``("run",)`` or ``("run", other)``.
    flags : mapping, optional
        Meanings of codes.

    Examples
    --------
    >>> half = Outcome("half_deaths", lambda trace: trace.final["deaths"] / 2, "deaths", "half of the deaths")
    >>> half.dims
    ('run',)
    """

    name: str
    function: Callable[[Trace], Values]
    units: str
    meaning: str
    dims: tuple[str, ...] = ("run",)
    flags: Mapping[int, str] | None = None


def _never(weeks: Values) -> Values:
    """Weeks, with NaN where it never came to pass."""
    return np.where(weeks < 0.0, np.nan, weeks)


def _final(name: str) -> Callable[[Trace], Values]:
    return lambda trace: np.asarray(trace.final[name])


def _week(name: str) -> Callable[[Trace], Values]:
    return lambda trace: _never(trace.final[name].T)


def _settled(trace: Trace) -> Values:
    return np.asarray(np.isin(trace.final["outcome"], SETTLEMENTS), np.int8)


def _first_deal(trace: Trace) -> Values:
    weeks = np.stack([_never(trace.final[name]) for name in ("settlement_week", "patron_deal_week")])
    return np.asarray(np.fmin(weeks[0], weeks[1]))


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


def _relapse_week(trace: Trace) -> Values:
    """Week of relapse, followed to five years after signing.

    Beyond the horizon the settlement's covariates stay as they were, so that the clock's ring can be
    solved for: the accumulated Weibull hazard needed is what the clock had left.
    """
    f, w = trace.final, trace.worlds
    horizon = float(trace.scenario.horizon)
    age = horizon - f["settlement_week"]
    scale = reference_scale(w["relapse_reference"]) * f["relapse_factor"]
    needed = cumulative_baseline(age, w["relapse_shape"]) + f["relapse_left"] / np.maximum(scale, 1e-300)
    rings = FOLLOWED * np.power(np.maximum(needed, 0.0), 1.0 / w["relapse_shape"])
    standing = f["settled"] & ~f["relapsed"] & ~f["ended"] & (rings <= FOLLOWED)
    return np.where(f["relapsed"], f["relapse_week"], np.where(standing, f["settlement_week"] + rings, np.nan))


def _relapsed(trace: Trace) -> Values:
    """1 relapsed within five years, 0 not; NaN without a settlement."""
    week = _relapse_week(trace)
    within = week - trace.final["settlement_week"] <= FOLLOWED
    return np.where(trace.final["settled"], within.astype(float), np.nan)


def _signed(name: str) -> Callable[[Trace], Values]:
    return lambda trace: np.where(trace.final["settled"], trace.final[name], np.nan)


def _withdrawal(trace: Trace) -> Values:
    return np.where(trace.final["patron_deal"], trace.final["withdrawal_share"], np.nan)


def _solution(solve: Callable[..., Values]) -> Callable[[Trace], Values]:
    """A bargaining solution of the settlement space of the round in which power was settled."""

    def share(trace: Trace) -> Values:
        f = trace.final
        out = np.full(len(trace.runs), np.nan)
        names = trace.entities["concession"]
        offered = [c for c in names if trace.scenario.concessions[c].pie]
        # There may be none, and then power alone is shared.
        value, cost = (
            np.array([trace.worlds[str(Address(of, c))] for c in offered]).reshape(len(offered), len(out))
            for of in ("concession_value", "concession_cost")
        )
        for b, bargain in enumerate(trace.entities["bargain"]):
            track, issue = bargain.split("/")
            if issue != "power":
                continue
            signed = f["signed_week"][trace.entities["track"].index(track)]
            mine = np.flatnonzero(f["settled"] & (signed == f["settlement_week"]))
            out[mine] = solve(f["reservation"][b, mine], f["limit"][b, mine], value[:, mine], cost[:, mine])
        return out

    return share


def _fragmentation(trace: Trace) -> Values:
    f = trace.final
    return np.asarray((f["splintered"] + f["rival_strength_now"]) / trace.initial_fighters)


STANDARD_OUTCOMES: tuple[Outcome, ...] = (
    Outcome("outcome", _final("outcome"), "1", "outcome of the run", flags=OUTCOMES),
    Outcome("outcome_week", _final("outcome_week"), "weeks", "week since which the outcome stands"),
    Outcome("settled", _settled, "1", "comprehensive or fragile settlement"),
    Outcome("comprehensive", lambda t: (t.final["outcome"] == 2).astype(np.int8), "1", "comprehensive settlement"),
    Outcome("first_deal_week", _first_deal, "weeks", "week of the first deal, on power or withdrawal"),
    Outcome("settlement_week", _week("settlement_week"), "weeks", "week of the deal on power"),
    Outcome("patron_deal_week", _week("patron_deal_week"), "weeks", "week of the deal on withdrawal"),
    Outcome("end_week", _week("end_week"), "weeks", "week in which a victory ended the run"),
    Outcome("deaths", _final("deaths"), "deaths", "deaths between government and insurgency"),
    Outcome(
        "deaths_rival_government", _final("deaths_rival_government"), "deaths", "rivals killed by the government side"
    ),
    Outcome("deaths_rival_insurgency", _final("deaths_rival_insurgency"), "deaths", "rivals killed by the insurgency"),
    Outcome(
        "defections",
        _defections,
        "commanders",
        "commanders that changed status, by destination",
        ("run", "destination"),
    ),
    Outcome("defections_provoked", _final("moved_provoked"), "commanders", "defections to the rival provoked by talks"),
    Outcome("rejections", _final("moved_rejecting"), "commanders", "commanders that rejected a deal"),
    Outcome("rival_strength", _final("rival_strength_now"), "fighters", "rival strength at the end"),
    Outcome("insurgent_strength", _final("strength"), "initial strength", "insurgent strength at the end"),
    Outcome("insurgent_control", _final("insurgent_control"), "share", "districts under the insurgency at the end"),
    Outcome("government_control", _final("government_control"), "share", "districts under the government at the end"),
    Outcome("legitimacy", _final("legitimacy"), "share", "government's legitimacy at the end"),
    Outcome("garrison_yield", _final("garrison_yield"), "share", "garrisons that yield at the end"),
    Outcome("fragmentation", _fragmentation, "share", "splinter and rival fighters, of initial insurgent strength"),
    Outcome("troops", _final("troops"), "thousands of troops", "patron's force at the end"),
    Outcome("leverage", _final("leverage"), "share", "sanctuary leverage at the end"),
    Outcome("veto_players", _final("vetoes"), "1", "veto players inside the talks at the end"),
    Outcome("vetoes_excluded", _final("vetoes_excluded"), "1", "veto players outside the talks at the end"),
    Outcome("campaigns", _final("campaigns"), "1", "insurgent campaigns against the rival"),
    Outcome("zone", _final("zone"), "share", "zone of possible agreement on power at the end"),
    Outcome("signed_share", _signed("power_share"), "share", "insurgency's share of power in the deal signed"),
    Outcome("nash_share", _solution(nash), "share", "Nash solution of the same settlement space"),
    Outcome("kalai_smorodinsky_share", _solution(kalai_smorodinsky), "share", "Kalai-Smorodinsky solution of it"),
    Outcome("withdrawal_share", _withdrawal, "share", "pace of withdrawal agreed, 1 the fastest"),
    Outcome("implemented", _signed("implemented"), "share", "how far the settlement is implemented"),
    Outcome("relapsed", _relapsed, "1", "relapsed within five years of signing (of those settled)"),
    Outcome("relapse_week", _relapse_week, "weeks", "week of relapse, followed to five years after signing"),
    Outcome("concession_delivered_week", _week("delivered_week"), "weeks", "week of delivery", ("run", "concession")),
    Outcome(
        "track_opened_week", _week("opened_week"), "weeks", "week in which the track first opened", ("run", "track")
    ),
    Outcome(
        "track_signed_week",
        _week("signed_week"),
        "weeks",
        "week in which the track's deal was signed",
        ("run", "track"),
    ),
    Outcome("rounds", lambda t: t.final["rounds_held"].T, "rounds", "rounds held on the track", ("run", "track")),
)


def evaluate(trace: Trace, outcomes: Iterable[Outcome] = STANDARD_OUTCOMES) -> dict[str, Values]:
    """Read outcomes off a trace.

    Parameters
    ----------
    trace : Trace
        From either engine.
    outcomes : iterable of Outcome
        What to read.

    Returns
    -------
    dict
        Name to array with the run first.
    """
    return {outcome.name: np.asarray(outcome.function(trace)) for outcome in outcomes}
