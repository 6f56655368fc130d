"""How the lines and runs of a job lie in its labelled result, and what of that result is known without simulating."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from settlesim.chance.worlds import worlds
from settlesim.errors import SettlesimError
from settlesim.experiments.job import Job
from settlesim.results.dataset import Assembly, Block, Field
from settlesim.results.stores import compact

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Arrange", "Layout", "framed", "lying"]

Arrange = Callable[["xr.Dataset"], "xr.Dataset"]
# Most and fewest runs along a chunk, and bytes of all the chunks of some runs under some lines.
LONGEST, SHORTEST, BYTES = 16384, 1024, 64 << 20
# A variable that says of each cell of the result which line it is of.
LINE = "settlesim line"


@dataclass(frozen=True)
class Layout:
    """What is known of the outcomes of a job once a first block of it is there.

    Attributes
    ----------
    fields : dict
        Dimensions and attributes by name.
    labels : dict
        Labels along each dimension of an outcome's own.
    kinds : dict
        Type, and sizes of the own dimensions.
    parameters : tuple of str
        Names of the parameters that are kept.
    """

    fields: dict[str, Field]
    labels: dict[str, tuple[Any, ...]]
    kinds: dict[str, tuple[str, tuple[int, ...]]]
    parameters: tuple[str, ...]

    @staticmethod
    def of(block: Block) -> Layout:
        """Return the layout of a block."""
        kinds = {name: (array.dtype.str, array.shape[2:]) for name, array in block.arrays.items()}
        return Layout(block.fields, block.labels, kinds, tuple(block.parameters))

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        fields = {name: [field.dims, field.attrs] for name, field in self.fields.items()}
        return {"fields": fields, "labels": self.labels, "kinds": self.kinds, "parameters": self.parameters}

    @staticmethod
    def read(plain: Any) -> Layout:
        """Return what `plain` made into JSON."""
        return Layout(
            {name: Field(tuple(dims), attrs) for name, (dims, attrs) in plain["fields"].items()},
            {dim: tuple(values) for dim, values in plain["labels"].items()},
            {name: (kind, tuple(sizes)) for name, (kind, sizes) in plain["kinds"].items()},
            tuple(plain["parameters"]),
        )

    def chunks(self, runs: int) -> tuple[int, int]:
        """Return how many runs, and under how many lines, a chunk of a store is to have that begins with so many."""
        size = sum(np.dtype(kind).itemsize * int(np.prod(sizes)) for kind, sizes in self.kinds.values())
        room = max(1, BYTES // max(1, size))
        several = max(SHORTEST, min(LONGEST, 1 << ((runs - 1) // 8).bit_length()))
        chunk = min(several, 1 << (room.bit_length() - 1))
        return chunk, max(1, room // chunk)


def framed(job: Job, arrange: Arrange | None, layout: Layout, runs: range) -> xr.Dataset:
    """Return the labelled result of some runs with all that is known of them but their outcomes.

    Outcomes are there as arrays of zeros that take no memory.
    """
    assembly = Assembly(job.lines, runs)
    assembly.there[:] = True
    assembly.fields = layout.fields | {LINE: Field((), {"role": "outcome"})}
    assembly.labels = layout.labels
    size = (job.lines, len(runs))
    assembly.arrays = {
        name: np.broadcast_to(np.zeros((), kind), (*size, *sizes)) for name, (kind, sizes) in layout.kinds.items()
    }
    assembly.arrays[LINE] = np.broadcast_to(np.arange(job.lines)[:, np.newaxis], size)
    assembly.parameters = _parameters(job, layout.parameters, runs)
    dataset = job.labelled(assembly)
    return dataset if arrange is None else arrange(dataset)


def lying(frame: xr.Dataset) -> tuple[tuple[str, ...], str]:
    """Return the dimensions over which lines are laid out, the last varying fastest, and the one of the runs."""
    lines = frame[LINE]
    *lead, run = map(str, lines.dims)
    if not np.array_equal(lines.isel({run: 0}).values.ravel(), np.arange(lines[..., 0].size)):
        raise SettlesimError("the result has its lines in another order than the job: it cannot grow in a store")
    return tuple(lead), run


def _parameters(job: Job, names: tuple[str, ...], runs: range) -> dict[str, NDArray[np.float64]]:
    """Return the columns of the parameters, one for all lines wherever levers set none of them apart."""
    if not names:
        return {}
    drawn: dict[str, Any] = {}
    keys = []
    for sequence in job.sequences[:1] if job.slots else job.sequences:
        keys.append(compact(sequence.model_dump(mode="json", include={"levers"})))
        if keys[-1] not in drawn:
            drawn[keys[-1]] = worlds(
                job.scenario, runs, entropy=job.entropy, method=job.method, total=job.total, levers=sequence.levers
            )
    found = {}
    for name in names:
        columns = {key: table[name] for key, table in drawn.items()}
        first = columns[keys[0]]
        alike = all(np.array_equal(first, column, equal_nan=True) for column in columns.values())
        found[name] = first if alike else np.stack([columns[key] for key in keys])
    return found
