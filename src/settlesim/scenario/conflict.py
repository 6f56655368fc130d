"""The conflict itself: who fights whom and where, who can talk about what, and what can be given."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from settlesim.errors import nearest
from settlesim.scenario.base import SUM_TOLERANCE, Declaration, Key, Listed, Name, Share, Sourced, Table, Title, fail
from settlesim.scenario.priors import Prior

__all__ = [
    "CONCESSION_RANGES",
    "OBLIGATION_RANGES",
    "ROLES",
    "Actor",
    "Concession",
    "Control",
    "Dimension",
    "Event",
    "Faction",
    "Issue",
    "Obligation",
    "Province",
    "Role",
    "Track",
]

Role = Literal["government", "insurgency", "patron", "neighbour", "rival", "mediator"]
ROLES: tuple[str, ...] = get_args(Role)
Issue = Literal["power", "withdrawal", "sanctuary"]
EventKind = Literal["legitimacy", "splintering", "fatigue", "attacks"]
Dimension = Literal["political", "military", "territorial", "economic"]
Weight = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1e6)]

# Who must sit at a table at which an issue is negotiated.
NEEDED_PARTIES: dict[Issue, tuple[Role, ...]] = {
    "power": ("government", "insurgency"),
    "withdrawal": ("patron", "insurgency"),
    "sanctuary": ("neighbour",),
}
# The numbers of a concession, shares of the whole prize, each with what it may be: a burden to the insurgents is
# worth less than nothing to them, but what costs less than nothing would signal nothing.
CONCESSION_RANGES: dict[str, tuple[float, float]] = {"value": (-1.0, 1.0), "cost": (0.0, 1.0)}
# Those of an obligation; what would harm the government, or please the insurgents, nobody would demand.
OBLIGATION_RANGES: dict[str, tuple[float, float]] = {"value": (0.0, 1.0), "cost": (0.0, 1.0)}

# In what the size of an event is counted, by what it moves, and how far it may reach.
EVENT_SCALES: dict[EventKind, tuple[str, tuple[float, float]]] = {
    "legitimacy": ("share", (-1.0, 1.0)),
    "splintering": ("per week", (0.0, 10.0)),
    "fatigue": ("log hazard ratio", (-5.0, 5.0)),
    "attacks": ("exponent", (-3.0, 3.0)),
}


class Actor(Sourced):
    """A party to the conflict. Only the insurgency has `commanders`, each of `group_size` fighters."""

    label: Title
    commanders: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    group_size: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0


class Faction(Sourced):
    """A part of the insurgency: share of the commanders, mean hardline (0 to 1), and where it stands."""

    name: Key
    label: Title
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

    name: Name
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
        if abs(total - 1) > SUM_TOLERANCE:
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
    proposed_by
        Parties whose own offer the table is; they must sit at it.
    """

    label: Title
    parties: Annotated[Listed[Role], Field(min_length=2)]
    issues: Annotated[Listed[Issue], Field(min_length=1)]
    linkage: Literal["package", "staged"] = "package"
    prelude: Annotated[int, Field(strict=True, ge=0, le=520)] = 0
    proposed_by: Listed[Role] = ()

    @model_validator(mode="after")
    def _check(self) -> Track:
        for what, entries in (("party", self.parties), ("issue", self.issues), ("proposer", self.proposed_by)):
            if len(set(entries)) < len(entries):
                fail(f"the same {what} is listed twice")
        if "mediator" in self.parties:
            fail("a mediator is no party to a table: what it does at every table follows from its being an actor")
        for role in self.proposed_by:
            if role not in self.parties:
                fail(
                    f"{role} proposes a table at which it does not sit",
                    allowed=", ".join(self.parties),
                    nearest=nearest(role, self.parties),
                    at="proposed_by",
                    value=role,
                )
        for issue in self.issues:
            absent = [role for role in NEEDED_PARTIES[issue] if role not in self.parties]
            if absent:
                fail(f"{issue} cannot be negotiated without the {' and the '.join(absent)} among the parties")
        return self


def _shares_of_the_prize(item: Declaration, ranges: dict[str, tuple[float, float]]) -> None:
    """Refuse numbers that reach beyond what a share of the prize can be."""
    for name, (least, most) in ranges.items():
        low, high = getattr(item, name).bounds
        if low < least or high > most:
            fail(
                f"{name} reaches from {low:g} to {high:g}",
                allowed=f"{least:g} to {most:g}, as shares of the whole prize",
            )


class Concession(Sourced):
    """Something that can be offered, delivered and, to a degree, taken back.

    Parameters
    ----------
    value, cost
        Share of the whole prize that it is worth to the insurgents, and that it costs the one who delivers
        it; a burden to the insurgents has a value below 0.
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

    label: Title
    value: Prior
    cost: Prior
    reversibility: Share
    by: Annotated[Listed[Key], Field(min_length=1)]
    mutual: bool = Field(default=False, strict=True)
    dimension: Dimension | None = None
    frees_prisoners: bool = Field(default=False, strict=True)
    recognises: bool = Field(default=False, strict=True)
    ceases_fire: bool = Field(default=False, strict=True)
    pie: bool = Field(default=True, strict=True)

    @model_validator(mode="after")
    def _check(self) -> Concession:
        _shares_of_the_prize(self, CONCESSION_RANGES)
        return self


class Obligation(Sourced):
    """An end-condition that the insurgency may undertake with a settlement; what it undertook is checked afterwards.

    Parameters
    ----------
    value, cost
        Share of the whole prize that it is worth to the government if it is kept, and that undertaking it costs
        the insurgents.
    indivisible
        Whether it is a matter of principle, of which a part is worth nothing: to go without it costs the government
        what it is worth, and either side may make it a red line (`red_line_refusal`).
    """

    label: Title
    value: Prior
    cost: Prior
    indivisible: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _check(self) -> Obligation:
        _shares_of_the_prize(self, OBLIGATION_RANGES)
        return self


class Event(Sourced):
    """Something that happened on a date and that the model does not bring about, such as an election.

    Parameters
    ----------
    week
        When, in weeks from the start; it acts in the first week simulated that is not before it.
    kind
        What it moves: the government's ``legitimacy`` (by `size`), ``splintering`` (`size` is added to the hazard of
        commanders in that week), the patron's ``fatigue`` (its hazard, by the factor e^size from then on), or
        ``attacks`` (their intensity, by the factor e^size for `weeks` weeks).
    size
        How much, as a prior.
    weeks
        How long attacks are moved.
    """

    name: Key
    label: Title
    week: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=10_000)]
    kind: EventKind
    size: Prior
    weeks: Annotated[int, Field(strict=True, ge=1, le=1040)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Event:
        unit, (least, most) = self.scale
        low, high = self.size.bounds
        if low < least or high > most:
            fail(f"size reaches from {low:g} to {high:g}", allowed=f"{least:g} to {most:g} ({unit})")
        if self.kind == "attacks" and self.weeks is None:
            fail("an event that moves attacks needs weeks, for which it does")
        if self.kind != "attacks" and self.weeks is not None:
            fail(f"weeks mean nothing for an event that moves {self.kind}")
        return self

    @property
    def scale(self) -> tuple[str, tuple[float, float]]:
        """In what its size is counted, and the least and most that it may be."""
        return EVENT_SCALES[self.kind]
