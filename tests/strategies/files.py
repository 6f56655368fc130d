"""Files and declarations with accidents."""

from __future__ import annotations

import copy
import re
from typing import Any

from hypothesis import strategies as st

__all__ = ["damaged", "misdeclared", "written"]

# What people, editors and disks put into files.
JUNK: tuple[bytes, ...] = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "é".encode("latin-1"),
    "é ж \u202e \U0001f54a".encode(),
    b'"',
    b"'''",
    b'"""',
    b"[",
    b"]",
    b"[[",
    b"{",
    b"}",
    b"=",
    b".",
    b",",
    b"#",
    b"\r",
    b"\n",
    b"\\",
    b"-",
    b"nan",
    b"-inf",
    b"1e999",
    b"9" * 30,
    b"9" * 5000,
    b"true",
    b"[" * 2000,
    b"{a = " * 2000,
    b"a.b.c = 1\n",
    b"[tracks]\n",
    b"[[factions]]\n",
    b'extends = "two-party"\n',
)
VALUES: tuple[bytes, ...] = (
    b"nan",
    b"inf",
    b"-1",
    b"0",
    b"0.0",
    b"1e308",
    b"-0.0",
    b"9" * 25,
    b"0x7fffffffffffffffff",
    b"1e-320",
    b'""',
    b'" "',
    b'"x"',
    b"[]",
    b"[[]]",
    b"[1, 'a', {}]",
    b"{}",
    b"{ low = 3, mode = 2, high = 1 }",
    b"{ low = 0, mode = 0, high = nan }",
    b'{ distribution = "lognormal", median = 1e12, sigma = 10 }',
    b'{ distribution = "cauchy" }',
    b"true",
    b"2018-02-28",
    b"2018-02-28T00:00:00Z",
    b"0001-01-01",
    b"9999-12-31",
    b"12:30:00",
    b"{ not = { not = { week = 3 } } }",
    b"{ all = [] }",
    b"{ signed = 3 }",
    b'"' + b"long " * 2000 + b'"',
)


def _tables(text: bytes) -> list[bytes]:
    """A file cut before every header."""
    return re.split(rb"(?m)^(?=\[)", text)


@st.composite
def damaged(draw: st.DrawFn, raw: bytes) -> bytes:
    """A file with one to three accidents: bytes, lines, keys, values, tables or its encoding."""
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        how = draw(
            st.sampled_from(
                [
                    "value",
                    "value",
                    "value",
                    "key",
                    "key",
                    "bytes",
                    "bytes",
                    "repeat",
                    "cut",
                    "line",
                    "table",
                    "encoding",
                ]
            )
        )
        at = draw(st.integers(0, len(raw)))
        if how == "bytes":
            raw = raw[:at] + draw(st.sampled_from(JUNK)) + raw[at + draw(st.integers(0, 40)) :]
        elif how == "repeat":
            end = at + draw(st.integers(1, 200))
            raw = raw[:end] + raw[at:]
        elif how == "cut":
            raw = raw[:at]
        elif how == "encoding":
            coding = draw(st.sampled_from(["latin-1", "utf-16", "utf-8-sig", "cp037"]))
            raw = raw.decode("utf-8", "replace").encode(coding, "replace")
        elif how == "line":
            lines = raw.splitlines(keepends=True)
            if len(lines) > 1:
                i, j = draw(st.tuples(*[st.integers(0, len(lines) - 1)] * 2))
                lines[i], lines[j] = draw(
                    st.sampled_from([(lines[j], lines[i]), (b"", lines[j]), (lines[j], lines[j])])
                )
                raw = b"".join(lines)
        elif how == "table":
            tables = _tables(raw)
            if len(tables) > 2:
                i, j = draw(st.tuples(*[st.integers(1, len(tables) - 1)] * 2))
                tables[i], tables[j] = draw(
                    st.sampled_from([(tables[j], tables[i]), (b"", tables[j]), (tables[j], tables[j])])
                )
                raw = b"".join(tables)
        else:
            keys = list(re.finditer(rb"(?m)([A-Za-z0-9_-]+)( *= *)([^\n{\[,}]+|[{\[][^\n]*)", raw))
            if keys:
                found = keys[draw(st.integers(0, len(keys) - 1))]
                if how == "key":
                    other = keys[draw(st.integers(0, len(keys) - 1))][1]
                    new = draw(st.sampled_from([other, found[1] + b"s", found[1][1:], b'"' + found[1] + b' "']))
                    raw = raw[: found.start(1)] + new + raw[found.end(1) :]
                else:
                    raw = raw[: found.start(3)] + draw(st.sampled_from(VALUES)) + raw[found.end(3) :]
    return raw


written = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.sampled_from([0, -1, 2**63, 10**30]),
        st.floats(),
        st.text(max_size=8),
        st.dates(),
        st.datetimes(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def misdeclared(draw: st.DrawFn, tree: dict[str, Any]) -> dict[str, Any]:
    """A scenario's tree with another value at one or two places: any depth, any type that a file can hold."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 2))):
        here: Any = tree
        while True:
            keys = sorted(here) if isinstance(here, dict) else list(range(len(here)))
            key = draw(st.sampled_from(keys))
            if not isinstance(here[key], (dict, list)) or not here[key] or draw(st.integers(0, 3)) == 0:
                break
            here = here[key]
        if isinstance(here, dict) and draw(st.integers(0, 3)) == 0:
            here[draw(st.sampled_from([*keys, "unheard_of"]))] = here.pop(key)
        else:
            here[key] = draw(written)
    return tree
