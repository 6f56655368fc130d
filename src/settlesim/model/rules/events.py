"""Dated events: what happens on its date whatever the parties do, where a plan switches it on."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["EVENTS"]


@rule(
    "event",
    Variable("event_happens", units="1", meaning="the event happens this week", kind="bool", told=True),
    Variable("event_legitimacy_part", units="share", meaning="what it does to the government's legitimacy this week"),
    Variable("event_splinter_part", units="per week", meaning="what it adds to the hazard of splintering this week",
             low=0.0),
    Variable("event_fatigue_part", units="1", meaning="log factor on the patron's fatigue, from its date on"),
    Variable("event_attacks_part", units="1", meaning="log factor on attacks, for so many weeks from its date on"),
    source="settlesim",
)
def events(week, event_week, event_weeks, event_size, dated_events, event_on_legitimacy, event_on_splintering,
           event_on_fatigue, event_on_attacks):
    """What an event moves this week, in proportion to `dated_events`; it acts in the first week not before its date."""
    date = np.maximum(1.0, np.ceil(event_week))
    on, size = dated_events > 0.0, dated_events * event_size
    now = on & (week == date)
    lasting = on & (week >= date)
    return (
        now,
        np.where(now & event_on_legitimacy, size, 0.0),
        np.where(now & event_on_splintering, size, 0.0),
        np.where(lasting & event_on_fatigue, size, 0.0),
        np.where(lasting & (week < date + event_weeks) & event_on_attacks, size, 0.0),
    )


@rule(
    "run",
    Variable("event_fatigue", units="1", meaning="factor of events on the patron's fatigue", low=0.0),
    Variable("event_attacks", units="1", meaning="factor of events on the intensity of attacks", low=0.0),
    source="settlesim",
)
def event_factors(event_fatigue_log, event_attacks_log):
    """Factors of all events together: 1 where none acts."""
    return np.exp(event_fatigue_log), np.exp(event_attacks_log)


EVENTS = Mechanism(
    "Dated events",
    items=(
        events,
        Fold(
            Variable("event_legitimacy", scope="run", units="share", meaning="what events do to legitimacy this week"),
            "event_legitimacy_part", "sum", "event",
        ),
        Fold(
            Variable("event_splinter", scope="run", units="per week",
                     meaning="what events add to the hazard of splintering this week", low=0.0),
            "event_splinter_part", "sum", "event",
        ),
        Fold(
            Variable("event_fatigue_log", scope="run", units="1", meaning="log factor on the patron's fatigue"),
            "event_fatigue_part", "sum", "event",
        ),
        Fold(
            Variable("event_attacks_log", scope="run", units="1", meaning="log factor on attacks"),
            "event_attacks_part", "sum", "event",
        ),
        event_factors,
    ),
)
