"""Profiles of Hypothesis, registered once for all tests; HYPOTHESIS_PROFILE chooses another for local runs."""

from __future__ import annotations

import os

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
)
# Looks for what the default run cannot reach: other examples each time, and thirty times as many.
settings.register_profile("deep", settings.get_profile("default"), derandomize=False)
# Tells quickly that something is wrong, without the minutes in which a failing war is made small.
settings.register_profile("look", settings.get_profile("default"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
