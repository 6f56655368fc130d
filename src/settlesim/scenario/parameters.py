"""The numbers of a scenario: parameters with their units, the address of each number, and the one walk over them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from pydantic import model_validator

from settlesim.errors import UsageError, choose, nearest
from settlesim.scenario.base import Key, Number, Sourced, Table, Text, fail
from settlesim.scenario.conflict import CONCESSION_RANGES, OBLIGATION_RANGES, ROLES, Concession, Event, Obligation
from settlesim.scenario.priors import Distribution, Prior, as_prior

__all__ = [
    "CARRIERS",
    "CONCESSION_NAMES",
    "ENTRIES",
    "OBLIGATION_NAMES",
    "UNITS",
    "Address",
    "Parameter",
    "Quantity",
    "Unit",
    "quantities",
    "resolve",
]

Unit = Literal[
    "per year",
    "per week",
    "per thousand troops",
    "probability",
    "share",
    "logit",
    "logit per week",
    "log hazard ratio",
    "weeks",
    "rounds",
    "count",
    "thousands of troops",
    "deaths",
    "deaths per week",
    "deaths per year",
    "fighters",
    "fighters per week",
    "people",
    "ratio",
    "exponent",
    "districts",
    "percentage points",
    "switch",
]
# The range that any value in a unit must keep: from 0 on, but for these.
UNITS: dict[str, tuple[float, float]] = dict.fromkeys(get_args(Unit), (0.0, math.inf)) | {
    "probability": (0, 1),
    "share": (-1, 1),
    "logit": (-50, 50),
    "logit per week": (-50, 50),
    "log hazard ratio": (-50, 50),
    "ratio": (-math.inf, math.inf),
    "exponent": (-math.inf, math.inf),
    "percentage points": (-100, 100),
    "switch": (0, 1),
}
# What a parameter may have an entry for: a role, or a pair of them, the observer first.
ENTRIES: tuple[str, ...] = (*ROLES, *(f"{a}_{b}" for a in ROLES for b in ROLES if a != b))
# The names under which the numbers of concessions are addressed, with the concession as the entry.
CONCESSION_NAMES: dict[str, str] = {f"concession_{what}": what for what in CONCESSION_RANGES}
# And those of the numbers of obligations.
OBLIGATION_NAMES: dict[str, str] = {f"obligation_{what}": what for what in OBLIGATION_RANGES}
# By name of a number that is no parameter: what carries it, and the key under which it stands there.
CARRIERS: dict[str, tuple[str, str]] = {
    **{name: ("concession", what) for name, what in CONCESSION_NAMES.items()},
    **{name: ("obligation", what) for name, what in OBLIGATION_NAMES.items()},
    "event_size": ("event", "size"),
}

NONE: Mapping[str, Any] = MappingProxyType({})


class Parameter(Sourced):
    """One number of the model, or one for each role or pair of roles, with what an expert needs to judge it.

    Exactly one of `value` (known), `prior` (drawn) and `each` (a table of either, by role or by
    ``observer_subject``) is given. `range` is what the model accepts; no prior may leave it.
    """

    unit: Unit
    meaning: Text
    range: tuple[Number, Number]
    value: Number | None = None
    prior: Prior | None = None
    each: Table[Key, Prior] | None = None
    group: Key

    @model_validator(mode="after")
    def _check(self) -> Parameter:
        given = [name for name in ("value", "prior", "each") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            fail(f"needs exactly one of value, prior and each, found {found}")
        if self.range[0] > self.range[1]:
            fail(f"range starts above its end ({self.range[0]:g} > {self.range[1]:g})")
        return self

    def entries(self) -> dict[str, Distribution]:
        """Return the priors by entry: ``{"": prior}`` for a single number, else by role or pair of roles."""
        if self.each is not None:
            return dict(self.each)
        return {"": as_prior(self.value) if self.prior is None else self.prior}


@dataclass(frozen=True, order=True)
class Address:
    """What one number of a scenario is called, in worlds, results, levers and on the command line.

    Parameters
    ----------
    name
        Name of a parameter, or of the numbers of concessions and the like: ``concession_value``, ``obligation_cost``.
    entry
        Which of several numbers of that name: a role, a pair of roles, or a concession, an event.

    Examples
    --------
    >>> str(Address("war_cost", "government"))
    'war_cost.government'
    >>> Address.parse("war_cost.government").entry
    'government'
    """

    name: str
    entry: str = ""

    def __str__(self) -> str:
        """Return the address as it is written: ``name`` or ``name.entry``."""
        return f"{self.name}.{self.entry}" if self.entry else self.name

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address as it is written, whether or not a scenario has such a number (see `resolve`)."""
        name, _, entry = text.partition(".")
        return cls(name, entry)


@dataclass(frozen=True)
class Quantity:
    """One number of a scenario, with what is needed to draw it and to judge it.

    Parameters
    ----------
    address
        What it is called.
    prior
        What it is drawn from.
    unit, range, meaning
        In what it is counted, what the model accepts, and what it says.
    declared
        The parameter, concession, obligation or event that it belongs to, with its source and tag.
    """

    address: Address
    prior: Distribution
    unit: str
    range: tuple[float, float]
    meaning: str
    declared: Parameter | Concession | Obligation | Event

    @property
    def uncertain(self) -> bool:
        """Whether worlds differ in it."""
        low, high = self.prior.bounds
        return low < high


def quantities(
    parameters: Mapping[str, Parameter],
    concessions: Mapping[str, Concession],
    obligations: Mapping[str, Obligation] = NONE,
    events: Iterable[Event] = (),
) -> Iterator[Quantity]:
    """Yield every number of a scenario once: parameters in the order of the file, then what others carry.

    The columns of a Sobol design and the variables of a result stand in this order.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> scenario = load("two-party")
    >>> [str(q.address) for q in quantities(scenario.parameters, scenario.concessions)][-1]
    'concession_cost.ceasefire'
    """
    for name, parameter in parameters.items():
        for entry, prior in parameter.entries().items():
            meaning = f"{parameter.meaning} ({entry})" if entry else parameter.meaning
            yield Quantity(Address(name, entry), prior, parameter.unit, parameter.range, meaning, parameter)
    for key, concession in concessions.items():
        for name, what in CONCESSION_NAMES.items():
            meaning = f"{what.capitalize()} of the concession {concession.label!r}"
            prior = getattr(concession, what)
            yield Quantity(Address(name, key), prior, "share", CONCESSION_RANGES[what], meaning, concession)
    for key, obligation in obligations.items():
        for name, what in OBLIGATION_NAMES.items():
            meaning = f"{what.capitalize()} of the obligation {obligation.label!r}"
            prior = getattr(obligation, what)
            yield Quantity(Address(name, key), prior, "share", OBLIGATION_RANGES[what], meaning, obligation)
    for event in events:
        unit, reach = event.scale
        meaning = f"Size of the event {event.label!r}"
        yield Quantity(Address("event_size", event.name), event.size, unit, reach, meaning, event)


def resolve(text: str, known: Iterable[Quantity]) -> tuple[Address, ...]:
    """Return the addresses that a text means: one number, or all of a name that has several.

    Raises
    ------
    UsageError
        When it means none of the known numbers; the message names the nearest address.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> known = tuple(load("two-party").quantities())
    >>> [str(address) for address in resolve("war_cost", known)]
    ['war_cost.insurgency', 'war_cost.government']
    >>> resolve("war_cost.goverment", known)
    Traceback (most recent call last):
        ...
    settlesim.errors.UsageError: unknown parameter 'war_cost.goverment'; did you mean 'war_cost.government'? Known: \
war_cost.insurgency, war_cost.government
    """
    addresses = [quantity.address for quantity in known]
    address = Address.parse(text)
    namesakes = [other for other in addresses if other.name == address.name]
    if text == address.name and namesakes:
        return tuple(namesakes)
    if not namesakes:  # a list of all the numbers would bury the message
        like = nearest(text, dict.fromkeys(name for other in addresses for name in (other.name, str(other))))
        hint = f"; did you mean {like!r}?" if like else ": no name of a number is like it"
        raise UsageError(f"unknown parameter {text!r}{hint}")
    choose(text, map(str, namesakes), "parameter")
    return (address,)
