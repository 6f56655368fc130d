"""Claims: sentences that name a cause, each with the number or plan that carries it in the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from settlesim.scenario.base import Key, Listed, Name, Note, Number, Sourced, Table, Text, fail
from settlesim.scenario.parameters import Address
from settlesim.scenario.targets import Span

__all__ = ["Claim"]


def _several(carrier: Any) -> Any:
    """Read one address as a list of it alone."""
    return (carrier,) if isinstance(carrier, str) else carrier


Addresses = Annotated[Listed[Name], BeforeValidator(_several, json_schema_input_type=Name | Listed[Name])]
Setting = Table[Name, Number]
# In a file a setting may be one number for all the carriers.
Settings = Annotated[
    tuple[Setting, Setting],
    BeforeValidator(lambda values: values, json_schema_input_type=tuple[Number | Setting, Number | Setting]),
]
Factor = Annotated[Number, Field(gt=0)]


class Claim(Sourced):
    """A sentence that says what brings about what, and how the model is asked about it.

    What carries it is moved from one setting to another over common worlds and luck, and `quantity` is watched.

    Parameters
    ----------
    name, sentence
        What it is called, and what it says.
    kind
        A ``check`` asks whether the carrier moves what it acts on directly; it must hold. A ``hypothesis`` is
        what the source concludes; it is tested, and may fall.
    carrier
        Addresses of numbers, such as ``war_cost.government``; ``*`` stands for any text.
    values
        The two settings: two numbers for all the carriers, or two tables by address.
    scale
        Or two factors on their priors.
    plans
        Sequences under which the settings are compared.
    plans_contrast
        In place of all that: two sequences, of which the second is compared with the first.
    quantity
        An outcome, or a variable of the model by its mean over the weeks lived; ``name.entry`` for one track, party
        or kind. A variable that is an outcome too is read by week where `at` is given.
    at
        A week, or [first, last]: the weeks over which a variable's mean is taken.
    during
        A flag of the model, such as ``round_due.talks``: only the weeks in which it is up count, and only the runs
        that have such weeks in both settings.
    sign
        Where the sentence says the second setting moves the quantity: up (1), down (-1), or not at all (0).
    channel
        By which way, in words.
    """

    name: Key
    sentence: Text
    kind: Literal["check", "hypothesis"]
    carrier: Addresses = ()
    values: Settings | None = None
    scale: tuple[Factor, Factor] | None = None
    plans: Listed[Name] = ()
    plans_contrast: tuple[Name, Name] | None = None
    quantity: Name
    at: Span | None = None
    during: Name | None = None
    sign: Annotated[int, Field(strict=True, ge=-1, le=1)]
    channel: Note = ""

    @model_validator(mode="before")
    @classmethod
    def _settings(cls, data: Any) -> Any:
        """Give each number of `values` the addresses it is for; tables name them themselves."""
        if not isinstance(data, Mapping):
            return data
        carrier, values = _several(data.get("carrier", ())), data.get("values")
        if not isinstance(values, (list, tuple)) or not isinstance(carrier, (list, tuple)):
            return data
        if not carrier and values and isinstance(values[0], Mapping):
            return {**data, "carrier": tuple(values[0])}
        tables = [dict.fromkeys(carrier, v) if _is_number(v) and carrier else v for v in values]
        return {**data, "values": tables}

    @model_validator(mode="after")
    def _check(self) -> Claim:
        if self.at is not None and self.at[0] > self.at[1]:
            fail("starts after its end", at="at")
        if self.plans_contrast is not None:
            for name in ("carrier", "values", "scale", "plans"):
                if getattr(self, name):
                    fail("compares two plans, so it is not given with plans_contrast", at=name)
            if self.plans_contrast[0] == self.plans_contrast[1]:
                fail("compares a plan with itself", at="plans_contrast")
            return self
        if not self.carrier:
            fail("needs a carrier, or the two plans of plans_contrast")
        if (self.values is None) == (self.scale is None):
            fail("needs exactly one of values and scale")
        for place, setting in enumerate(self.values or ()):
            if set(setting) != set(self.carrier):
                fail(f"values[{place}] sets {_listed(setting)}, the carrier is {_listed(self.carrier)}", at="values")
        for name in ("values", "scale"):
            given = getattr(self, name)
            if given is not None and given[0] == given[1]:
                fail("moves from a setting to the same", at=name)
        if not self.plans:
            fail("needs at least one plan", at="plans")
        if len(set(self.plans)) < len(self.plans):
            fail("names a plan twice", at="plans")
        return self

    @property
    def moved(self) -> str:
        """What is moved, in words: the carrier and its two settings, or the two plans."""
        if self.plans_contrast is not None:
            return " -> ".join(self.plans_contrast)
        families = {Address.parse(name).name for name in self.carrier}
        several = len(self.carrier) > 2 and len(families) == 1
        what = f"{next(iter(families))} of {len(self.carrier)}" if several else ", ".join(self.carrier)
        if self.scale is not None:
            return f"{what} x {self.scale[0]:g} -> x {self.scale[1]:g}"
        first, second = self.values or ({}, {})
        if len(set(first.values())) == 1 and len(set(second.values())) == 1:
            return f"{what} {next(iter(first.values())):g} -> {next(iter(second.values())):g}"
        return ", ".join(f"{name} {first[name]:g} -> {second[name]:g}" for name in self.carrier)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _listed(names: Any) -> str:
    return ", ".join(names) or "nothing"
