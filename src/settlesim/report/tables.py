"""Tables of results for a terminal, and the same as plain rows for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from settlesim.analysis.differences import differences
from settlesim.analysis.incidence import incidence, incidence_title
from settlesim.analysis.ranking import rank
from settlesim.analysis.statistics import INDEPENDENT, error_basis, is_share, runs_present
from settlesim.analysis.summary import summary
from settlesim.errors import UsageError
from settlesim.report.measures import (
    decimals,
    is_reference,
    lines_of,
    meanings,
    reach_decimals,
    runs_told,
    scale_of,
    titled,
)
from settlesim.report.told import BOUNDS, NO_RUN, count_told, interval_told, mean_told, share_told

if TYPE_CHECKING:
    import xarray as xr

    from settlesim.scenario.plan import Plan
    from settlesim.scenario.scenario import Scenario

__all__ = [
    "CAUTION",
    "base_rate_rows",
    "base_rate_table",
    "difference_rows",
    "difference_table",
    "incidence_rows",
    "incidence_table",
    "order_count",
    "outcome_rows",
    "outcome_table",
    "rank_rows",
    "rank_table",
    "scenario_tables",
]

CAUTION = (
    "A comparison of distributions under stated assumptions, not a forecast: parameters are drawn from priors, "
    "many of them elicited, and every sequence meets the same worlds and the same luck."
)
Rows = list[dict[str, Any]]


# What a line of outcomes tells besides the shares of the outcome's meanings.
TOLD = ("signed", "settled", "standing", "comprehensive", "settlement_week", "deaths", "deaths_lived", "relapsed")
# Weeks between the columns of a table of incidence.
YEAR = 52


def _table(dataset: xr.Dataset, title: str, heads: Iterable[str], **how: Any) -> Table:
    """A table that says at its foot what the outcomes mean that head it."""
    said = [f"{name}: {meaning}" for name, meaning in meanings(dataset, list(heads)).items()]
    basis = error_basis(dataset)
    if dataset.attrs.get("across") == "scenario":
        said.append("Sequences of different scenarios, compared on purpose under the same luck.")
    if basis != INDEPENDENT:
        said.append(f"Errors and intervals: from {basis}.")
    # Text, since a string would be read for markup.
    foot = Text("\n".join(said)) if said else None
    return Table(title=title, title_justify="left", caption=foot, caption_justify="left", **how)


def outcome_rows(dataset: xr.Dataset) -> Rows:
    """Share of each outcome by sequence with its Monte Carlo error, and means of what a reader asks for first.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate` or `compare`.

    Returns
    -------
    list of dict
        One row a sequence, the reference last: ``sequence``, ``reference``, ``runs``, ``outcomes`` (meaning to share
        and error), and ``estimate`` and ``error`` of ``signed``, ``settled``, ``standing``, ``comprehensive``,
        ``settlement_week``, ``deaths`` (to the horizon), ``deaths_lived`` (a week lived) and ``relapsed``, with ``n``,
        the number of runs that have them.
    """
    told = [name for name in TOLD if name in dataset]
    table = summary(dataset, ["outcome", *told])
    rows: Rows = []
    for sequence in lines_of(dataset):
        one = table.sel(sequence=sequence)
        shares = {
            str(kind): {
                "share": float(one["outcome"].sel(statistic="estimate", outcome_kind=kind)),
                "error": float(one["outcome"].sel(statistic="error", outcome_kind=kind)),
            }
            for kind in one["outcome_kind"].values
        }
        row: dict[str, Any] = {"sequence": sequence, "reference": is_reference(dataset, sequence)}
        row |= {"runs": int(one["outcome"].sel(statistic="n").max()), "outcomes": shares}
        for name in told:
            row[name] = {key: float(one[name].sel(statistic=key)) for key in ("estimate", "error", "n")}
        rows.append(row)
    return rows


def outcome_table(dataset: xr.Dataset) -> Table:
    """Distribution of outcomes by sequence, in % of runs ± Monte Carlo standard error; deaths in numbers."""
    rows = outcome_rows(dataset)
    kinds = [k for k in rows[0]["outcomes"] if any(row["outcomes"][k]["share"] > 0 for row in rows)]
    more = {"signed": "signed", "standing": "standing", "deaths": "deaths", "deaths_lived": "deaths a week lived"}
    more = {name: heading for name, heading in more.items() if name in rows[0]}
    heads = [*more, *("comprehensive" for kind in kinds if kind.startswith("comprehensive"))]
    table = _table(dataset, f"Outcomes, % of {runs_told(dataset)} ± Monte Carlo standard error; {BOUNDS}", heads)
    table.add_column("sequence", no_wrap=True)
    for heading in [kind.replace("_", " ") for kind in kinds] + list(more.values()):
        table.add_column(heading, justify="right")
    for row in rows:
        runs = row["runs"]
        shares = [share_told(n=runs, **row["outcomes"][kind]) for kind in kinds]
        means = []
        for name in more:
            tell = share_told if is_share(dataset[name]) else mean_told
            means.append(tell(row[name]["estimate"], row[name]["error"], row[name]["n"]))
        table.add_row(titled(dataset, row["sequence"]), *shares, *means)
    return table


def incidence_rows(dataset: xr.Dataset, event: str = "first") -> Rows:
    """Cumulative incidence of events at the end of each year, and at the horizon.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate` or `compare`.
    event : {"first", "final"} or str
        As for `incidence`.

    Returns
    -------
    list of dict
        One row a sequence and kind of event: ``sequence``, ``kind``, ``weeks``, ``incidence``, ``low``, ``high``.
    """
    course = incidence(dataset, event)
    horizon = int(course["week"][-1])
    weeks = [*range(YEAR, horizon, YEAR), horizon]
    axis = f"{course.attrs['event']}_kind"
    if axis not in course.dims:
        course = course.expand_dims({axis: [course.attrs["event"]]})
    rows: Rows = []
    for sequence in lines_of(dataset):
        for kind in (str(name) for name in course[axis].values):
            one = course.sel({"sequence": sequence, axis: kind, "week": weeks})
            row: dict[str, Any] = {"sequence": sequence, "kind": kind, "weeks": weeks}
            rows.append(row | {name: one[name].values.tolist() for name in ("incidence", "low", "high")})
    return rows


def incidence_table(dataset: xr.Dataset, event: str = "first") -> Table:
    """Cumulative incidence by week, in % of runs with 95% intervals; its title says of which events."""
    rows = incidence_rows(dataset, event)
    title = incidence_title(event)
    told = f"{title[:1].upper()}{title[1:]}, % of {runs_told(dataset)} by week (95% interval)"
    table = _table(dataset, told, ())
    for heading in ("sequence", "event"):
        table.add_column(heading, no_wrap=True)
    for week in rows[0]["weeks"]:
        table.add_column(f"week {week}", justify="right")
    for row in rows:
        if row["incidence"][-1] > 0:
            cells = zip(row["incidence"], row["low"], row["high"], strict=True)
            shown = (f"{100 * share:.1f} ({100 * low:.1f} to {100 * high:.1f})" for share, low, high in cells)
            table.add_row(titled(dataset, row["sequence"]), row["kind"].replace("_", " "), *shown)
    return table


def difference_rows(dataset: xr.Dataset, variable: str, baseline: str | None = None) -> Rows:
    """Paired differences of an outcome against the baseline.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compare`.
    variable : str
        An outcome.
    baseline : str, optional
        The sequence compared with.

    Returns
    -------
    list of dict
        One row a sequence, the reference last and marked so: ``difference``, ``low``, ``high``, ``n``, and
        ``variance_ratio``, the variance of the paired difference relative to independent runs.
    """
    table = differences(dataset, variable, baseline=baseline)
    keys = ("difference", "error", "low", "high", "n", "variance_ratio")
    return [
        {"sequence": name, "reference": is_reference(dataset, name)}
        | {"baseline": table.attrs["baseline"], "variable": variable}
        | {key: float(table[key].sel(sequence=name)) for key in keys}
        for name in lines_of(dataset)
        if name != table.attrs["baseline"]
    ]


def difference_table(dataset: xr.Dataset, variable: str, baseline: str | None = None) -> Table:
    """Paired differences with 95% intervals; an interval that leaves out zero is set in bold."""
    rows = difference_rows(dataset, variable, baseline)
    scale, unit = scale_of(dataset[variable])
    ends = [scale * row[end] for row in rows for end in ("low", "high")]
    reach = [scale * (row["high"] - row["low"]) / 2 for row in rows]
    places = max(decimals(dataset[variable], ends), min(reach_decimals(dataset[variable], ends, reach), 3))
    ns = sorted({int(row["n"]) for row in rows})
    pairs = f"{ns[0]:,} to {ns[-1]:,}" if len(ns) > 1 else f"{ns[0]:,}"
    title = f"{variable}: difference from {titled(dataset, rows[0]['baseline'])}, {unit}, {pairs} runs in pairs"
    table = _table(dataset, title, [variable])
    table.add_column("sequence", no_wrap=True)
    for heading in ("difference", "95% interval, each alone", "common luck saves"):
        table.add_column(heading, justify="right")
    for row in rows:
        low, high = scale * row["low"], scale * row["high"]
        ratio = row["variance_ratio"]
        # Runs that independent luck would need for the same error, relative to these.
        saved = f"{1 / ratio:.1f} x" if np.isfinite(ratio) and ratio > 0 else "all" if ratio == 0 else "not known"
        clear = "bold" if low > 0 or high < 0 else ""
        middle = f"{scale * row['difference']:+,.{places}f}" if row["n"] else NO_RUN
        cells = (middle, interval_told(low, high, row["n"], places))
        table.add_row(titled(dataset, row["sequence"]), *(Text(cell, style=clear) for cell in cells), saved)
    return table


def rank_rows(dataset: xr.Dataset, variable: str) -> Rows:
    """Order of the sequences by expected value, the better end first, and in how many runs the next does better.

    The reference is no plan: it has no place, and comes last.
    """
    plans = [name for name in lines_of(dataset) if not is_reference(dataset, name)]
    table = rank(dataset.sel(sequence=plans), variable)
    names = [str(name) for name in table["sequence"].values]
    rows: Rows = []
    for i, name in enumerate(names):
        row = {"place": int(table["place"][i]), "sequence": name}
        row |= {key: float(table[key][i]) for key in ("value", "first")}
        if i + 1 < len(names):
            row["next_better"] = float(table["reversed_runs"][i, i + 1])
            row["ties_with_next"] = float(table["ties"][i, i + 1])
        rows.append(row)
    for name in lines_of(dataset)[len(plans) :]:
        mean = float(summary(dataset, variable)[variable].sel(statistic="estimate", sequence=name))
        rows.append({"place": None, "sequence": name, "reference": True, "value": mean})
    return rows


def rank_table(dataset: xr.Dataset, variable: str) -> Table:
    """Ranking with the share of runs in which each neighbour pair stands the other way round, luck included."""
    runs = len(runs_present(dataset))
    title = (
        f"Ranking by {variable}, {runs_told(dataset)}, luck included; in how many worlds it turns, luck averaged out, "
        "is for ss.flips to say"
    )
    table = _table(dataset, title, [variable])
    headings = ("", "sequence", "mean", "first in resamples", "runs in which the next does better")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "sequence" else "right")
    rows = rank_rows(dataset, variable)
    scale = scale_of(dataset[variable])[0]
    places = decimals(dataset[variable], [scale * row["value"] for row in rows])
    for row in rows:
        mean = f"{scale * row['value']:,.{places}f}" + ("%" if is_share(dataset[variable]) else "")
        first = f"{100 * row['first']:.0f}%" if "first" in row else ""
        other = count_told(row["next_better"], runs) if "next_better" in row else ""
        place = "" if row["place"] is None else str(row["place"])
        table.add_row(place, titled(dataset, row["sequence"]), mean, first, other)
    return table


def base_rate_rows(table: xr.Dataset) -> Rows:
    """Rows of `base_rates`: how wars ended elsewhere, and in the runs that ended."""
    keys = ("observed", "observed_low", "observed_high", "simulated", "low", "high")
    rows: Rows = []
    for name in (str(one) for one in table["termination"].values):
        one = table.sel(termination=name)
        row: dict[str, Any] = {"termination": name, "outcomes": one["outcomes"].item().split()}
        rows.append(row | {key: float(one[key]) for key in keys})
    return rows


def base_rate_table(table: xr.Dataset) -> Table:
    """How wars ended elsewhere beside how the runs did, in % of those that ended."""
    runs, ended, n = (table.attrs[key] for key in ("runs", "ended", "observed_n"))
    shown = Table(title=f"{table.attrs['sequence']}: how it ended, beside base rates", title_justify="left")
    shown.caption = Text(
        f"{table.attrs['meaning']} {table.attrs['source']} [{table.attrs['tag']}]. Shares of those that ended: "
        f"{n:,} wars, {ended:,} of {runs:,} runs; 95% intervals. An ending without outcomes is none of the model's."
    )
    shown.caption_justify = "left"
    for heading in ("termination", "outcomes counted as it", "wars, %", "runs, %"):
        shown.add_column(heading, justify="right" if "%" in heading else "left")
    for row, label in zip(base_rate_rows(table), table["label"].values, strict=True):
        cells = []
        for share, low, high in (("observed", "observed_low", "observed_high"), ("simulated", "low", "high")):
            known = np.isfinite(row[share])
            missing = (
                "none of the model's" if not row["outcomes"] else "no run ended" if share == "simulated" else NO_RUN
            )
            told = f"{100 * row[share]:.1f} ({100 * row[low]:.1f} to {100 * row[high]:.1f})"
            cells.append(told if known else missing)
        outcomes = ", ".join(name.replace("_", " ") for name in row["outcomes"])
        shown.add_row(Text(str(label)), outcomes or "none", *cells)
    return shown


def scenario_tables(scenario: Scenario) -> list[Table]:
    """Who fights, what can be given, which sequences there are: tables for `settlesim show`."""
    actors = Table(title="Actors", title_justify="left")
    for heading in ("role", "label", "source"):
        actors.add_column(heading)
    for role, actor in scenario.actors.items():
        actors.add_row(role, actor.label, f"{actor.source} [{actor.tag}]")
    tracks = Table(title="Tracks", title_justify="left")
    for heading in ("track", "parties", "issues"):
        tracks.add_column(heading)
    for name, track in scenario.tracks.items():
        tracks.add_row(name, ", ".join(track.parties), ", ".join(track.issues))
    concessions = Table(title="Concessions (shares of the prize, central values)", title_justify="left")
    for heading in ("concession", "by", "value", "cost", "reversibility"):
        concessions.add_column(heading)
    for name, c in scenario.concessions.items():
        numbers = (f"{c.value.central:.3g}", f"{c.cost.central:.3g}", f"{c.reversibility:g}")
        concessions.add_row(name, ", ".join(c.by), *numbers)
    plans = Table(title="Sequences", title_justify="left")
    for heading in ("sequence", "what happens"):
        plans.add_column(heading)
    for name, plan in scenario.sequences.items():
        plans.add_row(name, plan.description or plan.label)
    found = [actors, tracks, concessions, plans]
    if scenario.plans:
        orders = Table(title="Plans, to be run in every order", title_justify="left")
        for heading in ("plan", "moves", "orders"):
            orders.add_column(heading)
        for name, one in scenario.plans.items():
            orders.add_row(name, ", ".join(one.moves), order_count(one))
        found.append(orders)
    if scenario.channels:
        channels = Table(title="Channels: ways by which one move acts on another", title_justify="left")
        for heading in ("channel", "what acts on what", "held off by"):
            channels.add_column(heading)
        for name, channel in scenario.channels.items():
            channels.add_row(name, channel.description or channel.label, Text(channel.values))
        found.append(channels)
    return found


def order_count(plan: Plan) -> str:
    """Return the number of orders of a plan in words, also where they are too many to be counted."""
    try:
        return f"{plan.count():,}"
    except UsageError:
        return "more than can be counted"
