"""Write what the documents take from the code, from the bibliography and from the examples; and the README's figure.

python docs/build.py            # tables, lists, excerpts
python docs/build.py --figure   # the same, and docs/figures/afghanistan-2018.png (1,000 runs of each sequence)

A document says what it wants between two comments, `<!-- table: luck -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import settlesim as ss
from settlesim.model.codes import STATUS
from settlesim.model.items import Commanders, Fold, Item, Ranked, Rule, Select, Steps
from settlesim.model.layout import layout
from settlesim.model.protocol import Mechanism
from settlesim.model.standard import FILES, STANDARD, WEEK
from settlesim.model.variables import Luck
from settlesim.scenario.parameters import CARRIERS

HERE = Path(__file__).parent
DOCUMENTS = ("model.md", "odd.md", "luck.md", "extending.md")
RULES = "../src/settlesim/model/rules"


def line(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    return "\n".join([line(*head), line(*["---"] * len(head)), *(line(*row) for row in rows)])


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


@cache
def war() -> ss.Scenario:
    return ss.load("afghanistan-2018")


# ---- the bibliography ----


@cache
def bibliography() -> dict[str, dict[str, str]]:
    """Entries of references.bib by key, each field on a line of its own."""
    entries: dict[str, dict[str, str]] = {}
    for kind, key, body in re.findall(
        r"^@(\w+)\{([^,\s]+),\n(.*?)^\}",
        (HERE / "references.bib").read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    ):
        fields = re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},$", body, re.MULTILINE)
        if key in entries or len(fields) != len(body.splitlines()):
            raise ValueError(f"references.bib: the entry {key} stands twice, or a field of it is not one line")
        entries[key] = {"kind": kind, **dict(fields)}
    return entries


def aliases() -> dict[str, str]:
    """Key of the bibliography by each of the other keys under which a work stands."""
    return {alias: key for key, entry in bibliography().items() for alias in entry.get("ids", "").split(", ") if alias}


def cited(text: str) -> list[str]:
    """Keys that a text cites, as in [@fearon1995; @powell2006]."""
    found = [key for group in re.findall(r"\[(@[^\]]+)\]", text) for key in re.split(r";\s*", group.replace("@", ""))]
    return list(dict.fromkeys(found))


def citation(source: str) -> str:
    keys = source.split()
    return "[" + "; ".join(f"@{key}" for key in keys) + "]" if keys else ""


def reference_list() -> str:
    lines = []
    for key, entry in sorted(bibliography().items()):
        plain = {name: re.sub(r"[{}]", "", value).replace("--", "–") for name, value in entry.items()}
        where = plain.get("journal") or plain.get("booktitle") or plain.get("publisher") or plain.get("institution")
        volume = plain.get("volume", "") + (f"({plain['number']})" if "number" in plain else "")
        inside = ", ".join(part for part in (volume, plain.get("pages")) if part)
        parts = [
            f"{plain['author'].replace(' and ', '; ')} ({plain['year']}). {plain['title']}",
            f"*{where}*" + (f" {inside}" if inside else "") if where else "",
            f"doi:{plain['doi']}" if "doi" in plain else plain.get("url", ""),
            f"({plain['note']})" if "note" in plain else "",
        ]
        lines.append(f"- **@{key}** " + ". ".join(part for part in parts if part) + ".")
    return "\n".join(lines)


# ---- mechanisms as they stand in the code ----


@cache
def mechanisms() -> dict[str, Mechanism]:
    """Mechanisms by file, in the order of a week."""
    pairs = {stage: zip(files, WEEK[stage], strict=True) for stage, files in FILES.items()}
    return {file: mechanism for pair in pairs.values() for file, mechanism in pair}


def written_before(item: Item) -> tuple[set[str], set[str]]:
    """What the items before this one write in a week, and what is written once before the first week."""
    once = list(STANDARD.setup)
    before: set[str] = set()
    found: set[str] = set()
    for other in STANDARD.items:
        inner = isinstance(other, Commanders) and item == other.choice.decide
        if other == item or inner:
            found = set(before)
        before |= set(other.writes)
        once += other.setup if isinstance(other, Commanders) else ()
    return found, {name for other in once for name in other.writes}


@cache
def parameter_units() -> dict[str, str]:
    """Units of the parameters by every name under which a rule reads them."""
    units = dict.fromkeys(CARRIERS, "share") | {"event_size": "by kind"}
    for name, parameter in war().parameters.items():
        units[name] = parameter.unit
        units |= {f"{name}_{entry}": parameter.unit for entry in parameter.entries() if entry}
    return units


@cache
def attributes() -> frozenset[str]:
    return frozenset(layout(war(), war().sequence(war().default_sequence)).attributes)


def reads(item: Item) -> str:
    """What an item reads, by where in time it stands."""
    before, fixed = written_before(item)
    lucks = {luck.name for luck in STANDARD.luck}
    groups: dict[str, list[str]] = {}
    for name in item.reads:
        if name in parameter_units():
            kind, text = "parameters", f"`{name}` ({parameter_units()[name]})"
        elif name in lucks:
            kind, text = "luck", f"`{name}`"
        elif name in attributes() or name == "week":
            kind, text = "scenario, plan and calendar", f"`{name}`"
        elif name in before:
            kind, text = "as written this week", f"`{name}`"
        elif name in fixed or item in STANDARD.setup:
            kind, text = "fixed before the first week", f"`{name}`"
        else:
            kind, text = "as it stood last week", f"`{name}`"
        groups.setdefault(kind, []).append(text)
    order = ("parameters", "scenario, plan and calendar", "fixed before the first week", "as it stood last week",
             "as written this week", "luck")  # fmt: skip
    return "; ".join(f"*{kind}:* {', '.join(groups[kind])}" for kind in order if kind in groups)


def writes(item: Item) -> str:
    variables = [STANDARD.table[name] for name in item.writes]
    return ", ".join(f"`{v.name}`" + (f" ({v.units})" if v.units != "1" else "") for v in variables)


def described(item: Item) -> tuple[str, str, str]:
    """Kind, purpose and source of an item."""
    if isinstance(item, Rule):
        kind = f"rule, each {item.scope}" + (f", where `{item.when}`" if item.when else "")
        return kind, (item.function.__doc__ or "").strip().splitlines()[0], citation(item.source)
    if isinstance(item, Fold):
        return "fold", f"{item.op} of `{item.of}` over each {item.over}", ""
    if isinstance(item, Select):
        return "selection", f"`{item.of}` of {item.entity}", ""
    if isinstance(item, Ranked):
        return "ranked sum", f"`{item.of}` of what comes before by `{item.key}`", ""
    if isinstance(item, Steps):
        return "sequence", "conditions are evaluated, due steps are taken", ""
    clocks = ", ".join(clock.name for clock in item.clocks)
    return "clocks", f"clocks of commanders ({clocks}), then their choice at a signing", ""


def item_line(item: Item) -> str:
    kind, purpose, source = described(item)
    if isinstance(item, Fold | Select | Ranked):
        scope = STANDARD.table[item.name].scope
        return f"- **`{item.name}`**, {kind} for each {scope}: {purpose}."
    return f"- **`{item.name}`**, {kind}. Reads {reads(item)}. Writes {writes(item)}. {source}".rstrip()


def clock_lines(item: Commanders) -> Iterator[str]:
    for rule in item.setup:
        yield item_line(rule).replace("Reads", "Done once, before the first week. Reads", 1)
    for clock in item.clocks:
        exposed = " or ".join(STATUS[status] for status in clock.exposed)
        spent = code(clock.spends)
        yield (
            f"- clock **`{clock.name}`**: {exposed} → {STATUS[clock.to]}; hazard `{clock.hazard}` times "
            f"`{clock.factor}` against `{clock.luck}`; used up with it: {spent}."
        )
    yield item_line(item.choice.decide).replace("Reads", f"In the week of `{item.choice.trigger}`. Reads", 1)


def when(luck: Luck) -> str:
    return {"run": "one", "week": "every week"}.get(luck.per, f"counted by `{luck.per}`, {luck.occasions} drawn")


def in_the_code(file: str) -> str:
    """What a mechanism reads, writes, meets and reports."""
    mechanism = mechanisms()[file]
    lines = []
    for item in (*mechanism.setup, *mechanism.items):
        if isinstance(item, Commanders):
            lines += [
                *clock_lines(item),
                f"- **`{item.name}`**, the clocks and the choice above. Writes {writes(item)}.",
            ]
        else:
            lines.append(item_line(item))
    for luck in mechanism.luck:
        lines.append(f"- luck **`{luck.name}`**: {luck.distribution}, each {luck.scope}, {when(luck)}; {luck.meaning}.")
    lines += [f"- outcome **`{o.name}`** ({o.units}): {o.meaning}." for o in mechanism.outcomes]
    return "\n".join(["<details><summary>In the code</summary>", "", *lines, "", "</details>"])


# ---- tables ----


def state_table() -> str:
    rows = ((f"`{v.name}`", v.scope, v.units, v.meaning) for v in STANDARD.variables if v.start is not None)
    return table(("Variable", "Scope", "Unit", "Meaning"), rows)


def anchor(heading: str) -> str:
    """The name under which GitHub finds a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def schedule_table() -> str:
    rows = []
    for stage, parts in WEEK.items():
        for mechanism in parts:
            link = f"[{mechanism.name}](model.md#{anchor(mechanism.name)})"
            rows += [(stage, link, f"`{item.name}`", *described(item)) for item in mechanism.items]
    return table(("Stage", "Mechanism", "Item", "Kind", "What it does", "Source"), rows)


def spread(distribution: object) -> str:
    low, high = distribution.bounds  # type: ignore[attr-defined]
    central = distribution.central  # type: ignore[attr-defined]
    return f"{central:g}" if low == high else f"{low:g} / {central:g} / {high:g}"


def parameter_table() -> str:
    rows = []
    for name, p in war().parameters.items():
        prior = "; ".join(f"{entry}: {spread(d)}" if entry else spread(d) for entry, d in p.entries().items())
        low, high = p.range
        rows.append((f"`{name}`", p.unit, prior, f"{low:g} to {high:g}", p.meaning, p.source, p.tag))
    head = ("Parameter", "Unit", "Value, or low / central / high", "Range", "Meaning", "Source", "Tag")
    return table(head, rows)


def source_table() -> str:
    rows = ((f"`{name}`", text, f"[@{aliases()[name]}]") for name, text in war().sources.items())
    return table(("Source in the file", "What it is", "Bibliography"), rows)


def concession_table() -> str:
    rows = [
        (f"`{name}`", c.label, ", ".join(c.by), spread(c.value), spread(c.cost), f"{c.reversibility:g}",
         c.dimension or "", c.tag)
        for name, c in war().concessions.items()
    ]  # fmt: skip
    return table(("Concession", "What it is", "Delivered by", "Value v", "Cost c", "R", "Dimension", "Tag"), rows)


def obligation_table() -> str:
    rows = [
        (f"`{name}`", o.label, spread(o.value), spread(o.cost), "yes" if o.indivisible else "", o.tag)
        for name, o in war().obligations.items()
    ]
    return table(("Obligation", "What it is", "Value", "Cost", "Indivisible", "Tag"), rows)


def event_table() -> str:
    rows = [
        (f"`{e.name}`", e.label, f"{e.week:g}", e.kind, f"{spread(e.size)} ({e.scale[0]})", e.note, e.tag)
        for e in war().events
    ]
    return table(("Event", "What it is", "Week", "Moves", "Size", "Why", "Tag"), rows)


def sequence_table() -> str:
    rows = ((f"`{name}`", s.label, s.description) for name, s in war().sequences.items())
    return table(("Name", "Label", "What happens"), rows)


def target_table() -> str:
    rows = []
    for t in war().targets:
        low, high = t.band
        at = "" if t.at is None else "–".join(f"{week:g}" for week in dict.fromkeys(t.at))
        held = "held out" if t.held_out else "tuned" if t.tuned else ""
        rows.append((f"`{t.name}`", t.meaning, at, f"{t.observed:g}", f"{low:g} to {high:g}", t.tag, held))
    return table(("Target", "What it is", "Week", "Observed", "Met by", "Tag", ""), rows)


def outcome_table() -> str:
    rows = ((f"`{o.name}`", o.units, o.kind, o.better or "", ", ".join(o.dims), o.meaning) for o in STANDARD.outcomes)
    return table(("Outcome", "Unit", "Kind", "Better", "Dimensions", "Meaning"), rows)


def luck_table() -> str:
    rows = ((f"`{luck.name}`", luck.scope, luck.distribution, when(luck), luck.meaning) for luck in STANDARD.luck)
    return table(("Address", "Belongs to each", "Distribution", "Occasions", "What it travels with"), rows)


TABLES = {
    "state": state_table,
    "schedule": schedule_table,
    "parameters": parameter_table,
    "sources": source_table,
    "concessions": concession_table,
    "obligations": obligation_table,
    "events": event_table,
    "sequences": sequence_table,
    "targets": target_table,
    "outcomes": outcome_table,
    "luck": luck_table,
    "references": reference_list,
}


def excerpt(what: str) -> str:
    """A part of an example, from its headline `# ---- rules ----` to the next."""
    file, part = what.split(maxsplit=1)
    text = (HERE.parent / "examples" / file).read_text(encoding="utf-8")
    found = re.search(rf"^# ---- {re.escape(part)} ----\n(.*?)(?=^# ----|\Z)", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} has no part {part!r}")
    return f"```python\n{found.group(1).strip()}\n```"


FILLERS = {"table": lambda name: TABLES[name](), "code": in_the_code, "excerpt": excerpt}


def filled(text: str) -> str:
    """The document with what stands between its markers written anew."""

    def fill(match: re.Match[str]) -> str:
        kind, what = match.groups()
        return f"<!-- {kind}: {what} -->\n{FILLERS[kind](what)}\n<!-- end -->"

    return re.sub(r"<!-- (table|code|excerpt): ([^>]+) -->.*?<!-- end -->", fill, text, flags=re.DOTALL)


def hand_written(text: str) -> str:
    """The document without what is filled in."""
    return re.sub(r"<!-- (table|code|excerpt): [^>]+ -->.*?<!-- end -->", "", text, flags=re.DOTALL)


def main() -> None:
    for name in DOCUMENTS:
        path = HERE / name
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
    if "--figure" in sys.argv:
        comparison = ss.compare(war(), runs=1000, rng=7, execution=ss.Execution(workers=2))
        ss.plots.outcomes(comparison).figure.savefig(HERE / "figures" / "afghanistan-2018.png", dpi=130)


if __name__ == "__main__":
    main()
