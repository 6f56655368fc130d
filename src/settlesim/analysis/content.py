"""What a difference between two plans is made of: content, order, pace, rules of the table, levers and troops."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from settlesim.analysis.channels import paired_values, two_sequences, watched_outcome, without_file
from settlesim.analysis.coalitions import all_coalitions, estimate, exact_shares
from settlesim.analysis.statistics import check_level
from settlesim.chance.worlds import Rng
from settlesim.errors import ScenarioError, UsageError
from settlesim.experiments.execution import Execution
from settlesim.experiments.simulate import compare
from settlesim.scenario.contrast import PARTS, differs_in, hybrid
from settlesim.scenario.plan import Plan
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["content"]

# Parts that speak of the same steps: where hybrids of them cannot be run they are moved together.
OF_STEPS = ("content", "order", "pace")
Moved = tuple[str, ...]


def content(
    scenario: Scenario,
    a: str | Sequence,
    b: str | Sequence,
    outcome: str,
    *,
    plan: str | Plan | None = None,
    runs: int | range = 1000,
    rng: Rng = None,
    level: float = 0.95,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Split a difference between two plans into content, order, pace, undertaking, agenda, levers and troop path.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    a, b : str or Sequence
        The two: sequences of the scenario or of your own, or orders of `plan`.
    outcome : str
        An outcome; ``name.entry`` for one of several values.
    plan : str or Plan, optional
        Whose orders `a` and `b` are.
    runs, rng, execution
        As for `compare`.
    level : float
        Coverage of the intervals, for each part alone.

    Returns
    -------
    xarray.Dataset
        All differences are `a` minus `b`, run by run, in the units of the outcome; dimension ``part``.

        - ``differs``: whether the two differ in the part at all; where not, the figures are 0.
        - ``from_a``: what is lost of the outcome of `a` when the part alone is taken from `b`; ``from_b``: what is
          gained on the outcome of `b` when the part alone is taken from `a`; each with ``_error``, ``_low``, ``_high``.
        - ``share``: the Shapley share, the mean over all orders of changing part after part, with ``share_error``,
          ``share_low``, ``share_high``; shares sum to ``difference`` over ``share_n`` runs.
        - ``difference`` with ``error``, ``low``, ``high``, ``n``: that between `a` and `b`.
        - ``moved_with``: parts that could only be moved together have one figure, under the first of them, which names
          the others here; theirs are NaN.

    Raises
    ------
    UsageError
        If a name is unknown, or the two do not differ.

    Notes
    -----
    Hybrids take some parts of `a` and the others of `b` (`settlesim.scenario.contrast.hybrid`), 2^k of them for k parts
    that differ. Where steps wait for one another, a hybrid may be one that can never be run; content, order and pace
    are then moved together. A split says what part of the difference goes with what; it does not make two plans with
    different content two orders of one.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> war = load("two-party")
    >>> held = war.sequence("talk").with_levers(pocketing=0.0).model_copy(update={"name": "held"})
    >>> split = content(war, "give_first", held, "signed", runs=8, rng=7)
    >>> split.part.values[split.differs.values].tolist()
    ['content', 'order', 'levers']
    >>> bool(abs(split.share.sum() - split.difference) < 1e-12)
    True
    """
    check_level(level)
    first, second = two_sequences(scenario, a, b, plan)
    kept, entry = watched_outcome(outcome)
    differing = differs_in(first, second)
    if not differing:
        raise UsageError(f"{first.name!r} and {second.name!r} differ in nothing but their names")
    groups, hybrids = _hybrids(scenario, first, second, differing)
    result = compare(scenario, hybrids, runs=runs, rng=rng, outcomes=[kept], execution=without_file(execution))
    values, share = paired_values(result, kept.name, entry)
    full = (1 << len(groups)) - 1
    found = exact_shares(len(groups), dict(enumerate(values)), level, share=share)
    whole = estimate(values[full] - values[0], level, share=share)
    columns = {f"{name}{end}": np.zeros(len(PARTS)) for name in ("from_a", "from_b", "share") for end in ENDS}
    for i, group in enumerate(groups):
        at, bit = [PARTS.index(part) for part in group], 1 << i
        lost = estimate(values[full] - values[full ^ bit], level, share=share)
        gained = estimate(values[bit] - values[0], level, share=share)
        rows = {
            "from_a": (lost.mean, lost.error, lost.low, lost.high),
            "from_b": (gained.mean, gained.error, gained.low, gained.high),
            "share": (found.mean[i], found.error[i], found.low[i], found.high[i]),
        }
        for name, row in rows.items():
            for end, value in zip(ENDS, row, strict=True):
                columns[f"{name}{end}"][at] = np.nan
                columns[f"{name}{end}"][at[0]] = value
    table: dict[str, Any] = {name: ("part", column) for name, column in columns.items()}
    table |= {"differs": ("part", [part in differing for part in PARTS]), "share_n": found.n}
    together = {group[0]: ", ".join(group[1:]) for group in groups}
    table["moved_with"] = ("part", [together.get(part, "") for part in PARTS])
    table |= {"difference": whole.mean, "error": whole.error, "low": whole.low, "high": whole.high, "n": whole.n}
    attrs = {key: value for key, value in result.attrs.items() if key != "differs_in"}
    notes = {key: result[kept.name].attrs[key] for key in ("units", "long_name")}
    attrs |= {"a": first.name, "b": second.name, "outcome": outcome, "level": level, "runs": result.sizes["run"]}
    attrs |= notes | {"differs_in": ", ".join(differing), "kind": "share" if share else result[kept.name].attrs["kind"]}
    return xr.Dataset(table, {"part": list(PARTS)}, attrs)


ENDS = ("", "_error", "_low", "_high")


def _hybrids(
    scenario: Scenario, a: Sequence, b: Sequence, differing: tuple[str, ...]
) -> tuple[list[Moved], list[Sequence]]:
    """Groups of parts that are moved one at a time, and the hybrid of each coalition of those taken from `a`."""
    apart: list[Moved] = [(part,) for part in differing]
    steps = tuple(part for part in differing if part in OF_STEPS)
    joined = [steps, *(group for group in apart if group[0] not in OF_STEPS)]
    for groups in [apart, joined] if len(steps) > 1 else [apart]:
        try:
            return groups, [_hybrid(scenario, a, b, groups, c) for c in all_coalitions(len(groups))]
        except ScenarioError:
            if groups is joined or len(steps) < 2:
                raise
    raise AssertionError("unreachable: the last grouping returns or raises")


def _hybrid(scenario: Scenario, a: Sequence, b: Sequence, groups: list[Moved], coalition: int) -> Sequence:
    mine = [part for i, group in enumerate(groups) if coalition >> i & 1 for part in group]
    other = [part for group in groups for part in group if part not in mine]
    name = a.name if not other else b.name if not mine else f"{b.name} with {', '.join(mine)} of {a.name}"
    return scenario.sequence(hybrid(a, b, other, name))
