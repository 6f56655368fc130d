"""How simulated wars ended, beside how often other wars ended in the same way."""

from __future__ import annotations

import numpy as np
import xarray as xr

from settlesim.analysis.statistics import check_level, check_result, outcome_variable, wilson
from settlesim.errors import UsageError, choose
from settlesim.scenario.base_rates import BaseRates

__all__ = ["base_rates"]


def base_rates(
    dataset: xr.Dataset, rates: BaseRates | None, *, sequence: str | None = None, level: float = 0.95
) -> xr.Dataset:
    """Hold the terminations of one sequence beside the base rates that its scenario declares.

    Base rates are given that a war ended; so only runs whose outcome is one of those that the rates count enter the
    simulated shares.  They belong beside a sequence without talks: what a plan of talks adds is no base rate.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `simulate` or `compare`.
    rates : BaseRates
        ``scenario.base_rates``.
    sequence : str, optional
        By default the reference sequence of the scenario, or the only one.
    level : float
        Coverage of the intervals.

    Returns
    -------
    xarray.Dataset
        Dimension ``termination``, with coordinates ``label`` and ``outcomes``:

        - ``observed``, with ``observed_low`` and ``observed_high``, Wilson's interval at the number of wars counted;
        - ``simulated``, with ``low`` and ``high``: share of the runs that ended, NaN where the model has no such
          ending or no run ended.

        Attributes: ``runs``, ``ended`` (how many of them ended in one of these ways), ``observed_n``.

    Raises
    ------
    UsageError
        If the scenario declares no base rates, they name an outcome that does not exist, or the sequence is not
        clear.

    Examples
    --------
    >>> from settlesim.experiments.simulate import simulate
    >>> from settlesim.scenario.files import load
    >>> war = load("afghanistan-2018")
    >>> table = base_rates(simulate(war, sequence="no_talks", runs=20, rng=7), war.base_rates)
    >>> round(float(table.observed.sel(termination="low_activity")), 3)
    0.352
    """
    check_level(level)
    check_result(dataset)
    if rates is None:
        raise UsageError("the scenario declares no [base_rates] to hold its terminations beside")
    chosen = _sequence(dataset, sequence)
    outcome = outcome_variable(dataset, "outcome").sel(sequence=chosen)
    meanings = outcome.attrs["flag_meanings"].split()
    codes = dict(zip(meanings, np.atleast_1d(outcome.attrs["flag_values"]).tolist(), strict=True))
    counted = {
        name: [codes[choose(kind, meanings, "outcome of [base_rates]")] for kind in one.outcomes]
        for name, one in rates.terminations.items()
    }
    values = outcome.values[outcome.notnull().values]
    ways = {name: int(np.isin(values, wanted).sum()) for name, wanted in counted.items()}
    ended = sum(ways.values())
    known = np.array([bool(wanted) and ended > 0 for wanted in counted.values()])
    share = np.where(known, np.array(list(ways.values())) / max(ended, 1), np.nan)
    observed = np.array([one.share for one in rates.terminations.values()])
    low, high = wilson(share, ended, level)
    observed_low, observed_high = wilson(observed, rates.n, level)
    columns = {
        "observed": observed,
        "observed_low": observed_low,
        "observed_high": observed_high,
        "simulated": share,
        "low": low,
        "high": high,
    }
    coords = {
        "termination": list(counted),
        "label": ("termination", [one.label for one in rates.terminations.values()]),
        "outcomes": ("termination", [" ".join(one.outcomes) for one in rates.terminations.values()]),
    }
    attrs = {"sequence": chosen, "runs": len(values), "ended": ended, "observed_n": rates.n, "level": level}
    attrs |= {"meaning": rates.meaning, "source": rates.source, "tag": rates.tag}
    return xr.Dataset(
        {name: ("termination", column, {"units": "share"}) for name, column in columns.items()},
        coords,
        {**dataset.attrs, **attrs},
    )


def _sequence(dataset: xr.Dataset, sequence: str | None) -> str:
    names = [str(name) for name in dataset["sequence"].values]
    if sequence is not None:
        return choose(sequence, names, "sequence")
    reference = dataset.attrs.get("reference_sequence")
    if reference in names:
        return str(reference)
    if len(names) > 1:
        raise UsageError(f"say with sequence= which of {', '.join(names)} is to be held beside the base rates")
    return names[0]
