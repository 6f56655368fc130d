"""Try a new behaviour agent by agent in Mesa, write it as a rule for the fast engine, and prove that the two are one.

The question: what if commanders who hold ground do not want to share it?  A commander in a province that the
insurgency controls has more to lose by a deal, so it rejects one more often ("total" and "greedy" spoilers in Stedman
1997).  The strength of the effect is made up for illustration.
"""

import os

import numpy as np

import settlesim as ss
from settlesim.model.items import logistic
from settlesim.reference import Commander, SettlementModel

RUNS = int(os.environ.get("SETTLESIM_RUNS", "300"))
HOLDING_ON = 4.0


class Landlord(Commander):
    """First as a Mesa agent.  A method named like a rule takes its place; its arguments are what the agent reads."""

    def choose(
        self, theta, choice_luck, rejection_bias, rejection_hardline, rejection_refused, joined, insurgent_share
    ):
        push = rejection_bias + rejection_hardline * (theta - 0.5) + HOLDING_ON * insurgent_share
        if not joined:
            push = push + rejection_refused
        return choice_luck < logistic(push)


@ss.rule("commander", "rejects", source="settlesim stedman1997")
def choose(
    theta, choice_luck, rejection_bias, rejection_hardline, rejection_refused, joined, insurgent_share
):  # then as a rule: no `if`, for it sees all commanders of many runs at once
    """Reject a deal likelier with hardline, after a walk-out, and the more of the province the insurgency holds."""
    push = rejection_bias + rejection_hardline * (theta - 0.5) + HOLDING_ON * insurgent_share
    return choice_luck < logistic(np.where(joined, push, push + rejection_refused))


PROTOCOL = ss.STANDARD.replaced("choose", choose)


def first_settlement(scenario, sequence, agents=None):
    """Step Mesa models run by run until a deal on power is signed, and return the model as it then stands."""
    for run in range(40):
        model = SettlementModel(scenario, sequence, run=run, rng=7, agents=agents)
        while model.running and not model.war.settling:
            model.step()
        if model.war.settling:
            return model
    raise SystemExit("no run of these was settled")


def main() -> None:
    scenario = ss.load("afghanistan-2018").with_parameters(concession_acceptance=0.8)
    print("1. in Mesa, one run until its deal is signed")
    for name, agents in (("commanders as shipped", None), ("landlords", {"commander": Landlord})):
        model = first_settlement(scenario, "trilateral", agents)
        walked = model.commanders.select(lambda c: c.rejects)
        print(
            f"   run {model.run}, week {model.week}, {name}: {len(walked)} of {len(model.commanders)} reject it, "
            f"whose provinces the insurgency holds to {100 * np.mean(walked.get('insurgent_share') or [0.0]):.0f}%"
        )

    print("2. verified: the rule in the numpy engine against the agents in Mesa, on the same fates")
    found = ss.verify(
        scenario, sequences=["trilateral"], rng=7, runs=2, protocol=PROTOCOL, agents={"commander": Landlord}
    )
    print("   " + str(found).replace("\n", "\n   "))
    if not found.ok:
        raise SystemExit(1)

    print(f"3. in the fast engine, {RUNS} runs")
    for name, protocol in (("commanders as shipped", None), ("landlords", PROTOCOL)):
        result = ss.simulate(scenario, sequence="trilateral", runs=RUNS, rng=7, protocol=protocol)
        print(
            f"   {name:21s}: settled {100 * float(result.settled.mean()):.1f}%, "
            f"comprehensive {100 * float(result.comprehensive.mean()):.1f}%, "
            f"relapsed {100 * float(result.relapsed.mean()):.1f}%"
        )


if __name__ == "__main__":
    main()
