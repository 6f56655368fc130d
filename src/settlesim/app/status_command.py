"""The command that says how far the experiment in a store is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from settlesim.app import terminal
from settlesim.app.answers import print_answer, provenance
from settlesim.app.options import Json
from settlesim.experiments.store_status import StoreStatus, status_of

__all__ = ["status"]

SHOWN = 12


def status(
    store: Annotated[str, typer.Argument(help="A .zarr, finished or growing, or a file with its .parts beside it.")],
    as_json: Json = False,
) -> None:
    """Say which experiment a store holds, how far it is, whether it is whole, and who is at work on it."""
    found = status_of(store)
    if as_json:
        print_answer(provenance(), _plain(found))
        return
    for line in _told(found):
        terminal.say(line)


def _plain(found: StoreStatus) -> dict[str, Any]:
    asked = None if found.runs is None else found.runs[1] - found.runs[0]
    return {
        "store": str(found.path),
        "experiment": found.experiment,
        "runs_asked": asked,
        "runs_done": found.done,
        "complete": found.complete,
        "damaged": found.damaged,
        "bytes": found.bytes,
        "holder": found.holder,
        "resumable": not found.hindrances,
        "hindrances": found.hindrances,
    }


def _told(found: StoreStatus) -> list[str]:
    of = found.experiment
    asked = "" if found.runs is None else f" of {found.runs[1] - found.runs[0]:,}"
    state = "complete" if found.complete else "unfinished"
    lines = [
        f"{found.path}: {state}, {found.bytes / 1e6:,.1f} MB",
        f"scenario {of['scenario_digest'][:16]}, entropy {of['entropy']}, "
        f"settlesim {of['settlesim']}, numpy {of['numpy']}",
    ]
    names = list(found.done)
    lines += [f"  {name}: {found.done[name]:,}{asked} runs" for name in names[:SHOWN]]
    if len(names) > SHOWN:
        whole = sum(found.done[name] for name in names[SHOWN:])
        lines.append(f"  and {len(names) - SHOWN:,} more with {whole:,} runs together")
    if found.damaged:
        more = f" and {len(found.damaged) - 1} more" if len(found.damaged) > 1 else ""
        lines.append(f"damaged: {found.damaged[0]}{more}; the same command computes again what they hold")
    if found.holder is not None:
        who = found.holder
        lines.append(
            f"being written by process {who.get('pid')} on {who.get('host')}, since {who.get('started')}"
            if who
            else "being written by another process"
        )
    if found.hindrances:
        lines.append(f"the code here would not go on from it: {', '.join(found.hindrances)}")
    elif not found.complete:
        lines.append("the same command goes on from there")
    return lines
