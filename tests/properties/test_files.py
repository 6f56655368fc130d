"""Any sound war survives being written and read; any damaged file ends in one clear message at the command line."""

from __future__ import annotations

import contextlib
import io
import sys
from unittest import mock

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from settlesim import cli, files
from settlesim.errors import ScenarioError
from strategies import examples, scenarios
from support import shipped

TEXTS = {name: files.dumps(shipped(name)).encode() for name in files.builtin()}
JUNK = st.sampled_from(
    [b"\x00", b"\xff\xfe", b'"', b"[", b"{", b"=", b"\n", b"nan", b"1e999", b"-1", b"[[x]]", b"'''", b"0x"]
)


@examples(20)
@given(scenarios())
def test_any_war_survives_being_written_and_read(scenario):
    again = files.loads(files.dumps(scenario))
    assert again == scenario and again.digest() == scenario.digest()


@st.composite
def damaged(draw):
    """A shipped file cut short, with bytes exchanged for junk, or with lines lost, doubled or moved."""
    data = TEXTS[draw(st.sampled_from(sorted(TEXTS)))]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(["cut", "junk", "lose", "double", "move"]))
        if how == "cut":
            data = data[:at]
        elif how == "junk":
            data = data[:at] + draw(JUNK | st.binary(max_size=4)) + data[at + draw(st.integers(0, 8)) :]
        else:
            lines = data.split(b"\n")
            line = draw(st.integers(0, len(lines) - 1))
            taken = lines[line] if how == "double" else lines.pop(line)
            if how != "lose":
                lines.insert(draw(st.integers(0, len(lines))), taken)
            data = b"\n".join(lines)
    return data


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("damage") / "war.toml"


def settlesim(*words):
    """The command line in this process: exit code, output, errors."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["settlesim", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main()
    return ended.value.code or 0, out.getvalue(), err.getvalue()


@examples(60)
@given(data=damaged())
def test_a_damaged_file_ends_in_one_clear_message(path, data):
    path.write_bytes(data)
    try:
        files.load(path)
        problems = 0
    except ScenarioError as error:
        problems = len(error.problems)
        assert all(str(path) in str(problem) or path.name in str(problem) for problem in error.problems)
    event("sound" if not problems else "one mistake" if problems == 1 else "several mistakes")
    code, out, err = settlesim("show", path)
    assert code == (2 if problems else 0) and "Traceback" not in out + err
    if problems:
        assert err.startswith("settlesim: ") and path.name in err and "pydantic" not in err and not out
    else:
        assert out and not err
