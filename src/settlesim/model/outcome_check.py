"""Outcomes checked before the first week: what they are called, what they are laid out along, what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from settlesim.errors import nearest
from settlesim.model.outcome import DERIVED, ENDS, KINDS, LABELS, RESERVED, Outcome
from settlesim.model.variables import SCOPES
from settlesim.scenario.parameters import Address
from settlesim.scenario.scenario import Scenario

__all__ = ["outcome_problems"]

DIMS = {*SCOPES, *LABELS} - {"run"}


def outcome_problems(outcomes: Iterable[Outcome], scenario: Scenario) -> Iterator[str]:
    """Find what is wrong with outcomes.

    Parameters
    ----------
    outcomes : iterable of Outcome
        What is to be kept of a run.
    scenario : Scenario
        The conflict, whose parameters stand in the result too.

    Yields
    ------
    str
        One line for each mistake.
    """
    seen: set[str] = set()
    for outcome in outcomes:
        if not isinstance(outcome, Outcome) or not isinstance(outcome.name, str):
            yield f"{outcome!r} is no outcome: give an Outcome(name, function, units, meaning)"
            continue
        label = f"outcome {outcome.name!r}"
        if outcome.name in seen:
            yield f"{label}: two outcomes have this name; call one otherwise"
        seen.add(outcome.name)
        if outcome.name in RESERVED or outcome.name in SCOPES or outcome.name in LABELS:
            yield f"{label} has the name of a dimension or coordinate of results: call it otherwise"
        elif outcome.name.endswith(DERIVED):
            yield f"{label} ends as names do that results derive ({', '.join(DERIVED)}): call it otherwise"
        elif Address.parse(outcome.name).name in scenario.parameters and not _standard(outcome):
            yield f"{label} has the name of a parameter of {scenario.origin}: call it otherwise"
        if not callable(outcome.function):
            yield f"{label}: its function is {outcome.function!r}, which cannot be called"
        if not outcome.dims or outcome.dims[0] != "run" or len(outcome.dims) > 2:
            yield f'{label}: dims must be ("run",) or ("run", another), not {outcome.dims!r}'
        elif outcome.dims[1:] and outcome.dims[1] not in DIMS:
            hint = _hint(outcome.dims[1], sorted(DIMS))
            yield f"{label}: unknown dimension {outcome.dims[1]!r}{hint}; known: {', '.join(sorted(DIMS))}"
        if outcome.kind not in KINDS:
            yield f"{label}: unknown kind {outcome.kind!r}{_hint(outcome.kind, KINDS)}; known: {', '.join(KINDS)}"
        elif (outcome.kind == "code") != bool(outcome.flags):
            yield f"{label}: its kind is {outcome.kind!r}; an outcome has flags, meanings of its codes, if it is a code"
        if outcome.better is not None and outcome.better not in ENDS:
            hint = _hint(outcome.better, ENDS)
            yield f"{label}: better is {outcome.better!r}{hint}; known: {', '.join(ENDS)}, or None"
        for name in outcome.reads:
            if name not in scenario.parameters:
                yield f"{label} reads {name!r}, which is no parameter of {scenario.origin}" + _hint(
                    name, scenario.parameters
                )


def _standard(outcome: Outcome) -> bool:
    # Deferred: the standard protocol is made of what this module checks.
    from settlesim.model.standard import STANDARD

    return outcome in STANDARD.outcomes


def _hint(name: object, names: Iterable[str]) -> str:
    like = nearest(name, names)
    return f"; did you mean {like!r}?" if like else ""
