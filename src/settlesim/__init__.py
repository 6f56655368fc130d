"""settlesim: how the order of talks and concessions changes the way a war is settled.

Only numpy is imported with the package; everything else comes when it is first used (SPEC 1).

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
    import settlesim.plots as plots
    import settlesim.steps as steps
    from settlesim.analysis import differences, hindcast, incidence, rank, summary
    from settlesim.errors import ScenarioError, SettlesimError, UsageError
    from settlesim.execution import Execution
    from settlesim.experiment import compare, simulate, sweep
    from settlesim.files import load
    from settlesim.outcomes import STANDARD_OUTCOMES, Outcome
    from settlesim.rules import STANDARD, Fold, Luck, Rule, Variable, rule
    from settlesim.scenario import Scenario
    from settlesim.sequence import Sequence, Step
    from settlesim.stores import open, save
    from settlesim.story import replay
    from settlesim.verify import verify

_HOME = {
    "load": "files",
    "Scenario": "scenario",
    "Sequence": "sequence",
    "Step": "sequence",
    "steps": "",
    "simulate": "experiment",
    "compare": "experiment",
    "sweep": "experiment",
    "Execution": "execution",
    "summary": "analysis",
    "differences": "analysis",
    "rank": "analysis",
    "incidence": "analysis",
    "hindcast": "analysis",
    "replay": "story",
    "verify": "verify",
    "plots": "",
    "open": "stores",
    "save": "stores",
    "STANDARD": "rules",
    "Rule": "rules",
    "Fold": "rules",
    "Luck": "rules",
    "Variable": "rules",
    "rule": "rules",
    "Outcome": "outcomes",
    "STANDARD_OUTCOMES": "outcomes",
    "SettlesimError": "errors",
    "ScenarioError": "errors",
    "UsageError": "errors",
}

__all__ = [
    "STANDARD",
    "STANDARD_OUTCOMES",
    "Execution",
    "Fold",
    "Luck",
    "Outcome",
    "Rule",
    "Scenario",
    "ScenarioError",
    "Sequence",
    "SettlesimError",
    "Step",
    "UsageError",
    "Variable",
    "compare",
    "differences",
    "hindcast",
    "incidence",
    "load",
    "open",
    "plots",
    "rank",
    "replay",
    "rule",
    "save",
    "simulate",
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
    if not _HOME[name]:
        return importlib.import_module(f"settlesim.{name}")
    value = getattr(importlib.import_module(f"settlesim.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, for tab completion."""
    return [*__all__, "__version__"]
