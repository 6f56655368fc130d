"""settlesim: how the order of talks and concessions changes the way a war is settled.

Nothing is imported with the package: each name brings what it needs when it is first used (SPEC 1).

Examples
--------
>>> import settlesim as ss
>>> scenario = ss.load("afghanistan-2018")
>>> result = ss.simulate(scenario, sequence="us_first", runs=4, rng=7)
>>> dict(result.sizes)["run"]
4
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import settlesim.report.plots as plots
    import settlesim.scenario.steps as steps
    from settlesim.analysis.best_orders import best_orders
    from settlesim.analysis.channels import channels
    from settlesim.analysis.content import content
    from settlesim.analysis.differences import differences
    from settlesim.analysis.flips import flips, flips_of
    from settlesim.analysis.hindcast import hindcast
    from settlesim.analysis.incidence import incidence
    from settlesim.analysis.information import evppi
    from settlesim.analysis.order_effects import order_effects
    from settlesim.analysis.process import process
    from settlesim.analysis.ranking import rank
    from settlesim.analysis.regions import regions
    from settlesim.analysis.reweighting import reweight
    from settlesim.analysis.sensitivity import sensitivity, sobol
    from settlesim.analysis.summary import summary
    from settlesim.analysis.terminations import base_rates
    from settlesim.analysis.verdicts import claims
    from settlesim.chance.sampling import Sampling
    from settlesim.engines.verify import verify
    from settlesim.errors import (
        FaultError,
        Interrupted,
        ProtocolError,
        ScenarioError,
        SettlesimError,
        Terminated,
        UsageError,
    )
    from settlesim.experiments.estimate import estimate
    from settlesim.experiments.evaluate import evaluate
    from settlesim.experiments.execution import Execution
    from settlesim.experiments.nested import nested
    from settlesim.experiments.order_designs import order_design, order_efficiency
    from settlesim.experiments.orders import orders
    from settlesim.experiments.simulate import compare, simulate
    from settlesim.experiments.sweep import sweep
    from settlesim.model.items import Fold, Rule, rule
    from settlesim.model.outcome import Outcome
    from settlesim.model.protocol import Mechanism
    from settlesim.model.standard import STANDARD
    from settlesim.model.variables import Luck, Variable
    from settlesim.report.story import replay
    from settlesim.results.outcomes import STANDARD_OUTCOMES
    from settlesim.results.stores import open, save
    from settlesim.scenario.files import load
    from settlesim.scenario.plan import Plan
    from settlesim.scenario.scenario import Scenario
    from settlesim.scenario.sequence import Sequence, Step

_HOME = {
    "load": "scenario.files",
    "Scenario": "scenario.scenario",
    "Sequence": "scenario.sequence",
    "Plan": "scenario.plan",
    "Step": "scenario.sequence",
    "steps": "scenario.steps",
    "simulate": "experiments.simulate",
    "compare": "experiments.simulate",
    "sweep": "experiments.sweep",
    "orders": "experiments.orders",
    "order_design": "experiments.order_designs",
    "order_efficiency": "experiments.order_designs",
    "estimate": "experiments.estimate",
    "evaluate": "experiments.evaluate",
    "Sampling": "chance.sampling",
    "FaultError": "errors",
    "Interrupted": "errors",
    "Terminated": "errors",
    "Mechanism": "model.protocol",
    "ProtocolError": "errors",
    "Execution": "experiments.execution",
    "summary": "analysis.summary",
    "differences": "analysis.differences",
    "rank": "analysis.ranking",
    "flips": "analysis.flips",
    "flips_of": "analysis.flips",
    "evppi": "analysis.information",
    "regions": "analysis.regions",
    "reweight": "analysis.reweighting",
    "sensitivity": "analysis.sensitivity",
    "sobol": "analysis.sensitivity",
    "nested": "experiments.nested",
    "incidence": "analysis.incidence",
    "base_rates": "analysis.terminations",
    "hindcast": "analysis.hindcast",
    "order_effects": "analysis.order_effects",
    "best_orders": "analysis.best_orders",
    "process": "analysis.process",
    "claims": "analysis.verdicts",
    "channels": "analysis.channels",
    "content": "analysis.content",
    "replay": "report.story",
    "verify": "engines.verify",
    "plots": "report.plots",
    "open": "results.stores",
    "save": "results.stores",
    "STANDARD": "model.standard",
    "Rule": "model.items",
    "Fold": "model.items",
    "Luck": "model.variables",
    "Variable": "model.variables",
    "rule": "model.items",
    "Outcome": "model.outcome",
    "STANDARD_OUTCOMES": "results.outcomes",
    "SettlesimError": "errors",
    "ScenarioError": "errors",
    "UsageError": "errors",
}

# Names that are modules themselves.
_MODULES = ("plots", "steps")

__all__ = [
    "STANDARD",
    "STANDARD_OUTCOMES",
    "Execution",
    "FaultError",
    "Fold",
    "Interrupted",
    "Luck",
    "Mechanism",
    "Outcome",
    "Plan",
    "ProtocolError",
    "Rule",
    "Sampling",
    "Scenario",
    "ScenarioError",
    "Sequence",
    "SettlesimError",
    "Step",
    "Terminated",
    "UsageError",
    "Variable",
    "base_rates",
    "best_orders",
    "channels",
    "claims",
    "compare",
    "content",
    "differences",
    "estimate",
    "evaluate",
    "evppi",
    "flips",
    "flips_of",
    "hindcast",
    "incidence",
    "load",
    "nested",
    "open",
    "order_design",
    "order_effects",
    "order_efficiency",
    "orders",
    "plots",
    "process",
    "rank",
    "regions",
    "replay",
    "reweight",
    "rule",
    "save",
    "sensitivity",
    "simulate",
    "sobol",
    "steps",
    "summary",
    "sweep",
    "verify",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'settlesim' has no attribute {name!r}")
    home = importlib.import_module(f"settlesim.{_HOME[name]}")
    value = home if name in _MODULES else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, for tab completion."""
    return [*__all__, "__version__"]
