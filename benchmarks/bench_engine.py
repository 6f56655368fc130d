"""Speed of the numpy engine at flagship size (1,200 commanders, 34 provinces, 260 weeks), on one core.

    python benchmarks/bench_engine.py

Block sizes are timed in turn, several times over, and medians are printed: the machine may be shared. Processor
time is used, so that other processes do not count.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import statistics
import subprocess
import sys
import time

from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised import engine
from settlesim.scenario.files import load

BLOCKS = (128, 256, 512, 1024, 2048)
REPEATS = int(os.environ.get("SETTLESIM_REPEATS", "5"))


def timed(scenario, sequence, fates, world):
    start = time.process_time()
    engine.run(scenario, sequence, worlds=world, fates=fates)
    return time.process_time() - start


def import_time():
    code = "import time; t = time.perf_counter(); import settlesim; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(7)
    ]
    return statistics.median(times)


def main():
    scenario = load("afghanistan-2018")
    sequence = scenario.sequence("parallel")
    commander_weeks = scenario.actors["insurgency"].commanders * scenario.horizon
    first = {block: [] for block in BLOCKS}
    again = {block: [] for block in BLOCKS}
    for _ in range(REPEATS):
        for block in BLOCKS:
            runs = range(block)
            world, fates = worlds(scenario, runs, entropy=7), Fates(7, runs)
            # The first sequence of a block draws its luck, the others of a comparison share it.
            first[block].append(timed(scenario, sequence, fates, world) / block)
            again[block].append(timed(scenario, sequence, fates, world) / block)
    print("runs a block   ms a run, alone   ms a run, luck shared   runs/s and core   ns a commander-week")
    for block in BLOCKS:
        alone, shared = statistics.median(first[block]), statistics.median(again[block])
        ns = 1e9 * shared / commander_weeks
        print(f"{block:12d}   {1e3 * alone:15.2f}   {1e3 * shared:21.2f}   {1 / shared:15.0f}   {ns:19.1f}")
    print(f"import settlesim: {1e3 * import_time():.0f} ms (median of 7)")


if __name__ == "__main__":
    main()
