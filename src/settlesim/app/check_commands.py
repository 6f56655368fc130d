"""The commands that check: a scenario against the model, one engine against the other."""

from __future__ import annotations

from typing import Annotated

import typer

from settlesim.app import terminal
from settlesim.app.answers import print_answer, provenance
from settlesim.app.options import MOST_RUNS, Json, Name, Plans, Settings, loaded

__all__ = ["check", "verify"]


def check(scenario: Name, as_json: Json = False) -> None:
    """Check a scenario and the model against each other, before anything is simulated."""
    from settlesim.analysis.verdicts import watched
    from settlesim.model.standard import STANDARD
    from settlesim.scenario.files import load
    from settlesim.scenario.notices import notices

    war = load(scenario)
    found = STANDARD.check(war)
    for name in war.sequences:
        STANDARD.check(war, name)
    for plan in map(war.plan, war.plans):
        STANDARD.check(war, plan.order(next(plan.orders())))
    for claim in war.claims:
        watched(war, claim)
    notes = [*map(str, found.notes), *notices(war)]
    if as_json:
        counts = {"sequences": len(war.sequences), "plans": len(war.plans), "claims": len(war.claims)}
        counts |= {key: getattr(found, key) for key in ("parameters", "variables", "rules", "luck", "outcomes")}
        print_answer(provenance(war), {"origin": str(war.origin), "title": war.title, "counts": counts, "notes": notes})
        return
    terminal.say(f"{war.origin}: {war.title}")
    plans = f"{len(war.plans)} plan{'s' * (len(war.plans) > 1)}, " if war.plans else ""
    terminal.say(f"{len(war.sequences)} sequences, {plans}{found.parameters} parameters; no mistake found")
    counted = f"{found.variables} variables, {found.rules} rules, {found.luck} kinds of luck"
    terminal.say(f"{counted}, {found.outcomes} outcomes")
    for note in notes:
        terminal.say(f"note: {note}")


def verify(
    scenario: Name,
    sequence: Plans = None,
    runs: Annotated[int, typer.Option(help="Runs of each sequence.", min=1, max=MOST_RUNS)] = 1,
    rng: Annotated[int, typer.Option(help="Seed of all chance.")] = 7,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Run the numpy engine and the Mesa reference model on the same fates; compare every variable, every week."""
    from settlesim.engines.verify import verify as verified
    from settlesim.experiments.request import selected

    war = loaded(scenario, settings)
    names = [one.name for one in selected(war, sequence or None)]
    found = []
    for name in names:
        one = verified(war, sequences=[name], runs=runs, rng=rng)
        found.append(one)
        if not as_json:
            print(str(one).rsplit("\n", 1)[0], flush=True)
    agree = all(one.ok for one in found)
    if as_json:
        source = provenance(war, runs=runs, entropy=rng, engine="numpy and mesa", method="monte_carlo")
        compared = {name: number for one in found for name, number in one.compared.items()}
        faults = {
            "mismatches": [str(fault) for one in found for fault in one.mismatches],
            "violations": [str(fault) for one in found for fault in one.violations],
        }
        print_answer(source | {"runs_completed": runs}, {"agree": agree, "compared": compared, **faults})
    else:
        print("both engines agree, bit for bit" if agree else "the engines differ, or values are out of range")
    if not agree:
        raise typer.Exit(terminal.FAILED)
