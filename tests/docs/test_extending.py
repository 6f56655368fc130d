"""What docs/extending.md says of a new mechanism: one file, one line, one table; no engine is touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import settlesim

PACKAGE = Path(settlesim.__file__).parent
ROOT = Path(__file__).parents[2]
HEAD = '''"""Protests: people protest against the war."""

import numpy as np

from settlesim.model.outcome import Outcome, final
from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

'''
ASK = """
import settlesim as ss
from settlesim.model.standard import STANDARD
result = ss.simulate(ss.load("two-party"), runs=4, rng=7, record="weekly")
assert "protests" in result and "protest_share_weekly" in result, list(result)
assert STANDARD.names.index("public_pressure") == STANDARD.names.index("legitimacy") + 3
assert ss.verify(ss.load("two-party"), sequences=["talk"], runs=2, rng=7).ok
print(ss.__file__)
"""


def part(build, name):
    return build.excerpt(f"new_mechanism.py {name}").removeprefix("```python\n").removesuffix("```")


def test_the_new_mechanism_is_one_file_one_line_and_one_table(build, tmp_path):
    package, scenarios = tmp_path / "src" / "settlesim", tmp_path / "scenarios"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "scenarios"))
    shutil.copytree(ROOT / "scenarios", scenarios)

    file = package / "model" / "rules" / "protests.py"
    file.write_text(HEAD + part(build, "rules") + part(build, "mechanism"), encoding="utf-8")
    standard = package / "model" / "standard.py"
    text = standard.read_text(encoding="utf-8")
    assert text.count('"legitimacy",\n') == 1
    standard.write_text(text.replace('"legitimacy",\n', '"legitimacy",\n        "protests",\n'), encoding="utf-8")
    table = scenarios / "afghanistan-2018.toml"
    parameters = re.search(r'"""(.*)"""', part(build, "parameters"), re.DOTALL).group(1)
    table.write_text(table.read_text(encoding="utf-8") + parameters, encoding="utf-8")

    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert Path(answer.stdout.strip()).is_relative_to(tmp_path)
