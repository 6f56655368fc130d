"""Records of the process: what stood behind the first deal on power, who walked out, how long the guns were silent."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import rule
from settlesim.model.outcome import Outcome, Values, final, week_of, where_true
from settlesim.model.protocol import Mechanism
from settlesim.model.trace import Trace
from settlesim.model.variables import Variable

__all__ = ["PROCESS_FIGURES"]


@rule(
    "run",
    Variable("zone_at_signing", units="share", meaning="zone of possible agreement in the week of the first deal on "
             "power", start=0.0),
    Variable("backing_at_signing", units="share", meaning="share of the fighters behind those who signed it", start=0.0,
             low=0.0, high=1.0),
    Variable("reservation_at_signing", units="share", meaning="insurgency's reservation value in that week",
             start=0.0),
    Variable("limit_at_signing", units="share", meaning="most the government would give in that week", start=0.0),
    source="settlesim",
)
def first_signing(zone_at_signing, backing_at_signing, reservation_at_signing, limit_at_signing, settling, week,
                  settlement_week, zone, behind, reservation_power, limit_power):
    """Remember what stood behind the first deal on power: its zone, its backing, and what both sides held out for."""
    first = settling & (settlement_week == week)
    return (
        np.where(first, zone, zone_at_signing),
        np.where(first, behind, backing_at_signing),
        np.where(first, reservation_power, reservation_at_signing),
        np.where(first, limit_power, limit_at_signing),
    )


@rule(
    "run",
    Variable("weeks_of_ceasefire", units="weeks", meaning="weeks in which a ceasefire held", start=0, low=0,
             kind="int"),
    source="settlesim",
)
def silence(weeks_of_ceasefire, ceasefire):
    """Count the weeks in which a ceasefire holds."""
    return weeks_of_ceasefire + ceasefire


@rule(
    "faction",
    Variable("walkout_week", units="weeks", meaning="week in which the faction first walked out, -1 before",
             start=-1.0, low=-1.0),
    source="settlesim",
)
def first_walkout(walkout_week, refuses, week):
    """Remember when a faction first walked out of the talks."""
    return np.where(refuses & (walkout_week < 0.0), week, walkout_week)


def _walked_out(trace: Trace) -> Values:
    return np.asarray(trace.final["walkout_week"].T >= 0.0, np.int8)


PROCESS_FIGURES = Mechanism(
    "Records of the process",
    items=(
        first_signing,
        silence,
        first_walkout,
    ),
    outcomes=(
        Outcome(
            "zone_at_signing", where_true("zone_at_signing", "settled"), "share",
            "zone of possible agreement in the week of the first deal on power",
        ),
        Outcome(
            "backing_at_signing", where_true("backing_at_signing", "settled"), "share",
            "share of the insurgents' fighters behind those who signed it", kind="bounded",
        ),
        Outcome(
            "reservation_at_signing", where_true("reservation_at_signing", "settled"), "share",
            "insurgency's reservation value in that week",
        ),
        Outcome(
            "limit_at_signing", where_true("limit_at_signing", "settled"), "share",
            "most the government would give in that week",
        ),
        Outcome("weeks_of_ceasefire", final("weeks_of_ceasefire"), "weeks", "weeks in which a ceasefire held",
                kind="count"),
        Outcome("walked_out", _walked_out, "1", "the faction walked out of the talks", dims=("run", "faction"),
                kind="share"),
        Outcome(
            "walkout_week", week_of("walkout_week"), "weeks", "week in which the faction first walked out",
            dims=("run", "faction"), kind="weeks",
        ),
    ),
)
