"""One new mechanism from its parameters to its tests: people protest against the war.

Where many die, people of a province begin to protest, each province by a clock of its own. As long as no talks with
the government are open, protests cost it legitimacy, and that weighs on its power, its garrisons and its consent. The
mechanism and its numbers are made up for illustration. docs/extending.md shows the parts of this file.
"""

import os
import tomllib

import numpy as np

import settlesim as ss
from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

RUNS = int(os.environ.get("SETTLESIM_RUNS", "300"))

# ---- parameters ----
PARAMETERS = """
[parameters.protest_rate]
meaning = "Hazard with which people of a province begin to protest, at its share of the violence of week 0."
unit = "per year"
prior = { low = 0.05, mode = 0.2, high = 0.6 }
range = [0, 50]
group = "public"
source = "elicited"
tag = "P"

[parameters.protest_cost]
meaning = "Legitimacy that the government loses in a week without talks while every district protests."
unit = "per week"
prior = { low = 0, mode = 0.002, high = 0.004 }
range = [0, 1]
group = "public"
source = "elicited"
tag = "P"
"""


# ---- rules ----
@rule(
    "province",
    Variable(
        "protest_left", units="1", meaning="what is left of the province's clock of protest", start="protest_luck"
    ),
    Variable("protesting", units="1", meaning="people of the province protest", start=False, kind="bool"),
    Variable("protest_weighted", units="share", meaning="its districts, if they do", low=0.0, high=1.0),
    source="settlesim",
)
def protest(protest_left, protesting, province_deaths, deaths_base, district_weight, protest_rate, at_peace):
    """Run the clock of a province: hazard `protest_rate` times its violence per district, relative to week 0."""
    hazard = protest_rate / 52.0 * province_deaths / (deaths_base * district_weight)
    left = protest_left - np.where(protesting, 0.0, hazard)
    now = (left <= 0.0) & ~at_peace
    return left, now, np.where(now, district_weight, 0.0)


@rule("run", "legitimacy", source="settlesim")
def public_pressure(legitimacy, protest_share, protest_cost, government_talks):
    """Protests cost legitimacy as long as no talks with the government are open."""
    return np.maximum(0.0, legitimacy - protest_cost * protest_share * ~government_talks)


# ---- mechanism ----
PROTESTS = Mechanism(
    "Protests",
    items=(
        protest,
        Fold(
            Variable(
                "protest_share",
                scope="run",
                units="share",
                meaning="districts in which people protest",
                start=0.0,
                low=0.0,
                high=1.0 + 1e-9,
                weekly=True,
            ),
            "protest_weighted",
            "sum",
            "province",
        ),
        public_pressure,
    ),
    luck=(Luck("protest_luck", "province", "exponential", meaning="a province's clock of protest"),),
    outcomes=(
        Outcome(
            "protests",
            final("protest_share"),
            "share",
            "districts in which people protest at the end",
            kind="bounded",
            better="low",
        ),
    ),
)

# ---- trying it ----
PROTOCOL = ss.STANDARD.with_mechanism(PROTESTS, after="legitimacy")


def with_protests(name, **changes):
    """A shipped war that has the new parameters as well."""
    return ss.load(name).with_parameters(**tomllib.loads(PARAMETERS)["parameters"]).with_parameters(**changes)


# ---- tests ----
def test_a_province_protests_when_its_hazard_has_added_up():
    left, now = 1.0, np.False_
    for week in range(1, 6):
        # Thirteen a year are a quarter a week: a clock of 1 passes in the fourth week.
        left, now, _ = protest.function(left, now, 44.0, 440.0, 0.1, 13.0, np.False_)
        assert bool(now) == (week >= 4)


def test_without_a_rate_nothing_is_different_by_one_bit():
    plain = ss.simulate(ss.load("two-party"), runs=40, rng=7)
    quiet = ss.simulate(with_protests("two-party", protest_rate=0), runs=40, rng=7, protocol=PROTOCOL)
    assert (quiet.protests == 0).all()
    assert all(np.array_equal(plain[name], quiet[name]) for name in ("outcome", "deaths", "legitimacy", "zone"))


def test_protests_cost_legitimacy():
    few, many = (
        ss.simulate(with_protests("two-party", protest_rate=rate), runs=40, rng=7, protocol=PROTOCOL)
        for rate in (0.05, 0.6)
    )
    assert (many.protests >= few.protests).all()
    assert many.legitimacy.mean() < few.legitimacy.mean()


def test_both_engines_agree_in_every_bit():
    assert ss.verify(with_protests("two-party"), runs=2, rng=7, protocol=PROTOCOL).ok


# ---- results ----
def main() -> None:
    scenario = with_protests("afghanistan-2018")
    PROTOCOL.check(scenario)  # names every mistake before the first week; simulate does it too
    for test in (
        test_a_province_protests_when_its_hazard_has_added_up,
        test_without_a_rate_nothing_is_different_by_one_bit,
        test_protests_cost_legitimacy,
        test_both_engines_agree_in_every_bit,
    ):
        test()
        print(f"passed: {test.__name__}")
    for sequence in ("kabul_first", "us_first"):
        plain = ss.simulate(ss.load("afghanistan-2018"), sequence=sequence, runs=RUNS, rng=7)
        result = ss.simulate(scenario, sequence=sequence, runs=RUNS, rng=7, protocol=PROTOCOL)
        print(
            f"{sequence:12s} protest in {100 * float(result.protests.mean()):.0f}% of districts; legitimacy at the end "
            f"{float(plain.legitimacy.mean()):.3f} -> {float(result.legitimacy.mean()):.3f}, "
            f"settled {100 * float(plain.settled.mean()):.1f} -> {100 * float(result.settled.mean()):.1f}%"
        )


if __name__ == "__main__":
    main()
