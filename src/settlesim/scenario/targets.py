"""What the hindcast is held against: facts observed in the war that a scenario stands for."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from settlesim.scenario.base import Key, Listed, Number, Sourced, Text, fail
from settlesim.scenario.parameters import Unit

__all__ = ["Target"]


def _span(at: Any) -> Any:
    """Read one week as a span of that week alone."""
    return (at, at) if isinstance(at, (int, float)) and not isinstance(at, bool) else at


Week = Annotated[Number, Field(ge=0)]
Span = Annotated[tuple[Week, Week], BeforeValidator(_span, json_schema_input_type=Week | tuple[Week, Week])]


class Target(Sourced):
    """An observed fact that the hindcast is held against.

    Parameters
    ----------
    kind
        ``deaths_year`` (sum of `variable` over the weeks `at`), ``weekly_value`` (`variable` in week `at`),
        ``milestone`` (week in which something happens) or ``ratio`` (of two rates).
    at
        A week, or [first, last].
    low, high, tolerance
        The band that counts as met; `tolerance` is relative to `observed`.
    held_out
        Whether it was kept from the fit.
    persistence
        Forecast that nothing changes, which a model has to beat: the last value known before.
    climatology
        Forecast from the record before the start: every value in it is equally likely.
    relative_to
        For a rate of change: the observed rate it is a multiple of, in units of `variable` a week.
    tuned
        Why it is no test: which number of the model was chosen knowing it.
    """

    name: Key
    kind: Literal["deaths_year", "weekly_value", "milestone", "ratio"]
    variable: Key
    at: Span | None = None
    observed: Number
    low: Number | None = None
    high: Number | None = None
    tolerance: Annotated[Number, Field(ge=0)] | None = None
    unit: Unit
    held_out: bool = Field(default=False, strict=True)
    persistence: Number | None = None
    climatology: Listed[Number] = ()
    relative_to: Annotated[Number, Field(gt=0)] | None = None
    tuned: Text | None = None
    meaning: Text

    @model_validator(mode="after")
    def _check(self) -> Target:
        if self.at is not None and self.at[0] > self.at[1]:
            fail("at starts after its end")
        if self.tolerance is None and self.low is None and self.high is None:
            fail("needs a tolerance, or a low or a high")
        if self.tuned is not None and self.held_out:
            fail("what some number was chosen knowing (tuned) was not held out")
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
        low = -math.inf if self.low is None else self.low
        return low, math.inf if self.high is None else self.high
