"""Add a mechanism and an outcome without touching an engine: donors' aid that follows the talks.

While the government sits at a table with the insurgency, donors pay, and pay restores some legitimacy; how
much they pay in a week is a matter of luck that travels with the date.
"""

import os

import numpy as np

import settlesim as ss

RUNS = int(os.environ.get("SETTLESIM_RUNS", "300"))
AID_A_WEEK = 0.0015


@ss.rule("run", "aid legitimacy", source="settlesim")
def donors(aid, legitimacy, legitimacy_start, any_at_table, aid_luck):
    """Aid arrives while a table with the government stands, and lifts legitimacy up to where it started."""
    paid = np.where(any_at_table, 2.0 * aid_luck * AID_A_WEEK, 0.0)
    return aid + paid, np.minimum(np.maximum(legitimacy, legitimacy_start), legitimacy + paid)


PROTOCOL = ss.STANDARD.with_rule(
    donors,
    after="legitimacy",
    variables=[ss.Variable("aid", "run", "share", "legitimacy that aid has paid for", 0.0, low=0.0)],
    luck=[ss.Luck("aid_luck", "run", "uniform", "week", meaning="travels with the date")],
)
AID = ss.Outcome("aid", lambda trace: trace.final["aid"], "share", "legitimacy that aid has paid for")


def main() -> None:
    scenario = ss.load("afghanistan-2018")
    for name, protocol in (("standard", None), ("with donors", PROTOCOL)):
        outcomes = ss.STANDARD_OUTCOMES if protocol is None else (*ss.STANDARD_OUTCOMES, AID)
        result = ss.simulate(scenario, sequence="trilateral", runs=RUNS, rng=7, protocol=protocol, outcomes=outcomes)
        paid = float(result.aid.mean()) if "aid" in result else 0.0
        print(
            f"{name:12s} aid {paid:.3f}, legitimacy at the end {float(result.legitimacy.mean()):.3f}, "
            f"insurgent victory {100 * float((result.outcome == 0).mean()):.1f}%, "
            f"settled {100 * float(result.settled.mean()):.1f}%"
        )


if __name__ == "__main__":
    main()
