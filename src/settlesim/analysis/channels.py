"""Why two orders differ: the difference with each channel switched off in turn, and what each carries of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from settlesim.analysis.coalitions import (
    Estimate,
    Shares,
    all_coalitions,
    along,
    estimate,
    exact_shares,
    orderings,
    sampled_shares,
)
from settlesim.analysis.statistics import check_level, indicators, is_share, outcome_variable
from settlesim.chance.worlds import Rng, entropy_of
from settlesim.errors import UsageError, choose
from settlesim.experiments.execution import Execution
from settlesim.experiments.simulate import compare
from settlesim.model.outcome import Outcome
from settlesim.model.standard import STANDARD
from settlesim.scenario.contrast import differs_in
from settlesim.scenario.declared_channels import Channel, held_off
from settlesim.scenario.parameters import Address
from settlesim.scenario.plan import Plan
from settlesim.scenario.scenario import Scenario
from settlesim.scenario.sequence import Sequence

__all__ = ["channels", "paired_values", "two_sequences", "watched_outcome", "without_file"]

# Up to so many channels all coalitions are run; of more, orders in which they are switched on are drawn.
EXACT = 6
DRAWN = 16

Floats = NDArray[np.float64]


def channels(
    scenario: Scenario,
    a: str | Sequence,
    b: str | Sequence,
    outcome: str,
    *,
    plan: str | Plan | None = None,
    channels: Iterable[str] | Mapping[str, Channel] | None = None,
    orders: int | None = None,
    runs: int | range = 1000,
    rng: Rng = None,
    level: float = 0.95,
    execution: Execution | None = None,
) -> xr.Dataset:
    """Take the difference between two orders apart by the channels that carry it, over common worlds and luck.

    Parameters
    ----------
    scenario : Scenario
        The conflict, with its ``[channels]``.
    a, b : str or Sequence
        The two: sequences of the scenario or of your own, or orders of `plan` such as ``"us > kabul > prisoners"``.
    outcome : str
        An outcome; ``name.entry`` for one of several values, as in ``"outcome.insurgent_victory"``.
    plan : str or Plan, optional
        Whose orders `a` and `b` are.
    channels : iterable of str, or mapping of name to Channel, optional
        Which channels; by default all of the scenario.
    orders : int, optional
        Of how many random orders of switching on the Shapley shares are the mean, an even number of at least 4 (each
        goes with its reverse), or 0 for none. By default all coalitions are run where there are at most six channels,
        and 16 orders where there are more.
    runs, rng, execution
        As for `compare`.
    level : float
        Coverage of the intervals. Those of `carried` and `alone` hold for all channels together (Bonferroni).

    Returns
    -------
    xarray.Dataset
        All differences are `a` minus `b`, run by run, in the units of the outcome.

        - along ``state`` (``all_on``, ``all_off``): ``difference`` with ``error``, ``low``, ``high``, ``n``. With all
          channels off remains what they do not carry: dates, the war, and whatever else acts.
        - along ``channel``: ``without``, the difference with this one off; ``carried``, what is then missing of it;
          ``alone``, what this channel alone brings back once all are off; each of the two with ``_error``, ``_low``,
          ``_high``; ``moved``, the share of runs in which switching it off changes the outcome of either.
        - ``shapley`` with ``shapley_error``, ``shapley_low``, ``shapley_high``: the mean of what the channel adds when
          channels are switched on one after another, over all orders of doing so. ``run_error`` and
          ``ordering_error`` are the two parts of its error. The shares sum to the difference with all channels on
          less that with all off, over the ``shapley_n`` runs in which every coalition has a value.

    Raises
    ------
    UsageError
        If a name is unknown, the scenario declares no channels, or a number is out of range.

    Notes
    -----
    What a channel carries last (``carried``), first (``alone``) and on average (``shapley``) differ where channels
    work together or stand in for one another. A channel that is off is off under both sequences, whatever their own
    levers say. For k channels 2 (2 k + 2) sequences are run, or 2^(k+1) for all coalitions, and about 2 (k - 2) more
    for each random order. Fewer than 16 orders are too few to tell their own error where three channels act only
    together: in a game made so, intervals of 90% held in 85% of cases with 8. Shares after Shapley (1953), sampled as
    by Castro, Gómez and Tejada (2009); orders in pairs with their reverse after Mitchell et al. (2022).

    Examples
    --------
    >>> from settlesim.scenario.files import load
    >>> why = channels(load("two-party"), "give_first", "talk", "signed", channels=["pocketing", "deeds"],
    ...                runs=8, rng=7)
    >>> total = why.difference.sel(state="all_on") - why.difference.sel(state="all_off")
    >>> bool(abs(why.shapley.sum() - total) < 1e-12)
    True
    """
    check_level(level)
    first, second = two_sequences(scenario, a, b, plan)
    known = _chosen(scenario, channels)
    kept, entry = watched_outcome(outcome)
    entropy = entropy_of(rng)
    drawn = _orders(len(known), orders, entropy)
    singles = [1 << i for i in range(len(known))]
    full = (1 << len(known)) - 1
    wanted = {0, full, *singles, *(full ^ bit for bit in singles)}
    wanted |= set(all_coalitions(len(known))) if drawn is None else {c for order in drawn for c in along(order)}
    coalitions = sorted(wanted, reverse=True)
    names = {c: _told(c, tuple(known)) for c in coalitions}
    sequences = [_switched(q, c, known, names[c]) for c in coalitions for q in (first, second)]
    with warnings.catch_warnings():
        # That what is switched off was set for the scenario is what the comparison is about.
        warnings.filterwarnings("ignore", ".* was set for the scenario, and is without effect", UserWarning)
        result = compare(
            scenario, sequences, runs=runs, rng=entropy, outcomes=[kept], execution=without_file(execution)
        )
    values, share = paired_values(result, kept.name, entry)
    sides = {c: (values[2 * i], values[2 * i + 1]) for i, c in enumerate(coalitions)}
    table = _table(known, sides, drawn, level, share)
    attrs = {k: v for k, v in result.attrs.items() if k != "differs_in"}
    attrs |= {"a": first.name, "b": second.name, "outcome": outcome, "level": level, "runs": result.sizes["run"]}
    attrs |= {"differs_in": ", ".join(differs_in(first, second)), "orders": -1 if drawn is None else len(drawn)}
    notes = {key: result[kept.name].attrs[key] for key in ("units", "long_name")}
    attrs |= notes | {"kind": "share" if share else result[kept.name].attrs["kind"]}
    for name in table.data_vars:
        table[name].attrs["units"] = "1" if name in ("moved", "n", "shapley_n") else notes["units"]
    return table.assign_attrs(attrs)


def two_sequences(
    scenario: Scenario, a: str | Sequence, b: str | Sequence, plan: str | Plan | None = None
) -> tuple[Sequence, Sequence]:
    """Return the two sequences that are compared, checked against the scenario.

    Raises
    ------
    UsageError
        If a name is unknown, or both have the same.
    """
    found = []
    for given in (a, b):
        if plan is not None and isinstance(given, str):
            given = scenario.plan(plan).order(given)
        found.append(scenario.sequence(given))
    if found[0].name == found[1].name:
        raise UsageError(f"both are called {found[0].name!r}: a difference needs two sequences, each with its name")
    return found[0], found[1]


def watched_outcome(outcome: str) -> tuple[Outcome, str]:
    """Return an outcome of the model and the entry of it that is asked for, empty where it has one value.

    Raises
    ------
    UsageError
        If there is no such outcome, or it has several values and none is named.
    """
    asked = Address.parse(outcome)
    known = {one.name: one for one in STANDARD.outcomes}
    found = known[choose(asked.name, known, "outcome")]
    several = bool(found.flags) or len(found.dims) > 1
    if several and not asked.entry:
        entries = f": {', '.join(m.replace(' ', '_') for m in found.flags.values())}" if found.flags else ""
        raise UsageError(f"{asked.name!r} has several values; say which, as {asked.name + '.ENTRY'!r}{entries}")
    if asked.entry and not several:
        raise UsageError(f"{asked.name!r} has one value, so there is no {asked.entry!r} of it")
    return found, asked.entry


def paired_values(result: xr.Dataset, variable: str, entry: str) -> tuple[Floats, bool]:
    """Return the values of an outcome, shape (sequences, runs), and whether they are 0 or 1 in each run."""
    values = indicators(outcome_variable(result, variable))
    others = [str(dim) for dim in values.dims if dim not in ("sequence", "run")]
    if others:
        labels = [str(label) for label in values[others[0]].values]
        values = values.sel({others[0]: choose(entry, labels, f"entry of {variable}")})
    return values.transpose("sequence", "run").values, is_share(values)


def without_file(execution: Execution | None) -> Execution:
    """Return the execution of an experiment whose result is a table, which it cannot save.

    Raises
    ------
    UsageError
        If it is to save it.
    """
    how = execution or Execution()
    if how.out is not None:
        raise UsageError("this result is saved with settlesim.save(table, path), not by its execution")
    return how


def _chosen(scenario: Scenario, asked: Iterable[str] | Mapping[str, Channel] | None) -> dict[str, Channel]:
    if isinstance(asked, Mapping):
        declared: Mapping[str, Channel] = asked
    elif not scenario.channels:
        raise UsageError(f"{scenario.name} declares no channels; write tables [channels.NAME], or give some")
    else:
        declared = scenario.channels
    names = declared if asked is None else [asked] if isinstance(asked, str) else asked
    found = {name: declared[choose(name, declared, "channel")] for name in names}
    if not found:
        raise UsageError("no channel is given")
    for name, channel in found.items():
        # Checked as the levers of a sequence, since a channel may be made in Python.
        scenario.sequence(Sequence(f"channel {name}", levers=channel.off))
    return found


def _orders(players: int, asked: int | None, entropy: int) -> list[tuple[int, ...]] | None:
    """Orders in which channels are switched on; None for all coalitions, nothing where no shares are wanted."""
    if asked is None:
        if players <= EXACT:
            return None
        asked = DRAWN
    if isinstance(asked, bool) or not isinstance(asked, (int, np.integer)) or asked % 2 or asked < 0 or asked == 2:
        raise UsageError(f"orders must be an even number of at least 4, or 0 for no Shapley shares, got {asked!r}")
    return orderings(players, int(asked), np.random.default_rng([entropy, players]))


def _told(coalition: int, names: tuple[str, ...]) -> str:
    on = [name for i, name in enumerate(names) if coalition >> i & 1]
    off = [name for name in names if name not in on]
    if not off:
        return "all on"
    if not on:
        return "all off"
    return f"off: {', '.join(off)}" if len(off) <= len(on) else f"on: {', '.join(on)}"


def _switched(sequence: Sequence, coalition: int, known: Mapping[str, Channel], told: str) -> Sequence:
    """Return the sequence with the channels that are not in the coalition held off, under a name that says so."""
    off = tuple(name for i, name in enumerate(known) if not coalition >> i & 1)
    held: dict[str, Any] = {}
    for name, value in held_off(known, off).items():
        own = sequence.levers.get(name)
        held[name] = {**own, **value} if isinstance(own, Mapping) and isinstance(value, Mapping) else value
    return sequence.with_levers(**held).model_copy(update={"name": f"{sequence.name} | {told}"})


def _table(
    known: Mapping[str, Channel],
    sides: Mapping[int, tuple[Floats, Floats]],
    drawn: list[tuple[int, ...]] | None,
    level: float,
    share: bool,
) -> xr.Dataset:
    gaps = {c: one - other for c, (one, other) in sides.items()}
    number, full = len(known), (1 << len(known)) - 1
    together = 1 - (1 - level) / number
    ends = [estimate(gaps[c], level, share=share) for c in (full, 0)]
    out: dict[str, Any] = _columns("state", "difference", ends, plain=True)
    out["n"] = ("state", [end.n for end in ends])
    bits = [1 << i for i in range(number)]
    out["without"] = ("channel", [float(np.nanmean(gaps[full ^ bit])) for bit in bits])
    carried = [estimate(gaps[full] - gaps[full ^ bit], together, share=share) for bit in bits]
    out |= _columns("channel", "carried", carried)
    out |= _columns("channel", "alone", [estimate(gaps[bit] - gaps[0], together, share=share) for bit in bits])
    out["moved"] = ("channel", [_moved(sides[full], sides[full ^ bit]) for bit in bits])
    shares: Shares | None = None
    if drawn is None:
        shares = exact_shares(number, gaps, level, share=share)
    elif drawn:
        shares = sampled_shares(drawn, gaps, level, share=share)
    if shares is not None:
        parts = {"": shares.mean, "_error": shares.error, "_low": shares.low, "_high": shares.high}
        out |= {f"shapley{end}": ("channel", part) for end, part in parts.items()}
        out |= {"run_error": ("channel", shares.run_error), "ordering_error": ("channel", shares.ordering_error)}
        out["shapley_n"] = shares.n
    coords = {
        "channel": list(known),
        "label": ("channel", [channel.label for channel in known.values()]),
        "off": ("channel", [channel.values for channel in known.values()]),
        "state": ["all_on", "all_off"],
    }
    return xr.Dataset(out, coords)


def _columns(dim: str, name: str, rows: list[Estimate], *, plain: bool = False) -> dict[str, Any]:
    """Mean, error and ends of an interval under names that begin alike, or plainly."""
    head = "" if plain else f"{name}_"
    columns = {name: [row.mean for row in rows], f"{head}error": [row.error for row in rows]}
    columns |= {f"{head}low": [row.low for row in rows], f"{head}high": [row.high for row in rows]}
    return {key: (dim, column) for key, column in columns.items()}


def _moved(before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> float:
    """Share of runs in which either outcome changes; what a run lacks in both it has kept."""
    changed = [~((one == other) | (np.isnan(one) & np.isnan(other))) for one, other in zip(before, after, strict=True)]
    return float((changed[0] | changed[1]).mean())
