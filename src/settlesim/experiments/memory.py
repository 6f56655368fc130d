"""Whether a result has room in memory: asked before the work, answered with the figures."""

from __future__ import annotations

import os
from pathlib import Path

from settlesim.errors import UsageError
from settlesim.experiments.job import Job, Unit
from settlesim.results.dataset import Block

__all__ = ["available", "bytes_of", "refusal", "refuse_too_large", "size"]

# Runs times sequences from which on a result without recorded weeks is worth measuring.
MANY = 500_000


def available() -> int | None:
    """Return how many bytes this process can still have, where the system tells: of the machine and of its cgroup."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError):
        try:
            found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        except (AttributeError, ValueError, OSError):
            return None
    found += _of_cgroup(Path("/sys/fs/cgroup"))
    return min(found) if found else None


def _of_cgroup(root: Path) -> list[int]:
    try:
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()[0].rpartition(":")[2].lstrip("/")
    except (OSError, IndexError):
        return []
    found = []
    for folder in {root, root / own}:
        try:
            found.append(
                int((folder / "memory.max").read_text(encoding="ascii"))
                - int((folder / "memory.current").read_text(encoding="ascii"))
            )
        except (OSError, ValueError):
            # There is none, or it says "max".
            continue
    return found


def bytes_of(block: Block) -> float:
    """Return what a result holds of one run under one sequence."""
    arrays = sum(array.nbytes for array in block.arrays.values()) / (len(block.lines) * len(block.runs))
    return arrays + 8 * len(block.parameters)


def refuse_too_large(job: Job, runs: range) -> None:
    """Refuse, before it is computed, a result for which there is no memory.

    Raises
    ------
    UsageError
        With what it would take, and what there is.
    """
    if told := refusal(job, runs):
        raise UsageError(told)


def refusal(job: Job, runs: range) -> str | None:
    """Return why a result is refused for which there is no memory, if there is none."""
    number = job.lines * len(runs)
    if not number or not (job.record or number >= MANY):
        return None
    free = available()
    if free is None:
        return None
    each = bytes_of(job.compute(Unit(job.batches[0][:1], runs[:1])))
    if each * number <= free:
        return None
    weekly = ", record less" if job.record else ""
    what = f"{len(runs):,} runs x {job.lines:,} sequences x {size(each)}"
    return (
        f"the result takes {size(each * number)} of memory ({what}), and {size(free)} are free: "
        f"ask for fewer runs{weekly}, or keep it on disk with out='NAME.zarr'"
    )


def size(number: float) -> str:
    """Return a number of bytes as people read it.

    Examples
    --------
    >>> size(700), size(3_500_000), size(5e11)
    ('700 B', '3.3 MiB', '465.7 GiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            break
        number /= 1024
    return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
