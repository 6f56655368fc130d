"""The public names, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

import settlesim as ss

PUBLIC = {
    "STANDARD", "STANDARD_OUTCOMES", "Execution", "FaultError", "Fold", "Interrupted", "Luck", "Mechanism", "Outcome",
    "Plan", "ProtocolError", "Rule", "Sampling", "Scenario", "ScenarioError", "Sequence", "SettlesimError", "Step",
    "Terminated", "UsageError", "Variable", "base_rates", "best_orders", "channels", "claims", "compare", "content",
    "differences", "estimate", "evaluate", "evppi", "flips", "flips_of", "hindcast", "incidence", "load", "nested",
    "open", "order_design", "order_effects", "order_efficiency", "orders", "plots", "process", "rank", "regions",
    "replay", "reweight", "rule", "save", "sensitivity", "simulate", "sobol", "steps", "summary", "sweep", "verify",
}  # fmt: skip


def test_the_namespace_is_pinned():
    assert set(ss.__all__) == PUBLIC
    assert set(dir(ss)) == PUBLIC | {"__version__"}


def test_every_public_name_is_there():
    for name in ss.__all__:
        assert getattr(ss, name) is not None


def test_a_name_that_is_not_there():
    assert not hasattr(ss, "simulation")


def imported(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_import_brings_nothing_heavy():
    heavy = {
        "numpy",
        "xarray",
        "pandas",
        "scipy",
        "matplotlib",
        "mesa",
        "pydantic",
        "typer",
        "rich",
        "settlesim.engines.vectorised.engine",
    }
    assert not imported("import settlesim") & heavy


def test_the_command_line_brings_the_view_only_when_asked():
    assert not imported("import settlesim.app.cli") & {"solara", "mesa", "settlesim.app.view", "matplotlib"}


def test_a_story_brings_neither_mesa_nor_the_view():
    assert not imported("import settlesim.report.story") & {"solara", "mesa", "settlesim.app.view", "matplotlib"}


def test_simulating_does_not_bring_the_reference_model_or_plots():
    names = imported("import settlesim as ss; ss.simulate(ss.load('two-party'), runs=1, rng=1)")
    assert "settlesim.engines.vectorised.engine" in names
    assert not names & {"mesa", "matplotlib", "typer"}
