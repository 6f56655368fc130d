"""Outcomes that worker processes import: one ends its process, one tells in how many threads it may compute."""

from __future__ import annotations

import multiprocessing
import os

import numpy as np

from settlesim.model.outcome import Outcome


def _ends(trace):
    if 25 in trace.runs and multiprocessing.parent_process() is not None:
        os._exit(9)
    return np.zeros(len(trace.runs))


def _threads(trace):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return np.full(len(trace.runs), max(float(os.environ.get(name, "0")) for name in names))


deadly = Outcome("deadly", _ends, "people", "ends the process that meets run 25")
threads = Outcome("threads", _threads, "people", "threads that libraries may use")

# In which run an outcome fails under each sequence.
FAILS = {"talk": 33, "give_first": 21, "quiet_first": 21}


def _fails(trace):
    run = FAILS.get(trace.sequence.name)
    if run in trace.runs:
        raise ArithmeticError(f"run {run}")
    return np.zeros(len(trace.runs))


failing = Outcome("failing", _fails, "people", "fails under some sequences, under each in a run of its own")
