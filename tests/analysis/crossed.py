"""Results of worlds times luck made by hand, in the shape that `evaluate` and `nested` give them."""

import numpy as np
import xarray as xr


def crossed(names=("a", "b"), parameters=None, own=True, units="1", kind="amount", **outcomes):
    """A Dataset of outcomes, shape (points, sequences, lucks), with parameters along the points."""
    variables = {}
    for name, values in outcomes.items():
        attrs = {"role": "outcome", "units": units, "long_name": name, "kind": kind}
        variables[name] = (("point", "sequence", "luck"), np.asarray(values), attrs)
    for name, values in (parameters or {}).items():
        attrs = {"role": "parameter", "units": "a year", "long_name": name.replace("_", " ")}
        attrs["prior"] = '{"distribution":"uniform","high":1.0,"low":0.0}'
        variables[name] = ("point", np.asarray(values), attrs)
    dataset = xr.Dataset(variables, {"sequence": list(names)}, {"luck_design": "own" if own else "common"})
    return dataset.assign_coords(point=np.arange(dataset.sizes["point"]))


def against_nothing(each, **more):
    """A Dataset in which a - b has the differences given, shape (points, lucks)."""
    return crossed(y=np.stack([each, np.zeros_like(each)], axis=1), **more)
