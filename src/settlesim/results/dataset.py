"""From traces to one labelled `xarray.Dataset`: dimensions, units, meanings of codes, provenance.

Outcomes have dimensions ``(sequence, run)`` and possibly one more, such as ``destination``.  A variable
recorded every week is called ``<name>_weekly``, since ``legitimacy`` at the end and ``legitimacy_weekly``
are two things.  Every drawn parameter is a variable on ``run`` under its own name, ``name.entry`` if it has
several, and ``name_drawn`` where an outcome has the name already.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.errors import UsageError, choose, on_line
from settlesim.results.stores import compact
from settlesim.scenario.contrast import PARTS, differs_in

if TYPE_CHECKING:
    import xarray as xr

    from settlesim.model.outcome import Outcome
    from settlesim.model.trace import Trace
    from settlesim.model.variables import Variable
    from settlesim.scenario.scenario import Scenario

__all__ = [
    "Assembly",
    "Block",
    "Field",
    "collect",
    "contrasts",
    "definition",
    "described",
    "provenance",
    "version",
    "weekly_name",
]

CAVEAT = "Distributions under stated assumptions, to compare sequences under common luck; not a point forecast."


def weekly_name(name: str) -> str:
    """Return the name under which a variable recorded every week stands in a result."""
    return f"{name}_weekly"


@dataclass(frozen=True)
class Field:
    """Dimensions of a variable beyond (sequence, run), and its attributes."""

    dims: tuple[str, ...]
    attrs: dict[str, Any]


@dataclass(frozen=True)
class Block:
    """What a block of runs contributes to a result under some sequences; arrays of shape (sequences, runs, ...).

    Attributes
    ----------
    runs : range
        Numbers of the runs.
    lines : tuple of int
        Which of the result's sequences.
    arrays : dict
        Outcomes and weekly values by name.
    parameters : dict
        Drawn parameters, shape (runs,), or (sequences, runs) where a sequence's levers set them.
    fields : dict
        Layout of the arrays.
    labels : dict
        Labels along each dimension.
    """

    runs: range
    lines: tuple[int, ...]
    arrays: dict[str, NDArray[Any]]
    parameters: dict[str, NDArray[np.float64]]
    fields: dict[str, Field] = field(default_factory=dict)
    labels: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def collect(
    traces: Sequence[Trace], outcomes: Iterable[Outcome], parameters: Iterable[str], lines: tuple[int, ...]
) -> Block:
    """Evaluate the outcomes of one block of runs under each sequence.

    Parameters
    ----------
    traces : sequence of Trace
        One for each sequence, all of the same runs.
    outcomes : iterable of Outcome
        What to keep.
    parameters : iterable of str
        Names of the parameters to keep from the traces' worlds.
    lines : tuple of int
        Which of the result's sequences the traces are of.

    Raises
    ------
    UsageError
        If a recorded variable belongs to entities that differ between the sequences, such as their steps.
    """
    from settlesim.results.outcomes import DESTINATIONS, evaluate

    wanted = tuple(outcomes)
    first = traces[0]
    known: dict[str, tuple[Any, ...]] = {**first.entities, "destination": DESTINATIONS}
    known |= {outcome.dims[1]: outcome.labels for outcome in wanted if outcome.labels}
    values = []
    for line, trace in enumerate(traces):
        with on_line(line):
            values.append(evaluate(trace, wanted))
    block = Block(first.runs, lines, {}, {name: _stack([t.worlds[name] for t in traces]) for name in parameters})
    for outcome in wanted:
        array = np.stack([v[outcome.name] for v in values])
        block.fields[outcome.name] = Field(tuple(outcome.dims[1:]), _attrs("outcome", outcome))
        block.arrays[outcome.name] = _coded(array, outcome.flags)
        for dim in outcome.dims[1:]:
            _label(block, choose(dim, known, "dimension"), known[dim], outcome.name)
    for name in first.weekly:
        info = first.info[name]
        scope = () if info.scope == "run" else (info.scope,)
        if scope and any(t.entities[info.scope] != first.entities[info.scope] for t in traces):
            raise UsageError(f"{name!r} belongs to a {info.scope}, which sequences do not share: record it for one")
        # (week[, entity], run) to (run, week[, entity]), so that runs can be split and joined along one axis
        array = np.stack([np.moveaxis(t.weekly[name], -1, 0) for t in traces])
        key = weekly_name(name)
        block.fields[key] = Field(("week", *scope), _attrs("weekly", info))
        block.arrays[key] = _coded(array, info.flags)
        _label(block, "week", tuple(range(array.shape[2])), name)
        for dim in scope:
            _label(block, dim, first.entities[dim], name)
    return block


def _stack(columns: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    if all(column is columns[0] or np.array_equal(column, columns[0], equal_nan=True) for column in columns):
        return columns[0]
    return np.stack(columns)


def _coded(array: NDArray[Any], flags: Mapping[int, str] | None) -> NDArray[Any]:
    if not flags:
        return array
    fitting = (kind for kind in (np.int8, np.int16, np.int32) if np.iinfo(kind).min <= min(flags))
    return array.astype(next((kind for kind in fitting if max(flags) <= np.iinfo(kind).max), np.int64))


def _attrs(role: str, info: Outcome | Variable) -> dict[str, Any]:
    attrs: dict[str, Any] = {"long_name": info.meaning, "units": info.units, "role": role}
    better = getattr(info, "better", None)
    # What a variable of the model is called by, such as bool, says how its weekly values are kept.
    weekly = "code" if info.flags else {"bool": "share", "int": "count"}.get(info.kind, "amount")
    attrs["kind"] = weekly if role == "weekly" else info.kind
    if better:
        attrs["better"] = better
    if info.flags:
        # CF conventions: one word for each code, the codes of the variable's own type
        attrs["flag_values"] = [int(code) for code in info.flags]
        attrs["flag_meanings"] = " ".join(meaning.replace(" ", "_") for meaning in info.flags.values())
    return attrs


def _label(block: Block, dim: str, labels: Iterable[Any], name: str) -> None:
    labels = tuple(labels)
    if block.labels.setdefault(dim, labels) != labels:
        raise UsageError(f"{name!r} disagrees with other variables about the labels along {dim!r}")


class Assembly:
    """Puts blocks together in whatever order they arrive; only outcomes grow with the runs.

    Parameters
    ----------
    sequences : int
        Number of sequences.
    runs : range
        Numbers of all runs.
    """

    def __init__(self, sequences: int, runs: range) -> None:
        self.sequences = sequences
        self.runs = runs
        # Which runs are there under which sequence.
        self.there = np.zeros((sequences, len(runs)), bool)
        self.arrays: dict[str, NDArray[Any]] = {}
        self.parameters: dict[str, NDArray[np.float64]] = {}
        self.fields: dict[str, Field] = {}
        self.labels: dict[str, tuple[Any, ...]] = {}

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which runs are there under every sequence."""
        return np.asarray(self.there.all(axis=0))

    def add(self, block: Block) -> None:
        """Take in a block; its runs must lie within the assembly's."""
        start = block.runs.start - self.runs.start
        place = slice(start, start + len(block.runs))
        lines = list(block.lines)
        if not self.fields:
            self.fields, self.labels = block.fields, block.labels
        elif block.labels != self.labels:
            differs = next(dim for dim in block.labels if block.labels[dim] != self.labels.get(dim))
            raise UsageError(
                f"sequences do not share the labels along {differs!r}: record what they share, or one alone"
            )
        for name, array in block.arrays.items():
            if name not in self.arrays:
                self.arrays[name] = np.zeros((self.sequences, len(self.runs), *array.shape[2:]), array.dtype)
            elif self.arrays[name].dtype != array.dtype:
                # An outcome may count in some blocks and miss values in others: what holds both is taken, never less.
                wider = np.result_type(self.arrays[name].dtype, array.dtype)
                self.arrays[name] = self.arrays[name].astype(wider, copy=False)
            self.arrays[name][lines, place] = array
        known = np.asarray(self.there[:, place].any(axis=0))
        for name, column in block.parameters.items():
            self._add_parameter(name, column, lines, place, known)
        self.there[lines, place] = True

    def _add_parameter(
        self, name: str, column: NDArray[np.float64], lines: list[int], place: slice, known: NDArray[np.bool_]
    ) -> None:
        """Keep one column for all sequences, until a lever sets one of them apart."""
        kept = self.parameters.setdefault(name, np.zeros(len(self.runs)))
        if kept.ndim == 1 and column.ndim == 1:
            before = kept[place]
            if np.array_equal(before[known], column[known], equal_nan=True):
                kept[place] = column
                return
        if kept.ndim == 1:
            kept = self.parameters[name] = np.repeat(kept[np.newaxis], self.sequences, axis=0)
        # Sequences that are still to come bring their own values, or those that all but these have.
        kept[lines, place] = column

    def dataset(self, scenario: Scenario, sequences: Sequence[Any], attrs: Mapping[str, Any]) -> xr.Dataset:
        """Return the runs that are there as a Dataset.

        Parameters
        ----------
        scenario : Scenario
            Supplies units and sources of the parameters.
        sequences : sequence of Sequence
            Supplies names and definitions.
        attrs : mapping
            From `provenance`.
        """
        import xarray as xr

        complete = self.done
        lines = np.arange(self.sequences)
        if not complete.any():
            # Interrupted before any run was there under all sequences: those with the most runs can be compared.
            many = self.there.sum(axis=1)
            lines = np.flatnonzero(many == many.max())
        done = np.asarray(self.there[lines].all(axis=0))
        sequences = [sequences[int(i)] for i in lines]
        variables: dict[str, Any] = {}
        for name, array in self.arrays.items():
            layout = self.fields[name]
            notes = dict(layout.attrs)
            if "flag_values" in notes:
                notes["flag_values"] = np.array(notes["flag_values"], array.dtype)
            variables[name] = (("sequence", "run", *layout.dims), array[_cut(lines, done, self.there.shape)], notes)
        notes_of = described(scenario)
        for name, column in self.parameters.items():
            dims = ("run",) if column.ndim == 1 else ("sequence", "run")
            # An outcome keeps its name; a parameter that shares it, such as a strength at the start, is renamed.
            key = f"{name}_drawn" if name in variables else name
            if column.ndim > 1:
                column = column[lines]
            variables[key] = (dims, column[..., done], notes_of[name])
        coords: dict[str, Any] = {
            "sequence": ("sequence", [s.name for s in sequences], {"long_name": "sequence of talks"}),
            "definition": (
                "sequence",
                [definition(s) for s in sequences],
                {"long_name": "sequence as JSON"},
            ),
            "run": ("run", np.array(self.runs)[done], {"long_name": "number of the run, fixes its luck"}),
        }
        words, told = contrasts(sequences)
        coords["differs_in"] = ("sequence", words, {"long_name": "in what the sequence differs from the first"})
        for dim, labels in self.labels.items():
            notes = {"long_name": "weeks since the start", "units": "weeks"} if dim == "week" else {"long_name": dim}
            coords[dim] = (dim, np.array(labels) if dim == "week" else list(labels), notes)
        status = {"runs_completed": int(done.sum()), "interrupted": int(not self.there.all())}
        return xr.Dataset(variables, coords, {**attrs, "differs_in": told, **status})


def _cut(lines: NDArray[np.intp], done: NDArray[np.bool_], shape: tuple[int, int]) -> Any:
    """Index of what is there; without a copy where it is everything."""
    return slice(None) if (len(lines), int(done.sum())) == shape else np.ix_(lines, done)


def definition(sequence: Any) -> str:
    """Return the definition of a sequence as JSON."""
    return compact(sequence.model_dump(mode="json", exclude_defaults=True))


def contrasts(sequences: Sequence[Any]) -> tuple[list[str], str]:
    """Return in what each sequence differs from the first, and in what any does.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> plans = load("afghanistan-2018").sequences
    >>> contrasts([plans["kabul_first"], plans["us_first"], plans["trilateral"]])
    (['', 'order', 'content'], 'content, order')
    """
    found = [differs_in(sequences[0], sequence) for sequence in sequences]
    every = [part for part in PARTS if any(part in parts for parts in found)]
    return [", ".join(parts) for parts in found], ", ".join(every)


def described(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Return the attributes of every parameter: unit, meaning, prior, source."""
    return {
        str(q.address): {
            "long_name": q.meaning,
            "units": q.unit,
            "role": "parameter",
            "prior": compact(q.prior.model_dump(mode="json")),
            "source": q.declared.source,
            "tag": q.declared.tag,
        }
        for q in scenario.quantities()
    }


def provenance(
    scenario: Scenario, *, entropy: int, engine: str, method: str, protocol: str, code: str
) -> dict[str, Any]:
    """Return the attributes from which a result can be made again.

    They hold no date, host or number of workers: equal inputs give equal results, down to the file.  `code` is the
    digest of what rules and outcomes do, empty where that cannot be told.
    """
    return {
        "Conventions": "CF-1.11",
        "title": f"settlesim: {scenario.title}",
        "comment": CAVEAT,
        "settlesim_version": version(),
        "numpy_version": np.__version__,
        **({"code_digest": f"sha256:{code}"} if code else {}),
        "scenario": scenario.name,
        "scenario_digest": scenario.digest(),
        "start": scenario.start.isoformat(),
        "horizon": scenario.horizon,
        "baseline_sequence": scenario.baseline_sequence,
        # NetCDF has no place for what is not there.
        **({"reference_sequence": scenario.reference_sequence} if scenario.reference_sequence else {}),
        **({"history_sequence": scenario.history_sequence} if scenario.history_sequence else {}),
        "parameters": compact({name: json.loads(a["prior"]) for name, a in described(scenario).items()}),
        "entropy": str(entropy),
        "engine": engine,
        "method": method,
        "protocol": protocol,
    }


def version() -> str:
    """Return the version of the code, as results record it."""
    try:
        return importlib.metadata.version("settlesim")
    except importlib.metadata.PackageNotFoundError:
        return "0+source"
