"""Write the tables of docs/odd.md and docs/luck.md from the code, and the README's figure.

python docs/build.py            # tables
python docs/build.py --figure   # tables, and docs/figures/afghanistan-2018.png (1,000 runs of each sequence)
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import settlesim as ss
from settlesim.rules import STAGES, STANDARD, Commanders, Fold, Ranked, Rule, Select, Steps

HERE = Path(__file__).parent


def line(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def state_table() -> str:
    rows = [line("Variable", "Scope", "Unit", "Meaning"), line(*["---"] * 4)]
    for v in STANDARD.variables:
        if v.start is not None:
            rows.append(line(f"`{v.name}`", v.scope, v.units, v.meaning))
    return "\n".join(rows)


def described(item: object) -> tuple[str, str, str]:
    if isinstance(item, Rule):
        return f"rule, each {item.scope}", (item.function.__doc__ or "").strip().splitlines()[0], item.source
    if isinstance(item, Fold):
        return "fold", f"{item.op} of `{item.of}` over each {item.over}", ""
    if isinstance(item, Select):
        return "selection", f"`{item.of}` of {item.entity}", ""
    if isinstance(item, Ranked):
        return "ranked sum", f"`{item.of}` of what comes before by `{item.key}`", ""
    if isinstance(item, Steps):
        return "sequence", "conditions are evaluated, due steps are taken", "MODEL.md section 4"
    assert isinstance(item, Commanders)
    clocks = ", ".join(clock.name for clock in item.clocks)
    return "clocks", f"clocks of commanders ({clocks}), then their choice at a signing", "MODEL.md section 6"


def schedule_table() -> str:
    rows = [line("Stage", "Item", "Kind", "What it does", "Source"), line(*["---"] * 5)]
    for stage, items in STAGES.items():
        for item in items:
            kind, what, source = described(item)
            rows.append(line(stage, f"`{item.name}`", kind, what, source))
    return "\n".join(rows)


def prior(parameter: object) -> str:
    texts = []
    for entry, p in parameter.entries().items():  # type: ignore[attr-defined]
        low, high = p.bounds
        text = f"{p.central:g}" if low == high else f"{low:g} / {p.central:g} / {high:g}"
        texts.append(f"{entry}: {text}" if entry else text)
    return "; ".join(texts)


def parameter_table() -> str:
    scenario = ss.load("afghanistan-2018")
    rows = [line("Parameter", "Unit", "Value, or low / central / high", "Range", "Meaning", "Source", "Tag")]
    rows.append(line(*["---"] * 7))
    for name, p in scenario.parameters.items():
        low, high = p.range
        cells = (f"`{name}`", p.unit, prior(p), f"{low:g} to {high:g}", p.meaning, p.source, p.tag)
        rows.append(line(*cells))
    return "\n".join(rows)


def luck_table() -> str:
    rows = [line("Address", "Belongs to each", "Distribution", "Occasions", "What it travels with"), line(*["---"] * 5)]
    for luck in STANDARD.luck:
        times = {"run": "one", "week": "every week"}.get(luck.per, f"counted by `{luck.per}`, {luck.occasions} drawn")
        rows.append(line(f"`{luck.name}`", luck.scope, luck.distribution, times, luck.meaning))
    return "\n".join(rows)


TABLES = {"state": state_table, "schedule": schedule_table, "parameters": parameter_table, "luck": luck_table}


def filled(text: str) -> str:
    """The document with the tables between its markers written anew."""

    def table(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<!-- table: {name} -->\n{TABLES[name]()}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", table, text, flags=re.DOTALL)


def main() -> None:
    for path in (HERE / "odd.md", HERE / "luck.md"):
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
    if "--figure" in sys.argv:
        comparison = ss.compare(ss.load("afghanistan-2018"), runs=1000, rng=7, execution=ss.Execution(workers=2))
        ss.plots.outcomes(comparison).figure.savefig(HERE / "figures" / "afghanistan-2018.png", dpi=130)


if __name__ == "__main__":
    main()
