"""What a rule of one's own may return: as many values as it writes, of their kinds, within their ranges."""

from __future__ import annotations

import signal
import threading
from functools import lru_cache
from typing import Any

import numpy as np

from settlesim.model.variables import Variable

__all__ = ["FAULTS", "heed_interruption", "limits", "reason_of", "returned", "wrong_kind", "wrong_range"]

# What a rule or an outcome may raise: its author meant to stop it, not the program.
FAULTS = (Exception, SystemExit, KeyboardInterrupt)


def heed_interruption(error: BaseException) -> None:
    """Let an error pass on if it is the user's Ctrl-C, not one that a rule or an outcome raised by itself.

    Where Ctrl-C is ignored, as in worker processes, or goes to another thread, or to an experiment that has not heard
    any, nobody pressed it.  Where that cannot be told it is the user's.
    """
    if not isinstance(error, KeyboardInterrupt):
        return
    handler = signal.getsignal(signal.SIGINT)
    elsewhere = threading.current_thread() is not threading.main_thread()
    unheard = getattr(getattr(handler, "__self__", None), "signal", None) == 0
    if not (handler is signal.SIG_IGN or elsewhere or unheard):
        raise error


def reason_of(error: BaseException) -> str:
    """Return what was raised, in words, with what to do where that is known.

    Examples
    --------
    >>> reason_of(ZeroDivisionError("division by zero"))
    'raised ZeroDivisionError: division by zero'
    """
    said = str(error)
    hint = ""
    if isinstance(error, ValueError) and "read-only" in said:
        hint = ": it must not change what it reads"
    elif isinstance(error, ValueError) and "ambiguous" in said:
        hint = ": choose with np.where, and join truths by &, | and ~"
    return f"raised {type(error).__name__}" + (f": {said}" if said else "") + hint


def returned(out: Any, writes: tuple[str, ...]) -> tuple[tuple[Any, ...], str]:
    """Return the values that a rule returned, and what is wrong with their number, empty if nothing is.

    Examples
    --------
    >>> returned((1, 2), ("aid",))
    ((), "returns 2 values, but writes one variable, 'aid'")
    """
    several = isinstance(out, (tuple, list))
    names = ", ".join(map(repr, writes))
    wanted = f"writes one variable, {names}" if len(writes) == 1 else f"writes {len(writes)} variables, {names}"
    if out is None:
        return (), f"returns None, but {wanted}: a return is missing"
    if len(writes) == 1 and not several:
        return (out,), ""
    if several and len(writes) > 1 and len(out) == len(writes):
        return tuple(out), ""
    if len(writes) == 1 and len(out) == 1:
        return (), f"returns a {type(out).__name__} of one value: return the value itself"
    number = f"{len(out)} values" if several else "one value"
    return (), f"returns {number}, but {wanted}"


def wrong_kind(value: Any, variable: Variable) -> str:
    """Return what is wrong with the kind of a returned value, empty if nothing is.

    Examples
    --------
    >>> wrong_kind(np.array([0.5]), Variable("joined", "run", kind="bool"))
    "returns numbers for 'joined', which is true or false: return a comparison"
    """
    name = repr(variable.name)
    array = np.asarray(value)
    if value is None or array.dtype.kind not in "biuf":
        what = "None" if value is None else "text" if array.dtype.kind in "US" else f"values of type {array.dtype}"
        return f"returns {what} for {name}: return numbers or truths"
    if isinstance(value, (np.ma.MaskedArray, np.ma.core.MaskedConstant)):
        return f"returns a masked array for {name}: choose with np.where"
    if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return f"returns the plain number {value!r} for {name}: return an array, by np.where or np.full_like"
    if variable.kind == "bool" and array.dtype.kind != "b":
        return f"returns numbers for {name}, which is true or false: return a comparison"
    if variable.kind == "int" and array.dtype.kind == "f" and not (array == np.rint(array)).all():
        return f"returns broken numbers for {name}, which counts: use np.rint or np.floor"
    return ""


@lru_cache(maxsize=1)
def _standard() -> dict[str, Variable]:
    # Deferred: the standard protocol is made of what stands beside this module.
    from settlesim.model.standard import STANDARD

    return STANDARD.table


def limits(variable: Variable) -> tuple[float, float]:
    """Return between what values of a variable must lie: finite ones, unless it starts at infinity or is settlesim's.

    Examples
    --------
    >>> limits(Variable("aid", "run", low=0.0))[1] < np.inf, limits(Variable("never", "run", start=np.inf))[1]
    (True, inf)
    """
    low, high = variable.bounds
    start = variable.start
    if variable.kind != "float" or (isinstance(start, float) and np.isinf(start)) or variable.name in _standard():
        return low, high
    largest = float(np.finfo(np.float64).max)
    return max(low, -largest), min(high, largest)


def wrong_range(value: Any, variable: Variable) -> str:
    """Return what is wrong with one value that lies outside the range of its variable.

    Examples
    --------
    >>> wrong_range(np.float64(1.5), Variable("aid", "run", low=0.0, high=1.0))
    "gives 1.5 for 'aid', outside the range it declares, 0 to 1"
    """
    if value != value:
        return f"gives nan for {variable.name!r}: keep divisions and logarithms from it by np.where or np.maximum"
    if np.isinf(value) and variable.low <= value <= variable.high:
        return f"gives {value.item()!r} for {variable.name!r}: keep it finite by np.where, or declare start=np.inf"
    allowed = f"{variable.low:g} to {variable.high:g}"
    return f"gives {value.item()!r} for {variable.name!r}, outside the range it declares, {allowed}"
