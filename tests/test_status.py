"""What settlesim says of a store while it grows, and of one that is whole or damaged."""

from __future__ import annotations

import json
import os

import pytest
from typer.testing import CliRunner

import settlesim as ss
from settlesim.app.cli import app
from settlesim.experiments.job import Job
from support import changed, shipped


@pytest.fixture(scope="module")
def war():
    return changed(shipped("two-party"), horizon=12, targets=[])


def experiment(war, out):
    kept = [outcome for outcome in ss.STANDARD_OUTCOMES if outcome.name == "deaths"]
    return ss.compare(
        war, ["talk", "no_talks"], runs=20, rng=7, outcomes=kept, execution=ss.Execution(block=10, out=out)
    )


def asked(path):
    return json.loads(CliRunner().invoke(app, ["status", str(path), "--json"]).stdout)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_it_says_how_far_an_experiment_is_and_who_is_at_work(war, monkeypatch, tmp_path, suffix):
    out, seen = tmp_path / f"result{suffix}", []
    simulated = Job.simulated

    def meanwhile(self, unit, *more):
        seen.append(asked(out))
        if len(seen) == 3:
            raise KeyboardInterrupt
        return simulated(self, unit, *more)

    with monkeypatch.context() as patch:
        patch.setattr(Job, "simulated", meanwhile)
        with pytest.raises(ss.Interrupted):
            experiment(war, out)
    assert [sum(one["runs_done"].values()) for one in seen] == [0, 10, 20]
    assert all(one["holder"]["pid"] == os.getpid() for one in seen)
    left = asked(out)
    assert left["holder"] is None and left["resumable"] and not left["complete"] and not left["damaged"]
    assert left["experiment"]["entropy"] == "7" and left["experiment"]["sequences"] == ["talk", "no_talks"]
    assert left["experiment"]["scenario_digest"] == war.digest()
    told = CliRunner().invoke(app, ["status", str(out)]).stdout
    assert "unfinished" in told and "the same command goes on from there" in told


def test_of_a_whole_store_it_names_what_is_damaged(war, monkeypatch, tmp_path):
    out = tmp_path / "result.zarr"
    experiment(war, out)
    whole = asked(out)
    assert whole["complete"] and whole["runs_done"] == {"talk": 20, "no_talks": 20} and whole["runs_asked"] == 20
    (out / "deaths" / "0.0").write_bytes(b"not what was written")
    assert asked(out)["damaged"] == ["deaths/0.0"]
    monkeypatch.setattr("settlesim.experiments.identity.version", lambda: "9.9")
    assert asked(out)["hindrances"] and not asked(out)["resumable"]


@pytest.mark.parametrize("damage", ["{}", '{"runs": 3}', "[]", "nonsense"])
def test_notes_that_are_damaged_end_in_a_line(war, tmp_path, damage):
    out = tmp_path / "result.zarr"
    experiment(war, out)
    (out / ".settlesim" / "state.json").write_text(damage)
    answer = CliRunner().invoke(app, ["status", str(out)])
    assert answer.exception is None or isinstance(answer.exception, (ss.SettlesimError, SystemExit))
    try:
        experiment(war, out)
    except ss.SettlesimError as error:
        assert "\n" not in str(error)


def test_what_is_no_store_is_refused(tmp_path):
    from settlesim.experiments.store_status import status_of

    with pytest.raises(ss.UsageError, match="is not there"):
        status_of(tmp_path / "nothing.zarr")
