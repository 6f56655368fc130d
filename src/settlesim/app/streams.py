"""Standard output and error as they are found: of any encoding, closed, full, or read by one who goes away."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

__all__ = ["ReaderGoneError", "delivered", "plain_warnings", "prepare", "printable", "readable", "tell"]

# How characters are written where the encoding of the output lacks them.
PLAIN = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "±": "+/-", "×": "x", "·": "*", "•": "*", "…": "...",
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "«": '"', "»": '"', "→": "->", "←": "<-", "↔": "<->",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "∞": "inf", "°": " deg", "σ": "sigma", "θ": "theta", "λ": "lambda",
    "μ": "mu", "µ": "u",
}  # fmt: skip
HORIZONTAL, VERTICAL = set("─━╌╍┄┅┈┉═╴╶╸╺"), set("│┃╎╏┆┇┊┋║╵╷╹╻")
# Categories of Unicode that names are made of.
LETTERS = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"}
HANDLER = "settlesim.readable"


class ReaderGoneError(Exception):
    """Standard output is a pipe that nobody reads any more; typer would end the command without a word."""


def _plain(character: str) -> str:
    """One character in ASCII."""
    if character in PLAIN:
        return PLAIN[character]
    if "\u2500" <= character <= "\u257f":
        return "-" if character in HORIZONTAL else "|" if character in VERTICAL else "+"
    if "\u2580" <= character <= "\u259f":
        return "#"
    # A letter of a name is not left out: without its accent the name may be that of something else.
    if unicodedata.category(character) in LETTERS:
        return character.encode("unicode_escape").decode("ascii")
    base = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return base or character.encode("unicode_escape").decode("ascii")


def readable(text: str, encoding: str) -> str:
    r"""Return `text` with what `encoding` lacks written in ASCII: signs by what they look like, letters as escapes.

    Examples
    --------
    >>> readable("12.0 ± 1.5 – “Peña”", "ascii")
    '12.0 +/- 1.5 - "Pe\\xf1a"'
    >>> readable("12.0 ± 1.5", "latin-1")
    '12.0 ± 1.5'
    """
    codecs.register_error(HANDLER, _replaced)
    return text.encode(encoding, HANDLER).decode(encoding)


def printable(text: str) -> str:
    r"""Return `text` without what moves or turns the writing of a terminal; line ends stay.

    Examples
    --------
    >>> printable("a \x1b[31m\u202eb\n")
    'a \\x1b[31m\\u202eb\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def prepare() -> bool:
    """Make standard output and error able to hold any text; tell whether there is a standard output at all."""
    codecs.register_error(HANDLER, _replaced)
    there = sys.stdout is not None
    # What is opened next would else take the numbers of the streams that are closed.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(os.devnull, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)
    return there


def tell(message: str) -> None:
    """Write one line to standard error, as far as there is one."""
    try:
        print(f"settlesim: {message}", file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Tell warnings in one line each on standard error, without the place in the code that they came from."""

    def told(message: Warning | str, *_: Any) -> None:
        tell(f"warning: {' '.join(str(message).split())}")

    with warnings.catch_warnings():
        warnings.showwarning = told  # type: ignore[assignment]
        yield


def delivered() -> str | None:
    """Write out what is still held back; return why that cannot be done, if it cannot."""
    reason = None
    for stream in dict.fromkeys((sys.stdout, sys.__stdout__)):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            _silence(stream)
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        _silence(sys.stderr)
    return reason


def _silence(stream: IO[str] | Any) -> None:
    """Let a stream that takes nothing end in nowhere, so that Python does not fail at it once more when it ends."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
