"""Tables of claims put to the test: for a terminal, as Markdown, and as plain rows for JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from settlesim.report.told import NO_RUN, count_told

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["claim_rows", "claim_table", "footer", "markdown"]

TITLES = {
    "check": "Checks: does what carries a sentence move what it acts on?",
    "hypothesis": "Hypotheses: does what the sentence concludes follow?",
}
HEADINGS = (
    "claim",
    "what is moved",
    "plan",
    "quantity",
    "before",
    "after",
    "effect ± error",
    "runs that differ",
    "verdict",
)
STYLES = {"fails": "bold red", "against": "bold", "depends": "bold"}


def claim_rows(table: xr.Dataset) -> list[dict[str, Any]]:
    """Rows of a table of claims, one for each claim, with the figures of each of its plans.

    Parameters
    ----------
    table : xarray.Dataset
        From `claims`.
    """
    rows = []
    for name in table["claim"].values:
        one = table.sel(claim=name)
        row: dict[str, Any] = {"claim": str(name)}
        for key in ("kind", "sentence", "moves", "quantity", "units", "quantity_kind", "channel", "verdict"):
            row[key] = str(one[key].values)
        row["sign"] = int(one["sign"])
        row["plans"] = []
        for plan in one["plan"].values:
            figures = one.sel(plan=plan)
            if not str(figures["verdict_by_plan"].values):
                continue
            keys = ("before", "after", "effect", "error", "low", "high", "n", "moved")
            numbers = {key: float(figures[key]) for key in keys}
            found: dict[str, Any] = {key: x if np.isfinite(x) else None for key, x in numbers.items()}
            row["plans"].append({"plan": str(plan), **found, "verdict": str(figures["verdict_by_plan"].values)})
        rows.append(row)
    return rows


def claim_table(table: xr.Dataset, kind: str) -> Table:
    """All claims of a kind, a line for each plan; a claim that does not stand is set in bold."""
    shown = Table(title=TITLES[kind], title_justify="left")
    for heading in HEADINGS:
        shown.add_column(heading, justify="left" if heading in (*HEADINGS[:4], "verdict") else "right")
    for row in claim_rows(table):
        if row["kind"] != kind:
            continue
        for cells in _lines(row):
            shown.add_row(*cells[:-1], Text(cells[-1], style=STYLES.get(cells[-1].split(",")[0], "")))
    return shown


def _lines(row: dict[str, Any]) -> list[tuple[str, ...]]:
    lines = []
    for at, plan in enumerate(row["plans"]):
        # What is the same on every line of a claim stands on the first alone.
        head = (row["claim"], row["moves"]) if at == 0 else ("", "")
        watched = f"{row['quantity']} {'-0+'[row['sign'] + 1]}" if at == 0 else ""
        verdict = plan["verdict"]
        if not plan["n"]:
            verdict += ", never seen"
        elif not plan["moved"]:
            verdict += ", nothing moves"
        scale, unit = _scale(row)
        effect = _effect(plan, scale, unit)
        before, after = (_short(plan[key], scale) + unit for key in ("before", "after"))
        moved = NO_RUN if plan["moved"] is None else count_told(plan["moved"], plan["n"] or 0)
        lines.append((*head, plan["plan"], watched, before, after, effect, moved, verdict))
    return lines


def _effect(plan: dict[str, Any], scale: float, unit: str) -> str:
    """The effect with its standard error; with the ends of its interval where no two runs differ in it."""
    if plan["effect"] is None:
        return NO_RUN
    middle = _short(plan["effect"], scale, "+")
    if plan["error"] is None:
        return f"{middle}{unit} (1 run)"
    if plan["error"]:
        return f"{middle} ± {_short(plan['error'], scale)}{unit}"
    low, high = plan["low"], plan["high"]
    if low is None or high is None or low == high:
        return f"{middle}{unit} in every run"
    return f"{middle} ({_short(low, scale, '+')} to {_short(high, scale, '+')}){unit}"


def _scale(row: dict[str, Any]) -> tuple[float, str]:
    """Shares of runs are told in percent."""
    return (100.0, "%") if row["quantity_kind"] == "share" else (1.0, "")


def _short(value: float | None, scale: float = 1.0, sign: str = "") -> str:
    if value is None:
        return NO_RUN
    value = scale * value
    return f"{value:{sign},.0f}" if abs(value) >= 1000 else f"{value:{sign}.3g}"


def footer(table: xr.Dataset) -> str:
    """What the verdicts mean, and how many of each there are."""
    kinds, verdicts = table["kind"].values, table["verdict"].values
    counts = {kind: Counter(verdicts[kinds == kind].tolist()) for kind in ("check", "hypothesis")}
    parts = []
    for kind, plural in (("check", "checks"), ("hypothesis", "hypotheses")):
        if counts[kind]:
            told = ", ".join(f"{n} {verdict}" for verdict, n in counts[kind].most_common())
            parts.append(f"{sum(counts[kind].values())} {plural}: {told}.")
    level = 100 * table.attrs["level"]
    return (
        f"{table.attrs['runs']:,} runs of each plan in each setting, over common worlds and luck; the sign behind a "
        f"quantity is the one that the sentence gives it. {' '.join(parts)}\n"
        "A check holds if its quantity moves in its direction by three standard errors under every plan; one that "
        "fails is a defect of the model. A hypothesis is tested, not built in: for or against, where the "
        f"{level:.0f}% interval of the paired difference leaves out zero, undecided where it does not; it depends, "
        "where it is for under one plan and against under another. About "
        f"{100 - level:.0f} in 100 comparisons without any effect would leave out zero by chance. It says what follows "
        "from the assumptions of the model, not what is true of the war."
    )


def markdown(table: xr.Dataset, kind: str) -> str:
    """Return the claims of a kind as a table of Markdown, one row each."""
    head = ("Sentence", "What is moved", "Quantity", "Effect by plan", "Verdict")
    lines = [_row(head), _row(("---",) * len(head))]
    for row in claim_rows(table):
        if row["kind"] != kind:
            continue
        cells = _lines(row)
        each = len(cells) > 1
        effects = "<br>".join(f"{line[2]}: {line[6]}" + (f" ({line[8]})" if each else "") for line in cells)
        sentence = f"{row['sentence']} *({row['channel']})*" if row["channel"] else row["sentence"]
        lines.append(_row((sentence, f"`{row['moves']}`", cells[0][3], effects, f"**{row['verdict']}**")))
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
