"""What is printed on terminals of any width and encoding: no digit is lost, and nothing ends in a traceback."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from command_line import CLAIMING, Answer, settlesim, streams
from settlesim.app import terminal
from settlesim.app.streams import PLAIN, printable, readable
from settlesim.errors import ScenarioError, SettlesimError, UsageError

# Every command that prints tables, with few runs.
FEW = ("--runs", 4, "--rng", 7, "--workers", 1)
TABLES = {
    "show": ("show", "afghanistan-2018"),
    "run": ("run", "two-party", *FEW),
    "compare": ("compare", "afghanistan-2018", "-s", "us_first", "-s", "kabul_first", "-s", "trilateral", *FEW),
    "orders": ("orders", "two-party", "--outcome", "deaths", *FEW),
    "claims": ("claims", "claiming.toml", *FEW),
    "base-rates": ("base-rates", "afghanistan-2018", *FEW),
    "validate": ("validate", "colombia-2012", *FEW),
}
WIDTHS = (160, 80, 40)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Tables that each command prints, as they are before they are fitted to a terminal."""
    folder, found, show, here = tmp_path_factory.mktemp("claims"), {}, terminal.show, os.getcwd()
    (folder / "claiming.toml").write_text(CLAIMING)
    os.chdir(folder)
    try:
        for name, words in TABLES.items():
            found[name] = []
            terminal.show = lambda *tables, kept=found[name]: kept.extend(tables)
            answer = settlesim(*words)
            assert answer.code == 0, answer.err
    finally:
        terminal.show = show
        os.chdir(here)
    return found


def text_of(value):
    return value.plain if isinstance(value, Text) else str(value)


def lost(table, text, width):
    """What a table holds and a text does not: whole numbers, and words of the rest."""
    gone = []
    words = Counter(re.sub("[│┃|]", " ", text).split())
    numbers = Counter()
    for column in table.columns if table.row_count else ():
        # A row that stands for itself is headed by its name, and not by what the name is.
        headed = [] if column.justify != "right" and len(table.columns) > 1 else [column.header]
        for value in [*headed, *column.cells]:
            if column.justify == "right" and value is not column.header:
                numbers[text_of(value)] += 1
            gone += [word for word in text_of(value).split() if len(word) <= width - 4 and not words[word]]
    # What has several parts may go on in the next line, where it is longer than one.
    flat = " ".join(text.split())
    gone += [
        number for number, times in numbers.items() if (flat if len(number) > width - 4 else text).count(number) < times
    ]
    gone += [line for line in text.splitlines() if len(line) > width]
    return gone


def shown(table, width, monkeypatch, encoding="utf-8"):
    monkeypatch.setenv("COLUMNS", str(width))
    with streams(encoding) as (out, _):
        terminal.show(table)
        out.flush()
        return out.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", TABLES)
def test_no_digit_is_lost(name, width, printed, monkeypatch):
    assert printed[name]
    for table in printed[name]:
        text = shown(table, width, monkeypatch)
        assert lost(table, text, width) == []
        assert text.count("…") <= sum(text_of(cell).count("…") for one in table.columns for cell in one.cells)


def test_the_test_sees_what_is_lost(printed):
    """As rich sets them, tables of 80 and 40 columns lose digits."""
    for width in (80, 40):
        console = Console(width=width, file=open(os.devnull, "w"), record=True)  # noqa: SIM115
        console.print(printed["compare"][0])
        assert lost(printed["compare"][0], console.export_text(), width)
        console.file.close()


def test_every_table_goes_one_way(printed):
    """Whatever else prints a table would not be seen here."""
    folder = os.path.dirname(terminal.__file__)
    for name in os.listdir(folder):
        if name.endswith(".py") and name not in ("terminal.py", "narrow.py"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                source = file.read()
            assert ".console(" not in source and "rich" not in source.replace("rich_markup_mode", ""), name


def made(rows, *headings):
    table = Table(title="Title [bold]", caption=Text("a caption that is longer than the table"))
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("name", "other") else "right")
    for row in rows:
        table.add_row(*row)
    return table


def test_a_table_is_set_turned_or_told(monkeypatch):
    rows = [("us_first", "1.0 ± 0.1", "12,345", "1", "2"), ("kabul", "2.0 ± 0.2", "-", "3", "")]
    table = made(rows, "name", "settled", "deaths", "weeks", "lived")
    assert "│ us_first │ 1.0 ± 0.1 │ 12,345 │     1 │     2 │" in shown(table, 60, monkeypatch)
    turned = shown(table, 40, monkeypatch)
    assert "│ settled │ 1.0 ± 0.1 │ 2.0 ± 0.2 │" in turned and "┃ name    ┃  us_first ┃     kabul ┃" in turned
    told = shown(table, 30, monkeypatch)
    assert (
        "us_first\n  settled  1.0 ± 0.1\n  deaths   12,345\n  weeks    1\n  lived    2\nkabul\n  settled  2.0" in told
    )
    for text in (turned, told):
        assert text.startswith("Title [bold]\n") and "a caption that" in text
    assert "(no rows)" in shown(made([], "name", "settled", "deaths"), 20, monkeypatch)


def test_rows_that_two_columns_tell_apart_are_named_by_both(monkeypatch):
    rows = [("a", "b", "+1.0"), ("a", "c", "+2.0")]
    assert "a / b\n" in shown(made(rows, "name", "other", "a very long heading"), 20, monkeypatch)


def test_what_looks_like_markup_is_text(monkeypatch):
    table = made([("[/]", "1"), ("[red]x[/red]", "2"), ("a\x1b[31m\u202eb", "3")], "name", "settled")
    text = shown(table, 80, monkeypatch)
    assert "[/]" in text and "[red]x[/red]" in text and r"a\x1b[31m\u202eb" in text


# -- encodings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "utf-8"])
def test_any_encoding_is_readable(encoding, printed, monkeypatch):
    for table in (table for tables in printed.values() for table in tables):
        text = shown(table, 160, monkeypatch, encoding)
        assert "\\u" not in text and text.count("?") <= 2
    answer = settlesim("replay", "two-party", encoding=encoding)
    assert answer.code == 0 and answer.err == "" and "the plan takes the step" in answer.out
    assert ("“open:talks”" if encoding in ("cp1252", "utf-8") else '"open:talks"') in answer.out
    answer = settlesim("run", "données.toml", encoding=encoding)
    # Not 'donnees.toml', which is the name of another file.
    assert (
        answer.code == 2
        and ("données.toml" if encoding not in ("ascii", "koi8-r") else r"donn\xe9es.toml") in answer.err
    )


def test_tables_are_straight_without_the_characters(printed, monkeypatch):
    text = shown(printed["compare"][0], 160, monkeypatch, "ascii")
    assert "+/-" in text and len({len(line) for line in text.splitlines() if line.startswith(("|", "+"))}) == 1


def test_every_plain_form_is_plain():
    assert all(text.isascii() for text in PLAIN.values())
    assert readable("┏━┳┃│█ Peña − 雪", "ascii") == r"+-+||# Pe\xf1a - \u96ea"
    assert readable("größe Łódź ﬁ １ m²", "ascii") == r"gr\xf6\xdfe \u0141\xf3d\u017a \ufb01 \uff11 m2"
    assert printable("a\tb\u2066c\r") == r"a\tb\u2066c\r"


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("asked wrongly"), 2, "asked wrongly"),
        (ScenarioError([]), 2, ""),
        (SettlesimError("a worker died"), 1, "a worker died"),
        (OSError(errno.EACCES, "Permission denied", "war.toml"), 1, "'war.toml': Permission denied"),
        (OSError(errno.EMFILE, "Too many open files"), 1, "Too many open files"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 5000), 1, "File name too long"),
        (MemoryError(), 1, "memory ran out"),
        (MemoryError("Unable to allocate 7 TiB"), 1, "memory ran out: Unable to allocate 7 TiB"),
        (OverflowError("int too large\nto convert"), 1, "a number is too large: int too large to convert"),
        (RecursionError(), 1, "nested too deeply"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), 1, "invalid start byte"),
        (UsageError("long " * 1000), 2, "..."),
    ],
    ids=repr,
)
def test_errors_end_in_one_line(error, code, said, monkeypatch):
    monkeypatch.delenv(terminal.DEBUG, raising=False)

    def raises(*_):
        raise error

    monkeypatch.setattr("settlesim.scenario.files.builtin", raises)
    answer = settlesim("list")
    assert answer.code == code and answer.out == "" and said in answer.err
    assert answer.err.count("\n") == 1 and len(answer.err) <= 1000 and "Traceback" not in answer.err
    monkeypatch.setenv(terminal.DEBUG, "1")
    assert "Traceback" in settlesim("list").err


def broken_off(part):
    """The error that importing ends in where part of it was broken off."""
    try:
        raise ImportError("initialization failed") from part
    except ImportError as error:
        return error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), broken_off(KeyboardInterrupt())], ids=repr)
def test_an_interruption_is_one_also_where_it_meets_an_import(error, monkeypatch):
    def raises(*_):
        raise error

    monkeypatch.setattr("settlesim.scenario.files.builtin", raises)
    assert settlesim("list") == Answer(130, "", "settlesim: interrupted before anything was complete\n")


def test_an_import_that_fails_by_itself_is_no_interruption(monkeypatch):
    def raises(*_):
        raise broken_off(OSError("no such library"))

    monkeypatch.setattr("settlesim.scenario.files.builtin", raises)
    with pytest.raises(ImportError, match="initialization failed"):
        settlesim("list")


def test_an_interruption_outside_of_a_command_is_one_too(monkeypatch):
    def raises(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("settlesim.app.cli.carried_out", raises)
    assert settlesim("list") == Answer(130, "", "settlesim: interrupted before anything was complete\n")


def test_warnings_are_lines(monkeypatch):
    def warns():
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("few\nruns", stacklevel=1)
        return []

    monkeypatch.setattr("settlesim.scenario.files.builtin", warns)
    answer = settlesim("list", "--json")
    assert answer.err == "settlesim: warning: few runs\n" and json.loads(answer.out)["scenarios"] == {}


def test_exit_codes_are_in_the_help_and_in_the_documents():
    text = settlesim("--help").out
    page = (Path(__file__).parent.parent / "docs" / "command-line.md").read_text(encoding="utf-8")
    for code, meaning in terminal.EXITS.items():
        assert f"{code}  {meaning}" in text and f"| {code} | {meaning} |" in page
    assert terminal.DEBUG in text and terminal.DEBUG in page


# -- outputs that take nothing -----------------------------------------------------------------------------------------


def shell(line, **environment):
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHON": sys.executable, **environment},
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell")
def test_closed_and_full_outputs_end_in_one_line():
    ask = '"$PYTHON" -m settlesim'
    closed = shell(f"{ask} list >&-")
    assert closed.returncode == 1 and closed.stderr == (
        "settlesim: standard output is closed: there is nowhere to print the answer\n"
    )
    nobody = shell(f"{ask} list 2>&-")
    assert nobody.returncode == 0 and "two-party" in nobody.stdout
    quiet = shell(f"{ask} run nope 2>&- >&-")
    assert quiet.returncode == 1
    # The pipe is closed before anything is written.
    gone = shell(f"({ask} show afghanistan-2018 --json; echo $? >&2) | true")
    lines = gone.stderr.splitlines()
    assert lines[-1] == "1" and len(lines) == 2 and lines[0].startswith("settlesim: standard output did not take all")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no such device")
def test_a_full_output_ends_in_one_line():
    full = shell('"$PYTHON" -m settlesim list > /dev/full')
    assert full.returncode == 1 and full.stderr.count("\n") == 1 and "No space left" in full.stderr


def test_colours_are_as_asked(monkeypatch):
    table = made([("a", "1")], "name", "settled")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert "\x1b" not in shown(table, 80, monkeypatch)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" in shown(table, 80, monkeypatch)


@pytest.mark.parametrize("columns", ["", "0", "1", "-5", "x", "٣", "99999999999"])
def test_any_width_is_survived(columns, monkeypatch):
    # Only as long as it is asked: pytest, too, is as wide as it is told to be.
    with streams(), monkeypatch.context() as told:
        told.setenv("COLUMNS", columns)
        assert terminal.console().width >= 20
    assert settlesim("show", "two-party", columns=columns).code == 0
