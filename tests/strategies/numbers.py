"""Numbers of a range, and priors that keep to one."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from settlesim.scenario.priors import Beta, Distribution, Fixed, LogNormal, Normal, Triangular, Uniform

__all__ = ["priors", "priors_within", "within"]

# Normal quantiles at the outer 0.1%, where unbounded priors are cut; a little more, to stay inside.
REACH = 3.1


def within(low: float, high: float, parts: int = 8) -> st.SearchStrategy[float]:
    """Numbers of a range on a grid that includes its ends; wide ranges are also walked in powers of ten."""
    grid = [low + (high - low) * k / parts for k in range(parts + 1)]
    if high > 20 and low >= 0:
        grid += [x for k in range(-2, 7) for x in (10.0**k, 3 * 10.0**k) if low <= x <= high]
    grid[0], grid[parts] = low, high
    return st.sampled_from([float(x) for x in grid])


@st.composite
def priors_within(draw: st.DrawFn, low: float, high: float) -> Distribution:
    """A prior of any kind that stays in a range."""
    a, b, c = sorted(draw(st.tuples(*[within(low, high)] * 3)))
    kinds = ["fixed", "fixed", "triangular", "triangular", "uniform", "beta", "normal", "lognormal"]
    kind = draw(st.sampled_from(kinds))
    if kind == "normal" and a < c:
        return Normal(mean=(a + c) / 2, sd=(c - a) / 2 / REACH)
    if kind == "lognormal" and 0 < a < c:
        return LogNormal(median=float(np.sqrt(a * c)), sigma=min(float(np.log(c / a)) / 2 / REACH, 10.0))
    if kind == "uniform":
        return Uniform(low=a, high=c)
    if kind == "beta":
        return Beta(a=draw(st.sampled_from([0.5, 1.0, 3.0])), b=draw(st.sampled_from([0.5, 2.0])), low=a, high=c)
    return Triangular(low=a, mode=b, high=c) if kind == "triangular" else Fixed(value=b)


_number = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))
_positive = st.floats(1e-3, 1e3)
_triples = st.tuples(_number, _number, _number).map(sorted)

# Priors without a range to keep.
priors = st.one_of(
    _triples.map(lambda t: Triangular(low=t[0], mode=t[1], high=t[2])),
    _triples.map(lambda t: Uniform(low=t[0], high=t[2])),
    st.tuples(_positive, _positive, _triples).map(lambda t: Beta(a=t[0], b=t[1], low=t[2][0], high=t[2][2])),
    st.tuples(_positive, st.floats(0.01, 3)).map(lambda t: LogNormal(median=t[0], sigma=t[1])),
    st.tuples(_number, _positive).map(lambda t: Normal(mean=t[0], sd=t[1])),
    _number.map(lambda x: Fixed(value=x)),
)
