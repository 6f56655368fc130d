"""Mechanisms and protocols: what happens in a week, as data that the engines interpret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from settlesim.errors import UsageError, nearest
from settlesim.model.items import Commanders, Item, Rule
from settlesim.model.variables import Luck, Variable

if TYPE_CHECKING:
    from settlesim.model.outcome import Outcome
    from settlesim.model.protocol_check import Checked
    from settlesim.scenario.scenario import Scenario
    from settlesim.scenario.sequence import Sequence

__all__ = ["Mechanism", "Protocol"]


@dataclass(frozen=True)
class Mechanism:
    """A part of the model that can be read, added and taken away by itself.

    Parameters
    ----------
    name : str
        Its heading in ``docs/model.md``.
    items : tuple of Item
        What happens in a week, in order.
    variables : tuple of Variable
        Variables that its items write and none of its rules or folds declares.
    luck : tuple of Luck
        The chance its rules meet.
    outcomes : tuple of Outcome
        What is read off its variables at the end of a run.
    setup : tuple of Item
        What is done once, before the first week.

    Examples
    --------
    >>> from settlesim.model.rules.spoilers import SPOILERS
    >>> [item.name for item in SPOILERS.items]
    ['spoilers']
    >>> [variable.name for variable in SPOILERS.declared]
    ['spoiler_attacks', 'spoiler_believed']
    """

    name: str
    items: tuple[Item, ...] = ()
    variables: tuple[Variable, ...] = ()
    luck: tuple[Luck, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    setup: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        for place, items in (("items", self.items), ("setup", self.setup)):
            if not isinstance(items, tuple):
                raise UsageError(f"mechanism {self.name!r}: {place} must be a tuple, not {type(items).__name__}")
            for item in items:
                if not isinstance(item, Item):
                    name = getattr(item, "__name__", repr(item))
                    raise UsageError(
                        f"mechanism {self.name!r}: {name} in {place} is no item; is its @rule(...) missing?"
                    )

    @cached_property
    def declared(self) -> tuple[Variable, ...]:
        """All variables that it declares."""
        return (*self.variables, *(v for item in (*self.setup, *self.items) for v in item.declares))


@dataclass(frozen=True)
class Protocol:
    """An ordered tuple of items, with the variables they write, the luck they meet and the outcomes read off them.

    `setup` is done once, before the first week and after the commanders are made.

    Examples
    --------
    >>> from settlesim.model.standard import STANDARD
    >>> "power" in STANDARD.names
    True
    """

    items: tuple[Item, ...]
    variables: tuple[Variable, ...]
    luck: tuple[Luck, ...] = ()
    setup: tuple[Item, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @classmethod
    def of(cls, mechanisms: Iterable[Mechanism]) -> Protocol:
        """Return the protocol in which some mechanisms act one after another."""
        parts = tuple(mechanisms)
        return cls(
            items=tuple(item for part in parts for item in part.items),
            variables=tuple(v for part in parts for v in part.declared),
            luck=tuple(item for part in parts for item in part.luck),
            setup=tuple(item for part in parts for item in part.setup),
            outcomes=tuple(outcome for part in parts for outcome in part.outcomes),
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The items' names in order."""
        return tuple(item.name for item in self.items)

    @cached_property
    def table(self) -> dict[str, Variable]:
        """Variables by name."""
        return {v.name: v for v in self.variables}

    @cached_property
    def weekly(self) -> tuple[str, ...]:
        """Names of the variables that ``record="weekly"`` keeps."""
        return tuple(v.name for v in self.variables if v.weekly)

    @cached_property
    def told(self) -> tuple[str, ...]:
        """Names of the variables that the story of a run needs."""
        return tuple(v.name for v in self.variables if v.told)

    def check(
        self,
        scenario: Scenario,
        sequence: str | Sequence | None = None,
        *,
        outcomes: Iterable[Outcome] | None = None,
    ) -> Checked:
        """Find all mistakes of the protocol at once, and tell whether it can be run on a scenario.

        Names are unique and none hides another; scopes, distributions and operations are known; whatever an item
        reads is provided, can be reached from its scope and has been written by then; whatever it writes is
        declared; rules of one's own are elementwise as far as their source tells.  Every simulation does this
        before its first week.

        Parameters
        ----------
        scenario : Scenario
            Provides the parameters.
        sequence : str or Sequence, optional
            By default the scenario's default sequence.
        outcomes : iterable of Outcome, optional
            By default those of the protocol.

        Returns
        -------
        Checked
            How much was checked, and notes on what is no mistake: parameters that nothing reads.

        Raises
        ------
        ProtocolError
            With every mistake, each on a line that names the item and says what to do.

        Examples
        --------
        >>> from settlesim.model.standard import STANDARD
        >>> from settlesim.scenario.files import load
        >>> STANDARD.check(load("two-party")).notes
        ()
        """
        from settlesim.model.protocol_check import check

        return check(self, scenario, sequence, outcomes)

    def _position(self, name: str, others: Iterable[str] = ()) -> int:
        if name not in self.names:
            like = nearest(name, [*self.names, *others])
            raise UsageError(f"the protocol has no item {name!r}" + (f"; did you mean {like!r}?" if like else ""))
        return self.names.index(name)

    def with_rule(
        self,
        new: Item,
        *,
        after: str,
        variables: Iterable[Variable] = (),
        luck: Iterable[Luck] = (),
    ) -> Protocol:
        """Return a protocol with `new` placed behind the item named `after`.

        Parameters
        ----------
        new : Item
            The rule (or fold) to add.
        after : str
            Name of the item behind which it goes.
        variables : iterable of Variable
            Declarations of variables that are new.
        luck : iterable of Luck
            Declarations of luck that is new.

        Returns
        -------
        Protocol

        Raises
        ------
        UsageError
            If there is no item of that name, or something new has the name of something there.
        """
        return self.with_mechanism(Mechanism(new.name, (new,), tuple(variables), tuple(luck)), after=after)

    def with_mechanism(self, new: Mechanism, *, after: str) -> Protocol:
        """Return a protocol with a mechanism placed behind the item named `after`.

        Parameters
        ----------
        new : Mechanism
            Its items act in their order; its setup is done after all others.
        after : str
            Name of the item behind which they go.

        Returns
        -------
        Protocol

        Raises
        ------
        UsageError
            If there is no item of that name, or something new has the name of something there.
        """
        at = self._position(after) + 1
        for what, mine, theirs in (
            ("variable", self.variables, new.declared),
            ("luck", self.luck, new.luck),
            ("outcome", self.outcomes, new.outcomes),
            ("item", (*self.setup, *self.items), (*new.setup, *new.items)),
        ):
            taken = {part.name for part in mine}
            for part in theirs:
                if part.name in taken:
                    raise UsageError(f"{what} {part.name!r}: the protocol has one already; call the new one otherwise")
        return Protocol(
            items=(*self.items[:at], *new.items, *self.items[at:]),
            variables=self.variables + new.declared,
            luck=self.luck + new.luck,
            setup=self.setup + new.setup,
            outcomes=self.outcomes + new.outcomes,
        )

    def replaced(self, name: str, new: Item) -> Protocol:
        """Return a protocol in which the item called `name` is `new`: another policy in its place.

        The rules by which commanders are made and by which they choose at a signing, such as ``"choose"``, can be
        replaced by name like any other.  What `new` declares anew replaces the former declaration.

        Raises
        ------
        UsageError
            If there is no item of that name.
        """
        declared = {variable.name: variable for variable in new.declares}
        variables = (*(declared.pop(v.name, v) for v in self.variables), *declared.values())
        inner = {rule: item for item in self.items if isinstance(item, Commanders) for rule in item.rules}
        if name in inner and isinstance(new, Rule):
            name, new = inner[name].name, inner[name].with_rule(name, new)
        at = self._position(name, inner)
        return replace(self, items=(*self.items[:at], new, *self.items[at + 1 :]), variables=variables)

    def without(self, name: str) -> Protocol:
        """Return a protocol without the item called `name`, and without variables that only it knew.

        Raises
        ------
        UsageError
            If there is no item of that name.
        """
        at = self._position(name)
        items = (*self.items[:at], *self.items[at + 1 :])
        used = {name for item in (*self.setup, *items) for name in (*item.reads, *item.writes)}
        used |= {name for item in items if isinstance(item, Commanders) for rule in item.setup for name in rule.writes}
        kept = tuple(v for v in self.variables if v.start is not None or v.name in used)
        return replace(self, items=items, variables=kept)
