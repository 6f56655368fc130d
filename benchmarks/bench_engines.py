"""Both engines on the same fates at flagship size: time for a run on one core, and their ratio.

    python benchmarks/bench_engines.py

In turn, several times over, the numpy engine simulates a block of runs and the Mesa reference model one run of that
block; every final value of that run is compared, bit for bit.  Luck is drawn anew by each, so both pay for it.
Medians of processor time are printed.  SETTLESIM_REPEATS and SETTLESIM_RUNS change the number of pairs and the block.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import statistics
import time

import numpy as np

from settlesim.chance.worlds import Fates, worlds
from settlesim.engines import reference
from settlesim.engines.vectorised import engine
from settlesim.experiments.execution import BLOCK
from settlesim.scenario.files import load

REPEATS = int(os.environ.get("SETTLESIM_REPEATS", "5"))
RUNS = int(os.environ.get("SETTLESIM_RUNS", str(BLOCK)))


def timed(simulate, scenario, sequence, runs):
    fates, world = Fates(7, runs), worlds(scenario, runs, entropy=7)
    start = time.process_time()
    trace = simulate(scenario, sequence, worlds=world, fates=fates)
    return (time.process_time() - start) / len(runs), trace


def main():
    scenario = load("afghanistan-2018")
    sequence = scenario.sequence("parallel")
    fast, slow, compared = [], [], 0
    for k in range(REPEATS):
        ms, block = timed(engine.run, scenario, sequence, range(RUNS))
        fast.append(1e3 * ms)
        run = k * 37 % RUNS
        ms, one = timed(reference.run, scenario, sequence, range(run, run + 1))
        slow.append(1e3 * ms)
        for variable, values in one.final.items():
            if not np.array_equal(block.final[variable][..., run], values[..., 0], equal_nan=True):
                raise SystemExit(f"run {run}: the engines differ in {variable}")
            compared += values.size
        print(f"run {run:5d}: numpy {fast[-1]:6.2f} ms, mesa {slow[-1]:7.0f} ms, outputs equal", flush=True)
    ratios = [b / a for a, b in zip(fast, slow, strict=True)]
    print(
        f"median of {REPEATS} pairs, one core, blocks of {RUNS}: numpy {statistics.median(fast):.2f} ms a run, "
        f"mesa {statistics.median(slow):.0f} ms, ratio {statistics.median(ratios):.0f} "
        f"({min(ratios):.0f} to {max(ratios):.0f}); {compared:,} final values equal"
    )


if __name__ == "__main__":
    main()
