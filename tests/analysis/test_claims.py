"""Claims put to the test: planted outcomes give exact answers, a planted wrong sign is found, nothing else matters."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import settlesim as ss
from settlesim.analysis import verdicts
from settlesim.errors import UsageError
from settlesim.report.claim_tables import claim_rows, claim_table, footer, markdown
from settlesim.results.dataset import weekly_name
from settlesim.scenario.scenario import Scenario
from support import changed, shipped

TWO = shipped("two-party")
# A year is long enough for what is planted.
SHORT = changed(TWO, horizon=52)
ORIGIN = {"source": "invented", "tag": "P"}
FRAME = {"carrier": "surrender_frame", "values": [0.1, 0.3], "plans": ["talk", "quiet_first"]}


def frame(trace):
    return trace.worlds["surrender_frame"]


def noisy(trace):
    """Half a run more where the frame is high, on average: it differs from run to run."""
    return np.where(np.arange(trace.runs.start, trace.runs.stop) % 2, 10 * trace.worlds["surrender_frame"], 0.0)


def turning(trace):
    return frame(trace) * (1 if trace.sequence.name == "talk" else -1)


def rare(trace):
    """A run in four has no value at all."""
    return np.where(np.arange(trace.runs.start, trace.runs.stop) % 4, frame(trace), np.nan)


def happens(trace):
    return np.asarray(np.arange(trace.runs.start, trace.runs.stop) % 10 < 10 * frame(trace), np.int8)


PLANTED = replace(
    ss.STANDARD,
    outcomes=(
        *ss.STANDARD.outcomes,
        *(ss.Outcome(f.__name__, f, "share", "planted") for f in (frame, noisy, turning, rare)),
        ss.Outcome("happens", happens, "1", "planted", kind="share"),
    ),
)


def claim(name, quantity, sign, kind="check", **others):
    told = {"name": name, "sentence": f"{name} follows.", "kind": kind, "quantity": quantity, "sign": sign}
    return told | (others or FRAME) | ORIGIN


def war(*claims):
    return Scenario.model_validate({**SHORT.tree(), "claims": list(claims)})


def table_of(*claims, runs=20, **options):
    return ss.claims(war(*claims), runs=runs, rng=7, protocol=PLANTED, **options)


def test_a_planted_effect_is_found_exactly():
    table = table_of(claim("a", "frame", 1), claim("b", "frame", -1), claim("c", "rare", 1))
    for plan in FRAME["plans"]:
        one = table.sel(claim="a", plan=plan)
        assert [float(one[name]) for name in ("before", "after", "moved", "n")] == pytest.approx([0.1, 0.3, 1, 20])
        assert float(one.effect) == pytest.approx(0.2) and float(one.error) < 1e-15
    assert table.verdict.values.tolist() == ["holds", "fails", "holds"]
    assert (table.n.sel(claim="c") == 15).all()


def test_a_check_needs_three_standard_errors():
    # Of n runs half move by 2: the effect is 1, and its standard error 1/sqrt(n - 1).
    for runs, verdict in ((8, "fails"), (12, "holds")):
        table = table_of(claim("a", "noisy", 1), runs=runs)
        assert (float(table.effect[0, 0]), float(table.error[0, 0])) == pytest.approx((1, 1 / np.sqrt(runs - 1)))
        assert table.verdict.item() == verdict


def test_a_hypothesis_is_for_against_undecided_or_depends():
    made = [
        claim("for", "noisy", 1, "hypothesis"),
        claim("against", "noisy", -1, "hypothesis"),
        claim("depends", "turning", 1, "hypothesis"),
        claim("undecided", "happens", 1, "hypothesis", **(FRAME | {"values": [0.11, 0.15]})),
    ]
    table = table_of(*made)
    assert table.verdict.values.tolist() == [one["name"] for one in made]
    assert table.verdict_by_plan.sel(claim="depends").values.tolist() == ["for", "against"]
    still = table.sel(claim="undecided")
    assert (still.moved == 0).all() and (still.low < 0).all() and (still.high > 0).all()


def test_a_sign_of_zero_says_that_nothing_moves():
    wide, other = FRAME | {"values": [0.1, 0.5]}, FRAME | {"carrier": "guarantee"}
    kept, moved = claim("kept", "happens", 0, **other), claim("moved", "happens", 0, **wide)
    table = table_of(kept, moved, claim("never", "happens", 0, "hypothesis", **wide), runs=40)
    assert table.verdict.values.tolist() == ["holds", "fails", "against"]
    borne_out = table_of(claim("kept", "happens", 0, "hypothesis", **other), runs=40)
    assert borne_out.verdict.item() == "for" and float(borne_out.moved.max()) == 0.0


def test_shares_have_the_interval_of_paired_shares():
    table = table_of(claim("a", "happens", 1, "hypothesis", **(FRAME | {"values": [0.2, 0.5]})), runs=40)
    assert table.effect.values.ravel() == pytest.approx([0.3, 0.3])
    n, up = 40, 12
    centre, reach = up / (n + 2), 1.959964 * np.sqrt(up + 1 - up**2 / (n + 2)) / (n + 2)
    assert float(table.low[0, 0]) == pytest.approx(centre - reach, rel=1e-6)
    assert float(table.high[0, 0]) == pytest.approx(centre + reach, rel=1e-6)


def test_a_variable_is_read_by_week_while_the_run_lives():
    ending = {"carrier": "deaths_base", "values": [40, 60], "plans": ["talk"]}
    kinds = [
        claim("all", "deaths_week", 1, **ending),
        claim("some", "deaths_week", 1, **ending, at=[3, 5]),
        claim("track", "trust.government_insurgency", 1, **ending, at=20),
        claim("late", "zone", 1, **ending, at=[0, 52]),
    ]
    # Low enough for some runs to end early: the course of a run that has ended stands still.
    lively = war(*kinds).with_parameters(victory_control=0.12)
    table = ss.claims(lively, runs=30, rng=7)
    plain = ss.simulate(lively.with_parameters(deaths_base=40), sequence="talk", runs=30, rng=7,
                        record=["deaths_week", "trust", "zone"]).squeeze("sequence")  # fmt: skip
    ended = plain.end_week.fillna(999)
    assert 0 < int((ended < 52).sum()) < 30
    lived = plain.week <= ended
    within = lived & (plain.week >= 3) & (plain.week <= 5)
    expected = [
        plain.deaths_week_weekly.where(lived).mean("week").mean(),
        plain.deaths_week_weekly.where(within).mean("week").mean(),
        plain.trust_weekly.sel(dyad="government_insurgency").isel(week=20).where(ended >= 20).mean(),
        plain.zone_weekly.where(lived).mean("week").mean(),
    ]
    assert table.before.sel(plan="talk").values == pytest.approx(np.array([float(x) for x in expected]))


def test_two_plans_are_compared_over_common_luck():
    contrast = claim("a", "deaths", -1, plans_contrast=["talk", "quiet_first"])
    share = claim("b", "outcome.continued_war", 0, plans_contrast=["talk", "quiet_first"])
    table = table_of(contrast, share, runs=40)
    plans = ss.compare(SHORT, ["talk", "quiet_first"], runs=40, rng=7)
    paired = ss.differences(plans, "deaths", baseline="talk").sel(sequence="quiet_first")
    found = table.sel(claim="a", plan="quiet_first")
    for ours, theirs in (("effect", "difference"), ("error", "error"), ("low", "low")):
        assert float(found[ours]) == pytest.approx(float(paired[theirs]))
    kept = (plans.outcome == 7).mean("run")
    assert table.before.sel(claim="b").item() == pytest.approx(float(kept.sel(sequence="talk")))


def test_what_else_is_tested_and_by_how_many_workers_makes_no_difference():
    made = [
        claim("power", "reservation_power", 1, carrier="power_bias", values=[-0.6, -0.2], plans=["talk"], at=[1, 26]),
        claim("settles", "settled", -1, "hypothesis", carrier="power_bias", values=[-0.6, -0.2], plans=["give_first"]),
        claim("patience", "rounds.talks", 1, carrier="deadline_rounds", values=[6, 24], plans=["talk"]),
    ]
    both = ss.claims(war(*made), runs=40, rng=7)
    assert both.verdict.sel(claim="power").item() == "holds"
    assert both.moves.sel(claim="patience").item() == "deadline_rounds 6 -> 24"
    for name in ("power", "settles"):
        alone = ss.claims(war(*made), runs=40, rng=7, only=[name])
        one = both.sel(claim=[name]).dropna("plan", subset=["n"])
        assert alone.drop_attrs().equals(one.sel(plan=alone.plan).drop_attrs())
    shared = ss.claims(war(*made), runs=40, rng=7, execution=ss.Execution(workers=2))
    assert shared.identical(both)


def test_an_interruption_keeps_what_is_done(monkeypatch):
    done = []

    def once(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return simulated(*arguments)

    simulated = verdicts._simulated
    monkeypatch.setattr(verdicts, "_simulated", once)
    made = [claim("a", "frame", 1), claim("b", "frame", 1, **(FRAME | {"values": [0, 0.5]}))]
    with pytest.raises(ss.Interrupted, match="1 of 2 claims") as caught:
        table_of(*made)
    table = caught.value.result
    assert table.claim.values.tolist() == ["a"] and table.attrs["interrupted"] == 1
    with pytest.raises(KeyboardInterrupt):
        table_of(*made)


WRONG = [
    ("setled", None, "the model has no outcome or variable 'setled'; did you mean 'settled'?"),
    ("trust", None, "'trust' has several values Known: government_insurgency, insurgency_government"),
    ("rounds.talk", None, "unknown entry 'talk' of 'rounds'; did you mean 'rounds.talks'?"),
    ("outcome.victory", None, "unknown entry 'victory' of 'outcome'"),
    ("deaths.talks", None, "'deaths' has one value, so there is no 'talks' of it"),
    ("first_deal_week", 8, "'first_deal_week' is an outcome, which has no weeks"),
    ("status", None, "'status' belongs to commanders"),
]
NO_FLAGS = [
    ("round_du.talks", "the model has no outcome or variable 'round_du'; did you mean 'round_due'?"),
    ("round_due.talk", "unknown entry 'talk' of 'round_due'; did you mean 'round_due.talks'?"),
    ("zone", "'zone' is no flag"),
    ("first_deal_week", "'first_deal_week' is an outcome"),
]


@pytest.mark.parametrize(("during", "said"), NO_FLAGS)
def test_a_flag_that_is_not_there_is_named_before_the_first_run(during, said):
    with pytest.raises(UsageError) as caught:
        ss.claims(war(claim("wrong", "zone", 1, **FRAME, during=during)), runs=10**9, rng=7)
    assert f"claim 'wrong': {said}" in str(caught.value)


def test_only_the_weeks_of_a_flag_count_and_only_runs_that_have_some():
    made = war(claim("asks", "ask.talks/power", -1, carrier="opening_ask", values=[0.95, 0.8], plans=["talk"],
                     during="round_due.talks"))  # fmt: skip
    table = ss.claims(made, runs=40, rng=7)
    means = []
    for value in (0.95, 0.8):
        course = ss.simulate(made.with_parameters(opening_ask=value), sequence="talk", runs=40, rng=7,
                             record=["ask", "round_due"])  # fmt: skip
        due, ask = (course[weekly_name(name)].squeeze().values for name in ("round_due", "ask"))
        means.append([np.mean(ask[r][due[r]]) if due[r].any() else np.nan for r in range(40)])
    effect = np.array(means[1]) - np.array(means[0])
    assert 0 < np.isfinite(effect).sum() < 40 and int(table.n.item()) == np.isfinite(effect).sum()
    assert table.effect.item() == pytest.approx(np.nanmean(effect), abs=1e-12)


@pytest.mark.parametrize(("quantity", "at", "said"), WRONG)
def test_a_quantity_that_is_not_there_is_named_before_the_first_run(quantity, at, said):
    wrong = claim("wrong", quantity, 1, **(FRAME | ({} if at is None else {"at": at})))
    with pytest.raises(UsageError) as caught:
        ss.claims(war(wrong), runs=10**9, rng=7)
    assert f"claim 'wrong': {said}" in str(caught.value)


def test_other_mistakes_of_the_caller(tmp_path):
    with pytest.raises(UsageError, match="two-party makes no claims"):
        ss.claims(SHORT, runs=2)
    with pytest.raises(UsageError, match="unknown claim 'b'"):
        table_of(claim("a", "frame", 1), only=["b"])
    with pytest.raises(UsageError, match="is saved with"):
        table_of(claim("a", "frame", 1), execution=ss.Execution(out=tmp_path / "a.nc"))


def test_rows_tables_and_pages_say_the_same():
    table = table_of(claim("a", "frame", 1), claim("b", "noisy", 1, "hypothesis"), claim("c", "frame", -1))
    rows = json.loads(json.dumps(claim_rows(table), allow_nan=False))
    assert [(row["claim"], row["verdict"]) for row in rows] == [("a", "holds"), ("b", "for"), ("c", "fails")]
    assert [plan["plan"] for plan in rows[0]["plans"]] == FRAME["plans"]
    assert claim_table(table, "check").row_count == 4 and claim_table(table, "hypothesis").row_count == 2
    assert "2 checks: 1 holds, 1 fails. 1 hypotheses: 1 for." in footer(table)
    page = markdown(table, "check")
    assert page.count("\n") == 3 and "| a follows. | `surrender_frame 0.1 -> 0.3` | frame + |" in page


def test_a_table_can_be_saved(tmp_path):
    table = table_of(claim("a", "frame", 1))
    ss.save(table, tmp_path / "claims.nc")
    assert ss.open(tmp_path / "claims.nc").verdict.item() == "holds"


def test_the_command_prints_what_the_library_finds(tmp_path):
    from settlesim.scenario import files

    made = war(claim("power", "zone", -1, carrier="power_bias", values=[-0.6, -0.2], plans=["talk"], at=[1, 26]))
    files.save(made, tmp_path / "war.toml")
    command = [sys.executable, "-m", "settlesim", "claims", "war.toml", "--runs", "30", "--rng", "7"]
    found = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=tmp_path, check=True)
    row = json.loads(found.stdout)["claims"][0]
    assert row == json.loads(json.dumps(claim_rows(ss.claims(made, runs=30, rng=7))))[0]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    assert "power_bias -0.6 -> -0.2" in shown and "A check holds if" in shown and "Entropy 7" in shown
    wrong = subprocess.run([*command, "--only", "pwer"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert wrong.returncode == 2 and "unknown claim 'pwer'; did you mean 'power'?" in wrong.stderr
