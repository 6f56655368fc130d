"""Priors: frozen distributions with the quantile function `ppf`, which turns uniform numbers into draws.

In a file, ``prior = {low = 0.1, mode = 0.3, high = 0.5}`` is triangular; any other kind says so with
``distribution = "uniform"``. A plain number is fixed. `Normal` and `LogNormal` are cut at their 0.1% and
99.9% quantiles, so that every prior has bounds and no draw leaves the range its parameter declares.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import (
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    Tag,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema

from settlesim.errors import ScenarioError
from settlesim.scenario.base import Declaration, Label, Number, fail

__all__ = [
    "DISTRIBUTIONS",
    "Beta",
    "Distribution",
    "Fixed",
    "LogNormal",
    "Normal",
    "Prior",
    "Triangular",
    "Uniform",
    "as_prior",
]

Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=1e12)]
Shape = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=1e-3, le=1e6)]
TAIL = 1e-3


class Distribution(Declaration):
    """What all priors share."""

    distribution: Label

    @model_serializer(mode="wrap")
    def _named(self, handler: SerializerFunctionWrapHandler) -> Any:
        return {"distribution": self.distribution} | handler(self)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Only a triangular prior may leave out which distribution it is."""
        described = handler.resolve_ref_schema(handler(core))
        if cls.__name__ != "Triangular":
            described["required"] = ["distribution", *described.get("required", ())]
        return described

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value that can be drawn."""
        raise NotImplementedError

    @property
    def central(self) -> float:
        """The value used when nothing is drawn: the mode, or the median where a mode says little."""
        raise NotImplementedError

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantiles at probabilities `u`, elementwise, in the shape of `u`."""
        raise NotImplementedError

    def _ordered(self, *names: str) -> None:
        values = [getattr(self, name) for name in names]
        for a, b, x, y in zip(names, names[1:], values, values[1:], strict=False):
            if x > y:
                fail(f"must not exceed {b} {y:g}", at=a, value=x, allowed=" <= ".join(names))


class _Centred(Distribution):
    """A prior without a field `mode` of its own."""

    @property
    def mode(self) -> float:
        """Same as `central`."""
        return self.central


class Triangular(Distribution):
    """Triangular between `low` and `high` with its peak at `mode`.

    Examples
    --------
    >>> Triangular(low=0, mode=1, high=2).ppf([0.0, 0.5, 1.0]).tolist()
    [0.0, 1.0, 2.0]
    """

    distribution: Literal["triangular"] = "triangular"
    low: Number
    mode: Number
    high: Number

    @model_validator(mode="after")
    def _check(self) -> Triangular:
        self._ordered("low", "mode", "high")
        return self

    @model_serializer
    def _named(self) -> dict[str, float]:  # type: ignore[override]
        return {"low": self.low, "mode": self.mode, "high": self.high}

    @property
    def bounds(self) -> tuple[float, float]:
        """`low` and `high`."""
        return self.low, self.high

    @property
    def central(self) -> float:
        """The mode."""
        return self.mode

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantiles; where `low` equals `high`, that value.

        Written out, since scipy's refuses a width of zero and its module of statistics is slow to import.
        """
        u = np.asarray(u, dtype=np.float64)
        width, below, above = self.high - self.low, self.mode - self.low, self.high - self.mode
        rising = self.low + np.sqrt(u * width * below)
        falling = self.high - np.sqrt((1 - u) * width * above)
        return np.clip(np.where(u * width < below, rising, falling), self.low, self.high)


class Uniform(_Centred):
    """Uniform between `low` and `high`."""

    distribution: Literal["uniform"] = "uniform"
    low: Number
    high: Number

    @model_validator(mode="after")
    def _check(self) -> Uniform:
        self._ordered("low", "high")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """`low` and `high`."""
        return self.low, self.high

    @property
    def central(self) -> float:
        """The middle."""
        return self.low + (self.high - self.low) / 2

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return ``low + (high - low) u``."""
        u = np.asarray(u, dtype=np.float64)
        return np.clip(self.low + (self.high - self.low) * u, self.low, self.high)


class Beta(_Centred):
    """Beta with shapes `a` and `b`, stretched from [0, 1] to [`low`, `high`]."""

    distribution: Literal["beta"] = "beta"
    a: Shape
    b: Shape
    low: Number = 0.0
    high: Number = 1.0

    @model_validator(mode="after")
    def _check(self) -> Beta:
        self._ordered("low", "high")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """`low` and `high`."""
        return self.low, self.high

    @property
    def central(self) -> float:
        """The mean."""
        return self.low + (self.high - self.low) * self.a / (self.a + self.b)

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the quantiles, by the inverse of the incomplete beta function."""
        from scipy.special import betaincinv

        x: NDArray[np.float64] = betaincinv(self.a, self.b, np.asarray(u, dtype=np.float64))
        return np.clip(self.low + (self.high - self.low) * x, self.low, self.high)


class LogNormal(_Centred):
    """Lognormal with `median` and standard deviation `sigma` of the logarithm, cut at the outer 0.1%."""

    distribution: Literal["lognormal"] = "lognormal"
    median: Positive
    sigma: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=10)]

    @property
    def bounds(self) -> tuple[float, float]:
        """The 0.1% and 99.9% quantiles."""
        low, high = self.ppf([0.0, 1.0])
        return float(low), float(high)

    @property
    def central(self) -> float:
        """The median."""
        return self.median

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return ``median exp(sigma z)``, z the quantile of the cut normal."""
        x: NDArray[np.float64] = self.median * np.exp(self.sigma * _cut_normal(u))
        return x


class Normal(_Centred):
    """Normal with `mean` and standard deviation `sd`, cut at the outer 0.1%."""

    distribution: Literal["normal"] = "normal"
    mean: Number
    sd: Positive

    @property
    def bounds(self) -> tuple[float, float]:
        """The 0.1% and 99.9% quantiles."""
        low, high = self.ppf([0.0, 1.0])
        return float(low), float(high)

    @property
    def central(self) -> float:
        """The mean."""
        return self.mean

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return ``mean + sd z``, z the quantile of the cut normal."""
        x: NDArray[np.float64] = self.mean + self.sd * _cut_normal(u)
        return x


class Fixed(_Centred):
    """One value, without doubt about it. In a file it is written as a plain number."""

    distribution: Literal["fixed"] = "fixed"
    value: Number

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return data if isinstance(data, (dict, Fixed)) else {"value": data}

    @model_serializer
    def _named(self) -> float:  # type: ignore[override]
        return self.value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """In a file it is a plain number."""
        handler(core)
        return {"type": "number", "title": "Fixed"}

    @property
    def bounds(self) -> tuple[float, float]:
        """`value`, twice."""
        return self.value, self.value

    @property
    def central(self) -> float:
        """`value`."""
        return self.value

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return `value` in the shape of `u`."""
        return np.full(np.shape(np.asarray(u)), self.value)


def _cut_normal(u: ArrayLike) -> NDArray[np.float64]:
    """Return quantiles of the standard normal between its 0.1% and 99.9% quantiles."""
    from scipy.special import ndtri

    z: NDArray[np.float64] = ndtri(TAIL + (1 - 2 * TAIL) * np.asarray(u, dtype=np.float64))
    return z


DISTRIBUTIONS: dict[str, type[Distribution]] = {
    "triangular": Triangular,
    "uniform": Uniform,
    "beta": Beta,
    "lognormal": LogNormal,
    "normal": Normal,
    "fixed": Fixed,
}


def _distribution_of(data: Any) -> str:
    """Tell which distribution a table, number or object means."""
    if isinstance(data, Distribution):
        return data.distribution
    if not isinstance(data, dict):
        return "fixed"
    return str(data.get("distribution", "triangular"))  # pydantic reports a kind that there is not


Prior = Annotated[
    Annotated[Triangular, Tag("triangular")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[Beta, Tag("beta")]
    | Annotated[LogNormal, Tag("lognormal")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[Fixed, Tag("fixed")],
    Discriminator(_distribution_of),
]

_PRIOR: TypeAdapter[Any] = TypeAdapter(Prior)


def as_prior(value: Any) -> Distribution:
    """Return the prior that a number, a table or a prior stands for.

    Examples
    --------
    >>> as_prior(0.3)
    Fixed(distribution='fixed', value=0.3)
    >>> as_prior({"low": 0, "mode": 1, "high": 3}).bounds
    (0.0, 3.0)
    """
    from settlesim.scenario.messages import translate

    try:
        prior: Distribution = _PRIOR.validate_python(value)
    except ValidationError as error:
        raise ScenarioError(translate(error, Prior, value, "<prior>")) from None
    return prior
