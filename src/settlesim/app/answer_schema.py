"""The JSON Schema of what commands print with ``--json``: one for all, by the command that `provenance` names."""

from __future__ import annotations

from typing import Any

__all__ = ["COMMANDS", "ESTIMATED", "answer_schema"]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
# What is not known, such as the week of a settlement that never came, is null.
NUMBER: Schema = {"type": ["number", "null"]}
ANY_WHOLE: Schema = {"type": ["integer", "null"]}
ANY_TEXT: Schema = {"type": ["string", "null"]}
TEXTS: Schema = {"type": "array", "items": TEXT}
TREE: Schema = {"type": "object"}


def _object(closed: bool = False, optional: Schema | None = None, /, **parts: Schema) -> Schema:
    """An object with parts, all required but the optional ones; closed, it has no others."""
    more = {"additionalProperties": False} if closed else {}
    return {"type": "object", "properties": {**parts, **(optional or {})}, "required": [*parts], **more}


def _rows(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _by_name(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


def _numbers(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, NUMBER)


ESTIMATE = _object(**_numbers("estimate", "error", "n"))
FIGURE = _object(False, _numbers("error"), **_numbers("n", "estimate"))
EFFECT = _object(False, _numbers("low_all", "high_all"), **_numbers("estimate", "error", "low", "high"))
LINE = {"sequence": TEXT, "reference": FLAG}
OUTCOMES = _rows(
    _object(
        False,
        dict.fromkeys(("signed", "settled", "standing", "comprehensive", "settlement_week", "deaths"), ESTIMATE),
        **LINE,
        runs=WHOLE,
        outcomes=_by_name(_object(**_numbers("share", "error"))),
    )
)
DIFFERENCE = _object(
    **LINE, baseline=TEXT, variable=TEXT, **_numbers("difference", "error", "low", "high", "n", "variance_ratio")
)
PLACE = _object(False, _numbers("first", "next_better", "ties_with_next"), place=ANY_WHOLE, sequence=TEXT, value=NUMBER)
INCIDENCE = _object(
    sequence=TEXT, kind=TEXT, weeks=_rows(WHOLE), **dict.fromkeys(("incidence", "low", "high"), _rows(NUMBER))
)
CLAIM = _object(
    **dict.fromkeys(("claim", "kind", "sentence", "moves", "quantity", "units", "channel", "verdict"), TEXT),
    sign=WHOLE,
    plans=_rows(_object(plan=TEXT, verdict=TEXT, **_numbers("before", "after", "effect", "error", "low", "high", "n"))),
)
TARGET = _object(
    **dict.fromkeys(("target", "group", "unit", "tuned"), TEXT),
    **dict.fromkeys(("held_out", "inside_50", "inside_90"), FLAG),
    **_numbers("observed", "q05", "q50", "q95", "n", "pit", "crps", "crps_persistence", "crps_climatology"),
)

# What a command answers beside where it comes from: the parts that are always there, and those that may be.
COMMANDS: dict[str, tuple[dict[str, Schema], dict[str, Schema]]] = {
    "list": ({"scenarios": _by_name(_object(title=TEXT, digest=TEXT, sequences=TEXTS, plans=TEXTS))}, {}),
    "show": ({"declaration": TREE}, {"sequence": TEXT, "plan": TEXT}),
    "check": ({"origin": TEXT, "title": TEXT, "counts": _by_name(WHOLE), "notes": TEXTS}, {}),
    "verify": ({"agree": FLAG, "compared": _by_name(WHOLE), "mismatches": TEXTS, "violations": TEXTS}, {}),
    "status": (
        {
            "store": TEXT,
            "experiment": TREE,
            "runs_asked": ANY_WHOLE,
            "runs_done": _by_name(WHOLE),
            "complete": FLAG,
            "damaged": TEXTS,
            "bytes": WHOLE,
            "holder": {"type": ["object", "null"]},
            "resumable": FLAG,
            "hindrances": TEXTS,
        },
        {},
    ),
    "run": (
        {"outcomes": OUTCOMES, "incidence_of": TEXT, "incidence": _rows(INCIDENCE), "meanings": _by_name(TEXT)},
        {},
    ),
    "compare": (
        {
            "outcomes": OUTCOMES,
            "differs_in": _by_name(TEXT),
            "process": _rows(_object(**LINE, deals=FIGURE, opened=_by_name(FIGURE), ceasefire_weeks=FIGURE)),
            "meanings": _by_name(TEXT),
        },
        # Of one sequence, or one run, there is nothing to compare.
        {"differences": _by_name(_rows(DIFFERENCE)), "ranking": _rows(PLACE)},
    ),
    "replay": (
        {
            "run": WHOLE,
            "title": TEXT,
            "events": _rows(_object(week=WHOLE, date=TEXT, event=TEXT, cause=ANY_TEXT)),
            "ending": TEXT,
        },
        {},
    ),
    "orders": (
        {
            **dict.fromkeys(("plan", "design", "outcome", "swap_assumes", "not_told"), TEXT),
            **dict.fromkeys(("orders", "runs"), WHOLE),
            "orders_needed": NUMBER,
            "extremes": _rows(_object(place=WHOLE, order=TEXT, **_numbers("mean", "error", "against_all"))),
            "swaps": _rows(_object(first=TEXT, second=TEXT, units=TEXT, swap=EFFECT, beyond_dates=EFFECT)),
            "dates": _rows(_object(move=TEXT, place=WHOLE, units=TEXT, **_numbers("estimate", "error", "low", "high"))),
            "shares": _rows(_object(component=TEXT, **_numbers("share", "error", "low", "high"))),
        },
        {},
    ),
    "claims": ({"claims": _rows(CLAIM)}, {}),
    "base-rates": (
        {
            "sequence": TEXT,
            **dict.fromkeys(("runs", "ended", "observed_n"), WHOLE),
            "terminations": _rows(
                _object(termination=TEXT, outcomes=TEXTS, **_numbers("observed", "simulated", "low", "high"))
            ),
        },
        {},
    ),
    "validate": (
        {
            "title": TEXT,
            "runs": WHOLE,
            "sequence": TEXT,
            "modes": _by_name(_object(counts=_by_name(NUMBER), targets=_rows(TARGET))),
        },
        {},
    ),
}
PROVENANCE = _object(
    True,
    settlesim={**TEXT, "description": "Version of settlesim."},
    command={"enum": [*COMMANDS], "description": "What was asked."},
    scenario={
        "anyOf": [_object(True, name=TEXT, digest=TEXT), {"type": "null"}],
        "description": "The conflict with all that was set, and a digest of its content; null where there is none.",
    },
    entropy={
        "type": ["string", "null"],
        "pattern": "^[0-9]+$",
        "description": "What all chance follows from, --rng with it gives the same runs; as text, since most readers "
        "lose digits of whole numbers beyond 2**53. Null where nothing is simulated.",
    },
    method={**ANY_TEXT, "description": "How parameters are drawn."},
    engine={**ANY_TEXT, "description": "What computed it."},
    protocol={**ANY_TEXT, "description": "What happens in a week: standard, or own."},
    runs_asked={**ANY_WHOLE, "description": "Runs of each sequence that were asked for."},
    runs_completed={**ANY_WHOLE, "description": "Runs of each sequence that the answer is of."},
    interrupted={**FLAG, "description": "Whether less was completed than was asked for."},
    seconds={"type": "number", "minimum": 0, "description": "How long the command took."},
)


# With --estimate nothing is carried out, and this is all of the answer.
ESTIMATED = ("run", "compare", "orders")
ESTIMATE_ALONE = _object(
    True,
    provenance={"$ref": "#/$defs/provenance"},
    estimate=_object(
        runs=WHOLE, sequences=WHOLE, units=WHOLE, **_numbers("seconds", "memory", "disk"), refused=ANY_TEXT
    ),
)


def answer_schema() -> Schema:
    """Return the JSON Schema of every answer.

    Examples
    --------
    >>> sorted(answer_schema()["$defs"])[:3]
    ['base-rates', 'check', 'claims']
    """
    whole = {
        name: _object(True, optional, provenance={"$ref": "#/$defs/provenance"}, **parts)
        for name, (parts, optional) in COMMANDS.items()
    }
    named = {
        name: {"properties": {"provenance": {"properties": {"command": {"const": name}}}}, "$ref": f"#/$defs/{name}"}
        for name in COMMANDS
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What settlesim prints with --json",
        "oneOf": [
            *named.values(),
            {
                "properties": {"provenance": {"properties": {"command": {"enum": [*ESTIMATED]}}}},
                "$ref": "#/$defs/estimate",
            },
        ],
        "$defs": {"provenance": PROVENANCE, "estimate": ESTIMATE_ALONE, **whole},
    }
