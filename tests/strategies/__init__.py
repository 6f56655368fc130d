"""Hypothesis strategies in the terms of the domain, shared by all tests: wars, plans, protocols, damaged files.

Everything is valid by construction, so hardly an example is thrown away.  Names are few and short, numbers lie on
coarse grids that include their bounds: what breaks models is combinations and corners, not digits.
"""

from __future__ import annotations

from hypothesis import settings

__all__ = ["examples"]


def examples(number: int) -> settings:
    """Settings for a test that makes `number` examples by default, and thirty times as many in the deep profile."""
    return settings(max_examples=number * (1 if settings.default.derandomize else 30))
