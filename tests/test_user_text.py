"""What users call things is text: no markup, no emoji, no formula, and nothing that a terminal acts on."""

import pytest
from typer.testing import CliRunner

import settlesim as ss
from settlesim.app.cli import app
from settlesim.errors import ProtocolError, ScenarioError
from settlesim.scenario import files
from settlesim.scenario.notices import notices
from settlesim.scenario.sequence import Sequence
from support import shipped

# As somebody may well write them, and as somebody may who means harm.
TEXTS = (
    "War [draft]",
    "[/]",
    "[red]warning[/red]",
    ":smile: 100 %",
    "5$ first, 10$ later",
    "$x_1$ a_b",
    "$$",
    "<b>&",
    "\\[x]",
)
NAMES = ("talk [early]", "talk [/late]", "[/]", ":dove: first", "$\\frac{1$", "$$", "a_b", "a b", "<i>x</i>")


def war(tmp_path, title="[/]"):
    """A file whose texts and names are full of what some reader might act on."""
    tree = files.load("two-party").tree()
    tree |= {"title": title, "description": " ".join(TEXTS), "horizon": 26}
    tree |= {"default_sequence": NAMES[0], "baseline_sequence": NAMES[0]}
    del tree["reference_sequence"], tree["plans"]
    step = {"do": "open", "track": "talks"}
    tree["sequences"] = {
        name: {"label": TEXTS[at % len(TEXTS)], "steps": [step | {"name": name, "when": {"week": 8 + at}}]}
        for at, name in enumerate(NAMES)
    }
    tree["tracks"]["talks"]["label"] = "[bold]T[/]"
    tree["actors"]["government"]["label"] = ":cat: [link]"
    tree["provinces"][0]["name"] = "[/blue]"
    path = tmp_path / "war.toml"
    files.save(files.Scenario.model_validate(tree), path)
    return str(path)


def said(*arguments):
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "400"})
    assert done.exit_code == 0, done.output[-500:]
    return done.output


@pytest.mark.parametrize("title", ["[/]", "War [draft] :smile:"])
def test_a_title_is_shown_as_it_is_written(tmp_path, title):
    shown = said("show", war(tmp_path, title))
    assert title in shown
    assert all(text in shown for text in (*TEXTS, *NAMES, ":cat: [link]"))


def test_names_of_sequences_are_shown_as_they_are_written(tmp_path):
    path = war(tmp_path)
    shown = said("compare", path, "--runs", "1", "--rng", "7", "--no-progress")
    assert all(name in shown for name in NAMES)
    for name in NAMES:
        assert f"1. {name}" in said("show", path, "--sequence", name)
    assert "[/]" in said("replay", path, "--sequence", "[/]")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    scenario = files.load(war(tmp_path_factory.mktemp("texts")))
    return ss.compare(scenario, list(NAMES), runs=2, rng=7, record=["deaths"])


def texts(ax):
    from matplotlib.text import Text

    return [text.get_text() for text in ax.findobj(Text)]


@pytest.mark.parametrize("draw", ["outcomes", "differences", "incidence", "fan", "timeline"])
def test_a_plot_takes_names_for_what_they_are(tmp_path, result, draw):
    scenario = files.load(war(tmp_path))
    name = "$\\frac{1$"
    axes = {
        "outcomes": lambda: ss.plots.outcomes(result),
        "differences": lambda: ss.plots.differences(result, "deaths", baseline="$$"),
        "incidence": lambda: ss.plots.incidence(result, sequence=name),
        "fan": lambda: ss.plots.fan(result, "deaths", sequence=name),
        "timeline": lambda: ss.plots.timeline(scenario, name),
    }[draw]()
    # A formula that is none is an error when the figure is drawn.
    axes.figure.savefig(tmp_path / "plot.svg")
    written = texts(axes)
    wanted = {"outcomes": NAMES, "differences": NAMES[:5]}.get(draw, (name,))
    if draw == "timeline":
        wanted = (scenario.sequence(name).label,)
    assert all(any(one in text for text in written) for one in wanted), written


def test_labels_of_a_plot_leave_room_and_stay_different(tmp_path):
    talk = shipped("two-party").sequence("talk")
    names = ["x" * 150 + "a" + "x" * 150, "x" * 150 + "b" + "x" * 150, "us_first", "us first"]
    plans = [Sequence(name, talk.steps) for name in names]
    drawn = ss.plots.outcomes(ss.compare(shipped("two-party"), plans, runs=1, rng=7))
    labels = [text.get_text() for text in drawn.get_yticklabels()]
    assert len(set(labels)) == 4
    assert max(map(len, labels)) < 70


def test_an_axes_of_the_users_own_is_read_in_the_same_way(result):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert ss.plots.outcomes(result, ax=ax) is ax
    assert not any(text.get_parse_math() for text in (ax.title, *ax.get_yticklabels()))


@pytest.mark.parametrize("name", ["run", "sequence", "definition", "track", "destination", "week", "outcome_kind"])
def test_a_parameter_of_a_name_that_results_have_is_refused_before_the_first_run(name):
    tree = files.load("two-party").tree()
    tree["parameters"][name] = tree["parameters"]["guarantee"]
    with pytest.raises(ProtocolError, match=f"parameter '{name}'.* call it otherwise"):
        ss.simulate(files.Scenario.model_validate(tree), runs=2, rng=7)


def test_names_that_differ_in_nothing_to_be_seen_are_refused():
    scenario = shipped("two-party")
    for name in ("TALK", "Talk", "ｔalk"):
        with pytest.raises(ScenarioError, match="differs from 'talk' only in capitals"):
            scenario.with_sequences(Sequence(name))
    for name in ("talk ", "ta\u202elk", "ta\u200dlk", "cafe\u0301", "a\nb", "\x1b[31m"):
        with pytest.raises(ScenarioError, match="name"):
            Sequence(name)


def test_joiners_are_spelling_in_a_text_and_not_in_a_name():
    tree = files.load("two-party").tree()
    tree["title"] = "صلح\u200cنامه"
    assert files.Scenario.model_validate(tree).title == tree["title"]
    with pytest.raises(ScenarioError, match=r"U\+200C \(zero width non-joiner\) as its 4th character"):
        Sequence(tree["title"])


def test_what_stands_as_in_another_war_is_said(tmp_path):
    text = 'extends = "{}"\nname = "w"\ntitle = "W"\ndescription = "W"\nhorizon = 100\n[parameters]\nguarantee = 0.2\n'
    path = tmp_path / "w.toml"
    path.write_text(text.format("afghanistan-2018"))
    scenario = files.load(path)
    base, names = scenario.inherited
    assert base == "afghanistan-2018"
    assert set(names) == set(scenario.parameters) - {"guarantee"}
    assert scenario.with_parameters(war_cost=0.1).inherited == (base, tuple(n for n in names if n != "war_cost"))
    shown = said("check", str(path))
    assert f"{len(names)} of {len(scenario.parameters)} parameters stand as afghanistan-2018 declares them" in shown
    assert "garrison_resolve" in shown
    assert f"({len(names)} of them as afghanistan-2018 declares them" in said("show", str(path))
    beyond = [event for event in scenario.events if event.week > 100]
    assert beyond
    assert sum("beyond the horizon: it never happens" in note for note in notices(scenario)) == len(beyond)
    assert shipped("afghanistan-2018").inherited == ("", ())
    assert not any("parameters stand" in note for note in notices(shipped("afghanistan-2018")))


def test_an_event_of_a_party_that_is_not_there_is_refused():
    tree = files.load("two-party").tree()
    event = {
        "name": "tired",
        "label": "Tired",
        "week": 3,
        "kind": "fatigue",
        "size": 1.0,
        "source": "invented",
        "tag": "P",
    }
    with pytest.raises(ScenarioError, match="there is no patron in this conflict, whose fatigue it could move"):
        files.Scenario.model_validate(tree | {"events": [event]})
    assert files.Scenario.model_validate(tree | {"events": [event | {"kind": "legitimacy"}]}).events[0].week == 3
