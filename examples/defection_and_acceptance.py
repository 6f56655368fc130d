"""Change how readily commanders defect and parties accept, over the same worlds and the same luck."""

import os

import numpy as np

import settlesim as ss

RUNS = int(os.environ.get("SETTLESIM_RUNS", "300"))


def main() -> None:
    scenario = ss.load("afghanistan-2018")
    settings = {
        "as elicited": {},
        "defection at 3% a year": {"defection_rate": 0.03},
        "defection at 0.15% a year": {"defection_rate": 0.0015},
        "Kabul seldom accepts": {"concession_acceptance": {"government": 0.2}},
        "Kabul readily accepts": {"concession_acceptance": {"government": 0.6}},
    }
    results = {
        name: ss.simulate(scenario.with_parameters(**changes), sequence="trilateral", runs=RUNS, rng=7)
        for name, changes in settings.items()
    }
    base = results["as elicited"]
    print("trilateral; differences are paired, run by run, with 95% intervals\n")
    for name, result in results.items():
        rival = float(result.defections.sel(destination="rival").mean())
        line = f"{name:28s} {rival:6.1f} commanders to the rival, settled {100 * float(result.settled.mean()):5.1f}%"
        if name != "as elicited":
            d = (result.settled.astype(float) - base.settled.astype(float)).values.ravel()
            half = 1.96 * d.std(ddof=1) / np.sqrt(len(d))
            line += f"  ({100 * d.mean():+.1f} ± {100 * half:.1f} points)"
        print(line)

    # The same on a grid, held at every combination.
    grid = ss.sweep(scenario, {"defection_rate": [0.0015, 0.03]}, sequences=["us_first"], runs=RUNS, rng=7)
    print("\nrival strength at the end of us_first, mean fighters:")
    print(grid.rival_strength.mean("run").squeeze("sequence").to_pandas().round(0).to_string())


if __name__ == "__main__":
    main()
