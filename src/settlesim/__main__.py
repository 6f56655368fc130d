"""`settlesim` and `python -m settlesim` are the command line."""

import signal

__all__ = ["main"]


def main() -> None:
    """Read and carry out the command line.

    While the modules of the command line are imported there is nothing to keep: an interruption ends the process at
    once, by the signal itself.  As an exception it would reach modules written in C, which make an import error of it.
    """
    as_always = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if as_always:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from settlesim.app.cli import main as carried_out

    if as_always:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    carried_out()


if __name__ == "__main__":
    main()
