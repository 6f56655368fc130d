"""Outcomes checked before the first week: what they are called, what they are laid out along, what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from settlesim.errors import nearest
from settlesim.model.layout import Layout
from settlesim.model.outcome import DERIVED, LABELS, RESERVED, Outcome
from settlesim.scenario.scenario import Scenario

__all__ = ["outcome_problems"]


def outcome_problems(
    outcomes: Iterable[Outcome], scenario: Scenario, built: Layout, homes: Mapping[str, str]
) -> Iterator[str]:
    """Find what is wrong with outcomes.

    Parameters
    ----------
    outcomes : iterable of Outcome
        What is to be kept of a run.
    scenario : Scenario
        The conflict, whose parameters stand in the result too.
    built : Layout
        Supplies the dimensions.
    homes : mapping
        Every name that can be read, to what it is.

    Yields
    ------
    str
        One line for each mistake.
    """
    # Deferred: the standard protocol is made of what this module checks.
    from settlesim.model.standard import STANDARD

    dims = {*built.entities, *LABELS} - {"run"}
    reserved = {*RESERVED, *built.entities, *LABELS}
    seen: set[str] = set()
    for outcome in outcomes:
        if not isinstance(outcome, Outcome):
            yield f"{outcome!r} is no outcome: give an Outcome(name, function, units, meaning)"
            continue
        label = f"outcome {outcome.name!r}"
        if outcome.name in seen:
            yield f"{label}: two outcomes have this name; call one otherwise"
        seen.add(outcome.name)
        if outcome.name in reserved:
            yield f"{label} has the name of a dimension or coordinate of results: call it otherwise"
        elif outcome.name.endswith(DERIVED):
            yield f"{label} ends like the names that results derive ({', '.join(DERIVED)}): call it otherwise"
        elif outcome.name.partition(".")[0] in scenario.parameters and outcome not in STANDARD.outcomes:
            yield f"{label} has the name of a parameter of {scenario.origin}: call it otherwise"
        if not callable(outcome.function):
            yield f"{label}: its function is {outcome.function!r}, which cannot be called"
        if not outcome.dims or outcome.dims[0] != "run" or len(outcome.dims) > 2:
            yield f'{label}: dims must be ("run",) or ("run", another), not {outcome.dims!r}'
        elif outcome.dims[1:] and outcome.dims[1] not in dims:
            like = nearest(outcome.dims[1], dims)
            hint = f"; did you mean {like!r}?" if like else ""
            yield f"{label}: unknown dimension {outcome.dims[1]!r}{hint} Known: {', '.join(sorted(dims))}"
        for name in outcome.reads:
            if name not in homes:
                like = nearest(name, homes)
                hint = f"; did you mean {like!r}?" if like else ""
                yield f"{label} reads {name!r}, which is no variable, and no parameter of {scenario.origin}{hint}"
