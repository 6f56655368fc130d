"""Odd command lines: what nobody should ask, and what is then said; in a folder that holds what `prepared` makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ODD_LINES", "OddLine", "prepared"]


@dataclass(frozen=True)
class OddLine:
    """Words after ``settlesim``, the exit code, and a part of the one line of error (of the output, where it is 0)."""

    words: tuple[str, ...]
    code: int
    says: str


def prepared(folder: Path) -> None:
    """Put what odd lines are about into a folder."""
    (folder / "folder").mkdir()
    (folder / "folder.nc").mkdir()
    (folder / "folder.nc" / "thesis.txt").write_text("years of work")
    (folder / "folder.png").mkdir()
    (folder / "file.zarr").write_text("a file")
    (folder / "empty.toml").write_text("")
    (folder / "latin.toml").write_bytes('title = "Peña"'.encode("latin-1"))
    (folder / "binary.toml").write_bytes(bytes(range(256)))


def _line(code: int, says: str, *words: str) -> OddLine:
    return OddLine(words, code, says)


RUN = ("run", "two-party")
ODD_LINES = (
    # -- commands
    _line(2, "unknown command 'rnu'; did you mean 'run'", "rnu", "two-party"),
    _line(2, "unknown command ''", "", "two-party"),
    _line(2, "unknown command 'RUN'", "RUN", "two-party"),
    _line(2, "No such option: --rng", "--rng", "7", *RUN),
    _line(2, "No such option: --nope", "--nope"),
    _line(2, "Missing argument", "run"),
    _line(2, "unexpected extra argument", "list", "two-party"),
    _line(2, "unexpected extra argument", *RUN, "talk"),
    _line(2, "requires an argument", *RUN, "--rng"),
    _line(2, "--no-progress", *RUN, "--no-progres"),
    _line(0, "settlesim", "--version", *RUN),
    _line(0, "Exit codes", "--help", "nonsense"),
    _line(0, "Usage: settlesim run", "run", "-h"),
    # -- scenarios
    _line(2, "unknown scenario ''", "run", ""),
    _line(2, "did you mean 'two-party'", "run", "two-prty"),
    _line(2, r"unknown scenario '\u202etwo-party'", "run", "\u202etwo-party"),
    _line(2, "unknown scenario 'xxx", "run", "x" * 5000),
    _line(2, "5,005 characters", "run", "x" * 5000 + ".toml"),
    _line(2, "it is a folder", "run", "folder/"),
    _line(2, "it is a device", "run", "/dev/zero"),
    _line(2, "No such file", "check", "nowhere/war.toml"),
    _line(2, "donn\u00e9es.toml", "show", "données.toml"),
    _line(2, "null byte", "run", "two\0party.toml"),
    _line(2, "empty.toml", "check", "empty.toml"),
    _line(2, "latin.toml", "check", "latin.toml"),
    _line(2, "binary.toml", "check", "binary.toml"),
    # -- numbers
    _line(2, "--runs", *RUN, "--runs", "1e9"),
    _line(2, "--runs", *RUN, "--runs", "0"),
    _line(2, "--runs", *RUN, "--runs", "-1"),
    _line(2, "--runs", *RUN, "--runs", ""),
    _line(2, "--runs", *RUN, "--runs", "9" * 30),
    _line(2, "--runs is given twice", *RUN, "--runs", "5", "--runs=6"),
    _line(2, "must not be negative", *RUN, "--rng", "-3"),
    _line(2, "--rng", *RUN, "--rng", "9" * 5000),
    _line(2, "--rng is given twice", "replay", "two-party", "--rng", "1", "--rng", "1"),
    _line(2, "--runs takes a whole number", "run", "two-party", "--runs", "1_0"),
    _line(2, "--rng takes a whole number", *RUN, "--rng", "１"),
    _line(2, "--workers", *RUN, "--workers", "0"),
    _line(2, "--workers", *RUN, "--workers", "10000"),
    _line(2, "--run", "replay", "two-party", "--run", "9" * 30),
    _line(2, "--port", "view", "two-party", "--port", "70000"),
    # -- settings
    _line(2, "name=value", *RUN, "--set", ""),
    _line(2, "name=value", *RUN, "--set", "a"),
    _line(2, "name=value", *RUN, "--set", "a==1"),
    *(
        _line(2, "name=value", *RUN, "--set", f"defection_rate={odd}")
        for odd in ("1_0", "0x1", "１", "1e1_0", "- 1", ".")
    ),
    _line(
        2, "--set 'surrender_frame' is given twice", *RUN, "--set", "surrender_frame=1", "--set", "surrender_frame=2"
    ),
    _line(2, "unknown parameter ''", *RUN, "--set", "=1"),
    _line(2, "--set", *RUN, "--set", "a" * 200_000),
    _line(2, "aaa", *RUN, "--set", "a" * 200_000 + "=1"),
    # -- plans
    _line(2, "unknown sequence ''", *RUN, "-s", ""),
    _line(2, r"unknown sequence 'ta\u202elk'", *RUN, "-s", "ta\u202elk"),
    _line(2, "--sequence is given twice", *RUN, "-s", "talk", "--sequence", "talk"),
    _line(2, "two sequences are called 'talk'", "compare", "two-party", "-s", "talk", "-s", "talk"),
    _line(2, "not among the sequences compared", "compare", "two-party", "-s", "talk", "--baseline", "quiet_first"),
    _line(2, "unknown sequence 'nope'", "verify", "two-party", "-s", "talk", "-s", "nope"),
    _line(2, "cannot read 'aaa", "status", "a" * 5000 + ".zarr"),
    _line(2, "is not there", "status", "nowhere.zarr"),
    _line(2, "not both", "show", "two-party", "-s", "talk", "--plan", "opening"),
    _line(2, "makes no claims", "claims", "two-party"),
    _line(2, "unknown claim ''", "claims", "afghanistan-2018", "--only", ""),
    _line(2, "declares no targets", "validate", "two-party"),
    # -- files
    _line(2, "its name must end in", *RUN, "--out", ""),
    _line(2, "its name must end in", *RUN, "--out", "folder"),
    _line(2, "in the way", *RUN, "--out", "folder.nc"),
    _line(2, "in the way", *RUN, "--out", "file.zarr"),
    _line(2, "there is no folder", *RUN, "--out", "nowhere/a.nc"),
    _line(2, "--out is given twice", *RUN, "--out", "a.nc", "--out", "b.nc"),
    _line(2, "must end in .png", *RUN, "--plot", "-"),
    _line(2, "must end in .png", *RUN, "--plot", ""),
    _line(2, "must end in .png", *RUN, "--plot", "a.PNG"),
    _line(2, "there is no folder", *RUN, "--plot", "nowhere/a.png"),
    _line(2, "what stands there is no file", *RUN, "--plot", "folder.png"),
    _line(2, "say with --sequence which", "show", "two-party", "--plot", "a.png"),
)
