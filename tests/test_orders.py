"""The experiment on order: the same numbers in any batch, on any number of workers, and in the reference model."""

from __future__ import annotations

import numpy as np
import pytest

import settlesim as ss
from made_orders import failing
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised import run as run_alone
from settlesim.engines.vectorised import run_batch
from settlesim.errors import FaultError
from settlesim.experiments.job import Job
from settlesim.model.standard import STANDARD
from settlesim.steps import ceasefire, deliver, open_track, opened, table, week
from support import shipped

WAR = "two-party"
MOVES = {
    "talks": open_track("talks"),
    "prisoners": deliver("prisoners"),
    "lull": ceasefire(10),
    "recognition": deliver("recognition", when=week(20)),
}


def plan(**more):
    given = [table("talks", ["recognition", "prisoners", "ceasefire"])]
    return ss.Plan(MOVES, given=given, pace=6, completes="done", patience=9, **more)


@pytest.fixture(scope="module")
def full():
    return ss.orders(shipped(WAR), plan(), runs=24, rng=7)


def same(one, other):
    return [name for name in one if not np.array_equal(one[name].values, other[name].values, equal_nan=True)]


def test_every_order_is_there_with_the_places_of_its_moves(full):
    assert dict(full.sizes)["order"] == 24 and full.attrs["plan_orders"] == "24"
    for name in full.order.values:
        places = full.position.sel(order=name)
        assert [str(m) for m in full.move.values[np.argsort(places.values)]] == name.split(" > ")
    # The order matters here: else the comparisons below would compare copies.
    assert (full.deaths.std("order") > 0).mean() > 0.5


@pytest.mark.parametrize("how", [{"block": 7}, {"block": 100}, {"workers": 2}], ids=str)
def test_no_bit_depends_on_the_batches(full, how):
    assert full.identical(ss.orders(shipped(WAR), plan(), runs=24, rng=7, execution=ss.Execution(**how)))


def test_an_order_among_all_is_the_order_alone(full):
    names = [str(name) for name in full.order.values[[0, 9, 23]]]
    for name in names:
        alone = ss.simulate(shipped(WAR), sequence=plan().order(name), runs=24, rng=7)
        assert same(full.sel(order=name), alone.isel(sequence=0)) == []


def test_the_reference_model_gives_the_same_bits_on_sampled_orders(full):
    sampled = plan().sample(4, 3, distinct=True)
    there = ss.orders(shipped(WAR), plan(), runs=range(5, 8), rng=7, design=sampled, engine="mesa")
    here = full.sel(order=there.order.values, run=range(5, 8))
    assert same(here, there) == []


def test_the_flagship_s_orders_agree_with_the_reference_model():
    scenario = shipped()
    opening = scenario.plan("opening")
    two = [ss.Sequence.model_validate(opening.order(order)) for order in opening.sample(2, 5, distinct=True)]
    found = ss.verify(scenario, sequences=two, runs=1, rng=11)
    assert found.ok, str(found)


def test_every_variable_of_a_batch_is_that_of_the_sequence_alone():
    scenario = shipped(WAR)
    some = [plan().order(order) for order in list(plan().orders())[::5]]
    some[1] = some[1].with_levers(surrender_frame=0.3)
    drawn = [worlds(scenario, range(20), entropy=3, levers=one.levers) for one in some]
    record = ("deaths", "phase", "control")
    batch = run_batch(scenario, some, worlds=drawn, fates=Fates(3, range(20)), record=record)
    for one, world, trace in zip(some, drawn, batch, strict=True):
        alone = run_alone(scenario, one, worlds=world, fates=Fates(3, range(20)), record=record)
        rows = [trace.entities["step"].index(name) for name in alone.entities["step"]]
        for name, values in alone.final.items():
            scope = alone.info[name].scope
            there = trace.final[name][rows] if scope == "step" else trace.final[name]
            assert scope == "condition" or np.array_equal(there, values, equal_nan=True), name
        assert all(np.array_equal(trace.weekly[name], alone.weekly[name], equal_nan=True) for name in record)
        assert trace.runs == range(20) and trace.sequence == one


def test_the_order_in_which_items_are_tabled_travels_with_the_run():
    scenario = shipped(WAR)
    items = {name: table("talks", [name]) for name in ("recognition", "prisoners", "ceasefire")}
    staged = ss.Plan(items, given=[open_track("talks", when=week(4))], agenda="staged")
    many = ss.orders(scenario, staged, runs=40, rng=7)
    for name in many.order.values:
        alone = ss.simulate(scenario, sequence=staged.order(str(name)), runs=40, rng=7)
        assert same(many.sel(order=name), alone.isel(sequence=0)) == []
    assert (many.item_agreed_week.max("order") > many.item_agreed_week.min("order")).any()


def test_orders_dealt_to_worlds_are_those_of_the_full_experiment(full):
    dealt = ss.orders(shipped(WAR), plan(), runs=24, rng=7, each=4)
    assert dealt.deaths.dims == ("slot", "run") and dealt.position.dims == ("slot", "run", "move")
    for slot in range(4):
        for run in range(24):
            cell = dealt.isel(slot=slot, run=run)
            there = full.sel(order=str(cell.order.item())).isel(run=run)
            assert cell.deaths.item() == there.deaths.item()
            assert np.array_equal(cell.position.values, there.position.values)
    met, times = np.unique(dealt.order.values, return_counts=True)
    assert len(met) == 24 and set(times) == {4}
    assert dealt.identical(ss.orders(shipped(WAR), plan(), runs=24, rng=7, each=4, execution=ss.Execution(block=9)))
    later = ss.orders(shipped(WAR), plan(), runs=range(10, 14), rng=7, each=4)
    assert same(dealt.isel(run=slice(10, 14)), later) == [] and (later.order == dealt.order[:, 10:14]).all()


def test_patience_and_completion_make_every_order_happen():
    scenario = shipped(WAR)
    never = {"a": deliver("prisoners"), "b": deliver("recognition", when=opened("talks"))}
    record = dict(record=["taken_week"], runs=4, rng=7)
    held = ss.simulate(
        scenario, sequence=ss.Plan(never, pace=5, given=[open_track("talks", when=week(150))]).order("a > b"), **record
    )
    freed = ss.simulate(scenario, sequence=ss.Plan(never, pace=5, patience=10).order("a > b"), **record)
    assert (held.taken_week_weekly.isel(week=100).sel(step="b") == -1).all()
    # Taken in the first week, then after the pace and the patience.
    assert (freed.taken_week_weekly.isel(week=-1).sel(step="b") == 16).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(design=["talks > prisoners"]), "lull"),
        (dict(design=["talks > prisoners > lull > recognitio"]), "recognition"),
        (dict(design="al"), "did you mean 'all'"),
        (dict(design=[]), "no order"),
        (dict(design=["talks > prisoners > lull > recognition"] * 2), "given twice"),
        (dict(each=3, engine="mesa"), "numpy"),
        (dict(each=25), "a whole number from 1 to 24, not 25"),
        (dict(design="random"), "size"),
        (dict(design=["talks > prisoners > lull > recognition"], size=4), "size="),
    ],
    ids=str,
)
def test_what_cannot_be_run_is_refused_before_the_first_run(options, words, monkeypatch):
    monkeypatch.setattr(Job, "compute", lambda *_: pytest.fail("something was simulated"))
    with pytest.raises(ss.UsageError, match=words):
        ss.orders(shipped(WAR), plan(), runs=4, rng=7, **options)


def test_a_fault_in_a_batch_is_that_of_the_first_order_that_has_one():
    law = STANDARD.with_rule(failing, after="legitimacy")
    scenario, found = shipped(WAR), []
    for how in ({"block": 1024}, {"block": 7}, {"workers": 2}):
        with pytest.raises(FaultError) as caught:
            ss.orders(scenario, plan(), runs=12, rng=7, protocol=law, execution=ss.Execution(**how))
        found.append(str(caught.value))
    assert len(set(found)) == 1 and found[0].startswith("rule 'failing'")
    first = next(
        error for order in plan().orders() if (error := _fault_alone(scenario, plan().order(order), law)) is not None
    )
    assert found[0] == first


def _fault_alone(scenario, sequence, law):
    try:
        ss.simulate(scenario, sequence=sequence, runs=12, rng=7, protocol=law)
    except FaultError as error:
        return str(error)
    return None


def test_an_interruption_keeps_the_orders_that_are_complete(monkeypatch, tmp_path):
    from settlesim.experiments.job import Job

    real, calls = Job.compute, []

    def interrupted(job, unit):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(unit)
        return real(job, unit)

    monkeypatch.setattr(Job, "compute", interrupted)
    how = ss.Execution(block=48, out=tmp_path / "orders.nc")
    with pytest.raises(ss.Interrupted, match="under 6 of 24 sequences; what was finished is kept") as caught:
        ss.orders(shipped(WAR), plan(), runs=24, rng=7, execution=how)
    part = caught.value.result
    assert not how.out.exists()
    assert dict(part.sizes)["order"] == 6 and part.attrs["interrupted"] == 1 and part.sizes["run"] == 24
    monkeypatch.setattr(Job, "compute", lambda job, unit: calls.append(unit) or real(job, unit))
    whole = ss.orders(shipped(WAR), plan(), runs=24, rng=7, execution=how)
    assert len(calls) == 12 and not whole.attrs["interrupted"]
    assert whole.drop_attrs().identical(ss.orders(shipped(WAR), plan(), runs=24, rng=7).drop_attrs())
