"""The command that tests the claims of a scenario."""

from __future__ import annotations

from typing import Annotated

import typer

from settlesim.app import terminal
from settlesim.app.answers import print_answer, provenance
from settlesim.app.options import Json, Name, Progress, Rng, Runs, Settings, Workers, execution_of, loaded
from settlesim.errors import SettlesimError

__all__ = ["claim_names", "claims"]


def claim_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a claim of the scenario on the line."""
    from settlesim.scenario.files import load

    try:
        names = [claim.name for claim in load(ctx.params.get("scenario") or "afghanistan-2018").claims]
    except SettlesimError:
        return []
    return [name for name in names if name.startswith(incomplete)]


Only = Annotated[
    list[str] | None, typer.Option("--only", help="Name of a claim; repeat for several.", autocompletion=claim_names)
]


def claims(
    scenario: Name,
    runs: Runs = 1000,
    rng: Rng = None,
    only: Only = None,
    settings: Settings = None,
    workers: Workers = None,
    as_json: Json = False,
    progress: Progress = None,
) -> None:
    """Test the claims of a scenario: what carries each is moved over common luck, and what it says is looked for."""
    from settlesim.analysis.verdicts import claims as tested
    from settlesim.report import claim_tables as report

    war = loaded(scenario, settings)
    how = execution_of(workers, runs, progress, None)
    table = terminal.complete_or_part(lambda: tested(war, runs=runs, rng=rng, only=only or None, execution=how))
    if as_json:
        print_answer(provenance(war, table, runs=runs), {"claims": report.claim_rows(table)})
    else:
        for kind in ("check", "hypothesis"):
            if (table["kind"] == kind).any():
                terminal.show(report.claim_table(table, kind))
        terminal.say(report.footer(table))
        terminal.say(f"Entropy {table.attrs['entropy']}: --rng with it gives the same runs.")
    terminal.exit_if_interrupted()
