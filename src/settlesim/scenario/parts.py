"""The parts of a scenario: actors, factions, provinces, tracks, concessions, parameters, targets."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from settlesim.scenario.base import Key, Number, Share, Sourced, Table, Text, fail
from settlesim.scenario.priors import Distribution, Prior, as_prior

__all__ = [
    "UNITS",
    "Actor",
    "Concession",
    "Control",
    "Faction",
    "Obligation",
    "Parameter",
    "Province",
    "Role",
    "Target",
    "Track",
]

Role = Literal["government", "insurgency", "patron", "neighbour", "rival"]
ROLES: tuple[str, ...] = get_args(Role)
Issue = Literal["power", "withdrawal", "sanctuary"]
Dimension = Literal["political", "military", "territorial", "economic"]
Weight = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1e6)]

# Units, with the range that any value in such a unit must keep.
INFINITE = float("inf")
UNITS: dict[str, tuple[float, float]] = {
    "per year": (0, INFINITE),
    "per week": (0, INFINITE),
    "per thousand troops": (0, INFINITE),
    "probability": (0, 1),
    "share": (-1, 1),
    "logit": (-50, 50),
    "logit per week": (-50, 50),
    "log hazard ratio": (-50, 50),
    "weeks": (0, INFINITE),
    "rounds": (0, INFINITE),
    "count": (0, INFINITE),
    "thousands of troops": (0, INFINITE),
    "deaths": (0, INFINITE),
    "deaths per week": (0, INFINITE),
    "deaths per year": (0, INFINITE),
    "fighters": (0, INFINITE),
    "fighters per week": (0, INFINITE),
    "people": (0, INFINITE),
    "ratio": (-INFINITE, INFINITE),
    "exponent": (-INFINITE, INFINITE),
    "districts": (0, INFINITE),
    "percentage points": (-100, 100),
}
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
]


class Actor(Sourced):
    """A party to the conflict. Only the insurgency has `commanders`, each of `group_size` fighters."""

    label: Text
    commanders: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    group_size: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0


class Faction(Sourced):
    """A part of the insurgency: share of the commanders, mean hardline (0 to 1), and where it stands."""

    name: Key
    label: Text
    share: Share
    hardline: Share
    regions: Table[Key, Weight]


class Province(Sourced):
    """A province.

    Parameters
    ----------
    region
        Key of the region it belongs to.
    districts
        Number of districts; they sum to the scenario's ``districts_total``.
    tier
        Latent control at the start on a logit scale, higher where the insurgents hold more. All provinces are
        moved together so that the national shares come out as in ``[control]``.
    insurgents, rival
        Relative weight of the insurgents' presence and of the rival's; only their proportions matter.
    tile
        (row, column) on a map of equal tiles, from the top left.
    """

    name: Text
    region: Key
    districts: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    tier: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-20, le=20)]
    insurgents: Weight
    rival: Weight
    tile: tuple[Annotated[int, Field(strict=True, ge=0, le=99)], Annotated[int, Field(strict=True, ge=0, le=99)]]


class Control(Sourced):
    """National shares of the districts at the start; they sum to one."""

    government: Share
    contested: Share
    insurgent: Share

    @model_validator(mode="after")
    def _check(self) -> Control:
        total = self.government + self.contested + self.insurgent
        if abs(total - 1) > 1e-6:
            fail(f"government, contested and insurgent sum to {total:g}, not to 1", allowed="a sum of 1")
        return self


class Track(Sourced):
    """A table at which some parties negotiate some issues.

    Parameters
    ----------
    parties
        Roles; every one of them must consent before the track opens.
    issues
        ``power`` (government and insurgency must sit), ``withdrawal`` (patron and insurgency) or
        ``sanctuary`` (neighbour).
    linkage
        With several issues: one ``package`` (logrolling) or ``staged``, issue by issue in order.
    prelude
        Weeks of reduced violence between acceptance and signing.
    """

    label: Text
    parties: Annotated[tuple[Role, ...], Field(min_length=2)]
    issues: Annotated[tuple[Issue, ...], Field(min_length=1)]
    linkage: Literal["package", "staged"] = "package"
    prelude: Annotated[int, Field(strict=True, ge=0, le=520)] = 0

    @model_validator(mode="after")
    def _check(self) -> Track:
        for what, entries in (("party", self.parties), ("issue", self.issues)):
            if len(set(entries)) < len(entries):
                fail(f"the same {what} is listed twice")
        needed = {
            "power": ("government", "insurgency"),
            "withdrawal": ("patron", "insurgency"),
            "sanctuary": ("neighbour",),
        }
        for issue in self.issues:
            absent = [role for role in needed[issue] if role not in self.parties]
            if absent:
                fail(f"{issue} cannot be negotiated without the {' and the '.join(absent)} among the parties")
        return self


class Concession(Sourced):
    """Something that can be offered, delivered and, to a degree, taken back.

    Parameters
    ----------
    value, cost
        Share of the whole prize that it is worth to the insurgents, and that it costs the one who delivers
        it; a burden to the insurgents has a value below 0, but what costs less than nothing would signal nothing.
    reversibility
        Share of its value that can be taken back; 0 is irrevocable.
    by
        Who delivers: roles, or outside bodies of the scenario's ``[bodies]``.
    dimension
        The dimension of power-sharing it belongs to, if any.
    frees_prisoners, recognises, ceases_fire
        What its delivery sets in motion.
    pie
        Whether it is offered as part of the insurgents' share. A withdrawal is not: it is demanded, on the
        patron's track.
    """

    label: Text
    value: Prior
    cost: Prior
    reversibility: Share
    by: Annotated[tuple[Key, ...], Field(min_length=1)]
    mutual: bool = Field(default=False, strict=True)
    dimension: Dimension | None = None
    frees_prisoners: bool = Field(default=False, strict=True)
    recognises: bool = Field(default=False, strict=True)
    ceases_fire: bool = Field(default=False, strict=True)
    pie: bool = Field(default=True, strict=True)

    @model_validator(mode="after")
    def _check(self) -> Concession:
        for name, least in (("value", -1), ("cost", 0)):
            low, high = getattr(self, name).bounds
            if low < least or high > 1:
                fail(
                    f"{name} reaches from {low:g} to {high:g}",
                    allowed=f"{least} to 1, as shares of the whole prize",
                )
        return self


class Obligation(Sourced):
    """An end-condition that the insurgency undertakes with a settlement, checked every quarter after it."""

    label: Text


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


def _span(at: Any) -> Any:
    """Read one week as a span of that week alone."""
    return (at, at) if isinstance(at, (int, float)) and not isinstance(at, bool) else at


Week = Annotated[Number, Field(ge=0)]
Weeks = Annotated[tuple[Week, Week], BeforeValidator(_span, json_schema_input_type=Week | tuple[Week, Week])]


class Target(Sourced):
    """An observed fact that the hindcast is held against.

    Parameters
    ----------
    kind
        ``deaths_year`` (sum of `variable` over the weeks `at`), ``weekly_value`` (`variable` in week `at`),
        ``milestone`` (week in which something happens) or ``ratio`` (of two rates of change).
    at
        A week, or [first, last].
    low, high, tolerance
        The band that counts as met; `tolerance` is relative to `observed`.
    held_out
        Whether it was kept from the fit.
    """

    name: Key
    kind: Literal["deaths_year", "weekly_value", "milestone", "ratio"]
    variable: Key
    at: Weeks | None = None
    observed: Number
    low: Number | None = None
    high: Number | None = None
    tolerance: Annotated[Number, Field(ge=0)] | None = None
    unit: Unit
    held_out: bool = Field(default=False, strict=True)
    meaning: Text

    @model_validator(mode="after")
    def _check(self) -> Target:
        if self.at is not None and self.at[0] > self.at[1]:
            fail("at starts after its end")
        if self.tolerance is None and self.low is None and self.high is None:
            fail("needs a tolerance, or a low or a high")
        low, high = self.band
        if low > high:
            fail(f"low ({low:g}) must not exceed high ({high:g})")
        return self

    @property
    def band(self) -> tuple[float, float]:
        """The values that count as met."""
        if self.tolerance is not None:
            slack = abs(self.observed) * self.tolerance
            return self.observed - slack, self.observed + slack
        low = -INFINITE if self.low is None else self.low
        return low, INFINITE if self.high is None else self.high
