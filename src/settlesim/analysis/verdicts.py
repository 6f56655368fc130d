"""Claims put to the test: each carrier moved over common worlds and luck, with effect, interval and verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from settlesim.analysis.differences import differences
from settlesim.analysis.statistics import check_level, indicators
from settlesim.chance.worlds import Rng, entropy_of
from settlesim.errors import Interrupted, Terminated, UsageError, choose, nearest
from settlesim.experiments.execution import Execution, shared_pool
from settlesim.experiments.progress import progress_bar
from settlesim.experiments.simulate import compare
from settlesim.model.code_digest import joint_digest
from settlesim.model.layout import layout
from settlesim.model.outcome import LABELS, Outcome, week_of
from settlesim.model.protocol import Protocol
from settlesim.model.protocol_digest import digests_of
from settlesim.model.standard import STANDARD
from settlesim.results.dataset import provenance, weekly_name
from settlesim.scenario.claims import Claim
from settlesim.scenario.parameters import Address
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.variants import both_settings

__all__ = ["Watched", "claims", "watched"]

# A check holds if its quantity moves by so many standard errors: it is to move for sure, not just likely.
SURE = 3.0
ENDED = Outcome("ended_week", week_of("end_week"), "weeks", "week in which the run ended", kind="weeks")


@dataclass(frozen=True)
class Watched:
    """What a claim watches: an outcome, or a variable by week, or one entry of either.

    Attributes
    ----------
    outcome : Outcome or None
        The outcome, unless it is a variable that is watched by week.
    variable : str
        Name of the variable, empty for an outcome.
    dim, entry : str
        Which of several values: a track, a party, a kind of outcome.
    units : str
        The unit.
    during : Watched or None
        The flag without which a week does not count.
    """

    outcome: Outcome | None
    variable: str
    dim: str
    entry: str
    units: str
    during: Watched | None = None

    @property
    def kind(self) -> str:
        """What its values are: ``"share"`` where each run has 0 or 1."""
        if self.outcome is None:
            return "amount"
        return "share" if self.outcome.flags else self.outcome.kind


def claims(
    scenario: Scenario,
    *,
    runs: int | range = 1000,
    rng: Rng = None,
    only: Iterable[str] | None = None,
    level: float = 0.95,
    protocol: Protocol | None = None,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Test the claims of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The conflict, with its ``claims``.
    runs : int or range
        Runs of each plan in each of the two settings.
    rng : int, SeedSequence, Generator or None
        Entropy of all chance, the same for all claims.
    only : iterable of str, optional
        Names of the claims to test; by default all.
    level : float
        Coverage of the intervals.
    protocol : Protocol, optional
        What happens in a week.
    execution : Execution, optional
        Workers and progress; `out` is not for a table.

    Returns
    -------
    xarray.Dataset
        Dimensions (claim, plan), NaN where a claim is not made of a plan; a claim that compares two plans stands under
        the second of them.

        - ``effect``: mean of the paired differences, second setting minus first, with ``error``, ``low``, ``high``;
          ``n`` the pairs in which both have a value, ``moved`` the share of them that differ at all; ``before`` and
          ``after`` the means of the two settings;
        - ``verdict_by_plan`` and ``verdict`` by claim. Of a check: ``holds``, where the quantity moves in its
          direction by three standard errors (or, with sign 0, does not), under every plan, else ``fails``. Of a
          hypothesis: ``for`` or ``against``, where the interval leaves out zero, ``undecided`` where it does not
          (with sign 0 ``for`` where no run differs);
          ``depends`` where it is for under one plan and against under another;
        - ``kind``, ``sign``, ``quantity`` with its ``units`` and ``quantity_kind`` (``share``: of runs), ``moves``,
          ``sentence``, ``channel`` by claim.

    Raises
    ------
    UsageError
        If the scenario makes no claims, or a name is unknown.
    Interrupted, Terminated
        After Ctrl-C or SIGTERM; its ``result`` holds the claims tested so far.

    Notes
    -----
    Of twenty hypotheses without any effect about one leaves out zero at a level of 95%: `verdict` does not correct
    for their number.

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> war = load("afghanistan-2018")
    >>> table = claims(war, runs=4, rng=7, only=[war.claims[0].name])
    >>> table.sizes["claim"], sorted(table.effect.dims)
    (1, ['claim', 'plan'])
    """
    check_level(level)
    rules = protocol or STANDARD
    asked = _chosen(scenario, only)
    quantities = {claim.name: watched(scenario, claim, rules) for claim in asked}
    how = execution or Execution()
    if how.out is not None:
        raise UsageError("a table of claims is saved with settlesim.save(table, path), not by its execution")
    entropy = entropy_of(rng)
    groups = _groups(asked)
    number = len(runs) if isinstance(runs, range) else runs
    found: dict[str, xr.Dataset] = {}
    sides = {key: 1 if group[0].plans_contrast else 2 for key, group in groups.items()}
    total = sum(number * sides[key] * len(_plans(group)) for key, group in groups.items())

    def labelled() -> xr.Dataset:
        done = [claim for claim in asked if claim.name in found]
        attrs = provenance(
            scenario,
            entropy=entropy,
            engine="numpy",
            method="monte_carlo",
            protocol=_name(rules),
            code=joint_digest(digests_of(rules, rules.outcomes)),
        )
        attrs |= {"level": level, "runs": number, "interrupted": int(len(done) < len(asked))}
        return _table(done, [found[claim.name] for claim in done], quantities).assign_attrs(attrs)

    with shared_pool(how) as workers, progress_bar(total, how.progress) as advance:
        try:
            for group in groups.values():
                pairs = _simulated(scenario, group, quantities, runs, entropy, rules, workers, advance)
                for claim, pair in zip(group, pairs, strict=True):
                    found[claim.name] = _tested(claim, pair, level)
        except (KeyboardInterrupt, Terminated) as stop:
            kind, tested = Terminated if isinstance(stop, Terminated) else Interrupted, labelled() if found else None
            raise kind(f"interrupted: {len(found)} of {len(asked)} claims are tested", tested) from None
    return labelled()


def _name(protocol: Protocol) -> str:
    return "standard" if protocol == STANDARD else "own"


def _chosen(scenario: Scenario, only: Iterable[str] | None) -> list[Claim]:
    names = [claim.name for claim in scenario.claims]
    if not names:
        raise UsageError(f"{scenario.name} makes no claims: state them as [[claims]] in its file")
    if only is None:
        return list(scenario.claims)
    wanted = {choose(name, names, "claim") for name in ([only] if isinstance(only, str) else only)}
    return [claim for claim in scenario.claims if claim.name in wanted]


def watched(scenario: Scenario, claim: Claim, protocol: Protocol = STANDARD) -> Watched:
    """Return what a claim watches, once it is known to exist.

    Raises
    ------
    UsageError
        If the model has no such outcome or variable, or it has several values and the claim does not say which.
    """
    by_week = claim.at is not None or claim.during is not None
    found = _watched(scenario, claim, protocol, claim.quantity, by_week)
    if claim.during is None:
        return found
    flag = _watched(scenario, claim, protocol, claim.during, True)
    if protocol.table[flag.variable].kind != "bool":
        raise UsageError(f"claim {claim.name!r}: {claim.during!r} is no flag: it is never just up or down")
    return replace(found, during=flag)


def _watched(scenario: Scenario, claim: Claim, protocol: Protocol, text: str, by_week: bool) -> Watched:
    quantity = Address.parse(text)
    name, entry = quantity.name, quantity.entry
    outcomes = {outcome.name: outcome for outcome in protocol.outcomes}
    where = f"claim {claim.name!r}: "
    if name not in outcomes and name not in protocol.table:
        like = nearest(name, [*outcomes, *protocol.table])
        hint = f"; did you mean {like!r}?" if like else ""
        raise UsageError(f"{where}the model has no outcome or variable {name!r}{hint}")
    plan = scenario.sequence((claim.plans_contrast or claim.plans)[-1])
    if name in outcomes and not (by_week and name in protocol.table):
        outcome = outcomes[name]
        if by_week:
            raise UsageError(f"{where}{name!r} is an outcome, which has no weeks")
        dim = f"{name}_kind" if outcome.flags else "".join(outcome.dims[1:])
        labels = tuple(outcome.flags.values()) if outcome.flags else LABELS.get(dim, ())
        found = Watched(outcome, "", dim, entry, outcome.units)
    else:
        variable = protocol.table[name]
        if variable.scope == "commander":
            raise UsageError(f"{where}{name!r} belongs to commanders, of whom there are too many to record by week")
        dim, labels = "" if variable.scope == "run" else variable.scope, ()
        found = Watched(None, name, dim, entry, variable.units)
    if dim and not labels:
        labels = layout(scenario, plan).entities[dim]
    if entry and not dim:
        raise UsageError(f"{where}{name!r} has one value, so there is no {entry!r} of it")
    if dim and entry not in labels:
        like = nearest(entry, labels) if entry else None
        hint = f"; did you mean {name + '.' + like!r}?" if like else ""
        what = f"unknown entry {entry!r} of {name!r}" if entry else f"{name!r} has several values"
        raise UsageError(f"{where}{what}{hint} Known: {', '.join(labels)}")
    return found


def _groups(asked: list[Claim]) -> dict[Any, list[Claim]]:
    """Claims by what they move: those that move the same are simulated once."""
    groups: dict[Any, list[Claim]] = {}
    for claim in asked:
        groups.setdefault((claim.carrier, claim.values, claim.scale, claim.plans_contrast), []).append(claim)
    return groups


def _plans(group: list[Claim]) -> list[str]:
    return list(dict.fromkeys(plan for claim in group for plan in claim.plans_contrast or claim.plans))


def _simulated(
    scenario: Scenario,
    group: list[Claim],
    quantities: dict[str, Watched],
    runs: int | range,
    entropy: int,
    protocol: Protocol,
    how: Execution,
    advance: Any,
) -> list[tuple[xr.DataArray, xr.DataArray]]:
    """What each claim of a group watches, in the first setting and in the second; dimensions (sequence, run)."""
    wanted = [quantities[claim.name] for claim in group]
    outcomes = {w.outcome.name: w.outcome for w in wanted if w.outcome is not None}
    flags = [w.during for w in wanted if w.during is not None]
    record = list(dict.fromkeys(w.variable for w in (*wanted, *flags) if w.variable))
    both = []
    settings = both_settings(scenario, group[0])
    for setting in settings[:1] if settings[0] is settings[1] else settings:
        result = compare(
            setting,
            _plans(group),
            runs=runs,
            rng=entropy,
            record=record or None,
            protocol=protocol,
            outcomes=[*outcomes.values(), ENDED],
            execution=how,
        )
        advance(result.sizes["run"] * result.sizes["sequence"])
        both.append([_values(result, claim, w) for claim, w in zip(group, wanted, strict=True)])
    if len(both) == 1:
        return [_two_plans(values, claim) for values, claim in zip(both[0], group, strict=True)]
    return [
        (first.sel(sequence=list(claim.plans)), second.sel(sequence=list(claim.plans)))
        for claim, first, second in zip(group, *both, strict=True)
    ]


def _two_plans(values: xr.DataArray, claim: Claim) -> tuple[xr.DataArray, xr.DataArray]:
    first, second = claim.plans_contrast or ("", "")
    after = values.sel(sequence=[second])
    return values.sel(sequence=[first]).assign_coords(sequence=after["sequence"]), after


def _values(result: xr.Dataset, claim: Claim, what: Watched) -> xr.DataArray:
    if what.outcome is not None:
        values = indicators(result[what.outcome.name])
        if what.outcome.flags:
            # One of the kinds of what is coded is a share like any other.
            values = values.drop_attrs().assign_attrs(kind="share")
        one = values.sel({what.dim: what.entry.replace(" ", "_")}) if what.dim else values
        return one.reset_coords(drop=True)
    course = _course(result, what)
    # A run that has ended repeats its last value; weeks that were not lived do not count.
    week = course["week"]
    ended = result[ENDED.name]
    lived = (week <= ended) | ended.isnull()
    if claim.at is not None:
        lived = lived & (week >= round(claim.at[0])) & (week <= round(claim.at[1]))
    if what.during is not None:
        lived = lived & (_course(result, what.during) > 0)
    # The mean of truths is a number, whatever the truths were declared to be.
    return course.where(lived).mean("week").reset_coords(drop=True).drop_attrs()


def _course(result: xr.Dataset, what: Watched) -> xr.DataArray:
    course = result[weekly_name(what.variable)].astype(np.float64)
    return course.sel({what.dim: what.entry}, drop=True) if what.dim else course


def _tested(claim: Claim, pair: tuple[xr.DataArray, xr.DataArray], level: float) -> xr.Dataset:
    """Effect and verdict of one claim, by plan."""
    first, second = (side.rename(sequence="plan").transpose("plan", "run") for side in pair)
    both = xr.concat([first, second], "sequence").assign_coords(sequence=["before", "after"])
    whole = xr.Dataset({"quantity": both})
    table = differences(whole, "quantity", baseline="before", level=level).sel(sequence="after", drop=True)
    known = (first.notnull() & second.notnull()).values
    out = table[["error", "low", "high", "n"]].assign(effect=table["difference"])
    out = out.assign(moved=table["higher"] + table["lower"])
    for name, side in (("before", first), ("after", second)):
        out[name] = side.where(known).mean("run")
    rows = [out.sel(plan=plan) for plan in out["plan"].values]
    out["verdict_by_plan"] = ("plan", [_verdict(claim, row) for row in rows])
    return out.drop_attrs()


def _verdict(claim: Claim, row: xr.Dataset) -> str:
    effect, error, low, high = (float(row[name]) for name in ("effect", "error", "low", "high"))
    if claim.kind == "check":
        if not np.isfinite(error):
            return "fails"
        if claim.sign == 0:
            return "holds" if abs(effect) <= SURE * error else "fails"
        return "holds" if claim.sign * effect > 0 and claim.sign * effect >= SURE * error else "fails"
    if not (low > 0 or high < 0):
        # That nothing changes is borne out where no run is changed, else not decided.
        return "for" if claim.sign == 0 and float(row["moved"]) == 0.0 else "undecided"
    return "for" if claim.sign * effect > 0 else "against"


def _overall(claim: Claim, verdicts: Iterable[str]) -> str:
    found = set(verdicts)
    if claim.kind == "check":
        return "holds" if found == {"holds"} else "fails"
    if {"for", "against"} <= found:
        return "depends"
    return next((verdict for verdict in ("for", "against") if verdict in found), "undecided")


def _table(done: list[Claim], found: list[xr.Dataset], quantities: dict[str, Watched]) -> xr.Dataset:
    plans = list(dict.fromkeys(str(plan) for one in found for plan in one["plan"].values))
    parts = []
    for claim, one in zip(done, found, strict=True):
        full = one.reindex(plan=plans, fill_value={"verdict_by_plan": ""})
        part = full.assign(
            verdict=_overall(claim, one["verdict_by_plan"].values.tolist()),
            kind=claim.kind,
            sign=claim.sign,
            quantity=claim.quantity,
            units=quantities[claim.name].units,
            quantity_kind=quantities[claim.name].kind,
            moves=claim.moved,
            sentence=claim.sentence,
            channel=claim.channel,
        )
        parts.append(part.expand_dims(claim=[claim.name]))
    table = xr.concat(parts, "claim")
    names = ("effect", "error", "low", "high", "n", "moved", "before", "after", "verdict_by_plan", "verdict")
    return table[[*names, "kind", "sign", "quantity", "units", "quantity_kind", "moves", "sentence", "channel"]]
