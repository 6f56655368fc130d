"""Outcomes of one's own: wrong values are refused with the run, types never shrink, dimensions are declared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import settlesim as ss
from protocol.planted import complaints, fails_in_run_three
from scenario_texts import SMALL
from settlesim.errors import FaultError, ProtocolError
from settlesim.model.outcome import Outcome
from settlesim.model.standard import STANDARD
from settlesim.results.dataset import Assembly, Block, Field
from settlesim.results.outcomes import evaluate
from support import block, changed, shipped

CODES = {0: "none", 1: "some"}
MINES = ("Aynak", "Hajigak", "Darband")


def made(function=None, dims=("run",), name="mine", **how):
    return Outcome(name, function or (lambda trace: trace.final["deaths"]), "1", "mine", dims, **how)


def in_run_three(value, otherwise=0.0):
    return lambda trace: np.where(np.asarray(trace.runs) == 3, value, otherwise)


@pytest.fixture(scope="module")
def trace():
    return block(changed(shipped("two-party"), horizon=12), "talk", 5)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("amount", np.inf, "is inf, but of the kind 'amount': a number, and NaN where there is none"),
        ("amount", -np.inf, "is -inf, but of the kind 'amount': a number, and NaN where there is none"),
        ("weeks", -1.0, "is -1, but of the kind 'weeks': 0 or more, and NaN where there is none"),
        ("weeks", np.inf, "is inf, but of the kind 'weeks': 0 or more, and NaN where there is none"),
        ("count", 1.5, "is 1.5, but of the kind 'count': a whole number, 0 or more"),
        ("count", np.inf, "is inf, but of the kind 'count': a whole number, 0 or more"),
        ("bounded", np.inf, "is inf, but of the kind 'bounded': from 0 to 1"),
        ("share", 2, "is 2, but of the kind 'share': 0 or 1 in each run"),
        ("code", 2, "is 2, but of the kind 'code': one of 0, 1"),
        ("code", -1, "is -1, but of the kind 'code': one of 0, 1"),
        ("code", np.nan, "is nan, but of the kind 'code': one of 0, 1"),
    ],
)
def test_values_of_another_kind_are_refused_with_the_run(kind, value, said, trace):
    flags = CODES if kind == "code" else None
    with pytest.raises(FaultError) as caught:
        evaluate(trace, [made(in_run_three(value), kind=kind, flags=flags)])
    assert str(caught.value) == f"outcome 'mine', sequence 'talk', run 3: {said}"
    if kind != "code":
        assert np.isnan(evaluate(trace, [made(in_run_three(np.nan), kind=kind)])["mine"][3])


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda trace: [1.0] * len(trace.runs), "returns a list, not an array of one value for each run"),
        (lambda trace: "much", "returns a str, not an array of one value for each run"),
        (lambda trace: trace.final["deaths"].astype(complex), "returns values of type complex128: return numbers or"),
        (lambda trace: np.zeros(7), "returns shape (7,), not (runs,): one value for each run"),
        (lambda trace: trace.final["deaths"].mean(), "returns shape (), not (runs,): one value for each run"),
        (lambda trace: trace.final.update(deaths=1), "raised TypeError: a trace is to be read, not to be changed"),
        (lambda trace: trace.final.__setitem__("deaths", 1), "raised TypeError: a trace is to be read, not to be"),
        (lambda trace: trace.worlds["power_bias"].fill(0.0), "raised ValueError: assignment destination is read-only"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_in_the_same_words_in_any_block(function, said):
    war, told = changed(shipped("two-party"), horizon=12), set()
    for size in (1, 2, 5):
        with pytest.raises(FaultError) as caught:
            ss.simulate(war, runs=5, rng=1, outcomes=[made(function)], execution=ss.Execution(block=size))
        told.add(str(caught.value))
    (text,) = told
    assert text.startswith(f"outcome 'mine', sequence 'talk', run 0: {said}")
    call = "ss.simulate(scenario, sequence='talk', runs=range(0, 1), rng=1, outcomes=outcomes)"
    assert text.endswith(f"; to see it: {call}")


def test_an_outcome_that_mixes_runs_is_refused(trace):
    """Its values would depend on the size of the block."""
    said = "run 4: has another value alone than among others: it mixes runs, or draws or remembers"
    for function in (
        lambda t: t.final["deaths"] - t.final["deaths"].mean(),
        lambda t: np.arange(len(t.runs)),
        lambda t: np.random.default_rng().random(len(t.runs)),
    ):
        for _ in range(2):
            with pytest.raises(FaultError) as caught:
                evaluate(trace, [made(function)])
            assert str(caught.value).endswith(said)
    with pytest.raises(FaultError, match="run 4: returns shape"):
        evaluate(trace, [made(lambda t: np.zeros(5))])


def test_masked_values_are_missing(trace):
    found = evaluate(trace, [made(lambda t: np.ma.masked_greater(np.asarray(t.runs), 2))])["mine"]
    assert np.array_equal(found, [0, 1, 2, np.nan, np.nan], equal_nan=True)


def test_the_world_that_a_result_records_is_the_one_that_was_simulated():
    def spoils(trace):
        for values in trace.worlds.values():
            values[...] = 0.0

    with pytest.raises(FaultError, match="must not change what it reads"):
        ss.simulate(changed(shipped("two-party"), horizon=12), runs=2, rng=1, outcomes=[made(spoils)])


def test_codes_beyond_a_byte_stay_what_they_are(trace):
    codes = {1: "a", 200: "b", 70_000: "c"}
    values = np.array([1, 200, 70_000, 1, 200])
    war = changed(shipped("two-party"), horizon=12)
    outcomes = [made(lambda t: values[t.runs.start : t.runs.stop], kind="code", flags=codes), made(name="other")]
    found = ss.simulate(war, runs=5, rng=1, outcomes=outcomes, execution=ss.Execution(block=2)).mine
    assert found.values[0].tolist() == values.tolist() and found.attrs["flag_values"].tolist() == list(codes)
    (problem,) = complaints(STANDARD, outcomes=[made(kind="code", flags={0.5: "half"})])
    assert problem == "outcome 'mine': codes are whole numbers, not 0.5"


# -- types -------------------------------------------------------------------------------------------

TYPES = ("bool", "int8", "uint8", "int32", "int64", "float32", "float64")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(TYPES)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.integers(0, 2**32 - 1),
)
def test_blocks_of_any_types_in_any_order_keep_every_value(parts, random, seed):
    draw, start, blocks, expected = np.random.default_rng(seed), 0, [], []
    for number, kind in parts:
        values = draw.integers(-100, 200, number).astype(kind)
        if kind.startswith("float"):
            values = values + np.array(0.5, kind)
        expected += values.tolist()
        fields = {"mine": Field((), {})}
        blocks.append(Block(range(start, start + number), (0,), {"mine": values[np.newaxis]}, {}, fields))
        start += number
    random.shuffle(blocks)
    assembly = Assembly(1, range(start))
    for part in blocks:
        assembly.add(part)
    assert assembly.arrays["mine"][0].tolist() == expected
    assert assembly.arrays["mine"].dtype == np.result_type(*(kind for _, kind in parts))


def test_an_outcome_that_counts_in_one_block_and_misses_in_the_next():
    def counts(trace):
        runs = np.asarray(trace.runs)
        return np.where(runs < 2, 1.0, 1.5) if runs[-1] >= 2 else np.ones(len(runs), int)

    war = changed(shipped("two-party"), horizon=12)
    found = ss.simulate(war, runs=4, rng=1, outcomes=[made(counts)], execution=ss.Execution(block=2))
    assert found.mine.values.tolist() == [[1.0, 1.0, 1.5, 1.5]]


# -- dimensions of one's own -------------------------------------------------------------------------


def mined(trace):
    return trace.final["deaths"][:, np.newaxis] * np.array([1.0, 2.0, 3.0])


def test_a_dimension_of_ones_own_has_labels_and_is_saved(tmp_path):
    outcomes = [*STANDARD.outcomes, made(mined, ("run", "mine_site"), labels=MINES)]
    war = changed(shipped("two-party"), horizon=12)
    found = ss.compare(war, ["talk", "no_talks"], runs=4, rng=1, outcomes=outcomes)
    assert found.mine.dims == ("sequence", "run", "mine_site")
    assert found.mine_site.values.tolist() == list(MINES)
    assert (found.mine.sel(mine_site="Hajigak") == 2 * found.deaths).all()
    assert np.allclose(ss.summary(found, "mine").mine.sel(mine_site="Darband", statistic="estimate"),
                       3 * found.deaths.mean("run"))  # fmt: skip
    ss.save(found, tmp_path / "mines.nc")
    assert ss.open(tmp_path / "mines.nc").mine_site.values.tolist() == list(MINES)
    years = made(lambda trace: mined(trace)[:, :2], ("run", "year"), labels=(2018, 2019))
    assert ss.simulate(war, runs=2, rng=1, outcomes=[years]).year.values.tolist() == [2018, 2019]


OTHER = ("a", "b")


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([made(mined, ("run", "pits"))], "outcome 'mine': unknown dimension 'pits'; known: actor,"),
        ([made(mined, labels=MINES)], "outcome 'mine': labels are for a dimension of your own"),
        ([made(mined, ("run", "faction"), labels=MINES)], "outcome 'mine': labels are for a dimension of your own"),
        ([made(mined, ("run", "week"), labels=MINES)], "outcome 'mine': its dimension 'week' has the name"),
        ([made(mined, ("run", "mine"), labels=MINES)], "outcome 'mine': its dimension 'mine' has the name"),
        ([made(mined, ("run", "power_bias"), labels=MINES)], "outcome 'mine': its dimension 'power_bias' has the name"),
        ([made(mined, ("run", "pit"), labels=("a", "a"))], "outcome 'mine': labels must be a tuple of texts, or of"),
        ([made(mined, ("run", "pit"), labels=("a", 1))], "outcome 'mine': labels must be a tuple of texts, or of"),
        ([made(mined, ("run", "pit"), labels=list(MINES))], "outcome 'mine': labels must be a tuple of texts, or of"),
        ([made(mined, ("run", "pit"), labels=MINES), made(mined, ("run", "pit"), "second", labels=OTHER)],
         "outcome 'second': another outcome has other labels along 'pit'"),
    ],
)  # fmt: skip
def test_mistakes_in_dimensions_are_found_before_anything_is_simulated(outcomes, said):
    with pytest.raises(ProtocolError) as caught:
        ss.simulate(shipped("two-party"), runs=2, rng=1, outcomes=outcomes)
    assert len(caught.value.problems) == 1 and caught.value.problems[0].startswith(said)


# -- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, "has the name of a dimension of results: call it otherwise") for name in
          ("run", "sequence", "definition", "destination", "track", "concession", "statistic", "point", "luck")),
        ("share_drawn", "ends as names do that results derive: call it otherwise"),
        ("x_weekly", "ends as names do that results derive: call it otherwise"),
    ],
)  # fmt: skip
def test_a_parameter_cannot_have_the_name_of_what_stands_in_results(name, said, tmp_path):
    declared = 'group="mine", unit="share", meaning="mine", range=[0,1], source="invented", tag="P"'
    prior = "prior={low=0.1,mode=0.2,high=0.3}"
    text = SMALL.replace("[parameters]\n", f"[parameters]\n{name} = {{{declared}, {prior}}}\n")
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError) as caught:
        ss.simulate(ss.load(tmp_path / "own.toml"), runs=2, rng=1)
    assert any(p.startswith(f"parameter {name!r} of ") and p.endswith(said) for p in caught.value.problems)


# -- where it was, and how to see it -----------------------------------------------------------------


def test_the_call_that_a_fault_names_shows_it():
    scenario = changed(shipped("two-party"), horizon=12)
    outcomes = [made(fails_in_run_three)]
    points = {"surrender_frame": [0.0, 0.1]}
    experiments = [
        lambda: ss.simulate(scenario, runs=6, rng=1, outcomes=outcomes),
        lambda: ss.simulate(scenario, runs=9, rng=1, outcomes=outcomes, method=ss.Sampling("latin_hypercube", 3)),
        lambda: ss.evaluate(scenario, points, luck=5, rng=1, outcomes=outcomes),
        lambda: ss.evaluate(scenario, 2, luck=5, rng=1, outcomes=outcomes),
    ]
    for experiment in experiments:
        with pytest.raises(FaultError, match="run 3: raised ArithmeticError") as caught:
            experiment()
        with pytest.raises(FaultError) as again:
            eval(caught.value.replay, {"ss": ss, **{k: v for k, v in locals().items() if k != "ss"}})
        assert str(again.value) == str(caught.value)
