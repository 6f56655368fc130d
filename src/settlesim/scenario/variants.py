"""The same conflict with other numbers, set by their addresses, those of concessions among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settlesim.scenario.claim_checks import matching
from settlesim.scenario.claims import Claim
from settlesim.scenario.parameters import CARRIERS
from settlesim.scenario.priors import Distribution, Fixed, as_prior
from settlesim.scenario.scenario import Scenario

__all__ = ["both_settings", "scaled", "with_numbers"]


def scaled(prior: Distribution, factor: float) -> Distribution:
    """Return the prior of `factor` times what is drawn from `prior`.

    Examples
    --------
    >>> scaled(as_prior({"low": 0.1, "mode": 0.2, "high": 0.4}), 0.5).bounds
    (0.05, 0.2)
    """
    # The shapes of a beta and the sigma of a lognormal do not know the unit; everything else is in it.
    shape = {"a", "b", "sigma", "distribution"}
    fields = {name: getattr(prior, name) for name in type(prior).model_fields}
    return type(prior)(**{name: v if name in shape else v * factor for name, v in fields.items()})


def with_numbers(scenario: Scenario, numbers: Mapping[str, float | Distribution]) -> Scenario:
    """Return the scenario with other numbers or priors, and without its claims.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    numbers : mapping
        Full address → number or prior.

    Raises
    ------
    ScenarioError
        If a value lies outside its range, or what can be offered sums to more than the whole prize.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> other = with_numbers(load("two-party"), {"concession_value.prisoners": 0.2, "war_cost.government": 0.1})
    >>> other.concessions["prisoners"].value.central, other.parameters["war_cost"].each["government"].central
    (0.2, 0.1)
    """
    tree = scenario.tree()
    # Claims are made of the conflict as it stands; its variants are what they are tested with.
    tree.pop("claims", None)
    for quantity in scenario.quantities():
        address = quantity.address
        given = numbers.get(str(address))
        if given is None:
            continue
        written = _written(given)
        if address.name in CARRIERS:
            scope, what = CARRIERS[address.name]
            table = tree[f"{scope}s"]
            table = table if isinstance(table, dict) else {row["name"]: row for row in table}
            table[address.entry][what] = written
        elif address.entry:
            tree["parameters"][address.name]["each"][address.entry] = written
        else:
            table = tree["parameters"][address.name]
            table.pop("prior", None)
            table.pop("value", None)
            table["prior" if isinstance(written, dict) else "value"] = written
    changed = Scenario.model_validate(tree)
    changed.__dict__["origin"] = scenario.origin
    return changed


def _written(given: float | Distribution) -> Any:
    prior = given if isinstance(given, Distribution) else as_prior(float(given))
    return prior.value if isinstance(prior, Fixed) else prior.model_dump()


def both_settings(scenario: Scenario, claim: Claim) -> tuple[Scenario, Scenario]:
    """Return the conflict in the two settings between which a claim moves its carrier."""
    if claim.plans_contrast is not None:
        return scenario, scenario
    known = {str(q.address): q for q in scenario.quantities()}
    found: list[Scenario] = []
    for side in (0, 1):
        numbers: dict[str, float | Distribution] = {}
        for carrier in claim.carrier:
            for address in matching(carrier, known):
                if claim.values is not None:
                    numbers[address] = claim.values[side][carrier]
                elif claim.scale is not None:
                    numbers[address] = scaled(known[address].prior, claim.scale[side])
        found.append(with_numbers(scenario, numbers))
    return found[0], found[1]
