"""A plan in every order, from the command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import settlesim as ss
from command_line import settlesim
from settlesim.report.order_extremes import extreme_rows
from support import shipped


def orders(*words, cwd="."):
    with contextlib.chdir(cwd):
        return settlesim("orders", *words)


@pytest.fixture(scope="module")
def result():
    return ss.orders(shipped("two-party"), "opening", runs=12, rng=7)


def test_tables_say_what_orders_do_and_how_sure_it_is():
    answer = orders("two-party", "--runs", 12, "--rng", 7, "--outcome", "deaths")
    assert answer.code == 0 and answer.err == ""
    for part in ("best and worst of 6 orders, 12 runs each", "at once", "what explains the differences",
                 "beyond dates", "not a forecast", "Entropy 7"):  # fmt: skip
        assert part in answer.out


def test_json_agrees_with_the_library_and_the_figure_needs_no_name(result, tmp_path):
    asked = ("two-party", "--plan", "opening", "--runs", 12, "--rng", 7, "--outcome", "deaths", "--json", "--plot")
    answer = orders(*asked, cwd=tmp_path)
    found = json.loads(answer.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    effects = ss.order_effects(result, "deaths")
    for row in found["swaps"]:
        expected = float(effects.swap.sel(first=row["first"], second=row["second"]))
        assert row["swap"]["estimate"] == pytest.approx(expected, abs=1e-9)
    assert found["extremes"] == extreme_rows(result, "deaths")
    assert (tmp_path / "orders.png").read_bytes().startswith(b"\x89PNG")


def test_the_best_come_first_and_are_compared_in_pairs(result):
    rows = extreme_rows(result, "deaths")
    means = result.deaths.mean("run")
    assert [row["order"] for row in rows] == list(means.sortby(means).order.values)
    apart = result.deaths - result.deaths.mean("order")
    for row in rows:
        one = apart.sel(order=row["order"])
        assert row["mean"] == pytest.approx(float(means.sel(order=row["order"])))
        assert row["against_all"] == pytest.approx(float(one.mean()), abs=1e-9)
        assert row["against_all_error"] == pytest.approx(float(one.std(ddof=1)) / np.sqrt(12), abs=1e-9)
    settled = extreme_rows(result, "settled")
    assert settled[0]["mean"] == max(row["mean"] for row in settled)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--plot", "figure.tiff"), "must end in .png, .pdf or .svg"),
        (("--plot", "nowhere/figure.png"), "there is no folder"),
        (("--outcome", "setled"), "settled"),
        (("--plan", "openin"), "opening"),
        (("--design", "rando"), "random"),
        (("--design", "random"), "size"),
        (("--each", 7), "from 1 to 6"),
        (("--runs", 1), "at least two runs"),
        (("--outcome", "deaths", "--kind", "x"), "kind"),
        (("--outcome", "outcome"), "kind"),
        (("--outcome", "outcome", "--kind", "insurgent_victor"), "insurgent_victory"),
        (("--outcome", "defections"), "also varies by"),
        (("--out", "result.xyz"), ".nc"),
    ],
    ids=str,
)
def test_what_is_asked_wrongly_is_said_before_anything_runs(words, said, tmp_path):
    answer = orders("two-party", "--rng", 7, *(() if "--runs" in words else ("--runs", 100_000)), *words, cwd=tmp_path)
    assert answer.code == 2 and said in answer.err and answer.out == ""
    assert answer.err.count("\n") <= 12 and "Traceback" not in answer.err


def test_a_scenario_without_plans_says_so():
    answer = orders("null-order", "--runs", 10)
    assert answer.code == 2 and "plan" in answer.err


MET = """
import os, signal, sys
from settlesim.__main__ import main

class Finder:
    def find_spec(self, name, path, target=None):
        if name == os.environ["MET"]:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder())
main()
"""
BEFORE, WITHIN = -signal.SIGINT, 130


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize(
    ("module", "code"),
    [("settlesim.app.cli", BEFORE), ("typer", BEFORE), ("xarray", WITHIN), ("settlesim.experiments.orders", WITHIN)],
)
def test_an_interruption_that_meets_an_import_ends_it_without_a_traceback(module, code, tmp_path):
    command = [sys.executable, "-c", MET, "orders", "two-party", "--runs", "2", "--rng", "1"]
    how = {"capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run(command, env={**os.environ, "MET": module}, cwd=tmp_path, **how)
    said = "settlesim: interrupted before anything was complete\n" if code == WITHIN else ""
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("after", [0.6, 1.2, 2.4, 3.6])
def test_an_early_interruption_ends_it_and_keeps_what_is_done(after, tmp_path):
    asked = ["two-party", "--runs", "60000", "--rng", "1", "--workers", "2", "--out", "o.nc"]
    command = [sys.executable, "-m", "settlesim", "orders", *asked]
    child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        # While it imports, while workers start, while they compute.
        time.sleep(after)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=120)
    finally:
        child.kill()
    # By the signal itself before the command line is read; Python tells where it was before settlesim is asked.
    assert (child.returncode == 130 and "Traceback" not in said) or child.returncode == -signal.SIGINT, said
    assert "died" not in said and "CANCELLED" not in said and not said.rstrip().endswith("interrupted:")
