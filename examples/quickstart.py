"""Compare two orders of talks on the shipped scenario, and read one run.

python examples/quickstart.py [figure.png]
"""

import os
import sys

import settlesim as ss

RUNS = int(os.environ.get("SETTLESIM_RUNS", "500"))


def main() -> None:
    scenario = ss.load("afghanistan-2018")
    comparison = ss.compare(scenario, ["kabul_first", "us_first", "trilateral"], runs=RUNS, rng=7)

    shares = ss.summary(comparison, "outcome").outcome.sel(statistic="estimate")
    print(shares.to_pandas().round(3).to_string(), "\n")

    table = ss.differences(comparison, "settled", baseline="kabul_first")
    for name in table.sequence.values:
        one = table.sel(sequence=name)
        print(
            f"settled, {name} minus kabul_first: {float(one.difference):+.3f} "
            f"(95% interval {float(one.low):+.3f} to {float(one.high):+.3f}, {int(one.n)} paired runs)"
        )

    ranking = ss.rank(comparison, "settled")
    print(f"\nbest first: {', '.join(ranking.sequence.values)}")
    print(f"share of runs in which the second does better than the first: {float(ranking.reversed_runs[0, 1]):.2f}\n")

    print(ss.replay(scenario, sequence="us_first", run=4711, rng=7))

    if len(sys.argv) > 1:
        ss.plots.outcomes(comparison).figure.savefig(sys.argv[1], dpi=200)


if __name__ == "__main__":
    main()
