"""What it saves to lay the orders of a plan along the axis of runs: one call of the engine, or one for each order.

    python benchmarks/bench_orders.py

Both are timed in turn, several times over, on one core; processor time is used, so that other processes do not count.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import statistics
import time

from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised import run, run_batch
from settlesim.scenario.files import load

SIZES = ((10, 50), (50, 20), (200, 5))  # runs, orders
REPEATS = int(os.environ.get("SETTLESIM_REPEATS", "5"))


def together(scenario, sequences, drawn, runs):
    start = time.process_time()
    run_batch(scenario, sequences, worlds=drawn, fates=Fates(7, range(runs)))
    return time.process_time() - start


def apart(scenario, sequences, drawn, runs):
    start, fates = time.process_time(), Fates(7, range(runs))
    for sequence, world in zip(sequences, drawn, strict=True):
        run(scenario, sequence, worlds=world, fates=fates)
    return time.process_time() - start


def main():
    scenario = load("afghanistan-2018")
    plan = scenario.plan("opening")
    print("runs   orders   ms a run, one call   ms a run, a call each   saved (median of pairs)")
    for runs, number in SIZES:
        sequences = [plan.order(order) for order in plan.sample(number, 7, distinct=True)]
        drawn = [worlds(scenario, range(runs), entropy=7)] * number
        asked = (scenario, sequences, drawn, runs)
        pairs = [(together(*asked), apart(*asked)) for _ in range(REPEATS)]
        ratio = statistics.median(b / a for a, b in pairs)
        one, each = (1e3 * statistics.median(times) / (runs * number) for times in zip(*pairs, strict=True))
        print(f"{runs:4d}   {number:6d}   {one:18.2f}   {each:21.2f}   {ratio:22.2f} x")


if __name__ == "__main__":
    main()
