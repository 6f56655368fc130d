"""A digest of what a function does: its code, and all that the code looks up, wherever its source may stand.

A constant, a default, a closure, a global or a helper that is changed changes it.  Comments, names of local variables,
docstrings and places in files do not.  It is the same in every process of one Python version.  What is installed counts
by its version; settlesim itself, which may be worked on, by its code.
"""

from __future__ import annotations

import builtins
import dataclasses
import dis
import enum
import functools
import hashlib
import importlib
import re
import struct
import sys
import types
import weakref
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any

import numpy as np

from settlesim.model.whose_code import is_installed, is_ours, version_of
from settlesim.model.world_outside import asks_by_name, attribute_outside, is_outside

__all__ = ["digest_of", "joint_digest"]


_OP = dis.opmap
_CONST = frozenset(dis.hasconst)
_GLOBAL = frozenset(_OP[name] for name in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS") if name in _OP)
_CHANGING = frozenset(_OP[name] for name in ("STORE_GLOBAL", "DELETE_GLOBAL"))
_KEEPING = frozenset(_OP[name] for name in ("STORE_ATTR", "DELETE_ATTR"))
# Arguments that follow in an array or a dictionary; generators and coroutines.
_FLAGS = 0x04 | 0x08 | 0x20 | 0x80 | 0x200
_PLAIN = (range, slice, date, time, timedelta, Decimal, Fraction, PurePath)
_DESCRIPTORS = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.ClassMethodDescriptorType,
)
# What a class says of itself and its place, not of what it does.
_ASIDE = {
    "__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__", "__classcell__",
    "__dataclass_fields__", "__dataclass_params__", "__dict__", "__doc__", "__firstlineno__", "__match_args__",
    "__module__", "__orig_bases__", "__parameters__", "__qualname__", "__static_attributes__", "__weakref__",
    "_abc_impl",
}  # fmt: skip


class _Hidden(Exception):
    """What a function does cannot be told from its code."""


# Of settlesim's own functions, which nobody changes while they are used.
_known: weakref.WeakKeyDictionary[Callable[..., Any], str] = weakref.WeakKeyDictionary()


def digest_of(function: Any) -> str | None:
    """Return the digest of a function, or of anything else that decides what one does.

    Parameters
    ----------
    function : callable
        A function, method, partial, an object that is called like a function, or plain data.

    Returns
    -------
    str or None
        Hexadecimal digits; None where what the function does cannot be told, as where it keeps something between calls
        or looks at a file, the clock, the environment, or at something by a name that is made while it works.

    Examples
    --------
    >>> def scaled(factor):
    ...     return lambda deaths: factor * deaths
    >>> digest_of(scaled(2.0)) == digest_of(scaled(2.0)), digest_of(scaled(2.0)) == digest_of(scaled(3.0))
    (True, False)
    >>> digest_of(iter([1]).__next__) is None
    True
    """
    ours = isinstance(function, types.FunctionType) and is_ours(function.__module__)
    if ours and function in _known:
        return _known[function]
    walk = _Walk()
    try:
        walk.take(function)
    except (_Hidden, RecursionError):
        return None
    if ours:
        _known[function] = walk.hexdigest()
    return walk.hexdigest()


def joint_digest(digests: Mapping[str, str | None]) -> str:
    """Return one digest for several by name, empty where one of them is None.

    Examples
    --------
    >>> joint_digest({"a": "12", "b": None})
    ''
    >>> joint_digest({"a": "12", "b": "34"}) == joint_digest({"b": "34", "a": "12"})
    True
    """
    if None in digests.values():
        return ""
    return hashlib.sha256("".join(f"{name}={digests[name]};" for name in sorted(digests)).encode()).hexdigest()


class _Walk:
    """Goes through an object and all it looks up, each once, in an order that follows from their contents alone."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        # What was met, by identity, and kept: an identity is given again once its object is gone.
        self.met: dict[int, tuple[int, Any]] = {}
        self.say("python", sys.implementation.name, *sys.version_info[:2])

    def hexdigest(self) -> str:
        return self.digest.hexdigest()

    def say(self, *words: object) -> None:
        for word in words:
            text = str(word).encode("utf-8", "surrogatepass")
            self.digest.update(b"%d:" % len(text) + text)

    def take(self, value: Any) -> None:
        """Take in anything."""
        kind = type(value)
        if value is None or value is ... or value is NotImplemented or kind in (bool, int, str, bytes):
            self.say(kind.__name__, repr(value))
        elif kind in (float, complex):
            # Bits, for repr knows but one nan and zeros may have a sign.
            self.say(kind.__name__, struct.pack("<dd", value.real, value.imag).hex())
        elif isinstance(value, (frozenset, set)):
            self.say(kind.__name__, len(value), *sorted(_alone(item) for item in value))
        elif isinstance(value, types.CodeType):
            # Seen from a constant; a function takes its code with its globals.
            raise _Hidden
        elif isinstance(value, _PLAIN):
            self.say(_name(kind), repr(value))
        elif id(value) in self.met:
            self.say("met", self.met[id(value)][0])
        else:
            self.met[id(value)] = (len(self.met), value)
            self._take_new(value)

    def _take_new(self, value: Any) -> None:
        if isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, types.ModuleType):
            self._module(value, None)
        elif isinstance(value, np.ufunc):
            self._installed("numpy", value.__name__)
        elif isinstance(value, (np.ndarray, np.generic)):
            self._numbers(np.asarray(value))
        elif isinstance(value, np.dtype):
            self.say("dtype", value.descr if value.names else value.str)
        elif isinstance(value, types.MethodType):
            self.say("method")
            self.take(value.__func__)
            owner = value.__self__
            if isinstance(owner, (type, *_PLAIN)) or not hasattr(owner, "__dict__"):
                self.take(owner)
            else:
                self._state(owner)
        elif isinstance(value, (types.BuiltinFunctionType, types.MethodWrapperType)):
            self._built_in(value)
        elif isinstance(value, _DESCRIPTORS):
            self.say("descriptor", value.__qualname__)
        else:
            self._take_object(value)

    def _take_object(self, value: Any) -> None:
        """Take in what is neither code nor numbers."""
        kind = type(value)
        if isinstance(value, (list, tuple)):
            self.say(_name(kind), len(value))
            for item in value:
                self.take(item)
        elif kind is dict or isinstance(value, types.MappingProxyType):
            self.say("mapping", len(value))
            for key, item in value.items():
                self.take(key)
                self.take(item)
        elif isinstance(value, functools.partial):
            self.say("partial")
            self._all(value.func, value.args, value.keywords)
        elif isinstance(value, (staticmethod, classmethod)):
            self._all(kind.__name__, value.__func__)
        elif isinstance(value, property):
            self._all("property", value.fget, value.fset, value.fdel)
        elif isinstance(value, functools.cached_property):
            self._all("cached", value.func)
        elif isinstance(value, functools._lru_cache_wrapper):
            self._all("cached", value.__wrapped__)
        elif isinstance(value, re.Pattern):
            self._all("pattern", value.pattern, value.flags)
        elif isinstance(value, enum.Enum):
            self.say(_name(kind), value.name)
            self.take(value.value)
        elif hasattr(value, "model_dump_json") and is_ours(kind.__module__):
            # Declarations of a scenario: data, read from a file.
            self.say(_name(kind), value.model_dump_json())
        elif dataclasses.is_dataclass(value):
            self._kind(value)
            for field in dataclasses.fields(value):
                self.say(field.name)
                self.take(getattr(value, field.name))
        elif callable(value) and hasattr(value, "__dict__"):
            self._state(value)
        else:
            raise _Hidden

    def _state(self, value: Any) -> None:
        self._kind(value)
        for name, item in sorted(vars(value).items()):
            self.say(name)
            self.take(item)

    def _all(self, *values: Any) -> None:
        for value in values:
            self.take(value)

    def _kind(self, value: Any) -> None:
        """Take in the class of an object, by its name if it is one of settlesim's that only holds data."""
        kind = type(value)
        if is_ours(kind.__module__) and not callable(value):
            self.say(_name(kind))
        else:
            self._class(kind)

    # -- what is installed ---------------------------------------------------------------------------

    def _installed(self, module: str, name: str) -> None:
        if is_outside(module, name):
            raise _Hidden
        self.say("installed", module, name, version_of(module.partition(".")[0]))

    def _built_in(self, value: Any) -> None:
        owner = getattr(value, "__self__", None)
        if owner is None or isinstance(owner, types.ModuleType):
            self._installed(getattr(value, "__module__", None) or "builtins", value.__qualname__)
        else:
            self.say("method", value.__name__)
            self.take(owner)

    def _module(self, module: types.ModuleType, names: frozenset[str] | None) -> None:
        """Take in a module by its version, or what is used of one that somebody is working on."""
        if is_installed(module.__name__, getattr(module, "__file__", None)):
            return self._installed(module.__name__, "")
        used = sorted(name for name in names or () if hasattr(module, name) and not name.startswith("__"))
        if not used:
            # Nobody can tell what of it is looked at.
            raise _Hidden
        for name in used:
            self.say("of module", name)
            self._looked_up(getattr(module, name), names)

    def _looked_up(self, value: Any, names: frozenset[str] | None) -> None:
        if isinstance(value, types.ModuleType):
            self._module(value, names)
        else:
            self.take(value)

    def _class(self, kind: type) -> None:
        if not isinstance(kind.__module__, str):
            raise _Hidden
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        if is_installed(kind.__module__, file):
            return self._installed(kind.__module__, kind.__qualname__)
        self.say("class", kind.__name__)
        if issubclass(kind, tuple) and hasattr(kind, "_field_defaults"):
            return self._all(*(getattr(kind, name) for name in ("_fields", "_field_defaults")))
        for base in kind.__bases__:
            self.take(base)
        if type(kind) is not type:
            self.take(type(kind))
        for field in dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ():
            self.say(field.name)
            if field.default_factory is not dataclasses.MISSING:
                self.take(field.default_factory)
        for name, item in sorted(vars(kind).items()):
            made = isinstance(item, types.FunctionType) and item.__code__.co_filename == "<string>"
            if name not in _ASIDE and not made and not isinstance(item, types.MemberDescriptorType):
                self.say(name)
                self.take(item)

    # -- data ----------------------------------------------------------------------------------------

    def _numbers(self, array: np.ndarray[Any, Any]) -> None:
        self.say("array", array.dtype.descr if array.dtype.names else array.dtype.str, array.shape)
        if array.dtype.hasobject:
            self.take(array.ravel().tolist())
        else:
            self.digest.update(np.ascontiguousarray(array).tobytes())

    # -- code ----------------------------------------------------------------------------------------

    def _function(self, function: types.FunctionType) -> None:
        code, there = function.__code__, function.__globals__
        # Decorators lend their functions another name.
        if any(is_installed(str(n), code.co_filename) for n in (function.__module__, there.get("__name__"))):
            return self._installed(str(function.__module__), function.__qualname__)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        # Arguments are what a rule reads; local names are nobody's matter.
        self.say("function", *names)
        self._code(code, there, frozenset(code.co_freevars))
        for what in (function.__defaults__, function.__kwdefaults__, function.__dict__ or None):
            self.take(what)
        for cell in function.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:
                self.say("empty")
            else:
                self._looked_up(held, frozenset(code.co_names))

    def _code(self, code: types.CodeType, there: dict[str, Any], free: frozenset[str]) -> None:
        """Take in code, with what it looks up where it was defined; `free` are names that outlive a call."""
        self.say("code", code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & _FLAGS)
        self.say(*code.co_names)
        asked, known = asks_by_name(code)
        if not known or attribute_outside(code):
            raise _Hidden
        names = frozenset(code.co_names) | asked
        self.say(code.co_exceptiontable.hex())
        local = (*code.co_varnames, *(n for n in code.co_cellvars if n not in code.co_varnames), *code.co_freevars)
        raw, extended = code.co_code, 0
        loaded: list[Any] = []
        for place in range(0, len(raw), 2):
            op, argument = raw[place], raw[place + 1] | extended
            extended = argument << 8 if op == _OP["EXTENDED_ARG"] else 0
            if op in _CONST:
                # By what it is, not where: a docstring is a constant that nothing loads.
                loaded.append(code.co_consts[argument])
                self.say(op)
                self._constant(loaded[-1], there, free)
                continue
            self.say(op, argument)
            outlives = op == _OP["STORE_DEREF"] and local[argument] in free & set(code.co_freevars)
            if op in _CHANGING or outlives or (op in _KEEPING and not code.co_name.startswith("__")):
                # It may remember something from call to call; objects that are being made do not.
                raise _Hidden
            if op in _GLOBAL:
                name = code.co_names[argument >> 1 if op == _OP["LOAD_GLOBAL"] else argument]
                self._global(name, there, names)
            elif op == _OP["IMPORT_NAME"]:
                self._import(code.co_names[argument], loaded, there, names)

    def _constant(self, value: Any, there: dict[str, Any], free: frozenset[str]) -> None:
        if isinstance(value, types.CodeType):
            self.say("inner", *value.co_varnames[: value.co_argcount + value.co_kwonlyargcount])
            self._code(value, there, free)
        else:
            self.take(value)

    def _global(self, name: str, there: dict[str, Any], names: frozenset[str]) -> None:
        if name == "__builtins__" or (name not in there and is_outside("builtins", name)):
            raise _Hidden
        if name in there:
            self.say("global", name)
            self._looked_up(there[name], names)
        else:
            self.say("built in" if hasattr(builtins, name) else "nowhere", name)

    def _import(self, name: str, loaded: list[Any], there: dict[str, Any], names: frozenset[str]) -> None:
        """Take in what is imported while the function works."""
        level = loaded[-2] if len(loaded) > 1 and isinstance(loaded[-2], int) else 0
        try:
            module = importlib.import_module("." * level + name, there.get("__package__") if level else None)
        except Exception as error:
            raise _Hidden from error
        self._module(module, names | frozenset(loaded[-1] or ()) if loaded else names)


def _alone(value: Any) -> str:
    walk = _Walk()
    walk.take(value)
    return walk.hexdigest()


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
