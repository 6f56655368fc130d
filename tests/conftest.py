"""Hypothesis profiles, and what pytest prints at the end: how many values of the two engines were compared."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# The same examples in every run: a test that fails by turns teaches nobody.  `HYPOTHESIS_PROFILE=deep` looks further.
# A war is a large thing to draw, and "explaining" a failure would simulate it a thousand times more.
common = settings(
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
)
settings.register_profile("same", common, derandomize=True)
settings.register_profile("deep", common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


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
