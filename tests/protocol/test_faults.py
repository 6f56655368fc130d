"""A rule that fails is named with its scope, the week, and the lowest run and first entity for which it does."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import settlesim
from protocol import planted
from protocol.planted import added, fault, short, tried
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines import reference
from settlesim.engines.vectorised import engine
from settlesim.errors import FaultError, SettlesimError
from settlesim.experiments.execution import Execution
from settlesim.experiments.simulate import simulate
from settlesim.model.items import Fold, rule
from settlesim.model.standard import STANDARD
from settlesim.model.variables import Luck, Variable
from settlesim.reference import SettlementModel
from settlesim.reference import War as WarAgent
from support import block, changed, shipped

WEEK_ONE = "rule {name!r} (run), sequence 'talk', week 1, run 0: "
SEEN = "; to see it: ss.replay(scenario, sequence='talk', run={run}, rng=1, protocol=protocol)"
FAULTS = {
    "divides": "raised ZeroDivisionError: division by zero",
    "logs": "gives nan for 'aid': keep divisions and logarithms from it by np.where or np.maximum",
    "endless": "gives inf for 'aid', outside the range it declares, 0 to 3",
    "masked": "returns a masked array for 'aid': choose with np.where",
    "odd": "raised Odd: odd",
    "leaves": "raised SystemExit: 3",
    "nothing": "returns None, but writes one variable, 'aid': a return is missing",
    "two": "returns 2 values, but writes one variable, 'aid'",
    "half": "returns the plain number 0.5 for 'aid': return an array, by np.where or np.full_like",
    "text": "returns text for 'aid': return numbers or truths",
    "objects": "returns values of type object for 'aid': return numbers or truths",
}
ALONE, TWO_WORKERS = Execution(), Execution(workers=2)


@pytest.mark.parametrize("engine", ["numpy", "mesa"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_the_same_in_both_engines(name, engine):
    error = fault(tried(name), engine=engine)
    assert str(error) == WEEK_ONE.format(name=name) + FAULTS[name] + SEEN.format(run=0)
    assert (error.kind, error.name, error.scope, error.week, error.run) == ("rule", name, "run", 1, 0)


@pytest.mark.parametrize("name", FAULTS)
def test_the_reference_model_finds_it_by_itself(name):
    model = SettlementModel(shipped("two-party"), "talk", run=0, rng=1, protocol=tried(name))
    with pytest.raises(FaultError) as caught:
        model.step()
    assert str(caught.value) == WEEK_ONE.format(name=name) + FAULTS[name]


def test_a_fault_reaches_the_caller_from_other_processes():
    """By one experiment, since processes take a second each to start; `odd` raises what cannot be sent."""
    here, there = fault(tried("odd"), 6), fault(tried("odd"), 6, execution=TWO_WORKERS)
    assert str(there) == str(here) and type(there) is FaultError
    assert "Odd: odd" in str(there.__cause__)  # what the other process printed


def halves_what_it_reads(extra, legitimacy):
    return np.multiply(legitimacy, 0.5, out=legitimacy)


@pytest.mark.parametrize("how", [{}, {"engine": "mesa"}, {"execution": Execution(block=3)}])
def test_what_fails_in_every_run_names_the_first_and_the_call(how):
    error = fault(added(halves_what_it_reads), 8, **how)
    said = "raised ValueError: output array is read-only: it must not change what it reads"
    assert str(error) == WEEK_ONE.format(name="halves_what_it_reads") + said + SEEN.format(run=0)


def turns_round(extra, legitimacy):
    return legitimacy[::-1]


def test_what_no_single_run_shows_is_seen_in_several():
    said = set()
    for how in ({}, {"engine": "mesa"}, {"execution": Execution(block=15)}):
        error = fault(added(turns_round), 30, **how)
        assert "mixes runs: run 0 has another 'extra' alone" in str(error)
        said.add(error.replay)
    assert said == {"ss.simulate(scenario, sequence='talk', runs=range(0, 10), rng=1, protocol=protocol)"}
    with pytest.raises(FaultError, match="mixes runs: run 0"):
        simulate(short(), sequence="talk", runs=range(0, 10), rng=1, protocol=added(turns_round))
    with pytest.raises(FaultError, match=r"to see it: ss.evaluate\(scenario, points, sequences='talk', luck=range"):
        settlesim.evaluate(short(), points=1, luck=20, sequences=["talk"], rng=1, protocol=added(turns_round))


SCRIPT = """
import settlesim as ss

if __name__ == "__main__":

    @ss.rule("run", ss.Variable("aid", start=0.0))
    def local(aid, legitimacy):
        return aid + legitimacy

    protocol = ss.STANDARD.with_rule(local, after="legitimacy")
    try:
        ss.simulate(ss.load("two-party"), runs=4, rng=1, protocol=protocol, execution=ss.Execution(workers=2))
    except ss.UsageError as error:
        print(error)
"""


def test_a_rule_that_another_process_does_not_find_is_named(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout == (
        "rule 'local' stands under `if __name__ == '__main__':`: other processes do not find it; define it at the top "
        "level of a module of its own and import it, or use workers=1\n"
    ), done.stderr


def test_a_fault_names_what_was_raised_and_is_chained():
    error = fault(tried("divides"))
    assert isinstance(error.__cause__, ZeroDivisionError) and isinstance(error, SettlesimError)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and (again.run, again.reason) == (error.run, error.reason)
    assert isinstance(fault(tried("leaves")).__cause__, SystemExit)


def test_the_lowest_run_is_named_in_the_first_week_in_which_it_fails():
    """Aid passes its bound in another week in each run; however the runs are cut, run 0's week is told."""
    told = {str(fault(tried("grows"), 9, execution=Execution(block=size))) for size in (1, 2, 4, 9)}
    told |= {str(fault(tried("grows"), 9, engine="mesa"))}
    assert len(told) == 1, told
    (text,) = told
    assert text.startswith("rule 'grows' (run), sequence 'talk', week ") and ", run 0: gives 3." in text
    assert text.endswith("for 'aid', outside the range it declares, 0 to 3" + SEEN.format(run=0))


def late(aid, aid_luck, week):
    """Fails in half of the runs, and later in lower ones: at luck below a half, from week 40 on where it is lowest."""
    return np.where((aid_luck < 0.5) & (week > 4.0 + 40.0 * (0.5 - aid_luck)), np.nan, aid)


def test_the_lowest_run_is_named_though_a_higher_one_fails_earlier():
    protocol = added(late, writes="aid", luck=[Luck("aid_luck", "run", "uniform")])
    luck = Fates(1, range(12)).uniforms("aid_luck", [""])[0]
    weeks = np.where(luck < 0.5, np.floor(4.0 + 40.0 * (0.5 - luck)) + 1.0, np.inf)
    lowest = int(np.flatnonzero(np.isfinite(weeks))[0])
    assert weeks[lowest] > weeks.min(), "the case is not the one it should be"
    for how in ({}, {"engine": "mesa"}, {"execution": Execution(block=5)}):
        error = fault(protocol, 12, **how)
        assert (error.run, error.week) == (lowest, weeks[lowest])


def fails_by_halves(aid, aid_luck, week):
    return low_or_high(aid, aid_luck, week)


def low_or_high(values, luck, week):
    """Run 0 fails late, others early, each with an error of its own."""
    low, high = np.any(luck == LUCK[0]), np.any(luck != LUCK[0])
    if high and week > 2.0:
        raise OverflowError("of others")
    if low and week > 9.0:
        raise ZeroDivisionError("of run 0")
    return values


LUCK = Fates(1, range(6)).uniforms("aid_luck", [""])[0]


def test_a_fault_is_chained_to_what_was_raised_in_its_own_run():
    protocol = added(fails_by_halves, writes="aid", luck=[Luck("aid_luck", "run", "uniform")])
    error = fault(protocol, 6)
    assert (error.run, error.week, error.reason) == (0, 10, "raised ZeroDivisionError: of run 0")
    assert isinstance(error.__cause__, ZeroDivisionError)


def thrown(share_lost, insurgent_share, week):
    """Raises where the insurgents hold most, by a helper that looks at whole arrays."""
    return held(insurgent_share, week)


def held(values, week):
    worst = np.max(values) if np.ndim(values) else values
    if week == 3.0 and worst > WORST:
        raise OverflowError("too much")
    return values


WORST = 2.0


def test_the_first_entity_that_fails_is_named():
    protocol = added(thrown, scope="province", writes="share_lost", after="control")
    province = {**shipped("two-party").tree()["provinces"][0], "districts": 10}
    there = {**province, "name": "Other", "tile": [1, 1], "tier": 2.0}
    war = changed(short(), provinces=[province, there])
    shares = block(war, "talk", 9, record=["insurgent_share"]).weekly["insurgent_share"][3]
    globals()["WORST"] = float(np.sort(shares.ravel())[-3])
    run = int(np.flatnonzero((shares > WORST).any(axis=0))[0])
    place = war.provinces[int(np.argmax(shares[:, run] > WORST))].name
    drawn = worlds(war, range(9), entropy=20180228)
    for interpreter in (engine, reference):
        with pytest.raises(FaultError) as caught:
            interpreter.run(war, war.sequence("talk"), worlds=drawn, fates=Fates(20180228, range(9)),
                            protocol=protocol)  # fmt: skip
        said = (
            f"rule 'thrown' (province), sequence 'talk', week 3, run {run}, {place!r}: raised OverflowError: too much"
        )
        assert str(caught.value) == said and run > 0


def two_of_three(aid, extra, legitimacy):
    return aid, legitimacy


@pytest.mark.parametrize(
    ("function", "how", "said"),
    [
        (two_of_three, {"writes": "aid extra more"}, "returns 2 values, but writes 3 variables, 'aid', 'extra'"),
        (lambda aid, legitimacy: legitimacy, {"writes": "aid extra"}, "returns one value, but writes 2 variables"),
        (lambda aid: (aid,), {"writes": "aid"}, "returns a tuple of one value: return the value itself"),
        (lambda aid: aid[:2], {"writes": "aid"}, "returns an array of shape (2,) for 'aid', not (runs,): one"),
        (lambda aid, trust: trust[:1], {"writes": "aid", "scope": "dyad"}, "returns an array of shape (1, 4) for "
         "'aid', not (2, runs): one value for each dyad and run"),
        (lambda aid: aid > 0.0, {"writes": "aid"}, ""),
        (lambda aid, week: np.sqrt(week), {"writes": "aid"}, ""),
        (lambda aid, prelude: prelude, {"writes": "aid", "scope": "track"}, ""),
        (lambda aid, legitimacy: legitimacy, {"writes": "aid", "scope": "track"}, ""),
    ],
)  # fmt: skip
def test_what_is_returned_fits_what_is_written(function, how, said):
    protocol = added(function, **how)
    if said:
        assert said in fault(protocol).reason
    else:
        assert simulate(shipped("two-party"), sequence="talk", runs=4, rng=1, protocol=protocol).sizes["run"] == 4


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("int", "returns broken numbers for 'odd', which counts: use np.rint or np.floor"),
        ("bool", "returns numbers for 'odd', which is true or false: return a comparison"),
    ],
)
def test_kinds_fit_too(kind, said):
    odd = Variable("odd", "run", start=0, kind=kind)
    assert fault(added(lambda legitimacy: legitimacy, writes="odd", variables=[odd])).reason == said


def test_ranges_are_looked_at_where_a_rule_writes_and_in_runs_that_go_on(monkeypatch):
    """A guard keeps a rule from what it would break, and an ended run may do what it likes."""

    @rule("seat", Variable("mood", start=0.0, low=0.0, high=1.0), when="seat_insurgency")
    def mood(mood, seat_insurgency):
        return np.where(seat_insurgency, 0.5, 9.0)

    guarded = STANDARD.with_rule(mood, after="zone")
    assert set(np.unique(block(shipped("two-party"), "talk", 20, protocol=guarded).final["mood"])) == {0.0, 0.5}
    # No number in the weeks after a run's last.
    ends = added(lambda seen, gone_on, ended: (seen | ended, np.where(seen, np.nan, gone_on)), writes="seen gone_on",
                 variables=[Variable("seen", "run", start=False, kind="bool"), Variable("gone_on", "run", start=0.0)],
                 after="classify")  # fmt: skip
    monkeypatch.setattr(engine, "WORTH_DROPPING", 1e9)  # ended runs stay in the arrays
    short = shipped("two-party").with_parameters(victory_control=0.3, control_noise=0.3, commander_loss_rate=3)
    trace = block(short, "talk", 40, protocol=ends)
    assert trace.final["ended"].any() and not trace.final["ended"].all()


def test_rules_of_commanders_are_watched_as_well():
    for name, writes, function, said in (
        (
            "group_size",
            "size",
            lambda group_size_luck: group_size_luck - 99.0,
            "week 0, run 0, 'front/Country/0': gives",
        ),
        ("choose", "rejects", lambda theta: theta, "returns numbers for 'rejects', which is true or false"),
    ):
        protocol = STANDARD.replaced(name, rule("commander", writes)(function))
        eager = shipped("two-party").with_parameters(consent_rate=5, consent_bias=5, concession_acceptance=0.9)
        for interpreter in ("numpy", "mesa"):
            with pytest.raises(FaultError) as caught:
                simulate(eager, sequence="talk", runs=9, rng=1, protocol=protocol, engine=interpreter)
            assert said in str(caught.value) and caught.value.scope == "commander"


def test_a_rule_of_the_setup_fails_in_week_zero():
    early = rule("province", Variable("early", low=0.0))(lambda district_weight: district_weight - 2.0)
    protocol = replace(STANDARD, setup=(*STANDARD.setup, early), variables=(*STANDARD.variables, *early.declares))
    for interpreter in ("numpy", "mesa"):
        error = fault(protocol, engine=interpreter)
        assert (error.week, error.run, error.entity) == (0, 0, "Country") and "outside the range" in error.reason


class Loud(WarAgent):
    """A method in place of a rule may choose by `if` and return plain numbers, but within the range."""

    def counted(self, aid, week):
        if week < 5:
            return 1.5
        return 99.0


def test_a_method_in_the_place_of_a_rule_is_watched():
    protocol = STANDARD.with_rule(planted.counted, after="legitimacy", variables=planted.VARIABLES)
    model = SettlementModel(shipped("two-party"), "talk", run=2, rng=1, protocol=protocol, agents={"run": Loud})
    for _ in range(4):
        model.step()
    assert model.war.aid == 1.5
    with pytest.raises(
        FaultError, match=r"week 5, run 2: gives 99\.0 for 'aid', outside the range it declares, 0 to 3"
    ):
        model.step()


def test_an_item_that_is_no_rule_is_named_too(monkeypatch):
    """Folds are checked beforehand, so a fault of one is a fault of settlesim; it has its name all the same."""

    def broken(self, fold):
        return lambda: 1 / 0 if fold.name == "fighters" else None

    monkeypatch.setattr(engine._Engine, "_compile_fold", broken)
    with pytest.raises(FaultError, match=r"fold 'fighters' \(run\), sequence 'talk', week 1: raised ZeroDivisionError"):
        block(shipped("two-party"), "talk", 2)
    assert isinstance(STANDARD.items[STANDARD.names.index("fighters")], Fold)


@rule("run", "aid")
def unlucky(aid, aid_luck):
    """One run fails, in the first week: the one that has this luck."""
    return np.where(aid_luck == OF_RUN_4711, np.nan, aid)


OF_RUN_4711 = float(Fates(1, range(4711, 4712)).uniforms("aid_luck", [""])[0][0])


def test_a_rule_that_fails_in_run_4711_costs_no_run_before(tmp_path):
    luck = [Luck("aid_luck", "run", "uniform")]
    protocol = STANDARD.with_rule(unlucky, after="legitimacy", variables=planted.VARIABLES, luck=luck)
    war, out = changed(shipped("two-party"), horizon=12), tmp_path / "war.nc"
    with pytest.raises(FaultError) as caught:
        how = Execution(block=1000, out=out)
        simulate(war, sequence="talk", runs=6000, rng=1, protocol=protocol, execution=how)
    assert (caught.value.week, caught.value.run, caught.value.world) == (1, 4711, 4711)
    assert str(caught.value).endswith(SEEN.format(run=4711))
    kept = sorted(int(part.name.partition("-")[0]) for part in (tmp_path / "war.nc.parts").glob("*.npz"))
    assert kept == [0, 1000, 2000, 3000] and not out.exists()
    for run, fails in ((4710, False), (4711, True)):
        names = {"ss": settlesim, "scenario": war, "protocol": protocol}
        call = caught.value.replay.replace("run=4711", f"run={run}")
        if fails:
            with pytest.raises(FaultError, match="week 1, run 4711: gives nan"):
                eval(call, names)
        else:
            eval(call, names)
