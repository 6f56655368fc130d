"""A plan: moves whose order matters, with what must come before what; each of its orders is a sequence to be run.

In a file a plan is a table ``[plans.NAME]``, its moves are steps under the names by which orders are told apart.
Counting orders and drawing them is that of linear extensions (`settlesim.scenario.linear_extensions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Sequence as Several
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from settlesim.errors import UsageError, nearest
from settlesim.scenario.base import Count, Declaration, FrozenDict, Label, Listed, Name, Note, build
from settlesim.scenario.limits import PAIRS, STEPS
from settlesim.scenario.linear_extensions import Below, closure, count, draw, extensions
from settlesim.scenario.moves import Group, Moves, Pair, called
from settlesim.scenario.plan_faults import faults
from settlesim.scenario.sequence import Levers, Sequence, Step, TroopPath, named

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ARROW", "Plan"]

# Between the moves in the name of an order.
ARROW = " > "
# Up to so many times the size of a sample of distinct orders, all orders are written down and drawn from.
FEW = 4


class Plan(Declaration):
    """Moves, a partial order on them, and the pace at which they follow each other.

    Parameters
    ----------
    moves
        Name → the step that it is, or several steps taken in the same week. Their conditions (`when`) hold besides
        the order.
    name
        How the plan is called.
    label, description
        For people.
    given
        Steps apart from the order, each taken when its own condition holds; such as what is tabled in every order.
    precedence
        Pairs of moves of which the first comes before the second, at once or with others between them.
    together
        Groups of moves taken in the same week: in every order they stand side by side, as they are listed.
    pace
        Weeks from one move to the next.
    completes
        ``taken``: the next move has its turn `pace` weeks after this one was taken. ``done``: not before what it was
        taken for has come about, too; see `Sequence`.
    patience
        Weeks after which the next move is taken anyway, so that no order means "never".
    undertaking, agenda, levers, troop_path
        As those of a `Sequence`, and the same in every order.

    Raises
    ------
    ScenarioError
        With all that is wrong with the plan in itself: precedences that cannot all hold, unknown moves, conditions
        that contradict the order. Names of tracks and the like are checked when the plan meets a scenario.

    Examples
    --------
    >>> from settlesim.scenario.steps import deliver, open_track
    >>> moves = {"us": open_track("patron_talks"), "kabul": open_track("kabul_talks"), "gift": deliver("prisoners")}
    >>> plan = Plan(moves, precedence=[("us", "kabul")], pace=16)
    >>> plan.count()
    3
    >>> list(plan.orders())
    [('us', 'kabul', 'gift'), ('us', 'gift', 'kabul'), ('gift', 'us', 'kabul')]
    >>> sequence = plan.order("gift > us > kabul")
    >>> sequence.name, [step.do for step in sequence.steps], sequence.pace
    ('gift > us > kabul', ['deliver', 'open', 'open'], 16)
    """

    name: Name = "plan"
    label: Label = ""
    description: Note = ""
    moves: Moves
    given: Annotated[Listed[Step], Field(max_length=STEPS)] = ()
    precedence: Annotated[Listed[Pair], Field(max_length=PAIRS)] = ()
    together: Listed[Group] = ()
    pace: Count = 0
    completes: Literal["taken", "done"] = "taken"
    patience: Count | None = None
    undertaking: Literal["early_harvest", "single"] = "early_harvest"
    agenda: Literal["package", "staged"] = "package"
    levers: Levers = Field(default_factory=dict)
    troop_path: TroopPath = ()

    def __init__(
        self,
        moves: Mapping[str, Step | Mapping[str, Any] | Several[Step | Mapping[str, Any]]],
        *,
        name: str = "plan",
        label: str = "",
        description: str = "",
        given: Several[Step | Mapping[str, Any]] = (),
        precedence: Several[tuple[str, str]] = (),
        together: Several[Several[str]] = (),
        pace: int = 0,
        completes: Literal["taken", "done"] = "taken",
        patience: int | None = None,
        undertaking: Literal["early_harvest", "single"] = "early_harvest",
        agenda: Literal["package", "staged"] = "package",
        levers: Mapping[str, float | Mapping[str, float]] | None = None,
        troop_path: Several[tuple[float, float]] = (),
    ) -> None:
        data: dict[str, Any] = {"name": name, "label": label, "description": description, "moves": moves}
        data |= {"given": given, "precedence": precedence, "together": together}
        data |= {"pace": pace, "completes": completes, "patience": patience}
        data |= {"undertaking": undertaking, "agenda": agenda}
        build(self, data | {"levers": levers or {}, "troop_path": troop_path})

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def of_agenda(
        cls,
        track: str,
        concessions: Several[str],
        *,
        name: str = "agenda",
        given: Several[Step] | None = None,
        precedence: Several[tuple[str, str]] = (),
        undertaking: Literal["early_harvest", "single"] = "early_harvest",
        levers: Mapping[str, float | Mapping[str, float]] | None = None,
    ) -> Plan:
        """Return the plan whose orders are those in which items are settled at one table.

        Parameters
        ----------
        track
            The table, on which nothing else lies.
        concessions
            The items; each is a move of its own name, tabled in the first week.
        given
            What is done besides; by default the table is called in the first week.
        name, precedence, undertaking, levers
            As those of `Plan`.

        Examples
        --------
        >>> plan = Plan.of_agenda("kabul_talks", ["prisoners", "recognition"])
        >>> [step.name for step in plan.order("recognition > prisoners").steps]
        ['open:kabul_talks', 'recognition', 'prisoners']
        """
        if isinstance(concessions, str):
            raise UsageError(f"the items of an agenda are a list of names, such as [{concessions!r}, ...], not a text")
        items = list(concessions)
        twice = next((item for item in items if items.count(item) > 1), None)
        if twice is not None:
            raise UsageError(f"the item {twice!r} stands on the agenda twice")
        return cls(
            {item: Step(do="table", track=track, concessions=(item,)) for item in items},
            name=name,
            given=(Step(do="open", track=track),) if given is None else given,
            precedence=precedence,
            undertaking=undertaking,
            agenda="staged",
            levers=levers,
        )

    @model_validator(mode="after")
    def _check(self) -> Plan:
        found = []
        for fault in faults(self):
            said = {"message": fault.message, "allowed": fault.allowed, "nearest": fault.nearest, "at": None}
            kind = PydanticCustomError("settlesim", "{message}", said | {"value": None})
            found.append(InitErrorDetails(type=kind, loc=fault.at, input=fault.value))
        if found:
            raise ValidationError.from_exception_data("Plan", found)
        return self

    @cached_property
    def blocks(self) -> tuple[tuple[str, ...], ...]:
        """The moves in the order declared, those taken together side by side in one block."""
        groups = {name: group for group in self.together for name in group}
        return tuple(dict.fromkeys(groups.get(name, (name,)) for name in self.moves))

    @cached_property
    def below(self) -> Below:
        """What comes before each block in every order, as bit masks over the blocks."""
        place = {name: at for at, block in enumerate(self.blocks) for name in block}
        return closure(len(self.blocks), [(place[first], place[then]) for first, then in self.precedence])

    @cached_property
    def steps(self) -> Mapping[str, tuple[Step, ...]]:
        """The steps of each move, named by it, as they stand in every order."""
        joined = {name for block in self.blocks for name in block[1:]}
        return FrozenDict({name: tuple(called(name, steps, name in joined)) for name, steps in self.moves.items()})

    @cached_property
    def apart(self) -> tuple[Step, ...]:
        """The given steps, named, as they stand in every order."""
        return tuple(step.model_copy(update={"apart": True}) for step in named(self.given))

    def order(self, names: str | Several[str]) -> Sequence:
        """Return the sequence in which the moves are made in this order.

        Parameters
        ----------
        names
            Every move once; or the name of the order, as in ``"us > kabul > prisoners"``.

        Returns
        -------
        Sequence
            Ordered, named by its moves. The given steps come first, apart from the order; the first step of a move
            is called by the move, further ones ``"move: do target"``.

        Raises
        ------
        UsageError
            When that is no order of this plan; the message says all that is wrong with it.
        """
        listed = names.split(ARROW.strip()) if isinstance(names, str) else names
        wanted = tuple(listed) if isinstance(listed, Iterable) else (listed,)
        if not all(isinstance(name, str) for name in wanted):
            such = ARROW.join(self.moves)
            raise UsageError(f"an order is a list of moves or its name, such as {such!r}, not {names!r}")
        wanted = tuple(name.strip() for name in wanted) if isinstance(names, str) else wanted
        wrong = list(self._complaints(wanted))
        if wrong:
            raise UsageError(f"{ARROW.join(map(str, wanted))!r} is no order of plan {self.name!r}: {'; '.join(wrong)}")
        steps = (*self.apart, *(step for name in wanted for step in self.steps[name]))
        # Sound as the first one is, so that thousands need not be checked anew.
        return self._first.model_copy(update={"name": ARROW.join(wanted), "steps": steps})

    @cached_property
    def _first(self) -> Sequence:
        return Sequence(
            self.name,
            [*self.apart, *(step for name in next(self.orders()) for step in self.steps[name])],
            description=self.description,
            undertaking=self.undertaking,
            agenda=self.agenda,
            ordered=True,
            pace=self.pace,
            completes=self.completes,
            patience=self.patience,
            levers=self.levers,
            troop_path=self.troop_path,
        )

    def orders(self) -> Iterator[tuple[str, ...]]:
        """Yield every order once, as names of moves, in lexicographic order of their declaration.

        The first come at once however many there are; `order` makes sequences of them.

        Examples
        --------
        >>> from settlesim.scenario.steps import deliver
        >>> plan = Plan({name: deliver(name) for name in ("prisoners", "delisting")})
        >>> [plan.order(names).name for names in plan.orders()]
        ['prisoners > delisting', 'delisting > prisoners']
        """
        return map(self._spelt, extensions(self.below))

    def count(self) -> int:
        """Return the number of orders, exactly.

        Raises
        ------
        UsageError
            When more than 262,144 sets of moves may come first in some part of the plan that is so woven together by
            precedence that it can neither be split into parts side by side nor into one after the other.
        """
        return count(self.below)

    def sample(
        self,
        n: int,
        rng: int | np.random.SeedSequence | np.random.Generator | None = None,
        *,
        distinct: bool = False,
    ) -> list[tuple[str, ...]]:
        """Return `n` orders drawn at random, each order with the same probability.

        Parameters
        ----------
        n
            How many.
        rng
            Where chance comes from; the same integer gives the same orders.
        distinct
            Draw without replacement.

        Returns
        -------
        list of tuple of str
            Names of moves, in the order drawn.

        Raises
        ------
        UsageError
            When there are fewer than `n` distinct orders; when `count` cannot count them; for an `rng` of another kind.

        Examples
        --------
        >>> from settlesim.scenario.steps import deliver
        >>> plan = Plan({name: deliver(name) for name in ("prisoners", "delisting")})
        >>> sorted(plan.sample(2, 7, distinct=True))
        [('delisting', 'prisoners'), ('prisoners', 'delisting')]
        """
        generator = _generator(rng)
        if isinstance(n, bool) or not isinstance(n, Integral) or n < 0:
            raise UsageError(f"n must be a whole number that is not negative, got {n!r}")
        if not distinct:
            return [self._spelt(draw(self.below, generator)) for _ in range(n)]
        number = self.count()
        if n > number:
            raise UsageError(f"plan {self.name!r} has {number:,} orders, fewer than the {n:,} distinct ones asked for")
        if number <= FEW * n:
            every = list(self.orders())
            return [every[at] for at in generator.permutation(number)[:n]]
        # A dictionary keeps the order in which they were drawn.
        drawn: dict[tuple[str, ...], None] = {}
        while len(drawn) < n:
            drawn[self._spelt(draw(self.below, generator))] = None
        return list(drawn)

    def reverse(self, names: str | Several[str]) -> tuple[str, ...]:
        """Return the order that runs the other way, as far as precedence lets it.

        Of the moves that may come next it always takes the one that stands last in `names`; without precedence that is
        `names` from the end.

        Examples
        --------
        >>> from settlesim.scenario.steps import deliver
        >>> plan = Plan({name: deliver(name) for name in ("elections", "prisoners", "delisting")},
        ...             precedence=[("prisoners", "elections")])
        >>> plan.reverse("prisoners > elections > delisting")
        ('delisting', 'prisoners', 'elections')
        """
        wanted = [part for step in self.order(names).steps if (part := step.name) in self.moves]
        place = {name: at for at, name in enumerate(wanted)}
        last_first = sorted(range(len(self.blocks)), key=lambda at: -place[self.blocks[at][0]])
        done = 0
        backwards: list[int] = []
        while len(backwards) < len(self.blocks):
            at = next(at for at in last_first if not done >> at & 1 and not self.below[at] & ~done)
            done |= 1 << at
            backwards.append(at)
        return self._spelt(backwards)

    def _spelt(self, blocks: Several[int]) -> tuple[str, ...]:
        return tuple(name for at in blocks for name in self.blocks[at])

    def _complaints(self, names: tuple[str, ...]) -> Iterator[str]:
        """Say what keeps names from being an order."""
        place = {name: at for at, name in reversed(list(enumerate(names)))}
        for name in place:
            if name not in self.moves:
                like = nearest(name, self.moves)
                yield f"unknown move {name!r}" + (f"; did you mean {like!r}?" if like else "")
            elif names.count(name) > 1:
                yield f"{name!r} stands there {names.count(name)} times"
        missing = [name for name in self.moves if name not in place]
        if missing:
            yield (
                f"{', '.join(map(repr, missing))} is missing"
                if len(missing) == 1
                else (f"{', '.join(map(repr, missing))} are missing")
            )
        for first, then in self.precedence:
            if place.get(first, -1) > place.get(then, len(names)):
                yield f"{first!r} must come before {then!r}"
        for block in self.blocks:
            if all(name in place for name in block) and block != names[place[block[0]] : place[block[0]] + len(block)]:
                yield f"{ARROW.join(block)} must stand side by side in this order, since they are taken together"


def _generator(rng: Any) -> np.random.Generator:
    import numpy as np

    whole = isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0
    if not (rng is None or whole or isinstance(rng, (np.random.Generator, np.random.SeedSequence))):
        kind = f"got {rng}" if isinstance(rng, int) else f"not {type(rng).__name__}"
        raise UsageError(f"rng must be an int of 0 or more, a SeedSequence, a Generator or None, {kind}")
    return np.random.default_rng(rng)
