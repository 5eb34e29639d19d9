"""Throw a great deal at the engine: seeded, resumable, with progress; every input ends in an answer or one clear error.

`make soak` runs the full counts; `python tests/soak/run.py --patients 2000 ...` fewer. What was done is kept in
`.soak/`, so that an interrupted run goes on where it stopped; `--fresh` starts again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

sys.path.append(str(Path(__file__).resolve().parent.parent))
from jobs import JOBS

CHUNK = 250
"""Seeds that a worker does at once, fewer where there are few."""
STATE = Path(".soak")
MEGABYTE = 1024
ALLOWED_GROWTH_MB = 60
"""From the first half of a worker's chunks to the second, at their most: caches fill and memory is kept once."""

COUNTS = {
    "patients": 1_000_000,
    "files": 100_000,
    "packs": 10_000,
    "expressions": 10_000,
    "tables": 40,
    "bodies": 10_000,
}


def memory_mb() -> float:
    """Return the resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MEGABYTE / MEGABYTE


def chunk(task: tuple[str, int, int]) -> dict[str, object]:
    """Run one stretch of seeds of one job in a worker."""
    name, start, stop = task
    job = JOBS[name]()
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    slowest = 0.0
    for seed in range(start, stop):
        begin = time.perf_counter()
        try:
            outcomes[job(seed)] += 1
        except Exception as error:  # noqa: BLE001 - the very thing that is looked for
            outcomes["fault"] += 1
            faults.append(f"{name} {seed}: {type(error).__name__}: {error}")
        slowest = max(slowest, time.perf_counter() - begin)
    return {
        "job": name, "start": start, "outcomes": outcomes, "faults": faults[:5], "slowest": slowest,
        "worker": os.getpid(), "memory": memory_mb(), "threads": threading.active_count(),
    }  # fmt: skip


def done_before(name: str) -> dict[str, dict[str, object]]:
    path = STATE / f"{name}.ndjson"
    if not path.exists():
        return {}
    return {str(found["start"]): found for line in path.read_text().splitlines() if (found := json.loads(line))}


def soak(name: str, count: int, workers: int) -> list[dict[str, object]]:
    """Run one job to its count, going on from what was done before; return what came of every stretch."""
    found = done_before(name)
    size = min(CHUNK, max(1, count // 100))
    tasks = [(name, start, min(start + size, count)) for start in range(0, count, size) if str(start) not in found]
    columns = (TextColumn(f"{name:<12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    STATE.mkdir(exist_ok=True)
    with (
        Progress(*columns) as progress,
        (STATE / f"{name}.ndjson").open("a") as log,
        multiprocessing.get_context("spawn").Pool(workers) as pool,
    ):
        bar = progress.add_task(name, total=count, completed=count - sum(stop - start for _, start, stop in tasks))
        for result in pool.imap_unordered(chunk, tasks):
            found[str(result["start"])] = result
            log.write(json.dumps(result) + "\n")
            log.flush()
            progress.advance(bar, sum(dict(result["outcomes"]).values()))  # type: ignore[call-overload]
    return [result for start, result in found.items() if int(start) < count]


def grown(seen: list[float]) -> float:
    """Return by how much what a worker needed has grown."""
    half = len(seen) // 2
    return max(seen[half:]) - max(seen[:half]) if half else 0.0


def report(name: str, results: list[dict[str, object]]) -> bool:
    """Print what came of a job; return whether all went well."""
    outcomes: Counter[str] = Counter()
    by_worker: dict[object, list[float]] = {}
    faults: list[str] = []
    for result in results:
        outcomes.update(result["outcomes"])  # type: ignore[arg-type]
        faults += result["faults"]  # type: ignore[operator]
        by_worker.setdefault(result["worker"], []).append(float(result["memory"]))  # type: ignore[arg-type]
    growth = max((grown(seen) for seen in by_worker.values()), default=0.0)
    threads = max((int(result["threads"]) for result in results), default=1)  # type: ignore[call-overload]
    slowest = max((float(result["slowest"]) for result in results), default=0.0)  # type: ignore[arg-type]
    print(
        f"{name}: {sum(outcomes.values()):,} done: " + ", ".join(f"{n:,} {what}" for what, n in outcomes.most_common())
    )
    print(f"  memory grew by {growth:.0f} MB at most, {threads} thread(s), slowest {slowest:.2f} s")
    for fault in faults[:10]:
        print(f"  FAULT {fault}")
    return not outcomes["fault"] and growth < ALLOWED_GROWTH_MB and threads == 1


def main() -> int:
    """Run the jobs that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, count in COUNTS.items():
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--fresh", action="store_true", help="forget what was done before")
    asked = parser.parse_args()
    if asked.fresh:
        for path in STATE.glob("*.ndjson"):
            path.unlink()
    well = [report(name, soak(name, getattr(asked, name), asked.workers)) for name in COUNTS if getattr(asked, name)]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
