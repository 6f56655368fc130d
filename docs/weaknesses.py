"""Measure again what docs/model.md says of mechanisms that do nothing, or the opposite of what they are for.

python docs/weaknesses.py               # about two minutes of one core
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


def with_offers(scenario, factor):
    """The same war with every offer worth so many times as much to the insurgency, at the same cost."""
    tree = scenario.tree()
    for concession in tree["concessions"].values():
        if concession.get("pie", True):
            value = concession["value"]
            for name in ("low", "mode", "high"):
                value[name] = value[name] * factor
    return ss.Scenario.model_validate(tree)


def generosity(war):
    few, many = (compare(with_offers(war, factor)).settled.astype(float) for factor in (0.5, 1.5))
    for plan in PLANS:
        gained = (many - few).sel(sequence=plan).values
        error = gained.std(ddof=1) / np.sqrt(RUNS)
        print(f"offers x 0.5 -> x 1.5, {plan}: settled {100 * gained.mean():+.1f} ± {100 * error:.1f} points")


def commitment(war):
    weak, strong = (compare(war.with_parameters(commitment_decay=decay)) for decay in (1.0, 8.0))
    for plan in PLANS:
        changed = int((weak.outcome != strong.outcome).sel(sequence=plan).sum())
        print(f"commitment_decay 1 -> 8, {plan}: outcome class changes in {changed} of {RUNS} runs")


def zone_at_signing(war):
    result = compare(war, record=["zone"])
    for plan in PLANS:
        one = result.sel(sequence=plan)
        signed = np.flatnonzero(one.settlement_week.notnull().values)
        week = one.settlement_week.values[signed].astype(int)
        zone = one.zone_weekly.transpose("run", "week").values[signed, week]
        beyond = one.signed_share.values[signed] > one.red_line_share.values[signed]
        print(
            f"deals signed, {plan}: {len(signed)}, without a zone of agreement {100 * np.mean(zone < 0):.0f}%, "
            f"beyond the red line {100 * np.mean(beyond):.0f}%"
        )


def quiet_before_a_ceasefire(war):
    result = ss.simulate(war, sequence="ceasefire_first", runs=RUNS, rng=7, record=["ceasefire"])
    opened = result.track_opened_week.squeeze("sequence").min("track").values
    held = result.ceasefire_weekly.squeeze("sequence").transpose("run", "week").values.astype(bool)
    begun = np.where(held.any(axis=1), held.argmax(axis=1), np.inf)
    print(f"ceasefire_first: tables open before any ceasefire in {100 * np.mean(opened < begun):.0f}% of runs")


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
    generosity(war)
    commitment(war)
    zone_at_signing(war)
    quiet_before_a_ceasefire(war)


if __name__ == "__main__":
    main()
