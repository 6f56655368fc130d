"""The ledger of the model: what its mends are judged by, at a fixed seed, from the public interface alone.

    python benchmarks/ledger.py                         # deals, strength, base rates, plans: under a minute
    python benchmarks/ledger.py hindcast claims         # these sections alone
    python benchmarks/ledger.py --parameters --runs 60  # every number, its low against its high end: long
    python benchmarks/ledger.py deals plans --into docs/model-decisions.md  # and write it there
    python benchmarks/ledger.py channels --runs 100 --into docs/channels.md  # each channel alone: a table of its own

Sections print one line each time something is not there yet, so that a ledger of one edition can be held against
that of the next.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import re
import time
from pathlib import Path

import numpy as np

import settlesim as ss
from settlesim.analysis.hindcast import troop_modes

SECTIONS = ("deals", "base_rates", "plans", "hindcast", "claims", "channels")
# Sections that are asked for by name, since they take long or are about other scenarios.
ASKED = ("claims", "channels")
# Of what stands behind a deal when it is signed, as shares of the insurgents' strength at the start.
STRENGTHS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
# A number moves something if an outcome shifts by so many standard deviations, or the class of so many runs.
SHIFT = 0.1
CHANGED = 0.01
BETWEEN = r"(?s)<!-- ledger -->.*?<!-- end -->"


def deals(result, line):
    """What was signed, by plan: outside the zone, above the red line, and how strong those behind it were."""
    line("plan              deals   outside the zone   r_T > m_K   above the red line   share of strength behind deals")
    for plan in plans_of(result):
        one = result.sel(sequence=plan)
        signed = np.flatnonzero(one.settlement_week.notnull().values)
        if not len(signed):
            line(f"{plan:16s} {0:6d}")
            continue
        week = one.settlement_week.values[signed].astype(int)

        def then(name, one=one, signed=signed, week=week):
            return one[f"{name}_weekly"].transpose("run", "week").values[signed, week]

        own = then("reservation_power") > then("limit_power")
        above = one.signed_share.values[signed] > one.red_line_share.values[signed] + 1e-9
        counts, _ = np.histogram(np.minimum(then("deal_strength"), 0.999), [*STRENGTHS, 1.0])
        by_strength = "  ".join(f"{at:.0%}+ {n / len(signed):.0%}" for at, n in zip(STRENGTHS, counts, strict=True))
        line(
            f"{plan:16s} {len(signed):6d} {share(then('zone') < 0):>18s} {share(own):>11s} {share(above):>20s}"
            f"   {by_strength}"
        )


def base_rates(result, line):
    """Outcomes without any talks, to be held beside the terminations of other wars."""
    if "no_talks" not in plans_of(result):
        line("no plan no_talks: base rates skipped")
        return
    kinds = result.outcome.attrs["flag_meanings"].split()
    one = result.outcome.sel(sequence="no_talks").values
    for code, kind in zip(result.outcome.attrs["flag_values"], kinds, strict=True):
        line(f"no_talks  {kind:26s} {share(one == code):>14s}")


def plans(result, line):
    """Settled, and the tables behind it, by plan."""
    line("plan              settled       comprehensive     insurgents win   a table opens   median week   deaths")
    opened = result.track_opened_week.min("track")
    for plan in plans_of(result):
        one = result.sel(sequence=plan)
        first = opened.sel(sequence=plan).values
        won = one.outcome.values == 0
        week = f"{np.nanmedian(first):.0f}" if np.isfinite(first).any() else "never"
        line(
            f"{plan:16s} {share(one.settled.values == 1):>12s} {share(one.comprehensive.values == 1):>15s}"
            f" {share(won):>18s} {share(np.isfinite(first)):>15s} {week:>13s} {one.deaths.values.mean():>10,.0f}"
        )


def hindcast(scenario, runs, rng, line):
    """Coverage of what happened, and where it is computed the score against simple rivals."""
    if not scenario.targets or scenario.history_sequence is None:
        line("no targets, or no plan that stands for history: hindcast skipped")
        return
    history = ss.simulate(scenario, sequence=scenario.history_sequence, runs=runs, rng=rng, record="weekly")
    table = ss.hindcast(history, scenario.targets)
    for name in sorted(key for key in table.attrs if key.startswith(("coverage", "share_met", "crps"))):
        line(f"{name:28s} {table.attrs[name]:.2f}")
    scores = [str(name) for name in table.data_vars if "crps" in str(name) or "pit" in str(name)]
    if not scores:
        line("no CRPS yet")
    for target in table.target.values:
        one = table.sel(target=target)
        inside = "50%" if one.inside_50 else "90%" if one.inside_90 else "MISS"
        more = "  ".join(f"{name} {float(one[name]):.3g}" for name in scores if one[name].ndim == 0)
        held = " held out" if one.held_out else ""
        line(
            f"{target!s:32s} observed {float(one.observed):10.4g}  median {float(one.q50):10.4g}"
            f"  band {float(one.q05):.4g} to {float(one.q95):.4g}  {inside}{held}  {more}"
        )


def claims(scenario, runs, rng, line):
    """The sentences of the brief, each with the number that carries it moved from one value to another."""
    if not hasattr(ss, "claims") or not getattr(scenario, "claims", ()):
        line("no claims yet")
        return
    table = ss.claims(scenario, runs=runs, rng=rng)
    for claim in table.claim.values:
        one = table.sel(claim=claim)
        for plan in table.plan.values:
            row = one.sel(plan=plan)
            if np.isfinite(float(row.n)) and float(row.n) > 0:
                line(
                    f"{one.kind.item():10s} {claim!s:34s} {plan!s:18s} {one.quantity.item():30s} "
                    f"{float(row.effect):+10.4g} ± {float(row.error):<9.3g} sign {int(one.sign):+d}  "
                    f"{row.verdict_by_plan.item()}"
                )
    for kind in ("check", "hypothesis"):
        found = table.verdict.values[table.kind.values == kind]
        names, counts = np.unique(found, return_counts=True)
        line(f"{kind}: " + ", ".join(f"{name} {n}" for name, n in zip(names, counts, strict=True)))


def channels(asked):
    """Each channel alone on in the null model, as a table of Markdown."""
    from channel_ledger import table

    lines = table(asked.runs, asked.rng)
    print("\n".join(lines))
    if asked.into:
        told = f"`settlesim {ss.__version__}, order-null, {asked.runs} runs, rng {asked.rng}`"
        text = "\n".join(["<!-- ledger -->", told, "", *lines, "<!-- end -->"])
        asked.into.write_text(re.sub(BETWEEN, lambda _: text, asked.into.read_text("utf-8")), "utf-8")


def parameters(scenario, runs, rng, line, chosen, only):
    """Numbers that move nothing: no outcome class in 1% of the runs, no outcome by a tenth of its sd, in any plan.

    First between the ends of its prior, then between those of its range; history with the patron's own withdrawal too.
    """
    chosen = [scenario.sequence(name) for name in chosen]
    if scenario.history_sequence is not None:
        own = troop_modes(scenario)["endogenous"]
        chosen.append(own.model_copy(update={"name": f"{own.name}_endogenous"}))
    numbers = [q for q in scenario.quantities() if not only or any(text in str(q.address) for text in only)]
    line(f"{len(numbers)} numbers, {runs} runs at each end, plans {', '.join(plan.name for plan in chosen)}")
    still = []
    started = time.time()
    for at, number in enumerate(numbers):
        if number.range[0] == number.range[1]:
            still.append((str(number.address), 0.0, 0.0, "", "its range holds one value"))
            continue
        most, classes, what = 0.0, 0.0, ""
        for plan, (low, high) in ((plan, pair) for pair in (ends(number), widest(number)) for plan in chosen):
            result = ss.sweep(scenario, {str(number.address): [low, high]}, sequences=[plan], runs=runs, rng=rng)
            axis = next(dim for dim in result.outcome.dims if dim not in ("sequence", "run"))
            a, b = (result.isel({axis: i}) for i in (0, 1))
            classes = max(classes, float((a.outcome != b.outcome).mean()))
            shift, name = largest_shift(a, b)
            if shift > most:
                most, what = shift, f"{name} in {plan.name}"
            if classes >= CHANGED or most >= SHIFT:
                break
        else:
            still.append((str(number.address), classes, most, what, ""))
        if at % 20 == 19:
            line(f"  {at + 1} done, {len(still)} still, {time.time() - started:.0f} s")
    line(f"{len(still)} of {len(numbers)} numbers move nothing:")
    for address, classes, most, what, remark in sorted(still, key=lambda row: row[2]):
        where = f", at most {most:.3f} sd ({what})" if what else ""
        line(f"  {address:36s} outcome class changes in {classes:.1%}{where} {remark}")


def ends(number):
    """The two ends between which a number is moved: of its prior, or half as much and half as much again."""
    low, high = number.prior.bounds
    if low == high:
        least, most = number.range
        low, high = sorted((low * 0.5, high * 1.5)) if low else (0.0, 0.3)
        low, high = max(low, least), min(high, most)
    return low, high


def widest(number):
    """Both ends of the range, or a hundred times the prior where it ends beyond reach."""
    (least, most), (_, high) = number.range, number.prior.bounds
    return least, min(most, 100 * abs(high) + 1)


def largest_shift(a, b):
    """The outcome whose mean moves farthest, in standard deviations of it over both."""
    best = (0.0, "")
    for name, one in a.data_vars.items():
        if one.attrs.get("role") != "outcome" or "flag_meanings" in one.attrs:
            continue
        x, y = (d[name].transpose(..., "run").values.astype(float) for d in (a, b))
        x, y = (np.reshape(v, (-1, v.shape[-1])) for v in (x, y))
        for u, v in zip(x, y, strict=True):
            both = np.isfinite(u) & np.isfinite(v)
            spread = np.concatenate([u[both], v[both]]).std() if both.sum() > 1 else 0.0
            # What comes to pass in some runs only is moved as well where it comes to pass more often.
            reached = abs(np.isfinite(u).mean() - np.isfinite(v).mean()) / max(
                np.isfinite(np.concatenate([u, v])).std(), 1e-9
            )
            shift = max(abs(v[both].mean() - u[both].mean()) / spread if spread > 0 else 0.0, reached)
            best = max(best, (shift, str(name)))
    return best


def share(values):
    values = np.asarray(values, float)
    p, n = values.mean(), len(values)
    return f"{100 * p:.1f} ± {100 * np.sqrt(p * (1 - p) / n):.1f}%"


def plans_of(result):
    return [str(name) for name in result.sequence.values]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)}; by default all but {', '.join(ASKED)}")
    parser.add_argument("--scenario", default="afghanistan-2018")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--rng", type=int, default=7)
    parser.add_argument("--plans", nargs="*", help="by default all of the scenario")
    parser.add_argument("--parameters", nargs="*", help="numbers that move nothing; only those whose name holds this")
    parser.add_argument("--into", type=Path, help="write it between <!-- ledger --> and <!-- end --> of this file too")
    asked = parser.parse_args()
    unknown = set(asked.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"unknown sections {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}")
    if asked.into and not re.search(BETWEEN, asked.into.read_text("utf-8")):
        parser.error(f"{asked.into} has no <!-- ledger --> and <!-- end --> to write between")
    if "channels" in asked.sections and len(asked.sections) > 1:
        parser.error("channels is a table of its own: ask for it alone")
    return asked


def main():
    asked = arguments()
    if asked.sections == ["channels"]:
        channels(asked)
        return
    scenario = ss.load(asked.scenario)
    chosen = asked.plans or list(scenario.sequences)
    sections = asked.sections or (
        [] if asked.parameters is not None else [name for name in SECTIONS if name not in ASKED]
    )

    lines = []

    def line(text):
        lines.append(text.rstrip())
        print(lines[-1], flush=True)

    line(f"settlesim {ss.__version__}, {scenario.name}, {asked.runs} runs of each plan, rng {asked.rng}")
    started = time.time()
    if {"deals", "base_rates", "plans"} & set(sections):
        record = ["zone", "reservation_power", "limit_power", "deal_strength"]
        result = ss.compare(scenario, chosen, runs=asked.runs, rng=asked.rng, record=record)
    for section in sections:
        line(f"\n---- {section.replace('_', ' ')} ----")
        if section in ("hindcast", "claims"):
            globals()[section](scenario, asked.runs, asked.rng, line)
        else:
            globals()[section](result, line)
    if asked.parameters is not None:
        line("\n---- parameters ----")
        parameters(scenario, asked.runs, asked.rng, line, chosen, asked.parameters)
    print(f"\n{time.time() - started:.0f} s")
    if asked.into:
        text = "<!-- ledger -->\n```text\n" + "\n".join(lines) + "\n```\n<!-- end -->"
        asked.into.write_text(re.sub(BETWEEN, lambda _: text, asked.into.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
