"""Base rates: how often wars of a kind ended in which way, to hold the terminations of a simulation beside."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from settlesim.scenario.base import Declaration, Key, Listed, Share, Sourced, Table, Text, Title, fail

__all__ = ["BaseRates", "Termination"]


class Termination(Declaration):
    """A way in which wars end: the share of them that did, and the outcomes of a run that are counted as it.

    Without outcomes the model has no such ending, and the share stands alone.
    """

    label: Title
    share: Share
    outcomes: Listed[Key] = ()


class BaseRates(Sourced):
    """How often wars of a kind ended in which way.

    Parameters
    ----------
    meaning
        What was counted.
    n
        How many endings.
    terminations
        Ways in which they ended; the shares sum to one or less, where some ended otherwise.
    """

    meaning: Text
    n: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    terminations: Annotated[Table[Key, Termination], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> BaseRates:
        total = sum(one.share for one in self.terminations.values())
        if total > 1 + 1e-6:
            fail(f"the shares sum to {total:g}, more than 1", at="terminations", allowed="a sum of 1 or less")
        seen: dict[str, str] = {}
        for name, one in self.terminations.items():
            for outcome in one.outcomes:
                if outcome in seen:
                    fail(f"{seen[outcome]} and {name} both count the outcome {outcome!r}", at="terminations")
                seen[outcome] = name
        return self
