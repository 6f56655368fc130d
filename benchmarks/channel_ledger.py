"""The ledger of channels: each alone on in `order-null`, the quantity it acts on directly, and the sign of theory.

`python benchmarks/ledger.py channels --into docs/channels.md` writes it down; tests/exact/test_channel_ledger.py holds
the model to it: alone on, the sign; off, not a bit.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

import settlesim as ss

# Where each move of the plan `dates` stands among its steps, and the weeks of an early one and of a late one.
MOVES = {"gift": 4, "patron's table": 3, "press": 5, "ceasefire": 6}
EARLY = {"gift": 12, "patron's table": 8, "press": 4, "ceasefire": 2}
LATE = {"gift": 90, "patron's table": 101, "press": 70, "ceasefire": 60}
# A sign is seen where the mean is so many standard errors from nothing.
SURE = 3.0


@dataclass(frozen=True, eq=False)
class Row:
    """One way of one channel.

    Attributes
    ----------
    channel
        Name of the channel in the scenario.
    on
        Parameters that switch this way of it on.
    move
        The move that is made early, or late.
    quantity, entity
        The variable of the model, and of whom.
    weeks
        First and last week of the mean.
    sign
        Of early less late: up (1), down (-1), or not a bit (0).
    theory, source
        Why, and a key of docs/references.bib.
    gift
        The concession that the gift is.
    given
        Of which runs: those in which the patron's table has ``settled`` when the weeks begin, or has only ``failed``.
    """

    channel: str
    on: dict[str, float]
    move: str
    quantity: str
    weeks: tuple[int, int]
    sign: int
    theory: str
    source: str
    entity: str = ""
    gift: str = "recognition"
    given: str = ""

    @property
    def key(self) -> str:
        """What it is called."""
        return f"{self.channel}: {', '.join(self.on)}"


KABUL_INSURGENCY, KABUL_GOVERNMENT = "kabul_talks/insurgency", "kabul_talks/government"
PATRON, GIFT, PRESS, CEASEFIRE = "patron's table", "gift", "press", "ceasefire"

ROWS = (
    Row("consent", {"consent_rate": 0.15}, PATRON, "phase", (20, 100), 0, entity="kabul_talks", source="settlesim",
        theory="Waiting is a gate: it lets other channels act on when a table opens, and carries nothing by itself."),
    Row("patron_policy", {"patron_flexibility": 0.02}, PATRON, "phase", (20, 100), 0, entity="kabul_talks",
        source="khan2018", theory="The patron's refusal delays its own table, and carries nothing to another."),
    Row("stale_offers", {"offer_half_life": 26}, PATRON, "bargain_worth", (20, 100), 0, entity="kabul_talks/power",
        source="settlesim", theory="An offer ages at its own table, whatever is done elsewhere."),
    Row("readiness", {"readiness_effect": 2}, PATRON, "consent_push", (40, 50), 1, given="settled",
        entity=KABUL_INSURGENCY, source="pruitt2005",
        theory="What is settled at one table makes a party readier to come to another."),
    Row("readiness", {"readiness_effect": 2}, PATRON, "consent_push", (40, 50), -1, given="failed",
        entity=KABUL_INSURGENCY, source="pruitt2005", theory="What fails there makes it less so."),
    Row("frame", {"surrender_frame": 0.1}, GIFT, "frame", (20, 89), -1, source="khan2018",
        theory="Who has been recognised does not surrender by talking."),
    Row("frame", {"surrender_frame": 0.1}, PATRON, "frame", (80, 100), -1, source="khan2018",
        theory="Nor does who has had the withdrawal signed."),
    Row("pocketing", {"pocketing": 1}, GIFT, "reservation_power", (20, 89), 1, source="settlesim",
        theory="What is kept without a deal is added to what a deal must give."),
    Row("gift_costs", {"legitimacy_cost": 0.5}, GIFT, "legitimacy", (20, 89), -1, source="settlesim",
        theory="Who gives before getting loses support at home."),
    Row("gift_costs", {"recidivism": 0.8}, GIFT, "p_win", (20, 89), 1, gift="prisoners", source="settlesim",
        theory="Prisoners who are freed strengthen those whom they fight for."),
    Row("deeds", {"costly_signal": 4}, GIFT, "trust", (20, 89), 1, entity="insurgency_government", source="kydd2005",
        theory="A gift that costs the giver shows that it means its word."),
    Row("deeds", {"delivered_effect": 2}, GIFT, "stake_push", (20, 89), 1, entity=KABUL_INSURGENCY, source="khan2018",
        theory="Deeds that are seen draw the insurgents to the table."),
    Row("attacks_seen", {"attack_rate_trustworthy": 0.02}, CEASEFIRE, "trust", (10, 20), -1,
        entity="government_insurgency", source="kydd2002",
        theory="Attacks under a ceasefire that stops none are read as bad faith."),
    Row("attacks_seen", {"attack_rate_trustworthy": 0.02, "ceasefire_multiplier": 0.05}, CEASEFIRE, "trust",
        (10, 20), 1, entity="government_insurgency", source="kydd2002",
        theory="A ceasefire that is kept is read as good faith."),
    Row("exclusion", {"exclusion_cost": 0.01}, PATRON, "legitimacy", (20, 100), -1, source="khan2018",
        theory="A government that is treated over loses standing."),
    Row("exclusion", {"exclusion_resentment": 1}, PATRON, "resentment_push", (12, 40), 1, entity=KABUL_GOVERNMENT,
        source="khan2018", theory="And resents it."),
    Row("departure", {"withdrawal_linkage": 0}, PATRON, "p_win", (80, 100), 1, source="powell2006",
        theory="A patron that leaves on its own deal leaves its ally weaker."),
    Row("shift", {"foresight_insurgency": 1}, PATRON, "reservation_power", (80, 100), 1, source="fearon1995",
        theory="Who will be stronger after the deal asks for more in it."),
    Row("shift", {"commitment_decay": 4}, PATRON, "credibility_insurgency", (80, 100), -1, source="powell2006",
        theory="No promise of the side that a deal makes stronger is believed."),
    Row("air_war", {"grounding": 0.8}, PATRON, "p_win", (80, 100), 1, source="talks2021",
        theory="An army whose air support is grounded is weaker."),
    Row("air_war", {"attack_switch": 0.8}, PATRON, "alpha", (80, 100), 1, source="talks2021",
        theory="Attacks that no longer go against the patron go against the army."),
    Row("restraint", {"restraint": 0.6}, PATRON, "alpha", (9, 19), -1, source="kydd2002",
        theory="Who gains by talking holds back what would wreck the talks."),
    Row("lull", {"ceasefire_multiplier": 0.2}, CEASEFIRE, "alpha", (3, 20), -1, source="settlesim",
        theory="A ceasefire stops attacks."),
    Row("lull", {"reduction_multiplier": 0.2}, PATRON, "alpha", (9, 100), -1, source="talks2021",
        theory="So does the reduction before a signing."),
    Row("neighbour", {"neighbour_leverage_effect": 3}, PRESS, "pressure_push", (20, 69), 1, entity=KABUL_INSURGENCY,
        source="khan2018", theory="A host that is pressed presses its guests to talk."),
    Row("neighbour", {"neighbour_obstruction": 1}, PRESS, "pressure_push", (20, 69), 1, entity=KABUL_INSURGENCY,
        source="khan2018", theory="One that is engaged no longer holds them back."),
    Row("neighbour", {"sanctuary_relief": 0.5}, PRESS, "cost_insurgency", (20, 69), 1, source="khan2018",
        theory="Without sanctuary the war is dearer."),
    Row("spoilers", {"talks_provocation": 8}, PATRON, "fighters", (30, 100), -1, source="khan2018",
        theory="Talks drive hardliners out of the movement."),
    Row("spoilers", {"spoiler_timing": 3}, PATRON, "spoiler_attacks", (9, 19), 1, source="kydd2002",
        theory="Spoilers strike while talks may succeed."),
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What a row comes to: mean of early less late with its standard error, and runs that differ, on and off."""

    mean: float
    error: float
    moved: float
    moved_off: float
    n: int

    def agrees(self, sign: int) -> bool:
        """Whether it is what theory says: the sign for sure, or not a bit."""
        if sign == 0:
            return self.moved == 0.0
        return self.moved > 0.0 and sign * self.mean > SURE * self.error


def war(horizon: int = 104, commanders: int = 200):
    """`order-null` with fewer commanders and weeks, which make it cheap, and a patron that often gets its deal."""
    tree = ss.load("order-null").tree()
    tree["actors"]["insurgency"]["commanders"] = commanders
    made = ss.Scenario.model_validate({**tree, "horizon": horizon})
    return made.with_parameters(patron_flexibility=10, withdrawal_limit=0.6)


def plans(scenario, move: str, gift: str, settings):
    """The plan with the move early and late, under each setting of the channels."""
    base = scenario.sequences["dates"]
    found = []
    for name, weeks in (("early", EARLY), ("late", LATE)):
        steps = [step.model_dump(exclude_defaults=True, exclude={"name"}) for step in base.steps]
        steps[MOVES[GIFT]]["concession"] = gift
        steps[MOVES[move]]["when"] = {"week": weeks[move]}
        found += [ss.Sequence(f"{name}, {state}", steps, levers=levers) for state, levers in settings.items()]
    return found


def measured(rows=ROWS, *, runs: int = 60, rng: int = 7, scenario=None) -> list[Found]:
    """Run the rows: means over the weeks before anything is signed in Kabul, run by run."""
    scenario = scenario or war()
    found: dict[Row, Found] = {}
    for move, gift in dict.fromkeys((row.move, row.gift) for row in rows):
        group = [row for row in rows if (row.move, row.gift) == (move, gift)]
        settings = {"off": {}} | {row.key: row.on for row in group}
        record = list(dict.fromkeys([*(row.quantity for row in group), "patron_deal", "breaks"]))
        signed = [outcome for outcome in ss.STANDARD_OUTCOMES if outcome.name == "track_signed_week"]
        sequences = plans(scenario, move, gift, settings)
        with warnings.catch_warnings():
            # What `war` sets stands for all rows but that whose own it is.
            warnings.filterwarnings("ignore", ".* was set for the scenario, and is without effect", UserWarning)
            result = ss.compare(scenario, sequences, runs=runs, rng=rng, record=record, outcomes=signed)
        found |= {row: _found(row, result) for row in group}
    return [found[row] for row in rows]


def _found(row: Row, result) -> Found:
    four = result.sel(sequence=[f"{when}, {state}" for state in (row.key, "off") for when in ("early", "late")])
    course = four[f"{row.quantity}_weekly"].sel(week=slice(*row.weeks))
    if row.entity:
        course = course.sel({next(dim for dim in course.dims if dim not in ("sequence", "run", "week")): row.entity})
    # A deal in Kabul is what channels end in; then there is a peace to be carried out, in which everything may differ.
    ended = four["track_signed_week"].sel(track="kabul_talks").min("sequence")
    course = course.astype(float).where(~(course["week"] >= ended))
    early, late, early_off, late_off = course.transpose("sequence", "run", "week").values
    chosen = ~np.isnan(early).all(axis=1)
    if row.given:
        before = four.isel(sequence=0).sel(week=slice(0, row.weeks[0]))
        deal = before["patron_deal_weekly"].any("week").values
        failed = before["breaks_weekly"].sel(track="patron_talks").any("week").values
        chosen &= (deal & ~failed) if row.given == "settled" else (failed & ~deal)
    early, late, early_off, late_off = (side[chosen] for side in (early, late, early_off, late_off))
    gap = np.nanmean(early, axis=1) - np.nanmean(late, axis=1)
    return Found(
        float(gap.mean()),
        float(gap.std(ddof=1) / np.sqrt(len(gap))),
        _differ(early, late),
        _differ(early_off, late_off),
        len(gap),
    )


def _differ(one, other) -> float:
    """Share of runs that differ in a bit of any week; weeks after a deal in Kabul are missing in both."""
    return float(((one != other) & ~(np.isnan(one) & np.isnan(other))).any(axis=1).mean())


def table(runs: int, rng: int) -> list[str]:
    """Lines of the table of Markdown that stands in the docs."""
    head = ("Channel", "Switched on by", "Move made early, not late", "acts on", "Sign", "Found", "Off", "Why")
    lines = [_line(head), _line(("---",) * len(head))]
    scenario = war()
    for row, found in zip(ROWS, measured(runs=runs, rng=rng, scenario=scenario), strict=True):
        label = scenario.channels[row.channel].label
        given = f", where the table {row.given}" if row.given else ""
        on = ", ".join(f"`{name}` = {value:g}" for name, value in row.on.items())
        of = f" of {row.entity}" if row.entity else ""
        move = f"{row.move} ({row.gift})" if row.move == GIFT else row.move
        seen = "not a bit" if not found.moved else f"{found.mean:+.3g} ± {found.error:.2g}"
        off = "not a bit" if not found.moved_off else f"{found.moved_off:.0%} of runs"
        verdict = "" if found.agrees(row.sign) else " **(not as theory says)**"
        weeks = f"`{row.quantity}`{of}, weeks {row.weeks[0]}-{row.weeks[1]}{given}"
        lines.append(
            _line((label, on, move, weeks, "-0+"[row.sign + 1], seen + verdict, off, f"{row.theory} [@{row.source}]"))
        )
    return lines


def _line(cells) -> str:
    return "| " + " | ".join(cells) + " |"
