"""The command line in this process: what a command prints and the code it ends with, as of a given terminal."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from settlesim.app.cli import main


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


@contextmanager
def streams(encoding: str = "utf-8"):
    """Standard output and error of an encoding, kept in memory."""
    kept = sys.stdout, sys.stderr
    made = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="") for _ in kept]
    sys.stdout, sys.stderr = made
    try:
        yield made
    finally:
        sys.stdout, sys.stderr = kept


def settlesim(*words: object, encoding: str = "utf-8", columns: object = 160) -> Answer:
    """Carry out a command line on a terminal of so many columns."""
    code: object = 0
    with streams(encoding) as made, mock.patch.dict(os.environ, COLUMNS=str(columns)):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
        told = []
        for stream in made:
            stream.flush()
            told.append(stream.buffer.getvalue().decode(encoding))
    assert code is None or isinstance(code, int), code
    return Answer(int(code or 0), *told)


# A scenario that makes claims and is soon read and run.
CLAIMING = """
extends = "two-party"
name = "claiming"
title = "Two parties, with claims"
description = "For the command that tests claims."

[[claims]]
name = "generosity_settles"
sentence = "More generous offers settle more."
kind = "hypothesis"
carrier = ["concession_value.recognition"]
scale = [0.5, 1.5]
plans = ["talk", "give_first"]
quantity = "settled"
sign = 1
source = "invented"
tag = "M"

[[claims]]
name = "generosity_saves"
sentence = "More generous offers save lives."
kind = "check"
carrier = ["concession_value.recognition"]
scale = [0.5, 1.5]
plans = ["talk"]
quantity = "deaths"
sign = -1
source = "invented"
tag = "M"
"""
