"""How words on the command line are read: nothing twice, the nearest name of what is not known, one line of error."""

from __future__ import annotations

import re
import time
from contextvars import ContextVar
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from settlesim.app import terminal
from settlesim.app.streams import ReaderGoneError, printable, tell
from settlesim.errors import Terminated, UsageError, choose
from settlesim.results.ownership import check_whole_name

__all__ = ["Command", "Commands", "begun", "carried_out"]

# Wherever this version of typer has the class from of which all errors of the command line are.
_ClickError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
_begun: ContextVar[tuple[str, float]] = ContextVar("_begun", default=("", 0.0))
LONGEST = 1000
# Options that name a file to be made.
FILES = ("out", "plot")
# Options that take a whole number; which they are, versions of typer tell in different ways.
WHOLE = ("runs", "rng", "workers", "run", "port", "size", "each")
# What Python alone takes for whole numbers: 1_0 is no 10.
ODD_DIGITS = re.compile(r"_|[^ -~]")


def begun() -> tuple[str, float]:
    """Return the command that is carried out, and for how many seconds it has been."""
    name, start = _begun.get()
    return name, time.perf_counter() - start


class Command(TyperCommand):
    """A command, of which an option that is given twice, and takes one value, is refused: the first would be lost."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words, once it is known that none stands against another."""
        if not ctx.resilient_parsing:
            given, _, order = self.make_parser(ctx).parse_args(args=list(args))
            for one in order:
                single = one.param_type_name == "option" and not getattr(one, "multiple", False)
                if single and order.count(one) > 1:
                    raise UsageError(f"{one.opts[0]} is given twice: it takes one value")
                if one.name in FILES:
                    # As text: what it is read into drops what stands behind the name.
                    check_whole_name(given[one.name])
                elif one.name in WHOLE and ODD_DIGITS.search(str(given[one.name])):
                    raise UsageError(f"{one.opts[0]} takes a whole number, got {str(given[one.name])[:200]!r}")
        elif args and any(args[-1] in one.opts and not getattr(one, "is_flag", False) for one in self.params):
            # Where the shell asks how an option's value goes on, its absence must not hide the words before it.
            args = args[:-1]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Carry out the command, and remember when it began."""
        _begun.set((ctx.info_name or "", time.perf_counter()))
        return super().invoke(ctx)


class Commands(TyperGroup):
    """The commands, of which an interrupted one says so; typer by itself would leave in silence."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command by the first word."""
        if args and not args[0].startswith("-") and not ctx.resilient_parsing:
            choose(args[0], self.list_commands(ctx), "command")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Carry out the command, and end in an exit code of its own where it is interrupted."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError(error.strerror) from None
        except (KeyboardInterrupt, Terminated) as stop:
            raise terminal.said_and_left(stop) from None
        except ImportError as error:
            # What an interruption becomes that comes while a module written in C is imported.
            if not isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
                raise
            raise terminal.said_and_left(KeyboardInterrupt()) from None


def carried_out(app: typer.Typer, words: list[str] | None) -> int:
    """Carry out a command line; return the exit code."""
    try:
        code = app(words, standalone_mode=False, prog_name="settlesim")
    except _ClickError as error:
        ctx = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            # No command is named: the message is the help.
            error.show()
            return terminal.USAGE
        where = f" ({ctx.command_path} --help)" if ctx is not None else ""
        said = printable(" ".join(error.format_message().split()))
        room = LONGEST - len(where) - len("settlesim: ")
        tell((said if len(said) <= room else f"{said[: room - 3]}...") + where)
        return terminal.USAGE
    except typer.Abort:
        tell("interrupted")
        return terminal.INTERRUPTED
    return code if isinstance(code, int) else 0
