"""The page in a real browser, driven by Playwright, against `settlesim view` as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from settlesim.report.story import replay
from support import shipped
from view.browsing import PATIENCE, Visit, command, serving


@pytest.fixture(scope="module")
def address():
    with serving("two-party") as (_, found):
        yield found


@pytest.fixture
def visit(chromium, address):
    """A visit that must end without an error on the console, and without a request to anywhere else."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1400})
    made = Visit(page, address)
    yield made
    page.close()
    assert not made.complaints
    elsewhere = [url for url in made.requests if not re.match(r"((https?|ws)://127\.0\.0\.1:\d+/|data:|blob:)", url)]
    assert len(made.requests) > 3 and not elsewhere


def test_load_change_the_sequence_and_step(visit):
    visit.see(".headline", "Two parties, one table")
    visit.see("#story", "Nothing has happened yet")
    visit.see("#talks", "closed")
    with visit.anew():
        visit.choose("Sequence", "give_first")
    visit.see(".headline", "Give first")
    visit.step(10)
    visit.see(".headline", "Week 10 of 208 · 11 March 2020")
    events = [e for e in replay(shipped("two-party"), sequence="give_first", run=0, rng=7).events if e.week <= 10]
    assert len(events) >= 3
    for event in events:
        visit.see("#story", event.text[1:])
        visit.see("#story", event.cause)
    visit.see("#talks", "called" if any("open:talks" in e.text for e in events) else "closed")
    visit.see("#concessions", "delivered" if any("delivered" in e.text for e in events) else "promised")


def test_play_pause_and_reset(visit):
    visit.page.get_by_role("button", name="▶", exact=True).click()
    visit.page.wait_for_function("Number(document.querySelector('#week').dataset.week) >= 9")
    visit.page.get_by_role("button", name="❚❚", exact=True).click()
    expect(visit.page.get_by_role("button", name="▶", exact=True)).to_be_visible(timeout=PATIENCE)
    visit.see("#story", "The plan takes the step “open:talks”")
    visit.page.get_by_role("button", name="Reset", exact=True).click()
    visit.at_week(0)
    visit.see("#story", "Nothing has happened yet")
    visit.step(1)


def test_another_run_is_another_world_and_a_bad_one_a_message(visit):
    visit.step(2)
    with visit.anew():
        visit.fill("Run", "12")
    visit.see(".headline", "run 12, seed 7")
    visit.at_week(0)
    visit.fill("Run", "-3")
    visit.see(".trouble", "the run must be a whole number from 0 on, got '-3'")
    visit.see(".headline", "run 12, seed 7")
    with visit.anew():
        visit.fill("Run", "13")
    visit.see(".headline", "run 13, seed 7")
    expect(visit.page.locator(".trouble")).to_have_count(0, timeout=PATIENCE)
    visit.step(2)
    visit.page.get_by_role("button", name="Reset", exact=True).click()
    visit.at_week(0)
    visit.see(".headline", "run 13, seed 7")


def test_a_parameter_is_held_or_refused_with_a_message(visit):
    visit.choose("Group", shipped("two-party").parameters["defection_rate"].group)
    with visit.anew():
        visit.fill("defection_rate", "0.03")
    visit.see(".held", "defection_rate = 0.03")
    visit.see(".parameters", "In this run: 0.03.")
    visit.step(1)
    visit.fill("defection_rate", "7")
    visit.see(".trouble", "allowed: 0 to 1")
    visit.at_week(1)
    visit.fill("defection_rate", "much")
    visit.see(".trouble", "defection_rate takes a number, got 'much'")
    with visit.anew():
        visit.fill("defection_rate", "")
    expect(visit.page.locator(".held")).to_have_count(0, timeout=PATIENCE)
    expect(visit.page.locator(".trouble")).to_have_count(0, timeout=PATIENCE)
    visit.at_week(0)


def test_another_scenario_brings_its_sequences_and_its_tiles(visit):
    expect(visit.page.locator(".tile")).to_have_count(1, timeout=PATIENCE)
    with visit.anew():
        visit.choose("Scenario", "afghanistan-2018")
    scenario = shipped()
    visit.see(".headline", scenario.title)
    expect(visit.page.locator(".tile")).to_have_count(len(scenario.provinces), timeout=PATIENCE)
    with visit.anew():
        visit.choose("Sequence", "us_first")
    visit.see(".headline", scenario.sequences["us_first"].label)
    visit.step(2)
    visit.see("#story", "table:patron_talks")
    names = [p.name for p in scenario.provinces]
    boxes = visit.page.locator(".tile > rect:first-of-type").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    texts = visit.page.locator(".tile > text:first-of-type").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    for name, box, text in zip(names, boxes, texts, strict=True):
        assert box["left"] <= text["left"] and text["right"] <= box["right"], f"{name} does not fit its tile"


def test_two_visitors_do_not_share_a_run(visit, chromium, address):
    other = Visit(chromium.new_page(), address)
    visit.step(3)
    other.step(1)
    visit.at_week(3)
    other.page.close()


# -- the command -----------------------------------------------------------------------------------------


def test_a_file_and_a_sequence_are_shown_first_and_nothing_but_loopback_is_bound(chromium, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'extends = "two-party"\nname = "mine"\ntitle = "A war of my own"\ndescription = "For a test."\nhorizon = 9\n'
    )
    with serving(mine, "--sequence", "quiet_first") as (process, address):
        port = urlsplit(address).port
        with socket.socket() as other:
            assert other.connect_ex(("127.0.0.2", port)) != 0
        visit = Visit(chromium.new_page(), address)
        visit.see(".headline", "A war of my own")
        visit.see(".headline", "Quiet first")
        visit.step(9)
        visit.see("#story", "In the end: ")
        step = visit.page.get_by_role("button", name="Step", exact=True)
        expect(step).to_be_disabled(timeout=PATIENCE)
        with visit.anew():
            visit.choose("Sequence", "talk")
        visit.see(".headline", "Talk")
        visit.step(1)
        visit.page.close()
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in said + complained and complained == ""


def test_a_port_that_is_taken_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = subprocess.run(
            command("two-party", "--no-browser", "--port", port), capture_output=True, text=True, check=False
        )
    assert answer.returncode == 2 and answer.stdout == ""
    assert answer.stderr.startswith(f"settlesim: cannot listen on port {port} of 127.0.0.1: ")
    assert answer.stderr.count("\n") == 1 and "--port" in answer.stderr


def test_without_solara_the_error_says_what_to_install(tmp_path):
    (tmp_path / "solara.py").write_text('raise ModuleNotFoundError("No module named \'solara\'", name="solara")\n')
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    answer = subprocess.run(
        command("two-party", "--no-browser", "--port", 0),
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert answer.returncode == 2 and answer.stdout == ""
    assert answer.stderr == (
        "settlesim: the view needs solara, which is not installed: pip install 'settlesim[view]'\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [(["afganistan-2018"], "did you mean 'afghanistan-2018'"), (["two-party", "-s", "tlak"], "did you mean 'talk'")],
)
def test_unknown_names_are_refused_before_anything_is_served(words, said):
    answer = subprocess.run(command(*words, "--no-browser"), capture_output=True, text=True, check=False)
    assert answer.returncode == 2 and said in answer.stderr and "Traceback" not in answer.stderr
