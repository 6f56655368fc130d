"""Small results made by hand, in the shape that `settlesim.results.dataset` gives them."""

import numpy as np
import pytest
import xarray as xr

KINDS = ("victory", "settlement", "continued_war")


def build(names=("a", "b"), horizon=10, weekly=None, coded=(), shares=(), better=(), **outcomes):
    """A Dataset of outcomes, shape (sequences, runs), and weekly values, shape (sequences, runs, weeks)."""
    variables = {}
    for name, values in outcomes.items():
        kind = "code" if name in coded else "share" if name in shares else "weeks" if "week" in name else "amount"
        attrs = {"role": "outcome", "units": "deaths", "long_name": name.replace("_", " "), "kind": kind}
        attrs |= {"better": dict(better)[name]} if name in dict(better) else {}
        values = np.asarray(values)
        if name in coded:
            values = values.astype(np.int8)
            attrs |= {
                "flag_values": np.arange(3, dtype=np.int8),
                "flag_meanings": " ".join(KINDS),
                "units": "1",
            }
        variables[name] = (("sequence", "run"), values, attrs)
    for name, values in (weekly or {}).items():
        attrs = {"role": "weekly", "units": "share"}
        variables[f"{name}_weekly"] = (("sequence", "run", "week"), np.asarray(values, float), attrs)
    dataset = xr.Dataset(variables, {"sequence": list(names)}, {"horizon": horizon, "baseline_sequence": "b"})
    dataset["run"] = np.arange(dataset.sizes["run"])
    if "week" in dataset.dims:
        dataset["week"] = np.arange(dataset.sizes["week"])
    return dataset


@pytest.fixture
def made():
    return build
