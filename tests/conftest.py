"""Profiles of Hypothesis, registered once for all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The default run must give the same verdict everywhere and each time: no examples from chance or from a database, and
# no clock that decides. HYPOTHESIS_PROFILE=deep looks for what the default run cannot reach; it is for long local runs.
settings.register_profile(
    "default",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    # How long it takes to draw a war depends on the machine, so it must not decide either.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", settings.get_profile("default"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
