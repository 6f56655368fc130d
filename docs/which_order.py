"""Write the figures and tables of docs/which-order.md. Not at every build, since it simulates for long.

    settlesim orders afghanistan-2018 --plan opening --runs 200 --rng 20180228 --workers 2 --out opening.nc
    python docs/which_order.py opening.nc --workers 2

The first command runs all 5,040 orders in 200 worlds; several files of other ranges of runs are joined.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from scipy.special import ndtri

import settlesim as ss
from settlesim.report.order_extremes import extreme_rows
from settlesim.report.order_tables import CALLED, share_rows, swap_rows

HERE = Path(__file__).parent
PAGE, FIGURES = HERE / "which-order.md", HERE / "figures"
RNG = 20180228
# What is asked of the two tables: each first with the other last, all else in the brief's own order.
REST = "recognition > prisoners > delisting > ceasefire > pakistan"
US_FIRST, KABUL_FIRST = f"us > {REST} > kabul", f"kabul > {REST} > us"
# Pairs of orders, and worlds for each, over which the channels' shares are averaged.
PAIRS, WORLDS_OF_A_PAIR = 12, 40
LEVEL = 0.95


def signed(value: float, places: int = 1) -> str:
    return f"{value:+.{places}f}"


def interval(row: dict, places: int = 1, scale: float = 1.0) -> str:
    low, high = (scale * row[end] for end in ("low", "high"))
    return f"{signed(scale * row['estimate'], places)} ({signed(low, places)} to {signed(high, places)})"


def rows_of(heads: list[str], rows: list[list[str]]) -> str:
    ruler = ["---" if i == 0 else "---:" for i in range(len(heads))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, ruler, *rows))


# -- all orders ------------------------------------------------------------------------------------------


def effects_of(result: xr.Dataset) -> dict[str, xr.Dataset]:
    found = {name: ss.order_effects(result, name, level=LEVEL) for name in ("settled", "standing", "deaths")}
    return found | {"insurgent victory": ss.order_effects(result, "outcome", kind="insurgent_victory", level=LEVEL)}


def spread(result: xr.Dataset, found: dict[str, xr.Dataset]) -> str:
    rows = []
    for name, effects in found.items():
        kind = "insurgent_victory" if name == "insurgent victory" else None
        extremes = extreme_rows(result, "outcome" if kind else name, kind)
        scale, places = (1.0, 0) if name == "deaths" else (100.0, 1)
        sd = scale * max(float(effects["variance"]), 0.0) ** 0.5
        # A coded outcome has no better end: its highest share comes first, which of this one is the worst.
        extremes = extremes[::-1] if kind else extremes
        ends = [f"{extremes[at]['mean']:,.{places}f}" for at in (0, -1)]
        rows.append([name, f"{sd:,.{places}f}", *ends, extremes[0]["order"], extremes[-1]["order"]])
    return rows_of(["", "sd between orders", "best", "worst", "best order", "worst order"], rows)


def swaps(found: dict[str, xr.Dataset]) -> str:
    pairs = [(row["first"], row["second"]) for row in swap_rows(found["settled"])]
    by_name = {name: {(r["first"], r["second"]): r for r in swap_rows(effects)} for name, effects in found.items()}
    rows = []
    for first, second in pairs:
        cells = [f"{first} before {second}"]
        for name, known in by_name.items():
            turned = (first, second) not in known
            row = known[(second, first) if turned else (first, second)]["swap"]
            if turned:
                row = {
                    "estimate": -row["estimate"],
                    "low": -row["high"],
                    "high": -row["low"],
                    "low_all": -row["high_all"],
                    "high_all": -row["low_all"],
                }
            text = interval(row, 0 if name == "deaths" else 1)
            cells.append(f"**{text}**" if row["low_all"] > 0 or row["high_all"] < 0 else text)
        rows.append(cells)
    return rows_of(["", "settled, points", "standing, points", "deaths", "insurgent victory, points"], rows)


def shares(found: dict[str, xr.Dataset]) -> str:
    tables = {name: {row["component"]: row for row in share_rows(effects)} for name, effects in found.items()}
    rows = []
    for component, called in CALLED.items():
        cells = [called]
        for table in tables.values():
            row = table[component]
            ends = [row["low"], row["high"]]
            shown = "not known" if None in ends else f"{100 * ends[0]:.0f} to {100 * ends[1]:.0f}"
            cells.append("-" if row["share"] is None else f"{100 * row['share']:.1f} ({shown})")
        rows.append(cells)
    return rows_of(["explained by, %", *tables], rows)


def answer(found: dict[str, xr.Dataset], worlds: int) -> str:
    parts = []
    for name, effects in found.items():
        one = effects.sel(first="us", second="kabul")
        scale, places, units = (1.0, 0, "deaths") if name == "deaths" else (100.0, 1, "points")
        row = {"estimate": float(one.swap), "low": float(one.swap_low), "high": float(one.swap_high)}
        parts.append(f"{name} {interval(row, places, scale)} {units}")
    return (
        f"With the United States before Kabul, less Kabul before the United States, everything else in the same places "
        f"(all 5,040 orders, paired in {worlds} worlds, {LEVEL:.0%} intervals): " + "; ".join(parts) + "."
    )


def draw_effects(result: xr.Dataset, found: dict[str, xr.Dataset]) -> None:
    figure = Figure(figsize=(15.5, 6.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    ss.plots.precedence(found["settled"], ax=left)
    ss.plots.positions(found["settled"], ax=right)
    figure.savefig(FIGURES / "which-order.png", dpi=110)
    ss.plots.ribbons(result, "settled").figure.savefig(FIGURES / "which-order-ribbons.png", dpi=110)


# -- the best --------------------------------------------------------------------------------------------


def raced(scenario: ss.Scenario, result: xr.Dataset, execution: ss.Execution) -> str:
    """Race for the five best with a tenth of the runs, and hold them against the five of the full experiment."""
    found = ss.best_orders(
        scenario, "opening", "settled", runs=result.sizes["run"], fraction=0.1, rng=RNG, execution=execution
    )
    means = result["settled"].mean("run")
    full = [str(name) for name in means.sortby(-means, ascending=True)["order"].values[:5]]
    both = list(dict.fromkeys([*found.best, *full]))
    # On luck that neither the race nor the full experiment has met.
    fresh = ss.orders(
        scenario,
        "opening",
        design=both,
        runs=range(100_000, 101_000),
        rng=RNG,
        outcomes=[one for one in ss.STANDARD_OUTCOMES if one.name == "settled"],
        execution=execution,
    )["settled"].astype(float)
    gap = fresh.sel(order=found.best).mean("order") - fresh.sel(order=full).mean("order")
    error = float(gap.std(ddof=1)) / gap.sizes["run"] ** 0.5
    spent = float(found.orders.attrs["spent"]) / float(found.orders.attrs["full"])
    rows = []
    for name in both:
        one = fresh.sel(order=name)
        value = f"{100 * float(one.mean()):.1f} ± {100 * float(one.std(ddof=1)) / one.sizes['run'] ** 0.5:.1f}"
        rows.append([name, "yes" if name in found.best else "", "yes" if name in full else "", value])
    table = rows_of(["order", "raced", "best five of all runs", "settled on fresh luck, % ± standard error"], rows)
    lead = found.neighbours
    worst = int(np.argmin(lead["settled_difference"].values))
    fragile = 100 * float(lead["settled_difference"][worst])
    ends = [100 * float(lead[f"settled_{end}"][worst]) for end in ("low", "high")]
    return (
        f"The race spent {100 * spent:.1f}% of the runs of the full experiment. On 1,000 fresh worlds its five settle "
        f"{100 * float(gap.mean()):+.1f} ± {100 * error:.1f} points more than the five that did best in the full "
        f"experiment.\n\n{table}\n\nOf the winner's neighbours, one swap of two moves away, the worst is `"
        f"{lead['neighbour'].values[worst]}`, {fragile:+.1f} points ({ends[0]:+.1f} to {ends[1]:+.1f}, simultaneous)."
    )


# -- why -------------------------------------------------------------------------------------------------


def exchanged(order: tuple[str, ...]) -> tuple[str, ...]:
    swap = {"us": "kabul", "kabul": "us"}
    return tuple(swap.get(move, move) for move in order)


def averaged(parts: list[xr.Dataset]) -> xr.Dataset:
    """Mean over pairs that met different worlds, with errors that follow; intervals are normal."""
    first, number = parts[0], len(parts)
    out = first.copy(deep=True)
    z = {"": ndtri(0.5 + LEVEL / 2), "all": ndtri(1 - (1 - LEVEL) / 2 / first.sizes["channel"])}
    for name in ("difference", "carried", "alone", "shapley"):
        error_name = "error" if name == "difference" else f"{name}_error"
        mean = sum(part[name] for part in parts) / number
        error = sum(part[error_name] ** 2 for part in parts) ** 0.5 / number
        reach = error * z["all" if name in ("carried", "alone") else ""]
        prefix = "" if name == "difference" else f"{name}_"
        out[name], out[error_name] = mean, error
        out[f"{prefix}low"], out[f"{prefix}high"] = mean - reach, mean + reach
    out["without"] = sum(part["without"] for part in parts) / number
    out["moved"] = sum(part["moved"] for part in parts) / number
    return out.assign_attrs(a="us before kabul", b="kabul before us", runs=sum(p.attrs["runs"] for p in parts))


def taken_apart(scenario: ss.Scenario, execution: ss.Execution) -> xr.Dataset:
    plan = scenario.plan("opening")
    drawn = [order for order in plan.sample(4 * PAIRS, RNG, distinct=True) if order.index("us") < order.index("kabul")]
    parts = []
    for number, order in enumerate(drawn[:PAIRS]):
        names = [" > ".join(one) for one in (order, exchanged(order))]
        runs = range(1000 + WORLDS_OF_A_PAIR * number, 1000 + WORLDS_OF_A_PAIR * (number + 1))
        parts.append(
            ss.channels(scenario, *names, "settled", plan=plan, orders=4, runs=runs, rng=RNG, execution=execution)
        )
        print(f"channels: {number + 1} of {PAIRS} pairs", flush=True)
    return averaged(parts)


def why_table(why: xr.Dataset) -> str:
    rows = []
    for at in np.argsort(-np.abs(why["shapley"].values)):
        one = why.isel(channel=int(at))
        cells = [str(one.label.values)]
        for name in ("shapley", "carried", "alone"):
            row = {"estimate": float(one[name]), "low": float(one[f"{name}_low"]), "high": float(one[f"{name}_high"])}
            text = interval(row, 1, 100)
            cells.append(f"**{text}**" if row["low"] > 0 or row["high"] < 0 else text)
        rows.append([*cells, f"{100 * float(one.moved):.0f}"])
    for state, called in (("all_off", "all channels off"), ("all_on", "all channels on")):
        one = why.sel(state=state)
        row = {"estimate": float(one.difference), "low": float(one.low), "high": float(one.high)}
        rows.append([f"*{called}*", interval(row, 1, 100), "", "", ""])
    return rows_of(["channel", "Shapley share, points", "carried", "alone", "changes the outcome in % of runs"], rows)


# -- where -----------------------------------------------------------------------------------------------


def where(found: xr.Dataset) -> str:
    def told(name: str, scale: float = 100.0) -> str:
        estimate, low, high = (scale * float(found[name].sel(statistic=key)) for key in ("estimate", "low", "high"))
        return f"{estimate:.1f} ({low:.1f} to {high:.1f})"

    rows = [
        ["mean difference, points of settlements", told("difference")],
        ["worlds whose expected difference has the other sign, %", told("flips")],
        ["the same counted on averages over 20 lucks, which luck inflates, %", told("naive_flips")],
        ["worlds in which the two never differ, %", told("same")],
        ["share of the variance of worlds' averages that is not luck's, %", told("reliability")],
    ]
    return rows_of(
        [f"{found.attrs['worlds']:,} worlds, {found.attrs['luck']} lucks each", "estimate (95% interval)"], rows
    )


def boxes(found: xr.Dataset) -> str:
    table = ss.regions(found)
    rows = []
    for one in (table.isel(box=i) for i in range(table.sizes["box"])):
        inside = f"{100 * float(one.difference):+.1f} ({100 * float(one.low):+.1f} to {100 * float(one.high):+.1f})"
        rows.append(
            [
                str(one.rule.values),
                str(one.verdict.values),
                f"{100 * float(one.mass):.0f}",
                inside,
                f"{100 * float(one.outside):+.1f}",
            ]
        )
    return rows_of(["worlds in which", "verdict", "% of worlds", "difference within, points", "without"], rows)


def hangs_on(found: xr.Dataset) -> str:
    table = ss.sensitivity(found).isel(parameter=slice(8))
    rows = []
    for one in (table.isel(parameter=i) for i in range(table.sizes["parameter"])):
        first = f"{float(one['first']):.2f} ({float(one.first_low):.2f} to {float(one.first_high):.2f})"
        pawn = f"{float(one.pawn):.2f} ({float(one.pawn_low):.2f} to {float(one.pawn_high):.2f})"
        rows.append([f"`{one.parameter.values}`", first, pawn, f"{float(one.pawn_null):.2f}"])
    return rows_of(["parameter", "first-order index", "PAWN", "PAWN without effect, at most"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=("orders", "race", "why", "where"))
    asked = parser.parse_args()
    scenario, execution = ss.load("afghanistan-2018"), ss.Execution(workers=asked.workers)
    page = PAGE.read_text(encoding="utf-8")

    def put(name: str, text: str) -> None:
        nonlocal page
        mark = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->", re.S)
        assert mark.search(page), name
        page = mark.sub(lambda _: f"<!-- {name} -->\n{text}\n<!-- /{name} -->", page)
        PAGE.write_text(page, encoding="utf-8")

    parts = [ss.open(path) for path in asked.results]
    result = parts[0] if len(parts) == 1 else xr.concat(parts, "run", data_vars="minimal", coords="minimal")
    if "race" in asked.only:
        put("race", raced(scenario, result, execution))
    if "orders" in asked.only:
        found = effects_of(result)
        put("answer", answer(found, result.sizes["run"]))
        put("spread", spread(result, found))
        put("swaps", swaps(found))
        put("shares", shares(found))
        draw_effects(result, found)
    if "why" in asked.only:
        why = taken_apart(scenario, execution)
        put("why", why_table(why))
        ss.plots.channels(why).figure.savefig(FIGURES / "which-order-channels.png", dpi=110)
    if "where" in asked.only:
        turned = ss.flips(
            scenario,
            US_FIRST,
            KABUL_FIRST,
            "settled",
            plan="opening",
            worlds=500,
            luck=20,
            rng=RNG,
            execution=execution,
        )
        put("where", where(turned))
        put("boxes", boxes(turned))
        put("hangs-on", hangs_on(turned))
        ss.plots.flip_map(turned).figure.savefig(FIGURES / "which-order-flips.png", dpi=110)


if __name__ == "__main__":
    main()
