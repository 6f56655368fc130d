"""Channels: the ways by which one move of a plan acts on another, each with the numbers that hold it off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from settlesim.errors import Problem
from settlesim.scenario.base import Declaration, Note, Title
from settlesim.scenario.checks import SoundFields, check_levers
from settlesim.scenario.parameters import Address
from settlesim.scenario.sequence import Levers

__all__ = ["Channel", "check_channels", "held_off"]


class Channel(Declaration):
    """A way by which one move acts on another, and what holds it off.

    Parameters
    ----------
    label
        In a few words, for tables and figures.
    description
        What acts on what.
    off
        Parameter → the value (or table by entry) at which nothing passes this way, as in the levers of a sequence.

    Examples
    --------
    >>> Channel(label="Pocketing", off={"pocketing": 0.0}).off
    {'pocketing': 0.0}
    """

    label: Title
    description: Note = ""
    off: Annotated[Levers, Field(min_length=1)]

    @property
    def values(self) -> str:
        """The values that hold it off, in words."""
        each = [
            (Address(name, entry), number)
            for name, value in self.off.items()
            for entry, number in (value.items() if isinstance(value, Mapping) else [("", value)])
        ]
        return ", ".join(f"{address} = {number:g}" for address, number in each)


def held_off(channels: Mapping[str, Channel], names: tuple[str, ...]) -> dict[str, float | dict[str, float]]:
    """Return the levers that hold the named channels off together.

    Examples
    --------
    >>> both = {"a": Channel(label="A", off={"war_cost": {"government": 0.0}}),
    ...         "b": Channel(label="B", off={"war_cost": {"insurgency": 0.0}, "pocketing": 0.0})}
    >>> held_off(both, ("a", "b"))
    {'war_cost': {'government': 0.0, 'insurgency': 0.0}, 'pocketing': 0.0}
    """
    levers: dict[str, float | dict[str, float]] = {}
    for name in names:
        for parameter, value in channels[name].off.items():
            if isinstance(value, Mapping):
                others = levers.get(parameter)
                levers[parameter] = {**(others if isinstance(others, dict) else {}), **value}
            else:
                levers[parameter] = value
    return levers


def check_channels(fields: SoundFields, file: str) -> Iterator[Problem]:
    """Yield every problem of the channels of a scenario: what is unknown, out of range, or set by two of them."""
    if "parameters" not in fields.values:
        return
    setters: dict[Address, str] = {}
    for name, channel in fields.table("channels").items():
        path = ("channels", name, "off")
        yield from check_levers(channel.off, fields, file, path)
        for address in _addresses(channel, fields):
            other = setters.setdefault(address, name)
            if other != name:
                key = f"channels.{name}.off.{address}"
                message = f"is set by the channel {other!r} as well, so that neither could be held off alone"
                yield Problem(file, key, message)


def _addresses(channel: Channel, fields: SoundFields) -> Iterator[Address]:
    parameters = fields.table("parameters")
    for name, value in channel.off.items():
        entries = value if isinstance(value, Mapping) else parameters[name].entries() if name in parameters else ("",)
        for entry in entries:
            yield Address(name, entry)
