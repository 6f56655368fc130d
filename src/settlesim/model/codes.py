"""Codes of phases of a track, statuses of a commander and outcomes of a run, with their names."""

from __future__ import annotations

__all__ = [
    "AGREED",
    "BROKEN",
    "CALLED",
    "CLOSED",
    "COMPREHENSIVE_SETTLEMENT",
    "CONTINUED_WAR",
    "DEAL_ON_BOTH",
    "DEAL_ON_POWER",
    "DEAL_ON_WITHDRAWAL",
    "FIRST_EVENTS",
    "FIRST_FRAGMENTATION",
    "FIRST_GOVERNMENT_VICTORY",
    "FIRST_INSURGENT_VICTORY",
    "FIRST_LOW_ACTIVITY",
    "FRAGILE_SETTLEMENT",
    "FRAGMENTATION",
    "GOVERNMENT_VICTORY",
    "INSURGENT",
    "INSURGENT_VICTORY",
    "KILLED",
    "LOW_ACTIVITY",
    "NO_EVENT",
    "OPEN",
    "OUTCOMES",
    "PARTIAL_SETTLEMENT",
    "PHASES",
    "REINTEGRATED",
    "RIVAL",
    "SIGNED",
    "SPLINTER",
    "STATUS",
    "SUSPENDED",
]

CLOSED, CALLED, OPEN, SUSPENDED, AGREED, SIGNED, BROKEN = range(7)
PHASES = {
    CLOSED: "closed",
    CALLED: "called",
    OPEN: "open",
    SUSPENDED: "suspended",
    AGREED: "agreed",
    SIGNED: "signed",
    BROKEN: "broken",
}

INSURGENT, SPLINTER, RIVAL, REINTEGRATED, KILLED = range(5)
STATUS = {INSURGENT: "insurgent", SPLINTER: "splinter", RIVAL: "rival", REINTEGRATED: "reintegrated", KILLED: "killed"}

(
    INSURGENT_VICTORY,
    GOVERNMENT_VICTORY,
    COMPREHENSIVE_SETTLEMENT,
    FRAGILE_SETTLEMENT,
    PARTIAL_SETTLEMENT,
    FRAGMENTATION,
    LOW_ACTIVITY,
    CONTINUED_WAR,
) = range(8)
OUTCOMES = {
    INSURGENT_VICTORY: "insurgent_victory",
    GOVERNMENT_VICTORY: "government_victory",
    COMPREHENSIVE_SETTLEMENT: "comprehensive_settlement",
    FRAGILE_SETTLEMENT: "fragile_settlement",
    PARTIAL_SETTLEMENT: "partial_settlement",
    FRAGMENTATION: "fragmentation",
    LOW_ACTIVITY: "low_activity",
    CONTINUED_WAR: "continued_war",
}

(
    DEAL_ON_POWER,
    DEAL_ON_WITHDRAWAL,
    DEAL_ON_BOTH,
    FIRST_INSURGENT_VICTORY,
    FIRST_GOVERNMENT_VICTORY,
    FIRST_FRAGMENTATION,
    FIRST_LOW_ACTIVITY,
    NO_EVENT,
) = range(8)
# What ends in the same way has the same name as the outcome.
FIRST_EVENTS = {
    DEAL_ON_POWER: "deal_on_power",
    DEAL_ON_WITHDRAWAL: "deal_on_withdrawal",
    DEAL_ON_BOTH: "deal_on_both",
    FIRST_INSURGENT_VICTORY: OUTCOMES[INSURGENT_VICTORY],
    FIRST_GOVERNMENT_VICTORY: OUTCOMES[GOVERNMENT_VICTORY],
    FIRST_FRAGMENTATION: OUTCOMES[FRAGMENTATION],
    FIRST_LOW_ACTIVITY: OUTCOMES[LOW_ACTIVITY],
    NO_EVENT: "no_event",
}
