"""Profiles of Hypothesis, signals, and what pytest prints at the end: how many values of the engines were compared."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, Phase, settings

# The default run must give the same verdict everywhere and each time: no examples from chance or from a database, and
# no clock that decides.
settings.register_profile(
    "default",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    # How long it takes to draw a war depends on the machine, so it must not decide either.
    suppress_health_check=[HealthCheck.too_slow],
    # To explain a failure would simulate it a thousand times more.
    phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
)
# Looks for what the default run cannot reach: other examples each time, and thirty times as many.
settings.register_profile("deep", settings.get_profile("default"), derandomize=False)
# Tells quickly that something is wrong, without the minutes in which a failing war is made small.
settings.register_profile("look", settings.get_profile("default"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure():
    # A shell that starts pytest in the background has it ignore Ctrl-C, and with it what a test starts and interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter):
    counts = [
        (name, count)
        for report in terminalreporter.getreports("passed")
        for name, count in getattr(report, "user_properties", [])
        if name.startswith("docking ")
    ]
    if counts:
        terminalreporter.write_sep("=", "values of the two engines compared, none different")
        for name, count in sorted(counts):
            terminalreporter.write_line(f"{name.removeprefix('docking '):40s} {count:12,d}")
        terminalreporter.write_line(f"{'all':40s} {sum(count for _, count in counts):12,d}")
