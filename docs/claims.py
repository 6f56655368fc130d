"""Write docs/claims.md: the sentences of the brief, put to the test. Not at every build, since it simulates for long.

python docs/claims.py --runs 1000 --workers 2   # about half an hour of one core
"""

from __future__ import annotations

import argparse
from pathlib import Path

import xarray as xr

import settlesim as ss
from settlesim.report.claim_tables import TITLES, footer, markdown

PAGE = Path(__file__).parent / "claims.md"
HEAD = """# Claims

The causal sentences of the issue brief of March 2018 from which the project starts [@khan2018], each with what carries
it in the model. They stand as `[[claims]]` in [afghanistan-2018.toml](../scenarios/afghanistan-2018.toml); another
conflict states its own ([writing a scenario](writing-a-scenario.md)). This page is written by

    python docs/claims.py --runs {runs} --rng {rng}

and `settlesim claims {name} --runs {runs} --rng {rng}` prints the same figures.

{footer}
"""


def page(table: xr.Dataset, name: str, runs: int, rng: int) -> str:
    parts = [HEAD.format(runs=runs, rng=rng, name=name, footer=footer(table).replace("\n", "\n\n"))]
    for kind, title in TITLES.items():
        parts.append(f"## {title}\n\n{markdown(table, kind)}\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rng", type=int, default=7)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    war = ss.load("afghanistan-2018")
    execution = ss.Execution(workers=asked.workers, progress=True)
    table = ss.claims(war, runs=asked.runs, rng=asked.rng, execution=execution)
    PAGE.write_text(page(table, war.name, asked.runs, asked.rng), encoding="utf-8")


if __name__ == "__main__":
    main()
