"""Names and conditions of a scenario, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from settlesim.scenario.conditions import REFERENCES

if TYPE_CHECKING:
    from settlesim.scenario.scenario import Scenario

__all__ = ["Wording", "briefly", "listed"]

# Puts the name or number in an elementary condition into words.
Words = Callable[[Any], str]


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

    def concession(self, concession: str) -> str:
        """Return the label of a concession, as it stands within a sentence."""
        label = self.scenario.concessions[concession].label
        return label[:1].lower() + label[1:]

    def obligation(self, obligation: str) -> str:
        """Return the label of an end-condition, as it stands within a sentence."""
        label = self.scenario.obligations[obligation].label
        return label[:1].lower() + label[1:]

    def faction(self, name: str) -> str:
        """Return the label of a faction."""
        return next(f.label for f in self.scenario.factions if f.name == name)

    def condition(self, tree: dict[str, Any]) -> str:
        """Return a condition in a sentence, from its tree in a file.

        Examples
        --------
        >>> from settlesim.scenario.files import load
        >>> Wording(load("two-party")).condition({"signed": "talks", "delay": 26})
        'the talks “The table” are signed, and 26 weeks more'
        """
        return _worded(
            tree,
            {
                "week": lambda n: f"week {n:g} has come",
                "quiet": lambda n: f"{n:g} quiet weeks in a row",
                "opened": lambda t: f"{self.table(t)} have opened",
                "signed": lambda t: f"{self.table(t)} are signed",
                "broken": lambda t: f"{self.table(t)} have failed",
                "delivered": lambda c: f"{self.concession(c)} is delivered",
                "taken": lambda s: f"the step “{s}” is taken",
            },
        )


def briefly(tree: dict[str, Any]) -> str:
    """Return a condition in few words, with the names of the file in place of labels.

    Examples
    --------
    >>> briefly({"all": [{"signed": "kabul_talks", "delay": 26}, {"quiet": 4}]})
    'kabul_talks signed + 26 weeks and 4 quiet weeks'
    """
    words: dict[str, Words] = {"week": lambda n: f"week {n:g}", "quiet": lambda n: f"{n:g} quiet weeks"}
    references: dict[str, Words] = {kind: f"{{}} {kind}".format for kind in REFERENCES}
    return _worded(tree, words | references, " + {} weeks")


def _worded(tree: dict[str, Any], words: Mapping[str, Words], more: str = ", and {} weeks more") -> str:
    kind, value = next((k, v) for k, v in tree.items() if k != "delay")
    if kind in ("all", "any"):
        text = listed((_worded(part, words, more) for part in value), "and" if kind == "all" else "or")
    elif kind == "not":
        text = f"not ({_worded(value, words, more)})"
    else:
        text = words[kind](value)
    return text + more.format(tree["delay"]) if tree.get("delay") else text
