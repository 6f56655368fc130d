"""Red lines: which end-conditions a deal on power would hold, what they cost and are worth, and where sides clash."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["RED_LINES"]


@rule(
    "obligation",
    Variable("insisted", units="1", meaning="a red line of the government: no deal without it", kind="bool", told=True),
    Variable("refused", units="1", meaning="a red line of the insurgency: it never undertakes it", kind="bool",
             told=True),
    Variable("clashes", units="1", meaning="a red line of both sides", kind="bool", told=True),
    source="khan2018 fearon1995 settlesim",
)
def red_lines(indivisible, red_line_luck_government, red_line_luck_insurgency, red_line_refusal_government,
              red_line_refusal_insurgency):
    """Say whose red line an end-condition is; only one that cannot be divided becomes one, once for the whole run."""
    insisted = indivisible & (red_line_luck_government < red_line_refusal_government)
    refused = indivisible & (red_line_luck_insurgency < red_line_refusal_insurgency)
    return insisted, refused, insisted & refused


@rule(
    "obligation",
    Variable("conceded", units="1", meaning="a deal on power holds the end-condition", kind="bool", told=True),
    Variable("conceded_cost", units="share", meaning="what undertaking it costs the insurgency", low=0.0),
    Variable("conceded_worth", units="share", meaning="what it adds to the most that the government gives"),
    source="khan2018 fearon1995 settlesim",
)
def end_conditions(indivisible, insisted, refused, obligation_value, obligation_cost, obligation_compliance):
    """An end-condition is in a deal if having it is worth its cost or the government insists, and nobody refuses.

    It is worth what the insurgency can be expected to keep of it, q v.  One that cannot be divided and is left out
    takes as much away, since the government gives up a principle; so q v - (-q v) is what having it is worth then.
    """
    worth = obligation_value * obligation_compliance
    given_up = np.where(indivisible, -worth, 0.0)
    conceded = ~refused & ((worth - given_up >= obligation_cost) | insisted)
    return conceded, np.where(conceded, obligation_cost, 0.0), np.where(conceded, worth, given_up)


RED_LINES = Mechanism(
    "Red lines",
    setup=(
        red_lines,
        end_conditions,
        Fold(
            Variable("obligations_burden", scope="run", units="share",
                     meaning="what the end-conditions of a deal cost the insurgency", low=0.0),
            "conceded_cost", "sum", "obligation",
        ),
        Fold(
            Variable("obligations_worth", scope="run", units="share",
                     meaning="what they are worth to the government, less the principles it gives up"),
            "conceded_worth", "sum", "obligation",
        ),
        Fold(
            Variable("obligations_conceded", scope="run", units="1", meaning="end-conditions that a deal holds", low=0,
                     kind="int"),
            "conceded", "sum", "obligation",
        ),
        Fold(
            Variable("red_lines_clash", scope="run", units="1",
                     meaning="both sides make one end-condition a red line: no deal on power", kind="bool"),
            "clashes", "any", "obligation",
        ),
    ),
    luck=(
        Luck("red_line_luck_government", "obligation", "uniform", meaning="whether the government makes it a red line"),
        Luck("red_line_luck_insurgency", "obligation", "uniform", meaning="whether the insurgency makes it a red line"),
    ),
    outcomes=(
        Outcome("red_lines_clash", final("red_lines_clash"), "1", "both sides have a red line that excludes a deal",
                kind="share"),
        Outcome("obligations_conceded", final("obligations_conceded"), "obligations",
                "end-conditions that a deal on power holds, or would hold", kind="count"),
    ),
)
