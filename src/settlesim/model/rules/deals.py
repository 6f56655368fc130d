"""Deals: the first on power and the first on withdrawal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, Values, never, week_of, where_true
from settlesim.model.protocol import Mechanism
from settlesim.model.solutions import kalai_smorodinsky, nash
from settlesim.model.trace import Trace
from settlesim.model.variables import Variable
from settlesim.scenario.parameters import Address

__all__ = ["DEALS"]


@rule(
    "run",
    Variable("settled", units="1", meaning="a deal on power was signed", start=False, kind="bool"),
    Variable("settlement_week", units="weeks", meaning="week of the first deal on power, -1 before", start=-1.0,
             low=-1.0, told=True),
    Variable("power_share", units="share", meaning="insurgency's share of power in that deal", start=0.0, low=0.0,
             high=1.0),
    Variable("patron_deal", units="1", meaning="a deal on withdrawal was signed", start=False, kind="bool", weekly=True,
             told=True),
    Variable("patron_deal_week", units="weeks", meaning="week of the first deal on withdrawal, -1 before", start=-1.0,
             low=-1.0),
    Variable("withdrawal_share", units="share", meaning="pace of withdrawal agreed, 1 the fastest", start=0.0, low=0.0,
             high=1.0),
    Variable("settled_least", units="share", meaning="insurgency's reservation value in that deal", start=0.0),
    Variable("settled_most", units="share", meaning="most the government would have given in it", start=0.0),
    source="settlesim",
)
def deals(settled, settlement_week, power_share, patron_deal, patron_deal_week, withdrawal_share, settling,
          power_share_signing, patron_signs, withdrawal_share_signing, week, settled_least, settled_most,
          reservation_binding, limit_power):
    """Remember the first deal on power and the first on withdrawal, with their shares."""
    first = settling & ~settled
    patron = patron_signs & ~patron_deal
    return (
        settled | settling,
        np.where(first, week, settlement_week),
        np.where(first, power_share_signing, power_share),
        patron_deal | patron_signs,
        np.where(patron, week, patron_deal_week),
        np.where(patron, withdrawal_share_signing, withdrawal_share),
        np.where(first, reservation_binding, settled_least),
        np.where(first, limit_power, settled_most),
    )


def _first_deal(trace: Trace) -> Values:
    weeks = [never(trace.final[name]) for name in ("settlement_week", "patron_deal_week")]
    return np.asarray(np.fmin(weeks[0], weeks[1]))


def _signed(trace: Trace) -> Values:
    return np.asarray(trace.final["settled"], np.int8)


def _settled_by(trace: Trace, solve: Callable[..., Values]) -> Values:
    """A bargaining solution of the settlement space on the day on which power was settled, concessions included."""
    f = trace.final
    out = np.full(len(trace.runs), np.nan)
    names = trace.entities["concession"]
    offered = [c for c in names if trace.scenario.concessions[c].pie]
    # There may be none, and then power alone is shared.
    value, cost = (
        np.array([trace.worlds[str(Address(of, c))] for c in offered]).reshape(len(offered), len(out))
        for of in ("concession_value", "concession_cost")
    )
    mine = np.flatnonzero(f["settled"])
    out[mine] = solve(f["settled_least"][mine], f["settled_most"][mine], value[:, mine], cost[:, mine])
    return out


def _nash(trace: Trace) -> Values:
    return _settled_by(trace, nash)


def _kalai_smorodinsky(trace: Trace) -> Values:
    return _settled_by(trace, kalai_smorodinsky)


DEALS = Mechanism(
    "Deals",
    items=(deals,),
    outcomes=(
        Outcome("signed", _signed, "1", "a deal on power was signed, whatever became of it", kind="share",
                better="high"),
        Outcome("first_deal_week", _first_deal, "weeks", "week of the first deal, on power or withdrawal",
                kind="weeks"),
        Outcome("settlement_week", week_of("settlement_week"), "weeks", "week of the deal on power", kind="weeks"),
        Outcome("patron_deal_week", week_of("patron_deal_week"), "weeks", "week of the deal on withdrawal",
                kind="weeks"),
        Outcome(
            "signed_share", where_true("power_share", "settled"), "share",
            "insurgency's share of power in the deal signed", kind="bounded",
        ),
        Outcome("nash_share", _nash, "share", "Nash solution of its settlement space: power and concessions together"),
        Outcome("kalai_smorodinsky_share", _kalai_smorodinsky, "share", "Kalai-Smorodinsky solution of it"),
        Outcome(
            "withdrawal_share", where_true("withdrawal_share", "patron_deal"), "share",
            "pace of withdrawal agreed, 1 the fastest", kind="bounded",
        ),
    ),
)
