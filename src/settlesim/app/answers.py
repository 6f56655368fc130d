"""Answers as JSON: where the numbers come from, and the numbers; what is no number is null."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from settlesim.app import terminal
from settlesim.app.commands import begun

if TYPE_CHECKING:
    import xarray as xr

    from settlesim.scenario.scenario import Scenario

__all__ = ["print_answer", "print_estimate", "print_json", "provenance"]


def provenance(
    war: Scenario | None = None,
    result: xr.Dataset | None = None,
    *,
    runs: int | None = None,
    entropy: int | str | None = None,
    engine: str | None = None,
    method: str | None = None,
) -> dict[str, Any]:
    """Return where an answer comes from; what has no place in it is null.

    Parameters
    ----------
    war : Scenario, optional
        The conflict, as it was run, with all that was set.
    result : xarray.Dataset, optional
        Says how it was simulated.
    runs : int, optional
        Runs of each sequence that were asked for.
    entropy, engine, method : optional
        Where there is no result to say them.
    """
    from settlesim.results.dataset import version

    command, seconds = begun()
    attrs = {} if result is None else result.attrs
    completed = None if result is None or "run" not in result.sizes else int(result.sizes["run"])
    simulated = completed is not None or engine is not None
    drawn = attrs.get("entropy", entropy)
    return {
        "settlesim": version(),
        "command": command,
        "scenario": None if war is None else {"name": war.name, "digest": war.digest()},
        # As text: most readers of JSON lose digits of whole numbers beyond 2**53.
        "entropy": None if drawn is None else str(drawn),
        "method": attrs.get("method", method),
        "engine": attrs.get("engine", engine),
        "protocol": attrs.get("protocol", "standard" if simulated else None),
        "runs_asked": runs,
        "runs_completed": completed if completed is not None else attrs.get("runs"),
        "interrupted": bool(attrs.get("interrupted", False)),
        "seconds": round(seconds, 3),
    }


def print_answer(source: dict[str, Any], answer: dict[str, Any]) -> None:
    """Print where an answer comes from, and the answer."""
    print_json({"provenance": source, **answer})


def print_estimate(call: Callable[[], Any], war: Scenario, runs: int, as_json: bool) -> None:
    """Print what an experiment would take, in place of carrying it out."""
    from settlesim.experiments.estimate import estimate

    found = estimate(call)
    if as_json:
        print_answer(provenance(war, runs=runs), {"estimate": found.as_dict()})
    else:
        terminal.say(str(found))


def print_json(answer: Any) -> None:
    """Print JSON that any reader accepts: what is no number is null."""
    print(json.dumps(_finite(answer), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    # What numpy or the calendar has: a number, else as it is written.
    return _finite(value.item()) if hasattr(value, "item") else str(value)
