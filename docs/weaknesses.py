"""Measure again what docs/model.md says under known weaknesses, and that what the second edition mended stays mended.

python docs/weaknesses.py               # a few minutes of one core
python docs/weaknesses.py base_rates    # writes how runs without talks end into docs/model.md
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

import settlesim as ss

RUNS = 600
PLANS = ["kabul_first", "trilateral", "confidence_first"]


def compare(scenario, **options):
    return ss.compare(scenario, PLANS, runs=RUNS, rng=7, **options)


def offers_times(scenario, name, factor):
    """The same war with the worth (or the cost) of every offer so many times as great."""
    tree = scenario.tree()
    for concession in tree["concessions"].values():
        if concession.get("pie", True):
            number = concession[name]
            for end in ("low", "mode", "high"):
                number[end] = number[end] * factor
    return ss.Scenario.model_validate(tree)


def shift(low, high, plan, outcome="settled"):
    gained = (high[outcome].astype(float) - low[outcome].astype(float)).sel(sequence=plan).values
    return f"{100 * gained.mean():+.1f} ± {100 * gained.std(ddof=1) / np.sqrt(RUNS):.1f} points"


# ---- what was mended ----


def offers(war):
    for name, meaning in (("value", "worth"), ("cost", "cost")):
        low, high = (compare(offers_times(war, name, factor)) for factor in (0.5, 1.5))
        for plan in PLANS:
            print(f"{meaning} of the offers x 0.5 -> x 1.5, {plan}: settled {shift(low, high, plan)}")


def commitment(war):
    weak, strong = (compare(war.with_parameters(commitment_decay=decay)) for decay in (1.0, 8.0))
    for plan in PLANS:
        changed = int((weak.outcome != strong.outcome).sel(sequence=plan).sum())
        print(f"commitment_decay 1 -> 8, {plan}: outcome class changes in {changed} of {RUNS} runs")


def deals(war):
    """What was signed outside the zone, above the red line, or with less than a quorum behind it."""
    result = compare(war)
    for plan in PLANS:
        one = result.sel(sequence=plan)
        one = one.isel(run=np.flatnonzero(one.zone_at_signing.notnull().values))
        outside = (one.reservation_at_signing > one.limit_at_signing).values
        beyond = (one.signed_share > one.red_line_share + 1e-9).values
        few = (one.backing_at_signing < one.quorum).values
        counts = ", ".join(
            f"{what} {100 * np.mean(which) if len(which) else 0:.0f}%"
            for what, which in (
                ("r_T > m_K", outside),
                ("zone below 0", (one.zone_at_signing < 0).values),
                ("above the red line", beyond),
                ("below the quorum", few),
            )
        )
        print(f"deals signed, {plan}: {one.sizes['run']}, {counts}")


def quiet_before_a_ceasefire(war):
    result = ss.simulate(war, sequence="ceasefire_first", runs=RUNS, rng=7, record=["ceasefire"])
    opened = result.track_opened_week.squeeze("sequence").min("track").values
    held = result.ceasefire_weekly.squeeze("sequence").transpose("run", "week").values.astype(bool)
    begun = np.where(held.any(axis=1), held.argmax(axis=1), np.inf)
    print(f"ceasefire_first: tables open before any ceasefire in {100 * np.mean(opened < begun):.0f}% of runs")


# ---- what stands ----


def plans_alike(war):
    """How much the shipped plans differ beside their order: troops, and time at a table."""
    result = ss.compare(war, runs=RUNS, rng=7)
    for plan in result.sequence.values:
        one = result.sel(sequence=plan)
        print(
            f"{plan}: settled {100 * float((one.settled == 1).mean()):.1f}%, rounds held "
            f"{float(one.rounds.sum('track').mean()):.1f}, troops at the end {float(one.troops.mean()):.1f} thousand"
        )
    kinds = result.outcome.attrs["flag_meanings"].split()
    never = [kind for code, kind in enumerate(kinds) if not bool((result.outcome == code).any())]
    print(f"final outcome of no run of any plan: {', '.join(never) or 'none'}")


def percent(share, low, high):
    return f"{100 * share:.1f} ({100 * low:.1f} to {100 * high:.1f})" if np.isfinite(share) else "no such ending"


def base_rates(war, runs=2000):
    """A table in Markdown: how wars ended elsewhere, and how runs of the reference sequence did."""
    result = ss.simulate(war, sequence=war.reference_sequence, runs=runs, rng=7)
    table = ss.base_rates(result, war.base_rates)
    lines = [
        f"| Of those that ended | {war.base_rates.n} dyads, 1989-2013, % | {table.ended:,} of {runs:,} runs, % |",
        "| --- | --- | --- |",
    ]
    for row in (table.sel(termination=name) for name in table.termination.values):
        there = percent(*(float(row[name]) for name in ("observed", "observed_low", "observed_high")))
        here = percent(*(float(row[name]) for name in ("simulated", "low", "high")))
        lines.append(f"| {row.label.item()} | {there} | {here} |")
    return "\n".join(lines)


def written(text):
    """docs/model.md with its measured table anew."""
    page = Path(__file__).with_name("model.md")
    block = re.compile(r"(<!-- measured: base_rates -->\n).*?(<!-- end -->)", re.DOTALL)
    found, count = block.subn(lambda match: f"{match[1]}{text}\n{match[2]}", page.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError("docs/model.md has no place for the base rates")
    page.write_text(found, encoding="utf-8")


def main() -> None:
    war = ss.load("afghanistan-2018")
    if sys.argv[1:] == ["base_rates"]:
        written(base_rates(war))
        return
    offers(war)
    commitment(war)
    deals(war)
    quiet_before_a_ceasefire(war)
    plans_alike(war)


if __name__ == "__main__":
    main()
