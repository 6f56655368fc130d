"""Results damaged in every way that disks, copies and editors have, and what reading them comes to.

`damaged` is what the test and the page on reliability count with: each damaged file is read in another process, which
may not hang, die, or give other values than were saved.
"""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import settlesim as ss

# Seconds after which reading a file of a few kilobytes counts as hanging.
PATIENCE = 5.0 if os.environ.get("SETTLESIM_STRICT_TIME") else 60.0
READ_ALL = """
import sys, warnings
from pathlib import Path
import settlesim as ss
from settlesim.results.ownership import standing

warnings.simplefilter("error")
whole = {suffix: ss.open(f"{sys.argv[1]}/whole{suffix}") for suffix in (".nc", ".zarr")}
print("ready", flush=True)
for line in sys.stdin:
    path = Path(line.rstrip("\\n"))
    try:
        standing(path)
        found = ss.open(path)
        told = "equal" if found.identical(whole[path.suffix]) else "OTHER VALUES"
    except ss.SettlesimError as error:
        text = str(error)
        told = "refused" if "\\n" not in text and 0 < len(text) < 1000 else "LONG ERROR " + repr(text)[:200]
    except BaseException as error:
        told = "TRACEBACK " + type(error).__name__ + " " + repr(str(error))[:200]
    print(told, flush=True)
"""


def damaged(seed: int, count: int, keep: Path | None = None) -> Counter[str]:
    """Damage results and read them.

    Parameters
    ----------
    seed : int
        Of the damages: the same seed does the same ones.
    count : int
        Number of damaged files and stores.
    keep : Path, optional
        Where to copy those that were not read as they should be.

    Returns
    -------
    Counter
        Outcome -> number: ``equal`` (the values that were saved) and ``refused`` (one line) are what should come out;
        anything else is written in capitals.
    """
    counts: Counter[str] = Counter()
    for number, (path, how, told) in enumerate(outcomes(seed, count)):
        counts[told if told in ("equal", "refused") else f"{told} after {how}"] += 1
        if keep is not None and told not in ("equal", "refused"):
            shutil.copytree(path, keep / f"{number}{path.suffix}") if path.is_dir() else shutil.copy(path, keep)
    return counts


def outcomes(seed: int, count: int) -> Iterator[tuple[Path, str, str]]:
    """Yield each damaged result, how it was damaged, and what reading it came to."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_results(folder)
        with reading(folder) as read:
            for number in range(count):
                suffix = chance.choice([".nc", ".zarr"])
                path = folder / f"damaged-{number}{suffix}"
                if suffix == ".zarr":
                    shutil.copytree(folder / "whole.zarr", path)
                else:
                    shutil.copy(folder / "whole.nc", path)
                damages = STORE_DAMAGES if suffix == ".zarr" else FILE_DAMAGES
                how = chance.choice(damages)
                how(path, chance)
                yield path, f"{how.__name__} of {suffix}", read(path)
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def small_results(folder: Path) -> None:
    """Save one result with every type of variable that results have, in the two formats that are read back."""
    names = ["outcome", "settled", "end_week", "deaths", "defections", "defection_rate"]
    war = ss.Scenario.model_validate({**ss.load("two-party").tree(), "horizon": 26, "targets": []})
    result = ss.compare(war, runs=12, rng=7)[names]
    for suffix in (".nc", ".zarr"):
        ss.save(result, folder / f"whole{suffix}")


@contextmanager
def reading(folder: Path) -> Iterator[Callable[[Path], str]]:
    """Give a function that reads a result in another process, begun anew when one died or did not answer."""
    started: list[_Reader] = []

    def read(path: Path) -> str:
        if not started:
            started.append(_Reader(folder))
        told = started[0].ask(path)
        if told in ("DIED", "HUNG"):
            started.pop().end()
        return told

    try:
        yield read
    finally:
        for reader in started:
            reader.end()


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", READ_ALL, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        assert self.lines.get(timeout=120) == "ready\n"

    def _listen(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def ask(self, path: Path) -> str:
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        try:
            return self.lines.get(timeout=PATIENCE).rstrip("\n") or "DIED"
        except queue.Empty:
            return "HUNG"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()
        self.process.stdin.close()
        self.process.stdout.close()


def flip_bits(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 1, 1, 2, 8]) if content else 0):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut_off(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content) or 1)])


def zero_a_range(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start, length = chance.randrange(len(content) or 1), chance.choice([1, 16, 512, 4096])
    content[start : start + length] = bytes(len(content[start : start + length]))
    path.write_bytes(content)


def copy_a_range(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    length = chance.choice([8, 64, 512])
    a, b = (chance.randrange(max(1, len(content) - length)) for _ in range(2))
    content[a : a + length] = content[b : b + length]
    path.write_bytes(content)


def append(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.choice([1, 100])))


def empty(path: Path, chance: random.Random) -> None:
    path.write_bytes(b"")


def scramble(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(chance.choice([10, 3000])))


def other_kind(path: Path, chance: random.Random) -> None:
    """A folder in place of a file, or a file in place of a folder."""
    if path.is_dir():
        shutil.rmtree(path)
        path.write_bytes(b"text")
    else:
        path.unlink()
        path.mkdir()


def link(path: Path, chance: random.Random) -> None:
    """A link to nothing, or to itself."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(chance.choice([path.with_name("nothing"), path]))


def _files(path: Path, metadata: bool) -> list[Path]:
    return sorted(f for f in path.rglob("*") if f.is_file() and f.name.startswith(".z") == metadata)


def _in_a_chunk(path: Path, chance: random.Random) -> None:
    chance.choice(FILE_DAMAGES[:6])(chance.choice(_files(path, metadata=False)), chance)


def _in_metadata(path: Path, chance: random.Random) -> None:
    chance.choice(FILE_DAMAGES[:6])(chance.choice(_files(path, metadata=True)), chance)


def lose_a_file(path: Path, chance: random.Random) -> None:
    chance.choice(_files(path, chance.random() < 0.3)).unlink()


def swap_chunks(path: Path, chance: random.Random) -> None:
    a, b = chance.sample(_files(path, metadata=False), 2)
    one, other = a.read_bytes(), b.read_bytes()
    a.write_bytes(other)
    b.write_bytes(one)


def rename_an_array(path: Path, chance: random.Random) -> None:
    a, b = chance.sample(sorted(f for f in path.iterdir() if f.is_dir()), 2)
    kept = path / "kept"
    a.rename(kept)
    if chance.random() < 0.5:
        b.rename(a)
        kept.rename(b)


def edit_metadata(path: Path, chance: random.Random) -> None:
    """Another value at some place of the metadata, in the gathered copy of it too or not."""
    file = chance.choice(_files(path, metadata=True))
    tree = json.loads(file.read_text(encoding="utf-8"))
    gathered = path / ".zmetadata"
    _edit(tree, chance)
    file.write_text(json.dumps(tree), encoding="utf-8")
    if file != gathered and chance.random() < 0.7:
        whole = json.loads(gathered.read_text(encoding="utf-8"))
        whole["metadata"][str(file.relative_to(path))] = tree
        gathered.write_text(json.dumps(whole), encoding="utf-8")


def _edit(tree: object, chance: random.Random) -> None:
    while True:
        places = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        if not places:
            return
        place = chance.choice(places)
        inner = tree[place]
        if isinstance(inner, (dict, list)) and inner and chance.random() < 0.9:
            tree = inner
            continue
        values = [None, 0, 1, -1, 2, 10**12, "x", "<f4", "<i8", "|b1", [], {}, 0.5, True, "NaN"]
        if isinstance(tree, dict) and chance.random() < 0.3:
            del tree[place]
        else:
            tree[place] = chance.choice(values)
        return


FILE_DAMAGES = [flip_bits, cut_off, zero_a_range, copy_a_range, append, empty, flip_bits, flip_bits, scramble]
FILE_DAMAGES += [other_kind, link]
STORE_DAMAGES = [_in_a_chunk, _in_a_chunk, _in_metadata, _in_metadata, lose_a_file, swap_chunks, rename_an_array]
STORE_DAMAGES += [edit_metadata, edit_metadata, edit_metadata, other_kind, link]
