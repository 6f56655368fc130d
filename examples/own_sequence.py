"""Build a sequence of talks in Python, compare it with a shipped one, and try every order of a plan's moves."""

import os

import settlesim as ss
from settlesim.steps import deliver, open_track, signed, week

RUNS = int(os.environ.get("SETTLESIM_RUNS", "300"))


def main() -> None:
    scenario = ss.load("afghanistan-2018")
    mine = ss.Sequence(
        "prisoners first",
        steps=[
            deliver("prisoners", when=week(4)),
            open_track("kabul_talks", when=week(12)),
            open_track("patron_talks", when=signed("kabul_talks").after(8)),
        ],
        description="Prisoners are freed before anything is asked; the patron's table waits for Kabul's deal.",
    )
    comparison = ss.compare(scenario, ["kabul_first", mine], runs=RUNS, rng=7)
    one = ss.differences(comparison, "settled", baseline="kabul_first").isel(sequence=0)
    print(
        f"settled, prisoners first minus kabul_first: {float(one.difference):+.3f} "
        f"({float(one.low):+.3f} to {float(one.high):+.3f})"
    )

    # In an order of a plan each move waits for the one before it, here by eight weeks.
    gestures = ss.Plan(
        {
            "recognition": deliver("recognition"),
            "prisoners": deliver("prisoners"),
            "talks": open_track("three_way_talks"),
        },
        pace=8,
    )
    sequences = [gestures.order(names) for names in gestures.orders()]
    orders = ss.compare(scenario, sequences, runs=RUNS, rng=7)
    ranking = ss.rank(orders, "settled")
    print(f"\nthe {gestures.count()} orders of two gifts and the table of three, best first:")
    for name, value in zip(ranking.sequence.values, ranking.value.values, strict=True):
        print(f"  {name:32s} settled in {100 * value:.1f}% of runs")
    print(f"the first two change places in {100 * float(ranking.reversed_runs[0, 1]):.0f}% of runs")


if __name__ == "__main__":
    main()
