"""By what names code reaches the world outside, which no digest of the code can see: files, clocks, environments."""

from __future__ import annotations

import dis
import types

__all__ = ["asks_by_name", "attribute_outside", "is_outside"]

BUILTINS = frozenset({
    "__import__", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "globals", "hash", "id", "input", "locals",
    "open", "setattr", "vars",
})  # fmt: skip
MODULES = frozenset({
    "_io", "_random", "_socket", "_thread", "asyncio", "builtins", "concurrent", "ctypes", "fileinput", "gc", "getpass",
    "glob", "http", "imp", "importlib", "inspect", "io", "linecache", "locale", "mmap", "multiprocessing", "nt",
    "ntpath", "os", "pathlib", "pkgutil", "platform", "posix", "posixpath", "random", "requests", "secrets", "select",
    "shelve", "shutil", "signal", "site", "socket", "sqlite3", "ssl", "subprocess", "sysconfig", "tempfile",
    "threading", "time", "traceback", "urllib", "uuid", "weakref",
})  # fmt: skip
# Of whatever object: who is asked is not known before the code runs.
ATTRIBUTES = frozenset({
    "DataSource", "_getframe", "argv", "attrgetter", "builtins", "environ", "executable", "f_back", "f_builtins",
    "f_globals", "f_locals", "from_file", "fromfile", "genfromtxt", "getenv", "load", "loadtxt",
    "memmap", "methodcaller", "modules", "monotonic", "now", "open_dataset", "open_dataarray", "open_memmap",
    "open_mfdataset", "open_zarr", "perf_counter", "random", "read_bytes", "read_csv", "read_excel", "read_feather",
    "read_hdf", "read_json", "read_parquet", "read_pickle", "read_sql", "read_table", "read_text", "stdin", "today",
    "urlopen", "utcnow", "__builtins__", "__dict__", "__getattribute__", "__globals__", "__loader__", "__spec__",
    "__subclasses__",
})  # fmt: skip
_ASKED = frozenset(dis.opmap[n] for n in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM")
                   if n in dis.opmap)  # fmt: skip
_LOOKED_UP = ("LOAD_GLOBAL", "LOAD_NAME")
_BESIDE = ("CACHE", "PUSH_NULL", "EXTENDED_ARG")


def is_outside(module: str, path: str) -> bool:
    """Whether something installed, or a builtin, depends on what is outside of the program.

    Examples
    --------
    >>> is_outside("builtins", "open"), is_outside("os", "getenv"), is_outside("numpy", "load")
    (True, True, True)
    >>> is_outside("builtins", "max"), is_outside("math", "sqrt"), is_outside("numpy", "")
    (False, False, False)
    """
    if module == "builtins":
        return path in BUILTINS
    return module.partition(".")[0] in MODULES or module == "numpy.random" or path.rpartition(".")[2] in ATTRIBUTES


def attribute_outside(code: types.CodeType) -> str | None:
    """Return the first attribute by which code may reach the outside, None where there is none.

    Examples
    --------
    >>> attribute_outside((lambda np: np.load("deaths.npy")).__code__)
    'load'
    >>> attribute_outside((lambda trace: trace.final["load"]).__code__)
    """
    for one in dis.get_instructions(code):
        if one.opcode in _ASKED and one.argval in ATTRIBUTES:
            return str(one.argval)
    return None


def asks_by_name(code: types.CodeType) -> tuple[frozenset[str], bool]:
    """Return the names that code asks for by getattr or hasattr, and whether all that it asks for are written there.

    Examples
    --------
    >>> asks_by_name((lambda x: getattr(x, "deaths")).__code__)
    (frozenset({'deaths'}), True)
    >>> asks_by_name((lambda x, name: getattr(x, name)).__code__)
    (frozenset(), False)
    """
    names: set[str] = set()
    known = True
    steps = [one for one in dis.get_instructions(code) if one.opname not in _BESIDE]
    for place, step in enumerate(steps):
        if step.opname in _LOOKED_UP and step.argval in ("getattr", "hasattr"):
            at = place + 1
            # What is asked: a name, and attributes of it.
            while at < len(steps) and steps[at].opname.startswith("LOAD_") and steps[at].opname != "LOAD_CONST":
                at += 1
            asked = steps[at].argval if at < len(steps) and steps[at].opname == "LOAD_CONST" else None
            loads = [one for one in steps[place + 1 : at] if one.opname not in ("LOAD_ATTR", "LOAD_METHOD")]
            if len(loads) == 1 and isinstance(asked, str) and asked not in ATTRIBUTES:
                names.add(asked)
            else:
                known = False
    return frozenset(names), known
