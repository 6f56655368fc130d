"""Short ways to write steps and conditions in Python.

Examples
--------
>>> from settlesim.scenario.sequence import Sequence
>>> from settlesim.scenario.steps import open_track, signed, table, week
>>> plan = Sequence(
...     "US first",
...     [
...         open_track("patron_talks", when=week(8)),
...         table("kabul_talks", ["recognition", "prisoners"], when=signed("patron_talks")),
...         open_track("kabul_talks", when=signed("patron_talks").after(26)),
...     ],
... )
>>> plan.steps[2].when.tree()
{'signed': 'patron_talks', 'delay': 26}
"""

from __future__ import annotations

from collections.abc import Sequence as Several

from settlesim.scenario.conditions import (
    Condition,
    all_of,
    any_of,
    broken,
    delivered,
    not_,
    opened,
    quiet,
    signed,
    taken,
    week,
)
from settlesim.scenario.sequence import Step

__all__ = [
    "all_of",
    "any_of",
    "broken",
    "ceasefire",
    "close_track",
    "deliver",
    "delivered",
    "mission",
    "not_",
    "oblige",
    "open_track",
    "opened",
    "press",
    "quiet",
    "signed",
    "switch",
    "table",
    "taken",
    "week",
    "withdraw",
]


def open_track(
    track: str, *, concessions: Several[str] = (), when: Condition | None = None, name: str | None = None
) -> Step:
    """Invite the parties to `track`, and put `concessions` on its table, in this order."""
    return Step(do="open", track=track, concessions=tuple(concessions), when=when, name=name)


def close_track(track: str, *, when: Condition | None = None, name: str | None = None) -> Step:
    """End `track`."""
    return Step(do="close", track=track, when=when, name=name)


def table(track: str, concessions: Several[str], *, when: Condition | None = None, name: str | None = None) -> Step:
    """Put `concessions` on the table of `track`, in this order."""
    return Step(do="table", track=track, concessions=tuple(concessions), when=when, name=name)


def deliver(
    concession: str, *, for_quiet: int | None = None, when: Condition | None = None, name: str | None = None
) -> Step:
    """Deliver `concession` without waiting for a deal; with `for_quiet`, only after that many quiet weeks."""
    return Step(
        do="deliver",
        concession=concession,
        weeks=for_quiet,
        reciprocal=for_quiet is not None,
        when=when,
        name=name,
    )


def ceasefire(weeks: int, *, when: Condition | None = None, name: str | None = None) -> Step:
    """Declare a ceasefire of `weeks` weeks."""
    return Step(do="ceasefire", weeks=weeks, when=when, name=name)


def press(amount: float, weeks: int, *, when: Condition | None = None, name: str | None = None) -> Step:
    """Press the neighbour: leverage over the insurgency's sanctuary rises by `amount` over `weeks`."""
    return Step(do="press", amount=amount, weeks=weeks, when=when, name=name)


def oblige(track: str, by: str, *, when: Condition | None = None, name: str | None = None) -> Step:
    """Write into a deal on `by` the duty to talk on `track`."""
    return Step(do="oblige", track=track, by=by, when=when, name=name)


def withdraw(amount: float, weeks: int, *, when: Condition | None = None, name: str | None = None) -> Step:
    """Take the patron's troops down to `amount` thousand over `weeks`."""
    return Step(do="withdraw", amount=amount, weeks=weeks, when=when, name=name)


def switch(*, when: Condition | None = None, name: str | None = None) -> Step:
    """End the patron's refusal to talk to the insurgency without the government."""
    return Step(do="switch", when=when, name=name)


def mission(amount: float, weeks: int, *, when: Condition | None = None, name: str | None = None) -> Step:
    """Send a mission to watch over what is agreed: the outside guarantee rises by `amount` over `weeks`."""
    return Step(do="mission", amount=amount, weeks=weeks, when=when, name=name)
