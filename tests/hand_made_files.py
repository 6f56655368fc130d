"""A hundred files that somebody might hand in by mistake or in malice, each with what the error must say.

Most are the smallest shipped scenario with one place edited; the others are written out. Sizes are those at which a
reader without bounds hangs, or takes all memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["hand_made"]

TWO = (Path(__file__).parent.parent / "scenarios" / "two-party.toml").read_text(encoding="utf-8")
HEAD = 'extends = "two-party"\nname = "x"\ntitle = "X"\ndescription = "X"\n'

# A name, what is replaced in two-party.toml, by what, and what the one or first problem says.
EDITS: tuple[tuple[str, str, str, str], ...] = (
    # Keys.
    ("misspelt top key", "horizon = 208", "horizn = 208", "horizn: unknown key; did you mean 'horizon'?"),
    ("capital key", "horizon = 208", "Horizon = 208", "Horizon: unknown key; did you mean 'horizon'?"),
    ("blank in key", "horizon = 208", '"horizon " = 208', "unknown key; did you mean 'horizon'?"),
    ("key twice", "horizon = 208", "horizon = 208\nhorizon = 104", "is not valid TOML"),
    ("no value", "horizon = 208", "horizon =", "is not valid TOML"),
    ("no equals sign", "horizon = 208", "horizon 208", "is not valid TOML"),
    ("comma for point", "garrison_resolve = { value = 1.1", "garrison_resolve = { value = 1,1", "is not valid TOML"),
    ("unquoted text", 'default_sequence = "talk"', "default_sequence = talk", "is not valid TOML"),
    ("open quote", 'default_sequence = "talk"', 'default_sequence = "talk', "is not valid TOML"),
    ("typographic quotes", 'default_sequence = "talk"', "default_sequence = “talk”", "is not valid TOML"),
    ("table twice", "[sources]", "[sources]\n[sources]", "is not valid TOML"),
    ("misspelt table", "[tracks]", "[track]", "track: unknown key; did you mean 'tracks'?"),
    ("key of a step", 'when = { week = 8 } }]', "wen = { week = 8 } }]", "wen: unknown key; did you mean 'when'?"),
    ("key of a concession", "reversibility = 0.5", "reversability = 0.5", "did you mean 'reversibility'?"),
    ("key of a prior", "low = 0.05, mode = 0.1, high", "low = 0.05, mod = 0.1, high", "did you mean 'mode'?"),
    ("key of a plan", "pace = 8", "pase = 8", "plans.opening.pase: unknown key; did you mean 'pace'?"),
    ("old scenario key", "horizon = 208", "weeks = 208", "weeks: unknown key"),
    # Numbers.
    ("horizon 0", "horizon = 208", "horizon = 0", "horizon = 0: must be at least 1"),
    ("horizon negative", "horizon = 208", "horizon = -5", "horizon = -5: must be at least 1"),
    ("horizon too long", "horizon = 208", "horizon = 1041", "must be at most 1040 [allowed: 1040 or less]"),
    ("horizon of 80 digits", "horizon = 208", "horizon = " + "9" * 80, "must be at most 1040"),
    ("horizon of 5,000 digits", "horizon = 208", "horizon = " + "9" * 5000, "a key or a number is too long"),
    ("horizon a fraction", "horizon = 208", "horizon = 104.5", "must be a whole number"),
    ("horizon a text", "horizon = 208", 'horizon = "208"', "must be a whole number"),
    ("horizon true", "horizon = 208", "horizon = true", "must be a whole number"),
    ("horizon a date", "horizon = 208", "horizon = 2024-01-01", "must be a whole number"),
    ("horizon nan", "horizon = 208", "horizon = nan", "horizon"),
    ("start a text", "start = 2020-01-01", 'start = "soon"', "must be a date such as 2018-02-28"),
    ("start with a time of day", "start = 2020-01-01", "start = 2020-01-01T12:30:00Z", "start"),
    ("start no date", "start = 2020-01-01", "start = 2020-02-30", "is not valid TOML"),
    ("start a time", "start = 2020-01-01", "start = 12:30:00", "must be a date"),
    ("start a number", "start = 2020-01-01", "start = 2020", "start"),
    ("share above 1", "hardline = 0.5", "hardline = 1.5", "factions[0].hardline = 1.5: must be at most 1"),
    ("share negative", "reversibility = 0.5", "reversibility = -0.5", "must be at least 0"),
    ("share nan", "reversibility = 0.5", "reversibility = nan", "must be a finite number"),
    ("weight infinite", "insurgents = 1,", "insurgents = inf,", "must be a finite number"),
    ("prior beyond all numbers", "value = 40,", "value = 1e308,", "lies outside the range [allowed: 0.01 to 100000"),
    ("prior infinite", "value = 40,", "value = inf,", "must be a finite number"),
    ("prior turned round", "low = 0.04, mode = 0.08", "low = 0.4, mode = 0.08", "low = 0.4: must not exceed mode 0.08"),
    ("unknown distribution", "value = 40,", 'prior = { distribution = "cauchy" },', "unknown distribution"),
    ("outside the range", "value = 40,", "value = -40,", "parameters.deaths_base.value = -40"),
    ("number as text", "value = 40,", 'value = "40",', "must be a number"),
    ("number as truth", "value = 40,", "value = true,", "must be a number"),
    ("districts do not sum", "districts_total = 20", "districts_total = 21", "have 20 districts together, not 21"),
    ("control does not sum", "government = 0.6,", "government = 0.7,", "sum to 1.1, not to 1"),
    ("shares do not sum", "share = 1,", "share = 0.5,", "the shares sum to 0.5, not to 1"),
    ("tile negative", "tile = [0, 0]", "tile = [0, -1]", "provinces[0].tile[1] = -1: must be at least 0"),
    ("tile of three", "tile = [0, 0]", "tile = [0, 0, 0]", "provinces[0].tile"),
    ("too many commanders", "commanders = 100,", "commanders = 100001,", "must be at most 100000"),
    # Names.
    ("default sequence misspelt", 'default_sequence = "talk"', 'default_sequence = "tlak"', "did you mean 'talk'?"),
    ("track misspelt", 'track = "talks", when = { week = 8 }', 'track = "talk", when = { week = 8 }', "'talks'?"),
    ("concession misspelt", 'delivered = "prisoners"', 'delivered = "prisoner"', "did you mean 'prisoners'?"),
    ("role misspelt", 'parties = ["government", "insurgency"]', 'parties = ["goverment", "insurgency"]', "government"),
    ("source misspelt", 'hardline = 0.5, regions = { country = 1 }, source = "invented"',
     'hardline = 0.5, regions = { country = 1 }, source = "invnted"', "unknown source; did you mean 'invented'?"),
    ("tag unknown", 'insurgent = 0.1, source = "invented", tag = "P"',
     'insurgent = 0.1, source = "invented", tag = "Q"',
     "is not one of the choices"),
    ("parameter misspelt", "garrison_resolve =", "garrison_resolv =", "did you mean 'garrison_resolve'?"),
    ("channel turns what is not there", "off = { pocketing = 0 }", "off = { pocketin = 0 }",
     "did you mean 'pocketing'?"),
    ("step unknown", 'do = "ceasefire", weeks = 26', 'do = "cease", weeks = 26', "is not one of the choices"),
    ("condition unknown", "when = { quiet = 4 }", "when = { quite = 4 }", "did you mean 'quiet'?"),
    ("two conditions in one", "when = { quiet = 4 }", "when = { quiet = 4, week = 3 }", "exactly one kind"),
    ("week never comes", "when = { quiet = 4 }", "when = { week = 900 }", "can never be taken"),
    ("step waits for itself", "when = { quiet = 4 }", 'when = { taken = "open:talks" }', "in a circle"),
    ("name with capitals", 'name = "two-party"', 'name = "Two Party"', "is not a name"),
    ("name empty", 'name = "two-party"', 'name = ""', "is not a name"),
    ("name a path", 'name = "two-party"', 'name = "../two"', "is not a name"),
    ("two of one name but capitals", "[sequences.talk]", "[sequences.Talk]\nsteps = []\n[sequences.talk]",
     "only in cap"),
    ("name with a blank", "[sequences.talk]", '[sequences." talk"]\nsteps = []\n[sequences.talk]', "with a blank"),
    ("nobody sits", 'parties = ["government", "insurgency"]', "parties = []", "needs at least 2 entries"),
    ("party twice", 'parties = ["government", "insurgency"]', 'parties = ["government", "government", "insurgency"]',
     "the same party is listed twice"),
    ("move twice in precedence", "pace = 8", 'pace = 8\nprecedence = [["talks", "talks"]]',
     "cannot come before itself"),
    ("precedence in a circle", "pace = 8", 'pace = 8\nprecedence = [["talks", "prisoners"], ["prisoners", "talks"]]',
     "goes in a circle"),
    ("precedence of three", "pace = 8", 'pace = 8\nprecedence = [["talks", "prisoners", "recognition"]]', "is a pair"),
    ("plan too slow", "pace = 8", "pace = 8.5", "must be a whole number"),
    # Texts.
    ("title empty", 'title = "Two parties, one table"', 'title = ""', "title = '': must not be empty"),
    ("title of two lines", 'parties, one table"', 'parties, one\\ntable"',
     "holds U+000A as its 17th character, a control character"),
    ("title too long", 'parties, one table"', 'long ' * 60 + '"', "title"),
    ("terminal code", 'parties, one table"', 'parties, \\u001b[31mred"', "holds U+001B"),
    ("bell", 'parties, one table"', 'parties, one\\u0007table"', "holds U+0007"),
    ("right to left", 'parties, one table"', 'parties, one \\u202elbat"', "holds U+202E (right-to-left override)"),
    ("isolate", 'parties, one table"', 'parties, one \\u2066table"', "holds U+2066 (left-to-right isolate)"),
    ("zero width", 'parties, one table"', 'parties, one\u200btable"', "holds U+200B (zero width space)"),
    ("byte order mark within", 'parties, one table"', 'parties, one\ufefftable"', "holds U+FEFF"),
    ("private use", 'parties, one table"', 'parties, one \ue000"', "holds U+E000"),
    ("code in a description", "A teaching example", "A \\u001b]0;x\\u0007", "description"),
    ("code in a label", 'label = "The table"', 'label = "The \\u202etable"', "tracks.talks.label"),
    ("code in a source", "Invented for teaching.", "Invented \\u200b.", "sources.invented"),
    ("code in a sequence's name", "[sequences.talk]", '[sequences."a\\u202eb"]\nsteps = []\n[sequences.talk]',
     "U+202E"),
    ("joiner in a name", "[sequences.talk]", '[sequences."a\\u200db"]\nsteps = []\n[sequences.talk]', "U+200D"),
    ("another form of letters", "[sequences.talk]", '[sequences."cafe\\u0301"]\nsteps = []\n[sequences.talk]', "(NFC)"),
    ("code in a province", 'name = "Country"', 'name = "Coun\\u00adtry"', "provinces[0].name"),
    # Kinds.
    ("table for a list", "[sources]", "events = {}\n[sources]", "events: must be a list"),
    ("list for a table", "[sources]\ninvented = \"Invented for teaching.\"", "", "sources"),
    ("tracks a number", "horizon = 208", "horizon = 208\nevents = 3", "events = 3: must be a list"),
    ("event of nobody", "horizon = 208", 'horizon = 208\nevents = [{ name = "tired", label = "Tired", week = 3, '
     'kind = "fatigue", size = 1, source = "invented", tag = "P" }]', "there is no patron in this conflict"),
    ("mixed list", "by = [\"government\"]\ndimension", "by = [\"government\", 3]\ndimension", "must be text in quotes"),
    ("move no step", 'talks = { do = "open", track = "talks" }\n', "talks = 3\n", "a move is a step"),
    ("parameters a list", "[parameters]", "[[parameters]]", "parameters"),
    # Extending.
    ("extends nothing known", 'extends = "afghanistan-2018"', 'extends = "afganistan-2018"', "'afghanistan-2018'?"),
    ("extends itself", 'extends = "afghanistan-2018"', 'extends = "<text>"', "extends"),
    ("extends a path", 'extends = "afghanistan-2018"', 'extends = "../../etc/passwd"', "without a path"),
    ("extends an absolute path", 'extends = "afghanistan-2018"', 'extends = "/etc/passwd"', "without a path"),
    ("extends a drive", 'extends = "afghanistan-2018"', "extends = 'C:war'", "without a path"),
    ("extends a number", 'extends = "afghanistan-2018"', "extends = 3", "must be the name of a scenario in quotes"),
    ("extends a name of 900 letters", 'extends = "afghanistan-2018"', f'extends = "{"a" * 900}"', "without a path"),
    ("inherits no list", 'inherit = ["parameters"]', 'inherit = "parameters"', "must be a list"),
    ("inherits a number", 'inherit = ["parameters"]', "inherit = 7", "must be a list"),
    ("inherits what is not there", 'inherit = ["parameters"]', 'inherit = ["parametrs"]', "did you mean 'parameters'?"),
    ("inherits without a base", 'extends = "afghanistan-2018"\n', "", "names the scenario to start from"),
)  # fmt: skip

TRACK = (
    "[tracks.t{}]\nlabel = 'T'\nparties = ['government', 'insurgency']\nissues = ['power']\n"
    "source = 'invented'\ntag = 'P'\n"
)
STEP = '{ do = "open", track = "talks" },'
WRITTEN: tuple[tuple[str, str, str], ...] = (
    ("empty", "", "is missing"),
    ("a nul", "\x00", "is not valid TOML"),
    ("JSON", '{"name": "x"}', "is not valid TOML"),
    ("YAML", "name: x\ntitle: y\n", "is not valid TOML"),
    ("HTML", "<html><body>404</body></html>", "is not valid TOML"),
    ("old Mac line ends", 'name = "x"\rtitle = "y"\r', "is not valid TOML"),
    ("a dotted key of 200 kB", "a." * 100_000 + "b = 1", "a key has too many parts [allowed: at most 16 parts]"),
    ("a dotted header of 200 kB", "[" + "a." * 100_000 + "b]", "a key has too many parts"),
    ("a key of 500 kB", '"' + "k" * 500_000 + '" = 1', "a key is too long [allowed: at most 200 characters]"),
    ("a header of 500 kB", '["' + "k" * 500_000 + '"]', "a key is too long"),
    ("100,000 brackets", "a = " + "[" * 100_000, "brackets are nested too deep"),
    ("100,000 tables in each other", "a = " + "{a=" * 100_000, "brackets are nested too deep"),
    ("a megabyte and more", "# " + "x" * 1_000_000, "is too large for a scenario"),
    ("200,000 entries", HEAD + "events = [" + "1," * 200_000 + "]", "holds too much [allowed: at most 30,000 keys"),
    ("90,000 unknown keys", "".join(f"k{i}=1\n" for i in range(90_000)), "holds too much"),
    ("20,000 unknown keys", HEAD + "".join(f"k{i}=1\n" for i in range(20_000)), "50 problems and at least"),
    ("20,000 unknown parameters", HEAD + "[parameters]\n" + "".join(f"k{i}=1\n" for i in range(20_000)),
     "50 problems and at least 19,950 more"),
    ("a condition of 10,000 parts",
     f"{HEAD}[sequences.talk]\nsteps = [{{ do = 'switch', when = {{ any = [{'{ week = 1 },' * 10_000}] }} }}]",
     "a condition of more than 200 parts"),
    ("a condition 20 deep",
     f"{HEAD}[sequences.talk]\nsteps = [{{ do = 'switch', when = {'{ not = ' * 20}{{ week = 1 }}{'}' * 20} }}]",
     "conditions are nested more than 16 deep"),
    ("1,000 steps", f"{HEAD}[sequences.talk]\nsteps = [{STEP * 1000}]", "has too many entries [allowed: at most 200]"),
    ("65 moves", HEAD + "[plans.p.moves]\n" + "".join(f"m{i} = {STEP[:-1]}\n" for i in range(65)), "1 to 64 moves"),
    ("9,000 steps of a plan", HEAD + "[plans.p.moves]\n" + "".join(f"m{i} = [{STEP * 150}]\n" for i in range(60)),
     "a plan has at most 200 steps"),
    ("101 tracks", HEAD + "".join(TRACK.format(i) for i in range(101)), "has too many entries"),
    ("1,001 numbers in a lever", HEAD + "[sequences.talk]\nsteps = []\n[sequences.talk.levers]\n"
     + "".join(f"k{i} = 1\n" for i in range(1001)), "has too many entries [allowed: at most 1,000]"),
    ("a text of 900 kB", HEAD.replace('"X"', f'"{"x" * 900_000}"', 1), "is too long [allowed: at most 200 characters]"),
    ("a long text that never ends", 'a = """' + '\\"""' * 100_000, "is not valid TOML"),
)  # fmt: skip


def hand_made() -> Iterator[tuple[str, str, str]]:
    """Yield name, text and what the error must say, of each bad file."""
    for name, old, new, says in EDITS:
        if old in TWO:
            yield name, TWO.replace(old, new, 1), says
        else:
            raise ValueError(f"{name}: {old!r} does not stand in two-party.toml")
    yield from WRITTEN
