"""Write the table of docs/luck.md that says which numbers depend on the processor, and by how much.

    python docs/kernels.py --runs 8

Every shipped scenario is run under every sequence, each setting in a process of its own, and every variable of every
week compared bit for bit with what the machine does by itself. Not at every build, since it simulates for long.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import settlesim as ss
from settlesim.chance.worlds import Fates, worlds
from settlesim.engines.vectorised.engine import run
from settlesim.model.layout import layout
from settlesim.model.standard import STANDARD
from settlesim.scenario.files import builtin

PAGE = Path(__file__).parent / "luck.md"
RNG = 20180228
# Functions of numpy that rules and luck call, and where they are asked: the same arguments everywhere.
SHAPES = np.random.Generator(np.random.PCG64(1)).random((3, 200_000))
FUNCTIONS = {
    "exp": lambda u: np.exp(18 * u[0] - 12),
    "exp2": lambda u: np.exp2(18 * u[0] - 12),
    "log": lambda u: np.log(50 * u[0] + 1e-3),
    "log1p": lambda u: np.log1p(-u[0]),
    "power": lambda u: np.power(u[0], 4 * u[1] + 0.1),
    "sin": lambda u: np.sin(12 * u[0] - 6),
    "sqrt": lambda u: np.sqrt(u[0]),
}


def settings() -> dict[str, dict[str, str]]:
    """What a process is told, by setting: kernels of OpenBLAS, and vector widths that numpy is to leave alone."""
    from numpy._core._multiarray_umath import __cpu_dispatch__ as dispatched
    from numpy._core._multiarray_umath import __cpu_features__ as features

    here = [name for name in dispatched if features.get(name)]
    wide = [name for name in here if "512" in name or name == "X86_V4"]
    found = {f"OPENBLAS_CORETYPE={kind}": {"OPENBLAS_CORETYPE": kind} for kind in ("Haswell", "Prescott")}
    if wide and len(wide) < len(here):
        found["numpy without AVX512"] = {"NPY_DISABLE_CPU_FEATURES": " ".join(wide)}
    if here:
        found["numpy at its baseline"] = {"NPY_DISABLE_CPU_FEATURES": " ".join(here)}
    return found


def plans(names: list[str]) -> Iterator[tuple[str, str]]:
    """Every sequence of each scenario, or the one that is named behind a colon."""
    for text in names:
        name, _, plan = text.partition(":")
        yield from ((name, one) for one in ([plan] if plan else ss.load(name).sequences))


def computed(name: str, plan: str, runs: int) -> dict[str, np.ndarray]:
    """Every variable of every week, the worlds and what the layout holds."""
    scenario = ss.load(name)
    sequence = scenario.sequence(plan)
    kept = [variable for variable, declared in STANDARD.table.items() if declared.scope != "commander"]
    world = worlds(scenario, range(runs), entropy=RNG, levers=sequence.levers)
    trace = run(scenario, sequence, worlds=world, fates=Fates(RNG, range(runs)), record=kept)
    found = {f"world {key}": value for key, value in world.items()} | {f"{k} ": v for k, v in trace.final.items()}
    return found | laid_out(name, plan) | trace.weekly


def laid_out(name: str, plan: str | None = None) -> dict[str, np.ndarray]:
    """What the layout of a scenario holds, solved for before the first week."""
    scenario = ss.load(name)
    attributes = layout(scenario, scenario.sequence(plan or scenario.default_sequence)).attributes
    return {f"layout {key}": np.asarray(value) for key, (_, value) in attributes.items()}


def write(folder: Path, names: list[str], runs: int) -> None:
    np.savez(folder / "functions.npz", **{name: function(SHAPES) for name, function in FUNCTIONS.items()})
    # All of them, since it takes no run.
    cuts = {f"{name} {key}": value for name in builtin() for key, value in laid_out(name).items()}
    np.savez(folder / "layouts.npz", **cuts)
    for name, plan in plans(names):
        np.savez(folder / f"{name}+{plan}.npz", **computed(name, plan, runs))


def told(folder: Path, names: list[str], runs: int, extra: dict[str, str]) -> None:
    """Write in a process that is told `extra`."""
    command = [sys.executable, __file__, "--write", str(folder), "--runs", str(runs), "--scenarios", *names]
    subprocess.run(command, check=True, env=os.environ | extra)


def differences(one: Path, other: Path) -> Iterator[tuple[str, str, float, float]]:
    """Yield file, variable, share of its values and greatest relative difference, of each that differs in a bit.

    What is no float, and what is a number in one and none in the other, differs by infinity.
    """
    for path in sorted(one.glob("*.npz")):
        with np.load(path) as a, np.load(other / path.name) as b:
            for name in a.files:
                x, y = a[name], b[name]
                if x.tobytes() == y.tobytes():
                    continue
                apart = ~((x == y) | ((x != x) & (y != y)))
                if not apart.any():
                    continue
                if x.dtype.kind != "f" or not np.isfinite(x[apart]).all() or not np.isfinite(y[apart]).all():
                    yield path.stem, name, float(apart.mean()), np.inf
                    continue
                scale = np.maximum(np.abs(x[apart]), np.abs(y[apart]))
                yield path.stem, name, float(apart.mean()), float((np.abs(x - y)[apart] / scale).max())


def row(setting: str, found: list[tuple[str, str, float, float]]) -> str:
    functions = [name for stem, name, _, _ in found if stem == "functions"]
    weekly = [one for one in found if one[0] != "functions"]
    if not weekly and not functions:
        return f"| {setting} | none | none | |"
    variables = {name.strip() for _, name, _, _ in weekly}
    most = max(weekly, key=lambda one: one[3])
    flipped = sum(1 for one in weekly if one[3] == np.inf)
    where = f"{most[3]:.0e} (`{most[1].strip()}`, {most[0].replace('+', ', ')})" if flipped == 0 else f"{flipped} flip"
    return f"| {setting} | {', '.join(f'`{name}`' for name in functions)} | {len(variables)} | {where} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--scenarios", nargs="*", default=builtin())
    parser.add_argument("--write", type=Path, help="write what is computed to this folder, and compare nothing")
    asked = parser.parse_args()
    if asked.write is not None:
        write(asked.write, asked.scenarios, asked.runs)
        return
    rows = ["| Setting | Functions that differ | Variables that differ | By at most, relatively |"]
    rows.append("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as home:
        base = Path(home) / "as it is"
        base.mkdir()
        told(base, asked.scenarios, asked.runs, {})
        for setting, extra in settings().items():
            folder = Path(home) / "other"
            folder.mkdir()
            told(folder, asked.scenarios, asked.runs, extra)
            found = list(differences(base, folder))
            rows.append(row(setting, found))
            print(rows[-1], flush=True)
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
    text = PAGE.read_text(encoding="utf-8")
    marks = r"(?<=<!-- kernels -->\n).*?(?=\n<!-- end of kernels -->)"
    PAGE.write_text(re.sub(marks, lambda _: "\n".join(rows), text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
