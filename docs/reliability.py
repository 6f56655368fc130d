"""Count what docs/reliability.md says was tried, and write it there.

python docs/reliability.py            # needs settlesim[test]; prints the counts, and writes them into the page
python docs/reliability.py --few      # a tenth of each, printed only
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- counted by docs/reliability.py -->", "<!-- end of what is counted -->"
sys.path.insert(0, str(ROOT / "tests"))

# What is promised, and the tests that hold it.
PROMISES = {
    "Runs that are missing are left out by every public analysis, plot and table":
        "analysis/test_masked_results analysis/test_missing_runs",
    "Unlike luck is not paired; results put together equal one call":
        "analysis/test_joined",
    "Intervals hold for rare differences; ties share places":
        "analysis/test_rare_pairs analysis/test_ranking",
    "Plots of what they do not expect":
        "analysis/test_odd_plots",
    "One way to set a number":
        "properties/test_one_way_to_set_a_number",
    "Faults of one's own rules and outcomes are named":
        "protocol/test_faults protocol/test_own_outcomes protocol/test_outcomes_checked protocol/test_sent",
    "Functions are known by what they do":
        "protocol/test_code_digest",
    "Bargaining solutions are exact; the same bits on other processors, as far as docs/luck.md says":
        "exact/test_bargaining_solutions equivalence/test_processors",
    "Damaged results never read as other numbers; only results are replaced":
        "test_stores test_ownership",
    "Units are found again, stores grow, extend and mend themselves":
        "test_growing test_status",
    "Interrupted, terminated and killed at moments of chance, resumed to the bit":
        "test_interruptions",
    "A dead worker costs its unit; other executors; estimates and memory":
        "test_workers test_executors",
    "JSON is JSON, in a schema; exit codes":
        "test_answers",
    "No digit is lost on narrow terminals; encodings, closed and full outputs":
        "test_terminal",
    "Odd command lines, and every option of every command with bad values":
        "test_odd_lines",
    "User text is text everywhere":
        "test_user_text",
    "Bad scenario files end in words that say where; everything declared has a bound":
        "scenario/test_bad_files structure/test_limits",
    "The view serves nobody but the page itself":
        "view/test_gate",
}  # fmt: skip


def mutated_files(part: int) -> str:
    """Scenario files with an accident each."""
    from mutated_files import mutated, verdict

    slowest, found = 0.0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for case in mutated(3000 // part):
            begun = time.process_time()
            found[verdict(case, Path(folder))] += 1
            slowest = max(slowest, time.process_time() - begun)
    assert slowest < 5, f"a file took {slowest:.1f} s"
    told = f"{found['refused']:,} refused in words that say where, {found['different']:,} loaded with what was changed"
    return f"{total(found)} scenario files with an accident each: {told}, {found['same']:,} mean the same"


def bad_files(part: int) -> str:
    """Scenario files made by hand."""
    from hand_made_files import hand_made
    from settlesim.errors import ScenarioError
    from settlesim.scenario.files import loads

    cases = list(hand_made())[::part]
    for name, text, says in cases:
        begun = time.process_time()
        try:
            loads(text, "bad.toml")
        except ScenarioError as error:
            assert says in str(error), f"{name}: {error}"
        else:
            raise AssertionError(f"{name}: loaded")
        assert time.process_time() - begun < 5, f"{name} took too long"
    return f"{len(cases)} scenario files made by hand: each refused with the words that are expected"


def damaged_results(part: int) -> str:
    """Results damaged as disks, copies and editors damage them."""
    from damage_stores import damaged

    found = damaged(1, 500 // part)
    assert set(found) <= {"equal", "refused"}, found
    return f"{total(found)} damaged results: {found['refused']} refused in one line, {found['equal']} read as saved"


def odd_lines(part: int) -> str:
    """Command lines that nobody should ask."""
    from command_line import settlesim
    from odd_lines import ODD_LINES, prepared

    lines, before = ODD_LINES[::part], Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder))
        os.chdir(folder)
        try:
            for line in lines:
                answer = settlesim(*line.words)
                assert answer.code == line.code and line.says in answer.err + answer.out, (line, answer)
        finally:
            os.chdir(before)
    found = Counter(line.code for line in lines)
    codes = ", ".join(f"{number} end with {code}" for code, number in sorted(found.items()))
    return f"{len(lines)} odd command lines: {codes}; each said on one line"


TRIED: tuple[Callable[[int], str], ...] = (mutated_files, bad_files, damaged_results, odd_lines)


def total(found: Counter[str]) -> str:
    """Number of all that was tried."""
    return f"{sum(found.values()):,}"


def tests() -> Iterator[str]:
    """Number of tests that hold each promise."""
    yield "| Promised | Tests | Where |"
    yield "|---|---|---|"
    held = {promise: [f"tests/{name}.py" for name in names.split()] for promise, names in PROMISES.items()}
    files = [file for several in held.values() for file in several]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", *files]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pairs = (line.rpartition(": ") for line in told.splitlines() if ": " in line)
    counted = {name: int(number) for name, _, number in pairs}
    for promise, several in held.items():
        where = ", ".join(f"`{file}`" for file in several)
        yield f"| {promise} | {sum(counted[file] for file in several):,} | {where} |"


def main() -> None:
    """Try, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", action="store_true", help="a tenth of each, printed only")
    few = parser.parse_args().few
    lines = [] if few else [*tests(), ""]
    for one in TRIED:
        lines.append(f"- {one(10 if few else 1)}.")
        print(lines[-1], flush=True)
    if not few:
        page = PAGE.read_text(encoding="utf-8")
        head, tail = page.partition(BEGIN)[0], page.partition(END)[2]
        PAGE.write_text("\n".join([head + BEGIN, *lines, END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
