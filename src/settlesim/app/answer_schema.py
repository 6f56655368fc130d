from __future__ import annotations


def answer_schema():
    return {}


__all__ = ["answer_schema"]
