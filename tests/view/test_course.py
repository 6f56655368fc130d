"""The view without a browser: a live model tells what a recorded run tells, and the panels show what it holds."""

from __future__ import annotations

import gc
import re
import weakref
from html.parser import HTMLParser

import pytest

from settlesim.app.view import panels
from settlesim.app.view.choices import Choice, build, entries, groups, prepared, scenarios
from settlesim.app.view.live import Watched
from settlesim.app.view.svg import Line, lines, table, tiles
from settlesim.errors import SettlesimError
from settlesim.model.codes import PHASES
from settlesim.report.story import replay
from support import shipped


def lived(name, sequence, run, weeks=None):
    model = Watched(shipped(name), sequence, run=run, rng=7)
    while model.running and (weeks is None or model.week < weeks):
        model.step()
    return model


@pytest.fixture(scope="module")
def whole():
    return lived("two-party", "give_first", 4)


@pytest.mark.parametrize(
    ("name", "sequence", "run"), [("two-party", "quiet_first", 3), ("afghanistan-2018", "historical", 1)]
)
def test_a_model_stepped_to_its_end_tells_the_story_of_its_trace(name, sequence, run):
    model = lived(name, sequence, run)
    story = replay(shipped(name), sequence=sequence, run=run, rng=7, engine="numpy")
    assert str(model.chronicle.story()) == str(story)
    assert tuple(model.events) == story.events


def test_half_a_run_tells_the_first_half(whole):
    half = lived("two-party", "give_first", 4, weeks=100)
    assert half.course.last == 100
    assert half.events == [event for event in whole.events if event.week <= 100]


def test_a_run_that_has_ended_stands_still(whole):
    before = (whole.week, whole.course.last, len(whole.events))
    whole.step()
    assert (whole.week, whole.course.last, len(whole.events)) == before


def test_a_model_that_is_no_longer_watched_is_let_go():
    model = lived("two-party", "talk", 0, weeks=2)
    seen = weakref.ref(model)
    del model
    gc.collect()
    assert seen() is None


# -- choices ---------------------------------------------------------------------------------------------


def test_what_is_chosen_is_what_is_built():
    choice = Choice("afghanistan-2018", "us_first", run="12", rng="5").holding("defection_rate", "0.03")
    model = build(choice.holding("concession_acceptance.government", " 0.2 "))
    assert (model.sequence.name, model.run, model.seed_of_all) == ("us_first", 12, 5)
    assert model.world["defection_rate"] == 0.03 and model.world["concession_acceptance.government"] == 0.2
    free = build(Choice("afghanistan-2018", "us_first", run="12", rng="5"))
    assert model.world["concession_acceptance.insurgency"] == free.world["concession_acceptance.insurgency"]
    assert choice.holding("defection_rate", "").held == ()


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice("two-party", run="-1"), "run must be a whole number from 0 on, got '-1'"),
        (Choice("two-party", rng="x"), "seed must be a whole number from 0 on, got 'x'"),
        (Choice("two-party", "tlak"), "did you mean 'talk'"),
        (Choice("two-party").holding("defection_rate", "much"), "defection_rate takes a number, got 'much'"),
        (Choice("two-party").holding("defection_rate", "nan"), "defection_rate takes a number, got 'nan'"),
        (Choice("two-party").holding("defection_rate", "3"), "allowed: 0 to 1"),
        (Choice("two-party").holding("guarante", "1"), "did you mean 'guarantee'"),
        (Choice("no/such.toml"), "cannot read the scenario file"),
    ],
)
def test_a_bad_choice_is_an_error_with_a_message(choice, said):
    with pytest.raises(SettlesimError, match=re.escape(said)):
        build(choice)


@pytest.mark.parametrize("name", ["afghanistan-2018", "colombia-2012"])
def test_every_parameter_can_be_held_at_what_its_run_has(name):
    """Every field of the page names a number that can be set, in a group that can be chosen."""
    scenario = shipped(name)
    fields = [e for group in groups(scenario) for e in entries(scenario, group, scenario.default_sequence)]
    wanted = {str(q.address) for q in scenario.quantities() if q.address.name in scenario.parameters}
    assert {e.name for e in fields} == wanted and len(fields) == len(wanted)
    choice = Choice(name)
    for field in fields:
        choice = choice.holding(field.name, str(field.range[0]))
    held = prepared(choice)
    assert all(p.bounds[0] == p.bounds[1] for one in held.parameters.values() for p in one.entries().values())


def test_a_lever_of_the_sequence_is_shown():
    scenario = shipped()
    found = {e.name: e.lever for group in groups(scenario) for e in entries(scenario, group, "historical")}
    assert found["withdrawal_linkage"] == 0 and found["defection_rate"] is None


def test_a_file_that_was_opened_can_be_chosen_beside_the_shipped_ones():
    assert scenarios("/a/war.toml")[0] == "/a/war.toml"
    assert scenarios("two-party").count("two-party") == 1


# -- drawings --------------------------------------------------------------------------------------------


class Reading(HTMLParser):
    """Checks that tags are closed in order, and keeps the words."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.tags = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_a_tile_for_every_province_in_its_place_with_its_shares():
    scenario = shipped()
    n = len(scenario.provinces)
    read = Reading(tiles(scenario, [0.6, 0.1, *[0.2] * (n - 2)], [0.1, 0.7, *[0.2] * (n - 2)]))
    drawn = [attrs for tag, attrs in read.tags if attrs.get("class") == "tile"]
    assert [a["data-province"] for a in drawn] == [p.name for p in scenario.provinces]
    assert [a["data-leading"] for a in drawn[:3]] == ["government", "insurgent", "contested"]
    assert read.words.count("60 · 30 · 10") == 1 and read.words.count("10 · 20 · 70") == 1
    places = [(a["x"], a["y"]) for tag, a in read.tags if tag == "rect" and "stroke" in a]
    assert len(set(places)) == n
    by_name = {p.name: place for p, place in zip(scenario.provinces, places, strict=True)}
    for a in scenario.provinces:
        for b in scenario.provinces:
            if a.tile[1] < b.tile[1]:
                assert float(by_name[a.name][0]) < float(by_name[b.name][0])
            if a.tile[0] < b.tile[0]:
                assert float(by_name[a.name][1]) < float(by_name[b.name][1])


def test_a_line_ends_where_its_last_value_lies():
    read = Reading(lines("Trust", [Line("A <in> B", [0.0, 1.0])], 52, low=0.0, high=1.0))
    (points,) = [attrs["points"] for tag, attrs in read.tags if tag == "polyline"]
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in points.split())
    assert (y0, y1) == (200.0, 10.0) and x1 - x0 == pytest.approx((640 - 52 - 12) / 52, abs=0.1)
    assert "1.00" in read.words and any("A <in> B" in word for word in read.words)


def test_labels_cannot_bring_markup():
    evil = "<script>alert(1)</script>"
    for text in (table([evil], [[evil]]), lines(evil, [Line(evil, [1.0])], 10)):
        assert "<script" not in text and "&lt;script&gt;" in text


@pytest.mark.parametrize("name", ["two-party", "colombia-2012", "afghanistan-2018"])
def test_every_panel_can_be_drawn_for_every_scenario(name):
    model = lived(name, None, 1, weeks=30)
    for panel in (*panels.shown(), panels.headline):
        assert Reading(panel(model)).words


def test_panels_show_what_the_model_holds(whole):
    words = " ".join(Reading(panels.talks(whole)).words)
    assert PHASES[int(whole.entities["track"][0].values["phase"])] in words and "The table" in words
    assert "Week 208 of 208" in Reading(panels.headline(whole)).words
    assert "(in the end)" in " ".join(Reading(panels.headline(whole)).words)
    told = " ".join(Reading(panels.story(whole)).words)
    assert whole.chronicle.ending in told
    for event in whole.events:
        assert event.text[1:] in told and event.cause in told
    given = " ".join(Reading(panels.concessions(whole)).words)
    assert given.count("delivered") == sum(bool(a.values["delivered"]) for a in whole.entities["concession"]) >= 2
