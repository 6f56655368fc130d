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
