"""What pytest prints at the end: how many values of the two engines were compared."""

from __future__ import annotations


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
