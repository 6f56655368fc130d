"""Many runs of two-party into a store, interrupted on the way, and held against the same runs without interruption.

    python benchmarks/million.py --runs 1000000 --stops 5 --workers 2

prints, for the interrupted store: time, size, files, and the most memory that any process of it took; and whether it
equals the uninterrupted one, by the digests of all values.  `--spans N` computes in place of an uninterrupted store N
spans of 500 runs in memory, and compares those, which takes a fraction of the time.  Blocks are large, since a call of
the engine costs much the same for 256 runs as for 4,096.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import settlesim as ss
from settlesim.results.growing import lazily

SPAN = 500


def simulate(runs: int, workers: int, block: int, out: Path) -> None:
    """Compute, or go on, and say what it took."""
    how = ss.Execution(workers=workers, block=block, out=out, progress=False)
    result = ss.simulate(ss.load("two-party"), runs=runs, rng=7, execution=how)
    parent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"runs": result.sizes["run"], "parent_mib": parent / 1024}))


def interrupted(runs: int, workers: int, block: int, out: Path, stops: int) -> None:
    """Stop it so many times, by Ctrl-C, SIGTERM and SIGKILL in turn, at moments drawn over its length."""
    draw = random.Random(7)
    marks = sorted(draw.sample(range(5, 95), stops))
    begun, peak = time.monotonic(), 0.0
    how = {"runs": runs, "workers": workers, "block": block, "child": out}
    command = [sys.executable, __file__, *(f"--{name}={value}" for name, value in how.items())]
    for number, mark in enumerate([*marks, None]):
        # A shell has what it starts in the background ignore Ctrl-C, and its children with it.
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        while process.poll() is None and (mark is None or _done(out) < runs * mark // 100):
            peak = max(peak, _memory(process.pid))
            time.sleep(1.0)
        if process.poll() is None:
            kind = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)[number % 3]
            process.send_signal(kind)
            print(f"stopped by {kind.name} at {_done(out):,} runs", flush=True)
        told = process.communicate()[0]
    spent = time.monotonic() - begun
    files = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    print(told.strip())
    print(f"{runs:,} runs, {stops} interruptions: {spent:,.0f} s, {size / 2**20:,.0f} MiB in {len(files):,} files; ")
    print(f"most memory of one process {peak:,.0f} MiB")


def _done(out: Path) -> int:
    """Number of runs that the store declares, which costs no reading of them."""
    try:
        declared = json.loads((out / ".zmetadata").read_text(encoding="utf-8"))["metadata"][".zattrs"]
        return int(declared["runs_completed"])
    except (OSError, ValueError, KeyError):
        return 0


def _memory(pid: int) -> float:
    """Most memory, in MiB, that a process and its children took until now."""
    found = 0.0
    try:
        for one in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
            found = max(found, *(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")))
    except (OSError, ValueError):
        pass
    return found


def equal_spans(out: Path, runs: int, spans: int) -> bool:
    """Whether spans of runs are what they are when they are simulated by themselves."""
    stored, draw = lazily(out), random.Random(11)
    for start in [0, runs - SPAN, *(draw.randrange(runs - SPAN) for _ in range(spans - 2))]:
        alone = ss.simulate(ss.load("two-party"), runs=range(start, start + SPAN), rng=7)
        part = stored.isel(run=slice(start, start + SPAN)).load()
        for name in alone.variables:
            values, expected = part[name].values, alone[name].values
            if not np.array_equal(values, expected, equal_nan=expected.dtype.kind == "f"):
                print(f"{name} differs in runs {start} to {start + SPAN}")
                return False
    return True


def main() -> None:
    """Read the arguments and do what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--stops", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--block", type=int, default=4096)
    parser.add_argument("--spans", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("million"))
    parser.add_argument("--child", type=Path)
    asked = parser.parse_args()
    if asked.child is not None:
        simulate(asked.runs, asked.workers, asked.block, asked.child)
        return
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir()
    interrupted(asked.runs, asked.workers, asked.block, asked.folder / "interrupted.zarr", asked.stops)
    if asked.spans:
        print(
            "equal in", asked.spans, "spans:", equal_spans(asked.folder / "interrupted.zarr", asked.runs, asked.spans)
        )
        return
    begun = time.monotonic()
    simulate(asked.runs, asked.workers, asked.block, asked.folder / "whole.zarr")
    print(f"without interruption {time.monotonic() - begun:,.0f} s")
    digests = [json.loads((asked.folder / name / ".zattrs").read_text())["content_digest"] for name in
               ("interrupted.zarr", "whole.zarr")]  # fmt: skip
    print("equal:", digests[0] == digests[1], *digests)


if __name__ == "__main__":
    main()
