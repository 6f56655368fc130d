"""Outcomes checked before the first week: what they are called, what they are laid out along, what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from settlesim.errors import nearest
from settlesim.model.outcome import DERIVED, ENDS, KINDS, LABELS, RESERVED, Outcome
from settlesim.model.result_names import ALLOWED, LONGEST, flag_fault, label_fault, result_name_fault
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
    along: dict[str, tuple[object, ...]] = {}
    for name in scenario.parameters:
        if name in RESERVED or name in SCOPES or name in LABELS:
            yield f"parameter {name!r} of {scenario.origin} has the name of a dimension of results: call it otherwise"
        elif name.endswith(DERIVED):
            yield f"parameter {name!r} of {scenario.origin} ends as names do that results derive: call it otherwise"
    outcomes = tuple(outcomes)
    names = {getattr(outcome, "name", None) for outcome in outcomes}
    for outcome in outcomes:
        if not isinstance(outcome, Outcome) or not isinstance(outcome.name, str):
            yield f"{outcome!r} is no outcome: give an Outcome(name, function, units, meaning)"
            continue
        label = f"outcome {_short(outcome.name)}"
        if outcome.name in seen:
            yield f"{label}: two outcomes have this name; call one otherwise"
        seen.add(outcome.name)
        fault = result_name_fault(outcome.name)
        if fault is not None:
            yield f"{label}: its name {fault}; allowed: {ALLOWED}"
        elif outcome.name in RESERVED or outcome.name in SCOPES or outcome.name in LABELS:
            yield f"{label} has the name of a dimension or coordinate of results: call it otherwise"
        elif outcome.name.endswith(DERIVED):
            yield f"{label} ends as names do that results derive ({', '.join(DERIVED)}): call it otherwise"
        elif Address.parse(outcome.name).name in scenario.parameters and not _standard(outcome):
            yield f"{label} has the name of a parameter of {scenario.origin}: call it otherwise"
        if not callable(outcome.function):
            yield f"{label}: its function is {outcome.function!r}, which cannot be called"
        if not outcome.dims or outcome.dims[0] != "run" or len(outcome.dims) > 2:
            yield f'{label}: dims must be ("run",) or ("run", another), not {outcome.dims!r}'
        elif outcome.labels:
            yield from _own_dimension(outcome, label, {*scenario.parameters, *names}, along)
        elif outcome.dims[1:] and outcome.dims[1] not in DIMS:
            hint = _hint(outcome.dims[1], sorted(DIMS))
            said = f"{label}: unknown dimension {outcome.dims[1]!r}{hint}; known: {', '.join(sorted(DIMS))}; "
            yield f"{said}one of your own has labels=..."
        if outcome.kind not in KINDS:
            yield f"{label}: unknown kind {outcome.kind!r}{_hint(outcome.kind, KINDS)}; known: {', '.join(KINDS)}"
        elif (outcome.kind == "code") != bool(outcome.flags):
            yield f"{label}: its kind is {outcome.kind!r}; an outcome has flags, meanings of its codes, if it is a code"
        elif any(isinstance(code, bool) or not isinstance(code, (int, np.integer)) for code in outcome.flags or ()):
            yield f"{label}: codes are whole numbers, not {', '.join(map(repr, outcome.flags or ()))}"
        elif (fault := flag_fault(outcome.flags or {})) is not None:
            yield f"{label}: {fault}"
        if outcome.better is not None and outcome.better not in ENDS:
            hint = _hint(outcome.better, ENDS)
            yield f"{label}: better is {outcome.better!r}{hint}; known: {', '.join(ENDS)}, or None"
        for name in outcome.reads:
            if name not in scenario.parameters:
                yield f"{label} reads {name!r}, which is no parameter of {scenario.origin}" + _hint(
                    name, scenario.parameters
                )


def _own_dimension(
    outcome: Outcome, label: str, taken: set[str | None], along: dict[str, tuple[object, ...]]
) -> Iterator[str]:
    """Find what is wrong with a dimension of one's own."""
    dim = outcome.dims[-1]
    if len(outcome.dims) < 2 or dim in DIMS:
        yield f'{label}: labels are for a dimension of your own, dims=("run", another); {dim!r} has its own'
    elif not isinstance(dim, str) or not dim.isidentifier() or dim in RESERVED or dim in taken or dim.endswith(DERIVED):
        yield f"{label}: its dimension {dim!r} has the name of something else in the result: call it otherwise"
    elif not isinstance(outcome.labels, tuple) or not _alike(outcome.labels):
        yield f"{label}: labels must be a tuple of texts, or of whole numbers, each once, not {outcome.labels!r:.60}"
    elif len(dim) > LONGEST:
        yield f"{label}: the name of its dimension has {len(dim):,} characters; allowed: at most {LONGEST}"
    elif faults := [(one, fault) for one in outcome.labels if isinstance(one, str) and (fault := label_fault(one))]:
        said = f"up to {LONGEST} characters that are seen, without blanks at the ends"
        yield f"{label}: its label {_short(faults[0][0])} along {dim!r} {faults[0][1]}; allowed: {said}"
    elif along.setdefault(dim, outcome.labels) != outcome.labels:
        yield f"{label}: another outcome has other labels along {dim!r}: give both the same, or call one otherwise"


def _alike(labels: tuple[object, ...]) -> bool:
    kinds = {type(label) for label in labels}
    return kinds in ({str}, {int}) and len(set(labels)) == len(labels) and "" not in labels


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _standard(outcome: Outcome) -> bool:
    # Deferred: the standard protocol is made of what this module checks.
    from settlesim.model.standard import STANDARD

    return outcome in STANDARD.outcomes


def _hint(name: object, names: Iterable[str]) -> str:
    like = nearest(name, names)
    return f"; did you mean {like!r}?" if like else ""
