"""What a second worker process gains: the same experiment with one worker and with two, in turn.

    python benchmarks/bench_workers.py [SCENARIO [RUNS]]

On a machine with two idle cores.  The start of the worker processes is part of what is measured.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import statistics
import sys
import time

import settlesim as ss

REPEATS = int(os.environ.get("SETTLESIM_REPEATS", "5"))


def seconds(scenario, runs, workers):
    start = time.perf_counter()
    ss.simulate(scenario, runs=runs, rng=7, execution=ss.Execution(workers=workers, progress=False))
    return time.perf_counter() - start


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "afghanistan-2018"
    runs = sys.argv[2] if len(sys.argv) > 2 else "12000"
    scenario = ss.load(name)
    seconds(scenario, 64, 1)
    pairs = [(seconds(scenario, int(runs), 1), seconds(scenario, int(runs), 2)) for _ in range(REPEATS)]
    one, two = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"{name}, {runs} runs: one worker {one:.1f} s, two {two:.1f} s (medians of {REPEATS})")
    print(f"two workers are {statistics.median(a / b for a, b in pairs):.2f} times as fast (median of pairs)")


if __name__ == "__main__":
    main()
