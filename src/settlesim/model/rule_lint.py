"""A look at the source of rules of one's own: what is not elementwise, and what is not a function of what is read.

Everything is told from the source, where there is one.  What a rule does inside functions that it calls is found only
when it is first evaluated, by comparing runs alone with runs among others.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import textwrap
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from settlesim.model.items import Rule
from settlesim.model.name_checks import label_of

__all__ = ["is_own", "lint"]

# Rules in these modules are held to all this, and more, by the tests of settlesim.
TESTED = "settlesim.model.rules."
# What of an array is no state: it says how many there are, not what they are.
SHAPES = {"shape", "ndim", "dtype"}
MANY_TO_ONE = {
    "all", "any", "argmax", "argmin", "argsort", "average", "cumprod", "cumsum", "dot", "einsum", "inner", "matmul",
    "max", "amax", "mean", "median", "min", "amin", "nanmax", "nanmean", "nanmin", "nansum", "percentile", "prod",
    "ptp", "quantile", "sort", "std", "sum", "trapezoid", "unique", "var",
}  # fmt: skip
OF_UFUNCS = {"reduce", "accumulate", "reduceat", "at", "outer"}
BUILT_IN = {
    "max": "np.maximum", "min": "np.minimum", "sum": "a Fold", "any": "a Fold", "all": "a Fold", "sorted": "a Ranked",
    "round": "np.rint", "int": "np.trunc", "float": "the value as it is", "bool": "a comparison", "len": "a Fold",
    "pow": "np.power", "divmod": "np.floor_divide", "range": "np.where", "enumerate": "np.where",
}  # fmt: skip
CHANCE = {"random", "secrets", "time"}

_seen: weakref.WeakKeyDictionary[Callable[..., Any], tuple[tuple[int, str], ...]] = weakref.WeakKeyDictionary()


def is_own(function: Callable[..., Any]) -> bool:
    """Whether a rule's function is a modeller's own, and not one of settlesim's.

    Examples
    --------
    >>> from settlesim.model.rules.spoilers import spoilers
    >>> is_own(spoilers.function), is_own(lambda deaths: deaths)
    (False, True)
    """
    return not str(getattr(function, "__module__", "")).startswith(TESTED)


def lint(rule: Rule) -> list[str]:
    """Find what a rule of one's own may not do, as far as its source tells; a tested rule is not looked at.

    Parameters
    ----------
    rule : Rule
        The rule.

    Returns
    -------
    list of str
        One line for each mistake, with its line in the file and what to write in its place.

    Examples
    --------
    >>> lint(Rule(lambda deaths: deaths, "run", ("deaths",)))
    []
    """
    function = rule.function
    if not is_own(function) or not isinstance(function, FunctionType):
        return []
    if function not in _seen:
        _seen[function] = tuple(_mistakes(function))
    file = Path(function.__code__.co_filename).name
    return [f"{label_of(rule)}, {file}:{line}: {text}" for line, text in _seen[function]]


def _mistakes(function: FunctionType) -> Iterator[tuple[int, str]]:
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        # Typed at a prompt, made by exec, or cut out of the middle of a statement.
        return
    name = function.__name__
    wanted = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.FunctionDef) and node.name == name)
        or (isinstance(node, ast.Lambda) and name == "<lambda>")
    ]
    if len(wanted) != 1:
        return
    found = _Look(function, wanted[0]).mistakes()
    for line, text in dict.fromkeys(found):
        yield first + line - 1, text


class _Look:
    """One look at a function: its arguments are state, and so is what is made of them."""

    def __init__(self, function: FunctionType, node: ast.FunctionDef | ast.Lambda) -> None:
        code = function.__code__
        self.body: list[ast.AST] = [*node.body] if isinstance(node, ast.FunctionDef) else [node.body]
        self.arguments = set(code.co_varnames[: code.co_argcount])
        self.local = {*code.co_varnames, *code.co_cellvars}
        self.around = {**vars(builtins), **function.__globals__}
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            with suppress(ValueError):  # a name that is given its value later
                self.around[name] = cell.cell_contents
        self.state = set(self.arguments)
        self._spread()

    def nodes(self) -> Iterator[ast.AST]:
        for statement in self.body:
            yield from ast.walk(statement)

    def _spread(self) -> None:
        """Add names that are given what is made of state, until no more are found."""
        before = -1
        while before < len(self.state):
            before = len(self.state)
            for node in self.nodes():
                value = getattr(node, "value", None) or getattr(node, "iter", None)
                if isinstance(node, ast.Assign):
                    targets = node.targets
                elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.comprehension)):
                    targets = [node.target]
                else:
                    continue
                if value is not None and self.of_state(value):
                    names = [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
                    self.state.update(names)

    def of_state(self, node: ast.AST) -> bool:
        """Whether an expression looks at state, and not only at how many there are."""
        if isinstance(node, ast.Attribute) and node.attr in SHAPES:
            return False
        if isinstance(node, ast.Name):
            return node.id in self.state
        return any(self.of_state(child) for child in ast.iter_child_nodes(node))

    def value(self, node: ast.AST) -> Any:
        """What an expression of names and attributes of modules is, where it is no local name; else None."""
        if isinstance(node, ast.Name) and node.id not in self.local:
            return self.around.get(node.id)
        if isinstance(node, ast.Attribute):
            holder = self.value(node.value)
            if isinstance(holder, (ModuleType, np.ufunc)):
                return getattr(holder, node.attr, None)
        return None

    # -- mistakes ------------------------------------------------------------------------------------

    def mistakes(self) -> Iterator[tuple[int, str]]:
        for node in self.nodes():
            text = self._mistake(node)
            if text:
                yield getattr(node, "lineno", 1), f"`{_shown(node)}` {text}"

    def _mistake(self, node: ast.AST) -> str:
        if isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
            return "asks about state: choose with np.where" if self.of_state(node.test) else ""
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return "remembers from call to call: keep it in a Variable"
        loops = [node] if isinstance(node, ast.For) else getattr(node, "generators", [])
        if any(self.of_state(loop.iter) for loop in loops):
            return "goes through state one by one: write it for whole arrays"
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            return self._change(node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            return self._global(node)
        return self._operator(node) if self.of_state(node) else ""

    def _operator(self, node: ast.AST) -> str:
        if isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
            return "joins truths of state: use &, | and ~, with brackets"
        if isinstance(node, ast.Compare) and (len(node.ops) > 1 or isinstance(node.ops[0], (ast.In, ast.NotIn))):
            return "compares several at once: join single comparisons by &"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return "differs in the last bit between one run and many: use np.power, np.square or np.sqrt"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return "sums over runs or entities: combine entities with a Fold"
        return ""

    def _call(self, node: ast.Call) -> str:
        called = self.value(node.func)
        module = str(getattr(called, "__module__", None) or "")
        owner = getattr(called, "__self__", None)
        if _draws(called) or _draws(owner) or module in CHANCE or module.startswith("numpy.random"):
            return "draws or looks at the clock: declare Luck and read it"
        name = str(getattr(called, "__name__", ""))
        if called is not None and getattr(math, name, None) is called:
            return f"takes single numbers only: use numpy, as np.{name}"
        if not any(self.of_state(a) for a in (*node.args, *(k.value for k in node.keywords), node.func)):
            return ""
        if called is sum and isinstance(node.args[0], (ast.List, ast.Tuple)):
            return ""  # of terms that are written out, it adds one array to another
        if called is not None and getattr(builtins, name, None) is called and name in BUILT_IN:
            return f"takes one number or mixes many: use {BUILT_IN[name]}"
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        of_array = called is None and isinstance(node.func, ast.Attribute) and self.of_state(node.func.value)
        of_numpy = module.partition(".")[0] == "numpy" and name in MANY_TO_ONE
        of_ufunc = isinstance(owner, np.ufunc) and method in OF_UFUNCS
        if of_numpy or of_ufunc or (of_array and method in MANY_TO_ONE):
            return "mixes runs or entities: combine entities with a Fold, and never runs"
        return ""

    def _change(self, node: ast.Assign | ast.AugAssign) -> str:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Subscript) and self.of_state(target.value):
                return "writes into an array: choose with np.where"
            if isinstance(node, ast.AugAssign) and isinstance(target, ast.Name) and target.id in self.arguments:
                return "changes what it reads: give the new value a name of its own"
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Pow):
            return "differs in the last bit between one run and many: use np.power, np.square or np.sqrt"
        return ""

    def _global(self, node: ast.Name) -> str:
        value = self.value(node)
        if isinstance(value, (list, dict, set, bytearray)):
            return "can change between calls: use a tuple, or a parameter of the scenario"
        if isinstance(value, np.ndarray) and value.flags.writeable:
            return "is an array that can change between calls: use a parameter, or setflags(write=False)"
        return "draws: declare Luck and read it" if _draws(value) else ""


def _draws(value: Any) -> bool:
    """Whether something is a source of chance."""
    if isinstance(value, ModuleType):
        return False
    return type(value).__module__.startswith(("numpy.random", "random")) or isinstance(value, np.random.Generator)


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node).partition("\n")[0]
    return text if len(text) <= 60 else f"{text[:57]}..."
