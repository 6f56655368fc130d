"""What a store holds of its experiment, finished or not: for people who wait for one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settlesim.errors import SettlesimError, UsageError
from settlesim.experiments.checkpoint import Parts, fingerprint_in
from settlesim.experiments.growing_store import books_of
from settlesim.experiments.identity import unlike, versions
from settlesim.experiments.store_lock import holder_of
from settlesim.experiments.store_marks import Marks, read_note
from settlesim.model.protocol_digest import digests_of
from settlesim.model.standard import STANDARD
from settlesim.results.growing import cells_of
from settlesim.results.outcomes import STANDARD_OUTCOMES
from settlesim.results.regular_files import odd_member
from settlesim.results.replacement import reason

__all__ = ["StoreStatus", "status_of"]


@dataclass(frozen=True)
class StoreStatus:
    """What is known of a store without computing anything.

    Attributes
    ----------
    path : Path
        Where it stands.
    experiment : dict
        Title, digest of the scenario, entropy, names of the sequences, versions.
    runs : tuple of int, optional
        The first run and the one after the last that was asked for, where that is known.
    done : dict
        Sequence -> how many runs are there.
    damaged : list of str
        Files that are not as they were written.
    bytes : int
        Of all files.
    complete : bool
        Whether the result is whole.
    holder : dict, optional
        The process that writes to it now.
    hindrances : list of str
        Why the code here would not go on from it.
    """

    path: Path
    experiment: dict[str, Any]
    runs: tuple[int, int] | None
    done: dict[str, int]
    damaged: list[str]
    bytes: int
    complete: bool
    holder: dict[str, Any] | None
    hindrances: list[str]


def status_of(path: str | Path) -> StoreStatus:
    """Return the status of a store, or of what is kept of an unfinished experiment beside its file.

    Raises
    ------
    UsageError
        If there is neither.
    SettlesimError
        If what is noted of its making cannot be read.
    """
    path = Path(path)
    beside = path if path.name.endswith(".parts") else path.with_name(f"{path.name}.parts")
    books = books_of(path) if path.suffix == ".zarr" else beside
    try:
        odd, exists = odd_member(path if path.suffix == ".zarr" else books), path.exists()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {str(path)[:200]!r}: {reason(error)}") from None
    if odd:
        raise SettlesimError(f"cannot read {str(path)!r}: {odd}")
    mine = fingerprint_in(books)
    if mine is None:
        there = "is no store that tells of its experiment" if exists else "is not there"
        raise UsageError(f"{str(path)!r} {there}: settlesim status takes a .zarr, or a file with its .parts beside it")
    try:
        return _status(path, books, mine)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SettlesimError(
            f"what {str(books)!r} notes of its experiment cannot be read, it may be damaged"
        ) from error


def _status(path: Path, books: Path, mine: dict[str, Any]) -> StoreStatus:
    names = [str(sequence["name"]) for sequence in mine["sequences"]]
    slots = mine["dealt"][0]
    names = [f"slot {slot + 1}" for slot in range(slots)] if slots else names
    state = read_note(books / "state.json")
    parts = Parts(books / "parts" if path.suffix == ".zarr" else books)
    spans, damaged = _of_parts(parts)
    if state:
        damaged += _of_marks(path, books, state, spans)
    home = path if path.suffix == ".zarr" else books
    # Lines of an evaluation are points under sequences, which have no names of their own.
    lines = max([len(names), *(line + 1 for line in spans)])
    keys = names if lines == len(names) else [f"{names[i % len(names)]}, point {i // len(names)}" for i in range(lines)]
    now = {**mine, **versions(), "code": _code_here(mine)}
    then = {**mine, "code": {key: mine["code"][key] for key in now["code"]}}
    return StoreStatus(
        path,
        {
            "scenario": mine.get("name") or mine["scenario"][:16],
            "scenario_digest": mine["scenario"],
            "entropy": mine["entropy"],
            "sequences": names,
            "settlesim": mine["settlesim"],
            "numpy": mine["numpy"],
        },
        tuple(state["runs"]) if state else None,
        {key: sum(len(span) for span in _joined(spans.get(line, []))) for line, key in enumerate(keys)},
        damaged,
        sum(file.stat().st_size for file in home.rglob("*") if file.is_file()),
        bool(state.get("complete")),
        holder_of(books),
        unlike(now, then),
    )


def _code_here(mine: dict[str, Any]) -> dict[str, Any]:
    """Return the digests of the code of this version for what is its own; what is a user's cannot be seen from here."""
    ours = digests_of(STANDARD, STANDARD_OUTCOMES) if mine["protocol"] == "standard" else {}
    return {key: ours.get(key, digest) for key, digest in mine["code"].items() if key != "order of items"}


def _of_parts(parts: Parts) -> tuple[dict[int, list[range]], list[str]]:
    there: dict[int, list[range]] = {}
    damaged = []
    for path in parts.paths():
        block = parts.load(path)
        if block is None:
            damaged.append(path.name)
            continue
        for line in block.lines:
            there.setdefault(line, []).append(block.runs)
    return there, damaged


def _of_marks(path: Path, books: Path, state: dict[str, Any], there: dict[int, list[range]]) -> list[str]:
    marks = Marks(books / "marks", path)
    damaged = marks.check()
    groups = cells_of(state["sizes"], state["together"])
    first, last = state["runs"]
    for (group, column), entry in marks.chunks.items():
        start = first + column * state["chunk"]
        for line in groups[group].lines:
            there.setdefault(line, []).append(range(start, min(first + entry["stop"], last)))
    return damaged


def _joined(spans: list[range]) -> list[range]:
    """Return spans of runs without what lies in two of them."""
    joined: list[range] = []
    for span in sorted(spans, key=lambda one: one.start):
        start = max(span.start, joined[-1].stop) if joined else span.start
        if start < span.stop:
            joined.append(range(start, span.stop))
    return joined
