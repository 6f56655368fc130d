"""The orders that did best and worst in an experiment, as a table and as rows for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from settlesim.analysis.order_worlds import worlds_of
from settlesim.analysis.statistics import better_end, wilson
from settlesim.report.canvas import said
from settlesim.report.measures import reach_decimals

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["extreme_rows", "extreme_table"]

SHOWN = 5


def extreme_rows(dataset: xr.Dataset, variable: str, kind: str | None = None) -> list[dict[str, Any]]:
    """Return the orders with the best and the worst means, the best first.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `orders`, every world under all orders.
    variable : str
        An outcome.
    kind : str, optional
        For a coded outcome: the meaning whose share counts.

    Returns
    -------
    list of dict
        ``place`` among all orders, ``order``, ``mean`` with its Monte Carlo ``error``, and ``against_all``: the paired
        difference from the mean over all orders, with ``against_all_error``; in the units of the outcome's tables.
        Empty where worlds met different orders.
    """
    worlds = worlds_of(dataset, variable, kind)
    if not worlds.crossed:
        return []
    scale, _ = _scale(worlds.attrs)
    n = worlds.values.shape[1]
    means = worlds.values.mean(axis=1)
    lowest = better_end(dataset[variable]) == "lowest"
    ranked = np.argsort(means if lowest else -means, kind="stable")
    over_all = worlds.values.mean(axis=0)
    names = [str(name) for name in dataset["order"].values]
    rows = []
    for place in sorted({*range(min(SHOWN, len(ranked))), *range(max(0, len(ranked) - SHOWN), len(ranked))}):
        one = worlds.values[ranked[place]]
        apart = one - over_all
        rows.append(
            {"place": place + 1, "order": names[ranked[place]]}
            | {"mean": scale * float(one.mean()), "error": scale * float(one.std(ddof=1)) / n**0.5}
            | {"against_all": scale * float(apart.mean())}
            | {"against_all_error": scale * float(apart.std(ddof=1)) / n**0.5}
        )
    return rows


def _scale(attrs: dict[str, Any]) -> tuple[float, str]:
    """Factor and unit in which an outcome is told; of a coded one it is the share of one meaning."""
    return (100.0, "%") if attrs["kind"] in ("share", "bounded") else (1.0, str(attrs["units"]))


def extreme_table(dataset: xr.Dataset, variable: str, kind: str | None = None) -> Table | None:
    """Best and worst orders; None where worlds met different orders, so that none has them all."""
    rows = extreme_rows(dataset, variable, kind)
    if not rows:
        return None
    worlds = worlds_of(dataset, variable, kind)
    units, runs = _scale(worlds.attrs)[1], worlds.values.shape[1]
    of = said(variable) + (f" ({said(kind)})" if kind else "")
    count = dataset.sizes["order"]
    table = Table(title=f"{of}, {units}: best and worst of {count:,} orders, {runs:,} runs each", title_justify="left")
    table.caption = Text(
        "± Monte Carlo standard errors, or 95% intervals where no run or every run has it; the difference is paired in "
        "worlds. Means flatter the best and slander the worst, chosen by these very runs: ss.best_orders tries "
        "winners again on fresh luck."
    )
    table.caption_justify = "left"
    for heading in ("place", "mean", "less the mean of all orders"):
        table.add_column(heading, justify="right")
    table.add_column("order")
    places = reach_decimals(dataset[variable], [row["mean"] for row in rows], [row["error"] for row in rows])
    before = 0
    for row in rows:
        if row["place"] > before + 1:
            table.add_row("…", "", "", "")
        before = row["place"]
        mean = f"{row['mean']:,.{places}f} ± {row['error']:,.{places}f}"
        if row["error"] == 0.0:
            mean = f"{row['mean']:,.{places}f} in every run"
        if row["error"] == 0.0 and worlds.attrs["kind"] == "share":
            # No run or every run: the error is not zero, but not seen.
            low, high = (100 * float(end) for end in wilson(row["mean"] / 100, runs, 0.95))
            mean = f"{row['mean']:,.{places}f} ({low:,.{places}f} to {high:,.{places}f})"
        apart = f"{row['against_all']:+,.{places}f} ± {row['against_all_error']:,.{places}f}"
        if row["against_all_error"] == 0.0:
            apart = f"{row['against_all']:+,.{places}f} in every run"
        table.add_row(f"{row['place']:,}", mean, apart, Text(said(row["order"])))
    return table
