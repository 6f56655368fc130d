"""Names and conditions of a scenario, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from settlesim.scenario.scenario import Scenario

__all__ = ["Wording", "listed"]


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> listed(["trust", "ripeness", "power"])
    'trust, ripeness and power'
    """
    *most, final = list(words) or [""]
    return f"{', '.join(most)} {last} {final}" if most else final


class Wording:
    """Labels of a scenario's parts, as they stand within a sentence.

    Parameters
    ----------
    scenario : Scenario
        The conflict.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def actor(self, role: str) -> str:
        """Return the label of a party, or of an outside body that can deliver a concession."""
        actors = {str(key): str(actor.label) for key, actor in self.scenario.actors.items()}
        return actors.get(role) or str(self.scenario.bodies.get(role, role))

    def table(self, track: str) -> str:
        """Return the name of a table of talks."""
        return f"the talks “{self.scenario.tracks[track].label}”"

    def gift(self, concession: str) -> str:
        """Return the label of a concession, as it stands within a sentence."""
        label = self.scenario.concessions[concession].label
        return label[:1].lower() + label[1:]

    def faction(self, name: str) -> str:
        """Return the label of a faction."""
        return next(f.label for f in self.scenario.factions if f.name == name)

    def condition(self, tree: dict[str, Any]) -> str:
        """Return a condition in words, from its tree in a file.

        Examples
        --------
        >>> from settlesim.scenario.files import load
        >>> Wording(load("two-party")).condition({"signed": "talks", "delay": 26})
        'the talks “The table” are signed, and 26 weeks more'
        """
        delay = tree.get("delay", 0)
        kind, value = next((k, v) for k, v in tree.items() if k != "delay")
        words: dict[str, Callable[[Any], str]] = {
            "week": lambda n: f"week {n:g} has come",
            "quiet": lambda n: f"{n:g} weeks in a row without an attack",
            "opened": lambda t: f"{self.table(t)} have opened",
            "signed": lambda t: f"{self.table(t)} are signed",
            "broken": lambda t: f"{self.table(t)} have failed",
            "delivered": lambda c: f"{self.gift(c)} is delivered",
            "taken": lambda s: f"the step “{s}” is taken",
            "not": lambda c: f"not ({self.condition(c)})",
            "all": lambda cs: listed(map(self.condition, cs)),
            "any": lambda cs: listed(map(self.condition, cs), "or"),
        }
        text = words[kind](value)
        return f"{text}, and {delay} weeks more" if delay else text
